//! A vendor that maps lines of text, right and wrong, held to a folder.

use std::fs;

use callgauge_schema::{Direction, Draft, DraftDuration, Moment, Outcome};

use super::compare;
use crate::conformance::speed::{Load, measure};
use crate::{
    Adapter, AdapterError, Description, Fault, MapRequest, Next, Page, SettingFaults, Settings, Span, Vendor,
    VendorCall,
};

/// 2026-03-02T09:00:00Z.
const NOW: Moment = Moment::from_millis(1_772_442_000_000);

/// A line is "id,waited,caller".
struct Lines {
    description: Description,
    /// Puts the caller into the call's line.
    leaks: bool,
}

impl Lines {
    fn new(leaks: bool) -> Self {
        let description = Description {
            vendor: "lines".to_owned(),
            title: "Lines".to_owned(),
            version: "1".to_owned(),
            reads: "Lines.".to_owned(),
            settings: Vec::new(),
            reaches_back: None,
            late_by: Span::hours(1),
            longest_window: Span::hours(1),
            metrics: Vec::new(),
            outcomes: Vec::new(),
            sees_corrections: false,
            sees_deletions: false,
            unknown_wait: false,
            unknown_talk: false,
            unconfirmed: Vec::new(),
        };
        Self { description, leaks }
    }
}

impl Vendor for Lines {
    fn description(&self) -> &Description {
        &self.description
    }

    fn open(&self, _: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        Err(SettingFaults::default())
    }

    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let mut page = Page::empty(Next::Done);
        for line in String::from_utf8_lossy(request.payload).lines() {
            let [id, waited, caller] = line.split(',').collect::<Vec<_>>()[..] else {
                let shown = if self.leaks { line } else { "" };
                return Err(AdapterError::new(Fault::Protocol, format!("expected three columns {shown}")));
            };
            let draft = Draft {
                call_id: id.to_owned(),
                direction: Some(Direction::Inbound),
                started_at: Some(NOW.plus_millis(-3_600_000)),
                outcome: Some(Outcome::Missed),
                wait: waited.parse().ok().map(DraftDuration::from_secs),
                line: if self.leaks { caller.to_owned() } else { String::new() },
                ..Draft::default()
            };
            page.calls.push(VendorCall { draft, places: Vec::new() });
        }
        Ok(page)
    }
}

/// What a folder with these files is told.
fn told(leaks: bool, files: &[(&str, &str)]) -> Result<usize, String> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("can be written");
    }
    compare(&Lines::new(leaks), folder.path(), NOW, false).map_err(|faults| faults.to_string())
}

const PAYLOAD: (&str, &str) = ("calls.csv", "c-1,5,07700 900077\n");
const EXPECTED: (&str, &str) = (
    "calls.expected.jsonl",
    "{\"call_id\":\"c-1\",\"direction\":\"inbound\",\"outcome\":\"missed\",\"started_at\":\"2026-03-02T08:00:00Z\",\"wait\":5}\n",
);

#[test]
fn what_has_to_come_and_comes_is_right() {
    let script = ("script.toml", "a script is no payload");
    assert_eq!(told(false, &[PAYLOAD, EXPECTED, script]), Ok(1));
}

#[test]
fn a_call_that_changed_is_shown_beside_what_has_to_come() {
    let other = ("calls.csv", "c-1,6,07700 900077\n");
    let told = told(false, &[other, EXPECTED]).expect_err("differs");
    assert!(told.contains("line 1") && told.contains("\"wait\":6") && told.contains("\"wait\":5"), "{told}");
}

#[test]
fn a_payload_without_what_has_to_come_fails() {
    let told = told(false, &[PAYLOAD]).expect_err("nothing is written down");
    assert!(told.contains("and has to be\n  nothing"), "{told}");
}

#[test]
fn callers_must_go_in_and_must_not_come_out() {
    let faults = told(true, &[PAYLOAD, EXPECTED]).expect_err("leaks");
    assert!(faults.contains("a caller's number comes out"), "{faults}");
    let without = ("calls.csv", "c-1,5,\n");
    let faults = told(false, &[without, EXPECTED]).expect_err("shows nothing");
    assert!(faults.contains("nothing shows that it is dropped"), "{faults}");
}

#[test]
fn what_the_schema_or_the_adapter_refuses_is_told() {
    let refused = ("calls.csv", "c-1,-5,07700 900077\n");
    let faults = told(false, &[refused]).expect_err("no wait is negative");
    assert!(faults.contains("the schema refuses call c-1"), "{faults}");
    let short = ("calls.csv", "c-1,5\n");
    let faults = told(false, &[short, EXPECTED]).expect_err("is none");
    assert!(faults.contains("expected three columns"), "{faults}");
    let faults = told(false, &[]).expect_err("is empty");
    assert!(faults.contains("holds no payload"), "{faults}");
}

#[test]
fn what_is_no_payload_of_theirs_must_be_refused() {
    // It takes nothing for no lines, and refuses what has no three columns.
    let named = [("calls.json", "a-call-with-a-long-id,5,07700 900077\n")];
    let faults = told(false, &named).expect_err("takes an empty answer");
    assert!(faults.contains("an empty answer is taken for a payload"), "{faults}");
    let faults = told(true, &named).expect_err("shows what it refuses");
    assert!(faults.contains("is refused with a caller's number in the words"), "{faults}");
}

#[test]
fn rewriting_writes_down_what_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(PAYLOAD.0), PAYLOAD.1).expect("can be written");
    let vendor = Lines::new(false);
    assert_eq!(compare(&vendor, folder.path(), NOW, true), Ok(1));
    let written = fs::read_to_string(folder.path().join(EXPECTED.0)).expect("is there");
    assert_eq!(written, EXPECTED.1);
    assert_eq!(compare(&vendor, folder.path(), NOW, false), Ok(1));
}

#[test]
fn copies_of_rows_have_ids_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let saved = folder.path().join("page.json");
    let text = r#"{"list": {"rows": [{"id": "a", "legs": [{"id": 7}, {"id": 8}]}]}, "next": null}"#;
    fs::write(&saved, text).expect("can be written");
    let saved = saved.to_str().expect("is text");
    let load = Load::json(&[saved], "/list/rows", &["/id", "/legs/0/id"], 3).expect("has rows");
    let page: serde_json::Value = serde_json::from_slice(load.payload()).expect("is JSON");
    let rows = page["list"]["rows"].as_array().expect("rows");
    let ids: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {} {}", row["id"], row["legs"][0]["id"], row["legs"][1]["id"]))
        .collect();
    assert_eq!(ids, ["\"ax0\" 7 8", "\"ax1\" 1000007 8", "\"ax2\" 2000007 8"]);
    assert!(Load::json(&[saved], "/rows", &["/id"], 3).expect_err("is elsewhere").contains("has no rows"));
}

#[test]
fn a_pace_is_measured_of_calls_that_come() {
    let load = Load::file("calls.csv", PAYLOAD.1.repeat(100), 100, Settings::default());
    let pace = measure(&Lines::new(false), &load, NOW).expect("maps");
    assert!(pace.rows_a_second > 0.0 && pace.calls == 100, "{pace}");
    let nothing = Load::file("calls.csv", "", 100, Settings::default());
    assert!(measure(&Lines::new(false), &nothing, NOW).expect_err("nothing comes").contains("no call comes"));
}
