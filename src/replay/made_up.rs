//! A made-up month of a made-up ICB whose shape is that of England: shares, bands, days and spread between practices follow published figures.
//!
//! Source of the figures: NHS England, Cloud Based Telephony data in general practice, February 2026, Open Government Licence v3.0. The practices, their
//! names and their numbers are made up.

use std::collections::BTreeMap;

use callgauge_schema::OdsCode;

use super::month::{Column, Counts, DayCounts, DurationOf, Groups, Month, Row, Who};
use super::plan::scatter;
use crate::calendar::{Band, Day};
use crate::organisations::Level;

/// Code of the made-up ICB.
pub const ICB: &str = "ZZICB";
/// Its name.
pub const ICB_NAME: &str = "Example Valley ICB (made up)";
/// Number of practices with an account of their own.
pub const PRACTICES: usize = 39;

/// Inbound calls of England in the week of 2 to 8 February 2026, Monday first, by band.
const WEEK: [[u64; Band::COUNT]; 7] = [
    [1_337, 111_265, 616_722, 398_150, 296_113, 306_499, 179_459, 11_025, 10_314],
    [1_125, 70_432, 394_861, 312_145, 245_834, 258_764, 155_700, 9_604, 9_431],
    [1_112, 67_518, 377_334, 293_071, 230_237, 248_161, 149_504, 9_749, 9_589],
    [1_157, 62_709, 352_927, 284_090, 227_291, 240_316, 146_512, 9_193, 8_966],
    [1_109, 63_407, 355_932, 285_209, 225_127, 242_784, 140_101, 9_041, 7_840],
    [886, 1_791, 21_222, 19_750, 11_315, 7_496, 4_040, 590, 3_132],
    [805, 675, 4_492, 4_405, 3_660, 3_213, 2_914, 627, 4_013],
];

/// Where the percentiles of the spread between practices lie.
const AT: [f64; 9] = [0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99];
/// Inbound calls of a practice in the month.
const INBOUND: [f64; 9] = [1_187.0, 1_915.0, 2_378.0, 3_392.0, 4_883.0, 6_966.0, 9_642.0, 11_955.0, 19_677.0];
/// Shares of inbound calls.
const IVR: [f64; 9] = [0.078, 0.120, 0.142, 0.185, 0.234, 0.291, 0.351, 0.393, 0.523];
const REQUESTED: [f64; 9] = [0.0, 0.0, 0.0, 0.004, 0.029, 0.080, 0.154, 0.209, 0.319];
const MISSED: [f64; 9] = [0.013, 0.026, 0.034, 0.054, 0.084, 0.128, 0.186, 0.225, 0.312];

/// England's calls by duration band.
const ANSWERED_WAIT: [u64; 4] = [7_335_733, 2_281_560, 3_106_167, 3_401_187];
const TALK: [u64; 4] = [3_718_068, 5_780_811, 5_351_658, 1_274_110];
const MISSED_WAIT: [u64; 4] = [1_632_876, 509_431, 502_640, 497_797];
/// Callbacks made of those requested.
const MADE_OF_REQUESTED: f64 = 0.996;

/// February 2026 of the made-up ICB: 39 practices with accounts of their own and one account that two more share. The same seed makes the same month.
pub fn month(seed: u64) -> Month {
    made(seed, PRACTICES)
}

/// A few practices of it, for tests.
#[cfg(test)]
pub(crate) fn small(seed: u64) -> Month {
    made(seed, 5)
}

fn made(seed: u64, practices: usize) -> Month {
    let first = Day::from_number(20_485); // 2026-02-01
    let mut names = BTreeMap::new();
    let mut name = |level: Level, code: &str, name: String| {
        let code = code_of(code);
        if let Some(code) = code {
            names.insert((level, code), name);
        }
        code
    };
    let region = name(Level::Region, "ZZR", "Example Region (made up)".to_owned());
    let icb = name(Level::Icb, ICB, ICB_NAME.to_owned());
    let spread = Spread { seed, of: practices + 1 };
    let mut rows = Vec::with_capacity(practices + 1);
    for nth in 0..=practices {
        // Two or three PCNs to a sub-ICB location, five practices or so to a PCN.
        let sub = 1 + nth * 3 / (practices + 1);
        let pcn = 1 + nth * 8 / (practices + 1);
        let groups = Groups {
            pcn: name(Level::Pcn, &format!("ZZP{pcn:02}"), format!("Example PCN {pcn} (made up)")),
            sub_icb: name(
                Level::SubIcb,
                &format!("ZZS{sub}"),
                format!("Example Valley ICB - ZZS{sub} (made up)"),
            ),
            icb,
            region,
        };
        let who = match code_of(&format!("ZZ{:04}", nth + 1)) {
            Some(code) if nth < practices => Who::Practice { code, name: surgery(nth) },
            _ => Who::account(&groups),
        };
        rows.push(Row { who, groups, counts: spread.counts(nth) });
    }
    let total = rows.iter().map(|row| row.counts[Column::Inbound]).sum();
    Month { first, days: days(first, total), rows, names }
}

fn code_of(text: &str) -> Option<OdsCode> {
    text.parse().ok()
}

fn surgery(nth: usize) -> String {
    const PLACES: [&str; 10] =
        ["Alder", "Birch", "Cedar", "Damson", "Elm", "Fern", "Gorse", "Hazel", "Ivy", "Juniper"];
    const KINDS: [&str; 4] = ["Surgery", "Medical Centre", "Health Centre", "Practice"];
    format!("{} {} (made up)", PLACES[nth % 10], KINDS[nth / 10 % 4])
}

