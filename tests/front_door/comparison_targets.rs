//! Targets that the caller brings, what rates are laid over, and what control charts say of themselves: words that a reader takes as they stand.

use callgauge::proto::v1;
use jiff::civil::date;

use crate::comparison::{MISSED, close, compare, control, rank, year};
use crate::comparison_elsewhere::{place, submit, value};
use crate::comparison_world::{code, door, months};
use crate::door::Door;

async fn compared(door: &Door, request: v1::CompareOrganisationsRequest) -> v1::CompareOrganisationsResponse {
    door.comparison().compare_organisations(request).await.expect("is whole").into_inner()
}

/// Square of the root's distance, in standard errors.
fn z_of_rate(observed: f64, expected: f64) -> f64 {
    2.0 * (observed.sqrt() - expected.sqrt())
}

#[tokio::test]
async fn a_target_that_is_given_moves_the_centre_and_not_the_practices() {
    let (door, ..) = year().await;
    let own = compared(&door, compare("2025-03", "2026-02")).await;
    let given = v1::CompareOrganisationsRequest {
        target: Some(0.05),
        overdispersion: v1::Overdispersion::None.into(),
        ..compare("2025-03", "2026-02")
    };
    let given = compared(&door, given).await;
    assert_eq!((given.metrics[0].target, given.metrics[0].target_source.as_str()), (0.05, "given"));
    let angle = |share: f64| share.sqrt().asin();
    for (own, given) in own.organisations.iter().zip(&given.organisations) {
        let calls = own.values[0].denominator as f64;
        let (own, given) = (place(&own.values[0]), place(&given.values[0]));
        assert_eq!((own.like_for_like, own.expected), (given.like_for_like, given.expected));
        let z = (angle(own.like_for_like) - angle(0.05)) * 2.0 * calls.sqrt();
        close(given.z, z, 1e-9, "z from the target that was given");
    }
    let above = given.organisations.iter().filter(|row| place(&row.values[0]).z > 0.0).count();
    assert!(above > 18, "nearly all miss more than 5%, and {above} do");
}

#[tokio::test]
async fn a_target_that_is_given_moves_the_centre_of_rates_too() {
    let months = months(date(2025, 3, 1), 12);
    let door = door(20, &[]).await;
    let mut values = Vec::new();
    for practice in 0..20 {
        for (at, &month) in months.iter().enumerate() {
            values.push(v1::Indicator {
                denominator: Some(1_000.0 + 50.0 * practice as f64),
                ..value("complaints", practice, month, (3 + practice % 4 + at % 3) as f64)
            });
        }
    }
    submit(&door, "register", values).await;
    let request = v1::CompareOrganisationsRequest {
        metrics: vec!["complaints".into()],
        overdispersion: v1::Overdispersion::None.into(),
        ..compare("2025-03", "2026-02")
    };
    let own = compared(&door, request.clone()).await;
    let given = compared(&door, v1::CompareOrganisationsRequest { target: Some(9.0), ..request }).await;
    let peers = own.metrics[0].target;
    for (own, given) in own.organisations.iter().zip(&given.organisations) {
        let observed = own.values[0].numerator as f64;
        let (own, given) = (place(&own.values[0]), place(&given.values[0]));
        close(given.like_for_like, own.like_for_like, 1e-12, "like for like");
        close(given.z, z_of_rate(observed, own.expected * 9.0 / peers), 1e-9, "z");
        assert!(given.z < own.z, "9 of 1,000 are far over {peers}");
    }
}

#[tokio::test]
async fn rates_of_many_months_say_that_patients_count_in_each() {
    let months = months(date(2025, 3, 1), 12);
    let door = door(21, &[]).await;
    let mut values = Vec::new();
    for practice in 0..21 {
        for &month in &months {
            values.push(value("complaints", practice, month, 12.0 + practice as f64));
            values.push(value("local:letters", practice, month, 30.0 + practice as f64));
            values.push(v1::Indicator {
                denominator: Some(90.0),
                ..value("local:visits", practice, month, 30.0 + practice as f64)
            });
        }
    }
    let request = |metric: &str| v1::CompareOrganisationsRequest {
        metrics: vec![metric.into()],
        ..compare("2025-03", "2026-02")
    };
    submit(&door, "register", values).await;
    let without = door.comparison().compare_organisations(request("complaints")).await.expect_err("no lists");
    assert!(without.message().contains("import the indicator \"list_size\""), "{}", without.message());
    let lists = (0..21).flat_map(|practice| months.iter().map(move |&month| (practice, month)));
    let lists = lists.map(|(practice, month)| value("list_size", practice, month, 5_000.0)).collect();
    submit(&door, "register", lists).await;
    for (metric, over) in [
        ("complaints", "registered patients and months"),
        ("local:letters", "registered patients and months"),
        ("local:visits", "its own denominator"),
    ] {
        assert_eq!(compared(&door, request(metric)).await.metrics[0].denominator, over, "{metric}");
        let asked = v1::RankOrganisationsRequest { metric: metric.into(), ..rank("2025-03", "2026-02") };
        let ranked = door.comparison().rank_organisations(asked).await.expect("may be ranked").into_inner();
        assert_eq!(ranked.denominator, over, "{metric}");
        let chart = v1::RenderChartRequest {
            chart: Some(v1::render_chart_request::Chart::Funnel(request(metric))),
            ..Default::default()
        };
        let drawn = door.comparison().render_chart(chart).await.expect("is drawn").into_inner().picture;
        let drawn = String::from_utf8(drawn).expect("is text");
        assert!(drawn.contains(&format!("per 1,000 {over}")), "{metric}");
    }
}

