//! Comparisons through the front door: each answer against a plain computation of its own, refusals, acknowledgements, bad input.

use std::collections::BTreeMap;
use std::sync::Arc;

use callgauge::proto::v1;
use callgauge::store::memory::MemoryStore;
use callgauge::store::{AccessEventsAsk, Store};
use jiff::civil::{Date, date};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::comparison_world::{Chance, Sent, band, calls, code, door, door_on, kind_of_day, months};
use crate::door::{Door, reason};

const MISSED: &str = "missed_share_of_inbound";
const PRACTICES: usize = 24;

fn peers() -> Option<v1::PeerGroup> {
    Some(v1::PeerGroup { organisation_codes: vec!["QHG".into()], ..Default::default() })
}

fn compare(first: &str, last: &str) -> v1::CompareOrganisationsRequest {
    v1::CompareOrganisationsRequest {
        peers: peers(),
        first_month: first.into(),
        last_month: last.into(),
        metrics: vec![MISSED.into()],
        ..Default::default()
    }
}

fn rank(first: &str, last: &str) -> v1::RankOrganisationsRequest {
    v1::RankOrganisationsRequest {
        peers: peers(),
        first_month: first.into(),
        last_month: last.into(),
        metric: MISSED.into(),
        worst: v1::Worst::Highest.into(),
        ..Default::default()
    }
}

fn control(practice: usize, first: &str, last: &str) -> v1::GetControlChartRequest {
    v1::GetControlChartRequest {
        organisation_code: code(practice),
        metric: "call_volumes".into(),
        first_month: first.into(),
        last_month: last.into(),
        ..Default::default()
    }
}

/// A year in which practice i misses 5% + i percent points.
async fn year() -> (Door, Vec<Sent>, Vec<Date>) {
    let months = months(date(2025, 3, 1), 12);
    let sent = calls(PRACTICES, &months, 40, |practice, _| 0.05 + 0.01 * practice as f64);
    (door(PRACTICES, &sent).await, sent, months)
}

fn close(found: f64, plain: f64, tolerance: f64, what: &str) {
    assert!((found - plain).abs() <= tolerance * plain.abs().max(1.0), "{what}: {found} against {plain}");
}

fn counts(sent: &[Sent], practice: usize) -> (f64, f64) {
    let own = sent.iter().filter(|call| call.practice == practice);
    (own.clone().filter(|call| call.missed).count() as f64, own.count() as f64)
}

/// The spread between practices by its definition, searched in small steps.
fn plain_tau_squared(z: &[(f64, f64)]) -> f64 {
    let mean = |tau2: f64| {
        let of = |&(distance, s2): &(f64, f64)| (distance.abs() / (s2 + tau2).sqrt()).min(1.281_552).powi(2);
        z.iter().map(of).sum::<f64>() / z.len() as f64
    };
    if mean(0.0) <= 0.678_655 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if mean(middle) > 0.678_655 { low = middle } else { high = middle }
    }
    low
}

