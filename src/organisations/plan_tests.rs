//! What holds of plans: rows add up, memberships count on the day, and shared accounts stay where they can be told apart.

use std::collections::BTreeMap;

use callgauge_schema::{Account, OdsCode};
use proptest::prelude::*;

use super::*;
use crate::calendar::{Day, Days, month};

const ENGLAND: &str = "code,name,level,parents,from_date,until_date\n\
    Y1,North,region,,,\n\
    Y2,South,region,,,\n\
    QA,First ICB,icb,Y1,,\n\
    QB,Other ICB,icb,Y2,,\n\
    S1,Place One,sub_icb,QA,,\n\
    S2,Place Two,sub_icb,QB,,\n\
    U1,First PCN,pcn,,,\n\
    U2,Second PCN,pcn,QB,,\n\
    A1,Moves,practice,U1 S1,,2026-02-10\n\
    A1,Moves,practice,U2 S1,2026-02-10,\n\
    A2,Other ICB's,practice,U1 S2,,\n\
    A3,No PCN,practice,S1,,2026-02-15\n\
    A4,Nowhere,practice,,,\n\
    A5,Own ICB,practice,S2 QA,,\n";

fn directory() -> Directory {
    Directory::default().import(ENGLAND).unwrap_or_else(|faults| panic!("{faults}")).0
}

fn code(text: &str) -> OdsCode {
    text.parse().unwrap()
}

fn account(pcn: &str, sub_icb: &str, icb: &str, region: &str) -> Account {
    let code = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
    Account {
        id: "main".parse().unwrap(),
        pcn: code(pcn),
        sub_icb: code(sub_icb),
        icb: code(icb),
        region: code(region),
    }
}

fn stretch(days: &Days) -> String {
    let day = |day: Day| day.to_string()[8..].to_owned();
    format!("{}-{}", day(days.first), day(days.end.plus(-1)))
}

/// A plan of February 2026 as text: code, then members with their days; * for everything.
fn text(asked: &[&str], group_by: Option<Level>, accounts: &[&Account]) -> Vec<String> {
    let asked: Vec<Asked> = asked.iter().map(|text| text.parse().unwrap()).collect();
    let rows = directory().plan(&asked, group_by, month("2026-02").unwrap(), accounts).unwrap();
    rows.iter()
        .map(|row| {
            let members = match &row.parts {
                Parts::Everything => vec!["*".to_owned()],
                Parts::Members(members) => members
                    .iter()
                    .map(|(member, days)| match member {
                        Member::Practice(code) => format!("{code}/{}", stretch(days)),
                        Member::Account(at) => format!("account{at}/{}", stretch(days)),
                    })
                    .collect(),
            };
            format!("{}: {}", row.code, members.join(" "))
        })
        .collect()
}

#[test]
fn a_practice_that_changes_its_pcn_counts_in_each_on_its_own_days() {
    assert_eq!(text(&["U1"], None, &[]), ["U1: A1/01-09 A2/01-28"]);
    assert_eq!(text(&["U2"], None, &[]), ["U2: A1/10-28"]);
    assert_eq!(
        text(&["QA"], Some(Level::Pcn), &[]),
        ["U1: A1/01-09", "U2: A1/10-28", "Unmapped: A3/01-14 A5/01-28"],
        "without A2, whose PCN is U1 but whose ICB is another"
    );
}

#[test]
fn england_is_everything_and_its_rows_hold_everybody_known() {
    let unknown = account("", "", "", "");
    let shared = account("", "S1", "", "");
    let accounts = [&unknown, &shared];
    assert_eq!(text(&["England"], None, &accounts), ["ENGLAND: *"]);
    assert_eq!(
        text(&["ENGLAND"], Some(Level::Icb), &accounts),
        [
            "QA: A1/01-28 A3/01-14 A5/01-28 account1/01-28",
            "QB: A2/01-28",
            "Unassigned: account0/01-28",
            "Unmapped: A3/15-28 A4/01-28"
        ]
    );
    assert_eq!(
        text(&["ENGLAND"], Some(Level::Practice), &accounts),
        [
            "A1: A1/01-28",
            "A2: A2/01-28",
            "A3: A3/01-28",
            "A4: A4/01-28",
            "A5: A5/01-28",
            "Unassigned: account0/01-28 account1/01-28"
        ]
    );
}

