//! Numbers from elsewhere in comparisons: the same numbers give the same answers as calls do; rates, expected values, sources, definitions, bad values.

use callgauge::proto::v1;
use jiff::civil::{Date, date};
use tonic_types::StatusExt as _;

use crate::comparison::{MISSED, PRACTICES, acknowledged, close, compare, control, peers, rank, year};
use crate::comparison_input::defined;
use crate::comparison_world::{Sent, calls, code, door, months};
use crate::door::{Door, reason};

/// A month's value of a practice.
pub(crate) fn value(name: &str, practice: usize, month: Date, numerator: f64) -> v1::Indicator {
    let next = month.saturating_add(jiff::Span::new().months(1));
    v1::Indicator {
        name: name.into(),
        organisation_code: code(practice),
        start_date: month.to_string(),
        end_date: next.to_string(),
        numerator: Some(numerator),
        ..Default::default()
    }
}

pub(crate) async fn submit(door: &Door, source: &str, values: Vec<v1::Indicator>) {
    for values in values.chunks(1_000) {
        let request = v1::SubmitIndicatorsRequest {
            source_id: source.into(),
            indicators: values.to_vec(),
            validate_only: false,
        };
        let told = door.indicators().submit_indicators(request).await.expect("is answered").into_inner();
        assert_eq!(told.rejected, []);
    }
}

fn counted(sent: &[Sent], practice: usize, month: Date) -> (f64, f64) {
    let own = sent.iter().filter(|call| call.practice == practice && call.day.first_of_month() == month);
    (own.clone().filter(|call| call.missed).count() as f64, own.count() as f64)
}

pub(crate) fn place(value: &v1::ComparedValue) -> &v1::FunnelPlace {
    match &value.result {
        Some(v1::compared_value::Result::Place(place)) => place,
        other => panic!("has no place: {other:?}"),
    }
}

fn left_out(row: &v1::ComparedOrganisation) -> &str {
    match &row.values[0].result {
        Some(v1::compared_value::Result::LeftOut(why)) => why,
        other => panic!("has a place: {other:?}"),
    }
}

