//! The checks: each plays the script in its own way, or looks at what the adapter says of itself, and writes a line of the report.

mod budget;
mod description;
mod doors;
mod truth;

use super::expect::told;
use super::fault::Fault;
use super::host::{Broken, Kill, Law};
use super::logs::Found;
use super::report::{Report, Verdict};
use super::trial::{Played, Trial, Twist};

/// Harm after which a fault is not tried at further requests.
const ENOUGH: usize = 2;

/// Makes every check.
pub(crate) async fn all(trial: &Trial<'_>, report: &mut Report) -> Result<(), String> {
    description::is_whole(trial, report);
    description::settings(trial, report).await?;
    let mut watched = Watched::default();
    doors::check_signs_in(trial, report, &mut watched).await?;
    doors::refusals(trial, report, &mut watched).await?;
    let plain = trial.play(Twist::NONE).await?;
    rounds(trial, report, &plain);
    truth::of_description(trial, report, &plain);
    truth::script_shows_enough(trial, report, &plain);
    let asked = plain.asked;
    watched.take(&plain, "the plain reading");
    if harm(&plain).is_empty() {
        again(trial, report, &mut watched).await?;
        kills(trial, report, &mut watched).await?;
        faults(trial, report, &mut watched, asked).await?;
        oddities(trial, report, &mut watched).await?;
    } else {
        let why = "not tried: what comes without any fault is wrong already";
        report.add("kills and faults", Verdict::NotShown, why, "mend the rounds first");
    }
    budget::is_kept(trial, report).await?;
    watched.report(report);
    Ok(())
}

/// What is watched in all plays.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    broken: Vec<(Broken, String)>,
    pub(crate) found: Found,
    strangers: Vec<String>,
    script_faults: Vec<String>,
    too_early: Vec<String>,
    largest_cursor: usize,
    plays: usize,
    pages: usize,
}

impl Watched {
    fn take(&mut self, played: &Played, during: &str) {
        self.plays += 1;
        self.pages += played.pages;
        self.largest_cursor = self.largest_cursor.max(played.largest_cursor);
        for broken in &played.broken {
            if !self.broken.iter().any(|(other, _)| other == broken) {
                self.broken.push((broken.clone(), during.to_owned()));
            }
        }
        self.hears(&played.found);
        let add = |to: &mut Vec<String>, from: &[String]| {
            for text in from {
                if !to.contains(text) {
                    to.push(text.clone());
                }
            }
        };
        add(&mut self.strangers, &played.strangers);
        add(&mut self.script_faults, &played.script_faults);
        if let Some(early) = played.too_early {
            self.too_early.push(format!("after {during} it asked {:.1} s too early", early.as_secs_f64()));
        }
    }

    pub(crate) fn hears(&mut self, found: &Found) {
        for (to, from) in
            [(&mut self.found.secrets, &found.secrets), (&mut self.found.personal, &found.personal)]
        {
            for text in from {
                if !to.contains(text) {
                    to.push(text.clone());
                }
            }
        }
        self.found.texts += found.texts;
        self.found.logged += found.logged;
    }

    fn law(&self, law: Law) -> Vec<String> {
        self.broken
            .iter()
            .filter(|(broken, _)| broken.law == law)
            .map(|(broken, during)| format!("{} (during {during})", broken.what))
            .collect()
    }

    fn report(&self, report: &mut Report) {
        let plays = format!("{} pages in {} plays", self.pages, self.plays);
        report.holds(
            "it goes on to the end",
            &self.law(Law::Ends),
            &plays,
            "see what it gave up on; errors that may pass must be errors that may_retry()",
        );
        report.holds(
            "a window is done only when read to its end",
            &self.law(Law::WholeWindows),
            &plays,
            "give Next::Done only after the page that the vendor calls its last",
        );
        report.holds(
            "every record passes the schema",
            &self.law(Law::Schema),
            &plays,
            "make it a RejectedRow, or mend map.rs",
        );
        report.holds(
            "cursors are small",
            &self.law(Law::Cursor),
            format!("the largest has {} bytes", self.largest_cursor),
            "keep places in the vendor's list in the cursor, not rows",
        );
        report.holds(
            "it waits as long as it is told",
            &self.too_early,
            "nothing came before the time that a 429 named",
            "take Retry-After (seconds, fractions, dates) and the vendor's own headers at their word",
        );
        report.holds(
            "it asks only for what the vendor has",
            &self.strangers,
            "every request had an answer in the script",
            "mend the path, or add the route to the script",
        );
        let looked =
            format!("{} texts looked through, {} of them log lines", self.found.texts, self.found.logged);
        report.holds(
            "no secret comes out",
            &self.found.secrets,
            &looked,
            "hold it as a Secret and never format it",
        );
        report.holds(
            "nothing personal comes out",
            &self.found.personal,
            &looked,
            "drop it at the wire type: no field for it, no raw body in errors and logs",
        );
        report.holds(
            "the script can be played",
            &self.script_faults,
            "every placeholder is known",
            "mend the script",
        );
    }
}

/// The plain reading, round by round.
fn rounds(trial: &Trial<'_>, report: &mut Report, plain: &Played) {
    for (at, found) in plain.differences.iter().enumerate() {
        let calls = plain.kept.get(at).map_or(0, |kept| kept.calls.len() + kept.tallies.len());
        report.holds(
            &format!("round {}: exactly the calls of the script", at + 1),
            found,
            format!("{calls} calls and tallies"),
            "mend map.rs, or the script where it is wrong",
        );
    }
    for (at, found) in plain.counts.iter().enumerate() {
        let round = &trial.script.round[at];
        report.holds(
            &format!("round {}: calls in progress, rejects and unknown words are counted", at + 1),
            found,
            format!("{} in progress, {} rejects, {} unknown words", round.in_progress, round.rejects.len(), round.unknown_words.len()),
            "leave calls in progress out and count them; a row that cannot be mapped is a reject, an unknown word UNCLASSIFIED",
        );
    }
}

