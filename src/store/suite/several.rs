//! Whether several sources have calls of one practice on one day, against a plain list of who had calls when.

use std::collections::BTreeSet;
use std::sync::Arc;

use callgauge_schema::{Attribution, Draft};

use super::Harness;
use super::dice::Dice;
use super::sample::{answered, at, practice, source, submit};
use crate::calendar::{Day, Days, london};
use crate::store::{AttributionKey, Group, Snapshot, Span};

const PRACTICES: [&str; 4] = ["A81001", "A81002", "A81003", "A81004"];
const DAYS: i32 = 40;

pub(super) async fn several_sources_of_one_practice_on_one_day_are_seen_and_others_are_not(
    harness: &dyn Harness,
) {
    let noon = at("2026-01-15T12:00:00Z");
    let first = london(noon).day;
    let mut dice = Dice::new(11);
    let (mut yes, mut no) = (0, 0);
    for round in 0..8 {
        let store = harness.open().await;
        let mut had: BTreeSet<(usize, i32, usize)> = BTreeSet::new();
        for part in 0..6 {
            let mut drafts: [Vec<Draft>; 3] = Default::default();
            for call in 0..30 {
                let (whose, day) = (dice.below(4) as usize, dice.below(DAYS as u64) as i32);
                // Nearly always the practice's own source.
                let who = if dice.one_in(25) { dice.below(3) as usize } else { whose % 3 };
                had.insert((whose, day, who));
                drafts[who].push(Draft {
                    attribution: practice(PRACTICES[whose]),
                    started_at: Some(noon.plus_millis(i64::from(day) * 86_400_000)),
                    ..answered(&format!("c-{round}-{part}-{call}"))
                });
            }
            for (who, drafts) in drafts.into_iter().enumerate() {
                submit(&store, &source(&format!("s-{who}")), drafts).await;
            }
            let snapshot = store.snapshot().await.expect("a snapshot is given");
            for _ in 0..12 {
                let (groups, days, asked) = question(&mut dice, &snapshot, first);
                let expected = had.iter().any(|&(whose, day, who)| {
                    asked.contains(&(whose, day))
                        && (0..3).any(|other| other != who && had.contains(&(whose, day, other)))
                });
                let shown = format!("round {round}, part {part}: {groups:?} on {days:?}");
                let found = Arc::clone(&snapshot).several_sources(groups, days).await;
                assert_eq!(found.expect("it answers"), expected, "{shown}");
                if expected { yes += 1 } else { no += 1 }
            }
        }
    }
    assert!(yes > 50 && no > 50, "both have to be asked for: {yes} and {no}");
}

/// Groups and days, and which days of which practices these are.
fn question(
    dice: &mut Dice,
    snapshot: &Arc<dyn Snapshot>,
    first: Day,
) -> (Vec<Group>, Days, BTreeSet<(usize, i32)>) {
    let mut stretch = || {
        let from = dice.below(DAYS as u64) as i32;
        let until = from + 1 + dice.below((DAYS - from) as u64) as i32;
        (from, until)
    };
    let (from, until) = stretch();
    let days = Days::new(first.plus(from), first.plus(until));
    let stretches: Vec<(i32, i32)> = PRACTICES.iter().map(|_| stretch()).collect();
    let (all, one_by_one) = (dice.one_in(4), dice.one_in(2));
    let mut asked = BTreeSet::new();
    let mut spans = Vec::new();
    for (whose, &(own_from, own_until)) in stretches.iter().enumerate() {
        let wanted = if all { 0..DAYS } else { own_from..own_until };
        asked.extend(wanted.filter(|day| (from..until).contains(day)).map(|day| (whose, day)));
        let Some(key) = key_of(snapshot, PRACTICES[whose]) else { continue };
        let mut span = |from: i32, until: i32| {
            let days = Days::new(first.plus(from), first.plus(until));
            spans.push(Span { whose: key, days });
        };
        if one_by_one {
            (own_from..own_until).for_each(|day| span(day, day + 1));
        } else {
            span(own_from, own_until);
        }
    }
    let groups = if all {
        vec![Group::All]
    } else {
        spans.chunks(7).map(|some| Group::Spans(some.to_vec())).collect()
    };
    (groups, days, asked)
}

fn key_of(snapshot: &Arc<dyn Snapshot>, code: &str) -> Option<AttributionKey> {
    let attributions = snapshot.attributions();
    let is = |whose: &Attribution| matches!(whose, Attribution::Practice(own) if own.as_str() == code);
    attributions.list().iter().position(is).map(|at| AttributionKey(at as u32))
}
