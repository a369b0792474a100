//! A control chart as a message.

use callgauge_schema::Moment;

use super::compare_render::{Counts, shown, shown_value};
use super::control::{Charted, PointFacts, Question, TakenOut};
use super::measure::Kind;
use super::question::ends;
use crate::compare::control_chart::{
    Assurance, ChartPoint, FEWEST_POINTS, Meaning, Signal, Stretch, TwoOfThree, Warning,
};
use crate::proto::v1;

/// The answer.
pub(super) fn response(
    question: &Question,
    charted: &Charted,
    answered_at: Moment,
) -> v1::GetControlChartResponse {
    let (first_day, last_day) = ends(question.window.days());
    let chart = &charted.chart;
    let points = charted.points.iter().zip(&chart.points);
    v1::GetControlChartResponse {
        points: points.map(|(facts, point)| self::point(question, charted, facts, point)).collect(),
        stretches: chart.stretches.iter().map(|one| stretch(charted, one)).collect(),
        variation: chart.variation.map_or(v1::Variation::Unspecified, meaning).into(),
        assurance: chart.assurance.map_or(v1::Assurance::Unspecified, assurance).into(),
        warnings: chart.warnings.iter().map(|warning| said(charted, *warning)).collect(),
        false_any: chart.false_signals.any,
        false_latest: chart.false_signals.latest,
        false_points: chart.false_signals.points,
        organisation: Some(charted.organisation.clone()),
        metric: question.measure.name.clone(),
        charted: what(question, charted.kind),
        definition_set: question.set.name.clone(),
        answered_at: Some(crate::ingest::timestamp(answered_at)),
        notes: notes(question, charted),
        method: method(question),
        first_day,
        last_day,
        kind: charted.kind.wire(),
        small_numbers_hidden: charted.small.hidden(),
    }
}

/// The value of a point as it is shown.
pub(super) fn value(question: &Question, charted: &Charted, facts: &PointFacts) -> Option<f64> {
    let small = charted.small;
    match facts.value {
        Some(_) if small.hidden() && question.taken_out.is_nothing() => {
            shown_value(small, charted.kind, facts.counted)
        }
        value => value.map(|value| small.made(value)),
    }
}

fn point(question: &Question, charted: &Charted, facts: &PointFacts, point: &ChartPoint) -> v1::ControlPoint {
    let told = Counts::of(shown(charted.small, charted.kind, facts.counted));
    let shows_expected = !question.taken_out.is_nothing() && !charted.small.hidden();
    v1::ControlPoint {
        label: facts.label.clone(),
        first_day: facts.days.first.to_string(),
        value: value(question, charted, facts),
        numerator: told.numerator,
        denominator: told.denominator,
        expected: facts.expected.filter(|_| shows_expected),
        stretch: point.stretch as i32,
        signal: point.signal.map_or(v1::ControlSignal::Unspecified, signal).into(),
        meaning: if facts.value.is_some() { meaning(point.meaning) } else { v1::Variation::Unspecified }
            .into(),
    }
}

fn stretch(charted: &Charted, stretch: &Stretch) -> v1::ControlStretch {
    let made = |number: f64| charted.small.made(number);
    v1::ControlStretch {
        first_point: stretch.from as i32,
        points: stretch.points as i32,
        mean: stretch.mean.map(made),
        lower: stretch.limits.map(|limits| made(limits.lower)),
        upper: stretch.limits.map(|limits| made(limits.upper)),
        mean_moving_range: stretch.mean_moving_range.map(made),
        screened: stretch.screened as i32,
    }
}

fn signal(signal: Signal) -> v1::ControlSignal {
    match signal {
        Signal::AboveLimit => v1::ControlSignal::AboveLimit,
        Signal::BelowLimit => v1::ControlSignal::BelowLimit,
        Signal::Rising => v1::ControlSignal::Rising,
        Signal::Falling => v1::ControlSignal::Falling,
        Signal::TwoOfThreeAbove => v1::ControlSignal::TwoOfThreeAbove,
        Signal::TwoOfThreeBelow => v1::ControlSignal::TwoOfThreeBelow,
        Signal::ShiftAbove => v1::ControlSignal::ShiftAbove,
        Signal::ShiftBelow => v1::ControlSignal::ShiftBelow,
    }
}

fn meaning(meaning: Meaning) -> v1::Variation {
    match meaning {
        Meaning::CommonCause => v1::Variation::CommonCause,
        Meaning::Improvement => v1::Variation::Improvement,
        Meaning::Concern => v1::Variation::Concern,
        Meaning::High => v1::Variation::High,
        Meaning::Low => v1::Variation::Low,
    }
}

