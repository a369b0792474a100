//! Reads a data folder through, without changing it: checksums, the database's own check, and that every call stands once.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::folder::Folder;
use super::hot::Order;
use super::run::{Identities, Run};
use super::{labels::Labels, schema};
use crate::calendar::Day;
use crate::store::StoreError;

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Calls kept, retracted ones included; those that are not yet sorted into their days are not counted.
    pub calls: u64,
    /// Records that were read and are not yet settled.
    pub unsettled: u64,
    /// Sorted files checked.
    pub runs: u64,
    /// What is wrong, in words; empty where nothing is.
    pub faults: Vec<String>,
}

/// Checks a data folder that no process has open: the database's own check, every checksum, that every listed file is there, and that no call stands twice.
///
/// # Errors
/// [`StoreError::Folder`] where it cannot be opened at all.
pub fn verify(data: &Path) -> Result<VerifyReport, StoreError> {
    if !data.join("callgauge.db").is_file() {
        return Err(StoreError::Folder(format!(
            "{} is no data folder of callgauge: there is no callgauge.db in it",
            data.display()
        )));
    }
    let folder = Folder::open(data)?;
    let unreadable = |fault: rusqlite::Error| {
        StoreError::Folder(format!("{}: callgauge.db cannot be read: {fault}", data.display()))
    };
    let mut db = schema::open(&folder)?;
    let key = schema::prepare(&mut db, || Err(io::Error::other("the folder has none")))?;
    let mut report = VerifyReport::default();
    let said: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).map_err(unreadable)?;
    if said != "ok" {
        report.faults.push(format!("callgauge.db: {said}"));
    }
    report.faults.extend(super::indicators::verify(&db).map_err(unreadable)?);
    let (labels, _) = Labels::read(&db).map_err(unreadable)?;
    // What is stated about days came with format 2; a folder is checked as it is, not changed.
    if schema::format(&db).map_err(unreadable)? >= 2 {
        report.faults.extend(super::stated::verify(&db, &labels).map_err(unreadable)?);
    }
    let mut arrivals = db.prepare("SELECT seq, data FROM arrivals ORDER BY seq").map_err(unreadable)?;
    let mut rows = arrivals.query([]).map_err(unreadable)?;
    while let Some(row) = rows.next().map_err(unreadable)? {
        let (seq, data): (i64, Vec<u8>) = (row.get(0).map_err(unreadable)?, row.get(1).map_err(unreadable)?);
        match super::arrivals::decode(&data, &key, &labels) {
            Ok((rows, _)) => report.unsettled += rows.len() as u64,
            Err(fault) => report.faults.push(format!("arrival {seq}: {fault}")),
        }
    }
    let mut runs = Vec::new();
    let mut listed = db.prepare("SELECT id, file, calls FROM runs ORDER BY id").map_err(unreadable)?;
    let mut rows = listed.query([]).map_err(unreadable)?;
    while let Some(row) = rows.next().map_err(unreadable)? {
        let (id, file, calls): (i64, String, i64) = (
            row.get(0).map_err(unreadable)?,
            row.get(1).map_err(unreadable)?,
            row.get(2).map_err(unreadable)?,
        );
        let checked =
            Run::open(id, &folder.runs().join(&file), Vec::new()).and_then(|run| run.verify().map(|()| run));
        match checked {
            Ok(run) if run.rows as i64 - run.kills.len() as i64 != calls => {
                report.faults.push(format!("runs/{file}: holds other calls than the database says"));
            }
            Ok(run) => runs.push(run),
            Err(fault) => report.faults.push(format!("runs/{file}: {fault}")),
        }
        report.runs += 1;
        report.calls = report.calls.saturating_add_signed(calls);
    }
    match doubles(&runs) {
        Ok(0) => {}
        Ok(calls) => report.faults.push(format!("{calls} call(s) stand more than once in the sorted files")),
        Err(fault) => report.faults.push(format!("the sorted files cannot be compared: {fault}")),
    }
    Ok(report)
}

