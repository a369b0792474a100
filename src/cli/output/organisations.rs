//! Organisations: in the columns of the import, so that what is listed can be imported again, and as a table for people.

use std::collections::BTreeMap;

use super::names::level_name;
use super::table::{Column, Table};
use super::{Cell, grouped};
use crate::proto::v1::Organisation;

/// Names of the columns: those of the import.
pub fn columns() -> Vec<String> {
    ["code", "name", "level", "parents", "from_date", "until_date"].map(str::to_owned).to_vec()
}

/// An organisation as rows of cells: one for each stretch of days in which its memberships are the same.
pub fn rows(organisation: &Organisation) -> Vec<Vec<Cell>> {
    stretches(organisation).into_iter().map(|row| row.map(Cell::text).to_vec()).collect()
}

/// Organisations as a table.
pub fn table(organisations: &[Organisation]) -> String {
    let columns = vec![
        Column::text("Code"),
        Column::flexible("Name", 8),
        Column::text("Level"),
        Column::flexible("Belongs to", 8),
        Column::text("From"),
        Column::text("Until, excluded"),
    ];
    let count = i64::try_from(organisations.len()).unwrap_or(i64::MAX);
    Table {
        heading: vec![format!("{} organisation{}", grouped(count), if count == 1 { "" } else { "s" })],
        columns,
        rows: organisations.iter().flat_map(stretches).map(|row| row.to_vec()).collect(),
        notes: Vec::new(),
    }
    .render()
}

fn stretches(organisation: &Organisation) -> Vec<[String; 6]> {
    let level = level_name(organisation.level);
    let row = |parents: String, from: &str, until: &str| {
        let Organisation { code, name, .. } = organisation;
        [code.clone(), name.clone(), level.clone(), parents, from.to_owned(), until.to_owned()]
    };
    let mut parents: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for membership in &organisation.memberships {
        let days = (membership.from_date.as_str(), membership.until_date.as_str());
        parents.entry(days).or_default().push(&membership.parent_code);
    }
    if parents.is_empty() {
        return vec![row(String::new(), &organisation.from_date, &organisation.until_date)];
    }
    parents.into_iter().map(|((from, until), codes)| row(codes.join(" "), from, until)).collect()
}
