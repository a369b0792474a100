//! Questions of every shape, over calls of every kind.

use std::sync::Arc;

use callgauge_schema::{
    CallRecord, Direction, Draft, Line, Moment, OdsCode, Outcome, Reason, Seconds, SourceId,
};

use super::Harness;
use super::dice::Dice;
use super::model::{Model, every_band};
use super::sample::{DELICATE, answered, at, practice, random, record, retraction, revised, source, submit};
use crate::calendar::{Day, Days, Slots, london};
use crate::store::{
    AttributionKey, CallFilter, CallsAsk, FactsAsk, Group, Snapshot, Span, Store, StoreError, TallyAsk,
};

pub(super) async fn tallies_and_facts_hold_at_midnight_and_when_clocks_change(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let mut model = Model::default();
    let mut drafts = Vec::new();
    for (near, instant) in DELICATE.iter().enumerate() {
        for millis in [-3_600_001, -3_600_000, -1_001, -1_000, -1, 0, 1, 999, 1_000, 3_599_999, 3_600_000] {
            let started_at = Some(at(instant).plus_millis(millis));
            drafts.push(Draft { started_at, ..answered(&format!("c-{near}-{millis}")) });
        }
    }
    for draft in &drafts {
        model.submit(&acme, &record(draft.clone()));
    }
    submit(&store, &acme, drafts).await;
    model.compare(&store).await;
}

pub(super) async fn tallies_fold_bands_of_many_days_into_one_bucket(harness: &dyn Harness) {
    let (store, model) = filled(harness).await;
    let snapshot = store.snapshot().await.expect("a snapshot is given");
    let days = model.days();
    let shapes: [fn(i32, u32) -> u32; 5] = [
        // Everything in one.
        |_, _| 0,
        // By day of the week, later ones first.
        |day, _| 6 - day.rem_euclid(7) as u32,
        // By band, over all days.
        |_, band| band,
        // The mornings of every other day.
        |day, band| if day % 2 == 0 && band < 4 { 1 } else { Slots::NONE },
        // Nothing.
        |_, _| Slots::NONE,
    ];
    for bucket in shapes {
        for (by_source, durations) in [(false, true), (true, true), (true, false)] {
            let table = days
                .iter()
                .map(|day| std::array::from_fn(|band| bucket(day.number(), band as u32)))
                .collect();
            let slots = Slots { first: days.first, table };
            let ask = TallyAsk { groups: vec![Group::All], slots, by_source, durations };
            model.compare_tallies(&snapshot, ask).await;
        }
    }
}

pub(super) async fn groups_come_in_the_order_asked_for_and_take_only_their_days(harness: &dyn Harness) {
    let (store, model) = filled(harness).await;
    let snapshot = store.snapshot().await.expect("a snapshot is given");
    let days = model.days();
    let key = |whose: &str| Model::key(&snapshot, whose);
    let middle = Day::from_number((days.first.number() + days.end.number()) / 2);
    let march = Days::new(Day::from_number(20_540), Day::from_number(20_550));
    let span = |whose: AttributionKey, days: Days| Span { whose, days };
    let groups = vec![
        Group::Spans(vec![span(key("A81004"), days)]),
        Group::Spans(vec![]),
        Group::Spans(vec![span(key("A81001"), Days::new(days.first, middle))]),
        Group::Spans(vec![
            span(key("A81001"), Days::new(middle, days.end)),
            span(key("A81000"), days),
            span(key("A81004"), march),
            span(key("A81002"), Days::new(days.first, middle)),
            span(key("A81002"), Days::new(middle.plus(3), days.end)),
        ]),
        Group::All,
        Group::Spans(vec![span(key("A81004"), days)]),
        Group::Spans(vec![span(key("A81003"), Days::new(middle, middle))]),
    ];
    model.compare_facts(&snapshot, &groups, days).await;
    model.compare_facts(&snapshot, &groups, Days::new(middle, middle.plus(30))).await;
    for asked in [days, Days::new(middle, middle.plus(30)), Days::new(middle, middle)] {
        let ask =
            TallyAsk { groups: groups.clone(), slots: every_band(asked), by_source: true, durations: true };
        model.compare_tallies(&snapshot, ask).await;
    }
}

