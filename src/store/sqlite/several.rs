//! Whether several sources have calls of one practice or account on one day. Nearly always nobody has, so it is looked up in what is there anyway:
//! of few attributions in the sums of their days, of many in the months that are kept.

use std::collections::HashMap;

use super::sums::Decode;
use super::view::{Files, View, damaged};
use crate::calendar::{Day, Days};
use crate::store::{Group, Span, StoreError};

/// Spans of a question from which on months are looked through.
const MANY_SPANS: usize = 64;

/// Whose days are asked for; everybody's where there is none.
type Wanted = Option<HashMap<u32, Vec<Days>>>;

impl View {
    /// See [`crate::store::Snapshot::several_sources`].
    pub(super) fn several_sources(&self, groups: &[Group], days: Days) -> Result<bool, StoreError> {
        if self.shared.labels().sources().len() < 2 || days.is_empty() {
            return Ok(false);
        }
        let mut spans: Vec<Span> = Vec::new();
        let mut everybody = false;
        for group in groups {
            match group {
                Group::All => everybody = true,
                Group::Spans(theirs) => spans.extend(theirs),
            }
        }
        if !everybody && spans.len() <= MANY_SPANS {
            return self.several_of_few(&spans, days);
        }
        let wanted: Wanted = (!everybody).then(|| {
            let mut wanted: HashMap<u32, Vec<Days>> = HashMap::new();
            spans.iter().for_each(|span| wanted.entry(span.whose.0).or_default().push(span.days));
            wanted
        });
        self.several_of_many(&wanted, days)
    }

    fn several_of_few(&self, spans: &[Span], days: Days) -> Result<bool, StoreError> {
        let mut files = Files::default();
        for span in spans {
            let (whose, days) = (span.whose.0, span.days.overlap(days));
            let mut seen: HashMap<Day, u16> = HashMap::new();
            let mut another = |day: Day, source: u16| *seen.entry(day).or_insert(source) != source;
            let mut from = days.first;
            while from < days.end {
                let first = from.first_of_month();
                let within = Days::new(from, first.first_of_next_month().min(days.end));
                from = within.end;
                if let Some(month) = self.shared.months.ready(first, &self.runs) {
                    for &(source, bits) in month.days_of(whose) {
                        let mut on = within.iter().filter(|day| bits & bit(first, *day) != 0);
                        if on.any(|day| another(day, source)) {
                            return Ok(true);
                        }
                    }
                    continue;
                }
                for run in self.runs.within(within) {
                    let Some(entry) = run.entry(whose).filter(|entry| entry.tally_len > 0) else { continue };
                    let bytes = run.tally(files.of(run)?, entry).map_err(damaged)?;
                    if Decode::new(&bytes).any(|(key, _)| another(run.day, key.source())) {
                        return Ok(true);
                    }
                }
            }
            for chunk in &self.chunks {
                let mut weights = chunk.weights_of(whose).filter(|(weight, _)| days.contains(weight.day));
                if weights.any(|(weight, _)| another(weight.day, weight.source)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn several_of_many(&self, wanted: &Wanted, days: Days) -> Result<bool, StoreError> {
        let is_wanted = |whose: u32, day: Day| match wanted {
            None => true,
            Some(wanted) => wanted.get(&whose).is_some_and(|own| own.iter().any(|days| days.contains(day))),
        };
        let mut hot: HashMap<(u32, Day), u16> = HashMap::new();
        for chunk in &self.chunks {
            for (weight, _) in chunk.weights().filter(|(weight, _)| days.contains(weight.day)) {
                let seen = *hot.entry((weight.whose, weight.day)).or_insert(weight.source);
                if seen != weight.source && is_wanted(weight.whose, weight.day) {
                    return Ok(true);
                }
            }
        }
        let mut first = days.first.first_of_month();
        while first < days.end {
            let within = Days::new(first, first.first_of_next_month());
            let month = self.shared.months.of(first, &self.runs)?;
            for (whose, sources) in month.days().filter(|(_, sources)| sources.len() > 1) {
                let mut asked = within.overlap(days).iter().filter(|&day| is_wanted(whose, day));
                let on = |day: Day| sources.iter().filter(|(_, days)| days & bit(first, day) != 0).count();
                if asked.any(|day| on(day) > 1) {
                    return Ok(true);
                }
            }
            let unsettled = hot.iter().filter(|((_, day), _)| within.contains(*day));
            for (&(whose, day), source) in unsettled {
                let mut settled = month.days_of(whose).iter().filter(|(_, days)| days & bit(first, day) != 0);
                if settled.any(|(other, _)| other != source) && is_wanted(whose, day) {
                    return Ok(true);
                }
            }
            first = within.end;
        }
        Ok(false)
    }
}

/// The bit of a day in a month.
fn bit(first: Day, day: Day) -> u32 {
    1 << (day.number() - first.number())
}
