//! Whether what an adapter says of itself is what came, and whether the script shows enough to tell.

use std::collections::BTreeSet;

use callgauge_schema::{CallRecord, Callback, Direction, Outcome};

use super::{Played, Report, Trial, Verdict};
use crate::conformance::expect::expected;
use crate::conformance::host::Kept;
use crate::conformance::script::Script;
use crate::{Description, Metric, MetricSupport};

/// Outcomes, durations, corrections, deletions and metrics.
pub(super) fn of_description(trial: &Trial<'_>, report: &mut Report, played: &Played) {
    let description = trial.vendor.description();
    let mut found = BTreeSet::new();
    for stored in
        played.kept.iter().flat_map(|kept| kept.calls.values()).filter(|stored| !stored.record.retracted())
    {
        outcome_declared(description, &stored.record, &mut found);
        durations_declared(description, &stored.record, &mut found);
        metrics_declared(description, &stored.record, &mut found);
    }
    let support =
        |metric| description.metrics.iter().find(|(of, _)| *of == metric).map(|(_, support)| *support);
    let surely = |metric| matches!(support(metric), Some(MetricSupport::Native | MetricSupport::Derived));
    if description.unknown_wait && surely(Metric::CallTimesToAnswer) {
        found.insert("waits cannot be known, and yet call times to answer are".to_owned());
    }
    if description.unknown_talk && surely(Metric::AverageCallLength) {
        found.insert("talk times cannot be known, and yet the average call length is".to_owned());
    }
    let found: Vec<String> = found.into_iter().collect();
    report.holds(
        "the description is true: outcomes, durations and metrics",
        &found,
        "everything that came was declared",
        "mend description(), or map.rs where it is right",
    );
    corrections(&trial.script, description, report, played);
    deletions(&trial.script, description, report, played);
}

fn outcome_declared(description: &Description, record: &CallRecord, found: &mut BTreeSet<String>) {
    let (outcome, reason) = (record.outcome(), record.reason());
    let declared = outcome == Outcome::Unclassified
        || description.outcomes.iter().any(|support| {
            support.outcome == outcome && (support.reason.is_none() || support.reason == reason)
        });
    if !declared {
        let reason = reason.map(|reason| format!(" ({})", reason.name())).unwrap_or_default();
        found.insert(format!("{}{reason} came and is not among the outcomes", outcome.name()));
    }
}

fn durations_declared(description: &Description, record: &CallRecord, found: &mut BTreeSet<String>) {
    if description.unknown_wait && record.wait().is_some() {
        found.insert("a wait came, and waits cannot be known".to_owned());
    }
    if description.unknown_talk && record.talk().is_some() {
        found.insert("a talk time came, and talk times cannot be known".to_owned());
    }
}

fn metrics_declared(description: &Description, record: &CallRecord, found: &mut BTreeSet<String>) {
    let inbound = record.direction() == Direction::Inbound;
    let came = [
        (Metric::CallsAbandoned, inbound && record.outcome() == Outcome::EndedInIvr),
        (
            Metric::CallTimesToAnswer,
            inbound && record.outcome() == Outcome::Answered && record.wait().is_some(),
        ),
        (Metric::MissedCallVolumes, inbound && record.outcome() == Outcome::Missed),
        (
            Metric::WaitTimeBeforeCallAbandoned,
            inbound && record.outcome() == Outcome::Missed && record.wait().is_some(),
        ),
        (Metric::CallBacksRequested, record.outcome() == Outcome::CallbackRequested),
        (Metric::CallBacksMade, matches!(record.callback(), Some(Callback::Made { .. }))),
        (Metric::AverageCallLength, inbound && record.talk().is_some()),
    ];
    for (metric, _) in came.into_iter().filter(|(_, came)| *came) {
        if description.metrics.contains(&(metric, MetricSupport::No)) {
            found.insert(format!("{metric:?} is said not to be supported, and a call came that it counts"));
        }
    }
}

/// Calls of a round whose content is another than in the round before.
fn changed(before: &Kept, after: &Kept) -> bool {
    let later = |id: &String| after.calls.get(id).filter(|stored| !stored.record.retracted());
    before.calls.iter().any(|(id, stored)| later(id).is_some_and(|later| later.changes > stored.changes))
}

