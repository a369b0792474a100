//! Knows what has to stand on every picture, whatever it shows, so that nobody has to trust a file that lost its context.

use super::error::PictureError;
use super::figure::at_most;
use super::text::clean;

/// The most statements, and the most acknowledged reasons, that one picture carries.
const MOST_SENTENCES: usize = 24;

/// How a picture is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// A drawing; its text stays text.
    Svg,
    /// An image of eight bits a colour.
    Png,
}

/// The width of a picture: 400 to 3,200 pixels. The height follows from what there is to draw.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Width(u32);

/// What stands on every picture. Texts may come from anywhere: they are cleaned, wrapped, cut and escaped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Frame {
    /// What is shown, of whom: "Calls abandoned, practices of NHS Kent and Medway".
    pub title: String,
    /// The days that count, as ISO dates: "2025-03-01 to 2026-02-28".
    pub window: String,
    /// The name of the definition set.
    pub definition_set: String,
    /// How much of what should be there is there: "4,812 of 5,060 practice-days complete".
    pub coverage: String,
    /// Statements attached to the answer, one sentence each; may be empty.
    pub statements: Vec<String>,
    /// Reasons against this picture that somebody acknowledged; drawn where nobody can miss them.
    pub acknowledged: Vec<String>,
    /// One sentence: what the picture does not show.
    pub caption: String,
    /// The width.
    pub width: Width,
    /// SVG or PNG.
    pub format: Format,
}

/// A finished picture.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Picture {
    /// The file.
    pub bytes: Vec<u8>,
    /// "image/svg+xml" or "image/png".
    pub media_type: &'static str,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Width {
    /// The width of a picture in a document: 800 pixels.
    pub const DOCUMENT: Self = Self(800);

    /// Pixels.
    pub fn pixels(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Width {
    type Error = PictureError;

    fn try_from(width: u32) -> Result<Self, PictureError> {
        if (400..=3200).contains(&width) { Ok(Self(width)) } else { Err(PictureError::Width { width }) }
    }
}

impl Frame {
    /// The frame with every text cleaned, or which one is missing.
    pub(super) fn checked(&self) -> Result<Self, PictureError> {
        let Self {
            title,
            window,
            definition_set,
            coverage,
            statements,
            acknowledged,
            caption,
            width,
            format,
        } = self;
        at_most("statements", statements.len(), MOST_SENTENCES)?;
        at_most("acknowledged reasons", acknowledged.len(), MOST_SENTENCES)?;
        let all = |texts: &[String]| -> Vec<String> {
            texts.iter().map(|text| clean(text)).filter(|text| !text.is_empty()).collect()
        };
        Ok(Self {
            title: needed("title", title)?,
            window: needed("window", window)?,
            definition_set: needed("definition set", definition_set)?,
            coverage: needed("coverage", coverage)?,
            statements: all(statements),
            acknowledged: all(acknowledged),
            caption: needed("caption", caption)?,
            width: *width,
            format: *format,
        })
    }
}

/// A text that a picture may not lack, cleaned.
pub(super) fn needed(what: &'static str, text: &str) -> Result<String, PictureError> {
    let text = clean(text);
    if text.is_empty() { Err(PictureError::Missing { what }) } else { Ok(text) }
}
