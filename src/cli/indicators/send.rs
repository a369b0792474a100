//! Sends what a reader finds, a thousand values a request, while it reads on; says of each value that was refused where it stands.

use tokio::sync::mpsc;

use super::Client;
use super::file::{Found, Sink};
use crate::cli::connect::Reached;
use crate::cli::{Failure, Progress};
use crate::proto::v1;

/// Values in a request.
const BATCH: usize = 1_000;
/// Batches that wait to be sent.
const WAITING: usize = 4;
/// Refused values that are named; more of them are only counted.
const NAMED: i64 = 100;

/// What became of the values of a file.
#[derive(Default)]
pub(super) struct Told {
    pub(super) values: i64,
    pub(super) added: i64,
    pub(super) replaced: i64,
    pub(super) unchanged: i64,
    pub(super) refused: i64,
}

/// Reads on a thread of its own and sends.
///
/// # Errors
/// What the reader or the server says; what was sent before that stays.
pub(super) async fn all(
    mut client: Client,
    server: &Reached,
    source: String,
    validate_only: bool,
    read: impl FnOnce(&mut Sink<'_>) -> Result<(), Failure> + Send + 'static,
) -> Result<Told, Failure> {
    let (to, mut from) = mpsc::channel::<Vec<Found>>(WAITING);
    let reading = tokio::task::spawn_blocking(move || {
        let mut batch = Vec::with_capacity(BATCH);
        let gone = |_| Failure::Refused("sending ended before the file was read".to_owned());
        let done = read(&mut |found| {
            batch.push(found);
            if batch.len() == BATCH {
                to.blocking_send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))).map_err(gone)?;
            }
            Ok(())
        });
        to.blocking_send(batch).map_err(gone)?;
        done
    });
    let mut told = Told::default();
    let mut progress: Option<Progress> = None;
    while let Some(batch) = from.recv().await {
        let many = batch.len() as u64;
        let progress = progress.get_or_insert_with(|| Progress::begin("values", None));
        let mut places = Vec::with_capacity(batch.len());
        let mut indicators = Vec::with_capacity(batch.len());
        for Found { place, value } in batch {
            match value {
                Ok(value) => {
                    places.push(place);
                    indicators.push(value);
                }
                Err(what) => told.refuse(progress, &place, &what),
            }
        }
        told.values += indicators.len() as i64;
        if !indicators.is_empty() {
            let request =
                v1::SubmitIndicatorsRequest { source_id: source.clone(), indicators, validate_only };
            let answer = client.submit_indicators(request).await.map_err(server.refusal("import"))?;
            let v1::SubmitIndicatorsResponse { added, unchanged, replaced, rejected } = answer.into_inner();
            told.added += added;
            told.unchanged += unchanged;
            told.replaced += replaced;
            for v1::RejectedIndicator { index, field, message } in rejected {
                let place = usize::try_from(index).ok().and_then(|index| places.get(index));
                told.refuse(progress, place.map_or("", String::as_str), &format!("{field}: {message}"));
            }
        }
        progress.add(many);
    }
    drop(progress);
    if told.refused > NAMED {
        eprintln!("callgauge: and {} more", told.refused - NAMED);
    }
    match reading.await {
        Ok(done) => done.map(|()| told),
        Err(fault) => Err(Failure::Refused(format!("the file could not be read to its end: {fault}"))),
    }
}

impl Told {
    fn refuse(&mut self, progress: &Progress, place: &str, what: &str) {
        self.refused += 1;
        if self.refused <= NAMED {
            progress.say(&format!("callgauge: {place}: {what}"));
        }
    }
}
