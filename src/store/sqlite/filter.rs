//! Says "never seen" of an identity, and nothing else: a Bloom filter that grows by levels and has no false negatives.

/// Bits that a key takes of a level that is full.
const BITS_PER_KEY: usize = 16;
/// Keys of the first level.
const FIRST_LEVEL: usize = 1 << 18;

/// Keys of the level after one of so many: sixteen times as many while that is little memory, so that there are few levels to ask; then twice as many,
/// so that little of it lies idle; from 268 million on, which are 512 MiB, as many again.
const fn room_after(room: usize) -> usize {
    if room < 1 << 26 {
        room * 16
    } else if room < 1 << 28 {
        room * 2
    } else {
        room
    }
}

/// A blocked Bloom filter: all bits of a key lie in one cache line.
#[derive(Default)]
pub(super) struct Filter {
    levels: Vec<Level>,
}

struct Level {
    /// Lines of 512 bits; their number is a power of two.
    lines: Vec<[u64; 8]>,
    keys: usize,
    room: usize,
}

impl Level {
    fn new(room: usize) -> Self {
        Self { lines: vec![[0; 8]; (room * BITS_PER_KEY / 512).next_power_of_two()], keys: 0, room }
    }

    fn line(&self, key: u128) -> usize {
        (key >> 64) as usize & (self.lines.len() - 1)
    }
}

/// Two bits in each of four words of the line, from the half of the key that does not choose the line.
fn mask(key: u128) -> [u64; 8] {
    let mut bits = key as u64;
    let half = (bits & 1) as usize * 4;
    bits >>= 1;
    let mut mask = [0; 8];
    for word in &mut mask[half..half + 4] {
        *word = 1 << (bits & 63) | 1 << (bits >> 6 & 63);
        bits >>= 12;
    }
    mask
}

impl Filter {
    /// Remembers a key.
    pub(super) fn insert(&mut self, key: u128) {
        if self.levels.last().is_none_or(|level| level.keys >= level.room) {
            let room = self.levels.last().map_or(FIRST_LEVEL, |level| room_after(level.room));
            self.levels.push(Level::new(room));
        }
        if let Some(level) = self.levels.last_mut() {
            level.keys += 1;
            let line = level.line(key);
            for (word, bits) in level.lines[line].iter_mut().zip(mask(key)) {
                *word |= bits;
            }
        }
    }

    /// False only where the key was never inserted.
    pub(super) fn may_hold(&self, key: u128) -> bool {
        let mask = mask(key);
        self.levels.iter().any(|level| {
            let line = &level.lines[level.line(key)];
            line.iter().zip(&mask).all(|(word, bits)| word & bits == *bits)
        })
    }

    /// Reads the cache lines that `may_hold` will need, so that many keys miss the cache side by side; the result only keeps the reads alive.
    pub(super) fn touch(&self, keys: impl Iterator<Item = u128>) -> u64 {
        keys.fold(0, |seen, key| {
            self.levels.iter().fold(seen, |seen, level| seen ^ level.lines[level.line(key)][0])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> u128 {
        let mix = |x: u64| (x ^ x >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ x.rotate_left(27);
        u128::from(mix(mix(n + 1))) << 64 | u128::from(mix(mix(n.wrapping_mul(7) + 3)))
    }

    #[test]
    fn what_was_inserted_is_never_denied_and_strangers_seldom_confused() {
        let mut filter = Filter::default();
        for n in 0..400_000 {
            filter.insert(key(n));
        }
        assert!((0..400_000).all(|n| filter.may_hold(key(n))));
        let confused = (400_000..600_000).filter(|&n| filter.may_hold(key(n))).count();
        assert!(confused < 2_000, "{confused} of 200,000 strangers looked known");
    }

    #[test]
    fn memory_grows_with_the_calls_and_levels_stay_few() {
        let (mut room, mut keys, mut bytes, mut levels) = (FIRST_LEVEL, 0_usize, 0_usize, 0);
        while keys < 3_000_000_000 {
            // With the first key of a level all of it is there.
            bytes += (room * BITS_PER_KEY / 512).next_power_of_two() * 64;
            levels += 1;
            assert!(keys < 100_000_000 || bytes <= keys * 7, "{bytes} bytes for {keys} calls");
            assert!(keys > 5_000_000 || bytes <= 160 << 20, "{bytes} bytes for {keys} calls");
            keys += room;
            room = room_after(room);
        }
        assert!(levels <= 16, "{levels} levels for three thousand million calls");
    }

    #[test]
    fn an_empty_filter_knows_nobody() {
        assert!(!Filter::default().may_hold(key(1)));
    }
}
