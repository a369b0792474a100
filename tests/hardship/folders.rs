//! Folders that cannot be used: one clear line, exit code 1, and nothing in them is changed.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Output;

use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::made_up;
use crate::process::{Service, assert_sound, callgauge, run, serve};
use crate::wire::Client;

/// What is done to a folder, under a name, and what has to be said of it.
type Case<'a> = (&'a str, &'a dyn Fn(&Path), &'a str);

const SETTLE_ROWS: usize = 900;

/// A sound folder with settled days, stopped; kept for all tests of this process.
async fn sound() -> &'static Path {
    static SOUND: OnceCell<TempDir> = OnceCell::const_new();
    let make = async || {
        let folder = TempDir::new().expect("a folder");
        let service = Service::start(folder.path(), SETTLE_ROWS);
        let mut client = Client::of(&service).await;
        for number in 1..=5 {
            client.submit(made_up::batch(number)).await.expect("it is taken");
        }
        while client.status().await.unsettled >= SETTLE_ROWS as i64 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        service.stop();
        assert_sound(folder.path());
        assert!(!run_files(folder.path()).is_empty());
        folder
    };
    SOUND.get_or_init(make).await.path()
}

#[tokio::test]
async fn a_damaged_folder_is_refused_in_one_line_and_left_as_it_is() {
    let sound = sound().await;
    let flip_header = |data: &Path| flip(&run_files(data)[0], 20);
    let flip_directory = |data: &Path| {
        let file = &run_files(data)[0];
        flip(file, fs::metadata(file).expect("it is there").len() - 3);
    };
    let cut = |data: &Path| {
        let file = fs::File::options().write(true).open(&run_files(data)[0]).expect("it is there");
        file.set_len(file.metadata().expect("it is there").len() / 2).expect("it can be cut");
    };
    let lose = |data: &Path| fs::remove_file(&run_files(data)[0]).expect("it is there");
    let database = |data: &Path| data.join("callgauge.db");
    let newer = |data: &Path| {
        let db = Connection::open(database(data)).expect("it opens");
        db.pragma_update(None, "user_version", 99).expect("it can be written");
    };
    let cases: [Case<'_>; 8] = [
        ("header of the database", &|data| flip(&database(data), 3), "not a database"),
        ("header of a run", &flip_header, "runs/"),
        ("directory of a run", &flip_directory, "runs/"),
        ("a run cut in two", &cut, "runs/"),
        ("a run lost", &lose, "runs/"),
        ("a newer format", &newer, "format 99"),
        ("the database lost", &|data| fs::remove_file(database(data)).expect("it is there"), "restore"),
        ("the database empty", &|data| fs::write(database(data), "").expect("it is there"), "restore"),
    ];
    for (name, damage, expected) in cases {
        let folder = TempDir::new().expect("a folder");
        copy(sound, folder.path());
        damage(folder.path());
        refused(name, folder.path(), expected);
    }
}

#[test]
fn a_foreign_folder_is_refused_in_one_line_and_left_as_it_is() {
    let text = |data: &Path| fs::write(data.join("letters.txt"), "Dear all").expect("it can be written");
    let foreign = |data: &Path| {
        let db = Connection::open(data.join("callgauge.db")).expect("it opens");
        db.execute_batch("CREATE TABLE birds (name TEXT); INSERT INTO birds VALUES ('wren');")
            .expect("it can be written");
    };
    let letters = |data: &Path| fs::write(data.join("callgauge.db"), "Dear all").expect("it can be written");
    let cases: [Case<'_>; 3] = [
        ("a folder of letters", &text, "letters.txt"),
        ("somebody else's database", &foreign, "not one of callgauge"),
        ("no database at all", &letters, "not a database"),
    ];
    for (name, fill, expected) in cases {
        let folder = TempDir::new().expect("a folder");
        fill(folder.path());
        refused(name, folder.path(), expected);
    }
}

#[test]
fn a_path_that_cannot_be_a_folder_is_refused_in_one_line() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "Dear all").expect("it can be written");
    one_line("a file", &run(&mut serve(&file, SETTLE_ROWS)), "is a file");
    one_line("below a file", &run(&mut serve(&file.join("data"), SETTLE_ROWS)), "cannot be made or written");
    // Nobody, not even root, can make a folder there.
    let unwritable = Path::new("/proc/callgauge-data");
    one_line("unwritable", &run(&mut serve(unwritable, SETTLE_ROWS)), "cannot be made or written");
    assert_eq!(fs::read(&file).expect("it is there"), b"Dear all");
}

