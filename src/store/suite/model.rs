//! What a store should hold and answer, in plain code that shares nothing with one: rules of revisions written out once more, London's clock from jiff,
//! answers by looking at every call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use callgauge_schema::{Attribution, CallKind, CallRecord, Line, Moment, Seconds, SourceId};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::calendar::{Day, Days, Slots};
use crate::store::{
    AttributionKey, CallCount, CallFilter, CallsAsk, CountsAsk, FactsAsk, Group, GroupCounts, Snapshot, Span,
    Store, StoredCall, TallyAsk, Verdict,
};

/// Calls by source and call id, as they should stand.
#[derive(Clone, Default)]
pub(super) struct Model {
    calls: BTreeMap<(String, String), (SourceId, CallRecord)>,
}

/// A call in an answer, in words: whose, source, milliseconds, kind, wait, talk, line.
type Fact = (String, String, i64, CallKind, Option<u32>, Option<u32>, Option<String>);

/// Tallies in words, by group, bucket and source: by kind the calls, the waits and the talk times, sorted.
type Cells = BTreeMap<(usize, u32, String), BTreeMap<CallKind, (i64, Vec<u32>, Vec<u32>)>>;

/// A day in London and the number of its band.
type DayBand = (Date, usize);

impl Model {
    /// What should become of a record, after which it is as it should be.
    pub(super) fn submit(&mut self, source: &SourceId, record: &CallRecord) -> (Verdict, u64) {
        let key = (source.to_string(), record.id().to_string());
        let put = |model: &mut Self, revision: u64| {
            model.calls.insert(key.clone(), (source.clone(), record.clone().as_stored(revision)));
            revision
        };
        let changed = if record.retracted() { Verdict::Retracted } else { Verdict::Revised };
        let Some((_, stored)) = self.calls.get(&key) else {
            let verdict = if record.retracted() { Verdict::Retracted } else { Verdict::Accepted };
            return (verdict, put(self, record.revision().unwrap_or(0)));
        };
        let stands = stored.revision().expect("a stored record has a revision");
        let same = *stored == record.clone().as_stored(stands);
        match record.revision() {
            None if same => (Verdict::Duplicate, stands),
            None => (changed, put(self, stands + 1)),
            Some(revision) if revision < stands => (Verdict::Stale, stands),
            Some(revision) if revision == stands && same => (Verdict::Duplicate, stands),
            Some(revision) if revision == stands => (Verdict::Conflict, stands),
            Some(revision) if same => (Verdict::Duplicate, put(self, revision)),
            Some(revision) => (changed, put(self, revision)),
        }
    }

    /// Calls that count.
    pub(super) fn counted(&self) -> impl Iterator<Item = &(SourceId, CallRecord)> {
        self.calls.values().filter(|(_, record)| !record.retracted())
    }

    /// Holds the store to this model: every call as it stands, and every answer.
    pub(super) async fn compare(&self, store: &Arc<dyn Store>) {
        self.compare_calls(store).await;
        self.compare_snapshot(store.snapshot().await.expect("a snapshot is given")).await;
    }

    /// Every call as it stands, retracted ones too.
    pub(super) async fn compare_calls(&self, store: &Arc<dyn Store>) {
        for (source, record) in self.calls.values() {
            let found = store.call(source, record.id()).await.expect("a call is looked up");
            assert_eq!(found, Some(StoredCall { source: source.clone(), record: record.clone() }));
        }
        assert_eq!(store.status().calls, self.calls.len() as u64, "calls kept, retracted ones too");
    }

    /// Every answer of a snapshot.
    pub(super) async fn compare_snapshot(&self, snapshot: Arc<dyn Snapshot>) {
        let days = self.days();
        self.compare_whole_calls(&snapshot, days).await;
        self.compare_days(&snapshot, days).await;
        let whose = self.groups(&snapshot, days);
        for groups in [vec![Group::All], whose] {
            self.compare_facts(&snapshot, &groups, days).await;
            for (by_source, durations) in [(false, true), (true, true), (true, false)] {
                let slots = every_band(days);
                self.compare_tallies(
                    &snapshot,
                    TallyAsk { groups: groups.clone(), slots, by_source, durations },
                )
                .await;
            }
        }
    }

