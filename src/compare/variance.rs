//! How much units differ lastingly, and how much one month differs from the next: the two variances that every ranking stands on.
//!
//! The model, on the transformed scale: y(unit, month) = month + u(unit) + e, with V(u) = tau2 and V(e) = sigma2_e. sigma2_e holds the
//! binomial noise already, so nothing is added for it. Where every unit has every month, both come from the two-way analysis of variance:
//! sigma2_e = sum r^2 / ((N - 1)(M - 1)), tau2 = (MSB - sigma2_e) / M, which is what REML gives (lme4). Where months are missing they are the REML
//! estimates (Patterson and Thompson 1971, Biometrika 58:545), months being fixed effects; the two agree where both exist.
//!
//! sigma2_e is an average over units. What one unit's months vary by is [`VarianceComponents::month_variances`]: a unit with 9 calls a month has far more
//! chance in it than that average, and would pass for certain by it.

mod reml;

#[cfg(test)]
mod tests;

/// The scale on which months and units add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scale {
    /// Proportions: asin(sqrt(x / n)), whose binomial deviation is 1 / (2 sqrt(n)) wherever the proportion is.
    ArcsineRoot,
    /// Rates and ratios: ln((x + 0.5) / (n + 0.5)), defined where nothing was counted.
    Log,
}

/// Why a value has no place on a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScaleRefusal {
    /// No denominator.
    #[error("the denominator is zero: leave the month out")]
    NoDenominator,
    /// Not finite, or negative.
    #[error("numerator and denominator must be finite and not negative")]
    NotACount,
    /// More than all.
    #[error("the numerator is over the denominator: a proportion is of the same calls")]
    OverDenominator,
}

impl Scale {
    /// A numerator and denominator on this scale.
    ///
    /// # Errors
    /// [`ScaleRefusal`]; 0 of 0 is [`ScaleRefusal::NoDenominator`].
    pub fn transform(self, numerator: f64, denominator: f64) -> Result<f64, ScaleRefusal> {
        let counts = |value: f64| (0.0..1e300).contains(&value);
        if !counts(numerator) || !counts(denominator) {
            return Err(ScaleRefusal::NotACount);
        }
        if denominator <= 0.0 {
            return Err(ScaleRefusal::NoDenominator);
        }
        match self {
            Self::ArcsineRoot if numerator > denominator => Err(ScaleRefusal::OverDenominator),
            Self::ArcsineRoot => Ok((numerator / denominator).sqrt().asin()),
            Self::Log => Ok(((numerator + 0.5) / (denominator + 0.5)).ln()),
        }
    }

    /// The variance that chance alone gives a value of this size: calls in the denominator of a share, or the number that is to be expected of a ratio.
    pub fn chance(self, size: f64) -> f64 {
        match self {
            Self::ArcsineRoot => 0.25 / size.max(1e-9),
            Self::Log => 1.0 / (size.max(0.0) + 0.5),
        }
    }

    /// A place on this scale as a proportion or ratio. The angle is held within 0 and pi/2, outside of which sin^2 turns back.
    pub fn back(self, place: f64) -> f64 {
        match self {
            Self::ArcsineRoot => place.clamp(0.0, std::f64::consts::FRAC_PI_2).sin().powi(2),
            Self::Log => place.clamp(-700.0, 700.0).exp(),
        }
    }
}

/// Why there are no variance components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VarianceRefusal {
    /// Rows of different lengths.
    #[error(
        "unit {unit} has another number of months than the first: give every unit all months, absent ones as none"
    )]
    Ragged {
        /// Its position.
        unit: usize,
    },
    /// A value that is none.
    #[error("the value of unit {unit} in month {month} is not finite: leave it out")]
    NotFinite {
        /// The unit's position.
        unit: usize,
        /// The month's.
        month: usize,
    },
    /// Fewer than two units with values.
    #[error("{units} units have values, and a spread between units needs two: widen the group")]
    TooFewUnits {
        /// How many.
        units: usize,
    },
    /// Nothing was seen twice.
    #[error(
        "no unit can be compared with another in two months: a month-to-month variance needs two units with two months each"
    )]
    NothingRepeated,
}

/// Where variance components came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VarianceMethod {
    /// Every unit had every month: two-way analysis of variance.
    BalancedMoments,
    /// Months were missing for some: REML.
    Reml,
}

/// What one unit had, months taken out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitMean {
    /// Months with a value.
    pub months: usize,
    /// The mean over them of value minus month effect, put back onto the mean of all months. None where there is no month.
    pub mean: Option<f64>,
    /// Sum of squares of what is left around that mean.
    pub residual_squares: f64,
}

