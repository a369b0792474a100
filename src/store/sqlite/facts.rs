//! Answers questions about single calls from a view: rows of runs, and rows that are not settled yet.

use std::collections::VecDeque;
use std::sync::Arc;

use callgauge_schema::Moment;

use super::row::{Row, kind, seconds};
use super::view::{Files, View, missing};
use crate::calendar::Days;
use crate::store::{AttributionKey, CallFacts, FactsAsk, FactsChunk, Group, LineKey, SourceKey, StoreError};

/// Reads single calls, one attribution and day after the other.
pub(super) struct Facts {
    view: Arc<View>,
    ask: FactsAsk,
    group: usize,
    /// What is left of the group: attribution and day.
    left: VecDeque<(u32, Days)>,
    files: Files,
}

impl Facts {
    pub(super) fn new(view: Arc<View>, ask: FactsAsk) -> Self {
        let mut facts = Self { view, ask, group: 0, left: VecDeque::new(), files: Files::default() };
        facts.fill();
        facts
    }

    fn fill(&mut self) {
        let days = self.ask.days;
        self.left = match self.ask.groups.get(self.group) {
            None => VecDeque::new(),
            Some(Group::Spans(spans)) => {
                spans.iter().map(|span| (span.whose.0, span.days.overlap(days))).collect()
            }
            Some(Group::All) => {
                let count = self.view.shared.labels().attributions().list().len() as u32;
                (0..count).map(|whose| (whose, days)).collect()
            }
        };
    }

    fn read(&mut self, whose: u32, days: Days) -> Result<Vec<CallFacts>, StoreError> {
        let view = self.view.clone();
        let mut facts = Vec::new();
        for run in view.runs.within(days) {
            if run.entry(whose).is_some_and(|entry| entry.rows > 0) {
                let (rows, _) = view.run_rows(run, self.files.of(run)?, whose, false)?;
                for row in rows.iter().filter(|row| !row.retracted) {
                    facts.push(call_facts(row)?);
                }
            }
        }
        for chunk in &view.chunks {
            for row in view.chunk_rows(chunk, whose) {
                if !row.retracted && days.contains(row.day()) {
                    facts.push(call_facts(row)?);
                }
            }
        }
        Ok(facts)
    }
}

fn call_facts(row: &Row) -> Result<CallFacts, StoreError> {
    Ok(CallFacts {
        whose: AttributionKey(row.whose),
        source: SourceKey(u32::from(row.source)),
        started_at: Moment::from_millis(row.started),
        kind: kind(row.kind).ok_or_else(|| missing("kind of call that this release knows"))?,
        wait: seconds(row.wait),
        talk: seconds(row.talk),
        line: row.line.checked_sub(1).map(LineKey),
    })
}

impl Iterator for Facts {
    type Item = Result<FactsChunk, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.group < self.ask.groups.len() {
            while let Some((whose, days)) = self.left.pop_front() {
                match self.read(whose, days) {
                    Ok(facts) if facts.is_empty() => {}
                    Ok(facts) => return Some(Ok(FactsChunk { group: self.group, facts })),
                    Err(fault) => {
                        self.group = self.ask.groups.len();
                        self.left.clear();
                        return Some(Err(fault));
                    }
                }
            }
            self.group += 1;
            self.fill();
        }
        None
    }
}
