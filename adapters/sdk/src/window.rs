//! Stretches of time cut into steps, drawn back and clamped: pure functions, without a gap and without an overlap.

use callgauge_schema::Moment;

use crate::{AdapterError, Fault, Span, Window};

impl Window {
    /// A stretch; `None` where it would be empty or run backwards.
    pub fn new(from: Moment, until: Moment) -> Option<Self> {
        (from < until).then_some(Self { from, until })
    }

    /// Whether an instant lies in it.
    pub fn contains(&self, moment: Moment) -> bool {
        self.from <= moment && moment < self.until
    }

    /// How long it is, in milliseconds.
    pub const fn millis(&self) -> i64 {
        self.until.millis().saturating_sub(self.from.millis())
    }

    /// It in pieces of at most `step`, oldest first, each beginning where the one before ends. Cuts lie at whole multiples of `step` since 1970, so that
    /// the same stretch is cut at the same places whenever it is read. A step of nothing cuts nothing.
    pub fn steps(self, step: Span) -> impl Iterator<Item = Self> {
        let step = millis(step);
        let mut next = Some(self.from);
        std::iter::from_fn(move || {
            let from = next?;
            let cut = if step == 0 {
                self.until
            } else {
                let into = from.millis().rem_euclid(step);
                from.plus_millis(step - into).min(self.until)
            };
            next = (cut < self.until).then_some(cut);
            Some(Self { from, until: cut })
        })
    }

    /// It with a margin before and after, for vendors that list a call by another time than the one that counts.
    #[must_use]
    pub const fn widened(self, before: Span, after: Span) -> Self {
        Self { from: self.from.plus_millis(-millis(before)), until: self.until.plus_millis(millis(after)) }
    }

    /// What of it the vendor can be asked for at `now`: not before what it keeps, and not after `now` less the time a call takes to appear. `None` where
    /// nothing is left.
    pub fn clamped(self, now: Moment, keeps: Option<Span>, appears_after: Span) -> Option<Self> {
        let oldest = keeps.map_or(self.from, |keeps| now.plus_millis(-millis(keeps)));
        Self::new(self.from.max(oldest), self.until.min(now.plus_millis(-millis(appears_after))))
    }

    /// Refuses a stretch of which the vendor keeps nothing any more; gives the oldest instant that it keeps.
    ///
    /// # Errors
    /// [`Fault::TooFarBack`].
    pub fn kept(&self, vendor: &str, keeps: Span, now: Moment) -> Result<Moment, AdapterError> {
        let oldest = now.plus_millis(-millis(keeps));
        if self.until > oldest {
            return Ok(oldest);
        }
        let days = keeps.secs / 86_400;
        let message = format!("{vendor} keeps calls for {days} days: read from a later day on");
        Err(AdapterError::new(Fault::TooFarBack, message))
    }

    /// The next stretch to read, where everything before `read_until` was read: from there less the lookback, since late records and corrections are
    /// found by reading again. `None` where there is none yet.
    pub fn due(read_until: Moment, lookback: Span, now: Moment) -> Option<Self> {
        Self::new(read_until.plus_millis(-millis(lookback)), now)
    }
}

/// As milliseconds, the largest where there are too many.
const fn millis(span: Span) -> i64 {
    // The most that stays far from the ends of an i64 when two are added.
    const MOST: u64 = (i64::MAX / 4) as u64;
    let millis = span.secs.saturating_mul(1_000);
    if millis > MOST { MOST as i64 } else { millis as i64 }
}

#[cfg(test)]
mod tests;