#[tokio::test]
async fn a_folder_or_port_in_use_is_refused_in_one_line_while_the_other_goes_on() {
    let folder = TempDir::new().expect("a folder");
    let service = Service::start(&folder.path().join("one"), SETTLE_ROWS);
    let mut client = Client::of(&service).await;
    client.submit(made_up::batch(1)).await.expect("it is taken");
    one_line("folder", &run(&mut serve(&folder.path().join("one"), SETTLE_ROWS)), "in use");
    let verify = run(callgauge().args(["verify", "--data"]).arg(folder.path().join("one")));
    one_line("verify", &verify, "in use");

    let holder = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = holder.local_addr().expect("an address").to_string();
    for option in ["--listen", "--metrics-listen"] {
        let other = if option == "--listen" { "--metrics-listen" } else { "--listen" };
        let data = folder.path().join("two");
        let mut command = callgauge();
        command.args(["serve", option, &taken, other, "127.0.0.1:0", "--data"]).arg(&data);
        one_line(option, &run(&mut command), &format!("cannot listen on {taken} ({option})"));
    }
    drop(holder);

    client.submit(made_up::batch(2)).await.expect("it is taken");
    assert_eq!(client.calls_by_day().await, made_up::calls_by_day(2));
    service.stop();
    assert_sound(&folder.path().join("one"));
}

#[tokio::test]
async fn verify_names_the_file_in_which_a_byte_is_not_what_was_written() {
    let sound = sound().await;
    let names = run_files(sound).len();
    for (nth, tenths) in (0..names).cycle().zip(1..10) {
        let folder = TempDir::new().expect("a folder");
        copy(sound, folder.path());
        let file = &run_files(folder.path())[nth];
        flip(file, fs::metadata(file).expect("it is there").len() * tenths / 10);
        let before = contents(folder.path());
        let told = run(callgauge().args(["verify", "--data"]).arg(folder.path()));
        let name = format!("fault runs/{}", file.file_name().expect("it has one").to_string_lossy());
        assert_eq!(told.status.code(), Some(1), "{told:?}");
        assert!(String::from_utf8_lossy(&told.stdout).contains(&name), "{name}: {told:?}");
        assert!(String::from_utf8_lossy(&told.stderr).starts_with("callgauge: "), "{told:?}");
        unchanged("verify", &before, folder.path());
    }
}

/// Holds `serve` to one line that says this, and to changing nothing that was there.
fn refused(name: &str, data: &Path, expected: &str) {
    let before = contents(data);
    one_line(name, &run(&mut serve(data, SETTLE_ROWS)), expected);
    unchanged(name, &before, data);
}

fn one_line(name: &str, told: &Output, expected: &str) {
    let said = String::from_utf8_lossy(&told.stderr);
    assert_eq!(told.status.code(), Some(1), "{name}: {told:?}");
    assert!(said.starts_with("callgauge: ") && said.lines().count() == 1, "{name}: {said}");
    assert!(said.contains(expected), "{name}: {said}");
    assert!(told.stdout.is_empty(), "{name}: {told:?}");
}

fn unchanged(name: &str, before: &BTreeMap<PathBuf, Vec<u8>>, data: &Path) {
    let after = contents(data);
    for (path, bytes) in before {
        assert!(after.get(path) == Some(bytes), "{name}: {} was changed", path.display());
    }
}

/// Every file with what is in it, the lock left out.
fn contents(data: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(data).expect("it is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else if !path.ends_with("callgauge.lock") {
            found.insert(path.clone(), fs::read(&path).expect("it can be read"));
        }
    }
    found
}

/// Copies a stopped data folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("runs")).expect("a folder");
    fs::copy(from.join("callgauge.db"), to.join("callgauge.db")).expect("it is there");
    for run in run_files(from) {
        fs::copy(&run, to.join("runs").join(run.file_name().expect("it has one"))).expect("it is there");
    }
}

/// The files of settled days, in order of name.
pub(crate) fn run_files(data: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(data.join("runs")).expect("it is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    files.sort();
    files
}

fn flip(file: &Path, at: u64) {
    let mut bytes = fs::read(file).expect("it is there");
    bytes[at as usize] ^= 0x55;
    fs::write(file, bytes).expect("it can be written");
}
