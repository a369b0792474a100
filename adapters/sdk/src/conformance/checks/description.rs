//! Whether an adapter's description is whole, and its settings are as it says.

use std::collections::BTreeSet;

use super::{Report, Trial, Verdict};
use crate::conformance::host::{Host, Kill};
use crate::{Metric, SettingKind, Settings};

const METRICS: [Metric; 8] = [
    Metric::CallVolumes,
    Metric::CallsAbandoned,
    Metric::CallTimesToAnswer,
    Metric::MissedCallVolumes,
    Metric::WaitTimeBeforeCallAbandoned,
    Metric::CallBacksRequested,
    Metric::CallBacksMade,
    Metric::AverageCallLength,
];

/// Nothing is left out, and nothing is said twice.
pub(super) fn is_whole(trial: &Trial<'_>, report: &mut Report) {
    let description = trial.vendor.description();
    let mut found = Vec::new();
    let mut must = |holds: bool, what: String| {
        if !holds {
            found.push(what);
        }
    };
    must(
        description.vendor == trial.script.vendor,
        format!("it is called {} and the script is for {}", description.vendor, trial.script.vendor),
    );
    must(!description.version.is_empty(), "it has no version".to_owned());
    must(
        !description.title.is_empty() && !description.reads.is_empty(),
        "it says not what it reads".to_owned(),
    );
    must(description.longest_window.secs > 0, "its longest window is empty".to_owned());
    for metric in METRICS {
        let times = description.metrics.iter().filter(|(of, _)| *of == metric).count();
        must(times == 1, format!("it speaks of {metric:?} {times} times instead of once"));
    }
    let mut keys = BTreeSet::new();
    for setting in &description.settings {
        must(keys.insert(&setting.key), format!("it has the setting {} twice", setting.key));
        must(!setting.help.is_empty(), format!("it says not what the setting {} means", setting.key));
    }
    report.holds(
        "the description is whole",
        &found,
        format!("{} settings, all eight metrics", description.settings.len()),
        "complete description()",
    );
}

/// What it takes and refuses.
pub(super) async fn settings(trial: &Trial<'_>, report: &mut Report) -> Result<(), String> {
    let description = trial.vendor.description();
    let mut found = Vec::new();
    for (key, value) in &trial.script.settings {
        match description.settings.iter().find(|setting| setting.key == *key) {
            None => found.push(format!("the description lacks the setting {key}")),
            Some(setting) => {
                let secret = value.as_str().is_some_and(|text| text.contains("{{secret"));
                if secret && setting.kind != SettingKind::Secret {
                    found.push(format!("{key} is a secret and not marked as one"));
                }
            }
        }
    }
    let stage = trial.stage().await?;
    let host = Host::new(
        trial.vendor,
        stage.settings.clone(),
        stage.world.clone(),
        stage.outlet.clone(),
        Kill::Never,
    );
    let required: Vec<&str> = description
        .settings
        .iter()
        .filter(|setting| setting.required)
        .map(|setting| setting.key.as_str())
        .collect();
    match host.inside(async { trial.vendor.open(&Settings::from(toml::Table::new())) }).await {
        Ok(_) if required.is_empty() => {}
        Ok(_) => found.push(format!("it opens without {}", required.join(", "))),
        Err(faults) => {
            for key in required.iter().filter(|key| !faults.faults.iter().any(|fault| fault.key == **key)) {
                found.push(format!("without any settings it does not say that {key} is missing"));
            }
        }
    }
    let mut table = trial.script.settings.clone();
    for (_, value) in &mut table {
        crate::conformance::trial::fill(value, &stage.world.marks)?;
    }
    table.insert("kit_made_this_up".to_owned(), toml::Value::Boolean(true));
    match host.inside(async { trial.vendor.open(&Settings::from(table)) }).await {
        Ok(_) => found.push("it takes a setting that it does not know".to_owned()),
        Err(faults) => {
            stage.outlet.shows("the faults of the settings", &faults);
            if !faults.faults.iter().any(|fault| fault.key == "kit_made_this_up") {
                found.push("it does not say which setting it does not know".to_owned());
            }
        }
    }
    if stage.outlet.found().secrets.is_empty() {
        report.holds(
            "settings are what the description says",
            &found,
            format!("{} required; all that are missing are named at once", required.len()),
            "read settings with the reader of the SDK, and list each in description()",
        );
    } else {
        let why = "the faults of the settings hold a secret";
        report.add(
            "settings are what the description says",
            Verdict::Failed,
            why,
            "never put a value into a fault",
        );
    }
    Ok(())
}