pub(super) async fn numbers_of_many_groups_over_whole_months_are_those_of_the_calls(harness: &dyn Harness) {
    let (store, mut model) = filled(harness).await;
    let mut dice = Dice::new(7);
    for round in 0..3_usize {
        let snapshot = store.snapshot().await.expect("a snapshot is given");
        // Months alone; then so many around them that they are part of quarters and financial years.
        let (begun, ended) = (model.days().first.first_of_month(), model.days().end.first_of_next_month());
        let around = [0, 100, 500][round];
        let (first, end) = (begun.plus(-around).first_of_month(), ended.plus(around).first_of_next_month());
        let keys = snapshot.attributions().list().len() as u32;
        let span = |key: u32, days: Days| Span { whose: AttributionKey(key), days };
        let group = |at: u32| {
            let own = span(at % keys, Days::new(first, end));
            match at % 5 {
                // Begins or ends within a month.
                1 => Group::Spans(vec![span(at % keys, Days::new(begun.plus(at as i32 % 40), end))]),
                2 => Group::Spans(vec![span(at % keys, Days::new(first, ended.plus(-(at as i32) % 40)))]),
                // Of several, with months missing.
                3 => Group::Spans(vec![
                    span(at % keys, Days::new(first, begun.first_of_next_month())),
                    span((at + 1) % keys, Days::new(begun.first_of_next_month(), end)),
                ]),
                _ => Group::Spans(vec![own]),
            }
        };
        let months = |day: Day| day.first_of_month().number() as u32;
        let shapes: [&dyn Fn(Day, u32) -> u32; 4] = [
            &|day, _| months(day),
            &|day, band| 10 * u32::from(7 - day.weekday()) + band,
            &|day, band| if day.weekday() < 6 && band > 1 { months(day) } else { Slots::NONE },
            &|_, _| 0,
        ];
        for bucket in shapes {
            let days = Days::new(first, end);
            let row = |day: Day| std::array::from_fn(|band| bucket(day, band as u32));
            let slots = Slots { first, table: days.iter().map(row).collect() };
            let many: Vec<Group> = (0..70).map(group).chain([Group::All]).collect();
            for groups in [many, (0..6).map(group).collect()] {
                for by_source in [false, true] {
                    let ask = TallyAsk {
                        groups: groups.clone(),
                        slots: slots.clone(),
                        by_source,
                        durations: false,
                    };
                    model.compare_tallies(&snapshot, ask).await;
                }
            }
        }
        // Unsettled ones the next time, and settled ones the time after.
        let source = source(&format!("s-{round}"));
        let drafts: Vec<Draft> =
            (0..30).map(|_| random(&format!("c-{}", dice.below(400)), &mut dice)).collect();
        for draft in &drafts {
            model.submit(&source, &record(draft.clone()));
        }
        submit(&store, &source, drafts).await;
        if round == 1 {
            tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        }
    }
}

pub(super) async fn without_durations_only_the_histograms_are_empty(harness: &dyn Harness) {
    let (store, model) = filled(harness).await;
    let snapshot = store.snapshot().await.expect("a snapshot is given");
    let ask = |durations| TallyAsk {
        groups: vec![Group::All],
        slots: every_band(model.days()),
        by_source: false,
        durations,
    };
    let mut known = 0;
    for durations in [false, true] {
        for row in Arc::clone(&snapshot).tallies(ask(durations)).await.expect("tallies are given") {
            for kind in row.expect("a row is given").tally.kinds {
                known += kind.wait.calls() + kind.talk.calls();
                assert!(durations || (kind.wait.is_empty() && kind.talk.is_empty()), "{kind:?}");
                assert!(kind.calls > 0, "{kind:?}");
            }
        }
    }
    assert!(known > 0, "with them there are some");
}

