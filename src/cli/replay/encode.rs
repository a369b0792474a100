//! Calls into the bytes of batches, field by field: a month of England is 31 million records, and building a message for each before writing it
//! takes as long as all the rest of sending it. What is written here, prost reads (see the tests).

use bytes::{BufMut as _, Bytes, BytesMut};
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use crate::proto::v1;
use crate::replay::{Call, Calls, Month, Plan, Row, What, Who};

/// Records in a batch, as many as the service takes.
pub const BATCH_RECORDS: u32 = 2_500;
/// Bytes of a batch, well below the 4 MiB that a message may have.
const BATCH_BYTES: usize = 3 * 1024 * 1024;

/// How records are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Say that durations are measured, though only their band is known.
    pub as_measured: bool,
    /// Revision of every record; none: the service gives one.
    pub revision: Option<u64>,
}

/// Records of one batch: field `records` of `StreamCallRecordsRequest`, encoded.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The bytes.
    pub bytes: Bytes,
    /// How many records.
    pub records: u32,
}

/// The batches of some calls.
pub struct Batches<'a> {
    calls: Calls<'a>,
    encoder: Encoder,
}

impl<'a> Batches<'a> {
    /// Encodes these calls of this plan.
    pub fn new(plan: &Plan, calls: Calls<'a>, style: Style) -> Self {
        Self { calls, encoder: Encoder::new(plan.month(), style) }
    }
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        // Records of practices take some 70 bytes.
        let mut bytes = BytesMut::with_capacity(BATCH_RECORDS as usize * 80);
        let mut records = 0;
        while records < BATCH_RECORDS && bytes.len() < BATCH_BYTES {
            let Some(call) = self.calls.next() else { break };
            self.encoder.write(&call, &mut bytes);
            records += 1;
        }
        (records > 0).then(|| Batch { bytes: bytes.freeze(), records })
    }
}

/// Writes calls of one month as records.
pub struct Encoder {
    style: Style,
    rows: Vec<RowBytes>,
    record: Vec<u8>,
}

/// What all records of a row have in common.
struct RowBytes {
    id_prefix: Vec<u8>,
    attribution: Vec<u8>,
}

impl Encoder {
    /// For the rows of this month.
    pub fn new(month: &Month, style: Style) -> Self {
        Self { style, rows: month.rows.iter().map(RowBytes::new).collect(), record: Vec::with_capacity(256) }
    }

    /// Appends one record as an element of field 3, `records`.
    pub fn write(&mut self, call: &Call, out: &mut BytesMut) {
        let row = &self.rows[call.row as usize];
        let record = &mut self.record;
        record.clear();
        // 1: call_id
        let mut id = [0; 48];
        let length = row.id(call, &mut id);
        text(1, &id[..length], record);
        // 2 or 3: practice_code or account
        record.extend_from_slice(&row.attribution);
        // 4: revision
        if let Some(revision) = self.style.revision {
            number(4, revision, record);
        }
        // 6: direction
        let outbound = matches!(call.what, What::CallbackMade(_) | What::UnlinkedCallback);
        number(6, if outbound { 2 } else { 1 }, record);
        // 7: started_at
        seconds(7, call.at_secs.unsigned_abs(), record);
        // 9: outcome
        match call.what {
            What::Answered => number(9, v1::Outcome::Answered as u64, record),
            What::EndedInIvr => number(9, v1::Outcome::EndedInIvr as u64, record),
            What::Missed => number(9, v1::Outcome::Missed as u64, record),
            What::CallbackRequested => number(9, v1::Outcome::CallbackRequested as u64, record),
            What::Unclassified => number(9, v1::Outcome::Unclassified as u64, record),
            What::CallbackMade(_) | What::UnlinkedCallback => {}
        }
        // 12: wait, 13: talk
        if let Some(wait) = call.wait_secs {
            seconds(12, u64::from(wait), record);
        }
        if let Some(talk) = call.talk_secs {
            seconds(13, u64::from(talk), record);
        }
        // 15: callback
        match call.what {
            What::CallbackRequested => record.extend_from_slice(&[15 << 3 | 2, 2, 1 << 3 | 2, 0]),
            What::CallbackMade(attempt) => {
                let mut requested = [0; 48];
                let length = row.requested_id(call, &mut requested);
                let attempt = u64::from(attempt);
                let made = 2 + length + 1 + encoded_len_varint(attempt) + 2;
                // All of these lengths fit into one byte.
                record.extend_from_slice(&[15 << 3 | 2, made as u8 + 2, 2 << 3 | 2, made as u8]);
                text(1, &requested[..length], record);
                number(2, attempt, record);
                number(3, 1, record);
            }
            What::UnlinkedCallback => {
                record.extend_from_slice(&[15 << 3 | 2, 4, 2 << 3 | 2, 2]);
                number(3, 1, record);
            }
            _ => {}
        }
        // 16: timing; measured is what absence means
        if !self.style.as_measured {
            number(16, v1::Timing::Banded as u64, record);
        }
        encode_key(3, WireType::LengthDelimited, out);
        encode_varint(record.len() as u64, out);
        out.put_slice(record);
    }
}

