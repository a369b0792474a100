//! Rows of metrics as a table for people.

use std::collections::BTreeMap;

use super::layout::{Layout, Part};
use super::metrics::value_of;
use super::names::split_name;
use super::table::{Column, Table};
use super::{clock, grouped};
use crate::proto::v1::metric_value::Value;
use crate::proto::v1::percentile::At;
use crate::proto::v1::{
    Absence, Distribution, DurationBandName, MetricRow, Percentile, PracticeDayState, QueryMetricsResponse,
};

/// All rows of an answer as a table. `pages` are all of them, in order; not more rows than [`super::table::MOST_ROWS`].
pub fn render(layout: &Layout, pages: &[QueryMetricsResponse]) -> String {
    let rows: Vec<&MetricRow> = pages.iter().flat_map(|page| &page.rows).collect();
    let show = Shown::of(layout, &rows);
    let mut table = Table {
        heading: heading(&show, pages, &rows),
        columns: columns(layout, &show),
        rows: Vec::with_capacity(rows.len()),
        notes: Vec::new(),
    };
    let mut marks = Marks::default();
    for row in &rows {
        table.rows.push(texts(layout, &show, row, &mut marks));
    }
    table.notes = marks.legend(layout);
    table.notes.extend(completeness(&rows));
    table.notes.extend(pages.first().map(|page| page.notes.clone()).unwrap_or_default());
    table.render()
}

/// Which of the columns are needed, to tell rows apart or to make them add up.
struct Shown {
    organisation: bool,
    bucket: bool,
    /// Left out where all of them are 0.
    unclassified: bool,
}

impl Shown {
    fn of(layout: &Layout, rows: &[&MetricRow]) -> Self {
        let differs =
            |key: fn(&MetricRow) -> Option<&str>| rows.windows(2).any(|pair| key(pair[0]) != key(pair[1]));
        let organisation = differs(|row| row.organisation.as_ref().map(|o| o.code.as_str()));
        let bucket = differs(|row| row.bucket.as_ref().map(|b| b.label.as_str()));
        let unclassified =
            rows.iter().any(|row| row.outcome_check.is_some_and(|check| check.unclassified > 0));
        Self { organisation: organisation || layout.asked.grouped, bucket, unclassified }
    }
}

impl Shown {
    fn parts<'a>(&self, layout: &'a Layout) -> impl Iterator<Item = &'a Part> {
        let unclassified = self.unclassified;
        layout.parts.iter().filter(move |part| unclassified || **part != Part::Unclassified)
    }
}

fn heading(show: &Shown, pages: &[QueryMetricsResponse], rows: &[&MetricRow]) -> Vec<String> {
    let Some(page) = pages.first() else { return Vec::new() };
    let mut lines = Vec::new();
    if let (false, Some(whose)) = (show.organisation, rows.first().and_then(|row| row.organisation.as_ref()))
    {
        let practices = rows.first().map_or(0, |row| row.practices);
        let many = if practices > 1 { format!(", {} practices", grouped(practices)) } else { String::new() };
        lines.push(format!("{} ({}){many}", whose.name, whose.code));
    }
    let (first, last) = (&page.first_day, &page.last_day);
    let days = if first == last { first.clone() } else { format!("{first} to {last}, both included") };
    lines.push(format!("{days}; definition set {}", page.definition_set));
    lines
}

fn columns(layout: &Layout, show: &Shown) -> Vec<Column> {
    let mut columns = Vec::new();
    if show.organisation {
        columns.extend([Column::text("Code"), Column::flexible("Name", 8)]);
    }
    if show.bucket {
        columns.push(Column::text("When"));
    }
    if layout.asked.breakdown {
        columns.push(Column::flexible("Part", 12));
    }
    columns.extend(show.parts(layout).map(|part| {
        let [above, title] = titles(part);
        Column::number(&above, &title)
    }));
    columns
}

