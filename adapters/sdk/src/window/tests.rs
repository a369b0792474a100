//! Windows: no gap, no overlap, nothing outside what can be asked for.

use callgauge_schema::Moment;
use proptest::prelude::*;

use crate::{Span, Window};

fn window(from: i64, until: i64) -> Window {
    Window { from: Moment::from_millis(from), until: Moment::from_millis(until) }
}

#[test]
fn steps_are_cut_at_the_same_places_whenever_they_are_read() {
    let steps: Vec<(i64, i64)> =
        window(500, 3_500).steps(Span { secs: 1 }).map(|w| (w.from.millis(), w.until.millis())).collect();
    assert_eq!(steps, [(500, 1_000), (1_000, 2_000), (2_000, 3_000), (3_000, 3_500)]);
    assert_eq!(window(0, 10).steps(Span { secs: 0 }).count(), 1, "a step of nothing cuts nothing");
}

#[test]
fn what_the_vendor_no_longer_has_and_what_it_does_not_have_yet_is_left_out() {
    let now = Moment::from_millis(1_000_000);
    let keeps = Some(Span { secs: 600 });
    assert_eq!(window(0, 2_000_000).clamped(now, keeps, Span { secs: 300 }), Some(window(400_000, 700_000)));
    assert_eq!(window(0, 2_000_000).clamped(now, None, Span { secs: 0 }), Some(window(0, 1_000_000)));
    assert_eq!(window(0, 400_000).clamped(now, keeps, Span { secs: 0 }), None);
    assert_eq!(window(800_000, 900_000).clamped(now, None, Span { secs: 300 }), None);
}

#[test]
fn reading_again_goes_back_as_far_as_records_can_be_late() {
    let at = Moment::from_millis;
    assert_eq!(Window::due(at(100_000), Span { secs: 30 }, at(200_000)), Some(window(70_000, 200_000)));
    assert_eq!(Window::due(at(200_000), Span { secs: 0 }, at(200_000)), None);
    assert_eq!(window(10_000, 20_000).widened(Span { secs: 5 }, Span { secs: 1 }), window(5_000, 21_000));
}

#[test]
fn a_span_without_end_does_not_overflow() {
    let endless = Span { secs: u64::MAX };
    assert_eq!(window(5, 10).steps(endless).count(), 1);
    assert!(window(5, 10).widened(endless, endless).millis() > 0);
    assert_eq!(
        window(5, 10).clamped(Moment::from_millis(20), Some(endless), Span { secs: 0 }),
        Some(window(5, 10))
    );
}

proptest! {
    #[test]
    fn steps_leave_no_gap_and_no_overlap(from in -1_000_000_000_i64..1_000_000_000, length in 1_i64..50_000_000, step in 1_u64..90_000) {
        let whole = window(from, from + length);
        let mut at = whole.from;
        for piece in whole.steps(Span { secs: step }) {
            prop_assert_eq!(piece.from, at);
            prop_assert!(piece.from < piece.until && piece.millis() <= step as i64 * 1_000);
            at = piece.until;
        }
        prop_assert_eq!(at, whole.until);
    }

    #[test]
    fn what_is_read_turn_by_turn_covers_everything_once_lateness_is_over(
        turns in prop::collection::vec(1_i64..100_000, 1..20), lookback in 0_u64..200, late in 0_i64..200_000, happened in 0_i64..1_000_000,
    ) {
        // A record that appears `late` after it happened is in a later window as long as it is not later than the lookback.
        prop_assume!(late <= lookback as i64 * 1_000);
        let (mut read_until, mut now, mut seen) = (Moment::from_millis(0), Moment::from_millis(0), false);
        for turn in &turns {
            now = now.plus_millis(*turn);
            let due = Window::due(read_until, Span { secs: lookback }, now);
            let there = happened + late <= now.millis();
            seen |= there && due.is_some_and(|due| due.contains(Moment::from_millis(happened)));
            read_until = now;
        }
        prop_assert_eq!(seen, happened + late <= now.millis() && happened < now.millis());
    }

    #[test]
    fn a_clamped_window_is_inside_both(from in 0_i64..1_000_000, length in 1_i64..1_000_000, now in 0_i64..2_000_000, keeps in 0_u64..1_000, delay in 0_u64..1_000) {
        let whole = window(from, from + length);
        let now = Moment::from_millis(now);
        if let Some(cut) = whole.clamped(now, Some(Span { secs: keeps }), Span { secs: delay }) {
            prop_assert!(cut.from >= whole.from && cut.until <= whole.until && cut.from < cut.until);
            prop_assert!(cut.from.millis() >= now.millis() - keeps as i64 * 1_000);
            prop_assert!(cut.until.millis() <= now.millis() - delay as i64 * 1_000);
        }
    }
}
