//! Metrics that only count calls, as sums over kinds of call: the same values as from tallies, for those who have nothing but numbers of calls.

use callgauge_schema::CallKind;

use super::value::{Absence, Value};
use crate::definitions::{Definition, Rule, Sum};

/// What calls come to for a metric that only counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Of the numerator, or of what is counted.
    pub numerator: i64,
    /// Of the denominator; 0 of a metric that has none.
    pub denominator: i64,
    /// Calls of all kinds.
    pub calls: i64,
}

impl Counted {
    /// What one call of a kind comes to; `None` where the metric looks at durations.
    pub fn one(definition: &Definition, kind: CallKind) -> Option<Self> {
        if definition.needs_durations() {
            return None;
        }
        let (numerator, denominator) = match &definition.rule {
            Rule::Count(sum) => (of_kind(sum, kind), 0),
            Rule::Ratio { numerator, denominator } => (of_kind(numerator, kind), of_kind(denominator, kind)),
            Rule::Distribution { .. } => return None,
        };
        Some(Self { numerator, denominator, calls: 1 })
    }

    /// Adds a number of calls of which each comes to `one`.
    #[inline]
    pub fn add(&mut self, one: Self, calls: i64) {
        self.numerator += one.numerator * calls;
        self.denominator += one.denominator * calls;
        self.calls += one.calls * calls;
    }

    /// The value of the metric over all of them.
    pub fn value(self, definition: &Definition) -> Value {
        let Self { numerator, denominator, calls } = self;
        match &definition.rule {
            Rule::Count(_) if calls == 0 => Value::Absent(Absence::NoCalls),
            Rule::Count(_) => Value::Count(numerator),
            Rule::Ratio { .. } if denominator > 0 => Value::Ratio { numerator, denominator },
            Rule::Ratio { .. } => Value::Absent(Absence::NoCalls),
            Rule::Distribution { .. } => Value::Absent(Absence::NotAvailable),
        }
    }
}

fn of_kind(sum: &Sum, kind: CallKind) -> i64 {
    let taken = sum.terms.iter().filter(|term| term.selection.takes(kind));
    taken.map(|term| if term.less { -1 } else { 1 }).sum()
}