pub(super) async fn retracted_calls_are_in_no_answer(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    submit(&store, &acme, vec![answered("c-1"), retraction("c-2")]).await;
    submit(&store, &acme, vec![revised(retraction("c-1"), 4)]).await;
    let days = Days::new(Day::from_number(20_400), Day::from_number(20_600));
    let snapshot = store.snapshot().await.expect("a snapshot is given");
    let ask =
        TallyAsk { groups: vec![Group::All], slots: every_band(days), by_source: true, durations: true };
    assert_eq!(Arc::clone(&snapshot).tallies(ask).await.expect("tallies are given").count(), 0);
    let facts = FactsAsk { groups: vec![Group::All], days };
    let chunks = Arc::clone(&snapshot).facts(facts).await.expect("facts are given");
    assert_eq!(chunks.map(|chunk| chunk.expect("a chunk is given").facts.len()).sum::<usize>(), 0);
    let with_calls = Arc::clone(&snapshot).days_with_calls(days, None).await.expect("days are given");
    let keys = 0..snapshot.attributions().list().len() as u32;
    assert!(keys.clone().all(|key| days.iter().all(|day| !with_calls.has(AttributionKey(key), day))));
    let ask = CallsAsk { limit: 10, ..everything(&snapshot, days) };
    assert_eq!(snapshot.calls(ask).await.expect("calls are given"), []);
}

pub(super) async fn calls_meet_every_condition_and_come_oldest_first(harness: &dyn Harness) {
    let (store, model) = filled(harness).await;
    let snapshot = store.snapshot().await.expect("a snapshot is given");
    let days = model.days();
    let (from, until) = (at("2026-03-28T12:00:00Z"), at("2026-10-25T01:00:00Z"));
    let secs = |secs: u32| Seconds::try_from(secs).expect("is a duration");
    let wait = |record: &CallRecord| record.wait().map(Seconds::get);
    let lines: Vec<Line> =
        ["reception", "Empfang 2"].iter().map(|line| line.parse().expect("a line")).collect();
    let none = CallFilter::default;
    type Asked<'a> = Box<dyn Fn(&SourceId, &CallRecord) -> bool + 'a>;
    let cases: Vec<(CallFilter, Asked)> = vec![
        (
            CallFilter { source: Some(source("s-1")), ..none() },
            Box::new(|source, _| source.as_str() == "s-1"),
        ),
        (
            CallFilter { direction: Some(Direction::Outbound), ..none() },
            Box::new(|_, record| record.direction() == Direction::Outbound),
        ),
        (
            CallFilter { outcomes: vec![Outcome::Missed, Outcome::EndedInIvr], ..none() },
            Box::new(|_, record| matches!(record.outcome(), Outcome::Missed | Outcome::EndedInIvr)),
        ),
        (
            CallFilter { reasons: vec![Reason::Voicemail, Reason::Closed], ..none() },
            Box::new(|_, record| matches!(record.reason(), Some(Reason::Voicemail | Reason::Closed))),
        ),
        (
            CallFilter { lines: lines.clone(), ..none() },
            Box::new(|_, record| record.line().is_some_and(|line| lines.contains(line))),
        ),
        (
            CallFilter { min_wait: Some(secs(60)), ..none() },
            Box::new(move |_, record| wait(record).is_some_and(|wait| wait >= 60)),
        ),
        (
            CallFilter { max_wait: Some(secs(0)), ..none() },
            Box::new(move |_, record| wait(record) == Some(0)),
        ),
        (
            CallFilter {
                direction: Some(Direction::Inbound),
                outcomes: vec![Outcome::Answered],
                min_wait: Some(secs(1)),
                max_wait: Some(secs(600)),
                ..none()
            },
            Box::new(move |_, record| {
                record.direction() == Direction::Inbound
                    && record.outcome() == Outcome::Answered
                    && wait(record).is_some_and(|wait| (1..=600).contains(&wait))
            }),
        ),
    ];
    for (filter, asked) in &cases {
        let ask = CallsAsk { filter: filter.clone(), ..everything(&snapshot, days) };
        let found = model.compare_listed(&snapshot, ask, asked).await;
        assert!(found > 0, "{filter:?} is met by some");
    }
    let ask = CallsAsk { from, until, ..everything(&snapshot, days) };
    let between = |record: &CallRecord| from <= record.started_at() && record.started_at() < until;
    model.compare_listed(&snapshot, ask, |_, record| between(record)).await;
    let whose: OdsCode = "A81001".parse().expect("a code");
    let day = london(from).day;
    let spans =
        vec![Span { whose: Model::key(&snapshot, whose.as_str()), days: Days::new(day, day.plus(200)) }];
    let ask = CallsAsk { spans, from, ..everything(&snapshot, days) };
    let asked = |_: &SourceId, record: &CallRecord| {
        *record.attribution() == callgauge_schema::Attribution::Practice(whose)
            && record.started_at() >= from
            && london(record.started_at()).day < day.plus(200)
    };
    assert!(model.compare_listed(&snapshot, ask, asked).await > 0);
}

