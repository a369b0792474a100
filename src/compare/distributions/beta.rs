//! The beta distribution.

use statrs::function::beta::{beta_reg, ln_beta};

use super::inverse::solve;
use super::{parameter, probability};
use crate::compare::undefined::{Undefined, computed, within};

/// P(X <= x) for X beta-distributed with shapes `a` and `b`: the regularised incomplete beta function.
///
/// # Errors
/// `x` is not from 0 to 1; a shape is outside 1e-9 to 1e9.
pub fn beta_cdf(x: f64, a: f64, b: f64) -> Result<f64, Undefined> {
    let (a, b) = (parameter(a, "the first shape")?, parameter(b, "the second shape")?);
    let x = within(x, "the value", 0.0, 1.0)?;
    Ok(tails(a, b, x, 1.0 - x).0)
}

/// The value that a beta-distributed X stays at or under with probability `p`.
///
/// # Errors
/// `p` is not between 0 and 1; a shape is outside 1e-9 to 1e9.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> Result<f64, Undefined> {
    let (a, b) = (parameter(a, "the first shape")?, parameter(b, "the second shape")?);
    let p = probability(p)?;
    let ln_beta = ln_beta(a, b);
    let lower_tail = p <= 0.5;
    let target = if lower_tail { p.ln() } else { (1.0 - p).ln() };
    // In the log odds u of x, so that neither end loses its digits; u never leaves what f64 can hold.
    let start = (a / b).ln().clamp(-700.0, 700.0);
    let u = solve(start, |u| {
        let u = u.clamp(-745.0, 745.0);
        let (x, y) = (1.0 / (1.0 + (-u).exp()), 1.0 / (1.0 + u.exp()));
        let ln_density = a * x.ln() + b * y.ln() - ln_beta;
        let (below, above) = tails(a, b, x, y);
        if lower_tail {
            (below.ln() - target, (ln_density - below.ln()).exp())
        } else {
            (target - above.ln(), (ln_density - above.ln()).exp())
        }
    });
    computed(1.0 / (1.0 + (-u).exp()), "a quantile")
}

/// Both tails at x = 1 - y, the smaller of them to full relative precision.
pub(super) fn tails(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if x <= 0.0 {
        (0.0, 1.0)
    } else if y <= 0.0 {
        (1.0, 0.0)
    } else if x <= (a + 1.0) / (a + b + 2.0) {
        let below = regularised(a, b, x, y).clamp(0.0, 1.0);
        (below, 1.0 - below)
    } else {
        let above = regularised(b, a, y, x).clamp(0.0, 1.0);
        (1.0 - above, above)
    }
}

/// Shapes up to which the 140 terms that statrs takes are enough; the number needed grows with their root.
const STATRS_SHAPES: f64 = 2_500.0;

/// I_x(a, b) for x = 1 - y at or below (a + 1) / (a + b + 2).
fn regularised(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if a.max(b) <= STATRS_SHAPES { beta_reg(a, b, x) } else { continued_fraction(a, b, x, y) }
}

/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by the method of Lentz, until it settles.
fn continued_fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    const TINY: f64 = 1e-290;
    let away_from_0 = |value: f64| if value.abs() < TINY { TINY } else { value };
    let front = (a * x.ln() + b * y.ln() - ln_beta(a, b)).exp() / a;
    let mut c = 1.0;
    let mut d = 1.0 / away_from_0(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    // Some multiple of the root of the largest shape taken is always enough.
    for m in 1..400_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / away_from_0(1.0 + term * d);
            c = away_from_0(1.0 + term / c);
            change *= c * d;
        }
        fraction *= change;
        if (change - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    front * fraction
}
