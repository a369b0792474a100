//! What is believed about a unit's true value, and the same on a line where "worse" is to the right and integrals converge fast.

use statrs::function::gamma::{checked_gamma_lr, checked_gamma_ur, ln_gamma};

use super::panels::Need;
use super::{RankRefusal, Worst};
use crate::compare::normal;

/// What is believed about one unit's true value, given its counts and its peers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Posterior {
    /// Normal, on whatever scale the values were transformed to. `sd` 0 means certain.
    Normal {
        /// Its mean.
        mean: f64,
        /// Its standard deviation, 0 or more.
        sd: f64,
    },
    /// Beta, of a proportion.
    Beta {
        /// First shape, at least [`Posterior::SMALLEST_SHAPE`].
        alpha: f64,
        /// Second shape, at least [`Posterior::SMALLEST_SHAPE`].
        beta: f64,
    },
    /// Gamma, of a rate or ratio.
    Gamma {
        /// Shape, at least [`Posterior::SMALLEST_SHAPE`].
        shape: f64,
        /// Rate (the inverse of the scale), over 0.
        rate: f64,
    },
}

impl Posterior {
    /// Shapes under this leave a unit's value open over hundreds of orders of magnitude: they are refused.
    pub const SMALLEST_SHAPE: f64 = 0.1;

    /// Largest number that is taken as a parameter.
    pub const LARGEST: f64 = 1e9;

    /// The posterior's mean.
    pub fn mean(self) -> f64 {
        match self {
            Self::Normal { mean, .. } => mean,
            Self::Beta { alpha, beta } => alpha / (alpha + beta),
            Self::Gamma { shape, rate } => shape / rate,
        }
    }

    fn is_defined(self) -> bool {
        let shape = |shape: f64| (Self::SMALLEST_SHAPE..=Self::LARGEST).contains(&shape);
        match self {
            Self::Normal { mean, sd } => mean.abs() <= Self::LARGEST && (0.0..=Self::LARGEST).contains(&sd),
            Self::Beta { alpha, beta } => shape(alpha) && shape(beta),
            Self::Gamma { shape: a, rate } => {
                shape(a) && (1.0 / Self::LARGEST..=Self::LARGEST).contains(&rate)
            }
        }
    }
}

/// A posterior on the line: normal values as they are, proportions as log odds, ratios as logarithms; turned round where low is worse.
#[derive(Clone, Copy, Debug)]
pub(super) struct Curve {
    posterior: Posterior,
    /// 1 where high is worse, -1 where low is.
    sign: f64,
    /// Logarithm of the density's constant.
    constant: f64,
    /// Outside `from..until` the density is under `exp(-DROP)` of its highest.
    pub(super) from: f64,
    pub(super) until: f64,
    /// About the standard deviation.
    pub(super) scale: f64,
}

/// How far, in logarithms, a density falls before it is left out: to 2e-35 of its highest.
const DROP: f64 = 80.0;

/// Panels of an integral may be this many scales wide: 16 points then give 1e-13.
const PANEL: f64 = 3.5;

/// Log odds and logarithms have features of this size however flat the posterior is.
const WIDEST_SCALE: f64 = 0.55;

/// Units as curves.
///
/// Normal posteriors narrower than a billionth of the whole span, certain ones among them, are given that width; certain ones alone a
/// fortieth of the smallest gap, so that equal ones tie and all others are told apart.
pub(super) fn curves(posteriors: &[Posterior], worst: Worst) -> Result<Vec<Curve>, RankRefusal> {
    if posteriors.is_empty() {
        return Err(RankRefusal::NoUnits);
    }
    for (unit, posterior) in posteriors.iter().enumerate() {
        if !posterior.is_defined() {
            return Err(RankRefusal::Undefined { unit });
        }
        if std::mem::discriminant(posterior) != std::mem::discriminant(&posteriors[0]) {
            return Err(RankRefusal::Mixed { unit });
        }
    }
    let floor = floor(posteriors);
    Ok(posteriors.iter().map(|&posterior| Curve::new(posterior, worst, floor)).collect())
}

