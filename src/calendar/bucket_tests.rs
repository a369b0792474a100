//! What holds of buckets: by table around clock changes, holidays and edges, and as laws for any range.

use callgauge_schema::Moment;
use jiff::civil;
use proptest::prelude::*;

use super::*;

const DAY: Granularity = Granularity::Day;
const WEEKDAY: Profile = Profile { weekday: true, time_of_day: false };
const TIME: Profile = Profile { weekday: false, time_of_day: true };
const BOTH: Profile = Profile { weekday: true, time_of_day: true };

fn days(first: &str, end: &str) -> Days {
    Days::new(first.parse().unwrap(), end.parse().unwrap())
}

fn plan(range: Days, granularity: Granularity, profile: Profile, hours: Hours) -> Buckets {
    Buckets::plan(range, granularity, profile, hours, Calendar::england()).unwrap()
}

/// An instant from RFC 3339 text, by jiff.
fn at(text: &str) -> Moment {
    let timestamp: jiff::Timestamp = text.parse().unwrap();
    Moment::from_millis(timestamp.as_millisecond())
}

fn labels(buckets: &Buckets) -> Vec<&str> {
    buckets.list().iter().map(|bucket| bucket.label.as_str()).collect()
}

/// Start and end as printed.
fn edges(bucket: &Bucket) -> (String, String) {
    (bucket.start.to_string(), bucket.end.to_string())
}

/// The label of the bucket that holds an instant.
fn label_at<'a>(buckets: &'a Buckets, text: &str) -> Option<&'a str> {
    buckets.slot(at(text)).map(|slot| buckets.list()[slot as usize].label.as_str())
}

#[test]
fn buckets_are_clipped_to_the_range_and_marked_partial() {
    let range = days("2026-01-28", "2026-03-02");
    for (granularity, expected) in [
        (Granularity::Total, vec![("2026-01-28 to 2026-03-01", false)]),
        (Granularity::Year, vec![("2026", true)]),
        (Granularity::FinancialYear, vec![("2025/26", true)]),
        (Granularity::Quarter, vec![("2026-Q1", true)]),
        (Granularity::FinancialQuarter, vec![("2025/26 Q4", true)]),
        (Granularity::Month, vec![("2026-01", true), ("2026-02", false), ("2026-03", true)]),
        (
            Granularity::Week,
            vec![
                ("2026-W05", true),
                ("2026-W06", false),
                ("2026-W07", false),
                ("2026-W08", false),
                ("2026-W09", false),
            ],
        ),
    ] {
        let buckets = plan(range, granularity, Profile::NONE, Hours::All);
        let found: Vec<_> = buckets.list().iter().map(|b| (b.label.as_str(), b.partial)).collect();
        assert_eq!(found, expected, "{}", granularity.name());
        let (first, last) = (buckets.list().first().unwrap(), buckets.list().last().unwrap());
        assert_eq!(edges(first).0, "2026-01-28T00:00:00+00:00");
        assert_eq!(edges(last).1, "2026-03-02T00:00:00+00:00");
    }
}

#[test]
fn a_bucket_across_a_clock_change_prints_the_offset_of_each_end() {
    let buckets = plan(days("2026-03-01", "2026-04-01"), Granularity::Month, Profile::NONE, Hours::All);
    assert_eq!(
        edges(&buckets.list()[0]),
        ("2026-03-01T00:00:00+00:00".into(), "2026-04-01T00:00:00+01:00".into())
    );
    let buckets = plan(days("2026-10-25", "2026-10-26"), DAY, Profile::NONE, Hours::All);
    assert_eq!(
        edges(&buckets.list()[0]),
        ("2026-10-25T00:00:00+01:00".into(), "2026-10-26T00:00:00+00:00".into())
    );
}

#[test]
fn hours_are_25_in_october_and_23_in_march() {
    for (day, end, hours, halves, quarters) in [
        ("2026-10-25", "2026-10-26", 25, 50, 100),
        ("2026-03-29", "2026-03-30", 23, 46, 92),
        ("2026-02-02", "2026-02-03", 24, 48, 96),
    ] {
        for (granularity, expected) in [
            (Granularity::Hour, hours),
            (Granularity::HalfHour, halves),
            (Granularity::QuarterHour, quarters),
            (Granularity::NhsBand, 9),
        ] {
            let buckets = plan(days(day, end), granularity, Profile::NONE, Hours::All);
            assert_eq!(buckets.list().len(), expected, "{day} {}", granularity.name());
        }
    }
}

