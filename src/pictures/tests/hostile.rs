//! Holds that no text and no number from data breaks a picture: it is drawn, or refused by name.

use proptest::prelude::*;

use super::super::samples::{control, days, frame, funnel, hours, ranks};
use super::super::{
    ByChance, Format, Frame, FunnelPoint, LimitPoint, Phase, Picture, PictureError, Width, caterpillar,
    control_chart, funnel_plot, profile,
};
use super::{Drawn, svg};

const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\" onload='x' & ]]> <!-- ",
    "a\u{0}b\u{1b}[31m\r\nc\u{7f}\u{9f}",
    "\u{202e}turned\u{2066}\u{200b}\u{feff}\u{ffff}",
    "<",
    "&amp;&#0;&lt;",
];

/// Every text of every picture replaced.
fn all_with(text: &str, format: Format) -> Vec<Drawn> {
    let own = || text.to_owned();
    let frame = Frame {
        title: own(),
        window: own(),
        definition_set: own(),
        coverage: own(),
        statements: vec![own(), own()],
        acknowledged: vec![own()],
        caption: own(),
        width: Width::DOCUMENT,
        format,
    };
    let mut funnel = funnel(9);
    (funnel.value.title, funnel.size.title, funnel.target_name) = (own(), own(), own());
    funnel.points.iter_mut().for_each(|point| (point.label, point.named) = (own(), true));
    let mut control = control(9);
    control.phases.truncate(1);
    (control.value.title, control.period, control.target) = (own(), own(), Some((0.1, own())));
    control.points.iter_mut().for_each(|point| point.period = own());
    let few_and_many = [9, 60].map(|units| {
        let mut ranks = ranks(units);
        (ranks.rank, ranks.worst.name) = (own(), own());
        ranks.units.iter_mut().enumerate().for_each(|(at, unit)| (unit.label, unit.named) = (own(), at < 9));
        ranks
    });
    let mut days = days(9);
    (days.value.title, days.period, days.reference_name) = (own(), own(), own());
    days.points.iter_mut().for_each(|point| point.label = own());
    vec![
        funnel_plot(&frame, &funnel),
        control_chart(&frame, &control),
        caterpillar(&frame, &few_and_many[0]),
        caterpillar(&frame, &few_and_many[1]),
        profile(&frame, &days),
    ]
}

/// What an XML reader would stumble over, or a browser run.
fn faults(svg: &str) -> Vec<&'static str> {
    let mut faults = Vec::new();
    if svg.chars().any(|letter| (letter.is_control() && letter != '\n') || letter == '\u{ffff}') {
        faults.push("a control character");
    }
    let known = ["svg", "title", "desc", "rect", "path", "text"];
    for tag in svg.split('<').skip(1) {
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphabetic).collect();
        let head = tag.split('>').next().unwrap_or_default();
        if !known.contains(&name.as_str()) || head.matches('"').count() % 2 == 1 || head.contains("onload") {
            faults.push("a tag of its own");
        }
    }
    for entity in svg.split('&').skip(1) {
        if !["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|known| entity.starts_with(known)) {
            faults.push("a bare ampersand");
        }
    }
    for path in svg.split(" d=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        if path.contains("NaN") || path.contains("inf") || path.contains('.') {
            faults.push("a number that is none");
        }
    }
    faults
}

#[test]
fn hostile_texts_are_drawn_and_do_no_harm() {
    let long = "x".repeat(10_000);
    let words = "long words ".repeat(1_000);
    for text in HOSTILE.into_iter().chain([long.as_str(), words.as_str()]) {
        for picture in all_with(text, Format::Svg) {
            let svg = svg(picture);
            assert_eq!(faults(&svg), Vec::<&str>::new(), "{text:?}");
            assert!(svg.len() < 400_000, "{} bytes", svg.len());
        }
    }
    for picture in all_with("<b>\u{0}\u{1f600}\u{4e2d}", Format::Png) {
        assert!(picture.is_ok());
    }
}

#[test]
fn the_check_for_harm_finds_planted_harm() {
    for bad in ["<svg><script>", "<svg>a & b</svg>", "<svg>\u{1b}</svg>", "<svg><path d=\"MNaN 3\"/></svg>"] {
        assert_eq!(faults(bad).len(), 1, "{bad}");
    }
}

#[test]
fn a_text_without_letters_is_missed() {
    for empty in ["", " \n\t", "\u{200b}\u{0}"] {
        for picture in all_with(empty, Format::Svg) {
            assert_eq!(picture, Err(PictureError::Missing { what: "title" }));
        }
    }
    let frame = Frame { caption: String::new(), ..frame(800, Format::Svg) };
    assert_eq!(funnel_plot(&frame, &funnel(9)), Err(PictureError::Missing { what: "caption" }));
}

#[test]
fn without_data_there_is_a_named_refusal() {
    let frame = frame(800, Format::Svg);
    let empty = |what| Err::<Picture, _>(PictureError::Empty { what });
    assert_eq!(funnel_plot(&frame, &funnel(0)), empty("points"));
    assert_eq!(
        control_chart(&frame, &super::super::ControlChart { phases: vec![], ..control(0) }),
        empty("points")
    );
    assert_eq!(caterpillar(&frame, &ranks(0)), empty("units"));
    assert_eq!(profile(&frame, &days(0)), empty("days"));
    let mut none = hours();
    none.points.iter_mut().for_each(|point| point.value = None);
    assert_eq!(profile(&frame, &none), empty("hours"));
}

