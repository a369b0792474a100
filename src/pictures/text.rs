//! Knows the font that the pictures carry (Noto Sans, SIL Open Font Licence 1.1): how wide a text is, how it is cut and where it breaks.
//!
//! Widths are of Noto Sans. An SVG names that font first and tells the viewer the width that was measured, so that a viewer with another
//! font still keeps to the place that was laid out.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont};

/// How much wider a viewer without the font may draw a text, when it does not heed the width that an SVG tells.
pub(super) const RESERVE: f64 = 1.1;

/// More of one text than this is never drawn.
const MOST_CHARS: usize = 600;

/// Plain or bold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Weight {
    Plain,
    Bold,
}

/// The font of a weight.
pub(super) fn font(weight: Weight) -> &'static FontRef<'static> {
    static PLAIN: OnceLock<FontRef<'static>> = OnceLock::new();
    static BOLD: OnceLock<FontRef<'static>> = OnceLock::new();
    let (cell, bytes) = match weight {
        Weight::Plain => (&PLAIN, notosans::REGULAR_TTF),
        Weight::Bold => (&BOLD, notosans::BOLD_TTF),
    };
    cell.get_or_init(|| FontRef::try_from_slice(bytes).expect("the font that is compiled in can be read"))
}

/// The scale at which an em is so many pixels.
pub(super) fn scale(weight: Weight, em: f64) -> PxScale {
    let font = font(weight);
    let units = font.units_per_em().unwrap_or(1000.0);
    PxScale::from(em as f32 * font.height_unscaled() / units)
}

/// How wide a text is, in pixels, when an em is `em` pixels.
pub(super) fn width(text: &str, weight: Weight, em: f64) -> f64 {
    let scaled = font(weight).as_scaled(scale(weight, em));
    text.chars().map(|letter| f64::from(scaled.h_advance(scaled.glyph_id(letter)))).sum()
}

/// A text from data as one line that can be drawn: no control characters, no marks that turn the direction, no runs of spaces, and not
/// without end.
pub(super) fn clean(text: &str) -> String {
    let mut line = String::new();
    let mut length = 0;
    for letter in text.chars() {
        let letter = if letter.is_control() || letter.is_whitespace() { ' ' } else { letter };
        if unseen(letter) || (letter == ' ' && (line.is_empty() || line.ends_with(' '))) {
            continue;
        }
        if length == MOST_CHARS {
            line.truncate(line.trim_end().len());
            line.push('\u{2026}');
            return line;
        }
        line.push(letter);
        length += 1;
    }
    line.truncate(line.trim_end().len());
    line
}

/// Letters without a shape of their own, and those that XML does not allow.
fn unseen(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
        || (letter as u32) & 0xfffe == 0xfffe
}

/// A text cut to a width, with an ellipsis where something was cut.
pub(super) fn cut(text: &str, weight: Weight, em: f64, room: f64) -> String {
    if width(text, weight, em) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = width("\u{2026}", weight, em);
    for letter in text.chars() {
        used += width(letter.encode_utf8(&mut [0; 4]), weight, em);
        if used > room {
            break;
        }
        kept.push(letter);
    }
    kept.truncate(kept.trim_end_matches([' ', ',']).len());
    kept.push('\u{2026}');
    kept
}

/// A text broken into at most `most` lines of a width; a word that is wider than a line is broken, and the last line ends with an
/// ellipsis where something is left over.
pub(super) fn wrap(text: &str, weight: Weight, em: f64, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&longer, weight, em) <= room {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        line = break_word(word, weight, em, room, &mut lines);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).join(" ");
        lines.push(cut(&rest, weight, em, room));
    }
    lines
}

/// Breaks a word that may be wider than a line; what is left of it begins the next line.
fn break_word(word: &str, weight: Weight, em: f64, room: f64, lines: &mut Vec<String>) -> String {
    let mut part = String::new();
    let mut used = 0.0;
    for letter in word.chars() {
        let wide = width(letter.encode_utf8(&mut [0; 4]), weight, em);
        if used + wide > room && !part.is_empty() {
            lines.push(std::mem::take(&mut part));
            used = 0.0;
        }
        part.push(letter);
        used += wide;
    }
    part
}
