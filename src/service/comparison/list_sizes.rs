//! List sizes: the patients that rates are laid over, from the indicator "list_size", month by month. Nothing is guessed: no value of the month means not known.

use std::collections::{BTreeSet, HashMap};

use callgauge_schema::{OdsCode, SourceId};

use super::elsewhere;
use super::gather::Sources;
use super::units::Unit;
use crate::calendar::{Days, WholePeriod};
use crate::definitions::indicators::IndicatorName;
use crate::service::errors::Fault;

/// Its name.
const NAME: &str = "list_size";

/// Patients by practice and month, as one source has them.
#[derive(Default)]
pub(super) struct ListSizes {
    by_practice: HashMap<OdsCode, Vec<(Days, f64)>>,
    source: Option<SourceId>,
    /// Sources that have some as well.
    others: usize,
}

/// The indicator.
pub(super) fn name() -> Result<IndicatorName, Fault> {
    NAME.parse().map_err(|_| Fault::Internal("list sizes are no indicator".to_owned()))
}

impl ListSizes {
    /// Of the practices of these organisations in these months; where several sources have some, those of the first by its id.
    pub(super) fn read(sources: &Sources, days: Days, units: &[Unit]) -> Result<Self, Fault> {
        let rows = elsewhere::rows(sources, &name()?, None, days, units)?;
        let from: BTreeSet<SourceId> = rows.iter().map(|row| row.source.clone()).collect();
        let source = from.first().cloned();
        let mut by_practice: HashMap<OdsCode, Vec<(Days, f64)>> = HashMap::new();
        for row in rows.iter().filter(|row| Some(&row.source) == source.as_ref()) {
            if WholePeriod::of(row.period) == Some(WholePeriod::Month) {
                by_practice.entry(row.organisation).or_default().push((row.period, row.value.numerator()));
            }
        }
        Ok(Self { by_practice, source, others: from.len().saturating_sub(1) })
    }

    /// Why something is not compared where none is known.
    pub(super) fn missing() -> String {
        format!(
            "numbers need list sizes to be compared: import the indicator \"{NAME}\" for the months of the window, or take a share"
        )
    }

    /// Whether none is known.
    pub(super) fn is_empty(&self) -> bool {
        self.by_practice.is_empty()
    }

    /// Patients of a practice: of the month that a shorter period lies in, on average over the months of a longer one.
    pub(super) fn at(&self, code: OdsCode, period: Days) -> Option<f64> {
        let months = self.by_practice.get(&code)?;
        let shared = months.iter().filter(|(month, _)| !month.overlap(period).is_empty());
        let (sum, count) =
            shared.fold((0.0, 0.0), |(sum, count), (_, patients)| (sum + patients, count + 1.0));
        (count > 0.0).then(|| sum / count)
    }

    /// Patients of an organisation in a month: those of all its practices that are open then; none where one of them is not known.
    pub(super) fn of(&self, unit: &Unit, month: Days) -> Option<f64> {
        let open = unit.practices.iter().filter(|(_, days)| !days.overlap(month).is_empty());
        let open: BTreeSet<OdsCode> = open.map(|(code, _)| *code).collect();
        let patients: Option<f64> = open.iter().map(|&code| self.at(code, month)).sum();
        patients.filter(|&patients| patients > 0.0)
    }

    /// Whose they are.
    pub(super) fn source(&self) -> Option<&SourceId> {
        self.source.as_ref()
    }

    /// What is said of them.
    pub(super) fn notes(&self) -> Vec<String> {
        match (&self.source, self.others) {
            (Some(source), others) if others > 0 => {
                vec![format!("list sizes are those of {source}; {others} more sources have some")]
            }
            _ => Vec::new(),
        }
    }
}
