//! Tallies as sorted sums: a key for each count, band, kind and second, and how many calls; added up, encoded, read again.

use std::collections::BTreeMap;

use callgauge_schema::CallKind;

use super::row::{UNKNOWN, Weight};
use crate::calendar::Band;
use crate::metrics::{Histogram, KindTally, Tally, varint};

/// What is counted: source (16 bits), band (4), kind (16), dimension (2), second (17), from the highest bit down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u64);

/// What a key counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    /// Calls.
    Calls,
    /// Calls that waited so many seconds.
    Wait,
    /// Calls that talked so many seconds.
    Talk,
}

const SECOND_BITS: u32 = 17;
const BAND_SHIFT: u32 = SECOND_BITS + 2 + 16;
/// The band of keys that are about whole days or more.
const NO_BAND: u8 = 15;

impl Key {
    fn new(source: u16, band: u8, kind: u16, dimension: u64, second: u32) -> Self {
        Self(
            u64::from(source) << (BAND_SHIFT + 4)
                | u64::from(band) << BAND_SHIFT
                | u64::from(kind) << (SECOND_BITS + 2)
                | dimension << SECOND_BITS
                | u64::from(second),
        )
    }

    /// Calls of a source and kind, in all bands together.
    pub(super) fn of_calls(source: u16, kind: CallKind) -> Self {
        Self::new(source, NO_BAND, kind.number(), 0, 0)
    }

    pub(super) fn source(self) -> u16 {
        (self.0 >> (BAND_SHIFT + 4)) as u16
    }

    /// The band; `None` where the key is about more than a band.
    pub(super) fn band(self) -> Option<Band> {
        Band::from_number((self.0 >> BAND_SHIFT & 0xf) as u8)
    }

    pub(super) fn kind(self) -> u16 {
        (self.0 >> (SECOND_BITS + 2)) as u16
    }

    pub(super) fn dimension(self) -> Dimension {
        match self.0 >> SECOND_BITS & 3 {
            0 => Dimension::Calls,
            1 => Dimension::Wait,
            _ => Dimension::Talk,
        }
    }

    fn second(self) -> u32 {
        (self.0 & ((1 << SECOND_BITS) - 1)) as u32
    }

    /// The same for all bands together.
    pub(super) fn without_band(self) -> Self {
        Self(self.0 & !(0xf << BAND_SHIFT) | u64::from(NO_BAND) << BAND_SHIFT)
    }

    /// The same for all sources together.
    pub(super) fn without_source(self) -> Self {
        Self(self.0 & ((1 << (BAND_SHIFT + 4)) - 1))
    }

    /// All but the second.
    fn group(self) -> u64 {
        self.0 >> SECOND_BITS
    }
}

/// One sum.
pub(super) type Sum = (Key, i64);

/// Adds to `sums` what one call weighs, `sign` times. Unordered; see [`settle`].
pub(super) fn weigh(sums: &mut Vec<Sum>, weight: &Weight, sign: i64) {
    let key = |dimension, second| Key::new(weight.source, weight.band, weight.kind, dimension, second);
    sums.push((key(0, 0), sign));
    if weight.wait != UNKNOWN {
        sums.push((key(1, weight.wait), sign));
    }
    if weight.talk != UNKNOWN {
        sums.push((key(2, weight.talk), sign));
    }
}

/// Orders sums, adds up equal keys and drops those that came to nothing.
pub(super) fn settle(sums: &mut Vec<Sum>) {
    if sums.is_sorted_by(|one, other| one.0 < other.0) && sums.iter().all(|&(_, calls)| calls != 0) {
        return;
    }
    sums.sort_unstable_by_key(|&(key, _)| key);
    sums.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    sums.retain(|&(_, calls)| calls != 0);
}

/// Number of calls in settled or unsettled sums.
pub(super) fn calls(sums: &[Sum]) -> i64 {
    sums.iter().filter(|(key, _)| key.dimension() == Dimension::Calls).map(|(_, calls)| calls).sum()
}

/// Appends settled sums: differences of keys and zigzagged counts as variable-length numbers.
pub(super) fn encode(sums: &[Sum], out: &mut Vec<u8>) {
    let mut before = 0;
    for &(key, calls) in sums {
        varint::push(out, key.0 - before);
        varint::push(out, varint::zigzag(calls));
        before = key.0;
    }
}

/// Reads what [`encode`] wrote. Stops at the first byte that is not that; the run's checksum says whether there was one.
pub(super) struct Decode<'a> {
    bytes: &'a [u8],
    before: u64,
}

impl<'a> Decode<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, before: 0 }
    }
}

impl Iterator for Decode<'_> {
    type Item = Sum;

    #[inline]
    fn next(&mut self) -> Option<Sum> {
        // Nearly always the next second or so, and few calls: one byte each.
        if let [step, zigzag, rest @ ..] = self.bytes
            && (step | zigzag) < 0x80
        {
            self.bytes = rest;
            self.before += u64::from(*step);
            return Some((Key(self.before), i64::from(zigzag >> 1) ^ -i64::from(zigzag & 1)));
        }
        let step = varint::read(&mut self.bytes)?;
        let zigzag = varint::read(&mut self.bytes)?;
        self.before = self.before.checked_add(step)?;
        Some((Key(self.before), varint::unzigzag(zigzag)))
    }
}