#[test]
fn widths_and_amounts_have_limits() {
    assert_eq!(Width::try_from(399), Err(PictureError::Width { width: 399 }));
    assert_eq!(Width::try_from(3201), Err(PictureError::Width { width: 3201 }));
    let mut frame = frame(800, Format::Svg);
    let too_many = funnel_plot(&frame, &funnel(20_001));
    assert_eq!(too_many, Err(PictureError::TooMany { what: "points", given: 20_001, most: 20_000 }));
    frame.statements = vec!["one".to_owned(); 25];
    let too_many = funnel_plot(&frame, &funnel(2));
    assert_eq!(too_many, Err(PictureError::TooMany { what: "statements", given: 25, most: 24 }));
}

#[test]
fn contradictions_are_refused() {
    let frame = frame(800, Format::Svg);
    let refused = |drawn: Drawn| matches!(drawn, Err(PictureError::Contradiction { .. }));
    let mut limits = funnel(9);
    limits.limits_95.reverse();
    assert!(refused(funnel_plot(&frame, &limits)));
    let mut late = control(24);
    late.phases[1].first = 24;
    assert!(refused(control_chart(&frame, &late)));
    let mut outside = ranks(9);
    outside.units[0].lower = outside.units[0].expected + 1.0;
    assert!(refused(caterpillar(&frame, &outside)));
}

/// Numbers of every size, the wrong ones among them.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(1.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE),
        Just(5e-324),
        Just(1e12),
        Just(-1e12),
        -1e6..1e6,
        0.0..1.0,
        any::<f64>(),
    ]
}

/// Drawn well, or refused because of a number.
fn drawn_or_refused(drawn: Drawn) -> Result<(), TestCaseError> {
    match drawn {
        Ok(picture) => {
            let svg = String::from_utf8(picture.bytes).expect("an SVG is text");
            prop_assert_eq!(faults(&svg), Vec::<&str>::new());
            prop_assert!(!svg.contains("NaN") && !svg.contains(">inf") && svg.len() < 1_000_000);
        }
        Err(
            PictureError::NotFinite { .. }
            | PictureError::TooLarge { .. }
            | PictureError::Contradiction { .. },
        ) => {}
        Err(PictureError::Empty { .. }) => {}
        Err(other) => prop_assert!(false, "{other}"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_number_breaks_a_picture(numbers in prop::collection::vec(any_number(), 1..7), width in 400u32..900) {
        let frame = frame(width, Format::Svg);
        let at = |index: usize| numbers[index % numbers.len()];
        let mut plot = funnel(numbers.len());
        plot.points.iter_mut().enumerate().for_each(|(index, FunnelPoint { size, value, named, .. })| {
            (*size, *value, *named) = (at(index), at(index + 1), true);
        });
        (plot.target, plot.by_chance) = (at(0), Some(ByChance { outside_95: at(1), outside_998: at(2) }));
        drawn_or_refused(funnel_plot(&frame, &plot))?;
        plot.limits_95 = numbers.iter().map(|n| LimitPoint { size: *n, lower: at(1), upper: at(2) }).collect();
        drawn_or_refused(funnel_plot(&frame, &plot))?;

        let mut chart = control(numbers.len());
        chart.phases = vec![Phase { first: 0, mean: at(0), lower: Some(at(1)), upper: Some(at(2)) }];
        (chart.target, chart.false_signals) = (Some((at(3), String::new())), Some(at(4)));
        chart.points.iter_mut().zip(&numbers).for_each(|(point, number)| point.value = Some(*number));
        drawn_or_refused(control_chart(&frame, &chart))?;

        let mut order = ranks(numbers.len());
        order.units.iter_mut().enumerate().for_each(|(index, unit)| {
            (unit.lower, unit.expected, unit.upper) = (at(index), at(index + 1), at(index + 2));
        });
        drawn_or_refused(caterpillar(&frame, &order))?;

        for mut week in [days(numbers.len()), hours()] {
            week.points.iter_mut().enumerate().for_each(|(index, point)| {
                (point.value, point.reference) = (Some(at(index)), Some(at(index + 1)));
            });
            drawn_or_refused(profile(&frame, &week))?;
        }
    }

    #[test]
    fn equal_numbers_of_any_size_are_a_picture(number in -1e12..1e12_f64, many in 1usize..5) {
        let frame = frame(400, Format::Svg);
        let mut plot = funnel(many);
        plot.points.iter_mut().for_each(|point| (point.size, point.value) = (number, number));
        plot.target = number;
        prop_assert!(funnel_plot(&frame, &plot).is_ok());
        let mut chart = control(many);
        chart.phases = vec![Phase { first: 0, mean: number, lower: Some(number), upper: Some(number) }];
        chart.points.iter_mut().for_each(|point| point.value = Some(number));
        chart.target = None;
        prop_assert!(control_chart(&frame, &chart).is_ok());
        prop_assert!(profile(&frame, &days(many)).is_ok());
        prop_assert!(caterpillar(&frame, &ranks(many)).is_ok());
    }
}
