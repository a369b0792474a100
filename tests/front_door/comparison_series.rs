//! Control charts, equivalent periods and one-month lists through the front door, each against a plain computation of its own.

use crate::comparison::{MISSED, PRACTICES, close, control, peers, year};
use crate::comparison_elsewhere::{submit, value};
use crate::comparison_world::{Sent, calls, code, door, kind_of_day, months};
use crate::door::Door;
use callgauge::proto::v1;
use jiff::civil::{Date, date};

#[tokio::test]
async fn a_control_chart_is_what_a_plain_computation_says() {
    let (door, sent, months) = year().await;
    let request = v1::GetControlChartRequest { metric: MISSED.into(), ..control(5, "2025-03", "2026-02") };
    let answer = door.comparison().get_control_chart(request).await.expect("is whole").into_inner();
    let shares: Vec<f64> = months
        .iter()
        .map(|month| {
            let own = sent.iter().filter(|call| call.practice == 5 && call.day.first_of_month() == *month);
            own.clone().filter(|call| call.missed).count() as f64 / own.count() as f64
        })
        .collect();
    let found: Vec<f64> = answer.points.iter().filter_map(|point| point.value).collect();
    assert_eq!(found, shares);
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    let ranges: Vec<f64> = shares.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let of = |ranges: &[f64]| ranges.iter().sum::<f64>() / ranges.len() as f64;
    let kept: Vec<f64> = ranges.iter().copied().filter(|range| *range < 3.267 * of(&ranges)).collect();
    let stretch = &answer.stretches[0];
    close(stretch.mean.expect("has one"), mean, 1e-12, "mean");
    close(stretch.upper.expect("has one"), mean + 2.66 * of(&kept), 1e-12, "upper limit");
    assert!(answer.warnings[0].contains("12 points"), "{:?}", answer.warnings);
    assert_eq!(answer.assurance(), v1::Assurance::Unspecified);
}

#[tokio::test]
async fn a_constant_series_has_no_limits_and_says_so_and_a_month_without_calls_is_a_gap() {
    let all = months(date(2025, 3, 1), 12);
    let sent: Vec<Sent> =
        calls(1, &all, 10, |_, _| 0.0).into_iter().filter(|call| call.day.month() != 9).collect();
    let door = door(1, &sent).await;
    let answer = door.comparison().get_control_chart(control(0, "2025-03", "2026-02")).await;
    let answer = answer.expect("is whole").into_inner();
    assert_eq!(answer.points.iter().filter(|point| point.value.is_none()).count(), 1);
    let stretch = &answer.stretches[0];
    assert_eq!((stretch.mean, stretch.upper, stretch.lower), (Some(10.0), None, None));
    assert!(
        answer.warnings.iter().any(|warning| warning.contains("nothing varies")),
        "{:?}",
        answer.warnings
    );
    assert!(answer.points.iter().all(|point| point.signal() == v1::ControlSignal::Unspecified
        || point.signal() != v1::ControlSignal::AboveLimit));
}

#[tokio::test]
async fn taking_out_the_calendar_leaves_what_the_calendar_does_not_explain() {
    // Ten calls on every working day and none else: months differ by working days alone.
    let mut sent = Vec::new();
    for month in months(date(2025, 3, 1), 12) {
        for day in 0..i32::from(month.days_in_month()) {
            let day = month.saturating_add(jiff::Span::new().days(day));
            if kind_of_day(day) != 0 {
                sent.extend((0..10).map(|_| Sent { practice: 0, day, hour: 9, missed: false }));
            }
        }
    }
    let door = door(1, &sent).await;
    let plain = door.comparison().get_control_chart(control(0, "2025-03", "2026-02")).await;
    let plain = plain.expect("is whole").into_inner();
    assert!(plain.stretches[0].upper.is_some(), "months differ");
    let request = v1::GetControlChartRequest { take_out_calendar: true, ..control(0, "2025-03", "2026-02") };
    let answer = door.comparison().get_control_chart(request).await.expect("is whole").into_inner();
    let first = &answer.points[0];
    close(first.expected.expect("is there"), first.numerator as f64, 1e-9, "expected");
    assert!(
        answer.points.iter().all(|point| (point.value.expect("has one") - 1.0).abs() < 1e-9),
        "{answer:?}"
    );
}

/// Everybody misses more in winter, and practice 0 most of all in June besides; practice 9 has no calls in May.
async fn winter() -> (Door, Vec<Sent>, Vec<Date>) {
    let months = months(date(2025, 3, 1), 12);
    let share = |practice: usize, month: usize| match (practice, month) {
        (0, 3) => 0.5,
        (_, 8..) => 0.4,
        _ => 0.1,
    };
    let mut sent = calls(12, &months, 200, share);
    sent.retain(|call| call.practice != 9 || call.day.month() != 5);
    (door(12, &sent).await, sent, months)
}

