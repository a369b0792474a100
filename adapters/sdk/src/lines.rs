//! A page as lines of JSON: what `callgauge adapter map` prints and what the expected files of adapters hold.
//!
//! Absent fields are left out, durations are whole seconds as the schema floors them, instants are ISO 8601 in UTC with milliseconds where they have any.

use callgauge_schema::{CallbackTiming, Draft, DraftAttribution, DraftDuration, Moment};
use serde_json::{Map, Value, json};

use crate::{Page, VendorCall, time};

impl VendorCall {
    /// The call as JSON.
    pub fn to_json(&self) -> Value {
        let Self { draft, places } = self;
        let mut line = of_draft(draft);
        if !places.is_empty() {
            line.insert("places".into(), places.iter().map(ToString::to_string).collect());
        }
        Value::Object(line)
    }
}

impl Page {
    /// A line for each call, reject, tally and unknown word, and one for calls in progress if there are any; in the order of the page.
    pub fn to_lines(&self) -> String {
        let Self { calls, rejects, tallies, unknown_words, in_progress, next: _ } = self;
        let mut lines: Vec<Value> = calls.iter().map(VendorCall::to_json).collect();
        lines.extend(rejects.iter().map(|reject| json!({ "reject": reject })));
        lines.extend(tallies.iter().map(|tally| {
            let mut line = json!({ "tally": tally });
            line["tally"]["places"] = tally.places.iter().map(ToString::to_string).collect();
            line
        }));
        lines.extend(unknown_words.iter().map(|word| json!({ "unknown_word": word })));
        lines.extend((*in_progress > 0).then(|| json!({ "in_progress": in_progress })));
        lines.into_iter().map(|line| format!("{line}\n")).collect()
    }
}

fn of_draft(draft: &Draft) -> Map<String, Value> {
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
    let mut to = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            to.insert(name.into(), value);
        }
    };
    put("call_id", Some(json!(call_id)));
    put("practice", attribution.as_ref().and_then(practice));
    put("revision", revision.map(Value::from));
    put("retracted", retracted.then(|| json!(true)));
    put("direction", direction.map(|direction| json!(direction.name())));
    put("started_at", started_at.map(instant));
    put("previous_started_at", previous_started_at.map(instant));
    put("outcome", outcome.map(|outcome| json!(outcome.name())));
    put("reason", reason.map(|reason| json!(reason.name())));
    for (name, duration) in [("ivr", ivr), ("wait", wait), ("talk", talk)] {
        put(name, duration.map(|DraftDuration { secs, nanos: _ }| json!(secs)));
    }
    put("line", (!line.is_empty()).then(|| json!(line)));
    put(
        "callback_requested",
        callback_requested.map(|timing| json!(timing.map_or("", CallbackTiming::name))),
    );
    put(
        "callback_made",
        callback_made.as_ref().map(|(for_call, attempt, automatic)| {
            let mut made = Map::new();
            if !for_call.is_empty() {
                made.insert("for_call".into(), json!(for_call));
            }
            if *attempt > 0 {
                made.insert("attempt".into(), json!(attempt));
            }
            if let Some(automatic) = automatic {
                made.insert("automatic".into(), json!(automatic));
            }
            Value::Object(made)
        }),
    );
    put("timing", timing.map(|timing| json!(timing.name())));
    to
}

fn practice(attribution: &DraftAttribution) -> Option<Value> {
    match attribution {
        DraftAttribution::Practice(code) => Some(json!(code)),
        DraftAttribution::Account(account) => Some(json!({ "account": account.id })),
    }
}

fn instant(moment: Moment) -> Value {
    let whole = moment.millis().rem_euclid(1_000) == 0;
    json!(if whole { time::to_iso(moment) } else { time::to_iso_millis(moment) })
}

#[cfg(test)]
mod tests {
    use callgauge_schema::{Direction, Outcome};

    use super::*;
    use crate::{Next, Place};

    #[test]
    fn absent_fields_are_left_out_and_nothing_is_said_twice() {
        let draft = Draft {
            call_id: "c-1".into(),
            direction: Some(Direction::Inbound),
            started_at: Some(Moment::from_millis(1_772_438_405_250)),
            outcome: Some(Outcome::Answered),
            wait: Some(DraftDuration { secs: 12, nanos: 428_000_000 }),
            ..Draft::default()
        };
        let mut page = Page::empty(Next::Done);
        page.calls.push(VendorCall { draft, places: vec![Place::queue("Reception")] });
        page.in_progress = 2;
        let lines: Vec<Value> =
            page.to_lines().lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            lines[0],
            json!({"call_id": "c-1", "direction": "inbound", "started_at": "2026-03-02T08:00:05.250Z",
                   "outcome": "answered", "wait": 12, "places": ["queue:Reception"]})
        );
        assert_eq!(lines[1], json!({"in_progress": 2}));
    }
}