#[test]
fn an_account_counts_where_its_practices_meet_and_above_it() {
    let cases = [
        (account("", "S1", "", ""), Level::Icb, Some("QA")),
        (account("", "S1", "", ""), Level::Region, Some("Y1")),
        (account("", "S1", "", ""), Level::Pcn, None),
        (account("", "S1", "QB", ""), Level::Icb, Some("QB")),
        (account("U1", "", "", ""), Level::Icb, None),
        (account("U2", "", "", ""), Level::Icb, Some("QB")),
        (account("U2", "", "", ""), Level::Region, Some("Y2")),
        (account("U2", "S1", "", ""), Level::Icb, Some("QA")),
        (account("", "", "QX", "Y1"), Level::Icb, None),
        (account("", "S1", "QX", ""), Level::Icb, Some("QA")),
        (account("", "", "S1", ""), Level::Icb, None),
    ];
    for (account, level, expected) in cases {
        let rows =
            directory().plan(&[Asked::England], Some(level), month("2026-02").unwrap(), &[&account]).unwrap();
        let of_account = |row: &&RowPlan| match &row.parts {
            Parts::Members(members) => members.iter().any(|(member, _)| *member == Member::Account(0)),
            Parts::Everything => false,
        };
        let found: Vec<_> = rows.iter().filter(of_account).map(|row| row.code).collect();
        let expected = expected.map_or(RowCode::Unassigned, |text| RowCode::Code(code(text)));
        assert_eq!(found, [expected], "{account:?} {}", level.name());
    }
}

#[test]
fn an_account_of_an_icb_is_unassigned_below_it() {
    let shared = account("", "", "QA", "");
    assert_eq!(
        text(&["QA"], Some(Level::SubIcb), &[&shared]),
        ["S1: A1/01-28 A3/01-14", "S2: A5/01-28", "Unassigned: account0/01-28"]
    );
    assert_eq!(text(&["QB"], None, &[&shared]), ["QB: A2/01-28"]);
}

#[test]
fn what_is_expected_of_a_practice_ends_when_it_closes_and_its_calls_still_count() {
    let rows = directory().plan(&[Asked::Code(code("A3"))], None, month("2026-02").unwrap(), &[]).unwrap();
    let row = &rows[0];
    assert_eq!((row.name.as_str(), row.level, row.within), ("No PCN", Level::Practice, None));
    assert_eq!(row.parts, Parts::Members(vec![(Member::Practice(code("A3")), month("2026-02").unwrap())]));
    let open = Days::new("2026-02-01".parse().unwrap(), "2026-02-15".parse().unwrap());
    assert_eq!(row.practices, [(code("A3"), open)]);
    let later = directory().plan(&[Asked::Code(code("A3"))], None, month("2026-03").unwrap(), &[]).unwrap();
    assert_eq!(later[0].practices, []);
}

#[test]
fn rows_keep_the_order_asked_and_name_what_they_lie_in() {
    assert_eq!(text(&["S2", "A1"], None, &[]), ["S2: A2/01-28 A5/01-28", "A1: A1/01-28"]);
    let asked = [Asked::Code(code("S2")), Asked::Code(code("S1"))];
    let rows = directory().plan(&asked, Some(Level::Practice), month("2026-02").unwrap(), &[]).unwrap();
    let found: Vec<_> =
        rows.iter().map(|row| (row.code.to_string(), row.within.unwrap().to_string())).collect();
    let expected = [("A2", "S2"), ("A5", "S2"), ("A1", "S1"), ("A3", "S1")];
    assert_eq!(found, expected.map(|(row, within)| (row.to_owned(), within.to_owned())));
}

#[test]
fn grouping_goes_downwards_and_pcn_and_sub_icb_are_not_below_each_other() {
    for (asked, group_by, right) in [
        ("A1", Level::Practice, false),
        ("U1", Level::Practice, true),
        ("U1", Level::SubIcb, false),
        ("S1", Level::Pcn, false),
        ("S1", Level::Practice, true),
        ("QA", Level::Pcn, true),
        ("QA", Level::SubIcb, true),
        ("QA", Level::Icb, false),
        ("Y1", Level::Icb, true),
        ("QA", Level::Region, false),
        ("ENGLAND", Level::Region, true),
        ("ENGLAND", Level::England, false),
    ] {
        let asked: Asked = asked.parse().unwrap();
        let found = directory().plan(&[asked], Some(group_by), month("2026-02").unwrap(), &[]);
        assert_eq!(found.is_ok(), right, "{asked} {}", group_by.name());
    }
    let unknown = directory().plan(&[Asked::Code(code("ZZ9"))], None, month("2026-02").unwrap(), &[]);
    assert_eq!(unknown, Err(PlanFault::Unknown(code("ZZ9"))));
}

const PCNS: [&str; 3] = ["U1", "U2", "U3"];
const SUB_ICBS: [&str; 3] = ["S1", "S2", "S3"];
const ICBS: [&str; 2] = ["QA", "QB"];
const REGIONS: [&str; 2] = ["Y1", "Y2"];
const START: i32 = 20_000;

fn some(codes: &'static [&'static str]) -> impl Strategy<Value = Option<OdsCode>> {
    prop::option::of(prop::sample::select(codes).prop_map(|text| text.parse().unwrap()))
}

