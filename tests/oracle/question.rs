//! Questions: random ones, and a sweep over every granularity, level, profile, stretch of hours and breakdown.

use callgauge::proto::v1::{self, Breakdown, Granularity, Hours, Level, Profile};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use proptest::sample::select;

use super::buckets::Cut;
use super::measure::{BESIDE_THE_EIGHT, CONTACT_CENTRE, EIGHT, Options};
use super::world;

/// A question.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) asked: Vec<&'static str>,
    pub(crate) group_by: Option<Level>,
    pub(crate) cut: Cut,
    pub(crate) breakdown: Breakdown,
    pub(crate) set: Set,
    pub(crate) options: Options,
    pub(crate) page_size: i32,
}

/// Which metrics.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Set {
    /// The eight, by naming nothing.
    Eight,
    /// What the set has beside them, by name.
    Beside,
    /// Those of contact centres.
    ContactCentre,
}

/// One code of each level.
const A_CODE_OF_EACH_LEVEL: [&str; 6] = ["A10002", "U002", "01A", "QAA", "Y61", "ENGLAND"];

const SPRING: (Date, Date) = (date(2025, 3, 28), date(2025, 4, 2));
const EASTER: (Date, Date) = (date(2025, 4, 17), date(2025, 4, 24));
const AUTUMN: (Date, Date) = (date(2025, 10, 24), date(2025, 10, 28));
const NEW_YEAR: (Date, Date) = (date(2025, 12, 24), date(2026, 1, 3));
const THREE_WEEKS: (Date, Date) = (date(2025, 10, 13), date(2025, 11, 3));
const LONG: (Date, Date) = (date(2024, 11, 15), date(2026, 2, 10));

/// Months are asked for by name.
const MARCH: (Date, Date) = (date(2025, 3, 1), date(2025, 4, 1));
const OCTOBER: (Date, Date) = (date(2025, 10, 1), date(2025, 11, 1));
const DECEMBER: (Date, Date) = (date(2025, 12, 1), date(2026, 1, 1));

const PARTS_OF_A_DAY: [Granularity; 4] =
    [Granularity::NhsBand, Granularity::Hour, Granularity::HalfHour, Granularity::QuarterHour];

const LONGER: [Granularity; 8] = [
    Granularity::Total,
    Granularity::Year,
    Granularity::FinancialYear,
    Granularity::Quarter,
    Granularity::FinancialQuarter,
    Granularity::Month,
    Granularity::Week,
    Granularity::Day,
];

const BELOW: [Level; 5] = [Level::Region, Level::Icb, Level::SubIcb, Level::Pcn, Level::Practice];

const HOURS: [Hours; 4] = [Hours::All, Hours::Core, Hours::NonCore, Hours::Core0800To1000];

impl Set {
    /// Names, in the order of the answer.
    pub(crate) fn metrics(self) -> &'static [&'static str] {
        match self {
            Self::Eight => &EIGHT,
            Self::Beside => &BESIDE_THE_EIGHT,
            Self::ContactCentre => &CONTACT_CENTRE,
        }
    }
}

