//! A vendor account's rate budget: no more requests than allowed, learned downwards from what the vendor says.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::limits::Told;
use crate::{Settings, clock};

/// So many requests in so much time: in no stretch of that length are there more.
///
/// A share of them may come at once (the burst), the others evenly. That every stretch holds, and not only stretches that begin where the
/// budget was full, costs as much of the steady rate as the burst takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    requests: NonZeroU32,
    per: Duration,
    burst: NonZeroU32,
}

impl Rate {
    /// So many requests in so much time, at least 1; a fifth of them may come at once.
    pub fn new(requests: u32, per: Duration) -> Self {
        let requests = NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN);
        let per = per.max(Duration::from_millis(1));
        let burst = NonZeroU32::new(requests.get() / 5).unwrap_or(NonZeroU32::MIN);
        Self { requests, per, burst }
    }

    /// So many requests a second.
    pub fn per_second(requests: u32) -> Self {
        Self::new(requests, Duration::from_secs(1))
    }

    /// So many requests a minute.
    pub fn per_minute(requests: u32) -> Self {
        Self::new(requests, Duration::from_secs(60))
    }

    /// So many requests in 24 hours.
    pub fn per_day(requests: u32) -> Self {
        Self::new(requests, Duration::from_secs(86_400))
    }

    /// One request in so much time.
    pub fn one_in(per: Duration) -> Self {
        Self::new(1, per)
    }

    /// The same with so many at once: from 1 to all of them.
    #[must_use]
    pub fn burst(self, burst: u32) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN).min(self.requests);
        Self { burst, ..self }
    }

    /// Requests in [`Self::per`].
    pub const fn requests(&self) -> u32 {
        self.requests.get()
    }

    /// The stretch of time.
    pub const fn per(&self) -> Duration {
        self.per
    }

    /// Between two requests once the burst is used up: a stretch takes the burst at its beginning and one at the end of each interval in it.
    fn interval(&self) -> Duration {
        let steady = self.requests.get() - self.burst.get() + 1;
        let exact = self.per / steady;
        // A hundredth more, because requests are sent in time and arrive out of it.
        (exact + exact / 100).max(Duration::from_nanos(1))
    }
}

/// Lets requests through as fast as an account's limits allow. Cheap to clone; the clones share.
///
/// Budgets of one name opened with the same [`Settings`] (or a clone of them) share too, so that an adapter that is opened again has not a fresh budget. A
/// vendor that counts some requests apart has a group for each; the group "" is for those that name none. A group without a rate is held up only
/// by what the vendor says.
#[derive(Clone, Debug)]
pub struct Budget {
    groups: Arc<Mutex<BTreeMap<&'static str, Arc<Group>>>>,
}

/// The budgets opened with one settings table, by name.
pub(crate) type Budgets = Arc<Mutex<BTreeMap<String, Budget>>>;

impl Budget {
    /// The budget of this name, without rates yet if it is new.
    pub fn new(settings: &Settings, name: &str) -> Self {
        let fresh = || Self { groups: Arc::default() };
        locked(settings.budgets()).entry(name.to_owned()).or_insert_with(fresh).clone()
    }

    /// A budget of its own that nothing limits until the vendor says so.
    pub fn unlimited() -> Self {
        Self { groups: Arc::default() }
    }

    /// Adds a rate to a group; a group may have several (so many a second and so many a day). A rate that it has already is not added again.
    #[must_use]
    pub fn rate(self, group: &'static str, rate: Rate) -> Self {
        let entry = self.group(group);
        let mut limiters = locked(&entry.limiters);
        if !limiters.iter().any(|(known, _)| *known == rate) {
            limiters.push((rate, Arc::new(limiter(rate))));
        }
        drop(limiters);
        self
    }

