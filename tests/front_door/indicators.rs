//! IndicatorService: what is taken, what is refused with its field, pages, and series breaks.

use callgauge::proto::v1;

use crate::door::{Door, reason};

fn value(name: &str, code: &str, numerator: f64, denominator: Option<f64>) -> v1::Indicator {
    v1::Indicator {
        name: name.into(),
        organisation_code: code.into(),
        start_date: "2026-02-01".into(),
        end_date: "2026-03-01".into(),
        numerator: Some(numerator),
        denominator,
        definition_version: "2026".into(),
        quality_note: "experimental".into(),
        ..Default::default()
    }
}

async fn submit(door: &Door, indicators: Vec<v1::Indicator>) -> v1::SubmitIndicatorsResponse {
    let request =
        v1::SubmitIndicatorsRequest { source_id: "elsewhere".into(), indicators, validate_only: false };
    door.indicators().submit_indicators(request).await.expect("is answered").into_inner()
}

async fn list(door: &Door, request: v1::ListIndicatorsRequest) -> v1::ListIndicatorsResponse {
    door.indicators().list_indicators(request).await.expect("is answered").into_inner()
}

#[tokio::test]
async fn values_come_back_as_they_were_sent_and_the_same_again_changes_nothing() {
    let door = Door::open().await;
    let sent = vec![
        value("appointments", "A81001", 4_120.0, Some(11_419.0)),
        value("deprivation", "A81002", 23.75, None),
        v1::Indicator { expected: Some(2.5), ..value("local:dna_share", "A81003", 3.0, Some(3.0)) },
    ];
    let told = submit(&door, sent.clone()).await;
    assert_eq!((told.added, told.unchanged, told.replaced, told.rejected.len()), (3, 0, 0, 0));
    let told = submit(&door, sent.clone()).await;
    assert_eq!((told.added, told.unchanged, told.replaced), (0, 3, 0));
    let told = submit(&door, vec![value("appointments", "A81001", 4_121.0, Some(11_419.0))]).await;
    assert_eq!((told.added, told.unchanged, told.replaced), (0, 0, 1));
    let listed = list(&door, v1::ListIndicatorsRequest::default()).await;
    let elsewhere = |value: &v1::Indicator| v1::Indicator { source_id: "elsewhere".into(), ..value.clone() };
    let mut expected: Vec<_> = sent.iter().map(elsewhere).collect();
    expected[0].numerator = Some(4_121.0);
    assert_eq!((listed.total_size, listed.indicators), (3, expected));
}

