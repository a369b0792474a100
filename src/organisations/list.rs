//! Looking organisations up by a part of their name, level and parent.

use callgauge_schema::OdsCode;

use super::directory::{Directory, Uppers};
use super::row::Level;

/// Which organisations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Part of name or code, in any case. Empty means all.
    pub part: String,
    /// Only this level.
    pub level: Option<Level>,
    /// Only those that belong to this one on any day, directly or through others.
    pub parent: Option<OdsCode>,
}

impl Directory {
    /// The organisations that meet the filter, ordered by code. None where the parent is not known.
    pub fn list(&self, filter: ListFilter) -> Vec<OdsCode> {
        let part = filter.part.trim().to_lowercase();
        let parent = match filter.parent.map(|code| self.find(code)) {
            None => None,
            Some(Some(found)) => Some(found),
            Some(None) => return Vec::new(),
        };
        let belongs = |uppers: &Uppers| match parent {
            None => true,
            Some((_, Level::Practice | Level::England)) => false,
            Some((at, level)) => uppers.level(level).iter().any(|(_, upper)| upper == at),
        };
        self.rows
            .iter()
            .zip(&self.uppers)
            .filter(|(row, _)| filter.level.is_none_or(|level| row.level == level))
            .filter(|(_, uppers)| belongs(uppers))
            .filter(|(row, _)| {
                part.is_empty()
                    || row.code.as_str().to_lowercase().contains(&part)
                    || row.name.to_lowercase().contains(&part)
            })
            .map(|(row, _)| row.code)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organisations_are_found_by_part_of_name_or_code_level_and_parent() {
        let csv = "code,name,level,parents,from_date,until_date\n\
            Y1,North,region,,,\n\
            QA,Example ICB,icb,Y1,,\n\
            S1,Example place,sub_icb,QA,,\n\
            U1,Hill PCN,pcn,,,\n\
            A1,Hill Surgery,practice,S1 U1,,2020-01-01\n\
            A2,Dale Surgery,practice,U1,,\n";
        let (directory, _) = Directory::default().import(csv).unwrap();
        for (part, level, parent, expected) in [
            ("", None, None, "A1 A2 QA S1 U1 Y1"),
            ("hill", None, None, "A1 U1"),
            ("SURGERY", Some(Level::Practice), None, "A1 A2"),
            ("q", None, None, "QA"),
            ("", Some(Level::Practice), Some("Y1"), "A1"),
            ("", None, Some("Y1"), "A1 QA S1"),
            ("", None, Some("U1"), "A1 A2"),
            ("", None, Some("A1"), ""),
            ("", None, Some("ZZ"), ""),
        ] {
            let parent = parent.map(|code: &str| code.parse().unwrap());
            let found = directory.list(ListFilter { part: part.to_owned(), level, parent });
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expected, "{part} {level:?} {parent:?}");
        }
    }
}
