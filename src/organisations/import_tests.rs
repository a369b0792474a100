//! What holds of imports: whole or not at all, the same again changes nothing, and the traps of NHS organisation data.

use super::*;
use crate::calendar::Day;

const HEADER: &str = "code,name,level,parents,from_date,until_date\n";

const ENGLAND: &str = "Y1,North,region,,,\n\
    Y2,South,region,,,\n\
    QA,Old ICB,icb,Y1,,2026-04-01\n\
    QC,New ICB,icb,Y1,2026-04-01,\n\
    QB,Other ICB,icb,Y2,,\n\
    S1,\"Place, One\",sub_icb,QA,,2026-04-01\n\
    S1,\"Place, One\",sub_icb,QC,2026-04-01,\n\
    S2,Place Two,sub_icb,QB,,\n\
    U1,First PCN,pcn,,,\n\
    U2,Second PCN,pcn,,,\n\
    A1,Surgery One,practice,U1 S1,,\n\
    A2,Surgery Two,practice,U1 S2,,\n\
    A3,Surgery Three,practice,S1,,2026-02-15\n";

fn import(onto: &Directory, rows: &str) -> (Directory, ImportReport) {
    onto.import(&format!("{HEADER}{rows}")).unwrap_or_else(|faults| panic!("{faults}"))
}

fn england() -> Directory {
    import(&Directory::default(), ENGLAND).0
}

fn faults(onto: &Directory, rows: &str) -> Vec<String> {
    let faults = onto.import(&format!("{HEADER}{rows}")).unwrap_err();
    faults.faults.iter().map(ToString::to_string).collect()
}

fn on(directory: &Directory, who: &str, level: Level, day: &str) -> Option<String> {
    directory.ancestor(who.parse().unwrap(), level, day.parse().unwrap()).map(|code| code.to_string())
}

/// Organisations added and changed, memberships added and changed.
fn counts(report: &ImportReport) -> [u64; 4] {
    [
        report.organisations_added,
        report.organisations_changed,
        report.memberships_added,
        report.memberships_changed,
    ]
}

#[test]
fn a_file_is_taken_and_the_same_file_again_changes_nothing() {
    let (once, report) = import(&Directory::default(), ENGLAND);
    assert_eq!((report.rows, counts(&report)), (13, [12, 0, 11, 0]));
    let practices: Vec<_> = report.practices_added.iter().map(ToString::to_string).collect();
    assert_eq!(practices, ["A1", "A2", "A3"]);
    let (twice, report) = import(&once, ENGLAND);
    assert_eq!(counts(&report), [0, 0, 0, 0]);
    assert_eq!(report.practices_added, []);
    assert_eq!(twice.rows(), once.rows());
    assert_eq!(once.get("S1".parse().unwrap()).unwrap().name, "Place, One");
}

#[test]
fn a_byte_order_mark_spaces_lower_case_codes_and_windows_line_ends_are_read() {
    let csv =
        format!("\u{feff}{HEADER}y1 , North ,region,,,\nqa,\"An ICB\",icb, y1 ,,\n").replace('\n', "\r\n");
    let (directory, _) = Directory::default().import(&csv).unwrap();
    assert_eq!(on(&directory, "QA", Level::Region, "2026-01-01").as_deref(), Some("Y1"));
}

#[test]
fn the_header_is_exact() {
    for header in [
        "Code,name,level,parents,from_date,until_date",
        "code,name,level,parents,from_date",
        "",
        "Y1,North,region,,,",
    ] {
        let faults = Directory::default().import(&format!("{header}\nY1,North,region,,,\n")).unwrap_err();
        assert_eq!((faults.faults[0].line, faults.faults[0].field), (1, "header"), "{header}");
    }
    assert_eq!(Directory::default().import(HEADER).unwrap().0.len(), 0);
}

#[test]
fn icbs_that_merge_on_the_first_of_april_hold_their_practices_on_their_own_days() {
    let directory = england();
    assert_eq!(on(&directory, "A1", Level::Icb, "2026-03-31").as_deref(), Some("QA"));
    assert_eq!(on(&directory, "A1", Level::Icb, "2026-04-01").as_deref(), Some("QC"));
    assert_eq!(on(&directory, "A1", Level::Region, "2026-04-01").as_deref(), Some("Y1"));
}

#[test]
fn a_pcn_that_spans_icbs_takes_no_practice_along() {
    let directory = england();
    assert_eq!(on(&directory, "A1", Level::Icb, "2026-02-01").as_deref(), Some("QA"));
    assert_eq!(on(&directory, "A2", Level::Icb, "2026-02-01").as_deref(), Some("QB"));
    assert_eq!(on(&directory, "A3", Level::Pcn, "2026-02-01"), None);
}

