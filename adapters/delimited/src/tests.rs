//! Saved files and what must come of them; what a broken file or line does to the rest.

use std::path::Path;

use callgauge_adapter::schema::{Draft, DraftAttribution, Moment, UnknownDurations};
use callgauge_adapter::{AdapterError, FetchRequest, MapRequest, Next, Page, Settings, Window};

const NOW: Moment = Moment::from_millis(1_772_500_000_000);

fn settings(text: &str) -> Settings {
    Settings::from(text.parse::<toml::Table>().expect("is TOML"))
}

fn mapped(settings: &Settings, payload: &[u8]) -> Result<Page, AdapterError> {
    super::vendor().map(MapRequest { name: "calls.csv", payload, settings, now: NOW })
}

const PLAIN: &str = r#"
[map]
call_id = "id"
started_at = "start"
outcome = "result"
wait = "wait"
talk = "talk"
[outcomes]
"Answered" = "answered"
"Missed" = "missed"
"#;

/// Compares each `testdata/<case>.csv` (its settings in `<case>.toml`) with `<case>.expected.jsonl`; CALLGAUGE_REWRITE_GOLDEN=1 writes the latter.
#[test]
fn every_file_gives_the_calls_that_were_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).expect("is there") {
        let path = entry.expect("can be read").path();
        if path.extension().is_none_or(|end| end != "csv") {
            continue;
        }
        cases += 1;
        let settings = settings(&std::fs::read_to_string(path.with_extension("toml")).expect("has settings"));
        let page = mapped(&settings, &std::fs::read(&path).expect("can be read")).expect("maps");
        let expected = path.with_extension("expected.jsonl");
        if std::env::var_os("CALLGAUGE_REWRITE_GOLDEN").is_some() {
            std::fs::write(&expected, page.to_lines()).expect("can be written");
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(page.to_lines(), wanted, "{}", path.display());
        for call in page.calls {
            let whose = call.draft.attribution.clone().unwrap_or(DraftAttribution::Practice("A81001".into()));
            let checked = Draft { attribution: Some(whose), ..call.draft };
            checked
                .check(NOW, super::vendor().unknown_durations(&settings))
                .expect("is a call that the schema takes");
        }
    }
    assert!(cases >= 4, "there are cases");
}

#[test]
fn a_line_with_another_number_of_columns_is_refused_and_the_others_are_taken() {
    let text = b"\xef\xbb\xbfid,start,result,wait,talk\n1,2026-03-02 08:00:00,Answered,5,60\n2,2026-03-02 08:01:00,Answered,5\n3,2026-03-02 08:02:00,Missed,5,,x\n4,2026-03-02 08:03:00,Missed,9,\n";
    let page = mapped(&settings(PLAIN), text).expect("maps");
    let ids: Vec<&str> = page.calls.iter().map(|call| call.draft.call_id.as_str()).collect();
    assert_eq!(ids, ["1", "4"]);
    let told: Vec<&str> = page.rejects.iter().map(|reject| reject.message.as_str()).collect();
    assert_eq!(told, ["has 4 columns, and 5 are named", "has 6 columns, and 5 are named"]);
    assert_eq!(page.rejects[0].id, "calls.csv:3");
}

#[test]
fn a_file_whose_header_lacks_a_column_is_refused_by_name() {
    let fault = mapped(&settings(PLAIN), b"id,start,Result,wait,talk\n").expect_err("lacks one");
    assert!(fault.message.contains("\"result\""), "{}", fault.message);
    let fault = mapped(&settings(PLAIN), b"id,start,result,wait,talk,id\n").expect_err("has one twice");
    assert!(fault.message.ends_with("it has the column \"id\" twice in its header"), "{}", fault.message);
    let fault = mapped(&settings(PLAIN), b"\xff\xfei\0d\0").expect_err("is UTF-16");
    assert!(fault.message.contains("UTF-16"), "{}", fault.message);
}

#[test]
fn twenty_six_columns_where_twenty_seven_are_named_are_refused() {
    let names: Vec<String> = (1..=27).map(|n| format!("\"c{n}\"")).collect();
    let text = format!(
        "columns = [{}]\n[map]\ncall_id = \"c1\"\nstarted_at = \"c2\"\noutcome = \"c3\"\n[outcomes]\nA = \"answered\"\n",
        names.join(", ")
    );
    let fault = mapped(&settings(&text), &b"x,".repeat(25)).expect_err("lacks one");
    assert!(fault.message.contains("26 columns") && fault.message.contains("names 27"), "{}", fault.message);
}

