//! What a client claims to have delivered: a file of JSON lines, each a CallRecord in the JSON form of protobuf, as every language's library writes it.
//!
//! Names are taken as in the proto (`call_id`) or in lower camel case (`callId`). A fault names the line and the field, never a value.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::ledger::{CALLS, Key};
use crate::cli::Failure;
use crate::ingest::canonical;
use crate::proto::v1;

/// The longest line, in bytes.
const LINE: usize = 64 * 1_024;

/// Reads the file. Records are in their canonical form; `source` is that of lines that do not say theirs.
///
/// # Errors
/// Every faulty line, up to ten.
pub(super) fn read(path: &Path, source: &str) -> Result<HashMap<Key, v1::CallRecord>, Failure> {
    let shown = path.display();
    let file = std::fs::File::open(path)
        .map_err(|fault| Failure::Refused(format!("cannot read {shown}: {}", fault.kind())))?;
    let mut claims = HashMap::new();
    let mut faults = Vec::new();
    for (number, line) in (1_usize..).zip(BufReader::new(file).lines()) {
        let line = line.map_err(|_| Failure::Refused(format!("{shown}: line {number}: is no UTF-8 text")))?;
        if line.trim().is_empty() {
            continue;
        }
        match one(&line, source) {
            Ok((key, record)) => drop(claims.insert(key, record)),
            Err(fault) => faults.push(format!("{shown}: line {number}: {fault}")),
        }
        if faults.len() == 10 || claims.len() > CALLS {
            break;
        }
    }
    if claims.len() > CALLS {
        faults.push(format!("{shown}: has more than {CALLS} calls; use a smaller set"));
    }
    if faults.is_empty() { Ok(claims) } else { Err(Failure::Usage(faults)) }
}

fn one(line: &str, source: &str) -> Result<(Key, v1::CallRecord), String> {
    if line.len() > LINE {
        return Err(format!("is longer than {LINE} bytes"));
    }
    let value: Value = serde_json::from_str(line)
        .map_err(|fault| format!("is no JSON from column {} on", fault.column()))?;
    let Value::Object(mut fields) = value else { return Err("must be an object: a CallRecord".to_owned()) };
    let mut source = source.to_owned();
    // A StoredCallRecord, as GetCallRecord and ListCallRecords give it.
    if let Some(record) = fields.remove("record") {
        let mut outer = Fields(fields);
        if let Some(named) = outer.text("source_id")? {
            source = named;
        }
        outer.end()?;
        let Value::Object(inner) = record else { return Err("record: must be an object".to_owned()) };
        fields = inner;
    }
    let record = record(Fields(fields))?;
    let record = canonical(record).map_err(|fault| format!("{}: {}", fault.field, fault.message))?;
    Ok((Key { source, id: record.call_id.clone() }, record))
}

fn record(mut from: Fields) -> Result<v1::CallRecord, String> {
    use v1::call_record::Attribution;

    let practice = from.text("practice_code")?.map(Attribution::PracticeCode);
    let account = from.object("account")?.map(account).transpose()?.map(Attribution::Account);
    let record = v1::CallRecord {
        call_id: from.text("call_id")?.unwrap_or_default(),
        attribution: practice.or(account),
        revision: from.number("revision")?,
        retracted: from.switch("retracted")?.unwrap_or_default(),
        direction: from.word("direction", |name| v1::Direction::from_str_name(name).map(i32::from))?,
        started_at: from.instant("started_at")?,
        previous_started_at: from.instant("previous_started_at")?,
        outcome: from.word("outcome", |name| v1::Outcome::from_str_name(name).map(i32::from))?,
        outcome_reason: from
            .word("outcome_reason", |name| v1::OutcomeReason::from_str_name(name).map(i32::from))?,
        ivr: from.duration("ivr")?,
        wait: from.duration("wait")?,
        talk: from.duration("talk")?,
        line: from.text("line")?.unwrap_or_default(),
        callback: from.object("callback")?.map(callback).transpose()?,
        timing: from.word("timing", |name| v1::Timing::from_str_name(name).map(i32::from))?,
    };
    from.end()?;
    Ok(record)
}

fn account(mut from: Fields) -> Result<v1::Account, String> {
    let mut text = |name: &str| from.text(name).map(Option::unwrap_or_default);
    let account = v1::Account {
        id: text("id")?,
        pcn_code: text("pcn_code")?,
        sub_icb_code: text("sub_icb_code")?,
        icb_code: text("icb_code")?,
        region_code: text("region_code")?,
    };
    from.end()?;
    Ok(account)
}

