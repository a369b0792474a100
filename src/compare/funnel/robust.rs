//! The robust estimates of spread: no unit, however far out, moves them by more than one c^2 / n.

use super::scale::Scaled;
use crate::compare::undefined::{Undefined, computed};

/// The normal 90% point: what lies further out counts as lying there.
const C: f64 = 1.281_551_565_544_600_4;
/// The mean of min(|z|, C)^2 for normal z: 0.8 - 2 C phi(C) + 0.2 C^2, with phi the normal density.
const K: f64 = 0.678_654_558_952_874_7;

/// Halvings at most; about 55 close the bracket to the last digits.
const HALVINGS: usize = 200;

/// The variance to be added to every unit's own.
pub(super) fn tau_squared(units: &[Scaled]) -> Result<f64, Undefined> {
    let squares: Vec<(f64, f64)> =
        units.iter().map(|unit| (unit.distance * unit.distance, unit.error * unit.error)).collect();
    solve(units.len(), |tau_squared| mean_loss(&squares, |own| own + tau_squared), &squares)
}

/// The factor on every unit's own variance.
pub(super) fn phi(units: &[Scaled]) -> Result<f64, Undefined> {
    let squares: Vec<(f64, f64)> = units.iter().map(|unit| (unit.z() * unit.z(), 1.0)).collect();
    solve(units.len(), |phi| mean_loss(&squares, |_| phi), &squares)
}

/// The mean over units of the squared standardised distance, held at C squared.
fn mean_loss(squares: &[(f64, f64)], variance: impl Fn(f64) -> f64) -> f64 {
    let sum: f64 = squares
        .iter()
        .map(|(distance, own)| if *distance == 0.0 { 0.0 } else { (distance / variance(*own)).min(C * C) })
        .sum();
    sum / squares.len() as f64
}

/// Where the falling `loss` passes K; 0 where it starts at or under it.
fn solve(units: usize, loss: impl Fn(f64) -> f64, squares: &[(f64, f64)]) -> Result<f64, Undefined> {
    if loss(0.0) <= K {
        return Ok(0.0);
    }
    let zeros = squares.iter().filter(|(distance, _)| !distance.is_finite()).count();
    if zeros as f64 * C * C >= K * units as f64 {
        return Err(Undefined::TooManyZeros { zeros, units });
    }
    // Without infinite distances the mean of the squares over K is enough; with them it is where to start.
    let finite = squares.iter().map(|(distance, _)| distance).filter(|distance| distance.is_finite());
    let mut high = computed(finite.sum::<f64>() / units as f64 / K, "the spread")?.max(f64::MIN_POSITIVE);
    while loss(high) > K {
        high = computed(high * 2.0, "the spread")?;
    }
    let mut low = 0.0;
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if loss(middle) > K {
            low = middle
        } else {
            high = middle
        }
        if high - low <= 1e-15 * high {
            break;
        }
    }
    Ok(low + (high - low) / 2.0)
}
