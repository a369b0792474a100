//! Rows of counts, gathered into days in the shapes that tallies take: by time band, by duration band, or whole.
//!
//! A supplier's file may cut a day in any way, and in several at once. What each indicator comes to is summed for each shape by itself, so that a total
//! beside its own parts, or the same calls cut by time and by duration, are never added up.

use std::collections::{BTreeMap, BTreeSet};

use callgauge_adapter::{Place, RejectedRow, RowReason, TallyRow};

use super::{Mapping, convert};
use crate::proto::v1::{self, TallyIndicator, TallyShape, day_tally::Attribution};

/// Counts of a page.
pub(super) struct Counted {
    /// A message for each day and shape.
    pub(super) tallies: Vec<v1::DayTally>,
    /// Days of which no mapping says whose they are.
    pub(super) nobodys: Vec<RejectedRow>,
}

/// Whose counts: practice, else account, else the places that nobody has.
type Key = (String, String, String);

/// A day's counts by indicator, time band and duration band, as numbers of the proto; 0 is no band.
#[derive(Default)]
struct Day {
    whose: Option<Attribution>,
    rows: BTreeMap<(i32, i32, i32), i64>,
}

/// Gathers rows into days.
pub(super) fn day_tallies(mapping: &Mapping, rows: Vec<TallyRow>) -> Counted {
    let mut days: BTreeMap<(Key, String), Day> = BTreeMap::new();
    for row in rows {
        let (whose, key) = whose_counts(mapping, &row);
        let TallyRow { date, indicator, time_band, duration_band, count, .. } = row;
        let day = days.entry((key, date)).or_default();
        day.whose = whose;
        let part = (self::indicator(&indicator), self::time_band(&time_band), duration(&duration_band));
        let sum = day.rows.entry(part).or_default();
        *sum = sum.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
    }
    let mut counted = Counted { tallies: Vec::new(), nobodys: Vec::new() };
    for (((_, _, places), date), day) in days {
        if day.whose.is_some() {
            counted.tallies.extend(day.shapes().map(|shape| day.tally(&date, shape)));
        } else {
            counted.nobodys.push(nobodys(&places, &date));
        }
    }
    counted
}

impl Day {
    fn indicators(&self) -> BTreeSet<i32> {
        self.rows.keys().map(|(indicator, _, _)| *indicator).collect()
    }

    /// The rows of an indicator, as (time band, duration band, calls).
    fn of(&self, indicator: i32) -> impl Iterator<Item = (i32, i32, i64)> {
        let theirs = self.rows.range((indicator, i32::MIN, i32::MIN)..=(indicator, i32::MAX, i32::MAX));
        theirs.map(|((_, time, duration), calls)| (*time, *duration, *calls))
    }

    /// Whether an indicator is cut by time of day.
    fn timed(&self, indicator: i32) -> bool {
        self.of(indicator).any(|(time, _, _)| time != 0)
    }

    /// Whether an indicator that has durations is cut by them.
    fn cut(&self, indicator: i32) -> bool {
        has_duration(indicator) && self.of(indicator).any(|(_, duration, _)| duration != 0)
    }

    /// Calls of an indicator by time band: where a band is cut by duration as well, the sum of its parts.
    fn by_time(&self, indicator: i32) -> BTreeMap<i32, i64> {
        let timed = self.of(indicator).filter(|(time, _, _)| *time != 0);
        parts(timed.map(|(time, duration, calls)| (time, duration != 0, calls)))
    }

    /// Calls of an indicator by duration band: where a band is cut by time as well, the sum of its parts.
    fn by_duration(&self, indicator: i32) -> BTreeMap<i32, i64> {
        let cut = self.of(indicator).filter(|(_, duration, _)| *duration != 0);
        parts(cut.map(|(time, duration, calls)| (duration, time != 0, calls)))
    }

    /// Calls of an indicator on the whole day: as stated, else the sum of its parts.
    fn whole(&self, indicator: i32) -> i64 {
        let sum = |parts: BTreeMap<i32, i64>| parts.into_values().fold(0, i64::saturating_add);
        match self.rows.get(&(indicator, 0, 0)) {
            Some(stated) => *stated,
            None if self.timed(indicator) => sum(self.by_time(indicator)),
            None => sum(self.by_duration(indicator)),
        }
    }

    /// The shapes that carry what is stated: bands as far as there are any, the day where an indicator is in neither of them.
    fn shapes(&self) -> impl Iterator<Item = TallyShape> {
        let all = self.indicators();
        let inbound = TallyIndicator::Inbound.into();
        // Bands without the number of calls would be refused; where the day has it, the day can be taken.
        let timed =
            all.iter().any(|one| self.timed(*one)) && (self.timed(inbound) || !all.contains(&inbound));
        let cut = all.iter().any(|one| self.cut(*one));
        let carried = |one: &i32| (timed && self.timed(*one)) || (cut && self.listed(*one));
        let day = !all.iter().all(carried);
        [(TallyShape::TimeBands, timed), (TallyShape::DurationBands, cut), (TallyShape::Day, day)]
            .into_iter()
            .filter_map(|(shape, is)| is.then_some(shape))
    }

    /// Whether an indicator is told by the shape of duration bands.
    fn listed(&self, indicator: i32) -> bool {
        self.cut(indicator) || !has_duration(indicator)
    }

