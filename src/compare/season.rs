//! What the season makes one expect in each point of a series, from what peers had in the same points.
//!
//! Indirect standardisation (Breslow & Day 1987, IARC Scientific Publications 82, chapter 2) with the peers as the standard and points of time as the strata: of
//! a series of n over d and peers with N over D, the expected number is E = k d N / D, where k = sum n / sum (d N / D) makes as much expected as was
//! observed in all. Of plain numbers d and D are 1. What moves everybody, winter as well as bank holidays, is in E; n / E varies by what is the series' own.

/// Why there is no season.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeasonRefusal {
    /// Numbers of a point that are none.
    #[error("numbers of point {point} must be finite and not negative")]
    NotANumber {
        /// Its position.
        point: usize,
    },
    /// No point of the peers has a number where the series has one.
    #[error("the peers have nothing in the points of the series: they show no season")]
    NothingExpected,
}

/// Expected numerators by point; none where the series or its peers have no number. `over` says whether numbers are laid over their denominators.
///
/// # Errors
/// [`SeasonRefusal`].
pub fn seasonal_expectation(
    series: &[Option<(f64, f64)>],
    peers: &[Option<(f64, f64)>],
    over: bool,
) -> Result<Vec<Option<f64>>, SeasonRefusal> {
    let usable = |number: f64| (0.0..1e12).contains(&number);
    for (point, &(n, d)) in
        series.iter().chain(peers).enumerate().filter_map(|(at, pair)| Some((at, pair.as_ref()?)))
    {
        if !usable(n) || !usable(d) {
            return Err(SeasonRefusal::NotANumber { point: point % series.len().max(1) });
        }
    }
    let shape = |own: &Option<(f64, f64)>, peers: &Option<(f64, f64)>| {
        let ((_, d), (of_peers, in_all)) = (own.as_ref()?, peers.as_ref()?);
        match over {
            // A denominator of less than a billionth cannot be divided by.
            true => (*in_all >= 1e-9).then(|| d * of_peers / in_all),
            false => Some(*of_peers),
        }
    };
    let shapes: Vec<Option<f64>> = series.iter().zip(peers).map(|(own, peers)| shape(own, peers)).collect();
    let observed: f64 =
        series.iter().zip(&shapes).filter_map(|(own, shape)| shape.and(own.as_ref())).map(|(n, _)| n).sum();
    let all: f64 = shapes.iter().flatten().sum();
    let level = observed / all;
    if all <= 0.0 || !level.is_finite() {
        return Err(SeasonRefusal::NothingExpected);
    }
    Ok(shapes.into_iter().map(|shape| shape.map(|shape| shape * level)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_series_that_moves_as_its_peers_do_is_what_is_expected() {
        // Calls of three months: peers 100, 200, 150 and a practice with a tenth of that.
        let peers = [(100.0, 0.0), (200.0, 0.0), (150.0, 0.0)].map(Some);
        let series = [(10.0, 0.0), (20.0, 0.0), (15.0, 0.0)].map(Some);
        let found = seasonal_expectation(&series, &peers, false).expect("has one");
        assert_eq!(found, [Some(10.0), Some(20.0), Some(15.0)]);
    }

    #[test]
    fn shares_are_expected_over_their_own_denominators() {
        // The peers miss 10% and 20%; the series has 100 and 300 calls and misses 14 in all, where 10 + 60 would be missed at the peers' level: k = 0.2.
        let peers = [Some((10.0, 100.0)), Some((20.0, 100.0)), None, Some((0.0, 0.0))];
        let series = [Some((4.0, 100.0)), Some((10.0, 300.0)), Some((9.0, 9.0)), Some((9.0, 9.0))];
        let found = seasonal_expectation(&series, &peers, true).expect("has one");
        assert_eq!(
            found.iter().map(|one| one.map(|one| (one * 1e9).round() / 1e9)).collect::<Vec<_>>(),
            [Some(2.0), Some(12.0), None, None]
        );
    }

    #[test]
    fn peers_without_anything_show_no_season() {
        let series = [Some((4.0, 100.0))];
        assert_eq!(
            seasonal_expectation(&series, &[Some((0.0, 50.0))], true),
            Err(SeasonRefusal::NothingExpected)
        );
        assert_eq!(seasonal_expectation(&series, &[None], false), Err(SeasonRefusal::NothingExpected));
        assert_eq!(seasonal_expectation(&[], &[], false), Err(SeasonRefusal::NothingExpected));
        let wrong = [Some((1.0, f64::NAN))];
        assert_eq!(seasonal_expectation(&series, &wrong, true), Err(SeasonRefusal::NotANumber { point: 0 }));
    }

    fn points() -> impl Strategy<Value = Vec<Option<(f64, f64)>>> {
        let number = || prop_oneof![Just(0.0), 0.0..1e6_f64, any::<f64>()];
        prop::collection::vec(prop::option::of((number(), number())), 0..30)
    }

    proptest! {
        #[test]
        fn as_much_is_expected_as_was_observed_and_all_of_it_is_finite(series in points(), peers in points(), over: bool) {
            let Ok(found) = seasonal_expectation(&series, &peers, over) else { return Ok(()) };
            prop_assert!(found.iter().flatten().all(|expected| expected.is_finite() && *expected >= 0.0));
            let expected: f64 = found.iter().flatten().sum();
            let observed: f64 = series.iter().zip(&found).filter_map(|(own, found)| found.and(own.as_ref())).map(|(n, _)| n).sum();
            prop_assert!((expected - observed).abs() <= 1e-9 * observed.max(1e-9), "{expected} {observed}");
        }
    }
}
