//! Expected ranks with intervals.
//!
//! ER_i = 1 + sum over j of P(theta_j worse than theta_i), and PCER = 100 (N + 0.5 - ER) / N (Lin et al. 2006; Lingsma et al. 2009, BMC Medical Research
//! Methodology 9:53). The sum over pairs is one integral a unit: ER_i = 1/2 + the integral of f_i(t) S(t), where S(t) is how many units are expected to be worse
//! than t. S is evaluated once at every point, so N units cost N times the points instead of N squared.

use super::panels::{Need, Node, nodes};
use super::posterior::Curve;
use crate::compare::normal::Table;

/// Units up to which intervals of ranks are exact.
const EXACT_INTERVALS_UP_TO: usize = 100;

/// How the intervals of ranks were computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntervalMethod {
    /// From the whole distribution of every unit's rank.
    Exact,
    /// As if, given a unit's value, the number of worse ones were normal: off by a rank or so.
    NormalCounts,
}

/// The rank of one unit, 1 for the worst.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpectedRank {
    /// The expected rank, from 1 to N; not a whole number.
    pub expected: f64,
    /// Lower end of the 95% interval, a rank.
    pub lower: usize,
    /// The median rank.
    pub median: usize,
    /// Upper end of the 95% interval, a rank.
    pub upper: usize,
    /// The percentile based on the expected rank, near 100 for the worst: 100 (ER - 0.5) / N with ranks counted from the best.
    pub percentile: f64,
}

/// The ranks of all units.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedRanks {
    /// By unit.
    pub ranks: Vec<ExpectedRank>,
    /// How the intervals were computed.
    pub intervals: IntervalMethod,
    /// Most by which an expected rank may be off.
    pub error: f64,
}

/// What all units together do at a point.
struct Crowd {
    node: Node,
    /// How many are expected to be worse.
    worse: f64,
    /// The variance of that number.
    variance: f64,
}

/// Expected ranks and intervals of all units.
pub(super) fn ranks(curves: &[Curve]) -> ExpectedRanks {
    let n = curves.len() as f64;
    let needs: Vec<Need> = curves.iter().map(Curve::need).collect();
    let nodes = nodes(&needs, &|_, _| false);
    let (expected, approximate) = expected_and_quantiles(curves, &nodes);
    let (intervals, quantiles) = if curves.len() <= EXACT_INTERVALS_UP_TO {
        (IntervalMethod::Exact, exact_quantiles(curves, &nodes))
    } else {
        (IntervalMethod::NormalCounts, approximate)
    };
    let ranks = expected
        .into_iter()
        .zip(quantiles)
        .map(|(expected, [lower, median, upper])| ExpectedRank {
            expected,
            lower,
            median,
            upper,
            percentile: 100.0 * (n + 0.5 - expected) / n,
        })
        .collect();
    // A table value each for S and f, and 16 points a panel that leave 1e-12.
    ExpectedRanks { ranks, intervals, error: n * (2.0 * Table::ERROR + 1e-12) + 1e-10 }
}

/// The nodes that a curve reaches, as positions.
fn reach(curve: &Curve, nodes: &[Node]) -> std::ops::Range<usize> {
    // Beyond this the table has 0 and 1.
    let (from, until) = match curve.normal() {
        Some((mean, sd)) => (mean - Table::END * sd, mean + Table::END * sd),
        None => (curve.from, curve.until),
    };
    nodes.partition_point(|node| node.at <= from)..nodes.partition_point(|node| node.at < until)
}

/// The chance to be worse than a point and the density there, by table for normal curves.
fn at(curve: &Curve, normal: Option<(f64, f64)>, table: &Table, at: f64) -> (f64, f64) {
    match normal {
        Some((mean, sd)) => {
            let (upper, density) = table.upper_and_density((at - mean) / sd);
            (upper, density / sd)
        }
        None => (curve.worse_than(at), curve.density(at)),
    }
}

/// What all units do at every point.
fn crowd(curves: &[Curve], nodes: &[Node]) -> Vec<Crowd> {
    let table = Table::get();
    let mut crowd: Vec<Crowd> = nodes.iter().map(|&node| Crowd { node, worse: 0.0, variance: 0.0 }).collect();
    // Units that are worse than all points before a position, as steps.
    let mut steps = vec![0.0; nodes.len() + 1];
    for curve in curves {
        let reach = reach(curve, nodes);
        steps[reach.start] += 1.0;
        let normal = curve.normal();
        for point in &mut crowd[reach] {
            let (q, _) = at(curve, normal, table, point.node.at);
            point.worse += q;
            point.variance += q * (1.0 - q);
        }
    }
    let mut surely: f64 = steps.iter().sum();
    for (point, step) in crowd.iter_mut().zip(&steps) {
        surely -= step;
        point.worse += surely;
    }
    crowd
}

/// By unit the expected rank, and its ranks at 2.5%, 50% and 97.5%: given a unit's value, the number of worse ones is taken for normal with its own
/// mean and variance.
fn expected_and_quantiles(curves: &[Curve], nodes: &[Node]) -> (Vec<f64>, Vec<[usize; 3]>) {
    let table = Table::get();
    let crowd = crowd(curves, nodes);
    let mut places: Vec<Place> = Vec::new();
    curves
        .iter()
        .map(|curve| {
            let normal = curve.normal();
            places.clear();
            let (mut sum, mut total, mut widest) = (0.0, 0.0, 0.0_f64);
            for point in &crowd[reach(curve, nodes)] {
                let (q, density) = at(curve, normal, table, point.node.at);
                let mass = point.node.weight * density;
                let variance = (point.variance - q * (1.0 - q)).max(1e-4);
                widest = widest.max(variance);
                let per_deviation = variance.sqrt().recip();
                places.push(Place { mass_before: total, mass, worse: point.worse - q, per_deviation });
                total += mass;
                sum += mass * point.worse;
            }
            let share = if total > 0.0 { sum / total } else { 0.5 };
            let expected = (0.5 + share).clamp(1.0, curves.len() as f64);
            (expected, quantiles(&places, total, widest.sqrt(), curves.len(), table))
        })
        .unzip()
}