    /// Waits until a request of this group may be sent.
    ///
    /// # Errors
    /// How long it would take, where that is more than `at_most`; nothing is used up then.
    pub(super) async fn acquire(&self, group: &'static str, at_most: Duration) -> Result<(), Duration> {
        let group = self.group(group);
        let _turn = group.turn.lock().await;
        let begun = clock::current().elapsed();
        // One limiter after the other: what was taken from the first while the second makes wait is only a request later than it might be.
        let limiters =
            locked(&group.limiters).iter().map(|(_, limiter)| Arc::clone(limiter)).collect::<Vec<_>>();
        loop {
            let now = clock::current().elapsed();
            let left = (begun + at_most).saturating_sub(now);
            let held = locked(&group.state).held_until.saturating_sub(now);
            if held.is_zero() {
                break;
            }
            pause(held, left).await?;
        }
        let learned = locked(&group.state).learned(clock::current().elapsed());
        for limiter in limiters.into_iter().chain(learned) {
            while let Err(not_until) = limiter.check() {
                let now = clock::current().elapsed();
                let left = (begun + at_most).saturating_sub(now);
                pause(not_until.wait_time_from(now), left).await?;
            }
        }
        Ok(())
    }

    /// Learns from an answer: waits, and limits lower than those that were set.
    pub(super) fn learn(&self, group: &'static str, refused: bool, told: Told) {
        let group = self.group(group);
        let now = clock::current().elapsed();
        let slowest = locked(&group.limiters).iter().map(|(rate, _)| *rate).max_by_key(Rate::interval);
        let mut state = locked(&group.state);
        if let Some(wait) = told.wait {
            state.held_until = state.held_until.max(now + wait);
        }
        let window = told.limit.and_then(|(_, window)| window).or(slowest.map(|rate| rate.per));
        let stated = told.limit.zip(window).map(|((limit, _), per)| Rate::new(limit, per).burst(1));
        let lower = |rate: &Rate| slowest.is_none_or(|known| rate.interval() > known.interval());
        if let Some(rate) = stated.filter(lower) {
            state.learn(rate, None);
        }
        if refused && let Some(rate) = state.rate().or(slowest) {
            // What was thought allowed was too much: two thirds of it for the next ten minutes.
            let fewer = Rate::new((rate.requests() * 2 / 3).max(1), rate.per()).burst(1);
            state.learn(fewer, Some(now + RECOVERY));
        }
    }

    fn group(&self, name: &'static str) -> Arc<Group> {
        Arc::clone(locked(&self.groups).entry(name).or_default())
    }
}

/// How long a budget stays lower after a 429.
const RECOVERY: Duration = Duration::from_secs(600);

type Limiter = RateLimiter<NotKeyed, InMemoryState, AdapterClock, NoOpMiddleware<Duration>>;

/// Requests that a vendor counts together.
#[derive(Debug, Default)]
struct Group {
    /// Held by the request whose turn it is to wait.
    turn: tokio::sync::Mutex<()>,
    limiters: Mutex<Vec<(Rate, Arc<Limiter>)>>,
    state: Mutex<State>,
}

/// What was learned.
#[derive(Debug, Default)]
struct State {
    held_until: Duration,
    learned: Option<(Rate, Arc<Limiter>, Option<Duration>)>,
}

impl State {
    fn rate(&self) -> Option<Rate> {
        self.learned.as_ref().map(|(rate, ..)| *rate)
    }

    fn learn(&mut self, rate: Rate, until: Option<Duration>) {
        if self.rate() == Some(rate) {
            if let Some((_, _, known)) = &mut self.learned {
                *known = until;
            }
            return;
        }
        let limiter = limiter(rate);
        // The request that taught it counts.
        let _ = limiter.check();
        self.learned = Some((rate, Arc::new(limiter), until));
    }

    fn learned(&mut self, now: Duration) -> Option<Arc<Limiter>> {
        self.learned.take_if(|(_, _, until)| until.is_some_and(|until| until <= now));
        self.learned.as_ref().map(|(_, limiter, _)| Arc::clone(limiter))
    }
}

fn limiter(rate: Rate) -> Limiter {
    let quota =
        Quota::with_period(rate.interval()).expect("an interval is never nothing").allow_burst(rate.burst);
    let limiter = RateLimiter::direct_with_clock(quota, AdapterClock);
    // An adapter that is started may be one that was killed a moment ago: it begins with one request, not with a burst.
    if let Some(used) = NonZeroU32::new(rate.burst.get() - 1) {
        let _ = limiter.check_n(used);
    }
    limiter
}

async fn pause(wait: Duration, left: Duration) -> Result<(), Duration> {
    if wait > left {
        return Err(wait);
    }
    clock::current().sleep(wait).await;
    Ok(())
}

/// The clock that the running adapter goes by.
#[derive(Clone, Copy, Debug)]
struct AdapterClock;

impl GovernorClock for AdapterClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        clock::current().elapsed()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
