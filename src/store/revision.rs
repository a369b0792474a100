//! The rules of revisions: what becomes of a record, given what is stored under its identity. Pure; every store rules by it.
//!
//! A higher revision replaces a lower one whole, so that every order of arrival ends the same: what stands in the end is the content that came with the
//! highest revision, and that revision. The exception is a conflict, where only the order can decide: the first stays.

use callgauge_schema::{Attribution, CallRecord, RejectReason};

use super::content::content_bytes;
use super::{RecordVerdict, Reject, Verdict};

/// What arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arriving {
    /// Its revision, where the source has them.
    pub revision: Option<u64>,
    /// Whether it takes the call out of every count.
    pub retracted: bool,
}

/// What is stored under the same source and call id, retracted or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its revision.
    pub revision: u64,
    /// Whether it says the same as what arrives: equal [`content_bytes`].
    pub same_content: bool,
}

/// What has to be done with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is new: store it.
    Insert,
    /// Store it in place of what stands.
    Replace,
    /// Store its revision only: what stands says the same.
    Advance,
    /// Nothing.
    Nothing,
    /// Keep it as a reject: see [`conflict`].
    Refuse,
}

/// Verdict, revision that is stored from now on, and effect of a record. Rules, by revision:
/// - nothing stands: stored, under 0 where it has no revision; a retraction too, so that an older revision that comes later is stale;
/// - lower than what stands: stale, whatever it says;
/// - equal: a duplicate where it says the same, otherwise a conflict;
/// - higher: replaces what stands; where it says the same, a duplicate that advances the stored revision;
/// - absent: a duplicate where it says the same, otherwise the next revision. (After the highest number there is none: a conflict.)
pub fn rule(arriving: Arriving, standing: Option<Standing>) -> (RecordVerdict, Effect) {
    let changed = if arriving.retracted { Verdict::Retracted } else { Verdict::Revised };
    let (verdict, revision, effect) = match (standing, arriving.revision) {
        (None, revision) => {
            let verdict = if arriving.retracted { Verdict::Retracted } else { Verdict::Accepted };
            (verdict, revision.unwrap_or(0), Effect::Insert)
        }
        (Some(stands), Some(revision)) if revision < stands.revision => {
            (Verdict::Stale, stands.revision, Effect::Nothing)
        }
        (Some(stands), Some(revision)) if revision > stands.revision => {
            if stands.same_content {
                (Verdict::Duplicate, revision, Effect::Advance)
            } else {
                (changed, revision, Effect::Replace)
            }
        }
        (Some(stands), _) if stands.same_content => (Verdict::Duplicate, stands.revision, Effect::Nothing),
        (Some(stands), Some(_)) => (Verdict::Conflict, stands.revision, Effect::Refuse),
        (Some(stands), None) => match stands.revision.checked_add(1) {
            Some(next) => (changed, next, Effect::Replace),
            None => (Verdict::Conflict, stands.revision, Effect::Refuse),
        },
    };
    (RecordVerdict { verdict, revision }, effect)
}

/// The reject that a record with [`Effect::Refuse`] is kept as. Its payload is its content, not what `ingest` reads: sent through again it would be
/// a conflict again.
pub fn conflict(record: &CallRecord) -> Reject {
    let mut payload = Vec::new();
    content_bytes(record, &mut payload);
    Reject {
        call_id: Some(record.id().clone()),
        practice: match record.attribution() {
            Attribution::Practice(code) => Some(*code),
            Attribution::Account(_) => None,
        },
        field: "revision".to_owned(),
        reason: RejectReason::Conflict,
        message: "is stored with other content, which stays; a correction must have a higher revision"
            .to_owned(),
        payload,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_those_of_the_table() {
        use Effect::{Advance, Insert, Nothing, Refuse, Replace};
        use Verdict::{Accepted, Conflict, Duplicate, Retracted, Revised, Stale};
        const TOP: u64 = u64::MAX;
        let cases = [
            // revision, retracted, (stored revision, same content), verdict, revision then, effect
            (None, false, None, Accepted, 0, Insert),
            (Some(7), false, None, Accepted, 7, Insert),
            (None, true, None, Retracted, 0, Insert),
            (Some(7), true, None, Retracted, 7, Insert),
            (Some(6), false, Some((7, false)), Stale, 7, Nothing),
            (Some(6), false, Some((7, true)), Stale, 7, Nothing),
            (Some(6), true, Some((7, false)), Stale, 7, Nothing),
            (Some(7), false, Some((7, true)), Duplicate, 7, Nothing),
            (Some(7), true, Some((7, true)), Duplicate, 7, Nothing),
            (Some(7), false, Some((7, false)), Conflict, 7, Refuse),
            (Some(7), true, Some((7, false)), Conflict, 7, Refuse),
            (Some(9), false, Some((7, false)), Revised, 9, Replace),
            (Some(9), true, Some((7, false)), Retracted, 9, Replace),
            (Some(9), false, Some((7, true)), Duplicate, 9, Advance),
            (Some(9), true, Some((7, true)), Duplicate, 9, Advance),
            (None, false, Some((7, true)), Duplicate, 7, Nothing),
            (None, true, Some((7, true)), Duplicate, 7, Nothing),
            (None, false, Some((7, false)), Revised, 8, Replace),
            (None, true, Some((7, false)), Retracted, 8, Replace),
            (Some(TOP), false, Some((TOP - 1, false)), Revised, TOP, Replace),
            (None, false, Some((TOP, true)), Duplicate, TOP, Nothing),
            (None, false, Some((TOP, false)), Conflict, TOP, Refuse),
        ];
        for (revision, retracted, standing, verdict, then, effect) in cases {
            let stands = standing.map(|(revision, same_content)| Standing { revision, same_content });
            let found = rule(Arriving { revision, retracted }, stands);
            let expected = (RecordVerdict { verdict, revision: then }, effect);
            assert_eq!(found, expected, "{revision:?}, retracted {retracted}, on {standing:?}");
        }
    }
}
