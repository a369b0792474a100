//! The chance to be worse than the one value that k units are expected to be worse than: what scales to all of England.

use super::posterior::Curve;

/// The value, and by unit the chance to be worse than it.
pub(super) fn among_worst(curves: &[Curve], k: usize) -> (f64, Vec<f64>) {
    let mut low = curves.iter().map(|curve| curve.from).fold(f64::INFINITY, f64::min);
    let mut high = curves.iter().map(|curve| curve.until).fold(f64::NEG_INFINITY, f64::max);
    let chances = |at: f64| curves.iter().map(move |curve| curve.worse_than(at));
    if k == 0 || k >= curves.len() {
        let (at, all) = if k == 0 { (high, 0.0) } else { (low, 1.0) };
        return (curves[0].value(at), vec![all; curves.len()]);
    }
    let k = k as f64;
    // The sum falls from N to 0. Secant steps where they stay inside, halving where they don't.
    let (mut above, mut below) = (curves.len() as f64 - k, -k);
    for step in 0..200 {
        let secant = low + (high - low) * above / (above - below);
        let middle = 0.5 * (low + high);
        let at = if step % 2 == 1 && secant > low && secant < high { secant } else { middle };
        if at <= low || at >= high {
            break;
        }
        let excess = chances(at).sum::<f64>() - k;
        if excess == 0.0 {
            (low, high) = (at, at);
            break;
        }
        if excess > 0.0 {
            (low, above) = (at, excess);
        } else {
            (high, below) = (at, excess);
        }
    }
    let (at, excess) = if above <= -below { (low, above) } else { (high, below) };
    let mut probability: Vec<f64> = chances(at).collect();
    spread(&mut probability, if low == high { 0.0 } else { excess });
    (curves[0].value(at), probability)
}

/// Takes what is over k in all from the units that can be told least: where many are certain, no value is worse for exactly k of them.
fn spread(probability: &mut [f64], excess: f64) {
    let open: f64 = probability.iter().map(|p| p * (1.0 - p)).sum();
    if excess.abs() < 1e-12 || open <= 0.0 {
        return;
    }
    for p in probability.iter_mut() {
        *p = (*p - excess * *p * (1.0 - *p) / open).clamp(0.0, 1.0);
    }
}
