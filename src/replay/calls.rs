//! A planned month's calls, one by one: by day, within a day by row, within a row by band. Each run gives the same calls.
//!
//! Which call of a row has which outcome and which bands is drawn without putting back, so that the last call of the month uses up the last count. Nothing is
//! held but what is left of each row.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng as _;

use super::durations::{talk_secs, wait_secs};
use super::month::{Column, DurationOf};
use super::plan::{Plan, scatter};
use crate::calendar::{Band, Day, london, start_of};
use callgauge_schema::Moment;

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which row of the month.
    pub row: u32,
    /// Number of the call in its row, from 1. A callback has the number of the call that asked for it; an unlinked one counts on its own.
    pub number: u32,
    /// What it is.
    pub what: What,
    /// When it began: seconds since 1970, UTC.
    pub at_secs: i64,
    /// Wait in seconds, of answered and missed calls.
    pub wait_secs: Option<u32>,
    /// Talk in seconds, of answered calls.
    pub talk_secs: Option<u32>,
}

/// What a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// Inbound, answered.
    Answered,
    /// Inbound, ended in greeting or menu.
    EndedInIvr,
    /// Inbound, asked for a callback.
    CallbackRequested,
    /// Inbound, missed.
    Missed,
    /// Inbound, without an outcome.
    Unclassified,
    /// Outbound, automatic: this attempt, from 1, at the call of the same number.
    CallbackMade(u16),
    /// Outbound, automatic, for a call that is not known.
    UnlinkedCallback,
}

impl What {
    const INBOUND: [Self; 5] =
        [Self::Answered, Self::EndedInIvr, Self::CallbackRequested, Self::Missed, Self::Unclassified];
    const IVR: usize = 1;
    const REQUESTED: usize = 2;
}

/// The calls of a plan.
pub struct Calls<'a> {
    plan: &'a Plan,
    /// The rows that are sent, in order.
    rows: Vec<u32>,
    states: Vec<State>,
    day: usize,
    /// Where in `rows`.
    at: usize,
    band: usize,
    left_in_band: u32,
    /// Where each band of the day begins, and where the last ends: seconds since 1970.
    edges: [i64; Band::COUNT + 1],
    weekend: bool,
    callbacks: Callbacks,
}

/// Callbacks that are made before the next call comes.
#[derive(Default)]
struct Callbacks {
    row: u32,
    number: u32,
    next_attempt: u16,
    attempts: u16,
    from_secs: i64,
    unlinked: u32,
    /// When unlinked ones may begin, and before when.
    unlinked_between: (i64, i64),
}

/// What is left of a row.
struct State {
    random: Pcg64Mcg,
    /// Number of its last call.
    number: u32,
    outcomes: [u32; 5],
    /// Four bands, and without one.
    answered_wait: [u32; 5],
    talk: [u32; 5],
    missed_wait: [u32; 5],
    /// How much likelier than elsewhere an end in the IVR is out of hours and in hours, in 256ths.
    ivr_weights: [u64; 2],
    inbound: u64,
    requested: u64,
    made: u64,
    unlinked: u32,
}

impl<'a> Calls<'a> {
    /// The calls of the rows that `chosen` says yes to; the same calls of a row whichever others are chosen.
    pub fn new(plan: &'a Plan, chosen: impl Fn(usize) -> bool) -> Self {
        let all = 0..plan.month().rows.len();
        let rows: Vec<u32> = all.filter(|&row| chosen(row)).map(|row| row as u32).collect();
        let states = rows.iter().map(|&row| State::new(plan, row as usize)).collect();
        let mut calls = Self {
            plan,
            rows,
            states,
            day: 0,
            at: 0,
            band: 0,
            left_in_band: 0,
            edges: [0; Band::COUNT + 1],
            weekend: false,
            callbacks: Callbacks::default(),
        };
        calls.begin_day();
        calls.begin_band();
        calls
    }

    /// How many calls of a row there are, callbacks included.
    pub fn count(plan: &Plan, row: usize) -> u64 {
        let sent = plan.sent(row);
        sent[Column::Inbound] + sent[Column::CallbackMade]
    }

    fn begin_day(&mut self) {
        if let Some(day) = self.plan.month().days.get(self.day) {
            self.edges = edges(day.day);
            self.weekend = weekend(day.day);
        }
    }

    fn begin_band(&mut self) {
        self.left_in_band = match self.rows.get(self.at) {
            Some(&row) if self.day < self.plan.month().days.len() => {
                self.plan.cells(self.day, row as usize)[self.band]
            }
            _ => 0,
        };
    }

    /// On to the next band, row or day; `None` at the end of the month.
    fn advance(&mut self) -> Option<()> {
        self.band += 1;
        if self.band == Band::COUNT {
            self.band = 0;
            self.make_unlinked();
            self.at += 1;
            if self.at >= self.rows.len() {
                self.at = 0;
                self.day += 1;
                self.begin_day();
            }
        }
        if self.rows.is_empty() || self.day >= self.plan.month().days.len() {
            return None;
        }
        self.begin_band();
        Some(())
    }