#[test]
fn octobers_repeated_hour_is_two_rows_of_a_timeline_and_one_of_a_profile() {
    let range = days("2026-10-25", "2026-10-26");
    let line = plan(range, Granularity::Hour, Profile::NONE, Hours::All);
    let twice: Vec<_> = line.list().iter().filter(|b| b.label == "2026-10-25 01:00").map(edges).collect();
    assert_eq!(
        twice,
        [
            ("2026-10-25T01:00:00+01:00".to_owned(), "2026-10-25T01:00:00+00:00".to_owned()),
            ("2026-10-25T01:00:00+00:00".to_owned(), "2026-10-25T02:00:00+00:00".to_owned()),
        ]
    );
    assert_eq!(line.slot(at("2026-10-25T00:59:59.999Z")), Some(1));
    assert_eq!(line.slot(at("2026-10-25T01:00:00Z")), Some(2));
    let folded = plan(range, Granularity::Hour, TIME, Hours::All);
    assert_eq!(folded.list().len(), 24);
    assert_eq!(folded.slot(at("2026-10-25T00:30:00Z")), folded.slot(at("2026-10-25T01:30:00Z")));
    assert_eq!(label_at(&folded, "2026-10-25T01:30:00Z"), Some("01:00"));
}

#[test]
fn marchs_missing_hour_has_no_bucket_unless_another_day_has_it() {
    let hour = |range| plan(range, Granularity::Hour, TIME, Hours::All);
    assert_eq!(hour(days("2026-03-29", "2026-03-30")).list().len(), 23);
    assert!(!labels(&hour(days("2026-03-29", "2026-03-30"))).contains(&"01:00"));
    assert_eq!(hour(days("2026-03-29", "2026-03-31")).list().len(), 24);
    let line = plan(days("2026-03-29", "2026-03-30"), Granularity::Hour, Profile::NONE, Hours::All);
    assert_eq!(
        edges(&line.list()[1]),
        ("2026-03-29T02:00:00+01:00".to_owned(), "2026-03-29T03:00:00+01:00".to_owned())
    );
}

#[test]
fn the_first_band_is_five_or_seven_hours_long_when_clocks_change() {
    for (day, end, hours) in
        [("2026-03-29", "2026-03-30", 5), ("2026-10-25", "2026-10-26", 7), ("2026-02-02", "2026-02-03", 6)]
    {
        let buckets = plan(days(day, end), Granularity::NhsBand, Profile::NONE, Hours::All);
        let (Edge::Instant(start), Edge::Instant(end)) = (buckets.list()[0].start, buckets.list()[0].end)
        else {
            panic!("a timeline has instants");
        };
        assert_eq!(end.secs() - start.secs(), hours * 3_600, "{day}");
        assert_eq!(buckets.list()[0].label, format!("{day} 00:00-05:59"));
        assert_eq!(buckets.list()[8].label, format!("{day} 18:30-23:59"));
    }
}

#[test]
fn a_call_belongs_to_the_day_that_the_clock_in_london_shows() {
    let buckets = plan(days("2026-03-28", "2026-04-01"), DAY, Profile::NONE, Hours::All);
    for (instant, expected) in [
        ("2026-03-27T23:59:59.999Z", None),
        ("2026-03-28T00:00:00Z", Some("2026-03-28")),
        ("2026-03-29T22:59:59.999Z", Some("2026-03-29")),
        ("2026-03-29T23:00:00Z", Some("2026-03-30")),
        ("2026-03-31T22:59:59.999Z", Some("2026-03-31")),
        ("2026-03-31T23:00:00Z", None),
    ] {
        assert_eq!(label_at(&buckets, instant), expected, "{instant}");
    }
}