/// The two variances, and what was left of every unit.
#[derive(Clone, Debug, PartialEq)]
pub struct VarianceComponents {
    /// How they were estimated.
    pub method: VarianceMethod,
    /// Mean of the month effects: the level of an average unit in an average month.
    pub mean: f64,
    /// By month its level; none where no unit has a value.
    pub months: Vec<Option<f64>>,
    /// Variance of a unit's month around its own level, binomial noise included.
    pub sigma2_e: f64,
    /// Variance between units, 0 or more.
    pub tau2: f64,
    /// Whether the estimate of tau2 was negative or at its bound, and 0 was taken.
    pub tau2_at_zero: bool,
    /// By unit.
    pub units: Vec<UnitMean>,
    /// Correlation of a unit's residuals with those of the next month; none where too few follow each other.
    pub autocorrelation: Option<f64>,
}

impl VarianceComponents {
    /// The variance of a unit's mean over its months: sigma2_e / m, times [`autocorrelation_inflation`]. None without a month.
    pub fn variance_of_mean(&self, unit: usize) -> Option<f64> {
        let months = self.units.get(unit).map(|unit| unit.months).filter(|&months| months > 0)?;
        Some(self.sigma2_e / months as f64 * autocorrelation_inflation(self.autocorrelation.unwrap_or(0.0)))
    }

    /// sigma2_e taken apart: what is not chance, and which part of chance is seen, by the variances that chance alone gives each unit's months.
    ///
    /// sigma2_e is an average over units; a small unit has more chance in it than that, a large one less. What chance does not explain is everybody's.
    fn apart(&self, chances: &[Vec<Option<f64>>]) -> (f64, f64) {
        let known = || chances.iter().flatten().flatten().copied().filter(|chance| chance.is_finite());
        let many = known().count();
        let mean = if many > 0 { known().sum::<f64>() / many as f64 } else { 0.0 };
        let seen = if mean > 0.0 { (self.sigma2_e / mean).min(1.0) } else { 0.0 };
        ((self.sigma2_e - mean).max(0.0), seen)
    }

    /// By unit and month its variance around the unit's own level, chance by the month's own size; where all sizes are alike it is sigma2_e. None where there
    /// is no value.
    pub fn month_variances(&self, chances: &[Vec<Option<f64>>]) -> Vec<Vec<Option<f64>>> {
        let (rest, seen) = self.apart(chances);
        let of = |chance: &Option<f64>| chance.map(|chance| rest + seen * chance);
        chances.iter().map(|row| row.iter().map(of).collect()).collect()
    }

    /// By unit the variance of its mean over its months, as [`VarianceComponents::variance_of_mean`], with chance by its own size. None without a month.
    pub fn variances_of_means(&self, chances: &[Vec<Option<f64>>]) -> Vec<Option<f64>> {
        let inflation = autocorrelation_inflation(self.autocorrelation.unwrap_or(0.0));
        let of = |row: Vec<Option<f64>>| {
            let months = row.iter().flatten().count() as f64;
            (months > 0.0).then(|| row.iter().flatten().sum::<f64>() / (months * months) * inflation)
        };
        self.month_variances(chances).into_iter().map(of).collect()
    }

    /// The share of the variance between values of `months` months that is lasting: tau2 / (tau2 + sigma2_e / m). 0 where nothing varies or m is 0.
    pub fn reliability(&self, months: usize) -> f64 {
        let noise = self.sigma2_e / months as f64;
        let share = self.tau2 / (self.tau2 + noise);
        if share.is_finite() { share } else { 0.0 }
    }
}

/// By how much the variance of a mean over months grows where neighbouring months are alike: (1 + rho) / (1 - rho), with rho held within 0 and 0.9.
///
/// Months that repel each other are given no credit for it. Not a number counts as 0.
pub fn autocorrelation_inflation(rho: f64) -> f64 {
    let rho = if rho.is_nan() { 0.0 } else { rho.clamp(0.0, 0.9) };
    (1.0 + rho) / (1.0 - rho)
}

