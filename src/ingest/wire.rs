//! A call record as a message, field by field: into a draft, out of a checked record, and into the form in which a refused one is kept.
//!
//! Every message is taken apart in full, so that a new field breaks the build until somebody decides about it.

use callgauge_schema as schema;
use callgauge_schema::{
    AccountId, CallId, CallRecord, Draft, DraftAccount, DraftAttribution, DraftDuration, InvalidCall, Line,
    Moment, OdsCode, RejectReason, UnknownDurations,
};
use prost::Message as _;

use crate::proto::v1;

/// The texts of a record, copied before a draft uses them up: what is needed to keep the record where it is refused. Reused from record to record, so that
/// a good one costs no allocation.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    call_id: String,
    practice: String,
    line: String,
    for_call: String,
    account: Option<Box<v1::Account>>,
    rest: Rest,
}

/// What needs no allocation.
#[derive(Clone, Copy, Debug, Default)]
struct Rest {
    has_practice: bool,
    revision: Option<u64>,
    retracted: bool,
    direction: i32,
    started_at: Option<prost_types::Timestamp>,
    previous_started_at: Option<prost_types::Timestamp>,
    outcome: i32,
    outcome_reason: i32,
    ivr: Option<prost_types::Duration>,
    wait: Option<prost_types::Duration>,
    talk: Option<prost_types::Duration>,
    callback: RestCallback,
    timing: i32,
}

#[derive(Clone, Copy, Debug, Default)]
enum RestCallback {
    #[default]
    None,
    Unsaid,
    Requested(v1::CallbackRequested),
    Made {
        attempt: u32,
        automatic: Option<bool>,
    },
}

/// A message as a draft. What it holds is also left in `kept`.
///
/// # Errors
/// A number that no enum has, a time that cannot be expressed, a callback of no kind.
pub(crate) fn to_draft(record: v1::CallRecord, kept: &mut Kept) -> Result<Draft, InvalidCall> {
    kept.copy(&record);
    let v1::CallRecord {
        call_id,
        attribution,
        revision,
        retracted,
        direction,
        started_at,
        previous_started_at,
        outcome,
        outcome_reason,
        ivr,
        wait,
        talk,
        line,
        callback,
        timing,
    } = record;
    let attribution = attribution.map(|attribution| match attribution {
        v1::call_record::Attribution::PracticeCode(code) => DraftAttribution::Practice(code),
        v1::call_record::Attribution::Account(account) => to_draft_account(account),
    });
    let (callback_requested, callback_made) = match callback {
        None => (None, None),
        Some(v1::Callback { kind }) => match kind {
            None => {
                return Err(InvalidCall::new(
                    "callback",
                    RejectReason::Missing,
                    "must be requested or made where there is a callback",
                ));
            }
            Some(v1::callback::Kind::Requested(v1::CallbackRequested { timing })) => (
                Some(numbered("callback.requested.timing", timing, schema::CallbackTiming::from_number)?),
                None,
            ),
            Some(v1::callback::Kind::Made(v1::CallbackMade { for_call_id, attempt, automatic })) => {
                (None, Some((for_call_id, attempt, automatic)))
            }
        },
    };
    Ok(Draft {
        call_id,
        attribution,
        revision,
        retracted,
        direction: numbered("direction", direction, schema::Direction::from_number)?,
        started_at: moment("started_at", started_at)?,
        previous_started_at: moment("previous_started_at", previous_started_at)?,
        outcome: numbered("outcome", outcome, schema::Outcome::from_number)?,
        reason: numbered("outcome_reason", outcome_reason, schema::Reason::from_number)?,
        ivr: ivr.map(duration),
        wait: wait.map(duration),
        talk: talk.map(duration),
        line,
        callback_requested,
        callback_made,
        timing: numbered("timing", timing, schema::Timing::from_number)?,
    })
}

/// An account as a draft.
pub(crate) fn to_draft_account(account: v1::Account) -> DraftAttribution {
    let v1::Account { id, pcn_code, sub_icb_code, icb_code, region_code } = account;
    DraftAttribution::Account(Box::new(DraftAccount {
        id,
        pcn: pcn_code,
        sub_icb: sub_icb_code,
        icb: icb_code,
        region: region_code,
    }))
}

