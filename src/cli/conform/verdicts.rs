//! From what was sent, told and stored to the lines of the report.

use std::collections::{BTreeSet, HashMap};
use std::process::ExitStatus;

use callgauge_adapter::conformance::{Report, Verdict};

use super::faults::Fault;
use super::ledger::{Key, Ledger, Way};
use super::store::differing;
use crate::cli::output::grouped;
use crate::proto::v1::CallRecord;

/// How often a batch may come while the service wants none: twenty times a second are pauses, a thousand are none.
const EARLY: u32 = 20;
/// How often a record may come that is refused as it is.
const REFUSED: u32 = 3;

/// What is known at the end of a play.
pub(super) struct Outcome<'a> {
    pub(super) ledger: &'a Ledger,
    /// Faults that were left out.
    pub(super) without: &'a [Fault],
    /// What the client claims to have delivered; `None` where it does not say.
    pub(super) claims: Option<HashMap<Key, CallRecord>>,
    /// What is stored.
    pub(super) stored: HashMap<Key, CallRecord>,
    /// How the client ended, where this command started it; `None` inside where it had to be ended.
    pub(super) ended: Option<Option<ExitStatus>>,
}

/// A report without lines, of a client of these sources.
pub(super) fn report_of(ledger: &Ledger) -> Report {
    let sources: Vec<&str> = ledger.sources.iter().map(String::as_str).collect();
    let named = if sources.is_empty() { "client".to_owned() } else { sources.join(", ") };
    Report::new(named)
}

/// All lines.
pub(super) fn write(outcome: &Outcome<'_>) -> Report {
    let mut report = report_of(outcome.ledger);
    came(outcome.ledger, &mut report);
    for fault in Fault::ALL {
        one_fault(outcome, fault, &mut report);
    }
    sent_again(outcome.ledger, &mut report);
    stored(outcome, &mut report);
    if let Some(ended) = &outcome.ended {
        let found = match ended {
            Some(status) if status.success() => Vec::new(),
            Some(status) => vec![format!("it ended with {status}")],
            None => vec!["it did not end by itself; it was ended when nothing came any more".to_owned()],
        };
        report.holds(
            "the client ends well",
            &found,
            "exit code 0",
            "end with 0 where everything was delivered or told",
        );
    }
    report
}

fn came(ledger: &Ledger, report: &mut Report) {
    let ways: Vec<&str> = ledger
        .ways
        .iter()
        .map(|way| match way {
            Way::Submit => "SubmitCallRecords",
            Way::Stream => "StreamCallRecords",
        })
        .collect();
    let (records, batches) = (grouped(ledger.records as i64), grouped(ledger.batches as i64));
    let mut found: Vec<String> = ledger.refusals.iter().cloned().collect();
    if ledger.too_many {
        let most = grouped(super::ledger::CALLS as i64);
        found.push(format!("more than {most} different calls came, and those after them were not followed"));
    }
    report.holds(
        "the service takes what it sends",
        &found,
        format!("{records} records in {batches} batches by {}", ways.join(" and ")),
        "mend the records, or import the organisations that they name; a small set is enough",
    );
}

