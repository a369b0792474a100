//! A call record that has been checked.

use crate::{
    AccountId, CallId, CallKind, Callback, Direction, Line, Moment, OdsCode, Outcome, Reason, Seconds, Timing,
};

/// One external call, however many legs, queues and transfers it went through; or the statement that there is none (a retraction).
///
/// Made by [`crate::Draft::check`] and by nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    pub(crate) id: CallId,
    pub(crate) attribution: Attribution,
    pub(crate) revision: Option<u64>,
    pub(crate) retracted: bool,
    pub(crate) kind: CallKind,
    pub(crate) started_at: Moment,
    pub(crate) previous_started_at: Option<Moment>,
    pub(crate) ivr: Option<Seconds>,
    pub(crate) wait: Option<Seconds>,
    pub(crate) talk: Option<Seconds>,
    pub(crate) line: Option<Line>,
    pub(crate) callback: Option<Callback>,
}

/// Whose call it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Attribution {
    /// One practice's.
    Practice(OdsCode),
    /// Of a telephone account that serves several practices.
    Account(Box<Account>),
}

/// A telephone account that serves several practices: its calls count at the lowest level that these share and above it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// The source's id of it.
    pub id: AccountId,
    /// The PCN that all its practices belong to.
    pub pcn: Option<OdsCode>,
    /// The sub-ICB location that all its practices belong to.
    pub sub_icb: Option<OdsCode>,
    /// The ICB that all its practices belong to.
    pub icb: Option<OdsCode>,
    /// The region that all its practices belong to.
    pub region: Option<OdsCode>,
}

impl CallRecord {
    /// The record as a store keeps it: with the revision that it was given, without the hint where it was before.
    pub fn as_stored(self, revision: u64) -> Self {
        Self { revision: Some(revision), previous_started_at: None, ..self }
    }

    /// The source's id of the call.
    pub fn id(&self) -> &CallId {
        &self.id
    }

    /// Whose call it is.
    pub fn attribution(&self) -> &Attribution {
        &self.attribution
    }

    /// Which version; absent where the source has none.
    pub fn revision(&self) -> Option<u64> {
        self.revision
    }

    /// Whether this takes the call out of every count.
    pub fn retracted(&self) -> bool {
        self.retracted
    }

    /// Direction, outcome, reason, timing and callback, packed.
    pub fn kind(&self) -> CallKind {
        self.kind
    }

    /// Which way it went.
    pub fn direction(&self) -> Direction {
        self.kind.direction()
    }

    /// What became of it.
    pub fn outcome(&self) -> Outcome {
        self.kind.outcome()
    }

    /// Why.
    pub fn reason(&self) -> Option<Reason> {
        self.kind.reason()
    }

    /// How far the durations can be trusted.
    pub fn timing(&self) -> Timing {
        self.kind.timing()
    }

    /// When it reached the practice's telephony.
    pub fn started_at(&self) -> Moment {
        self.started_at
    }

    /// Where an earlier revision had it start.
    pub fn previous_started_at(&self) -> Option<Moment> {
        self.previous_started_at
    }

    /// Time in greetings and menus.
    pub fn ivr(&self) -> Option<Seconds> {
        self.ivr
    }

    /// From queue or first ring to answer or end.
    pub fn wait(&self) -> Option<Seconds> {
        self.wait
    }

    /// From answer to end.
    pub fn talk(&self) -> Option<Seconds> {
        self.talk
    }

    /// Queue or number label.
    pub fn line(&self) -> Option<&Line> {
        self.line.as_ref()
    }

    /// The callback asked for or attempted.
    pub fn callback(&self) -> Option<&Callback> {
        self.callback.as_ref()
    }
}
