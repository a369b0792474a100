//! What the content of a record is, as bytes: the one encoding that every store compares and hashes by.
//!
//! Content is everything that a call says but its identity (source and call id), its revision, and the hint where it was before. Two records say the
//! same exactly where their bytes are equal. The encoding is never read back and never shown; it goes into hashes that are stored and into receipts,
//! so a change of it is a change of the stored format.

use callgauge_schema::{Attribution, CallId, CallRecord, Callback, OdsCode, Seconds, SourceId};
use sha2::{Digest as _, Sha256};

use super::{DayTally, Item, Reject, Submission, Whose};

/// Stands for a duration that is not known; durations end at 86,400 s.
const ABSENT: u32 = u32::MAX;
/// Stands where a record has the length of its call id, and says that a reject follows.
const REJECTED: u32 = u32::MAX;
/// Stands there as well, and says that a tally follows.
const TALLIED: u32 = u32::MAX - 1;
/// Bytes of the part that every record has.
const FIXED: usize = 1 + OdsCode::MAX_LEN + 2 + 8 + 4 + 4 + 4 + 2;

/// Appends the content of a record. All numbers are little-endian:
///
/// | bytes | what |
/// |---|---|
/// | 1 | bit 0: retracted; bit 1: an account's, not a practice's |
/// | 12 | code of the practice, or PCN of the account; zeros behind it, all zeros for none |
/// | 2 | number of the kind: direction, outcome, reason, timing, callback with its timing and whether automatic |
/// | 8 | started_at in milliseconds since 1970, signed |
/// | 4, 4, 4 | ivr, wait, talk in seconds; all ones for not known |
/// | 2 | attempt of a callback that was made; 0 for not known |
/// | 2 and as many | line, its length first |
/// | 2 and as many | call id that a callback is for, its length first |
/// | 12, 12, 12 | only of an account: sub-ICB location, ICB, region |
/// | 2 and as many | only of an account: its id, its length first |
pub fn content_bytes(record: &CallRecord, out: &mut Vec<u8>) {
    let (code, account) = match record.attribution() {
        Attribution::Practice(code) => (Some(code), None),
        Attribution::Account(account) => (account.pcn.as_ref(), Some(account)),
    };
    let (for_call, attempt) = match record.callback() {
        Some(Callback::Made { for_call, attempt, automatic: _ }) => (for_call.as_ref(), attempt.unwrap_or(0)),
        Some(Callback::Requested { timing: _ }) | None => (None, 0),
    };
    let flags = u8::from(record.retracted()) | u8::from(account.is_some()) << 1;

    let mut fixed = [0; FIXED];
    fixed[0] = flags;
    fixed[1..13].copy_from_slice(&code_bytes(code));
    fixed[13..15].copy_from_slice(&record.kind().number().to_le_bytes());
    fixed[15..23].copy_from_slice(&record.started_at().millis().to_le_bytes());
    fixed[23..27].copy_from_slice(&duration_bytes(record.ivr()));
    fixed[27..31].copy_from_slice(&duration_bytes(record.wait()));
    fixed[31..35].copy_from_slice(&duration_bytes(record.talk()));
    fixed[35..37].copy_from_slice(&attempt.to_le_bytes());
    out.extend_from_slice(&fixed);
    push_text(record.line().map_or("", |line| line.as_str()), out);
    push_text(for_call.map_or("", CallId::as_str), out);
    if let Some(account) = account {
        for code in [account.sub_icb, account.icb, account.region] {
            out.extend_from_slice(&code_bytes(code.as_ref()));
        }
        push_text(account.id.as_str(), out);
    }
}

/// The hash of a submission's receipt, [`Committed::hash`](super::Committed::hash).
pub fn receipt_hash(submission: &Submission) -> [u8; 32] {
    let mut hash = ReceiptHash::new(&submission.source);
    let mut content = Vec::with_capacity(256);
    for item in &submission.items {
        match item {
            Item::Record(record) => {
                content.clear();
                content_bytes(record, &mut content);
                hash.record(record.id(), &content);
            }
            Item::Reject(reject) => hash.reject(reject),
        }
    }
    submission.tallies.iter().for_each(|tally| hash.tally(tally));
    hash.finish()
}

/// SHA-256 over the source and then over identity and content of the items, in the order sent. Lengths are 4 bytes, little-endian, and go before the
/// text they are of: the source; of a record, its call id, then its content as [`content_bytes`] has it; of a reject, all ones, then its payload; of a tally, all ones
/// less one, then whose it is, the number of its day and its counts.
pub struct ReceiptHash(Sha256);

