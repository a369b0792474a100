//! The standard normal distribution: exact (statrs) where single values count, and as a table where millions are needed.

use std::sync::OnceLock;

use statrs::function::erf::erfc;

/// 1 / sqrt(2 pi).
const FRAC_1_SQRT_TAU: f64 = 0.398_942_280_401_432_7;

/// The two-sided 95% quantile that the field uses with six decimals more than it needs: 1.959964 to full precision.
pub(super) const Z95: f64 = 1.959_963_984_540_054;

/// P(Z <= z).
pub(super) fn cdf(z: f64) -> f64 {
    0.5 * erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// P(Z > z), exact far out where `1 - cdf` is not.
pub(super) fn sf(z: f64) -> f64 {
    0.5 * erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The density.
pub(super) fn pdf(z: f64) -> f64 {
    FRAC_1_SQRT_TAU * (-0.5 * z * z).exp()
}

/// Distribution and density in steps of 1/256, read by cubic Hermite interpolation.
///
/// The interpolation errs by at most `h^4 / 384` times the fourth derivative: 3.4e-13 for the distribution (whose fourth derivative is at most
/// 0.551) and 7.3e-13 for the density (1.197). statrs itself steps by 2e-11 where its approximations meet, so a table of it keeps 5e-11. Beyond 8.5 the
/// distribution is taken for 0 or 1, which errs by less than 1e-16.
pub(super) struct Table {
    /// (P(Z <= z), density) at z = 0, h, 2h and so on.
    knots: Vec<(f64, f64)>,
}

impl Table {
    /// Most that a value of the table differs from the true one.
    pub(super) const ERROR: f64 = 5e-11;
    /// Where the table ends.
    pub(super) const END: f64 = 8.5;
    const STEPS: f64 = 256.0;

    /// The one table.
    pub(super) fn get() -> &'static Self {
        static TABLE: OnceLock<Table> = OnceLock::new();
        TABLE.get_or_init(|| {
            let knots = (Self::END * Self::STEPS) as usize + 2;
            let knots = (0..knots).map(|at| at as f64 / Self::STEPS).map(|z| (cdf(z), pdf(z))).collect();
            Self { knots }
        })
    }

    /// P(Z > z) and the density.
    #[inline]
    pub(super) fn upper_and_density(&self, z: f64) -> (f64, f64) {
        let (lower, density) = self.beyond_zero(z.abs());
        (if z < 0.0 { lower } else { 1.0 - lower }, density)
    }

    /// P(Z <= z).
    #[inline]
    pub(super) fn lower(&self, z: f64) -> f64 {
        let (lower, _) = self.beyond_zero(z.abs());
        if z < 0.0 { 1.0 - lower } else { lower }
    }

    /// P(Z <= z) and the density for z >= 0.
    #[inline]
    fn beyond_zero(&self, z: f64) -> (f64, f64) {
        if z >= Self::END {
            return (1.0, 0.0);
        }
        let scaled = z * Self::STEPS;
        let at = scaled as usize;
        let t = scaled - at as f64;
        let ((f0, d0), (f1, d1)) = (self.knots[at], self.knots[at + 1]);
        let h = 1.0 / Self::STEPS;
        let z0 = at as f64 * h;
        let z1 = z0 + h;
        let (t2, u) = (t * t, 1.0 - t);
        let (h00, h10, h01, h11) = ((1.0 + 2.0 * t) * u * u, t * u * u, t2 * (3.0 - 2.0 * t), -t2 * u);
        let lower = h00 * f0 + h10 * h * d0 + h01 * f1 + h11 * h * d1;
        let density = h00 * d0 - h10 * h * z0 * d0 + h01 * d1 - h11 * h * z1 * d1;
        (lower, density)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::distributions::normal_quantile;

    #[test]
    fn the_table_keeps_its_bound() {
        let table = Table::get();
        for at in -90_000..=90_000 {
            let z = f64::from(at) * 1.003e-4;
            let (upper, density) = table.upper_and_density(z);
            assert!((upper - sf(z)).abs() <= Table::ERROR, "{z}: {upper} and {}", sf(z));
            assert!((density - pdf(z)).abs() <= Table::ERROR, "{z}: {density} and {}", pdf(z));
            assert!((table.lower(z) - cdf(z)).abs() <= Table::ERROR, "{z}");
        }
    }

    #[test]
    fn quantile_and_distribution_are_inverse() {
        assert!((normal_quantile(0.975).expect("is a probability") - Z95).abs() < 1e-9);
        for p in [1e-10, 0.001, 0.1, 0.5, 0.9, 0.999] {
            assert!((cdf(normal_quantile(p).expect("is a probability")) / p - 1.0).abs() < 1e-9, "{p}");
        }
    }
}
