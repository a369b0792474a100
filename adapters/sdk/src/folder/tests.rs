//! Which files are read, where reading goes on, and what a broken line does to those after it.

use std::io::Write;

use super::*;

const CSV: Shape = Shape { delimiter: b',', quotes: true };

fn now() -> Moment {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Moment::from_millis(i64::try_from(since.as_millis()).expect("fits"))
}

fn whole(text: &[u8]) -> Vec<Result<String, (u64, Broken)>> {
    let as_text = |item: Item<'_>| item.map(|line| String::from_utf8_lossy(line.bytes).into_owned());
    Records::whole(text, CSV).map(as_text).collect()
}

fn fields(record: &[u8]) -> Vec<String> {
    let mut fields = Fields::new();
    fields.split(record, CSV);
    fields.iter().map(str::to_owned).collect()
}

#[test]
fn quotes_hold_commas_breaks_and_quotes() {
    assert_eq!(whole(b"a,\"b\nc\",d\r\n\r\ne\n").len(), 2);
    assert_eq!(fields(b"a,\"b, \"\"c\"\"\nd\",e"), ["a", "b, \"c\"\nd", "e"]);
    assert_eq!(fields(b"\xef\xbb\xbfa,,"), ["a", "", ""], "a BOM is dropped, and empty fields count");
    assert_eq!(fields(b"5\" pipe,x\"y"), ["5\" pipe", "x\"y"], "a quote inside a field is none");
    assert_eq!(fields(b"caf\xe9,\x80"), ["café", "€"], "Latin-1, as Windows has it");
    assert_eq!(whole(b"\"a\"\"\nb\",c\nd\n").len(), 2, "a doubled quote closes nothing");
}

#[test]
fn a_quote_that_is_never_closed_costs_its_line_and_no_other() {
    let mut text = b"a,1\nb,\"2\n".to_vec();
    for n in 0..20_000 {
        text.extend_from_slice(format!("c{n},3\n").as_bytes());
    }
    let mut at = 0;
    let (mut good, mut broken) = (0, Vec::new());
    // Page by page, as an adapter does.
    while at < text.len() {
        let mut records = Records::new(&text[at..], 1, CSV, true, true);
        for item in records.by_ref() {
            match item {
                Ok(_) => good += 1,
                Err((_, why)) => broken.push(why),
            }
        }
        assert!(records.taken() > 0, "it goes on");
        at += records.taken();
    }
    assert_eq!((good, broken), (20_001, vec![Broken::OpenQuote]));
}

#[test]
fn a_quote_that_is_not_closed_ends_with_its_line_where_others_stand_in_quotes() {
    let broken = |line| Err((line, Broken::OpenQuote));
    let good = |text: &str| Ok(text.to_owned());
    let of = |text: &str| whole(text.as_bytes());
    assert_eq!(of("a,\"b,c\nd,\"e\",f\ng,h,i\n"), [broken(1), good("d,\"e\",f"), good("g,h,i")]);
    assert_eq!(of("a,b,\"c\nd,e,f\ng,h,\"i\"\n"), [broken(1), good("d,e,f"), good("g,h,\"i\"")]);
    assert_eq!(of("\"a\",\"b\n\"c\",\"d\"\n"), [broken(1), good("\"c\",\"d\"")]);
    assert_eq!(of("a,\"b\nc,\"d\ne,f\n"), [broken(1), broken(2), good("e,f")]);
    // A field of several lines that is closed where a field ends stays one.
    assert_eq!(of("a,\"b\nc\" ,d\ne,\"f\n\"\"g\"\"\"\n").len(), 2);
}

#[test]
fn a_line_without_an_end_is_passed_over_piece_by_piece() {
    let folder = tempfile::tempdir().expect("can be made");
    let mut text = b"first,1\n".to_vec();
    text.resize(3 * PIECE, b'x');
    text.extend_from_slice(b"\nlast,2\n");
    std::fs::write(folder.path().join("a.csv"), &text).expect("can be written");
    let (records, broken) = read_all(folder.path());
    assert_eq!((records.as_slice(), broken), (&["first,1".to_owned(), "last,2".to_owned()][..], 1));
}

fn read_all(path: &Path) -> (Vec<String>, usize) {
    let folder = Folder::new(path);
    let (mut found, mut broken) = (Vec::new(), 0);
    let mut at = None;
    let files = folder.files(|name| name.ends_with(".csv")).expect("can be read");
    while let Some(piece) =
        folder.piece(&files, Moment::from_millis(0), at.as_ref(), now()).expect("can be read")
    {
        assert!(piece.bytes.len() <= PIECE);
        let mut records = piece.records(CSV);
        for item in records.by_ref() {
            match item {
                Ok(line) => found.push(String::from_utf8_lossy(line.bytes).into_owned()),
                Err(_) => broken += 1,
            }
        }
        at = Some(piece.after(&records));
    }
    (found, broken)
}

