//! What the service behind has in the end, asked call by call.

use std::collections::{BTreeSet, HashMap};

use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::ledger::Key;
use crate::ingest::canonical;
use crate::proto::v1;
use crate::proto::v1::call_record_service_client::CallRecordServiceClient;

/// Questions at once.
const AT_ONCE: usize = 16;

/// The calls that are there, in their canonical form.
///
/// # Errors
/// What the service says instead of an answer.
pub(super) async fn look_up(
    channel: &Channel,
    keys: BTreeSet<Key>,
) -> Result<HashMap<Key, v1::CallRecord>, Status> {
    let keys: Vec<Key> = keys.into_iter().collect();
    let mut asking = JoinSet::new();
    for part in keys.chunks(keys.len().div_ceil(AT_ONCE).max(1)) {
        asking.spawn(some(CallRecordServiceClient::new(channel.clone()), part.to_vec()));
    }
    let mut found = HashMap::new();
    while let Some(part) = asking.join_next().await {
        found.extend(part.map_err(|_| Status::internal("the question ended early"))??);
    }
    Ok(found)
}

async fn some(
    mut client: CallRecordServiceClient<Channel>,
    keys: Vec<Key>,
) -> Result<Vec<(Key, v1::CallRecord)>, Status> {
    let mut found = Vec::new();
    for key in keys {
        let request = v1::GetCallRecordRequest { source_id: key.source.clone(), call_id: key.id.clone() };
        match client.get_call_record(request).await {
            Ok(told) => {
                let record = told.into_inner().record.and_then(|stored| stored.record).unwrap_or_default();
                found.push((key, canonical(record.clone()).unwrap_or(record)));
            }
            // A call that cannot be there, because its id is none, is not there.
            Err(status) if matches!(status.code(), Code::NotFound | Code::InvalidArgument) => {}
            Err(status) => return Err(status),
        }
    }
    Ok(found)
}

/// The fields in which a call is stored otherwise than is claimed. A claim without a revision is true of any.
pub(super) fn differing(claimed: &v1::CallRecord, stored: &v1::CallRecord) -> Vec<&'static str> {
    let v1::CallRecord {
        call_id: _,
        attribution,
        revision,
        retracted,
        direction,
        started_at,
        previous_started_at: _,
        outcome,
        outcome_reason,
        ivr,
        wait,
        talk,
        line,
        callback,
        timing,
    } = claimed;
    let fields = [
        ("attribution", *attribution == stored.attribution),
        ("revision", revision.is_none() || *revision == stored.revision),
        ("retracted", *retracted == stored.retracted),
        ("direction", *direction == stored.direction),
        ("started_at", *started_at == stored.started_at),
        ("outcome", *outcome == stored.outcome),
        ("outcome_reason", *outcome_reason == stored.outcome_reason),
        ("ivr", *ivr == stored.ivr),
        ("wait", *wait == stored.wait),
        ("talk", *talk == stored.talk),
        ("line", *line == stored.line),
        ("callback", *callback == stored.callback),
        ("timing", *timing == stored.timing),
    ];
    fields.into_iter().filter_map(|(name, same)| (!same).then_some(name)).collect()
}