/// The days of the month: England's week four times over, scaled to so many calls.
fn days(first: Day, total: u64) -> Vec<DayCounts> {
    let weekday = |day: Day| (day.number() + 3).rem_euclid(7) as usize;
    let days: Vec<Day> = (0..28).map(|n| first.plus(n)).collect();
    let all: u64 = days.iter().flat_map(|&day| WEEK[weekday(day)]).sum();
    let mut before = 0;
    let scaled = |calls: u64| (u128::from(calls) * u128::from(total) / u128::from(all)) as u64;
    days.into_iter()
        .map(|day| {
            let bands = WEEK[weekday(day)].map(|calls| {
                let from = scaled(before);
                before += calls;
                scaled(before) - from
            });
            DayCounts { day, bands }
        })
        .collect()
}

/// Practices spread as England's are: for each measure they stand at evenly spaced percentiles, in an order of its own.
struct Spread {
    seed: u64,
    of: usize,
}

impl Spread {
    /// The percentile, from 0 to 1, of a practice in a measure.
    fn percentile(&self, measure: u64, nth: usize) -> f64 {
        let order = |nth: usize| scatter(scatter(self.seed ^ measure << 32) ^ nth as u64);
        let own = order(nth);
        let rank = (0..self.of).filter(|&other| order(other) < own).count();
        (rank as f64 + 0.5) / self.of as f64
    }

    fn value(&self, measure: u64, nth: usize, percentiles: &[f64; 9]) -> f64 {
        let at = self.percentile(measure, nth);
        let above = AT.partition_point(|&known| known < at).clamp(1, AT.len() - 1);
        let (from, to) = (AT[above - 1], AT[above]);
        let part = ((at - from) / (to - from)).clamp(0.0, 1.0);
        percentiles[above - 1] + part * (percentiles[above] - percentiles[above - 1])
    }

    fn counts(&self, nth: usize) -> Counts {
        let inbound = self.value(1, nth, &INBOUND);
        let share = |share: f64| (inbound * share).round() as u64;
        let mut counts = Counts::default();
        let inbound = inbound.round() as u64;
        let (ivr, requested, missed) = (
            share(self.value(2, nth, &IVR)),
            share(self.value(3, nth, &REQUESTED)),
            share(self.value(4, nth, &MISSED)),
        );
        counts[Column::Inbound] = inbound;
        counts[Column::EndedInIvr] = ivr;
        counts[Column::CallbackRequested] = requested;
        counts[Column::Missed] = missed;
        // The three shares are far from 1 together even at their highest percentiles but one, and no practice has all of them.
        counts[Column::Answered] = inbound.saturating_sub(ivr + requested + missed);
        counts[Column::CallbackMade] = (requested as f64 * MADE_OF_REQUESTED).round() as u64;
        // Waits differ between practices far more than talk does.
        let slow = 0.3 + 1.5 * self.percentile(5, nth);
        for (of, england, slow) in [
            (DurationOf::AnsweredWait, ANSWERED_WAIT, slow),
            (DurationOf::Talk, TALK, 1.0),
            (DurationOf::MissedWait, MISSED_WAIT, slow),
        ] {
            let weights =
                [england[0] as f64 / slow, england[1] as f64, england[2] as f64, england[3] as f64 * slow];
            for (band, calls) in shared_out(counts[of.calls()], weights).into_iter().enumerate() {
                counts[Column::Duration(of, band as u8)] = calls;
            }
        }
        counts
    }
}

/// So many calls, shared out by weight, none lost.
fn shared_out(calls: u64, weights: [f64; 4]) -> [u64; 4] {
    let all: f64 = weights.iter().sum();
    let (mut weight, mut before) = (0.0, 0);
    let mut shares = weights.map(|next| {
        weight += next;
        let until = (calls as f64 * weight / all).round() as u64;
        let share = until - before;
        before = until;
        share
    });
    shares[3] += calls - before;
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_made_up_month_adds_up_and_is_the_same_each_time() {
        let made = month(1);
        assert_eq!(made, month(1));
        assert_ne!(made, month(2));
        let inbound: u64 = made.rows.iter().map(|row| row.counts[Column::Inbound]).sum();
        assert_eq!(made.days.iter().flat_map(|day| day.bands).sum::<u64>(), inbound);
        for row in &made.rows {
            assert_eq!(row.counts.outcomes(), row.counts[Column::Inbound], "{}", row.who.label());
            for of in DurationOf::ALL {
                assert_eq!(row.counts.bands(of).iter().sum::<u64>(), row.counts[of.calls()]);
            }
        }
        assert_eq!(made.name(), "2026-02");
    }

    #[test]
    fn shares_are_near_the_published_ones() {
        let made = month(1);
        let mut all = Counts::default();
        made.rows.iter().for_each(|row| all.add(&row.counts));
        let share = |column: Column| all[column] as f64 / all[Column::Inbound] as f64;
        for (column, published, within) in [
            (Column::Answered, 0.552, 0.12),
            (Column::EndedInIvr, 0.265, 0.06),
            (Column::CallbackRequested, 0.075, 0.04),
            (Column::Missed, 0.108, 0.04),
        ] {
            let ours = share(column);
            assert!((ours - published).abs() < within, "{}: {ours:.3} for {published}", column.name());
        }
    }

    #[test]
    fn everybody_says_that_they_are_made_up() {
        let made = month(1);
        assert!(made.names.values().all(|name| name.ends_with("(made up)")));
        for row in &made.rows {
            if let Who::Practice { name, code } = &row.who {
                assert!(name.ends_with("(made up)") && code.as_str().starts_with("ZZ"), "{name}");
            }
        }
    }
}
