//! A call as it travels through the embedded store: numbers in a fixed place, texts in a heap beside them.

use std::hash::Hasher as _;

use callgauge_schema::{CallId, CallKind, Callback, Moment, Seconds};
use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hasher128 as _, SipHasher13 as SipHasher128};

use crate::calendar::{Band, Day, LondonTime, london};

/// The folder's secret: identities and content hashes are keyed with it, so that nobody outside can make two calls collide.
#[derive(Clone, Copy)]
pub(super) struct FolderKey(pub(super) [u8; 16]);

impl FolderKey {
    /// 128-bit identity of a call: its source and its id there.
    pub(super) fn identity(&self, source: &str, call_id: &str) -> u128 {
        let mut hasher = SipHasher128::new_with_key(&self.0);
        hasher.write(source.as_bytes());
        hasher.write_u8(0xff);
        hasher.write(call_id.as_bytes());
        let hash = hasher.finish128();
        u128::from(hash.h1) << 64 | u128::from(hash.h2)
    }

    /// 64-bit hash of a call's content, compared only between records of one identity.
    pub(super) fn content(&self, bytes: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(bytes);
        hasher.finish()
    }
}

/// A duration that is not known.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// One revision of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) identity: u128,
    pub(super) content: u64,
    pub(super) revision: u64,
    /// Milliseconds since 1970.
    pub(super) started: i64,
    pub(super) whose: u32,
    /// Key of the line plus 1; 0 for none.
    pub(super) line: u32,
    pub(super) wait: u32,
    pub(super) talk: u32,
    pub(super) ivr: u32,
    /// Where its texts begin in the heap beside it.
    pub(super) text: u32,
    pub(super) kind: u16,
    pub(super) source: u16,
    pub(super) retracted: bool,
    /// Only until its verdict: the source gave no revision.
    pub(super) unversioned: bool,
    /// When it arrived, an older revision stood.
    pub(super) replaces: bool,
}

impl Row {
    /// What the clock in London showed when it began.
    pub(super) fn london(&self) -> LondonTime {
        london(Moment::from_millis(self.started))
    }

    /// Its day in London.
    pub(super) fn day(&self) -> Day {
        self.london().day
    }

    /// What tallies count of it; nothing where it is retracted.
    pub(super) fn weight(&self) -> Weight {
        let time = self.london();
        Weight {
            whose: self.whose,
            source: self.source,
            day: time.day,
            band: Band::at(time.second).number(),
            kind: self.kind,
            wait: self.wait,
            talk: self.talk,
            counts: !self.retracted,
        }
    }
}

/// What tallies count of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) whose: u32,
    pub(super) source: u16,
    pub(super) day: Day,
    pub(super) band: u8,
    pub(super) kind: u16,
    pub(super) wait: u32,
    pub(super) talk: u32,
    /// False for a retraction, which weighs nothing.
    pub(super) counts: bool,
}

/// The known part of a duration.
pub(super) fn seconds(raw: u32) -> Option<Seconds> {
    Seconds::try_from(raw).ok()
}

/// A kind that this store wrote.
pub(super) fn kind(number: u16) -> Option<CallKind> {
    CallKind::from_number(number)
}

/// Texts of a row: length and bytes of the call id, then for a callback that was made its attempt and the call it is for.
pub(super) fn push_text(heap: &mut Vec<u8>, id: &CallId, callback: Option<&Callback>) {
    let id = id.as_str().as_bytes();
    heap.extend_from_slice(&(id.len() as u16).to_le_bytes());
    heap.extend_from_slice(id);
    if let Some(Callback::Made { for_call, attempt, automatic: _ }) = callback {
        let for_call = for_call.as_ref().map_or(&[][..], |call| call.as_str().as_bytes());
        heap.extend_from_slice(&attempt.unwrap_or(0).to_le_bytes());
        heap.extend_from_slice(&(for_call.len() as u16).to_le_bytes());
        heap.extend_from_slice(for_call);
    }
}

/// The texts of a row, read back.
pub(super) struct Texts<'a> {
    pub(super) call_id: &'a str,
    pub(super) attempt: u16,
    pub(super) for_call: &'a str,
}

/// Reads what [`push_text`] wrote; `None` where the bytes are not that.
pub(super) fn texts(heap: &[u8], at: usize, kind: u16) -> Option<Texts<'_>> {
    let mut rest = heap.get(at..)?;
    let mut text = || -> Option<&str> {
        let (len, tail) = rest.split_first_chunk::<2>()?;
        let (bytes, tail) = tail.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
        rest = tail;
        std::str::from_utf8(bytes).ok()
    };
    let call_id = text()?;
    let (mut attempt, mut for_call) = (0, "");
    if CallKind::from_number(kind)?.callback_made().is_some() {
        let (bytes, tail) = rest.split_first_chunk::<2>()?;
        attempt = u16::from_le_bytes(*bytes);
        rest = tail;
        let (len, tail) = rest.split_first_chunk::<2>()?;
        let (bytes, _) = tail.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
        for_call = std::str::from_utf8(bytes).ok()?;
    }
    Some(Texts { call_id, attempt, for_call })
}