impl RowBytes {
    fn new(row: &Row) -> Self {
        let mut attribution = Vec::new();
        match &row.who {
            Who::Practice { code, .. } => text(2, code.as_str().as_bytes(), &mut attribution),
            Who::Account { id } => {
                let mut account = Vec::new();
                text(1, id.as_bytes(), &mut account);
                let groups = &row.groups;
                for (tag, code) in (2..).zip([groups.pcn, groups.sub_icb, groups.icb, groups.region]) {
                    if let Some(code) = code {
                        text(tag, code.as_str().as_bytes(), &mut account);
                    }
                }
                text(3, &account, &mut attribution);
            }
        }
        Self { id_prefix: row.who.id_prefix().into_bytes(), attribution }
    }

    /// The id of a call: prefix and number; of a callback the id of its request, "c" and the attempt; of an unlinked one prefix, "c" and number.
    fn id(&self, call: &Call, into: &mut [u8; 48]) -> usize {
        match call.what {
            What::CallbackMade(attempt) => {
                let mut length = self.requested_id(call, into);
                into[length] = b'c';
                length += 1;
                decimal(u32::from(attempt), into, length)
            }
            What::UnlinkedCallback => {
                let length = self.prefix(into);
                into[length] = b'c';
                decimal(call.number, into, length + 1)
            }
            _ => self.requested_id(call, into),
        }
    }

    fn requested_id(&self, call: &Call, into: &mut [u8; 48]) -> usize {
        let length = self.prefix(into);
        decimal(call.number, into, length)
    }

    /// At most 13 characters of a code and its hyphen.
    fn prefix(&self, into: &mut [u8; 48]) -> usize {
        into[..self.id_prefix.len()].copy_from_slice(&self.id_prefix);
        self.id_prefix.len()
    }
}

fn decimal(number: u32, into: &mut [u8; 48], at: usize) -> usize {
    let digits = number.checked_ilog10().map_or(1, |log| log as usize + 1);
    let mut rest = number;
    for place in into[at..at + digits].iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    at + digits
}

