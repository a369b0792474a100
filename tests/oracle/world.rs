//! Organisations: a table, the CSV that is made from it, and who belongs to whom on which day, by scanning the table.

use callgauge::proto::v1::Level;
use jiff::civil::{Date, date};

use super::call::Whose;

/// Code, level, parents, first day, the day after the last. Dates lie where clocks, years and financial years change.
type Row = (&'static str, Level, &'static [&'static str], Option<Date>, Option<Date>);

/// A practice that is imported late, after calls came for it.
pub(crate) const LATE: &str = "A10008";

/// Every code once, the practices first.
pub(crate) const CODES: [&str; 17] = [
    "A10001", "A10002", "A10003", "A10004", "A10005", "A10006", "A10007", "A10008", "U001", "U002", "01A",
    "02B", "03C", "QAA", "QBB", "Y60", "Y61",
];

/// Clocks go forward.
const FORWARD: Date = date(2025, 3, 30);
/// A financial year begins.
const APRIL: Date = date(2025, 4, 1);
/// Clocks go back.
const BACK: Date = date(2025, 10, 26);

const ROWS: &[Row] = &[
    ("Y60", Level::Region, &[], None, None),
    ("Y61", Level::Region, &[], None, None),
    ("QAA", Level::Icb, &["Y60"], None, None),
    ("QBB", Level::Icb, &["Y61"], None, None),
    ("01A", Level::SubIcb, &["QAA"], None, Some(APRIL)),
    ("01A", Level::SubIcb, &["QBB"], Some(APRIL), None),
    ("02B", Level::SubIcb, &["QAA"], None, None),
    ("03C", Level::SubIcb, &["QBB"], None, None),
    ("U001", Level::Pcn, &["QAA"], None, None),
    ("U002", Level::Pcn, &[], None, None),
    ("A10001", Level::Practice, &["U001", "01A"], None, None),
    ("A10002", Level::Practice, &["U001", "01A"], None, Some(FORWARD)),
    ("A10002", Level::Practice, &["U002", "01A"], Some(FORWARD), None),
    ("A10003", Level::Practice, &["U002", "02B"], None, Some(BACK)),
    ("A10003", Level::Practice, &["U002", "03C"], Some(BACK), None),
    ("A10004", Level::Practice, &["02B"], None, None),
    ("A10005", Level::Practice, &["U002", "QBB"], None, None),
    ("A10006", Level::Practice, &[], None, None),
    ("A10007", Level::Practice, &["U001", "03C"], None, Some(BACK)),
    (LATE, Level::Practice, &["U002", "02B"], None, None),
];

/// The import that comes first, or the one that makes the late practice known.
pub(crate) fn csv(late: bool) -> String {
    let mut csv = "code,name,level,parents,from_date,until_date\n".to_owned();
    for (code, level, parents, from, until) in ROWS.iter().filter(|row| (row.0 == LATE) == late) {
        let level = match level {
            Level::Practice => "practice",
            Level::Pcn => "pcn",
            Level::SubIcb => "sub_icb",
            Level::Icb => "icb",
            Level::Region => "region",
            Level::Unspecified | Level::England | Level::Account => unreachable!("no such row"),
        };
        let text = |day: &Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let (from, until) = (text(from), text(until));
        csv += &format!("{code},Name of {code},{level},{},{from},{until}\n", parents.join(" "));
    }
    csv
}

/// The level of a code.
pub(crate) fn level(code: &str) -> Level {
    if code == "ENGLAND" {
        return Level::England;
    }
    ROWS.iter().find(|row| row.0 == code).expect("the code is in the table").1
}

/// Whether a code is there on a day.
pub(crate) fn is_open(code: &str, day: Date) -> bool {
    ROWS.iter().any(|(own, _, _, from, until)| {
        *own == code && from.is_none_or(|from| from <= day) && until.is_none_or(|until| day < until)
    })
}

/// What a code belongs to at a level on a day: what it states, else what follows through sub-ICB location, ICB or region.
fn above(code: &str, wanted: Level, day: Date) -> Option<&'static str> {
    if level(code) == wanted {
        return ROWS.iter().map(|row| row.0).find(|&own| own == code);
    }
    stated(code, wanted, day).or_else(|| {
        [Level::SubIcb, Level::Icb, Level::Region]
            .into_iter()
            .filter(|via| (*via as i32) < wanted as i32 && (*via as i32) > level(code) as i32)
            .find_map(|via| stated(code, via, day).and_then(|through| above(through, wanted, day)))
    })
}

fn stated(code: &str, wanted: Level, day: Date) -> Option<&'static str> {
    ROWS.iter()
        .filter(|(own, _, _, from, until)| {
            *own == code && from.is_none_or(|from| from <= day) && until.is_none_or(|until| day < until)
        })
        .flat_map(|row| row.2)
        .copied()
        .find(|parent| level(parent) == wanted)
}

/// What somebody's calls of a day belong to at a level. A practice's own level is the practice.
pub(crate) fn belongs(whose: &Whose, wanted: Level, day: Date) -> Option<&'static str> {
    match whose {
        Whose::Practice(code) => above(code, wanted, day),
        Whose::Account { codes, .. } => {
            let given = |wanted: Level| {
                codes.iter().find(|code| !code.is_empty() && level(code) == wanted).map(String::as_str)
            };
            if let Some(code) = given(wanted) {
                return ROWS.iter().map(|row| row.0).find(|&own| own == code);
            }
            [Level::SubIcb, Level::Icb, Level::Region, Level::Pcn]
                .into_iter()
                .filter(|via| (*via as i32) < wanted as i32)
                .find_map(|via| given(via).and_then(|through| above(through, wanted, day)))
        }
    }
}