    /// Callbacks of a row that has no requests to link them to: as many a day as the day's share of its calls.
    fn make_unlinked(&mut self) {
        let Some(state) = self.states.get_mut(self.at) else { return };
        if state.made == 0 || state.requested > 0 {
            return;
        }
        let last = self.day + 1 == self.plan.month().days.len();
        let due = if last { state.made } else { state.made * u64::from(state.number) / state.inbound.max(1) };
        self.callbacks.row = self.rows[self.at];
        self.callbacks.unlinked = (due as u32).saturating_sub(state.unlinked);
        // From 10:00 to before 16:00.
        self.callbacks.unlinked_between = (self.edges[3], self.edges[6]);
    }

    fn callback(&mut self) -> Option<Call> {
        let due = &mut self.callbacks;
        let state = self.states.get_mut(self.rows.binary_search(&due.row).ok()?)?;
        let random = state.random.next_u64();
        let (what, number, at_secs) = if due.next_attempt < due.attempts {
            due.next_attempt += 1;
            // Some minutes after the request, and on its day.
            let later = 300 + (random % 2_400) as i64 * i64::from(due.next_attempt);
            let at = (due.from_secs + later).min(self.edges[Band::COUNT] - 1);
            (What::CallbackMade(due.next_attempt), due.number, at)
        } else {
            due.unlinked -= 1;
            state.unlinked += 1;
            let (from, end) = due.unlinked_between;
            let at = from + (random % (end - from).unsigned_abs()) as i64;
            (What::UnlinkedCallback, state.unlinked, at)
        };
        Some(Call { row: due.row, number, what, at_secs, wait_secs: None, talk_secs: None })
    }

    fn call(&mut self) -> Call {
        let row = self.rows[self.at];
        let state = &mut self.states[self.at];
        state.number += 1;
        let random = state.random.next_u64();
        let out_of_hours = out_of_hours(self.weekend, self.band);
        let outcome = state.draw_outcome(random as u32, out_of_hours);
        let (from, end) = (self.edges[self.band], self.edges[self.band + 1]);
        let at_secs = from + second(self.band, (random >> 32) as u32, end - from);
        let (mut wait, mut talk) = (None, None);
        match outcome {
            0 => {
                let (bands, secs) = (state.random.next_u64(), state.random.next_u64());
                let wait_band = draw(&mut state.answered_wait, bands as u32);
                let talk_band = draw(&mut state.talk, (bands >> 32) as u32);
                wait = (wait_band < 4).then(|| wait_secs(wait_band, secs as u32));
                talk = (talk_band < 4).then(|| talk_secs(talk_band, (secs >> 32) as u32));
            }
            3 => {
                let random = state.random.next_u64();
                let band = draw(&mut state.missed_wait, random as u32);
                wait = (band < 4).then(|| wait_secs(band, (random >> 32) as u32));
            }
            What::REQUESTED => {
                // The attempts are shared out evenly among the requests.
                let nth = state.requested - u64::from(state.outcomes[What::REQUESTED]);
                let attempts = nth * state.made / state.requested - (nth - 1) * state.made / state.requested;
                self.callbacks = Callbacks {
                    row,
                    number: state.number,
                    next_attempt: 0,
                    attempts: attempts.min(u64::from(u16::MAX)) as u16,
                    from_secs: at_secs,
                    ..Callbacks::default()
                };
            }
            _ => {}
        }
        Call {
            row,
            number: state.number,
            what: What::INBOUND[outcome],
            at_secs,
            wait_secs: wait,
            talk_secs: talk,
        }
    }
}

impl Iterator for Calls<'_> {
    type Item = Call;

    fn next(&mut self) -> Option<Call> {
        loop {
            if self.callbacks.next_attempt < self.callbacks.attempts || self.callbacks.unlinked > 0 {
                return self.callback();
            }
            if self.left_in_band > 0 {
                self.left_in_band -= 1;
                return Some(self.call());
            }
            if self.day >= self.plan.month().days.len() || self.rows.is_empty() {
                return None;
            }
            // At the end of the month a callback may still be due.
            if self.advance().is_none() && self.callbacks.unlinked == 0 {
                return None;
            }
        }
    }
}

