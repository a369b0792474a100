//! Whole numbers in as few bytes as will do: seven bits a byte, lowest first; small negative ones by zigzag. Kept histograms and stored sums are written so.

/// Appends a number.
pub(crate) fn push(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads a number and moves on; `None` where there is no whole one.
#[inline]
pub(crate) fn read(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        *bytes = rest;
        return Some(u64::from(first));
    }
    let mut number = u64::from(first & 0x7f);
    for (at, &byte) in rest.iter().enumerate().take(9) {
        number |= u64::from(byte & 0x7f).checked_shl(7 * (at as u32 + 1))?;
        if byte < 0x80 {
            *bytes = &rest[at + 1..];
            return Some(number);
        }
    }
    None
}

/// A number with a sign as one without, small where it is near 0.
pub(crate) const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// Back again.
pub(crate) const fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::{push, read, unzigzag, zigzag};

    #[test]
    fn numbers_come_back_and_stay_apart() {
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX];
        let mut bytes = Vec::new();
        numbers.iter().for_each(|&number| push(&mut bytes, number));
        let mut rest = &*bytes;
        let back: Vec<_> = std::iter::from_fn(|| read(&mut rest)).collect();
        assert_eq!(back, numbers);
    }

    #[test]
    fn a_number_cut_short_or_too_long_is_none() {
        for bytes in [&[0x80][..], &[0xff; 9], &[0xff; 11]] {
            assert_eq!(read(&mut &*bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn zigzag_keeps_the_sign() {
        for number in [0, -1, 1, i64::MIN, i64::MAX] {
            assert_eq!(unzigzag(zigzag(number)), number);
        }
        assert_eq!([0, -1, 1, -2].map(zigzag), [0, 1, 2, 3]);
    }
}
