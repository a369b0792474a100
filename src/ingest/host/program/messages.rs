//! What a program of its own says, as the types of the SDK. Nothing that it sends is taken on trust: what is not in its shape is refused.

use callgauge_adapter::{
    AdapterError, Description, Fault, How, Metric, MetricSupport, Next, OutcomeSupport, Page, Place,
    RejectedRow, RowReason, SettingKind, SettingSpec, Span, TallyRow, UnknownWord, VendorCall,
};
use callgauge_schema::{Outcome, Reason};

use crate::ingest::wire::{Kept, to_draft};
use crate::proto::adapter::v1;
use crate::proto::v1::{
    Account, DayTally, DurationBandName, TallyCount, TallyIndicator, TallyShape, TimeBand, day_tally,
};

/// Calls on a page.
const CALLS: usize = 10_000;
/// Days of counts on a page.
const TALLIES: usize = 2_000;

/// What the program says of itself, and whether its windows are whole.
pub(super) fn description(told: v1::DescribeResponse) -> Result<(Description, bool), AdapterError> {
    let v1::DescribeResponse {
        contract_version: _,
        vendor,
        title,
        version,
        reads,
        reaches_back,
        late_by,
        longest_window,
        unknown_wait,
        unknown_talk,
        sees_corrections,
        sees_deletions,
        delivers,
        settings,
        metrics,
        outcomes,
        unconfirmed,
    } = told;
    let span = |told: Option<prost_types::Duration>| {
        told.and_then(|told| u64::try_from(told.seconds).ok()).map(|secs| Span { secs })
    };
    let late_by = span(late_by).ok_or_else(|| wrong("late_by", "give how long records come late"))?;
    let longest_window = span(longest_window)
        .filter(|span| span.secs >= 60)
        .ok_or_else(|| wrong("longest_window", "give at least a minute"))?;
    let described = Description {
        vendor,
        title,
        version,
        reads,
        settings: settings.into_iter().map(setting).collect::<Result<_, _>>()?,
        reaches_back: span(reaches_back),
        late_by,
        longest_window,
        metrics: metrics.into_iter().map(metric).collect::<Result<_, _>>()?,
        outcomes: outcomes.into_iter().map(outcome).collect::<Result<_, _>>()?,
        sees_corrections,
        sees_deletions,
        unknown_wait,
        unknown_talk,
        unconfirmed,
    };
    Ok((described, delivers))
}

fn wrong(field: &str, what: &str) -> AdapterError {
    let told = format!("the adapter's program describes itself without {field}: {what}");
    AdapterError::new(Fault::Disabled, told)
}

fn setting(told: v1::Setting) -> Result<SettingSpec, AdapterError> {
    let kind = match told.kind() {
        v1::SettingKind::Unspecified => return Err(wrong("settings.kind", "say what each setting takes")),
        v1::SettingKind::Text => SettingKind::Text,
        v1::SettingKind::Secret => SettingKind::Secret,
        v1::SettingKind::Number => SettingKind::Number,
        v1::SettingKind::Switch => SettingKind::Switch,
        v1::SettingKind::List => SettingKind::List,
        v1::SettingKind::Table => SettingKind::Table,
    };
    let v1::Setting { key, kind: _, required, help } = told;
    Ok(SettingSpec { key, kind, required, help })
}

fn metric(told: v1::MetricSupport) -> Result<(Metric, MetricSupport), AdapterError> {
    let support = match told.support() {
        v1::SupportLevel::Unspecified => {
            return Err(wrong("metrics.support", "say how far each is supported"));
        }
        v1::SupportLevel::Native => MetricSupport::Native,
        v1::SupportLevel::Derived => MetricSupport::Derived,
        v1::SupportLevel::Sometimes => MetricSupport::Sometimes,
        v1::SupportLevel::No => MetricSupport::No,
    };
    let v1::MetricSupport { metric, support: _ } = told;
    let named = serde_json::from_value(serde_json::Value::String(metric));
    let metric =
        named.map_err(|_| wrong("metrics.metric", "must be one of the eight, such as \"call_volumes\""))?;
    Ok((metric, support))
}

