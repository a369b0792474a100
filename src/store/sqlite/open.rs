//! Opens a data folder: what the database lists is opened, what arrived and was not settled is taken up again, the threads begin.

use std::collections::HashSet;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Instant;

use callgauge_schema::Moment;
use rusqlite::{Connection, params};
use tokio::sync::{Semaphore, watch};

use super::filter::Filter;
use super::folder::Folder;
use super::hot::{Chunk, Kill, Place};
use super::indicators::Keeper;
use super::labels::Labels;
use super::months::Months;
use super::rejects::Counts;
use super::row::{FolderKey, Row};
use super::run::Run;
use super::settler::{Settler, Task};
use super::standing::{Standing, add_run};
use super::view::{RunSet, Shared, View, damaged};
use super::writer::{Gauges, Job, Limits, Writer};
use super::{SqliteStore, WAITING, access_events, arrivals, schema, stated};
use crate::store::{StoreError, StoreHealth};

/// Rows of a chunk that is made of arrivals.
const CHUNK_ROWS: usize = 65_536;

pub(super) fn open(path: &Path, limits: Limits) -> Result<SqliteStore, StoreError> {
    let folder = Folder::open(path)?;
    let unreadable = |fault: rusqlite::Error| {
        StoreError::Folder(format!("{}: callgauge.db cannot be opened: {fault}", path.display()))
    };
    let mut db = schema::open(&folder)?;
    let key = schema::prepare(&mut db, fresh_key)?;
    schema::upgrade(&mut db).map_err(unreadable)?;
    let (labels, written) = Labels::read(&db).map_err(unreadable)?;
    let statements = Arc::new(stated::read(&db, &labels)?);
    let (runs, listed) = read_runs(&db, &folder)?;
    folder
        .clear(&listed)
        .map_err(|fault| StoreError::Folder(format!("{} cannot be cleared up: {fault}", path.display())))?;
    let settled = sum_calls(&db).map_err(unreadable)?;
    let counts = Counts::read(&db).map_err(unreadable)?;
    db.execute_batch(access_events::TABLES).map_err(unreadable)?;
    let indicators = Keeper::open(&db)?;
    let known = indicators.shown();
    let reader = schema::connect(&folder.database()).map_err(unreadable)?;

    let shared = Arc::new(Shared { key, labels: RwLock::new(labels), months: Months::default() });
    let mut standing = Standing::new(runs.clone());
    let taken = take_up(&db, &shared, &mut standing, &key)?;
    let gauges = Arc::new(Gauges::default());
    gauges.calls.store(settled + taken.new_calls, std::sync::atomic::Ordering::Relaxed);
    gauges.rejects.store(counts.total(), std::sync::atomic::Ordering::Relaxed);
    gauges.run_bytes.store(runs.all().map(|run| run.bytes).sum(), std::sync::atomic::Ordering::Relaxed);
    let last_receipt: i64 = db
        .query_row("SELECT coalesce(max(id), 0) FROM receipts", [], |row| row.get(0))
        .map_err(unreadable)?;

    let (jobs, job_queue) = queue();
    let (orders, order_queue) = queue();
    let (health, watched) = watch::channel(StoreHealth::Serving);
    let view = Arc::new(Mutex::new(View::new(shared.clone(), runs.clone(), Vec::new(), statements.clone())));
    let oldest = (standing.active.rows > 0).then(Instant::now);
    let writer = Writer {
        db,
        file: folder.database(),
        shared: shared.clone(),
        written,
        standing,
        counts,
        indicators,
        statements,
        next_seq: taken.next_seq,
        next_receipt: last_receipt as u64 + 1,
        view: view.clone(),
        gauges: gauges.clone(),
        health,
        limits,
        settler: orders.clone(),
        clock: now,
        oldest,
        stuck: None,
        pending: std::collections::VecDeque::new(),
    };
    writer.show();
    let settler = Settler {
        folder: folder.runs(),
        next_id: next_run(&writer.db, &runs).map_err(unreadable)?,
        writer: jobs.clone(),
        gauges: gauges.clone(),
        shared: shared.clone(),
    };
    let _ = orders.send(Task::Compact(runs.clone()));
    let filter_to = jobs.clone();
    let thread = |name: &str, work: Box<dyn FnOnce() + Send>| {
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .map_err(|fault| StoreError::Folder(format!("no thread can be started: {fault}")))
    };
    let threads = vec![
        thread("settler", Box::new(move || settler.run(&order_queue)))?,
        thread("filter", Box::new(move || build_filter(&runs, &filter_to)))?,
        thread(
            "writer",
            Box::new(move || {
                writer.run(&job_queue);
                drop(folder);
            }),
        )?,
    ];
    drop(orders);
    Ok(SqliteStore {
        jobs: Mutex::new(Some(jobs)),
        room: Arc::new(Semaphore::new(WAITING)),
        turn: tokio::sync::Mutex::new(()),
        shared,
        view,
        gauges,
        health: watched,
        known,
        reader: Arc::new(Mutex::new(reader)),
        database: path.join("callgauge.db"),
        threads: Mutex::new(threads),
    })
}

/// The clock of receipts.
fn now() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(since.as_millis() as i64)
}

