//! What goes wrong between a pushing client and the service, in which order, and what a client has to do about each.

use std::time::Duration;

/// How long the service asks for a pause, is stopping, and is gone.
pub(super) const WINDOW: Duration = Duration::from_secs(1);

/// Something that goes wrong, named as `--without` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub(super) enum Fault {
    /// A batch is on disk, and the connection breaks before its acknowledgement
    LostAck,
    /// The connection breaks before a batch is taken
    Cut,
    /// A stream ends without an error before all was acknowledged
    EarlyEnd,
    /// UNAVAILABLE: the store cannot write for a moment
    Unavailable,
    /// RESOURCE_EXHAUSTED with a RetryInfo that asks for a pause
    SlowDown,
    /// CONFLICT for one record of a batch
    Conflict,
    /// REJECTED for one record of a batch
    Reject,
    /// The service stops in good order: what it has is acknowledged, then UNAVAILABLE with NOT_SERVING
    Drain,
    /// The service is gone and comes back
    Restart,
    /// The client is killed before an acknowledgement and started again; only where it was started by this command
    Killed,
}

impl Fault {
    /// In the order in which they come.
    pub(super) const ALL: [Self; 10] = [
        Self::LostAck,
        Self::Reject,
        Self::SlowDown,
        Self::Cut,
        Self::Drain,
        Self::Conflict,
        Self::EarlyEnd,
        Self::Unavailable,
        Self::Restart,
        Self::Killed,
    ];

    /// The line of the report.
    pub(super) const fn check(self) -> &'static str {
        match self {
            Self::LostAck => "an acknowledgement is lost",
            Self::Cut => "the connection breaks",
            Self::EarlyEnd => "the stream ends early, without an error",
            Self::Unavailable => "the service cannot write for a moment (UNAVAILABLE)",
            Self::SlowDown => "the service asks for a pause (RESOURCE_EXHAUSTED)",
            Self::Conflict => "a record is in conflict (CONFLICT)",
            Self::Reject => "a record is refused (REJECTED)",
            Self::Drain => "the service stops in good order",
            Self::Restart => "the service is gone for a second",
            Self::Killed => "the client is killed and started again",
        }
    }

    /// What a client has to do about it.
    pub(super) const fn to_do(self) -> &'static str {
        match self {
            Self::LostAck | Self::Cut | Self::EarlyEnd => {
                "open a new stream and send again, as it was and with the same ids, everything that was not acknowledged"
            }
            Self::Unavailable | Self::Restart => {
                "send again what was not acknowledged, after a pause that grows with each failure"
            }
            Self::SlowDown => {
                "wait as long as google.rpc.RetryInfo says, then send again what was not acknowledged"
            }
            Self::Conflict => {
                "tell somebody and go on; send a correction with a higher revision; the record is not delivered as it is"
            }
            Self::Reject => {
                "tell somebody and go on; the record is not delivered until it is mended and sent again"
            }
            Self::Drain => {
                "stop sending at NOT_SERVING, connect again after a pause that grows, and send again what was not acknowledged"
            }
            Self::Killed => {
                "keep on disk what is to be sent and what was acknowledged, and begin with what was not"
            }
        }
    }

    /// Whether it is one record that is refused, rather than a batch that has to come again.
    pub(super) const fn is_of_a_record(self) -> bool {
        matches!(self, Self::Conflict | Self::Reject)
    }
}

/// Which faults are still to come.
#[derive(Debug)]
pub(super) struct Plan {
    left: Vec<Fault>,
    /// Whether the next batch passes in any case: a client that is to be tried again has to get on in between.
    passes: bool,
}

impl Plan {
    /// All faults but these, and that of being killed only where the client can be.
    pub(super) fn new(without: &[Fault], kills: bool) -> Self {
        let wanted = |fault: &Fault| !without.contains(fault) && (kills || *fault != Fault::Killed);
        Self { left: Fault::ALL.into_iter().filter(wanted).collect(), passes: true }
    }

    /// What happens to a batch, out of what fits it; nothing to the first, and to the one after each fault that stops a batch.
    pub(super) fn next(&mut self, fits: impl Fn(Fault) -> bool) -> Option<Fault> {
        if std::mem::take(&mut self.passes) {
            return None;
        }
        let fault = self.left.remove(self.left.iter().position(|fault| fits(*fault))?);
        self.passes = !fault.is_of_a_record();
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_passes_after_each_fault_that_stops_one() {
        let mut plan = Plan::new(&[Fault::SlowDown], false);
        let came: Vec<_> = (0..14).map(|_| plan.next(|_| true)).collect();
        let expected = [
            None,
            Some(Fault::LostAck),
            None,
            Some(Fault::Reject),
            Some(Fault::Cut),
            None,
            Some(Fault::Drain),
            None,
            Some(Fault::Conflict),
            Some(Fault::EarlyEnd),
            None,
            Some(Fault::Unavailable),
            None,
            Some(Fault::Restart),
        ];
        assert_eq!(came, expected);
    }

    #[test]
    fn what_cannot_happen_to_a_batch_waits_for_one_to_which_it_can() {
        let mut plan = Plan::new(&[Fault::LostAck, Fault::Reject], false);
        assert_eq!(plan.next(|_| true), None, "the first");
        assert_eq!(plan.next(|_| false), None);
        assert_eq!(plan.next(|fault| fault == Fault::Restart), Some(Fault::Restart));
        assert_eq!(plan.next(|_| true), None);
        assert_eq!(plan.next(|_| true), Some(Fault::SlowDown));
    }
}
