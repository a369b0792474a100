//! Which stretch of time is to be read next: what is new, and what has to be read again because records come late.
//!
//! Most readings go back an hour at most, for calls that were in progress. Every so often (a 24th of the time that records come late by, and not more often than
//! there are readings) one goes back to where everything is settled.

use callgauge_adapter::{Span, Window};
use callgauge_schema::Moment;

use super::progress::Progress;

/// How far a short reading goes back, at most.
const SHORT: i64 = 3_600_000;

/// What is due, as settled as it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// From where on.
    pub(super) from: Moment,
    /// Whether it begins where everything is settled.
    pub(super) whole: bool,
}

/// Milliseconds of a span.
pub(super) fn millis(span: Span) -> i64 {
    i64::try_from(span.secs.saturating_mul(1_000)).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}

/// From where on to read now.
pub(super) fn due(progress: &Progress, now: Moment, late_by: i64, poll: i64) -> Due {
    let every = (late_by / 24).max(poll);
    let whole = now.millis().saturating_sub(progress.settled_at) >= every;
    let short = progress.settled_until.max(progress.read_until - late_by.min(SHORT));
    let from = if whole { progress.settled_until } else { short };
    Due { from: Moment::from_millis(from), whole }
}

/// The windows from there to now.
pub(super) fn windows(from: Moment, now: Moment, longest: Span) -> impl Iterator<Item = Window> + Send {
    Window::new(from, now).into_iter().flat_map(move |all| all.steps(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn at(hours: i64) -> Moment {
        Moment::from_millis(hours * HOUR)
    }

    /// Reads what is due in windows of an hour.
    fn read(progress: &mut Progress, now: Moment, late_by: i64) -> Vec<(i64, i64)> {
        let due = due(progress, now, late_by, HOUR / 12);
        let mut read = Vec::new();
        for window in windows(due.from, now, Span::hours(1)) {
            progress.open = Some(super::super::progress::OpenWindow::new(window, now));
            progress.closed(late_by);
            read.push((window.from.millis() / HOUR, window.until.millis() / HOUR));
        }
        if due.whole {
            progress.settled_at = now.millis();
        }
        read
    }

    #[test]
    fn what_is_settled_was_read_after_its_records_had_time_to_come() {
        let mut progress = Progress::starting(at(0));
        assert_eq!(read(&mut progress, at(3), 2 * HOUR), [(0, 1), (1, 2), (2, 3)]);
        assert_eq!((progress.read_until, progress.settled_until), (3 * HOUR, HOUR));
        // A minute later only the last hour is read again.
        let soon = at(3).plus_millis(60_000);
        assert_eq!(read(&mut progress, soon, 2 * HOUR).first(), Some(&(2, 3)));
        assert_eq!(progress.settled_until, HOUR, "a short reading settles nothing");
        assert_eq!(read(&mut progress, at(5), 2 * HOUR).first(), Some(&(1, 2)), "from where all is settled");
        assert_eq!(progress.settled_until, 3 * HOUR);
    }

    #[test]
    fn a_stretch_that_the_vendor_no_longer_has_is_never_said_to_be_delivered() {
        let mut progress = Progress::starting(at(0));
        read(&mut progress, at(4), HOUR);
        assert!(progress.skip_to(10 * HOUR), "calls from 4 to 10 are lost");
        read(&mut progress, at(14), HOUR);
        assert_eq!(progress.settled(), [(at(0), at(3)), (at(10), at(13))]);
        assert!(!progress.skip_to(5 * HOUR));
    }

    #[test]
    fn progress_is_read_as_it_was_written_with_its_cursor() {
        let mut progress = Progress::starting(at(1));
        progress.open =
            Some(super::super::progress::OpenWindow::new(Window { from: at(1), until: at(2) }, at(9)));
        for cursor in [None, Some(""), Some("{\"page\":\"x\\ny\"}\nand more")] {
            progress.goes_on(cursor.map(|text| callgauge_adapter::Cursor(text.to_owned())));
            let read = Progress::read(&progress.write().unwrap()).unwrap();
            assert_eq!(read.open.as_ref().unwrap().cursor.as_deref(), cursor);
            assert_eq!(read.open.unwrap().window(), Window { from: at(1), until: at(2) });
        }
        assert_eq!(Progress::read(&vec![b'{'; 3].try_into().unwrap()), None);
    }
}
