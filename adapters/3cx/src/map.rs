//! Stages of a call as one of our calls, whichever of 3CX's records told of them. The tables of words are in the crate's documentation.

pub(crate) mod cdr;
pub(crate) mod segments;
pub(crate) mod xapi;

use callgauge_adapter::line_of;
use callgauge_adapter::schema::{Direction, Draft, DraftDuration, Moment, Outcome, Reason};
use callgauge_adapter::time::{self, TimeFault};
use serde::Serialize;

/// What a stage leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A person's telephone.
    Extension,
    /// A queue or a ring group.
    Queue,
    Voicemail,
    /// A line to outside.
    Outside,
    /// A menu, script or routing.
    Menu,
    /// The system hangs up.
    End,
    /// A kind that is not known.
    Unknown,
}

/// A stage of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage {
    pub(crate) to: Kind,
    /// Whether the caller waited for a person from here on: false for a telephone that was passed over without ringing.
    pub(crate) rang: bool,
    pub(crate) started: Moment,
    /// When a person or machine took it.
    pub(crate) answered: Option<Moment>,
    pub(crate) ended: Moment,
}

impl Stage {
    /// Whether a person may answer here.
    pub(crate) const fn waits(&self) -> bool {
        matches!(self.to, Kind::Queue | Kind::Extension | Kind::Voicemail) && self.rang
    }
}

/// When a person answered: never a queue, script, menu or mailbox, which take every call.
pub(crate) fn answered(stages: &[Stage]) -> Option<Moment> {
    stages.iter().filter(|of| of.to == Kind::Extension).filter_map(|of| of.answered).min()
}

/// An inbound call from its stages, in the order of their beginnings. The wait runs from the first queue or ring to the first person's answer, to the mailbox or
/// to the end, and no transfer begins it anew.
pub(crate) fn inbound(
    id: &str,
    stages: &[Stage],
    queue: Option<&str>,
    unanswered: impl FnOnce() -> (Outcome, Option<Reason>),
) -> Result<Draft, TimeFault> {
    let Some(first) = stages.first() else { return Err(TimeFault::Missing) };
    let ended = stages.iter().map(|of| of.ended).max().unwrap_or(first.ended);
    let from = stages.iter().find(|of| of.waits()).map(|of| of.started);
    // Whoever took a diverted call is no part of the menu.
    let outside = stages.iter().find(|of| of.to == Kind::Outside).map(|of| of.started);
    let draft = Draft {
        call_id: id.to_owned(),
        direction: Some(Direction::Inbound),
        started_at: Some(first.started),
        ivr: Some(time::between(first.started, from.or(outside).unwrap_or(ended))?),
        line: queue.map(line_of).unwrap_or_default(),
        ..Draft::default()
    };
    if let Some((answered, from)) = answered(stages).zip(from) {
        return Ok(Draft {
            outcome: Some(Outcome::Answered),
            wait: Some(time::between(from, answered)?),
            talk: Some(time::between(answered, ended)?),
            ..draft
        });
    }
    let (outcome, reason) = unanswered();
    let mailbox = stages.iter().find(|of| of.to == Kind::Voicemail).map(|of| of.started);
    let until = mailbox.filter(|_| reason == Some(Reason::Voicemail)).unwrap_or(ended);
    let wait: Option<DraftDuration> = from.map(|from| time::between(from, until)).transpose()?;
    let draft = Draft { outcome: Some(outcome), reason, ..draft };
    Ok(match outcome {
        Outcome::EndedInIvr => draft,
        // Missed without a queue or ring: it ended where the wait would have begun.
        Outcome::Missed => Draft { wait: wait.or(Some(DraftDuration::from_secs(0))), ..draft },
        _ => Draft { wait, ..draft },
    })
}

/// An outbound call from its stages: answered where somebody outside did.
pub(crate) fn outbound(id: &str, stages: &[Stage]) -> Result<Draft, TimeFault> {
    let Some(first) = stages.first() else { return Err(TimeFault::Missing) };
    let ended = stages.iter().map(|of| of.ended).max().unwrap_or(first.ended);
    let answered = stages.iter().filter(|of| of.to == Kind::Outside).filter_map(|of| of.answered).min();
    Ok(Draft {
        call_id: id.to_owned(),
        direction: Some(Direction::Outbound),
        started_at: Some(first.started),
        outcome: Some(if answered.is_some() { Outcome::Answered } else { Outcome::Missed }),
        talk: answered.map(|answered| time::between(answered, ended)).transpose()?,
        ..Draft::default()
    })
}