impl Question {
    /// As a request.
    pub(crate) fn request(&self) -> v1::QueryMetricsRequest {
        let Cut { first, end, granularity, weekday, time_of_day, hours } = self.cut;
        let secs = |seconds: i64| prost_types::Duration { seconds, nanos: 0 };
        let whole_month = first.day() == 1 && end == first.last_of_month().saturating_add(1.day());
        let range = match whole_month {
            true => [first.strftime("%Y-%m").to_string(), String::new(), String::new()],
            false => [String::new(), first.to_string(), end.to_string()],
        };
        let [month, start_date, end_date] = range;
        let profile = [(weekday, Profile::Weekday), (time_of_day, Profile::TimeOfDay)];
        v1::QueryMetricsRequest {
            organisation_codes: self.asked.iter().map(|code| (*code).to_owned()).collect(),
            group_by: self.group_by.map_or(0, |level| level as i32),
            month,
            start_date,
            end_date,
            granularity: granularity.into(),
            profile: profile.into_iter().filter(|(on, _)| *on).map(|(_, profile)| profile.into()).collect(),
            hours: hours.into(),
            breakdown: self.breakdown.into(),
            metrics: match self.set {
                Set::Eight | Set::ContactCentre => Vec::new(),
                Set::Beside => BESIDE_THE_EIGHT.iter().map(|name| (*name).to_owned()).collect(),
            },
            definition_set: match self.set {
                Set::Eight | Set::Beside => String::new(),
                Set::ContactCentre => "contact-centre".to_owned(),
            },
            percentiles: self.options.percents.clone(),
            thresholds: self.options.thresholds.iter().map(|&threshold| secs(threshold)).collect(),
            abandon_threshold: Some(secs(self.options.abandon)),
            service_level_threshold: Some(secs(self.options.service_level)),
            page_size: self.page_size,
            page_token: String::new(),
        }
    }