#[tokio::test]
async fn taking_out_the_season_leaves_what_the_peers_do_not_explain() {
    let (door, sent, months) = winter().await;
    let chart = |metric: &str| v1::GetControlChartRequest {
        metric: metric.into(),
        take_out_season_of: peers(),
        ..control(0, "2025-03", "2026-02")
    };
    let of = |practices: &[usize], month: Date| {
        let found = sent
            .iter()
            .filter(|call| practices.contains(&call.practice) && call.day.first_of_month() == month);
        (found.clone().filter(|call| call.missed).count() as f64, found.count() as f64)
    };
    // All peers but practice 9, of which a month is missing.
    let used: Vec<usize> = (1..12).filter(|practice| *practice != 9).collect();
    let own: Vec<(f64, f64)> = months.iter().map(|month| of(&[0], *month)).collect();
    let theirs: Vec<(f64, f64)> = months.iter().map(|month| of(&used, *month)).collect();
    let (missed, all) = own.iter().fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1));

    let answer = door.comparison().get_control_chart(chart(MISSED)).await.expect("is whole").into_inner();
    let plain: Vec<f64> = own.iter().zip(&theirs).map(|(own, theirs)| own.1 * theirs.0 / theirs.1).collect();
    let level = missed / plain.iter().sum::<f64>();
    for ((point, own), plain) in answer.points.iter().zip(&own).zip(&plain) {
        close(point.expected.expect("is there"), level * plain, 1e-9, "expected");
        close(point.value.expect("is there"), missed / all * own.0 / (level * plain), 1e-9, "value");
    }
    let signals: Vec<&str> = (answer.points.iter())
        .filter(|point| point.signal() == v1::ControlSignal::AboveLimit)
        .map(|point| point.label.as_str())
        .collect();
    assert_eq!(signals, ["2025-06"], "winter is everybody's, June is its own");
    assert!(answer.charted.ends_with(", season taken out"), "{}", answer.charted);
    let told = answer.notes.iter().any(|note| note.contains("that of 10 peers, of 12 asked for"));
    assert!(told, "{:?}", answer.notes);

    let picture = v1::RenderChartRequest {
        chart: Some(v1::render_chart_request::Chart::Control(chart(MISSED))),
        ..Default::default()
    };
    let picture = door.comparison().render_chart(picture).await.expect("is drawn").into_inner().picture;
    let told = "The season is that of 10 peers, of 12 asked for.";
    assert!(String::from_utf8_lossy(&picture).contains(told), "the picture says whose it is");

    let plain = v1::GetControlChartRequest { take_out_season_of: None, ..chart(MISSED) };
    let plain = door.comparison().get_control_chart(plain).await.expect("is whole").into_inner();
    let rise = |answer: &v1::GetControlChartResponse| {
        let values: Vec<f64> = answer.points.iter().filter_map(|point| point.value).collect();
        values[8..].iter().sum::<f64>() / 4.0 / (values[..3].iter().sum::<f64>() / 3.0)
    };
    let (plain, taken_out) = (rise(&plain), rise(&answer));
    assert!(plain > 2.5 && (0.7..1.4).contains(&taken_out), "winter over spring: {plain} and {taken_out}");

    let volumes =
        door.comparison().get_control_chart(chart("call_volumes")).await.expect("is whole").into_inner();
    let level = all / theirs.iter().map(|theirs| theirs.1).sum::<f64>();
    for ((point, own), theirs) in volumes.points.iter().zip(&own).zip(&theirs) {
        close(point.value.expect("is there"), own.1 / (level * theirs.1), 1e-9, "calls");
    }
}

#[tokio::test]
async fn days_on_which_peers_are_closed_have_no_season_and_no_value() {
    // Twelve practices with calls on working days, fewer from day to day, and one that opens on Sundays as well.
    let mut sent = Vec::new();
    for (practice, day) in (0..12).flat_map(|practice| (1..=28).map(move |day| (practice, day))) {
        let on = date(2026, 2, day);
        let open = kind_of_day(on) != 0 || practice == 5 && on.weekday() == jiff::civil::Weekday::Sunday;
        let calls = if open { 60 - i32::from(day) } else { i32::from(practice == 0) };
        sent.extend((0..calls).map(|_| Sent { practice, day: on, hour: 9, missed: false }));
    }
    let door = door(12, &sent).await;
    let request = v1::GetControlChartRequest {
        granularity: v1::Granularity::Day.into(),
        take_out_season_of: peers(),
        ..control(0, "2026-02", "2026-02")
    };
    let answer = door.comparison().get_control_chart(request).await.expect("is whole").into_inner();
    for (day, point) in (1..=28).zip(&answer.points) {
        if kind_of_day(date(2026, 2, day)) == 0 {
            assert_eq!((point.numerator, point.value, point.expected), (1, None, None), "day {day}");
        } else {
            close(point.value.expect("has one"), 1.0, 1e-9, "as its peers");
        }
    }
    assert!(answer.notes.iter().any(|note| note.contains("that of 11 peers, of 12")), "{:?}", answer.notes);
}

