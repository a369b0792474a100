//! An unmapped record waits with its places, and goes through once, when somebody is found for it.

use std::sync::Arc;

use super::*;
use crate::ingest::SharedDirectory;
use crate::organisations::{Directory, Level, OrganisationRow};
use crate::store::SourceProgress;
use crate::store::memory::MemoryStore;

const NOW: Moment = Moment::from_millis(1_770_100_000_000);

fn ingest() -> Arc<Ingest> {
    let practice = OrganisationRow {
        code: "A81001".parse().expect("a code"),
        name: "First Surgery".to_owned(),
        level: Level::Practice,
        first: None,
        end: None,
        memberships: Vec::new(),
    };
    let directory = SharedDirectory::new(Directory::new(vec![practice]).expect("is whole"));
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
async fn a_mapping_to_a_practice_that_nobody_knows_leaves_the_record_where_it_is() {
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
    let done = ingest.redrive_unmapped(&source, |_, _| practice("Z99999")).await.expect("it works");
    assert_eq!((done.looked_at, done.taken), (1, 0));
    assert_eq!(kept(&ingest).await.len(), 1);
}
