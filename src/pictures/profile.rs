//! Knows the profile of days (a line, days off shaded) and of hours (bars), with the median week beside it where that is given.

use super::axes::{Across, Axes, Plot};
use super::canvas::{INK, LIMIT, MUTED, PALE, Pen, QUIET, Rect, WHITE};
use super::error::PictureError;
use super::figure::{Axis, at_most, count, drawable};
use super::frame::{Frame, Picture, needed};
use super::marks::{Mark, Outline};
use super::page::{Entry, Page, Sample, em_at};
use super::scale::Scale;
use super::sheet::Ink;
use super::text::{Weight, clean, cut};

/// Five years of days, and more.
const MOST_POINTS: usize = 2_000;
/// Up to so many days each has a mark.
const MOST_MARKED: usize = 70;

/// A profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// What the values are, denominator included.
    pub value: Axis,
    /// What the points are: "Day", "Hour of the day (Europe/London)".
    pub period: String,
    /// Days or hours.
    pub kind: ProfileKind,
    /// The points in order of time.
    pub points: Vec<ProfilePoint>,
    /// What the references are: "median of the same weekday, 2025-03-01 to 2026-02-28".
    pub reference_name: String,
}

/// How the points are drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProfileKind {
    /// A line, with days off shaded.
    Days,
    /// Bars.
    Hours,
}

/// A day or an hour.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfilePoint {
    /// An ISO date, or an hour: "08".
    pub label: String,
    /// Its value; none where there were no calls or it is not complete, which leaves a gap.
    pub value: Option<f64>,
    /// What the median week has in its place.
    pub reference: Option<f64>,
    /// What kind of day it is; `Working` for hours.
    pub day: DayKind,
}

/// Whether practices are meant to be open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DayKind {
    /// Monday to Friday, no bank holiday.
    Working,
    /// Saturday or Sunday.
    Weekend,
    /// A bank holiday, whatever the weekday.
    BankHoliday,
}

const WEEKEND: Ink = PALE;
const HOLIDAY: Ink = (0xc3, 0xcc, 0xd3);
const DAY: Mark = Mark { outline: Outline::Round, ink: INK, hollow: false, size: 80 };

/// Draws a profile.
///
/// # Errors
/// Without a single value, with more than 2,000 points, with a number that no axis can carry, or without a text that must stand on the
/// picture.
pub fn profile(frame: &Frame, profile: &Profile) -> Result<Picture, PictureError> {
    let frame = frame.checked()?;
    check(profile)?;
    let value_title = needed("title of the value axis", &profile.value.title)?;
    let period_title = needed("title of the time axis", &profile.period)?;
    let em = em_at(frame.width.pixels());
    let wide = f64::from(frame.width.pixels());
    let high = (0.46 * wide).max(18.0 * em);
    let numbers = profile.points.iter().flat_map(|point| [point.value, point.reference]).flatten();
    let about = (high / (em * 4.0)).clamp(3.0, 8.0) as usize;
    let up = Scale::over(numbers, profile.value.unit, about, true);
    let labels: Vec<String> =
        profile.points.iter().map(|point| cut(&clean(&point.label), Weight::Plain, em, wide / 4.0)).collect();
    let page = Page::lay_out(&frame, &legend(profile, em / 13.0), &notes(profile), high);
    let axes = Axes {
        across: Across::Labels(&labels),
        across_title: &period_title,
        up: &up,
        up_title: &value_title,
    };
    let plot = axes.place(&page);
    shade_days_off(profile, &plot);
    axes.draw(&plot, &page);
    match profile.kind {
        ProfileKind::Days => draw_days(profile, &plot, &page),
        ProfileKind::Hours => draw_hours(profile, &plot, &page),
    }
    page.finish(&frame)
}

fn check(profile: &Profile) -> Result<(), PictureError> {
    at_most("points", profile.points.len(), MOST_POINTS)?;
    if profile.points.iter().all(|point| point.value.is_none()) {
        let what = if profile.kind == ProfileKind::Days { "days" } else { "hours" };
        return Err(PictureError::Empty { what });
    }
    for point in &profile.points {
        if let Some(value) = point.value {
            drawable("the value of a day or hour", value)?;
        }
        if let Some(reference) = point.reference {
            drawable("a reference", reference)?;
        }
    }
    Ok(())
}

fn reference_pen(px: f64) -> Pen {
    Pen::solid(2.4 * px, LIMIT)
}

