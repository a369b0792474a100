//! Knows the funnel plot: each organisation's value over its denominator, the target, and the limits that chance would keep to.

use super::axes::{Across, Axes, Plot};
use super::canvas::{At, INK, LIMIT, Pen};
use super::error::PictureError;
use super::figure::{Axis, at_most, count, drawable, grouped};
use super::frame::{Frame, Picture, needed};
use super::labels::{Name, told_of_names, write_names};
use super::marks::{Mark, Outline};
use super::page::{Entry, Page, Sample, em_at};
use super::scale::Scale;
use super::text::clean;

/// More organisations than England has practices, by far.
const MOST_POINTS: usize = 20_000;
/// A limit is smooth: more places than this are not seen.
const MOST_PLACES: usize = 5_000;
/// More names than this cover each other.
const MOST_NAMES: usize = 25;
/// Among so many organisations or more, one that lies far above all others is not let press them flat.
const FEWEST_TO_CUT: usize = 20;
/// How far above is far: so many times the limits, the target, and what 98% of the organisations lie under.
const FAR_ABOVE: f64 = 4.0;

/// A funnel plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Funnel {
    /// What the values are, denominator included.
    pub value: Axis,
    /// What makes an organisation large: "Calls in core hours (denominator)".
    pub size: Axis,
    /// The organisations.
    pub points: Vec<FunnelPoint>,
    /// The value that chance varies around.
    pub target: f64,
    /// What the target is: "mean of the 42 practices".
    pub target_name: String,
    /// The 95% limits, from small to large; drawn dashed. May be empty.
    pub limits_95: Vec<LimitPoint>,
    /// The 99.8% limits, from small to large; drawn solid. May be empty.
    pub limits_998: Vec<LimitPoint>,
    /// How many organisations would lie outside by chance alone, when that is known.
    pub by_chance: Option<ByChance>,
}

/// An organisation on a funnel plot.
#[derive(Clone, Debug, PartialEq)]
pub struct FunnelPoint {
    /// Its code or name.
    pub label: String,
    /// Its size, on the axis along the bottom.
    pub size: f64,
    /// Its value.
    pub value: f64,
    /// Which limits it is outside of.
    pub class: FunnelClass,
    /// Whether the label is written beside it: for a few, and never for peers who may not be named.
    pub named: bool,
}

/// Where a value lies among the limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FunnelClass {
    /// Inside both.
    Within,
    /// Above the upper 95% limit, not above the 99.8% one.
    Above95,
    /// Above the upper 99.8% limit.
    Above998,
    /// Below the lower 95% limit, not below the 99.8% one.
    Below95,
    /// Below the lower 99.8% limit.
    Below998,
}

/// The limits at one size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitPoint {
    /// The size.
    pub size: f64,
    /// The lower limit, in the unit of the values.
    pub lower: f64,
    /// The upper limit.
    pub upper: f64,
}

/// How many flags chance alone would raise among the organisations drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByChance {
    /// Outside the 95% limits.
    pub outside_95: f64,
    /// Outside the 99.8% limits.
    pub outside_998: f64,
}

impl FunnelClass {
    /// From the quiet to the loud, which is the order of drawing.
    pub(super) const ALL: [Self; 5] =
        [Self::Within, Self::Below95, Self::Above95, Self::Below998, Self::Above998];

    pub(super) fn mark(self) -> Mark {
        match self {
            Self::Within => Mark::QUIET,
            Self::Above95 => Mark::ring(Outline::Up),
            Self::Above998 => Mark::dark(Outline::Up),
            Self::Below95 => Mark::ring(Outline::Down),
            Self::Below998 => Mark::dark(Outline::Down),
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::Within => "within the limits",
            Self::Above95 => "above 95%",
            Self::Above998 => "above 99.8%",
            Self::Below95 => "below 95%",
            Self::Below998 => "below 99.8%",
        }
    }
}

