//! Webex Calling's legs into common calls: what shares a correlation id is one call, and gets its one outcome.
//!
//! Nobody in Webex says whether a call was answered by a person, how long it waited, or whether the caller gave up: a queue, a menu and a mailbox
//! "answer" too. All of it follows from which parties the legs are of and when these legs began, were answered and were released.

use std::collections::BTreeMap;

use callgauge_adapter::schema::{Direction, Draft, DraftDuration, Moment, Outcome, Reason};
use callgauge_adapter::time::{between_or_nothing as between, utc};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall, Window, call_id_of};

use crate::wire::Leg;

/// Joins legs and puts the calls whose last report lies within `core` (all where `None`) on the page.
pub(crate) fn calls(legs: Vec<Leg>, core: Option<Window>, page: &mut Page) {
    let mut joined: BTreeMap<String, Vec<Leg>> = BTreeMap::new();
    for leg in legs {
        joined.entry(call_id(&leg)).or_default().push(leg);
    }
    for (id, mut legs) in joined {
        legs.sort_by(|a, b| (&a.start_time, &a.report_id).cmp(&(&b.start_time, &b.report_id)));
        legs.dedup_by(|b, a| a.report_id == b.report_id && !a.report_id.is_empty());
        let reported = legs.iter().filter_map(|leg| utc(&leg.report_time)).max();
        if let (Some(core), Some(reported)) = (core, reported)
            && !(core.from..core.until).contains(&reported)
        {
            continue;
        }
        let mapped = call(&id, &legs, page);
        page.take(mapped);
    }
}

/// The id that all legs of a call share.
pub(crate) fn call_id(leg: &Leg) -> String {
    [&leg.correlation_id, &leg.interaction_id, &leg.report_id]
        .into_iter()
        .find(|id| !id.is_empty())
        .cloned()
        .unwrap_or_default()
}

fn call(id: &str, legs: &[Leg], page: &mut Page) -> Result<Option<VendorCall>, Box<RejectedRow>> {
    let reject = |leg: &Leg, field: &str, reason, message: &str| {
        let row = serde_json::to_value(leg).unwrap_or_default();
        let id = call_id_of(&[&leg.report_id]);
        Box::new(RejectedRow { id, field: field.into(), reason, message: message.into(), row })
    };
    if let Some(leg) =
        legs.iter().find(|leg| !matches!(leg.direction.as_str(), "ORIGINATING" | "TERMINATING"))
    {
        let message = "must be ORIGINATING or TERMINATING";
        return Err(reject(leg, "Direction", RowReason::Malformed, message));
    }
    let (direction, first) = if let Some(leg) = legs.iter().find(|leg| leg.is_from_outside()) {
        (Direction::Inbound, leg)
    } else if let Some(leg) = legs.iter().find(|leg| leg.is_to_outside()) {
        (Direction::Outbound, leg)
    } else if let Some(leg) = legs.iter().find(|leg| matches!(leg.call_type.as_str(), "" | "UNKNOWN")) {
        let message =
            "must say where the call came from or went: SIP_INBOUND, SIP_NATIONAL, SIP_ENTERPRISE and so on";
        return Err(reject(leg, "Call type", RowReason::Missing, message));
    } else {
        return Ok(None);
    };
    let ways = legs
        .iter()
        .map(|leg| {
            Way::read(leg).map_err(|field| {
                reject(
                    leg,
                    field,
                    RowReason::Malformed,
                    "must be an instant such as 2026-02-03T08:00:00.000Z",
                )
            })
        })
        .collect::<Result<Vec<Way<'_>>, _>>()?;
    let started_at = ways.iter().map(|way| way.from).min().unwrap_or(Moment::from_millis(0));
    let mut draft = Draft {
        call_id: call_id_of(&[id]),
        direction: Some(direction),
        started_at: Some(started_at),
        ..Draft::default()
    };
    let mut places: Vec<Place> = legs.iter().find_map(|leg| leg.place.clone()).into_iter().collect();
    match direction {
        Direction::Inbound => {
            inbound(&ways, started_at, &mut draft, page);
            if let Some(queue) = ways.iter().find(|way| way.party.is_queue() && !way.leg.service.is_empty()) {
                draft.line.clone_from(&queue.leg.service);
                places.push(Place::queue(&queue.leg.service));
            }
        }
        Direction::Outbound => outbound(first, &mut draft, page),
    }
    if !first.location.is_empty() {
        places.push(Place::site(&first.location));
    }
    Ok(Some(VendorCall { draft, places }))
}

