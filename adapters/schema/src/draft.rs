//! The one way in: a draft of loose fields, checked into a [`CallRecord`] or refused with the field and the reason.

use std::borrow::Cow;

use crate::{
    Account, AccountId, Attribution, CallId, CallKind, CallRecord, Callback, CallbackTiming, Direction,
    InvalidCode, Line, Moment, OdsCode, Outcome, Reason, Seconds, Timing,
};

/// How far a call may start after now.
const FUTURE_MILLIS: i64 = 5 * 60 * 1_000;
/// 2000-01-01T00:00:00Z.
const OLDEST: Moment = Moment::from_millis(946_684_800_000);

/// A call as a vendor or client states it, field by field, unchecked.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The source's id of the call.
    pub call_id: String,
    /// Whose call it is.
    pub attribution: Option<DraftAttribution>,
    /// Which version.
    pub revision: Option<u64>,
    /// Whether this takes the call out of every count.
    pub retracted: bool,
    /// Which way it went.
    pub direction: Option<Direction>,
    /// When it began.
    pub started_at: Option<Moment>,
    /// Where an earlier revision had it begin.
    pub previous_started_at: Option<Moment>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reason: Option<Reason>,
    /// Time in greetings and menus.
    pub ivr: Option<DraftDuration>,
    /// From queue or first ring to answer or end.
    pub wait: Option<DraftDuration>,
    /// From answer to end.
    pub talk: Option<DraftDuration>,
    /// Queue or number label; empty for none.
    pub line: String,
    /// A callback asked for (`Some(timing)`).
    pub callback_requested: Option<Option<CallbackTiming>>,
    /// A callback attempted: for which call (empty for unknown), which attempt (0 for unknown), automatic or not.
    pub callback_made: Option<(String, u32, Option<bool>)>,
    /// How far the durations can be trusted; absent means measured.
    pub timing: Option<Timing>,
}

/// Whose call it is, unchecked.
#[derive(Clone, Debug)]
pub enum DraftAttribution {
    /// A practice's code.
    Practice(String),
    /// An account and as far as known its PCN, sub-ICB location, ICB and region; empty for unknown.
    Account(Box<DraftAccount>),
}

impl DraftAttribution {
    /// Whose it is, checked.
    ///
    /// # Errors
    /// The first code that is none, with its field; `practice_code` where nothing is given.
    pub fn check(attribution: Option<Self>) -> Result<Attribution, InvalidCall> {
        attributed(attribution)
    }
}

/// An account, unchecked; empty text for unknown.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the fields are those of Account")]
pub struct DraftAccount {
    pub id: String,
    pub pcn: String,
    pub sub_icb: String,
    pub icb: String,
    pub region: String,
}

/// A duration as seconds and nanoseconds, unchecked.
#[derive(Clone, Copy, Debug)]
pub struct DraftDuration {
    /// Whole seconds.
    pub secs: i64,
    /// And nanoseconds.
    pub nanos: i32,
}

impl DraftDuration {
    /// Whole seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self { secs, nanos: 0 }
    }
}

/// Which durations a source cannot know, and so may leave out where a call would have them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnknownDurations {
    /// [`CallRecord::wait`]
    pub wait: bool,
    /// [`CallRecord::talk`]
    pub talk: bool,
}

/// Why a record was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct InvalidCall {
    /// The field; empty where it is the record as a whole.
    pub field: &'static str,
    /// Machine-readable reason.
    pub reason: RejectReason,
    /// What is wrong and what would be right. Never holds what was sent.
    pub message: Cow<'static, str>,
}

/// Why a record was refused, for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RejectReason {
    /// A required field is missing.
    Missing = 1,
    /// A field's text or number is not what the field takes.
    Malformed = 2,
    /// Starts more than 5 minutes in the future.
    InTheFuture = 3,
    /// Starts before 2000.
    TooOld = 4,
    /// A duration is negative or longer than 24 hours.
    DurationOutOfRange = 5,
    /// Fields contradict each other.
    Contradiction = 6,
    /// No organisation with this practice code was ever imported.
    UnknownPractice = 7,
    /// Text is shaped like a telephone number.
    TelephoneNumber = 8,
    /// A duration is absent and the source has not said that it cannot know it.
    DurationMissing = 9,
    /// Same revision, other content.
    Conflict = 10,
    /// The source has more different lines or accounts than are kept.
    TooManyLabels = 11,
    /// No mapping of the source says whose call it is. Sent through again when the mapping grows.
    Unmapped = 12,
}

