//! Knows how to write names beside points: each at the nearest free place inside the plot, tied to its point where that is not beside it.

use super::axes::Plot;
use super::canvas::{At, Hand, INK, Pen, Rect, WHITE};
use super::marks::Mark;
use super::page::Page;
use super::sheet::Anchor;
use super::text::{RESERVE, Weight, clean, cut, width};

/// A name and the point that it belongs to.
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    /// Where the point is, in pixels.
    pub(super) at: At,
    /// How the point is marked: drawn again on top of what the name covers.
    pub(super) mark: Mark,
}

/// Writes names beside points whose marks have a radius. A name keeps off `others` where there is a place that does, and always off the
/// named; without any free place near its point it is left out.
pub(super) fn write_names(names: &[Name<'_>], others: &[At], plot: &Plot<'_>, page: &Page, radius: f64) {
    let em = page.em;
    let hand = Hand { em: 0.94 * em, weight: Weight::Bold, ink: INK };
    let mut taken: Vec<Rect> = names.iter().map(|name| around(name.at, radius * 1.6)).collect();
    for Name { text, at, mark } in names {
        let text = cut(&clean(text), hand.weight, hand.em, plot.rect.width() * 0.4);
        let wide = width(&text, hand.weight, hand.em) * RESERVE;
        let size = (wide + 0.4 * em, 1.25 * em);
        let crowd: Vec<Rect> = others
            .iter()
            .filter(|other| *other != at)
            .map(|other| around(*other, radius))
            .chain(taken.clone())
            .collect();
        let found = free_place(*at, size, radius, plot.rect, &crowd)
            .or_else(|| free_place(*at, size, radius, plot.rect, &taken));
        let Some((place, beside)) = found else { continue };
        if !beside {
            let foot = (at.0.clamp(place.left, place.right), at.1.clamp(place.top, place.bottom));
            plot.canvas.line(&[*at, foot], Pen::solid(3.5 * page.px(), WHITE));
            plot.canvas.line(&[*at, foot], Pen::solid(1.2 * page.px(), INK));
        }
        plot.canvas.block(place, WHITE);
        plot.canvas.words(&text, (place.left + 0.2 * em, place.bottom - 0.3 * em), Anchor::Start, hand);
        plot.canvas.disc(*at, radius * 1.7, WHITE);
        mark.named().draw(plot.canvas, *at, radius);
        taken.push(place);
    }
}

fn around((x, y): At, r: f64) -> Rect {
    Rect { left: x - r, top: y - r, right: x + r, bottom: y + r }
}

/// The nearest place for a label of a size, and whether it is right beside its point.
fn free_place(
    at: At,
    (wide, high): (f64, f64),
    radius: f64,
    plot: Rect,
    taken: &[Rect],
) -> Option<(Rect, bool)> {
    const SIDES: [(f64, f64); 8] = [
        (1.0, 0.0),
        (-1.0, 0.0),
        (0.0, -1.0),
        (0.0, 1.0),
        (0.8, -0.8),
        (-0.8, -0.8),
        (0.8, 0.8),
        (-0.8, 0.8),
    ];
    for ring in 0..8 {
        let off = radius * 1.8 + f64::from(ring) * 0.7 * high;
        for (right, down) in SIDES {
            let middle = (at.0 + right * (off + wide / 2.0), at.1 + down * (off + high / 2.0));
            let place = Rect {
                left: middle.0 - wide / 2.0,
                right: middle.0 + wide / 2.0,
                top: middle.1 - high / 2.0,
                bottom: middle.1 + high / 2.0,
            };
            if plot.holds(&place) && !taken.iter().any(|other| other.meets(&place)) {
                return Some((place, ring == 0));
            }
        }
    }
    None
}
