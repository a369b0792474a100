//! Limits that allow for chance alone, exact where counts are small.

use super::scale::{Measure, Scale};
use super::{Unit, Z_95, Z_998};
use crate::compare::distributions::{
    LARGEST, binomial_cdf, binomial_limit, chi_squared_quantile, poisson_cdf, poisson_limit,
};
use crate::compare::undefined::{Undefined, computed};

/// Which limits a funnel has where it is not adjusted for overdispersion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ChanceLimits {
    /// Where a count at the target varies by less than this variance, the interpolated inverse of its binomial or Poisson distribution (Spiegelhalter
    /// 2005): the counts to be predicted if the unit were at the target. Elsewhere as `Transformed`.
    ///
    /// The interpolated upper limit lies up to one count low (at 5 expected, 3.2% lie above the "2.5%" one). So a unit beyond a limit is only flagged if
    /// its count, or one further out, is no likelier than the limit says. Proportions need a whole number as denominator for it; ratios of two counts
    /// are always `Transformed`.
    Exact {
        /// The variance of the count below which limits are exact.
        variance_below: f64,
    },
    /// T +- z s, brought back from the scale.
    Transformed,
    /// What FunnelPlotR 0.6.0 draws: for ratios the exact confidence interval that E observed of E expected would have, half the chi-squared quantiles
    /// with 2E and 2(E + 1) degrees of freedom over E. Too wide for a funnel (Manktelow and Seaton 2012, BMC Medical Research Methodology 12:98): at 5
    /// expected, 0.5% lie above the "2.5%" limit. Else as `Transformed`.
    AsFunnelPlotR,
}

impl Default for ChanceLimits {
    fn default() -> Self {
        Self::Exact { variance_below: 100.0 }
    }
}

/// The four levels of a funnel, lowest first: standard errors from the target, and the probability below.
pub(super) const LEVELS: [(f64, f64); 4] = [(-Z_998, 0.001), (-Z_95, 0.025), (Z_95, 0.975), (Z_998, 0.999)];

/// How the count of a unit at the target is distributed, where that is computed exactly.
#[derive(Clone, Copy, Debug)]
pub(super) enum ExactCount {
    Binomial { trials: u64, share: f64 },
    Poisson { mean: f64 },
}

impl ChanceLimits {
    /// The exact distribution of the count at a denominator, where these limits are exact.
    pub(super) fn exact(self, scale: Scale, denominator: f64) -> Option<ExactCount> {
        let Self::Exact { variance_below } = self else { return None };
        let share = scale.target();
        let mean = denominator * share;
        match scale.measure() {
            Measure::Proportion => {
                let whole = denominator.fract() == 0.0 && denominator <= LARGEST;
                (whole && mean * (1.0 - share) < variance_below)
                    .then_some(ExactCount::Binomial { trials: denominator as u64, share })
            }
            Measure::Ratio(_) | Measure::Rate(_) => (mean < variance_below && mean <= LARGEST)
                .then_some(ExactCount::Poisson { mean: mean.max(1.0 / LARGEST) }),
            Measure::RatioOfCounts => None,
        }
    }

    /// The four limits in the order of [`LEVELS`], as values, where they are not those of the scale.
    pub(super) fn values(self, scale: Scale, denominator: f64) -> Result<Option<[f64; 4]>, Undefined> {
        let mut values = [0.0; 4];
        if let Some(count) = self.exact(scale, denominator) {
            for (value, (_, p)) in values.iter_mut().zip(LEVELS) {
                *value = match count {
                    ExactCount::Binomial { trials, share } => {
                        (binomial_limit(p, trials, share)? / denominator).clamp(0.0, 1.0)
                    }
                    ExactCount::Poisson { mean } => {
                        computed(poisson_limit(p, mean)?.max(0.0) / denominator, "a limit")?
                    }
                };
            }
            return Ok(Some(values));
        }
        let ratio = matches!(scale.measure(), Measure::Ratio(_) | Measure::Rate(_));
        if self == Self::AsFunnelPlotR && ratio {
            let expected = denominator * scale.target();
            for (value, (z, p)) in values.iter_mut().zip(LEVELS) {
                let freedom = 2.0 * if z < 0.0 { expected } else { expected + 1.0 };
                *value = computed(chi_squared_quantile(p, freedom)? / 2.0 / denominator, "a limit")?;
            }
            return Ok(Some(values));
        }
        Ok(None)
    }
}

impl ExactCount {
    /// Whether this many, or more extremely many, are no likelier than the level's tail.
    pub(super) fn is_beyond(self, unit: Unit, p: f64) -> Result<bool, Undefined> {
        let cdf = |k: f64| {
            if k < 0.0 {
                return Ok(0.0);
            }
            match self {
                Self::Binomial { trials, share } => binomial_cdf(k as u64, trials, share),
                Self::Poisson { mean } => poisson_cdf(k as u64, mean),
            }
        };
        Ok(if p < 0.5 { cdf(unit.observed.floor())? <= p } else { cdf(unit.observed.ceil() - 1.0)? >= p })
    }
}
