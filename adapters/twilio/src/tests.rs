//! Saved payloads and what must come of them; what a page that contradicts itself does.

use std::path::Path;

use callgauge_adapter::schema::Moment;
use callgauge_adapter::{Fault, MapRequest, Page, Settings};

const NOW: Moment = Moment::from_millis(1_772_500_000_000);

fn mapped(payload: &[u8]) -> Result<Page, callgauge_adapter::AdapterError> {
    let settings = Settings::default();
    super::vendor().map(MapRequest { name: "payload.json", payload, settings: &settings, now: NOW })
}

/// Compares each `testdata/<case>.json` with `<case>.expected.jsonl`; CALLGAUGE_REWRITE_GOLDEN=1 writes the latter.
#[test]
fn every_payload_gives_the_calls_that_were_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).expect("is there") {
        let path = entry.expect("can be read").path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        cases += 1;
        let page = mapped(&std::fs::read(&path).expect("can be read")).expect("maps");
        let expected = path.with_extension("expected.jsonl");
        if std::env::var_os("CALLGAUGE_REWRITE_GOLDEN").is_some() {
            std::fs::write(&expected, page.to_lines()).expect("can be written");
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(page.to_lines(), wanted, "{}", path.display());
        for call in page.calls {
            let checked = callgauge_adapter::schema::Draft {
                attribution: Some(callgauge_adapter::schema::DraftAttribution::Practice("A81001".into())),
                ..call.draft
            };
            checked.check(NOW, Default::default()).expect("is a call that the schema takes");
        }
    }
    assert!(cases > 0, "there are cases");
}

#[test]
fn what_is_no_payload_of_theirs_is_said_to_be_none() {
    for payload in [&b"{\"records\": []}"[..], b"[]", b"{\"calls\": [{\"id\": 1", b""] {
        assert_eq!(mapped(payload).expect_err("is none").fault, Fault::Protocol);
    }
}
