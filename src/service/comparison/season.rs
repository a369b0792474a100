//! The season of a control chart: what its peers had in the same points.

use std::collections::{BTreeSet, HashSet};

use callgauge_schema::{OdsCode, SourceId};

use super::control::{Question, one};
use super::elsewhere::{self, Wanted};
use super::gather::Sources;
use super::gathering::Gathering;
use super::measure::Kind;
use super::question::Peers;
use super::table::{Pair, Table, sum};
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
    let own_practices: HashSet<OdsCode> = unit.practices.iter().map(|(code, _)| *code).collect();
    let others: Vec<usize> =
        (0..units.list.len()).filter(|&at| !is_part(&units.list[at], unit, &own_practices)).collect();
    let common = common(&table, &others, buckets);
    let used: Vec<usize> = others.into_iter().filter(|&at| has_all(&table, at, &common)).collect();
    let among = units.list.len();
    if used.len() < FEWEST {
        let told = format!(
            "a season takes {FEWEST} peers, beside the organisation itself, with a value in every point in which half of them have one, and {} of {} are: ask for longer points, a shorter window or more peers",
            count(used.len()),
            count(among)
        );
        return Err(Fault::NotComparable(told));
    }
    let expected = seasonal_expectation(&own, &sums(&table, &used, &common), kind != Kind::Number)
        .map_err(|fault| Fault::NotComparable(fault.to_string()))?;
    let whose = format!("the season is that of {} peers, of {} asked for", count(used.len()), count(among));
    notes.insert(
        0,
        format!(
            "{whose}: all but the organisation itself and those that lack a value where half of them have one; points where fewer have one have no value; working days and bank holidays are in it"
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

/// Points that the window does not cut and in which half of these peers have a value: of days, those on which they are open.
fn common(table: &Table, peers: &[usize], buckets: &Buckets) -> Vec<bool> {
    let with = |point: usize| peers.iter().filter(|&&at| table.unit(at)[point].is_some()).count();
    let shared = |with: usize| with > 0 && 2 * with >= peers.len();
    let points = buckets.list().iter().enumerate();
    points.map(|(point, bucket)| !bucket.partial && shared(with(point))).collect()
}

fn has_all(table: &Table, unit: usize, points: &[bool]) -> bool {
    table.unit(unit).iter().zip(points).all(|(pair, wanted)| pair.is_some() || !wanted)
}

/// What these peers have together in these points.
fn sums(table: &Table, peers: &[usize], points: &[bool]) -> Vec<Option<Pair>> {
    let of = |point: usize| sum(peers.iter().filter_map(|&at| table.unit(at)[point].as_ref()));
    points.iter().enumerate().map(|(point, wanted)| wanted.then(|| of(point))).collect()
}
