//! The pictures of docs/fairness.md and the README: drawn by the program from made-up calls, and held to their files.
//!
//! `CALLGAUGE_REWRITE_GOLDEN=1 cargo test --test front_door pictures_of_the_documentation` writes them again instead of comparing.

use std::path::Path;

use callgauge::proto::v1;
use callgauge::proto::v1::render_chart_request::Chart;
use jiff::civil::date;

use crate::comparison_world::{calls, code, door, months};

const PRACTICES: usize = 42;

#[tokio::test]
async fn the_pictures_of_the_documentation_are_what_the_program_draws() {
    // The later a practice stands the more it misses; the winter is worse for all; the tenth mends its ways in September.
    let share = |practice: usize, month: usize| {
        let own = 0.05 + 0.004 * ((practice * 17) % PRACTICES) as f64;
        let winter = if (9..12).contains(&month) { 1.3 } else { 1.0 };
        let mended = if practice == 9 && month >= 6 { 0.4 } else { 1.0 };
        let far = if practice == 20 { 2.0 } else { 1.0 };
        own * winter * mended * far
    };
    let window = months(date(2025, 3, 1), 12);
    let mut sent = calls(PRACTICES, &window, 60, share);
    // Smaller and larger ones: every third has half its calls, every seventh twice as many.
    sent.retain(|call| call.practice % 3 != 0 || call.day.day() % 2 == 0);
    let twice: Vec<_> = sent.iter().filter(|call| call.practice % 7 == 1).copied().collect();
    sent.extend(twice);
    let door = door(PRACTICES, &sent).await;
    let peers = || Some(v1::PeerGroup { organisation_codes: vec!["QHG".into()], ..Default::default() });
    let (first_month, last_month) = ("2025-03".to_owned(), "2026-02".to_owned());
    let metric = "missed_share_of_inbound".to_owned();
    let funnel = v1::CompareOrganisationsRequest {
        peers: peers(),
        first_month: first_month.clone(),
        last_month: last_month.clone(),
        metrics: vec![metric.clone()],
        focus_codes: vec![code(20)],
        ..Default::default()
    };
    let ranks = v1::RankOrganisationsRequest {
        peers: peers(),
        first_month: first_month.clone(),
        last_month: "2025-08".into(),
        metric: metric.clone(),
        worst: v1::Worst::Highest.into(),
        acknowledge: Some(v1::Acknowledgement {
            reasons: ["short_window", "low_rankability"].map(str::to_owned).to_vec(),
            on_behalf_of: "an analyst of the made-up ICB".into(),
            purpose: "to show what a ranking of half a year looks like".into(),
        }),
        ..Default::default()
    };
    let control = v1::GetControlChartRequest {
        organisation_code: code(9),
        metric,
        first_month,
        last_month: last_month.clone(),
        improvement: v1::Improvement::Decrease.into(),
        rebase_dates: vec!["2025-09-01".into()],
        ..Default::default()
    };
    let profile = v1::ProfileRequest {
        organisation_code: "QHG".into(),
        metric: "call_volumes".into(),
        first_month: "2025-12".into(),
        last_month,
        ..Default::default()
    };
    let charts = [
        ("funnel", Chart::Funnel(funnel)),
        ("ranks", Chart::Ranks(ranks)),
        ("control", Chart::Control(control)),
        ("profile", Chart::Profile(profile)),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    let rewrite = std::env::var_os("CALLGAUGE_REWRITE_GOLDEN").is_some();
    for (name, chart) in charts {
        let request = v1::RenderChartRequest { chart: Some(chart), ..Default::default() };
        let drawn = door.comparison().render_chart(request).await.expect("is drawn").into_inner().picture;
        let path = folder.join(format!("{name}.svg"));
        if rewrite {
            std::fs::write(&path, &drawn).expect("can be written");
        }
        let held =
            std::fs::read(&path).expect("docs/pictures has it: write it with CALLGAUGE_REWRITE_GOLDEN=1");
        assert!(held == drawn, "{name}.svg is not what the program draws");
    }
}