fn fresh_key() -> std::io::Result<[u8; 16]> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(std::io::Error::other)?;
    Ok(key)
}

/// The runs that the database lists, opened.
fn read_runs(db: &Connection, folder: &Folder) -> Result<(Arc<RunSet>, Vec<String>), StoreError> {
    let listed = (|| -> rusqlite::Result<Vec<(i64, String)>> {
        let mut rows = db.prepare("SELECT id, file FROM runs")?;
        rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    })();
    let listed = listed.map_err(|fault| StoreError::Damaged(fault.to_string()))?;
    let mut runs = Vec::with_capacity(listed.len());
    for (id, file) in &listed {
        let run = Run::open(*id, &folder.runs().join(file), Vec::new());
        runs.push(
            run.map_err(|fault| StoreError::Damaged(format!("runs/{file}: {fault}; restore a backup")))?,
        );
    }
    Ok((
        Arc::new(RunSet::default().changed(&runs, &HashSet::new())),
        listed.into_iter().map(|(_, file)| file).collect(),
    ))
}

fn sum_calls(db: &Connection) -> rusqlite::Result<u64> {
    db.query_row("SELECT coalesce(sum(calls), 0) FROM runs", [], |row| row.get::<_, i64>(0))
        .map(|calls| calls as u64)
}

fn next_run(db: &Connection, runs: &RunSet) -> rusqlite::Result<i64> {
    let listed: i64 = db.query_row("SELECT coalesce(max(id), 0) FROM runs", [], |row| row.get(0))?;
    Ok(runs.all().map(|run| run.id).max().unwrap_or(0).max(listed) + 1)
}

struct Taken {
    next_seq: u64,
    new_calls: u64,
}

/// Puts what arrived and was not settled back into memory, in the order in which it came.
fn take_up(
    db: &Connection,
    shared: &Shared,
    standing: &mut Standing,
    key: &FolderKey,
) -> Result<Taken, StoreError> {
    let unreadable = |fault: rusqlite::Error| StoreError::Damaged(fault.to_string());
    let last_order = standing.runs.all().map(|run| run.order.0).max().unwrap_or(0);
    let mut taken = Taken { next_seq: last_order + 1, new_calls: 0 };
    let mut rows = db.prepare("SELECT seq, data FROM arrivals ORDER BY seq").map_err(unreadable)?;
    let mut rows = rows.query(params![]).map_err(unreadable)?;
    let mut chunk: Option<Chunk> = None;
    while let Some(row) = rows.next().map_err(unreadable)? {
        let seq = row.get::<_, i64>(0).map_err(unreadable)? as u64;
        let data = row.get_ref(1).and_then(|data| Ok(data.as_blob()?)).map_err(unreadable)?;
        let (rows, heap) = arrivals::decode(data, key, &shared.labels())?;
        taken.next_seq = taken.next_seq.max(seq + 1);
        let mut open = chunk.take().unwrap_or_else(|| Chunk::new(seq));
        for (at, row) in rows.iter().enumerate() {
            // Only a row that replaced another is looked up: there is no filter yet, and without one looking up strangers is slow.
            if row.replaces {
                let found = standing.find(row.identity, row.day(), None, &open)?;
                let found = found
                    .ok_or_else(|| StoreError::Damaged("what a record replaced is missing".to_owned()))?;
                let before_row = open.rows.len() as u32;
                open.kills.push(Kill { identity: row.identity, before_row, old: found.weight()? });
            } else {
                taken.new_calls += 1;
            }
            let end = rows.get(at + 1).map_or(heap.len(), |next| next.text as usize);
            let place = Place { chunk: standing.active.chunks.len() as u32, row: open.rows.len() as u32 };
            open.rows.push(Row { text: open.text.len() as u32, ..*row });
            open.text.extend_from_slice(&heap[row.text as usize..end]);
            standing.active.note(row.identity, place, &open);
        }
        if open.rows.len() >= CHUNK_ROWS {
            standing.active.rows += open.rows.len();
            standing.active.chunks.push(Arc::new(open));
        } else {
            chunk = Some(open);
        }
    }
    if let Some(open) = chunk {
        standing.active.rows += open.rows.len();
        standing.active.chunks.push(Arc::new(open));
    }
    Ok(taken)
}

/// The writer's queue, or the settler's. The two threads send to each other, so neither may wait for room in the other's: what bounds them is said here.
#[expect(
    clippy::disallowed_methods,
    reason = "submissions hold one of a limited number of permits, other jobs one waiting request each; the settler has one order at a time and one for each of its answers"
)]
fn queue<T>() -> (Sender<T>, Receiver<T>) {
    channel()
}

/// Builds the filter over the runs that were there at the start, and hands it to the writer.
fn build_filter(runs: &RunSet, to: &Sender<Job>) {
    let mut filter = Filter::default();
    let mut covered = HashSet::new();
    for run in runs.all() {
        if let Err(fault) = add_run(&mut filter, run).map_err(|fault| damaged(std::io::Error::other(fault))) {
            tracing::error!(error = %fault, "the filter could not be built; look-ups go without it");
            return;
        }
        covered.insert(run.id);
    }
    let _ = to.send(Job::Filter(filter, covered));
}
