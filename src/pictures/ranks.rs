//! Knows the caterpillar: expected ranks with their intervals, sorted, in three bands of shade. No unit is drawn without its interval.

use super::axes::{Across, Axes, Plot};
use super::canvas::{At, HAIR, Hand, INK, MUTED, PALE, Pen, Rect, WHITE};
use super::error::PictureError;
use super::figure::{Unit, at_most, count, drawable};
use super::frame::{Frame, Picture, needed};
use super::labels::{Name, told_of_names, write_names};
use super::marks::{Mark, Outline};
use super::page::{Entry, Page, Sample, em_at};
use super::scale::Scale;
use super::sheet::{Anchor, Ink};
use super::text::{RESERVE, Weight, clean, cut, width};

/// More organisations than England has practices, by far.
const MOST_UNITS: usize = 20_000;
/// Up to so many each unit has a row with its name; more are a band of thin lines.
const MOST_ROWS: usize = 50;
/// More names than this cover each other.
const MOST_NAMES: usize = 25;

/// Ranks with their uncertainty.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranks {
    /// What is ranked and which end is which: "Expected rank (1 = smallest share abandoned)".
    pub rank: String,
    /// How many are ranked: ranks go from 1 to this, also where only some of them are drawn.
    pub of: usize,
    /// Which ranks are the worst ones.
    pub worst: WorstRanks,
    /// The units, in any order.
    pub units: Vec<RankedUnit>,
}

/// The ranks that are asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct WorstRanks {
    /// What they are called, as after "among": "the worst 20%".
    pub name: String,
    /// The first of them, inclusive.
    pub from: usize,
    /// The last of them, inclusive.
    pub to: usize,
}

/// A unit with its expected rank.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedUnit {
    /// Its code or name; written where there is a row for each, otherwise only where `named`.
    pub label: String,
    /// The expected rank, 1 to `of`.
    pub expected: f64,
    /// The lower end of the interval.
    pub lower: f64,
    /// The upper end of the interval.
    pub upper: f64,
    /// What can be told about it.
    pub band: RankBand,
    /// Whether it gets a label among many.
    pub named: bool,
}

/// What can be told of a unit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RankBand {
    /// Surely among the worst.
    SurelyWorst,
    /// Surely not among the worst.
    SurelyNot,
    /// It cannot be told.
    CannotTell,
}

impl RankBand {
    pub(super) const ALL: [Self; 3] = [Self::SurelyWorst, Self::CannotTell, Self::SurelyNot];

    pub(super) fn ink(self) -> Ink {
        match self {
            Self::SurelyWorst => INK,
            Self::CannotTell => (0x86, 0x94, 0xa0),
            Self::SurelyNot => (0xbf, 0xc9, 0xd1),
        }
    }

    pub(super) fn mark(self) -> Mark {
        match self {
            Self::SurelyWorst => Mark::dark(Outline::Diamond),
            Self::CannotTell => Mark { ink: MUTED, ..Mark::ring(Outline::Round) },
            Self::SurelyNot => Mark { ink: MUTED, size: 95, ..Mark::dark(Outline::Box) },
        }
    }

    fn says(self, worst: &str) -> String {
        match self {
            Self::SurelyWorst => format!("surely among {worst}"),
            Self::CannotTell => "cannot be told".to_owned(),
            Self::SurelyNot => format!("surely not among {worst}"),
        }
    }
}

/// Draws expected ranks with their intervals.
///
/// # Errors
/// Without units, with more than 20,000, with ranks outside 1 to `of` or outside their own interval, or without a text that must stand on
/// the picture.
pub fn caterpillar(frame: &Frame, ranks: &Ranks) -> Result<Picture, PictureError> {
    let frame = frame.checked()?;
    check(ranks)?;
    let title = needed("title of the rank axis", &ranks.rank)?;
    let mut units: Vec<&RankedUnit> = ranks.units.iter().collect();
    units.sort_by(|one, other| {
        one.expected.total_cmp(&other.expected).then_with(|| one.label.cmp(&other.label))
    });
    if units.len() <= MOST_ROWS {
        rows(&frame, ranks, &title, &units)
    } else {
        band(&frame, ranks, &title, &units)
    }
}