#[test]
fn core_hours_end_before_half_past_six_and_leave_weekends_and_bank_holidays_out() {
    // Thursday before Good Friday to the Tuesday after Easter, in summer time.
    let range = days("2026-04-02", "2026-04-08");
    let core = plan(range, DAY, Profile::NONE, Hours::Core);
    assert_eq!(labels(&core), ["2026-04-02", "2026-04-07"]);
    for (instant, within) in [
        ("2026-04-02T06:59:59.999Z", false),
        ("2026-04-02T07:00:00Z", true),
        ("2026-04-02T17:29:59.999Z", true),
        ("2026-04-02T17:30:00Z", false),
        ("2026-04-03T10:00:00Z", false),
        ("2026-04-06T10:00:00Z", false),
        ("2026-04-07T10:00:00Z", true),
    ] {
        assert_eq!(core.slot(at(instant)).is_some(), within, "{instant}");
        let non_core = plan(range, DAY, Profile::NONE, Hours::NonCore);
        assert_eq!(non_core.slot(at(instant)).is_some(), !within, "{instant}");
    }
    let early = plan(range, DAY, Profile::NONE, Hours::CoreEightToTen);
    assert_eq!(label_at(&early, "2026-04-02T08:59:59.999Z"), Some("2026-04-02"));
    assert_eq!(label_at(&early, "2026-04-02T09:00:00Z"), None);
    assert_eq!(labels(&early), ["2026-04-02", "2026-04-07"]);
}

#[test]
fn hours_do_not_make_a_bucket_partial_and_may_leave_none() {
    let core = plan(days("2026-02-02", "2026-02-03"), Granularity::Hour, Profile::NONE, Hours::Core);
    assert_eq!(core.list().len(), 11);
    assert_eq!(
        edges(&core.list()[10]),
        ("2026-02-02T18:00:00+00:00".to_owned(), "2026-02-02T19:00:00+00:00".to_owned())
    );
    assert!(core.list().iter().all(|bucket| !bucket.partial));
    assert_eq!(label_at(&core, "2026-02-02T18:30:00Z"), None);
    let sunday = plan(days("2026-02-08", "2026-02-09"), Granularity::Total, Profile::NONE, Hours::Core);
    assert!(sunday.list().is_empty());
    assert_eq!(sunday.slot(at("2026-02-08T10:00:00Z")), None);
}

#[test]
fn profiles_fold_by_weekday_and_clock() {
    let range = days("2026-02-01", "2026-03-01");
    let weekday = plan(range, DAY, WEEKDAY, Hours::Core);
    assert_eq!(labels(&weekday), ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]);
    assert_eq!(weekday.list()[4].weekday, 5);
    assert_eq!(edges(&weekday.list()[0]), (String::new(), String::new()));
    let bands = plan(range, Granularity::NhsBand, TIME, Hours::All);
    assert_eq!(labels(&bands)[7], "18:00-18:29");
    assert_eq!(edges(&bands.list()[8]), ("18:30:00".to_owned(), "24:00:00".to_owned()));
    let both = plan(range, Granularity::HalfHour, BOTH, Hours::Core);
    assert_eq!(both.list().len(), 5 * 21);
    assert_eq!((labels(&both)[0], labels(&both)[104]), ("Monday 08:00", "Friday 18:00"));
    assert_eq!(label_at(&both, "2026-02-04T09:29:00Z"), Some("Wednesday 09:00"));
    let wednesday = both.slot(at("2026-02-04T09:29:00Z")).unwrap();
    assert_eq!(both.list()[wednesday as usize].weekday, 3);
}

#[test]
fn a_bucket_knows_its_days() {
    let range = days("2026-02-01", "2026-03-01");
    let weekday = plan(range, DAY, WEEKDAY, Hours::All);
    let sundays: Vec<_> = weekday.days_of(6).iter().map(|days| days.first.to_string()).collect();
    assert_eq!(sundays, ["2026-02-01", "2026-02-08", "2026-02-15", "2026-02-22"]);
    let month = plan(range, Granularity::Month, Profile::NONE, Hours::All);
    assert_eq!(month.days_of(0), [range]);
    let core = plan(range, Granularity::Week, Profile::NONE, Hours::Core);
    assert_eq!(core.days_of(0), [days("2026-02-02", "2026-02-07")], "the Sunday before has no core hour");
    assert_eq!(core.list().len(), 4);
    let hour = plan(range, Granularity::Hour, Profile::NONE, Hours::All);
    assert_eq!(hour.days_of(25), [days("2026-02-02", "2026-02-03")]);
    assert_eq!(hour.days_of(28 * 24), []);
    let morning = plan(range, Granularity::Hour, TIME, Hours::Core);
    assert_eq!(morning.days_of(0).len(), 4, "weeks without their weekends");
}