#[tokio::test]
async fn a_comparison_is_what_a_plain_computation_says() {
    let (door, sent, _) = year().await;
    let answer = door.comparison().compare_organisations(compare("2025-03", "2026-02")).await;
    let answer = answer.expect("is whole").into_inner();
    let mut cells: BTreeMap<(usize, usize), (f64, f64)> = BTreeMap::new();
    for call in &sent {
        let cell = cells.entry((kind_of_day(call.day), band(call.hour))).or_default();
        *cell = (cell.0 + f64::from(u8::from(call.missed)), cell.1 + 1.0);
    }
    let share = |call: &Sent| {
        let (missed, all) = cells[&(kind_of_day(call.day), band(call.hour))];
        missed / all
    };
    let target = sent.iter().filter(|call| call.missed).count() as f64 / sent.len() as f64;
    close(answer.metrics[0].target, target, 1e-12, "target");
    assert_eq!(answer.organisations.len(), PRACTICES);
    let mut distances = Vec::new();
    let angle = |share: f64| share.sqrt().asin();
    for (practice, row) in answer.organisations.iter().enumerate() {
        assert_eq!(row.organisation.as_ref().map(|shown| shown.code.clone()), Some(code(practice)));
        let (missed, all) = counts(&sent, practice);
        let value = &row.values[0];
        assert_eq!((value.numerator as f64, value.denominator as f64), (missed, all));
        let Some(v1::compared_value::Result::Place(place)) = &value.result else { panic!("is placed") };
        let expected: f64 = sent.iter().filter(|call| call.practice == practice).map(share).sum();
        close(place.expected, expected, 1e-9, "expected");
        close(place.like_for_like, target * missed / expected, 1e-9, "like for like");
        let distance = angle(place.like_for_like) - angle(target);
        close(place.z, distance * 2.0 * all.sqrt(), 1e-9, "z");
        distances.push((distance, 1.0 / (4.0 * all)));
        assert!(place.lower < place.value && place.value < place.upper && row.months_with_calls == 12);
    }
    let tau2 = plain_tau_squared(&distances);
    assert!(tau2 > 0.0, "practices differ");
    // The constants of the estimator are written with six digits above.
    close(answer.metrics[0].tau_squared, tau2, 1e-7, "tau squared");
    let mut outside = 0;
    for (row, (distance, s2)) in answer.organisations.iter().zip(&distances) {
        let Some(v1::compared_value::Result::Place(place)) = &row.values[0].result else {
            panic!("is placed")
        };
        let reach = 3.090_232 * (s2 + tau2).sqrt();
        close(place.upper_998, (angle(target) + reach).sin().powi(2), 1e-7, "limit");
        close(place.z_adjusted, distance / (s2 + tau2).sqrt(), 1e-5, "adjusted z");
        outside += i64::from(distance.abs() > 1.959_964 * (s2 + tau2).sqrt());
    }
    assert_eq!(answer.metrics[0].beyond_95, outside);
    close(answer.metrics[0].expected_beyond_95, 0.05 * PRACTICES as f64, 1e-12, "false flags");
}

#[tokio::test]
async fn several_metrics_stand_side_by_side_and_what_is_no_share_is_named() {
    let (door, ..) = year().await;
    let request = v1::CompareOrganisationsRequest {
        metrics: vec![MISSED.into(), "call_volumes".into(), "answered_share_of_inbound".into()],
        overdispersion: v1::Overdispersion::None.into(),
        ..compare("2025-03", "2026-02")
    };
    let answer = door.comparison().compare_organisations(request).await.expect("is whole").into_inner();
    let covered: Vec<_> =
        answer.coverage.iter().map(|metric| (metric.metric.as_str(), metric.covered)).collect();
    assert_eq!(covered, [(MISSED, true), ("call_volumes", false), ("answered_share_of_inbound", true)]);
    assert!(answer.coverage[1].why.contains("list sizes"), "{}", answer.coverage[1].why);
    // Every call is missed or answered: the one share is the rest of the other, and flags the same practices.
    let overlap = &answer.overlaps[0];
    assert!(overlap.both > 0 && overlap.both == overlap.either, "{overlap:?}");
    assert_eq!(answer.flagged_by, [PRACTICES as i64 - overlap.both, 0, overlap.both]);
}

#[tokio::test]
async fn anonymous_peers_have_codes_that_say_nothing() {
    let (door, ..) = year().await;
    let request = v1::CompareOrganisationsRequest {
        anonymous_peers: true,
        focus_codes: vec![code(3)],
        ..compare("2025-03", "2026-02")
    };
    let answer = door.comparison().compare_organisations(request).await.expect("is whole").into_inner();
    let shown: Vec<_> = answer.organisations.iter().filter_map(|row| row.organisation.clone()).collect();
    assert_eq!(shown.iter().filter(|shown| shown.code == code(3)).count(), 1);
    assert!(shown.iter().all(|s| s.code == code(3) || (s.code.starts_with("peer-") && s.name.is_empty())));
}

