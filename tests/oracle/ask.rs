//! Plays a history to a server and holds every verdict and every answer to the oracle.

use callgauge::proto::v1::{CallRecord, Verdict};

use super::Stores;
use super::front::Front;
use super::history::Action;
use super::ledger::Ledger;
use super::question::{Question, sweep};
use super::rows::compare;
use super::world;

/// Plays it; says the first difference.
pub(crate) async fn replay(stores: &dyn Stores, history: Vec<Action>) -> Result<(), String> {
    let mut ledger = Ledger::default();
    let mut sent: Vec<(&'static str, Vec<CallRecord>)> = Vec::new();
    let mut store = stores.open().await;
    let mut front = Front::start(store.clone()).await;
    front.import(world::csv(false)).await;
    for action in history {
        match action {
            Action::Send { source, stream, records } => {
                send(&mut front, &mut ledger, source, stream, &records).await?;
                sent.push((source, records));
            }
            Action::SendAgain { nth, reversed } => {
                if let Some((source, mut records)) = sent.get(nth).cloned() {
                    if reversed {
                        records.reverse();
                    }
                    send(&mut front, &mut ledger, source, reversed, &records).await?;
                }
            }
            Action::ImportLate if ledger.knows_late() => {}
            Action::ImportLate => {
                let expected = ledger.late_becomes_known();
                let redriven = front.import(world::csv(true)).await.rejects_redriven;
                if redriven != expected {
                    return Err(format!("{redriven} rejects went through, not {expected}"));
                }
            }
            Action::Restart => {
                front.stop().await;
                store = stores.reopen(store).await;
                front = Front::start(store.clone()).await;
            }
            Action::Ask(question) => ask(&mut front, &ledger, &question).await?,
        }
    }
    for question in sweep() {
        ask(&mut front, &ledger, &question).await?;
    }
    front.stop().await;
    Ok(())
}

async fn send(
    front: &mut Front,
    ledger: &mut Ledger,
    source: &str,
    stream: bool,
    records: &[CallRecord],
) -> Result<(), String> {
    let expected: Vec<(Verdict, u64)> = records.iter().map(|record| ledger.send(source, record)).collect();
    if stream {
        let found = front.stream(source, records.to_vec()).await;
        let verdicts = expected.iter().map(|(verdict, _)| *verdict).collect::<Vec<_>>();
        if found != verdicts {
            return Err(format!("verdicts on {records:#?}\nfound    {found:?}\nexpected {verdicts:?}"));
        }
    } else {
        let found = front.submit(source, records.to_vec()).await;
        if found != expected {
            return Err(format!("verdicts on {records:#?}\nfound    {found:?}\nexpected {expected:?}"));
        }
    }
    Ok(())
}

async fn ask(front: &mut Front, ledger: &Ledger, question: &Question) -> Result<(), String> {
    let rows = front.query(question.request()).await?;
    compare(ledger, question, &rows).map_err(|difference| format!("{question:#?}\n{difference}"))
}