async fn drawn(door: &Door, request: v1::GetControlChartRequest) -> String {
    let chart = Some(v1::render_chart_request::Chart::Control(request));
    let request = v1::RenderChartRequest { chart, ..Default::default() };
    let picture = door.comparison().render_chart(request).await.expect("is drawn").into_inner().picture;
    String::from_utf8(picture).expect("is text")
}

#[tokio::test]
async fn the_icons_of_a_control_chart_stand_in_words_in_the_answer_and_on_the_picture() {
    let (door, ..) = year().await;
    for (target, better, says) in [
        (0.9, v1::Improvement::Decrease, "the target will be met if nothing changes"),
        (0.9, v1::Improvement::Increase, "the target will not be met unless something changes"),
        (0.1, v1::Improvement::Decrease, "the target is met or missed by chance"),
        (0.1, v1::Improvement::Unspecified, "nothing can be told of the target"),
    ] {
        let request = v1::GetControlChartRequest {
            metric: MISSED.into(),
            target: Some(target),
            improvement: better.into(),
            ..control(5, "2025-03", "2026-02")
        };
        let answer =
            door.comparison().get_control_chart(request.clone()).await.expect("is whole").into_inner();
        assert_eq!(answer.notes[0], "the last point is as usual: common cause");
        assert!(answer.notes[1].starts_with(says), "{says}: {:?}", answer.notes);
        // A sentence on the picture begins with a capital.
        assert!(drawn(&door, request).await.contains(&says[1..]), "{says}");
    }
    let request = control(5, "2025-03", "2026-02");
    let answer = door.comparison().get_control_chart(request).await.expect("is whole").into_inner();
    assert!(answer.notes.iter().all(|note| !note.contains("target")), "{:?}", answer.notes);
}

#[tokio::test]
async fn a_control_chart_shows_no_limit_that_nothing_can_reach_and_names_england_once() {
    let months = months(date(2025, 3, 1), 12);
    let door = door(1, &[]).await;
    let complaints = |at: usize| if at.is_multiple_of(4) { 9.0 } else { 0.0 };
    let values = months.iter().enumerate().map(|(at, &month)| v1::Indicator {
        denominator: Some(1_000.0),
        ..value("complaints", 0, month, complaints(at))
    });
    submit(&door, "register", values.collect()).await;
    let request =
        v1::GetControlChartRequest { metric: "complaints".into(), ..control(0, "2025-03", "2026-02") };
    let answer = door.comparison().get_control_chart(request.clone()).await.expect("is whole").into_inner();
    assert!(answer.stretches[0].lower.is_some_and(|lower| lower < 0.0), "{:?}", answer.stretches);
    let picture = drawn(&door, request.clone()).await;
    assert!(picture.contains("upper limit: ") && !picture.contains('\u{2212}'), "a limit under 0 is drawn");
    let england = v1::GetControlChartRequest { organisation_code: "ENGLAND".into(), ..request };
    let picture = drawn(&door, england).await;
    assert!(picture.contains("Complaints: England") && !picture.contains("ENGLAND"), "{picture}");
}

#[tokio::test]
async fn a_small_practice_with_the_highest_share_is_not_surely_the_worst() {
    const LARGE: usize = 30;
    const MISSED_OF_NINE: [usize; 12] = [3, 1, 2, 2, 1, 3, 2, 1, 2, 3, 2, 2];
    let months = months(date(2025, 3, 1), 12);
    let door = door(LARGE + 1, &[]).await;
    let mut values = Vec::new();
    for practice in 0..=LARGE {
        for (at, &month) in months.iter().enumerate() {
            // The large miss 10% to 20% of 600; months differ by about as much as chance would have it.
            let (missed, calls) = if practice == LARGE {
                (MISSED_OF_NINE[at], 9)
            } else {
                (60 + 2 * practice + 5 * ((at * 7 + practice * 3) % 6), 600)
            };
            values.push(v1::Indicator {
                denominator: Some(calls as f64),
                ..value("local:missed_share", practice, month, missed as f64)
            });
        }
    }
    submit(&door, "elsewhere", values).await;
    let request =
        v1::RankOrganisationsRequest { metric: "local:missed_share".into(), ..rank("2025-03", "2026-02") };
    let answer = door.comparison().rank_organisations(request).await.expect("may be ranked").into_inner();
    let found = |practice: usize| {
        let own = |row: &&v1::RankedOrganisation| {
            row.organisation.as_ref().is_some_and(|shown| shown.code == code(practice))
        };
        match answer.organisations.iter().find(own).and_then(|row| row.result.clone()) {
            Some(v1::ranked_organisation::Result::Place(place)) => place,
            other => panic!("{other:?}"),
        }
    };
    let (small, largest) = (found(LARGE), found(LARGE - 1));
    assert!(small.value > largest.value, "its share is the highest: {small:?}");
    assert_eq!(small.band(), v1::RankBand::CannotBeTold, "{small:?}");
    assert_eq!(largest.band(), v1::RankBand::Surely, "{largest:?}");
    assert!(small.upper_rank - small.lower_rank > 5, "{small:?}");
    assert!(small.shrunk < 0.95 * small.value && largest.shrunk > 0.97 * largest.value);
}