fn text(tag: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn number(tag: u32, number: u64, out: &mut Vec<u8>) {
    encode_key(tag, WireType::Varint, out);
    encode_varint(number, out);
}

/// A Timestamp or Duration of whole seconds.
fn seconds(tag: u32, secs: u64, out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    if secs == 0 {
        out.push(0);
        return;
    }
    out.push(encoded_len_varint(secs) as u8 + 1);
    number(1, secs, out);
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use std::collections::HashSet;

    use super::*;
    use crate::replay::made_up;

    fn decoded(style: Style) -> (Plan, Vec<Call>, Vec<v1::CallRecord>) {
        let plan = Plan::new(made_up::small(7)).expect("even");
        let calls: Vec<Call> = Calls::new(&plan, |_| true).collect();
        let mut records = Vec::new();
        for batch in Batches::new(&plan, Calls::new(&plan, |_| true), style) {
            let message = v1::StreamCallRecordsRequest::decode(batch.bytes).expect("a message");
            assert_eq!(message.records.len(), batch.records as usize);
            records.extend(message.records);
        }
        (plan, calls, records)
    }

    fn secs(duration: Option<prost_types::Duration>) -> Option<u32> {
        duration.map(|duration| u32::try_from(duration.seconds).expect("small"))
    }

    #[test]
    fn prost_reads_what_is_written() {
        let (plan, calls, records) = decoded(Style { as_measured: false, revision: Some(300) });
        assert_eq!(calls.len(), records.len());
        let mut ids = HashSet::new();
        for (call, record) in calls.iter().zip(&records) {
            let row = &plan.month().rows[call.row as usize];
            assert!(record.call_id.starts_with(&row.who.id_prefix()), "{}", record.call_id);
            assert!(record.call_id.parse::<callgauge_schema::CallId>().is_ok(), "{}", record.call_id);
            assert!(ids.insert(record.call_id.clone()), "{} twice", record.call_id);
            assert_eq!(record.started_at.map(|at| at.seconds), Some(call.at_secs));
            assert_eq!((secs(record.wait), secs(record.talk)), (call.wait_secs, call.talk_secs));
            assert_eq!(record.revision, Some(300));
            assert_eq!(record.timing(), v1::Timing::Banded);
            let (direction, outcome) = match call.what {
                What::Answered => (v1::Direction::Inbound, v1::Outcome::Answered),
                What::EndedInIvr => (v1::Direction::Inbound, v1::Outcome::EndedInIvr),
                What::CallbackRequested => (v1::Direction::Inbound, v1::Outcome::CallbackRequested),
                What::Missed => (v1::Direction::Inbound, v1::Outcome::Missed),
                What::Unclassified => (v1::Direction::Inbound, v1::Outcome::Unclassified),
                What::CallbackMade(_) | What::UnlinkedCallback => {
                    (v1::Direction::Outbound, v1::Outcome::Unspecified)
                }
            };
            assert_eq!((record.direction(), record.outcome()), (direction, outcome));
            match (&row.who, record.attribution.as_ref().expect("somebody's")) {
                (Who::Practice { code, .. }, v1::call_record::Attribution::PracticeCode(sent)) => {
                    assert_eq!(code.as_str(), sent);
                }
                (Who::Account { id }, v1::call_record::Attribution::Account(sent)) => {
                    assert_eq!(id, &sent.id);
                    let text = |code: Option<callgauge_schema::OdsCode>| {
                        code.map(|c| c.to_string()).unwrap_or_default()
                    };
                    assert_eq!(sent.pcn_code, text(row.groups.pcn));
                    assert_eq!(sent.sub_icb_code, text(row.groups.sub_icb));
                    assert_eq!(sent.icb_code, text(row.groups.icb));
                    assert_eq!(sent.region_code, text(row.groups.region));
                }
                (who, sent) => panic!("{who:?} sent as {sent:?}"),
            }
        }
    }

    #[test]
    fn a_callback_names_the_request_before_it() {
        let (_, calls, records) = decoded(Style { as_measured: true, revision: None });
        let mut made = 0;
        for ((call, record), before) in calls.iter().zip(&records).skip(1).zip(&records) {
            assert_eq!((record.revision, record.timing()), (None, v1::Timing::Unspecified));
            let kind = record.callback.as_ref().and_then(|callback| callback.kind.as_ref());
            match (call.what, kind) {
                (What::CallbackMade(attempt), Some(v1::callback::Kind::Made(link))) => {
                    made += 1;
                    assert_eq!((link.attempt, link.automatic), (u32::from(attempt), Some(true)));
                    if attempt == 1 {
                        assert_eq!(link.for_call_id, before.call_id);
                        assert_eq!(before.outcome(), v1::Outcome::CallbackRequested);
                        assert!(before.started_at.map(|at| at.seconds) <= Some(call.at_secs));
                    }
                }
                (What::UnlinkedCallback, Some(v1::callback::Kind::Made(link))) => {
                    assert_eq!((link.for_call_id.as_str(), link.automatic), ("", Some(true)));
                }
                (What::CallbackRequested, Some(v1::callback::Kind::Requested(_))) => {}
                (_, None) => {}
                (what, kind) => panic!("{what:?} sent as {kind:?}"),
            }
        }
        assert!(made > 0, "the month has callbacks");
    }
}
