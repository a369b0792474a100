//! An unmapped record waits with its places, and goes through once, when somebody is found for it.

use std::sync::Arc;

use super::*;
use crate::ingest::SharedDirectory;
use crate::organisations::{Directory, Level, OrganisationRow};
use crate::store::SourceProgress;
use crate::store::memory::MemoryStore;

const NOW: Moment = Moment::from_millis(1_770_100_000_000);

fn surgery(code: &str) -> OrganisationRow {
    OrganisationRow {
        code: code.parse().expect("a code"),
        name: "A Surgery".to_owned(),
        level: Level::Practice,
        first: None,
        end: None,
        memberships: Vec::new(),
    }
}

fn ingest() -> Arc<Ingest> {
    let directory = SharedDirectory::new(Directory::new(vec![surgery("A81001")]).expect("is whole"));
    Arc::new(Ingest::new(Arc::new(MemoryStore::new()), directory, Arc::new(|| NOW)))
}

fn record(call_id: &str) -> v1::CallRecord {
    v1::CallRecord {
        call_id: call_id.to_owned(),
        direction: v1::Direction::Inbound.into(),
        started_at: Some(prost_types::Timestamp { seconds: 1_770_000_000, nanos: 0 }),
        outcome: v1::Outcome::Missed.into(),
        wait: Some(prost_types::Duration { seconds: 9, nanos: 0 }),
        ..Default::default()
    }
}

fn practice(code: &str) -> Option<Attribution> {
    Some(Attribution::PracticeCode(code.to_owned()))
}

async fn kept(ingest: &Ingest) -> Vec<KeptReject> {
    let ask = RejectsAsk { limit: 100, ..RejectsAsk::default() };
    ingest.store.rejects(ask).await.expect("it answers")
}

#[tokio::test]
async fn an_unmapped_record_goes_through_when_its_place_is_somebody_s() {
    let ingest = ingest();
    let source: SourceId = "acme".parse().expect("an id");
    let unknown = UnknownDurations::default();
    let mapped = v1::CallRecord { attribution: practice("A81001"), ..record("mapped") };
    let progress = SourceProgress::try_from(b"page 2".to_vec()).ok();
    let batch = ingest
        .convert(source.clone(), vec![mapped], unknown)
        .with_unmapped(record("queue-1"), unknown, b"queue 1", "no mapping names this queue")
        .with_unmapped(record("queue-2"), unknown, b"queue 2", "no mapping names this queue")
        .with_statements(progress, Vec::new());
    let taken = ingest.commit(batch).await.expect("is taken");
    let refused: Vec<_> = taken.refusals.iter().map(|refusal| (refusal.index, refusal.reason)).collect();
    assert_eq!(refused, [(1, RejectReason::Unmapped), (2, RejectReason::Unmapped)]);
    assert_eq!(ingest.store.source_states().await.expect("it answers").len(), 1);

    let all = ingest.redrive(crate::ingest::RedriveFilter::default()).await.expect("it works");
    assert_eq!((all.looked_at, all.taken), (2, 0), "nobody is guessed for them");
    let mut asked = Vec::new();
    let whose = |places: &[u8], began: Moment| {
        asked.push((String::from_utf8_lossy(places).into_owned(), began.secs()));
        if places == b"queue 2" { practice("A81001") } else { None }
    };
    let done = ingest.redrive_unmapped(&source, whose).await.expect("it works");
    assert_eq!((done.looked_at, done.taken), (2, 1));
    assert_eq!(asked, [("queue 1".to_owned(), 1_770_000_000), ("queue 2".to_owned(), 1_770_000_000)]);
    let left = kept(&ingest).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].reject.call_id.as_ref().map(|id| id.as_str()), Some("queue-1"));
    let call = ingest.store.call(&source, &"queue-2".parse().expect("an id")).await.expect("it answers");
    assert!(call.is_some(), "it counts now");
}

#[tokio::test]
async fn a_record_that_has_somebody_and_does_not_pass_says_why_and_goes_through_when_that_is_mended() {
    let ingest = ingest();
    let source: SourceId = "acme".parse().expect("an id");
    let unknown = UnknownDurations::default();
    let batch = ingest.convert(source.clone(), Vec::new(), unknown).with_unmapped(
        record("c-1"),
        unknown,
        b"site",
        "no mapping names this site",
    );
    ingest.commit(batch).await.expect("is taken");
    let done = ingest.redrive_unmapped(&source, |_, _| practice("A81002")).await.expect("it works");
    assert_eq!((done.looked_at, done.taken), (1, 0));
    let left = kept(&ingest).await;
    let told: Vec<_> = left.iter().map(|kept| (kept.reject.reason, kept.reject.message.as_str())).collect();
    assert!(
        matches!(told[..], [(RejectReason::UnknownPractice, why)] if why.contains("was ever imported")),
        "its place is mapped, the practice is not known: {told:?}"
    );

    let import = surgery("A81002");
    ingest.directory.put(Directory::new(vec![surgery("A81001"), import]).expect("is whole"));
    let done = ingest.redrive_unknown_practices().await.expect("it works");
    assert_eq!((done.looked_at, done.taken), (1, 1), "as every record does");
    assert!(kept(&ingest).await.is_empty());
}

#[tokio::test]
async fn a_mapping_to_a_practice_that_nobody_knows_can_be_mended() {
    let ingest = ingest();
    let source: SourceId = "acme".parse().expect("an id");
    let unknown = UnknownDurations::default();
    let mistyped = v1::CallRecord { attribution: practice("A81O01"), ..record("c-1") };
    let placed = |_| Some(b"site".to_vec());
    let batch = ingest.convert(source.clone(), vec![mistyped], unknown).with_places(placed).with_unmapped(
        record("c-2"),
        unknown,
        b"site",
        "no mapping names this site",
    );
    ingest.commit(batch).await.expect("is taken");
    let done = ingest.redrive_unmapped(&source, |_, _| practice("A81O02")).await.expect("it works");
    assert_eq!(done.taken, 0, "another mistake");
    let left = kept(&ingest).await;
    assert!(left.iter().all(|kept| kept.reject.reason == RejectReason::UnknownPractice), "{left:?}");
    assert!(left.iter().all(|kept| kept.reject.practice == "A81O02".parse().ok()), "{left:?}");
    let done = ingest.redrive_unmapped(&source, |_, _| practice("A81001")).await.expect("it works");
    assert_eq!((done.looked_at, done.taken), (2, 2));
    assert!(kept(&ingest).await.is_empty(), "neither waits for an import that cannot come");
}
