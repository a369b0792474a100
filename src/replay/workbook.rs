//! Reads NHS England's monthly "Cloud Based Telephony Publication Summary": Table 2 (days and bands), 3 (outcomes), 4 (answered) and 5 (missed).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use calamine::{Data, Range, Reader as _, Xlsx, XlsxError, open_workbook};
use callgauge_schema::OdsCode;

use super::month::{Column, Counts, DayCounts, DurationOf, Groups, Month, Row, Who};
use super::sheet::{At, InvalidWorkbook, Line, Sheet};
use crate::calendar::{Band, Day};
use crate::organisations::Level;

const BANDS: [&str; Band::COUNT] = [
    "00:00 - 05:59",
    "06:00 - 07:59",
    "08:00 - 09:59",
    "10:00 - 11:59",
    "12:00 - 13:59",
    "14:00 - 15:59",
    "16:00 - 17:59",
    "18:00 - 18:29",
    "18:30 - 23:59",
];
const DURATIONS: [&str; 4] =
    ["Less than 1 minute", "1 - 2 minutes", "2 - 5 minutes", "Longer than 5 minutes"];

/// Reads a workbook and holds its rows against its own totals.
///
/// # Errors
/// [`InvalidWorkbook`], one line that names what is wrong.
pub fn read(path: &Path) -> Result<Month, InvalidWorkbook> {
    let unreadable = |cause: String| InvalidWorkbook::Unreadable { path: path.display().to_string(), cause };
    let mut book: Xlsx<_> = open_workbook(path).map_err(|error: XlsxError| unreadable(error.to_string()))?;
    let mut sheet = |name: &'static str| -> Result<Range<Data>, InvalidWorkbook> {
        let listed = book.sheet_names().into_iter().find(|listed| listed.trim().eq_ignore_ascii_case(name));
        let listed = listed.ok_or(InvalidWorkbook::NoSheet(name))?;
        book.worksheet_range(&listed).map_err(|error| unreadable(format!("{name}: {error}")))
    };
    let (first, days) = days(&Sheet::new("Table 2", sheet("Table 2")?, "Date")?)?;
    let mut rows = Rows::default();
    rows.read_outcomes(&Sheet::new("Table 3", sheet("Table 3")?, "GP Practice")?, &days)?;
    rows.read_answered(&Sheet::new("Table 4", sheet("Table 4")?, "GP Practice")?)?;
    rows.read_missed(&Sheet::new("Table 5", sheet("Table 5")?, "GP Practice")?)?;
    let Rows { rows, names, places: _ } = rows;
    Ok(Month { first, days, rows, names })
}

/// Table 2: a row a day, each with its own total.
fn days(sheet: &Sheet) -> Result<(Day, Vec<DayCounts>), InvalidWorkbook> {
    let (date, total) = (sheet.column("Date")?, sheet.column("Total Count of Inbound Calls")?);
    let bands = BANDS.iter().map(|band| sheet.column(band)).collect::<Result<Vec<_>, _>>()?;
    let mut days: Vec<DayCounts> = Vec::new();
    for line in sheet.lines() {
        let Some(day) = line.date(&date) else { continue };
        let mut counts = DayCounts { day, bands: [0; Band::COUNT] };
        for (count, at) in counts.bands.iter_mut().zip(&bands) {
            *count = line.count(at)?;
        }
        let (rows, total) = (counts.bands.iter().sum(), line.count(&total)?);
        if rows != total {
            return Err(InvalidWorkbook::DoesNotAddUp {
                sheet: sheet.name,
                column: format!("Total Count of Inbound Calls of {day}"),
                rows,
                total,
                total_name: "the day's total".to_owned(),
            });
        }
        days.push(counts);
    }
    days.sort_by_key(|counts| counts.day);
    let first = days.first().ok_or(InvalidWorkbook::Empty(sheet.name))?.day.first_of_month();
    if let Some(counts) = days.iter().find(|counts| counts.day.first_of_month() != first) {
        return Err(InvalidWorkbook::Days(format!(
            "{} is not in the month of {first}: a workbook is about one month",
            counts.day
        )));
    }
    if let Some(pair) = days.windows(2).find(|pair| pair[0].day == pair[1].day) {
        return Err(InvalidWorkbook::Days(format!("{} is there twice", pair[0].day)));
    }
    Ok((first, days))
}

