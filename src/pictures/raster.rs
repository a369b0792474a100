//! Knows how recorded shapes become a PNG: each style's shapes are covered exactly, pixel by pixel, and blended onto white.

use ab_glyph::{Font, Glyph, ScaleFont, point};
use ab_glyph_rasterizer::{Point, Rasterizer};

use super::error::PictureError;
use super::sheet::{Anchor, GRID, Ink, Shape, Spot};
use super::text::{self, Weight};

/// A PNG of so many pixels.
pub(super) fn write(shapes: &[Shape], size: (u32, u32)) -> Result<Vec<u8>, PictureError> {
    let mut image = Image::white(size);
    let mut rest = shapes;
    while let Some(first) = rest.first() {
        let alike =
            rest.iter().take_while(|shape| ink_of(shape).is_some() && ink_of(shape) == ink_of(first)).count();
        let (group, after) = rest.split_at(alike.max(1));
        match first {
            Shape::Words { text, at, em, weight, anchor, ink } => {
                image.words(text, *at, *em / GRID, (*weight, *anchor), *ink);
            }
            Shape::Stroke { ink, .. } | Shape::Fill { ink, .. } | Shape::Disc { ink, .. } => {
                let all: Vec<Vec<Point>> = group.iter().flat_map(outlines).collect();
                image.cover(&all, *ink);
            }
        }
        rest = after;
    }
    image.png()
}

/// The ink of a shape that shares its pixels with others of that ink; letters stand alone.
fn ink_of(shape: &Shape) -> Option<Ink> {
    match shape {
        Shape::Words { .. } => None,
        Shape::Stroke { ink, .. } | Shape::Fill { ink, .. } | Shape::Disc { ink, .. } => Some(*ink),
    }
}

/// Pixels, three bytes each, row by row.
struct Image {
    wide: usize,
    high: usize,
    bytes: Vec<u8>,
    brush: Rasterizer,
}

impl Image {
    fn white((wide, high): (u32, u32)) -> Self {
        let (wide, high) = (wide as usize, high as usize);
        Self { wide, high, bytes: vec![255; wide * high * 3], brush: Rasterizer::new(1, 1) }
    }

    /// Covers the inside of outlines that all turn the same way.
    fn cover(&mut self, outlines: &[Vec<Point>], ink: Ink) {
        let Some((left, top, wide, high)) = bounds(outlines) else { return };
        self.brush.reset(wide, high);
        for outline in outlines {
            for (from, to) in outline.iter().zip(outline.iter().cycle().skip(1)) {
                self.brush.draw_line(
                    point(from.x - left as f32, from.y - top as f32),
                    point(to.x - left as f32, to.y - top as f32),
                );
            }
        }
        let mut brush = std::mem::replace(&mut self.brush, Rasterizer::new(1, 1));
        brush.for_each_pixel_2d(|x, y, share| self.blend(left + x as i32, top + y as i32, share, ink));
        std::mem::swap(&mut self.brush, &mut brush);
    }

    fn blend(&mut self, x: i32, y: i32, share: f32, (red, green, blue): Ink) {
        let inside = |at: i32, end: usize| usize::try_from(at).ok().filter(|at| *at < end);
        let (Some(x), Some(y)) = (inside(x, self.wide), inside(y, self.high)) else { return };
        let share = share.clamp(0.0, 1.0);
        if share < 1.0 / 512.0 {
            return;
        }
        let at = (y * self.wide + x) * 3;
        for (below, above) in self.bytes[at..at + 3].iter_mut().zip([red, green, blue]) {
            let mixed = f32::from(*below) * (1.0 - share) + f32::from(above) * share;
            *below = mixed.round() as u8;
        }
    }

