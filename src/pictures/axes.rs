//! Knows how to draw axes into a page's room and where a number falls between them; whatever leaves the plot is clipped at its edge.

use plotters::coord::CoordTranslate;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;

use super::canvas::{At, Canvas, HAIR, Hand, INK, MUTED, Pen, Rect};
use super::page::Page;
use super::scale::Scale;
use super::sheet::{Anchor, GRID};
use super::text::{Weight, width, wrap};

/// What an axis along the bottom tells.
pub(super) enum Across<'a> {
    /// Numbers.
    Numbers(&'a Scale),
    /// A place for each label; as many are written as fit.
    Labels(&'a [String]),
}

/// Two axes with their titles.
pub(super) struct Axes<'a> {
    pub(super) across: Across<'a>,
    pub(super) across_title: &'a str,
    pub(super) up: &'a Scale,
    pub(super) up_title: &'a str,
}

/// A plot whose axes are drawn.
pub(super) struct Plot<'a> {
    pub(super) canvas: &'a Canvas,
    /// Where the points go, in pixels.
    pub(super) rect: Rect,
    coordinates: Cartesian2d<RangedCoordf64, RangedCoordf64>,
    ends: Rect,
}

impl Axes<'_> {
    /// Places the axes into a page's room. The grid is not drawn yet: blocks may have to lie under it.
    pub(super) fn place<'p>(&self, page: &'p Page) -> Plot<'p> {
        let em = page.em;
        let small = hand(em);
        let title_lines = |title: &str| {
            wrap(title, small.weight, small.em, page.room.right - page.room.left, 2).len() as f64 * 1.3 * em
        };
        let widest = self
            .up
            .ticks
            .iter()
            .map(|tick| width(&self.up.write(*tick), small.weight, small.em))
            .fold(0.0, f64::max);
        let rect = Rect {
            left: page.room.left + widest + 0.6 * em,
            top: page.room.top + title_lines(self.up_title) + 0.5 * em,
            right: page.room.right - 0.4 * em,
            bottom: page.room.bottom - title_lines(self.across_title) - 1.9 * em,
        };
        let (low, high) = match self.across {
            Across::Numbers(scale) => (scale.low, scale.high),
            Across::Labels(labels) => (-0.5, labels.len() as f64 - 0.5),
        };
        let ends = Rect { left: low, right: high, top: self.up.high, bottom: self.up.low };
        Plot::new(&page.canvas, rect, ends)
    }

    /// Draws grid, ticks and titles.
    pub(super) fn draw(&self, plot: &Plot<'_>, page: &Page) {
        let em = page.em;
        let (rect, small) = (plot.rect, hand(em));
        for tick in &self.up.ticks {
            let (_, y) = plot.at(plot.ends.left, *tick);
            plot.canvas.line(&[(rect.left, y), (rect.right, y)], Pen::solid(page.px() * 0.8, HAIR));
            let at = (rect.left - 0.5 * em, y + 0.35 * small.em);
            plot.canvas.words(&self.up.write(*tick), at, Anchor::End, small);
        }
        let base = Pen::solid(page.px() * 1.2, MUTED);
        plot.canvas.line(&[(rect.left, rect.bottom), (rect.right, rect.bottom)], base);
        match self.across {
            Across::Numbers(scale) => {
                let ticks =
                    scale.ticks.iter().map(|tick| (plot.at(*tick, plot.ends.bottom).0, scale.write(*tick)));
                write_along(plot, page, &ticks.collect::<Vec<_>>());
            }
            Across::Labels(labels) => {
                let ticks = labels
                    .iter()
                    .enumerate()
                    .map(|(index, label)| (plot.at(index as f64, plot.ends.bottom).0, label.clone()));
                write_along(plot, page, &ticks.collect::<Vec<_>>());
            }
        }
        let room = page.room.right - page.room.left;
        for (line, text) in wrap(self.up_title, small.weight, small.em, room, 2).iter().enumerate() {
            let y = page.room.top + (line as f64 * 1.3 + 0.9) * em;
            plot.canvas.words(text, (page.room.left, y), Anchor::Start, title(em));
        }
        for (line, text) in wrap(self.across_title, small.weight, small.em, room, 2).iter().enumerate() {
            let y = rect.bottom + (line as f64 * 1.3 + 2.75) * em;
            let half = width(text, small.weight, small.em) / 2.0;
            let middle = f64::midpoint(rect.left, rect.right).min(page.room.right - half);
            plot.canvas.words(text, (middle, y), Anchor::Middle, title(em));
        }
    }
}