    fn of(asked: &[&'static str], range: (Date, Date), granularity: Granularity) -> Self {
        Self {
            asked: asked.to_vec(),
            group_by: None,
            cut: Cut {
                first: range.0,
                end: range.1,
                granularity,
                weekday: false,
                time_of_day: false,
                hours: Hours::All,
            },
            breakdown: Breakdown::Unspecified,
            set: Set::Eight,
            options: Options {
                percents: vec![50.0, 90.0],
                thresholds: vec![60, 120],
                abandon: 5,
                service_level: 20,
            },
            page_size: 5_000,
        }
    }

    fn hours(mut self, hours: Hours) -> Self {
        self.cut.hours = hours;
        self
    }

    fn folded(mut self, weekday: bool, time_of_day: bool) -> Self {
        (self.cut.weekday, self.cut.time_of_day) = (weekday, time_of_day);
        self
    }
}

/// The questions that are asked at the end of every history.
pub(crate) fn sweep() -> Vec<Question> {
    let each = &A_CODE_OF_EACH_LEVEL[..];
    let mut questions: Vec<Question> =
        LONGER.into_iter().map(|granularity| Question::of(each, LONG, granularity)).collect();
    for granularity in PARTS_OF_A_DAY {
        questions.push(Question::of(each, SPRING, granularity));
        questions.push(Question::of(each, AUTUMN, granularity));
        for hours in HOURS {
            questions.push(Question::of(&["ENGLAND", "A10001"], EASTER, granularity).hours(hours));
            let profile = Question::of(&["ENGLAND", "QAA"], THREE_WEEKS, granularity).hours(hours);
            questions.push(profile.clone().folded(false, true));
            questions.push(profile.folded(true, true));
        }
    }
    for month in [MARCH, OCTOBER, DECEMBER] {
        for granularity in [Granularity::Total, Granularity::Day, Granularity::NhsBand] {
            questions.push(Question::of(each, month, granularity));
        }
    }
    for hours in HOURS {
        questions.push(Question::of(each, NEW_YEAR, Granularity::Week).hours(hours));
        questions.push(Question::of(each, EASTER, Granularity::Day).hours(hours));
        questions.push(Question::of(each, LONG, Granularity::Day).hours(hours).folded(true, false));
    }
    for (asked, levels) in [
        ("ENGLAND", &BELOW[..]),
        ("Y60", &BELOW[1..]),
        ("QAA", &BELOW[2..]),
        ("QBB", &BELOW[2..]),
        ("01A", &BELOW[4..]),
        ("U002", &BELOW[4..]),
    ] {
        for &level in levels {
            for (range, granularity) in
                [(LONG, Granularity::Total), (LONG, Granularity::Quarter), (SPRING, Granularity::Day)]
            {
                let group_by = Some(level);
                questions.push(Question { group_by, ..Question::of(&[asked], range, granularity) });
            }
        }
    }
    for breakdown in [Breakdown::OutcomeReason, Breakdown::Line, Breakdown::Source] {
        questions.push(Question { breakdown, ..Question::of(each, LONG, Granularity::Month) });
        questions.push(Question { breakdown, ..Question::of(&["ENGLAND"], AUTUMN, Granularity::Hour) });
    }
    for set in [Set::Beside, Set::ContactCentre] {
        questions.push(Question { set, ..Question::of(each, LONG, Granularity::Month) });
        questions.push(Question { set, ..Question::of(each, AUTUMN, Granularity::NhsBand) });
    }
    questions
}

/// A question of any shape that the service takes.
pub(crate) fn question() -> impl Strategy<Value = Question> {
    let codes: Vec<&'static str> =
        world::CODES.into_iter().chain(["ENGLAND"]).filter(|&c| c != world::LATE).collect();
    let asked = prop::sample::subsequence(codes.clone(), 1..codes.len()).prop_shuffle();
    let range = prop_oneof![
        select(&[SPRING, EASTER, AUTUMN, NEW_YEAR, OCTOBER][..]),
        (0..460_i64, 1..9_i64).prop_map(|(from, days)| {
            let first = LONG.0 + jiff::Span::new().days(from);
            (first, first + jiff::Span::new().days(days))
        }),
        Just(LONG),
    ];
    let shape = (any::<prop::sample::Index>(), any::<bool>(), any::<bool>(), select(&HOURS[..]));
    let rest = (
        prop::option::of(select(&BELOW[..])),
        select(&[Breakdown::Unspecified, Breakdown::OutcomeReason, Breakdown::Line, Breakdown::Source][..]),
        select(&[Set::Eight, Set::Eight, Set::Beside, Set::ContactCentre][..]),
        select(&[333_i32, 1_000, 5_000][..]),
    );
    (asked, range, shape, rest, options()).prop_map(|(mut asked, range, shape, rest, options)| {
        let (granularity, weekday, time_of_day, hours) = shape;
        let (group_by, breakdown, set, page_size) = rest;
        let long = range == LONG;
        let fitting: Vec<Granularity> = match (weekday, time_of_day) {
            (_, true) => PARTS_OF_A_DAY.to_vec(),
            (true, false) => vec![Granularity::Day],
            (false, false) if long => LONGER[..7].to_vec(),
            (false, false) => LONGER.into_iter().chain(PARTS_OF_A_DAY).collect(),
        };
        let range = if long && weekday && time_of_day { THREE_WEEKS } else { range };
        let above = |code: &str, below: Level| {
            let level = world::level(code);
            (level as i32) > (below as i32) && (level, below) != (Level::SubIcb, Level::Pcn)
        };
        if let Some(below) = group_by {
            asked.retain(|code| above(code, below));
        }
        let group_by = group_by.filter(|_| !asked.is_empty());
        if asked.is_empty() {
            asked.push("ENGLAND");
        }
        let base = Question::of(&asked, range, *granularity.get(&fitting));
        let base = base.hours(hours).folded(weekday, time_of_day);
        Question { group_by, breakdown, set, options, page_size, ..base }
    })
}

fn options() -> impl Strategy<Value = Options> {
    let percents = [0.1, 1.0, 10.0, 25.0, 50.0, 90.0, 99.9, 100.0];
    let thresholds = [0, 5, 20, 60, 61, 120, 300, 301, 86_400];
    (
        prop::sample::subsequence(percents.to_vec(), 1..4).prop_shuffle(),
        prop::sample::subsequence(thresholds.to_vec(), 1..4).prop_shuffle(),
        select(thresholds.to_vec()),
        select(thresholds.to_vec()),
    )
        .prop_map(|(percents, thresholds, abandon, service_level)| Options {
            percents,
            thresholds,
            abandon,
            service_level,
        })
}
