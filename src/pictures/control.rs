//! Knows the control chart: a series with its mean and limits phase by phase, and a mark for each rule that a point breaks.

use super::axes::{Across, Axes, Plot};
use super::canvas::{HAIR, INK, LIMIT, MUTED, Pen};
use super::error::PictureError;
use super::figure::{Axis, at_most, count, drawable, grouped};
use super::frame::{Frame, Picture, needed};
use super::marks::{Mark, Outline};
use super::page::{Entry, Page, Sample, em_at};
use super::scale::Scale;
use super::text::{Weight, clean, cut};

/// Ten years of days, and more.
const MOST_POINTS: usize = 4_000;
/// More rebasings than this are no phases any more.
const MOST_PHASES: usize = 100;

/// A control chart (XmR).
#[derive(Clone, Debug, PartialEq)]
pub struct ControlChart {
    /// What the values are, denominator included.
    pub value: Axis,
    /// What the points are: "Month", "Week beginning".
    pub period: String,
    /// The points in order of time.
    pub points: Vec<ControlPoint>,
    /// The phases in order of time, the first one beginning with the first point; empty where there are too few points for a mean.
    pub phases: Vec<Phase>,
    /// A target that the caller brought, and what it is called.
    pub target: Option<(f64, String)>,
    /// How many signals chance alone would raise on a series as long as this one, when that is known.
    pub false_signals: Option<f64>,
}

/// A point of a control chart.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlPoint {
    /// Its period as an ISO date or month: "2025-03".
    pub period: String,
    /// Its value; none where there was nothing to compute it from or the period is not complete, which leaves a gap.
    pub value: Option<f64>,
    /// The rules that it breaks, the weightiest first: the first one gives the mark. Empty for common cause.
    pub causes: Vec<SpecialCause>,
    /// Whether its signal is for the better.
    pub sense: Sense,
}

/// A rule for special causes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SpecialCause {
    /// Outside the limits.
    OutsideLimits,
    /// In a run on one side of the mean.
    Shift,
    /// In a run that only rises or only falls.
    Trend,
    /// Two of three close to one limit.
    TwoOfThree,
}

/// Which way a signal points. Nobody has to judge: without an agreed direction it is `Unjudged`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sense {
    /// No direction was agreed on.
    Unjudged,
    /// For the worse: a filled mark.
    Concern,
    /// For the better: a hollow mark.
    Improvement,
}

/// A stretch of points with one mean and one pair of limits. It ends where the next begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// Its first point, counted from 0.
    pub first: usize,
    /// The mean.
    pub mean: f64,
    /// The lower limit, where there is one.
    pub lower: Option<f64>,
    /// The upper limit, where there is one.
    pub upper: Option<f64>,
}

impl SpecialCause {
    const ALL: [Self; 4] = [Self::OutsideLimits, Self::Shift, Self::Trend, Self::TwoOfThree];

    fn outline(self) -> Outline {
        match self {
            Self::OutsideLimits => Outline::Diamond,
            Self::Shift => Outline::Box,
            Self::Trend => Outline::Along,
            Self::TwoOfThree => Outline::Bar,
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::OutsideLimits => "outside the limits",
            Self::Shift => "shift: run on one side of the mean",
            Self::Trend => "trend: run up or down",
            Self::TwoOfThree => "two of three near a limit",
        }
    }
}

impl Sense {
    const ALL: [Self; 3] = [Self::Unjudged, Self::Concern, Self::Improvement];

    fn says(self) -> &'static str {
        match self {
            Self::Unjudged => "",
            Self::Concern => ", for the worse",
            Self::Improvement => ", for the better",
        }
    }
}

const COMMON: Mark = Mark { outline: Outline::Round, ink: MUTED, hollow: false, size: 85 };

fn mark(cause: SpecialCause, sense: Sense) -> Mark {
    match sense {
        Sense::Improvement => Mark::ring(cause.outline()),
        Sense::Unjudged | Sense::Concern => Mark::dark(cause.outline()),
    }
}

