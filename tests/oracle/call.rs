//! A record as the oracle reads it from a message: in one form, whatever way it was written.

use callgauge::proto::v1::{self, Direction, Outcome, OutcomeReason, Timing};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::world;

/// Whose call it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// A practice's.
    Practice(String),
    /// An account's: its id and the codes of its PCN, sub-ICB location, ICB and region, empty for unknown.
    Account {
        /// Its id.
        id: String,
        /// The codes.
        codes: [String; 4],
    },
}

/// What a record says, apart from source, id and revision.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) whose: Whose,
    pub(crate) retracted: bool,
    pub(crate) direction: Direction,
    pub(crate) outcome: Outcome,
    pub(crate) reason: OutcomeReason,
    pub(crate) millis: i64,
    pub(crate) ivr: Option<i64>,
    pub(crate) wait: Option<i64>,
    pub(crate) talk: Option<i64>,
    pub(crate) line: String,
    pub(crate) callback: Option<v1::callback::Kind>,
    pub(crate) banded: bool,
}

/// What a clock in London shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub(crate) date: Date,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) offset: i64,
}

impl Call {
    /// What a record says, or that it has to be refused: for a negative wait, or for a practice that is not known.
    pub(crate) fn read(record: &v1::CallRecord, late_is_known: bool) -> Result<Self, Refused> {
        let record = record.clone();
        let whose = match record.attribution.expect("the history gives one") {
            v1::call_record::Attribution::PracticeCode(code) => {
                Whose::Practice(code.trim().to_ascii_uppercase())
            }
            v1::call_record::Attribution::Account(account) => Whose::Account {
                id: account.id,
                codes: [account.pcn_code, account.sub_icb_code, account.icb_code, account.region_code],
            },
        };
        let secs = |duration: Option<prost_types::Duration>| duration.map(|duration| duration.seconds);
        let started_at = record.started_at.expect("the history gives one");
        let outcome = match Outcome::try_from(record.outcome).expect("the history knows the enum") {
            Outcome::Unspecified => Outcome::Unclassified,
            outcome => outcome,
        };
        let call = Self {
            retracted: record.retracted,
            direction: Direction::try_from(record.direction).expect("the history knows the enum"),
            outcome,
            reason: OutcomeReason::try_from(record.outcome_reason).expect("the history knows the enum"),
            millis: started_at.seconds * 1_000 + i64::from(started_at.nanos / 1_000_000),
            ivr: secs(record.ivr),
            wait: secs(record.wait),
            talk: secs(record.talk),
            line: record.line,
            callback: record.callback.and_then(|callback| callback.kind),
            banded: record.timing == Timing::Banded as i32,
            whose,
        };
        if call.wait.is_some_and(|wait| wait < 0) {
            return Err(Refused::ForGood);
        }
        match &call.whose {
            Whose::Practice(code) if code == world::LATE && !late_is_known => Err(Refused::UntilKnown),
            _ => Ok(call),
        }
    }

    /// What London's clock showed when it began.
    pub(crate) fn clock(&self) -> Clock {
        Clock::at(self.millis)
    }
}

/// Why a record is not taken.
pub(crate) enum Refused {
    /// It is wrong.
    ForGood,
    /// Its practice is not known yet.
    UntilKnown,
}

impl Clock {
    /// At an instant in milliseconds since 1970.
    pub(crate) fn at(millis: i64) -> Self {
        let instant = Timestamp::from_millisecond(millis).expect("the history keeps in range");
        let shown = instant.to_zoned(london());
        Self {
            date: shown.date(),
            hour: shown.hour().into(),
            minute: shown.minute().into(),
            offset: shown.offset().seconds().into(),
        }
    }
}

/// The time zone.
pub(crate) fn london() -> TimeZone {
    TimeZone::get("Europe/London").expect("jiff bundles Europe/London")
}
