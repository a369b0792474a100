//! What comparisons make of bad input: a defined answer or a named refusal, and every fault with its field.

use crate::comparison::{MISSED, compare, control, peers, rank};
use crate::comparison_world::{Sent, calls, door, months};
use crate::door::{Door, reason};
use callgauge::proto::v1;
use jiff::civil::date;

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
