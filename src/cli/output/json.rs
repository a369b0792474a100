//! JSON for programs: one object a line with the keys of CSV in its order, numbers as numbers, null where there is no value.

use super::Cell;

/// One row, with its end.
pub fn row(columns: &[String], cells: &[Cell]) -> String {
    let pairs: Vec<String> =
        columns.iter().zip(cells).map(|(key, cell)| format!("{}:{}", text(key), value(cell))).collect();
    format!("{{{}}}\n", pairs.join(","))
}

fn value(cell: &Cell) -> String {
    match cell {
        Cell::Text(told) => text(told),
        Cell::Count(count) => count.to_string(),
        Cell::Number(number) if number.is_finite() => number.to_string(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::None | Cell::Number(_) => "null".to_owned(),
    }
}

fn text(told: &str) -> String {
    serde_json::Value::from(told).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_object_with_every_key() {
        let columns = ["name", "calls", "mean", "absence", "retracted"].map(str::to_owned);
        let cells =
            [Cell::text("a \"b\"\n"), Cell::Count(3), Cell::Number(0.5), Cell::None, Cell::Flag(false)];
        let written = row(&columns, &cells);
        assert_eq!(written.matches('\n').count(), 1);
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        let expected = serde_json::json!(
            {"name": "a \"b\"\n", "calls": 3, "mean": 0.5, "absence": null, "retracted": false}
        );
        assert_eq!(read, expected);
    }
}