fn outcome(told: v1::OutcomeSupport) -> Result<OutcomeSupport, AdapterError> {
    let v1::OutcomeSupport { outcome, outcome_reason, derived } = told;
    let numbered = |number: i32| u8::try_from(number).ok().filter(|number| *number > 0);
    let outcome = numbered(outcome).and_then(Outcome::from_number);
    let reason = match outcome_reason {
        0 => None,
        number => Some(numbered(number).and_then(Reason::from_number).ok_or_else(|| {
            wrong("outcomes.outcome_reason", "must be one of the reasons that this version knows")
        })?),
    };
    Ok(OutcomeSupport {
        outcome: outcome.ok_or_else(|| wrong("outcomes.outcome", "must be one of the outcomes"))?,
        reason,
        how: if derived { How::Derived } else { How::Native },
    })
}

/// A page.
pub(super) fn page(told: v1::FetchCallsResponse, next: Next) -> Result<Page, AdapterError> {
    let v1::FetchCallsResponse { calls, rejected_rows, unknown_words, in_progress, next_cursor: _, tallies } =
        told;
    for (what, there, most) in [("calls", calls.len(), CALLS), ("tallies", tallies.len(), TALLIES)] {
        if there > most {
            let told =
                format!("the adapter's program gave {there} {what} on a page; at most {most} are taken");
            return Err(AdapterError::new(Fault::Protocol, told));
        }
    }
    let mut page = Page { in_progress: u64::try_from(in_progress).unwrap_or(0), ..Page::empty(next) };
    for told in calls {
        match call(told) {
            Ok(call) => page.calls.push(call),
            Err(row) => page.rejects.push(row),
        }
    }
    page.rejects.extend(rejected_rows.into_iter().map(row));
    page.tallies = tallies.into_iter().flat_map(tally).collect();
    page.unknown_words = unknown_words
        .into_iter()
        .map(|v1::UnknownWord { field, word, count }| UnknownWord {
            field: field.chars().take(64).collect(),
            word: word.chars().take(64).collect(),
            times: u64::try_from(count).unwrap_or(0),
        })
        .collect();
    Ok(page)
}

/// A call, or how it is kept where it is none.
pub(super) fn call(told: v1::Call) -> Result<VendorCall, RejectedRow> {
    let v1::Call { record, places } = told;
    let record = record.unwrap_or_default();
    let id = record.call_id.parse::<callgauge_schema::CallId>().map(|id| id.to_string()).unwrap_or_default();
    let mut kept = Kept::default();
    let draft = to_draft(record, &mut kept)
        .map_err(|fault| RejectedRow::refused(id.clone(), &fault, serde_json::json!({ "id": id })))?;
    Ok(VendorCall { draft, places: self::places(places) })
}

fn places(told: Vec<v1::Place>) -> Vec<Place> {
    let known = told.into_iter().filter_map(|v1::Place { place }| match place? {
        v1::place::Place::PracticeNumber(text) => Place::number(&text),
        v1::place::Place::Queue(name) => Some(Place::queue(name)),
        v1::place::Place::Site(name) => Some(Place::site(name)),
    });
    known.collect()
}

