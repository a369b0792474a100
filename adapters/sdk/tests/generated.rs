//! The generator: what it writes builds, passes the conformance kit, and says where to fill in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use callgauge_adapter::conformance::{Verdict, golden, matrix, run};
use callgauge_adapter::generate::{GenerateError, generate, generate_with, to_fill_in};
use callgauge_adapter::schema::Moment;

/// The template itself, compiled in: it is a whole adapter.
#[path = "../src/generate/template/src/lib.rs"]
#[allow(unreachable_pub, reason = "a package of its own has it public")]
mod template;

#[tokio::test]
async fn the_template_passes_every_check_of_the_kit() {
    let vendor = template::vendor();
    let report = run(vendor.as_ref(), template::SCRIPT).await;
    assert!(report.passed(), "\n{report}");
    let lacking: Vec<&str> = report
        .lines
        .iter()
        .filter(|line| line.verdict == Verdict::NotShown)
        .map(|line| line.check.as_str())
        .collect();
    assert_eq!(lacking, ["a refusal of kind disabled", "429 in the vendor's own words"], "\n{report}");
    let matrix = matrix(&[(vendor.description().clone(), report)]);
    assert!(
        matrix.contains("| Acme | native | native | derived |") && !matrix.contains("FAILED"),
        "{matrix}"
    );
}

#[test]
fn its_payloads_become_the_records_that_were_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generate/template/testdata");
    let now = Moment::from_millis(1_772_500_000_000);
    let cases = golden::check(template::vendor().as_ref(), folder, now);
    assert_eq!(cases.unwrap_or_else(|faults| panic!("{faults}")), 1);
}

#[test]
fn a_package_is_the_template_with_another_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = generate("blue_sky", folder.path()).expect("is written");
    let text: String = files.iter().map(|path| fs::read_to_string(path).expect("is there")).collect();
    assert!(!text.to_lowercase().contains("acme") && !text.contains("SDK_PATH"), "{text}");
    assert!(text.contains("name = \"callgauge-adapter-blue_sky\"") && text.contains("struct BlueSky;"));
    let places = to_fill_in(&files);
    assert!(places.len() >= 12, "{places:?}");
    assert!(places.iter().any(|(path, ..)| path.ends_with("src/map.rs")), "{places:?}");
}

#[test]
fn nothing_is_written_over_and_no_strange_name_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["", "x", "Acme", "8x8", "../up", "a b", "a-b", &"x".repeat(33)] {
        assert!(matches!(generate(name, folder.path()), Err(GenerateError::Name)), "{name}");
    }
    generate("acme", folder.path()).expect("is written");
    assert!(matches!(generate("acme", folder.path()), Err(GenerateError::Taken(_))));
}

/// Builds a generated package and runs its own tests, which takes minutes: only with CALLGAUGE_LONG=1.
#[test]
fn a_generated_package_builds_and_passes_by_itself() {
    if std::env::var_os("CALLGAUGE_LONG").is_none() {
        return;
    }
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    generate_with("blue_sky", folder.path(), sdk).expect("is written");
    let package = folder.path().join("blue_sky");
    // With the versions that are known to work.
    fs::copy(sdk.join("../../Cargo.lock"), package.join("Cargo.lock")).expect("the lock file is there");
    // What was built for these tests is used again where there is a common folder for it.
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| folder.path().join("target"), PathBuf::from);
    let done = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", target)
        .status()
        .expect("cargo runs");
    assert!(done.success());
}
