//! REML for units and months where months are missing: one ratio is searched for, everything else follows from it in closed form.
//!
//! With lambda = tau2 / sigma2_e a unit of m months has V = I + lambda J, whose inverse is I - lambda / (1 + lambda m) J. Units of equally many months share
//! that factor, so the sums over units are taken once for each number of months and the search costs the same for 40 units and 6,200.

/// What was estimated; month effects are around the centre given.
pub(super) struct Fit {
    pub(super) months: Vec<Option<f64>>,
    pub(super) sigma2_e: f64,
    pub(super) tau2: f64,
}

/// Ratios of the two variances at which the slope is looked at, each four times the one before: from 4^-8, under which no likelihood turns, to 4^13, which
/// cannot be told from "no month-to-month variation at all".
const RATIOS: std::ops::RangeInclusive<i32> = -8..=13;

/// Halvings between two of them: to 1e-14 of the ratio.
const HALVINGS: usize = 48;

/// Units with equally many months.
struct Group {
    size: f64,
    units: f64,
    /// How often two months occur together, row by row.
    together: Vec<f64>,
    /// By month the sum, over units that have it, of the unit's total.
    totals: Vec<f64>,
    /// Sum of squared totals.
    squares: f64,
}

/// All that the search needs.
struct Sums {
    groups: Vec<Group>,
    /// Columns of months that occur.
    months: Vec<usize>,
    counts: Vec<f64>,
    by_month: Vec<f64>,
    squares: f64,
    values: f64,
}

/// The state at one ratio.
struct At {
    effects: Vec<f64>,
    /// Weighted residual sum of squares.
    residual: f64,
    /// Slope of minus twice the restricted log likelihood.
    slope: f64,
    /// Minus twice the restricted log likelihood, less what is the same at every ratio.
    deviance: f64,
}

/// None where no two units have two months in common in a way that leaves a residual.
pub(super) fn fit(values: &[Vec<Option<f64>>], centre: f64) -> Option<Fit> {
    let columns = values.first()?.len();
    if residual_freedom(values, columns) < 1 {
        return None;
    }
    let sums = Sums::new(values, centre, columns);
    let zero = sums.at(0.0)?;
    let freedom = sums.values - sums.months.len() as f64;
    if zero.residual <= 1e-24 * sums.squares.max(f64::MIN_POSITIVE) {
        return Some(sums.fit(columns, &zero, 0.0, 0.0));
    }
    let (ratio, best) = sums.likeliest(zero)?;
    let sigma2_e = best.residual.max(0.0) / freedom;
    Some(sums.fit(columns, &best, sigma2_e, ratio * sigma2_e))
}

/// Values less units less months, plus the number of parts of which no unit has a month of another part.
fn residual_freedom(values: &[Vec<Option<f64>>], columns: usize) -> i64 {
    let mut part: Vec<usize> = (0..columns).collect();
    fn root(part: &mut [usize], mut at: usize) -> usize {
        while part[at] != at {
            part[at] = part[part[at]];
            at = part[at];
        }
        at
    }
    let mut used = vec![false; columns];
    let (mut units, mut count) = (0_i64, 0_i64);
    for row in values {
        let mut first = None;
        for month in (0..columns).filter(|&month| row[month].is_some()) {
            used[month] = true;
            count += 1;
            let here = root(&mut part, month);
            let before = *first.get_or_insert(here);
            let before = root(&mut part, before);
            part[here] = before;
        }
        units += i64::from(first.is_some());
    }
    let parts = (0..columns).filter(|&month| used[month] && root(&mut part, month) == month).count();
    let months = used.iter().filter(|&&used| used).count();
    count - units - months as i64 + parts as i64
}

impl Sums {
    fn new(values: &[Vec<Option<f64>>], centre: f64, columns: usize) -> Self {
        let months: Vec<usize> =
            (0..columns).filter(|&month| values.iter().any(|row| row[month].is_some())).collect();
        let p = months.len();
        let mut groups: Vec<Option<Group>> = (0..=p).map(|_| None).collect();
        let mut sums = Self {
            groups: Vec::new(),
            counts: vec![0.0; p],
            by_month: vec![0.0; p],
            squares: 0.0,
            values: 0.0,
            months,
        };
        for row in values {
            let own: Vec<(usize, f64)> = sums
                .months
                .iter()
                .enumerate()
                .filter_map(|(at, &month)| Some((at, row[month]? - centre)))
                .collect();
            let total: f64 = own.iter().map(|(_, y)| y).sum();
            let group = groups[own.len()].get_or_insert_with(|| Group {
                size: own.len() as f64,
                units: 0.0,
                together: vec![0.0; p * p],
                totals: vec![0.0; p],
                squares: 0.0,
            });
            group.units += 1.0;
            group.squares += total * total;
            for &(at, y) in &own {
                sums.counts[at] += 1.0;
                sums.by_month[at] += y;
                sums.squares += y * y;
                sums.values += 1.0;
                group.totals[at] += total;
                own.iter().for_each(|&(other, _)| group.together[at * p + other] += 1.0);
            }
        }
        sums.groups = groups.into_iter().flatten().filter(|group| group.size > 0.0).collect();
        sums
    }