/// Memberships at one level: up to three stretches that meet, each with a parent or none.
fn memberships(
    codes: &'static [&'static str],
) -> impl Strategy<Value = Vec<(OdsCode, Option<Day>, Option<Day>)>> {
    (some(codes), some(codes), some(codes), 0..30_i32, 1..20_i32).prop_map(|(one, two, three, cut, len)| {
        let (cut, next) = (Day::from_number(START + cut), Day::from_number(START + cut + len));
        [(one, None, Some(cut)), (two, Some(cut), Some(next)), (three, Some(next), None)]
            .into_iter()
            .filter_map(|(parent, first, end)| Some((parent?, first, end)))
            .collect()
    })
}

fn rows() -> impl Strategy<Value = Vec<OrganisationRow>> {
    let row =
        |code: String, level: Level, memberships: Vec<(OdsCode, Option<Day>, Option<Day>)>| OrganisationRow {
            name: code.clone(),
            code: code.parse().unwrap(),
            level,
            first: None,
            end: None,
            memberships,
        };
    let practices = prop::collection::vec(
        (memberships(&PCNS), memberships(&SUB_ICBS), memberships(&ICBS), memberships(&REGIONS)),
        0..8,
    );
    let sub_icbs = prop::collection::vec((memberships(&ICBS), memberships(&REGIONS)), 3);
    let pcns = prop::collection::vec((memberships(&ICBS), memberships(&REGIONS)), 3);
    let icbs = prop::collection::vec(memberships(&REGIONS), 2);
    (practices, sub_icbs, pcns, icbs).prop_map(move |(practices, sub_icbs, pcns, icbs)| {
        let mut rows: Vec<_> =
            REGIONS.iter().map(|code| row((*code).to_owned(), Level::Region, Vec::new())).collect();
        rows.extend(ICBS.iter().zip(icbs).map(|(code, up)| row((*code).to_owned(), Level::Icb, up)));
        let two = |(one, other): (Vec<_>, Vec<_>)| [one, other].concat();
        rows.extend(
            SUB_ICBS.iter().zip(sub_icbs).map(|(code, up)| row((*code).to_owned(), Level::SubIcb, two(up))),
        );
        rows.extend(PCNS.iter().zip(pcns).map(|(code, up)| row((*code).to_owned(), Level::Pcn, two(up))));
        rows.extend(
            practices
                .into_iter()
                .enumerate()
                .map(|(at, (a, b, c, d))| row(format!("A{at}"), Level::Practice, [a, b, c, d].concat())),
        );
        rows
    })
}

fn accounts() -> impl Strategy<Value = Vec<Account>> {
    let one = (some(&PCNS), some(&SUB_ICBS), some(&ICBS), some(&REGIONS)).prop_map(
        |(pcn, sub_icb, icb, region)| Account { id: "main".parse().unwrap(), pcn, sub_icb, icb, region },
    );
    prop::collection::vec(one, 0..4)
}

/// How often each member and day stands in these rows.
fn tally(rows: &[RowPlan]) -> BTreeMap<(Member, Day), usize> {
    let mut tally = BTreeMap::new();
    for row in rows {
        let Parts::Members(members) = &row.parts else { panic!("asked by member") };
        for (member, days) in members {
            for day in days.iter() {
                *tally.entry((*member, day)).or_default() += 1;
            }
        }
    }
    tally
}

/// What a practice belongs to by the rule, straight from the rows.
fn by_rule(rows: &[OrganisationRow], code: OdsCode, level: Level, day: Day) -> Option<OdsCode> {
    let row = rows.iter().find(|row| row.code == code)?;
    let of = |code: OdsCode| rows.iter().find(|row| row.code == code).map(|row| row.level);
    let direct = |level: Level| {
        row.memberships.iter().copied().find_map(|(parent, first, end)| {
            let then = first.is_none_or(|first| first <= day) && end.is_none_or(|end| day < end);
            (of(parent) == Some(level) && then).then_some(parent)
        })
    };
    direct(level).or_else(|| {
        [Level::SubIcb, Level::Icb, Level::Region]
            .into_iter()
            .filter(|via| *via < level)
            .find_map(|via| by_rule(rows, direct(via)?, level, day))
    })
}

