//! Counts that stand for calls, on the way in: each tally checked, or refused with its reason and kept in a form that can be sent through again.

use callgauge_schema::{Attribution, DraftAttribution, Moment, OdsCode, RejectReason, SourceId};
use prost::Message as _;

use super::intake::Refusal;
use super::submit::Ingest;
use super::wire;
use crate::calendar::{Day, start_of};
use crate::metrics::{CountShape, Indicator, InvalidCounts, StatedCount, StatedCounts};
use crate::organisations::Directory;
use crate::proto::v1;
use crate::store::{Committed, DayTally, Item, Reject, StoreError, Submission, Verdict};

/// Counts that one tally may have.
const COUNTS: usize = 200;
/// Stands before a kept tally, and before no kept record: no message begins with it.
const KEPT: u8 = 0;

/// Tallies, converted and ready to be committed.
#[derive(Debug)]
pub struct TallyBatch {
    pub(super) submission: Submission,
    refusals: Vec<Refusal>,
    /// How many came.
    sent: usize,
}

/// What became of tallies.
#[derive(Clone, Debug)]
pub struct TakenTallies {
    /// One for each, in the order sent.
    pub verdicts: Vec<Verdict>,
    /// Those that were refused, in the order sent.
    pub refusals: Vec<Refusal>,
}

/// Why a tally is refused.
pub(super) struct Refused {
    field: String,
    reason: RejectReason,
    message: String,
}

impl Refused {
    fn new(field: impl Into<String>, reason: RejectReason, message: impl Into<String>) -> Self {
        Self { field: field.into(), reason, message: message.into() }
    }
}

impl Ingest {
    /// Checks every tally.
    pub fn convert_tallies(&self, source: SourceId, tallies: Vec<v1::DayTally>) -> TallyBatch {
        let (now, directory) = ((self.clock)(), self.directory.now());
        let sent = tallies.len();
        let mut batch =
            TallyBatch { submission: Submission::new(source, Vec::new()), refusals: Vec::new(), sent };
        for (index, tally) in (0..).zip(tallies) {
            match check(tally.clone(), now, &directory) {
                Ok(tally) => batch.submission.tallies.push(tally),
                Err(Refused { field, reason, message }) => {
                    let reject = Reject {
                        call_id: None,
                        practice: practice(&tally),
                        field: field.clone(),
                        reason,
                        message: message.clone(),
                        payload: payload(tally),
                    };
                    batch.submission.items.push(Item::Reject(Box::new(reject)));
                    batch.refusals.push(Refusal { index, field, reason, message });
                }
            }
        }
        batch
    }

    /// Commits tallies.
    ///
    /// # Errors
    /// What [`crate::store::Store::commit`] refuses; nothing was taken then.
    pub async fn commit_tallies(&self, batch: TallyBatch) -> Result<(Committed, TakenTallies), StoreError> {
        let TallyBatch { submission, refusals, sent } = batch;
        let committed = self.store.commit(submission).await?;
        let taken = in_order(&committed.tallies, refusals, sent);
        Ok((committed, taken))
    }

    /// What [`Ingest::commit_tallies`] would say, without doing it.
    ///
    /// # Errors
    /// What [`crate::store::Store::preview`] refuses.
    pub async fn preview_tallies(&self, batch: TallyBatch) -> Result<TakenTallies, StoreError> {
        let TallyBatch { submission, refusals, sent } = batch;
        let previewed = self.store.preview(submission).await?;
        Ok(in_order(&previewed.tallies, refusals, sent))
    }
}

/// A verdict for each tally sent, from those of the good ones.
fn in_order(good: &[Verdict], refusals: Vec<Refusal>, sent: usize) -> TakenTallies {
    let mut good = good.iter().copied();
    let mut refused = refusals.iter().peekable();
    let verdicts = (0..sent as u32).map(|index| match refused.next_if(|refusal| refusal.index == index) {
        Some(_) => Verdict::Rejected,
        None => good.next().unwrap_or(Verdict::Rejected),
    });
    TakenTallies { verdicts: verdicts.collect(), refusals }
}

/// A tally, checked.
pub(super) fn check(tally: v1::DayTally, now: Moment, directory: &Directory) -> Result<DayTally, Refused> {
    use RejectReason::{InTheFuture, Malformed, Missing, UnknownPractice};
    let v1::DayTally { attribution, date, shape, indicators, counts } = tally;
    let attribution = attribution.map(|attribution| match attribution {
        v1::day_tally::Attribution::PracticeCode(code) => DraftAttribution::Practice(code),
        v1::day_tally::Attribution::Account(account) => wire::to_draft_account(account),
    });
    let whose = DraftAttribution::check(attribution)
        .map_err(|fault| Refused::new(fault.field, fault.reason, fault.message))?;
    if let Attribution::Practice(code) = &whose
        && !directory.knows_practice(*code)
    {
        let told = "no organisation with this code was ever imported; the tally goes through by itself when an import makes it known";
        return Err(Refused::new("practice_code", UnknownPractice, told));
    }
    if date.is_empty() {
        return Err(Refused::new("date", Missing, "must be the day that the counts are of"));
    }
    let day: Day = date.parse().map_err(|_| {
        Refused::new("date", Malformed, "must be a date like 2026-02-01, from 2000-01-01 to 2099-12-31")
    })?;
    if start_of(day.plus(1)) > now {
        return Err(Refused::new("date", InTheFuture, "must be a day that is over"));
    }
    let shape = u8::try_from(shape)
        .ok()
        .and_then(CountShape::from_number)
        .ok_or_else(|| Refused::new("shape", Missing, "must be DAY, TIME_BANDS or DURATION_BANDS"))?;
    if counts.len() > COUNTS {
        return Err(Refused::new("counts", Malformed, format!("must be at most {COUNTS}")));
    }
    let listed =
        indicators.iter().enumerate().map(|(at, &number)| indicator(format!("indicators[{at}]"), number));
    let listed = listed.collect::<Result<Vec<_>, _>>()?;
    let counts = counts.into_iter().enumerate().map(|(at, stated)| count(at, stated, shape));
    let counts = counts.collect::<Result<Vec<_>, _>>()?;
    let counts =
        StatedCounts::new(shape, &listed, counts).map_err(|(fault, at)| refused(fault, at, shape))?;
    Ok(DayTally { whose, day, counts })
}