#[test]
fn of_rows_of_one_call_the_higher_revision_counts_and_without_revisions_the_last() {
    let revised = settings(&PLAIN.replace("[map]\n", "[map]\nrevision = \"rev\"\n"));
    let came = |rows: &[(&str, &str)]| -> Vec<(Option<u64>, Option<i64>)> {
        let rows = rows.iter().map(|(rev, wait)| format!("c-1,2026-02-02 08:00:00,Missed,{wait},,{rev}\n"));
        let file = format!("id,start,result,wait,talk,rev\n{}", rows.collect::<String>());
        let page = mapped(&revised, file.as_bytes()).expect("maps");
        page.calls.iter().map(|call| (call.draft.revision, call.draft.wait.map(|wait| wait.secs))).collect()
    };
    assert_eq!(came(&[("2", "20"), ("1", "10")]), [(Some(2), Some(20))], "newest first");
    assert_eq!(came(&[("1", "10"), ("2", "20")]), [(Some(2), Some(20))], "oldest first");
    assert_eq!(came(&[("2", "20"), ("3", "30"), ("1", "10")]), [(Some(3), Some(30))]);
    assert_eq!(came(&[("", "10"), ("", "20")]), [(None, Some(20))], "without revisions the last");
    let both = [(Some(2), Some(20)), (Some(2), Some(21))];
    assert_eq!(came(&[("2", "20"), ("2", "21"), ("1", "10")]), both, "a contradiction is not hidden");
}

#[test]
fn a_local_time_that_occurs_twice_is_refused_with_the_reason() {
    let text = b"id,start,result,wait,talk\n1,2026-10-25 01:30:00,Missed,5,\n";
    let page = mapped(&settings(PLAIN), text).expect("maps");
    assert_eq!(page.rejects[0].reason, callgauge_adapter::RowReason::AmbiguousTime);
    assert_eq!(page.rejects[0].field, "started_at");
}

#[test]
fn what_slipped_into_another_column_is_not_kept() {
    let text = b"id,start,result,wait,talk\n1,07700900123,Answered,+447700900123,Ann Example\n";
    let page = mapped(&settings(PLAIN), text).expect("maps");
    let kept = format!("{:?}", page.rejects);
    assert!(page.rejects.len() == 1 && !kept.contains("7700") && !kept.contains("Ann"), "{kept}");
    let text = b"id,start,result,wait,talk\n07700900123,2026-03-02 08:00:00,07700900123,5,\n";
    let page = format!("{:?}", mapped(&settings(PLAIN), text).expect("maps"));
    assert!(!page.contains("7700"), "{page}");
}

#[test]
fn ten_faults_of_the_settings_are_ten_lines() {
    let wrong = "holds = \"cals\"\ndelimiter = \"x\"\nfloder = \"/srv\"\n[map]\ncaller = \"From\"\ncall_id = \"id\"\n[outcomes]\nA = \"abandoned\"\na = \"answered\"\nB = \"missed:closed\"";
    let Err(faults) = super::vendor().open(&settings(wrong)) else { panic!("opens") };
    let mut keys: Vec<&str> = faults.faults.iter().map(|fault| fault.key.as_str()).collect();
    keys.sort_unstable();
    let all = [
        "delimiter",
        "floder",
        "folder",
        "holds",
        "map.caller",
        "map.outcome",
        "map.started_at",
        "outcomes.A",
        "outcomes.B",
        "outcomes.a",
    ];
    assert_eq!(keys, all);
    assert_eq!(faults.to_string().lines().count(), 10, "{faults}");
}

#[test]
fn a_file_with_another_delimiter_is_told_which_it_seems_to_have() {
    for (text, other) in
        [("id;start;result;wait;talk\n", "\";\""), ("id\tstart\tresult\twait\ttalk\n", "\"\\t\"")]
    {
        let fault = mapped(&settings(PLAIN), text.as_bytes()).expect_err("is divided otherwise");
        assert!(fault.message.contains(&format!("set delimiter = {other}")), "{}", fault.message);
        let given = settings(&format!("delimiter = {other}\n{PLAIN}"));
        mapped(&given, text.as_bytes()).expect("is divided so");
    }
}

#[test]
fn crlf_tabs_and_semicolons_are_read_as_they_are_meant() {
    for delimiter in [",", ";", "\t", "|"] {
        let text =
            "id,start,result,wait,talk\r\n1,2026-03-02 08:00:00,Answered,5,60\r\n".replace(',', delimiter);
        let given = settings(&format!("delimiter = {delimiter:?}\n{PLAIN}"));
        let page = mapped(&given, text.as_bytes()).expect("maps");
        assert_eq!((page.calls.len(), page.rejects.len()), (1, 0), "{delimiter:?}");
        assert_eq!(page.calls[0].draft.talk.map(|talk| talk.secs), Some(60));
    }
}

