//! Saved files and what must come of them; a call that lies on both sides of a page's end.

use std::fmt::Write;
use std::path::Path;

use callgauge_adapter::schema::{Draft, DraftAttribution, Moment, Outcome, UnknownDurations};
use callgauge_adapter::{FetchRequest, MapRequest, Next, Page, Settings, Vendor, Window};

const NOW: Moment = Moment::from_millis(1_772_500_000_000);

fn mapped(vendor: &dyn Vendor, payload: &[u8]) -> Page {
    let settings = Settings::from("".parse::<toml::Table>().expect("is TOML"));
    vendor.map(MapRequest { name: "payload.csv", payload, settings: &settings, now: NOW }).expect("maps")
}

/// Compares each `testdata/<case>.csv` with `<case>.expected.jsonl`; CALLGAUGE_REWRITE_GOLDEN=1 writes the latter.
#[test]
fn every_file_gives_the_calls_that_were_written_down() {
    for (case, vendor) in [("segments", super::vendor()), ("cdr", super::cdr_vendor())] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(case).with_extension("csv");
        let page = mapped(vendor.as_ref(), &std::fs::read(&path).expect("can be read"));
        let expected = path.with_extension("expected.jsonl");
        if std::env::var_os("CALLGAUGE_REWRITE_GOLDEN").is_some() {
            std::fs::write(&expected, page.to_lines()).expect("can be written");
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(page.to_lines(), wanted, "{case}");
        let unknown = vendor.description();
        let unknown = UnknownDurations { wait: unknown.unknown_wait, talk: unknown.unknown_talk };
        for call in page.calls {
            let whose = Some(DraftAttribution::Practice("A81001".into()));
            Draft { attribution: whose, ..call.draft }
                .check(NOW, unknown)
                .expect("is a call that the schema takes");
        }
    }
}

#[tokio::test]
async fn a_call_on_both_sides_of_a_pages_end_is_one_call_with_all_its_segments() {
    let mut text = crate::wire::SEGMENT.join(",") + "\n";
    // Queue and person of each call stand twenty calls apart.
    let person = |text: &mut String, n: usize| {
        writeln!(text, "s-{n}-b,call-{n},external_line,true,,extension,101,extension,,continued_in,none,,2026-03-02 08:00:09.000 +0000,2026-03-02 08:00:12.000 +0000,2026-03-02 08:01:00.000 +0000")
            .expect("is text");
    };
    const CALLS: usize = 12_000;
    for n in 0..CALLS {
        writeln!(text, "s-{n}-a,call-{n},external_line,true,,queue,800,queue,Reception,continued_in,none,s-{n}-b,2026-03-02 08:00:00.000 +0000,2026-03-02 08:00:00.100 +0000,2026-03-02 08:00:12.000 +0000")
            .expect("is text");
        if n >= 20 {
            person(&mut text, n - 20);
        }
    }
    (CALLS - 20..CALLS).for_each(|n| person(&mut text, n));
    let dir = std::env::temp_dir().join(format!("callgauge-3cx-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("can be made");
    std::fs::write(dir.join("calls.csv"), &text).expect("can be written");
    let settings =
        Settings::from(format!("folder = '{}'", dir.display()).parse::<toml::Table>().expect("is TOML"));
    let account = super::vendor().open(&settings).unwrap_or_else(|faults| panic!("{faults}"));
    let window = Window { from: Moment::from_millis(0), until: NOW };
    let (mut cursor, mut found, mut pages) = (None, std::collections::BTreeSet::new(), 0);
    loop {
        let page = account.fetch(FetchRequest { window, cursor, now: NOW }).await.expect("is read");
        assert!(page.rejects.is_empty(), "{:?}", page.rejects.first());
        assert_eq!(page.in_progress, 0);
        pages += 1;
        for call in page.calls {
            assert_eq!(call.draft.outcome, Some(Outcome::Answered), "{}", call.draft.call_id);
            assert_eq!(call.draft.wait.map(|wait| wait.secs), Some(12));
            assert!(found.insert(call.draft.call_id), "came twice");
        }
        match page.next {
            Next::More(next) => cursor = Some(next),
            Next::Done => break,
        }
    }
    std::fs::remove_dir_all(dir).expect("can be removed");
    assert_eq!(found.len(), CALLS);
    assert!(pages > 3, "{pages} pages");
}