impl ReceiptHash {
    /// Of a submission of this source, with no items yet.
    pub fn new(source: &SourceId) -> Self {
        let mut hash = Self(Sha256::new());
        hash.sized(source.as_str().as_bytes());
        hash
    }

    /// The next item is a record with this content.
    pub fn record(&mut self, id: &CallId, content: &[u8]) {
        self.sized(id.as_str().as_bytes());
        self.0.update(content);
    }

    /// The next item was refused at the edge.
    pub fn reject(&mut self, reject: &Reject) {
        self.0.update(REJECTED.to_le_bytes());
        self.sized(&reject.payload);
    }

    /// The next item is a tally.
    pub fn tally(&mut self, tally: &DayTally) {
        let DayTally { whose, day, counts } = tally;
        self.0.update(TALLIED.to_le_bytes());
        self.sized(Whose::of(whose).to_string().as_bytes());
        self.0.update(day.number().to_le_bytes());
        self.sized(&counts.to_bytes());
    }

    /// The hash.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u32).to_le_bytes());
        self.0.update(bytes);
    }
}

fn code_bytes(code: Option<&OdsCode>) -> [u8; OdsCode::MAX_LEN] {
    let mut bytes = [0; OdsCode::MAX_LEN];
    if let Some(code) = code {
        let text = code.as_str().as_bytes();
        bytes[..text.len()].copy_from_slice(text);
    }
    bytes
}

fn duration_bytes(duration: Option<Seconds>) -> [u8; 4] {
    duration.map_or(ABSENT, Seconds::get).to_le_bytes()
}

