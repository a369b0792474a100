//! What is compared: a metric that is computed from calls, or a number from elsewhere. Both are named in one way, and are one of few kinds of number.

use callgauge_schema::SourceId;

use crate::calendar::WholePeriod;
use crate::compare::funnel::{Measure as OfFunnel, RatioScale};
use crate::compare::variance::Scale;
use crate::compare::{Confidence, Interval, Undefined, rate_interval, wilson};
use crate::definitions::indicators::{IndicatorKind, IndicatorName};
use crate::definitions::{Definition, DefinitionSet, Rule};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields;

/// What stands between the name of a number from elsewhere and its source.
const OF_SOURCE: char = '@';

/// What rates are laid over where nothing else is said.
const PATIENTS: &str = "registered patients";

/// What is compared.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    /// As it was asked for.
    pub(super) name: String,
    /// For people.
    pub(super) label: String,
    pub(super) of: Of,
}

/// Where it comes from.
#[derive(Clone, Debug)]
pub(super) enum Of {
    Calls(&'static Definition),
    /// A number from elsewhere; of this source, or of the only one that has it.
    Elsewhere(IndicatorName, Option<SourceId>),
}

/// What it is by its definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Share,
    Rate,
    Calls,
    Count,
    Score,
    Durations,
}

/// What kind of number its values are in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 0 to 1.
    Share,
    /// Per 1,000 of the denominator.
    Rate,
    /// Over the number expected by the source.
    Ratio,
    /// Not laid over anything.
    Number,
}

impl Measure {
    /// By its name; `field` is where it stands.
    pub(super) fn parse(
        field: impl Into<String>,
        set: &'static DefinitionSet,
        text: &str,
    ) -> Result<Self, Fault> {
        let text = text.trim();
        if let Some(metric) = set.metric(text) {
            return Ok(Self {
                name: metric.name.clone(),
                label: metric.label.clone(),
                of: Of::Calls(metric),
            });
        }
        let (name, source) = match text.split_once(OF_SOURCE) {
            Some((name, source)) => (name, Some(source)),
            None => (text, None),
        };
        let Ok(indicator) = name.parse::<IndicatorName>() else {
            let known = set.metrics.iter().filter(|metric| !matches!(metric.rule, Rule::Distribution { .. }));
            let known: Vec<&str> = known.map(|metric| metric.name.as_str()).collect();
            let told = format!(
                "{:?} is no metric of {}, which has {}; nor is it a number from elsewhere, which ListIndicatorDefinitions lists, or whose name begins with local:",
                fields::shown(text),
                set.name,
                known.join(", ")
            );
            return Err(Fault::field(field, told));
        };
        let source = match source {
            None => None,
            Some(source) => Some(source.parse::<SourceId>().map_err(|fault| {
                Fault::field(
                    field,
                    format!("after {OF_SOURCE} stands a source, and {:?} {fault}", fields::shown(source)),
                )
            })?),
        };
        let label = indicator.definition().map_or_else(|| indicator.to_string(), |known| known.label.clone());
        Ok(Self { name: text.to_owned(), label, of: Of::Elsewhere(indicator, source) })
    }

    /// By its name, where it is one of these.
    pub(super) fn one_of(
        field: &'static str,
        set: &'static DefinitionSet,
        text: &str,
        takes: &[Nature],
    ) -> Result<Self, Fault> {
        let found = Self::parse(field, set, text)?;
        if takes.contains(&found.nature()) {
            return Ok(found);
        }
        let takes: Vec<&str> = takes.iter().map(|nature| nature.words()).collect();
        let told = format!(
            "must be {}, and {} is {}; shares are {}",
            takes.join(" or "),
            found.name,
            found.nature().words(),
            shares(set)
        );
        Err(Fault::field(field, told))
    }

    /// What it is by its definition.
    pub(super) fn nature(&self) -> Nature {
        match &self.of {
            Of::Calls(metric) => match metric.rule {
                Rule::Ratio { .. } => Nature::Share,
                Rule::Count(_) => Nature::Calls,
                Rule::Distribution { .. } => Nature::Durations,
            },
            Of::Elsewhere(name, _) => match name.kind() {
                IndicatorKind::Share => Nature::Share,
                IndicatorKind::Rate => Nature::Rate,
                IndicatorKind::Count => Nature::Count,
                IndicatorKind::Score => Nature::Score,
            },
        }
    }

