//! Fields that several requests have: sources, dates, times, durations. Each fault names the field and says what would be right.

use callgauge_schema::{Moment, Seconds, SourceId, UnknownDurations, looks_like_uk_number};

use super::errors::Fault;
use crate::calendar::{Day, Days};
use crate::proto::v1;

/// Who submits.
pub(crate) fn source(text: String) -> Result<SourceId, Fault> {
    SourceId::try_from(text)
        .map_err(|fault| Fault::field("source_id", format!("{fault}; a source has 1 to 64 characters")))
}

/// What a source cannot know.
pub(crate) fn unknown_durations(kinds: &[i32]) -> Result<UnknownDurations, Fault> {
    let mut unknown = UnknownDurations::default();
    for &kind in kinds {
        match v1::DurationKind::try_from(kind) {
            Ok(v1::DurationKind::Wait) => unknown.wait = true,
            Ok(v1::DurationKind::Talk) => unknown.talk = true,
            Ok(v1::DurationKind::Unspecified) | Err(_) => {
                return Err(Fault::field(
                    "unknown_durations",
                    "must be DURATION_KIND_WAIT or DURATION_KIND_TALK",
                ));
            }
        }
    }
    Ok(unknown)
}

/// A day by its field.
pub(crate) fn day(field: &'static str, text: &str) -> Result<Day, Fault> {
    text.parse().map_err(|fault| Fault::field(field, format!("{fault}, and is {:?}", shown(text))))
}

/// A stretch of days from its two fields, the end excluded.
pub(crate) fn days(start: &str, end: &str) -> Result<Days, Fault> {
    if end.is_empty() {
        return Err(Fault::field("end_date", "must be given with start_date: the day after the last one"));
    }
    if start.is_empty() {
        return Err(Fault::field("start_date", "must be given with end_date: the first day"));
    }
    let days = Days::new(day("start_date", start)?, day("end_date", end)?);
    if days.is_empty() {
        return Err(Fault::field(
            "end_date",
            format!(
                "must be after start_date {start}: it is the day after the last one; {} asks for the one day",
                days.first.plus(1)
            ),
        ));
    }
    Ok(days)
}

/// An instant by its field.
pub(crate) fn instant(field: &'static str, at: prost_types::Timestamp) -> Result<Moment, Fault> {
    let years = Moment::from_millis(946_684_800_000)..=Moment::from_millis(4_102_444_800_000);
    Moment::from_parts(at.seconds, at.nanos)
        .filter(|at| years.contains(at))
        .ok_or_else(|| Fault::field(field, "must be a time of the years 2000 to 2099"))
}

/// Whole seconds by their field.
pub(crate) fn whole_seconds(field: &'static str, duration: prost_types::Duration) -> Result<Seconds, Fault> {
    let wrong = || Fault::field(field, "must be whole seconds from 0s to 86400s");
    if duration.nanos != 0 {
        return Err(wrong());
    }
    u32::try_from(duration.seconds).ok().and_then(|secs| Seconds::try_from(secs).ok()).ok_or_else(wrong)
}

/// An enum by its field; 0 means nothing was said.
pub(crate) fn numbered<T>(
    field: &'static str,
    number: i32,
    known: impl Fn(u8) -> Option<T>,
) -> Result<Option<T>, Fault> {
    if number == 0 {
        return Ok(None);
    }
    u8::try_from(number).ok().and_then(&known).map(Some).ok_or_else(|| {
        let taken: Vec<String> = (1..=u8::MAX)
            .filter(|&number| known(number).is_some())
            .map(|number| number.to_string())
            .collect();
        let told = format!(
            "{number} is none of the values that are taken here: {}; `describe` of the request names them",
            taken.join(", ")
        );
        Fault::field(field, told)
    })
}

/// Whether words that are kept or shown may be: on one line, and nobody's number.
pub(crate) fn fit(text: &str) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err("must be printable characters on one line".to_owned());
    }
    if looks_like_uk_number(text) {
        return Err("must not be a telephone number".to_owned());
    }
    Ok(())
}

/// What a client sent, short enough to be sent back.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_refused_with_the_field_and_what_would_be_right() {
        for (start, end, field, says) in [
            ("", "2026-02-02", "start_date", "first day"),
            ("2026-02-02", "", "end_date", "day after the last one"),
            ("2.2.2026", "2026-02-03", "start_date", "2026-02-01"),
            ("2026-02-02", "2026-02-30", "end_date", "2026-02-01"),
            ("2026-02-02", "2026-02-02", "end_date", "2026-02-03"),
            ("2026-02-02", "2026-02-01", "end_date", "after start_date"),
        ] {
            match days(start, end) {
                Err(Fault::Field { field: at, message }) => {
                    assert_eq!(at, field, "{start} {end}");
                    assert!(message.contains(says), "{message}");
                }
                other => panic!("{start} {end}: {other:?}"),
            }
        }
        assert_eq!(days("2026-02-02", "2026-02-03").map(Days::len).ok(), Some(1));
    }

    #[test]
    fn a_number_that_names_nothing_is_refused_with_those_that_do() {
        let known = |number: u8| (number == 2 || number == 5).then_some(number);
        assert_eq!(numbered("level", 5, known).ok(), Some(Some(5)));
        assert_eq!(numbered("level", 0, known).ok(), Some(None));
        for wrong in [1, -1, 258, i32::MAX] {
            let told = numbered("level", wrong, known).map(|_| ()).expect_err("names nothing").to_string();
            assert!(
                told.starts_with(&format!("level: {wrong} is none")) && told.contains(": 2, 5;"),
                "{told}"
            );
        }
    }

    #[test]
    fn thresholds_are_whole_seconds_of_a_day() {
        let duration = |seconds, nanos| whole_seconds("thresholds", prost_types::Duration { seconds, nanos });
        assert_eq!(duration(60, 0).map(Seconds::get).ok(), Some(60));
        for wrong in [(60, 1), (-1, 0), (86_401, 0), (0, -1)] {
            assert!(duration(wrong.0, wrong.1).is_err(), "{wrong:?}");
        }
    }
}
