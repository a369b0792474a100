//! RenderChart: the answers of the other methods as pictures, with all that has to be known to read them written on.

use super::compare::{self, Compared};
use super::control::{self, Charted};
use super::control_render;
use super::profile::{self, Profiled};
use super::question::ends;
use super::rank::{self, Ranked};
use crate::calendar::Days;
use crate::compare::control_chart::{Meaning, Signal};
use crate::compare::funnel::Class;
use crate::compare::ranks::{RankBand, Worst};
use crate::pictures::{self, Axis, Format, Frame, Picture, PictureError, Unit, Width};
use crate::proto::v1;
use crate::service::errors::Fault;

/// Places at which a funnel's limits are drawn.
const PLACES: u32 = 160;

/// How a picture is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) width: Width,
    pub(super) format: Format,
}

impl Form {
    /// From its fields.
    pub(super) fn parse(format: i32, width: i32) -> Result<Self, Fault> {
        let width = match width {
            0 => Width::DOCUMENT,
            width => u32::try_from(width)
                .ok()
                .and_then(|width| Width::try_from(width).ok())
                .ok_or_else(|| Fault::field("width", "must be 400 to 3,200 pixels, or 0 for 800"))?,
        };
        let format = match v1::PictureFormat::try_from(format) {
            Ok(v1::PictureFormat::Unspecified | v1::PictureFormat::Svg) => Format::Svg,
            Ok(v1::PictureFormat::Png) => Format::Png,
            Err(_) => return Err(Fault::field("format", "must be PICTURE_FORMAT_SVG or PICTURE_FORMAT_PNG")),
        };
        Ok(Self { width, format })
    }

    fn frame(self, title: String, days: Days, set: &str, coverage: String, caption: &str) -> Frame {
        let (first, last) = ends(days);
        Frame {
            title,
            window: format!("{first} to {last}"),
            definition_set: set.to_owned(),
            coverage,
            statements: Vec::new(),
            acknowledged: Vec::new(),
            caption: caption.to_owned(),
            width: self.width,
            format: self.format,
        }
    }
}

fn no_picture(fault: PictureError) -> Fault {
    Fault::NotComparable(format!("no picture can be drawn: {fault}"))
}

/// Draws a funnel plot.
pub(super) fn funnel(
    form: Form,
    question: &compare::Question,
    compared: &Compared,
) -> Result<Picture, Fault> {
    let Some((metric, made)) = compared.covered(question).next() else {
        return Err(Fault::NotComparable("no metric can be drawn".to_owned()));
    };
    let class = |class: Class| match class {
        Class::Within => pictures::FunnelClass::Within,
        Class::Above95 => pictures::FunnelClass::Above95,
        Class::Above998 => pictures::FunnelClass::Above998,
        Class::Below95 => pictures::FunnelClass::Below95,
        Class::Below998 => pictures::FunnelClass::Below998,
    };
    let points: Vec<pictures::FunnelPoint> = made
        .places()
        .map(|(unit, point)| {
            let shown = &compared.units.list[unit].organisation;
            pictures::FunnelPoint {
                label: shown.code.clone(),
                size: made.counted[unit].1 as f64,
                value: point.value,
                class: class(point.class),
                named: question.focus.codes.contains(&shown.code),
            }
        })
        .collect();
    let least = points.iter().map(|point| point.size).fold(f64::INFINITY, f64::min);
    let most = points.iter().map(|point| point.size).fold(0.0, f64::max);
    let (mut limits_95, mut limits_998) = (Vec::new(), Vec::new());
    for step in 0..=PLACES {
        let part = f64::from(step) / f64::from(PLACES);
        let size = (least * 0.9).max(1.0) + (most * 1.03 - least * 0.9).max(0.0) * part * part;
        if let Ok(limits) = made.funnel.limits_at(size) {
            limits_95.push(pictures::LimitPoint { size, lower: limits.lower_95, upper: limits.upper_95 });
            limits_998.push(pictures::LimitPoint { size, lower: limits.lower_998, upper: limits.upper_998 });
        }
    }
    let expected = if question.standardise { ", like for like" } else { "" };
    let mut frame = form.frame(
        format!("{}: {} organisations", metric.label, points.len()),
        question.window.days(),
        &question.set.name,
        compared.coverage.words(),
        "This picture does not show why an organisation differs, nor whether that is good or bad.",
    );
    frame.statements = compared.notes(question).split_off(1);
    let plot = pictures::Funnel {
        value: Axis { title: format!("{}{expected}", metric.label), unit: Unit::Proportion },
        size: Axis { title: format!("{} (denominator)", metric.denominator), unit: Unit::Number },
        points,
        target: made.funnel.target,
        target_name: if question.target.is_some() { "given target" } else { "all of the group together" }
            .to_owned(),
        limits_95,
        limits_998,
        by_chance: Some(pictures::ByChance {
            outside_95: made.funnel.false_flags.beyond_95,
            outside_998: made.funnel.false_flags.beyond_998,
        }),
    };
    pictures::funnel_plot(&frame, &plot).map_err(no_picture)
}