#[test]
fn a_closed_practice_is_still_known() {
    let directory = england();
    let (directory, _) = import(&directory, "A1,Surgery One,practice,,,2026-02-20\n");
    assert!(directory.knows_practice("A1".parse().unwrap()));
    let row = directory.get("A1".parse().unwrap()).unwrap();
    assert_eq!(row.end, Some("2026-02-20".parse::<Day>().unwrap()));
    assert_eq!(on(&directory, "A1", Level::Pcn, "2026-03-01").as_deref(), Some("U1"));
}

#[test]
fn a_mapping_row_that_stands_there_twice_fails_instead_of_doubling() {
    let other = "A9,Twice,practice,U1 S1,,\nA9,Twice,practice,U2,2026-01-01,\n";
    assert_eq!(
        faults(&england(), other),
        ["line 3, parents: A9 is stated to belong to U1 on line 2 and to U2 on line 3, for the same days; \
          state each day once: take one line out, or make the dates meet"]
    );
    let same = "A9,Twice,practice,U1,,\nA8,Once,practice,U1,,\nA9,Twice,practice,U1,,\n";
    assert_eq!(
        faults(&england(), same),
        ["line 4, parents: A9 is stated to belong to U1 on line 2 and again on line 4, for the same days; \
          state each day once: take one line out, or make the dates meet"]
    );
    let meeting = "A9,Twice,practice,U1,,2026-01-01\nA9,Twice,practice,U2,2026-01-01,\n";
    assert_eq!(import(&england(), meeting).1.memberships_added, 2);
}

#[test]
fn an_overlap_is_found_behind_a_shorter_stretch() {
    let rows = "A9,N,practice,U1,2020-01-01,2027-01-01\nA9,N,practice,S1,2021-01-01,2021-02-01\n\
        A9,N,practice,U2,2026-01-01,\n";
    assert_eq!(faults(&england(), rows).len(), 1);
    assert!(faults(&england(), rows)[0].contains("U1 on line 2 and to U2 on line 4"));
}

#[test]
fn a_newer_file_replaces_the_parent_of_that_level_for_its_days_only() {
    let (directory, report) = import(&england(), "A1,Surgery One,practice,U2,2026-02-10,2026-03-01\n");
    assert_eq!(counts(&report), [0, 1, 0, 1], "the file says that the practice ends on 1 March");
    for (day, pcn) in [("2026-02-09", "U1"), ("2026-02-10", "U2"), ("2026-02-28", "U2"), ("2026-03-01", "U1")]
    {
        assert_eq!(on(&directory, "A1", Level::Pcn, day).as_deref(), Some(pcn), "{day}");
        assert_eq!(on(&directory, "A1", Level::SubIcb, day).as_deref(), Some("S1"), "{day}");
    }
    let row = directory.get("A1".parse().unwrap()).unwrap();
    assert_eq!((row.first, row.memberships.len()), (None, 4));
}

#[test]
fn a_dated_membership_beside_an_undated_row_leaves_the_practice_open() {
    let rows = "A9,Surgery,practice,,,\nA9,Surgery,practice,U1 S1,2026-02-01,2026-03-01\n";
    let (directory, _) = import(&england(), rows);
    let row = directory.get("A9".parse().unwrap()).unwrap();
    assert_eq!((row.first, row.end), (None, None));
    assert_eq!(on(&directory, "A9", Level::Pcn, "2026-02-28").as_deref(), Some("U1"));
    assert_eq!(on(&directory, "A9", Level::Pcn, "2026-03-01"), None);
    let (again, report) = import(&directory, rows);
    assert_eq!(counts(&report), [0, 0, 0, 0]);
    let (longer, report) = import(&again, &rows.replace("2026-02-01,2026-03-01", "2026-03-01,2026-04-01"));
    assert_eq!(counts(&report), [0, 0, 2, 0]);
    let row = longer.get("A9".parse().unwrap()).unwrap();
    assert_eq!(row.memberships.len(), 2, "stretches that meet become one");
}

