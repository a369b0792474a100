//! Knows where things stand on a picture: title and context above, acknowledged reasons in a box, legend, plot, caption and statements
//! below. The height is what all of it needs.

use super::canvas::{Canvas, HAIR, Hand, INK, MUTED, PALE, Pen, Rect};
use super::error::PictureError;
use super::frame::{Format, Frame, Picture};
use super::marks::Mark;
use super::sheet::{Anchor, Ink};
use super::text::{RESERVE, Weight, cut, width, wrap};
use super::{raster, svg};

/// A line of the legend.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) sample: Sample,
    pub(super) text: String,
}

/// What a line of the legend explains.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sample {
    Mark(Mark),
    Line(Pen),
    Block(Ink),
}

impl Entry {
    pub(super) fn new(sample: Sample, text: impl Into<String>) -> Self {
        Self { sample, text: text.into() }
    }
}

/// A picture in the making: the frame is drawn, the plot's box is empty.
pub(super) struct Page {
    pub(super) canvas: Canvas,
    /// The em of plain text, in pixels.
    pub(super) em: f64,
    /// The room for the plot with its axes.
    pub(super) room: Rect,
    size: (u32, u32),
}

/// The em of plain text on a picture of a width: it grows a little less than the picture does.
pub(super) fn em_at(width: u32) -> f64 {
    (13.0 * (f64::from(width) / 800.0).powf(0.9)).max(9.5)
}

impl Page {
    /// Lays out everything but the plot, which gets the height that `plot_height` says (pixels).
    pub(super) fn lay_out(frame: &Frame, legend: &[Entry], notes: &[String], plot_height: f64) -> Self {
        let em = em_at(frame.width.pixels());
        let wide = f64::from(frame.width.pixels());
        let mut column =
            Column { left: 1.5 * em, right: wide - 1.5 * em, y: 1.2 * em, em, items: Vec::new() };
        column.heading(frame);
        column.reasons(&frame.acknowledged);
        column.legend(legend);
        if !notes.is_empty() {
            column.y += 0.35 * em;
        }
        for note in notes {
            column.paragraph(note, column.hand(0.92, MUTED), 3);
        }
        column.y += 0.9 * em;
        let top = column.y;
        column.y += plot_height;
        let room = Rect { left: column.left, top, right: column.right, bottom: column.y };
        column.y += 0.9 * em;
        column.footing(frame);
        let high = (column.y + 0.9 * em).ceil().max(1.0) as u32;
        let canvas = Canvas::new(frame.width.pixels(), high);
        for item in &column.items {
            item.draw(&canvas, em);
        }
        Self { canvas, em, room, size: (frame.width.pixels(), high) }
    }

    /// The size of lines and marks: a pixel at a width of 800.
    pub(super) fn px(&self) -> f64 {
        self.em / 13.0
    }

    /// Half of a mark's usual size, in pixels; smaller where there are many.
    pub(super) fn mark_radius(&self, marks: usize) -> f64 {
        let base = match marks {
            0..=200 => 4.2,
            201..=1000 => 3.6,
            _ => 3.0,
        };
        base * self.px()
    }

    /// Writes the picture.
    pub(super) fn finish(self, frame: &Frame) -> Result<Picture, PictureError> {
        let shapes = self.canvas.take();
        let (width, height) = self.size;
        let (bytes, media_type) = match frame.format {
            Format::Svg => (svg::write(&shapes, self.size, &frame.title, &frame.caption), "image/svg+xml"),
            Format::Png => (raster::write(&shapes, self.size)?, "image/png"),
        };
        Ok(Picture { bytes, media_type, width, height })
    }
}

/// Something that has its place before the height of the picture is known.
enum Item {
    Words(String, (f64, f64), Hand),
    Block(Rect, Ink),
    Sample(Sample, (f64, f64)),
}

impl Item {
    fn draw(&self, canvas: &Canvas, em: f64) {
        match self {
            Self::Words(text, at, hand) => canvas.words(text, *at, Anchor::Start, *hand),
            Self::Block(rect, ink) => canvas.block(*rect, *ink),
            Self::Sample(sample, (x, y)) => {
                let middle = y - 0.36 * em;
                let half =
                    Rect { left: *x, top: middle - 0.4 * em, right: x + 1.6 * em, bottom: middle + 0.4 * em };
                match sample {
                    Sample::Mark(mark) => mark.draw(canvas, (x + 0.8 * em, middle), 0.36 * em),
                    Sample::Line(pen) => canvas.line(&[(*x, middle), (x + 1.9 * em, middle)], *pen),
                    Sample::Block(ink) => canvas.block(half, *ink),
                }
            }
        }
    }
}

