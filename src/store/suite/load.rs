//! Many at once, many together, and texts that nobody expects.

use std::sync::Arc;

use callgauge_schema::{Draft, DraftAccount, DraftAttribution};

use super::Harness;
use super::dice::Dice;
use super::model::Model;
use super::order::submit_as_the_model_says;
use super::sample::{answered, practice, random, record, source, submit};
use crate::store::Verdict;

pub(super) async fn many_small_submissions_at_once_all_count(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let mut model = Model::default();
    let mut tasks = Vec::new();
    for task in 0..6 {
        let mut dice = Dice::new(task);
        let drafts: Vec<Draft> = (0..40).map(|n| random(&format!("c-{task}-{n}"), &mut dice)).collect();
        for draft in &drafts {
            model.submit(&acme, &record(draft.clone()));
        }
        let (store, acme) = (Arc::clone(&store), acme.clone());
        tasks.push(tokio::spawn(async move {
            for draft in drafts {
                let found = submit(&store, &acme, vec![draft]).await;
                assert!(matches!(found[0].verdict, Verdict::Accepted | Verdict::Retracted), "{found:?}");
                let snapshot = store.snapshot().await.expect("a snapshot is given");
                assert!(!snapshot.attributions().list().is_empty() || found[0].verdict == Verdict::Retracted);
            }
        }));
    }
    for task in tasks {
        task.await.expect("no task fails");
    }
    model.compare(&store).await;
}

pub(super) async fn the_same_records_sent_at_once_count_once(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let drafts: Vec<Draft> = (0..50).map(|n| answered(&format!("c-{n}"))).collect();
    let mut model = Model::default();
    for draft in &drafts {
        model.submit(&acme, &record(draft.clone()));
    }
    let mut tasks = Vec::new();
    for task in 0..5_u64 {
        let (store, acme, mut drafts) = (Arc::clone(&store), acme.clone(), drafts.clone());
        Dice::new(task).shuffle(&mut drafts);
        tasks.push(tokio::spawn(async move {
            let mut accepted = 0;
            for part in drafts.chunks(7) {
                let found = submit(&store, &acme, part.to_vec()).await;
                accepted += found.iter().filter(|found| found.verdict == Verdict::Accepted).count();
            }
            accepted
        }));
    }
    let mut accepted = 0;
    for task in tasks {
        accepted += task.await.expect("no task fails");
    }
    assert_eq!(accepted, 50, "each is new once");
    model.compare(&store).await;
}

pub(super) async fn a_big_submission_is_taken_whole(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut dice = Dice::new(3);
    let mut model = Model::default();
    let drafts: Vec<Draft> = (0..10_000).map(|n| random(&format!("c-{}", n % 9_000), &mut dice)).collect();
    submit_as_the_model_says(&store, &mut model, &source("acme"), drafts).await;
    model.compare(&store).await;
}

pub(super) async fn unusual_texts_come_back_as_they_were(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let mut model = Model::default();
    let longest = |what: &str| what.repeat(128 / what.chars().count());
    let ids = [
        longest("x"),
        longest("é"),
        longest("🦀"),
        longest("\u{10ffff}"),
        "e\u{301}".to_owned(),
        "\u{e9}".to_owned(),
        " ".to_owned(),
        " c-1".to_owned(),
        "c-1".to_owned(),
        "C-1".to_owned(),
        "'; DROP TABLE calls; --".to_owned(),
        "a%_\\".to_owned(),
        "\u{feff}c-1".to_owned(),
    ];
    let drafts = ids.iter().map(|id| Draft { line: "日本 \u{202e}☎".to_owned(), ..answered(id) }).collect();
    submit_as_the_model_says(&store, &mut model, &acme, drafts).await;
    let account = DraftAccount { id: "ß🦀".repeat(32), ..DraftAccount::default() };
    let drafts = vec![
        Draft { attribution: Some(DraftAttribution::Account(Box::new(account))), ..answered("account") },
        Draft { attribution: practice("A2"), ..answered("shortest code") },
        Draft { attribution: practice("ABCDEF123456"), ..answered("longest code") },
    ];
    submit_as_the_model_says(&store, &mut model, &source(&"s".repeat(64)), drafts).await;
    model.compare(&store).await;
}
