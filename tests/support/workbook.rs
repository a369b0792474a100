//! Makes small workbooks of the shape of NHS England's "Cloud Based Telephony Publication Summary", with whatever quirk a test wants.

use std::path::{Path, PathBuf};

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};

/// A workbook to be: change what the test is about, then [`Book::write`].
#[derive(Clone, Debug)]
pub struct Book {
    /// Year and month.
    pub month: (u16, u8),
    /// Rows of Tables 3 to 5.
    pub rows: Vec<BookRow>,
    /// Table 2: day of the month, calls in each band. Empty: shared out over all days by [`Book::fill_days`] when written.
    pub days: Vec<(u8, [u64; 9])>,
    /// Sheets that are left out.
    pub without_sheets: Vec<&'static str>,
    /// Headings (exactly as written here) whose text is replaced.
    pub renamed_headings: Vec<(&'static str, &'static str)>,
    /// Sheet, heading and amount by which its Total is wrong.
    pub wrong_total: Option<(&'static str, &'static str, i64)>,
    /// Spacer columns that are put before every block of counts.
    pub extra_spacers: u16,
}

/// One row: a practice, or "Unassigned".
#[derive(Clone, Debug)]
pub struct BookRow {
    /// Practice code, or "Unassigned".
    pub code: String,
    /// PCN, sub-ICB, ICB and region codes, "U" and "Unmapped" included.
    pub groups: [String; 4],
    /// Inbound, answered, ended in IVR, callback requested, missed, callback made.
    pub outcomes: [u64; 6],
    /// Wait bands of answered calls.
    pub answered_wait: [u64; 4],
    /// Length bands of answered calls.
    pub talk: [u64; 4],
    /// Wait bands of missed calls.
    pub missed_wait: [u64; 4],
    /// The month cell holds a copyright line instead of a date.
    pub copyright_for_month: bool,
    /// Outcome cells that are 0 are left empty.
    pub empty_zeros: bool,
}

impl BookRow {
    /// A row whose counts are consistent: answered, ended in IVR, callback requested, missed.
    pub fn new(code: &str, groups: [&str; 4], outcomes: [u64; 4]) -> Self {
        let [answered, ivr, requested, missed] = outcomes;
        Self {
            code: code.to_owned(),
            groups: groups.map(str::to_owned),
            outcomes: [outcomes.iter().sum(), answered, ivr, requested, missed, requested],
            answered_wait: split(answered, [46, 14, 19, 21]),
            talk: split(answered, [23, 36, 33, 8]),
            missed_wait: split(missed, [52, 16, 16, 16]),
            copyright_for_month: false,
            empty_zeros: false,
        }
    }
}

fn split(calls: u64, percent: [u64; 4]) -> [u64; 4] {
    let mut parts = percent.map(|percent| calls * percent / 100);
    parts[0] += calls - parts.iter().sum::<u64>();
    parts
}

impl Default for Book {
    /// Every quirk that published editions have, in a dozen rows of February 2026.
    fn default() -> Self {
        let mut rows = vec![
            BookRow::new("A81001", ["U00001", "01A", "QAA", "Y01"], [820, 300, 55, 130]),
            BookRow::new("A81002", ["U00001", "01A", "QAA", "Y01"], [410, 180, 0, 77]),
            // Its PCN spans a sub-ICB location, an ICB and a region.
            BookRow::new("B82003", ["U00001", "02B", "QBB", "Y02"], [620, 210, 33, 92]),
            // In no PCN.
            BookRow::new("B82004", ["U", "02B", "QBB", "Y02"], [300, 90, 12, 41]),
            // Its sub-ICB location belongs to another ICB by other rows.
            BookRow::new("B82005", ["U00002", "02B", "QAA", "Y01"], [511, 160, 20, 64]),
            // Shared accounts, as far down as their practices share.
            BookRow::new("Unassigned", ["U00002", "02B", "QBB", "Y02"], [700, 250, 60, 99]),
            BookRow::new("Unassigned", ["Unmapped", "Unmapped", "QBB", "Y02"], [350, 120, 10, 55]),
            BookRow::new("Unassigned", ["Unmapped", "Unmapped", "Unmapped", "Unmapped"], [99, 31, 4, 17]),
            // Two accounts that share the same organisations.
            BookRow::new("Unassigned", ["U00002", "02B", "QBB", "Y02"], [70, 25, 6, 9]),
            BookRow::new("C83006", ["U00003", "01A", "QAA", "Y01"], [150, 61, 9, 22]),
            BookRow::new("C83007", ["U00003", "01A", "QAA", "Y01"], [0, 40, 0, 11]),
            BookRow::new("C83008", ["U00003", "01A", "QAA", "Y01"], [205, 75, 0, 31]),
        ];
        rows[1].copyright_for_month = true;
        rows[1].empty_zeros = true;
        // A shortfall of outcomes, an excess, answered calls without a wait band, and one with too many.
        rows[2].outcomes[0] += 45;
        rows[3].outcomes[0] -= 20;
        rows[9].answered_wait[3] -= 8;
        rows[4].missed_wait[3] += 3;
        // More callbacks made than requested, and some without any request.
        rows[4].outcomes[5] += 4;
        rows[11].outcomes[5] = 7;
        Self {
            month: (2026, 2),
            rows,
            days: Vec::new(),
            without_sheets: Vec::new(),
            renamed_headings: Vec::new(),
            wrong_total: None,
            extra_spacers: 0,
        }
    }
}

