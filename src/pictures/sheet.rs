//! Knows what has been drawn so far: a plotters backend that records shapes instead of painting them.
//!
//! Its pixels are tenths of a pixel of the picture, so that lines and letters fall where they should, in a drawing as in an image. What
//! lies far off the sheet is pulled to its rim: no file holds a coordinate that a viewer could choke on.

use std::{cell::RefCell, convert::Infallible, rc::Rc};

use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
};

use super::text::Weight;

/// How many units of the sheet a pixel has.
pub(super) const GRID: f64 = 10.0;

/// A place on the sheet.
pub(super) type Spot = (i32, i32);
/// A colour: red, green, blue.
pub(super) type Ink = (u8, u8, u8);
/// What the plotters traits return here: nothing can go wrong.
type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// Something drawn. All lengths in units of the sheet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// A line through points.
    Stroke { points: Vec<Spot>, width: u32, ink: Ink },
    /// A filled polygon.
    Fill { points: Vec<Spot>, ink: Ink },
    /// A filled disc.
    Disc { at: Spot, radius: u32, ink: Ink },
    /// Letters on a base line.
    Words { text: String, at: Spot, em: f64, weight: Weight, anchor: Anchor, ink: Ink },
}

/// Which part of a text lies at its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The sheet: its size in units, and the shapes in the order of drawing.
#[derive(Clone)]
pub(super) struct Sheet {
    size: (u32, u32),
    shapes: Rc<RefCell<Vec<Shape>>>,
}

impl Sheet {
    /// An empty sheet of so many pixels.
    pub(super) fn new(width: u32, height: u32) -> Self {
        Self { size: (width * GRID as u32, height * GRID as u32), shapes: Rc::default() }
    }

    /// Everything drawn, in order; the sheet is empty afterwards.
    pub(super) fn take(&self) -> Vec<Shape> {
        self.shapes.take()
    }

    fn record(&self, shape: Shape) {
        self.shapes.borrow_mut().push(shape);
    }

    fn pulled_in(&self, (x, y): Spot) -> Spot {
        let rim = 20 * GRID as i32;
        (x.clamp(-rim, self.size.0 as i32 + rim), y.clamp(-rim, self.size.1 as i32 + rim))
    }

    fn all_pulled_in<I: IntoIterator<Item = Spot>>(&self, spots: I) -> Vec<Spot> {
        let mut points: Vec<Spot> = spots.into_iter().map(|spot| self.pulled_in(spot)).collect();
        points.dedup();
        points
    }
}

impl DrawingBackend for Sheet {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, at: Spot, color: BackendColor) -> Drawn {
        self.record(Shape::Disc { at: self.pulled_in(at), radius: 1, ink: color.rgb });
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: Spot, to: Spot, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: Spot, to: Spot, style: &S, fill: bool) -> Drawn {
        let corners = [from, (to.0, from.1), to, (from.0, to.1)];
        if fill {
            self.fill_polygon(corners, style)
        } else {
            self.draw_path([corners, [from; 4]].concat(), style)
        }
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = Spot>>(&mut self, path: I, style: &S) -> Drawn {
        let points = self.all_pulled_in(path);
        if points.len() > 1 {
            self.record(Shape::Stroke { points, width: style.stroke_width(), ink: style.color().rgb });
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: Spot, radius: u32, style: &S, _: bool) -> Drawn {
        self.record(Shape::Disc { at: self.pulled_in(at), radius, ink: style.color().rgb });
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = Spot>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let points = self.all_pulled_in(corners);
        if points.len() > 2 {
            self.record(Shape::Fill { points, ink: style.color().rgb });
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: Spot) -> Drawn {
        let anchor = match style.anchor().h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        };
        let bold = matches!(style.style(), FontStyle::Bold);
        self.record(Shape::Words {
            text: text.to_owned(),
            at: self.pulled_in(at),
            em: style.size(),
            weight: if bold { Weight::Bold } else { Weight::Plain },
            anchor,
            ink: style.color().rgb,
        });
        Ok(())
    }
}