pub(super) async fn more_calls_than_the_limit_are_refused(harness: &dyn Harness) {
    let store = harness.open().await;
    let drafts = (0..10).map(|n| Draft {
        outcome: Some(if n < 4 { Outcome::Missed } else { Outcome::Answered }),
        talk: None,
        ..answered(&format!("c-{n}"))
    });
    submit(&store, &source("acme"), drafts.collect()).await;
    let snapshot = store.snapshot().await.expect("a snapshot is given");
    let day = london(at("2026-02-02T09:30:00Z")).day;
    let whole = everything(&snapshot, Days::new(day, day.plus(1)));
    let missed = CallFilter { outcomes: vec![Outcome::Missed], ..CallFilter::default() };
    for (filter, limit, expected) in [
        (CallFilter::default(), 10, Some(10)),
        (CallFilter::default(), 9, None),
        (missed.clone(), 4, Some(4)),
        (missed, 3, None),
        (CallFilter { source: Some(source("nobody")), ..CallFilter::default() }, 0, Some(0)),
    ] {
        let ask = CallsAsk { filter, limit, ..whole.clone() };
        match (Arc::clone(&snapshot).calls(ask).await, expected) {
            (Ok(found), Some(expected)) => assert_eq!(found.len(), expected),
            (Err(StoreError::TooLarge(most)), None) => assert_eq!(most, limit),
            (found, expected) => panic!("with a limit of {limit} {expected:?} are expected, not {found:?}"),
        }
    }
}

pub(super) async fn an_empty_store_answers_with_nothing(harness: &dyn Harness) {
    let store = harness.open().await;
    Model::default().compare(&store).await;
}

/// A store with calls of every kind from two sources, corrected and retracted here and there.
async fn filled(harness: &dyn Harness) -> (Arc<dyn Store>, Model) {
    let store = harness.open().await;
    let mut dice = Dice::new(42);
    let mut model = Model::default();
    for round in 0..6 {
        let source = source(&format!("s-{}", round % 2));
        let drafts: Vec<Draft> = (0..150)
            .map(|_| {
                let draft = random(&format!("c-{}", dice.below(400)), &mut dice);
                if dice.one_in(10) { Draft { attribution: practice("A81001"), ..draft } } else { draft }
            })
            .collect();
        for draft in &drafts {
            model.submit(&source, &record(draft.clone()));
        }
        submit(&store, &source, drafts).await;
    }
    (store, model)
}

/// All calls of everybody on these days.
fn everything(snapshot: &Arc<dyn Snapshot>, days: Days) -> CallsAsk {
    let keys = 0..snapshot.attributions().list().len() as u32;
    CallsAsk {
        spans: keys.map(|key| Span { whose: AttributionKey(key), days }).collect(),
        from: Moment::from_millis(0),
        until: Moment::from_millis(i64::MAX),
        filter: CallFilter::default(),
        limit: 1_000_000,
    }
}
