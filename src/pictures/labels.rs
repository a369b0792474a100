//! Knows how to write names beside points: each at the nearest free place inside the plot, tied to its point where that is not beside it.
//!
//! No name lies on another or on a named point, and no line is drawn over a name. Names that find no such place are told, not dropped in silence.

use super::axes::Plot;
use super::canvas::{At, Hand, INK, Pen, Rect, WHITE, segments_cross};
use super::figure::count;
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

/// Rings around a point in which a name keeps off all other points; further out it may cover those that have no name.
const NEAR: usize = 8;
/// Rings around a point in which a name is looked for at all: to beyond the plot.
const FAR: usize = 48;
/// Orders in which names are placed, until each has a place.
const TRIES: usize = 10;
/// The directions in which names are looked for, those that read best first.
const SIDES: [At; 8] =
    [(1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (0.8, -0.8), (-0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)];
/// More of them, for names that are not right beside their point.
const BETWEEN: [At; 8] = [
    (0.95, -0.4),
    (-0.95, -0.4),
    (0.95, 0.4),
    (-0.95, 0.4),
    (0.4, -0.95),
    (-0.4, -0.95),
    (0.4, 0.95),
    (-0.4, 0.95),
];

/// Where a name is written.
#[derive(Clone, Copy)]
struct Place {
    rect: Rect,
    /// The line from the point, where the name is not right beside it.
    line: Option<[At; 2]>,
}

/// What names are placed in.
struct Room {
    /// By name its point, and how wide and high it is.
    names: Vec<(At, (f64, f64))>,
    /// Points without a name.
    crowd: Vec<Rect>,
    plot: Rect,
    radius: f64,
}

/// The names that have a place already.
struct Taken<'a> {
    room: &'a Room,
    points: Vec<Rect>,
    places: Vec<Option<Place>>,
}

/// How much is kept off.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Care {
    /// Everything.
    Full,
    /// All but points without a name.
    NotTheCrowd,
    /// Nor lines to other names.
    NorLines,
    /// Nor points from the line to the name: those are drawn over it.
    NorPoints,
    /// Nor names from lines: a line goes on behind a name, which is drawn over it.
    NorNamesFromLines,
}

/// Writes names beside points whose marks have a radius, and says which found no place.
pub(super) fn write_names<'a>(
    names: &[Name<'a>],
    others: &[At],
    plot: &Plot<'_>,
    page: &Page,
    radius: f64,
) -> Vec<&'a str> {
    let em = page.em;
    let hand = Hand { em: 0.94 * em, weight: Weight::Bold, ink: INK };
    let is_named = |other: &At| names.iter().any(|name| name.at == *other);
    let texts: Vec<String> = names
        .iter()
        .map(|name| cut(&clean(name.text), hand.weight, hand.em, plot.rect.width() * 0.4))
        .collect();
    let room = Room {
        names: names
            .iter()
            .zip(&texts)
            .map(|(name, text)| {
                let wide = width(text, hand.weight, hand.em) * RESERVE;
                (name.at, (wide + 0.4 * em, 1.25 * em))
            })
            .collect(),
        crowd: others.iter().filter(|other| !is_named(other)).map(|other| around(*other, radius)).collect(),
        plot: plot.rect,
        radius,
    };
    let places = room.places();
    let lines = places.iter().flatten().filter_map(|place| place.line);
    for (width, ink) in [(3.5, WHITE), (1.2, INK)] {
        lines.clone().for_each(|line| plot.canvas.line(&line, Pen::solid(width * page.px(), ink)));
    }
    for (place, text) in places.iter().zip(&texts) {
        let Some(Place { rect, line: _ }) = place else { continue };
        plot.canvas.block(*rect, WHITE);
        plot.canvas.words(text, (rect.left + 0.2 * em, rect.bottom - 0.3 * em), Anchor::Start, hand);
    }
    names.iter().for_each(|name| plot.canvas.disc(name.at, radius * 1.7, WHITE));
    names.iter().for_each(|name| name.mark.named().draw(plot.canvas, name.at, radius));
    names.iter().zip(&places).filter(|(_, place)| place.is_none()).map(|(name, _)| name.text).collect()
}

/// A page drawn with these notes, and where names found no place on it, once more with a note that says so.
pub(super) fn told_of_names<'a>(
    mut notes: Vec<String>,
    drawn: impl Fn(&[String]) -> (Page, Vec<&'a str>),
) -> Page {
    let (page, missing) = drawn(&notes);
    if missing.is_empty() {
        return page;
    }
    notes.push(without_room(&missing));
    drawn(&notes).0
}