/// Draws ranks with their intervals.
pub(super) fn ranks(form: Form, question: &rank::Question, ranked: &Ranked) -> Result<Picture, Fault> {
    let bands = ranked.among.bands();
    let units: Vec<pictures::RankedUnit> = ranked
        .order()
        .into_iter()
        .filter_map(|unit| {
            let (at, rank) = ranked.rank(unit)?;
            let shown = &ranked.units.list[unit].organisation;
            let (lower, upper) = (rank.lower as f64, rank.upper as f64);
            Some(pictures::RankedUnit {
                label: if shown.name.is_empty() {
                    shown.code.clone()
                } else {
                    format!("{} {}", shown.code, shown.name)
                },
                expected: rank.expected.clamp(lower, upper),
                lower,
                upper,
                band: match bands[at] {
                    RankBand::Surely => pictures::RankBand::SurelyWorst,
                    RankBand::SurelyNot => pictures::RankBand::SurelyNot,
                    RankBand::CannotBeTold => pictures::RankBand::CannotTell,
                },
                named: question.focus.codes.contains(&shown.code),
            })
        })
        .collect();
    let end = match question.worst {
        Worst::Highest => "highest",
        Worst::Lowest => "lowest",
    };
    let mut frame = form.frame(
        format!("{}: ranks of {} organisations", question.metric.label, units.len()),
        question.window.days(),
        &question.set.name,
        ranked.coverage.words(),
        "This picture does not show how far apart the shares are, nor why they differ; neighbours whose intervals overlap cannot be told apart.",
    );
    frame.statements = vec![format!(
        "Rankability {:.2}: the share of the spread that is not chance or month-to-month variation.",
        ranked.rankability
    )];
    frame.acknowledged = ranked
        .acknowledged
        .iter()
        .map(|refusal| format!("{} ({}).", sentence(&refusal.message), refusal.reason))
        .collect();
    if !ranked.acknowledged.is_empty() {
        frame
            .acknowledged
            .push(format!("Taken upon himself by {}, for: {}.", question.on_behalf_of, question.purpose));
    }
    let plot = pictures::Ranks {
        rank: format!("Expected rank (1 = {end} {})", question.metric.label),
        of: units.len(),
        worst: pictures::WorstRanks {
            name: format!("the {end} {:.0}%", 100.0 * question.share),
            from: 1,
            to: ranked.among.worst,
        },
        units,
    };
    pictures::caterpillar(&frame, &plot).map_err(no_picture)
}

/// A message as the beginning of a sentence.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Draws a control chart.
pub(super) fn control(form: Form, question: &control::Question, charted: &Charted) -> Result<Picture, Fault> {
    let chart = &charted.chart;
    let points = charted.points.iter().zip(&chart.points).map(|(facts, point)| pictures::ControlPoint {
        period: facts.label.clone(),
        value: facts.value,
        causes: point.signal.map(cause).into_iter().collect(),
        sense: match point.meaning {
            Meaning::Improvement => pictures::Sense::Improvement,
            Meaning::Concern => pictures::Sense::Concern,
            Meaning::CommonCause | Meaning::High | Meaning::Low => pictures::Sense::Unjudged,
        },
    });
    let phases = chart.stretches.iter().filter_map(|stretch| {
        Some(pictures::Phase {
            first: stretch.from,
            mean: stretch.mean?,
            lower: stretch.limits.map(|limits| limits.lower),
            upper: stretch.limits.map(|limits| limits.upper),
        })
    });
    let phases: Vec<pictures::Phase> = if chart.stretches.iter().all(|stretch| stretch.mean.is_some()) {
        phases.collect()
    } else {
        Vec::new()
    };
    let known = charted.points.iter().filter(|point| point.value.is_some()).count();
    let shown = &charted.organisation;
    let mut frame = form.frame(
        format!("{}: {} {}", question.metric.label, shown.code, shown.name),
        question.window.days(),
        &question.set.name,
        format!("{known} of {} points have a value", charted.points.len()),
        "This picture does not show why the series changed; a signal is a reason to look, not a finding.",
    );
    frame.statements =
        chart.warnings.iter().map(|warning| sentence(&control_render::said(charted, *warning))).collect();
    frame.statements.extend(charted.broken.iter().map(|told| format!("The chart starts anew at {told}.")));
    let plain = super::question::is_share(question.metric);
    let plot = pictures::ControlChart {
        value: Axis {
            title: control_render::what(question),
            unit: if plain { Unit::Proportion } else { Unit::Number },
        },
        period: match question.granularity {
            crate::calendar::Granularity::Day => "Day",
            crate::calendar::Granularity::Week => "Week (ISO)",
            _ => "Month",
        }
        .to_owned(),
        points: points.collect(),
        phases,
        target: question.target.map(|target| (target, "target that was brought".to_owned())),
        false_signals: Some(chart.false_signals.points),
    };
    pictures::control_chart(&frame, &plot).map_err(no_picture)
}

fn cause(signal: Signal) -> pictures::SpecialCause {
    match signal {
        Signal::AboveLimit | Signal::BelowLimit => pictures::SpecialCause::OutsideLimits,
        Signal::Rising | Signal::Falling => pictures::SpecialCause::Trend,
        Signal::TwoOfThreeAbove | Signal::TwoOfThreeBelow => pictures::SpecialCause::TwoOfThree,
        Signal::ShiftAbove | Signal::ShiftBelow => pictures::SpecialCause::Shift,
    }
}

/// Draws a profile.
pub(super) fn profile(
    form: Form,
    question: &profile::Question,
    profiled: Profiled,
) -> Result<Picture, Fault> {
    let Profiled { organisation, plot } = profiled;
    let known = plot.points.iter().filter(|point| point.value.is_some()).count();
    let frame = form.frame(
        format!("{}: {} {}", question.metric.label, organisation.code, organisation.name),
        question.window.days(),
        &question.set.name,
        format!("{known} of {} points have calls", plot.points.len()),
        "This picture does not tell callers apart, nor a day without calls from a day whose calls did not arrive.",
    );
    pictures::profile(&frame, &plot).map_err(no_picture)
}
