//! Holds what a service answers against what was published, for every organisation and every column.
//!
//! A difference is explained where the service answers exactly what was sent, and what was sent differs from what was published because the
//! published counts contradict each other (see [`super::Plan`]). Anything else is not.

use std::collections::BTreeMap;

use callgauge_schema::OdsCode;

use super::month::{Column, Counts, Who};
use super::plan::Plan;
use crate::calendar::{Band, Day};
use crate::organisations::Level;

/// What a question is about: England or one ICB or region, from which the rows below are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All of England.
    England,
    /// One ICB.
    Icb(OdsCode),
    /// One region.
    Region(OdsCode),
}

/// One row of an answer: within what, at which level, whose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What was asked about.
    pub scope: Scope,
    /// Level of the row.
    pub level: Level,
    /// Code, or "Unassigned" or "Unmapped".
    pub code: String,
}

/// What a service answered.
pub type Answers = BTreeMap<Key, Counts>;

/// What a service answered about England by day and band.
pub type TimeAnswers = BTreeMap<(Day, Band), u64>;

/// What a service should answer.
#[derive(Clone, Debug, Default)]
pub struct Expected(BTreeMap<Key, Pair>);

#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    published: Counts,
    sent: Counts,
}

/// A number that is not as published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whose.
    pub organisation: String,
    /// Which number.
    pub column: String,
    /// As published.
    pub published: u64,
    /// As answered.
    pub ours: u64,
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Numbers compared.
    pub compared: u64,
    /// Differences that nothing explains.
    pub unexplained: Vec<Difference>,
    /// Differences that the published counts' own contradictions explain.
    pub explained: Vec<Difference>,
}

impl Scope {
    /// The code to ask for.
    pub fn code(&self) -> String {
        match self {
            Self::England => "ENGLAND".to_owned(),
            Self::Icb(code) | Self::Region(code) => code.to_string(),
        }
    }

    /// Its own level.
    pub const fn level(&self) -> Level {
        match self {
            Self::England => Level::England,
            Self::Icb(_) => Level::Icb,
            Self::Region(_) => Level::Region,
        }
    }

    /// The levels of the rows to ask for below it.
    pub fn levels_below(&self) -> impl Iterator<Item = Level> {
        let own = self.level();
        Level::ALL.into_iter().filter(move |&level| level < own)
    }

    /// Whether a row of the month lies in it.
    pub fn holds(&self, plan: &Plan, row: usize) -> bool {
        let groups = &plan.month().rows[row].groups;
        match self {
            Self::England => true,
            Self::Icb(code) => groups.icb == Some(*code),
            Self::Region(code) => groups.region == Some(*code),
        }
    }
}

impl Expected {
    /// What should be answered about these scopes: each as a whole and by every level below it.
    pub fn new(plan: &Plan, scopes: &[Scope]) -> Self {
        let mut expected = Self::default();
        for &scope in scopes {
            for (row, published) in plan.month().rows.iter().enumerate() {
                if !scope.holds(plan, row) {
                    continue;
                }
                let mut add = |level: Level, code: String| {
                    let pair = expected.0.entry(Key { scope, level, code }).or_default();
                    pair.published.add(&published.counts);
                    pair.sent.add(plan.sent(row));
                };
                add(scope.level(), scope.code());
                for level in scope.levels_below() {
                    add(level, place(&published.who, published.groups.at(level), level));
                }
            }
        }
        expected
    }
}

/// In which row of a level a row of the month counts.
fn place(who: &Who, group: Option<OdsCode>, level: Level) -> String {
    match (who, level, group) {
        (Who::Practice { code, .. }, Level::Practice, _) => code.to_string(),
        (_, _, Some(code)) => code.to_string(),
        (Who::Account { .. }, _, None) => "Unassigned".to_owned(),
        (Who::Practice { .. }, _, None) => "Unmapped".to_owned(),
    }
}

/// Compares every column of every organisation, and of every organisation that should not be there.
pub fn compare(expected: &Expected, answers: &Answers) -> Comparison {
    let mut comparison = Comparison::default();
    let nothing = Counts::default();
    for (key, pair) in &expected.0 {
        let ours = answers.get(key).unwrap_or(&nothing);
        for column in Column::ALL {
            let (published, sent) = (pair.published[column], pair.sent[column]);
            comparison.hold(published, sent, ours[column], || (key.words(), column.name().to_owned()));
        }
    }
    for (key, ours) in answers {
        if !expected.0.contains_key(key) {
            for column in Column::ALL {
                comparison.hold(0, 0, ours[column], || (key.words(), column.name().to_owned()));
            }
        }
    }
    comparison
}

/// Compares England by day and band with Table 2.
pub fn compare_times(plan: &Plan, answers: &TimeAnswers) -> Comparison {
    let mut comparison = Comparison::default();
    let mut left = answers.clone();
    for (published, sent) in plan.month().days.iter().zip(plan.totals()) {
        for band in Band::all() {
            let at = usize::from(band.number());
            let ours = left.remove(&(published.day, band)).unwrap_or(0);
            comparison.hold(published.bands[at], sent[at], ours, || time_words(published.day, band));
        }
    }
    for ((day, band), ours) in left {
        comparison.hold(0, 0, ours, || time_words(day, band));
    }
    comparison
}

fn time_words(day: Day, band: Band) -> (String, String) {
    let clock = |secs: u32| format!("{:02}:{:02}", secs / 3_600, secs / 60 % 60);
    ("England".to_owned(), format!("inbound calls, {day} {} to {}", clock(band.start()), clock(band.end())))
}

impl Key {
    /// For messages.
    pub fn words(&self) -> String {
        match self.scope {
            _ if self.level == self.scope.level() => self.code.clone(),
            Scope::England => format!("{} ({})", self.code, self.level.name()),
            Scope::Icb(within) | Scope::Region(within) => {
                format!("{} ({}, within {within})", self.code, self.level.name())
            }
        }
    }
}

impl Comparison {
    /// Adds what another comparison found.
    pub fn add(&mut self, other: Self) {
        let Self { compared, unexplained, explained } = other;
        self.compared += compared;
        self.unexplained.extend(unexplained);
        self.explained.extend(explained);
    }

    fn hold(&mut self, published: u64, sent: u64, ours: u64, words: impl FnOnce() -> (String, String)) {
        self.compared += 1;
        if ours == published {
            return;
        }
        let (organisation, column) = words();
        let difference = Difference { organisation, column, published, ours };
        if ours == sent { self.explained.push(difference) } else { self.unexplained.push(difference) }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { organisation, column, published, ours } = self;
        write!(
            f,
            "{organisation}: {column}: published {published}, ours {ours} ({:+})",
            i128::from(*ours) - i128::from(*published)
        )
    }
}