#[tokio::test]
async fn a_ranking_is_what_a_plain_computation_says() {
    let (door, sent, months) = year().await;
    let answer = door.comparison().rank_organisations(rank("2025-03", "2026-02")).await;
    let answer = answer.expect("may be ranked").into_inner();
    let (n, m) = (PRACTICES as f64, months.len() as f64);
    let y: Vec<Vec<f64>> = (0..PRACTICES)
        .map(|practice| {
            let of = |month: &Date| {
                let own = sent
                    .iter()
                    .filter(|call| call.practice == practice && call.day.first_of_month() == *month);
                let missed = own.clone().filter(|call| call.missed).count() as f64;
                (missed / own.count() as f64).sqrt().asin()
            };
            months.iter().map(of).collect()
        })
        .collect();
    let grand = y.iter().flatten().sum::<f64>() / (n * m);
    let by_month: Vec<f64> =
        (0..months.len()).map(|at| y.iter().map(|row| row[at]).sum::<f64>() / n).collect();
    let by_practice: Vec<f64> = y.iter().map(|row| row.iter().sum::<f64>() / m).collect();
    let rest: f64 = y
        .iter()
        .zip(&by_practice)
        .flat_map(|(row, own)| {
            row.iter().zip(&by_month).map(move |(y, month)| (y - own - month + grand).powi(2))
        })
        .sum();
    let sigma2 = rest / ((n - 1.0) * (m - 1.0));
    let between = m * by_practice.iter().map(|own| (own - grand).powi(2)).sum::<f64>() / (n - 1.0);
    let tau2 = (between - sigma2) / m;
    close(answer.sigma_squared, sigma2, 1e-9, "sigma squared");
    close(answer.tau_squared, tau2, 1e-9, "tau squared");
    // Every practice has every month, so all means have one variance, which rankability tells.
    let s2 = tau2 * (1.0 / answer.rankability - 1.0);
    assert!(s2 >= sigma2 / m * 0.999_999, "autocorrelation only adds");
    let weight = tau2 / (tau2 + s2);
    let means: Vec<f64> = by_practice.iter().map(|own| grand + weight * (own - grand)).collect();
    let sd = (weight * s2).sqrt();
    let mut chance = Chance::new(7);
    let mut among = [0.0; PRACTICES];
    let draws = 20_000;
    for _ in 0..draws {
        let normal = |chance: &mut Chance| (0..12).map(|_| chance.next()).sum::<f64>() - 6.0;
        let mut drawn: Vec<(f64, usize)> =
            means.iter().enumerate().map(|(at, mean)| (mean + sd * normal(&mut chance), at)).collect();
        drawn.sort_by(|a, b| b.0.total_cmp(&a.0));
        drawn[..5].iter().for_each(|(_, at)| among[*at] += 1.0 / f64::from(draws));
    }
    assert_eq!((answer.ranked, answer.among_worst), (24, 5));
    let mut sum = 0.0;
    for row in &answer.organisations {
        let shown = row.organisation.clone().expect("is there");
        let practice = (0..PRACTICES).find(|practice| code(*practice) == shown.code).expect("is one");
        let Some(v1::ranked_organisation::Result::Place(place)) = &row.result else { panic!("is ranked") };
        close(place.shrunk, means[practice].sin().powi(2), 1e-9, "shrunk");
        assert!((place.probability - among[practice]).abs() < 0.02, "{place:?} {}", among[practice]);
        assert!(
            f64::from(place.lower_rank) <= place.expected_rank
                && place.expected_rank <= f64::from(place.upper_rank)
        );
        sum += place.expected_rank;
    }
    close(sum, 300.0, 1e-6, "expected ranks of 24");
    assert_eq!(answer.surely + answer.surely_not + answer.cannot_be_told, 24);
    assert!(answer.acknowledged.is_empty() && answer.on_behalf_of.is_empty());
}

