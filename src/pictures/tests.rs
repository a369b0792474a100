//! Laws of the pictures: what they must carry, what they refuse, and that hostile or empty data does no harm.

use super::samples::{acknowledged, control, days, frame, funnel, hours, ranks};
use super::{Format, Picture, PictureError, caterpillar, control_chart, funnel_plot, profile};

/// Every kind of picture, by the name of its file.
fn gallery(width: u32, format: Format) -> Vec<(&'static str, Result<Picture, PictureError>)> {
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

/// Writes every picture into the folder that CALLGAUGE_PICTURES names, for looking at them.
#[test]
#[ignore = "for looking: CALLGAUGE_PICTURES=FOLDER cargo test --lib pictures -- --ignored"]
fn pictures_can_be_looked_at() {
    let folder = std::env::var("CALLGAUGE_PICTURES").expect("CALLGAUGE_PICTURES names a folder");
    for width in [400, 800, 1600] {
        for (format, ending) in [(Format::Svg, "svg"), (Format::Png, "png")] {
            for (name, picture) in gallery(width, format) {
                let picture = picture.expect(name);
                std::fs::write(format!("{folder}/{name}-{width}.{ending}"), &picture.bytes)
                    .expect("can be written");
            }
        }
    }
}
