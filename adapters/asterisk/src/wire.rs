//! Lines of Asterisk's files, as far as they are read. A caller's number stands in ENTERQUEUE, src, clid and channel names: none of these has a field here.

use callgauge_adapter::folder::{Fields, HEAD, Records, Shape};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::time::{self, TimeFault, Zone};
use callgauge_adapter::{Place, call_id_of};

/// `time|uniqueid|queue|member|event|data...`
const PIPES: Shape = Shape { delimiter: b'|', quotes: false };
const COMMAS: Shape = Shape { delimiter: b',', quotes: true };

/// What a file holds, and where.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    /// `queue_log`, or an export of its table.
    Events(Columns<EVENT>),
    /// `Master.csv`, or an export of the table `cdr`.
    Rows(Columns<ROW>),
}

/// Where the columns of a file stand.
#[derive(Clone, Debug)]
pub(crate) struct Columns<const N: usize> {
    at: [Option<usize>; N],
    /// The fewest that a record has.
    pub(crate) fewest: usize,
    pub(crate) shape: Shape,
    /// Whether the first record names them.
    pub(crate) header: bool,
}

/// Time, call, queue, event and four data.
const EVENT: usize = 8;
const EVENT_NAMES: [&[&str]; EVENT] =
    [&["time"], &["callid"], &["queuename"], &["event"], &["data1"], &["data2"], &["data3"], &["data4"]];
/// Account, dialled number, context, application, start, length, talk, disposition, unique id, linked id, number dialled from outside.
const ROW: usize = 11;
const ROW_NAMES: [&[&str]; ROW] = [
    &["accountcode"],
    &["dst"],
    &["dcontext"],
    &["lastapp"],
    &["calldate", "start"],
    &["duration"],
    &["billsec"],
    &["disposition"],
    &["uniqueid"],
    &["linkedid"],
    &["did"],
];
/// The fewest columns of `Master.csv` with its unique id.
const MASTER: usize = 17;
/// How many it has with all that Asterisk can write.
const MASTER_WHOLE: usize = 21;

impl Layout {
    /// From a file's beginning; `None` where its first line is not all there.
    pub(crate) fn of(head: &[u8]) -> Result<Option<Self>, String> {
        let mut records = Records::new(head, 1, COMMAS, head.len() < HEAD, true);
        let Some(Ok(first)) = records.next() else { return Ok(None) };
        let mut fields = Fields::new();
        fields.split(first.bytes, PIPES);
        if fields.len() >= 4 {
            let at = [0, 1, 2, 4, 5, 6, 7, 8].map(Some);
            return Ok(Some(Self::Events(Columns { at, fewest: 5, shape: PIPES, header: false })));
        }
        fields.split(first.bytes, COMMAS);
        let named = |names: &[&str]| {
            fields.iter().position(|column| names.iter().any(|name| column.eq_ignore_ascii_case(name)))
        };
        let count = fields.len();
        if named(&["event"]).is_some() && named(&["callid"]).is_some() {
            let at = EVENT_NAMES.map(named);
            let columns = Columns { at, fewest: count, shape: COMMAS, header: true };
            return columns
                .needing(&EVENT_NAMES, &[0, 1, 2, 3, 4])
                .map(|columns| Some(Self::Events(columns)));
        }
        if named(&["uniqueid"]).is_some() {
            let columns = Columns { at: ROW_NAMES.map(named), fewest: count, shape: COMMAS, header: true };
            return columns
                .needing(&ROW_NAMES, &[2, 3, 4, 5, 6, 7, 8])
                .map(|columns| Some(Self::Rows(columns)));
        }
        if count < 3 {
            let half = !head.contains(&b'\n');
            return if half {
                Ok(None)
            } else {
                Err("holds neither time|uniqueid|queue|member|event nor CDR columns".to_owned())
            };
        }
        let linked = (count == MASTER_WHOLE).then_some(19);
        let at = [
            Some(0),
            Some(2),
            Some(3),
            Some(7),
            Some(9),
            Some(12),
            Some(13),
            Some(14),
            Some(16),
            linked,
            None,
        ];
        Ok(Some(Self::Rows(Columns { at, fewest: MASTER, shape: COMMAS, header: false })))
    }

    /// How its text is divided.
    pub(crate) const fn shape(&self) -> Shape {
        match self {
            Self::Events(columns) => columns.shape,
            Self::Rows(columns) => columns.shape,
        }
    }
}