/// Texts of a record are at most 128 characters, so their bytes fit in 16 bits.
fn push_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use callgauge_schema::{
        CallbackTiming, Direction, Draft, DraftAccount, DraftAttribution, DraftDuration, Moment, Outcome,
        Reason, Timing, UnknownDurations,
    };

    use super::*;

    const NOW: Moment = Moment::from_millis(1_770_000_000_000);

    fn secs(secs: i64) -> Option<DraftDuration> {
        Some(DraftDuration::from_secs(secs))
    }

    fn practice(code: &str) -> Option<DraftAttribution> {
        Some(DraftAttribution::Practice(code.to_owned()))
    }

    fn account(change: impl FnOnce(&mut DraftAccount)) -> Option<DraftAttribution> {
        let mut account = DraftAccount { id: "a-1".to_owned(), ..DraftAccount::default() };
        change(&mut account);
        Some(DraftAttribution::Account(Box::new(account)))
    }

    fn answered() -> Draft {
        Draft {
            call_id: "c-1".to_owned(),
            attribution: practice("A81001"),
            direction: Some(Direction::Inbound),
            started_at: Some(NOW),
            outcome: Some(Outcome::Answered),
            wait: secs(42),
            talk: secs(180),
            ..Draft::default()
        }
    }

    fn of(outcome: Outcome, reason: Option<Reason>) -> Draft {
        Draft { outcome: Some(outcome), reason, talk: None, wait: None, ..answered() }
    }

    fn made(for_call: &str, attempt: u32, automatic: Option<bool>) -> Draft {
        Draft {
            direction: Some(Direction::Outbound),
            callback_made: Some((for_call.to_owned(), attempt, automatic)),
            ..answered()
        }
    }

    fn requested(timing: Option<CallbackTiming>) -> Draft {
        Draft { callback_requested: Some(timing), ..of(Outcome::CallbackRequested, None) }
    }

    fn bytes(draft: &Draft) -> Vec<u8> {
        let unknown = UnknownDurations { wait: true, talk: true };
        let mut out = Vec::new();
        content_bytes(&draft.clone().check(NOW, unknown).expect("is whole"), &mut out);
        out
    }

    /// Records of which no two say the same: each differs from one of the others in one field.
    fn all_different() -> Vec<Draft> {
        let line = |line: &str| Draft { line: line.to_owned(), ..answered() };
        let whose = |attribution| Draft { attribution, ..answered() };
        let mut drafts = vec![
            answered(),
            Draft { direction: Some(Direction::Outbound), ..answered() },
            Draft { started_at: Some(NOW.plus_millis(-1)), ..answered() },
            Draft { timing: Some(Timing::Banded), ..answered() },
            Draft { ivr: secs(0), ..answered() },
            Draft { ivr: secs(1), ..answered() },
            Draft { wait: secs(0), ..answered() },
            Draft { wait: None, ..answered() },
            Draft { talk: secs(0), ..answered() },
            Draft { talk: None, ..answered() },
            line("reception"),
            line("reception "),
            whose(practice("A81002")),
            whose(practice("A8100")),
            whose(account(|_| {})),
            whose(account(|account| account.id = "a-2".to_owned())),
            whose(account(|account| account.pcn = "A81001".to_owned())),
            whose(account(|account| account.sub_icb = "A81001".to_owned())),
            whose(account(|account| account.icb = "A81001".to_owned())),
            whose(account(|account| account.region = "A81001".to_owned())),
            Draft { retracted: true, ..of(Outcome::Unclassified, None) },
            of(Outcome::Unclassified, None),
            made("", 0, None),
            made("", 0, Some(true)),
            made("", 0, Some(false)),
            made("", 1, None),
            made("", 256, None),
            made("c-0", 0, None),
            Draft { line: "c-0".to_owned(), ..made("", 0, None) },
            requested(None),
            requested(Some(CallbackTiming::VirtualQueue)),
            requested(Some(CallbackTiming::CallerTimed)),
            of(Outcome::EndedInIvr, None),
            of(Outcome::Missed, None),
            of(Outcome::CallbackRequested, None),
        ];
        drafts.extend(Reason::ALL.iter().map(|&reason| of(reason.outcome(), Some(reason))));
        // A retraction carries neither outcome nor durations.
        drafts[20].outcome = None;
        drafts
    }

    #[test]
    fn whatever_a_record_says_changes_its_bytes() {
        let drafts = all_different();
        for (at, one) in drafts.iter().enumerate() {
            for other in &drafts[at + 1..] {
                assert_ne!(bytes(one), bytes(other), "{one:?}\n{other:?}");
            }
        }
    }

    #[test]
    fn identity_revision_and_hint_are_no_content() {
        for draft in all_different() {
            let other = Draft {
                call_id: "another".to_owned(),
                revision: Some(7),
                previous_started_at: Some(NOW.plus_millis(-5)),
                ..draft.clone()
            };
            assert_eq!(bytes(&draft), bytes(&other));
        }
    }

    #[test]
    fn the_bytes_of_a_record_are_those_of_format_1() {
        let found: String = bytes(&Draft { line: "desk".to_owned(), ..answered() })
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let expected = concat!(
            "00",
            "413831303031000000000000",
            "0502",
            "00a4381c9c010000",
            "ffffffff",
            "2a000000",
            "b4000000",
            "0000",
            "04006465736b",
            "0000"
        );
        assert_eq!(found, expected);
    }

    #[test]
    fn a_receipt_depends_on_source_order_identity_content_and_rejects() {
        let source = |text: &str| text.parse::<SourceId>().expect("is a source");
        let record = |call_id: &str, wait: i64| {
            let draft = Draft { call_id: call_id.to_owned(), wait: secs(wait), ..answered() };
            Item::Record(draft.check(NOW, UnknownDurations::default()).expect("is whole"))
        };
        let reject = |payload: &str| {
            Item::Reject(Box::new(Reject {
                call_id: None,
                practice: None,
                field: "wait".to_owned(),
                reason: callgauge_schema::RejectReason::DurationMissing,
                message: String::new(),
                payload: payload.as_bytes().to_vec(),
            }))
        };
        let hash = |name: &str, items: Vec<Item>| receipt_hash(&Submission::new(source(name), items));
        let hashes = [
            hash("acme", vec![]),
            hash("acme", vec![record("a", 1)]),
            hash("other", vec![record("a", 1)]),
            hash("acme", vec![record("b", 1)]),
            hash("acme", vec![record("a", 2)]),
            hash("acme", vec![record("a", 1), record("b", 2)]),
            hash("acme", vec![record("b", 2), record("a", 1)]),
            hash("acme", vec![record("a", 1), reject("x")]),
            hash("acme", vec![record("a", 1), reject("y")]),
        ];
        for (at, one) in hashes.iter().enumerate() {
            assert!(!hashes[at + 1..].contains(one), "receipt {at} is not alone");
        }
        assert_eq!(hashes[1], hash("acme", vec![record("a", 1)]), "the same records give the same hash");
    }
}
