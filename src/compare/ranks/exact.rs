//! The chance to be among the worst k by numerical integration: at each point the number of others that are worse is Poisson-binomial.

use super::panels::{Need, Node, nodes};
use super::posterior::Curve;

/// Chances below exp(-SKIP) are taken for 0.
const SKIP: f64 = 80.0;

/// Panels may be this many widths of the step from "fewer than k are worse" to "more are" wide.
const STEP_PANEL: f64 = 4.0;

/// By unit the chance to be among the worst `k`.
pub(super) fn among_worst(curves: &[Curve], k: usize) -> Vec<f64> {
    among_worst_on(curves, k, STEP_PANEL)
}

/// The same with panels of another width, by which tests see that it has converged.
pub(super) fn among_worst_on(curves: &[Curve], k: usize, step_panel: f64) -> Vec<f64> {
    let units = curves.len();
    if k == 0 || k >= units {
        return vec![if k == 0 { 0.0 } else { 1.0 }; units];
    }
    let needs: Vec<Need> = curves.iter().map(Curve::need).collect();
    // The number that are worse than t has the deviation sqrt(V) and falls by D a unit of t: the step is sqrt(V) / D wide.
    let too_wide = |from: f64, until: f64| {
        let at = 0.5 * (from + until);
        let (mut mean, mut variance, mut falls) = (0.0, 0.0, 0.0);
        for curve in curves {
            let q = curve.worse_than(at);
            mean += q;
            variance += q * (1.0 - q);
            falls += curve.density(at);
        }
        let far = certain(mean, variance + 1.0, k, falls * (until - from)).is_some();
        !far && (until - from) * falls > step_panel * (variance + 0.25).sqrt()
    };
    let mut probability = vec![0.0; units];
    let mut room = Room::default();
    for node in nodes(&needs, &too_wide) {
        room.add(curves, k, node, &mut probability);
    }
    probability.iter().map(|p| p.clamp(0.0, 1.0)).collect()
}

/// Whether at most k - 1 of the others are worse, where that is certain by Bernstein's inequality, though the mean be off by `slack`.
fn certain(mean: f64, variance: f64, k: usize, slack: f64) -> Option<bool> {
    let k = k as f64;
    let surely = |distance: f64| {
        distance > 0.0 && distance * distance > 2.0 * SKIP * (variance + slack + distance / 3.0)
    };
    // One unit is left out, by which the mean falls by 1 at most.
    if surely(mean - 1.0 - slack - (k - 1.0)) {
        Some(false)
    } else if surely(k - mean - slack) {
        Some(true)
    } else {
        None
    }
}

/// Memory that is used again at every point.
#[derive(Default)]
struct Room {
    open: Vec<(usize, f64, f64)>,
    /// A row an open unit: the chances that 0, 1 .. of the open ones before it are worse.
    before: Vec<f64>,
    /// Chances that at most so many of the open ones after it are worse, the largest number first.
    after: Vec<f64>,
}

impl Room {
    fn add(&mut self, curves: &[Curve], k: usize, node: Node, probability: &mut [f64]) {
        self.open.clear();
        let (mut surely, mut mean, mut variance) = (0, 0.0, 0.0);
        for (unit, curve) in curves.iter().enumerate() {
            if node.at <= curve.from {
                surely += 1;
            } else if node.at < curve.until {
                let q = curve.worse_than(node.at);
                mean += q;
                variance += q * (1.0 - q);
                self.open.push((unit, q, node.weight * curve.density(node.at)));
            }
        }
        let Some(left) = k.checked_sub(surely).filter(|&left| left > 0) else { return };
        match certain(mean, variance, left, 0.0) {
            Some(false) => {}
            Some(true) => self.open.iter().for_each(|&(unit, _, mass)| probability[unit] += mass),
            None if left >= self.open.len() => {
                self.open.iter().for_each(|&(unit, _, mass)| probability[unit] += mass);
            }
            None => self.add_uncertain(left, probability),
        }
    }

    /// Adds mass times P(at most `left` - 1 of the other open units are worse): those before and those after a unit, convolved. All terms are
    /// positive, so nothing cancels.
    fn add_uncertain(&mut self, left: usize, probability: &mut [f64]) {
        let open = self.open.len();
        self.before.clear();
        self.before.resize(open * left, 0.0);
        self.before[0] = 1.0;
        for at in 1..open {
            let q = self.open[at - 1].1;
            let (done, rest) = self.before.split_at_mut(at * left);
            let (old, new) = (&done[(at - 1) * left..], &mut rest[..left]);
            let some = at.min(left - 1);
            new[0] = old[0] * (1.0 - q);
            for ((new, here), below) in new[1..=some].iter_mut().zip(&old[1..=some]).zip(&old[..some]) {
                *new = here * (1.0 - q) + below * q;
            }
        }
        self.after.clear();
        self.after.resize(left + 1, 1.0);
        self.after[left] = 0.0;
        for at in (0..open).rev() {
            let (unit, q, mass) = self.open[at];
            let some = (at + 1).min(left);
            probability[unit] += mass * dot(&self.before[at * left..at * left + some], &self.after[..some]);
            for number in 0..left {
                self.after[number] = self.after[number] * (1.0 - q) + self.after[number + 1] * q;
            }
        }
    }
}

/// A sum of products in four lanes.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a4.zip(b4) {
        for lane in 0..4 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    rest + lanes.iter().sum::<f64>()
}
