//! What a month states about organisations, as the CSV that OrganisationService imports.

use super::month::{Month, Who};
use crate::organisations::Level;

/// Parts are cut well below the 3 MiB that an import takes.
const PART_BYTES: usize = 2 * 1024 * 1024;
const COLUMNS: &str = "code,name,level,parents,from_date,until_date\n";

/// The organisations of a month, in parts to be imported in order: regions, ICBs, sub-ICB locations and PCNs, then practices.
///
/// PCNs and sub-ICB locations span boundaries, so each practice states all its memberships itself, for this month only: what the month does not say
/// about other months is left open. Codes and names stand without dates.
pub fn csv_parts(month: &Month) -> Vec<String> {
    let mut parts = vec![String::from(COLUMNS)];
    let mut line = |fields: [&str; 6]| {
        let text = fields.map(quoted).join(",");
        if let Some(last) = parts.last_mut() {
            if last.len() + text.len() < PART_BYTES {
                last.push_str(&text);
                last.push('\n');
                return;
            }
            parts.push(format!("{COLUMNS}{text}\n"));
        }
    };
    for level in [Level::Region, Level::Icb, Level::SubIcb, Level::Pcn] {
        for ((of, code), name) in &month.names {
            if *of == level {
                line([code.as_str(), name, level.name(), "", "", ""]);
            }
        }
    }
    let (from, until) = (month.first.to_string(), month.first.first_of_next_month().to_string());
    for row in &month.rows {
        let Who::Practice { code, name } = &row.who else { continue };
        line([code.as_str(), name, Level::Practice.name(), "", "", ""]);
        let groups = &row.groups;
        let parents: Vec<_> = [groups.pcn, groups.sub_icb, groups.icb, groups.region]
            .into_iter()
            .flatten()
            .map(|code| code.to_string())
            .collect();
        if !parents.is_empty() {
            line([code.as_str(), name, Level::Practice.name(), &parents.join(" "), &from, &until]);
        }
    }
    parts
}

fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