impl RejectReason {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Missing,
        Self::Malformed,
        Self::InTheFuture,
        Self::TooOld,
        Self::DurationOutOfRange,
        Self::Contradiction,
        Self::UnknownPractice,
        Self::TelephoneNumber,
        Self::DurationMissing,
        Self::Conflict,
        Self::TooManyLabels,
        Self::Unmapped,
    ];

    /// The number that storage and wire use.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Back from its number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|r| r.number() == number)
    }
}

impl InvalidCall {
    /// A refusal.
    pub fn new(field: &'static str, reason: RejectReason, message: impl Into<Cow<'static, str>>) -> Self {
        Self { field, reason, message: message.into() }
    }

    fn contradiction(field: &'static str, message: &'static str) -> Self {
        Self::new(field, RejectReason::Contradiction, message)
    }

    fn missing(field: &'static str, message: &'static str) -> Self {
        Self::new(field, RejectReason::Missing, message)
    }

    fn code(field: &'static str, fault: InvalidCode) -> Self {
        let reason = match fault {
            InvalidCode::Empty => RejectReason::Missing,
            InvalidCode::TelephoneNumber => RejectReason::TelephoneNumber,
            InvalidCode::TooLong(_) | InvalidCode::Character(_) | InvalidCode::Sentinel => {
                RejectReason::Malformed
            }
        };
        Self::new(field, reason, fault.to_string())
    }
}

impl Draft {
    /// Checks every rule of the schema. `now` is when the record arrived; `unknown` what its source cannot know.
    ///
    /// # Errors
    /// The first rule that the draft breaks, with field and reason.
    pub fn check(self, now: Moment, unknown: UnknownDurations) -> Result<CallRecord, InvalidCall> {
        let Self {
            call_id,
            attribution,
            revision,
            retracted,
            direction,
            started_at,
            previous_started_at,
            outcome,
            reason,
            ivr,
            wait,
            talk,
            line,
            callback_requested,
            callback_made,
            timing,
        } = self;
        let id = CallId::try_from(call_id).map_err(|fault| InvalidCall::code("call_id", fault))?;
        let attribution = attributed(attribution)?;
        let direction =
            direction.ok_or_else(|| InvalidCall::missing("direction", "must be inbound or outbound"))?;
        let started_at =
            started_at.ok_or_else(|| InvalidCall::missing("started_at", "must say when the call began"))?;
        if started_at > now.plus_millis(FUTURE_MILLIS) {
            return Err(InvalidCall::new(
                "started_at",
                RejectReason::InTheFuture,
                "must not be more than 5 minutes in the future",
            ));
        }
        if started_at < OLDEST {
            return Err(InvalidCall::new(
                "started_at",
                RejectReason::TooOld,
                "must not be before the year 2000",
            ));
        }
        let ivr = seconds("ivr", ivr)?;
        let wait = seconds("wait", wait)?;
        let talk = seconds("talk", talk)?;
        let line = if line.is_empty() {
            None
        } else {
            Some(Line::try_from(line).map_err(|fault| InvalidCall::code("line", fault))?)
        };
        let callback = callback(callback_requested, callback_made)?;
        let outcome = if retracted {
            if outcome.is_some() || reason.is_some() || ivr.or(wait).or(talk).is_some() || callback.is_some()
            {
                let field = if outcome.is_some() { "outcome" } else { "retracted" };
                return Err(InvalidCall::contradiction(
                    field,
                    "a retraction carries no outcome, duration or callback",
                ));
            }
            Outcome::Unclassified
        } else {
            match (direction, outcome) {
                (Direction::Inbound, None) => {
                    return Err(InvalidCall::missing("outcome", "an inbound call must have an outcome"));
                }
                (Direction::Outbound, None) => Outcome::Unclassified,
                (_, Some(outcome)) => outcome,
            }
        };
        let timing = timing.unwrap_or(Timing::Measured);
        let kind = CallKind::new(direction, outcome, reason, timing, callback.as_ref());
        let record = CallRecord {
            id,
            attribution,
            revision,
            retracted,
            kind,
            started_at,
            previous_started_at,
            ivr,
            wait,
            talk,
            line,
            callback,
        };
        if !retracted {
            consistent(&record)?;
            complete(&record, unknown)?;
        }
        Ok(record)
    }
}

fn attributed(attribution: Option<DraftAttribution>) -> Result<Attribution, InvalidCall> {
    let code = |field: &'static str, text: &str| -> Result<Option<OdsCode>, InvalidCall> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|fault| InvalidCall::code(field, fault))
    };
    match attribution {
        None => Err(InvalidCall::missing("practice_code", "either practice_code or account is required")),
        Some(DraftAttribution::Practice(text)) => {
            text.parse().map(Attribution::Practice).map_err(|fault| InvalidCall::code("practice_code", fault))
        }
        Some(DraftAttribution::Account(account)) => {
            let DraftAccount { id, pcn, sub_icb, icb, region } = *account;
            Ok(Attribution::Account(Box::new(Account {
                id: AccountId::try_from(id).map_err(|fault| InvalidCall::code("account.id", fault))?,
                pcn: code("account.pcn_code", &pcn)?,
                sub_icb: code("account.sub_icb_code", &sub_icb)?,
                icb: code("account.icb_code", &icb)?,
                region: code("account.region_code", &region)?,
            })))
        }
    }
}