fn check(ranks: &Ranks) -> Result<(), PictureError> {
    if ranks.units.is_empty() {
        return Err(PictureError::Empty { what: "units" });
    }
    at_most("units", ranks.units.len(), MOST_UNITS)?;
    at_most("ranks", ranks.of, MOST_UNITS)?;
    at_most("named units", ranks.units.iter().filter(|unit| unit.named).count(), MOST_NAMES)?;
    needed("name of the worst ranks", &ranks.worst.name)?;
    let WorstRanks { name: _, from, to } = ranks.worst;
    if from < 1 || to < from || to > ranks.of || ranks.of < ranks.units.len() {
        return Err(PictureError::Contradiction {
            why: "the worst ranks or the units are not among the ranks",
        });
    }
    for unit in &ranks.units {
        let lower = drawable("the lower end of a rank", unit.lower)?;
        let expected = drawable("an expected rank", unit.expected)?;
        let upper = drawable("the upper end of a rank", unit.upper)?;
        let slack = 1e-6;
        if lower < 1.0 - slack
            || upper > ranks.of as f64 + slack
            || lower > expected + slack
            || expected > upper + slack
        {
            return Err(PictureError::Contradiction {
                why: "a rank is outside its interval, or outside 1 to all",
            });
        }
    }
    Ok(())
}

/// The ends of the rank axis: half a rank beyond the first and the last.
fn ends(ranks: &Ranks, steps: f64) -> Scale {
    Scale::between(0.5, ranks.of as f64 + 0.5, Unit::Number, steps.max(2.0) as usize)
}

fn legend(ranks: &Ranks, marked: bool) -> Vec<Entry> {
    let worst = clean(&ranks.worst.name);
    let mut entries = Vec::new();
    for band in RankBand::ALL {
        let many = ranks.units.iter().filter(|unit| unit.band == band).count();
        let sample = if marked { Sample::Mark(band.mark()) } else { Sample::Block(band.ink()) };
        entries.push(Entry::new(sample, format!("{} ({})", band.says(&worst), count(many))));
    }
    entries.push(Entry::new(Sample::Block(PALE), format!("ranks of {worst}")));
    entries
}

fn note(ranks: &Ranks, marked: bool) -> Vec<String> {
    let all = count(ranks.of);
    let drawn = count(ranks.units.len());
    let of =
        if ranks.of == ranks.units.len() { String::new() } else { format!(" {drawn} of them are drawn.") };
    let what = if marked { "Marks show" } else { "The dark line shows" };
    vec![format!("{what} the expected rank among {all}, bars are the intervals.{of}")]
}

/// A row for each unit, its name at the left.
fn rows(frame: &Frame, ranks: &Ranks, title: &str, units: &[&RankedUnit]) -> Result<Picture, PictureError> {
    let em = em_at(frame.width.pixels());
    let wide = f64::from(frame.width.pixels());
    let row = 1.55 * em;
    let high = row * units.len() as f64 + 4.2 * em;
    let page = Page::lay_out(frame, &legend(ranks, true), &note(ranks, true), high);
    let hand = Hand { em: 0.94 * em, weight: Weight::Plain, ink: INK };
    let names: Vec<String> =
        units.iter().map(|unit| cut(&clean(&unit.label), hand.weight, hand.em, wide * 0.3)).collect();
    let gutter = names.iter().map(|name| width(name, hand.weight, hand.em)).fold(0.0, f64::max) * RESERVE;
    let room = page.room;
    let rect = Rect {
        left: room.left + gutter + 0.8 * em,
        top: room.top,
        right: room.right - 0.4 * em,
        bottom: room.top + row * units.len() as f64 + 0.4 * em,
    };
    let scale = ends(ranks, rect.width() / (5.0 * em));
    let last = units.len() as f64 - 0.5;
    let plot =
        Plot::new(&page.canvas, rect, Rect { left: scale.low, right: scale.high, top: -0.5, bottom: last });
    shade_worst(&plot, ranks, false);
    for tick in &scale.ticks {
        let x = plot.at(*tick, 0.0).0;
        plot.canvas.line(&[(x, rect.top), (x, rect.bottom)], Pen::solid(0.8 * page.px(), HAIR));
        let muted = Hand { ink: MUTED, ..hand };
        plot.canvas.words(&scale.write(*tick), (x, rect.bottom + 1.3 * em), Anchor::Middle, muted);
    }
    let middle = (f64::midpoint(rect.left, rect.right), rect.bottom + 2.9 * em);
    let title = cut(title, hand.weight, hand.em, room.width());
    let half = width(&title, hand.weight, hand.em) / 2.0;
    let middle = (middle.0.min(room.right - half), middle.1);
    plot.canvas.words(&title, middle, Anchor::Middle, hand);
    for (index, unit) in units.iter().enumerate() {
        let index = index as f64;
        let pen = Pen::solid(3.2 * page.px(), unit.band.ink());
        plot.curve(&[(unit.lower, index), (unit.upper, index)], pen);
    }
    for ((index, unit), name) in units.iter().enumerate().zip(&names) {
        let at = plot.at(unit.expected, index as f64);
        unit.band.mark().draw(plot.canvas, at, page.mark_radius(1));
        plot.canvas.words(name, (rect.left - 0.6 * em, at.1 + 0.34 * em), Anchor::End, hand);
    }
    page.finish(frame)
}