fn legend(profile: &Profile, px: f64) -> Vec<Entry> {
    let own = match profile.kind {
        ProfileKind::Days if profile.points.len() <= MOST_MARKED => Sample::Mark(DAY),
        ProfileKind::Days => Sample::Line(Pen::solid(1.6 * px, INK)),
        ProfileKind::Hours => Sample::Block(QUIET),
    };
    let mut entries = vec![Entry::new(own, "this window")];
    if profile.points.iter().any(|point| point.reference.is_some()) {
        let name = clean(&profile.reference_name);
        let name = if name.is_empty() { "median week".to_owned() } else { name };
        entries.push(Entry::new(Sample::Line(reference_pen(px)), name));
    }
    for (kind, ink, name) in
        [(DayKind::Weekend, WEEKEND, "weekend"), (DayKind::BankHoliday, HOLIDAY, "bank holiday")]
    {
        if profile.points.iter().any(|point| point.day == kind) {
            entries.push(Entry::new(Sample::Block(ink), name));
        }
    }
    entries
}

fn notes(profile: &Profile) -> Vec<String> {
    let gaps = profile.points.iter().filter(|point| point.value.is_none()).count();
    if gaps == 0 {
        return Vec::new();
    }
    let what = if profile.kind == ProfileKind::Days { "days" } else { "parts of the day" };
    vec![format!(
        "Left as gaps, as they have no value: {} of {} {what}.",
        count(gaps),
        count(profile.points.len())
    )]
}

fn shade_days_off(profile: &Profile, plot: &Plot<'_>) {
    for (kind, ink) in [(DayKind::Weekend, WEEKEND), (DayKind::BankHoliday, HOLIDAY)] {
        for (index, _) in profile.points.iter().enumerate().filter(|(_, point)| point.day == kind) {
            let index = index as f64;
            let (left, right) = (plot.at(index - 0.5, 0.0).0, plot.at(index + 0.5, 0.0).0);
            plot.canvas.block(Rect { left, right, ..plot.rect }, ink);
        }
    }
}

/// Working days are joined; a day off stands alone, because a line down to it and up again would say nothing.
fn draw_days(profile: &Profile, plot: &Plot<'_>, page: &Page) {
    let px = page.px();
    draw_references(profile, plot, page);
    let working = |point: &ProfilePoint| point.value.is_some() && point.day == DayKind::Working;
    let points: Vec<(usize, &ProfilePoint)> = profile.points.iter().enumerate().collect();
    for run in points.split(|(_, point)| !working(point)) {
        let places = run.iter().filter_map(|(index, point)| Some((*index as f64, point.value?)));
        plot.curve(&places.collect::<Vec<_>>(), Pen::solid(1.6 * px, INK));
    }
    let many = points.len() > MOST_MARKED;
    for (index, point) in points {
        let Some(value) = point.value else { continue };
        let mark = if many { Mark { size: 45, ..DAY } } else { DAY };
        let mark = if point.day == DayKind::Working { mark } else { Mark { ink: MUTED, ..mark } };
        mark.draw(plot.canvas, plot.at(index as f64, value), page.mark_radius(1));
    }
}

fn draw_hours(profile: &Profile, plot: &Plot<'_>, page: &Page) {
    for (index, point) in profile.points.iter().enumerate() {
        let index = index as f64;
        if let Some(value) = point.value {
            let ((left, foot), (right, head)) = (plot.at(index - 0.38, 0.0), plot.at(index + 0.38, value));
            let bar = Rect { left, right, top: head.min(foot), bottom: head.max(foot) };
            plot.canvas.block(bar, QUIET);
        }
    }
    draw_references(profile, plot, page);
}

/// A level line in the place of each day or hour that has a reference.
fn draw_references(profile: &Profile, plot: &Plot<'_>, page: &Page) {
    let lines = profile.points.iter().enumerate().filter_map(|(index, point)| {
        let (index, reference) = (index as f64, point.reference?);
        Some([(index - 0.44, reference), (index + 0.44, reference)])
    });
    let lines: Vec<[(f64, f64); 2]> = lines.collect();
    if profile.kind == ProfileKind::Hours {
        for line in &lines {
            plot.curve(line, Pen::solid(5.0 * page.px(), WHITE));
        }
    }
    for line in &lines {
        plot.curve(line, reference_pen(page.px()));
    }
}