#[tokio::test]
async fn a_season_that_peers_cannot_show_is_refused_by_name() {
    let (door, ..) = winter().await;
    let of = |codes: &[&str]| {
        let organisation_codes = codes.iter().map(|code| (*code).to_owned()).collect();
        let group = v1::PeerGroup { organisation_codes, ..Default::default() };
        v1::GetControlChartRequest { take_out_season_of: Some(group), ..control(0, "2025-03", "2026-02") }
    };
    let both = v1::GetControlChartRequest { take_out_calendar: true, ..of(&["QHG"]) };
    let of_one_peer = v1::GetControlChartRequest { organisation_code: code(1), ..of(&["A82001"]) };
    let of_itself = v1::GetControlChartRequest { organisation_code: "QHG".into(), ..of(&["QHG"]) };
    let refused = [
        (both, "take_out_calendar: goes without take_out_season_of"),
        (of(&[]), "take_out_season_of.organisation_codes: must name"),
        (of(&["X99999"]), "take_out_season_of.organisation_codes[0]: no organisation has the code"),
        (
            of_one_peer,
            "a season takes 10 peers, beside the organisation itself, with a value in every point in which half of them have one, and 1 of 1 are",
        ),
        (of_itself, "and 0 of 12 are"),
    ];
    for (request, told) in refused {
        let status = door.comparison().get_control_chart(request).await.expect_err(told);
        assert!(status.message().contains(told), "{status:?}");
    }
}

#[tokio::test]
async fn august_2021_against_august_2019_takes_the_calendar_out() {
    // Every practice has 30 calls on a working Monday, 10 on another working day; practice 0 has half as many in 2021.
    let holidays = [date(2019, 8, 26), date(2021, 8, 30)];
    let mut sent = Vec::new();
    for (year, practice) in [2019, 2021].into_iter().flat_map(|year| (0..8).map(move |p| (year, p))) {
        for day in 1..=31 {
            let day = date(year, 8, day);
            let calls = match day.weekday().to_monday_one_offset() {
                6 | 7 => 0,
                _ if holidays.contains(&day) => 0,
                1 => 30,
                _ => 10,
            };
            let calls = if practice == 0 && year == 2021 { calls / 2 } else { calls };
            sent.extend((0..calls).map(|_| Sent { practice, day, hour: 9, missed: false }));
        }
    }
    let door = door(8, &sent).await;
    let request = v1::CompareEquivalentPeriodsRequest {
        peers: peers(),
        metric: "call_volumes".into(),
        before_first_month: "2019-08".into(),
        after_first_month: "2021-08".into(),
        ..Default::default()
    };
    let answer = door.comparison().compare_equivalent_periods(request).await.expect("is whole").into_inner();
    let (before, after) = (answer.before.clone().expect("is there"), answer.after.clone().expect("is there"));
    assert_eq!((before.working_days, before.working_mondays), (21, 3));
    assert_eq!((after.working_days, after.working_mondays), (21, 4));
    let change = |at: usize| match &answer.organisations[at].result {
        Some(v1::period_change::Result::Change(change)) => *change,
        other => panic!("{other:?}"),
    };
    // Mondays alone make more calls; beyond that the seven are alike, and practice 0 has half of theirs.
    let observed = change(1).observed_ratio.expect("is there");
    close(observed, (4.0 * 30.0 + 17.0 * 10.0) / (3.0 * 30.0 + 18.0 * 10.0), 1e-9, "observed");
    assert!(change(1).expected_ratio > 1.0, "{:?}", change(1));
    close(change(0).ratio / change(1).ratio, 0.5, 1e-9, "half");
    let parts = change(1);
    let product = parts.by_list * parts.by_working_days * parts.by_weekdays * parts.by_closures;
    close(product, parts.expected_ratio, 1e-9, "parts");
    assert!(parts.lower < parts.ratio && parts.ratio < parts.upper);
}