#[tokio::test]
async fn the_same_numbers_from_elsewhere_give_the_same_answers_as_calls() {
    let (door, sent, months) = year().await;
    let mut values = Vec::new();
    for practice in 0..PRACTICES {
        for &month in &months {
            let (missed, all) = counted(&sent, practice, month);
            values.push(v1::Indicator {
                denominator: Some(all),
                ..value("local:missed_share", practice, month, missed)
            });
        }
    }
    submit(&door, "elsewhere", values).await;
    let mut client = door.comparison();
    let elsewhere = "local:missed_share";

    let by_target = |metric: &str| v1::CompareOrganisationsRequest {
        metrics: vec![metric.into()],
        expected_by: v1::ExpectedBy::Target.into(),
        ..compare("2025-03", "2026-02")
    };
    let ours = client.compare_organisations(by_target(MISSED)).await.expect("is whole").into_inner();
    let theirs = client.compare_organisations(by_target(elsewhere)).await.expect("is whole").into_inner();
    assert_eq!(theirs.metrics[0].source_ids, ["elsewhere"]);
    assert_eq!(theirs.metrics[0].kind(), v1::MeasureKind::Share);
    assert_eq!(theirs.metrics[0].tau_squared, ours.metrics[0].tau_squared);
    for (ours, theirs) in ours.organisations.iter().zip(&theirs.organisations) {
        assert_eq!(ours.organisation, theirs.organisation);
        assert_eq!(place(&ours.values[0]), place(&theirs.values[0]));
        assert_eq!(ours.values[0].numerator, theirs.values[0].numerator);
    }

    let ranked =
        |metric: &str| v1::RankOrganisationsRequest { metric: metric.into(), ..rank("2025-03", "2026-02") };
    let ours = client.rank_organisations(ranked(MISSED)).await.expect("may be ranked").into_inner();
    let theirs = client.rank_organisations(ranked(elsewhere)).await.expect("may be ranked").into_inner();
    assert_eq!(ours.organisations, theirs.organisations);
    assert_eq!(ours.rankability, theirs.rankability);
    assert!(theirs.notes[0].contains("288 of 288"), "{:?}", theirs.notes);

    let charted = |metric: &str| v1::GetControlChartRequest {
        metric: metric.into(),
        ..control(5, "2025-03", "2026-02")
    };
    let ours = client.get_control_chart(charted(MISSED)).await.expect("is whole").into_inner();
    let theirs = client.get_control_chart(charted(elsewhere)).await.expect("is whole").into_inner();
    assert_eq!((ours.points, ours.stretches), (theirs.points, theirs.stretches));
    let without_season =
        |metric: &str| v1::GetControlChartRequest { take_out_season_of: peers(), ..charted(metric) };
    let ours = client.get_control_chart(without_season(MISSED)).await.expect("is whole").into_inner();
    let theirs = client.get_control_chart(without_season(elsewhere)).await.expect("is whole").into_inner();
    assert!(ours.points.iter().all(|point| point.expected.is_some()), "{ours:?}");
    assert_eq!((ours.points, ours.stretches), (theirs.points, theirs.stretches));

    let lists = |metric: &str| v1::AssessListStabilityRequest {
        peers: peers(),
        first_month: "2025-03".into(),
        last_month: "2026-02".into(),
        metric: metric.into(),
        worst: v1::Worst::Highest.into(),
        ..Default::default()
    };
    let ours = client.assess_list_stability(lists(MISSED)).await.expect("is whole").into_inner();
    let theirs = client.assess_list_stability(lists(elsewhere)).await.expect("is whole").into_inner();
    assert_eq!((ours.months, ours.surely, ours.ever), (theirs.months, theirs.surely, theirs.ever));

    let periods = |metric: &str| v1::CompareEquivalentPeriodsRequest {
        peers: peers(),
        metric: metric.into(),
        before_first_month: "2025-03".into(),
        after_first_month: "2026-02".into(),
        ..Default::default()
    };
    let theirs = client.compare_equivalent_periods(periods(elsewhere)).await.expect("is whole").into_inner();
    let Some(v1::period_change::Result::Change(change)) = &theirs.organisations[7].result else {
        panic!("has changed")
    };
    let share = |month: usize| {
        let (missed, all) = counted(&sent, 7, months[month]);
        missed / all
    };
    close(change.ratio, share(11) / share(0), 1e-9, "no calendar in months");
    for chart in [
        v1::render_chart_request::Chart::Funnel(by_target(elsewhere)),
        v1::render_chart_request::Chart::Ranks(ranked(elsewhere)),
        v1::render_chart_request::Chart::Control(charted(elsewhere)),
    ] {
        let request = v1::RenderChartRequest { chart: Some(chart), ..Default::default() };
        client.render_chart(request).await.expect("is drawn");
    }
}