/// The column of text, filled from above.
struct Column {
    left: f64,
    right: f64,
    y: f64,
    em: f64,
    items: Vec<Item>,
}

impl Column {
    fn hand(&self, times: f64, ink: Ink) -> Hand {
        Hand { em: self.em * times, weight: Weight::Plain, ink }
    }

    /// Wrapped words from the left; the column goes on below.
    fn paragraph(&mut self, text: &str, hand: Hand, most: usize) {
        self.indented(text, hand, most, 0.0);
    }

    fn indented(&mut self, text: &str, hand: Hand, most: usize, indent: f64) {
        for line in wrap(text, hand.weight, hand.em, (self.right - self.left - indent * 1.5) / RESERVE, most)
        {
            self.y += hand.em * 1.36;
            let at = (self.left + indent, self.y - hand.em * 0.3);
            self.items.push(Item::Words(line, at, hand));
        }
    }

    fn heading(&mut self, frame: &Frame) {
        let title = Hand { weight: Weight::Bold, ..self.hand(1.4, INK) };
        self.paragraph(&frame.title, title, 3);
        self.y += 0.15 * self.em;
        let context = format!(
            "{}  \u{b7}  definition set {}  \u{b7}  {}",
            frame.window, frame.definition_set, frame.coverage
        );
        self.paragraph(&context, self.hand(0.96, MUTED), 6);
    }

    /// The reasons that were acknowledged, in a box with a dark edge, each of them in full.
    fn reasons(&mut self, reasons: &[String]) {
        if reasons.is_empty() {
            return;
        }
        self.y += 0.7 * self.em;
        let top = self.y;
        let place = self.items.len();
        self.y += 0.35 * self.em;
        let bold = Hand { weight: Weight::Bold, ..self.hand(1.0, INK) };
        self.indented("Reasons against this picture, acknowledged:", bold, 1, self.em);
        for reason in reasons {
            self.indented(&format!("\u{2022} {reason}"), self.hand(1.0, INK), 40, self.em);
        }
        self.y += 0.55 * self.em;
        let whole = Rect { left: self.left, top, right: self.right, bottom: self.y };
        let edge = Rect { right: self.left + 0.35 * self.em, ..whole };
        self.items.splice(place..place, [Item::Block(whole, PALE), Item::Block(edge, INK)]);
    }

    fn legend(&mut self, entries: &[Entry]) {
        if entries.is_empty() {
            return;
        }
        self.y += 0.75 * self.em;
        let hand = self.hand(0.96, INK);
        let (sample, gap) = (2.4 * self.em, 1.1 * self.em);
        let room = self.right - self.left;
        let mut x = self.left;
        self.y += self.em * 1.4;
        for Entry { sample: drawn, text } in entries {
            let text = cut(text, hand.weight, hand.em, (room - sample) / RESERVE);
            let wide = sample + width(&text, hand.weight, hand.em) * RESERVE;
            if x > self.left && x + wide > self.right {
                x = self.left;
                self.y += self.em * 1.5;
            }
            let base = self.y - self.em * 0.3;
            let indent = if matches!(drawn, Sample::Mark(_)) { 1.9 * self.em } else { sample };
            self.items.push(Item::Sample(*drawn, (x, base)));
            self.items.push(Item::Words(text, (x + indent, base), hand));
            x += wide - (sample - indent) + gap;
        }
    }

    fn footing(&mut self, frame: &Frame) {
        let rule = Rect { left: self.left, top: self.y, right: self.right, bottom: self.y + 0.08 * self.em };
        self.items.push(Item::Block(rule, HAIR));
        self.y += 0.4 * self.em;
        self.paragraph(&frame.caption, self.hand(1.0, INK), 12);
        for statement in &frame.statements {
            self.y += 0.12 * self.em;
            self.paragraph(statement, self.hand(0.92, MUTED), 12);
        }
    }
}