fn callback(mut from: Fields) -> Result<v1::Callback, String> {
    use v1::callback::Kind;

    let requested = from.object("requested")?;
    let made = from.object("made")?;
    from.end()?;
    let kind = match (requested, made) {
        (Some(mut from), _) => {
            let known = |name: &str| v1::CallbackTiming::from_str_name(name).map(i32::from);
            let timing = from.word("timing", known)?;
            from.end()?;
            Some(Kind::Requested(v1::CallbackRequested { timing }))
        }
        (None, Some(mut from)) => {
            let made = v1::CallbackMade {
                for_call_id: from.text("for_call_id")?.unwrap_or_default(),
                attempt: from
                    .number("attempt")?
                    .and_then(|number| u32::try_from(number).ok())
                    .unwrap_or_default(),
                automatic: from.switch("automatic")?,
            };
            from.end()?;
            Some(Kind::Made(made))
        }
        (None, None) => None,
    };
    Ok(v1::Callback { kind })
}

/// Fields of an object; each is taken out when it is read.
struct Fields(Map<String, Value>);

impl Fields {
    fn take(&mut self, name: &str) -> Option<Value> {
        let found = self.0.remove(name).or_else(|| self.0.remove(&camel(name)))?;
        Some(found).filter(|found| !found.is_null())
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{name}: must be text")),
        }
    }

    /// Numbers of 64 bits are text in the JSON form of protobuf.
    fn number(&mut self, name: &str) -> Result<Option<u64>, String> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        number.map(Some).ok_or_else(|| format!("{name}: must be a whole number"))
    }

    fn switch(&mut self, name: &str) -> Result<Option<bool>, String> {
        let Some(value) = self.take(name) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| format!("{name}: must be true or false"))
    }

    fn object(&mut self, name: &str) -> Result<Option<Self>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self(fields))),
            Some(_) => Err(format!("{name}: must be an object")),
        }
    }

    fn word(&mut self, name: &str, known: impl Fn(&str) -> Option<i32>) -> Result<i32, String> {
        let Some(value) = self.take(name) else { return Ok(0) };
        let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
        let number = number.or_else(|| value.as_str().and_then(known));
        number.ok_or_else(|| format!("{name}: must be a name of the proto"))
    }

    fn instant(&mut self, name: &str) -> Result<Option<prost_types::Timestamp>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let at: Timestamp =
            text.parse().map_err(|_| format!("{name}: must be a time like 2026-02-02T08:00:01Z"))?;
        Ok(Some(prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }))
    }

    fn duration(&mut self, name: &str) -> Result<Option<prost_types::Duration>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let wrong = || format!("{name}: must be seconds like \"42s\"");
        // Whole seconds are kept; what stands behind the point is dropped, as the service drops it.
        let secs = text.strip_suffix('s').and_then(|secs| secs.split('.').next()).ok_or_else(wrong)?;
        let seconds: i64 = secs.parse().map_err(|_| wrong())?;
        Ok(Some(prost_types::Duration { seconds, nanos: 0 }))
    }

    fn end(self) -> Result<(), String> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) if name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                Err(format!("{name}: a CallRecord has no such field"))
            }
            Some(_) => Err("has a field that no CallRecord has".to_owned()),
        }
    }
}

/// `call_id` as `callId`.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut chars = part.chars();
        camel.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        camel.extend(chars);
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_of_any_library_is_read_to_the_same_record() {
        let camel = r#"{"callId":"c-1","practiceCode":"a81001 ","revision":"3","direction":"DIRECTION_INBOUND","startedAt":"2026-02-02T08:00:01Z","outcome":"OUTCOME_ANSWERED","wait":"42s","talk":"180.900s"}"#;
        let snake = r#"{"source_id":"acme","record":{"call_id":"c-1","practice_code":"A81001","revision":3,"direction":1,"started_at":"2026-02-02T08:00:01Z","outcome":"OUTCOME_ANSWERED","wait":"42s","talk":"180s","timing":"TIMING_MEASURED"}}"#;
        let (one_way, other) = (one(camel, "acme").expect("is one"), one(snake, "other").expect("is one"));
        assert_eq!(one_way, other);
        assert_eq!((one_way.0.source.as_str(), one_way.1.revision), ("acme", Some(3)));
    }

    #[test]
    fn a_faulty_line_is_told_by_its_field_and_without_its_value() {
        let good = r#""practice_code":"A81001","direction":"DIRECTION_OUTBOUND","started_at":"2026-02-02T08:00:01Z""#;
        for (line, start) in [
            (r#"{"call_id":"c-1", "#.to_owned(), "is no JSON"),
            ("[1]".to_owned(), "must be an object"),
            (format!(r#"{{"call_id":"c-1","caller":"07700900001",{good}}}"#), "caller: "),
            (format!(r#"{{"call_id":"07700900001",{good}}}"#), "call_id: "),
            (format!(r#"{{"call_id":"c-1","wait":42,{good}}}"#), "wait: "),
            (format!(r#"{{"call_id":"c-1","outcome":"07700900001",{good}}}"#), "outcome: "),
        ] {
            let fault = one(&line, "acme").expect_err("is wrong");
            assert!(fault.starts_with(start) && !fault.contains("07700"), "{line}: {fault}");
        }
    }
}
