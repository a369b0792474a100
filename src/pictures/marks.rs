//! Knows the marks of points: each class has a shape and a darkness of its own, so that no class is told by colour alone.

use super::canvas::{At, Canvas, INK, QUIET, Rect, WHITE};
use super::sheet::Ink;

/// The outline of a mark.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outline {
    Round,
    Up,
    Down,
    /// A triangle along time, which says nothing of up or down.
    Along,
    /// A bar that stands.
    Bar,
    Box,
    Diamond,
}

/// A mark: its outline, and whether it is filled, or a ring of ink around paper.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Mark {
    pub(super) outline: Outline,
    pub(super) ink: Ink,
    pub(super) hollow: bool,
    /// In hundredths of the usual size.
    pub(super) size: u32,
}

impl Mark {
    /// A point like the others.
    pub(super) const QUIET: Self = Self { outline: Outline::Round, ink: QUIET, hollow: false, size: 75 };

    /// A point to look at.
    pub(super) const fn dark(outline: Outline) -> Self {
        Self { outline, ink: INK, hollow: false, size: 130 }
    }

    /// A point to look at twice.
    pub(super) const fn ring(outline: Outline) -> Self {
        Self { outline, ink: INK, hollow: true, size: 130 }
    }

    /// The mark of a point with a name: of the same shape, but as dark as its name.
    pub(super) fn named(self) -> Self {
        Self { ink: INK, size: self.size.max(110), ..self }
    }

    /// Draws the mark at a place; `radius` is half of the usual size, in pixels.
    pub(super) fn draw(self, canvas: &Canvas, at: At, radius: f64) {
        let radius = radius * f64::from(self.size) / 100.0;
        self.fill(canvas, at, radius, self.ink);
        if self.hollow {
            self.fill(canvas, at, radius * 0.56, WHITE);
        }
    }

    fn fill(self, canvas: &Canvas, (x, y): At, r: f64, ink: Ink) {
        match self.outline {
            Outline::Round => canvas.disc((x, y), r, ink),
            Outline::Box => {
                let r = r * 0.9;
                canvas.block(Rect { left: x - r, top: y - r, right: x + r, bottom: y + r }, ink);
            }
            Outline::Diamond => {
                let r = r * 1.25;
                canvas.polygon(&[(x, y - r), (x + r, y), (x, y + r), (x - r, y)], ink);
            }
            Outline::Along => canvas.polygon(
                &[(x + r * 1.3, y), (x - r * 0.65, y + r * 1.13), (x - r * 0.65, y - r * 1.13)],
                ink,
            ),
            Outline::Bar => {
                let (half, r) = (r * 0.62, r * 1.2);
                canvas.block(Rect { left: x - half, top: y - r, right: x + half, bottom: y + r }, ink);
            }
            Outline::Up => triangle(canvas, (x, y), r, -1.0, ink),
            Outline::Down => triangle(canvas, (x, y), r, 1.0, ink),
        }
    }
}

/// A triangle about its centre; `way` is where its tip points, down being 1.
fn triangle(canvas: &Canvas, (x, y): At, r: f64, way: f64, ink: Ink) {
    let (tip, half, foot) = (r * 1.3, r * 1.13, r * 0.65);
    canvas.polygon(&[(x, y + way * tip), (x + half, y - way * foot), (x - half, y - way * foot)], ink);
}
