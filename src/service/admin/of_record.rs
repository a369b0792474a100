//! Sources of record as messages.

use callgauge_schema::{AccountId, OdsCode};

use crate::calendar::Day;
use crate::proto::v1::{self, source_of_record::Whose as Wire};
use crate::service::errors::Fault;
use crate::service::fields;
use crate::store::stated::OfRecord;
use crate::store::{SourceOfRecord, Whose};

/// The most that one list may have.
const MOST: usize = 10_000;

/// The list, checked as a whole.
pub(super) fn parse(list: Vec<v1::SourceOfRecord>) -> Result<Vec<SourceOfRecord>, Fault> {
    if list.len() > MOST {
        return Err(Fault::field("sources_of_record", format!("must be at most {MOST}")));
    }
    let list = list.into_iter().enumerate().map(|(at, one)| parse_one(at, one));
    let list = list.collect::<Result<Vec<_>, _>>()?;
    OfRecord::new(&list)?;
    Ok(list)
}

fn parse_one(at: usize, message: v1::SourceOfRecord) -> Result<SourceOfRecord, Fault> {
    let v1::SourceOfRecord { whose, source_id, from_date, until_date } = message;
    let field = |name: &str| format!("sources_of_record[{at}].{name}");
    let wrong = |name: &str, told: String| Fault::field(field(name), told);
    let whose = match whose {
        None => {
            return Err(wrong("practice_code", "or account_id must say whose calls are meant".to_owned()));
        }
        Some(Wire::PracticeCode(code)) => {
            let code: Result<OdsCode, _> = code.parse();
            Whose::Practice(code.map_err(|fault| wrong("practice_code", fault.to_string()))?)
        }
        Some(Wire::AccountId(id)) => {
            Whose::Account(AccountId::try_from(id).map_err(|fault| wrong("account_id", fault.to_string()))?)
        }
    };
    let day = |name: &str, text: &str| -> Result<Option<Day>, Fault> {
        if text.is_empty() {
            return Ok(None);
        }
        let told = |fault| wrong(name, format!("{fault}, and is {:?}", fields::shown(text)));
        text.parse().map(Some).map_err(told)
    };
    Ok(SourceOfRecord {
        whose,
        source: source_id.parse().map_err(|fault| wrong("source_id", format!("{fault}")))?,
        first: day("from_date", &from_date)?,
        end: day("until_date", &until_date)?,
    })
}

/// One of them as a message.
pub(super) fn message(stated: SourceOfRecord) -> v1::SourceOfRecord {
    let SourceOfRecord { whose, source, first, end } = stated;
    let date = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    v1::SourceOfRecord {
        whose: Some(match whose {
            Whose::Practice(code) => Wire::PracticeCode(code.to_string()),
            Whose::Account(id) => Wire::AccountId(id.to_string()),
        }),
        source_id: source.to_string(),
        from_date: date(first),
        until_date: date(end),
    }
}
