//! How messages are read: a message with more parts than any may have is refused before one of them is made.
//!
//! Four mebibytes hold two million empty records, which would take more than half a gigabyte once decoded; so the parts are counted first.

use std::marker::PhantomData;

use bytes::Buf as _;
use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint};
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstCodec, ProstEncoder};

use super::errors::Fault;

/// Most parts of a message: records of a batch or rows of a page, and its few other fields.
const PARTS: usize = 10_000;
const OTHER_FIELDS: usize = 64;

/// Protobuf by prost, with a limit on the parts of a message.
#[derive(Debug, Clone)]
pub struct CountingCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for CountingCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for CountingCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = CountingDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(BufferSettings::default())
    }

    fn decoder(&mut self) -> Self::Decoder {
        CountingDecoder(PhantomData)
    }
}

/// Counts, then reads.
#[derive(Debug, Clone)]
pub struct CountingDecoder<U>(PhantomData<U>);

impl<U: Message + Default> Decoder for CountingDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buf: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        // A message lies in one piece.
        let whole = buf.copy_to_bytes(buf.remaining());
        let parts = parts(&whole).unwrap_or_default();
        if parts > PARTS + OTHER_FIELDS {
            return Err(Fault::BatchTooLarge { records: parts, limit: PARTS }.into());
        }
        // The library's words for a message that is none; a reason is added on its way out.
        U::decode(&*whole)
            .map(Some)
            .map_err(|fault| Status::internal(format!("failed to decode Protobuf message: {fault}")))
    }
}

/// How many fields a message has, repeated ones counted each time; `None` where it is no message.
fn parts(mut message: &[u8]) -> Option<usize> {
    let mut parts = 0;
    while !message.is_empty() {
        let (_, wire) = decode_key(&mut message).ok()?;
        let skip = match wire {
            WireType::Varint => {
                decode_varint(&mut message).ok()?;
                0
            }
            WireType::ThirtyTwoBit => 4,
            WireType::SixtyFourBit => 8,
            WireType::LengthDelimited => usize::try_from(decode_varint(&mut message).ok()?).ok()?,
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        message = message.get(skip..)?;
        parts += 1;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1;

    #[test]
    fn parts_are_counted_without_reading_them() {
        let record = v1::CallRecord { call_id: "c-1".into(), ..Default::default() };
        let batch = v1::StreamCallRecordsRequest {
            source_id: "acme".into(),
            batch_number: 1,
            records: vec![record; 7],
            unknown_durations: vec![1, 2],
        };
        assert_eq!(parts(&batch.encode_to_vec()), Some(10));
        assert_eq!(parts(&[]), Some(0));
        assert_eq!(parts(&[0x12, 0x05, 0x00]), None, "cut short");
        assert_eq!(parts(&[0x13]), None, "a group");
        assert_eq!(parts(&[0x12, 0x00].repeat(2_000_000)), Some(2_000_000));
    }
}