impl<const N: usize> Columns<N> {
    fn needing(self, names: &[&[&str]; N], needed: &[usize]) -> Result<Self, String> {
        let lacking: Vec<&str> =
            needed.iter().filter(|n| self.at[**n].is_none()).map(|n| names[*n][0]).collect();
        if lacking.is_empty() {
            return Ok(self);
        }
        Err(format!("lacks the columns {}: export them too", lacking.join(", ")))
    }

    fn get<'a>(&self, fields: &'a Fields, n: usize) -> &'a str {
        self.at[n].map_or("", |at| fields.get(at))
    }
}

/// A queue event.
#[derive(Clone, Debug)]
pub(crate) struct Event<'a> {
    pub(crate) time: &'a str,
    /// Empty where the line is of no call.
    pub(crate) call: String,
    pub(crate) queue: &'a str,
    pub(crate) what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// How many digits the caller's number has.
    Entered(u64),
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

/// Events of agents and of the queue itself, and rings that nobody took.
const BESIDE: [&str; 21] = [
    "RINGNOANSWER",
    "RINGCANCELED",
    "RINGBUSY",
    "QUEUESTART",
    "CONFIGRELOAD",
    "ADDMEMBER",
    "REMOVEMEMBER",
    "PAUSE",
    "UNPAUSE",
    "PAUSEALL",
    "UNPAUSEALL",
    "PAUSEREASON",
    "PENALTY",
    "AGENTLOGIN",
    "AGENTLOGOFF",
    "AGENTCALLBACKLOGIN",
    "AGENTCALLBACKLOGOFF",
    "AGENTDUMP",
    "INFO",
    "SYSCOMPAT",
    "QUEUESTATE",
];

impl<'a> Event<'a> {
    /// An event.
    pub(crate) fn read(fields: &'a Fields, columns: &Columns<EVENT>) -> Self {
        let data = |n: usize| columns.get(fields, 4 + n);
        let number = |n: usize| data(n).parse::<i64>().ok();
        let what = match columns.get(fields, 3) {
            "ENTERQUEUE" => What::Entered(data(1).bytes().filter(u8::is_ascii_digit).count() as u64),
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
            beside if BESIDE.contains(&beside) => What::Beside,
            other => What::Unknown(other.to_owned()),
        };
        let call = match columns.get(fields, 1) {
            "" | "NONE" | "REALTIME" | "MANAGER" => String::new(),
            id => call_id_of(&[id]),
        };
        Self { time: columns.get(fields, 0), call, queue: columns.get(fields, 2), what }
    }

    /// When it was: seconds since 1970 in the log itself, a local time in exports of its table.
    pub(crate) fn at(&self, columns: &Columns<EVENT>, zone: &Zone) -> Result<Moment, TimeFault> {
        if columns.header { time::instant(self.time, zone) } else { time::epoch_text(self.time) }
    }

    /// Whether it is one of a call in a queue.
    pub(crate) const fn of_queue(&self) -> bool {
        !self.call.is_empty() && !matches!(self.what, What::Beside | What::Unknown(_) | What::Dialled(_))
    }
}

/// A CDR row.
#[derive(Clone, Debug)]
pub(crate) struct CdrRow {
    pub(crate) call: String,
    /// What rows of one call share; the call's own id where nothing else is written.
    pub(crate) linked: String,
    /// The account code, for systems of several sites.
    pub(crate) account: String,
    pub(crate) context: String,
    pub(crate) application: String,
    pub(crate) started: String,
    pub(crate) duration: String,
    pub(crate) talked: String,
    pub(crate) disposition: String,
    /// What was dialled, where it is a number.
    pub(crate) dialled: Option<Place>,
    /// Whether it came in by a number of the practice's; `None` where the file does not say.
    pub(crate) by_did: Option<bool>,
}

impl CdrRow {
    /// A row.
    pub(crate) fn read(fields: &Fields, columns: &Columns<ROW>) -> Self {
        let get = |n: usize| columns.get(fields, n);
        let id = |text: &str| if text.is_empty() { String::new() } else { call_id_of(&[text]) };
        let call = id(get(8));
        let linked = Some(id(get(9))).filter(|linked| !linked.is_empty()).unwrap_or_else(|| call.clone());
        let did = columns.at[10].map(|at| fields.get(at));
        Self {
            call,
            linked,
            account: get(0).to_owned(),
            context: get(2).to_owned(),
            application: get(3).to_owned(),
            started: get(4).to_owned(),
            duration: get(5).to_owned(),
            talked: get(6).to_owned(),
            disposition: get(7).to_owned(),
            dialled: did.and_then(Place::number).or_else(|| Place::number(get(1))),
            by_did: did.map(|did| !did.is_empty()),
        }
    }
}
