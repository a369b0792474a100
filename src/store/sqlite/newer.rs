//! Which runs are new to what was added up from others: runs only ever add to one another, so that what is known need not be added up again.

use std::collections::HashSet;
use std::sync::Arc;

use super::run::Run;

/// What has to be added to what was known.
pub(super) struct Newer<'a> {
    /// Ids of the runs that were known, those that took the place of known ones among them.
    pub(super) known: HashSet<i64>,
    /// Runs that were not.
    pub(super) runs: Vec<&'a Arc<Run>>,
}

/// The runs among these that are new to what was made from `known`. `None` where that has to be made all over again, because a run of it is gone, or has
/// been merged with one that is not in it.
pub(super) fn newer<'a>(known: &HashSet<i64>, runs: &[&'a Arc<Run>]) -> Option<Newer<'a>> {
    let now: HashSet<i64> = runs.iter().map(|run| run.id).collect();
    let mut known = known.clone();
    let mut new = Vec::new();
    for &run in runs {
        if known.contains(&run.id) {
            continue;
        }
        let merged = &run.merged_from;
        if !merged.is_empty() && merged.iter().all(|id| known.contains(id)) {
            merged.iter().for_each(|id| {
                known.remove(id);
            });
            known.insert(run.id);
        } else {
            new.push(run);
        }
    }
    let gone = known.iter().any(|id| !now.contains(id));
    let mixed = new.iter().any(|run| run.merged_from.iter().any(|id| known.contains(id)));
    (!gone && !mixed).then_some(Newer { known, runs: new })
}