/// The least standard deviation that normal posteriors are given.
fn floor(posteriors: &[Posterior]) -> f64 {
    let normals: Vec<(f64, f64)> = posteriors
        .iter()
        .filter_map(|posterior| match *posterior {
            Posterior::Normal { mean, sd } => Some((mean, sd)),
            Posterior::Beta { .. } | Posterior::Gamma { .. } => None,
        })
        .collect();
    let widest = normals.iter().map(|&(_, sd)| sd).fold(0.0, f64::max);
    let mut means: Vec<f64> = normals.iter().map(|&(mean, _)| mean).collect();
    means.sort_by(f64::total_cmp);
    let (Some(first), Some(last)) = (means.first(), means.last()) else { return 0.0 };
    let span = last - first + widest;
    // Differences that floating point cannot carry are none.
    let smallest = (1e-9 * span).max(1e-13 * first.abs().max(last.abs()));
    if span == 0.0 {
        return smallest.max(1.0);
    }
    let gap = means.windows(2).map(|pair| pair[1] - pair[0]).filter(|&gap| gap > smallest);
    if widest == 0.0 { (gap.fold(span, f64::min) / 40.0).max(smallest) } else { smallest }
}

impl Curve {
    fn new(posterior: Posterior, worst: Worst, floor: f64) -> Self {
        let sign = if worst == Worst::Highest { 1.0 } else { -1.0 };
        let (posterior, constant, mode, scale) = match posterior {
            Posterior::Normal { mean, sd } => {
                let sd = sd.max(floor);
                (Posterior::Normal { mean, sd }, 0.0, mean, sd)
            }
            Posterior::Beta { alpha, beta } => {
                let constant = ln_gamma(alpha + beta) - ln_gamma(alpha) - ln_gamma(beta);
                (posterior, constant, (alpha / beta).ln(), (1.0 / alpha + 1.0 / beta).sqrt())
            }
            Posterior::Gamma { shape, rate } => {
                let constant = shape * rate.ln() - ln_gamma(shape);
                (posterior, constant, (shape / rate).ln(), (1.0 / shape).sqrt())
            }
        };
        let mut curve = Self { posterior, sign, constant, from: 0.0, until: 0.0, scale };
        let highest = curve.log_density(mode);
        let edge = |way: f64| {
            let mut inner = scale;
            while highest - curve.log_density(mode + way * 2.0 * inner) < DROP && inner < 1e30 {
                inner *= 2.0;
            }
            let mut outer = 2.0 * inner;
            for _ in 0..12 {
                let middle = 0.5 * (inner + outer);
                if highest - curve.log_density(mode + way * middle) < DROP {
                    inner = middle;
                } else {
                    outer = middle;
                }
            }
            mode + way * outer
        };
        let (lower, upper) = (edge(-1.0), edge(1.0));
        (curve.from, curve.until) = if sign > 0.0 { (lower, upper) } else { (-upper, -lower) };
        curve
    }

    /// The chance that the unit is worse than `at`.
    pub(super) fn worse_than(&self, at: f64) -> f64 {
        let x = self.sign * at;
        let above = self.sign > 0.0;
        match self.posterior {
            Posterior::Normal { mean, sd } => normal::sf(self.sign * (x - mean) / sd),
            Posterior::Beta { alpha, beta } => {
                let front = self.log_density(x).exp();
                if above { beta_below(beta, alpha, -x, front) } else { beta_below(alpha, beta, x, front) }
            }
            Posterior::Gamma { shape, rate } => {
                let t = rate * x.exp();
                let part = if above { checked_gamma_ur(shape, t) } else { checked_gamma_lr(shape, t) };
                // Refused only where exp gave 0 or infinity.
                part.unwrap_or(if (t == 0.0) == above { 1.0 } else { 0.0 })
            }
        }
    }

    /// The density on the line.
    pub(super) fn density(&self, at: f64) -> f64 {
        if at <= self.from || at >= self.until { 0.0 } else { self.log_density(self.sign * at).exp() }
    }

    /// Mean and standard deviation on the line, of a normal posterior.
    pub(super) fn normal(&self) -> Option<(f64, f64)> {
        match self.posterior {
            Posterior::Normal { mean, sd } => Some((self.sign * mean, sd)),
            Posterior::Beta { .. } | Posterior::Gamma { .. } => None,
        }
    }

    /// A place on the line as a value on the posterior's own scale.
    pub(super) fn value(&self, at: f64) -> f64 {
        let x = self.sign * at;
        match self.posterior {
            Posterior::Normal { .. } => x,
            Posterior::Beta { .. } => (-softplus(-x)).exp(),
            Posterior::Gamma { .. } => x.exp(),
        }
    }