fn corrections(script: &Script, description: &Description, report: &mut Report, played: &Played) {
    const CHECK: &str = "the description is true: corrections";
    let came = played.kept.windows(2).any(|two| changed(&two[0], &two[1]));
    let shown = (2..=script.round.len()).any(|round| {
        let before = expected(script, round - 1);
        expected(script, round)
            .iter()
            .any(|(id, call)| !call.gone && before.get(id).is_some_and(|old| old != call))
    });
    match (description.sees_corrections, came) {
        (true, true) => report.add(CHECK, Verdict::Passed, "a corrected call came again", ""),
        (false, false) => report.add(CHECK, Verdict::Passed, "none is seen, as it says", ""),
        (false, true) => report.add(
            CHECK,
            Verdict::Failed,
            "a corrected call came, and it says that none is seen",
            "set sees_corrections",
        ),
        (true, false) if shown => {
            report.add(
                CHECK,
                Verdict::Failed,
                "a call was corrected and did not come again",
                "read far enough back (late_by), or say that corrections are not seen",
            );
        }
        (true, false) => report.add(
            CHECK,
            Verdict::NotShown,
            "no round corrects a call",
            "add a row with the id of an earlier one and round = 2",
        ),
    }
}

fn deletions(script: &Script, description: &Description, report: &mut Report, played: &Played) {
    const CHECK: &str = "the description is true: deletions";
    let retracted = |kept: &Kept| kept.calls.values().any(|stored| stored.record.retracted());
    let came = played.kept.last().is_some_and(retracted);
    let shown = script.round.iter().flat_map(|round| &round.call).any(|call| call.gone);
    match (description.sees_deletions, came) {
        (true, true) => report.add(CHECK, Verdict::Passed, "a deleted call was retracted", ""),
        (false, true) => report.add(
            CHECK,
            Verdict::Failed,
            "a call was retracted, and it says that deletions are not seen",
            "set sees_deletions",
        ),
        (false, false) => report.add(CHECK, Verdict::Passed, "none is seen, as it says", ""),
        (true, false) if shown => report.add(
            CHECK,
            Verdict::Failed,
            "a deleted call was not retracted",
            "give its draft with retracted = true",
        ),
        (true, false) => report.add(
            CHECK,
            Verdict::NotShown,
            "no round deletes a call",
            "add a row with the id of an earlier one and deleted = true, and gone = true to its call",
        ),
    }
}

/// What a script needs, so that the checks mean something.
pub(super) fn script_shows_enough(trial: &Trial<'_>, report: &mut Report, played: &Played) {
    let script = trial.script.as_ref();
    let server = played.asked > 0;
    let mut lacks = Vec::new();
    let mut wants = |there: bool, what: &str| {
        if !there {
            lacks.push(what.to_owned());
        }
    };
    wants(script.round.len() >= 2, "a second round");
    wants(!server || played.asked >= 4, "three pages or more");
    let planted =
        |text: &str| ["{{caller", "{{name", "{{recording", "{{email"].iter().any(|mark| text.contains(mark));
    let texts = script.row.iter().map(|row| row.body.as_str());
    let steps = script.step.iter().filter_map(|step| step.write.as_deref().or(step.append.as_deref()));
    wants(texts.chain(steps).any(planted), "a caller's number, name or recording ({{caller.1}} and so on)");
    if script.step.is_empty() {
        let earlier = |row: &&crate::conformance::script::Row| {
            row.id.is_some()
                && script
                    .row
                    .iter()
                    .any(|other| other.id == row.id && other.list == row.list && other.round < row.round)
        };
        wants(
            script.row.iter().any(|row| row.round > 1 && !earlier(&row)),
            "a row that comes late (round = 2)",
        );
        wants(
            script.row.iter().any(|row| !row.deleted && earlier(&row)),
            "a row that is corrected (same id, round = 2)",
        );
        let gone = script.round.iter().flat_map(|round| &round.call).any(|call| call.gone);
        wants(gone || script.row.iter().any(|row| row.deleted), "a row that is deleted");
        wants(script.round.iter().any(|round| round.in_progress > 0), "a call in progress");
        wants(
            script.round.iter().any(|round| !round.unknown_words.is_empty()),
            "an unknown word where an outcome stands",
        );
        wants(script.round.iter().any(|round| !round.rejects.is_empty()), "a row that cannot be mapped");
        wants(!script.limit.is_empty(), "a [[limit]]");
    }
    let verdict = if lacks.is_empty() { Verdict::Passed } else { Verdict::NotShown };
    let seen = if lacks.is_empty() {
        "late, corrected, deleted, unknown, unfinished".to_owned()
    } else {
        format!("it lacks {}", lacks.join("; "))
    };
    report.add("the script shows enough", verdict, seen, "add it, unless the vendor cannot have it");
}
