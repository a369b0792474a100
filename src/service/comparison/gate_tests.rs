//! What the gate says is done in every method: a denial, no ranking, no names, small numbers hidden.

use std::sync::Arc;

use callgauge_schema::Moment;
use prost::Message;
use tokio::sync::watch;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;

use super::Comparison;
use crate::access::{Admission, Denial, Gate, Grain, Naming, Ranking};
use crate::calendar::month;
use crate::definitions::indicators::{IndicatorKind, IndicatorValue};
use crate::ingest::SharedDirectory;
use crate::organisations::{Directory, Level, OrganisationRow};
use crate::proto::v1;
use crate::proto::v1::comparison_service_server::ComparisonService as _;
use crate::proto::v1::render_chart_request::Chart;
use crate::service::house::House;
use crate::service::observe::Meters;
use crate::service::{Page, Settings};
use crate::store::memory::MemoryStore;
use crate::store::{IndicatorRow, Store};

const PRACTICES: usize = 24;
const SHARE: &str = "local:missed_share";

fn code(practice: usize) -> String {
    format!("A{:05}", 82_001 + practice)
}

fn months() -> Vec<String> {
    (3..=12).map(|at| format!("2025-{at:02}")).chain((1..=2).map(|at| format!("2026-{at:02}"))).collect()
}

/// The first practice has 5 in the whole year, one in every second month or so; the others have many.
fn numerator(practice: usize, month: usize) -> f64 {
    if practice == 0 {
        return f64::from(u8::from(month.is_multiple_of(2) && month < 10));
    }
    (20 + 3 * practice + (month * 5 + practice) % 4) as f64
}

fn denominator(practice: usize) -> f64 {
    203.0 + practice as f64
}

/// A service whose gate says one thing, over a year of a share.
async fn service(told: Result<Admission, Denial>) -> Comparison {
    let row = |code: &str, level| OrganisationRow {
        code: code.parse().expect("a code"),
        name: format!("Surgery {code}"),
        level,
        first: None,
        end: None,
        memberships: Vec::new(),
    };
    let mut organisations = vec![row("QHG", Level::Icb)];
    for practice in 0..PRACTICES {
        let icb = "QHG".parse().expect("a code");
        organisations.push(OrganisationRow {
            memberships: vec![(icb, None, None)],
            ..row(&code(practice), Level::Practice)
        });
    }
    let store = Arc::new(MemoryStore::new());
    let mut rows = Vec::new();
    for (at, period) in months().iter().enumerate() {
        for practice in 0..PRACTICES {
            let (n, d) = (numerator(practice, at), denominator(practice));
            rows.push(IndicatorRow {
                name: SHARE.parse().expect("a name"),
                organisation: code(practice).parse().expect("a code"),
                period: month(period).expect("a month"),
                source: "elsewhere".parse().expect("a source"),
                value: IndicatorValue::new(IndicatorKind::Share, n, Some(d), None).expect("is one"),
                definition_version: "".into(),
                quality_note: "".into(),
            });
        }
    }
    store.put_indicators(rows).await.expect("are taken");
    let (_, draining) = watch::channel(false);
    let directory = Directory::new(organisations).expect("is whole");
    let house = House::new(
        store,
        SharedDirectory::new(directory),
        Settings::default().calendar,
        Arc::new(|| Moment::from_millis(1_772_409_600_000)),
        Arc::new(Meters::new()),
        draining,
    );
    Comparison::new(Arc::new(house.with_gate(Gate::saying(told))))
}

fn peers(codes: Vec<String>) -> Option<v1::PeerGroup> {
    Some(v1::PeerGroup { organisation_codes: codes, ..Default::default() })
}

fn all() -> Option<v1::PeerGroup> {
    peers(vec!["QHG".into()])
}

fn funnel(peers: Option<v1::PeerGroup>) -> v1::CompareOrganisationsRequest {
    v1::CompareOrganisationsRequest {
        peers,
        first_month: "2025-03".into(),
        last_month: "2026-02".into(),
        metrics: vec![SHARE.into()],
        ..Default::default()
    }
}

fn ranks(peers: Option<v1::PeerGroup>) -> v1::RankOrganisationsRequest {
    v1::RankOrganisationsRequest {
        peers,
        first_month: "2025-03".into(),
        last_month: "2026-02".into(),
        metric: SHARE.into(),
        worst: v1::Worst::Highest.into(),
        ..Default::default()
    }
}

fn chart() -> v1::GetControlChartRequest {
    v1::GetControlChartRequest {
        organisation_code: code(0),
        metric: SHARE.into(),
        first_month: "2025-03".into(),
        last_month: "2026-02".into(),
        ..Default::default()
    }
}