#[tokio::test]
async fn a_ranking_that_numbers_cannot_carry_is_refused_with_every_reason_at_once() {
    let sent = calls(4, &months(date(2025, 8, 1), 1), 30, |_, _| 0.1);
    let door = door(6, &sent).await;
    let status =
        door.comparison().rank_organisations(rank("2025-08", "2025-08")).await.expect_err("is refused");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::FailedPrecondition, "RANKING_REFUSED"));
    let info = status.get_details_error_info().expect("is there");
    let all = "low_rankability,low_coverage,low_volume,far_too_short_window,too_few_organisations";
    assert_eq!(info.metadata["reasons"], all);
    assert_eq!(info.metadata["acknowledgeable"], "low_rankability,low_coverage,low_volume");
    let violations = status.get_details_precondition_failure().expect("is there").violations;
    assert_eq!(violations.iter().map(|v| v.r#type.as_str()).collect::<Vec<_>>().join(","), all);
    assert!(violations.iter().all(|violation| !violation.description.is_empty()));
    // What may not be acknowledged stays, whatever is acknowledged beside it.
    let request = v1::RankOrganisationsRequest {
        acknowledge: acknowledged(&["low_rankability", "low_coverage", "low_volume"]),
        ..rank("2025-08", "2025-08")
    };
    let status = door.comparison().rank_organisations(request).await.expect_err("is refused");
    let info = status.get_details_error_info().expect("is there");
    assert_eq!(info.metadata["reasons"], "far_too_short_window,too_few_organisations");
}

fn acknowledged(reasons: &[&str]) -> Option<v1::Acknowledgement> {
    Some(v1::Acknowledgement {
        reasons: reasons.iter().map(|&reason| reason.to_owned()).collect(),
        on_behalf_of: "Example ICB".into(),
        purpose: "access review".into(),
    })
}

#[tokio::test]
async fn acknowledged_reasons_stand_in_the_answer_and_on_the_picture() {
    let (door, ..) = year().await;
    let status =
        door.comparison().rank_organisations(rank("2025-03", "2025-08")).await.expect_err("half a year");
    assert_eq!(status.get_details_error_info().expect("is there").metadata["reasons"], "short_window");
    let request = v1::RankOrganisationsRequest {
        acknowledge: acknowledged(&["short_window"]),
        ..rank("2025-03", "2025-08")
    };
    let answer = door.comparison().rank_organisations(request.clone()).await.expect("may be").into_inner();
    assert_eq!(answer.acknowledged.len(), 1);
    assert_eq!(answer.acknowledged[0].reason, "short_window");
    assert_eq!((answer.on_behalf_of.as_str(), answer.purpose.as_str()), ("Example ICB", "access review"));
    let picture = v1::RenderChartRequest {
        chart: Some(v1::render_chart_request::Chart::Ranks(request.clone())),
        ..Default::default()
    };
    let picture = door.comparison().render_chart(picture).await.expect("is drawn").into_inner();
    let drawn = String::from_utf8(picture.picture).expect("is text");
    for text in ["short_window", "Example ICB", "access review", "2025-03-01 to 2025-08-31"] {
        assert!(drawn.contains(text), "{text} is not on the picture");
    }
    // Nobody acknowledges without a name and a purpose.
    let nameless = v1::RankOrganisationsRequest {
        acknowledge: Some(v1::Acknowledgement { reasons: vec!["short_window".into()], ..Default::default() }),
        ..request
    };
    let status = door.comparison().rank_organisations(nameless).await.expect_err("no name");
    assert_eq!(reason(&status).1, "acknowledge.on_behalf_of");
}

#[tokio::test]
async fn an_acknowledged_ranking_is_written_down_for_the_ranked_practices() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let months = months(date(2025, 3, 1), 6);
    let sent = calls(PRACTICES, &months, 40, |practice, _| 0.05 + 0.01 * practice as f64);
    let door = door_on(Arc::clone(&store), PRACTICES, &sent).await;
    let mut client = door.comparison();
    client.rank_organisations(rank("2025-03", "2025-08")).await.expect_err("half a year");
    let all = || AccessEventsAsk { limit: 10, ..AccessEventsAsk::default() };
    assert_eq!(store.access_events(all()).await.expect("are kept"), [], "a refusal shows nothing to anybody");
    let request = v1::RankOrganisationsRequest {
        acknowledge: acknowledged(&["short_window"]),
        ..rank("2025-03", "2025-08")
    };
    client.rank_organisations(request).await.expect("may be ranked");
    let kept = store.access_events(all()).await.expect("are kept");
    assert_eq!(kept.len(), 1);
    let event = &kept[0].event;
    assert!(event.who.contains("Example ICB"), "{event:?}");
    assert_eq!((event.purpose.as_str(), event.organisations.len()), ("access review", PRACTICES));
    assert_eq!(event.acknowledged, ["short_window"]);
}