    /// The tallies of this question.
    pub(super) async fn compare_tallies(&self, snapshot: &Arc<dyn Snapshot>, ask: TallyAsk) {
        let expected = self.tallies(snapshot, &ask);
        let by_source = ask.by_source;
        if !ask.durations {
            self.compare_counts(snapshot, &ask).await;
        }
        let mut found: Cells = BTreeMap::new();
        let mut last_group = 0;
        for row in Arc::clone(snapshot).tallies(ask).await.expect("tallies are given") {
            let row = row.expect("a row is given");
            assert!(row.group >= last_group, "groups come in the order asked for");
            last_group = row.group;
            assert_eq!(row.source.is_some(), by_source, "a source where split by it, and only there");
            let source = row.source.map(|key| snapshot.source(key).to_string()).unwrap_or_default();
            assert!(!row.tally.is_empty(), "a row has calls");
            assert!(row.tally.kinds.is_sorted_by(|a, b| a.kind < b.kind), "kinds are in order, each once");
            let kinds = row.tally.kinds.into_iter().map(|kind| {
                (kind.kind, (kind.calls, one_by_one(&kind.wait.bins()), one_by_one(&kind.talk.bins())))
            });
            let twice = found.insert((row.group, row.bucket, source), kinds.collect());
            assert!(twice.is_none(), "one row for each group, bucket and source");
        }
        assert_eq!(found, expected);
    }

    /// The numbers of calls of this question.
    async fn compare_counts(&self, snapshot: &Arc<dyn Snapshot>, ask: &TallyAsk) {
        let TallyAsk { groups, slots, by_source, durations: _ } = ask.clone();
        let mut found: Cells = BTreeMap::new();
        let mut groups_before = 0;
        let ask_counts = CountsAsk { groups, slots, by_source };
        for row in Arc::clone(snapshot).counts(ask_counts).await.expect("counts are given") {
            let GroupCounts { group, counts } = row.expect("a row is given");
            assert!(group >= groups_before, "groups come in the order asked for, each once");
            groups_before = group + 1;
            assert!(!counts.is_empty(), "a row has calls");
            assert!(counts.is_sorted_by(|a, b| (a.bucket, a.source, a.kind) < (b.bucket, b.source, b.kind)));
            for CallCount { bucket, source, kind, calls } in counts {
                assert_eq!(source.is_some(), by_source, "a source where split by it, and only there");
                assert_ne!(calls, 0, "{kind:?}");
                let source = source.map(|key| snapshot.source(key).to_string()).unwrap_or_default();
                let of = found.entry((group, bucket, source)).or_default();
                of.insert(kind, (calls, Vec::new(), Vec::new()));
            }
        }
        assert_eq!(found, self.tallies(snapshot, ask));
    }

