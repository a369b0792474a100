//! A histogram in as few bytes as will do: steps between seconds and counts as variable-length numbers, with the totals beside them.

use std::sync::Arc;

use super::band::DurationBand;
use super::percent::Percent;
use super::varint;

/// Bins from one mark to the next.
const STRIDE: usize = 32;

/// A packed histogram.
#[derive(Debug)]
pub(super) struct Packed {
    bytes: Box<[u8]>,
    /// Where every so-many-th bin begins.
    marks: Box<[Mark]>,
    /// Calls up to the end of each band but the last: what is asked for most.
    up_to_edges: [i64; DurationBand::EDGES.len()],
    /// Ranks that are asked for most, each with its seconds.
    ranks: [(i64, Option<u32>); 2],
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
    /// Packs bins that are in order. Cloning what is kept copies nothing.
    pub(super) fn new(bins: &[(u32, i64)]) -> Arc<Self> {
        let mut bytes = Vec::with_capacity(bins.len() * 2);
        let mut marks = Vec::with_capacity(bins.len().div_ceil(STRIDE));
        let (mut before, mut calls, mut sum_secs) = (0, 0, 0);
        let mut up_to_edges = [0; DurationBand::EDGES.len()];
        for (number, &(secs, of_it)) in bins.iter().enumerate() {
            if number % STRIDE == 0 {
                marks.push(Mark { secs: before, at: bytes.len() as u32, calls });
            }
            varint::push(&mut bytes, u64::from(secs - before));
            varint::push(&mut bytes, varint::zigzag(of_it));
            for (edge, up_to) in DurationBand::EDGES.into_iter().zip(&mut up_to_edges) {
                if secs <= edge {
                    *up_to += of_it;
                }
            }
            before = secs;
            calls += of_it;
            sum_secs += i64::from(secs) * of_it;
        }
        let (bytes, marks) = (bytes.into(), marks.into());
        let mut packed =
            Self { bytes, marks, up_to_edges, ranks: [(0, None); 2], bins: bins.len(), calls, sum_secs };
        packed.ranks = [Percent::P50, Percent::P90].map(|percent| {
            let k = percent.rank(calls);
            (k, packed.at_rank(k))
        });
        Arc::new(packed)
    }

    /// The bins, in order.
    pub(super) fn iter(&self) -> Unpacked<'_> {
        Unpacked { bytes: &self.bytes, secs: 0 }
    }

    /// How many calls take at most so many seconds.
    pub(super) fn at_or_under(&self, secs: u32) -> i64 {
        if let Some(edge) = DurationBand::EDGES.into_iter().position(|edge| edge == secs) {
            return self.up_to_edges[edge];
        }
        let (from, before) = self.after_marks(self.marks.partition_point(|mark| mark.secs <= secs));
        before + from.take_while(|&(bin, _)| bin <= secs).map(|(_, calls)| calls).sum::<i64>()
    }

    /// The k-th smallest, from 1; none where there are fewer. No count may be negative.
    pub(super) fn at_rank(&self, k: i64) -> Option<u32> {
        if let Some(&(_, secs)) = self.ranks.iter().find(|&&(rank, secs)| rank == k && secs.is_some()) {
            return secs;
        }
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
            _ => (varint::read(&mut self.bytes)?, varint::read(&mut self.bytes)?),
        };
        self.secs += step as u32;
        Some((self.secs, varint::unzigzag(zigzag)))
    }
}
