//! Knows how to lay an axis over numbers: round ends, round steps, and room around numbers that are all the same.

use super::figure::Unit;

/// An axis from `low` to `high`, with a tick at each of `ticks`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<f64>,
    step: f64,
    unit: Unit,
}

impl Scale {
    /// An axis over all the numbers, with about `about` steps; from nought where `from_nought`.
    pub(super) fn over(
        numbers: impl Iterator<Item = f64>,
        unit: Unit,
        about: usize,
        from_nought: bool,
    ) -> Self {
        let (mut low, mut high) = numbers
            .filter(|number| number.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| {
                (low.min(number), high.max(number))
            });
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if from_nought {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        let largest = high.abs().max(low.abs());
        if high - low <= (largest * 1e-9).max(1e-9) {
            let room = if largest <= 1e-8 { 1.0 } else { largest * 0.1 };
            let least = if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
            (low, high) = ((low - room).max(least), high + room);
        }
        let step = round_step((high - low) / about.max(1) as f64);
        let mut bottom = (low / step + 1e-9).floor() * step;
        let mut top = (high / step - 1e-9).ceil() * step;
        if unit == Unit::Proportion && low >= 0.0 && high <= 1.0 {
            (bottom, top) = (bottom.max(0.0), top.min(1.0));
        }
        Self::ticked(bottom, top, step, unit)
    }

    /// An axis between two ends that stay as they are, with a tick at each round number between them.
    pub(super) fn between(low: f64, high: f64, unit: Unit, about: usize) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self::ticked(low, high, round_step((high - low) / about.max(1) as f64), unit)
    }

    fn ticked(low: f64, high: f64, step: f64, unit: Unit) -> Self {
        let first = (low / step - 1e-6).ceil();
        let most = ((high - low) / step + 1e-6).floor() as usize + 1;
        let tick = |index: usize| (first + index as f64) * step;
        let ticks = (0..most.min(100)).map(tick).filter(|tick| *tick <= high + step * 1e-6).collect();
        Self { low, high, ticks, step, unit }
    }

    /// A tick as it is written.
    pub(super) fn write(&self, tick: f64) -> String {
        self.unit.write(tick, self.unit.decimals(self.step))
    }

    /// A number on the axis, told more finely than its ticks; one that is small beside them still shows its first digits.
    pub(super) fn write_finely(&self, number: f64) -> String {
        let size = number.abs();
        let finest = if size > 0.0 && size < self.step / 2.0 { size } else { self.step };
        self.unit.write(number, self.unit.decimals(finest / 20.0))
    }
}

/// The next 1, 2 or 5 times a power of ten.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let times = least / power;
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|round| times <= round * 1.000_001).unwrap_or(10.0);
    round * power
}