fn titles(part: &Part) -> [String; 2] {
    let known = match part.prefix() {
        "call_volumes" => ["Call", "volumes"],
        "inbound_answered" => ["", "Answered"],
        "calls_abandoned" => ["Aband.", "in menu"],
        "missed_call_volumes" => ["", "Missed"],
        "call_backs_requested" => ["Backs", "asked"],
        "call_backs_made" => ["Backs", "made"],
        "unclassified" => ["Un-", "class."],
        "call_times_to_answer" => ["Time to", "answer"],
        "wait_before_abandoned" => ["Wait of", "missed"],
        "call_length" => ["Call", "length"],
        other => {
            let middle = other.len() / 2;
            let at = other.match_indices('_').map(|(at, _)| at).min_by_key(|at| at.abs_diff(middle));
            let (above, title) = at.map_or(("", other), |at| (&other[..at], &other[at + 1..]));
            return [above.replace('_', " "), title.replace('_', " ")];
        }
    };
    known.map(str::to_owned)
}

fn texts(layout: &Layout, show: &Shown, row: &MetricRow, marks: &mut Marks) -> Vec<String> {
    let mut texts = Vec::new();
    if let (true, Some(whose)) = (show.organisation, &row.organisation) {
        texts.extend([whose.code.clone(), whose.name.clone()]);
    }
    if let (true, Some(bucket)) = (show.bucket, &row.bucket) {
        marks.partial |= bucket.partial;
        texts.push(if bucket.partial { format!("{} (part)", bucket.label) } else { bucket.label.clone() });
    }
    if layout.asked.breakdown {
        texts.push(row.breakdown.as_ref().and_then(split_name).unwrap_or_default());
    }
    texts.extend(show.parts(layout).map(|part| match value_of(row, part) {
        Some(Value::Count(count)) => grouped(count.count),
        Some(Value::Ratio(share)) => format!("{:.1}%", share.value * 100.0),
        Some(Value::Distribution(told)) => duration_text(&told, marks),
        Some(Value::Absence(why)) => marks.absence(Absence::try_from(why).unwrap_or_default()),
        None => marks.absence(Absence::NotAvailable),
    }));
    texts
}

/// The first and the last percentile asked for.
fn duration_text(told: &Distribution, marks: &mut Marks) -> String {
    let ends = match told.percentiles.as_slice() {
        [] => return told.mean_secs.map_or_else(|| "n/a".to_owned(), |mean| clock(mean.round() as i64)),
        [only] => vec![only],
        [first, .., last] => vec![first, last],
    };
    marks.durations = true;
    let text = |percentile: &&Percentile| match percentile.at {
        Some(At::Secs(secs)) => clock(secs),
        Some(At::Band(band)) => {
            marks.bands = true;
            match DurationBandName::try_from(band).unwrap_or_default() {
                DurationBandName::UpTo60 => "<=1m",
                DurationBandName::DurationBandName61To120 => "1-2m",
                DurationBandName::DurationBandName121To300 => "2-5m",
                DurationBandName::Over300 => ">5m",
                DurationBandName::Unspecified => "?",
            }
            .to_owned()
        }
        None => "-".to_owned(),
    };
    ends.iter().map(text).collect::<Vec<_>>().join("/")
}

/// What the notes have to explain.
#[derive(Default)]
struct Marks {
    durations: bool,
    bands: bool,
    partial: bool,
    absences: BTreeMap<i32, (&'static str, &'static str)>,
}

impl Marks {
    fn absence(&mut self, why: Absence) -> String {
        let told = match why {
            Absence::Unspecified => ("?", "no reason given"),
            Absence::NoCalls => ("-", "no calls to compute it from"),
            Absence::NotAvailable => ("n/a", "the sources cannot know it"),
            Absence::NotApplicable => ("none", "does not apply"),
            Absence::Hidden => ("*", "hidden because the number is small"),
            Absence::NotShared => ("x", "not shared"),
        };
        self.absences.insert(why.into(), told);
        told.0.to_owned()
    }

