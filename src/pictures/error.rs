//! Knows why a picture cannot be drawn: every reason has a name, and none of them is a panic.

use thiserror::Error;

/// Why there is no picture.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum PictureError {
    /// The width is outside 400 to 3,200 pixels.
    #[error("a picture {width} pixels wide cannot be drawn: ask for 400 to 3,200")]
    Width {
        /// Pixels asked for.
        width: u32,
    },
    /// There is nothing to draw.
    #[error("there are no {what} to draw: ask for a longer window or other organisations")]
    Empty {
        /// What was missing: "points", "units", "days" or "hours".
        what: &'static str,
    },
    /// A number is infinite or not a number.
    #[error("{what} is not a finite number: leave it out or mend it")]
    NotFinite {
        /// Which number.
        what: &'static str,
    },
    /// A number is too large for an axis that can be read.
    #[error("{what} is over 1,000,000,000,000 and has no place on an axis: choose a larger unit")]
    TooLarge {
        /// Which number.
        what: &'static str,
    },
    /// There is more of something than a picture can carry.
    #[error("{given} {what} are too many for a picture: {most} are the most")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many were given.
        given: usize,
        /// How many a picture can carry.
        most: usize,
    },
    /// A text without which the picture would mislead is empty.
    #[error("the picture lacks its {what}: give it, or the picture would mislead")]
    Missing {
        /// Which text.
        what: &'static str,
    },
    /// Parts of the data contradict each other.
    #[error("the data contradict themselves: {why}")]
    Contradiction {
        /// How.
        why: &'static str,
    },
    /// The bytes of the image could not be made.
    #[error("the image could not be encoded: {why}")]
    Encoding {
        /// What the encoder said.
        why: String,
    },
}
