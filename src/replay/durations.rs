//! Seconds inside a published duration band: plausible ones, since only the band is known.

/// First second of each band.
const FIRST: [u32; 4] = [0, 61, 121, 301];
/// How many seconds each band has; the open one is closed at a length that its calls rarely pass.
const WAIT_SPAN: [u32; 4] = [61, 60, 180, 2_700];
const TALK_SPAN: [u32; 4] = [61, 60, 180, 1_500];

/// A wait inside a band, from 32 random bits: shorter ones are likelier.
pub(super) fn wait_secs(band: usize, random: u32) -> u32 {
    FIRST[band] + offset(band, WAIT_SPAN[band], random)
}

/// A talk time inside a band, from 32 random bits.
pub(super) fn talk_secs(band: usize, random: u32) -> u32 {
    if band == 0 {
        // Few conversations end in their first seconds: density grows towards the end of the band.
        return TALK_SPAN[0] - 1 - offset(0, TALK_SPAN[0], random);
    }
    FIRST[band] + offset(band, TALK_SPAN[band], random)
}

fn offset(band: usize, span: u32, random: u32) -> u32 {
    let (a, b) = (random & 0xffff, random >> 16);
    // The smaller of two has a density that falls in a straight line; a product of two has a long tail.
    let part = if band == 3 { (a * b) >> 16 } else { a.min(b) };
    (part * span) >> 16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn band_of(secs: u32) -> usize {
        [60, 120, 300].iter().position(|&last| secs <= last).unwrap_or(3)
    }

    proptest! {
        #[test]
        fn seconds_stay_in_their_band(band in 0..4_usize, random: u32) {
            prop_assert_eq!(band_of(wait_secs(band, random)), band);
            prop_assert_eq!(band_of(talk_secs(band, random)), band);
        }
    }

    #[test]
    fn both_ends_of_a_closed_band_occur() {
        for (band, first, last) in [(0, 0, 60), (1, 61, 120), (2, 121, 300)] {
            assert_eq!(wait_secs(band, 0), first);
            assert_eq!(wait_secs(band, u32::MAX), last);
        }
        assert_eq!((talk_secs(0, u32::MAX), talk_secs(0, 0)), (0, 60));
    }
}