/// How many calls stand more than once: an identity may have several rows, of which all but one were replaced by a later arrival.
/// Walks the indexes of all runs side by side, a stretch of each in memory.
fn doubles(runs: &[Arc<Run>]) -> io::Result<u64> {
    let mut kills: HashMap<u128, Vec<(Day, Order)>> = HashMap::new();
    for run in runs {
        for &identity in &run.kills {
            kills.entry(identity).or_default().push((run.day, run.order));
        }
    }
    let mut lists = runs.iter().map(|run| Identities::of(run)).collect::<io::Result<Vec<_>>>()?;
    let mut next = BinaryHeap::new();
    for (at, list) in lists.iter_mut().enumerate() {
        next.extend(list.next()?.map(|identity| Reverse((identity, at))));
    }
    let (mut twice, mut last, mut standing) = (0, None, 0_u64);
    while let Some(Reverse((identity, at))) = next.pop() {
        next.extend(lists[at].next()?.map(|identity| Reverse((identity, at))));
        if last != Some(identity) {
            (last, standing) = (Some(identity), 0);
        }
        let run = &runs[at];
        let replaced = kills
            .get(&identity)
            .is_some_and(|kills| kills.iter().any(|&(day, order)| day == run.day && order > run.order));
        standing += u64::from(!replaced);
        twice += u64::from(!replaced && standing == 2);
    }
    Ok(twice)
}

#[cfg(test)]
mod tests {
    use callgauge_schema::{
        Direction, Draft, DraftAttribution, DraftDuration, Moment, Outcome, UnknownDurations,
    };

    use super::super::{Limits, SqliteStore};
    use super::*;
    use crate::store::{Item, Store as _, Submission};

    const NOW: Moment = Moment::from_millis(1_770_000_000_000);

    fn submission(revision: u64) -> Submission {
        let call = |number: i64| Draft {
            call_id: format!("c-{number}"),
            attribution: Some(DraftAttribution::Practice("A81001".to_owned())),
            revision: Some(revision),
            direction: Some(Direction::Inbound),
            started_at: Some(NOW.plus_millis(number * -86_400_000)),
            outcome: Some(Outcome::Missed),
            wait: Some(DraftDuration::from_secs(number + revision as i64)),
            ..Draft::default()
        };
        let records = (1..4).map(|number| call(number).check(NOW, UnknownDurations::default()));
        Submission::new(
            "acme".parse().expect("a source"),
            records.map(|record| Item::Record(record.expect("a record"))).collect(),
        )
    }

    /// A folder of three calls of which each was settled twice, the second time revised.
    async fn settled_twice(folder: &Path) {
        let limits = Limits { settle_rows: 1, ..Limits::default() };
        let store = SqliteStore::open(folder, limits).expect("opens");
        for revision in 1..3 {
            store.commit(submission(revision)).await.expect("is taken");
            while store.status().unsettled > 0 {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
        store.close().await.expect("closes");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn revised_calls_stand_once_and_a_run_that_is_listed_twice_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        settled_twice(folder.path()).await;
        let sound = verify(folder.path()).expect("can be read");
        assert_eq!((sound.calls, sound.faults), (3, Vec::<String>::new()));
        assert!(sound.runs > 3, "revisions are in runs of their own");
        let db = rusqlite::Connection::open(folder.path().join("callgauge.db")).expect("opens");
        let (id, file): (i64, String) = db
            .query_row("SELECT max(id), file FROM runs", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("runs are listed");
        std::fs::copy(folder.path().join("runs").join(&file), folder.path().join("runs/again"))
            .expect("is copied");
        db.execute(
            "INSERT INTO runs (id, day, file, calls) SELECT id + 1, day, 'again', calls FROM runs WHERE id = ?",
            [id],
        )
        .expect("is listed");
        drop(db);
        let found = verify(folder.path()).expect("can be read");
        assert_eq!(found.faults, ["1 call(s) stand more than once in the sorted files"]);
    }
}