fn seconds(field: &'static str, duration: Option<DraftDuration>) -> Result<Option<Seconds>, InvalidCall> {
    let Some(DraftDuration { secs, nanos }) = duration else { return Ok(None) };
    let refused =
        || InvalidCall::new(field, RejectReason::DurationOutOfRange, "must be between 0 s and 24 h");
    if nanos < 0 || (secs == i64::from(Seconds::MAX.get()) && nanos > 0) {
        return Err(refused());
    }
    u32::try_from(secs).ok().and_then(|secs| Seconds::try_from(secs).ok()).map(Some).ok_or_else(refused)
}

fn callback(
    requested: Option<Option<CallbackTiming>>,
    made: Option<(String, u32, Option<bool>)>,
) -> Result<Option<Callback>, InvalidCall> {
    match (requested, made) {
        (None, None) => Ok(None),
        (Some(timing), None) => Ok(Some(Callback::Requested { timing })),
        (None, Some((for_call, attempt, automatic))) => {
            let for_call = if for_call.is_empty() {
                None
            } else {
                Some(
                    CallId::try_from(for_call)
                        .map_err(|fault| InvalidCall::code("callback.made.for_call_id", fault))?,
                )
            };
            let attempt = u16::try_from(attempt).map_err(|_| {
                InvalidCall::new("callback.made.attempt", RejectReason::Malformed, "must be at most 65535")
            })?;
            Ok(Some(Callback::Made { for_call, attempt: (attempt > 0).then_some(attempt), automatic }))
        }
        (Some(_), Some(_)) => {
            Err(InvalidCall::contradiction("callback", "a call asks for a callback or is one, not both"))
        }
    }
}

/// Fields that exclude each other.
fn consistent(call: &CallRecord) -> Result<(), InvalidCall> {
    let (direction, outcome) = (call.direction(), call.outcome());
    if direction == Direction::Outbound && matches!(outcome, Outcome::EndedInIvr | Outcome::CallbackRequested)
    {
        return Err(InvalidCall::contradiction(
            "outcome",
            "an outbound call is answered, missed or unclassified",
        ));
    }
    if call.reason().is_some_and(|reason| reason.outcome() != outcome) {
        return Err(InvalidCall::contradiction("outcome_reason", "does not belong to the outcome"));
    }
    if call.talk.is_some() && outcome != Outcome::Answered && outcome != Outcome::Unclassified {
        return Err(InvalidCall::contradiction("talk", "only an answered call has talk time"));
    }
    if call.wait.is_some() && outcome == Outcome::EndedInIvr {
        return Err(InvalidCall::contradiction(
            "wait",
            "a call that ended in greeting or menu never waited for a person",
        ));
    }
    match (&call.callback, direction, outcome) {
        (None, _, _) | (Some(Callback::Requested { .. }), Direction::Inbound, Outcome::CallbackRequested) => {
            Ok(())
        }
        (Some(Callback::Made { .. }), Direction::Outbound, _) => Ok(()),
        (Some(Callback::Requested { .. }), _, _) => Err(InvalidCall::contradiction(
            "callback",
            "only an inbound call with the outcome CALLBACK_REQUESTED asks for a callback",
        )),
        (Some(Callback::Made { .. }), Direction::Inbound, _) => Err(InvalidCall::contradiction(
            "callback",
            "only an outbound call can be a callback that was made",
        )),
    }
}

/// Durations that a call of its kind has, unless its source cannot know them.
fn complete(call: &CallRecord, unknown: UnknownDurations) -> Result<(), InvalidCall> {
    let missing = |field: &'static str| {
        InvalidCall::new(
            field,
            RejectReason::DurationMissing,
            "must be given; a source that cannot know it says so in unknown_durations",
        )
    };
    if call.direction() == Direction::Outbound {
        return Ok(());
    }
    let (needs_wait, needs_talk) = match call.outcome() {
        Outcome::Answered => (true, true),
        Outcome::Missed => (true, false),
        Outcome::EndedInIvr | Outcome::CallbackRequested | Outcome::Unclassified => (false, false),
    };
    if needs_wait && call.wait.is_none() && !unknown.wait {
        return Err(missing("wait"));
    }
    if needs_talk && call.talk.is_none() && !unknown.talk {
        return Err(missing("talk"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
