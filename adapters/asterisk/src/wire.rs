//! Lines of Asterisk's files, as far as they are read. A caller's number stands in ENTERQUEUE, src, clid and channel names: none of these has a field here.

use callgauge_adapter::folder::Fields;
use callgauge_adapter::{Place, call_id_of};

/// A line of `queue_log`: `time|uniqueid|queue|member|event|data...`. The member is a person's telephone and is not read.
#[derive(Clone, Debug)]
pub(crate) struct Event<'a> {
    pub(crate) time: &'a str,
    /// Empty where the line is of no call.
    pub(crate) call: String,
    pub(crate) queue: &'a str,
    pub(crate) what: What,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Entered,
    /// Seconds in the queue.
    Connected(Option<i64>),
    /// Seconds in the queue, and of talk.
    Completed(Option<i64>, Option<i64>),
    Transferred(Option<i64>, Option<i64>),
    /// Seconds in the queue.
    Abandoned(Option<i64>),
    TimedOut(Option<i64>),
    Full,
    NotAdmitted,
    /// The key.
    Key(String),
    Dialled(Option<Place>),
    /// Of no call, or nothing that changes one.
    Beside,
    Unknown(String),
}

impl<'a> Event<'a> {
    pub(crate) fn read(fields: &'a Fields) -> Self {
        let data = |n: usize| fields.get(5 + n);
        let number = |n: usize| data(n).parse::<i64>().ok();
        let what = match fields.get(4) {
            "ENTERQUEUE" => What::Entered,
            "CONNECT" => What::Connected(number(0)),
            "COMPLETEAGENT" | "COMPLETECALLER" => What::Completed(number(0), number(1)),
            "BLINDTRANSFER" | "TRANSFER" => What::Transferred(number(2), number(3)),
            "ATTENDEDTRANSFER" => What::Transferred(None, None),
            "ABANDON" => What::Abandoned(number(2)),
            "EXITWITHTIMEOUT" => What::TimedOut(number(2)),
            "FULL" => What::Full,
            "EXITEMPTY" | "JOINEMPTY" | "CLOSED" => What::NotAdmitted,
            "EXITWITHKEY" => What::Key(data(0).chars().take(4).collect()),
            "DID" => What::Dialled(Place::number(data(0))),
            "RINGNOANSWER"
            | "RINGCANCELED"
            | "QUEUESTART"
            | "CONFIGRELOAD"
            | "ADDMEMBER"
            | "REMOVEMEMBER"
            | "PAUSE"
            | "UNPAUSE"
            | "PAUSEALL"
            | "UNPAUSEALL"
            | "PAUSEREASON"
            | "PENALTY"
            | "RINGBUSY"
            | "AGENTLOGIN"
            | "AGENTLOGOFF"
            | "AGENTCALLBACKLOGIN"
            | "AGENTCALLBACKLOGOFF"
            | "AGENTDUMP"
            | "INFO"
            | "SYSCOMPAT"
            | "QUEUESTATE" => What::Beside,
            other => What::Unknown(other.to_owned()),
        };
        let call = match fields.get(1) {
            "" | "NONE" | "REALTIME" | "MANAGER" => String::new(),
            id => call_id_of(&[id]),
        };
        Self { time: fields.get(0), call, queue: fields.get(2), what }
    }
}

/// A row of `Master.csv`.
#[derive(Clone, Debug)]
pub(crate) struct CdrRow<'a> {
    pub(crate) call: String,
    pub(crate) context: &'a str,
    pub(crate) application: &'a str,
    pub(crate) started: &'a str,
    pub(crate) duration: &'a str,
    pub(crate) talked: &'a str,
    pub(crate) disposition: &'a str,
    /// What was dialled, where it is a number.
    pub(crate) dialled: Option<Place>,
}

/// The fewest columns of a CDR row with its unique id.
pub(crate) const CDR_COLUMNS: usize = 17;

impl<'a> CdrRow<'a> {
    pub(crate) fn read(fields: &'a Fields) -> Self {
        let id = fields.get(16);
        Self {
            call: if id.is_empty() { String::new() } else { call_id_of(&[id]) },
            context: fields.get(3),
            application: fields.get(7),
            started: fields.get(9),
            duration: fields.get(12),
            talked: fields.get(13),
            disposition: fields.get(14),
            dialled: Place::number(fields.get(2)),
        }
    }
}
