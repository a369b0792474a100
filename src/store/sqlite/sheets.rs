//! Sheets as bytes: the values of many practices for one indicator, period and source.
//!
//! Layout byte, number of texts, each as length and bytes; number of values, each as flags, code, place of its two texts, and up to three numbers; a checksum of all
//! that. Numbers are little endian.

use std::collections::HashMap;
use std::sync::Arc;

use callgauge_schema::OdsCode;

use crate::definitions::indicators::{IndicatorKind, IndicatorValue};
use crate::store::indicators::{Entry, Sheet};

const LAYOUT: u8 = 1;
const DENOMINATOR: u8 = 1;
const EXPECTED: u8 = 2;

/// Writes a sheet.
pub(super) fn encode(sheet: &Sheet) -> Vec<u8> {
    let mut texts: Vec<&Arc<str>> = Vec::new();
    let mut places: HashMap<&str, u32> = HashMap::new();
    for entry in sheet.values() {
        for text in [&entry.definition_version, &entry.quality_note] {
            places.entry(text).or_insert_with(|| {
                texts.push(text);
                texts.len() as u32 - 1
            });
        }
    }
    let mut out = vec![LAYOUT];
    push(&mut out, texts.len() as u32);
    for text in &texts {
        push(&mut out, text.len() as u32);
        out.extend_from_slice(text.as_bytes());
    }
    push(&mut out, sheet.len() as u32);
    for (code, Entry { value, definition_version, quality_note }) in sheet {
        let (denominator, expected) = (value.denominator(), value.expected());
        out.push(
            if denominator.is_some() { DENOMINATOR } else { 0 }
                | if expected.is_some() { EXPECTED } else { 0 },
        );
        out.push(code.as_str().len() as u8);
        out.extend_from_slice(code.as_str().as_bytes());
        for text in [definition_version, quality_note] {
            push(&mut out, places.get(&**text).copied().unwrap_or_default());
        }
        for number in [Some(value.numerator()), denominator, expected].into_iter().flatten() {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
    let crc = crc32fast::hash(&out);
    push(&mut out, crc);
    out
}

fn push(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}

/// Reads what [`encode`] wrote; `None` where it is damaged.
pub(super) fn decode(data: &[u8], kind: IndicatorKind) -> Option<Sheet> {
    let (body, crc) = data.split_last_chunk::<4>()?;
    if crc32fast::hash(body).to_le_bytes() != *crc {
        return None;
    }
    let mut from = body;
    let [layout] = take(&mut from)?;
    if layout != LAYOUT {
        return None;
    }
    let mut texts: Vec<Arc<str>> = Vec::new();
    for _ in 0..number(&mut from)? {
        let len = number(&mut from)? as usize;
        let (text, rest) = from.split_at_checked(len)?;
        from = rest;
        texts.push(std::str::from_utf8(text).ok()?.into());
    }
    let mut sheet = Sheet::new();
    for _ in 0..number(&mut from)? {
        let [flags, len] = take(&mut from)?;
        let (code, rest) = from.split_at_checked(usize::from(len))?;
        from = rest;
        let code: OdsCode = std::str::from_utf8(code).ok()?.parse().ok()?;
        let definition_version = texts.get(number(&mut from)? as usize)?.clone();
        let quality_note = texts.get(number(&mut from)? as usize)?.clone();
        let numerator = float(&mut from)?;
        let denominator = if flags & DENOMINATOR > 0 { Some(float(&mut from)?) } else { None };
        let expected = if flags & EXPECTED > 0 { Some(float(&mut from)?) } else { None };
        let value = IndicatorValue::new(kind, numerator, denominator, expected).ok()?;
        sheet.insert(code, Entry { value, definition_version, quality_note });
    }
    from.is_empty().then_some(sheet)
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*taken)
}

fn number(from: &mut &[u8]) -> Option<u32> {
    take(from).map(u32::from_le_bytes)
}

fn float(from: &mut &[u8]) -> Option<f64> {
    take(from).map(f64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let entry = |numerator, denominator, expected, version: &str| Entry {
            value: IndicatorValue::new(IndicatorKind::Rate, numerator, denominator, expected)
                .expect("it is a value"),
            definition_version: version.into(),
            quality_note: "Nähe zählt".into(),
        };
        let code = |text: &str| text.parse::<OdsCode>().expect("a code");
        Sheet::from([
            (code("A81001"), entry(0.0, None, None, "")),
            (code("A81002"), entry(0.1, Some(7_000.0), None, "v2")),
            (code("A81003"), entry(1e12, Some(0.0), Some(0.5), "v2")),
        ])
    }

    #[test]
    fn a_sheet_comes_back_as_it_was() {
        let data = encode(&sheet());
        assert_eq!(decode(&data, IndicatorKind::Rate), Some(sheet()));
        assert_eq!(decode(&encode(&Sheet::new()), IndicatorKind::Rate), Some(Sheet::new()));
    }

    #[test]
    fn no_flipped_bit_and_no_cut_goes_unseen() {
        let data = encode(&sheet());
        for at in 0..data.len() {
            let mut damaged = data.clone();
            damaged[at] ^= 0x10;
            assert_eq!(decode(&damaged, IndicatorKind::Rate), None, "byte {at}");
            assert_eq!(decode(&data[..at], IndicatorKind::Rate), None, "cut at {at}");
        }
    }
}
