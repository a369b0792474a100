//! What each metric means: named, versioned sets of definitions, as data with wording, source and rule. Pure.
//!
//! Wording and rule stand side by side in `sets.toml`, which is compiled in and parsed once; numerator and denominator are put together from
//! the rule, and `docs/definitions.md` is written from the same data by [`markdown`]. A set never changes: a change of meaning is a new set.
//! How a rule is computed is known to `metrics` alone.

mod file;
pub mod indicators;
mod markdown;
mod rule;

use std::sync::LazyLock;

pub use markdown::markdown;
pub use rule::{CallDuration, Rule, Selection, Sum, Term, WaitLimit};

/// The set that an empty name means.
pub const DEFAULT: &str = "nhs-cbt-2025-06";

/// A named, versioned set of metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionSet {
    /// Name with version, for example "nhs-cbt-2025-06".
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where its wording comes from.
    pub source: String,
    /// Names of the metrics that a question without names means, in order.
    pub standard: Vec<String>,
    /// Its metrics, the standard ones first.
    pub metrics: Vec<Definition>,
}

/// What a metric means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Name, unique in its set, for example "call_volumes".
    pub name: String,
    /// Label for people; it carries a code or the set.
    pub label: String,
    /// Indicator code, for example "CBT001"; empty where it is not one indicator.
    pub code: String,
    /// What it means, in words.
    pub wording: String,
    /// What it is measured in.
    pub unit: Unit,
    /// What is counted, in words.
    pub numerator: String,
    /// What it is a share of, in words; empty where it is no share.
    pub denominator: String,
    /// Where the definition comes from.
    pub source: String,
    /// Who made the mapping of name to indicator.
    pub mapped_by: String,
    /// How it is computed.
    pub rule: Rule,
}

/// What a metric is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// A number of calls.
    Calls,
    /// Durations in whole seconds.
    Seconds,
    /// A share of calls.
    Share,
}

/// All sets, the default one first.
pub fn sets() -> &'static [DefinitionSet] {
    static SETS: LazyLock<Vec<DefinitionSet>> =
        LazyLock::new(|| file::parse(include_str!("sets.toml")).expect("compiled in, and a test parses it"));
    &SETS
}

/// The set of that name; the empty name means the default one.
pub fn find(name: &str) -> Option<&'static DefinitionSet> {
    let name = if name.is_empty() { DEFAULT } else { name };
    sets().iter().find(|set| set.name == name)
}

impl DefinitionSet {
    /// The metric of that name.
    pub fn metric(&self, name: &str) -> Option<&Definition> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// The metrics that a question without names means, in order.
    pub fn standard_metrics(&self) -> impl Iterator<Item = &Definition> {
        self.standard.iter().filter_map(|name| self.metric(name))
    }
}

impl Definition {
    /// Whether durations are needed to compute it; where not, a tally of counts alone will do.
    pub fn needs_durations(&self) -> bool {
        match &self.rule {
            Rule::Count(sum) => sum.needs_waits(),
            Rule::Ratio { numerator, denominator } => numerator.needs_waits() || denominator.needs_waits(),
            Rule::Distribution { .. } => true,
        }
    }
}

impl Unit {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Seconds => "seconds",
            Self::Share => "share",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EIGHT: [(&str, &str); 8] = [
        ("call_volumes", "CBT001"),
        ("calls_abandoned", "CBT002"),
        ("call_times_to_answer", "CBT003"),
        ("missed_call_volumes", "CBT004"),
        ("wait_time_before_call_abandoned", "CBT004"),
        ("call_backs_requested", "CBT005"),
        ("call_backs_made", "CBT006"),
        ("average_call_length", "CBT007"),
    ];

    #[test]
    fn no_names_mean_the_eight_of_the_contract_in_its_order() {
        let set = find("").expect("default");
        assert_eq!(set.name, DEFAULT);
        let eight: Vec<_> = set.standard_metrics().map(|m| (m.name.as_str(), m.code.as_str())).collect();
        assert_eq!(eight, EIGHT);
        assert!(set.standard_metrics().all(|m| m.mapped_by == "callgauge"), "the mapping is ours");
    }

    #[test]
    fn every_label_carries_a_code_or_the_set() {
        for set in sets() {
            for metric in &set.metrics {
                let told = metric.label.contains(&set.name)
                    || (metric.label.contains("CBT00") && metric.label.contains(&metric.code));
                assert!(told, "{}: {}", metric.name, metric.label);
            }
        }
    }

    #[test]
    fn names_are_unique_and_the_standard_ones_exist_and_come_first() {
        for set in sets() {
            let mut names: Vec<_> = set.metrics.iter().map(|m| &m.name).collect();
            assert_eq!(
                names[..set.standard.len()],
                set.standard.iter().collect::<Vec<_>>()[..],
                "{}",
                set.name
            );
            names.sort();
            let all = names.len();
            names.dedup();
            assert_eq!(names.len(), all, "{}", set.name);
        }
    }

    #[test]
    fn a_share_says_its_denominator_in_its_name() {
        for metric in sets().iter().flat_map(|set| &set.metrics).filter(|m| m.unit == Unit::Share) {
            let named = metric.name.contains("_share_of_") || metric.name == "service_level";
            assert!(named && !metric.denominator.is_empty(), "{}", metric.name);
            if let Some((_, of)) = metric.name.split_once("_share_of_inbound") {
                let words = if of.is_empty() {
                    "inbound calls"
                } else {
                    "inbound calls, less inbound calls that ended in greetings or menus"
                };
                assert_eq!(metric.denominator, words, "{}", metric.name);
            }
        }
    }

    #[test]
    fn nothing_about_a_metric_is_left_unsaid() {
        for metric in sets().iter().flat_map(|set| &set.metrics) {
            let said = [&metric.name, &metric.label, &metric.wording, &metric.numerator, &metric.source];
            assert!(said.iter().all(|text| !text.trim().is_empty()), "{}", metric.name);
            assert_eq!(metric.denominator.is_empty(), metric.unit != Unit::Share, "{}", metric.name);
        }
    }

    #[test]
    fn a_bare_abandoned_is_always_explained() {
        let set = find(DEFAULT).expect("default");
        for metric in set.metrics.iter().filter(|m| m.name.contains("abandoned")) {
            assert!(metric.wording.contains("missed"), "{} has to say what it is apart from", metric.name);
        }
    }

    #[test]
    fn only_what_looks_at_seconds_needs_durations() {
        let set = find("contact-centre").expect("set");
        let needy: Vec<_> =
            set.metrics.iter().filter(|m| m.needs_durations()).map(|m| m.name.as_str()).collect();
        let expected = [
            "abandoned",
            "short_abandoned",
            "abandoned_share_of_offered",
            "service_level",
            "average_speed_of_answer",
            "average_talk_time",
        ];
        assert_eq!(needy, expected);
    }

    #[test]
    fn an_unknown_set_is_not_found() {
        assert_eq!(find("nhs-cbt"), None);
    }
}
