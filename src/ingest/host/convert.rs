//! A page of an adapter into a batch: each call given to whom it belongs, rows that could not be mapped kept as rejects, counts with them (`counts`).

use callgauge_adapter::{Page, Place, RejectedRow, RowReason, Secrets, VendorCall, call_id_of};
use callgauge_schema::{
    Account, Attribution, Draft, DraftAccount, DraftAttribution, DraftDuration, Moment, OdsCode,
    RejectReason, looks_like_uk_number,
};

use super::SourceSetup;
use super::counts::{Counted, day_tallies};
use crate::ingest::{Batch, Ingest};
use crate::proto::v1;
use crate::store::Reject;

/// Stands before a kept row, and before no kept record, tally or conflict.
const ROW: u8 = 0xff;
/// The longest row that is kept, in bytes of JSON.
const ROW_BYTES: usize = 16 * 1024;

/// A page, ready to be committed.
pub(super) struct Converted {
    pub(super) batch: Batch,
    /// Calls of nobody.
    pub(super) unmapped: u64,
    /// Days of counts.
    pub(super) tallies: u64,
}

/// What becomes of a page's calls, rows and counts.
pub(super) fn convert(ingest: &Ingest, setup: &SourceSetup, now: Moment, page: Page) -> Converted {
    let Page { calls, rejects, tallies, unknown_words: _, in_progress: _, next: _ } = page;
    let unknown = setup.vendor.unknown_durations(&setup.settings);
    let mut records = Vec::with_capacity(calls.len());
    let mut mapped = Vec::with_capacity(calls.len());
    let mut homeless = Vec::new();
    for VendorCall { draft, places } in calls {
        let began = draft.started_at.unwrap_or(now);
        let known = draft.attribution.is_some();
        let mut record = to_message(draft);
        if !known {
            record.attribution = setup.mapping.whose(&places, began).map(attribution);
        }
        if record.attribution.is_some() {
            records.push(record);
            mapped.push(Some(places).filter(|_| !known));
        } else {
            homeless.push((record, places));
        }
    }
    let unmapped = homeless.len() as u64;
    let places_of = |at: usize| mapped.get(at).and_then(Option::as_deref).map(written);
    let mut batch = ingest.convert(setup.id.clone(), records, unknown).with_places(places_of);
    for (record, places) in homeless {
        let message = nobody(&places);
        batch = batch.with_unmapped(record, unknown, &written(&places), &message);
    }
    batch = batch.with_rejects(rejects.into_iter().map(rejected_row));
    let Counted { tallies, nobodys } = day_tallies(&setup.mapping, tallies);
    batch = batch.with_rejects(nobodys.into_iter().map(rejected_row));
    let days = tallies.len() as u64;
    if days > 0 {
        batch = batch.with_tallies(ingest.convert_tallies(setup.id.clone(), tallies));
    }
    Converted { batch, unmapped, tallies: days }
}

/// A draft as a message, unchecked.
pub fn to_message(draft: Draft) -> v1::CallRecord {
    let Draft {
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
    } = draft;
    let requested = callback_requested.map(|timing| {
        let timing = timing.map_or(0, |timing| i32::from(timing.number()));
        v1::callback::Kind::Requested(v1::CallbackRequested { timing })
    });
    let made = callback_made.map(|(for_call_id, attempt, automatic)| {
        v1::callback::Kind::Made(v1::CallbackMade { for_call_id, attempt, automatic })
    });
    v1::CallRecord {
        call_id,
        attribution: attribution.map(draft_attribution),
        revision,
        retracted,
        direction: direction.map_or(0, |direction| i32::from(direction.number())),
        started_at: started_at.map(crate::ingest::timestamp),
        previous_started_at: previous_started_at.map(crate::ingest::timestamp),
        outcome: outcome.map_or(0, |outcome| i32::from(outcome.number())),
        outcome_reason: reason.map_or(0, |reason| i32::from(reason.number())),
        ivr: ivr.map(duration),
        wait: wait.map(duration),
        talk: talk.map(duration),
        line,
        callback: requested.or(made).map(|kind| v1::Callback { kind: Some(kind) }),
        timing: timing.map_or(0, |timing| i32::from(timing.number())),
    }
}

