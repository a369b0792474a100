//! Laws of the pictures: what they must carry, what they refuse, and that hostile or empty data does no harm.

mod golden;
mod hostile;
mod layout;
mod numbers;

use super::samples::{acknowledged, control, days, frame, funnel, hours, ranks};
use super::{Format, Picture, PictureError, caterpillar, control_chart, funnel_plot, profile};

/// What drawing gives.
type Drawn = Result<Picture, PictureError>;

/// Every kind of picture, by the name of its file.
fn gallery(width: u32, format: Format) -> Vec<(&'static str, Drawn)> {
    let plain = frame(width, format);
    let warned = acknowledged(plain.clone());
    vec![
        ("funnel", funnel_plot(&plain, &funnel(42))),
        ("funnel-england", funnel_plot(&warned, &funnel(6_200))),
        ("control", control_chart(&plain, &control(24))),
        ("ranks", caterpillar(&warned, &ranks(32))),
        ("ranks-icb", caterpillar(&plain, &ranks(190))),
        ("ranks-england", caterpillar(&warned, &ranks(6_200))),
        ("days", profile(&plain, &days(61))),
        ("days-year", profile(&plain, &days(365))),
        ("hours", profile(&plain, &hours())),
    ]
}

/// Pictures of data that leaves a drawing little to show, or too much.
fn odd_gallery(width: u32, format: Format) -> Vec<(&'static str, Drawn)> {
    let plain = frame(width, format);
    let long = "The Old Mill Surgery and Riverside Family Health Centre Partnership, Branch of Nether Wallop"
        .to_owned();
    let mut equal = funnel(60);
    equal.points.iter_mut().for_each(|point| (point.size, point.value, point.named) = (500.0, 0.0, false));
    (equal.target, equal.limits_95, equal.limits_998) = (0.0, Vec::new(), Vec::new());
    let mut named = funnel(400);
    named.points.iter_mut().for_each(|point| point.named = false);
    named.points.iter_mut().take(20).for_each(|point| (point.label, point.named) = (long.clone(), true));
    let mut level = control(24);
    level.points.iter_mut().for_each(|point| (point.value, point.causes) = (Some(0.2), Vec::new()));
    level.phases = vec![super::Phase { first: 0, mean: 0.2, lower: Some(0.2), upper: Some(0.2) }];
    level.target = None;
    let mut wordy = ranks(50);
    wordy.units.iter_mut().for_each(|unit| unit.label = long.clone());
    let mut none = hours();
    none.points.iter_mut().for_each(|point| (point.value, point.reference) = (Some(0.0), None));
    let titled = super::Frame { title: long.repeat(4), statements: vec![long.repeat(3); 6], ..plain.clone() };
    vec![
        ("funnel-two", funnel_plot(&plain, &funnel(2))),
        ("funnel-equal", funnel_plot(&plain, &equal)),
        ("funnel-names", funnel_plot(&plain, &named)),
        ("funnel-titled", funnel_plot(&titled, &funnel(42))),
        ("control-level", control_chart(&plain, &level)),
        ("control-many", control_chart(&plain, &control(400))),
        ("ranks-two", caterpillar(&plain, &ranks(2))),
        ("ranks-wordy", caterpillar(&plain, &wordy)),
        ("days-one", profile(&plain, &days(1))),
        ("hours-none", profile(&plain, &none)),
    ]
}

/// A finished SVG as text.
fn svg(drawn: Drawn) -> String {
    String::from_utf8(drawn.expect("can be drawn").bytes).expect("an SVG is text")
}