fn inbound(ways: &[Way<'_>], started_at: Moment, draft: &mut Draft, page: &mut Page) {
    let began =
        |wanted: fn(&Party) -> bool| ways.iter().filter(|way| wanted(&way.party)).map(|way| way.from).min();
    let queued_at = began(Party::is_queue);
    let rang_at = began(|party| *party == Party::Person);
    let had_menu = began(|party| *party == Party::Menu).is_some();
    let ended_at = ways.iter().filter_map(|way| way.released).max().unwrap_or(started_at);
    let answered_at = ways.iter().filter_map(Way::answered_by_a_person).min();
    let waited_from = queued_at.or(rang_at).unwrap_or(started_at);
    let wait = |until: Moment| Some(between(waited_from, until));
    let last = |wanted: fn(&Party) -> bool| ways.iter().rev().find(|way| wanted(&way.party));
    if had_menu {
        draft.ivr = Some(between(started_at, queued_at.or(rang_at).unwrap_or(ended_at)));
    }
    let (outcome, reason, wait) = if let Some(answered_at) = answered_at {
        draft.talk = Some(between(answered_at, ended_at));
        (Outcome::Answered, None, wait(answered_at))
    } else if let Some(mailbox) = began(|party| *party == Party::Voicemail) {
        (Outcome::Missed, Some(Reason::Voicemail), wait(mailbox))
    } else if let Some(queue) = last(Party::is_queue) {
        (Outcome::Missed, gave_up(queue), wait(ended_at))
    } else if ways.iter().any(|way| way.leg.is_to_outside() && way.leg.answered == "true") {
        (Outcome::EndedInIvr, Some(Reason::Diverted), None)
    } else if let Some(person) = last(|party| *party == Party::Person) {
        (Outcome::Missed, unanswered(person.leg, page), wait(ended_at))
    } else if let Some(menu) = last(|party| *party == Party::Menu) {
        let by_caller = menu.leg.releasing_party == "Remote";
        let reason = if by_caller { Reason::HungUpInMenu } else { Reason::AfterMessage };
        (Outcome::EndedInIvr, Some(reason), None)
    } else {
        let word = ways.first().map_or("", |way| way.leg.user_type.as_str());
        page.unknown_word("User type", word);
        (Outcome::Unclassified, None, None)
    };
    (draft.outcome, draft.reason, draft.wait) = (Some(outcome), reason, wait);
}

/// Why a queue or hunt group was left without an answer: the caller hung up, or the queue let go.
fn gave_up(queue: &Way<'_>) -> Option<Reason> {
    match (queue.leg.releasing_party.as_str(), &queue.party) {
        ("Remote", Party::Queue) => Some(Reason::AbandonedInQueue),
        ("Remote", _) => Some(Reason::AbandonedWhileRinging),
        ("Local", Party::Queue) => Some(Reason::QueueTimeout),
        ("Local", _) => Some(Reason::RangOut),
        _ => None,
    }
}

/// Why nobody answered where there was no queue.
fn unanswered(leg: &Leg, page: &mut Page) -> Option<Reason> {
    match (leg.outcome.as_str(), leg.outcome_reason.as_str()) {
        (_, "UserBusy") => Some(Reason::Busy),
        ("Refusal", "NoAnswer" | "NoAnswerFromUser" | "NoUserResponse" | "SIP480" | "SIP408") => {
            Some(Reason::RangOut)
        }
        ("Success", "NoAnswer") => Some(Reason::RangOut),
        ("Success", _) if leg.releasing_party == "Remote" => Some(Reason::AbandonedWhileRinging),
        ("Success" | "", _) => Some(Reason::RangOut),
        ("Refusal", "SIP487") => Some(Reason::AbandonedWhileRinging),
        ("Refusal", "CallRejected" | "AdminCallBlock" | "UserCallBlock") => None,
        ("Refusal" | "Failure", _) => Some(Reason::Failed),
        (other, _) => {
            page.unknown_word("Call outcome", other);
            None
        }
    }
}

fn outbound(leg: &Leg, draft: &mut Draft, page: &mut Page) {
    let (outcome, reason) = if leg.answered == "true" {
        draft.talk = leg.duration.parse().ok().map(DraftDuration::from_secs);
        (Outcome::Answered, None)
    } else {
        (Outcome::Missed, unanswered(leg, page))
    };
    (draft.outcome, draft.reason) = (Some(outcome), reason);
}

/// A leg with its times read.
struct Way<'a> {
    leg: &'a Leg,
    party: Party,
    from: Moment,
    answered: Option<Moment>,
    released: Option<Moment>,
}

/// Whose leg it is.
#[derive(PartialEq, Eq)]
enum Party {
    Menu,
    Queue,
    HuntGroup,
    Person,
    Voicemail,
    Other,
}

impl<'a> Way<'a> {
    /// Reads the times; names the field that is no instant.
    fn read(leg: &'a Leg) -> Result<Self, &'static str> {
        let optional = |field: &'static str, text: &str| match text {
            "" => Ok(None),
            text => utc(text).map(Some).ok_or(field),
        };
        let from = utc(&leg.start_time).ok_or("Start time")?;
        let answered = optional("Answer time", &leg.answer_time)?;
        let released = optional("Release time", &leg.release_time)?.or_else(|| {
            let secs: i64 = leg.duration.parse().ok()?;
            Some(answered?.plus_millis(secs.saturating_mul(1_000)))
        });
        Ok(Self { leg, party: Party::of(leg), from, answered, released })
    }

    /// When a person took the call on this leg.
    fn answered_by_a_person(&self) -> Option<Moment> {
        let leg = self.leg;
        let took = self.party == Party::Person
            && leg.direction == "TERMINATING"
            && leg.answered == "true"
            && leg.answer_indicator != "Yes-PostRedirection"
            && leg.answered_elsewhere != "true";
        self.answered.filter(|_| took)
    }
}

impl Party {
    fn of(leg: &Leg) -> Self {
        let kind = leg.user_type.as_str();
        if kind.starts_with("AutomatedAttendant") {
            Self::Menu
        } else if kind.starts_with("CallCenter") {
            Self::Queue
        } else if kind == "HuntGroup" {
            Self::HuntGroup
        } else if kind.starts_with("VoiceMail") {
            Self::Voicemail
        } else if matches!(kind, "User" | "Place" | "VirtualLine" | "BroadworksAnywhere") {
            if leg.direction == "TERMINATING" { Self::Person } else { Self::Other }
        } else {
            Self::Other
        }
    }

    fn is_queue(&self) -> bool {
        matches!(self, Self::Queue | Self::HuntGroup)
    }
}