    /// How wide panels may be for this curve.
    pub(super) fn need(&self) -> Need {
        let scale = match self.posterior {
            Posterior::Normal { .. } => self.scale,
            Posterior::Beta { .. } | Posterior::Gamma { .. } => self.scale.min(WIDEST_SCALE),
        };
        Need { from: self.from, until: self.until, widest: PANEL * scale }
    }

    fn log_density(&self, x: f64) -> f64 {
        match self.posterior {
            Posterior::Normal { mean, sd } => {
                normal::pdf(0.0).ln() - sd.ln() - 0.5 * ((x - mean) / sd).powi(2)
            }
            Posterior::Beta { alpha, beta } => self.constant - alpha * softplus(-x) - beta * softplus(x),
            Posterior::Gamma { shape, rate } => self.constant + shape * x - rate * x.exp(),
        }
    }
}

/// ln(1 + exp(x)).
fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

/// P(log odds <= x) for Beta(a, b); `front` is the density of the log odds at x.
///
/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8) by Lentz's method. statrs stops it after 140 steps, which is
/// too few for the shapes that 100,000 calls a month lead to; here it may take as many as it needs.
fn beta_below(a: f64, b: f64, x: f64, front: f64) -> f64 {
    let p = (-softplus(-x)).exp();
    let q = (-softplus(x)).exp();
    let part = if p < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, p) / a
    } else {
        1.0 - front * beta_fraction(b, a, q) / b
    };
    part.clamp(0.0, 1.0)
}

fn beta_fraction(a: f64, b: f64, p: f64) -> f64 {
    let kept = |value: f64| if value.abs() < 1e-290 { 1e-290 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / kept(1.0 - (a + b) * p / (a + 1.0));
    let mut value = d;
    // The steps needed grow with the root of the larger shape.
    for step in 1..4_000_000_u32 {
        let m = f64::from(step);
        let even = m * (b - m) * p / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / kept(1.0 + even * d);
        c = kept(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * p / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / kept(1.0 + odd * d);
        c = kept(1.0 + odd / c);
        value *= d * c;
        if (d * c - 1.0).abs() < 3e-16 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use statrs::function::beta::beta_reg;

    use super::super::panels::nodes;
    use super::*;

    #[test]
    fn densities_integrate_to_one_and_tails_to_their_integrals() {
        let cases = [
            Posterior::Normal { mean: 3.0, sd: 0.01 },
            Posterior::Beta { alpha: 0.1, beta: 40.0 },
            Posterior::Beta { alpha: 606.3, beta: 2_540.2 },
            Posterior::Beta { alpha: 30_000.5, beta: 120_000.5 },
            Posterior::Gamma { shape: 0.2, rate: 3.0 },
            Posterior::Gamma { shape: 4_000.0, rate: 3_900.0 },
        ];
        for posterior in cases {
            for worst in [Worst::Highest, Worst::Lowest] {
                let curve = curves(&[posterior], worst).unwrap()[0];
                let all = nodes(&[curve.need()], &|_, _| false);
                let total: f64 = all.iter().map(|node| node.weight * curve.density(node.at)).sum();
                assert!((total - 1.0).abs() < 2e-10, "{posterior:?}: {total}");
                let half: f64 = all
                    .iter()
                    .map(|node| node.weight * curve.density(node.at) * curve.worse_than(node.at))
                    .sum();
                assert!((half - 0.5).abs() < 2e-10, "{posterior:?}: {half}");
            }
        }
    }

    #[test]
    fn the_incomplete_beta_is_that_of_statrs_where_statrs_converges() {
        for (alpha, beta) in [(0.5, 0.5), (3.0, 7.0), (36.3, 410.2), (600.0, 2_500.0)] {
            let curve = curves(&[Posterior::Beta { alpha, beta }], Worst::Lowest).unwrap()[0];
            for p in [0.02, 0.08, 0.193, 0.5, 0.9] {
                let at = -(p / (1.0_f64 - p)).ln();
                let ours = curve.worse_than(at);
                let theirs = beta_reg(alpha, beta, p);
                assert!(
                    (ours - theirs).abs() <= 1e-12 + 1e-10 * theirs,
                    "{alpha} {beta} {p}: {ours} {theirs}"
                );
            }
        }
    }
}