#[tokio::test]
async fn rates_are_per_1000_of_the_list_of_the_same_month_and_who_has_no_list_is_named() {
    let months = months(date(2025, 3, 1), 12);
    let door = door(21, &[]).await;
    let (mut values, mut lists) = (Vec::new(), Vec::new());
    let attendances = |practice: usize, month: usize| 40.0 + 3.0 * practice as f64 + month as f64;
    let patients = |practice: usize| 5_000.0 + 100.0 * practice as f64;
    for practice in 0..21 {
        for (at, &month) in months.iter().enumerate() {
            values.push(value("ae_attendances", practice, month, attendances(practice, at)));
            // The last practice has no list at all, the one before not of the first month.
            if practice < 19 || (practice == 19 && at > 0) {
                lists.push(value("list_size", practice, month, patients(practice)));
            }
        }
    }
    submit(&door, "hospital", values).await;
    submit(&door, "register", lists).await;
    let request = v1::CompareOrganisationsRequest {
        metrics: vec!["ae_attendances".into()],
        ..compare("2025-03", "2026-02")
    };
    let answer = door.comparison().compare_organisations(request).await.expect("is whole").into_inner();
    let metric = &answer.metrics[0];
    assert_eq!(metric.kind(), v1::MeasureKind::Rate);
    assert_eq!(metric.source_ids, ["hospital", "register"]);
    let there = |practice: usize, month: usize| practice < 19 || (practice == 19 && month > 0);
    let sums = |practice: usize| {
        let own = (0..12).filter(|&month| there(practice, month));
        own.fold((0.0, 0.0), |(n, d), month| (n + attendances(practice, month), d + patients(practice)))
    };
    let all = (0..20).map(sums).fold((0.0, 0.0), |all, own| (all.0 + own.0, all.1 + own.1));
    close(metric.target, 1_000.0 * all.0 / all.1, 1e-12, "target");
    let of_month = |month: usize| {
        let own = (0..20).filter(|&practice| there(practice, month));
        own.fold((0.0, 0.0), |(n, d), practice| (n + attendances(practice, month), d + patients(practice)))
    };
    for practice in 0..20 {
        let row = &answer.organisations[practice].values[0];
        let (n, d) = sums(practice);
        close(place(row).value, 1_000.0 * n / d, 1e-12, "rate");
        let expected: f64 = (0..12)
            .filter(|&month| there(practice, month))
            .map(|month| patients(practice) * of_month(month).0 / of_month(month).1)
            .sum();
        close(place(row).expected, expected, 1e-9, "expected");
        close(place(row).like_for_like, metric.target * n / expected, 1e-9, "like for like");
        assert!(place(row).lower < place(row).value && place(row).value < place(row).upper);
        assert!(place(row).lower_998 < metric.target && metric.target < place(row).upper_998);
    }
    assert!(left_out(&answer.organisations[20]).contains("no value"), "{:?}", answer.organisations[20]);
    assert!(
        answer.notes.iter().any(|note| note.contains("13 values") && note.contains("list size")),
        "{:?}",
        answer.notes
    );

    let request = v1::RankOrganisationsRequest {
        metric: "ae_attendances".into(),
        acknowledge: acknowledged(&["low_coverage"]),
        ..rank("2025-03", "2026-02")
    };
    let ranked = door.comparison().rank_organisations(request).await.expect("may be ranked").into_inner();
    assert_eq!((ranked.ranked, ranked.left_out, ranked.kind()), (20, 1, v1::MeasureKind::Rate));
    assert!(
        ranked.notes.iter().any(|note| note.contains("not against this ranking: low_coverage")),
        "{:?}",
        ranked.notes
    );
}

#[tokio::test]
async fn numbers_of_calls_are_compared_over_list_sizes_where_they_are_known() {
    let months = months(date(2025, 3, 1), 12);
    let sent = calls(PRACTICES, &months, 40, |_, _| 0.1);
    let door = door(PRACTICES, &sent).await;
    let request = v1::CompareOrganisationsRequest {
        metrics: vec!["call_volumes".into()],
        ..compare("2025-03", "2026-02")
    };
    let status = door.comparison().compare_organisations(request.clone()).await.expect_err("no list sizes");
    assert!(status.message().contains("list_size"), "{}", status.message());
    let mut lists = Vec::new();
    for practice in 0..PRACTICES {
        lists.extend(
            months.iter().map(|&month| value("list_size", practice, month, 1_000.0 + practice as f64)),
        );
    }
    submit(&door, "register", lists).await;
    let answer = door.comparison().compare_organisations(request).await.expect("is whole").into_inner();
    let patients = |practice: usize| 12.0 * (1_000.0 + practice as f64);
    let all: f64 = (0..PRACTICES).map(patients).sum();
    for (practice, row) in answer.organisations.iter().enumerate() {
        let place = place(&row.values[0]);
        close(place.value, 1_000.0 * 480.0 / patients(practice), 1e-12, "rate");
        // All have the same months, so that the calendar says the same of everybody.
        close(place.expected, 480.0 * PRACTICES as f64 * patients(practice) / all, 1e-9, "expected");
    }
}

