//! Times: each form that vendors write, and the two nights on which a local time is not one instant.

use callgauge_schema::Moment;
use proptest::prelude::*;

use super::*;

/// 2026-02-01T08:00:00Z
const EIGHT: i64 = 1_769_932_800_000;

fn millis_of(found: Result<Moment, TimeFault>) -> Result<i64, TimeFault> {
    found.map(Moment::millis)
}

#[test]
fn iso_times_are_read_with_any_offset() {
    let zone = Zone::london();
    for (text, expected) in [
        ("2026-02-01T08:00:00Z", EIGHT),
        ("2026-02-01T08:00:00z", EIGHT),
        ("2026-02-01T08:00:00.250Z", EIGHT + 250),
        ("2026-02-01T08:00:00.2509999Z", EIGHT + 250),
        ("2026-02-01T10:00:00+02:00", EIGHT),
        ("2026-02-01T10:00:00+0200", EIGHT),
        ("2026-02-01T03:00:00-05", EIGHT),
        ("2026-02-01T03:00:00.000-0500", EIGHT),
        ("2026-02-01 08:00:00Z", EIGHT),
        ("2026-02-01 10:00:00.5+02:00", EIGHT + 500),
        (" 2026-02-01T08:00:00 ", EIGHT),
        ("2026-02-01T08:00", EIGHT),
        ("2026-07-01T09:00:00", 1_782_892_800_000),
        ("2026-07-01 09:00:00.125", 1_782_892_800_125),
        ("2026/07/01 09:00:00", 1_782_892_800_000),
    ] {
        assert_eq!(millis_of(iso(text, &zone)), Ok(expected), "{text}");
    }
}

#[test]
fn british_dates_are_never_read_month_first() {
    let zone = Zone::london();
    for text in ["01/02/2026 08:00:00", "1/2/2026 8:00", "01-02-2026 08:00:00.000", "01.02.2026 08:00"] {
        assert_eq!(millis_of(day_month_year(text, &zone)), Ok(EIGHT), "{text}");
    }
    let form = Err(TimeFault::Malformed("01/02/2026 08:00:00, the day first"));
    for text in [
        "02/13/2026 08:00:00",
        "31/02/2026 08:00",
        "01/02/26 08:00",
        "01/02/2026",
        "1/2/2026 8",
        "01/02/2026 25:00",
    ] {
        assert_eq!(day_month_year(text, &zone), form, "{text}");
    }
}

#[test]
fn an_hour_that_occurs_twice_or_not_at_all_is_not_guessed() {
    let zone = Zone::london();
    for text in ["2026-10-25T01:00:00", "2026-10-25T01:59:59.999", "2026-10-25 01:30:00"] {
        assert_eq!(iso(text, &zone), Err(TimeFault::Ambiguous), "{text}");
    }
    for text in ["2026-03-29T01:00:00", "2026-03-29T01:59:59"] {
        assert_eq!(iso(text, &zone), Err(TimeFault::Impossible), "{text}");
    }
    for text in ["2026-10-25T00:59:59", "2026-10-25T02:00:00", "2026-03-29T00:59:59", "2026-03-29T02:00:00"] {
        assert!(iso(text, &zone).is_ok(), "{text}");
    }
    assert_eq!(iso("2026-10-25T01:30:00", &Zone::utc()).map(|m| m.secs()), Ok(1_792_891_800));
    assert_eq!(RowReason::from(TimeFault::Ambiguous), RowReason::AmbiguousTime);
    assert_eq!(RowReason::from(TimeFault::Impossible), RowReason::ImpossibleTime);
}

#[test]
fn numbers_since_1970_are_read_as_seconds_and_as_milliseconds() {
    assert_eq!(millis_of(epoch_secs(1_769_932_800.0)), Ok(EIGHT));
    assert_eq!(millis_of(epoch_secs(1_769_932_800.123)), Ok(EIGHT + 123));
    assert_eq!(millis_of(epoch_millis(EIGHT + 7)), Ok(EIGHT + 7));
    assert_eq!(millis_of(epoch_number(EIGHT as f64)), Ok(EIGHT));
    assert_eq!(millis_of(epoch_number(1_769_932_800.0)), Ok(EIGHT));
    assert_eq!(millis_of(epoch_text("1769932800.5")), Ok(EIGHT + 500));
    for text in ["-1", "1e9", "abc", "inf", "NaN", "99999999999999999999"] {
        assert!(epoch_text(text).is_err(), "{text}");
    }
    for number in [f64::NAN, f64::INFINITY, -1.0, 1e18] {
        assert!(epoch_secs(number).is_err(), "{number}");
    }
}

#[test]
fn mail_dates_are_read() {
    assert_eq!(millis_of(rfc_2822("Sun, 01 Feb 2026 08:00:00 +0000")), Ok(EIGHT));
    assert_eq!(millis_of(rfc_2822("1 Feb 2026 09:00:00 +0100")), Ok(EIGHT));
    assert!(rfc_2822("Sun, 31 Feb 2026 08:00:00 +0000").is_err());
}