/// Whether a label is an ISO date, so that weeks are a good stride.
fn is_day(label: &str) -> bool {
    label.len() == 10 && label.bytes().all(|letter| letter.is_ascii_digit() || letter == b'-')
}

/// Writes the labels along the bottom: all of them, or every second, third and so on, or of days every seventh and so on, as they fit.
fn write_along(plot: &Plot<'_>, page: &Page, ticks: &[(f64, String)]) {
    let (em, small) = (page.em, hand(page.em));
    let widest = ticks.iter().map(|(_, label)| width(label, small.weight, small.em)).fold(0.0, f64::max);
    let apart = match ticks {
        [(one, _), (next, _), ..] => next - one,
        _ => f64::INFINITY,
    };
    let strides: &[usize] = if ticks.iter().all(|(_, label)| is_day(label)) {
        &[1, 2, 7, 14, 28, 56, 84, 168, 364, 728, 1456, 5000, 20_000]
    } else {
        &[1, 2, 3, 4, 6, 12, 24, 48, 96, 192, 384, 768, 1536, 5000, 20_000]
    };
    let fits = |stride: &&usize| **stride as f64 * apart >= widest + 1.0 * em;
    let stride = strides.iter().find(fits).copied().unwrap_or(usize::MAX);
    for (x, label) in ticks.iter().step_by(stride) {
        let half = width(label, small.weight, small.em) / 2.0;
        let foot = plot.rect.bottom;
        plot.canvas.line(&[(*x, foot), (*x, foot + 0.35 * em)], Pen::solid(page.px(), MUTED));
        let middle = x.min(page.room.right + em - half).max(page.room.left - em + half);
        plot.canvas.words(label, (middle, foot + 1.4 * em), Anchor::Middle, small);
    }
}

fn hand(em: f64) -> Hand {
    Hand { em: 0.94 * em, weight: Weight::Plain, ink: MUTED }
}

fn title(em: f64) -> Hand {
    Hand { ink: INK, ..hand(em) }
}

impl<'a> Plot<'a> {
    /// A plot in a box of pixels, over numbers from `ends.left` to `ends.right` and `ends.bottom` to `ends.top`.
    pub(super) fn new(canvas: &'a Canvas, rect: Rect, ends: Rect) -> Self {
        let grid = |pixels: f64| (pixels * GRID).round() as i32;
        let coordinates = Cartesian2d::new(
            ends.left..ends.right,
            ends.bottom..ends.top,
            (grid(rect.left)..grid(rect.right), grid(rect.bottom)..grid(rect.top)),
        );
        Self { canvas, rect, coordinates, ends }
    }

    /// Where a pair of numbers falls, in pixels.
    pub(super) fn at(&self, x: f64, y: f64) -> At {
        let (x, y) = self.coordinates.translate(&(x, y));
        (f64::from(x) / GRID, f64::from(y) / GRID)
    }

    /// A line through pairs of numbers, as far as it is inside the plot.
    pub(super) fn curve(&self, places: &[(f64, f64)], pen: Pen) {
        let mut piece: Vec<At> = Vec::new();
        for (from, to) in places.iter().zip(places.iter().skip(1)) {
            let Some((start, end)) = self.clipped(*from, *to) else { continue };
            let (start, end) = (self.at(start.0, start.1), self.at(end.0, end.1));
            if piece.last() != Some(&start) {
                self.canvas.line(&std::mem::take(&mut piece), pen);
                piece.push(start);
            }
            piece.push(end);
        }
        self.canvas.line(&piece, pen);
    }

    /// The part of a straight line that is inside the plot.
    fn clipped(&self, from: (f64, f64), to: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let Rect { left, right, .. } = self.ends;
        let (bottom, top) = (self.ends.bottom.min(self.ends.top), self.ends.bottom.max(self.ends.top));
        let mut span = (0.0_f64, 1.0_f64);
        for (way, room) in
            [(-dx, from.0 - left), (dx, right - from.0), (-dy, from.1 - bottom), (dy, top - from.1)]
        {
            if way == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if way < 0.0 {
                span.0 = span.0.max(room / way);
            } else {
                span.1 = span.1.min(room / way);
            }
        }
        let along = |share: f64| (from.0 + dx * share, from.1 + dy * share);
        (span.0 <= span.1).then(|| (along(span.0), along(span.1)))
    }
}
