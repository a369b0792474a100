//! Changes between equivalent periods as messages.

use callgauge_schema::Moment;

use super::compare_render::shown_value;
use super::periods::{Changes, Question};
use super::question::ends;
use super::table::Pair;
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
    let unplaced = changes.units.unplaced.iter().map(|(organisation, why)| v1::PeriodChange {
        organisation: Some(organisation.clone()),
        result: Some(v1::period_change::Result::LeftOut(why.clone())),
        ..v1::PeriodChange::default()
    });
    v1::CompareEquivalentPeriodsResponse {
        organisations: shown.iter().map(|&unit| row(changes, unit)).chain(unplaced).collect(),
        before: Some(summary(question.before.days(), &changes.stretches[0])),
        after: Some(summary(question.after.days(), &changes.stretches[1])),
        sigma_squared: changes.small.made(changes.components.sigma2_e),
        autocorrelation: changes.components.autocorrelation.map(|rho| changes.small.made(rho)),
        variation_months: changes.variation_months as i32,
        definition_set: question.set.name.clone(),
        answered_at: Some(crate::ingest::timestamp(answered_at)),
        notes: notes(question, changes),
        differ: made().filter(|change| change.differs()).count() as i64,
        expected_differ: 0.05 * made().count() as f64,
        small_numbers_hidden: changes.small.hidden(),
    }
}

fn row(changes: &Changes, unit: usize) -> v1::PeriodChange {
    use v1::period_change::Result as Wire;
    let small = changes.small;
    let change = &changes.changes[unit];
    let told =
        |pair: Pair| if small.hidden() && change.is_err() { 0 } else { small.count(pair.0).round() as i64 };
    let [before, after] = changes.counted[unit];
    v1::PeriodChange {
        organisation: Some(changes.units.list[unit].organisation.clone()),
        observed_before: told(before),
        observed_after: told(after),
        result: Some(match change {
            Ok(change) => Wire::Change(estimate(changes, [before, after], change)),
            Err(why) => Wire::LeftOut(why.clone()),
        }),
    }
}

fn estimate(changes: &Changes, counted: [Pair; 2], change: &PeriodChange) -> v1::ChangeEstimate {
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
    let small = changes.small;
    let of_rounded = |pair: Pair| shown_value(small, changes.kind, pair);
    let rounded =
        || Some(of_rounded(counted[1])? / of_rounded(counted[0])?).filter(|ratio| ratio.is_finite());
    let exactly = |number: f64| if small.hidden() { 0.0 } else { number };
    v1::ChangeEstimate {
        observed_ratio: if small.hidden() {
            rounded().map(|ratio| small.made(ratio))
        } else {
            observed_ratio
        },
        expected_ratio: exactly(expected_ratio),
        ratio: small.made(ratio),
        lower: small.made(lower),
        upper: small.made(upper),
        differs: change.differs(),
        by_list: exactly(list),
        by_working_days: exactly(working_days),
        by_weekdays: exactly(weekdays),
        by_closures: exactly(closures),
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
    let mut notes = changes.notes.clone();
    let what = if question.measure.metric().is_some() { "calls" } else { "values" };
    notes.push(format!(
        "month-to-month variation is from {} months with {what}; an organisation's own counts beside that of all, which weighs as much as 12 months",
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