    fn legend(&self, layout: &Layout) -> Vec<String> {
        let mut lines = Vec::new();
        if self.durations {
            let ends = match layout.percentiles.as_slice() {
                [] => String::new(),
                [only] => percentile_name(*only),
                [first, .., last] => format!("{}/{}", percentile_name(*first), percentile_name(*last)),
            };
            let bands =
                if self.bands { "; where only the band is known, the band that holds it" } else { "" };
            lines.push(format!("Times: {ends}, in minutes:seconds{bands}."));
        }
        if self.partial {
            lines.push("(part): only a part of it lies in the days asked for.".to_owned());
        }
        let told: Vec<_> = self.absences.values().map(|(mark, words)| format!("{mark} {words}")).collect();
        if !told.is_empty() {
            lines.push(format!("No value: {}.", told.join("; ")));
        }
        lines
    }
}

/// A percentile in words: "90th percentile".
fn percentile_name(percent: f64) -> String {
    let digits = percent.to_string();
    let ending = match digits.as_bytes() {
        _ if percent == 50.0 => return "median".to_owned(),
        [.., b'1', _] => "th",
        [.., b'1'] => "st",
        [.., b'2'] => "nd",
        [.., b'3'] => "rd",
        _ => "th",
    };
    format!("{digits}{ending} percentile")
}

/// How complete the rows are, all together; parts of a breakdown tell it once.
fn completeness(rows: &[&MetricRow]) -> Option<String> {
    let (mut expected, mut apart) = (0, 0);
    let mut states: BTreeMap<i32, i64> = BTreeMap::new();
    let mut told = None;
    for row in rows {
        let whose = (row.organisation.as_ref(), row.bucket.as_ref());
        if told.replace(whose) == Some(whose) {
            continue;
        }
        if let Some(completeness) = &row.completeness {
            expected += completeness.practice_days_expected;
            apart += completeness.calls_kept_apart + completeness.tallied_calls_kept_apart;
            for state in &completeness.states {
                *states.entry(state.state).or_default() += state.days;
            }
        }
    }
    let closed = states.remove(&i32::from(PracticeDayState::Closed));
    let texts: Vec<String> = states
        .iter()
        .map(|(&state, &days)| {
            let name = PracticeDayState::try_from(state).unwrap_or_default();
            let name = name.as_str_name().trim_start_matches("PRACTICE_DAY_STATE_");
            format!("{} {}", name.to_ascii_lowercase().replace('_', " "), grouped(days))
        })
        .collect();
    let expected = (expected > 0)
        .then(|| format!("{} practice-days expected in these rows: {}", grouped(expected), texts.join(", ")));
    let closed =
        closed.map(|days| format!("{} practice-days not expected, as practices were closed", grouped(days)));
    let apart = (apart > 0)
        .then(|| format!("{} calls of other sources kept apart, not counted above", grouped(apart)));
    let told: Vec<String> = [expected, closed, apart].into_iter().flatten().collect();
    (!told.is_empty()).then(|| format!("Completeness: {}.", told.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::{Bucket, Completeness, PracticeDays};

    #[test]
    fn what_is_kept_apart_is_told_with_its_number() {
        let days = PracticeDays { state: PracticeDayState::CallsReceived.into(), days: 5 };
        let row = |weekday, calls_kept_apart, tallied_calls_kept_apart| MetricRow {
            completeness: Some(Completeness {
                practice_days_expected: 5,
                states: vec![days],
                calls_kept_apart,
                tallied_calls_kept_apart,
                ..Default::default()
            }),
            bucket: Some(Bucket { weekday, ..Default::default() }),
            ..Default::default()
        };
        let told = completeness(&[&row(1, 32, 0), &row(2, 50, 7)]).expect("days are expected");
        assert!(
            told.contains("10 practice-days") && told.contains("; 89 calls of other sources kept apart"),
            "{told}"
        );
        let told = completeness(&[&row(1, 0, 0)]).expect("days are expected");
        assert!(!told.contains("apart"), "{told}");
    }
}
