//! Series breaks recorded with us that lie inside a stretch of days, as far as they concern the organisations and sources of a comparison.

use std::collections::HashSet;

use callgauge_schema::{OdsCode, SourceId};

use super::units::Unit;
use crate::calendar::Days;
use crate::store::{BreakOf, SeriesBreak, Snapshot};

/// Those inside the days: numbers of the first day are of the old kind, and some of the new kind follow. Ordered by day.
pub(super) fn inside(
    snapshot: &dyn Snapshot,
    days: Days,
    units: &[Unit],
    sources: &HashSet<SourceId>,
) -> Vec<SeriesBreak> {
    let recorded = snapshot.series_breaks();
    let practices: HashSet<OdsCode> =
        units.iter().flat_map(|unit| &unit.practices).map(|(code, _)| *code).collect();
    let concerns = |of: &BreakOf| match of {
        BreakOf::Everybody => true,
        BreakOf::Source(source) => sources.contains(source),
        BreakOf::Practice(code) => practices.contains(code),
    };
    let inside = |found: &&SeriesBreak| found.day > days.first && found.day < days.end && concerns(&found.of);
    recorded.iter().filter(inside).cloned().collect()
}

/// A break in words: from which day, and why.
pub(super) fn words(found: &SeriesBreak) -> String {
    let of = match &found.of {
        BreakOf::Everybody => String::new(),
        BreakOf::Source(source) => format!(" of source {source}"),
        BreakOf::Practice(_) => " of one practice".to_owned(),
    };
    format!("a series break{of} from {} ({})", found.day, found.why)
}