    /// The metric that is computed from calls.
    pub(super) fn metric(&self) -> Option<&'static Definition> {
        match self.of {
            Of::Calls(metric) => Some(metric),
            Of::Elsewhere(..) => None,
        }
    }

    /// Its name without a source, as the gate is told.
    pub(super) fn bare(&self) -> String {
        match &self.of {
            Of::Calls(metric) => metric.name.clone(),
            Of::Elsewhere(name, _) => name.to_string(),
        }
    }

    /// What its values are laid over, in words.
    pub(super) fn denominator(&self, kind: Kind) -> String {
        match (kind, &self.of) {
            (Kind::Number, _) => String::new(),
            (Kind::Ratio, _) => "number that the source expects".to_owned(),
            (Kind::Share | Kind::Rate, Of::Calls(metric)) if !metric.denominator.is_empty() => {
                metric.denominator.clone()
            }
            (Kind::Share | Kind::Rate, Of::Calls(_)) => "registered patients and months".to_owned(),
            (Kind::Share | Kind::Rate, Of::Elsewhere(name, _)) => {
                let known = name.definition().map(|known| known.denominator.clone());
                known.unwrap_or_else(|| "its own denominator".to_owned())
            }
        }
    }

    /// What values from elsewhere are laid over once they are added up over stretches of this length: patients count in each stretch again. `over_lists` where
    /// their denominators are list sizes.
    pub(super) fn added_up_over(&self, kind: Kind, over_lists: bool, length: WholePeriod) -> String {
        let words = if over_lists { PATIENTS.to_owned() } else { self.denominator(kind) };
        if kind == Kind::Rate && words == PATIENTS { format!("{words} and {length}s") } else { words }
    }

    /// Its values in words: "Calls missed: share of inbound calls".
    pub(super) fn words(&self, kind: Kind) -> String {
        self.words_over(kind, &self.denominator(kind))
    }

    /// The same over a denominator in words.
    pub(super) fn words_over(&self, kind: Kind, denominator: &str) -> String {
        let Self { name: _, label, of } = self;
        match kind {
            Kind::Share => format!("{label}: share of {denominator}"),
            Kind::Rate => format!("{label}: per 1,000 {denominator}"),
            Kind::Ratio => format!("{label}: observed over expected by the source"),
            Kind::Number => match of {
                Of::Calls(_) => format!("{label}: number of calls"),
                Of::Elsewhere(..) => label.clone(),
            },
        }
    }
}

impl Nature {
    /// With an article.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Share => "a share",
            Self::Rate => "a rate",
            Self::Calls => "a number of calls",
            Self::Count => "a count from elsewhere",
            Self::Score => "a score",
            Self::Durations => "a distribution of durations",
        }
    }
}

impl Kind {
    /// Its name on the wire.
    pub(super) fn wire(self) -> i32 {
        match self {
            Self::Share => v1::MeasureKind::Share,
            Self::Rate => v1::MeasureKind::Rate,
            Self::Ratio => v1::MeasureKind::Ratio,
            Self::Number => v1::MeasureKind::Number,
        }
        .into()
    }

    /// What numerator over denominator is multiplied with.
    pub(super) fn times(self) -> f64 {
        match self {
            Self::Rate => 1_000.0,
            Self::Share | Self::Ratio | Self::Number => 1.0,
        }
    }

    /// The value of a numerator and denominator; none where there is nothing to divide by.
    pub(super) fn value(self, (numerator, denominator): (f64, f64)) -> Option<f64> {
        let value = match self {
            Self::Number => numerator,
            Self::Share | Self::Rate | Self::Ratio => self.times() * numerator / denominator,
        };
        value.is_finite().then_some(value)
    }

    /// The scale on which months and organisations add up.
    pub(super) fn scale(self) -> Scale {
        match self {
            Self::Share => Scale::ArcsineRoot,
            Self::Rate | Self::Ratio | Self::Number => Scale::Log,
        }
    }

    /// The scale in words.
    pub(super) fn scale_words(self) -> &'static str {
        match self.scale() {
            Scale::ArcsineRoot => "arcsin(sqrt(share))",
            Scale::Log => "the logarithm",
        }
    }

    /// What a funnel takes it for.
    pub(super) fn of_funnel(self) -> OfFunnel {
        match self {
            Self::Share => OfFunnel::Proportion,
            Self::Ratio => OfFunnel::Ratio(RatioScale::SquareRoot),
            Self::Rate | Self::Number => OfFunnel::Rate(RatioScale::SquareRoot),
        }
    }

    /// The 95% interval of a value.
    pub(super) fn interval(self, (numerator, denominator): (f64, f64)) -> Result<Interval, Undefined> {
        match self {
            Self::Share => wilson(numerator, denominator, Confidence::P95),
            Self::Rate | Self::Ratio | Self::Number => {
                rate_interval(numerator, denominator, Confidence::P95)?.times(self.times())
            }
        }
    }
}

/// The shares of a set, in a sentence.
pub(super) fn shares(set: &DefinitionSet) -> String {
    let shares = set.metrics.iter().filter(|metric| matches!(metric.rule, Rule::Ratio { .. }));
    shares.map(|metric| metric.name.as_str()).collect::<Vec<_>>().join(", ")
}