#[tokio::test]
async fn what_cannot_be_is_refused_row_by_row_and_the_rest_is_taken() {
    let door = Door::open().await;
    let good = || value("appointments", "A81001", 1.0, Some(2.0));
    let share = |numerator, denominator| value("cbt003_answered", "A81001", numerator, denominator);
    let cases = vec![
        (v1::Indicator { name: "dna".into(), ..good() }, "name", "ListIndicatorDefinitions"),
        (v1::Indicator { organisation_code: "".into(), ..good() }, "organisation_code", "A81001"),
        (
            v1::Indicator { organisation_code: "Z99999".into(), ..good() },
            "organisation_code",
            "ImportOrganisations",
        ),
        (v1::Indicator { organisation_code: "QHG".into(), ..good() }, "organisation_code", "no practice"),
        (v1::Indicator { start_date: "1/2/26".into(), ..good() }, "start_date", "2026-02-01"),
        (v1::Indicator { end_date: "2026-02-27".into(), ..good() }, "end_date", "2026-03-01"),
        (v1::Indicator { end_date: "2026-02-01".into(), ..good() }, "end_date", "no whole"),
        (v1::Indicator { source_id: "other".into(), ..good() }, "source_id", "elsewhere"),
        (v1::Indicator { numerator: None, ..good() }, "numerator", "must be given"),
        (value("appointments", "A81001", f64::NAN, None), "numerator", "must be a number"),
        (value("appointments", "A81001", f64::INFINITY, None), "numerator", "finite"),
        (value("appointments", "A81001", -1.0, None), "numerator", "0 or more"),
        (v1::Indicator { denominator: Some(f64::NEG_INFINITY), ..good() }, "denominator", "finite"),
        (v1::Indicator { expected: Some(f64::NAN), ..good() }, "expected", "must be a number"),
        (share(3.0, Some(2.0)), "numerator", "at most the denominator"),
        (share(3.0, None), "denominator", "must be given"),
        (value("list_size", "A81001", 3.0, Some(3.0)), "denominator", "left out"),
        (v1::Indicator { quality_note: "call 0117 496 0123".into(), ..good() }, "quality_note", "telephone"),
        (v1::Indicator { definition_version: "x".repeat(1_001), ..good() }, "definition_version", "1000"),
    ];
    let mut sent: Vec<_> = cases.iter().map(|(wrong, _, _)| wrong.clone()).collect();
    sent.extend([good(), value("complaints", "A81002", 0.0, Some(0.0)), good()]);
    let told = submit(&door, sent).await;
    assert_eq!((told.added, told.rejected.len()), (2, cases.len() + 1));
    for (at, ((_, field, says), rejected)) in cases.iter().zip(&told.rejected).enumerate() {
        assert_eq!((rejected.index as usize, rejected.field.as_str()), (at, *field), "{rejected:?}");
        assert!(rejected.message.contains(says), "{rejected:?}");
    }
    let twice = told.rejected.last().expect("the second of the same place is refused");
    assert!(twice.message.contains("two values"), "{twice:?}");
    assert_eq!(list(&door, v1::ListIndicatorsRequest::default()).await.total_size, 2);
}

#[tokio::test]
async fn validate_only_says_what_is_wrong_and_takes_nothing() {
    let door = Door::open().await;
    let request = v1::SubmitIndicatorsRequest {
        source_id: "elsewhere".into(),
        indicators: vec![value("list_size", "A81001", 1.0, None), value("nothing", "A81001", 1.0, None)],
        validate_only: true,
    };
    let told = door.indicators().submit_indicators(request).await.expect("is answered").into_inner();
    assert_eq!((told.added, told.rejected.len()), (0, 1));
    assert_eq!(list(&door, v1::ListIndicatorsRequest::default()).await.total_size, 0);
}

#[tokio::test]
async fn faults_of_a_request_name_the_field() {
    let door = Door::open().await;
    let submission = |source_id: &str, values: usize| v1::SubmitIndicatorsRequest {
        source_id: source_id.into(),
        indicators: vec![value("list_size", "A81001", 1.0, None); values],
        validate_only: false,
    };
    for (request, field) in [(submission("", 1), "source_id"), (submission("x", 1_001), "indicators")] {
        let status = door.indicators().submit_indicators(request).await.expect_err(field);
        assert_eq!(reason(&status), ("INVALID_FIELD".to_owned(), field.to_owned()));
    }
    let asks = [
        (v1::ListIndicatorsRequest { names: vec!["dna".into()], ..Default::default() }, "names"),
        (v1::ListIndicatorsRequest { start_date: "2026-02-01".into(), ..Default::default() }, "end_date"),
        (v1::ListIndicatorsRequest { source_id: "A B".into(), ..Default::default() }, "source_id"),
        (
            v1::ListIndicatorsRequest { organisation_codes: vec!["".into()], ..Default::default() },
            "organisation_codes",
        ),
        (v1::ListIndicatorsRequest { page_size: 10_001, ..Default::default() }, "page_size"),
    ];
    for (request, field) in asks {
        let status = door.indicators().list_indicators(request).await.expect_err(field);
        assert_eq!(reason(&status), ("INVALID_FIELD".to_owned(), field.to_owned()));
    }
}

