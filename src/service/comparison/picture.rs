//! RenderChart: the answers of the other methods as pictures, with all that has to be known to read them written on.

use super::compare::{self, Compared};
use super::compare_render::shown_value;
use super::control::{self, Charted};
use super::control_render;
use super::measure::{Kind, Measure};
use super::profile::{self, Profiled};
use super::question::ends;
use super::rank::{self, Ranked};
use crate::calendar::Days;
use crate::compare::control_chart::{Meaning, Signal};
use crate::compare::funnel::Class;
use crate::compare::ranks::{RankBand, Worst};
use crate::pictures::{self, Axis, Format, Frame, Picture, PictureError, Unit, Width, count};
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
    let (kind, small) = (made.numbers.kind, compared.small);
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
                size: small.count(made.sizes[unit]),
                value: if small.hidden() {
                    shown_value(small, kind, made.numbers.counted[unit]).unwrap_or_default()
                } else {
                    kind.times() * point.value
                },
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
            let at = |lower: f64, upper: f64| pictures::LimitPoint {
                size,
                lower: kind.times() * lower,
                upper: kind.times() * upper,
            };
            limits_95.push(at(limits.lower_95, limits.upper_95));
            limits_998.push(at(limits.lower_998, limits.upper_998));
        }
    }
    let expected = match (question.standardise, metric.metric()) {
        (true, Some(_)) => ", like for like",
        (true, None) if kind != Kind::Ratio => ", standardised",
        _ => "",
    };
    let mut frame = form.frame(
        format!("{}: {} organisations", metric.label, count(points.len())),
        question.window.days(),
        &question.set.name,
        compared.coverage.words(),
        "This picture does not show why an organisation differs, nor whether that is good or bad.",
    );
    frame.statements = compared.notes().iter().skip(1).map(|note| sentence(note)).collect();
    // The notes say it of calls.
    if question.standardise && metric.metric().is_none() {
        frame.statements.push(format!("Expected is by {}.", made.numbers.expected_by));
    }
    frame.statements.push(
        if made.funnel.adjusted {
            "The limits allow for chance and for how much these organisations differ anyway."
        } else {
            "The limits allow for chance alone."
        }
        .to_owned(),
    );
    let laid_over = made.laid_over(metric);
    let plot = pictures::Funnel {
        value: Axis {
            title: format!("{}{expected}", value_title(metric, kind, &laid_over)),
            unit: unit(kind),
        },
        size: Axis { title: format!("{laid_over} (denominator)"), unit: Unit::Number },
        points,
        target: kind.times() * made.funnel.target,
        target_name: match (question.target, kind) {
            (Some(_), _) => "given target",
            (None, Kind::Ratio) => "as the source expects",
            (None, _) => "all of the group together",
        }
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
                label: called(shown),
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
        format!("{}: ranks of {} organisations", question.measure.label, count(units.len())),
        question.window.days(),
        &question.set.name,
        ranked.coverage.words(),
        "This picture does not show how far apart the values are, nor why they differ; neighbours whose intervals overlap cannot be told apart.",
    );
    frame.statements = vec![format!(
        "Rankability {:.3}: the share of the spread that is not chance or month-to-month variation.",
        ranked.rankability
    )];
    frame.statements.extend(ranked.notes.iter().skip(1).map(|note| sentence(note)));
    frame.acknowledged = ranked
        .acknowledged
        .iter()
        .map(|refusal| format!("{} ({}).", begun(&refusal.message), refusal.reason))
        .collect();
    if !ranked.acknowledged.is_empty() {
        frame
            .acknowledged
            .push(format!("Acknowledged by {}, for: {}.", question.on_behalf_of, question.purpose));
    }
    let plot = pictures::Ranks {
        rank: format!("Expected rank, 1 for the {end}: {}", question.measure.label),
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

/// The values of a funnel in words.
fn value_title(measure: &Measure, kind: Kind, laid_over: &str) -> String {
    if kind == Kind::Share { measure.label.clone() } else { measure.words_over(kind, laid_over) }
}

/// How values of a kind are written.
fn unit(kind: Kind) -> Unit {
    match kind {
        Kind::Share => Unit::Proportion,
        Kind::Rate | Kind::Ratio | Kind::Number => Unit::Number,
    }
}

/// Code and name of an organisation; one of them where the other says nothing more.
fn called(shown: &v1::OrganisationRef) -> String {
    match shown.name.as_str() {
        "" => shown.code.clone(),
        name if name.eq_ignore_ascii_case(&shown.code) => name.to_owned(),
        name => format!("{} {name}", shown.code),
    }
}

/// A message as a sentence.
fn sentence(message: &str) -> String {
    let mut sentence = begun(message);
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

/// A message as the beginning of a sentence.
fn begun(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Draws a control chart.
pub(super) fn control(form: Form, question: &control::Question, charted: &Charted) -> Result<Picture, Fault> {
    let chart = &charted.chart;
    let points = charted.points.iter().zip(&chart.points).map(|(facts, point)| pictures::ControlPoint {
        period: facts.label.clone(),
        value: control_render::value(question, charted, facts),
        causes: point.signal.map(cause).into_iter().collect(),
        sense: match point.meaning {
            Meaning::Improvement => pictures::Sense::Improvement,
            Meaning::Concern => pictures::Sense::Concern,
            Meaning::CommonCause | Meaning::High | Meaning::Low => pictures::Sense::Unjudged,
        },
    });
    // Nothing that is charted is under 0, and no share over 1, so that a limit out there says nothing.
    let most = if charted.kind == Kind::Share { 1.0 } else { f64::INFINITY };
    let reached = |limit: &f64| (0.0..=most).contains(limit);
    let phases = chart.stretches.iter().filter_map(|stretch| {
        Some(pictures::Phase {
            first: stretch.from,
            mean: charted.small.made(stretch.mean?),
            lower: stretch.limits.map(|limits| charted.small.made(limits.lower)).filter(reached),
            upper: stretch.limits.map(|limits| charted.small.made(limits.upper)).filter(reached),
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
        format!("{}: {}", question.measure.label, called(shown)),
        question.window.days(),
        &question.set.name,
        format!("{} of {} points have a value", count(known), count(charted.points.len())),
        "This picture does not show why the series changed; a signal is a reason to look, not a finding.",
    );
    frame.statements = control_render::icons(question, charted).iter().map(|told| sentence(told)).collect();
    frame
        .statements
        .extend(chart.warnings.iter().map(|warning| sentence(&control_render::said(charted, *warning))));
    frame.statements.extend(charted.season.iter().map(|told| sentence(told)));
    frame.statements.extend(charted.broken.iter().map(|told| format!("The chart starts anew at {told}.")));
    let plot = pictures::ControlChart {
        value: Axis { title: control_render::what(question, charted.kind), unit: unit(charted.kind) },
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
        format!("{}: {}", question.measure.label, called(&organisation)),
        question.window.days(),
        &question.set.name,
        format!("{} of {} points have calls", count(known), count(plot.points.len())),
        "This picture does not tell callers apart, nor a day without calls from a day whose calls did not arrive.",
    );
    pictures::profile(&frame, &plot).map_err(no_picture)
}