#[tokio::test]
async fn a_rate_with_expected_values_is_a_ratio_to_them_unless_the_target_alone_is_asked_for() {
    let months = months(date(2025, 3, 1), 12);
    let door = door(20, &[]).await;
    let mut values = Vec::new();
    for practice in 0..20 {
        for &month in &months {
            values.push(v1::Indicator {
                denominator: Some(1_000.0),
                expected: (practice != 3).then_some(20.0 + practice as f64 / 8.0),
                ..value("ae_attendances", practice, month, 20.0 + practice as f64)
            });
        }
    }
    submit(&door, "hospital", values).await;
    let request = v1::CompareOrganisationsRequest {
        metrics: vec!["ae_attendances".into()],
        ..compare("2025-03", "2026-02")
    };
    let answer =
        door.comparison().compare_organisations(request.clone()).await.expect("is whole").into_inner();
    assert_eq!((answer.metrics[0].kind(), answer.metrics[0].target), (v1::MeasureKind::Ratio, 1.0));
    let row = &answer.organisations[5].values[0];
    close(place(row).value, 25.0 / 20.625, 1e-12, "ratio");
    assert_eq!((row.denominator, row.exact_denominator), (248, Some(247.5)));
    assert!(left_out(&answer.organisations[3]).contains("no value"));
    assert!(answer.notes.iter().any(|note| note.contains("no expected value")), "{:?}", answer.notes);
    let plain = v1::CompareOrganisationsRequest { expected_by: v1::ExpectedBy::Target.into(), ..request };
    let answer = door.comparison().compare_organisations(plain).await.expect("is whole").into_inner();
    assert_eq!(answer.metrics[0].kind(), v1::MeasureKind::Rate);
    close(place(&answer.organisations[3].values[0]).value, 23.0, 1e-12, "per 1,000");
}

#[tokio::test]
async fn a_change_of_a_sources_definition_refuses_and_is_never_acknowledged_away() {
    let months = months(date(2025, 3, 1), 12);
    let door = door(22, &[]).await;
    let mut values = Vec::new();
    for practice in 0..22 {
        for (at, &month) in months.iter().enumerate() {
            values.push(v1::Indicator {
                denominator: Some(1_000.0),
                definition_version: if at < 6 { "2024" } else { "2025" }.into(),
                ..value(
                    "local:dna_share",
                    practice,
                    month,
                    100.0 + 20.0 * practice as f64 + ((at * 7) % 5) as f64,
                )
            });
        }
    }
    submit(&door, "elsewhere", values).await;
    let mut client = door.comparison();
    let request =
        v1::RankOrganisationsRequest { metric: "local:dna_share".into(), ..rank("2025-03", "2026-02") };
    let status = client.rank_organisations(request.clone()).await.expect_err("changes inside");
    let info = status.get_details_error_info().expect("is there");
    assert_eq!(info.metadata["reasons"], "definition_change");
    assert_eq!(info.metadata["acknowledgeable"], "");
    assert!(status.message().contains("\"2024\" to \"2025\" on 2025-09-01"), "{}", status.message());
    // Within one definition it may be ranked.
    let after = v1::RankOrganisationsRequest {
        first_month: "2025-09".into(),
        acknowledge: acknowledged(&["short_window"]),
        ..request
    };
    client.rank_organisations(after).await.expect("lies after it");
    let periods = v1::CompareEquivalentPeriodsRequest {
        peers: peers(),
        metric: "local:dna_share".into(),
        before_first_month: "2025-03".into(),
        after_first_month: "2026-02".into(),
        ..Default::default()
    };
    let status = client.compare_equivalent_periods(periods).await.expect_err("another definition");
    assert_eq!(reason(&status).0, "NOT_COMPARABLE");
    let request =
        v1::GetControlChartRequest { metric: "local:dna_share".into(), ..control(4, "2025-03", "2026-02") };
    let chart = client.get_control_chart(request).await.expect("is whole").into_inner();
    assert_eq!(chart.stretches.iter().map(|stretch| stretch.first_point).collect::<Vec<_>>(), [0, 6]);
    let request = v1::CompareOrganisationsRequest {
        metrics: vec!["local:dna_share".into()],
        ..compare("2025-03", "2026-02")
    };
    let compared = client.compare_organisations(request).await.expect("is whole").into_inner();
    assert!(compared.notes.iter().any(|note| note.contains("not one series")), "{:?}", compared.notes);
}

#[tokio::test]
async fn of_several_sources_one_has_to_be_named() {
    let months = months(date(2025, 3, 1), 12);
    let door = door(20, &[]).await;
    for (source, more) in [("one", 0.0), ("other", 50.0)] {
        let mut values = Vec::new();
        for practice in 0..20 {
            values.extend(months.iter().map(|&month| v1::Indicator {
                denominator: Some(1_000.0),
                ..value("local:dna_share", practice, month, 100.0 + more + practice as f64)
            }));
        }
        submit(&door, source, values).await;
    }
    let asked = |metric: &str| v1::CompareOrganisationsRequest {
        metrics: vec![metric.into()],
        ..compare("2025-03", "2026-02")
    };
    let status =
        door.comparison().compare_organisations(asked("local:dna_share")).await.expect_err("two of them");
    assert_eq!(reason(&status), ("INVALID_FIELD".to_owned(), "metrics[0]".to_owned()));
    assert!(
        status.message().contains("local:dna_share@one or local:dna_share@other"),
        "{}",
        status.message()
    );
    let answer =
        door.comparison().compare_organisations(asked("local:dna_share@other")).await.expect("is whole");
    let answer = answer.into_inner();
    assert_eq!(answer.organisations[0].values[0].numerator, 12 * 150);
    assert_eq!(answer.metrics[0].source_ids, ["other"]);
}