fn periods() -> v1::CompareEquivalentPeriodsRequest {
    v1::CompareEquivalentPeriodsRequest {
        peers: all(),
        metric: SHARE.into(),
        before_first_month: "2025-03".into(),
        after_first_month: "2026-02".into(),
        ..Default::default()
    }
}

fn lists() -> v1::AssessListStabilityRequest {
    v1::AssessListStabilityRequest {
        peers: all(),
        first_month: "2025-03".into(),
        last_month: "2026-02".into(),
        metric: SHARE.into(),
        worst: v1::Worst::Highest.into(),
        ..Default::default()
    }
}

fn drawn(chart: Chart) -> Request<v1::RenderChartRequest> {
    Request::new(v1::RenderChartRequest { chart: Some(chart), ..Default::default() })
}

fn hiding() -> Admission {
    Admission { grain: Grain::SmallNumbersHidden, ..Admission::EVERYTHING }
}

fn denied<T>(answer: Result<T, Status>) {
    let Err(status) = answer else { panic!("was answered") };
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    assert!(status.message().contains("an agreement with the practices"), "{status:?}");
}

#[tokio::test]
async fn the_gate_is_asked_for_every_comparison() {
    let denial = Denial { missing: "an agreement with the practices".to_owned() };
    let service = service(Err(denial)).await;
    denied(service.compare_organisations(Request::new(funnel(all()))).await);
    denied(service.rank_organisations(Request::new(ranks(all()))).await);
    denied(service.compare_equivalent_periods(Request::new(periods())).await);
    denied(service.get_control_chart(Request::new(chart())).await);
    denied(service.assess_list_stability(Request::new(lists())).await);
    let profile = v1::ProfileRequest {
        organisation_code: code(0),
        metric: "call_volumes".into(),
        first_month: "2026-02".into(),
        last_month: "2026-02".into(),
        ..Default::default()
    };
    for chart in [
        Chart::Funnel(funnel(all())),
        Chart::Ranks(ranks(all())),
        Chart::Control(chart()),
        Chart::Profile(profile),
    ] {
        denied(service.render_chart(drawn(chart)).await);
    }
}

#[tokio::test]
async fn what_the_gate_will_not_have_ranked_is_refused_whatever_is_acknowledged() {
    let denial = Denial { missing: "a purpose that allows a league".to_owned() };
    let service = service(Ok(Admission { ranking: Ranking::Denied(denial), ..Admission::EVERYTHING })).await;
    let request = v1::RankOrganisationsRequest {
        acknowledge: Some(v1::Acknowledgement {
            reasons: vec!["low_volume".into()],
            on_behalf_of: "Example ICB".into(),
            purpose: "access review".into(),
        }),
        ..ranks(all())
    };
    for answer in [
        service.rank_organisations(Request::new(request.clone())).await.map(|_| ()),
        service.render_chart(drawn(Chart::Ranks(request))).await.map(|_| ()),
    ] {
        let status = answer.expect_err("may not be ranked");
        let info = status.get_details_error_info().expect("is there");
        assert_eq!(info.metadata["reasons"], "gate_denies", "{status:?}");
        assert!(status.message().contains("a purpose that allows a league"), "{}", status.message());
    }
    service.compare_organisations(Request::new(funnel(all()))).await.expect("is no ranking");
}

/// What a client reads of a page.
fn read<R: Message + Default>(page: Response<Page<R>>) -> R {
    R::decode(&*page.into_inner().encode_to_vec()).expect("is a response")
}

#[tokio::test]
async fn peers_that_may_not_be_named_are_anonymous_though_nobody_asked() {
    let service = service(Ok(Admission { naming: Naming::FocusOnly, ..Admission::EVERYTHING })).await;
    let request = v1::CompareOrganisationsRequest { focus_codes: vec![code(3)], ..funnel(all()) };
    let answer = read(service.compare_organisations(Request::new(request)).await.expect("is whole"));
    let named: Vec<String> = answer
        .organisations
        .into_iter()
        .filter_map(|row| row.organisation)
        .filter(|shown| !shown.code.starts_with("peer-") || !shown.name.is_empty())
        .map(|shown| shown.code)
        .collect();
    assert_eq!(named, [code(3)]);
}

