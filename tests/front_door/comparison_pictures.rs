//! The pictures of docs/fairness.md and the README: drawn by the program from made-up calls, and held to their files.
//!
//! `CALLGAUGE_REWRITE_GOLDEN=1 cargo test --test front_door pictures_of_the_documentation` writes them again instead of comparing.

use std::path::Path;

use callgauge::proto::v1;
use callgauge::proto::v1::render_chart_request::Chart;
use jiff::civil::{Date, date};

use crate::comparison_world::{Chance, HOLIDAYS, Sent, code, door, months};

const PRACTICES: usize = 42;
/// The practice that mends its ways in February 2025.
const MENDED: usize = 9;
/// A large practice that misses far more than others.
const FAR: usize = 19;

/// Calls in a month of practices of all sizes.
const SIZES: [f64; 8] = [70.0, 9.0, 32.0, 130.0, 6.0, 18.0, 50.0, 12.0];
/// How many calls come on a Monday, a Tuesday and so on, against an average working day.
const WEEK: [f64; 7] = [1.35, 1.05, 0.95, 0.85, 0.8, 0.06, 0.04];
/// How many calls come in each hour from eight on.
const HOURS: [f64; 11] = [2.6, 1.5, 1.15, 1.0, 0.9, 0.6, 0.75, 0.85, 0.8, 0.6, 0.15];

/// A place in a list, drawn by the weights in it.
fn drawn(weights: &[f64], chance: &mut Chance) -> usize {
    let mut left = chance.next() * weights.iter().sum::<f64>();
    let passed = |weight: &f64| {
        left -= weight;
        left < 0.0
    };
    weights.iter().position(passed).unwrap_or(weights.len() - 1)
}

/// Calls as practices have them: most on Mondays and at eight, few at weekends, more of them missed in winter and before ten.
fn made_up() -> Vec<Sent> {
    let mut chance = Chance::new(20_260_301);
    let mut sent = Vec::new();
    for practice in 0..PRACTICES {
        // Roughly normal around 13%.
        let own = 0.13 + 0.035 * ((0..6).map(|_| chance.next()).sum::<f64>() - 3.0);
        let own = if practice == FAR {
            0.24
        } else if practice == MENDED {
            0.2
        } else {
            own
        };
        let size = if practice == FAR || practice == MENDED { 130.0 } else { SIZES[practice % 8] };
        let size = size * (0.75 + 0.5 * chance.next());
        for (at, &month) in months(date(2024, 1, 1), 26).iter().enumerate() {
            if at < 14 && practice != MENDED {
                continue;
            }
            let winter = if matches!(month.month(), 12 | 1 | 2) { 1.25 } else { 1.0 };
            let mended = if practice == MENDED && at >= 13 { 0.55 } else { 1.0 };
            let flu = if practice == MENDED && month == date(2024, 12, 1) { 1.5 } else { 1.0 };
            let days: Vec<Date> =
                month.series(jiff::Span::new().days(1)).take(month.days_in_month() as usize).collect();
            let weights: Vec<f64> = days.iter().map(|day| weight(*day)).collect();
            for _ in 0..(size * weights.iter().sum::<f64>() / 21.0) as usize {
                let day = days[drawn(&weights, &mut chance)];
                let hour = 8 + drawn(&HOURS, &mut chance) as i8;
                let early = if hour < 10 { 1.3 } else { 0.8 };
                let missed = chance.next() < own * winter * mended * flu * early;
                sent.push(Sent { practice, day, hour, missed });
            }
        }
    }
    sent
}

fn weight(day: Date) -> f64 {
    let weekday = day.weekday().to_monday_zero_offset() as usize;
    if HOLIDAYS.contains(&day) { 0.03 } else { WEEK[weekday] }
}

#[tokio::test]
async fn the_pictures_of_the_documentation_are_what_the_program_draws() {
    let door = door(PRACTICES, &made_up()).await;
    let peers = || Some(v1::PeerGroup { organisation_codes: vec!["QHG".into()], ..Default::default() });
    let (first_month, last_month) = ("2025-03".to_owned(), "2026-02".to_owned());
    let metric = "missed_share_of_inbound".to_owned();
    let funnel = v1::CompareOrganisationsRequest {
        peers: peers(),
        first_month: first_month.clone(),
        last_month: last_month.clone(),
        metrics: vec![metric.clone()],
        focus_codes: vec![code(FAR)],
        ..Default::default()
    };
    let ranks = v1::RankOrganisationsRequest {
        peers: peers(),
        first_month: first_month.clone(),
        last_month: "2025-08".into(),
        metric: metric.clone(),
        worst: v1::Worst::Highest.into(),
        least_denominator: 100,
        acknowledge: Some(v1::Acknowledgement {
            reasons: ["short_window", "low_rankability"].map(str::to_owned).to_vec(),
            on_behalf_of: "an analyst of the made-up ICB".into(),
            purpose: "to show what a ranking of half a year looks like".into(),
        }),
        ..Default::default()
    };
    let control = v1::GetControlChartRequest {
        organisation_code: code(MENDED),
        metric: metric.clone(),
        first_month: "2024-01".into(),
        last_month: last_month.clone(),
        improvement: v1::Improvement::Decrease.into(),
        rebase_dates: vec!["2025-02-01".into()],
        ..Default::default()
    };
    let profile = v1::ProfileRequest {
        organisation_code: "QHG".into(),
        metric: "call_volumes".into(),
        first_month: "2025-12".into(),
        last_month: last_month.clone(),
        ..Default::default()
    };
    let hours = v1::ProfileRequest { metric, first_month, last_month, by_band: true, ..profile.clone() };
    let charts = [
        ("funnel", Chart::Funnel(funnel)),
        ("ranks", Chart::Ranks(ranks)),
        ("control", Chart::Control(control)),
        ("profile", Chart::Profile(profile)),
        ("hours", Chart::Profile(hours)),
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
