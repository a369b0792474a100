//! Holds small SVGs to files: `CALLGAUGE_REWRITE_GOLDEN=1 cargo test --lib pictures` writes them again instead of comparing.

use std::path::Path;

use super::super::samples::{acknowledged, control, days, frame, funnel, hours, ranks};
use super::super::{Format, caterpillar, control_chart, funnel_plot, profile};
use super::svg;

#[test]
fn small_pictures_are_as_they_were() {
    let plain = frame(640, Format::Svg);
    let drawn = [
        ("funnel", funnel_plot(&plain, &funnel(12))),
        ("control", control_chart(&plain, &control(24))),
        ("ranks", caterpillar(&acknowledged(plain.clone()), &ranks(12))),
        ("ranks-many", caterpillar(&plain, &ranks(60))),
        ("days", profile(&plain, &days(14))),
        ("hours", profile(&plain, &hours())),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pictures/testdata");
    for (name, picture) in drawn {
        let (file, found) = (folder.join(format!("{name}.svg")), svg(picture));
        if std::env::var_os("CALLGAUGE_REWRITE_GOLDEN").is_some() {
            std::fs::write(&file, &found).expect("can be written");
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(found == expected, "{name}.svg is different: rewrite it and look at it");
    }
}
