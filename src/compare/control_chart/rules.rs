//! The four rules by which a point stands out, within one stretch of a chart.

/// Points in a trend or in a run on one side.
const RUN: usize = 7;

/// Which points count as near a limit in the two-of-three rule. In both, three points in a row lie on one side of the mean, and at least two of them are near
/// the limit on that side; those that are near are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TwoOfThree {
    /// Beyond the near limit, but not beyond the limit itself: NHSRplotthedots 0.2.2.
    Near,
    /// Beyond the near limit, whether beyond the limit or not: the "Making Data Count" tools since November 2023 (issue 194 of NHSRplotthedots).
    NearOrOutside,
}

/// Why a point stands out. Where several rules hold, the first of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Above the upper limit.
    AboveLimit,
    /// Below the lower limit.
    BelowLimit,
    /// One of 7 points in a row that rise, each over the one before. A point in two trends is of the later one.
    Rising,
    /// One of 7 points in a row that fall.
    Falling,
    /// Near the upper limit, with another of three in a row above the mean.
    TwoOfThreeAbove,
    /// Near the lower limit, with another of three in a row below the mean.
    TwoOfThreeBelow,
    /// One of 7 points in a row above the mean. A point on the mean ends the run.
    ShiftAbove,
    /// One of 7 points in a row below the mean.
    ShiftBelow,
}

impl Signal {
    /// Whether it says "more".
    pub fn is_high(self) -> bool {
        match self {
            Self::AboveLimit | Self::Rising | Self::TwoOfThreeAbove | Self::ShiftAbove => true,
            Self::BelowLimit | Self::Falling | Self::TwoOfThreeBelow | Self::ShiftBelow => false,
        }
    }
}

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// 1 above the mean, -1 below it, 0 on it.
    pub(super) side: i8,
    /// Beyond a limit.
    pub(super) outside: bool,
    /// Beyond a near limit, or even a limit.
    pub(super) beyond_near: bool,
}

/// The signal of each point of a stretch.
pub(super) fn signals(
    values: &[Option<f64>],
    places: &[Option<Place>],
    two_of_three: TwoOfThree,
) -> Vec<Option<Signal>> {
    let mut signals = vec![None; values.len()];
    // From the rule that yields to the one that goes before all others.
    shift(places, &mut signals);
    near(places, two_of_three, &mut signals);
    trend(values, &mut signals);
    for (signal, place) in signals.iter_mut().zip(places) {
        if let Some(Place { side, outside: true, beyond_near: _ }) = place {
            *signal = Some(if *side > 0 { Signal::AboveLimit } else { Signal::BelowLimit });
        }
    }
    signals
}

fn shift(places: &[Option<Place>], signals: &mut [Option<Signal>]) {
    for (at, run) in places.windows(RUN).enumerate() {
        let Some(Place { side, .. }) = run[0] else { continue };
        if side != 0 && run.iter().all(|place| place.is_some_and(|place| place.side == side)) {
            let signal = if side > 0 { Signal::ShiftAbove } else { Signal::ShiftBelow };
            signals[at..at + RUN].fill(Some(signal));
        }
    }
}

fn near(places: &[Option<Place>], which: TwoOfThree, signals: &mut [Option<Signal>]) {
    let is_near = |place: &Option<Place>| {
        place.is_some_and(|place| place.beyond_near && (which == TwoOfThree::NearOrOutside || !place.outside))
    };
    for (at, three) in places.windows(3).enumerate() {
        let Some(Place { side, .. }) = three[0] else { continue };
        let one_side = side != 0 && three.iter().all(|place| place.is_some_and(|place| place.side == side));
        if !one_side || three.iter().filter(|place| is_near(place)).count() < 2 {
            continue;
        }
        let signal = if side > 0 { Signal::TwoOfThreeAbove } else { Signal::TwoOfThreeBelow };
        for (offset, place) in three.iter().enumerate() {
            if is_near(place) {
                signals[at + offset] = Some(signal);
            }
        }
    }
}

fn trend(values: &[Option<f64>], signals: &mut [Option<Signal>]) {
    for (at, run) in values.windows(RUN).enumerate() {
        let all = |holds: fn(f64, f64) -> bool| {
            run.windows(2).all(|pair| matches!(pair, [Some(before), Some(after)] if holds(*before, *after)))
        };
        let signal = if all(|before, after| before < after) {
            Signal::Rising
        } else if all(|before, after| before > after) {
            Signal::Falling
        } else {
            continue;
        };
        signals[at..at + RUN].fill(Some(signal));
    }
}
