//! Knows how recorded shapes become a PNG: each style's shapes are covered exactly, pixel by pixel, and blended onto white.

use std::collections::HashMap;

use ab_glyph::{Font, Glyph, ScaleFont, point};
use ab_glyph_rasterizer::{Point, Rasterizer};

use super::error::PictureError;
use super::sheet::{Anchor, GRID, Ink, Shape, Spot};
use super::text::{self, Weight};

/// How finely a pixel at an edge is shaded: enough for the eye, and few enough for a palette.
const SHADES: i32 = 15;

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
        let shade = (share * SHADES as f32 + 0.5) as i32;
        if shade < 1 {
            return;
        }
        let shade = shade.min(SHADES);
        let inside = |at: i32, end: usize| usize::try_from(at).ok().filter(|at| *at < end);
        let (Some(x), Some(y)) = (inside(x, self.wide), inside(y, self.high)) else { return };
        let at = (y * self.wide + x) * 3;
        for (below, above) in self.bytes[at..at + 3].iter_mut().zip([red, green, blue]) {
            let mixed = i32::from(*below) * (SHADES - shade) + i32::from(above) * shade;
            *below = ((mixed + SHADES / 2) / SHADES) as u8;
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
        let Indexed { palette, pixels } = Indexed::of(&self.bytes);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.wide as u32, self.high as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(palette);
        encoder.set_compression(png::Compression::Balanced);
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header().map_err(refused)?;
        writer.write_image_data(&pixels).map_err(refused)?;
        writer.finish().map_err(refused)?;
        Ok(bytes)
    }
}

/// An image as numbers of at most 256 colours.
struct Indexed {
    palette: Vec<u8>,
    pixels: Vec<u8>,
}

impl Indexed {
    /// The 256 commonest colours as they are; a rarer one, which is a shade at some edge, becomes the nearest of them.
    fn of(bytes: &[u8]) -> Self {
        let colours = || bytes.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]);
        let mut runs: Vec<([u8; 3], usize)> = Vec::new();
        for colour in colours() {
            match runs.last_mut() {
                Some((last, length)) if *last == colour => *length += 1,
                _ => runs.push((colour, 1)),
            }
        }
        let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
        for (colour, length) in &runs {
            *counts.entry(*colour).or_default() += length;
        }
        let mut ranked: Vec<([u8; 3], usize)> = counts.into_iter().collect();
        ranked.sort_unstable_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
        let kept: Vec<[u8; 3]> = ranked.iter().take(256).map(|(colour, _)| *colour).collect();
        let numbers: HashMap<[u8; 3], u8> =
            ranked.iter().map(|(colour, _)| (*colour, nearest(*colour, &kept))).collect();
        let mut pixels = Vec::with_capacity(bytes.len() / 3);
        for (colour, length) in &runs {
            pixels.resize(pixels.len() + length, numbers[colour]);
        }
        Self { palette: kept.concat(), pixels }
    }
}

/// Which of the kept colours is nearest; the first of equally near ones.
fn nearest(colour: [u8; 3], kept: &[[u8; 3]]) -> u8 {
    let apart = |other: &[u8; 3]| -> u32 {
        other.iter().zip(colour).map(|(one, two)| u32::from(one.abs_diff(two)).pow(2)).sum()
    };
    let best = kept.iter().zip(0..=u8::MAX).min_by_key(|(other, number)| (apart(other), *number));
    best.map_or(0, |(_, number)| number)
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

/// A line as one box a segment. Where the line bends gently, neighbours share an edge, so that no pixel is covered twice; where it turns
/// sharply, a disc fills the corner.
fn stroke(points: &[Spot], width: f32) -> Vec<Vec<Point>> {
    let places: Vec<Point> = points.iter().map(|spot| pixels(*spot)).collect();
    let normals: Vec<Point> =
        places.iter().zip(places.iter().skip(1)).map(|(from, to)| normal(*from, *to, width / 2.0)).collect();
    let mut boxes = Vec::with_capacity(points.len());
    for (index, own) in normals.iter().enumerate() {
        let (from, to) = (places[index], places[index + 1]);
        let start = joined(index.checked_sub(1).map(|before| normals[before]), *own);
        let end = joined(normals.get(index + 1).copied(), *own);
        boxes.push(turned(vec![
            point(from.x + start.x, from.y + start.y),
            point(to.x + end.x, to.y + end.y),
            point(to.x - end.x, to.y - end.y),
            point(from.x - start.x, from.y - start.y),
        ]));
        if width > 1.5 && normals.get(index + 1).is_some_and(|next| is_sharp(*own, *next)) {
            boxes.push(disc(to, width / 2.0));
        }
    }
    boxes
}

/// From the middle of a segment to its left edge.
fn normal(from: Point, to: Point, half: f32) -> Point {
    let (x, y) = (to.x - from.x, to.y - from.y);
    let length = x.hypot(y).max(f32::MIN_POSITIVE);
    point(-y / length * half, x / length * half)
}

/// Whether two segments, told by their normals, meet at more than about fifty degrees.
fn is_sharp(one: Point, next: Point) -> bool {
    one.x * next.x + one.y * next.y < 0.64 * (one.x * one.x + one.y * one.y)
}

/// The way to the edge where a segment meets its neighbour: along the line that halves their angle, if that is gentle.
fn joined(neighbour: Option<Point>, own: Point) -> Point {
    let Some(other) = neighbour.filter(|other| !is_sharp(own, *other)) else { return own };
    let (x, y) = (own.x + other.x, own.y + other.y);
    let stretch = 2.0 * (own.x * own.x + own.y * own.y) / (x * x + y * y).max(f32::MIN_POSITIVE);
    point(x * stretch, y * stretch)
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
