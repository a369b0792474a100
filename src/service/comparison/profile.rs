//! One organisation's days, or NHS bands of the day: what the profile picture is drawn from.

use super::control::organisation;
use super::gather::{BANDS, Sources, Table, sum};
use super::question::{Put, Touched, Window, hours, is_share, number};
use super::units::Units;
use crate::calendar::{Band, Day, Granularity, Hours};
use crate::definitions::{Definition, DefinitionSet};
use crate::organisations::Asked;
use crate::pictures::{Axis, DayKind, Profile, ProfileKind, ProfilePoint, Unit};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::metrics::{self, Keys};

const EXAMPLE: &str = r#"{"profile":{"organisation_code":"A81001","metric":"call_volumes","first_month":"2026-02","last_month":"2026-02"}}"#;
/// Most months.
const MONTHS: usize = 24;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Question {
    asked: Asked,
    pub(super) set: &'static DefinitionSet,
    pub(super) metric: &'static Definition,
    pub(super) window: Window,
    by_band: bool,
    hours: Hours,
}

/// A profile.
pub(super) struct Profiled {
    pub(super) organisation: v1::OrganisationRef,
    pub(super) plot: Profile,
}

/// Reads a request.
pub(super) fn parse(request: v1::ProfileRequest) -> Result<Put<Question>, Fault> {
    let v1::ProfileRequest {
        organisation_code,
        metric,
        definition_set,
        first_month,
        last_month,
        by_band,
        hours: hours_asked,
    } = request;
    let asked = organisation(&organisation_code, EXAMPLE)?;
    let set = metrics::find_set(&definition_set)?;
    let found = number("metric", set, &metric)?;
    let window = Window::parse(["first_month", "last_month"], &first_month, &last_month, MONTHS)?;
    let granularity = if by_band { Granularity::NhsBand } else { Granularity::Day };
    let question = Question { asked, set, metric: found, window, by_band, hours: hours(hours_asked)? };
    Ok(Put { question, touched: Touched::new(&[organisation_code], vec![metric], granularity) })
}

/// Makes the profile.
pub(super) fn answer(question: &Question, sources: &Sources, waiting: &Waiting) -> Result<Profiled, Fault> {
    let attributions = sources.snapshot.attributions();
    let keys = Keys::of(&attributions);
    let days = question.window.days();
    let unit = Units::single(question.asked, &sources.directory, &attributions, &keys, days)?;
    let at = |day: Day| (day.number() - days.first.number()) as u32;
    let slots = sources.slots(days, question.hours, |day, band| {
        if question.by_band { u32::try_from(band).ok() } else { Some(at(day)) }
    })?;
    let wide = if question.by_band { BANDS } else { days.len() };
    let tables = sources.tables(&[unit.group], &slots, wide, &[question.metric], waiting)?;
    let table = tables.into_iter().next().ok_or_else(|| Fault::Internal("no table was made".to_owned()))?;
    if sum(table.unit(0).iter().flatten()) == (0, 0) {
        return Err(Fault::NotComparable(
            "there are no calls in the window: nothing can be drawn".to_owned(),
        ));
    }
    let values = values(&table, question);
    let plot = if question.by_band { bands(question, values) } else { by_day(question, sources, values) };
    Ok(Profiled { organisation: unit.organisation, plot })
}

fn values(table: &Table, question: &Question) -> Vec<Option<f64>> {
    let value = |pair: &Option<(i64, i64)>| {
        let (n, d) = (*pair)?;
        if is_share(question.metric) { (d > 0).then(|| n as f64 / d as f64) } else { Some(n as f64) }
    };
    table.unit(0).iter().map(value).collect()
}

fn axis(question: &Question) -> Axis {
    let share = is_share(question.metric);
    let of = if share { format!(": share of {}", question.metric.denominator) } else { String::new() };
    Axis {
        title: format!("{}{of}", question.metric.label),
        unit: if share { Unit::Proportion } else { Unit::Number },
    }
}

fn bands(question: &Question, values: Vec<Option<f64>>) -> Profile {
    let clock = |secs: u32| format!("{:02}:{:02}", secs / 3_600, secs / 60 % 60);
    let points = Band::all().zip(values).map(|(band, value)| ProfilePoint {
        label: clock(band.start()),
        value,
        reference: None,
        day: DayKind::Working,
    });
    Profile {
        value: axis(question),
        period: "NHS band of the day, from (Europe/London)".to_owned(),
        kind: ProfileKind::Hours,
        points: points.collect(),
        reference_name: String::new(),
    }
}

fn by_day(question: &Question, sources: &Sources, values: Vec<Option<f64>>) -> Profile {
    let days = question.window.days();
    let kind = |day: Day| {
        if day.weekday() > 5 {
            DayKind::Weekend
        } else if sources.calendar.bank_holiday(day).is_some() {
            DayKind::BankHoliday
        } else {
            DayKind::Working
        }
    };
    let median = |weekday: u8| {
        let mut same: Vec<f64> = days
            .iter()
            .zip(&values)
            .filter(|(day, _)| day.weekday() == weekday && kind(*day) != DayKind::BankHoliday)
            .filter_map(|(_, value)| *value)
            .collect();
        same.sort_by(f64::total_cmp);
        let middle = same.len() / 2;
        if same.len() % 2 == 1 {
            same.get(middle).copied()
        } else {
            middle.checked_sub(1).map(|below| 0.5 * (same[below] + same[middle]))
        }
    };
    let medians: Vec<Option<f64>> = (1..=7).map(median).collect();
    let points = days.iter().zip(&values).map(|(day, &value)| ProfilePoint {
        label: day.to_string(),
        value,
        reference: medians[usize::from(day.weekday()) - 1],
        day: kind(day),
    });
    Profile {
        value: axis(question),
        period: "Day".to_owned(),
        kind: ProfileKind::Days,
        points: points.collect(),
        reference_name: "median of the same weekday in the window".to_owned(),
    }
}
