//! The way from a workbook to calls and back to its counts, over small workbooks that have every quirk of the published ones.

use std::collections::{BTreeMap, HashSet};

use callgauge_schema::Moment;

use super::sample::{Book, BookRow};
use super::*;
use crate::calendar::{Band, Day, london};
use crate::organisations::Level;

fn read_book(book: Book) -> Result<Month, InvalidWorkbook> {
    let folder = tempfile::tempdir().expect("a folder");
    read(&book.write(folder.path()))
}

fn refusal(book: Book) -> String {
    read_book(book).expect_err("refused").to_string()
}

fn planned(book: Book) -> Plan {
    Plan::new(read_book(book).expect("read")).expect("even")
}

/// Counts calls as a service would.
fn counted<'a>(calls: impl Iterator<Item = &'a Call>) -> Counts {
    let mut counts = Counts::default();
    let band = |secs: u32| [60, 120, 300].iter().position(|&last| secs <= last).unwrap_or(3) as u8;
    for call in calls {
        let column = match call.what {
            What::Answered => Column::Answered,
            What::EndedInIvr => Column::EndedInIvr,
            What::CallbackRequested => Column::CallbackRequested,
            What::Missed => Column::Missed,
            What::Unclassified => Column::Unclassified,
            What::CallbackMade(_) | What::UnlinkedCallback => Column::CallbackMade,
        };
        counts[column] += 1;
        if column != Column::CallbackMade {
            counts[Column::Inbound] += 1;
        }
        let waited = if column == Column::Missed { DurationOf::MissedWait } else { DurationOf::AnsweredWait };
        if let Some(wait) = call.wait_secs {
            counts[Column::Duration(waited, band(wait))] += 1;
        }
        if let Some(talk) = call.talk_secs {
            counts[Column::Duration(DurationOf::Talk, band(talk))] += 1;
        }
    }
    counts
}

fn inbound(call: &Call) -> bool {
    !matches!(call.what, What::CallbackMade(_) | What::UnlinkedCallback)
}

#[test]
fn every_row_gets_exactly_the_calls_that_it_publishes() {
    let plan = planned(Book::default());
    let calls: Vec<Call> = Calls::new(&plan, |_| true).collect();
    for row in 0..plan.month().rows.len() {
        let ours = counted(calls.iter().filter(|call| call.row as usize == row));
        assert_eq!(ours, *plan.sent(row), "{}", plan.month().rows[row].who.label());
        assert_eq!(ours[Column::Inbound] + ours[Column::CallbackMade], Calls::count(&plan, row));
    }
}

#[test]
fn days_and_bands_add_up_to_table_2_but_for_the_surplus_in_the_busiest() {
    let plan = planned(Book::default());
    let mut ours: BTreeMap<(Day, Band), u64> = BTreeMap::new();
    for call in Calls::new(&plan, |_| true).filter(inbound) {
        let at = london(Moment::from_millis(call.at_secs * 1_000));
        *ours.entry((at.day, Band::at(at.second))).or_default() += 1;
    }
    let excess: u64 = plan
        .findings()
        .iter()
        .filter(|found| found.kind == FindingKind::Excess)
        .map(|found| found.calls)
        .sum();
    assert_eq!(excess, 20);
    let mut surplus = Vec::new();
    for day in &plan.month().days {
        for band in Band::all() {
            let published = day.bands[usize::from(band.number())];
            let ours = ours.get(&(day.day, band)).copied().unwrap_or(0);
            if ours != published {
                surplus.push(ours - published);
            }
        }
    }
    assert_eq!(surplus, [excess]);
}

#[test]
fn all_calls_lie_in_their_month_on_days_when_clocks_change_too() {
    for month in [(2025, 10), (2026, 3)] {
        let plan = planned(Book { month, ..Book::default() });
        let first = plan.month().first;
        let mut before = first;
        let mut ours: BTreeMap<(Day, u8), u64> = BTreeMap::new();
        for call in Calls::new(&plan, |_| true) {
            let at = london(Moment::from_millis(call.at_secs * 1_000));
            assert!(at.day >= before, "{call:?} comes after calls of {before}");
            before = at.day;
            if inbound(&call) {
                *ours.entry((at.day, Band::at(at.second).number())).or_default() += 1;
            }
        }
        assert!(before < first.first_of_next_month());
        for (day, totals) in plan.month().days.iter().zip(plan.totals()) {
            for band in Band::all() {
                let calls = ours.get(&(day.day, band.number())).copied().unwrap_or(0);
                assert_eq!(calls, totals[usize::from(band.number())], "{} {band:?}", day.day);
            }
        }
    }
}

