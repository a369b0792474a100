//! check(): what an operator is told when credentials are right, and when something is wrong with them.

use super::{Report, Trial, Verdict, Watched};
use crate::conformance::host::{Host, Kill};
use crate::conformance::script::Refusal;
use crate::conformance::trial::Stage;
use crate::{CheckReport, Fault, FetchRequest, Window};

/// The longest sample.
const SAMPLE: usize = 10;
/// What an operator has to be told apart.
const KINDS: [&str; 5] = ["credentials", "permission", "region", "disabled", "plan"];

fn host<'a>(trial: &Trial<'a>, stage: &Stage) -> Host<'a> {
    Host::new(trial.vendor, stage.settings.clone(), stage.world.clone(), stage.outlet.clone(), Kill::Never)
}

/// With credentials that are right.
pub(super) async fn check_signs_in(
    trial: &Trial<'_>,
    report: &mut Report,
    watched: &mut Watched,
) -> Result<(), String> {
    const CHECK: &str = "check() says what works";
    let stage = trial.stage().await?;
    stage.first_steps(&trial.script)?;
    let now = trial.now(1)?;
    let mut host = host(trial, &stage);
    let Some(adapter) = host.open().await else {
        let why = host.broken.first().map(|broken| broken.what.clone()).unwrap_or_default();
        report.add(CHECK, Verdict::Failed, why, "open() has to take the script's settings");
        return Ok(());
    };
    match host.inside(adapter.check(now)).await {
        Ok(CheckReport { works, warnings, sample }) => {
            for text in works.iter().chain(&warnings) {
                stage.outlet.says("check()", text);
            }
            stage.outlet.shows("check()'s sample", &sample);
            let mut found = Vec::new();
            if works.is_empty() {
                found.push("it says nothing that works".to_owned());
            }
            if sample.len() > SAMPLE {
                found.push(format!("a sample of {} calls; {SAMPLE} are the most", sample.len()));
            }
            report.holds(
                CHECK,
                &found,
                format!("{}; {} calls to see", works.join(", "), sample.len()),
                "mend check()",
            );
        }
        Err(error) => {
            stage.outlet.says("an error", &error.message);
            report.add(
                CHECK,
                Verdict::Failed,
                format!("{:?}: {}", error.fault, error.message),
                "mend check()",
            );
        }
    }
    watched.hears(&stage.outlet.found());
    Ok(())
}

/// With something wrong.
pub(super) async fn refusals(
    trial: &Trial<'_>,
    report: &mut Report,
    watched: &mut Watched,
) -> Result<(), String> {
    if trial.script.refusal.is_empty() {
        let to_do =
            "add a [[refusal]] for wrong credentials, a missing permission and so on, in the vendor's words";
        report.add("check() says what to change", Verdict::NotShown, "the script has no [[refusal]]", to_do);
    }
    for (at, refusal) in trial.script.refusal.iter().enumerate() {
        let check = format!("check() says what to change: {}", refusal.says);
        let found = refused(trial, at, refusal, watched).await?;
        let to_do = "map the vendor's words to the fault, with a message that says what to change";
        report.holds(&check, &found, format!("a fault of kind {}", refusal.fault), to_do);
    }
    if !trial.script.refusal.is_empty() {
        for kind in KINDS.into_iter().filter(|kind| trial.script.refusal.iter().all(|one| one.fault != *kind))
        {
            let check = format!("a refusal of kind {kind}");
            let why = trial.script.skip.get(&check).map_or("the script has none", String::as_str);
            let to_do = "add a [[refusal]] in the vendor's words, or say in [skip] why there is none";
            report.add(&check, Verdict::NotShown, why, if why == "the script has none" { to_do } else { "" });
        }
    }
    Ok(())
}

async fn refused(
    trial: &Trial<'_>,
    at: usize,
    refusal: &Refusal,
    watched: &mut Watched,
) -> Result<Vec<String>, String> {
    let stage = trial.stage().await?;
    stage.first_steps(&trial.script)?;
    stage.world.state().refusing = Some(at);
    let now = trial.now(1)?;
    let mut host = host(trial, &stage);
    let Some(adapter) = host.open().await else { return Ok(vec!["it does not open".to_owned()]) };
    let longest = i64::try_from(trial.vendor.description().longest_window.secs.saturating_mul(1_000))
        .unwrap_or(i64::MAX);
    let window = Window { from: now.plus_millis(-longest.min(3_600_000)), until: now };
    let mut found = Vec::new();
    for (what, error) in [
        ("check()", host.inside(adapter.check(now)).await.err()),
        ("fetch()", host.inside(adapter.fetch(FetchRequest { window, cursor: None, now })).await.err()),
    ] {
        match error {
            None => found.push(format!("{what} takes it for success")),
            Some(error) => {
                stage.outlet.says("an error", &error.message);
                stage.outlet.shows("an error", &error);
                let kind = word(error.fault);
                if kind != refusal.fault {
                    found.push(format!("{what} says {kind}, {} was meant: {}", refusal.fault, error.message));
                } else if error.message.trim().is_empty() {
                    found.push(format!("{what} says nothing"));
                }
            }
        }
    }
    watched.hears(&stage.outlet.found());
    Ok(found)
}

const fn word(fault: Fault) -> &'static str {
    match fault {
        Fault::Credentials => "credentials",
        Fault::Permission => "permission",
        Fault::Region => "region",
        Fault::Disabled => "disabled",
        Fault::Plan => "plan",
        Fault::RateLimited { .. } => "rate_limited",
        Fault::Unavailable => "unavailable",
        Fault::Protocol => "protocol",
        Fault::CursorLost => "cursor_lost",
        Fault::TooFarBack => "too_far_back",
        Fault::File => "file",
    }
}