proptest! {
    #[test]
    fn rows_below_add_up_to_what_was_asked_on_every_day(
        rows in rows(),
        accounts in accounts(),
        first in 0..20_i32,
        len in 1..25_i32,
    ) {
        let directory = Directory::new(rows.clone()).unwrap();
        let accounts: Vec<&Account> = accounts.iter().collect();
        let days = Days::new(Day::from_number(START + first), Day::from_number(START + first + len));
        let everybody: BTreeMap<_, _> = rows
            .iter()
            .filter(|row| row.level == Level::Practice)
            .map(|row| Member::Practice(row.code))
            .chain((0..accounts.len()).map(Member::Account))
            .flat_map(|member| days.iter().map(move |day| ((member, day), 1)))
            .collect();
        let all = rows.iter().map(|row| (Asked::Code(row.code), row.level)).chain([(Asked::England, Level::England)]);
        for (asked, level) in all {
            let whole = match asked {
                Asked::England => everybody.clone(),
                Asked::Code(_) => tally(&directory.plan(&[asked], None, days, &accounts).unwrap()),
            };
            prop_assert!(whole.values().all(|&times| times == 1));
            for group_by in Level::ALL.into_iter().filter(|below| level.is_above(*below)) {
                let below = directory.plan(&[asked], Some(group_by), days, &accounts).unwrap();
                prop_assert_eq!(&tally(&below), &whole, "{} by {}", asked, group_by.name());
                let codes: Vec<_> = below.iter().map(|row| match row.code {
                    RowCode::Code(code) => (0, Some(code)),
                    RowCode::England => (1, None),
                    RowCode::Unassigned => (2, None),
                    RowCode::Unmapped => (3, None),
                }).collect();
                prop_assert!(codes.is_sorted_by(|one, other| one < other));
            }
        }
    }

    #[test]
    fn members_are_those_that_the_rule_gives_day_by_day(rows in rows(), first in 0..20_i32, len in 1..25_i32) {
        let directory = Directory::new(rows.clone()).unwrap();
        let days = Days::new(Day::from_number(START + first), Day::from_number(START + first + len));
        for row in &rows {
            for level in [Level::Pcn, Level::SubIcb, Level::Icb, Level::Region].into_iter().filter(|level| *level > row.level) {
                let covered = directory.ancestors(row.code, level, days);
                prop_assert!(covered.windows(2).all(|w| w[0].1.end == w[1].1.first && w[0].0 != w[1].0));
                for (upper, part) in covered {
                    for day in part.iter() {
                        prop_assert_eq!(upper, by_rule(&rows, row.code, level, day));
                        prop_assert_eq!(upper, directory.ancestor(row.code, level, day));
                    }
                }
            }
            if row.level > Level::Practice {
                let plan = directory.plan(&[Asked::Code(row.code)], None, days, &[]).unwrap();
                let found = tally(&plan);
                for practice in rows.iter().filter(|other| other.level == Level::Practice) {
                    for day in days.iter() {
                        let inside = by_rule(&rows, practice.code, row.level, day) == Some(row.code);
                        prop_assert_eq!(found.contains_key(&(Member::Practice(practice.code), day)), inside);
                    }
                }
            }
        }
    }
}

#[test]
fn days_of_practices_that_are_closed_are_told_apart_from_those_expected() {
    let csv = "code,name,level,parents,from_date,until_date\n\
        QA,ICB,icb,,,\n\
        U1,PCN,pcn,QA,,\n\
        A1,Closes,practice,,,2026-02-10\n\
        A2,Opens,practice,,2026-02-27,\n\
        A3,Closed long ago,practice,,2001-01-01,2015-04-01\n\
        A4,Open,practice,,,\n";
    let mut rows = Directory::default().import(csv).unwrap_or_else(|faults| panic!("{faults}")).0.rows();
    // Nothing dates the memberships, as where a file lists closed practices with their parents and without dates.
    for row in rows.iter_mut().filter(|row| row.level == Level::Practice) {
        row.memberships = vec![(code("U1"), None, None), (code("QA"), None, None)];
    }
    let directory = Directory::new(rows).unwrap();
    let plan = |asked: &str, group_by| {
        let days = month("2026-02").unwrap();
        let rows = directory.plan(&[asked.parse().unwrap()], group_by, days, &[]).unwrap();
        let told = |practices: &[(OdsCode, Days)]| {
            practices
                .iter()
                .map(|(code, days)| format!("{code}/{}", stretch(days)))
                .collect::<Vec<_>>()
                .join(" ")
        };
        rows.iter()
            .map(|row| format!("{}: {} | {}", row.code, told(&row.practices), told(&row.closed)))
            .collect::<Vec<_>>()
    };
    let whole = "A1/01-09 A2/27-28 A4/01-28 | A1/10-28 A2/01-26";
    assert_eq!(plan("QA", None), [format!("QA: {whole}")]);
    assert_eq!(plan("QA", Some(Level::Pcn)), [format!("U1: {whole}")]);
    assert_eq!(plan("ENGLAND", None), [format!("ENGLAND: {whole}")]);
    assert_eq!(plan("A3", None), ["A3:  | A3/01-28"]);
    let each = ["A1: A1/01-09 | A1/10-28", "A2: A2/27-28 | A2/01-26", "A3:  | A3/01-28", "A4: A4/01-28 | "];
    assert_eq!(plan("QA", Some(Level::Practice)), each);
}
