//! What one file has to know of another, files of another kind, and what absence means.

use callgauge_adapter::schema::{Moment, Outcome, Reason};
use callgauge_adapter::{FetchRequest, MapRequest, Next, Page, Settings, VendorCall, Window};

/// 2026-03-03T01:06:40Z, after all the calls of March 2nd.
const NOW: Moment = Moment::from_millis(1_772_500_000_000);

fn settings(text: &str) -> Settings {
    Settings::from(text.parse::<toml::Table>().expect("is TOML"))
}

#[test]
fn a_file_of_another_kind_is_said_to_be_none_of_these() {
    let settings = Settings::default();
    for payload in [&b"hello\nworld\n"[..], b"", b"a,b\n1,2\n"] {
        let request = MapRequest { name: "x.csv", payload, settings: &settings, now: NOW };
        let fault = super::vendor().map(request).expect_err("is none");
        assert!(fault.message.contains("queue log"), "{}", fault.message);
    }
    let payload = b"calldate,uniqueid,dcontext,lastapp\n";
    let request = MapRequest { name: "x.csv", payload, settings: &settings, now: NOW };
    let told = super::vendor().map(request).expect_err("lacks columns").message;
    assert!(told.contains("duration, billsec, disposition"), "{told}");
}

#[test]
fn absence_in_a_folder_is_no_true_zero() {
    assert!(!super::vendor().delivers());
}

/// Everything that a folder gives.
async fn read(files: &[(&str, &str)], told: &str) -> Vec<Page> {
    let dir = tempfile::tempdir().expect("can be made");
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).expect("can be written");
    }
    let settings = settings(&format!("folder = '{}'\n{told}", dir.path().display()));
    let account = super::vendor().open(&settings).unwrap_or_else(|faults| panic!("{faults}"));
    let window = Window { from: Moment::from_millis(0), until: NOW };
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = account.fetch(FetchRequest { window, cursor, now: NOW }).await.expect("is read");
        let next = page.next.clone();
        pages.push(page);
        match next {
            Next::More(next) => cursor = Some(next),
            Next::Done => return pages,
        }
    }
}

fn calls(pages: &[Page]) -> Vec<&VendorCall> {
    pages.iter().flat_map(|page| &page.calls).collect()
}

const MASTER: &str = r#""","07700900702","01632960100","from-pstn","x","PJSIP/1","","VoiceMail","101","2026-03-02 08:05:20","2026-03-02 08:05:20","2026-03-02 08:05:50",30,30,"ANSWERED","DOCUMENTATION","1772438700.2",""
"","07700900701","01632960100","from-pstn","x","PJSIP/1","","Queue","recep","2026-03-01 08:00:00","2026-03-01 08:00:00","2026-03-01 08:00:50",50,50,"ANSWERED","DOCUMENTATION","1772352000.1",""
"#;
const LOG: &str = "1772438700|1772438700.2|recep|NONE|ENTERQUEUE||07700900702|1\n1772438720|1772438700.2|recep|NONE|EXITWITHTIMEOUT|1|1|20\n";

#[tokio::test]
async fn a_queue_that_gave_up_to_a_mailbox_is_one_call_told_by_both_files() {
    let pages = read(&[("Master.csv", MASTER), ("queue_log", LOG)], "").await;
    let calls = calls(&pages);
    // The row from before the queue log begins is passed over: nothing tells how it ended.
    let [call] = &calls[..] else { panic!("one call: {calls:?}") };
    assert_eq!(call.draft.call_id, "1772438700.2");
    assert_eq!((call.draft.outcome, call.draft.reason), (Some(Outcome::Missed), Some(Reason::Voicemail)));
    assert_eq!(call.draft.wait.map(|wait| wait.secs), Some(20));
}

#[tokio::test]
async fn without_a_queue_log_a_call_in_a_queue_is_unclassified() {
    let pages = read(&[("Master.csv", MASTER)], "").await;
    let found: Vec<_> =
        calls(&pages).iter().map(|call| (call.draft.call_id.clone(), call.draft.outcome)).collect();
    assert_eq!(
        found,
        [
            ("1772438700.2".to_owned(), Some(Outcome::Missed)),
            ("1772352000.1".to_owned(), Some(Outcome::Unclassified)),
        ]
    );
    assert_eq!(pages.iter().flat_map(|page| &page.unknown_words).count(), 1);
}

#[tokio::test]
async fn many_calls_at_once_fit_into_a_cursor_and_all_come() {
    let mut log = String::new();
    // All enter before any is answered; the filler makes two pages of it.
    for n in 0..390 {
        log.push_str(&format!(
            "1772438700|1772438700.{n}|reception and prescriptions|NONE|ENTERQUEUE||07700900702|1\n"
        ));
    }
    for n in 0..11_000 {
        log.push_str(&format!("{}|NONE|NONE|PJSIP/101|PAUSE|\n", 1_772_438_701 + n / 1_000));
    }
    for n in 0..390 {
        log.push_str(&format!(
            "1772438730|1772438700.{n}|reception and prescriptions|PJSIP/1|CONNECT|30|1.2|4\n"
        ));
        log.push_str(&format!(
            "1772438790|1772438700.{n}|reception and prescriptions|PJSIP/1|COMPLETECALLER|30|60|1\n"
        ));
    }
    let pages = read(&[("queue_log", &log)], "").await;
    let largest = pages.iter().filter_map(|page| match &page.next {
        Next::More(cursor) => Some(cursor.0.len()),
        Next::Done => None,
    });
    let largest = largest.max().unwrap_or(0);
    assert!((20_000..=callgauge_adapter::Cursor::LIMIT).contains(&largest), "{largest} bytes");
    let calls = calls(&pages);
    assert_eq!(calls.len(), 390);
    assert!(calls.iter().all(|call| call.draft.wait.map(|wait| wait.secs) == Some(30)));
}