/// A thin line for each of many units, by shade; names only for the few.
fn band(frame: &Frame, ranks: &Ranks, title: &str, units: &[&RankedUnit]) -> Result<Picture, PictureError> {
    let em = em_at(frame.width.pixels());
    let wide = f64::from(frame.width.pixels());
    let high = (0.56 * wide).max(20.0 * em);
    let up = ends(ranks, high / (4.0 * em));
    let across = Scale::between(0.5, units.len() as f64 + 0.5, Unit::Number, (wide / (em * 8.0)) as usize);
    let axes = Axes {
        across: Across::Numbers(&across),
        across_title: "Organisations, sorted by expected rank",
        up: &up,
        up_title: title,
    };
    let drawn = |notes: &[String]| {
        let page = Page::lay_out(frame, &legend(ranks, false), notes, high);
        let plot = axes.place(&page);
        shade_worst(&plot, ranks, true);
        axes.draw(&plot, &page);
        let missing = draw_band(units, &plot, &page);
        (page, missing)
    };
    told_of_names(note(ranks, false), drawn).finish(frame)
}

/// The intervals, the line of expected ranks, and the names; those that found no place come back.
fn draw_band<'a>(units: &[&'a RankedUnit], plot: &Plot<'_>, page: &Page) -> Vec<&'a str> {
    let apart = plot.rect.width() / units.len() as f64;
    let thick = if apart < 3.0 * page.px() { apart } else { (apart * 0.6).min(3.2 * page.px()) };
    for shade in RankBand::ALL.into_iter().rev() {
        for (index, unit) in units.iter().enumerate().filter(|(_, unit)| unit.band == shade) {
            let x = index as f64 + 1.0;
            plot.curve(&[(x, unit.lower), (x, unit.upper)], Pen::solid(thick, shade.ink()));
        }
    }
    let places: Vec<(f64, f64)> =
        units.iter().enumerate().map(|(index, unit)| (index as f64 + 1.0, unit.expected)).collect();
    plot.curve(&places, Pen::solid(4.0 * page.px(), WHITE));
    plot.curve(&places, Pen::solid(1.8 * page.px(), INK));
    let names: Vec<Name<'a>> = units
        .iter()
        .zip(&places)
        .filter(|(unit, _)| unit.named)
        .map(|(unit, place)| Name {
            text: &unit.label,
            at: plot.at(place.0, place.1),
            mark: unit.band.mark(),
        })
        .collect();
    let line: Vec<At> = places.iter().map(|place| plot.at(place.0, place.1)).collect();
    write_names(&names, &line, plot, page, page.mark_radius(units.len()))
}

/// A pale block over the worst ranks, which lie along the upright axis or along the level one.
fn shade_worst(plot: &Plot<'_>, ranks: &Ranks, upright: bool) {
    let (from, to) = (ranks.worst.from as f64 - 0.5, ranks.worst.to as f64 + 0.5);
    let rect = plot.rect;
    let block = if upright {
        let (bottom, top) = (plot.at(0.5, from).1, plot.at(0.5, to).1);
        Rect { top, bottom, ..rect }
    } else {
        Rect { left: plot.at(from, 0.0).0, right: plot.at(to, 0.0).0, ..rect }
    };
    plot.canvas.block(block, PALE);
}
