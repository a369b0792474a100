//! Holds that nothing is cut off and no words lie on each other, by reading the finished SVGs.

use super::super::canvas::{At, INK, Rect};
use super::super::samples::{acknowledged, frame, funnel, ranks};
use super::super::{Format, FunnelClass, RankBand, Width, caterpillar, funnel_plot};
use super::{gallery, odd_gallery, svg};

/// A text of an SVG, with the box around it in units of the sheet.
pub(super) struct Word {
    pub(super) text: String,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// Every text of an SVG, in the order of drawing.
pub(super) fn words(svg: &str) -> Vec<Word> {
    let element = |part: &str| {
        let (head, rest) = part.split_once('>').expect("a text has a head");
        let text = rest.split_once("</text>").expect("a text ends").0;
        let number = |name: &str| -> f64 {
            let value = head.split_once(&format!(" {name}=\"")).map(|(_, rest)| rest.split('"').next());
            value.flatten().and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} in {head}"))
        };
        let (x, y, em, wide) = (number("x"), number("y"), number("font-size"), number("textLength"));
        let left = match head {
            _ if head.contains("\"middle\"") => x - wide / 2.0,
            _ if head.contains("\"end\"") => x - wide,
            _ => x,
        };
        let text = text.replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        Word { text, left, right: left + wide, top: y - 0.72 * em, bottom: y + 0.2 * em }
    };
    svg.split("<text").skip(1).map(element).collect()
}

/// The words that leave the sheet or lie on each other.
fn faults(svg: &str) -> Vec<String> {
    let sheet = svg.split_once("viewBox=\"0 0 ").expect("a view box").1.split('"').next().expect("a value");
    let sheet: Vec<f64> = sheet.split(' ').map(|side| side.parse().expect("a number")).collect();
    let words = words(svg);
    let mut faults = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if word.left < 0.0 || word.right > sheet[0] || word.top < 0.0 || word.bottom > sheet[1] {
            faults.push(format!("leaves the sheet: {}", word.text));
        }
        let meets = |other: &&Word| {
            word.left < other.right
                && other.left < word.right
                && word.top < other.bottom
                && other.top < word.bottom
        };
        if let Some(other) = words[..index].iter().find(meets) {
            faults.push(format!("{:?} lies on {:?}", word.text, other.text));
        }
    }
    faults
}

#[test]
fn words_stay_on_the_sheet_and_off_each_other() {
    for width in [400, 617, 800, 1600, 3200] {
        for (name, picture) in [gallery(width, Format::Svg), odd_gallery(width, Format::Svg)].concat() {
            let found = faults(&svg(picture));
            assert!(found.is_empty(), "{name} at {width}: {found:#?}");
        }
    }
}

#[test]
fn the_check_for_overlaps_finds_a_planted_one() {
    let text = |x: i32| format!("<text x=\"{x}\" y=\"100\" font-size=\"20\" textLength=\"50\">a</text>");
    let sheet = |x: i32| format!("<svg viewBox=\"0 0 1000 1000\">{}{}</svg>", text(10), text(x));
    assert_eq!((faults(&sheet(40)).len(), faults(&sheet(100)).len(), faults(&sheet(980)).len()), (1, 0, 1));
}

/// The lines from names to their points on an SVG 800 wide, where nothing else is as thick and dark.
fn leaders(svg: &str) -> Vec<[At; 2]> {
    let line = |path: &str| {
        let digits = |c: char| c.is_ascii_digit() || c == '-' || c == '.';
        let numbers: Vec<f64> =
            path.split(|c| !digits(c)).filter(|part| !part.is_empty()).map(|n| n.parse().unwrap()).collect();
        let from = (numbers[0], numbers[1]);
        let to = match path.chars().find(char::is_ascii_alphabetic) {
            Some('H') => (numbers[2], from.1),
            Some('V') => (from.0, numbers[2]),
            _ => (from.0 + numbers[2], from.1 + numbers[3]),
        };
        [from, to]
    };
    let thick = "stroke=\"#212b32\" stroke-width=\"12\"";
    let paths = svg.lines().filter(|row| row.contains(thick)).filter_map(|row| row.split("d=\"").nth(1));
    paths.flat_map(|path| path.split('"').next().unwrap().split('M').skip(1).map(line)).collect()
}

#[test]
fn each_of_25_names_in_a_crowd_is_written_and_no_line_to_one_runs_through_another() {
    let mut crowded = funnel(400);
    crowded.points.iter_mut().enumerate().for_each(|(at, point)| point.named = at < 25);
    let mut ranked = ranks(190);
    ranked.units.iter_mut().enumerate().for_each(|(at, unit)| unit.named = at % 7 == 3 && at < 178);
    let named = |text: &str| text.starts_with('Y') || text.starts_with("Practice") || text.starts_with("The");
    let frame = frame(800, Format::Svg);
    for drawn in [funnel_plot(&frame, &crowded), caterpillar(&frame, &ranked)] {
        let drawn = svg(drawn);
        assert_eq!(faults(&drawn), Vec::<String>::new());
        let names: Vec<Word> = words(&drawn)
            .into_iter()
            .filter(|word| named(&word.text) && word.right - word.left < 4000.0)
            .collect();
        assert_eq!(names.len(), 25, "{:?}", names.iter().map(|name| &name.text).collect::<Vec<_>>());
        let lines = leaders(&drawn);
        assert!(lines.len() > 5, "{lines:?}");
        for Word { text, left, right, top, bottom } in &names {
            let name = Rect { left: *left, right: *right, top: *top, bottom: *bottom };
            let through: Vec<_> = lines.iter().filter(|[from, to]| name.is_crossed(*from, *to)).collect();
            assert!(through.is_empty(), "{text} at {name:?}: {through:?}");
        }
    }
}