#[tokio::test]
async fn bad_values_from_elsewhere_have_a_defined_answer_or_a_named_refusal() {
    let year = months(date(2025, 3, 1), 12);
    type Made = fn(usize, usize) -> Option<(f64, Option<f64>, Option<f64>)>;
    let worlds: [(&str, usize, &str, Made); 9] = [
        ("nobody has a value", 3, "local:x_share", |_, _| None),
        ("one practice", 1, "local:x_share", |_, _| Some((3.0, Some(10.0), None))),
        ("two practices", 2, "local:x_share", |practice, _| Some((2.0 + practice as f64, Some(10.0), None))),
        ("0 of 0", 22, "local:x_share", |_, _| Some((0.0, Some(0.0), None))),
        ("all equal", 22, "local:x_share", |_, _| Some((5.0, Some(10.0), None))),
        ("numerator over denominator", 22, "local:x", |_, _| Some((50.0, Some(10.0), None))),
        ("zero denominators", 22, "local:x", |_, _| Some((5.0, Some(0.0), None))),
        ("expected of 0, and missing", 22, "local:x", |practice, month| {
            Some((5.0, Some(10.0), (month % 2 == 0).then_some(if practice < 3 { 0.0 } else { 4.0 })))
        }),
        ("far apart", 22, "local:x", |practice, month| {
            Some((
                if practice == 0 { 1e12 } else { 1e-300 },
                Some(if month == 3 { 1e-300 } else { 1e12 }),
                None,
            ))
        }),
    ];
    for (what, practices, name, made) in worlds {
        let door = door(practices, &[]).await;
        let mut values = Vec::new();
        for practice in 0..practices {
            for (at, &month) in year.iter().enumerate() {
                if let Some((numerator, denominator, expected)) = made(practice, at) {
                    values.push(v1::Indicator {
                        denominator,
                        expected,
                        ..value(name, practice, month, numerator)
                    });
                }
            }
        }
        submit(&door, "elsewhere", values).await;
        let mut client = door.comparison();
        for (expected_by, overdispersion) in [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3)] {
            let request = v1::CompareOrganisationsRequest {
                metrics: vec![name.into()],
                expected_by,
                overdispersion,
                ..compare("2025-03", "2026-02")
            };
            defined(client.compare_organisations(request.clone()).await);
            let picture = v1::RenderChartRequest {
                chart: Some(v1::render_chart_request::Chart::Funnel(request)),
                ..Default::default()
            };
            defined(client.render_chart(picture).await);
        }
        let request = v1::RankOrganisationsRequest {
            metric: name.into(),
            acknowledge: acknowledged(&[
                "low_rankability",
                "low_coverage",
                "low_volume",
                "months_not_comparable",
            ]),
            ..rank("2025-03", "2026-02")
        };
        let ranked = defined(client.rank_organisations(request).await);
        if practices < 20 {
            assert_ne!(ranked, "answered", "{what}");
        }
        let request = v1::GetControlChartRequest { metric: name.into(), ..control(0, "2025-03", "2026-02") };
        defined(client.get_control_chart(request).await);
        let request = v1::CompareEquivalentPeriodsRequest {
            peers: peers(),
            metric: name.into(),
            before_first_month: "2025-03".into(),
            after_first_month: "2026-02".into(),
            ..Default::default()
        };
        defined(client.compare_equivalent_periods(request).await);
        let request = v1::AssessListStabilityRequest {
            peers: peers(),
            first_month: "2025-03".into(),
            last_month: "2026-02".into(),
            metric: name.into(),
            worst: v1::Worst::Lowest.into(),
            ..Default::default()
        };
        defined(client.assess_list_stability(request).await);
    }
}