fn one_fault(outcome: &Outcome<'_>, fault: Fault, report: &mut Report) {
    let ledger = outcome.ledger;
    let check = fault.check();
    if outcome.without.contains(&fault) {
        report.add(check, Verdict::NotShown, "left out (--without)", "");
        return;
    }
    if !ledger.happened(fault) {
        let (seen, to_do) = match fault {
            Fault::Killed if outcome.ended.is_none() => {
                ("the client was not started by this command", "give its command line after --client")
            }
            Fault::EarlyEnd if !ledger.ways.contains(&Way::Stream) => ("the client uses no streams", ""),
            Fault::Conflict => (
                "no batch was left, or no record has a revision",
                "send more batches; records without a revision cannot be in conflict",
            ),
            _ => ("no batch was left for it", "send more and smaller batches: 25 are enough"),
        };
        report.add(check, Verdict::NotShown, seen, to_do);
        return;
    }
    let mut found = if fault.is_of_a_record() { refused(outcome, fault) } else { ledger.never_again(fault) };
    let early = ledger.early_times(fault);
    match fault {
        Fault::SlowDown if early > 0 => {
            found.insert(0, format!("{early} batches came again before the time that RetryInfo names"));
        }
        Fault::Drain if early > EARLY => found.insert(
            0,
            format!("batches came again {early} times within a second in which the service was stopping"),
        ),
        _ => {}
    }
    let seen = if fault.is_of_a_record() {
        "it went on, and did not send it over and over".to_owned()
    } else {
        format!("{} calls were not acknowledged, and came again", grouped(ledger.stopped_calls(fault) as i64))
    };
    report.holds(check, &found, seen, fault.to_do());
}

/// What became of a record that is refused as it is.
fn refused(outcome: &Outcome<'_>, fault: Fault) -> Vec<String> {
    let mut found = Vec::new();
    let times = outcome.ledger.refused_times(fault);
    if times > REFUSED {
        found.push(format!("the same record came {times} times as it was"));
    }
    let mut claimed: Vec<&Key> = outcome
        .claims
        .iter()
        .flat_map(HashMap::keys)
        .filter(|key| outcome.ledger.refused(key) == Some(fault))
        .collect();
    claimed.sort();
    found.extend(claimed.iter().map(|key| format!("{key} is taken for delivered")));
    found
}

fn sent_again(ledger: &Ledger, report: &mut Report) {
    let found: Vec<String> = ledger
        .changed
        .iter()
        .map(|key| format!("{key} came with other content under the same revision"))
        .collect();
    report.holds(
        "what is sent again is what it was",
        &found,
        "no revision had two contents",
        "send again the bytes that were sent; a correction has a higher revision",
    );
}

/// The store against what is claimed, or against what was sent where nothing is.
fn stored(outcome: &Outcome<'_>, report: &mut Report) {
    const ONCE: &str = "nothing is there twice or unclaimed";
    let Outcome { ledger, claims, stored, .. } = outcome;
    let said = claims.is_some();
    let sent: HashMap<Key, CallRecord>;
    let (claims, whose) = match claims {
        Some(claims) => (claims, "the client claims"),
        None => {
            let taken =
                ledger.calls().filter(|(key, call)| !call.is_refused() && ledger.refused(key).is_none());
            sent = taken.map(|(key, call)| (key.clone(), call.record())).collect();
            (&sent, "the client sent")
        }
    };
    let (mut lost, mut changed) = (BTreeSet::new(), BTreeSet::new());
    for (key, claimed) in claims.iter().filter(|(key, _)| ledger.refused(key).is_none()) {
        match stored.get(key) {
            None => drop(lost.insert(format!("{key} is not there"))),
            Some(there) => {
                let fields = differing(claimed, there);
                if !fields.is_empty() {
                    changed.insert(format!("{key} has another {}", fields.join(", ")));
                }
            }
        }
    }
    let extra: BTreeSet<String> = stored
        .iter()
        .filter(|(key, there)| !claims.contains_key(key) && !there.retracted)
        .map(|(key, _)| format!("{key} is there and not claimed"))
        .collect();
    let seen = format!("{} calls that {whose}", grouped(claims.len() as i64));
    let list = |found: BTreeSet<String>| found.into_iter().collect::<Vec<_>>();
    report.holds("nothing is lost", &list(lost), &seen, "keep what is not acknowledged and send it again");
    report.holds("nothing is changed", &list(changed), &seen, "the store has what was acknowledged last");
    if said {
        let to_do = "a call keeps its id, however often it is sent; what was acknowledged is delivered";
        report.holds(ONCE, &list(extra), seen, to_do);
    } else {
        let why = "the client does not say what it has delivered";
        report.add(ONCE, Verdict::NotShown, why, "give a file of that with --expected");
    }
}
