//! How often a process that does not change looks as if it did.
//!
//! The figures were simulated with the code of this room (charts of independent normal values, limits made of all points and screened, fixed seed, 80,000 to 400,000
//! a length), not
//! derived: no formula holds for four rules together with limits estimated from the very points. `tests.rs` simulates some of them again.

use super::{ChartOptions, Stretch, TwoOfThree};

/// What to expect of a process that varies about a constant mean, each point independent of the others.
///
/// Months are seldom that: with a correlation of 0.4 between neighbours, or a season left in of one standard deviation, about three times as many charts show signals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FalseSignals {
    /// The probability that the chart shows any signal.
    pub any: f64,
    /// The probability that its last point is a signal: the share of such charts flagged by their icon.
    pub latest: f64,
    /// How many of its points are signals on average.
    pub points: f64,
}

/// Points of a chart, then of the two-of-three rule `Near` and of `NearOrOutside`: any, latest, points.
const SIMULATED: [(f64, [f64; 3], [f64; 3]); 18] = [
    (2.0, [0.0000, 0.0000, 0.000], [0.0000, 0.0000, 0.000]),
    (3.0, [0.0000, 0.0000, 0.000], [0.0000, 0.0000, 0.000]),
    (5.0, [0.0063, 0.0044, 0.017], [0.0063, 0.0044, 0.018]),
    (7.0, [0.0262, 0.0133, 0.056], [0.0262, 0.0136, 0.060]),
    (8.0, [0.0347, 0.0136, 0.071], [0.0347, 0.0139, 0.076]),
    (10.0, [0.0530, 0.0135, 0.119], [0.0530, 0.0138, 0.124]),
    (12.0, [0.0719, 0.0140, 0.198], [0.0719, 0.0144, 0.204]),
    (14.0, [0.0909, 0.0147, 0.294], [0.0909, 0.0150, 0.300]),
    (16.0, [0.1108, 0.0149, 0.404], [0.1108, 0.0152, 0.410]),
    (18.0, [0.1294, 0.0151, 0.518], [0.1294, 0.0153, 0.525]),
    (21.0, [0.1579, 0.0158, 0.698], [0.1579, 0.0160, 0.706]),
    (24.0, [0.1880, 0.0161, 0.893], [0.1880, 0.0163, 0.901]),
    (30.0, [0.2419, 0.0170, 1.282], [0.2419, 0.0171, 1.290]),
    (36.0, [0.2920, 0.0171, 1.679], [0.2920, 0.0172, 1.689]),
    (48.0, [0.3878, 0.0176, 2.506], [0.3878, 0.0178, 2.518]),
    (60.0, [0.4681, 0.0182, 3.332], [0.4681, 0.0183, 3.346]),
    (84.0, [0.6044, 0.0188, 5.016], [0.6044, 0.0189, 5.034]),
    (120.0, [0.7433, 0.0196, 7.512], [0.7433, 0.0197, 7.534]),
];

impl FalseSignals {
    pub(super) fn expected(stretches: &[Stretch], options: &ChartOptions) -> Self {
        let mut none = 1.0;
        let mut points = 0.0;
        let mut latest = 0.0;
        for stretch in stretches {
            let of = if stretch.limits.is_some() {
                Self::of(stretch.points as f64, options.two_of_three)
            } else {
                Self { any: 0.0, latest: 0.0, points: 0.0 }
            };
            none *= 1.0 - of.any;
            points += of.points;
            latest = of.latest;
        }
        Self { any: 1.0 - none, latest, points }
    }

    /// For one stretch: between the simulated lengths in proportion, beyond the longest as if it were several.
    fn of(points: f64, two_of_three: TwoOfThree) -> Self {
        let figures = |row: &(f64, [f64; 3], [f64; 3])| match two_of_three {
            TwoOfThree::Near => row.1,
            TwoOfThree::NearOrOutside => row.2,
        };
        let above = SIMULATED.partition_point(|row| row.0 < points);
        let [any, latest, count] = if above == 0 {
            figures(&SIMULATED[0])
        } else if above == SIMULATED.len() {
            let longest = &SIMULATED[above - 1];
            let [any, latest, count] = figures(longest);
            let times = points / longest.0;
            [1.0 - (1.0 - any).powf(times), latest, count * times]
        } else {
            let (low, high) = (&SIMULATED[above - 1], &SIMULATED[above]);
            let part = (points - low.0) / (high.0 - low.0);
            let (low, high) = (figures(low), figures(high));
            [0, 1, 2].map(|at| low[at] + part * (high[at] - low[at]))
        };
        Self { any, latest, points: count }
    }
}
