//! Numbers of calls without durations: of whole months from what is kept of them, of the rest from stored sums and unsettled calls.

use std::sync::Arc;

use callgauge_schema::CallKind;

use super::super::counts::QuestionCounts;
use super::super::view::View;
use super::TallyRows;
use crate::store::{CallCount, CountsAsk, Group, GroupCounts, SourceKey, StoreError, TallyAsk};

/// Makes the numbers of one group after the other.
pub(in super::super) struct CountRows {
    rows: TallyRows,
    /// Whether what is kept of whole months has been looked for.
    looked: bool,
}

impl CountRows {
    pub(in super::super) fn new(view: Arc<View>, ask: CountsAsk) -> Self {
        let CountsAsk { groups, slots, by_source } = ask;
        let rows = TallyRows::new(view, TallyAsk { groups, slots, by_source, durations: false });
        Self { rows, looked: false }
    }

    fn look(&mut self) -> Result<(), StoreError> {
        let TallyRows { view, ask, few, .. } = &self.rows;
        let found = QuestionCounts::of(&ask.slots, ask.by_source, *few, &view.shared.counts, &view.runs)?;
        self.rows.counts = found;
        self.looked = true;
        Ok(())
    }

    fn make(&mut self, group: usize) -> Result<Vec<CallCount>, StoreError> {
        if !self.looked {
            self.look()?;
        }
        let asked = std::mem::replace(&mut self.rows.ask.groups[group], Group::All);
        if let Some(counts) = self.counted(&asked) {
            return Ok(counts);
        }
        let by_source = self.rows.ask.by_source;
        let mut counts = Vec::new();
        for ((bucket, source), sums) in self.rows.parts(asked)? {
            let source = by_source.then_some(SourceKey(u32::from(source)));
            let of = sums.settled().into_iter().filter_map(|(key, calls)| {
                Some(CallCount { bucket, source, kind: CallKind::from_number(key.kind())?, calls })
            });
            counts.extend(of);
        }
        Ok(counts)
    }

    /// The numbers of a group of which nothing is unsettled and all is known.
    fn counted(&mut self, asked: &Group) -> Option<Vec<CallCount>> {
        let TallyRows { view, ask, counts: Some(counts), hot, .. } = &mut self.rows else { return None };
        let Group::Spans(spans) = asked else { return None };
        let unsettled = match hot {
            Some(hot) => spans.iter().any(|span| hot.contains_key(&span.whose.0)),
            None => spans
                .iter()
                .any(|span| view.chunks.iter().any(|chunk| chunk.weights_of(span.whose.0).next().is_some())),
        };
        if unsettled { None } else { counts.counts(spans, ask.slots.days(), &view.runs) }
    }
}

impl Iterator for CountRows {
    type Item = Result<GroupCounts, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.rows.group < self.rows.ask.groups.len() {
            let group = self.rows.group;
            self.rows.group += 1;
            match self.make(group) {
                Ok(counts) if counts.is_empty() => {}
                Ok(counts) => return Some(Ok(GroupCounts { group, counts })),
                Err(fault) => {
                    self.rows.group = self.rows.ask.groups.len();
                    return Some(Err(fault));
                }
            }
        }
        None
    }
}
