//! Tables for people: aligned, readable in 120 columns, without colour.

/// How wide a table may be.
pub const WIDTH: usize = 120;

/// The most rows that are laid out as a table.
pub const MOST_ROWS: i64 = 10_000;

/// Which side a column's texts stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// A column: its title, in one or two lines, and where its texts stand.
#[derive(Clone, Debug)]
pub struct Column {
    title: [String; 2],
    side: Side,
    /// May be cut to fit the width, and left out where less than this remains.
    least: Option<usize>,
}

/// A table, not yet laid out.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Lines above.
    pub heading: Vec<String>,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows, a text for each column.
    pub rows: Vec<Vec<String>>,
    /// Lines below.
    pub notes: Vec<String>,
}

impl Column {
    /// A column of texts.
    pub fn text(title: &str) -> Self {
        Self { title: [String::new(), title.to_owned()], side: Side::Left, least: None }
    }

    /// A column of numbers.
    pub fn number(above: &str, title: &str) -> Self {
        Self { title: [above.to_owned(), title.to_owned()], side: Side::Right, least: None }
    }

    /// The column that gives way where the table is too wide: cut, and left out where fewer than `least` characters remain.
    pub fn flexible(title: &str, least: usize) -> Self {
        Self { least: Some(least), ..Self::text(title) }
    }
}

impl Table {
    /// Lays the table out.
    pub fn render(&self) -> String {
        let widths = self.widths();
        let mut text = String::new();
        for line in &self.heading {
            text.extend([line.as_str(), "\n"]);
        }
        if !self.heading.is_empty() {
            text.push('\n');
        }
        for at in 0..2 {
            let titles: Vec<&str> = self.columns.iter().map(|column| column.title[at].as_str()).collect();
            if titles.iter().any(|title| !title.is_empty()) {
                self.line(&mut text, &widths, &titles);
            }
        }
        for row in &self.rows {
            let texts: Vec<&str> = row.iter().map(String::as_str).collect();
            self.line(&mut text, &widths, &texts);
        }
        if !self.notes.is_empty() {
            text.push('\n');
        }
        for note in &self.notes {
            for line in wrapped(note, WIDTH) {
                text.extend([line.as_str(), "\n"]);
            }
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let natural = |at: usize| {
            let titles = self.columns[at].title.iter();
            let rows = self.rows.iter().filter_map(|row| row.get(at));
            titles.chain(rows).map(|text| text.chars().count()).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..self.columns.len()).map(natural).collect();
        let total = |widths: &[usize]| {
            let shown = widths.iter().filter(|&&width| width > 0).count();
            widths.iter().sum::<usize>() + 2 * shown.saturating_sub(1)
        };
        // The last flexible column gives way first.
        for at in (0..self.columns.len()).rev() {
            let Some(least) = self.columns[at].least else { continue };
            let excess = total(&widths).saturating_sub(WIDTH);
            let left = widths[at].saturating_sub(excess);
            widths[at] = if excess > 0 && left < least { 0 } else { left };
        }
        widths
    }

    fn line(&self, text: &mut String, widths: &[usize], fields: &[&str]) {
        let mut line = String::new();
        let shown = self.columns.iter().zip(widths).zip(fields).filter(|((_, width), _)| **width > 0);
        for (at, ((column, &width), field)) in shown.enumerate() {
            if at > 0 {
                line.push_str("  ");
            }
            let field = cut(field, width);
            line.push_str(&match column.side {
                Side::Left => format!("{field:<width$}"),
                Side::Right => format!("{field:>width$}"),
            });
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn cut(field: &str, width: usize) -> String {
    if field.chars().count() <= width {
        return field.to_owned();
    }
    let kept: String = field.chars().take(width.saturating_sub(2)).collect();
    format!("{}..", kept.trim_end())
}

/// The words of a text in lines of at most `width` characters.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, numbers: usize) -> Table {
        let mut columns = vec![Column::text("Code"), Column::flexible("Name", 8)];
        columns.extend((0..numbers).map(|_| Column::number("", "Calls")));
        let mut row = vec!["A81001".to_owned(), name.to_owned()];
        row.extend((0..numbers).map(|_| "29,211,036".to_owned()));
        Table { columns, rows: vec![row], ..Table::default() }
    }

    #[test]
    fn numbers_stand_on_the_right_and_texts_on_the_left() {
        let text = table("Surgery", 1).render();
        assert_eq!(text, "Code    Name          Calls\nA81001  Surgery  29,211,036\n");
    }

    #[test]
    fn a_long_name_gives_way_and_then_goes() {
        let long = "The Very Long Name of a Practice ".repeat(5);
        for (numbers, shown) in [(2, true), (8, true), (9, false)] {
            let text = table(&long, numbers).render();
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
            assert_eq!(text.contains("The V"), shown, "{text}");
            assert!(text.contains("A81001"), "{text}");
        }
    }
}