/// A checked record as a message.
pub fn to_wire(record: &CallRecord) -> v1::CallRecord {
    v1::CallRecord {
        call_id: record.id().as_str().to_owned(),
        attribution: Some(match record.attribution() {
            schema::Attribution::Practice(code) => {
                v1::call_record::Attribution::PracticeCode(code.as_str().to_owned())
            }
            schema::Attribution::Account(account) => {
                let schema::Account { id, pcn, sub_icb, icb, region } = &**account;
                let code = |code: &Option<OdsCode>| code.map(|c| c.as_str().to_owned()).unwrap_or_default();
                v1::call_record::Attribution::Account(v1::Account {
                    id: id.as_str().to_owned(),
                    pcn_code: code(pcn),
                    sub_icb_code: code(sub_icb),
                    icb_code: code(icb),
                    region_code: code(region),
                })
            }
        }),
        revision: record.revision(),
        retracted: record.retracted(),
        direction: i32::from(record.direction().number()),
        started_at: Some(timestamp(record.started_at())),
        previous_started_at: record.previous_started_at().map(timestamp),
        outcome: if record.retracted() { 0 } else { i32::from(record.outcome().number()) },
        outcome_reason: record.reason().map_or(0, |reason| i32::from(reason.number())),
        ivr: record.ivr().map(seconds),
        wait: record.wait().map(seconds),
        talk: record.talk().map(seconds),
        line: record.line().map(|line| line.as_str().to_owned()).unwrap_or_default(),
        callback: record.callback().map(|callback| v1::Callback {
            kind: Some(match callback {
                schema::Callback::Requested { timing } => {
                    v1::callback::Kind::Requested(v1::CallbackRequested {
                        timing: timing.map_or(0, |timing| i32::from(timing.number())),
                    })
                }
                schema::Callback::Made { for_call, attempt, automatic } => {
                    v1::callback::Kind::Made(v1::CallbackMade {
                        for_call_id: for_call.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
                        attempt: attempt.map_or(0, u32::from),
                        automatic: *automatic,
                    })
                }
            }),
        }),
        timing: i32::from(record.timing().number()),
    }
}

/// An instant as a message.
pub(crate) fn timestamp(at: Moment) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.secs(), nanos: (at.millis().rem_euclid(1_000) * 1_000_000) as i32 }
}

/// A refused record in the form in which it is kept.
pub(crate) fn payload(record: v1::CallRecord, unknown: UnknownDurations) -> Vec<u8> {
    let mut unknown_durations = Vec::new();
    if unknown.wait {
        unknown_durations.push(v1::DurationKind::Wait.into());
    }
    if unknown.talk {
        unknown_durations.push(v1::DurationKind::Talk.into());
    }
    v1::SubmitCallRecordsRequest {
        source_id: String::new(),
        records: vec![record],
        unknown_durations,
        validate_only: false,
    }
    .encode_to_vec()
}

/// A kept record; `None` where it is not in the form in which records are kept.
pub(crate) fn from_payload(payload: &[u8]) -> Option<(v1::CallRecord, UnknownDurations)> {
    let v1::SubmitCallRecordsRequest { source_id: _, mut records, unknown_durations, validate_only: _ } =
        v1::SubmitCallRecordsRequest::decode(payload).ok()?;
    let unknown = UnknownDurations {
        wait: unknown_durations.contains(&v1::DurationKind::Wait.into()),
        talk: unknown_durations.contains(&v1::DurationKind::Talk.into()),
    };
    records.pop().map(|record| (record, unknown))
}

/// A kept record, to be shown; `None` where it is something else.
pub(crate) fn kept_record(payload: &[u8]) -> Option<v1::CallRecord> {
    from_payload(payload).map(|(record, _)| record)
}

impl Kept {
    fn copy(&mut self, record: &v1::CallRecord) {
        let v1::CallRecord {
            call_id,
            attribution,
            revision,
            retracted,
            direction,
            started_at,
            previous_started_at,
            outcome,
            outcome_reason,
            ivr,
            wait,
            talk,
            line,
            callback,
            timing,
        } = record;
        refill(&mut self.call_id, call_id);
        refill(&mut self.line, line);
        self.practice.clear();
        self.for_call.clear();
        self.account = None;
        let mut has_practice = false;
        match attribution {
            None => {}
            Some(v1::call_record::Attribution::PracticeCode(code)) => {
                has_practice = true;
                refill(&mut self.practice, code);
            }
            Some(v1::call_record::Attribution::Account(account)) => {
                self.account = Some(Box::new(account.clone()));
            }
        }
        let callback = match callback.as_ref().map(|callback| &callback.kind) {
            None => RestCallback::None,
            Some(None) => RestCallback::Unsaid,
            Some(Some(v1::callback::Kind::Requested(requested))) => RestCallback::Requested(*requested),
            Some(Some(v1::callback::Kind::Made(v1::CallbackMade { for_call_id, attempt, automatic }))) => {
                refill(&mut self.for_call, for_call_id);
                RestCallback::Made { attempt: *attempt, automatic: *automatic }
            }
        };
        self.rest = Rest {
            has_practice,
            revision: *revision,
            retracted: *retracted,
            direction: *direction,
            started_at: *started_at,
            previous_started_at: *previous_started_at,
            outcome: *outcome,
            outcome_reason: *outcome_reason,
            ivr: *ivr,
            wait: *wait,
            talk: *talk,
            callback,
            timing: *timing,
        };
    }

