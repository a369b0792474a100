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

pub(crate) const MISSED: &str = "missed_share_of_inbound";
pub(crate) const PRACTICES: usize = 24;

pub(crate) fn peers() -> Option<v1::PeerGroup> {
    Some(v1::PeerGroup { organisation_codes: vec!["QHG".into()], ..Default::default() })
}

pub(crate) fn compare(first: &str, last: &str) -> v1::CompareOrganisationsRequest {
    v1::CompareOrganisationsRequest {
        peers: peers(),
        first_month: first.into(),
        last_month: last.into(),
        metrics: vec![MISSED.into()],
        ..Default::default()
    }
}

pub(crate) fn rank(first: &str, last: &str) -> v1::RankOrganisationsRequest {
    v1::RankOrganisationsRequest {
        peers: peers(),
        first_month: first.into(),
        last_month: last.into(),
        metric: MISSED.into(),
        worst: v1::Worst::Highest.into(),
        ..Default::default()
    }
}

pub(crate) fn control(practice: usize, first: &str, last: &str) -> v1::GetControlChartRequest {
    v1::GetControlChartRequest {
        organisation_code: code(practice),
        metric: "call_volumes".into(),
        first_month: first.into(),
        last_month: last.into(),
        ..Default::default()
    }
}

/// A year in which practice i misses 5% + i percent points.
pub(crate) async fn year() -> (Door, Vec<Sent>, Vec<Date>) {
    let months = months(date(2025, 3, 1), 12);
    let sent = calls(PRACTICES, &months, 40, |practice, _| 0.05 + 0.01 * practice as f64);
    (door(PRACTICES, &sent).await, sent, months)
}

pub(crate) fn close(found: f64, plain: f64, tolerance: f64, what: &str) {
    assert!((found - plain).abs() <= tolerance * plain.abs().max(1.0), "{what}: {found} against {plain}");
}

pub(crate) fn counts(sent: &[Sent], practice: usize) -> (f64, f64) {
    let own = sent.iter().filter(|call| call.practice == practice);
    (own.clone().filter(|call| call.missed).count() as f64, own.count() as f64)
}

/// The spread between practices by its definition, searched in small steps.
fn plain_tau_squared(z: &[(f64, f64)]) -> f64 {
    let mean = |tau2: f64| {
        let of = |&(distance, s2): &(f64, f64)| {
            (distance.abs() / (s2 + tau2).sqrt()).min(1.281_551_565_544_600_4).powi(2)
        };
        z.iter().map(of).sum::<f64>() / z.len() as f64
    };
    if mean(0.0) <= 0.678_654_558_952_874 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if mean(middle) > 0.678_654_558_952_874 { low = middle } else { high = middle }
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
    close(answer.metrics[0].tau_squared, tau2, 1e-7, "tau squared");
    let mut outside = 0;
    for (row, (distance, s2)) in answer.organisations.iter().zip(&distances) {
        let Some(v1::compared_value::Result::Place(place)) = &row.values[0].result else {
            panic!("is placed")
        };
        let reach = 3.090_232_306_167_813 * (s2 + tau2).sqrt();
        close(place.upper_998, (angle(target) + reach).sin().powi(2), 1e-7, "limit");
        close(place.z_adjusted, distance / (s2 + tau2).sqrt(), 1e-5, "adjusted z");
        outside += i64::from(distance.abs() > 1.959_963_984_540_054 * (s2 + tau2).sqrt());
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
    assert!(answer.notes.iter().all(|note| !note.contains("not in the group")), "{:?}", answer.notes);
    // A code with a slip of the pen is told, not passed over.
    let slip = v1::CompareOrganisationsRequest {
        focus_codes: vec![code(3), "A8200O".into()],
        ..compare("2025-03", "2026-02")
    };
    let answer = door.comparison().compare_organisations(slip).await.expect("is whole").into_inner();
    let told = "asked to be named, and not in the group: \"A8200O\"";
    assert!(answer.notes.iter().any(|note| note == told), "{:?}", answer.notes);
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
    // The words name them too: by these names they are acknowledged.
    for name in all.split(',') {
        assert!(status.message().contains(&format!("({name})")), "{name}: {}", status.message());
    }
    let fast = "not to be acknowledged: far_too_short_window, too_few_organisations";
    assert!(status.message().ends_with(fast), "{}", status.message());
    // What may not be acknowledged stays, whatever is acknowledged beside it.
    let request = v1::RankOrganisationsRequest {
        acknowledge: acknowledged(&["low_rankability", "low_coverage", "low_volume"]),
        ..rank("2025-08", "2025-08")
    };
    let status = door.comparison().rank_organisations(request).await.expect_err("is refused");
    let info = status.get_details_error_info().expect("is there");
    assert_eq!(info.metadata["reasons"], "far_too_short_window,too_few_organisations");
}

pub(crate) fn acknowledged(reasons: &[&str]) -> Option<v1::Acknowledgement> {
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
    // What is kept and drawn has no room for anybody's number.
    for (on_behalf_of, purpose, field) in [
        ("ring 01632 960123", "access review", "acknowledge.on_behalf_of"),
        ("Example ICB", "access\nreview", "acknowledge.purpose"),
    ] {
        let reasons = vec!["short_window".into()];
        let (on_behalf_of, purpose) = (on_behalf_of.into(), purpose.into());
        let acknowledge = Some(v1::Acknowledgement { reasons, on_behalf_of, purpose });
        let unfit = v1::RankOrganisationsRequest { acknowledge, ..request.clone() };
        let status = door.comparison().rank_organisations(unfit).await.expect_err(field);
        assert_eq!(reason(&status), ("INVALID_FIELD".to_owned(), field.to_owned()), "{}", status.message());
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