#[test]
fn tallies_by_band_answer_only_what_does_not_split_a_band() {
    let range = days("2026-03-27", "2026-03-31");
    for (granularity, profile, hours, answer) in [
        (Granularity::Total, Profile::NONE, Hours::All, true),
        (DAY, Profile::NONE, Hours::Core, true),
        (DAY, Profile::NONE, Hours::NonCore, true),
        (Granularity::Month, Profile::NONE, Hours::CoreEightToTen, true),
        (Granularity::NhsBand, Profile::NONE, Hours::All, true),
        (Granularity::NhsBand, BOTH, Hours::Core, true),
        (DAY, WEEKDAY, Hours::All, true),
        (Granularity::Hour, Profile::NONE, Hours::All, false),
        (Granularity::HalfHour, TIME, Hours::Core, false),
        (Granularity::QuarterHour, BOTH, Hours::All, false),
    ] {
        let buckets = plan(range, granularity, profile, hours);
        assert_eq!(
            buckets.slots().is_some(),
            answer,
            "{} {} {}",
            granularity.name(),
            profile.name(),
            hours.name()
        );
    }
    let odd = Calendar::parse(
        "name = \"odd\"\ncovers = { first_year = 2026, last_year = 2026 }\ncore_hours = { monday = [\"08:00-17:45\"] }",
    )
    .unwrap();
    let split = Buckets::plan(range, DAY, Profile::NONE, Hours::Core, &odd).unwrap();
    assert!(split.slots().is_none(), "17:45 lies within a band");
}

#[test]
fn ranges_that_cannot_be_cut_are_refused() {
    let month = days("2026-02-01", "2026-03-01");
    let fault = |range, granularity, profile| {
        Buckets::plan(range, granularity, profile, Hours::All, Calendar::england()).unwrap_err()
    };
    assert_eq!(fault(days("2026-02-01", "2026-02-01"), DAY, Profile::NONE), NoBuckets::Empty);
    assert_eq!(fault(days("2026-02-02", "2026-02-01"), DAY, Profile::NONE), NoBuckets::Empty);
    assert!(matches!(fault(days("2000-01-01", "2050-01-02"), DAY, Profile::NONE), NoBuckets::TooLong { .. }));
    assert!(matches!(
        fault(days("2010-01-01", "2022-01-01"), Granularity::QuarterHour, Profile::NONE),
        NoBuckets::TooMany(400_000)
    ));
    let far = Days::new(Day::from_number(i32::MAX - 1), Day::from_number(i32::MAX));
    assert_eq!(fault(far, DAY, Profile::NONE), NoBuckets::OutOfReach);
    for (granularity, profile) in [
        (DAY, TIME),
        (DAY, BOTH),
        (Granularity::Total, WEEKDAY),
        (Granularity::Hour, WEEKDAY),
        (Granularity::Month, TIME),
    ] {
        assert!(matches!(fault(month, granularity, profile), NoBuckets::Profile { .. }));
    }
}

#[test]
fn buckets_reach_from_2000_to_the_end_of_2099() {
    let last = Days::new("2099-12-31".parse().unwrap(), Day::from(civil::date(2100, 1, 1)));
    assert_eq!(labels(&plan(last, Granularity::Year, Profile::NONE, Hours::All)), ["2099"]);
    let first = days("2000-01-01", "2000-01-02");
    assert_eq!(labels(&plan(first, Granularity::FinancialYear, Profile::NONE, Hours::All)), ["1999/00"]);
}

fn granularity_and_profile() -> impl Strategy<Value = (Granularity, Profile)> {
    let all: Vec<_> = Granularity::ALL
        .into_iter()
        .flat_map(|granularity| Profile::ALL.map(|profile| (granularity, profile)))
        .filter(|&(granularity, profile)| {
            profile.is_none()
                || (profile == WEEKDAY && granularity == DAY)
                || (profile.time_of_day && granularity.is_part_of_day())
        })
        .collect();
    prop::sample::select(all)
}

