//! Genesys Cloud's JSON of analytics conversation details, as far as it is read.
//!
//! Addresses (`ani`, `dnis`, `remote`), names and callback numbers of the other side have no field. The practice's own number is the `dnis` of an
//! inbound session and becomes a fingerprint while it is parsed ([`ToldSession`]); a participant's name is kept only where the participant is a queue.

use callgauge_adapter::Place;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::instant::instant;

/// An answer of `details/query`, or a page of a job's results.
#[derive(Debug, Deserialize)]
pub(crate) struct Details<'a> {
    /// Left out where there is none.
    #[serde(borrow, default)]
    pub(crate) conversations: Vec<&'a RawValue>,
    /// Of a query.
    #[serde(default, rename = "totalHits")]
    pub(crate) total_hits: Option<u64>,
    /// Of a job: where to go on.
    #[serde(default)]
    pub(crate) cursor: Option<String>,
    /// Of a job: up to when the data are there.
    #[serde(default, rename = "dataAvailabilityDate", deserialize_with = "instant")]
    pub(crate) available_until: Option<i64>,
}

/// A conversation: everything that belongs to one call, and the callbacks that came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversation {
    pub(crate) conversation_id: String,
    /// Unix milliseconds, as all times here.
    #[serde(deserialize_with = "instant")]
    pub(crate) conversation_start: Option<i64>,
    #[serde(default, deserialize_with = "instant")]
    pub(crate) conversation_end: Option<i64>,
    #[serde(default)]
    pub(crate) originating_direction: Option<String>,
    #[serde(default)]
    pub(crate) division_ids: Vec<String>,
    #[serde(default)]
    pub(crate) participants: Vec<Participant>,
}

/// One side: customer, menu, queue, agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "ToldParticipant")]
pub(crate) struct Participant {
    pub(crate) purpose: String,
    /// The queue's name, where the participant is a queue.
    pub(crate) queue_name: Option<String>,
    pub(crate) sessions: Vec<Session>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldParticipant {
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    participant_name: Option<String>,
    #[serde(default)]
    sessions: Vec<Session>,
}

impl From<ToldParticipant> for Participant {
    fn from(told: ToldParticipant) -> Self {
        let ToldParticipant { purpose, participant_name, sessions } = told;
        let queue_name = participant_name.filter(|_| purpose == "acd");
        Self { purpose, queue_name, sessions }
    }
}

/// One medium of a participant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "ToldSession")]
pub(crate) struct Session {
    /// `voice`, `callback` and others.
    pub(crate) media_type: String,
    pub(crate) direction: String,
    /// The practice's number that was called.
    pub(crate) called: Option<Place>,
    pub(crate) flow_out_type: Option<String>,
    pub(crate) flow: Option<Flow>,
    /// The callback was asked for at a time of the other side's choice.
    pub(crate) scheduled: bool,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) segments: Vec<Segment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldSession {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    direction: String,
    #[serde(default)]
    dnis: Option<String>,
    #[serde(default)]
    flow_out_type: Option<String>,
    #[serde(default)]
    flow: Option<Flow>,
    #[serde(default, deserialize_with = "is_there")]
    callback_scheduled_time: bool,
    #[serde(default)]
    metrics: Vec<Metric>,
    #[serde(default)]
    segments: Vec<Segment>,
}

impl From<ToldSession> for Session {
    fn from(told: ToldSession) -> Self {
        let ToldSession {
            media_type,
            direction,
            dnis,
            flow_out_type,
            flow,
            callback_scheduled_time,
            metrics,
            segments,
        } = told;
        // Of an outbound session `dnis` is the number that was dialled: somebody's.
        let ours = dnis.filter(|_| direction == "inbound" && media_type == "voice");
        let metrics = metrics.into_iter().filter(|metric| metric.name != Measure::Other).collect();
        Self {
            called: ours.as_deref().and_then(Place::number),
            media_type,
            direction,
            flow_out_type,
            flow,
            scheduled: callback_scheduled_time,
            metrics,
            segments,
        }
    }
}

/// How a menu (an Architect flow) was left.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Flow {
    #[serde(default)]
    pub(crate) exit_reason: Option<String>,
    #[serde(default)]
    pub(crate) transfer_type: Option<String>,
}

/// What a measurement is of. Those that say nothing here are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Measure {
    #[serde(rename = "nOffered")]
    Offered,
    #[serde(rename = "tAnswered")]
    Answered,
    #[serde(rename = "tAbandon")]
    Abandon,
    #[serde(rename = "tShortAbandon")]
    ShortAbandon,
    #[serde(rename = "tFlowOut")]
    FlowOut,
    #[serde(other)]
    Other,
}

/// A measurement: times in milliseconds, counts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metric {
    pub(crate) name: Measure,
    #[serde(default)]
    pub(crate) value: f64,
    #[serde(default, deserialize_with = "instant")]
    pub(crate) emit_date: Option<i64>,
}

/// A stretch of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Segment {
    #[serde(default, deserialize_with = "instant")]
    pub(crate) segment_start: Option<i64>,
    #[serde(default, deserialize_with = "instant")]
    pub(crate) segment_end: Option<i64>,
    #[serde(default)]
    pub(crate) segment_type: String,
    #[serde(default)]
    pub(crate) disconnect_type: Option<String>,
    #[serde(default)]
    pub(crate) queue_id: Option<String>,
}

/// The answer to a submitted job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobSubmitted {
    pub(crate) job_id: String,
}

/// How far a job is.
#[derive(Debug, Deserialize)]
pub(crate) struct JobState {
    pub(crate) state: String,
}

/// A value of which only matters whether it is there.
fn is_there<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Option::<IgnoredAny>::deserialize(from).map(|value| value.is_some())
}
