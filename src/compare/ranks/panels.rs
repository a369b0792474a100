//! Where to evaluate integrals over posteriors: panels of 16 Gauss-Legendre points, narrow where a posterior is narrow.

use std::sync::OnceLock;

/// Points of a panel.
const POINTS: usize = 16;

/// Halvings after which a panel is taken as it is.
const DEPTH: u32 = 44;

/// A point of evaluation and its weight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) at: f64,
    pub(super) weight: f64,
}

/// Where something happens, and how wide a panel may be there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) widest: f64,
}

/// Panels, in ascending order, that cover `from..until`: halved while they are wider than any need that they touch, or while `more` asks for it.
pub(super) fn nodes(needs: &[Need], more: &dyn Fn(f64, f64) -> bool) -> Vec<Node> {
    let from = needs.iter().map(|need| need.from).fold(f64::INFINITY, f64::min);
    let until = needs.iter().map(|need| need.until).fold(f64::NEG_INFINITY, f64::max);
    let mut found = Vec::new();
    let narrowest = needs.iter().map(|need| need.widest).fold(f64::INFINITY, f64::min);
    if from < until {
        // A whole number of halvings leads to the narrowest panel.
        let halvings = ((until - from) / narrowest).log2().ceil().clamp(0.0, f64::from(DEPTH));
        let until = until.max(from + narrowest * halvings.exp2());
        split(from, until, DEPTH, needs, more, &mut found);
    }
    found
}

fn split(
    from: f64,
    until: f64,
    depth: u32,
    needs: &[Need],
    more: &dyn Fn(f64, f64) -> bool,
    found: &mut Vec<Node>,
) {
    let touched: Vec<Need> =
        needs.iter().filter(|need| need.from < until && from < need.until).copied().collect();
    if touched.is_empty() {
        return;
    }
    let middle = 0.5 * (from + until);
    let widest = touched.iter().map(|need| need.widest).fold(f64::INFINITY, f64::min);
    let divisible = depth > 0 && from < middle && middle < until;
    if divisible && (until - from > widest || more(from, until)) {
        split(from, middle, depth - 1, &touched, more, found);
        split(middle, until, depth - 1, &touched, more, found);
        return;
    }
    let half = 0.5 * (until - from);
    found.extend(legendre().iter().map(|&(x, weight)| Node { at: middle + half * x, weight: half * weight }));
}

/// Gauss-Legendre points on -1..1 with their weights: roots of the Legendre polynomial by Newton's method.
fn legendre() -> &'static [(f64, f64); POINTS] {
    static RULE: OnceLock<[(f64, f64); POINTS]> = OnceLock::new();
    RULE.get_or_init(|| {
        std::array::from_fn(|at| {
            let n = POINTS as f64;
            let mut x = -(std::f64::consts::PI * (at as f64 + 0.75) / (n + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..20 {
                let (mut before, mut value) = (1.0, x);
                for degree in 2..=POINTS {
                    let d = degree as f64;
                    (before, value) = (value, ((2.0 * d - 1.0) * x * value - (d - 1.0) * before) / d);
                }
                slope = n * (x * value - before) / (x * x - 1.0);
                x -= value / slope;
            }
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panel_integrates_polynomials_exactly() {
        let need = [Need { from: 0.0, until: 2.0, widest: 2.0 }];
        let nodes = nodes(&need, &|_, _| false);
        assert_eq!(nodes.len(), POINTS);
        for degree in 0..32 {
            let sum: f64 = nodes.iter().map(|node| node.weight * node.at.powi(degree)).sum();
            let exact = 2f64.powi(degree + 1) / f64::from(degree + 1);
            assert!((sum / exact - 1.0).abs() < 1e-13, "{degree}");
        }
    }

    #[test]
    fn panels_are_narrow_only_where_they_have_to_be() {
        let needs = [
            Need { from: -8.0, until: 8.0, widest: 2.0 },
            Need { from: 1.0, until: 1.001, widest: 1e-4 },
            Need { from: 1e6, until: 1e6 + 1.0, widest: 1.0 },
        ];
        let nodes = nodes(&needs, &|_, _| false);
        assert!((500..2_000).contains(&nodes.len()), "{}", nodes.len());
        assert!(nodes.windows(2).all(|pair| pair[0].at < pair[1].at));
    }
}