/// The rows of a day's counts; what is no indicator or band is refused with the tally that it becomes part of.
fn tally(told: v1::Tally) -> Vec<TallyRow> {
    let v1::Tally { day, places } = told;
    let DayTally { attribution, date, shape, indicators, counts } = day.unwrap_or_default();
    let mut whose = TallyRow { date, places: self::places(places), ..TallyRow::default() };
    match attribution {
        Some(day_tally::Attribution::PracticeCode(code)) => whose.practice = code,
        Some(day_tally::Attribution::Account(account)) => {
            let Account { id, pcn_code, sub_icb_code, icb_code, region_code } = account;
            (whose.account, whose.pcn, whose.sub_icb) = (id, pcn_code, sub_icb_code);
            (whose.icb, whose.region) = (icb_code, region_code);
        }
        None => {}
    }
    let counted: Vec<i32> = counts.iter().map(|count| count.indicator).collect();
    let stated =
        counts.into_iter().map(|TallyCount { indicator, time_band, duration_band, calls }| TallyRow {
            indicator: indicator_name(indicator),
            time_band: band_name(time_band, TimeBand::try_from(time_band).map(|band| band.as_str_name())),
            duration_band: band_name(
                duration_band,
                DurationBandName::try_from(duration_band).map(|band| band.as_str_name()),
            ),
            // What is negative is refused, as what is too much.
            count: u64::try_from(calls).unwrap_or(u64::MAX),
            ..whose.clone()
        });
    // An indicator that is listed and has no count is 0, in the shape of the others.
    let timed = shape == i32::from(TallyShape::TimeBands);
    let cut = |of: i32| {
        shape == i32::from(TallyShape::DurationBands)
            && [TallyIndicator::Answered, TallyIndicator::Missed, TallyIndicator::AnsweredByLength]
                .map(i32::from)
                .contains(&of)
    };
    let zeros = indicators.into_iter().filter(|of| !counted.contains(of)).map(|of| TallyRow {
        indicator: indicator_name(of),
        time_band: if timed { "00:00-06:00" } else { "" }.to_owned(),
        duration_band: if cut(of) { "up_to_60" } else { "" }.to_owned(),
        ..whose.clone()
    });
    stated.chain(zeros).collect()
}

fn indicator_name(number: i32) -> String {
    let known = TallyIndicator::try_from(number).map(|indicator| indicator.as_str_name());
    known.unwrap_or_default().trim_start_matches("TALLY_INDICATOR_").to_ascii_lowercase()
}

/// A band by its name in the proto, without what all of them begin with; empty for none.
fn band_name(number: i32, known: Result<&str, prost::UnknownEnumValue>) -> String {
    match known {
        _ if number == 0 => String::new(),
        Ok(name) => {
            name.trim_start_matches("TIME_BAND_").trim_start_matches("DURATION_BAND_NAME_").to_owned()
        }
        Err(_) => number.to_string(),
    }
}

fn row(told: v1::RejectedRow) -> RejectedRow {
    let v1::RejectedRow { row_id, field, missing, message, row_json } = told;
    RejectedRow {
        id: row_id,
        field: field.chars().take(128).collect(),
        reason: if missing { RowReason::Missing } else { RowReason::Malformed },
        message: message.chars().take(500).collect(),
        row: serde_json::from_str(&row_json).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_days_counts_become_rows_and_what_is_listed_without_a_count_is_0() {
        let count = |indicator: TallyIndicator, duration_band: i32, calls: i64| TallyCount {
            indicator: indicator.into(),
            duration_band,
            calls,
            ..TallyCount::default()
        };
        let day = DayTally {
            attribution: Some(day_tally::Attribution::PracticeCode("A81001".into())),
            date: "2026-02-02".into(),
            shape: TallyShape::DurationBands.into(),
            indicators: vec![1, 3, 4, 5],
            counts: vec![
                count(TallyIndicator::Inbound, 0, 9),
                count(TallyIndicator::Answered, DurationBandName::Over300 as i32, 2),
                count(TallyIndicator::Answered, 77, -1),
            ],
        };
        let place = v1::Place { place: Some(v1::place::Place::Queue("Desk".into())) };
        let rows = tally(v1::Tally { day: Some(day), places: vec![place] });
        let told: Vec<(&str, &str, u64)> =
            rows.iter().map(|row| (row.indicator.as_str(), row.duration_band.as_str(), row.count)).collect();
        assert_eq!(
            told,
            [
                ("inbound", "", 9),
                ("answered", "OVER_300", 2),
                ("answered", "77", u64::MAX),
                ("missed", "up_to_60", 0),
                ("callback_requested", "", 0),
            ]
        );
        assert!(rows.iter().all(|row| row.practice == "A81001" && row.places == [Place::queue("Desk")]));
    }
}