#[tokio::test]
async fn what_did_not_arrive_in_a_period_is_not_zero() {
    // Of practice 0 nothing arrived in the earlier month; practice 1 missed none then.
    let (before, after) = (date(2025, 2, 1), date(2026, 2, 1));
    let mut sent = calls(6, &[after], 40, |_, _| 0.3);
    let earlier = calls(6, &[before], 40, |practice, _| if practice == 1 { 0.0 } else { 0.3 });
    sent.extend(earlier.into_iter().filter(|call| call.practice != 0));
    let door = door(6, &sent).await;
    for metric in ["call_volumes", "missed_call_volumes"] {
        let request = v1::CompareEquivalentPeriodsRequest {
            peers: peers(),
            metric: metric.into(),
            before_first_month: "2025-02".into(),
            after_first_month: "2026-02".into(),
            ..Default::default()
        };
        let answer = door.comparison().compare_equivalent_periods(request).await.expect("is whole");
        let answer = answer.into_inner();
        match &answer.organisations[0].result {
            Some(v1::period_change::Result::LeftOut(why)) => {
                assert!(why.contains("missing is not zero"), "{why}");
            }
            other => panic!("{metric}: {other:?}"),
        }
        let changed =
            |row: &v1::PeriodChange| matches!(row.result, Some(v1::period_change::Result::Change(_)));
        assert!(answer.organisations[1..].iter().all(changed), "{metric}: {answer:?}");
        assert!(answer.notes[0].starts_with("earlier period: calls on "), "{:?}", answer.notes);
        assert!(answer.notes[1].starts_with("later period: calls on "), "{:?}", answer.notes);
    }
}

#[tokio::test]
async fn list_sizes_of_the_two_periods_are_enough_to_take_a_change_of_list_out() {
    let all = months(date(2025, 2, 1), 13);
    let door = door(6, &calls(6, &all, 40, |_, _| 0.3)).await;
    let (before, after) = (all[0], all[12]);
    // Practice 1 doubles, practice 2 is known before only, the others stay; of the eleven months between nothing is known.
    let mut sizes: Vec<v1::Indicator> =
        (0..6).map(|practice| value("list_size", practice, before, 1_000.0)).collect();
    let later = |practice: usize| if practice == 1 { 2_000.0 } else { 1_000.0 };
    sizes.extend((0..6).filter(|p| *p != 2).map(|p| value("list_size", p, after, later(p))));
    submit(&door, "register", sizes).await;
    let request = v1::CompareEquivalentPeriodsRequest {
        peers: peers(),
        metric: "call_volumes".into(),
        before_first_month: "2025-02".into(),
        after_first_month: "2026-02".into(),
        ..Default::default()
    };
    let answer = door.comparison().compare_equivalent_periods(request).await.expect("is whole").into_inner();
    let by_list = |at: usize| match &answer.organisations[at].result {
        Some(v1::period_change::Result::Change(change)) => change.by_list,
        other => panic!("{other:?}"),
    };
    assert_eq!([0, 1, 2, 3].map(by_list), [1.0, 2.0, 1.0, 1.0]);
    for told in [
        "list sizes in both periods are known of 5 of 6 organisations: of the others a change of list is part of the change",
        "of 5 organisations list sizes are not known of every month: the others lie in a straight line between those that are",
    ] {
        assert!(answer.notes.iter().any(|note| note == told), "{:?}", answer.notes);
    }
}

#[tokio::test]
async fn lists_of_one_month_are_what_sorting_says() {
    let (door, sent, months) = year().await;
    let request = v1::AssessListStabilityRequest {
        peers: peers(),
        first_month: "2025-03".into(),
        last_month: "2026-02".into(),
        metric: MISSED.into(),
        other_denominators: vec!["missed_share_of_inbound_less_ivr".into()],
        worst: v1::Worst::Highest.into(),
        ..Default::default()
    };
    let answer = door.comparison().assess_list_stability(request).await.expect("is whole").into_inner();
    let list = |month: &Date| {
        let mut shares: Vec<(f64, usize)> = (0..PRACTICES)
            .map(|practice| {
                let own = sent.iter().filter(|c| c.practice == practice && c.day.first_of_month() == *month);
                (own.clone().filter(|c| c.missed).count() as f64 / own.count() as f64, practice)
            })
            .collect();
        shares.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        shares[..5].iter().map(|(_, practice)| *practice).collect::<Vec<_>>()
    };
    let lists: Vec<Vec<usize>> = months.iter().map(list).collect();
    assert_eq!((answer.assessed, answer.listed, answer.left_out), (24, 5, 0));
    for (at, month) in answer.months.iter().enumerate() {
        let stay =
            lists.get(at + 1).map(|next| lists[at].iter().filter(|unit| next.contains(unit)).count() as i64);
        assert_eq!(month.stay_next, stay, "{}", month.month);
        // No call ended in a menu: the other denominator is the same.
        assert_eq!(month.by_denominator, [5]);
    }
    let always = (0..PRACTICES).filter(|unit| lists.iter().all(|list| list.contains(unit))).count();
    assert_eq!(answer.always, always as i64);
}