/// Adds up many settled sums over few groups fast: a dense row of seconds for each group.
#[derive(Default)]
pub(super) struct Dense {
    groups: BTreeMap<u64, Vec<i64>>,
    /// The group that was added to last, out of the map while it is in use.
    open: Option<(u64, Vec<i64>)>,
}

impl Dense {
    /// Adds one sum.
    #[inline]
    pub(super) fn add(&mut self, key: Key, calls: i64) {
        let group = key.group();
        if self.open.as_ref().is_none_or(|(open, _)| *open != group) {
            self.switch(group);
        }
        if let Some((_, row)) = &mut self.open {
            let second = key.second() as usize;
            if row.len() <= second {
                row.resize((second + 1).next_power_of_two(), 0);
            }
            row[second] += calls;
        }
    }

    fn switch(&mut self, group: u64) {
        if let Some((before, row)) = self.open.take() {
            self.groups.insert(before, row);
        }
        self.open = Some((group, self.groups.remove(&group).unwrap_or_default()));
    }

    /// The sums, ordered; leaves nothing behind.
    pub(super) fn drain(&mut self) -> Vec<Sum> {
        if let Some((group, row)) = self.open.take() {
            self.groups.insert(group, row);
        }
        let mut sums = Vec::new();
        for (&group, row) in &mut self.groups {
            for (second, calls) in row.iter_mut().enumerate() {
                if *calls != 0 {
                    sums.push((Key(group << SECOND_BITS | second as u64), std::mem::take(calls)));
                }
            }
        }
        if self.groups.len() > 256 {
            self.groups.clear();
        }
        sums
    }
}

/// A tally of one source as sums without bands, in order.
pub(super) fn sums_of(source: u16, tally: &Tally) -> impl Iterator<Item = Sum> {
    tally.kinds.iter().flat_map(move |KindTally { kind, calls, wait, talk }| {
        let key = move |dimension, second| Key::new(source, NO_BAND, kind.number(), dimension, second);
        let counted = (*calls != 0).then(|| (key(0, 0), *calls));
        let waits = wait.iter().map(move |(second, calls)| (key(1, second), calls));
        let talks = talk.iter().map(move |(second, calls)| (key(2, second), calls));
        counted.into_iter().chain(waits).chain(talks)
    })
}

/// The one source of settled sums that are not none.
pub(super) fn only_source(sums: &[Sum]) -> Option<u16> {
    let (first, last) = (sums.first()?.0.source(), sums.last()?.0.source());
    (first == last).then_some(first)
}

/// Settled sums of one source (or of all together) and without bands, as a tally.
pub(super) fn tally(sums: &[Sum]) -> Tally {
    let mut tally = Tally::default();
    for group in sums.chunk_by(|one, other| one.0.group() == other.0.group()) {
        let key = group[0].0;
        let Some(kind) = CallKind::from_number(key.kind()) else { continue };
        if tally.kinds.last().is_none_or(|last| last.kind != kind) {
            tally.kinds.push(KindTally {
                kind,
                calls: 0,
                wait: Histogram::default(),
                talk: Histogram::default(),
            });
        }
        let Some(counts) = tally.kinds.last_mut() else { continue };
        let bins =
            || Histogram::from_ordered(group.iter().map(|(key, calls)| (key.second(), *calls)).collect());
        match key.dimension() {
            Dimension::Calls => counts.calls = group.iter().map(|(_, calls)| calls).sum(),
            Dimension::Wait => counts.wait = bins(),
            Dimension::Talk => counts.talk = bins(),
        }
    }
    tally.kinds.retain(|kind| kind.calls != 0 || !kind.wait.is_empty() || !kind.talk.is_empty());
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(source: u16, band: u8, kind: u16, dimension: u64, second: u32, calls: i64) -> Sum {
        (Key::new(source, band, kind, dimension, second), calls)
    }

    #[test]
    fn what_is_encoded_is_read_again() {
        let mut sums = vec![
            sum(1, 2, 0x0245, 1, 86_400, -3),
            sum(0, 0, 1, 0, 0, i64::from(u32::MAX)),
            sum(u16::MAX, 8, 0x3fff, 2, 0, 1),
            sum(1, 2, 0x0245, 1, 86_400, 5),
            sum(1, 2, 0x0245, 1, 7, 5),
            sum(1, 2, 0x0245, 1, 7, -5),
        ];
        settle(&mut sums);
        assert_eq!(sums.len(), 3, "equal keys are one and nothing is left of what cancels out");
        let mut bytes = Vec::new();
        encode(&sums, &mut bytes);
        assert_eq!(Decode::new(&bytes).collect::<Vec<_>>(), sums);
        assert_eq!(Decode::new(&bytes[..bytes.len() - 1]).count(), 2, "half a sum is none");
    }

    #[test]
    fn dense_sums_are_the_same_sums() {
        let parts = [
            sum(1, 3, 69, 1, 60, 2),
            sum(1, 4, 69, 0, 0, 9),
            sum(1, 3, 69, 1, 60, -2),
            sum(0, 1, 69, 2, 4_000, 1),
        ];
        let mut dense = Dense::default();
        let mut plain = Vec::new();
        for (key, calls) in parts {
            dense.add(key, calls);
            plain.push((key, calls));
        }
        settle(&mut plain);
        assert_eq!(dense.drain(), plain);
        assert!(dense.drain().is_empty());
    }
}