/// Draws a control chart.
///
/// # Errors
/// Without a single value, with more than 4,000 points or 100 phases, with phases out of order, with a number that no axis can carry, or
/// without a text that must stand on the picture.
pub fn control_chart(frame: &Frame, chart: &ControlChart) -> Result<Picture, PictureError> {
    let frame = frame.checked()?;
    check(chart)?;
    let value_title = needed("title of the value axis", &chart.value.title)?;
    let period_title = needed("title of the time axis", &chart.period)?;
    let em = em_at(frame.width.pixels());
    let wide = f64::from(frame.width.pixels());
    let high = (0.5 * wide).max(19.0 * em);
    let up = up(chart, high, em);
    let labels: Vec<String> =
        chart.points.iter().map(|point| cut(&clean(&point.period), Weight::Plain, em, wide / 4.0)).collect();
    let page = Page::lay_out(&frame, &legend(chart, &up, em / 13.0), &notes(chart), high);
    let axes = Axes {
        across: Across::Labels(&labels),
        across_title: &period_title,
        up: &up,
        up_title: &value_title,
    };
    let plot = axes.place(&page);
    axes.draw(&plot, &page);
    draw_phases(chart, &plot, &page);
    draw_series(chart, &plot, &page);
    page.finish(&frame)
}

fn check(chart: &ControlChart) -> Result<(), PictureError> {
    at_most("points", chart.points.len(), MOST_POINTS)?;
    at_most("phases", chart.phases.len(), MOST_PHASES)?;
    if chart.points.iter().all(|point| point.value.is_none()) {
        return Err(PictureError::Empty { what: "points" });
    }
    for value in chart.points.iter().filter_map(|point| point.value) {
        drawable("the value of a point", value)?;
    }
    for Phase { first: _, mean, lower, upper } in &chart.phases {
        drawable("a mean", *mean)?;
        for limit in [lower, upper].into_iter().flatten() {
            drawable("a limit", *limit)?;
        }
    }
    if let Some((target, _)) = &chart.target {
        drawable("the target", *target)?;
    }
    if let Some(signals) = chart.false_signals {
        drawable("the number of false signals", signals)?;
    }
    let ordered = chart.phases.windows(2).all(|pair| pair[0].first < pair[1].first);
    let inside = chart.phases.iter().all(|phase| phase.first < chart.points.len());
    if !ordered || !inside || chart.phases.first().is_some_and(|phase| phase.first != 0) {
        return Err(PictureError::Contradiction {
            why: "phases do not begin with the first point, or are out of order, or begin after the last point",
        });
    }
    Ok(())
}

fn up(chart: &ControlChart, high: f64, em: f64) -> Scale {
    let values = chart.points.iter().filter_map(|point| point.value);
    let lines = chart.phases.iter().flat_map(|phase| [Some(phase.mean), phase.lower, phase.upper]).flatten();
    let target = chart.target.iter().map(|(target, _)| *target);
    let about = (high / (em * 4.0)).clamp(3.0, 8.0) as usize;
    Scale::over(values.chain(lines).chain(target), chart.value.unit, about, false)
}

fn mean_pen(px: f64) -> Pen {
    Pen::solid(1.4 * px, INK)
}

fn limit_pen(px: f64) -> Pen {
    Pen::dashed(1.6 * px, LIMIT, 6.0 * px, 4.0 * px)
}

fn target_pen(px: f64) -> Pen {
    Pen::dashed(1.4 * px, INK, 2.0 * px, 3.0 * px)
}

