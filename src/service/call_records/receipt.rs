//! What is said about a submission: the receipt, and what became of each record.

use std::time::Duration;

use callgauge_schema::Moment;

use crate::ingest::{Refusal, Taken};
use crate::proto::v1;
use crate::service::meters::Meters;
use crate::store::{Committed, RecordVerdict, Verdict};

const VERDICTS: [Verdict; 7] = [
    Verdict::Accepted,
    Verdict::Duplicate,
    Verdict::Revised,
    Verdict::Stale,
    Verdict::Conflict,
    Verdict::Retracted,
    Verdict::Rejected,
];

/// A verdict as a message.
pub(super) const fn verdict(verdict: Verdict) -> v1::Verdict {
    match verdict {
        Verdict::Accepted => v1::Verdict::Accepted,
        Verdict::Duplicate => v1::Verdict::Duplicate,
        Verdict::Revised => v1::Verdict::Revised,
        Verdict::Stale => v1::Verdict::Stale,
        Verdict::Conflict => v1::Verdict::Conflict,
        Verdict::Retracted => v1::Verdict::Retracted,
        Verdict::Rejected => v1::Verdict::Rejected,
    }
}

/// The receipt of what was taken; the meters are told of it too.
pub(super) fn receipt(taken: &Taken, meters: &Meters, took: Duration) -> v1::Receipt {
    proof(&taken.committed, taken.latest, meters, took)
}

/// The receipt of what was committed, whose latest record began then.
pub(super) fn proof(
    committed: &Committed,
    latest: Option<Moment>,
    meters: &Meters,
    took: Duration,
) -> v1::Receipt {
    let Committed { receipt, at, verdicts, tallies, hash } = committed;
    let mut counts = [0_i64; VERDICTS.len()];
    for RecordVerdict { verdict, revision: _ } in verdicts {
        counts[*verdict as usize] += 1;
    }
    tallies.iter().for_each(|verdict| counts[*verdict as usize] += 1);
    let counts: Vec<(Verdict, i64)> =
        VERDICTS.into_iter().zip(counts).filter(|&(_, count)| count > 0).collect();
    meters.committed(&counts, took, latest.map(|latest| at.millis() - latest.millis()));
    v1::Receipt {
        id: format!("r{receipt:012x}"),
        committed_at: Some(crate::ingest::timestamp(*at)),
        counts: counts
            .into_iter()
            .map(|(kind, count)| v1::VerdictCount { verdict: verdict(kind).into(), count })
            .collect(),
        hash: hex(hash),
    }
}

/// One result for each record, in the order sent.
pub(super) fn results(
    ids: Vec<String>,
    verdicts: &[RecordVerdict],
    refusals: Vec<Refusal>,
) -> Vec<v1::RecordResult> {
    let mut refusals = refusals.into_iter().peekable();
    (0_u32..)
        .zip(ids)
        .zip(verdicts)
        .map(|((index, call_id), &RecordVerdict { verdict: kind, revision })| {
            let refusal = refusals.next_if(|refusal| refusal.index == index);
            let unfit = refusal.as_ref().is_some_and(|refusal| refusal.field == "call_id");
            v1::RecordResult {
                call_id: if unfit { String::new() } else { call_id },
                verdict: verdict(kind).into(),
                revision,
                rejection: refusal.map(rejection),
            }
        })
        .collect()
}

/// Why a record was refused, as a message.
pub(super) fn rejection(refusal: Refusal) -> v1::Rejection {
    let Refusal { index: _, field, reason, message } = refusal;
    v1::Rejection { field, reason: i32::from(reason.number()), message }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_counted_by_their_position() {
        for (position, kind) in VERDICTS.into_iter().enumerate() {
            assert_eq!(kind as usize, position);
            let name = format!("VERDICT_{kind:?}").to_uppercase();
            assert_eq!(verdict(kind).as_str_name(), name);
        }
        assert_eq!(hex(&[0x0f, 0xa0]), "0fa0");
    }

    #[test]
    fn reasons_have_the_numbers_of_the_proto() {
        for &reason in callgauge_schema::RejectReason::ALL {
            let proto = v1::RejectReason::try_from(i32::from(reason.number())).expect("is there");
            let name: String = format!("{reason:?}").to_uppercase();
            assert_eq!(proto.as_str_name().replace("REJECT_REASON_", "").replace('_', ""), name);
        }
    }
}