#[test]
fn durations_without_a_column_are_unknown_and_no_fault_of_the_row() {
    let plain = "[map]\ncall_id = \"id\"\nstarted_at = \"start\"\noutcome = \"result\"\n[outcomes]\nAnswered = \"answered\"\n";
    let vendor = super::vendor();
    assert_eq!(vendor.unknown_durations(&settings(plain)), UnknownDurations { wait: true, talk: true });
    assert_eq!(vendor.unknown_durations(&settings(PLAIN)), UnknownDurations::default());
    let derived = plain.replace("outcome =", "answered_at = \"a\"\nended_at = \"e\"\noutcome =");
    assert_eq!(vendor.unknown_durations(&settings(&derived)), UnknownDurations::default());
}

#[test]
fn the_number_of_the_other_side_of_a_call_is_not_read() {
    let two_ways = PLAIN
        .replace("call_id =", "direction = \"way\"\nnumber = \"to\"\noutbound_number = \"from\"\ncall_id =");
    let text = b"id,way,from,to,start,result,wait,talk\n1,in,07700900123,01632960100,2026-03-02 08:00:00,Missed,5,\n2,out,01632960100,07700900123,2026-03-02 08:00:00,Missed,5,\n3,,07700900123,07700900123,2026-03-02 08:00:00,Missed,5,\n";
    let page = mapped(&settings(&two_ways), text).expect("maps");
    let own = callgauge_adapter::Place::number("01632960100").expect("is one");
    assert!(page.calls.len() == 2 && page.calls.iter().all(|call| call.places == [own.clone()]), "{page:?}");
    assert_eq!(page.rejects[0].field, "direction", "nothing tells which side is the practice's");
    let without = two_ways.replace("outbound_number = \"from\"\n", "");
    let page = mapped(&settings(&without), text).expect("maps");
    assert!(page.calls[1].places.is_empty(), "where no column has it, there is none");
}

#[tokio::test]
async fn a_practice_day_is_never_on_two_pages() {
    let dir = tempfile::tempdir().expect("can be made");
    let mut text = String::from("Date,PRACTICE_CODE,Indicator,Time_Category,Value\n");
    // Bands of a day stand far apart.
    for band in ["0800_0959", "0830_0859", "1000_1159"] {
        for day in 1..=28 {
            for practice in 0..30 {
                text.push_str(&format!("2026-02-{day:02},A8{practice:04},CBT001,{band},2\n"));
            }
        }
    }
    std::fs::write(dir.path().join("month.csv"), text).expect("can be written");
    let path = dir.path().display();
    let account = super::vendor()
        .open(&settings(&format!("folder = '{path}'\nholds = \"tallies\"")))
        .unwrap_or_else(|faults| panic!("{faults}"));
    let window = Window { from: Moment::from_millis(0), until: NOW };
    let (mut cursor, mut days, mut pages, mut calls) = (None, std::collections::BTreeSet::new(), 0, 0);
    loop {
        let page = account.fetch(FetchRequest { window, cursor, now: NOW }).await.expect("is read");
        let on_page: std::collections::BTreeSet<_> =
            page.tallies.iter().map(|row| (row.practice.clone(), row.date.clone())).collect();
        assert!(on_page.iter().all(|day| !days.contains(day)), "a day came twice");
        days.extend(on_page);
        calls += page.tallies.iter().map(|row| row.count).sum::<u64>();
        assert!(page.tallies.len() <= 2 * crate::tallies::ENTRIES, "two bands a day");
        pages += 1;
        match page.next {
            Next::More(next) => cursor = Some(next),
            Next::Done => break,
        }
    }
    // 16 dates of 30 practices, then the other 12, then nothing.
    assert_eq!((days.len(), calls, pages), (28 * 30, 28 * 30 * 6, 3));
}

#[tokio::test]
async fn refused_rows_are_told_once_and_their_number_where_they_are_many() {
    let dir = tempfile::tempdir().expect("can be made");
    let mut text = String::from("Date,PRACTICE_CODE,Indicator,Value\n");
    for day in 1..=28 {
        for practice in 0..50 {
            text.push_str(&format!(
                "2026-02-{day:02},A8{practice:04},CBT001,2\n2026-02-{day:02},A8{practice:04},CBT999,2\n"
            ));
        }
    }
    std::fs::write(dir.path().join("month.csv"), text).expect("can be written");
    let path = dir.path().display();
    let account = super::vendor()
        .open(&settings(&format!("folder = '{path}'\nholds = \"tallies\"")))
        .unwrap_or_else(|faults| panic!("{faults}"));
    let window = Window { from: Moment::from_millis(0), until: NOW };
    let (mut cursor, mut rejects, mut days) = (None, Vec::new(), 0);
    loop {
        let page = account.fetch(FetchRequest { window, cursor, now: NOW }).await.expect("is read");
        rejects.extend(page.rejects);
        days += page.tallies.len();
        match page.next {
            Next::More(next) => cursor = Some(next),
            Next::Done => break,
        }
    }
    assert_eq!((days, rejects.len()), (28 * 50, 1_001));
    assert!(rejects[1_000].message.starts_with("400 more rows"), "{}", rejects[1_000].message);
}
