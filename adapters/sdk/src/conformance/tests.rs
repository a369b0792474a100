//! The kit itself: an adapter that is right passes, and each fault that is planted in it is seen by the check that is there for it.

mod client;
mod sample;

use sample::{Planted, SCRIPT, Sample};

use super::report::{Report, Verdict};

async fn report(planted: Planted) -> Report {
    super::run(&Sample::new(planted), SCRIPT).await
}

#[tokio::test]
async fn an_adapter_that_is_right_passes_every_check() {
    let report = report(Planted::Nothing).await;
    assert!(report.passed(), "{report}");
    assert_eq!(report.count(Verdict::NotShown), 0, "{report}");
    assert!(report.count(Verdict::Passed) >= 35, "{report}");
}

/// A fault, and a check that has to see it.
const PLANTED: [(Planted, &str); 32] = [
    (Planted::LosesLastOfPage, "round 1: exactly the calls of the script"),
    (Planted::EndsEarly, "a window is done only when read to its end"),
    (Planted::IdOfThePage, "round 1: exactly the calls of the script"),
    (Planted::StopsAtRepeat, "a page repeated"),
    (Planted::IdOfTheTime, "round 2: exactly the calls of the script"),
    (Planted::KeepsPlaceItself, "killed after every page"),
    (Planted::TakesShortBody, "a body that ends early"),
    (Planted::RefusesNewFields, "unknown fields"),
    (Planted::KeepsToken, "the token ends"),
    (Planted::IgnoresRetryAfter, "it waits as long as it is told"),
    (Planted::NoBudget, "the budget is kept"),
    (Planted::LogsToken, "no secret comes out"),
    (Planted::LibraryLogsToken, "no secret comes out"),
    (Planted::SecretInError, "no secret comes out"),
    (Planted::SecretInCursor, "no secret comes out"),
    (Planted::LargeCursor, "cursors are small"),
    (Planted::NumberInReject, "nothing personal comes out"),
    (Planted::NameInLog, "nothing personal comes out"),
    (Planted::GuessesUnfinished, "round 1: calls in progress, rejects and unknown words are counted"),
    (Planted::SkipsUnknownWord, "round 1: calls in progress, rejects and unknown words are counted"),
    (Planted::BreaksSchema, "every record passes the schema"),
    (Planted::StampsNow, "round 1: exactly the calls of the script"),
    (Planted::MistakesRefusal, "check() says what to change: the role may not read calls"),
    (Planted::StrangePath, "it asks only for what the vendor has"),
    (Planted::HidesSecretSetting, "settings are what the description says"),
    (Planted::OpensWithAnything, "settings are what the description says"),
    (Planted::ForgetsMetric, "the description is whole"),
    (Planted::DeniesCorrections, "the description is true: corrections"),
    (Planted::DeniesDeletions, "the description is true: deletions"),
    (Planted::DeniesVoicemail, "the description is true: outcomes, durations and metrics"),
    (Planted::ClaimsNoWaits, "the description is true: outcomes, durations and metrics"),
    (Planted::GivesUpOnFailure, "it goes on to the end"),
];

#[tokio::test]
async fn every_planted_fault_is_seen_by_the_check_for_it() {
    for (planted, check) in PLANTED {
        // At three requests: it is enough to see each, and there are many to see.
        let report = super::play(&Sample::new(planted), SCRIPT, false, 3).await;
        let line = report.line(check).unwrap_or_else(|| panic!("{check} was not made: {report}"));
        assert_eq!(line.verdict, Verdict::Failed, "{planted:?} passes {check}: {report}");
    }
}

#[tokio::test]
async fn an_adapter_that_waits_by_the_machines_clock_can_be_tried_too() {
    let report = super::run_in_real_time(&Sample::new(Planted::NoBudget), SCRIPT).await;
    assert!(report.passed(), "{report}");
    assert_eq!(
        report.line("the budget is kept").map(|line| line.verdict),
        Some(Verdict::NotShown),
        "{report}"
    );
}

#[tokio::test]
async fn a_script_that_cannot_be_read_says_where() {
    let report = super::run(&Sample::new(Planted::Nothing), "vendor = \"sample\"\nrond = 1").await;
    let line = report.line("the script can be read").expect("is there");
    assert!(line.verdict == Verdict::Failed && line.seen.contains("rond"), "{report}");
}
