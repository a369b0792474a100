//! Numbers from elsewhere, where a series breaks, and who looked: what comparisons stand on beside calls.
//!
//! A row of an indicator is one practice's value of one period from one source; a later row of the same name, practice, period and source takes its place.
//! Several sources of one name and period stand side by side: which of them counts is for the question to say.

use std::collections::BTreeMap;
use std::sync::Arc;

use callgauge_schema::{Moment, OdsCode, SourceId};

use super::StoreError;
use crate::calendar::{Day, Days};
use crate::definitions::indicators::{IndicatorName, IndicatorValue};

/// Most stretches of name, period and source that a store keeps.
pub const MOST_SHEETS: usize = 50_000;
/// Most practices of one name, period and source.
pub const MOST_PRACTICES: usize = 30_000;
/// Most series breaks.
pub const MOST_BREAKS: usize = 10_000;
/// Most access events; the oldest are dropped beyond that.
pub const MOST_ACCESS_EVENTS: usize = 100_000;
/// Most organisations of one access event.
pub const MOST_ACCESSED: usize = 50_000;
/// Most characters of a text here: a version, note, reason or purpose.
pub const LONGEST_TEXT: usize = 1_000;

/// One practice's value of an indicator in one period.
#[derive(Clone, Debug, PartialEq)]
pub struct IndicatorRow {
    /// Which indicator.
    pub name: IndicatorName,
    /// Whose value.
    pub organisation: OdsCode,
    /// Of which period, a whole one.
    pub period: Days,
    /// Who says so.
    pub source: SourceId,
    /// The value.
    pub value: IndicatorValue,
    /// By which version of the source's own definition; empty where it has none. A change inside a window is a change of definition.
    pub definition_version: Arc<str>,
    /// What to mind about this value; empty where nothing is said.
    pub quality_note: Arc<str>,
}

/// Which rows of indicators.
#[derive(Clone, Debug)]
pub struct IndicatorsAsk {
    /// These indicators; none means all.
    pub names: Vec<IndicatorName>,
    /// Only of periods that lie wholly inside these days; `None` means all.
    pub days: Option<Days>,
    /// Only from this source.
    pub source: Option<SourceId>,
    /// Only of these practices; none means all.
    pub organisations: Vec<OdsCode>,
    /// Refuse rather than give more than this.
    pub limit: usize,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndicatorVerdict {
    /// It was not there before.
    Added,
    /// It was there just so.
    Unchanged,
    /// It took the place of another.
    Replaced,
}

/// From which day on numbers cannot be compared with those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesBreak {
    /// Whose numbers.
    pub of: BreakOf,
    /// The first day of the new kind.
    pub day: Day,
    /// Why, in words.
    pub why: String,
    /// Who recorded it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Moment,
}

/// Whose numbers break.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BreakOf {
    /// Everybody's.
    Everybody,
    /// Those of a source, of calls or of indicators.
    Source(SourceId),
    /// A practice's.
    Practice(OdsCode),
}

/// Series breaks to record and to take back.
#[derive(Clone, Debug, Default)]
pub struct BreakChanges {
    /// To record: one of the same [`BreakOf`] and day is replaced.
    pub put: Vec<SeriesBreak>,
    /// To take back; what is not there is passed over.
    pub withdrawn: Vec<(BreakOf, Day)>,
}

/// Somebody looked at numbers of named organisations, in a way that is written down for them to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEvent {
    /// When.
    pub at: Moment,
    /// Who, as the gate knows them.
    pub who: String,
    /// What for, in their words.
    pub purpose: String,
    /// What they were given, for example "RankOrganisations call_volumes 2026-02".
    pub what: String,
    /// Whose numbers.
    pub organisations: Vec<OdsCode>,
    /// Reasons against it that they acknowledged, by name.
    pub acknowledged: Vec<String>,
}

/// An access event that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAccessEvent {
    /// Its id: later ones are higher.
    pub id: u64,
    /// The event.
    pub event: AccessEvent,
}

/// Which access events; newest first.
#[derive(Clone, Debug, Default)]
pub struct AccessEventsAsk {
    /// Only those about this organisation.
    pub organisation: Option<OdsCode>,
    /// Only with a lower id than this.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

/// What rows of a store share a place: the values of all practices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SheetKey {
    /// Which indicator.
    pub(super) name: IndicatorName,
    /// Of which period.
    pub(super) period: Days,
    /// Who says so.
    pub(super) source: SourceId,
}

/// A value within its sheet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) value: IndicatorValue,
    pub(super) definition_version: Arc<str>,
    pub(super) quality_note: Arc<str>,
}

/// The values of a sheet by practice.
pub(super) type Sheet = BTreeMap<OdsCode, Entry>;

impl IndicatorsAsk {
    /// All rows of these indicators in these days, up to a limit.
    pub fn new(names: Vec<IndicatorName>, days: Days, limit: usize) -> Self {
        Self { names, days: Some(days), source: None, organisations: Vec::new(), limit }
    }

