//! CSV for scripts: plain numbers, no separators of thousands, empty where there is no value. docs/csv.md lists the columns.

use super::Cell;

/// The header line, with its end.
pub fn header(columns: &[String]) -> String {
    line(columns.iter().map(String::as_str))
}

/// One row, with its end.
pub fn row(cells: &[Cell]) -> String {
    let texts: Vec<String> = cells
        .iter()
        .map(|cell| match cell {
            Cell::None => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Count(count) => count.to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::Flag(flag) => flag.to_string(),
        })
        .collect();
    line(texts.iter().map(String::as_str))
}

fn line<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    let mut text = fields.map(quoted).collect::<Vec<_>>().join(",");
    text.push('\n');
    text
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_field_by_field() {
        let texts = ["plain", "a, b", "say \"ah\"", "two\nlines", ""];
        let cells: Vec<_> = texts.iter().map(|text| Cell::text(*text)).collect();
        let written = row(&cells);
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(written.as_bytes());
        let read = reader.records().next().unwrap().unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), texts);
    }

    #[test]
    fn numbers_are_plain() {
        let cells =
            [Cell::Count(1_234_567), Cell::Number(54.25), Cell::Number(42.0), Cell::None, Cell::Flag(true)];
        assert_eq!(row(&cells), "1234567,54.25,42,,true\n");
    }
}
