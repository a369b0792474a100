//! However a file cuts its days, each shape gets the calls that it can carry, once.

use super::*;

fn rows(rows: &[(&str, &str, &str, u64)]) -> Vec<TallyRow> {
    let row = |&(indicator, time, duration, count): &(&str, &str, &str, u64)| TallyRow {
        practice: "A81001".into(),
        date: "2026-02-02".into(),
        indicator: indicator.into(),
        time_band: time.into(),
        duration_band: duration.into(),
        count,
        ..TallyRow::default()
    };
    rows.iter().map(row).collect()
}

/// Indicator, part, calls.
type Count = (i32, i32, i64);

/// Shape by shape.
fn gathered(given: &[(&str, &str, &str, u64)]) -> Vec<(TallyShape, Vec<Count>)> {
    let Counted { tallies, nobodys } = day_tallies(&Mapping::default(), rows(given));
    assert!(nobodys.is_empty());
    let counts = |tally: &v1::DayTally| {
        let mut named: Vec<i32> = tally.counts.iter().map(|count| count.indicator).collect();
        named.dedup();
        assert_eq!(named, tally.indicators, "what is counted is listed");
        tally
            .counts
            .iter()
            .map(|count| (count.indicator, count.time_band + count.duration_band, count.calls))
            .collect()
    };
    tallies.iter().map(|tally| (tally.shape(), counts(tally))).collect()
}

const EIGHT: &str = "08:00-10:00";
const TEN: &str = "10:00-12:00";

#[test]
fn a_day_without_bands_is_a_day() {
    let given = [("inbound", "", "", 20), ("answered", "", "", 12), ("missed", "", "", 0)];
    assert_eq!(gathered(&given), [(TallyShape::Day, vec![(1, 0, 20), (3, 0, 12), (4, 0, 0)])]);
}

#[test]
fn whole_days_with_duration_bands_are_of_that_shape() {
    let given = [
        ("inbound", "", "", 20),
        ("answered", "", "", 12),
        ("answered", "", "up_to_60", 10),
        ("answered", "", "over_300", 2),
        ("missed", "", "61_to_120", 5),
    ];
    assert_eq!(
        gathered(&given),
        [(TallyShape::DurationBands, vec![(1, 0, 20), (3, 1, 10), (3, 4, 2), (4, 2, 5)])],
        "the total beside its parts is not added"
    );
}

#[test]
fn an_indicator_that_the_bands_leave_out_brings_the_day_along() {
    let given = [("inbound", "", "", 20), ("answered", "", "up_to_60", 10), ("missed", "", "", 5)];
    assert_eq!(
        gathered(&given),
        [
            (TallyShape::DurationBands, vec![(1, 0, 20), (3, 1, 10)]),
            (TallyShape::Day, vec![(1, 0, 20), (3, 0, 10), (4, 0, 5)])
        ]
    );
}

#[test]
fn days_cut_by_time_and_by_duration_at_once_give_both() {
    let given = [
        ("inbound", EIGHT, "", 7),
        ("inbound", TEN, "", 5),
        ("answered", EIGHT, "up_to_60", 3),
        ("answered", EIGHT, "over_300", 1),
        ("answered", TEN, "up_to_60", 2),
    ];
    assert_eq!(
        gathered(&given),
        [
            (TallyShape::TimeBands, vec![(1, 3, 7), (1, 4, 5), (3, 3, 4), (3, 4, 2)]),
            (TallyShape::DurationBands, vec![(1, 0, 12), (3, 1, 5), (3, 4, 1)])
        ]
    );
}

#[test]
fn two_views_of_the_same_calls_are_not_added_up() {
    let given = [
        ("inbound", EIGHT, "", 7),
        ("inbound", "", "", 7),
        ("answered", EIGHT, "", 4),
        ("answered", "", "up_to_60", 4),
        ("answered", "", "", 4),
    ];
    assert_eq!(
        gathered(&given),
        [
            (TallyShape::TimeBands, vec![(1, 3, 7), (3, 3, 4)]),
            (TallyShape::DurationBands, vec![(1, 0, 7), (3, 1, 4)])
        ]
    );
}

#[test]
fn bands_without_the_number_of_calls_are_given_as_a_day() {
    let given = [("inbound", "", "", 7), ("answered", EIGHT, "", 4)];
    assert_eq!(gathered(&given), [(TallyShape::Day, vec![(1, 0, 7), (3, 0, 4)])]);
}

#[test]
fn what_no_band_or_indicator_is_named_so_reaches_the_check_that_refuses_it() {
    assert_eq!(gathered(&[("inbound", "noon", "", 7)])[0].1, [(1, i32::MAX, 7)]);
    assert_eq!(gathered(&[("calls", "", "", 7)])[0].1, [(0, 0, 7)]);
}

#[test]
fn sites_of_one_practice_are_added_up_and_those_of_nobody_are_told() {
    let site = |name: &str, count| TallyRow {
        practice: String::new(),
        places: vec![Place::site(name)],
        count,
        ..rows(&[("inbound", "", "", 0)]).remove(0)
    };
    let rule = |name: &str| super::super::MappingRule {
        place: Some(Place::site(name)),
        whose: callgauge_schema::Attribution::Practice("A81001".parse().expect("is a code")),
        first: None,
        end: None,
    };
    let mapping = Mapping::new(&[rule("North"), rule("South")]).expect("is sound");
    let Counted { tallies, nobodys } =
        day_tallies(&mapping, vec![site("North", 3), site("South", 4), site("East", 5)]);
    assert_eq!((tallies.len(), tallies[0].counts[0].calls), (1, 7));
    assert_eq!(nobodys.len(), 1);
    assert!(nobodys[0].message.contains("site:East on 2026-02-02"), "{}", nobodys[0].message);
}
