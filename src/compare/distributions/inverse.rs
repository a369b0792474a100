//! Solves an increasing function for a value: Newton's steps, kept inside a bracket that bisection closes.

/// The most steps taken; about 10 do in practice.
const STEPS: usize = 400;

/// Finds `u` with f(u) = 0 for an increasing `f`, which returns its value and its slope. Starts at `start` and looks for a bracket by doubling steps.
///
/// Values of -infinity and +infinity are understood as "far too low" and "far too high".
pub(super) fn solve(start: f64, f: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    let mut u = start;
    let mut width = 1.0;
    for _ in 0..STEPS {
        let (value, slope) = f(u);
        if value == 0.0 {
            return u;
        }
        if value < 0.0 {
            low = u;
        } else {
            high = u;
        }
        let newton = u - value / slope;
        let inside = newton.is_finite() && newton > low && newton < high;
        let next = if inside && (newton - u).abs() <= width {
            newton
        } else if low.is_finite() && high.is_finite() {
            low + (high - low) / 2.0
        } else {
            width *= 2.0;
            if value < 0.0 { u + width } else { u - width }
        };
        if (next - u).abs() <= 1e-15 * u.abs().max(1e-3) {
            return next;
        }
        u = next;
    }
    u
}
