//! Unions of stretches, sources of record that share days, names.

use super::*;
use crate::calendar::Days;

#[test]
fn stretches_that_touch_become_one_and_gaps_stay() {
    let mut stretches = Stretches::default();
    assert_eq!(stretches.add(10, 20), Some((10, 20)));
    assert_eq!(stretches.add(30, 40), Some((30, 40)));
    assert_eq!(stretches.add(12, 15), None, "no news");
    assert_eq!(stretches.add(5, 5), None, "nothing");
    assert_eq!((stretches.cover(10, 20), stretches.cover(10, 21)), (Covered::Whole, Covered::Part));
    assert_eq!((stretches.cover(20, 30), stretches.cover(0, 10)), (Covered::None, Covered::None));
    assert_eq!(stretches.cover(15, 35), Covered::Part);
    assert_eq!(stretches.add(20, 30), Some((10, 40)));
    assert_eq!(stretches.len(), 1);
    assert_eq!(stretches.add(0, 100), Some((0, 100)));
    assert!(stretches.has(99) && !stretches.has(100));
}

#[test]
fn two_sources_of_record_on_one_day_are_refused_and_neighbours_are_not() {
    let day = |number| Some(Day::from_number(number));
    let stated = |source: &str, first, end| SourceOfRecord {
        whose: "A81001".parse().expect("is a code"),
        source: source.parse().expect("is an id"),
        first,
        end,
    };
    let good = [stated("old", None, day(10)), stated("new", day(10), None)];
    let record = OfRecord::new(&good).expect("neighbours");
    assert_eq!(record.list(), good);
    let found: Vec<_> = record
        .within(&good[0].whose, Days::new(Day::from_number(8), Day::from_number(12)))
        .map(|(days, source)| (days.len(), source.as_str()))
        .collect();
    assert_eq!(found, [(2, "old"), (2, "new")]);
    for bad in [
        vec![stated("old", None, day(11)), stated("new", day(10), None)],
        vec![stated("old", day(10), day(10))],
        vec![stated("old", None, None), stated("old", None, None)],
    ] {
        assert!(OfRecord::new(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn whose_is_written_as_it_is_read() {
    for text in ["A81001", "account:hub-1"] {
        assert_eq!(text.parse::<Whose>().expect("is one").to_string(), text);
    }
    for text in ["", "account:", "account:07700900123"] {
        assert!(text.parse::<Whose>().is_err(), "{text}");
    }
}