/// What is said of names that found no place.
fn without_room(missing: &[&str]) -> String {
    let named: Vec<String> = missing.iter().take(5).map(|text| clean(text)).collect();
    let more = missing.len() - named.len();
    let more = if more > 0 { format!(" and {} more", count(more)) } else { String::new() };
    format!("Named, but there is no room to write it: {}{more}.", named.join(", "))
}

fn around((x, y): At, r: f64) -> Rect {
    Rect { left: x - r, top: y - r, right: x + r, bottom: y + r }
}

impl Room {
    /// A place for each name, or none. Whoever comes first takes the nearest place and stands in the way of others: who found none comes first next time.
    fn places(&self) -> Vec<Option<Place>> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        let mut best = self.in_order(&order);
        for _ in 1..TRIES {
            let is_missing = |name: &usize| best[*name].is_none();
            if !order.iter().any(is_missing) {
                break;
            }
            order.sort_by_key(|name| !is_missing(name));
            let places = self.in_order(&order);
            let missing = |places: &[Option<Place>]| places.iter().filter(|place| place.is_none()).count();
            let fewer = missing(&places) < missing(&best);
            let last = std::mem::replace(&mut best, places);
            if !fewer {
                // What did not help is not kept, but who lacked a place then is tried first as well.
                order.sort_by_key(|name| best[*name].is_some());
                best = last;
            }
        }
        let mut taken = Taken { room: self, points: self.points(), places: best };
        for (name, (at, size)) in self.names.iter().enumerate() {
            if taken.places[name].is_none() {
                taken.places[name] = taken.free_place(*at, *size, Care::NorNamesFromLines);
            }
        }
        taken.places
    }

    fn points(&self) -> Vec<Rect> {
        self.names.iter().map(|(at, _)| around(*at, self.radius * 1.6)).collect()
    }

    fn in_order(&self, order: &[usize]) -> Vec<Option<Place>> {
        let mut taken = Taken { room: self, points: self.points(), places: vec![None; self.names.len()] };
        for &name in order {
            let (at, size) = self.names[name];
            let found = [Care::Full, Care::NotTheCrowd, Care::NorLines, Care::NorPoints]
                .into_iter()
                .find_map(|care| taken.free_place(at, size, care));
            taken.places[name] = found;
        }
        taken.places
    }
}

impl Taken<'_> {
    /// The nearest place for a name of a size.
    fn free_place(&self, at: At, (wide, high): (f64, f64), care: Care) -> Option<Place> {
        let rings = if care == Care::Full { NEAR } else { FAR };
        for ring in 0..rings {
            let off = self.room.radius * 1.8 + ring as f64 * 0.7 * high;
            for (right, down) in SIDES.into_iter().chain(BETWEEN.into_iter().filter(|_| ring > 0)) {
                let middle = (at.0 + right * (off + wide / 2.0), at.1 + down * (off + high / 2.0));
                let rect = Rect {
                    left: middle.0 - wide / 2.0,
                    right: middle.0 + wide / 2.0,
                    top: middle.1 - high / 2.0,
                    bottom: middle.1 + high / 2.0,
                };
                let foot = (at.0.clamp(rect.left, rect.right), at.1.clamp(rect.top, rect.bottom));
                let line = (ring > 0).then_some([at, foot]);
                if self.room.plot.holds(&rect) && self.leaves_free(&rect, line, at, care) {
                    return Some(Place { rect, line });
                }
            }
        }
        None
    }

    fn leaves_free(&self, rect: &Rect, line: Option<[At; 2]>, at: At, care: Care) -> bool {
        let on_line = |other: &Rect| line.is_some_and(|[a, b]| other.is_crossed(a, b));
        let is_free = |place: &Place| {
            let Place { rect: other, line: others } = place;
            let crosses = |others: &[At; 2]| {
                rect.is_crossed(others[0], others[1])
                    || care < Care::NorLines && line.is_some_and(|line| segments_cross(line, *others))
            };
            let clear = || !on_line(other) && !others.as_ref().is_some_and(crosses);
            !other.meets(rect) && (care == Care::NorNamesFromLines || clear())
        };
        // A point that lies on another cannot be kept off it.
        let keeps_off = |point: &Rect| care >= Care::NorPoints || point.contains(at) || !on_line(point);
        self.points.iter().all(|point| !point.meets(rect) && keeps_off(point))
            && self.places.iter().flatten().all(is_free)
            && (care != Care::Full || !self.room.crowd.iter().any(|other| other.meets(rect)))
    }
}
