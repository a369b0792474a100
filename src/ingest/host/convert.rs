//! A page of an adapter into a batch: each call given to whom it belongs, rows that could not be mapped kept as rejects, counts gathered by day.

use std::collections::BTreeMap;

use callgauge_adapter::{Page, Place, RejectedRow, RowReason, TallyRow, VendorCall};
use callgauge_schema::{
    Account, Attribution, Draft, DraftAccount, DraftAttribution, DraftDuration, Moment, OdsCode,
    RejectReason, UnknownDurations,
};

use super::{Mapping, SourceSetup};
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
    let description = setup.vendor.description();
    let unknown = UnknownDurations { wait: description.unknown_wait, talk: description.unknown_talk };
    let mut records = Vec::with_capacity(calls.len());
    let mut homeless = Vec::new();
    for VendorCall { draft, places } in calls {
        let began = draft.started_at.unwrap_or(now);
        let known = draft.attribution.is_some();
        let mut record = to_message(draft);
        if !known {
            record.attribution = setup.mapping.whose(&places, began).map(attribution);
        }
        if record.attribution.is_some() { records.push(record) } else { homeless.push((record, places)) }
    }
    let unmapped = homeless.len() as u64;
    let mut batch = ingest.convert(setup.id.clone(), records, unknown);
    for (record, places) in homeless {
        let message = nobody(&places);
        batch = batch.with_unmapped(record, unknown, &written(&places), &message);
    }
    batch = batch.with_rejects(rejects.into_iter().map(rejected_row));
    let tallies = day_tallies(&setup.mapping, tallies);
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
        "no mapping of the source has {} on the day of the call; add it and start anew",
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
    if json.len() <= ROW_BYTES {
        payload.extend(json.into_bytes());
    }
    if payload.len() == 1 {
        // Rows that are not kept are still told apart.
        payload.extend(serde_json::json!({ "id": id }).to_string().into_bytes());
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
        message,
        payload,
    })
}

/// A kept row as JSON, from its payload; `None` where it is something else.
pub fn row_of(payload: &[u8]) -> Option<String> {
    let (&ROW, json) = payload.split_first()? else { return None };
    String::from_utf8(json.to_vec()).ok()
}

/// Whose counts, of which day, cut how.
type Heap = (String, String, String, v1::TallyShape);

/// Rows of counts gathered into days.
fn day_tallies(mapping: &Mapping, rows: Vec<TallyRow>) -> Vec<v1::DayTally> {
    let mut days: BTreeMap<(String, String, String, i32), v1::DayTally> = BTreeMap::new();
    for row in rows {
        let (whose, (practice, account, date, shape)) = whose_counts(mapping, &row);
        let tally =
            days.entry((practice, account, date.clone(), shape.into())).or_insert_with(|| v1::DayTally {
                attribution: whose,
                date,
                shape: shape.into(),
                indicators: Vec::new(),
                counts: Vec::new(),
            });
        let indicator = indicator(&row.indicator);
        if !tally.indicators.contains(&indicator) {
            tally.indicators.push(indicator);
        }
        tally.counts.push(v1::TallyCount {
            indicator,
            time_band: time_band(&row.time_band),
            duration_band: duration_band(&row.duration_band),
            calls: i64::try_from(row.count).unwrap_or(i64::MAX),
        });
    }
    days.into_values().collect()
}

fn whose_counts(mapping: &Mapping, row: &TallyRow) -> (Option<v1::day_tally::Attribution>, Heap) {
    let TallyRow { practice, account, places, date, indicator: _, time_band, duration_band, count: _ } = row;
    let shape = match (time_band.is_empty(), duration_band.is_empty()) {
        (true, true) => v1::TallyShape::Day,
        (false, _) => v1::TallyShape::TimeBands,
        (true, false) => v1::TallyShape::DurationBands,
    };
    let day = date.parse().ok().map(crate::calendar::start_of);
    let mapped = day.and_then(|day| mapping.whose(places, day)).map(attribution);
    let whose = if !practice.is_empty() {
        Some(v1::day_tally::Attribution::PracticeCode(practice.clone()))
    } else if !account.is_empty() {
        Some(v1::day_tally::Attribution::Account(v1::Account {
            id: account.clone(),
            ..v1::Account::default()
        }))
    } else {
        mapped.map(|mapped| match mapped {
            v1::call_record::Attribution::PracticeCode(code) => {
                v1::day_tally::Attribution::PracticeCode(code)
            }
            v1::call_record::Attribution::Account(account) => v1::day_tally::Attribution::Account(account),
        })
    };
    let (practice, account) = match &whose {
        Some(v1::day_tally::Attribution::PracticeCode(code)) => (code.clone(), String::new()),
        Some(v1::day_tally::Attribution::Account(account)) => (String::new(), account.id.clone()),
        None => (String::new(), places.iter().map(Place::to_string).collect::<Vec<_>>().join(" ")),
    };
    (whose, (practice, account, date.clone(), shape))
}

/// An indicator by its name; a number that none has where there is none such, so that the tally is refused with its field.
fn indicator(name: &str) -> i32 {
    use v1::TallyIndicator as I;
    let known = match name {
        "inbound" => I::Inbound,
        "ended_in_ivr" => I::EndedInIvr,
        "answered" => I::Answered,
        "missed" => I::Missed,
        "callback_requested" => I::CallbackRequested,
        "callback_made" => I::CallbackMade,
        "answered_by_length" => I::AnsweredByLength,
        _ => return 0,
    };
    known.into()
}

/// A band of the day by its first digits ("08:00-10:00", "0800 to 0959"): its number, 0 for none, one that no band has where it is unknown.
fn time_band(name: &str) -> i32 {
    if name.is_empty() {
        return 0;
    }
    let digits: String = name.chars().filter(char::is_ascii_digit).take(4).collect();
    let known = ["0000", "0600", "0800", "1000", "1200", "1400", "1600", "1800", "1830"];
    known.iter().position(|start| *start == digits).map_or(i32::MAX, |at| at as i32 + 1)
}

/// A band of a duration by its name in the proto, without its prefix; its number, 0 for none, one that no band has where it is unknown.
fn duration_band(name: &str) -> i32 {
    if name.is_empty() {
        return 0;
    }
    let wanted = name.to_ascii_uppercase().replace([' ', '-'], "_");
    (1..=4)
        .find(|number| {
            v1::DurationBandName::try_from(*number)
                .is_ok_and(|band| band.as_str_name().ends_with(&format!("_{wanted}")))
        })
        .unwrap_or(i32::MAX)
}