/// The last round once more: nothing changes.
async fn again(trial: &Trial<'_>, report: &mut Report, watched: &mut Watched) -> Result<(), String> {
    const CHECK: &str = "reading again changes nothing";
    let last = trial.script.round.len();
    let mut twice = trial.script.as_ref().clone();
    if let Some(round) = twice.round.last().cloned() {
        twice.round.push(super::script::Round { call: Vec::new(), tally: Vec::new(), ..round });
    }
    let again = Trial { script: twice.into(), ..*trial };
    let played = again.play(Twist::NONE).await?;
    watched.take(&played, "reading again");
    let (Some(before), Some(after)) = (played.kept.get(last - 1), played.kept.get(last)) else {
        return Ok(());
    };
    let changed: Vec<String> = after
        .calls
        .iter()
        .filter(|(id, stored)| before.calls.get(*id).map(|old| old.changes) != Some(stored.changes))
        .map(|(id, _)| format!("{id} changed or is new"))
        .collect();
    report.holds(
        CHECK,
        &changed,
        format!("{} calls are what they were", after.calls.len()),
        "the same row has to give the same call and the same id always",
    );
    Ok(())
}

/// The host is killed.
async fn kills(trial: &Trial<'_>, report: &mut Report, watched: &mut Watched) -> Result<(), String> {
    for (kill, check, to_do) in [
        (
            Kill::AfterCommit,
            "killed after every page",
            "keep nothing in the adapter that the cursor does not hold",
        ),
        (
            Kill::BeforeCommit,
            "killed between fetch and commit",
            "the same cursor has to give the same page again",
        ),
    ] {
        let played = trial.play(Twist { kill, ..Twist::NONE }).await?;
        watched.take(&played, check);
        report.holds(
            check,
            &harm(&played),
            format!("{} pages, and nothing lost or twice", played.pages),
            to_do,
        );
    }
    Ok(())
}

/// What a play did to the calls.
fn harm(played: &Played) -> Vec<String> {
    let mut harm: Vec<String> = Vec::new();
    for (at, found) in played.differences.iter().enumerate().filter(|(_, found)| !found.is_empty()) {
        harm.push(format!("round {}: {}", at + 1, told(found)));
    }
    harm
}

/// Every fault, at requests all over the reading.
async fn faults(
    trial: &Trial<'_>,
    report: &mut Report,
    watched: &mut Watched,
    asked: usize,
) -> Result<(), String> {
    for fault in Fault::ALL {
        let name = fault.name();
        if let Some(why) = not_possible(trial, fault, asked) {
            report.add(name, Verdict::NotShown, why, "");
            continue;
        }
        let (mut harmed, mut tried) = (Vec::new(), 0);
        for at in spread(asked, trial.places) {
            let played = trial.with_fault(fault, at).await?;
            watched.take(&played, &format!("{name} at request {at}"));
            tried += usize::from(played.happened);
            harmed.extend(harm(&played).into_iter().map(|harm| format!("at request {at}, {harm}")));
            if harmed.len() >= ENOUGH {
                break;
            }
        }
        report.holds(name, &harmed, format!("{tried} times, and nothing lost or twice"), fault.to_do());
    }
    Ok(())
}

fn not_possible(trial: &Trial<'_>, fault: Fault, asked: usize) -> Option<String> {
    if let Some(why) = trial.script.skip.get(fault.name()) {
        return Some(why.clone());
    }
    if asked == 0 {
        return Some("the adapter asks no server".to_owned());
    }
    match fault {
        Fault::TokenEnds if trial.script.token.is_empty() => Some("the vendor gives no tokens".to_owned()),
        Fault::TooManyOwn if trial.script.throttled.is_none() => {
            Some("the script has no [throttled]".to_owned())
        }
        _ => None,
    }
}

/// Up to `most` (2 or more) of the numbers from 1 to `asked`, first and last among them.
fn spread(asked: usize, most: usize) -> Vec<usize> {
    if asked <= most {
        return (1..=asked).collect();
    }
    (0..most).map(|at| 1 + at * (asked - 1) / (most - 1)).collect()
}

/// Oddities that last through a whole reading.
async fn oddities(trial: &Trial<'_>, report: &mut Report, watched: &mut Watched) -> Result<(), String> {
    const HOUR: i64 = 3_600_000;
    for (check, twist, to_do) in [
        (
            "unknown fields",
            Twist { more_fields: true, ..Twist::NONE },
            "let serde ignore fields that it does not know",
        ),
        (
            "the vendor's clock is an hour ahead",
            Twist { ahead: HOUR, ..Twist::NONE },
            "take now from the request, not from the vendor's answers",
        ),
        (
            "the vendor's clock is an hour behind",
            Twist { ahead: -HOUR, ..Twist::NONE },
            "take now from the request, not from the vendor's answers",
        ),
    ] {
        if let Some(why) = trial.script.skip.get(check) {
            report.add(check, Verdict::NotShown, why, "");
            continue;
        }
        let played = trial.play(twist).await?;
        if played.asked == 0 {
            report.add(check, Verdict::NotShown, "the adapter asks no server", "");
            continue;
        }
        watched.take(&played, check);
        report.holds(check, &harm(&played), "nothing lost, twice or changed", to_do);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn faults_are_tried_at_the_first_and_the_last_request() {
        assert_eq!(super::spread(3, 8), [1, 2, 3]);
        assert_eq!(super::spread(9, 2), [1, 9]);
        let spread = super::spread(100, 8);
        assert_eq!((spread.len(), spread[0], spread[7]), (8, 1, 100));
    }
}