    /// Whether a sheet is asked for.
    pub(super) fn wants(&self, key: &SheetKey) -> bool {
        let Self { names, days, source, organisations: _, limit: _ } = self;
        (names.is_empty() || names.contains(&key.name))
            && source.as_ref().is_none_or(|source| *source == key.source)
            && days.is_none_or(|days| days.first <= key.period.first && key.period.end <= days.end)
    }

    /// Adds the rows of a sheet that are asked for.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub(super) fn take(
        &self,
        key: &SheetKey,
        sheet: Sheet,
        rows: &mut Vec<IndicatorRow>,
    ) -> Result<(), StoreError> {
        for (organisation, entry) in sheet {
            if !self.organisations.is_empty() && !self.organisations.contains(&organisation) {
                continue;
            }
            if rows.len() == self.limit {
                return Err(StoreError::TooLarge(self.limit));
            }
            let Entry { value, definition_version, quality_note } = entry;
            let SheetKey { name, period, source } = key.clone();
            rows.push(IndicatorRow {
                name,
                organisation,
                period,
                source,
                value,
                definition_version,
                quality_note,
            });
        }
        Ok(())
    }
}

/// Rows gathered by sheet, the later of two for one place last to be written; for each row its place.
pub(super) fn by_sheet(rows: Vec<IndicatorRow>) -> BTreeMap<SheetKey, Vec<(usize, OdsCode, Entry)>> {
    let mut sheets: BTreeMap<SheetKey, Vec<(usize, OdsCode, Entry)>> = BTreeMap::new();
    for (at, row) in rows.into_iter().enumerate() {
        let IndicatorRow { name, organisation, period, source, value, definition_version, quality_note } =
            row;
        let entry = Entry { value, definition_version, quality_note };
        sheets.entry(SheetKey { name, period, source }).or_default().push((at, organisation, entry));
    }
    sheets
}

/// Puts an entry in its place.
pub(super) fn place(sheet: &mut Sheet, organisation: OdsCode, entry: Entry) -> IndicatorVerdict {
    match sheet.get(&organisation) {
        Some(before) if *before == entry => IndicatorVerdict::Unchanged,
        Some(_) => {
            sheet.insert(organisation, entry);
            IndicatorVerdict::Replaced
        }
        None => {
            sheet.insert(organisation, entry);
            IndicatorVerdict::Added
        }
    }
}

/// Applies changes to breaks, which come out ordered by day, then by whose.
///
/// # Errors
/// [`StoreError::OverLimit`].
pub(super) fn change_breaks(
    before: &[SeriesBreak],
    changes: &BreakChanges,
) -> Result<Vec<SeriesBreak>, StoreError> {
    let BreakChanges { put, withdrawn } = changes;
    let key = |one: &SeriesBreak| (one.day, one.of.clone());
    let mut after: BTreeMap<_, _> = before.iter().map(|one| (key(one), one.clone())).collect();
    for (of, day) in withdrawn {
        after.remove(&(*day, of.clone()));
    }
    for one in put {
        text("why", &one.why)?;
        text("recorded_by", &one.recorded_by)?;
        after.insert(key(one), one.clone());
    }
    if after.len() > MOST_BREAKS {
        return Err(over(format!(
            "at most {MOST_BREAKS} series breaks are kept: take back those that no longer matter"
        )));
    }
    Ok(after.into_values().collect())
}

impl AccessEvent {
    /// # Errors
    /// [`StoreError::OverLimit`] where it is larger than what is kept.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let Self { at: _, who, purpose, what, organisations, acknowledged } = self;
        text("who", who)?;
        text("purpose", purpose)?;
        text("what", what)?;
        text("acknowledged", &acknowledged.join(","))?;
        if organisations.len() > MOST_ACCESSED {
            return Err(over(format!("an access event names at most {MOST_ACCESSED} organisations")));
        }
        Ok(())
    }
}

/// # Errors
/// [`StoreError::OverLimit`] where a text is longer than what is kept.
pub(super) fn text(field: &str, text: &str) -> Result<(), StoreError> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(over(format!("{field}: at most {LONGEST_TEXT} characters are kept")));
    }
    Ok(())
}

pub(super) fn over(what: String) -> StoreError {
    StoreError::OverLimit(what)
}

/// # Errors
/// [`StoreError::OverLimit`] where there would be too many sheets, or too many practices in one.
pub(super) fn within_limits(sheets: usize, practices: usize) -> Result<(), StoreError> {
    if sheets > MOST_SHEETS {
        return Err(over(format!(
            "at most {MOST_SHEETS} different names, periods and sources of indicators are kept: use longer periods"
        )));
    }
    if practices > MOST_PRACTICES {
        return Err(over(format!(
            "at most {MOST_PRACTICES} organisations are kept for one indicator, period and source"
        )));
    }
    Ok(())
}