#[test]
fn a_form_that_is_not_named_is_told_by_its_looks() {
    let zone = Zone::london();
    for text in [
        "2026-02-01T08:00:00Z",
        "2026-02-01 08:00:00",
        "01/02/2026 08:00",
        "1.2.2026 08:00",
        "1769932800",
        "1769932800000",
        "Sun, 01 Feb 2026 08:00:00 +0000",
    ] {
        assert_eq!(millis_of(instant(text, &zone)), Ok(EIGHT), "{text}");
    }
    assert_eq!(instant("  ", &zone), Err(TimeFault::Missing));
    for text in ["soon", "08:00", "2026-02-01", "01/02/2026", "…", "é/1/2026 08:00", "2026-02-01T08:00:00é"]
    {
        assert!(matches!(instant(text, &zone), Err(TimeFault::Malformed(_))), "{text}");
    }
}

#[test]
fn what_is_written_for_requests_is_read_again() {
    let moment = Moment::from_millis(EIGHT + 250);
    assert_eq!(to_iso(moment), "2026-02-01T08:00:00Z");
    assert_eq!(to_iso_millis(moment), "2026-02-01T08:00:00.250Z");
    assert_eq!(
        to_local(Moment::from_millis(1_782_892_800_000), &Zone::london(), "%d/%m/%Y %H:%M"),
        "01/07/2026 09:00"
    );
}

#[test]
fn durations_are_read_in_each_form() {
    let of = |found: Result<callgauge_schema::DraftDuration, TimeFault>| found.map(|d| (d.secs, d.nanos));
    for (text, form, expected) in [
        ("187", Length::Secs, (187, 0)),
        (" 187.25 ", Length::Secs, (187, 250_000_000)),
        ("187250", Length::Millis, (187, 250_000_000)),
        ("00:03:07", Length::Clock, (187, 0)),
        ("3:07", Length::Clock, (187, 0)),
        ("1:00:00.5", Length::Clock, (3_600, 500_000_000)),
        ("PT3M7S", Length::Iso, (187, 0)),
        ("PT0.5S", Length::Iso, (0, 500_000_000)),
        ("P1DT2H", Length::Iso, (93_600, 0)),
        ("PT0S", Length::Iso, (0, 0)),
    ] {
        assert_eq!(of(length(text, form)), Ok(expected), "{text}");
    }
    for (text, form) in [
        ("-1", Length::Secs),
        ("1e3", Length::Secs),
        ("1,5", Length::Secs),
        ("-5", Length::Millis),
        ("1.5", Length::Millis),
        ("00:60:00", Length::Clock),
        ("00:00:60", Length::Clock),
        ("12", Length::Clock),
        ("1:2:3:4", Length::Clock),
        ("PT", Length::Iso),
        ("P", Length::Iso),
        ("3M", Length::Iso),
        ("PT3M7", Length::Iso),
        ("PT7S3M", Length::Iso),
        ("P3M", Length::Iso),
    ] {
        assert!(matches!(length(text, form), Err(TimeFault::Malformed(_))), "{text}");
    }
    assert_eq!(of(length(" ", Length::Secs)), Err(TimeFault::Missing));
    assert_eq!(of(length("", Length::Clock)), Err(TimeFault::Missing));
    assert_eq!(
        of(between(Moment::from_millis(2_000), Moment::from_millis(1_000))),
        Err(TimeFault::Backwards)
    );
    assert_eq!(of(between(Moment::from_millis(500), Moment::from_millis(2_750))), Ok((2, 250_000_000)));
}

#[test]
fn a_fraction_never_rounds_up_to_a_second_that_was_not_reached() {
    assert_eq!(secs(59.999_999_999_9).map(|d| d.secs), Ok(59));
    assert_eq!(secs(0.0).map(|d| (d.secs, d.nanos)), Ok((0, 0)));
}

proptest! {
    /// With a small z a time goes the long way.
    #[test]
    fn the_short_way_reads_what_the_long_way_reads(millis in -2_000_000_000_000_i64..4_000_000_000_000, other in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,4})?Z") {
        for text in [to_iso_millis(Moment::from_millis(millis)), to_iso(Moment::from_millis(millis)), other] {
            prop_assert_eq!(millis_of(iso(&text, &Zone::utc())), millis_of(iso(&text.replace('Z', "z"), &Zone::utc())), "{}", text);
        }
    }

    #[test]
    fn every_instant_is_read_as_it_was_written(millis in 0_i64..4_000_000_000_000) {
        let moment = Moment::from_millis(millis);
        prop_assert_eq!(iso(&to_iso_millis(moment), &Zone::utc()), Ok(moment));
        prop_assert_eq!(epoch_secs(millis as f64 / 1_000.0), Ok(moment));
        let zone = Zone::london();
        match local(&to_local(moment, &zone, "%Y-%m-%d %H:%M:%S.%3f"), &zone) {
            Ok(read) => prop_assert_eq!(read, moment),
            Err(fault) => prop_assert_eq!(fault, TimeFault::Ambiguous),
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,30}|[0-9TZ:/ .+-]{0,30}") {
        let zone = Zone::london();
        let _ = (instant(&text, &zone), iso(&text, &zone), day_month_year(&text, &zone), rfc_2822(&text));
        for form in [Length::Secs, Length::Millis, Length::Clock, Length::Iso] {
            let _ = length(&text, form);
        }
    }
}