/// Practices and accounts as they are put together from three tables.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    places: HashMap<(Option<OdsCode>, Groups), usize>,
    names: BTreeMap<(Level, OdsCode), String>,
}

/// The columns that say whose row it is.
struct Keys {
    month: At,
    practice: At,
    name: At,
    groups: [(Level, At, At); 4],
}

/// Whose row it is.
struct Key {
    practice: Option<OdsCode>,
    groups: Groups,
}

impl Rows {
    fn read_outcomes(&mut self, sheet: &Sheet, days: &[DayCounts]) -> Result<(), InvalidWorkbook> {
        let keys = Keys::of(sheet)?;
        let columns = [
            (Column::Inbound, sheet.column("Count of Inbound calls")?),
            (Column::Answered, sheet.column("Answered")?),
            (Column::EndedInIvr, sheet.column("Ended during the IVR Stage")?),
            (Column::CallbackRequested, sheet.column("Call back requested")?),
            (Column::Missed, sheet.column("Missed")?),
            (Column::CallbackMade, sheet.column("Call back made")?),
        ];
        let mut seen: HashMap<OdsCode, Groups> = HashMap::new();
        let sums = added_up(sheet, &keys, &columns, |line, key, counts| {
            if let Some(code) = key.practice
                && *seen.entry(code).or_insert(key.groups) != key.groups
            {
                return Err(InvalidWorkbook::PracticeTwice(code.to_string()));
            }
            self.note_names(line, &keys, &key.groups);
            let place = *self.places.entry((key.practice, key.groups)).or_insert_with(|| {
                let who = match key.practice {
                    Some(code) => Who::Practice { code, name: line.text(&keys.name).to_owned() },
                    None => Who::account(&key.groups),
                };
                self.rows.push(Row { who, groups: key.groups, counts: Counts::default() });
                self.rows.len() - 1
            });
            // Some accounts that share the same organisations have a row each: to us they are one.
            self.rows[place].counts.add(counts);
            Ok(())
        })?;
        let of_days: u64 = days.iter().flat_map(|day| day.bands).sum();
        if of_days != sums[Column::Inbound] {
            return Err(InvalidWorkbook::DoesNotAddUp {
                sheet: "Table 2",
                column: "Total Count of Inbound Calls".to_owned(),
                rows: of_days,
                total: sums[Column::Inbound],
                total_name: "Table 3".to_owned(),
            });
        }
        Ok(())
    }

    fn read_answered(&mut self, sheet: &Sheet) -> Result<(), InvalidWorkbook> {
        let mut columns = vec![(Column::Answered, sheet.column("Answered")?)];
        for (of, above) in [(DurationOf::AnsweredWait, "Wait time"), (DurationOf::Talk, "Duration")] {
            columns.extend(durations(sheet, of, above)?);
        }
        self.read_bands(sheet, &columns)
    }

    fn read_missed(&mut self, sheet: &Sheet) -> Result<(), InvalidWorkbook> {
        let mut columns = vec![(Column::Missed, sheet.column("Missed")?)];
        columns.extend(durations(sheet, DurationOf::MissedWait, "Wait time")?);
        self.read_bands(sheet, &columns)
    }

    fn read_bands(&mut self, sheet: &Sheet, columns: &[(Column, At)]) -> Result<(), InvalidWorkbook> {
        let keys = Keys::of(sheet)?;
        added_up(sheet, &keys, columns, |line, key, counts| {
            let Some(&place) = self.places.get(&(key.practice, key.groups)) else {
                let who = match key.practice {
                    Some(code) => code.to_string(),
                    None => format!("{:?}", Who::account(&key.groups).label()),
                };
                return Err(InvalidWorkbook::NotInTable3 { sheet: sheet.name, row: line.row, who });
            };
            let mut bands = *counts;
            // How many were answered or missed is Table 3's to say.
            bands[Column::Answered] = 0;
            bands[Column::Missed] = 0;
            self.rows[place].counts.add(&bands);
            Ok(())
        })?;
        Ok(())
    }

    fn note_names(&mut self, line: &Line<'_>, keys: &Keys, groups: &Groups) {
        for (level, _, name) in &keys.groups {
            if let Some(code) = groups.at(*level) {
                self.names.entry((*level, code)).or_insert_with(|| line.text(name).to_owned());
            }
        }
    }
}