/// Writes every picture into the folder that CALLGAUGE_PICTURES names, for looking at them.
#[test]
#[ignore = "for looking: CALLGAUGE_PICTURES=FOLDER cargo test --lib pictures -- --ignored"]
fn pictures_can_be_looked_at() {
    let folder = std::env::var("CALLGAUGE_PICTURES").expect("CALLGAUGE_PICTURES names a folder");
    for width in [400, 800, 1600] {
        for (format, ending) in [(Format::Svg, "svg"), (Format::Png, "png")] {
            let started = std::time::Instant::now();
            let drawn = [gallery(width, format), odd_gallery(width, format)].concat();
            println!("{} pictures {width} wide as {ending}: {:?}", drawn.len(), started.elapsed());
            for (name, picture) in drawn {
                let picture = picture.expect(name);
                std::fs::write(format!("{folder}/{name}-{width}.{ending}"), &picture.bytes)
                    .expect("can be written");
            }
        }
    }
}

#[test]
fn every_picture_says_what_has_to_be_known_to_read_it() {
    for (name, picture) in gallery(800, Format::Svg) {
        let words = layout::words(&svg(picture));
        let said: String = words.iter().map(|word| word.text.clone()).collect::<Vec<_>>().join(" ");
        let frame = acknowledged(frame(800, Format::Svg));
        let mut needed = vec![frame.title, frame.window, frame.definition_set, frame.coverage, frame.caption];
        needed.extend(frame.statements);
        if ["funnel-england", "ranks", "ranks-england"].contains(&name) {
            needed.extend(frame.acknowledged);
        }
        for text in needed {
            assert!(said.contains(&text), "{name} does not say: {text}\nit says: {said}");
        }
    }
}

#[test]
fn one_organisation_far_above_does_not_press_the_others_flat_and_is_told() {
    let with_one_far = |points: usize| {
        let mut far = funnel(points);
        far.value.unit = super::figure::Unit::Number;
        far.points[7].value = 89_012.0;
        svg(funnel_plot(&frame(800, Format::Svg), &far))
    };
    let told = "Far above the others, and drawn at the upper edge: 1, the highest at 89,012";
    let drawn = with_one_far(60);
    assert!(drawn.contains(told) && !drawn.contains(">100,000<"), "{drawn}");
    // Among few nobody can say what is usual.
    let drawn = with_one_far(12);
    assert!(!drawn.contains("Far above") && drawn.contains(">100,000<"), "{drawn}");
    assert!(!svg(funnel_plot(&frame(800, Format::Svg), &funnel(6_200))).contains("Far above"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for format in [Format::Svg, Format::Png] {
        let few = |width| {
            let frame = acknowledged(frame(width, format));
            [
                funnel_plot(&frame, &funnel(60)),
                control_chart(&frame, &control(24)),
                caterpillar(&frame, &ranks(70)),
                profile(&frame, &days(40)),
                profile(&frame, &hours()),
            ]
        };
        let (once, again, wider) = (few(400), few(400), few(401));
        assert!(once == again);
        assert!(once.iter().zip(&wider).all(|(one, other)| one != other));
    }
}

#[test]
fn a_picture_of_england_stays_small() {
    let frames = [frame(1600, Format::Svg), frame(1600, Format::Png)];
    for (frame, most) in frames.iter().zip([1_000_000, 400_000]) {
        for picture in [funnel_plot(frame, &funnel(6_200)), caterpillar(frame, &ranks(6_200))] {
            let size = picture.expect("can be drawn").bytes.len();
            assert!(size < most, "{:?}: {size} bytes", frame.format);
        }
    }
}

#[test]
fn a_png_is_as_large_as_it_says_and_not_empty() {
    for (name, picture) in gallery(400, Format::Png) {
        let picture = picture.expect(name);
        let mut reader = png::Decoder::new(std::io::Cursor::new(&picture.bytes)).read_info().expect("a PNG");
        let info = reader.info();
        assert_eq!((info.width, info.height), (picture.width, picture.height), "{name}");
        let mut pixels = vec![0; reader.output_buffer_size().expect("fits")];
        reader.next_frame(&mut pixels).expect("has an image");
        let paper = pixels.iter().filter(|pixel| **pixel == pixels[0]).count();
        assert!(
            paper > pixels.len() / 3 && paper < pixels.len() * 97 / 100,
            "{name}: {paper} of {}",
            pixels.len()
        );
    }
}
