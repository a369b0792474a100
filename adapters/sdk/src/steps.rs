//! Reading a window in steps: for vendors that list the legs of a call one by one, so that all legs of a step are read before any call is given.
//!
//! A step is as long as its rows fit into memory ([`StepPlan::parts`]): one that turns out to have too many is begun again at half its length, and after a
//! thin one the next is twice as long. Where the step began and how long it is are all that a cursor holds.

mod parts;

use callgauge_schema::Moment;
pub use parts::{Listing, Room};
use serde::{Deserialize, Serialize};

use crate::{AdapterError, Cursor, Fault, FetchRequest, Next, Page, Span, Window};

/// How long steps may be.
#[derive(Clone, Copy, Debug)]
pub struct StepPlan {
    /// The first one.
    pub first: Span,
    /// None is longer.
    pub longest: Span,
    /// None is cut any shorter, however many rows it has.
    pub shortest: Span,
    /// No more rows than this are held: two of the vendor's pages. A step that has more is cut.
    pub rows: usize,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is given on this page.
    pub core: Window,
    span: Span,
}

#[derive(Serialize, Deserialize)]
struct Place {
    at_ms: i64,
    secs: u64,
}

impl StepPlan {
    /// The step that a request is at.
    ///
    /// # Errors
    /// [`Fault::CursorLost`] where the cursor is not one of this adapter's.
    pub fn step(&self, request: &FetchRequest) -> Result<Step, AdapterError> {
        let window = request.window;
        let lost = || {
            let message = "the cursor is not one of this adapter: the window is read again from its start";
            AdapterError::new(Fault::CursorLost, message)
        };
        let (from, span) = match &request.cursor {
            None => (window.from, self.first),
            Some(Cursor(text)) => {
                let Place { at_ms, secs } = serde_json::from_str(text).map_err(|_| lost())?;
                (Moment::from_millis(at_ms), Span { secs })
            }
        };
        let span = span.clamp(self.shortest, self.longest);
        if !(window.from..window.until).contains(&from) {
            return Err(lost());
        }
        Ok(Step { core: Window { from, until: after(from, span).min(window.until) }, span })
    }

    /// Where to go on instead, where a step has this many rows and can be cut.
    fn cut(&self, step: &Step, rows: usize) -> Option<Next> {
        let long = step.span > self.shortest && step.core.until > after(step.core.from, self.shortest);
        let half = Span { secs: step.span.secs / 2 }.max(self.shortest);
        (rows > self.rows && long).then(|| cursor(step.core.from, half))
    }

    /// How many rows to read of a step: where there are more, it is cut. `None` where it cannot be.
    fn most(&self, step: &Step) -> Option<usize> {
        self.cut(step, usize::MAX).map(|_| self.rows)
    }

    /// A page without anything, after which a step with more rows than [`Self::most`] is read in two.
    pub fn halved(&self, step: &Step) -> Page {
        Page::empty(self.cut(step, usize::MAX).unwrap_or(Next::Done))
    }

    /// Where to go on after a step that had this many rows.
    pub fn next(&self, step: &Step, rows: usize, window: Window) -> Next {
        if step.core.until >= window.until {
            return Next::Done;
        }
        let thin = rows < self.rows / 4;
        let span = if thin { Span { secs: step.span.secs.saturating_mul(2) } } else { step.span };
        cursor(step.core.until, span.min(self.longest))
    }
}

impl Step {
    /// The step with a margin before and after it, the end not after `now`.
    pub fn read(&self, before: Span, after_it: Span, now: Moment) -> Window {
        let from = Moment::from_millis(self.core.from.millis().saturating_sub(millis(before)));
        let until = after(self.core.until, after_it).min(now.max(self.core.until));
        Window { from, until }
    }
}

fn cursor(at: Moment, span: Span) -> Next {
    let place = Place { at_ms: at.millis(), secs: span.secs };
    Next::More(Cursor(serde_json::to_string(&place).unwrap_or_default()))
}

fn after(at: Moment, span: Span) -> Moment {
    at.plus_millis(millis(span))
}

fn millis(span: Span) -> i64 {
    i64::try_from(span.secs.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: StepPlan =
        StepPlan { first: Span::hours(4), longest: Span::hours(8), shortest: Span::hours(1), rows: 100 };

    fn window(hours: u64) -> Window {
        Window { from: Moment::from_millis(0), until: after(Moment::from_millis(0), Span::hours(hours)) }
    }

    /// All steps of a window, each with as many rows as `rows` says of its hours.
    fn walk(window: Window, rows: impl Fn(u64) -> usize) -> Vec<(u64, u64)> {
        let mut request = FetchRequest { window, cursor: None, now: window.until };
        let mut given = Vec::new();
        for _ in 0..1_000 {
            let step = PLAN.step(&request).expect("its own cursor");
            let hour = |at: Moment| u64::try_from(at.secs()).expect("after 1970") / 3_600;
            let (from, until) = (hour(step.core.from), hour(step.core.until));
            let next = match PLAN.cut(&step, rows(until - from)) {
                Some(next) => next,
                None => {
                    given.push((from, until));
                    PLAN.next(&step, rows(until - from), window)
                }
            };
            match next {
                Next::More(cursor) => request.cursor = Some(cursor),
                Next::Done => return given,
            }
        }
        panic!("never done: {given:?}");
    }

    #[test]
    fn steps_leave_no_gap_however_many_rows_there_are() {
        for rows_an_hour in [0, 10, 40, 90, 1_000] {
            let given = walk(window(27), |hours| rows_an_hour * hours as usize);
            assert_eq!((given[0].0, given[given.len() - 1].1), (0, 27), "{rows_an_hour}: {given:?}");
            assert!(given.windows(2).all(|two| two[0].1 == two[1].0), "{rows_an_hour}: {given:?}");
        }
    }

    #[test]
    fn a_full_step_is_cut_and_a_thin_one_followed_by_a_longer() {
        assert_eq!(walk(window(4), |hours| 90 * hours as usize), [(0, 1), (1, 2), (2, 3), (3, 4)]);
        assert_eq!(walk(window(20), |_| 0), [(0, 4), (4, 12), (12, 20)]);
    }

    #[test]
    fn a_cursor_of_another_window_is_lost() {
        let Next::More(cursor) = cursor(after(Moment::from_millis(0), Span::hours(30)), Span::hours(1))
        else {
            panic!("a cursor")
        };
        let now = window(30).until;
        let fault = PLAN.step(&FetchRequest { window: window(4), cursor: Some(cursor), now });
        assert_eq!(fault.expect_err("is outside").fault, Fault::CursorLost);
    }
}
