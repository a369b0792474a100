//! How a metric is computed, as data: which calls, and what is made of them.

use callgauge_schema::{CallKind, Direction, Outcome, Reason};

/// What is made of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A number of calls.
    Count(Sum),
    /// A sum over a sum.
    Ratio {
        /// Calls that count.
        numerator: Sum,
        /// Calls they are a share of.
        denominator: Sum,
    },
    /// How long calls took.
    Distribution {
        /// Which calls.
        of: Selection,
        /// Which of their durations.
        duration: CallDuration,
    },
}

/// Which duration of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallDuration {
    /// From queue or first ring to answer or end.
    Wait,
    /// From answer to end.
    Talk,
}

/// Selections added up, some of them taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The first one is never taken off.
    pub terms: Vec<Term>,
}

/// One selection of a sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Whether it is taken off.
    pub less: bool,
    /// The calls.
    pub selection: Selection,
}

/// Which calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Name, for example "short_abandoned".
    pub name: String,
    /// In words.
    pub words: String,
    /// Of this direction.
    pub direction: Direction,
    /// With one of these outcomes; empty for any.
    pub outcomes: Vec<Outcome>,
    /// With one of these reasons; empty for any, and for none.
    pub reasons: Vec<Reason>,
    /// Only attempts to call back that are not known to be manual.
    pub callback_made: bool,
    /// Only with such a wait.
    pub wait: Option<WaitLimit>,
}

/// A condition on a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaitLimit {
    /// Known and under the abandon threshold.
    UnderAbandonThreshold,
    /// Not known to be under the abandon threshold.
    NotUnderAbandonThreshold,
    /// Known and at most the service level threshold.
    WithinServiceLevelThreshold,
    /// Not known.
    Unknown,
}

impl Sum {
    /// Whether waits are needed to tell which calls are meant.
    pub fn needs_waits(&self) -> bool {
        self.terms.iter().any(|term| term.selection.wait.is_some())
    }

    /// In words.
    pub fn words(&self) -> String {
        let mut words = String::new();
        for term in &self.terms {
            if !words.is_empty() {
                words.push_str(if term.less { ", less " } else { ", and " });
            }
            words.push_str(&term.selection.words);
        }
        words
    }
}

impl Selection {
    /// Whether calls of this kind are among those meant, as far as their kind tells; the wait is another matter.
    pub fn takes(&self, kind: CallKind) -> bool {
        kind.direction() == self.direction
            && (self.outcomes.is_empty() || self.outcomes.contains(&kind.outcome()))
            && (self.reasons.is_empty() || kind.reason().is_some_and(|reason| self.reasons.contains(&reason)))
            && (!self.callback_made || matches!(kind.callback_made(), Some(None | Some(true))))
    }

    /// The conditions one by one, in the words of call records.
    pub fn conditions(&self) -> String {
        let mut conditions = vec![format!("direction `{}`", self.direction.name())];
        let listed = |what: &str, names: Vec<&str>| format!("{what} `{}`", names.join("` or `"));
        if !self.outcomes.is_empty() {
            conditions.push(listed("outcome", self.outcomes.iter().map(|outcome| outcome.name()).collect()));
        }
        if !self.reasons.is_empty() {
            conditions.push(listed("reason", self.reasons.iter().map(|reason| reason.name()).collect()));
        }
        if self.callback_made {
            conditions.push("a callback made, `automatic` not false".to_owned());
        }
        if let Some(wait) = self.wait {
            conditions.push(format!("wait {}", wait.words()));
        }
        conditions.join("; ")
    }
}

impl WaitLimit {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::UnderAbandonThreshold,
        Self::NotUnderAbandonThreshold,
        Self::WithinServiceLevelThreshold,
        Self::Unknown,
    ];

    /// Its name in the file of sets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnderAbandonThreshold => "under_abandon_threshold",
            Self::NotUnderAbandonThreshold => "not_under_abandon_threshold",
            Self::WithinServiceLevelThreshold => "within_service_level_threshold",
            Self::Unknown => "unknown",
        }
    }

    /// In words that follow "wait".
    pub const fn words(self) -> &'static str {
        match self {
            Self::UnderAbandonThreshold => "under the abandon threshold",
            Self::NotUnderAbandonThreshold => "at or over the abandon threshold, or not known",
            Self::WithinServiceLevelThreshold => "at or under the service level threshold",
            Self::Unknown => "not known",
        }
    }
}
