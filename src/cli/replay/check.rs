//! Asks the service about everything that was sent, page by page, and gathers the numbers.

use tonic::transport::Channel;

use crate::calendar::{Band, Day};
use crate::proto::v1;
use crate::proto::v1::metrics_service_client::MetricsServiceClient;
use crate::replay::{Answers, Column, Counts, DurationOf, Key, Scope, TimeAnswers};

/// The answers about these scopes: each as a whole and by every level below it.
///
/// # Errors
/// One line: what the service refused, or an answer that makes no sense.
pub(super) async fn ask(channel: Channel, month: &str, scopes: &[Scope]) -> Result<Answers, String> {
    let mut client = client(channel);
    let mut answers = Answers::new();
    for scope in scopes {
        let levels = std::iter::once(None).chain(scope.levels_below().map(Some));
        for group_by in levels {
            let question = v1::QueryMetricsRequest {
                organisation_codes: vec![scope.code()],
                group_by: group_by.map_or(0, |level| i32::from(level.number())),
                month: month.to_owned(),
                page_size: 5_000,
                ..v1::QueryMetricsRequest::default()
            };
            for row in pages(&mut client, question).await? {
                let level = group_by.unwrap_or(scope.level());
                let code = row.organisation.as_ref().map(|of| of.code.clone()).unwrap_or_default();
                answers.entry(Key { scope: *scope, level, code }).or_default().add(&counts(&row));
            }
        }
    }
    Ok(answers)
}

/// The answer about England's inbound calls by day and band.
///
/// # Errors
/// One line, as above.
pub(super) async fn ask_times(channel: Channel, month: &str) -> Result<TimeAnswers, String> {
    let mut client = client(channel);
    let question = v1::QueryMetricsRequest {
        organisation_codes: vec![Scope::England.code()],
        month: month.to_owned(),
        granularity: v1::Granularity::NhsBand as i32,
        metrics: vec!["call_volumes".to_owned()],
        page_size: 5_000,
        ..v1::QueryMetricsRequest::default()
    };
    let mut answers = TimeAnswers::new();
    for row in pages(&mut client, question).await? {
        let start = row.bucket.as_ref().map(|bucket| bucket.start.as_str()).unwrap_or_default();
        let (day, band) = day_and_band(start)
            .ok_or_else(|| format!("the service answered with a bucket from \"{start}\""))?;
        *answers.entry((day, band)).or_default() += counts(&row)[Column::Inbound];
    }
    Ok(answers)
}

fn client(channel: Channel) -> MetricsServiceClient<Channel> {
    MetricsServiceClient::new(channel).max_decoding_message_size(16 * 1024 * 1024)
}

/// All rows of all pages.
pub(crate) async fn pages(
    client: &mut MetricsServiceClient<Channel>,
    mut question: v1::QueryMetricsRequest,
) -> Result<Vec<v1::MetricRow>, String> {
    let mut rows = Vec::new();
    loop {
        let page = client
            .query_metrics(question.clone())
            .await
            .map_err(|status| format!("the service refused a question: {}", status.message()))?
            .into_inner();
        rows.extend(page.rows);
        if page.next_page_token.is_empty() {
            return Ok(rows);
        }
        question.page_token = page.next_page_token;
    }
}

/// The numbers of a row: from the metrics by their names, and from the sum check what is no metric. No value means no calls.
fn counts(row: &v1::MetricRow) -> Counts {
    let mut counts = Counts::default();
    for metric in &row.values {
        let column = match metric.metric.as_str() {
            "call_volumes" => Column::Inbound,
            "calls_abandoned" => Column::EndedInIvr,
            "missed_call_volumes" => Column::Missed,
            "call_backs_requested" => Column::CallbackRequested,
            "call_backs_made" => Column::CallbackMade,
            _ => Column::Answered,
        };
        let of = match metric.metric.as_str() {
            "call_times_to_answer" => Some(DurationOf::AnsweredWait),
            "average_call_length" => Some(DurationOf::Talk),
            "wait_time_before_call_abandoned" => Some(DurationOf::MissedWait),
            _ => None,
        };
        match (&metric.value, of) {
            (Some(v1::metric_value::Value::Count(count)), None) => {
                counts[column] = count.count.unsigned_abs();
            }
            (Some(v1::metric_value::Value::Distribution(distribution)), Some(of)) => {
                for band in &distribution.bands {
                    if let Some(number) = u8::try_from(band.band - 1).ok().filter(|&number| number < 4) {
                        counts[Column::Duration(of, number)] = band.calls.unsigned_abs();
                    }
                }
            }
            _ => {}
        }
    }
    if let Some(check) = &row.outcome_check {
        counts[Column::Answered] = check.answered.unsigned_abs();
        counts[Column::Unclassified] = check.unclassified.unsigned_abs();
    }
    counts
}

/// The day and band that a bucket from "2026-02-02T08:00:00+00:00" is.
fn day_and_band(start: &str) -> Option<(Day, Band)> {
    let day = start.get(..10)?.parse().ok()?;
    let (hours, minutes) = (start.get(11..13)?.parse::<u32>().ok()?, start.get(14..16)?.parse::<u32>().ok()?);
    (hours < 24 && minutes < 60).then(|| (day, Band::at(hours * 3_600 + minutes * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_found_by_its_start() {
        let at = |text| day_and_band(text).map(|(day, band)| (day.to_string(), band.number()));
        assert_eq!(at("2026-02-02T08:00:00+00:00"), Some(("2026-02-02".to_owned(), 2)));
        assert_eq!(at("2025-10-26T00:00:00+01:00"), Some(("2025-10-26".to_owned(), 0)));
        assert_eq!(at("2026-02-28T18:30:00+00:00"), Some(("2026-02-28".to_owned(), 8)));
        assert_eq!(at("08:00"), None);
    }

    #[test]
    fn numbers_are_read_by_the_names_of_the_metrics() {
        use v1::metric_value::Value;
        let metric = |name: &str, value| v1::MetricValue { metric: name.to_owned(), value: Some(value) };
        let count = |count| Value::Count(v1::Count { count });
        let bands = |calls: [i64; 4]| {
            let bands = (1..).zip(calls).map(|(band, calls)| v1::DurationBand { band, calls }).collect();
            Value::Distribution(v1::Distribution { bands, ..v1::Distribution::default() })
        };
        let row = v1::MetricRow {
            values: vec![
                metric("call_volumes", count(100)),
                metric("calls_abandoned", count(20)),
                metric("call_times_to_answer", bands([5, 4, 3, 2])),
                metric("missed_call_volumes", count(9)),
                metric("wait_time_before_call_abandoned", bands([1, 0, 0, 8])),
                metric("call_backs_requested", count(7)),
                metric("call_backs_made", Value::Absence(v1::Absence::NotApplicable as i32)),
                metric("average_call_length", bands([0, 1, 2, 3])),
            ],
            outcome_check: Some(v1::OutcomeCheck {
                answered: 60,
                unclassified: 4,
                ..v1::OutcomeCheck::default()
            }),
            ..v1::MetricRow::default()
        };
        let counts = counts(&row);
        assert_eq!(
            Column::ALL.map(|column| counts[column]),
            [100, 60, 20, 7, 9, 4, 0, 5, 4, 3, 2, 0, 1, 2, 3, 1, 0, 0, 8]
        );
    }
}