#[test]
fn the_same_workbook_makes_the_same_calls_and_no_number_twice() {
    let (one, two) = (planned(Book::default()), planned(Book::default()));
    let calls: Vec<Call> = Calls::new(&one, |_| true).collect();
    assert!(calls.iter().copied().eq(Calls::new(&two, |_| true)));
    let numbers: HashSet<_> = calls.iter().map(|call| (call.row, call.number, attempt(call.what))).collect();
    assert_eq!(numbers.len(), calls.len());
    let prefixes: HashSet<_> = one.month().rows.iter().map(|row| row.who.id_prefix()).collect();
    assert_eq!(prefixes.len(), one.month().rows.len());
}

fn attempt(what: What) -> u16 {
    match what {
        What::CallbackMade(attempt) => attempt,
        What::UnlinkedCallback => u16::MAX,
        _ => 0,
    }
}

#[test]
fn a_part_of_a_workbook_has_the_same_calls_as_the_whole() {
    let plan = planned(Book::default());
    let part: Vec<Call> = Calls::new(&plan, |row| row % 3 == 1).collect();
    let whole: Vec<Call> = Calls::new(&plan, |_| true).filter(|call| call.row % 3 == 1).collect();
    assert!(!part.is_empty());
    assert_eq!(part, whole);
    assert_eq!(Calls::new(&plan, |_| false).count(), 0);
}

#[test]
fn what_the_workbook_says_twice_and_not_alike_is_found() {
    let plan = planned(Book::default());
    let found: Vec<_> = plan
        .findings()
        .iter()
        .map(|found| (plan.month().rows[found.row].who.id_prefix(), found.kind, found.calls))
        .collect();
    assert_eq!(
        found,
        [
            ("B82003-".to_owned(), FindingKind::Shortfall, 45),
            ("B82004-".to_owned(), FindingKind::Excess, 20),
            ("B82005-".to_owned(), FindingKind::TooManyInBands(DurationOf::MissedWait), 3),
            ("C83006-".to_owned(), FindingKind::NoBand(DurationOf::AnsweredWait), 8),
        ]
    );
    assert_eq!(plan.unknown_durations(), (true, false));
}

#[test]
fn accounts_that_share_the_same_organisations_are_one() {
    let month = read_book(Book::default()).expect("read");
    let accounts: Vec<_> = month.rows.iter().filter(|row| matches!(row.who, Who::Account { .. })).collect();
    assert_eq!(accounts.len(), 3);
    assert_eq!(accounts[0].counts[Column::Answered], 770);
    assert_eq!(accounts[0].who, Who::Account { id: "shared-U00002-02B-QBB-Y02".to_owned() });
    assert_eq!(accounts[2].who, Who::Account { id: "shared-none-none-none-none".to_owned() });
}

#[test]
fn columns_are_found_by_their_headings_wherever_they_are() {
    let moved = Book { extra_spacers: 2, ..Book::default() };
    assert_eq!(read_book(moved), read_book(Book::default()));
}

#[test]
fn rows_that_do_not_add_up_are_refused_with_the_difference() {
    for (sheet, heading, by, told) in [
        (
            "Table 3",
            "Answered",
            5,
            "Table 3, column \"Answered\": the rows add up to 4235, its Total says 4240 (difference -5)",
        ),
        ("Table 4", "Less than 1 minute", -1, "Table 4, column \"Less than 1 minute (Wait time)\""),
        ("Table 5", "2 - 5 minutes", 7, "Table 5, column \"2 - 5 minutes (Wait time)\""),
        ("Table 2", "", 3, "Table 2, column \"Total Count of Inbound Calls of 2026-02-01\""),
    ] {
        let message = refusal(Book { wrong_total: Some((sheet, heading, by)), ..Book::default() });
        assert!(message.starts_with(told), "{message}");
        assert!(message.contains("difference"), "{message}");
    }
    let mut book = Book::default();
    book.fill_days();
    book.days[3].1[2] += 9;
    assert!(refusal(book).contains("Table 3 says"), "Table 2 against Table 3");
}

