//! Bands as suppliers write them, as those that NHS England publishes. A finer band is part of one of these; one that lies across two of them belongs to
//! neither, and is no band.

/// The time bands, by the minute of the day in which each begins.
const TIME_BANDS: [(u32, &str); 9] = [
    (0, "00:00-06:00"),
    (6 * 60, "06:00-08:00"),
    (8 * 60, "08:00-10:00"),
    (10 * 60, "10:00-12:00"),
    (12 * 60, "12:00-14:00"),
    (14 * 60, "14:00-16:00"),
    (16 * 60, "16:00-18:00"),
    (18 * 60, "18:00-18:30"),
    (18 * 60 + 30, "18:30-24:00"),
];

/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// The time band in which theirs lies; empty for the whole day. Theirs is its first minute, or that and its last one or its end: `08:00-09:59`,
/// `0800_1000`, `08:30 to 08:59`, `8-10`, `08:00`. Times are London's.
pub(crate) fn time_band(text: &str) -> Option<&'static str> {
    if whole(text) {
        return Some("");
    }
    let text = text.to_ascii_lowercase().replace(" to ", "-").replace(':', "");
    let mut times = text.split(['-', '_', '–']).map(|part| minute(part.trim()));
    let (first, last) = (times.next()??, times.next());
    if times.next().is_some() {
        return None;
    }
    let end = match last {
        None => first + 1,
        // 09:59 is a last minute, 10:00 an end, and midnight the day's.
        Some(last) => match last? {
            0 => DAY,
            minute if minute % 10 == 9 => minute + 1,
            minute => minute,
        },
    };
    let at = TIME_BANDS.iter().rposition(|(begins, _)| *begins <= first)?;
    let ends = TIME_BANDS.get(at + 1).map_or(DAY, |(begins, _)| *begins);
    (first < end && end <= ends).then(|| TIME_BANDS[at].1)
}

/// `0800`, `800`, `8` as a minute of the day, 24:00 among them.
fn minute(text: &str) -> Option<u32> {
    if !(1..=4).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u32 = text.parse().ok()?;
    let (hour, minute) = if text.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
    let found = hour * 60 + minute;
    (minute < 60 && found <= DAY).then_some(found)
}

/// The duration band in which theirs lies; empty for all. Theirs is in seconds: `0`, `1_60`, `61-120`, `<60`, `>300`. 60 and 120 s belong to the lower
/// band.
pub(crate) fn duration_band(text: &str) -> Option<&'static str> {
    if whole(text) {
        return Some("");
    }
    let seconds = |text: &str| text.trim().parse::<u32>().ok();
    let over = text.strip_prefix('>').or_else(|| text.strip_suffix('+'));
    if let Some(from) = over {
        return (seconds(from.trim_start_matches('='))? >= 300).then_some("over_300");
    }
    if let Some(up_to) = text.strip_prefix(['<', '≤']) {
        return (seconds(up_to.trim_start_matches('='))? <= 60).then_some("up_to_60");
    }
    let mut ends = text.split(['_', '-', '–']).map(seconds);
    let first = ends.next()??;
    // Where a band begins with the last second of the one before, as in 60-120, that second is the one before's.
    let last = ends.next().map_or(Some(first), |last| last.filter(|last| first < *last))?;
    let first = if last > first { first + 1 } else { first };
    (ends.next().is_none() && band_of(first) == band_of(last)).then(|| band_of(last))
}

const fn band_of(seconds: u32) -> &'static str {
    match seconds {
        0..=60 => "up_to_60",
        61..=120 => "61_to_120",
        121..=300 => "121_to_300",
        _ => "over_300",
    }
}

fn whole(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("total") || text.eq_ignore_ascii_case("all")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finer_time_bands_are_part_of_the_published_ones() {
        for (theirs, ours) in [
            ("00:00-05:59", "00:00-06:00"),
            ("0800_0959", "08:00-10:00"),
            ("08:00 - 10:00", "08:00-10:00"),
            ("08:30 to 08:59", "08:00-10:00"),
            ("8-10", "08:00-10:00"),
            ("18:00-18:29", "18:00-18:30"),
            ("18:00-18:30", "18:00-18:30"),
            ("18:30-23:59", "18:30-24:00"),
            ("22:00-00:00", "18:30-24:00"),
            ("23:00", "18:30-24:00"),
            ("TOTAL", ""),
            ("", ""),
        ] {
            assert_eq!(time_band(theirs), Some(ours), "{theirs}");
        }
        for theirs in
            ["07:00-08:59", "18:00-18:59", "00:00-23:59", "morning", "25:00", "10:00-08:00", "8-9-10"]
        {
            assert_eq!(time_band(theirs), None, "{theirs}");
        }
    }

    #[test]
    fn finer_duration_bands_are_part_of_the_published_ones() {
        for (theirs, ours) in [
            ("0", "up_to_60"),
            ("1_60", "up_to_60"),
            ("<60", "up_to_60"),
            ("0-60", "up_to_60"),
            ("61_120", "61_to_120"),
            ("60-120", "61_to_120"),
            ("121_180", "121_to_300"),
            (">300", "over_300"),
            ("300+", "over_300"),
            ("301_600", "over_300"),
            ("TOTAL", ""),
        ] {
            assert_eq!(duration_band(theirs), Some(ours), "{theirs}");
        }
        for theirs in ["long", ">120", "<120", "61_180", "0_120", "120_61", "-5", "1_2_3"] {
            assert_eq!(duration_band(theirs), None, "{theirs}");
        }
    }
}