#[tokio::test]
async fn a_series_break_inside_refuses_and_is_never_acknowledged_away() {
    let (door, ..) = year().await;
    let request = v1::RecordSeriesBreaksRequest {
        recorded: vec![v1::SeriesBreak {
            date: "2025-09-01".into(),
            why: "waits are measured otherwise".into(),
            ..Default::default()
        }],
        withdrawn: vec![],
    };
    door.indicators().record_series_breaks(request).await.expect("is taken");
    let mut client = door.comparison();
    let status = client.rank_organisations(rank("2025-03", "2026-02")).await.expect_err("a break inside");
    assert_eq!(status.get_details_error_info().expect("is there").metadata["reasons"], "series_break");
    assert!(status.message().contains("waits are measured otherwise"), "{}", status.message());
    // From the day of the break on all is of one kind.
    let after = v1::RankOrganisationsRequest {
        acknowledge: acknowledged(&["short_window"]),
        ..rank("2025-09", "2026-02")
    };
    client.rank_organisations(after).await.expect("lies after it");
    let periods = v1::CompareEquivalentPeriodsRequest {
        peers: peers(),
        metric: "call_volumes".into(),
        before_first_month: "2025-04".into(),
        after_first_month: "2026-01".into(),
        ..Default::default()
    };
    let status = client.compare_equivalent_periods(periods).await.expect_err("a break between");
    assert_eq!(reason(&status).0, "NOT_COMPARABLE");
    let chart =
        client.get_control_chart(control(5, "2025-03", "2026-02")).await.expect("is whole").into_inner();
    assert_eq!(chart.stretches.iter().map(|stretch| stretch.first_point).collect::<Vec<_>>(), [0, 6]);
    let compared =
        client.compare_organisations(compare("2025-03", "2026-02")).await.expect("is whole").into_inner();
    assert!(compared.notes.iter().any(|note| note.contains("series break")), "{:?}", compared.notes);
}

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

#[tokio::test]
async fn pictures_are_drawn_of_every_kind_in_both_forms() {
    use v1::render_chart_request::Chart;
    let (door, ..) = year().await;
    let profile = v1::ProfileRequest {
        organisation_code: code(2),
        metric: "call_volumes".into(),
        first_month: "2026-01".into(),
        last_month: "2026-02".into(),
        ..Default::default()
    };
    let charts = [
        Chart::Funnel(compare("2025-03", "2026-02")),
        Chart::Control(control(2, "2025-03", "2026-02")),
        Chart::Ranks(rank("2025-03", "2026-02")),
        Chart::Profile(profile.clone()),
        Chart::Profile(v1::ProfileRequest { by_band: true, ..profile }),
    ];
    for chart in charts {
        for (format, magic) in
            [(v1::PictureFormat::Svg, &b"<svg"[..]), (v1::PictureFormat::Png, &b"\x89PNG"[..])]
        {
            let request =
                v1::RenderChartRequest { chart: Some(chart.clone()), format: format.into(), width: 1_600 };
            let picture = door.comparison().render_chart(request).await.expect("is drawn").into_inner();
            let head = &picture.picture[..picture.picture.len().min(200)];
            assert!(head.windows(magic.len()).any(|part| part == magic), "{chart:?}");
            assert_eq!(picture.width, 1_600);
        }
    }
    let status =
        door.comparison().render_chart(v1::RenderChartRequest::default()).await.expect_err("nothing");
    assert_eq!(reason(&status), ("INVALID_FIELD".to_owned(), "chart".to_owned()));
}

/// What came back, with nothing in it that is no number.
fn defined<T: std::fmt::Debug>(answer: Result<tonic::Response<T>, tonic::Status>) -> String {
    match answer {
        Ok(answer) => {
            let text = format!("{:?}", answer.into_inner());
            for wrong in ["NaN", ": inf", ": -inf", "Some(inf", "Some(-inf"] {
                assert!(!text.contains(wrong), "{wrong} in {text}");
            }
            "answered".to_owned()
        }
        Err(status) => {
            let (reason, _) = reason(&status);
            assert!(["NOT_COMPARABLE", "RANKING_REFUSED"].contains(&reason.as_str()), "{status:?}");
            reason
        }
    }
}