#[test]
fn half_a_line_waits_for_the_rest_and_a_cursor_goes_on_behind_what_was_read() {
    let dir = tempfile::tempdir().expect("can be made");
    let path = dir.path().join("a.csv");
    std::fs::write(&path, "one,1\ntwo,").expect("can be written");
    let folder = Folder::new(dir.path());
    let take = |at: Option<&FileAt>, now: Moment| {
        let files = folder.files(|_| true).expect("can be read");
        let piece = folder.piece(&files, Moment::from_millis(0), at, now).expect("can be read")?;
        let mut records = piece.records(CSV);
        let found: Vec<String> = records
            .by_ref()
            .filter_map(|item| item.ok().map(|line| String::from_utf8_lossy(line.bytes).into_owned()))
            .collect();
        Some((found, piece.after(&records)))
    };
    let (found, mut at) = take(None, now()).expect("there is a file");
    assert_eq!(found, ["one,1"]);
    assert!(take(Some(&at), now()).is_none(), "no more for this window");
    at.done = false;
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("opens");
    file.write_all(b"2\nthree").expect("can be written");
    let (found, mut at) = take(Some(&at), now()).expect("it grew");
    assert_eq!(found, ["two,2"]);
    at.done = false;
    let later = now().plus_millis(QUIET_MILLIS + 1_000);
    assert_eq!(take(Some(&at), later).expect("is there").0, ["three"], "nothing more is coming");
    std::fs::write(&path, "another file\nof the same name\nand longer\n").expect("can be written");
    assert_eq!(take(Some(&at), now()).expect("is there").0.len(), 3, "read from its start");
}

#[test]
fn files_that_did_not_change_since_are_not_read_again() {
    let dir = tempfile::tempdir().expect("can be made");
    for (at, name) in (1..).zip(["b.csv", "a.csv", ".hidden.csv", "c.csv.part", "d.txt"]) {
        std::fs::write(dir.path().join(name), "x\n").expect("can be written");
        written(&dir.path().join(name), at);
    }
    let folder = Folder::new(dir.path());
    let files = folder.files(|name| name.contains(".csv")).expect("can be read");
    assert_eq!(
        files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
        ["b.csv", "a.csv"],
        "as they were written"
    );
    let later = now().plus_millis(MARGIN_MILLIS + 60_000);
    assert!(folder.piece(&files, later, None, later).expect("can be read").is_none());
    let gone = Folder::new(dir.path().join("none")).files(|_| true).expect_err("is not there");
    assert_eq!(gone.fault, Fault::File);
}

/// Lets a file seem to have been written so many seconds after 1970.
fn written(path: &Path, secs: u64) {
    let file = File::options().write(true).open(path).expect("is there");
    file.set_modified(UNIX_EPOCH + std::time::Duration::from_secs(secs)).expect("can be set");
}

/// The names of the files of a window, in the order in which they are read, with what `between` does after each.
fn order(path: &Path, begun: Moment, mut between: impl FnMut(&str)) -> Vec<String> {
    let folder = Folder::new(path);
    let (mut at, mut names) = (None, Vec::new());
    loop {
        let files = folder.files(|_| true).expect("can be read");
        let next = folder.piece(&files, Moment::from_millis(0), at.as_ref(), begun).expect("can be read");
        let Some(piece) = next else { return names };
        assert!(names.len() < 20, "a file that never rests keeps the window open: {names:?}");
        names.push(piece.file.name.clone());
        let mut records = piece.records(CSV);
        records.by_ref().for_each(drop);
        at = Some(piece.after(&records));
        between(&piece.file.name);
    }
}

#[test]
fn a_correction_is_read_after_what_it_corrects_whatever_its_name() {
    let dir = tempfile::tempdir().expect("can be made");
    for (name, secs) in [("february.csv", 100), ("a correction.csv", 200), ("january.csv", 50)] {
        std::fs::write(dir.path().join(name), "x\n").expect("can be written");
        written(&dir.path().join(name), secs);
    }
    assert_eq!(order(dir.path(), now(), |_| {}), ["january.csv", "february.csv", "a correction.csv"]);
}

#[test]
fn a_file_that_is_written_while_a_window_is_read_comes_last_and_once() {
    let dir = tempfile::tempdir().expect("can be made");
    for name in ["a.csv", "busy.csv", "c.csv"] {
        std::fs::write(dir.path().join(name), "x\n").expect("can be written");
        written(&dir.path().join(name), 100);
    }
    let busy = dir.path().join("busy.csv");
    let read = order(dir.path(), Moment::from_millis(1_000_000), |_| {
        let mut file = std::fs::OpenOptions::new().append(true).open(&busy).expect("opens");
        file.write_all(b"more\n").expect("can be written");
    });
    assert_eq!(read, ["a.csv", "c.csv", "busy.csv"]);
}

#[test]
fn a_file_that_was_written_to_is_not_as_it_was_listed() {
    let dir = tempfile::tempdir().expect("can be made");
    let path = dir.path().join("a.csv");
    std::fs::write(&path, "x\n").expect("can be written");
    let folder = Folder::new(dir.path());
    let listed = folder.files(|_| true).expect("can be read").remove(0);
    assert!(folder.unchanged(&listed));
    std::fs::write(&path, "x\ny\n").expect("can be written");
    assert!(!folder.unchanged(&listed));
    std::fs::remove_file(&path).expect("was there");
    assert!(!folder.unchanged(&listed));
}