fn indicator(field: String, number: i32) -> Result<Indicator, Refused> {
    u8::try_from(number)
        .ok()
        .and_then(Indicator::from_number)
        .ok_or_else(|| Refused::new(field, RejectReason::Malformed, "must be one of the seven indicators"))
}

fn count(at: usize, count: v1::TallyCount, shape: CountShape) -> Result<StatedCount, Refused> {
    let v1::TallyCount { indicator, time_band, duration_band, calls } = count;
    let malformed = |name: &str, message: String| {
        Refused::new(format!("counts[{at}].{name}"), RejectReason::Malformed, message)
    };
    let indicator = self::indicator(format!("counts[{at}].indicator"), indicator)?;
    let (part, other, name, other_name) = match shape {
        CountShape::Day | CountShape::TimeBands => (time_band, duration_band, "time_band", "duration_band"),
        CountShape::DurationBands => (duration_band, time_band, "duration_band", "time_band"),
    };
    if other != 0 {
        return Err(malformed(other_name, "must be absent with this shape".to_owned()));
    }
    let part = u8::try_from(part).map_err(|_| malformed(name, "must be one of the bands".to_owned()))?;
    let calls = u32::try_from(calls).map_err(|_| malformed("calls", InvalidCounts::TooMany.to_string()))?;
    Ok(StatedCount { indicator, part, calls })
}

/// Which field is at fault, and why.
fn refused(fault: InvalidCounts, at: Option<usize>, shape: CountShape) -> Refused {
    use RejectReason::{Contradiction, Malformed, Missing};
    let band = if shape == CountShape::DurationBands { "duration_band" } else { "time_band" };
    let (name, reason) = match fault {
        InvalidCounts::NoInbound => ("indicators", Missing),
        InvalidCounts::Part => (band, Malformed),
        InvalidCounts::NotListed => ("indicator", Contradiction),
        InvalidCounts::Twice => ("indicator", Contradiction),
        InvalidCounts::TooMany => ("calls", Malformed),
        InvalidCounts::LessThanOutcomes => ("counts", Contradiction),
    };
    let field = at.map_or_else(|| name.to_owned(), |at| format!("counts[{at}].{name}"));
    Refused::new(field, reason, fault.to_string())
}

fn practice(tally: &v1::DayTally) -> Option<OdsCode> {
    match &tally.attribution {
        Some(v1::day_tally::Attribution::PracticeCode(code)) => code.parse().ok(),
        Some(v1::day_tally::Attribution::Account(_)) | None => None,
    }
}

/// A refused tally in the form in which it is kept: without texts that are not what their fields take.
fn payload(tally: v1::DayTally) -> Vec<u8> {
    let code = |text: &str| text.parse::<OdsCode>().map(|code| code.to_string()).unwrap_or_default();
    let attribution = tally.attribution.as_ref().map(|attribution| match attribution {
        v1::day_tally::Attribution::PracticeCode(text) => {
            v1::day_tally::Attribution::PracticeCode(code(text))
        }
        v1::day_tally::Attribution::Account(account) => {
            let v1::Account { id, pcn_code, sub_icb_code, icb_code, region_code } = account;
            let fit = id.parse::<callgauge_schema::AccountId>().is_ok();
            v1::day_tally::Attribution::Account(v1::Account {
                id: if fit { id.clone() } else { String::new() },
                pcn_code: code(pcn_code),
                sub_icb_code: code(sub_icb_code),
                icb_code: code(icb_code),
                region_code: code(region_code),
            })
        }
    });
    let date = tally.date.parse::<Day>().map(|day| day.to_string()).unwrap_or_default();
    let mut counts = tally.counts;
    counts.truncate(COUNTS + 1);
    let mut indicators = tally.indicators;
    indicators.truncate(COUNTS);
    let kept = v1::DayTally { attribution, date, shape: tally.shape, indicators, counts };
    let mut bytes = vec![KEPT];
    bytes.extend(kept.encode_to_vec());
    bytes
}

/// A kept tally; `None` where it is something else.
pub(super) fn from_payload(payload: &[u8]) -> Option<v1::DayTally> {
    let (&KEPT, tally) = payload.split_first()? else { return None };
    v1::DayTally::decode(tally).ok()
}