#[tokio::test]
async fn bad_input_has_a_defined_answer_or_a_named_refusal() {
    let year = months(date(2025, 3, 1), 12);
    let short = months(date(2025, 3, 1), 2);
    let worlds: Vec<(&str, usize, Vec<Sent>)> = vec![
        ("no practice has calls", 3, Vec::new()),
        ("one practice", 1, calls(1, &year, 10, |_, _| 0.3)),
        ("two practices", 2, calls(2, &year, 10, |practice, _| 0.2 + 0.4 * practice as f64)),
        ("one of three has calls", 3, calls(1, &year, 10, |_, _| 0.3)),
        ("all miss everything", 22, calls(22, &short, 5, |_, _| 1.1)),
        ("nobody misses anything", 22, calls(22, &short, 5, |_, _| -1.0)),
        ("all alike, one call each", 22, calls(22, &short, 1, |_, _| 0.5)),
    ];
    for (what, practices, sent) in worlds {
        let door = door(practices, &sent).await;
        let mut client = door.comparison();
        let compared = defined(client.compare_organisations(compare("2025-03", "2026-02")).await);
        let ranked = defined(client.rank_organisations(rank("2025-03", "2026-02")).await);
        let charted = defined(client.get_control_chart(control(0, "2025-03", "2026-02")).await);
        let periods = v1::CompareEquivalentPeriodsRequest {
            peers: peers(),
            metric: "call_volumes".into(),
            before_first_month: "2025-03".into(),
            after_first_month: "2025-04".into(),
            ..Default::default()
        };
        let changed = defined(client.compare_equivalent_periods(periods.clone()).await);
        let shares = v1::CompareEquivalentPeriodsRequest { metric: MISSED.into(), ..periods };
        defined(client.compare_equivalent_periods(shares).await);
        let lists = v1::AssessListStabilityRequest {
            peers: peers(),
            first_month: "2025-03".into(),
            last_month: "2025-04".into(),
            metric: MISSED.into(),
            worst: v1::Worst::Highest.into(),
            ..Default::default()
        };
        defined(client.assess_list_stability(lists).await);
        for overdispersion in [2, 3] {
            let request = v1::CompareOrganisationsRequest { overdispersion, ..compare("2025-03", "2026-02") };
            defined(client.compare_organisations(request).await);
        }
        if sent.is_empty() {
            let all = [compared, ranked, charted, changed];
            assert_eq!(
                all,
                ["NOT_COMPARABLE", "RANKING_REFUSED", "NOT_COMPARABLE", "NOT_COMPARABLE"],
                "{what}"
            );
        }
    }
}

#[tokio::test]
async fn every_fault_names_its_field() {
    let door = Door::open().await;
    let mut client = door.comparison();
    let empty =
        client.compare_organisations(v1::CompareOrganisationsRequest::default()).await.expect_err("empty");
    assert_eq!(reason(&empty).1, "peers.organisation_codes");
    assert!(empty.message().contains("for example"), "{}", empty.message());
    let cases = [
        (v1::CompareOrganisationsRequest { metrics: vec![], ..compare("2026-01", "2026-02") }, "metrics"),
        (
            v1::CompareOrganisationsRequest { metrics: vec!["x".into()], ..compare("2026-01", "2026-02") },
            "metrics[0]",
        ),
        (
            v1::CompareOrganisationsRequest { target: Some(f64::NAN), ..compare("2026-01", "2026-02") },
            "target",
        ),
        (compare("2026-02", "2026-01"), "last_month"),
        (compare("2026-2", "2026-02"), "first_month"),
        (compare("2010-01", "2026-02"), "last_month"),
        (v1::CompareOrganisationsRequest { expected_by: 9, ..compare("2026-01", "2026-02") }, "expected_by"),
    ];
    for (request, field) in cases {
        let status = client.compare_organisations(request).await.expect_err(field);
        assert_eq!(reason(&status), ("INVALID_FIELD".to_owned(), field.to_owned()), "{}", status.message());
    }
    let request = v1::RankOrganisationsRequest { worst: 0, ..rank("2025-03", "2026-02") };
    assert_eq!(reason(&client.rank_organisations(request).await.expect_err("no end")).1, "worst");
    let request = v1::CompareOrganisationsRequest {
        peers: Some(v1::PeerGroup { organisation_codes: vec!["ZZZ".into()], ..Default::default() }),
        ..compare("2026-01", "2026-02")
    };
    let status = client.compare_organisations(request).await.expect_err("unknown");
    assert_eq!(
        reason(&status),
        ("UNKNOWN_ORGANISATION".to_owned(), "peers.organisation_codes[0]".to_owned())
    );
}