#[test]
fn neighbours_in_a_row_all_have_their_names() {
    // Lines to the innermost cannot get out between the others' names: they go on behind them.
    let mut ranked = ranks(190);
    ranked.units.iter_mut().enumerate().for_each(|(at, unit)| unit.named = (60..85).contains(&at));
    let drawn = svg(caterpillar(&frame(800, Format::Svg), &ranked));
    assert_eq!(faults(&drawn), Vec::<String>::new());
    let written = words(&drawn).iter().filter(|word| word.text.starts_with("Practice ")).count();
    assert_eq!(written, 25);
}

#[test]
fn names_without_room_are_told() {
    // All in one place: the lines to the names would run through each other's points.
    let mut narrow = funnel(300);
    narrow.points.iter_mut().for_each(|point| point.named = false);
    narrow.points.iter_mut().take(25).enumerate().for_each(|(at, point)| {
        point.label = format!("{at:02} {}", "Riverside Family Health Centre ".repeat(4));
        (point.named, point.size, point.value) = (true, 60_000.0, 0.18);
    });
    let drawn = svg(funnel_plot(&frame(400, Format::Svg), &narrow));
    assert_eq!(faults(&drawn), Vec::<String>::new());
    let said: String = words(&drawn).into_iter().map(|word| word.text + " ").collect();
    let written = said.matches("Riverside Family").count();
    assert!(written >= 25 || said.contains("there is no room to write it"), "{written}: {said}");
}

#[test]
fn a_long_name_is_cut_with_an_ellipsis() {
    let said = words(&svg(caterpillar(&frame(800, Format::Svg), &ranks(32))));
    let cut: Vec<&Word> = said.iter().filter(|word| word.text.starts_with("The Old Mill")).collect();
    assert_eq!(cut.len(), 1);
    assert!(cut[0].text.ends_with('\u{2026}') && cut[0].text.len() < 50, "{}", cut[0].text);
}

#[test]
fn acknowledged_reasons_make_the_picture_higher_and_are_never_cut() {
    let plain = caterpillar(&frame(400, Format::Png), &ranks(32)).expect("can be drawn");
    let mut warned = acknowledged(frame(400, Format::Svg));
    warned.acknowledged.push("a reason ".repeat(60));
    let picture = caterpillar(&warned, &ranks(32)).expect("can be drawn");
    assert!(picture.height > plain.height + 100);
    let said: Vec<String> = words(&svg(Ok(picture))).into_iter().map(|word| word.text).collect();
    assert_eq!(said.join(" ").matches("a reason").count(), 60);
}

#[test]
fn classes_are_told_apart_without_colour() {
    use super::super::marks::Mark;
    let grey = |(red, green, blue): (u8, u8, u8)| {
        0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue)
    };
    let shapes = |marks: &[Mark]| {
        let mut shapes: Vec<String> =
            marks.iter().map(|mark| format!("{:?} {}", mark.outline, mark.hollow)).collect();
        shapes.sort();
        shapes.dedup();
        shapes.len()
    };
    let funnel: Vec<Mark> = FunnelClass::ALL.iter().map(|class| class.mark()).collect();
    assert_eq!(shapes(&funnel), FunnelClass::ALL.len());
    let bands: Vec<Mark> = RankBand::ALL.iter().map(|band| band.mark()).collect();
    assert_eq!(shapes(&bands), RankBand::ALL.len());
    let shades: Vec<f64> = RankBand::ALL.iter().map(|band| grey(band.ink())).collect();
    assert!(shades.windows(2).all(|pair| pair[1] > pair[0] + 40.0), "{shades:?}");
    assert!(grey(funnel[0].ink) > grey(INK) + 60.0);
}

#[test]
fn the_height_follows_the_width() {
    let at = |width| {
        let width = Width::try_from(width).expect("allowed");
        let frame = super::super::Frame { width, ..frame(800, Format::Svg) };
        let picture = caterpillar(&frame, &ranks(190)).expect("can be drawn");
        (picture.width, picture.height)
    };
    let (narrow, wide) = (at(800), at(1600));
    assert_eq!((narrow.0, wide.0), (800, 1600));
    assert!(wide.1 > narrow.1 * 3 / 2 && wide.1 < narrow.1 * 5 / 2, "{narrow:?} {wide:?}");
}