fn assurance(assurance: Assurance) -> v1::Assurance {
    match assurance {
        Assurance::ConsistentlyMet => v1::Assurance::ConsistentlyMet,
        Assurance::ConsistentlyMissed => v1::Assurance::ConsistentlyMissed,
        Assurance::Inconsistent => v1::Assurance::Inconsistent,
    }
}

/// A warning in words.
pub(super) fn said(charted: &Charted, warning: Warning) -> String {
    let from = |stretch: usize| {
        let from = charted.chart.stretches.get(stretch).map_or(0, |stretch| stretch.from);
        charted.points.get(from).map_or_else(String::new, |point| point.label.clone())
    };
    match warning {
        Warning::FewPoints { stretch, points } => format!(
            "the stretch from {} has {} with a value, and under {FEWEST_POINTS} say little",
            from(stretch),
            many(points)
        ),
        Warning::MissingPoints { stretch, missing } => {
            format!(
                "the stretch from {} lacks {}; rules do not reach across what is missing",
                from(stretch),
                many(missing)
            )
        }
        Warning::NothingVaries { stretch } => {
            format!("nothing varies in the stretch from {}: it has no limits", from(stretch))
        }
        Warning::NotScreened { stretch } => format!(
            "in the stretch from {} screening would leave only ranges of 0, so that limits are made of all of them",
            from(stretch)
        ),
    }
}

fn many(points: usize) -> String {
    if points == 1 { "1 point".to_owned() } else { format!("{points} points") }
}

/// The icons in words: what the last point is, and whether a target that was brought can be relied on.
pub(super) fn icons(question: &Question, charted: &Charted) -> Vec<String> {
    let variation = charted.chart.variation.map(|meaning| {
        let is = match meaning {
            Meaning::CommonCause => "as usual: common cause",
            Meaning::Improvement => "a signal for the better",
            Meaning::Concern => "a signal for the worse",
            Meaning::High => "a signal upwards",
            Meaning::Low => "a signal downwards",
        };
        format!("the last point is {is}")
    });
    let target = question.target.map(|_| match charted.chart.assurance {
        Some(Assurance::ConsistentlyMet) => {
            "the target will be met if nothing changes: it lies beyond the limits"
        }
        Some(Assurance::ConsistentlyMissed) => {
            "the target will not be met unless something changes: it lies beyond the limits"
        }
        Some(Assurance::Inconsistent) => "the target is met or missed by chance: it lies within the limits",
        None => {
            "nothing can be told of the target: it takes limits, and somebody who says which way is better"
        }
    });
    variation.into_iter().chain(target.map(str::to_owned)).collect()
}

/// What is charted, in words.
pub(super) fn what(question: &Question, kind: Kind) -> String {
    let measure = &question.measure;
    let what = match question.taken_out {
        TakenOut::Nothing => return measure.words(kind),
        TakenOut::Calendar => "calendar",
        TakenOut::Season(_) => "season",
    };
    match kind {
        Kind::Number => format!("{}: observed over expected by the {what}", measure.label),
        Kind::Share | Kind::Rate | Kind::Ratio => format!("{}, {what} taken out", measure.words(kind)),
    }
}

fn notes(question: &Question, charted: &Charted) -> Vec<String> {
    let mut notes = icons(question, charted);
    notes.extend(charted.broken.iter().map(|told| format!("the chart starts anew at {told}")));
    notes.extend(charted.notes.iter().cloned());
    let left_in = match question.taken_out {
        TakenOut::Calendar => {
            "the calendar (kind of day, NHS band) is taken out by the organisation's own calls in the window; the season itself, such as winter, stays in (take_out_season_of)"
        }
        TakenOut::Season(_) => {
            "what moved the peers alike is taken out, whatever it was: a change that came to all of them at once cannot be seen"
        }
        TakenOut::Nothing if question.measure.metric().is_some() => {
            "working days, bank holidays and the season are left in: a month with fewer of them has fewer calls (take_out_calendar, take_out_season_of)"
        }
        TakenOut::Nothing => "working days, bank holidays and the season are left in (take_out_season_of)",
    };
    notes.push(left_in.to_owned());
    if charted.small.hidden() {
        notes.push(
            "points with a count of 1 to 7, or whose rest is one, are hidden; others are of rounded parts"
                .to_owned(),
        );
    }
    notes.push("the figures for false signals are for points independent of each other; where neighbours are alike there are about three times as many".to_owned());
    notes
}

fn method(question: &Question) -> String {
    let rule = match question.two_of_three {
        TwoOfThree::Near => "near a limit and not outside (NHSRplotthedots)",
        TwoOfThree::NearOrOutside => "near a limit or outside (Making Data Count since November 2023)",
    };
    format!(
        "XmR by the NHS rules: limits 2.66 mean moving ranges from the mean, moving ranges screened once; outside, trend of 7, run of 7 on one side, two of three {rule}"
    )
}