/// Variance components of values by unit and month, on a scale where they add up; absent ones are none.
///
/// # Errors
/// [`VarianceRefusal`].
pub fn variance_components(values: &[Vec<Option<f64>>]) -> Result<VarianceComponents, VarianceRefusal> {
    let months = check(values)?;
    let centre = mean(values.iter().flatten().flatten().copied()).unwrap_or(0.0);
    let present: Vec<bool> = (0..months).map(|month| values.iter().any(|row| row[month].is_some())).collect();
    let with_values = values.iter().filter(|row| row.iter().any(Option::is_some)).count();
    let full = values.iter().all(|row| {
        row.iter().all(Option::is_none) || row.iter().zip(&present).all(|(y, p)| y.is_some() == *p)
    });
    let used = present.iter().filter(|&&present| present).count();
    let (method, effects, sigma2_e, tau2) = if full {
        if used < 2 {
            return Err(VarianceRefusal::NothingRepeated);
        }
        let (effects, sigma2_e, tau2) = balanced(values, centre, with_values, used);
        (VarianceMethod::BalancedMoments, effects, sigma2_e, tau2)
    } else {
        let fit = reml::fit(values, centre).ok_or(VarianceRefusal::NothingRepeated)?;
        (VarianceMethod::Reml, fit.months, fit.sigma2_e, fit.tau2)
    };
    let level = mean(effects.iter().flatten().copied()).unwrap_or(0.0);
    let units = values.iter().map(|row| unit_mean(row, &effects, centre + level)).collect();
    Ok(VarianceComponents {
        method,
        mean: centre + level,
        months: effects.iter().map(|effect| effect.map(|effect| centre + effect)).collect(),
        sigma2_e,
        tau2: tau2.max(0.0),
        tau2_at_zero: tau2 <= 0.0,
        autocorrelation: autocorrelation(values, &effects, centre),
        units,
    })
}

fn check(values: &[Vec<Option<f64>>]) -> Result<usize, VarianceRefusal> {
    let months = values.first().map_or(0, Vec::len);
    for (unit, row) in values.iter().enumerate() {
        if row.len() != months {
            return Err(VarianceRefusal::Ragged { unit });
        }
        // What is larger could not be squared and summed.
        if let Some(month) = row.iter().position(|y| y.is_some_and(|y| y.is_nan() || y.abs() >= 1e100)) {
            return Err(VarianceRefusal::NotFinite { unit, month });
        }
    }
    let units = values.iter().filter(|row| row.iter().any(Option::is_some)).count();
    if units < 2 { Err(VarianceRefusal::TooFewUnits { units }) } else { Ok(months) }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// Month effects around `centre`, sigma2_e, and tau2, which may be negative.
fn balanced(values: &[Vec<Option<f64>>], centre: f64, n: usize, m: usize) -> (Vec<Option<f64>>, f64, f64) {
    let effects: Vec<Option<f64>> = (0..values[0].len())
        .map(|month| mean(values.iter().filter_map(|row| row[month]).map(|y| y - centre)))
        .collect();
    let (mut between, mut within) = (0.0, 0.0);
    for row in values {
        let left = |month: usize| Some(row[month]? - centre - effects[month]?);
        let all: Vec<f64> = (0..row.len()).filter_map(left).collect();
        let Some(level) = mean(all.iter().copied()) else { continue };
        between += level * level;
        within += all.iter().map(|r| (r - level).powi(2)).sum::<f64>();
    }
    let (n, m) = (n as f64, m as f64);
    let sigma2_e = within / ((n - 1.0) * (m - 1.0));
    let between = m * between / (n - 1.0);
    (effects, sigma2_e, (between - sigma2_e) / m)
}

fn unit_mean(row: &[Option<f64>], effects: &[Option<f64>], level: f64) -> UnitMean {
    let centre = level - mean(effects.iter().flatten().copied()).unwrap_or(0.0);
    let left: Vec<f64> =
        row.iter().zip(effects).filter_map(|(y, effect)| Some((*y)? - centre - (*effect)?)).collect();
    let own = mean(left.iter().copied());
    UnitMean {
        months: left.len(),
        mean: own.map(|own| level + own),
        residual_squares: own.map_or(0.0, |own| left.iter().map(|r| (r - own).powi(2)).sum()),
    }
}

/// Correlation of neighbouring residuals over all units, freed of the downward bias that taking out M-month means brings (Nickell 1981, Econometrica 49:1417):
/// (raw (M - 1) + 1) / (M - 2) with the average number of months M. None under three months or without variation.
fn autocorrelation(values: &[Vec<Option<f64>>], effects: &[Option<f64>], centre: f64) -> Option<f64> {
    let (mut products, mut pairs, mut squares, mut count, mut units) = (0.0_f64, 0.0, 0.0, 0.0_f64, 0.0);
    for row in values {
        let left: Vec<Option<f64>> =
            row.iter().zip(effects).map(|(y, effect)| Some((*y)? - centre - (*effect)?)).collect();
        let Some(own) = mean(left.iter().flatten().copied()) else { continue };
        units += 1.0;
        for r in left.iter().flatten() {
            squares += (r - own).powi(2);
            count += 1.0;
        }
        for pair in left.windows(2) {
            if let [Some(a), Some(b)] = pair {
                products += (a - own) * (b - own);
                pairs += 1.0;
            }
        }
    }
    let months = count / units;
    if months.is_nan() || months < 3.0 || pairs < 1.0 || squares <= 0.0 {
        return None;
    }
    let raw = (products / pairs) / (squares / count);
    Some(((raw * (months - 1.0) + 1.0) / (months - 2.0)).clamp(-1.0, 1.0))
}