#[test]
fn a_practice_leaves_its_pcn_where_stretches_of_one_file_say_so() {
    let rows = "A1,Surgery One,practice,U1 S1,,2026-05-01\nA1,Surgery One,practice,S1,2026-05-01,\n";
    let (directory, report) = import(&england(), rows);
    assert_eq!(counts(&report), [0, 0, 0, 1]);
    assert_eq!(on(&directory, "A1", Level::Pcn, "2026-04-30").as_deref(), Some("U1"));
    assert_eq!(on(&directory, "A1", Level::Pcn, "2026-05-01"), None);
    assert_eq!(counts(&import(&directory, rows).1), [0, 0, 0, 0]);
    let silent = import(&england(), "A1,Surgery One,practice,S1,2026-05-01,\n").0;
    assert_eq!(on(&silent, "A1", Level::Pcn, "2026-05-01").as_deref(), Some("U1"));
}

#[test]
fn every_fault_names_its_line_its_field_and_what_would_be_right() {
    let rows = "A 1,Space,practice,,,\n\
        A7,,surgery,,,\n\
        A8,Dates,practice,,01/02/2026,2026-13-01\n\
        A9,Backwards,practice,,2026-02-02,2026-02-01\n\
        ENGLAND,England,england,,,\n\
        A10,Too,practice\n\
        A11,Nowhere,practice,QX,,\n\
        U9,A PCN,pcn,S1,,\n\
        S9,A place,sub_icb,U1,,\n\
        QZ,An ICB,icb,QA,,\n\
        A12,Two,practice,U1 U2,,\n\
        A13,Word,practice,Unassigned,,\n\
        A1,Changed,pcn,,,\n\
        A14,One,practice,,,2026-01-01\n\
        A14,One,pcn,,2026-01-01,\n";
    let expected = [
        (2, "code"),
        (3, "name"),
        (3, "level"),
        (4, "from_date"),
        (4, "until_date"),
        (5, "until_date"),
        (6, "code"),
        (6, "level"),
        (7, "code"),
        (8, "parents"),
        (9, "parents"),
        (10, "parents"),
        (11, "parents"),
        (12, "parents"),
        (13, "parents"),
        (14, "level"),
        (16, "level"),
    ];
    let before = england();
    let found = before.import(&format!("{HEADER}{rows}")).unwrap_err();
    let places: Vec<_> = found.faults.iter().map(|fault| (fault.line, fault.field)).collect();
    assert_eq!(places, expected, "{found}");
    assert!(found.faults.iter().all(|fault| !fault.wrong.is_empty() && !fault.right.is_empty()));
}

#[test]
fn at_most_a_hundred_faults_are_listed_and_the_rest_counted() {
    let rows: String = (0..250).map(|at| format!("A{at:03},Name,practice,QX,,\n")).collect();
    let found = Directory::default().import(&format!("{HEADER}{rows}")).unwrap_err();
    assert_eq!((found.faults.len(), found.more), (100, 150));
    assert!(found.to_string().ends_with("and 150 more"));
    let told = found.told(500);
    let listed = told.lines().count() - 1;
    assert!((1..100).contains(&listed) && told.len() < 520, "{told}");
    assert!(told.ends_with(&format!("and {} more", 250 - listed)), "{told}");
    assert_eq!(found.told(0).lines().count(), 2, "one is told at least");
}

#[test]
fn names_follow_the_latest_stretch() {
    let rows = "A1,New Name,practice,U2,2026-05-01,\nA1,Old Name,practice,U1,,2026-05-01\n";
    let (directory, report) = import(&england(), rows);
    assert_eq!(directory.get("A1".parse().unwrap()).unwrap().name, "New Name");
    assert_eq!(counts(&report), [0, 1, 0, 1]);
}

#[test]
fn a_code_has_no_more_rows_than_anybody_needs_and_a_row_one_parent_a_level() {
    let day = |at: i32| Day::from_number(15_000 + at);
    let rows = |count: i32| -> String {
        (0..count).map(|at| format!("A9,Nine,practice,U1,{},{}\n", day(at), day(at + 1))).collect()
    };
    assert_eq!(import(&england(), &rows(200)).1.rows, 200);
    assert_eq!(
        faults(&england(), &rows(250)),
        ["line 202, code: A9 has over 200 rows; put stretches with the same parents together"]
    );
    let parents = "U1 ".repeat(100_000);
    let found = faults(&england(), &format!("A9,Nine,practice,{parents},,\n"));
    assert!(
        found[0].starts_with("line 2, parents: there are 100000 codes; name one of each"),
        "{}",
        found[0]
    );
    assert!(found.len() < 6, "{}", found.len());
}

#[test]
fn a_file_of_nothing_but_faults_is_told_in_little_room() {
    let found = england().import(&format!("{HEADER}{}", "x\n".repeat(1_000_000))).unwrap_err();
    assert_eq!((found.faults.len(), found.more), (100, 999_900));
}
