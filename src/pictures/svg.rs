//! Knows how recorded shapes become an SVG: shapes of one style are one path, letters stay letters, and text from data is escaped.

use std::fmt::Write;

use super::sheet::{Anchor, GRID, Ink, Shape, Spot};
use super::text::{self, Weight};

/// The families asked for; the first is the one that widths were measured in.
const FAMILIES: &str = "Noto Sans,Open Sans,Segoe UI,Arial,Liberation Sans,sans-serif";

/// An SVG of so many pixels, with a title and a description for those who cannot see it.
pub(super) fn write(shapes: &[Shape], size: (u32, u32), title: &str, description: &str) -> Vec<u8> {
    let (wide, high) = size;
    let grid = GRID as u32;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {} {}\" role=\"img\" font-family=\"{FAMILIES}\">\n<title>{}</title>\n<desc>{}</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        wide * grid,
        high * grid,
        escaped(title),
        escaped(description),
    );
    let mut rest = shapes;
    while let Some(first) = rest.first() {
        let alike = rest.iter().take_while(|shape| same_path(first, shape)).count();
        let (group, after) = rest.split_at(alike.max(1));
        write_group(&mut svg, first, group);
        rest = after;
    }
    svg.push_str("</svg>\n");
    svg.into_bytes()
}

/// Whether two shapes can share one path.
fn same_path(one: &Shape, other: &Shape) -> bool {
    match (one, other) {
        (Shape::Stroke { width, ink, .. }, Shape::Stroke { width: w, ink: i, .. }) => width == w && ink == i,
        (
            Shape::Fill { ink, .. } | Shape::Disc { ink, .. },
            Shape::Fill { ink: i, .. } | Shape::Disc { ink: i, .. },
        ) => ink == i,
        _ => false,
    }
}

fn write_group(svg: &mut String, first: &Shape, group: &[Shape]) {
    match first {
        Shape::Words { text, at, em, weight, anchor, ink } => {
            write_words(svg, text, *at, (*em, *weight, *anchor), *ink);
            return;
        }
        Shape::Stroke { width, ink, .. } => {
            let stroke = colour(*ink);
            push(
                svg,
                format_args!(
                    "<path fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\" stroke-linejoin=\"round\" d=\""
                ),
            );
        }
        Shape::Fill { ink, .. } | Shape::Disc { ink, .. } => {
            push(svg, format_args!("<path fill=\"{}\" d=\"", colour(*ink)));
        }
    }
    for shape in group {
        match shape {
            Shape::Stroke { points, .. } => write_points(svg, points),
            Shape::Fill { points, .. } => {
                write_points(svg, points);
                svg.push('z');
            }
            Shape::Disc { at: (x, y), radius: r, .. } => {
                let (left, across) = (x - *r as i32, 2 * r);
                push(svg, format_args!("M{left} {y}a{r} {r} 0 1 0 {across} 0a{r} {r} 0 1 0 -{across} 0z"));
            }
            Shape::Words { .. } => {}
        }
    }
    svg.push_str("\"/>\n");
}

/// A path through points, each told from the one before.
fn write_points(svg: &mut String, points: &[Spot]) {
    let mut last: Option<Spot> = None;
    for &(x, y) in points {
        match last {
            None => push(svg, format_args!("M{x} {y}")),
            Some((_, above)) if above == y => push(svg, format_args!("H{x}")),
            Some((left, _)) if left == x => push(svg, format_args!("V{y}")),
            Some((left, above)) => push(svg, format_args!("l{} {}", x - left, y - above)),
        }
        last = Some((x, y));
    }
}

fn write_words(svg: &mut String, words: &str, (x, y): Spot, look: (f64, Weight, Anchor), ink: Ink) {
    let (em, weight, anchor) = look;
    push(
        svg,
        format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\"",
            em.round() as i64,
            colour(ink)
        ),
    );
    if weight == Weight::Bold {
        svg.push_str(" font-weight=\"bold\"");
    }
    match anchor {
        Anchor::Start => {}
        Anchor::Middle => svg.push_str(" text-anchor=\"middle\""),
        Anchor::End => svg.push_str(" text-anchor=\"end\""),
    }
    let width = text::width(words, weight, em).round() as i64;
    push(
        svg,
        format_args!(" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>\n", escaped(words)),
    );
}

/// Writing to a text cannot fail.
fn push(svg: &mut String, what: std::fmt::Arguments<'_>) {
    svg.write_fmt(what).expect("a text takes whatever is written to it");
}

fn colour((red, green, blue): Ink) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// A text as XML takes it.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