/// Ranges of up to 60 days, often around a clock change or a holiday.
fn range() -> impl Strategy<Value = Days> {
    let near = ["2026-03-29", "2026-10-25", "2026-12-28", "2024-02-29", "2026-04-01", "2027-01-01"];
    let first = prop_oneof![
        (10_957..47_400_i32).prop_map(Day::from_number),
        (prop::sample::select(near.to_vec()), -40..3_i32)
            .prop_map(|(day, before)| day.parse::<Day>().unwrap().plus(before)),
    ];
    (first, 1..45_i32).prop_map(|(first, len)| Days::new(first, first.plus(len)))
}

/// Weekday and second of the day that jiff shows for an instant.
fn shown_by_jiff(at: Moment) -> (u8, u32) {
    let zoned = jiff::Timestamp::from_millisecond(at.millis()).unwrap().to_zoned(zone().clone());
    let second = zoned.hour() as u32 * 3_600 + zoned.minute() as u32 * 60 + zoned.second() as u32;
    (zoned.weekday().to_monday_one_offset() as u8, second)
}

/// Whether the bucket holds the instant, by its printed meaning.
fn holds(bucket: &Bucket, at: Moment, (weekday, second): (u8, u32)) -> bool {
    (bucket.weekday == 0 || bucket.weekday == weekday)
        && match (bucket.start, bucket.end) {
            (Edge::Instant(start), Edge::Instant(end)) => start <= at && at < end,
            (Edge::Clock(start), Edge::Clock(end)) => start <= second && second < end,
            (start, end) => start == Edge::None && end == Edge::None,
        }
}

proptest! {
    #[test]
    fn every_instant_has_the_one_bucket_that_holds_it(
        range in range(),
        (granularity, profile) in granularity_and_profile(),
        hours in prop::sample::select(Hours::ALL.to_vec()),
        places in prop::collection::vec(-0.02..1.02_f64, 20),
    ) {
        let buckets = plan(range, granularity, profile, hours);
        let slots = buckets.slots();
        let (first, end) = (start_of(range.first).millis(), start_of(range.end).millis());
        let random = places.iter().map(|place| first + ((end - first) as f64 * place) as i64);
        let edges = [first - 1, first, end - 1, end];
        // Around every half hour of the last day, which may be one of a clock change.
        let quarters = (0..102).step_by(2).flat_map(|at| [end - at * 900_000, end - at * 900_000 - 1]);
        for at in random.chain(edges).chain(quarters).map(Moment::from_millis) {
            let shown = london(at);
            let core = Calendar::england().core(shown.day).iter().any(|range| range.contains(shown.second));
            let counts = range.contains(shown.day) && match hours {
                Hours::All => true,
                Hours::Core => core,
                Hours::NonCore => !core,
                Hours::CoreEightToTen => core && (28_800..36_000).contains(&shown.second),
            };
            let slot = buckets.slot(at);
            prop_assert_eq!(slot.is_some(), counts, "{:?}", shown);
            if let Some(slot) = slot {
                let jiffs = shown_by_jiff(at);
                let holding: Vec<usize> =
                    (0..buckets.list().len()).filter(|&b| holds(&buckets.list()[b], at, jiffs)).collect();
                prop_assert_eq!(holding, vec![slot as usize], "{:?}", shown);
                prop_assert!(buckets.days_of(slot).iter().any(|days| days.contains(shown.day)));
            }
            if let Some(slots) = &slots {
                prop_assert_eq!(slots.days(), range);
                let row = usize::try_from(shown.day.number() - slots.first.number()).ok().and_then(|at| slots.table.get(at));
                let by_band = row.map_or(Slots::NONE, |row| row[usize::from(Band::at(shown.second).number())]);
                prop_assert_eq!(by_band, slot.unwrap_or(Slots::NONE), "{:?}", shown);
            }
        }
    }

    #[test]
    fn buckets_of_a_timeline_are_in_order_and_with_all_hours_leave_no_gap(
        range in range(),
        granularity in prop::sample::select(Granularity::ALL.to_vec()),
    ) {
        let buckets = plan(range, granularity, Profile::NONE, Hours::All);
        let mut from = Edge::Instant(start_of(range.first));
        for bucket in buckets.list() {
            prop_assert_eq!(bucket.start, from);
            from = bucket.end;
        }
        prop_assert_eq!(from, Edge::Instant(start_of(range.end)));
    }
}
