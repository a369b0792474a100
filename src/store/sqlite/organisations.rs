//! Organisations and memberships in the database: put and read as a whole.

use rusqlite::{Connection, TransactionBehavior, params};

use crate::calendar::Day;
use crate::organisations::{Level, OrganisationRow};

/// Replaces everything, wholly or not at all.
pub(super) fn put(db: &mut Connection, rows: &[OrganisationRow]) -> rusqlite::Result<()> {
    let begin = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    begin.execute_batch("DELETE FROM memberships; DELETE FROM organisations;")?;
    {
        let number = |day: &Option<Day>| day.map(Day::number);
        let mut organisation = begin.prepare_cached(
            "INSERT INTO organisations (code, name, level, first, end) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let mut membership = begin.prepare_cached(
            "INSERT INTO memberships (code, position, parent, first, end) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for OrganisationRow { code, name, level, first, end, memberships } in rows {
            organisation.execute(params![code.as_str(), name, level.number(), number(first), number(end)])?;
            for (position, (parent, first, end)) in memberships.iter().enumerate() {
                membership.execute(params![
                    code.as_str(),
                    position as i64,
                    parent.as_str(),
                    number(first),
                    number(end)
                ])?;
            }
        }
    }
    begin.commit()
}

/// Reads everything, ordered by code.
pub(super) fn read(db: &Connection) -> rusqlite::Result<Vec<OrganisationRow>> {
    let unfit = || rusqlite::Error::InvalidQuery;
    let day = |number: Option<i32>| number.map(Day::from_number);
    let mut organisations =
        db.prepare("SELECT code, name, level, first, end FROM organisations ORDER BY code")?;
    let mut memberships =
        db.prepare("SELECT code, parent, first, end FROM memberships ORDER BY code, position")?;
    let mut rows = organisations.query([])?;
    let mut list: Vec<OrganisationRow> = Vec::new();
    while let Some(row) = rows.next()? {
        list.push(OrganisationRow {
            code: row.get::<_, String>(0)?.parse().map_err(|_| unfit())?,
            name: row.get(1)?,
            level: Level::from_number(row.get(2)?).ok_or_else(unfit)?,
            first: day(row.get(3)?),
            end: day(row.get(4)?),
            memberships: Vec::new(),
        });
    }
    let mut rows = memberships.query([])?;
    let mut at = 0;
    while let Some(row) = rows.next()? {
        let code: String = row.get(0)?;
        while list.get(at).is_some_and(|organisation| organisation.code.as_str() < code.as_str()) {
            at += 1;
        }
        let organisation =
            list.get_mut(at).filter(|organisation| organisation.code.as_str() == code).ok_or_else(unfit)?;
        let parent: String = row.get(1)?;
        organisation.memberships.push((
            parent.parse().map_err(|_| unfit())?,
            day(row.get(2)?),
            day(row.get(3)?),
        ));
    }
    Ok(list)
}
