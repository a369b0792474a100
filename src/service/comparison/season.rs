//! The season of a control chart: what its peers had in the same points.

use std::collections::{BTreeSet, HashSet};

use callgauge_schema::{OdsCode, SourceId};

use super::control::{Question, one};
use super::elsewhere::{self, Wanted};
use super::gather::Sources;
use super::gathering::Gathering;
use super::measure::Kind;
use super::question::Peers;
use super::table::{Pair, Table};
use super::units::{REST, Unit};
use crate::calendar::{Buckets, Days, WholePeriod};
use crate::compare::season::seasonal_expectation;
use crate::pictures::count;
use crate::service::errors::Fault;
use crate::service::house::Waiting;

/// Fewest peers: one of them is then a tenth of the season at most, if they are alike.
const FEWEST: usize = 10;
/// Most peers times points.
const MOST: usize = 1_000_000;

/// What is expected in each point, and what has to be said of it.
pub(super) struct Season {
    pub(super) expected: Vec<Option<f64>>,
    /// Whose it is, in words.
    pub(super) whose: String,
    pub(super) notes: Vec<String>,
}

/// The points of a chart.
pub(super) struct Points<'a> {
    pub(super) buckets: &'a Buckets,
    /// Lengths of values from elsewhere that will do.
    pub(super) lengths: &'a [WholePeriod],
    /// What stretches of days they are.
    pub(super) stretches: &'a [Days],
    /// What the organisation has in those that the window does not cut.
    pub(super) own: Vec<Option<Pair>>,
    pub(super) kind: Kind,
    /// Who said so.
    pub(super) from: &'a BTreeSet<SourceId>,
}

/// The season of an organisation by its peers. Blocks.
pub(super) fn of(
    question: &Question,
    peers: &Peers,
    sources: &Sources,
    unit: &Unit,
    points: Points<'_>,
    waiting: &Waiting,
) -> Result<Season, Fault> {
    let Points { buckets, lengths, stretches, own, kind, from } = points;
    let over = (&question.window, question.hours);
    let gathering = Gathering::new(sources, peers, over, false, waiting)?;
    let units = &gathering.units;
    if units.list.len() * own.len() > MOST {
        let told = format!(
            "the season of {} peers in {} points: ask for longer points or fewer peers",
            count(units.list.len()),
            count(own.len())
        );
        return Err(Fault::AnswerTooLarge(told));
    }
    let mut notes = gathering.notes.clone();
    let table = match question.measure.metric() {
        Some(metric) => {
            let slots = buckets.slots().ok_or_else(|| Fault::Internal("bands are cut".to_owned()))?;
            one(gathering.counting.tables(&units.groups(), &slots, own.len(), &[metric])?)?
        }
        None => {
            let wanted = Wanted { days: question.window.days(), stretches, lengths, by_source: true };
            let read = elsewhere::read(sources, "metric", &question.measure, &units.list, wanted)?;
            if (read.kind, &read.sources) != (kind, from) {
                let told = "the peers' values of it are of another source or laid over something else: name one source that has both, as name@source";
                return Err(Fault::field("metric", told));
            }
            notes.extend(read.changed.map(|(_, words)| format!("of the peers' numbers: {words}")));
            read.table
        }
    };
    let whole: Vec<bool> = buckets.list().iter().map(|bucket| !bucket.partial).collect();
    let own_practices: HashSet<OdsCode> = unit.practices.iter().map(|(code, _)| *code).collect();
    let used: Vec<usize> = (0..units.list.len())
        .filter(|&at| !is_part(&units.list[at], unit, &own_practices) && has_all(&table, at, &whole))
        .collect();
    let among = units.list.len();
    if used.len() < FEWEST {
        let told = format!(
            "a season takes {FEWEST} peers, beside the organisation itself, with a value in every whole point, and {} of {} are",
            count(used.len()),
            count(among)
        );
        return Err(Fault::NotComparable(told));
    }
    let mut sums = vec![None; own.len()];
    for &at in &used {
        for (sum, pair) in sums.iter_mut().zip(table.unit(at)) {
            let Some((n, d)) = pair else { continue };
            let (numerator, denominator) = sum.unwrap_or_default();
            *sum = Some((numerator + n, denominator + d));
        }
    }
    let expected = seasonal_expectation(&own, &sums, kind != Kind::Number)
        .map_err(|fault| Fault::NotComparable(fault.to_string()))?;
    let whose = format!("the season is that of {} peers, of {} asked for", count(used.len()), count(among));
    notes.insert(
        0,
        format!(
            "{whose}: all but the organisation itself and those without a value in every whole point; working days and bank holidays are in it"
        ),
    );
    if units.rest {
        notes.push(format!("of the peers: {REST}"));
    }
    Ok(Season { expected, whose, notes })
}

/// Whether a peer is the organisation itself, or shares a practice with it.
fn is_part(peer: &Unit, unit: &Unit, practices: &HashSet<OdsCode>) -> bool {
    peer.organisation.code == unit.organisation.code
        || peer.practices.iter().any(|(code, _)| practices.contains(code))
}

fn has_all(table: &Table, unit: usize, whole: &[bool]) -> bool {
    table.unit(unit).iter().zip(whole).all(|(pair, whole)| pair.is_some() || !whole)
}
