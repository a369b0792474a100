//! Changes between equivalent periods as messages.

use callgauge_schema::Moment;

use super::periods::{Changes, Question};
use super::question::{ends, is_share};
use crate::calendar::Days;
use crate::compare::composition::Composition;
use crate::compare::equivalent_periods::{ExpectedParts, PeriodChange};
use crate::proto::v1;

/// The answer.
pub(super) fn response(
    question: &Question,
    changes: &Changes,
    shown: &[usize],
    answered_at: Moment,
) -> v1::CompareEquivalentPeriodsResponse {
    let made = || changes.changes.iter().flatten();
    v1::CompareEquivalentPeriodsResponse {
        organisations: shown.iter().map(|&unit| row(changes, unit)).collect(),
        before: Some(summary(question.before.days(), &changes.stretches[0])),
        after: Some(summary(question.after.days(), &changes.stretches[1])),
        sigma_squared: changes.components.sigma2_e,
        autocorrelation: changes.components.autocorrelation,
        variation_months: changes.variation_months as i32,
        definition_set: question.set.name.clone(),
        answered_at: Some(crate::ingest::timestamp(answered_at)),
        notes: notes(question, changes),
        differ: made().filter(|change| change.differs()).count() as i64,
        expected_differ: 0.05 * made().count() as f64,
    }
}

fn row(changes: &Changes, unit: usize) -> v1::PeriodChange {
    use v1::period_change::Result as Wire;
    let [(before, _), (after, _)] = changes.counted[unit];
    v1::PeriodChange {
        organisation: Some(changes.units.list[unit].organisation.clone()),
        observed_before: before,
        observed_after: after,
        result: Some(match &changes.changes[unit] {
            Ok(change) => Wire::Change(estimate(change)),
            Err(why) => Wire::LeftOut(why.clone()),
        }),
    }
}

fn estimate(change: &PeriodChange) -> v1::ChangeEstimate {
    let PeriodChange {
        observed_ratio,
        expected: _,
        expected_ratio,
        parts: ExpectedParts { list, working_days, weekdays, closures },
        ratio,
        lower,
        upper,
        standard_error: _,
        half_added: _,
    } = *change;
    v1::ChangeEstimate {
        observed_ratio,
        expected_ratio,
        ratio,
        lower,
        upper,
        differs: change.differs(),
        by_list: list,
        by_working_days: working_days,
        by_weekdays: weekdays,
        by_closures: closures,
    }
}

fn summary(days: Days, stretch: &Composition) -> v1::PeriodSummary {
    let (first_day, last_day) = ends(days);
    v1::PeriodSummary {
        first_day,
        last_day,
        working_days: stretch.working_days as i32,
        working_mondays: stretch.working_mondays() as i32,
        bank_holidays: stretch.bank_holidays as i32,
    }
}

fn notes(question: &Question, changes: &Changes) -> Vec<String> {
    let mut notes = Vec::new();
    if !is_share(question.metric) {
        notes.push("list sizes are not known: a change of list is part of the change".to_owned());
    }
    notes.push(format!(
        "month-to-month variation is from {} months with calls; an organisation's own counts beside that of all, which weighs as much as 12 months",
        changes.variation_months
    ));
    if changes.variation_months < 12 {
        notes.push(
            "under 12 months show little of how months vary: the intervals themselves are uncertain"
                .to_owned(),
        );
    }
    notes
}