#[tokio::test]
async fn with_small_numbers_hidden_a_comparison_is_computed_exactly_and_shown_from_rounded_parts() {
    let (hiding, open) = (service(Ok(hiding())).await, service(Ok(Admission::EVERYTHING)).await);
    let answer = read(hiding.compare_organisations(Request::new(funnel(all()))).await.expect("is whole"));
    assert!(answer.small_numbers_hidden);
    // The first practice has 5 in all.
    let first = &answer.organisations[0].values[0];
    let Some(v1::compared_value::Result::LeftOut(why)) = &first.result else { panic!("is shown: {first:?}") };
    assert!(why.contains("hidden") && (first.numerator, first.denominator) == (0, 0), "{first:?}");
    // The others are where they are without it.
    let others = peers((1..PRACTICES).map(code).collect());
    let exact = read(open.compare_organisations(Request::new(funnel(others))).await.expect("is whole"));
    assert_eq!(answer.metrics[0].beyond_998, exact.metrics[0].beyond_998);
    for (practice, (row, exact)) in (1..).zip(answer.organisations[1..].iter().zip(&exact.organisations)) {
        let (value, exact) = (&row.values[0], &exact.values[0]);
        let (
            Some(v1::compared_value::Result::Place(place)),
            Some(v1::compared_value::Result::Place(exactly)),
        ) = (&value.result, &exact.result)
        else {
            panic!("both are placed")
        };
        assert_eq!(place.class, exactly.class, "{practice}");
        assert_eq!((place.expected, place.z, place.z_adjusted), (0.0, 0.0, 0.0));
        assert_eq!((value.numerator % 5, value.denominator % 5), (0, 0));
        assert!((value.numerator - exact.numerator).abs() <= 2 && value.exact_denominator.is_none());
        let rounded = value.numerator as f64 / value.denominator as f64;
        assert!((place.value - rounded).abs() < 0.000_6, "{} {rounded}", place.value);
        assert!((place.upper_998 - exactly.upper_998).abs() < 0.001, "{place:?} {exactly:?}");
    }
}

#[tokio::test]
async fn with_small_numbers_hidden_ranks_charts_periods_and_pictures_show_none() {
    let (hiding, open) = (service(Ok(hiding())).await, service(Ok(Admission::EVERYTHING)).await);
    let ranked = read(hiding.rank_organisations(Request::new(ranks(all()))).await.expect("may be ranked"));
    let others = peers((1..PRACTICES).map(code).collect());
    let exact = read(open.rank_organisations(Request::new(ranks(others))).await.expect("may be ranked"));
    assert_eq!((ranked.ranked, ranked.left_out), (23, 1));
    for (row, exact) in ranked.organisations.iter().zip(&exact.organisations) {
        let (
            Some(v1::ranked_organisation::Result::Place(place)),
            Some(v1::ranked_organisation::Result::Place(exactly)),
        ) = (&row.result, &exact.result)
        else {
            panic!("both are ranked")
        };
        assert_eq!((place.expected_rank, place.probability), (exactly.expected_rank, exactly.probability));
        assert_eq!((row.numerator % 5, row.denominator % 5), (0, 0));
    }
    let last = ranked.organisations.last().expect("is there");
    assert_eq!((last.numerator, last.denominator), (0, 0), "{last:?}");

    let chart = hiding.get_control_chart(Request::new(chart())).await.expect("is whole").into_inner();
    for (at, point) in chart.points.iter().enumerate() {
        assert_eq!(point.value.is_none(), numerator(0, at) > 0.0, "{point:?}");
        assert_eq!(point.numerator, 0, "1 is hidden and 0 is 0");
    }
    let changed =
        hiding.compare_equivalent_periods(Request::new(periods())).await.expect("is whole").into_inner();
    let Some(v1::period_change::Result::LeftOut(why)) = &changed.organisations[0].result else {
        panic!("1 of 203")
    };
    assert!(why.contains("hidden") && changed.organisations[0].observed_before == 0);
    for row in &changed.organisations[1..] {
        let Some(v1::period_change::Result::Change(change)) = &row.result else {
            panic!("has changed: {row:?}")
        };
        assert_eq!((change.expected_ratio, row.observed_before % 5, row.observed_after % 5), (0.0, 0, 0));
    }
    let assessed = hiding.assess_list_stability(Request::new(lists())).await.expect("is whole").into_inner();
    assert_eq!((assessed.assessed, assessed.left_out), (23, 1));

    let picture =
        hiding.render_chart(drawn(Chart::Ranks(ranks(all())))).await.expect("is drawn").into_inner();
    let picture = String::from_utf8(picture.picture).expect("is text");
    assert!(!picture.contains(&code(0)) && picture.contains(&code(1)), "the first is not on it");
    hiding.render_chart(drawn(Chart::Funnel(funnel(all())))).await.expect("is drawn");
}