fn durations(sheet: &Sheet, of: DurationOf, above: &str) -> Result<Vec<(Column, At)>, InvalidWorkbook> {
    let bands = DURATIONS.iter().zip(0_u8..);
    bands.map(|(band, n)| Ok((Column::Duration(of, n), sheet.column_under(above, band)?))).collect()
}

/// Hands on every practice row and account row, and holds their sums against the row "Total".
fn added_up(
    sheet: &Sheet,
    keys: &Keys,
    columns: &[(Column, At)],
    mut each: impl FnMut(&Line<'_>, &Key, &Counts) -> Result<(), InvalidWorkbook>,
) -> Result<Counts, InvalidWorkbook> {
    let (mut sums, mut total) = (Counts::default(), None);
    for line in sheet.lines() {
        if total.is_none() && line.text(&keys.month).eq_ignore_ascii_case("total") {
            total = Some(counts(&line, columns)?);
            continue;
        }
        let Some(key) = keys.read(sheet, &line, &columns[0].1)? else { continue };
        let counts = counts(&line, columns)?;
        sums.add(&counts);
        each(&line, &key, &counts)?;
    }
    let total = total.ok_or(InvalidWorkbook::NoTotal(sheet.name))?;
    for (column, at) in columns {
        if sums[*column] != total[*column] {
            return Err(InvalidWorkbook::DoesNotAddUp {
                sheet: sheet.name,
                column: at.heading.clone(),
                rows: sums[*column],
                total: total[*column],
                total_name: "its Total".to_owned(),
            });
        }
    }
    Ok(sums)
}

fn counts(line: &Line<'_>, columns: &[(Column, At)]) -> Result<Counts, InvalidWorkbook> {
    let mut counts = Counts::default();
    for (column, at) in columns {
        counts[*column] = line.count(at)?;
    }
    Ok(counts)
}

impl Keys {
    fn of(sheet: &Sheet) -> Result<Self, InvalidWorkbook> {
        let level = |level: Level, name: &str| -> Result<(Level, At, At), InvalidWorkbook> {
            Ok((level, sheet.column(&format!("{name} Code"))?, sheet.column(&format!("{name} Name"))?))
        };
        Ok(Self {
            month: sheet.column("Month")?,
            practice: sheet.column("GP Practice (ODS_CODE)")?,
            name: sheet.column("GP Name")?,
            groups: [
                level(Level::Pcn, "PCN")?,
                level(Level::SubIcb, "Sub ICB")?,
                level(Level::Icb, "ICB")?,
                level(Level::Region, "Region")?,
            ],
        })
    }

    /// Whose row it is; `None` where it is a note, a heading or empty. What its month cell holds does not matter: some hold a copyright line.
    fn read(&self, sheet: &Sheet, line: &Line<'_>, first: &At) -> Result<Option<Key>, InvalidWorkbook> {
        let text = line.text(&self.practice);
        let practice = match text.parse::<OdsCode>() {
            Ok(code) => Some(code),
            Err(_) if text.eq_ignore_ascii_case("unassigned") => None,
            Err(_) => return Ok(None),
        };
        if line.empty(first) && self.groups.iter().all(|(_, code, _)| line.empty(code)) {
            return Ok(None);
        }
        let mut groups = Groups::default();
        for (level, at, _) in &self.groups {
            let code = group(line.text(at)).ok_or_else(|| InvalidWorkbook::NoCode {
                sheet: sheet.name,
                row: line.row,
                column: at.heading.clone(),
                text: line.text(at).to_owned(),
            })?;
            match level {
                Level::Pcn => groups.pcn = code,
                Level::SubIcb => groups.sub_icb = code,
                Level::Icb => groups.icb = code,
                _ => groups.region = code,
            }
        }
        Ok(Some(Key { practice, groups }))
    }
}

/// A code, or a word that says that there is none ("Unmapped"; "U" for no PCN); `None` where it is neither.
fn group(text: &str) -> Option<Option<OdsCode>> {
    match text.parse::<OdsCode>() {
        Ok(code) => Some(Some(code)),
        Err(callgauge_schema::InvalidCode::Empty | callgauge_schema::InvalidCode::Sentinel) => Some(None),
        Err(_) => None,
    }
}
