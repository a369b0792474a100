//! A histogram in as few bytes as will do: steps between seconds and counts as variable-length numbers, with the totals beside them.

use std::sync::Arc;

/// Bins from one mark to the next.
const STRIDE: usize = 32;

/// A packed histogram. Cloning it copies nothing.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    bytes: Arc<[u8]>,
    /// Where every so-many-th bin begins.
    marks: Arc<[Mark]>,
    pub(super) bins: usize,
    pub(super) calls: i64,
    pub(super) sum_secs: i64,
}

/// Where a stretch of bins begins.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Seconds of the bin before.
    secs: u32,
    /// Position in the bytes.
    at: u32,
    /// Calls of all bins before.
    calls: i64,
}

impl Packed {
    /// Packs bins that are in order.
    pub(super) fn new(bins: &[(u32, i64)]) -> Self {
        let mut bytes = Vec::with_capacity(bins.len() * 2);
        let mut marks = Vec::with_capacity(bins.len().div_ceil(STRIDE));
        let (mut before, mut calls, mut sum_secs) = (0, 0, 0);
        for (number, &(secs, of_it)) in bins.iter().enumerate() {
            if number % STRIDE == 0 {
                marks.push(Mark { secs: before, at: bytes.len() as u32, calls });
            }
            push(&mut bytes, u64::from(secs - before));
            push(&mut bytes, ((of_it << 1) ^ (of_it >> 63)) as u64);
            before = secs;
            calls += of_it;
            sum_secs += i64::from(secs) * of_it;
        }
        Self { bytes: bytes.into(), marks: marks.into(), bins: bins.len(), calls, sum_secs }
    }

    /// The bins, in order.
    pub(super) fn iter(&self) -> Unpacked<'_> {
        Unpacked { bytes: &self.bytes, secs: 0 }
    }

    /// How many calls take at most so many seconds.
    pub(super) fn at_or_under(&self, secs: u32) -> i64 {
        let (from, before) = self.after_marks(self.marks.partition_point(|mark| mark.secs <= secs));
        before + from.take_while(|&(bin, _)| bin <= secs).map(|(_, calls)| calls).sum::<i64>()
    }

    /// The k-th smallest, from 1; none where there are fewer. No count may be negative.
    pub(super) fn at_rank(&self, k: i64) -> Option<u32> {
        let (from, mut up_to) = self.after_marks(self.marks.partition_point(|mark| mark.calls < k));
        for (secs, calls) in from {
            up_to += calls;
            if up_to >= k {
                return Some(secs);
            }
        }
        None
    }

    /// The bins from the last of so many marks on, and the calls before.
    fn after_marks(&self, marks: usize) -> (Unpacked<'_>, i64) {
        match marks.checked_sub(1).and_then(|last| self.marks.get(last)) {
            None => (self.iter(), 0),
            Some(mark) => (Unpacked { bytes: &self.bytes[mark.at as usize..], secs: mark.secs }, mark.calls),
        }
    }
}

/// The bins of a packed histogram, one after the other.
pub(super) struct Unpacked<'a> {
    bytes: &'a [u8],
    secs: u32,
}

impl Iterator for Unpacked<'_> {
    type Item = (u32, i64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // Nearly always the next second, or one soon after, and few calls: one byte each.
        let (step, zigzag) = match self.bytes {
            [step, zigzag, rest @ ..] if (step | zigzag) < 0x80 => {
                self.bytes = rest;
                (u64::from(*step), u64::from(*zigzag))
            }
            [] => return None,
            _ => (self.number(), self.number()),
        };
        self.secs += step as u32;
        Some((self.secs, (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)))
    }
}

impl Unpacked<'_> {
    fn number(&mut self) -> u64 {
        let mut number = 0;
        for (at, &byte) in self.bytes.iter().enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                self.bytes = &self.bytes[at + 1..];
                break;
            }
        }
        number
    }
}

/// Appends a number, seven bits a byte, lowest first.
fn push(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
