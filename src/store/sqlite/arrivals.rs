//! Arrivals as bytes: the rows of one submission, as the database keeps them until their days are settled.

use super::labels::Labels;
use super::row::{FolderKey, Row, UNKNOWN, texts};
use crate::metrics::varint;
use crate::store::StoreError;

/// First byte: how the rest is laid out.
const LAYOUT: u8 = 1;

const WAIT: u8 = 1;
const TALK: u8 = 2;
const IVR: u8 = 4;
const LINE: u8 = 8;
const RETRACTED: u8 = 16;
const REPLACES: u8 = 32;

/// Writes rows, all of one source, and their texts. Times are differences, and a text leaves out what it begins like the one before.
pub(super) fn encode(rows: &[Row], heap: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + rows.len() * 40);
    out.push(LAYOUT);
    varint::push(&mut out, u64::from(rows.first().map_or(0, |row| row.source)));
    varint::push(&mut out, rows.len() as u64);
    let (mut started, mut before) = (0_i64, &[][..]);
    for (at, row) in rows.iter().enumerate() {
        let flag = |secs: u32, flag: u8| if secs == UNKNOWN { 0 } else { flag };
        let flags = flag(row.wait, WAIT)
            | flag(row.talk, TALK)
            | flag(row.ivr, IVR)
            | if row.line > 0 { LINE } else { 0 }
            | if row.retracted { RETRACTED } else { 0 }
            | if row.replaces { REPLACES } else { 0 };
        out.push(flags);
        let step = row.started.wrapping_sub(started);
        started = row.started;
        varint::push(&mut out, varint::zigzag(step));
        varint::push(&mut out, u64::from(row.whose));
        varint::push(&mut out, u64::from(row.kind));
        varint::push(&mut out, row.revision);
        for secs in [row.wait, row.talk, row.ivr] {
            if secs != UNKNOWN {
                varint::push(&mut out, u64::from(secs));
            }
        }
        if row.line > 0 {
            varint::push(&mut out, u64::from(row.line));
        }
        out.extend_from_slice(&row.content.to_le_bytes());
        let end = rows.get(at + 1).map_or(heap.len(), |next| next.text as usize);
        let text = &heap[row.text as usize..end];
        let shared = text.iter().zip(before).take_while(|(a, b)| a == b).count();
        varint::push(&mut out, shared as u64);
        varint::push(&mut out, (text.len() - shared) as u64);
        out.extend_from_slice(&text[shared..]);
        before = text;
    }
    out
}

/// Reads what [`encode`] wrote: rows with their identities, and their texts.
pub(super) fn decode(
    mut bytes: &[u8],
    key: &FolderKey,
    labels: &Labels,
) -> Result<(Vec<Row>, Vec<u8>), StoreError> {
    let damaged = || StoreError::Damaged("an arrival cannot be read".to_owned());
    let input = &mut bytes;
    if take(input, 1).ok_or_else(damaged)? != [LAYOUT] {
        return Err(damaged());
    }
    let source = u16::try_from(varint::read(input).ok_or_else(damaged)?).map_err(|_| damaged())?;
    let name = labels.source(source).ok_or_else(damaged)?.as_str();
    let count = varint::read(input).ok_or_else(damaged)? as usize;
    let mut rows = Vec::with_capacity(count.min(100_000));
    let mut heap = Vec::new();
    let mut started = 0_i64;
    let mut text_before = 0..0;
    for _ in 0..count {
        let mut row = read(input, source).ok_or_else(damaged)?;
        started = started.wrapping_add(row.started);
        row.started = started;
        let shared = varint::read(input).ok_or_else(damaged)? as usize;
        let rest = varint::read(input).ok_or_else(damaged)? as usize;
        if shared > text_before.len() {
            return Err(damaged());
        }
        let at = heap.len();
        heap.extend_from_within(text_before.start..text_before.start + shared);
        heap.extend_from_slice(take(input, rest).ok_or_else(damaged)?);
        row.text = at as u32;
        row.identity = key.identity(name, texts(&heap, at, row.kind).ok_or_else(damaged)?.call_id);
        text_before = at..heap.len();
        rows.push(row);
    }
    Ok((rows, heap))
}

/// One row but for its texts; `started` is still the step from the row before.
fn read(input: &mut &[u8], source: u16) -> Option<Row> {
    let flags = take(input, 1)?[0];
    let step = varint::read(input)?;
    let whose = u32::try_from(varint::read(input)?).ok()?;
    let kind = u16::try_from(varint::read(input)?).ok()?;
    let revision = varint::read(input)?;
    let mut optional = |flag: u8, absent: u32| -> Option<u32> {
        if flags & flag == 0 { Some(absent) } else { u32::try_from(varint::read(input)?).ok() }
    };
    let (wait, talk, ivr, line) =
        (optional(WAIT, UNKNOWN)?, optional(TALK, UNKNOWN)?, optional(IVR, UNKNOWN)?, optional(LINE, 0)?);
    let content = u64::from_le_bytes(take(input, 8)?.try_into().ok()?);
    Some(Row {
        identity: 0,
        content,
        revision,
        started: varint::unzigzag(step),
        whose,
        line,
        wait,
        talk,
        ivr,
        text: 0,
        kind,
        source,
        retracted: flags & RETRACTED != 0,
        unversioned: false,
        replaces: flags & REPLACES != 0,
    })
}

fn take<'a>(input: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(len)?;
    *input = rest;
    Some(taken)
}