#[tokio::test]
async fn pages_follow_each_other_to_the_last_value() {
    let door = Door::open().await;
    let days: Vec<String> = (1..=30).map(|day| format!("2026-01-{day:02}")).collect();
    let daily = |code: &str| -> Vec<v1::Indicator> {
        days.windows(2)
            .map(|pair| v1::Indicator {
                start_date: pair[0].clone(),
                end_date: pair[1].clone(),
                ..value("local:daily", code, 1.0, None)
            })
            .collect()
    };
    assert_eq!(submit(&door, [daily("A81001"), daily("A81002")].concat()).await.added, 58);
    let mut request = v1::ListIndicatorsRequest {
        names: vec!["local:daily".into()],
        start_date: "2026-01-01".into(),
        end_date: "2026-01-21".into(),
        page_size: 7,
        ..Default::default()
    };
    let mut all = Vec::new();
    loop {
        let page = list(&door, request.clone()).await;
        assert_eq!(page.total_size, 40);
        all.extend(page.indicators);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(all.len(), 40);
    assert!(all.is_sorted_by_key(|value| (value.start_date.clone(), value.organisation_code.clone())));
}

#[tokio::test]
async fn every_fixed_indicator_says_what_it_means() {
    let door = Door::empty().await;
    let told = door.indicators().list_indicator_definitions(v1::ListIndicatorDefinitionsRequest {}).await;
    let definitions = told.expect("is answered").into_inner().definitions;
    assert!(definitions.iter().any(|one| one.name == "covid_vaccinations"));
    for one in definitions {
        assert!(one.kind() != v1::IndicatorKind::Unspecified && !one.unit.is_empty(), "{one:?}");
        assert!(!one.numerator.is_empty() && !one.wording.is_empty() && !one.source.is_empty(), "{one:?}");
    }
}

#[tokio::test]
async fn breaks_are_recorded_listed_and_taken_back() {
    let door = Door::open().await;
    let broken = |organisation: &str, source: &str, why: &str| v1::SeriesBreak {
        organisation_code: organisation.into(),
        source_id: source.into(),
        date: "2026-02-10".into(),
        why: why.into(),
        ..Default::default()
    };
    let record = async |recorded, withdrawn| {
        let request = v1::RecordSeriesBreaksRequest { recorded, withdrawn };
        door.indicators().record_series_breaks(request).await
    };
    let list = async || {
        let listed = door.indicators().list_series_breaks(v1::ListSeriesBreaksRequest {}).await;
        listed.expect("is answered").into_inner().series_breaks
    };
    let recorded = vec![
        broken("", "", "a new definition"),
        broken("", "acme", "another way"),
        broken("A81001", "", "moved"),
    ];
    record(recorded, vec![]).await.expect("they are taken");
    let listed = list().await;
    assert_eq!(
        listed.iter().map(|one| one.why.as_str()).collect::<Vec<_>>(),
        ["a new definition", "another way", "moved"]
    );
    assert!(listed.iter().all(|one| one.recorded_by == "local" && one.recorded_at.is_some()));
    record(vec![], vec![broken("", "acme", ""), broken("A81002", "", "")]).await.expect("they are taken");
    assert_eq!(list().await.len(), 2);
    let cases = [
        (vec![], "INVALID_FIELD", "recorded"),
        (vec![broken("A81001", "acme", "x")], "INVALID_FIELD", "recorded[0].source_id"),
        (vec![broken("", "", "x"), broken("", "", " ")], "INVALID_FIELD", "recorded[1].why"),
        (vec![broken("", "", "07700 900123")], "INVALID_FIELD", "recorded[0].why"),
        (vec![broken("Z99999", "", "x")], "UNKNOWN_ORGANISATION", "recorded[0].organisation_code"),
        (
            vec![v1::SeriesBreak { date: "soon".into(), ..broken("", "", "x") }],
            "INVALID_FIELD",
            "recorded[0].date",
        ),
    ];
    for (recorded, why, field) in cases {
        let status = record(recorded, vec![]).await.expect_err(field);
        assert_eq!(reason(&status), (why.to_owned(), field.to_owned()));
    }
    assert_eq!(list().await.len(), 2, "nothing of a refused request is taken");
}