fn legend(chart: &ControlChart, up: &Scale, px: f64) -> Vec<Entry> {
    let mut entries = vec![Entry::new(Sample::Mark(COMMON), "common cause")];
    for cause in SpecialCause::ALL {
        for sense in Sense::ALL {
            let has = |point: &&ControlPoint| {
                point.value.is_some() && point.causes.first() == Some(&cause) && point.sense == sense
            };
            let many = chart.points.iter().filter(has).count();
            if many > 0 {
                let text = format!("{}{} ({})", cause.says(), sense.says(), count(many));
                entries.push(Entry::new(Sample::Mark(mark(cause, sense)), text));
            }
        }
    }
    if let Some(last) = chart.phases.last() {
        let which = if chart.phases.len() > 1 { " of the last phase" } else { "" };
        let text = format!("mean{which}: {}", up.write_finely(last.mean));
        entries.push(Entry::new(Sample::Line(mean_pen(px)), text));
        let limits = match (last.lower, last.upper) {
            (Some(lower), Some(upper)) => {
                format!("limits{which}: {} to {}", up.write_finely(lower), up.write_finely(upper))
            }
            (Some(lower), None) => format!("lower limit{which}: {}", up.write_finely(lower)),
            (None, Some(upper)) => format!("upper limit{which}: {}", up.write_finely(upper)),
            (None, None) => "limits".to_owned(),
        };
        if chart.phases.iter().any(|phase| phase.lower.is_some() || phase.upper.is_some()) {
            entries.push(Entry::new(Sample::Line(limit_pen(px)), limits));
        }
    }
    if let Some((target, name)) = &chart.target {
        let name = clean(name);
        let name = if name.is_empty() { "target".to_owned() } else { name };
        entries
            .push(Entry::new(Sample::Line(target_pen(px)), format!("{name}: {}", up.write_finely(*target))));
    }
    entries
}

fn notes(chart: &ControlChart) -> Vec<String> {
    let mut notes = Vec::new();
    if chart.phases.is_empty() {
        notes.push("Too few points for a mean and limits: none are drawn.".to_owned());
    }
    if chart.points.iter().any(|point| point.causes.len() > 1) {
        notes.push("A point that breaks several rules carries the mark of the weightiest.".to_owned());
    }
    if let Some(signals) = chart.false_signals {
        let signals = grouped(signals, if signals < 10.0 { 1 } else { 0 });
        notes.push(format!(
            "By chance alone, a stable series of this length would show about {signals} signals."
        ));
    }
    let gaps = chart.points.iter().filter(|point| point.value.is_none()).count();
    if gaps > 0 {
        notes.push(format!("Left as gaps, as they have no value: {} of the periods.", count(gaps)));
    }
    notes
}

/// Mean and limits, phase by phase, with a gap and an upright line where a new phase begins.
fn draw_phases(chart: &ControlChart, plot: &Plot<'_>, page: &Page) {
    let px = page.px();
    let ends = chart.phases.iter().skip(1).map(|phase| phase.first).chain([chart.points.len()]);
    for (phase, end) in chart.phases.iter().zip(ends) {
        let (from, to) = (phase.first as f64 - 0.42, end as f64 - 0.58);
        if phase.first > 0 {
            let x = plot.at(phase.first as f64 - 0.5, 0.0).0;
            let upright = [(x, plot.rect.top), (x, plot.rect.bottom)];
            plot.canvas.line(&upright, Pen::dashed(1.2 * px, MUTED, 1.5 * px, 3.0 * px));
        }
        plot.curve(&[(from, phase.mean), (to, phase.mean)], mean_pen(px));
        for limit in [phase.lower, phase.upper].into_iter().flatten() {
            plot.curve(&[(from, limit), (to, limit)], limit_pen(px));
        }
    }
    if let Some((target, _)) = &chart.target {
        plot.curve(&[(-0.5, *target), (chart.points.len() as f64 - 0.5, *target)], target_pen(px));
    }
}

/// The series, with gaps where there is no value; marks last, so that nothing covers them.
fn draw_series(chart: &ControlChart, plot: &Plot<'_>, page: &Page) {
    let radius = page.mark_radius(chart.points.len());
    let placed = |(index, point): (usize, &ControlPoint)| Some((index as f64, point.value?));
    let places: Vec<Option<(f64, f64)>> = chart.points.iter().enumerate().map(placed).collect();
    for run in places.split(|place| place.is_none()) {
        let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
        plot.curve(&run, Pen::solid(1.2 * page.px(), if run.len() > 400 { HAIR } else { MUTED }));
    }
    for special in [false, true] {
        for (place, point) in places.iter().zip(&chart.points) {
            let Some((x, y)) = place else { continue };
            let drawn = match point.causes.first() {
                Some(cause) if special => mark(*cause, point.sense),
                None if !special => COMMON,
                _ => continue,
            };
            drawn.draw(plot.canvas, plot.at(*x, *y), radius);
        }
    }
}