impl State {
    fn new(plan: &Plan, row: usize) -> Self {
        let sent = plan.sent(row);
        let count = |column: Column| sent[column] as u32;
        let with_rest = |of: DurationOf| {
            let bands = sent.bands(of);
            let rest = sent[of.calls()] - bands.iter().sum::<u64>();
            [bands[0] as u32, bands[1] as u32, bands[2] as u32, bands[3] as u32, rest as u32]
        };
        let seed = plan.month().rows[row]
            .who
            .id_prefix()
            .bytes()
            .fold(scatter(plan.month().first.number() as u64), |seed, byte| scatter(seed ^ u64::from(byte)));
        Self {
            random: Pcg64Mcg::new(u128::from(seed) << 64 | u128::from(scatter(seed))),
            number: 0,
            outcomes: [
                count(Column::Answered),
                count(Column::EndedInIvr),
                count(Column::CallbackRequested),
                count(Column::Missed),
                count(Column::Unclassified),
            ],
            answered_wait: with_rest(DurationOf::AnsweredWait),
            talk: with_rest(DurationOf::Talk),
            missed_wait: with_rest(DurationOf::MissedWait),
            ivr_weights: ivr_weights(plan, row),
            inbound: sent[Column::Inbound],
            requested: sent[Column::CallbackRequested],
            made: sent[Column::CallbackMade],
            unlinked: 0,
        }
    }

    fn draw_outcome(&mut self, random: u32, out_of_hours: bool) -> usize {
        let ivr = u64::from(self.outcomes[What::IVR]);
        let others = self.outcomes.iter().map(|&left| u64::from(left)).sum::<u64>() - ivr;
        let weighed = ivr * self.ivr_weights[usize::from(out_of_hours)];
        let drawn = ((u128::from(random) * u128::from(weighed + others * 256)) >> 32) as u64;
        let outcome = if drawn < weighed {
            What::IVR
        } else {
            let mut place = (drawn - weighed) / 256;
            let mut outcome = 0;
            for (at, &left) in self.outcomes.iter().enumerate() {
                if at == What::IVR || left == 0 {
                    continue;
                }
                outcome = at;
                if place < u64::from(left) {
                    break;
                }
                place -= u64::from(left);
            }
            outcome
        };
        self.outcomes[outcome] -= 1;
        outcome
    }
}

/// Takes one of what is left, each as likely as the other.
fn draw(left: &mut [u32; 5], random: u32) -> usize {
    let all: u64 = left.iter().map(|&left| u64::from(left)).sum();
    let mut place = (u64::from(random) * all) >> 32;
    for (at, left) in left.iter_mut().enumerate() {
        if place < u64::from(*left) {
            *left -= 1;
            return at;
        }
        place -= u64::from(*left);
    }
    4
}

/// Out of hours most calls end in the IVR by design: three to four in five of England's. The weights bring that about where the row's own share
/// leaves room for it, and leave the share over the month as it is.
fn ivr_weights(plan: &Plan, row: usize) -> [u64; 2] {
    const EVEN: [u64; 2] = [256; 2];
    const SHARE_OUT_OF_HOURS: f64 = 0.78;
    let sent = plan.sent(row);
    let mut out = 0;
    for (day, counts) in plan.month().days.iter().enumerate() {
        let weekend = weekend(counts.day);
        let cells = plan.cells(day, row).iter().enumerate();
        out += cells
            .filter(|&(band, _)| out_of_hours(weekend, band))
            .map(|(_, &calls)| u64::from(calls))
            .sum::<u64>();
    }
    let all = sent[Column::Inbound] as f64;
    let (share, out) = (sent[Column::EndedInIvr] as f64 / all.max(1.0), out as f64 / all.max(1.0));
    let rest = share - out * SHARE_OUT_OF_HOURS;
    if rest <= 0.02 || share >= SHARE_OUT_OF_HOURS || out <= 0.0 {
        return EVEN;
    }
    let odds = |share: f64| share / (1.0 - share);
    let weight = |wanted: f64| (256.0 * odds(wanted) / odds(share)).clamp(1.0, 65_536.0) as u64;
    [weight(rest / (1.0 - out)), weight(SHARE_OUT_OF_HOURS)]
}

fn out_of_hours(weekend: bool, band: usize) -> bool {
    weekend || band < 2 || band == Band::COUNT - 1
}

fn weekend(day: Day) -> bool {
    // 1970-01-01 was a Thursday.
    matches!((day.number() + 3).rem_euclid(7), 5 | 6)
}

/// Where the bands of a day begin, and where the day ends.
fn edges(day: Day) -> [i64; Band::COUNT + 1] {
    let mut edges = [start_of(day).secs(); Band::COUNT + 1];
    // Clocks change before the second band begins.
    let noon = Moment::from_millis((i64::from(day.number()) * 86_400 + 43_200) * 1_000);
    let offset = i64::from(london(noon).offset);
    for band in Band::all().skip(1) {
        edges[usize::from(band.number())] =
            i64::from(day.number()) * 86_400 + i64::from(band.start()) - offset;
    }
    edges[Band::COUNT] = start_of(day.plus(1)).secs();
    edges
}

/// A second of a band: the rush at 08:00 thins out, the early calls come late, the late ones early.
fn second(band: usize, random: u32, length: i64) -> i64 {
    let (a, b) = (random & 0xffff, random >> 16);
    let scaled = |part: u32| (i64::from(part) * length) >> 16;
    match band {
        1 => scaled(a.max(b)),
        2 | 8 => scaled(a.min(b)),
        _ => (i64::from(random) * length) >> 32,
    }
}