    fn words(&mut self, words: &str, at: Spot, em: f64, look: (Weight, Anchor), ink: Ink) {
        let (weight, anchor) = look;
        let font = text::font(weight);
        let scale = text::scale(weight, em);
        let scaled = font.as_scaled(scale);
        let wide = text::width(words, weight, em) as f32;
        let mut x = at.0 as f32 / GRID as f32
            - match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => wide / 2.0,
                Anchor::End => wide,
            };
        let base = (at.1 as f32 / GRID as f32).round();
        for letter in words.chars() {
            let id = font.glyph_id(letter);
            let glyph: Glyph = id.with_scale_and_position(scale, point(x, base));
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|dx, dy, share| {
                    self.blend(corner.x as i32 + dx as i32, corner.y as i32 + dy as i32, share, ink);
                });
            }
            x += scaled.h_advance(id);
        }
    }

    fn png(self) -> Result<Vec<u8>, PictureError> {
        let refused = |error: png::EncodingError| PictureError::Encoding { why: error.to_string() };
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.wide as u32, self.high as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        encoder.set_filter(png::Filter::Up);
        let mut writer = encoder.write_header().map_err(refused)?;
        writer.write_image_data(&self.bytes).map_err(refused)?;
        writer.finish().map_err(refused)?;
        Ok(bytes)
    }
}

/// The box around outlines, in whole pixels: left, top, width, height.
fn bounds(outlines: &[Vec<Point>]) -> Option<(i32, i32, usize, usize)> {
    let mut corners = outlines.iter().flatten();
    let first = corners.next()?;
    let (mut left, mut top, mut right, mut bottom) = (first.x, first.y, first.x, first.y);
    for corner in corners {
        left = left.min(corner.x);
        right = right.max(corner.x);
        top = top.min(corner.y);
        bottom = bottom.max(corner.y);
    }
    let (left, top) = (left.floor() as i32 - 1, top.floor() as i32 - 1);
    let wide = (right.ceil() as i32 + 2 - left) as usize;
    let high = (bottom.ceil() as i32 + 2 - top) as usize;
    Some((left, top, wide, high))
}

/// What a shape covers, as outlines in pixels that all turn the same way.
fn outlines(shape: &Shape) -> Vec<Vec<Point>> {
    match shape {
        Shape::Fill { points, .. } => vec![turned(points.iter().map(|spot| pixels(*spot)).collect())],
        Shape::Disc { at, radius, .. } => vec![disc(pixels(*at), *radius as f32 / GRID as f32)],
        Shape::Stroke { points, width, .. } => stroke(points, *width as f32 / GRID as f32),
        Shape::Words { .. } => Vec::new(),
    }
}

fn pixels((x, y): Spot) -> Point {
    point(x as f32 / GRID as f32, y as f32 / GRID as f32)
}

/// A disc as a polygon of enough corners to look round.
fn disc(at: Point, radius: f32) -> Vec<Point> {
    let corners = 12 + (radius * 3.0) as usize;
    let corner = |index: usize| {
        let angle = index as f32 / corners as f32 * std::f32::consts::TAU;
        point(at.x + radius * angle.cos(), at.y + radius * angle.sin())
    };
    turned((0..corners).map(corner).collect())
}

/// A line as one box a segment, with a disc where wide segments meet.
fn stroke(points: &[Spot], width: f32) -> Vec<Vec<Point>> {
    let mut boxes = Vec::with_capacity(points.len());
    for (from, to) in points.iter().zip(points.iter().skip(1)) {
        let (from, to) = (pixels(*from), pixels(*to));
        let length = (to.x - from.x).hypot(to.y - from.y);
        if length <= 0.0 {
            continue;
        }
        let (across, down) = ((from.y - to.y) / length * width / 2.0, (to.x - from.x) / length * width / 2.0);
        boxes.push(turned(vec![
            point(from.x + across, from.y + down),
            point(to.x + across, to.y + down),
            point(to.x - across, to.y - down),
            point(from.x - across, from.y - down),
        ]));
    }
    if width > 1.5 && points.len() > 2 {
        boxes.extend(points[1..points.len() - 1].iter().map(|spot| disc(pixels(*spot), width / 2.0)));
    }
    boxes
}

/// An outline turned so that what is inside counts as covered once, whatever it overlaps.
fn turned(mut outline: Vec<Point>) -> Vec<Point> {
    let twice: f32 = outline
        .iter()
        .zip(outline.iter().cycle().skip(1))
        .map(|(one, next)| one.x * next.y - next.x * one.y)
        .sum();
    if twice < 0.0 {
        outline.reverse();
    }
    outline
}
