//! Limits at a denominator, and on which side of them a unit lies.

use super::Unit;
use super::chance::{ChanceLimits, LEVELS};
use super::scale::Scale;
use crate::compare::undefined::{Undefined, computed};

/// The funnel at one denominator, in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// 0.1% lie below by chance.
    pub lower_998: f64,
    /// 2.5% lie below by chance.
    pub lower_95: f64,
    /// 2.5% lie above by chance.
    pub upper_95: f64,
    /// 0.1% lie above by chance.
    pub upper_998: f64,
}

/// Where a unit lies: strictly outside a limit, or within all of them. Whether high is good is not said here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Below the 99.8% limits.
    Below998,
    /// Below the 95% limits only.
    Below95,
    /// Within the 95% limits.
    Within,
    /// Above the 95% limits only.
    Above95,
    /// Above the 99.8% limits.
    Above998,
}

/// All that limits depend on but the denominator.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drawn {
    pub(super) scale: Scale,
    /// The spread between units that limits hold; 0 where they are not adjusted.
    pub(super) tau_squared: f64,
    pub(super) chance: ChanceLimits,
}

impl Drawn {
    pub(super) fn limits(&self, denominator: f64) -> Result<Limits, Undefined> {
        let chance =
            if self.tau_squared > 0.0 { None } else { self.chance.values(self.scale, denominator)? };
        let [lower_998, lower_95, upper_95, upper_998] = match chance {
            Some(values) => values,
            None => {
                let error = self.scale.error(denominator);
                let error = (error * error + self.tau_squared).sqrt();
                let centre = self.scale.centre();
                LEVELS.map(|(z, _)| self.scale.value(centre + z * error))
            }
        };
        Ok(Limits {
            lower_998: computed(lower_998, "a limit")?,
            lower_95: computed(lower_95, "a limit")?,
            upper_95: computed(upper_95, "a limit")?,
            upper_998: computed(upper_998, "a limit")?,
        })
    }

    /// Where a value lies, strictly outside its limits; with exact limits, only if its count is no likelier than the limit says.
    pub(super) fn class(&self, unit: Unit, value: f64, limits: Limits) -> Result<Class, Undefined> {
        let exact =
            if self.tau_squared > 0.0 { None } else { self.chance.exact(self.scale, unit.denominator) };
        let Limits { lower_998, lower_95, upper_95, upper_998 } = limits;
        let outside = [
            (value < lower_998, Class::Below998),
            (value > upper_998, Class::Above998),
            (value < lower_95, Class::Below95),
            (value > upper_95, Class::Above95),
        ];
        for (is_outside, class) in outside {
            let p = match class {
                Class::Below998 => 0.001,
                Class::Below95 => 0.025,
                Class::Above95 => 0.975,
                Class::Above998 | Class::Within => 0.999,
            };
            if is_outside && exact.map_or(Ok(true), |count| count.is_beyond(unit, p))? {
                return Ok(class);
            }
        }
        Ok(Class::Within)
    }
}
