//! The file of indicators is in order; names and values are taken or refused with the field that is wrong.

use std::collections::BTreeSet;

use super::*;

#[test]
fn the_file_of_indicators_is_in_order() {
    let names: BTreeSet<&str> = definitions().iter().map(|definition| definition.name.as_str()).collect();
    assert_eq!(names.len(), definitions().len(), "each name once");
    for name in [
        "calls_to_111_in_hours",
        "ae_attendances",
        "face_to_face_appointments",
        "complaints",
        "appointments",
        "covid_vaccinations",
        "list_size",
        "deprivation",
        "cbt001_inbound_calls",
        "cbt007_talk_over_5_minutes",
    ] {
        assert!(names.contains(name), "{name}");
    }
    for definition in definitions() {
        assert_eq!(definition.kind.takes_denominator(), !definition.denominator.is_empty(), "{definition:?}");
    }
}

#[test]
fn names_are_fixed_or_ones_own() {
    let good = ["list_size", " ae_attendances ", "local:dna_rate", "local:x"];
    for name in good {
        assert!(name.parse::<IndicatorName>().is_ok(), "{name}");
    }
    let bad = ["", "AE_attendances", "local", "local:", "local:DNA", "local:a b", "local:07700é", "dna"];
    for name in bad {
        assert!(name.parse::<IndicatorName>().is_err(), "{name}");
    }
    assert!(format!("local:{}", "x".repeat(48)).parse::<IndicatorName>().is_ok());
    assert!(format!("local:{}", "x".repeat(49)).parse::<IndicatorName>().is_err());
}

#[test]
fn the_end_of_a_name_of_ones_own_says_its_kind() {
    let kind = |name: &str| name.parse::<IndicatorName>().map(|name| name.kind());
    assert_eq!(kind("local:dna_share"), Ok(IndicatorKind::Share));
    assert_eq!(kind("local:dna"), Ok(IndicatorKind::Rate));
    assert_eq!(kind("deprivation"), Ok(IndicatorKind::Score));
}

#[test]
fn a_value_that_cannot_be_is_refused_with_its_field() {
    use IndicatorKind::{Count, Rate, Score, Share};
    let cases = [
        (Share, f64::NAN, Some(1.0), None, "numerator"),
        (Rate, f64::INFINITY, None, None, "numerator"),
        (Rate, -1.0, None, None, "numerator"),
        (Rate, 1e13, None, None, "numerator"),
        (Share, 3.0, Some(2.0), None, "numerator"),
        (Share, 3.0, None, None, "denominator"),
        (Rate, 1.0, Some(f64::NEG_INFINITY), None, "denominator"),
        (Count, 1.0, Some(2.0), None, "denominator"),
        (Score, 1.0, Some(2.0), None, "denominator"),
        (Rate, 1.0, None, Some(f64::INFINITY), "expected"),
        (Rate, 1.0, None, Some(-0.5), "expected"),
        (Share, 1.0, Some(2.0), Some(3.0), "expected"),
    ];
    for (kind, numerator, denominator, expected, field) in cases {
        let fault = IndicatorValue::new(kind, numerator, denominator, expected).expect_err(field);
        assert_eq!(fault.field, field, "{kind:?} {numerator} {denominator:?} {expected:?}: {fault}");
    }
    for (kind, numerator, denominator) in
        [(Share, 0.0, Some(0.0)), (Share, 2.0, Some(2.0)), (Rate, 3.0, Some(2.0)), (Rate, 3.0, None)]
    {
        assert!(IndicatorValue::new(kind, numerator, denominator, Some(0.0)).is_ok());
    }
}