impl Book {
    /// Inbound calls of all rows.
    pub fn inbound(&self) -> u64 {
        self.rows.iter().map(|row| row.outcomes[0]).sum()
    }

    /// Shares all inbound calls out over the days and bands of the month, if nobody has.
    pub fn fill_days(&mut self) {
        if !self.days.is_empty() {
            return;
        }
        const WEIGHTS: [u64; 9] = [1, 9, 40, 28, 21, 22, 13, 1, 2];
        let length = match self.month.1 {
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let all = self.inbound();
        let weight = WEIGHTS.iter().sum::<u64>() * length;
        let (mut so_far, mut before) = (0, 0);
        for day in 1..=length as u8 {
            let bands = WEIGHTS.map(|next| {
                so_far += next;
                let until = all * so_far / weight;
                let calls = until - before;
                before = until;
                calls
            });
            self.days.push((day, bands));
        }
    }

    /// Writes it into a folder.
    pub fn write(mut self, folder: &Path) -> PathBuf {
        self.fill_days();
        let path = folder.join("summary.xlsx");
        let mut book = Workbook::new();
        for name in ["Title sheet", "Table 1", "Table 2", "Table 3", "Table 4", "Table 5"] {
            if self.without_sheets.contains(&name) {
                continue;
            }
            let sheet = book.add_worksheet().set_name(name).expect("a name");
            match name {
                "Table 2" => self.table_2(sheet),
                "Table 3" => self.table_3(sheet),
                "Table 4" => self.table_4(sheet),
                "Table 5" => self.table_5(sheet),
                _ => {
                    sheet.write(6, 0, "Cloud Based Telephony data in General Practice").expect("written");
                }
            }
        }
        book.save(&path).expect("saved");
        path
    }

    fn heading<'a>(&self, text: &'a str) -> &'a str {
        self.renamed_headings.iter().find(|(from, _)| *from == text).map_or(text, |(_, to)| to)
    }

    fn date(&self, day: u8) -> ExcelDateTime {
        ExcelDateTime::from_ymd(self.month.0, self.month.1, day).expect("a date")
    }

    fn table_2(&self, sheet: &mut Worksheet) {
        let date = Format::new().set_num_format("dd/mm/yyyy");
        sheet.write(6, 0, "Table 2: Inbound Calls by day and time of day").expect("written");
        let headings = [
            "Date",
            "Total Count of Inbound Calls",
            "",
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
        for (column, heading) in (1..).zip(headings) {
            if !heading.is_empty() {
                sheet.write(8, column, self.heading(heading)).expect("written");
            }
        }
        for (row, (day, bands)) in (10..).zip(&self.days) {
            sheet.write(row, 0, "Someday").expect("written");
            sheet.write_with_format(row, 1, self.date(*day), &date).expect("written");
            let sum: u64 = bands.iter().sum();
            let wrong = self.wrong_total.filter(|(sheet, _, _)| *sheet == "Table 2" && *day == 1);
            let total = sum as i64 + wrong.map_or(0, |(_, _, by)| by);
            sheet.write(row, 2, total as f64).expect("written");
            for (column, calls) in (4..).zip(bands) {
                sheet.write(row, column, *calls as f64).expect("written");
            }
        }
        sheet.write(42, 0, "Copyright © 2026 NHS England").expect("written");
        sheet.write(45, 1, "  1   A note that is no date").expect("written");
    }

    fn table_3(&self, sheet: &mut Worksheet) {
        // Forgotten numbers above the headings, as published.
        sheet.write(0, 11, 25_765_191.0).expect("written");
        sheet.write(8, 13, "Count of Inbound Call Outcome").expect("written");
        let columns = [
            ("Count of Inbound calls", 11),
            ("Answered", 13),
            ("Ended during the IVR Stage [4]", 15),
            ("Call back requested", 17),
            ("Missed [5]", 20),
            ("Call back made", 23),
        ];
        let counts = |row: &BookRow| row.outcomes.to_vec();
        self.table(sheet, "Table 3", 9, &columns, counts, true);
    }

    fn table_4(&self, sheet: &mut Worksheet) {
        sheet.write(8, 15 + self.extra_spacers, "Answered Calls - Wait time [4]").expect("written");
        sheet.write(8, 24 + self.extra_spacers, "Answered Calls - Duration ").expect("written");
        let columns = [
            ("Total Inbound calls", 11),
            ("Answered  [4]", 12),
            ("Less than 1 minute", 15),
            ("1 - 2 minutes", 17),
            ("2 - 5 minutes", 19),
            ("Longer than 5 minutes", 21),
            ("Less than 1 minute", 24),
            ("1 - 2 minutes", 26),
            ("2 - 5 minutes", 28),
            ("Longer than 5 minutes", 30),
        ];
        let counts = |row: &BookRow| {
            let [inbound, answered, ..] = row.outcomes;
            [&[inbound, answered][..], &row.answered_wait, &row.talk].concat()
        };
        self.table(sheet, "Table 4", 9, &columns, counts, false);
    }

    fn table_5(&self, sheet: &mut Worksheet) {
        sheet.write(8, 15 + self.extra_spacers, "Missed Calls - Wait time [4]").expect("written");
        let columns = [
            ("Total Inbound calls", 11),
            ("Missed [4]", 12),
            ("Less than 1 minute", 15),
            ("1 - 2 minutes", 17),
            ("2 - 5 minutes", 19),
            ("Longer than 5 minutes", 21),
        ];
        let counts = |row: &BookRow| {
            let [inbound, _, _, _, missed, _] = row.outcomes;
            [&[inbound, missed][..], &row.missed_wait].concat()
        };
        self.table(sheet, "Table 5", 9, &columns, counts, false);
    }

    fn table(
        &self,
        sheet: &mut Worksheet,
        name: &str,
        headings: u32,
        columns: &[(&'static str, u16)],
        counts: impl Fn(&BookRow) -> Vec<u64>,
        first_total_at_12: bool,
    ) {
        let date = Format::new().set_num_format("mmm-yy");
        let place = |column: u16| if column > 12 { column + self.extra_spacers } else { column };
        let keys = [
            "Month [1]",
            "GP Practice \n(ODS_CODE)",
            "GP Name",
            "PCN Code",
            "PCN Name [2,3]",
            "Sub ICB Code [2]",
            "Sub ICB Name",
            "ICB Code  [2]",
            "ICB Name",
            "Region Code  [2]",
            "Region Name",
        ];
        for (column, heading) in (0..).zip(keys) {
            sheet.write(headings, column, self.heading(heading)).expect("written");
        }
        for (heading, column) in columns {
            sheet.write(headings, place(*column), self.heading(heading)).expect("written");
            sheet.write(headings + 1, place(*column), "Total").expect("written");
            sheet.write(headings + 1, place(*column) + 1, "%").expect("written");
        }
        let total_row = if first_total_at_12 { 12 } else { 11 };
        sheet.write(total_row, 0, "Total").expect("written");
        if !first_total_at_12 {
            sheet.write(total_row, 1, "National").expect("written");
        }
        for (at, (heading, column)) in columns.iter().enumerate() {
            let sum: u64 = self.rows.iter().map(|row| counts(row)[at]).sum();
            let wrong = self.wrong_total.filter(|(of, head, _)| *of == name && *head == *heading);
            let total = sum as i64 + wrong.map_or(0, |(_, _, by)| by);
            sheet.write(total_row, place(*column), total as f64).expect("written");
        }
        for (at, row) in (total_row + 2..).zip(&self.rows) {
            if row.copyright_for_month {
                sheet.write(at, 0, "Copyright © 2026 NHS England").expect("written");
            } else {
                sheet.write_with_format(at, 0, self.date(1), &date).expect("written");
            }
            let shared = row.code == "Unassigned";
            let name = if shared { "Unmapped".to_owned() } else { format!("PRACTICE, {}", row.code) };
            sheet.write(at, 1, &row.code).expect("written");
            sheet.write(at, 2, name).expect("written");
            for (column, group) in (3..).step_by(2).zip(&row.groups) {
                sheet.write(at, column, group).expect("written");
                let name = if group == "Unmapped" { group.clone() } else { format!("NAME OF {group}") };
                sheet.write(at, column + 1, name).expect("written");
            }
            for ((_, column), calls) in columns.iter().zip(counts(row)) {
                if calls > 0 || !row.empty_zeros {
                    sheet.write(at, place(*column), calls as f64).expect("written");
                }
                // A share beside every count but the first.
                if *column > 11 {
                    sheet.write(at, place(*column) + 1, 0.123).expect("written");
                }
            }
        }
        let end = total_row + 3 + self.rows.len() as u32;
        sheet.write(end, 0, "Notes:").expect("written");
        sheet.write(end, 1, "  1   Data for earlier months").expect("written");
        sheet.write(end + 2, 0, "Copyright © 2026 NHS England ").expect("written");
    }
}