/// Draws a funnel plot.
///
/// # Errors
/// Without points, with more than 20,000, with a number that no axis can carry, or without a text that must stand on the picture.
pub fn funnel_plot(frame: &Frame, funnel: &Funnel) -> Result<Picture, PictureError> {
    let frame = frame.checked()?;
    check(funnel)?;
    let (value_title, size_title) = (
        needed("title of the value axis", &funnel.value.title)?,
        needed("title of the size axis", &funnel.size.title)?,
    );
    let em = em_at(frame.width.pixels());
    let pens = pens(em);
    let wide = f64::from(frame.width.pixels());
    let high = (0.56 * wide).max(20.0 * em);
    let across = across(funnel, wide, em);
    let up = up(funnel, &across, high, em);
    let axes =
        Axes { across: Across::Numbers(&across), across_title: &size_title, up: &up, up_title: &value_title };
    let drawn = |notes: &[String]| {
        let page = Page::lay_out(&frame, &legend(funnel, &up, &pens), notes, high);
        let plot = axes.place(&page);
        axes.draw(&plot, &page);
        draw_limits(funnel, &plot, &pens);
        let place = |point: &FunnelPoint| plot.at(point.size, point.value.min(up.high));
        draw_points(funnel, &plot, &page, place);
        let names = funnel.points.iter().filter(|point| point.named);
        let names: Vec<Name<'_>> = names
            .map(|point| Name { text: &point.label, at: place(point), mark: point.class.mark() })
            .collect();
        let all: Vec<At> = funnel.points.iter().map(place).collect();
        let missing = write_names(&names, &all, &plot, &page, page.mark_radius(funnel.points.len()));
        (page, missing)
    };
    told_of_names(notes(funnel, &up), drawn).finish(&frame)
}

fn check(funnel: &Funnel) -> Result<(), PictureError> {
    if funnel.points.is_empty() {
        return Err(PictureError::Empty { what: "points" });
    }
    at_most("points", funnel.points.len(), MOST_POINTS)?;
    at_most("named points", funnel.points.iter().filter(|point| point.named).count(), MOST_NAMES)?;
    for point in &funnel.points {
        drawable("the size of an organisation", point.size)?;
        drawable("the value of an organisation", point.value)?;
    }
    drawable("the target", funnel.target)?;
    if let Some(ByChance { outside_95, outside_998 }) = funnel.by_chance {
        drawable("the number of flags by chance", outside_95)?;
        drawable("the number of flags by chance", outside_998)?;
    }
    for limits in [&funnel.limits_95, &funnel.limits_998] {
        at_most("places of a limit", limits.len(), MOST_PLACES)?;
        for LimitPoint { size, lower, upper } in limits {
            drawable("the size at a limit", *size)?;
            drawable("a lower limit", *lower)?;
            drawable("an upper limit", *upper)?;
        }
        if limits.windows(2).any(|pair| pair[1].size < pair[0].size) {
            return Err(PictureError::Contradiction { why: "limits do not go from small sizes to large" });
        }
    }
    Ok(())
}

fn across(funnel: &Funnel, wide: f64, em: f64) -> Scale {
    let sizes = funnel.points.iter().map(|point| point.size);
    let about = (wide / (em * 7.0)).clamp(2.0, 10.0) as usize;
    let from_nought = funnel.points.iter().all(|point| point.size >= 0.0);
    Scale::over(sizes, funnel.size.unit, about, from_nought)
}

/// Up to all values but those far above all others, the target, and the limits except where they fly apart at the smallest sizes.
fn up(funnel: &Funnel, across: &Scale, high: f64, em: f64) -> Scale {
    let near = across.low + (across.high - across.low) * 0.06;
    let limits = [&funnel.limits_95, &funnel.limits_998].into_iter().flatten();
    let limits = limits
        .filter(|limit| limit.size >= near && limit.size <= across.high)
        .flat_map(|limit| [limit.lower, limit.upper]);
    let others: Vec<f64> = [funnel.target].into_iter().chain(limits).collect();
    let mut sorted: Vec<f64> = funnel.points.iter().map(|point| point.value).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let most = if sorted.len() < FEWEST_TO_CUT {
        f64::INFINITY
    } else {
        let nearly_all = sorted[(sorted.len() - 1) * 98 / 100];
        FAR_ABOVE * others.iter().copied().fold(nearly_all, f64::max)
    };
    let values = sorted.into_iter().filter(|value| *value <= most).chain(others);
    let about = (high / (em * 4.0)).clamp(3.0, 9.0) as usize;
    Scale::over(values, funnel.value.unit, about, false)
}

