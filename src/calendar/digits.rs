//! Writes numbers of a fixed width, digit by digit: answers have thousands of times in them, and the formatter of the standard library is slow for that.

/// Writes the last digits of a number, as many as there is room.
pub(super) fn write(mut number: u32, room: &mut [u8]) {
    for place in room.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// `08:00` in the first five places, from a second of the day.
pub(super) fn hour_and_minute(second: u32) -> [u8; 5] {
    let mut text = *b"00:00";
    write(second / 3_600, &mut text[..2]);
    write(second / 60 % 60, &mut text[3..]);
    text
}

/// Bytes that were written here.
pub(super) fn text(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).expect("digits and what lies between them are ASCII")
}