    /// The record without any text that is not what its field takes or is shaped like a telephone number; with its id and practice, where those are fit
    /// to be kept.
    pub(crate) fn cleaned(&self) -> (v1::CallRecord, Option<CallId>, Option<OdsCode>) {
        let call_id = self.call_id.parse::<CallId>().ok();
        let practice = self.practice.parse::<OdsCode>().ok();
        let code = |text: &str| text.parse::<OdsCode>().map(|c| c.to_string()).unwrap_or_default();
        let attribution = if self.rest.has_practice {
            Some(v1::call_record::Attribution::PracticeCode(code(&self.practice)))
        } else {
            self.account.as_deref().map(|account| {
                let v1::Account { id, pcn_code, sub_icb_code, icb_code, region_code } = account;
                v1::call_record::Attribution::Account(v1::Account {
                    id: id.parse::<AccountId>().map(|_| id.clone()).unwrap_or_default(),
                    pcn_code: code(pcn_code),
                    sub_icb_code: code(sub_icb_code),
                    icb_code: code(icb_code),
                    region_code: code(region_code),
                })
            })
        };
        let callback = match self.rest.callback {
            RestCallback::None => None,
            RestCallback::Unsaid => Some(None),
            RestCallback::Requested(requested) => Some(Some(v1::callback::Kind::Requested(requested))),
            RestCallback::Made { attempt, automatic } => {
                let for_call_id =
                    self.for_call.parse::<CallId>().map(|_| self.for_call.clone()).unwrap_or_default();
                Some(Some(v1::callback::Kind::Made(v1::CallbackMade { for_call_id, attempt, automatic })))
            }
        }
        .map(|kind| v1::Callback { kind });
        let record = v1::CallRecord {
            call_id: if call_id.is_some() { self.call_id.clone() } else { String::new() },
            attribution,
            revision: self.rest.revision,
            retracted: self.rest.retracted,
            direction: self.rest.direction,
            started_at: self.rest.started_at,
            previous_started_at: self.rest.previous_started_at,
            outcome: self.rest.outcome,
            outcome_reason: self.rest.outcome_reason,
            ivr: self.rest.ivr,
            wait: self.rest.wait,
            talk: self.rest.talk,
            line: self.line.parse::<Line>().map(|_| self.line.clone()).unwrap_or_default(),
            callback,
            timing: self.rest.timing,
        };
        (record, call_id, practice)
    }
}

fn refill(to: &mut String, from: &str) {
    to.clear();
    to.push_str(from);
}

fn numbered<T>(
    field: &'static str,
    number: i32,
    known: impl FnOnce(u8) -> Option<T>,
) -> Result<Option<T>, InvalidCall> {
    if number == 0 {
        return Ok(None);
    }
    u8::try_from(number).ok().and_then(known).map(Some).ok_or_else(|| {
        InvalidCall::new(field, RejectReason::Malformed, "must be one of the values that this version knows")
    })
}

fn moment(field: &'static str, at: Option<prost_types::Timestamp>) -> Result<Option<Moment>, InvalidCall> {
    let Some(prost_types::Timestamp { seconds, nanos }) = at else { return Ok(None) };
    match Moment::from_parts(seconds, nanos) {
        Some(moment) => Ok(Some(moment)),
        None => {
            Err(InvalidCall::new(field, RejectReason::Malformed, "must be a time of the years 1 to 9999"))
        }
    }
}

const fn duration(duration: prost_types::Duration) -> DraftDuration {
    DraftDuration { secs: duration.seconds, nanos: duration.nanos }
}

fn seconds(secs: schema::Seconds) -> prost_types::Duration {
    prost_types::Duration { seconds: i64::from(secs.get()), nanos: 0 }
}

#[cfg(test)]
mod tests;
