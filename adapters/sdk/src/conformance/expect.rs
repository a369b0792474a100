//! What must have come by the end of a round, and how what came differs from it.

use std::collections::{BTreeMap, BTreeSet};

use callgauge_schema::{CallRecord, Callback, CallbackTiming, Timing};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::host::{Kept, Stored};
use super::script::{ExpectedCall, ExpectedTally, Round, Script};
use super::select::instant;
use crate::{Place, TallyRow};

/// How many differences are told.
const TOLD: usize = 6;

/// The calls that must be there after a round, by id. A call that is gone is kept, marked.
pub(crate) fn expected(script: &Script, round: usize) -> BTreeMap<&str, ExpectedCall> {
    let mut calls: BTreeMap<&str, ExpectedCall> = BTreeMap::new();
    for call in script.round.iter().take(round).flat_map(|round| &round.call) {
        let kept = calls.get(call.id.as_str()).filter(|_| call.gone).cloned();
        calls.insert(&call.id, ExpectedCall { gone: call.gone, ..kept.unwrap_or_else(|| call.clone()) });
    }
    calls
}

/// How the calls in the store differ from those that must be there.
pub(crate) fn differences(script: &Script, round: usize, kept: &Kept, sees_deletions: bool) -> Vec<String> {
    let expected = expected(script, round);
    let mut found = Vec::new();
    for (id, call) in &expected {
        let stored = kept.calls.get(*id);
        match (stored, call.gone && sees_deletions) {
            (None, _) => found.push(format!("{id} is missing")),
            (Some(stored), true) if stored.record.retracted() => {}
            (Some(_), true) => found.push(format!("{id} was deleted and is not retracted")),
            (Some(stored), false) => {
                let differs = unlike(call, stored);
                if !differs.is_empty() {
                    found.push(format!("{id}: {}", differs.join(", ")));
                }
            }
        }
    }
    for id in kept.calls.keys().filter(|id| !expected.contains_key(id.as_str())) {
        found.push(format!("{id} is no call of the script"));
    }
    tally_differences(script, round, kept, &mut found);
    found
}

/// As text for a report: the first few, and how many more.
pub(crate) fn told(found: &[String]) -> String {
    let mut text = found.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ");
    if found.len() > TOLD {
        text.push_str(&format!("; and {} more", found.len() - TOLD));
    }
    text
}

/// How the counts of a round differ.
pub(crate) fn count_differences(round: &Round, kept: &Kept) -> Vec<String> {
    let sums = &kept.round;
    let mut found = Vec::new();
    if sums.in_progress != round.in_progress {
        found.push(format!(
            "{} calls in progress were expected, {} counted",
            round.in_progress, sums.in_progress
        ));
    }
    let set = |texts: &[String]| texts.iter().cloned().collect::<BTreeSet<String>>();
    for (name, expected, came) in [
        ("rejects", set(&round.rejects), &sums.rejects),
        ("unknown words", set(&round.unknown_words), &sums.words),
    ] {
        if &expected != came {
            found.push(format!("{name}: {expected:?} were expected, {came:?} came"));
        }
    }
    found
}

fn unlike(call: &ExpectedCall, stored: &Stored) -> Vec<String> {
    let record = &stored.record;
    let mut found = Vec::new();
    let mut compare = |field: &str, expected: String, came: String| {
        if expected != came {
            found.push(format!("{field} {expected} expected, {came} came"));
        }
    };
    let secs = |secs: Option<u32>| secs.map_or_else(|| "none".to_owned(), |secs| format!("{secs} s"));
    let text = |text: Option<&str>| text.unwrap_or("none").to_owned();
    compare("started_at", moment(&call.started_at), instant_text(record));
    compare("direction", call.direction.clone(), record.direction().name().to_owned());
    compare("outcome", call.outcome.clone(), record.outcome().name().to_owned());
    compare("reason", text(call.reason.as_deref()), text(record.reason().map(|reason| reason.name())));
    compare("ivr", secs(call.ivr), secs(record.ivr().map(|secs| secs.get())));
    compare("wait", secs(call.wait), secs(record.wait().map(|secs| secs.get())));
    compare("talk", secs(call.talk), secs(record.talk().map(|secs| secs.get())));
    compare("line", text(call.line.as_deref()), text(record.line().map(|line| line.as_str())));
    compare("callback", expected_callback(call), callback(record.callback()));
    if let Some(revision) = call.revision {
        compare(
            "revision",
            revision.to_string(),
            record.revision().map_or_else(|| "none".to_owned(), |r| r.to_string()),
        );
    }
    let timing = if record.timing() == Timing::Banded { "banded" } else { "measured" };
    compare("timing", text(call.timing.as_deref().or(Some("measured"))), timing.to_owned());
    if record.retracted() {
        compare("retracted", "no".to_owned(), "yes".to_owned());
    }
    compare("places", places(&call.places), stored_places(&stored.places));
    found
}

