//! What a submission to the store in memory says beside its records.

use std::sync::Arc;

use callgauge_schema::Moment;

use super::state::State;
use crate::store::{AttributionKey, DayTally, SourceState, StoreError, Submission, Verdict};

impl State {
    /// Takes progress, delivered stretches and tallies. One verdict for each tally.
    ///
    /// # Errors
    /// [`StoreError::StatementLimit`]: nothing was taken.
    pub(super) fn state_all(
        &mut self,
        submission: &Submission,
        at: Moment,
    ) -> Result<Vec<Verdict>, StoreError> {
        let Submission { source, items: _, redrives: _, progress, delivered, tallies } = submission;
        let mut statements = Arc::clone(&self.statements);
        for delivered in delivered {
            Arc::make_mut(&mut statements).deliver(source, delivered)?;
        }
        self.statements = statements;
        self.sources.number(source);
        if let Some(progress) = progress {
            let state = SourceState { source: source.clone(), at, progress: progress.clone() };
            self.progress.insert(source.clone(), state);
        }
        let verdicts = tallies.iter().map(|DayTally { whose, day, counts }| {
            let whose = AttributionKey(self.attributions.number(whose));
            let key = (whose, *day, source.clone(), counts.shape());
            let before = self.tallies.insert(key, counts.clone());
            Arc::make_mut(&mut self.statements).tally(whose, source, counts.shape(), *day);
            match before {
                None => Verdict::Accepted,
                Some(before) if before == *counts => Verdict::Duplicate,
                Some(_) => Verdict::Revised,
            }
        });
        Ok(verdicts.collect())
    }
}
