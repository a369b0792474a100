//! Whether an adapter keeps to the number of requests that it promises: counted by the vendor, in the kit's own minutes.

use std::time::Duration;

use super::{Report, Trial, Verdict};
use crate::Window;
use crate::conformance::host::{Host, Kill};
use crate::conformance::script::{Limit, LimitPages};
use crate::schema::Moment;

/// Requests after which a limit that was not reached is given up on.
const REQUESTS: usize = 1_000;

/// Reads the same stretch over and over until each limit could have been broken twice.
pub(super) async fn is_kept(trial: &Trial<'_>, report: &mut Report) -> Result<(), String> {
    const CHECK: &str = "the budget is kept";
    let limits = &trial.script.limit;
    let Some(most) = limits.iter().map(|limit| limit.requests).max() else {
        report.add(CHECK, Verdict::NotShown, "the script has no [[limit]]", "add what the vendor allows");
        return Ok(());
    };
    if trial.real {
        report.add(
            CHECK,
            Verdict::NotShown,
            "its minutes would have to be waited for",
            "try the budget by hand",
        );
        return Ok(());
    }
    let stage = trial.stage().await?;
    stage.first_steps(&trial.script)?;
    let now = trial.now(1)?;
    let mut host = Host::new(
        trial.vendor,
        stage.settings.clone(),
        stage.world.clone(),
        stage.outlet.clone(),
        Kill::Never,
    );
    let window = window(trial, now)?;
    let wanted = (most * 2 + 2).min(REQUESTS);
    loop {
        let before = stage.world.state().asked;
        if before >= wanted || !host.window(window, now).await || stage.world.state().asked == before {
            break;
        }
    }
    let seen = stage.world.state().seen.clone();
    let mut found: Vec<String> = host.broken.iter().map(|broken| broken.what.clone()).collect();
    let mut reached = Vec::new();
    for limit in limits {
        let times = counted(limit, &seen);
        if times.len() > limit.requests {
            reached.push(format!("{} in {} s", limit.requests, limit.per_secs));
        }
        let per = Duration::from_secs(limit.per_secs);
        // A request and the one that is `requests` later lie at least the stretch apart.
        let worst = times.windows(limit.requests + 1).map(|some| some[limit.requests] - some[0]).min();
        if worst.is_some_and(|worst| worst < per) {
            let most = times
                .iter()
                .map(|from| times.iter().filter(|at| *at >= from && **at < *from + per).count())
                .max()
                .unwrap_or(0);
            found
                .push(format!("{most} requests within {} s; {} are allowed", limit.per_secs, limit.requests));
        }
    }
    let took = stage.world.clock_secs();
    if found.is_empty() && reached.is_empty() {
        let why = format!("{} requests are not enough to break a limit", seen.len());
        report.add(
            CHECK,
            Verdict::NotShown,
            why,
            "the limit is too large to be tried, or nothing is asked of a server",
        );
        return Ok(());
    }
    if found.is_empty() {
        report.budget = reached;
    }
    report.holds(
        CHECK,
        &found,
        format!("{} requests, spread over {took} s", seen.len()),
        "let every request wait for the budget of the account (no burst larger than the limit, nothing saved up)",
    );
    Ok(())
}

/// The stretch that the first round reads, as far as one window goes.
fn window(trial: &Trial<'_>, now: Moment) -> Result<Window, String> {
    let longest = trial.vendor.description().longest_window.secs.saturating_mul(1_000);
    let back = now.plus_millis(-i64::try_from(longest).unwrap_or(i64::MAX));
    Ok(Window { from: trial.since()?.max(back), until: now })
}

fn counted(limit: &Limit, seen: &[(Duration, String, bool)]) -> Vec<Duration> {
    let Limit { requests: _, per_secs: _, paths, pages } = limit;
    seen.iter()
        .filter(|(_, path, later)| {
            (paths.is_empty() || paths.iter().any(|start| path.starts_with(start.as_str())))
                && match pages {
                    LimitPages::All => true,
                    LimitPages::First => !later,
                    LimitPages::Later => *later,
                }
        })
        .map(|(at, ..)| *at)
        .collect()
}