fn moment(text: &str) -> String {
    match instant(text, &TimeZone::UTC).and_then(|(at, _)| Timestamp::from_millisecond(at).ok()) {
        Some(at) => at.to_string(),
        None => format!("(no time: {text:?})"),
    }
}

fn instant_text(record: &CallRecord) -> String {
    Timestamp::from_millisecond(record.started_at().millis()).map(|at| at.to_string()).unwrap_or_default()
}

fn callback(callback: Option<&Callback>) -> String {
    match callback {
        None => "none".to_owned(),
        Some(Callback::Requested { timing: None }) => "requested".to_owned(),
        Some(Callback::Requested { timing: Some(CallbackTiming::VirtualQueue) }) => {
            "requested:virtual_queue".to_owned()
        }
        Some(Callback::Requested { timing: Some(CallbackTiming::CallerTimed) }) => {
            "requested:caller_timed".to_owned()
        }
        Some(Callback::Made { for_call, attempt, automatic }) => {
            made(for_call.as_ref().map(|id| id.as_str()), *attempt, *automatic)
        }
    }
}

fn made(for_call: Option<&str>, attempt: Option<u16>, automatic: Option<bool>) -> String {
    format!("made (for {for_call:?}, attempt {attempt:?}, automatic {automatic:?})")
}

fn expected_callback(call: &ExpectedCall) -> String {
    match call.callback.as_deref() {
        Some("made") => made(call.callback_for.as_deref(), call.callback_attempt, call.callback_automatic),
        other => other.unwrap_or("none").to_owned(),
    }
}

fn stored_places(places: &[Place]) -> String {
    format!("{:?}", places.iter().map(Place::to_string).collect::<Vec<_>>())
}

/// Places as the script writes them: numbers turned into fingerprints.
fn places(texts: &[String]) -> String {
    let places: Vec<String> = texts
        .iter()
        .map(|text| match text.strip_prefix("number:") {
            Some(number) => Place::number(number).map_or_else(|| text.clone(), |place| place.to_string()),
            None => text.clone(),
        })
        .collect();
    format!("{places:?}")
}

fn tally_differences(script: &Script, round: usize, kept: &Kept, found: &mut Vec<String>) {
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for tally in script.round.iter().take(round).flat_map(|round| &round.tally) {
        let ExpectedTally {
            practice,
            account,
            groups,
            places: at,
            date,
            indicator,
            time_band,
            duration_band,
            count,
        } = tally;
        let (groups, at) = (groups.join(" "), places(at));
        let key =
            format!("{practice} {account} {groups} {at} {date} {indicator} {time_band} {duration_band}");
        expected.insert(key, *count);
    }
    let mut came: BTreeMap<String, u64> = BTreeMap::new();
    for tally in kept.tallies.values() {
        let TallyRow {
            practice,
            account,
            pcn,
            sub_icb,
            icb,
            region,
            places: at,
            date,
            indicator,
            time_band,
            duration_band,
            count,
        } = tally;
        let known = [pcn, sub_icb, icb, region].map(String::as_str);
        let known: Vec<&str> = known.into_iter().filter(|code| !code.is_empty()).collect();
        let (groups, at) = (known.join(" "), stored_places(at));
        let key =
            format!("{practice} {account} {groups} {at} {date} {indicator} {time_band} {duration_band}");
        came.insert(key, *count);
    }
    for (key, count) in &expected {
        match came.get(key) {
            Some(same) if same == count => {}
            Some(other) => found.push(format!("tally {key}: {count} expected, {other} came")),
            None => found.push(format!("tally {key} is missing")),
        }
    }
    found.extend(
        came.keys()
            .filter(|key| !expected.contains_key(*key))
            .map(|key| format!("tally {key} is none of the script's")),
    );
}