/// Whose a call is, as a message.
pub(crate) fn attribution(whose: &Attribution) -> v1::call_record::Attribution {
    match whose {
        Attribution::Practice(code) => v1::call_record::Attribution::PracticeCode(code.to_string()),
        Attribution::Account(account) => v1::call_record::Attribution::Account(message_of(account)),
    }
}

fn message_of(account: &Account) -> v1::Account {
    let Account { id, pcn, sub_icb, icb, region } = account;
    let code = |code: &Option<OdsCode>| code.map(|code| code.to_string()).unwrap_or_default();
    v1::Account {
        id: id.to_string(),
        pcn_code: code(pcn),
        sub_icb_code: code(sub_icb),
        icb_code: code(icb),
        region_code: code(region),
    }
}

fn draft_attribution(whose: DraftAttribution) -> v1::call_record::Attribution {
    match whose {
        DraftAttribution::Practice(code) => v1::call_record::Attribution::PracticeCode(code),
        DraftAttribution::Account(account) => {
            let DraftAccount { id, pcn, sub_icb, icb, region } = *account;
            v1::call_record::Attribution::Account(v1::Account {
                id,
                pcn_code: pcn,
                sub_icb_code: sub_icb,
                icb_code: icb,
                region_code: region,
            })
        }
    }
}

const fn duration(duration: DraftDuration) -> prost_types::Duration {
    let DraftDuration { secs, nanos } = duration;
    prost_types::Duration { seconds: secs, nanos }
}

/// What is said of a call that no mapping has a place for.
fn nobody(places: &[Place]) -> String {
    if places.is_empty() {
        return "the call tells no place that it arrived at; a mapping with rest = true takes such calls"
            .to_owned();
    }
    let places: Vec<String> = places.iter().map(Place::to_string).collect();
    format!(
        "no mapping of the source has {} on the day of the call; add it, and `callgauge source redrive` sends the call through again",
        places.join(" or ")
    )
}

fn written(places: &[Place]) -> Vec<u8> {
    serde_json::to_vec(places).expect("places are text")
}

/// Places as they are kept with a call of nobody.
pub(super) fn read_places(bytes: &[u8]) -> Option<Vec<Place>> {
    serde_json::from_slice(bytes).ok()
}

/// The places of a kept call of nobody, from its payload; empty where it is something else.
pub fn places_of(payload: &[u8]) -> Vec<String> {
    let places = crate::ingest::unmapped::places(payload).and_then(|bytes| read_places(&bytes));
    places.unwrap_or_default().iter().map(Place::to_string).collect()
}

/// A row that no record could be made of, as it is kept.
fn rejected_row(row: RejectedRow) -> Box<Reject> {
    let RejectedRow { id, field, reason, message, row } = row;
    let mut payload = vec![ROW];
    let json = row.to_string();
    // An adapter that is somebody else's program may not have dropped what is personal.
    if json.len() <= ROW_BYTES && !looks_like_uk_number(&json) {
        payload.extend(json.into_bytes());
    }
    if payload.len() == 1 {
        // Rows that are not kept are still told apart.
        payload.extend(serde_json::json!({ "id": call_id_of(&[&id]) }).to_string().into_bytes());
    }
    Box::new(Reject {
        call_id: id.parse().ok(),
        practice: None,
        field,
        reason: match reason {
            RowReason::Missing => RejectReason::Missing,
            RowReason::Malformed | RowReason::AmbiguousTime | RowReason::ImpossibleTime => {
                RejectReason::Malformed
            }
            RowReason::Contradiction => RejectReason::Contradiction,
        },
        message: Secrets::default().cleaned(&message),
        payload,
    })
}

/// A kept row as JSON, from its payload; `None` where it is something else.
pub fn row_of(payload: &[u8]) -> Option<String> {
    let (&ROW, json) = payload.split_first()? else { return None };
    String::from_utf8(json.to_vec()).ok()
}
