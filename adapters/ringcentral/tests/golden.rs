//! Saved payloads of the documented shapes, mapped, against the expected records beside them. `CALLGAUGE_REWRITE_GOLDEN=1` writes those again.

use std::path::Path;

use callgauge_adapter::schema::{Moment, UnknownDurations};
use callgauge_adapter::{MapRequest, Page, Settings, Vendor};
use callgauge_adapter_ringcentral::vendor;

/// 2026-02-04T00:00:00Z, after all the payloads.
const NOW: Moment = Moment::from_millis(1_770_163_200_000);

fn map(vendor: &dyn Vendor, path: &Path) -> Page {
    let folder = path.parent().expect("it is in a folder");
    let settings = std::fs::read_to_string(folder.join("settings.toml")).unwrap_or_default();
    let settings = Settings::from(settings.parse::<toml::Table>().expect("settings.toml is TOML"));
    let payload = std::fs::read(path).expect("can be read");
    let name = path.file_name().and_then(|name| name.to_str()).expect("is text");
    let request = MapRequest { name, payload: &payload, settings: &settings, now: NOW };
    vendor.map(request).unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

#[test]
fn payloads_become_the_expected_records() {
    let vendor = vendor();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).expect("testdata can be listed") {
        let path = entry.expect("can be listed").path();
        if path.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        cases += 1;
        let page = map(&*vendor, &path);
        let lines = page.to_lines();
        let digits = |text: &str| lines.contains(text);
        assert!(
            !digits("960777") && !digits("CALLER"),
            "{}: something of the caller is left",
            path.display()
        );
        let unknown = UnknownDurations {
            wait: vendor.description().unknown_wait,
            talk: vendor.description().unknown_talk,
        };
        for mut call in page.calls {
            call.draft.attribution =
                Some(callgauge_adapter::schema::DraftAttribution::Practice("A81001".into()));
            let id = call.draft.call_id.clone();
            if let Err(fault) = call.draft.check(NOW, unknown) {
                panic!("{}: the schema refuses {id}: {fault}", path.display());
            }
        }
        let expected = path.with_extension("expected.jsonl");
        if std::env::var_os("CALLGAUGE_REWRITE_GOLDEN").is_some() {
            std::fs::write(&expected, &lines).expect("can be written");
        } else {
            let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
            assert_eq!(lines, wanted, "{}", path.display());
        }
    }
    assert!(cases > 0, "no payloads were found");
}
