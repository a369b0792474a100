//! Holds how numbers are written, where ticks fall, and how texts are cut.

use super::super::figure::{Unit, grouped};
use super::super::scale::Scale;
use super::super::text::{Weight, clean, cut, width, wrap};

#[test]
fn numbers_are_written_as_board_papers_write_them() {
    let cases = [
        (grouped(4_812.0, 0), "4,812"),
        (grouped(1_234_567.891, 2), "1,234,567.89"),
        (grouped(999.0, 0), "999"),
        (grouped(-1_500.0, 0), "\u{2212}1,500"),
        (grouped(-0.001, 1), "0.0"),
        (Unit::Proportion.write(0.1826, 1), "18.3%"),
        (Unit::Proportion.write(1.0, 0), "100%"),
        (Unit::Seconds.write(90.0, 0), "90 s"),
    ];
    for (written, expected) in cases {
        assert_eq!(written, expected);
    }
}

#[test]
fn a_number_that_is_small_beside_the_ticks_shows_its_first_digits() {
    let scale = Scale::over([0.0, 250.0].into_iter(), Unit::Number, 5, true);
    let written = [0.1221, 2.61, 0.0, 70.4, 223.9].map(|number| scale.write_finely(number));
    assert_eq!(written, ["0.122", "2.6", "0", "70", "224"]);
}

#[test]
fn ticks_are_round_and_cover_the_numbers() {
    let ticks = |numbers: &[f64], unit, about, nought| {
        let scale = Scale::over(numbers.iter().copied(), unit, about, nought);
        let written: Vec<String> = scale.ticks.iter().map(|tick| scale.write(*tick)).collect();
        assert!(numbers.iter().all(|number| scale.low <= *number && *number <= scale.high), "{scale:?}");
        written.join(" ")
    };
    assert_eq!(ticks(&[0.12, 0.29], Unit::Proportion, 4, false), "10% 15% 20% 25% 30%");
    assert_eq!(ticks(&[0.97, 1.0], Unit::Proportion, 3, false), "97% 98% 99% 100%");
    assert_eq!(ticks(&[130.0, 2_400.0], Unit::Number, 5, true), "0 500 1,000 1,500 2,000 2,500");
    assert_eq!(ticks(&[0.0, 0.0], Unit::Number, 5, true), "0.0 0.2 0.4 0.6 0.8 1.0");
    assert_eq!(ticks(&[20.0], Unit::Number, 4, false), "18 19 20 21 22");
    assert_eq!(ticks(&[-3.0, 4.0], Unit::Number, 4, false), "\u{2212}4 \u{2212}2 0 2 4");
}

#[test]
fn a_text_is_cut_to_its_room() {
    let text = "The Old Mill Surgery";
    let whole = width(text, Weight::Plain, 12.0);
    assert_eq!(cut(text, Weight::Plain, 12.0, whole + 0.1), text);
    let short = cut(text, Weight::Plain, 12.0, whole / 2.0);
    assert!(short.ends_with('\u{2026}') && width(&short, Weight::Plain, 12.0) <= whole / 2.0, "{short}");
    assert!(width(text, Weight::Bold, 12.0) > whole);
}

#[test]
fn lines_break_at_words_and_inside_words_that_are_too_long() {
    let lines = wrap("one two three", Weight::Plain, 10.0, width("one two", Weight::Plain, 10.0) + 0.1, 9);
    assert_eq!(lines, ["one two", "three"]);
    let room = width("xxxx", Weight::Plain, 10.0) + 0.1;
    assert_eq!(wrap("a xxxxxxxxxx", Weight::Plain, 10.0, room, 9), ["a", "xxxx", "xxxx", "xx"]);
    assert_eq!(wrap("a xxxxxxxxxx", Weight::Plain, 10.0, room, 2).len(), 2);
    assert!(wrap("a xxxxxxxxxx", Weight::Plain, 10.0, room, 2)[1].ends_with('\u{2026}'));
}

#[test]
fn texts_are_cleaned_of_what_has_no_shape() {
    assert_eq!(clean("  a\u{0}\tb\n\nc\u{202e}d  "), "a b cd");
    assert_eq!(clean(&"y".repeat(10_000)).chars().count(), 601);
}