#[test]
fn what_is_no_such_workbook_is_refused_by_what_is_missing() {
    let without = Book { without_sheets: vec!["Table 4"], ..Book::default() };
    assert!(refusal(without).contains("\"Table 4\""));
    for (heading, sheet) in [
        ("Call back made", "Table 3"),
        ("12:00 - 13:59", "Table 2"),
        ("ICB Code  [2]", "Table 3"),
        ("Longer than 5 minutes", "Table 4"),
    ] {
        let message = refusal(Book { renamed_headings: vec![(heading, "Else")], ..Book::default() });
        assert!(message.contains(sheet), "{message}");
        assert!(message.contains(heading.trim_end_matches(" [2]").trim()), "{message}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("text.xlsx");
    std::fs::write(&path, "code,name\n").expect("written");
    let message = read(&path).expect_err("refused").to_string();
    assert!(message.contains("text.xlsx") && message.lines().count() == 1, "{message}");
    assert!(read(&folder.path().join("none.xlsx")).is_err());
}

#[test]
fn a_practice_that_is_in_two_places_is_refused() {
    let mut book = Book::default();
    book.rows.push(BookRow::new("A81001", ["U00009", "01A", "QAA", "Y01"], [1, 2, 3, 4]));
    assert!(refusal(book).contains("A81001 twice"));
}

#[test]
fn memberships_are_stated_for_the_month_and_codes_without_dates() {
    let month = read_book(Book::default()).expect("read");
    let parts = csv_parts(&month);
    assert_eq!(parts.len(), 1);
    let lines: Vec<&str> = parts[0].lines().collect();
    assert_eq!(lines[0], "code,name,level,parents,from_date,until_date");
    assert!(lines.contains(&"QAA,NAME OF QAA,icb,,,"));
    assert!(lines.contains(&"A81001,\"PRACTICE, A81001\",practice,,,"));
    assert!(lines.contains(&"A81001,\"PRACTICE, A81001\",practice,U00001 01A QAA Y01,2026-02-01,2026-03-01"));
    assert!(lines.contains(&"B82004,\"PRACTICE, B82004\",practice,02B QBB Y02,2026-02-01,2026-03-01"));
    assert!(!parts[0].contains("Unmapped") && !parts[0].contains("shared"));
}

/// Answers as a service gives them that holds exactly what was sent.
fn right_answers(plan: &Plan, scopes: &[Scope]) -> Answers {
    let mut answers = Answers::new();
    for &scope in scopes {
        for (at, row) in plan.month().rows.iter().enumerate().filter(|&(at, _)| scope.holds(plan, at)) {
            let mut add = |level: Level, code: String| {
                answers.entry(Key { scope, level, code }).or_default().add(plan.sent(at));
            };
            add(scope.level(), scope.code());
            for level in scope.levels_below() {
                let code = match (&row.who, level, row.groups.at(level)) {
                    (Who::Practice { code, .. }, Level::Practice, _) => code.to_string(),
                    (_, _, Some(code)) => code.to_string(),
                    (Who::Practice { .. }, _, None) => "Unmapped".to_owned(),
                    (Who::Account { .. }, _, None) => "Unassigned".to_owned(),
                };
                add(level, code);
            }
        }
    }
    answers
}

fn england(level: Level, code: &str) -> Key {
    Key { scope: Scope::England, level, code: code.to_owned() }
}

#[test]
fn right_answers_differ_only_as_the_workbook_does() {
    let plan = planned(Book::default());
    let expected = Expected::new(&plan, &[Scope::England]);
    let answers = right_answers(&plan, &[Scope::England]);
    let comparison = compare(&expected, &answers);
    assert_eq!(comparison.unexplained, []);
    let of = |organisation: &str| {
        let mut columns: Vec<_> = comparison
            .explained
            .iter()
            .filter(|difference| difference.organisation == organisation)
            .map(|difference| (difference.column.as_str(), difference.published, difference.ours))
            .collect();
        columns.sort_unstable();
        columns
    };
    assert_eq!(of("B82003 (practice)"), [("unclassified", 0, 45)]);
    assert_eq!(of("B82004 (practice)"), [("inbound calls", 423, 443)]);
    assert_eq!(of("A81001 (practice)"), []);
    // In no PCN, and accounts that know none.
    assert!(answers.contains_key(&england(Level::Pcn, "Unmapped")));
    assert!(answers.contains_key(&england(Level::Region, "Unassigned")));
    assert!(!answers.contains_key(&england(Level::Region, "Unmapped")));
}

#[test]
fn one_call_too_few_is_a_difference_and_so_is_a_row_that_should_not_be_there() {
    let plan = planned(Book::default());
    let scopes = [Scope::England];
    let expected = Expected::new(&plan, &scopes);
    let mut answers = right_answers(&plan, &scopes);
    answers.get_mut(&england(Level::Pcn, "U00001")).expect("there")[Column::Missed] -= 1;
    let mut stray = Counts::default();
    stray[Column::Inbound] = 2;
    answers.insert(england(Level::Practice, "X99999"), stray);
    answers.remove(&england(Level::Icb, "QAA"));
    let comparison = compare(&expected, &answers);
    let told: Vec<String> = comparison.unexplained.iter().map(ToString::to_string).collect();
    assert!(told.contains(&"U00001 (pcn): missed: published 299, ours 298 (-1)".to_owned()), "{told:?}");
    assert!(told.contains(&"X99999 (practice): inbound calls: published 0, ours 2 (+2)".to_owned()));
    assert!(told.iter().any(|line| line.starts_with("QAA (icb): inbound calls")));
}

#[test]
fn a_part_is_compared_within_what_was_sent() {
    let plan = planned(Book::default());
    let scopes = [Scope::Icb("QBB".parse().expect("a code"))];
    let answers = right_answers(&plan, &scopes);
    assert_eq!(compare(&Expected::new(&plan, &scopes), &answers).unexplained, []);
    let levels: HashSet<_> = answers.keys().map(|key| key.level).collect();
    assert_eq!(levels, HashSet::from([Level::Practice, Level::Pcn, Level::SubIcb, Level::Icb]));
    let pcn = Key { scope: scopes[0], level: Level::Pcn, code: "U00001".to_owned() };
    // Of the PCN that spans two ICBs, the practice in this one only.
    assert_eq!(answers[&pcn][Column::Answered], 620);
}

#[test]
fn days_and_bands_are_compared_with_table_2() {
    let plan = planned(Book::default());
    let mut answers = TimeAnswers::new();
    for (day, totals) in plan.month().days.iter().zip(plan.totals()) {
        for band in Band::all() {
            answers.insert((day.day, band), totals[usize::from(band.number())]);
        }
    }
    let comparison = compare_times(&plan, &answers);
    assert_eq!((comparison.unexplained.len(), comparison.explained.len(), comparison.compared), (0, 1, 252));
    let first = (plan.month().first, Band::at(36_000));
    *answers.get_mut(&first).expect("there") += 1;
    let comparison = compare_times(&plan, &answers);
    assert_eq!(comparison.unexplained.len(), 1);
    assert_eq!(comparison.unexplained[0].column, "inbound calls, 2026-02-01 10:00 to 12:00");
}

#[test]
fn out_of_hours_most_calls_end_in_the_ivr_and_the_month_keeps_its_share() {
    let plan = Plan::new(made_up::month(5)).expect("even");
    // Of calls before 08:00 on weekdays, and of those from 08:00 to 18:30.
    let (mut early, mut core) = ([0_u32; 2], [0_u32; 2]);
    for call in Calls::new(&plan, |_| true).filter(inbound) {
        let at = london(Moment::from_millis(call.at_secs * 1_000));
        let weekend = (at.day.number() + 3).rem_euclid(7) >= 5;
        let counts = match Band::at(at.second).number() {
            _ if weekend => continue,
            0 | 1 => &mut early,
            2..8 => &mut core,
            _ => continue,
        };
        counts[0] += 1;
        counts[1] += u32::from(call.what == What::EndedInIvr);
    }
    let share = |counts: [u32; 2]| f64::from(counts[1]) / f64::from(counts[0]);
    assert!((0.65..0.85).contains(&share(early)), "{:.3} early", share(early));
    assert!((0.12..0.30).contains(&share(core)), "{:.3} in core hours", share(core));
}