    /// Generalised least squares at a ratio, and the slope of the likelihood there.
    fn at(&self, ratio: f64) -> Option<At> {
        let p = self.months.len();
        let mut normal = vec![0.0; p * p];
        let mut slopes = vec![0.0; p * p];
        let mut right = self.by_month.clone();
        (0..p).for_each(|at| normal[at * p + at] = self.counts[at]);
        for group in &self.groups {
            let part = 1.0 + ratio * group.size;
            let (weight, steep) = (ratio / part, 1.0 / (part * part));
            for (at, together) in group.together.iter().enumerate() {
                normal[at] -= weight * together;
                slopes[at] += steep * together;
            }
            right.iter_mut().zip(&group.totals).for_each(|(right, total)| *right -= weight * total);
        }
        let root = cholesky(&normal, p)?;
        let effects = solve(&root, &right, p);
        let (mut residual, mut falls, mut slope) = (self.squares, 0.0, 0.0);
        let mut deviance: f64 = 2.0 * (0..p).map(|at| root[at * p + at].ln()).sum::<f64>();
        for ((effect, count), sum) in effects.iter().zip(&self.counts).zip(&self.by_month) {
            residual += effect * (count * effect - 2.0 * sum);
        }
        for group in &self.groups {
            let part = 1.0 + ratio * group.size;
            let mut square = group.squares;
            for month in 0..p {
                let row = &group.together[month * p..(month + 1) * p];
                let inner: f64 = row.iter().zip(&effects).map(|(t, e)| t * e).sum();
                square += effects[month] * (inner - 2.0 * group.totals[month]);
            }
            residual -= ratio / part * square;
            falls += square / (part * part);
            slope += group.units * group.size / part;
            deviance += group.units * part.ln();
        }
        // The trace of the inverse times the slope of the normal equations.
        for column in 0..p {
            let of: Vec<f64> = (0..p).map(|row| slopes[row * p + column]).collect();
            slope -= solve(&root, &of, p)[column];
        }
        if residual > 0.0 {
            slope -= (self.values - p as f64) * falls / residual;
        }
        deviance += (self.values - p as f64) * residual.max(f64::MIN_POSITIVE).ln();
        Some(At { effects, residual, slope, deviance })
    }

    /// The ratio at which the likelihood is highest, and the state there. With few values it can have a peak at 0 and a higher one further on.
    fn likeliest(&self, zero: At) -> Option<(f64, At)> {
        let mut best = (0.0, zero);
        let (mut low, mut falls) = (0.0, best.1.slope < 0.0);
        for power in RATIOS {
            let high = 4.0_f64.powi(power);
            // Beyond a ratio that arithmetic carries there is no peak, unless the likelihood still grew there.
            let Some(here) = self.at(high) else { return (!falls).then_some(best) };
            let last = power == *RATIOS.end();
            let rises = here.slope >= 0.0;
            if falls && (rises || last) {
                let peak = if rises { self.peak(low, high)? } else { (high, here) };
                if peak.1.deviance < best.1.deviance {
                    best = peak;
                }
            }
            (low, falls) = (high, !rises);
        }
        Some(best)
    }

    /// Where the slope, negative at `low`, passes 0 before `high`.
    fn peak(&self, mut low: f64, mut high: f64) -> Option<(f64, At)> {
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.at(middle)?.slope < 0.0 { low = middle } else { high = middle }
        }
        let ratio = 0.5 * (low + high);
        Some((ratio, self.at(ratio)?))
    }

    fn fit(&self, columns: usize, at: &At, sigma2_e: f64, tau2: f64) -> Fit {
        let mut months = vec![None; columns];
        self.months.iter().zip(&at.effects).for_each(|(&month, &effect)| months[month] = Some(effect));
        Fit { months, sigma2_e, tau2 }
    }
}

/// The lower root of a positive definite matrix; none where it is not.
fn cholesky(matrix: &[f64], p: usize) -> Option<Vec<f64>> {
    let mut root = vec![0.0; p * p];
    for row in 0..p {
        for column in 0..=row {
            let dot: f64 = (0..column).map(|at| root[row * p + at] * root[column * p + at]).sum();
            let left = matrix[row * p + column] - dot;
            if row == column {
                if left.is_nan() || left <= 0.0 {
                    return None;
                }
                root[row * p + row] = left.sqrt();
            } else {
                root[row * p + column] = left / root[column * p + column];
            }
        }
    }
    Some(root)
}

/// The solution of root root' x = right.
fn solve(root: &[f64], right: &[f64], p: usize) -> Vec<f64> {
    let mut x = right.to_vec();
    for row in 0..p {
        let dot: f64 = (0..row).map(|at| root[row * p + at] * x[at]).sum();
        x[row] = (x[row] - dot) / root[row * p + row];
    }
    for row in (0..p).rev() {
        let dot: f64 = (row + 1..p).map(|at| root[at * p + row] * x[at]).sum();
        x[row] = (x[row] - dot) / root[row * p + row];
    }
    x
}