    /// The facts of this question.
    pub(super) async fn compare_facts(&self, snapshot: &Arc<dyn Snapshot>, groups: &[Group], days: Days) {
        let attributions = snapshot.attributions();
        let mut found: BTreeMap<usize, Vec<Fact>> = BTreeMap::new();
        let mut last_group = 0;
        let ask = FactsAsk { groups: groups.to_vec(), days };
        for chunk in Arc::clone(snapshot).facts(ask).await.expect("facts are given") {
            let chunk = chunk.expect("a chunk is given");
            assert!(chunk.group >= last_group, "groups come in the order asked for");
            last_group = chunk.group;
            found.entry(chunk.group).or_default().extend(chunk.facts.into_iter().map(|facts| {
                (
                    name(&attributions.list()[facts.whose.0 as usize]),
                    snapshot.source(facts.source).to_string(),
                    facts.started_at.millis(),
                    facts.kind,
                    facts.wait.map(Seconds::get),
                    facts.talk.map(Seconds::get),
                    facts.line.map(|key| snapshot.line(key).to_string()),
                )
            }));
        }
        for (group, of) in groups.iter().enumerate() {
            let mut expected: Vec<Fact> = (self.counted())
                .filter(|(_, record)| {
                    days.contains(Day::from(day_band(record.started_at()).0))
                        && self.has(snapshot, of, record)
                })
                .map(|(source, record)| {
                    (
                        name(record.attribution()),
                        source.to_string(),
                        record.started_at().millis(),
                        record.kind(),
                        record.wait().map(Seconds::get),
                        record.talk().map(Seconds::get),
                        record.line().map(Line::to_string),
                    )
                })
                .collect();
            let mut found = found.remove(&group).unwrap_or_default();
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "facts of group {group}");
        }
    }

    /// The whole calls of this question.
    pub(super) async fn compare_listed(
        &self,
        snapshot: &Arc<dyn Snapshot>,
        ask: CallsAsk,
        asked: impl Fn(&SourceId, &CallRecord) -> bool,
    ) -> usize {
        let mut expected: Vec<(Moment, String, String)> = (self.counted())
            .filter(|(source, record)| asked(source, record))
            .map(|(source, record)| (record.started_at(), source.to_string(), record.id().to_string()))
            .collect();
        expected.sort();
        let found = Arc::clone(snapshot).calls(ask).await.expect("calls are given");
        for call in &found {
            let key = (call.source.to_string(), call.record.id().to_string());
            let (_, record) = self.calls.get(&key).expect("a call that was sent");
            assert_eq!(call.record, *record);
        }
        let found: Vec<_> = found
            .into_iter()
            .map(|call| (call.record.started_at(), call.source.to_string(), call.record.id().to_string()))
            .collect();
        assert_eq!(found, expected);
        found.len()
    }

    /// From the first to the last day that has a call, and one more on either side.
    pub(super) fn days(&self) -> Days {
        let days: BTreeSet<Date> =
            self.calls.values().map(|(_, record)| day_band(record.started_at()).0).collect();
        match (days.first(), days.last()) {
            (Some(&first), Some(&last)) => Days::new(Day::from(first).plus(-1), Day::from(last).plus(2)),
            _ => Days::new(Day::from_number(20_000), Day::from_number(20_002)),
        }
    }

    /// Key of somebody whose calls these are.
    pub(super) fn key(snapshot: &Arc<dyn Snapshot>, whose: &str) -> AttributionKey {
        let found = snapshot.attributions().list().iter().position(|attribution| name(attribution) == whose);
        AttributionKey(found.unwrap_or_else(|| panic!("{whose} has calls and a key")) as u32)
    }

    fn groups(&self, snapshot: &Arc<dyn Snapshot>, days: Days) -> Vec<Group> {
        let whose: BTreeSet<String> = self.counted().map(|(_, record)| name(record.attribution())).collect();
        whose
            .iter()
            .map(|whose| Group::Spans(vec![Span { whose: Self::key(snapshot, whose), days }]))
            .collect()
    }

    fn has(&self, snapshot: &Arc<dyn Snapshot>, group: &Group, record: &CallRecord) -> bool {
        match group {
            Group::All => true,
            Group::Spans(spans) => {
                let attributions = snapshot.attributions();
                let day = Day::from(day_band(record.started_at()).0);
                spans.iter().any(|span| {
                    attributions.list()[span.whose.0 as usize] == *record.attribution()
                        && span.days.contains(day)
                })
            }
        }
    }

    fn tallies(&self, snapshot: &Arc<dyn Snapshot>, ask: &TallyAsk) -> Cells {
        let mut cells: Cells = BTreeMap::new();
        for (group, of) in ask.groups.iter().enumerate() {
            for (source, record) in self.counted().filter(|(_, record)| self.has(snapshot, of, record)) {
                let (day, band) = day_band(record.started_at());
                let row = usize::try_from(Day::from(day).number() - ask.slots.first.number()).ok();
                let bucket = row.and_then(|row| ask.slots.table.get(row)).map(|bands| bands[band]);
                let Some(bucket) = bucket.filter(|&bucket| bucket != Slots::NONE) else { continue };
                let source = if ask.by_source { source.to_string() } else { String::new() };
                let kinds = cells.entry((group, bucket, source)).or_default();
                let (calls, waits, talks) = kinds.entry(record.kind()).or_default();
                *calls += 1;
                if ask.durations {
                    waits.extend(record.wait().map(Seconds::get));
                    talks.extend(record.talk().map(Seconds::get));
                    waits.sort_unstable();
                    talks.sort_unstable();
                }
            }
        }
        cells
    }

    async fn compare_whole_calls(&self, snapshot: &Arc<dyn Snapshot>, days: Days) {
        let attributions = snapshot.attributions();
        let spans = (0..attributions.list().len() as u32)
            .map(|key| Span { whose: AttributionKey(key), days })
            .collect();
        let ask = CallsAsk {
            spans,
            from: Moment::from_millis(0),
            until: Moment::from_millis(i64::MAX),
            filter: CallFilter::default(),
            limit: usize::MAX,
        };
        self.compare_listed(snapshot, ask, |_, _| true).await;
    }

    async fn compare_days(&self, snapshot: &Arc<dyn Snapshot>, days: Days) {
        let found = Arc::clone(snapshot).days_with_calls(days, None).await.expect("days are given");
        assert_eq!(found.days, days);
        let expected: BTreeSet<(String, Day)> = (self.counted())
            .map(|(_, record)| (name(record.attribution()), Day::from(day_band(record.started_at()).0)))
            .collect();
        let attributions = snapshot.attributions();
        let found: BTreeSet<(String, Day)> = (0..)
            .zip(attributions.list())
            .flat_map(|(key, attribution)| {
                let has = |day: &Day| found.has(AttributionKey(key), *day);
                days.iter().filter(has).map(|day| (name(attribution), day)).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(found, expected, "days with calls");
        let asked: Vec<_> = (0..attributions.list().len() as u32).step_by(2).map(AttributionKey).collect();
        let some =
            Arc::clone(snapshot).days_with_calls(days, Some(asked.clone())).await.expect("days are given");
        for (key, attribution) in (0..).map(AttributionKey).zip(attributions.list()) {
            let name = name(attribution);
            for day in days.iter().filter(|_| asked.contains(&key)) {
                assert_eq!(some.has(key, day), found.contains(&(name.clone(), day)), "{name} on {day}");
            }
        }
    }
}

/// A bucket for each band of each day, numbered by hundreds so that no two are taken for one.
pub(super) fn every_band(days: Days) -> Slots {
    let row = |day: u32| std::array::from_fn(|band| day * 100 + band as u32);
    Slots { first: days.first, table: (0..days.len() as u32).map(row).collect() }
}

/// A code or `account:` and all that is known of it.
pub(super) fn name(attribution: &Attribution) -> String {
    match attribution {
        Attribution::Practice(code) => code.to_string(),
        Attribution::Account(account) => format!("account:{account:?}"),
    }
}

/// What London's clock shows, by jiff; the bands written out.
fn day_band(moment: Moment) -> DayBand {
    let instant = jiff::Timestamp::from_millisecond(moment.millis()).expect("a sample is in range");
    let london = instant.to_zoned(TimeZone::get("Europe/London").expect("jiff bundles Europe/London"));
    let band = match (london.hour(), london.minute()) {
        (0..=5, _) => 0,
        (6..=7, _) => 1,
        (8..=9, _) => 2,
        (10..=11, _) => 3,
        (12..=13, _) => 4,
        (14..=15, _) => 5,
        (16..=17, _) => 6,
        (18, 0..=29) => 7,
        _ => 8,
    };
    (london.date(), band)
}

fn one_by_one(bins: &[(u32, i64)]) -> Vec<u32> {
    bins.iter().flat_map(|&(secs, calls)| std::iter::repeat_n(secs, calls as usize)).collect()
}