/// Ranks at 2.5%, 50% and 97.5% by the whole distribution of every rank.
fn exact_quantiles(curves: &[Curve], nodes: &[Node]) -> Vec<[usize; 3]> {
    let units = curves.len();
    let mut chances = vec![0.0; units * units];
    let mut counts = Vec::new();
    let mut others = vec![0.0; units];
    for node in nodes {
        let surely = curves.iter().filter(|curve| node.at <= curve.from).count();
        let open: Vec<usize> =
            (0..units).filter(|&unit| curves[unit].from < node.at && node.at < curves[unit].until).collect();
        let worse: Vec<f64> = open.iter().map(|&unit| curves[unit].worse_than(node.at)).collect();
        poisson_binomial(&worse, &mut counts);
        for (&unit, &q) in open.iter().zip(&worse) {
            let mass = node.weight * curves[unit].density(node.at);
            if mass < 1e-18 {
                continue;
            }
            let others = &mut others[..open.len()];
            leave_out(&counts, q, others);
            let row = &mut chances[unit * units + surely..];
            row.iter_mut().zip(&*others).for_each(|(chance, other)| *chance += mass * other);
        }
    }
    chances
        .chunks_exact(units)
        .map(|row| {
            let total: f64 = row.iter().sum();
            [0.025, 0.5, 0.975].map(|level| {
                let mut sum = 0.0;
                let reached = |chance: &f64| {
                    sum += chance;
                    sum >= level * total
                };
                row.iter().position(reached).map_or(units, |better| better + 1)
            })
        })
        .collect()
}

/// The chances that 0, 1 .. of independent events with these chances happen.
fn poisson_binomial(events: &[f64], counts: &mut Vec<f64>) {
    counts.clear();
    counts.push(1.0);
    for &q in events {
        counts.push(0.0);
        for number in (1..counts.len()).rev() {
            counts[number] = counts[number] * (1.0 - q) + counts[number - 1] * q;
        }
        counts[0] *= 1.0 - q;
    }
}

/// Takes one event out of a Poisson-binomial distribution: from the end at which errors shrink.
fn leave_out(counts: &[f64], q: f64, others: &mut [f64]) {
    if q <= 0.5 {
        let mut below = 0.0;
        for (other, count) in others.iter_mut().zip(counts) {
            below = ((count - q * below) / (1.0 - q)).max(0.0);
            *other = below;
        }
    } else {
        let mut above = 0.0;
        for (other, count) in others.iter_mut().zip(&counts[1..]).rev() {
            above = ((count - (1.0 - q) * above) / q).max(0.0);
            *other = above;
        }
    }
}

/// A point at which a unit's value may be: the mass of all points before it, how many others are expected to be worse, and one over the deviation of that.
struct Place {
    mass_before: f64,
    mass: f64,
    worse: f64,
    per_deviation: f64,
}

/// Deviations of a count beyond which it is taken for certain when ranks are placed: 3e-6 at either side.
const FAR: f64 = 4.5;

/// The least ranks that are not exceeded with these chances. Places are in order, the worst value last.
fn quantiles(places: &[Place], total: f64, widest: f64, units: usize, table: &Table) -> [usize; 3] {
    let far = FAR * widest;
    let not_above = |rank: usize| {
        // Half a rank corrects for whole numbers.
        let at = rank as f64 - 0.5;
        let from = places.partition_point(|place| place.worse > at + far);
        let until = from + places[from..].partition_point(|place| place.worse > at - far);
        let open: f64 =
            places[from..until].iter().map(|p| p.mass * table.lower((at - p.worse) * p.per_deviation)).sum();
        open + places.get(until).map_or(0.0, |place| total - place.mass_before)
    };
    [0.025, 0.5, 0.975].map(|level| {
        let aim = level * total;
        // The worst values have the lowest ranks, so the mass from the end on is that of the ranks up to there.
        let near = places.partition_point(|place| total - place.mass_before > aim).saturating_sub(1);
        let guess = places.get(near).map_or(0.5, |place| place.worse) + 1.0;
        let (mut low, mut high) = (1, units);
        let mut step = (0.5 * widest).max(1.0) as usize;
        let mut rank = (guess as usize).clamp(1, units);
        // Outwards in doubling steps until the rank is between two, then by halving.
        while low < high {
            if not_above(rank) >= aim {
                high = rank;
                let next = high.saturating_sub(step);
                rank = if next > low { next } else { (low + high) / 2 };
            } else {
                low = rank + 1;
                let next = low + step;
                rank = if next < high { next } else { (low + high) / 2 };
            }
            step = if low > 1 && high < units { 1 + (high - low) / 2 } else { 2 * step };
        }
        low.min(units)
    })
}

/// The quantiles that more units than [`EXACT_INTERVALS_UP_TO`] get, for any number of them.
#[cfg(test)]
pub(super) fn approximate_quantiles(curves: &[Curve]) -> Vec<[usize; 3]> {
    let needs: Vec<Need> = curves.iter().map(Curve::need).collect();
    let nodes = nodes(&needs, &|_, _| false);
    expected_and_quantiles(curves, &nodes).1
}
