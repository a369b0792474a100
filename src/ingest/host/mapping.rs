//! Whose call it is: from where it arrived and when it began, to a practice or account.

use std::collections::HashMap;

use callgauge_adapter::Place;
use callgauge_schema::{Attribution, Moment};

use crate::calendar::{Day, Days, london, start_of};
use crate::store::{Delivered, Whose};

/// A line of the mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingRule {
    /// Where calls arrive; `None` for all places that no other rule names on that day.
    pub place: Option<Place>,
    /// Whose they are.
    pub whose: Attribution,
    /// First day; `None` for since ever.
    pub first: Option<Day>,
    /// The day after the last one; `None` for no end in sight.
    pub end: Option<Day>,
}

/// A source's mapping: at most one rule for a place on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    places: HashMap<Place, Vec<(Days, Attribution)>>,
    rest: Vec<(Days, Attribution)>,
}

impl Mapping {
    /// # Errors
    /// The positions of each two rules that share a place and a day. One that has no day shares none.
    pub fn new(rules: &[MappingRule]) -> Result<Self, Vec<(usize, usize)>> {
        let (mut mapping, mut shared) = (Self::default(), Vec::new());
        let mut seen: HashMap<Option<&Place>, Vec<(Days, usize)>> = HashMap::new();
        for (at, rule) in rules.iter().enumerate() {
            let MappingRule { place, whose, first, end } = rule;
            let days = Days::new(
                first.unwrap_or(Day::from_number(i32::MIN / 2)),
                end.unwrap_or(Day::from_number(i32::MAX / 2)),
            );
            let before = seen.entry(place.as_ref()).or_default();
            if let Some((_, other)) = before.iter().find(|(theirs, _)| !theirs.overlap(days).is_empty()) {
                shared.push((*other, at));
            }
            before.push((days, at));
            match place {
                Some(place) => mapping.places.entry(place.clone()).or_default(),
                None => &mut mapping.rest,
            }
            .push((days, whose.clone()));
        }
        if shared.is_empty() { Ok(mapping) } else { Err(shared) }
    }

    /// Whose a call is that arrived at these places, the most telling first, and began then.
    pub fn whose(&self, places: &[Place], began: Moment) -> Option<&Attribution> {
        let day = london(began).day;
        let on = |rules: &'_ [(Days, Attribution)]| rules.iter().position(|(days, _)| days.contains(day));
        places
            .iter()
            .filter_map(|place| self.places.get(place))
            .find_map(|rules| on(rules).map(|at| &rules[at].1))
            .or_else(|| on(&self.rest).map(|at| &self.rest[at].1))
    }

    /// Whether it names nobody.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty() && self.rest.is_empty()
    }

    /// That all calls of a stretch of time are there, said for everybody whom it names, each in the days in which it does.
    pub(super) fn delivered(&self, from: Moment, until: Moment) -> Vec<Delivered> {
        let rules = self.places.values().flatten().chain(&self.rest);
        let mut all: Vec<Delivered> = rules
            .filter_map(|(days, whose)| {
                let from =
                    if days.first.number() > i32::MIN / 2 { from.max(start_of(days.first)) } else { from };
                let until =
                    if days.end.number() < i32::MAX / 2 { until.min(start_of(days.end)) } else { until };
                (from < until).then(|| Delivered { whose: Whose::of(whose), from, until })
            })
            .collect();
        all.sort_by(|one, other| {
            (&one.whose, one.from, one.until).cmp(&(&other.whose, other.from, other.until))
        });
        all.dedup();
        all
    }
}
