//! Which columns an answer of metrics has for scripts, and in which order: fixed by the question, never by what the answer holds.

use super::metrics::{Kind, band_column, kind_of, prefix};
use crate::proto::v1::DefinitionSet;

/// What of a question decides about the columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Whether metrics were named, instead of taking those of the set.
    pub named: bool,
    /// Percentiles in percent; empty means 50 and 90.
    pub percentiles: Vec<f64>,
    /// Thresholds in seconds; empty means that no column shows them.
    pub thresholds: Vec<i64>,
    /// Whether rows lie below the organisations asked for.
    pub grouped: bool,
    /// Whether buckets are folded into weekdays.
    pub weekdays: bool,
    /// Whether rows are split.
    pub breakdown: bool,
}

/// The columns of an answer of metrics.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) parts: Vec<Part>,
    pub(super) percentiles: Vec<f64>,
    pub(super) asked: Asked,
}

/// A group of columns that has its value from one place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// A metric of the set.
    Metric { name: String, kind: Kind },
    /// Answered calls, from the check of the sum.
    Answered,
    /// Unclassified calls, from the check of the sum.
    Unclassified,
}

impl Part {
    /// What its columns begin with.
    pub(super) fn prefix(&self) -> &str {
        match self {
            Self::Metric { name, .. } => prefix(name),
            Self::Answered => "inbound_answered",
            Self::Unclassified => "unclassified",
        }
    }

    fn is_distribution(&self) -> bool {
        matches!(self, Self::Metric { kind: Kind::Distribution, .. })
    }
}

impl Layout {
    /// The columns for `metrics` of `set`, in the order asked for.
    pub fn new(set: &DefinitionSet, metrics: &[String], asked: Asked) -> Self {
        let metric = |name: &String| Part::Metric { name: name.clone(), kind: kind_of(set, name) };
        let (durations, mut parts): (Vec<_>, Vec<_>) =
            metrics.iter().map(metric).partition(Part::is_distribution);
        // The eight of the contract leave out two outcomes that they need to add up.
        if set.name.starts_with("nhs-cbt") && !asked.named {
            let after = parts.iter().position(|part| part.prefix() == "call_volumes").map_or(0, |at| at + 1);
            parts.insert(after, Part::Answered);
            parts.push(Part::Unclassified);
        }
        parts.extend(durations);
        let percentiles =
            if asked.percentiles.is_empty() { vec![50.0, 90.0] } else { asked.percentiles.clone() };
        Self { parts, percentiles, asked }
    }

    /// Names of the columns.
    pub fn columns(&self) -> Vec<String> {
        let fixed = [
            "organisation_code",
            "organisation_name",
            "level",
            "bucket_start",
            "bucket_end",
            "definition_set",
            "practices",
        ];
        let mut names: Vec<String> = fixed.map(str::to_owned).to_vec();
        for part in &self.parts {
            self.columns_of(part, &mut names);
        }
        names.extend(self.parts.iter().map(|part| format!("{}_absence", part.prefix())));
        let last = [
            ("within_code", self.asked.grouped),
            ("weekday", self.asked.weekdays),
            ("breakdown", self.asked.breakdown),
        ];
        names.extend(last.iter().filter(|(_, there)| *there).map(|(name, _)| (*name).to_owned()));
        names
    }

    fn columns_of(&self, part: &Part, names: &mut Vec<String>) {
        let prefix = part.prefix();
        match part {
            Part::Metric { kind: Kind::Distribution, .. } => {
                let percent = |p: &f64| p.to_string().replace('.', "_");
                names.push(format!("{prefix}_mean_secs"));
                names.extend(self.percentiles.iter().map(|p| format!("{prefix}_p{}_secs", percent(p))));
                names.extend(band_column::ALL.iter().map(|(_, band)| format!("{prefix}_band_{band}")));
                names.extend(self.percentiles.iter().map(|p| format!("{prefix}_p{}_band", percent(p))));
                names.extend(self.asked.thresholds.iter().map(|secs| format!("{prefix}_within_{secs}_secs")));
            }
            Part::Metric { kind: Kind::Share, .. } => names.extend([
                prefix.to_owned(),
                format!("{prefix}_numerator"),
                format!("{prefix}_denominator"),
            ]),
            Part::Metric { kind: Kind::Count, .. } | Part::Answered | Part::Unclassified => {
                names.push(prefix.to_owned());
            }
        }
    }
}
