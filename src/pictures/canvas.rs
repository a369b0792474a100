//! Knows how to draw in pixels: lines, dashes, blocks and words on a plotters area over the sheet, in the few colours of these pictures.
//!
//! The colours are told apart by their darkness, so that a picture printed in grey says the same.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};

use super::sheet::{Anchor, GRID, Ink, Shape, Sheet, Spot};
use super::text::Weight;

/// Text and whatever must be seen first.
pub(super) const INK: Ink = (0x21, 0x2b, 0x32);
/// Text that explains.
pub(super) const MUTED: Ink = (0x4c, 0x5a, 0x66);
/// Points that are like the others.
pub(super) const QUIET: Ink = (0x8b, 0x97, 0xa1);
/// Blocks behind lines and points.
pub(super) const PALE: Ink = (0xe6, 0xea, 0xed);
/// Lines of the grid.
pub(super) const HAIR: Ink = (0xd5, 0xda, 0xde);
/// Limits and references.
pub(super) const LIMIT: Ink = (0x00, 0x5e, 0xb8);
/// Paper.
pub(super) const WHITE: Ink = (0xff, 0xff, 0xff);

/// A place in pixels.
pub(super) type At = (f64, f64);

/// A box in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Rect {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    pub(super) fn holds(&self, other: &Self) -> bool {
        self.left <= other.left
            && other.right <= self.right
            && self.top <= other.top
            && other.bottom <= self.bottom
    }

    pub(super) fn contains(&self, (x, y): At) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// Whether a straight line between two places runs through the box, or along its edge.
    pub(super) fn is_crossed(&self, from: At, to: At) -> bool {
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
        let sides = [
            (-across, from.0 - self.left),
            (across, self.right - from.0),
            (-down, from.1 - self.top),
            (down, self.bottom - from.1),
        ];
        for (speed, room) in sides {
            if speed == 0.0 {
                if room < 0.0 {
                    return false;
                }
            } else if speed < 0.0 {
                enters = enters.max(room / speed);
            } else {
                leaves = leaves.min(room / speed);
            }
        }
        enters <= leaves
    }
}

/// Whether two straight lines between places cross; those that only touch do not.
pub(super) fn segments_cross([a, b]: [At; 2], [c, d]: [At; 2]) -> bool {
    let side = |p: At, q: At, r: At| (q.0 - p.0) * (r.1 - p.1) - (q.1 - p.1) * (r.0 - p.0);
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

/// How letters look: their em in pixels, weight and colour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hand {
    pub(super) em: f64,
    pub(super) weight: Weight,
    pub(super) ink: Ink,
}

/// How a line looks: width in pixels, colour, and the lengths of dash and gap where it is dashed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    pub(super) width: f64,
    pub(super) ink: Ink,
    pub(super) dash: Option<(f64, f64)>,
}

impl Pen {
    pub(super) fn solid(width: f64, ink: Ink) -> Self {
        Self { width, ink, dash: None }
    }

    pub(super) fn dashed(width: f64, ink: Ink, dash: f64, gap: f64) -> Self {
        Self { width, ink, dash: Some((dash, gap)) }
    }
}

/// The sheet as an area to draw on.
pub(super) struct Canvas {
    sheet: Sheet,
    area: DrawingArea<Sheet, Shift>,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let sheet = Sheet::new(width, height);
        Self { area: sheet.clone().into_drawing_area(), sheet }
    }

    pub(super) fn take(&self) -> Vec<Shape> {
        self.sheet.take()
    }

    /// Draws an element of plotters, placed in units of the sheet.
    fn draw<'a, E>(&self, element: &'a E)
    where
        &'a E: PointCollection<'a, Spot>,
        E: Drawable<Sheet>,
    {
        self.area.draw(element).expect("the sheet records whatever is drawn");
    }

    /// A line through places; nothing where there are fewer than two.
    pub(super) fn line(&self, places: &[At], pen: Pen) {
        let style = ShapeStyle { stroke_width: units(pen.width).max(1) as u32, ..filled(pen.ink) };
        match pen.dash {
            None => self.draw(&PathElement::new(spots(places), style)),
            Some((dash, gap)) => {
                for piece in dashes(places, dash, gap) {
                    self.draw(&PathElement::new(spots(&piece), style));
                }
            }
        }
    }

    pub(super) fn block(&self, rect: Rect, ink: Ink) {
        let Rect { left, top, right, bottom } = rect;
        self.polygon(&[(left, top), (right, top), (right, bottom), (left, bottom)], ink);
    }

    pub(super) fn polygon(&self, places: &[At], ink: Ink) {
        self.draw(&Polygon::new(spots(places), filled(ink)));
    }

    pub(super) fn disc(&self, at: At, radius: f64, ink: Ink) {
        self.draw(&Circle::new(spot(at), units(radius).max(1), filled(ink)));
    }

    /// Words with their base line at a height.
    pub(super) fn words(&self, text: &str, at: At, anchor: Anchor, hand: Hand) {
        let style = if hand.weight == Weight::Bold { FontStyle::Bold } else { FontStyle::Normal };
        let side = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let (red, green, blue) = hand.ink;
        let font = FontDesc::new(FontFamily::SansSerif, hand.em * GRID, style);
        let colour = RGBColor(red, green, blue);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(side, VPos::Bottom));
        self.draw(&Text::new(text.to_owned(), spot(at), style));
    }
}

fn filled((red, green, blue): Ink) -> ShapeStyle {
    ShapeStyle { color: RGBColor(red, green, blue).into(), filled: true, stroke_width: 1 }
}

fn units(pixels: f64) -> i32 {
    (pixels * GRID).round() as i32
}

fn spot((x, y): At) -> Spot {
    (units(x), units(y))
}

fn spots(places: &[At]) -> Vec<Spot> {
    places.iter().map(|at| spot(*at)).collect()
}

/// Cuts a line into dashes; the pattern goes on round corners.
fn dashes(places: &[At], dash: f64, gap: f64) -> Vec<Vec<At>> {
    let mut pieces: Vec<Vec<At>> = Vec::new();
    let mut on = true;
    let mut left = dash;
    let mut piece: Vec<At> = places.first().copied().into_iter().collect();
    for (from, to) in places.iter().zip(places.iter().skip(1)) {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let mut walked = 0.0;
        while length - walked > left {
            walked += left;
            let share = walked / length;
            let at = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            if on {
                piece.push(at);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![at];
            }
            on = !on;
            left = if on { dash } else { gap };
        }
        left -= length - walked;
        if on {
            piece.push(*to);
        }
    }
    if on && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}