    fn tally(&self, date: &str, shape: TallyShape) -> v1::DayTally {
        let (mut indicators, mut counts) = (Vec::new(), Vec::new());
        for indicator in self.indicators() {
            let (parts, timed) = match shape {
                TallyShape::TimeBands if self.timed(indicator) => (self.by_time(indicator), true),
                TallyShape::DurationBands if self.cut(indicator) => (self.by_duration(indicator), false),
                TallyShape::DurationBands if !self.listed(indicator) => continue,
                TallyShape::TimeBands => continue,
                TallyShape::DurationBands | TallyShape::Day | TallyShape::Unspecified => {
                    (BTreeMap::from([(0, self.whole(indicator))]), false)
                }
            };
            indicators.push(indicator);
            counts.extend(parts.into_iter().map(|(part, calls)| v1::TallyCount {
                indicator,
                time_band: if timed { part } else { 0 },
                duration_band: if timed { 0 } else { part },
                calls,
            }));
        }
        v1::DayTally {
            attribution: self.whose.clone(),
            date: date.to_owned(),
            shape: shape.into(),
            indicators,
            counts,
        }
    }
}

/// Sums by part. Of a part that is there as a total and cut further, only what it is cut into.
fn parts(rows: impl Iterator<Item = (i32, bool, i64)>) -> BTreeMap<i32, i64> {
    let mut sums: BTreeMap<i32, (bool, i64)> = BTreeMap::new();
    for (part, further, calls) in rows {
        let (cut, sum) = sums.entry(part).or_default();
        if further && !*cut {
            (*cut, *sum) = (true, 0);
        }
        if further == *cut {
            *sum = sum.saturating_add(calls);
        }
    }
    sums.into_iter().map(|(part, (_, sum))| (part, sum)).collect()
}

const fn has_duration(indicator: i32) -> bool {
    const OF: [i32; 3] = [
        TallyIndicator::Answered as i32,
        TallyIndicator::Missed as i32,
        TallyIndicator::AnsweredByLength as i32,
    ];
    indicator == OF[0] || indicator == OF[1] || indicator == OF[2]
}

fn whose_counts(mapping: &Mapping, row: &TallyRow) -> (Option<Attribution>, Key) {
    let TallyRow {
        practice,
        account,
        pcn,
        sub_icb,
        icb,
        region,
        places,
        date,
        indicator: _,
        time_band: _,
        duration_band: _,
        count: _,
    } = row;
    let day = date.parse().ok().map(crate::calendar::start_of);
    let whose = if !practice.is_empty() {
        Some(Attribution::PracticeCode(practice.clone()))
    } else if !account.is_empty() {
        Some(Attribution::Account(v1::Account {
            id: account.clone(),
            pcn_code: pcn.clone(),
            sub_icb_code: sub_icb.clone(),
            icb_code: icb.clone(),
            region_code: region.clone(),
        }))
    } else {
        let mapped = day.and_then(|day| mapping.whose(places, day)).map(convert::attribution);
        mapped.map(|mapped| match mapped {
            v1::call_record::Attribution::PracticeCode(code) => Attribution::PracticeCode(code),
            v1::call_record::Attribution::Account(account) => Attribution::Account(account),
        })
    };
    let key = match &whose {
        Some(Attribution::PracticeCode(code)) => (code.clone(), String::new(), String::new()),
        Some(Attribution::Account(account)) => (String::new(), account.id.clone(), String::new()),
        None => {
            let places: Vec<String> = places.iter().map(Place::to_string).collect();
            (String::new(), String::new(), places.join(" or "))
        }
    };
    (whose, key)
}

/// What is told of a day of which no mapping says whose it is. Its counts are in the file still.
fn nobodys(places: &str, date: &str) -> RejectedRow {
    let whose = if places.is_empty() { "a place that is named" } else { places };
    RejectedRow {
        id: format!("{date} {places}").trim().to_owned(),
        field: "practice_code".to_owned(),
        reason: RowReason::Missing,
        message: format!(
            "no mapping of the source has {whose} on {date}: add it, and read the file again with source sync --from"
        ),
        row: serde_json::json!({ "date": date, "places": places }),
    }
}

/// An indicator by its name; a number that none has where there is none such, so that the tally is refused with its field.
fn indicator(name: &str) -> i32 {
    use TallyIndicator as I;
    let known = match name {
        "inbound" => I::Inbound,
        "ended_in_ivr" => I::EndedInIvr,
        "answered" => I::Answered,
        "missed" => I::Missed,
        "callback_requested" => I::CallbackRequested,
        "callback_made" => I::CallbackMade,
        "answered_by_length" => I::AnsweredByLength,
        _ => return 0,
    };
    known.into()
}

/// A time band by its first minute ("08:00-10:00", "0800 to 0959"): its number, 0 for none, one that no band has where it is unknown.
fn time_band(name: &str) -> i32 {
    if name.is_empty() {
        return 0;
    }
    let digits: String = name.chars().filter(char::is_ascii_digit).take(4).collect();
    let known = ["0000", "0600", "0800", "1000", "1200", "1400", "1600", "1800", "1830"];
    known.iter().position(|start| *start == digits).map_or(i32::MAX, |at| at as i32 + 1)
}

/// A duration band by its name in the proto, without its prefix; its number, 0 for none, one that no band has where it is unknown.
fn duration(name: &str) -> i32 {
    if name.is_empty() {
        return 0;
    }
    let wanted = name.to_ascii_uppercase().replace([' ', '-'], "_");
    (1..=4)
        .find(|number| {
            v1::DurationBandName::try_from(*number)
                .is_ok_and(|band| band.as_str_name().ends_with(&format!("_{wanted}")))
        })
        .unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
