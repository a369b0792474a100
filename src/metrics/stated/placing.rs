//! Puts the stated counts of a day into buckets, as far as their shape tells where they belong.
//!
//! Numbers of calls come from one shape alone, the finest: time bands, else the day, else duration bands; so that the parts of a day add up to it. Durations
//! are added where the whole day lies in one bucket and they are not more than the calls they are of.

use callgauge_schema::{CallKind, Callback, Direction, Outcome, Timing};

use super::{CountShape, Gaps, Indicator, StatedCounts};
use crate::calendar::Band;
use crate::metrics::band::DurationBand;
use crate::metrics::{Histogram, KindTally, Tally};

/// All that one source states of one practice or account on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayCounts {
    /// In order of their shapes' numbers.
    shapes: [Option<StatedCounts>; 3],
}

/// Calls that belong to a bucket, and what is not known of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The bucket.
    pub bucket: u32,
    /// The calls.
    pub tally: Tally,
    /// What is not known.
    pub gaps: Gaps,
}

impl DayCounts {
    /// Adds what is stated in one shape; it takes the place of what was there in that shape.
    pub fn put(&mut self, counts: StatedCounts) {
        let at = usize::from(counts.shape().number() - 1);
        self.shapes[at] = Some(counts);
    }

    fn shape(&self, shape: CountShape) -> Option<&StatedCounts> {
        self.shapes[usize::from(shape.number() - 1)].as_ref()
    }

    /// The counts that say how many calls there were.
    fn calls(&self) -> Option<&StatedCounts> {
        self.shape(CountShape::TimeBands)
            .or_else(|| self.shape(CountShape::Day))
            .or_else(|| self.shape(CountShape::DurationBands))
    }

    /// Whether no call is stated.
    pub fn is_zero(&self) -> bool {
        self.calls().is_none_or(|counts| counts.counts().is_empty())
    }

    /// The calls of the whole day.
    pub fn whole(&self) -> (Tally, Gaps) {
        let Some(counts) = self.calls() else { return (Tally::default(), Gaps::NONE) };
        let of = |indicator| counts.total(indicator);
        (tally(of, self.shape(CountShape::DurationBands)), Gaps::of(counts))
    }

    /// The calls in the buckets that the bands of the day fall into; `none` is no bucket. Where the counts do not tell by bands and the day lies in several
    /// buckets, each of them has no calls and a gap.
    pub fn by_band(&self, buckets: &[u32; Band::COUNT], none: u32) -> Vec<Placed> {
        if buckets.iter().all(|bucket| *bucket == buckets[0]) {
            let (tally, gaps) = self.whole();
            return if buckets[0] == none {
                Vec::new()
            } else {
                vec![Placed { bucket: buckets[0], tally, gaps }]
            };
        }
        let mut asked: Vec<u32> = buckets.iter().copied().filter(|&bucket| bucket != none).collect();
        asked.sort_unstable();
        asked.dedup();
        let counts = self.shape(CountShape::TimeBands);
        let placed = asked.into_iter().map(|bucket| match counts {
            None => Placed { bucket, tally: Tally::default(), gaps: self.unplaced() },
            Some(counts) => {
                let of = |indicator| {
                    let bands = (1_u8..).zip(buckets).filter(|&(_, &theirs)| theirs == bucket);
                    bands.map(|(part, _)| counts.of(indicator, part)).sum()
                };
                Placed { bucket, tally: tally(of, None), gaps: Gaps::of(counts) }
            }
        });
        placed.collect()
    }

    /// What is not known of buckets that are finer than the counts: everything, unless there was no call at all.
    pub fn unplaced(&self) -> Gaps {
        if self.is_zero() { Gaps::NONE } else { Gaps::EVERYTHING }
    }
}

/// A tally of so many calls of each indicator, with their durations where these are stated of the same calls.
fn tally(of: impl Fn(Indicator) -> i64, durations: Option<&StatedCounts>) -> Tally {
    let mut tally = Tally::default();
    let mut rest = of(Indicator::Inbound);
    let outcomes = [
        (Indicator::EndedInIvr, Outcome::EndedInIvr),
        (Indicator::Answered, Outcome::Answered),
        (Indicator::Missed, Outcome::Missed),
        (Indicator::CallbackRequested, Outcome::CallbackRequested),
    ];
    for (indicator, outcome) in outcomes {
        let calls = of(indicator);
        rest -= calls;
        let wait = histogram(durations, indicator, calls);
        let talk = match outcome {
            Outcome::Answered => histogram(durations, Indicator::AnsweredByLength, calls),
            _ => Histogram::default(),
        };
        let callback = Callback::Requested { timing: None };
        let callback = (outcome == Outcome::CallbackRequested).then_some(&callback);
        add(&mut tally, Direction::Inbound, outcome, callback, calls, (wait, talk));
    }
    let nothing = (Histogram::default(), Histogram::default());
    add(&mut tally, Direction::Inbound, Outcome::Unclassified, None, rest, nothing.clone());
    // The indicator has automatic callbacks only.
    let made = Callback::Made { for_call: None, attempt: None, automatic: Some(true) };
    let calls = of(Indicator::CallbackMade);
    add(&mut tally, Direction::Outbound, Outcome::Unclassified, Some(&made), calls, nothing);
    tally
}

fn add(
    tally: &mut Tally,
    direction: Direction,
    outcome: Outcome,
    callback: Option<&Callback>,
    calls: i64,
    (wait, talk): (Histogram, Histogram),
) {
    if calls <= 0 {
        return;
    }
    let timing = if wait.is_empty() && talk.is_empty() { Timing::Measured } else { Timing::Banded };
    let kind = CallKind::new(direction, outcome, None, timing, callback);
    tally.add(&Tally { kinds: vec![KindTally { kind, calls, wait, talk }] });
}

/// The durations of an indicator, each as a second of its band; none where they are more than the calls.
fn histogram(durations: Option<&StatedCounts>, indicator: Indicator, calls: i64) -> Histogram {
    let Some(durations) =
        durations.filter(|durations| indicator.has_duration() && durations.total(indicator) <= calls)
    else {
        return Histogram::default();
    };
    let [first, second, third] = DurationBand::EDGES;
    let bins = (1_u8..).zip([first, second, third, third + 1]);
    bins.map(|(part, secs)| (secs, durations.of(indicator, part))).collect()
}
