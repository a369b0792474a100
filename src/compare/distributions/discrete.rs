//! Counts: binomial and Poisson, with the interpolated limits that funnels need where counts are small.

use statrs::function::gamma::ln_gamma;

use super::{LARGEST, beta, gamma, normal_quantile, parameter, probability};
use crate::compare::undefined::{Undefined, computed, within};

/// How far rounding may leave a cumulated probability below the one asked for; R allows 64 units in the last place.
const FUZZ: f64 = 64.0 * f64::EPSILON;

/// P(X <= k) for X binomial with `trials` and probability `share`.
///
/// # Errors
/// `share` is not from 0 to 1; more than 1e9 trials.
pub fn binomial_cdf(k: u64, trials: u64, share: f64) -> Result<f64, Undefined> {
    Ok(Binomial::new(trials, share)?.cdf(k as f64))
}

/// The smallest k with P(X <= k) at least `p`, for X binomial.
///
/// # Errors
/// `p` is not between 0 and 1; `share` is not from 0 to 1; more than 1e9 trials.
pub fn binomial_quantile(p: f64, trials: u64, share: f64) -> Result<u64, Undefined> {
    let p = probability(p)?;
    Ok(quantile(&Binomial::new(trials, share)?, p)?.0 as u64)
}

/// The count below which a binomial one falls with probability `p`, interpolated between whole numbers: with r the inverse of the distribution at `p`,
/// r - (P(X <= r) - p) / P(X = r) (Spiegelhalter 2005, Statistics in Medicine 24:1185). From -1 to `trials`; divide by `trials` for a share.
///
/// # Errors
/// `p` is not between 0 and 1; `share` is not from 0 to 1; more than 1e9 trials.
pub fn binomial_limit(p: f64, trials: u64, share: f64) -> Result<f64, Undefined> {
    interpolated(&Binomial::new(trials, share)?, probability(p)?)
}

/// P(X <= k) for X Poisson-distributed around `mean`.
///
/// # Errors
/// `mean` is outside 1e-9 to 1e9.
pub fn poisson_cdf(k: u64, mean: f64) -> Result<f64, Undefined> {
    Ok(Poisson::new(mean)?.cdf(k as f64))
}

/// The smallest k with P(X <= k) at least `p`, for X Poisson-distributed around `mean`.
///
/// # Errors
/// `p` is not between 0 and 1; `mean` is outside 1e-9 to 1e9.
pub fn poisson_quantile(p: f64, mean: f64) -> Result<u64, Undefined> {
    let p = probability(p)?;
    Ok(quantile(&Poisson::new(mean)?, p)?.0 as u64)
}

/// The count below which a Poisson one falls with probability `p`, interpolated as in [`binomial_limit`]. Over -1; divide by `mean` for a ratio.
///
/// # Errors
/// `p` is not between 0 and 1; `mean` is outside 1e-9 to 1e9.
pub fn poisson_limit(p: f64, mean: f64) -> Result<f64, Undefined> {
    interpolated(&Poisson::new(mean)?, probability(p)?)
}

/// A distribution over 0, 1, 2 and so on.
trait Counts {
    fn mean(&self) -> f64;
    fn variance(&self) -> f64;
    fn most(&self) -> f64;
    /// P(X <= k).
    fn cdf(&self, k: f64) -> f64;
    /// P(X = k).
    fn mass(&self, k: f64) -> f64;
}

struct Binomial {
    trials: f64,
    share: f64,
}

impl Binomial {
    fn new(trials: u64, share: f64) -> Result<Self, Undefined> {
        let trials = within(trials as f64, "the number of trials", 0.0, LARGEST)?;
        Ok(Self { trials, share: within(share, "the share", 0.0, 1.0)? })
    }
}

impl Counts for Binomial {
    fn mean(&self) -> f64 {
        self.trials * self.share
    }

    fn variance(&self) -> f64 {
        self.trials * self.share * (1.0 - self.share)
    }

    fn most(&self) -> f64 {
        self.trials
    }

    fn cdf(&self, k: f64) -> f64 {
        if k < 0.0 {
            0.0
        } else if k >= self.trials {
            1.0
        } else {
            // X <= k exactly when the (k+1)th smallest of n uniform numbers is over the share.
            beta::tails(k + 1.0, self.trials - k, self.share, 1.0 - self.share).1
        }
    }

    fn mass(&self, k: f64) -> f64 {
        let term = |count: f64, p: f64| if count == 0.0 { 0.0 } else { count * p.ln() };
        let ways = ln_gamma(self.trials + 1.0) - ln_gamma(k + 1.0) - ln_gamma(self.trials - k + 1.0);
        (ways + term(k, self.share) + term(self.trials - k, 1.0 - self.share)).exp()
    }
}

struct Poisson {
    mean: f64,
}

impl Poisson {
    fn new(mean: f64) -> Result<Self, Undefined> {
        Ok(Self { mean: parameter(mean, "the mean")? })
    }
}

impl Counts for Poisson {
    fn mean(&self) -> f64 {
        self.mean
    }

    fn variance(&self) -> f64 {
        self.mean
    }

    fn most(&self) -> f64 {
        f64::INFINITY
    }

    fn cdf(&self, k: f64) -> f64 {
        if k < 0.0 { 0.0 } else { gamma::upper(k + 1.0, self.mean) }
    }

    fn mass(&self, k: f64) -> f64 {
        (k * self.mean.ln() - self.mean - ln_gamma(k + 1.0)).exp()
    }
}

/// The smallest k with P(X <= k) >= p, and that probability.
///
/// Looks around where the normal approximation, with its correction for skewness (Cornish and Fisher), says that it is.
fn quantile(counts: &impl Counts, p: f64) -> Result<(f64, f64), Undefined> {
    let (mean, variance, most) = (counts.mean(), counts.variance(), counts.most());
    if variance <= 0.0 {
        return Ok((mean, 1.0));
    }
    let spread = variance.sqrt();
    // The third central moment over the variance: 1 - 2 share for a binomial, 1 for a Poisson.
    let skew = if most.is_finite() { 1.0 - 2.0 * mean / most } else { 1.0 };
    let z = normal_quantile(p)?;
    let enough = |k: f64| counts.cdf(k) * (1.0 + FUZZ) >= p;
    let guess = (mean + spread * z + skew * (z * z - 1.0) / 6.0).round().clamp(0.0, most);
    // A bracket (low, high] by doubling, then bisection over whole numbers: the right one is rarely more than 1 away.
    let (mut low, mut high);
    let mut step = 1.0;
    if enough(guess) {
        high = guess;
        low = guess - step;
        while low >= 0.0 && enough(low) {
            (high, step) = (low, step * 2.0);
            low -= step;
        }
        low = low.max(-1.0);
    } else {
        low = guess;
        high = (guess + step).min(most);
        while high < most && !enough(high) {
            (low, step) = (high, step * 2.0);
            high = (high + step).min(most);
        }
    }
    while high - low > 1.0 {
        let middle = low + ((high - low) / 2.0).floor();
        if enough(middle) { high = middle } else { low = middle }
    }
    Ok((high, counts.cdf(high)))
}

fn interpolated(counts: &impl Counts, p: f64) -> Result<f64, Undefined> {
    let (r, reached) = quantile(counts, p)?;
    let mass = if counts.variance() <= 0.0 { 1.0 } else { counts.mass(r) };
    computed(r - (reached - p) / mass, "an interpolated limit")
}
