//! Indicators, series breaks and access events in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::state::State;
use crate::store::StoreError;
use crate::store::indicators::{
    AccessEvent, AccessEventsAsk, BreakChanges, IndicatorRow, IndicatorVerdict, IndicatorsAsk,
    KeptAccessEvent, MOST_ACCESS_EVENTS, SeriesBreak, Sheet, SheetKey, by_sheet, change_breaks, place, text,
    within_limits,
};

/// What comparisons stand on beside calls.
#[derive(Clone, Default)]
pub(super) struct Beside {
    sheets: BTreeMap<SheetKey, Sheet>,
    breaks: Arc<Vec<SeriesBreak>>,
    events: Vec<KeptAccessEvent>,
    last_event: u64,
}

impl State {
    /// # Errors
    /// [`StoreError::OverLimit`]: nothing was taken.
    pub(super) fn put_indicators(
        &mut self,
        rows: Vec<IndicatorRow>,
    ) -> Result<Vec<IndicatorVerdict>, StoreError> {
        for row in &rows {
            text("definition_version", &row.definition_version)?;
            text("quality_note", &row.quality_note)?;
        }
        let mut verdicts = vec![IndicatorVerdict::Unchanged; rows.len()];
        let mut sheets = self.beside.sheets.clone();
        for (key, entries) in by_sheet(rows) {
            let sheet = sheets.entry(key).or_default();
            for (at, organisation, entry) in entries {
                verdicts[at] = place(sheet, organisation, entry);
            }
            let practices = sheet.len();
            within_limits(sheets.len(), practices)?;
        }
        self.beside.sheets = sheets;
        Ok(verdicts)
    }

    pub(super) fn indicators(&self, ask: &IndicatorsAsk) -> Result<Vec<IndicatorRow>, StoreError> {
        let mut rows = Vec::new();
        for (key, sheet) in self.beside.sheets.iter().filter(|(key, _)| ask.wants(key)) {
            ask.take(key, sheet.clone(), &mut rows)?;
        }
        Ok(rows)
    }

    pub(super) fn put_series_breaks(&mut self, changes: &BreakChanges) -> Result<(), StoreError> {
        self.beside.breaks = Arc::new(change_breaks(&self.beside.breaks, changes)?);
        Ok(())
    }

    pub(super) fn series_breaks(&self) -> Arc<Vec<SeriesBreak>> {
        Arc::clone(&self.beside.breaks)
    }

    pub(super) fn record_access(&mut self, event: AccessEvent) -> Result<u64, StoreError> {
        event.check()?;
        let beside = &mut self.beside;
        beside.last_event += 1;
        beside.events.push(KeptAccessEvent { id: beside.last_event, event });
        let beyond = beside.events.len().saturating_sub(MOST_ACCESS_EVENTS);
        beside.events.drain(..beyond);
        Ok(beside.last_event)
    }

    pub(super) fn access_events(&self, ask: &AccessEventsAsk) -> Vec<KeptAccessEvent> {
        let AccessEventsAsk { organisation, before, limit } = ask;
        let asked = |kept: &&KeptAccessEvent| {
            before.is_none_or(|before| kept.id < before)
                && organisation.is_none_or(|code| kept.event.organisations.contains(&code))
        };
        self.beside.events.iter().rev().filter(asked).take(*limit).cloned().collect()
    }
}