/// The pens of target, 95% and 99.8% limits.
struct Pens {
    target: Pen,
    inner: Pen,
    outer: Pen,
}

fn pens(em: f64) -> Pens {
    let px = em / 13.0;
    Pens {
        target: Pen::solid(1.3 * px, INK),
        inner: Pen::dashed(1.5 * px, LIMIT, 6.0 * px, 4.0 * px),
        outer: Pen::solid(1.8 * px, LIMIT),
    }
}

fn legend(funnel: &Funnel, up: &Scale, pens: &Pens) -> Vec<Entry> {
    let mut entries = Vec::new();
    for class in FunnelClass::ALL.into_iter().rev() {
        let many = funnel.points.iter().filter(|point| point.class == class).count();
        if many > 0 {
            entries
                .push(Entry::new(Sample::Mark(class.mark()), format!("{} ({})", class.says(), count(many))));
        }
    }
    let name = clean(&funnel.target_name);
    let name = if name.is_empty() { "target".to_owned() } else { name };
    entries
        .push(Entry::new(Sample::Line(pens.target), format!("{name}: {}", up.write_finely(funnel.target))));
    if !funnel.limits_95.is_empty() {
        entries.push(Entry::new(Sample::Line(pens.inner), "95% limits"));
    }
    if !funnel.limits_998.is_empty() {
        entries.push(Entry::new(Sample::Line(pens.outer), "99.8% limits"));
    }
    entries
}

fn notes(funnel: &Funnel, up: &Scale) -> Vec<String> {
    let above = funnel.points.iter().map(|point| point.value).filter(|value| *value > up.high);
    let (many, highest) = above.fold((0, 0.0_f64), |(many, highest), value| (many + 1, highest.max(value)));
    let cut = (many > 0).then(|| {
        format!(
            "Far above the others, and drawn at the upper edge: {}, the highest at {}.",
            count(many),
            up.write_finely(highest)
        )
    });
    by_chance(funnel).into_iter().chain(cut).collect()
}

fn by_chance(funnel: &Funnel) -> Option<String> {
    let ByChance { outside_95, outside_998 } = funnel.by_chance?;
    let few = |number: f64| grouped(number, if number < 10.0 { 1 } else { 0 });
    Some(format!(
        "By chance alone, about {} of these {} would lie outside the 95% limits and {} outside the 99.8% limits.",
        few(outside_95),
        count(funnel.points.len()),
        few(outside_998),
    ))
}

fn draw_limits(funnel: &Funnel, plot: &Plot<'_>, pens: &Pens) {
    for (limits, pen) in [(&funnel.limits_95, pens.inner), (&funnel.limits_998, pens.outer)] {
        for side in [|limit: &LimitPoint| limit.lower, |limit: &LimitPoint| limit.upper] {
            let places: Vec<(f64, f64)> = limits.iter().map(|limit| (limit.size, side(limit))).collect();
            plot.curve(&places, pen);
        }
    }
    let (_, y) = plot.at(0.0, funnel.target);
    plot.canvas.line(&[(plot.rect.left, y), (plot.rect.right, y)], pens.target);
}

fn draw_points(funnel: &Funnel, plot: &Plot<'_>, page: &Page, place: impl Fn(&FunnelPoint) -> At) {
    let radius = page.mark_radius(funnel.points.len());
    for class in FunnelClass::ALL {
        for point in funnel.points.iter().filter(|point| point.class == class) {
            class.mark().draw(plot.canvas, place(point), radius);
        }
    }
}
