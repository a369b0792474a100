//! A clock on which a minute passes in no time: whoever sleeps moves it on.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use callgauge_schema::Moment;

use crate::clock::Clock;

/// Time that only passes by waiting.
#[derive(Debug)]
pub(crate) struct FastClock {
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    elapsed: Duration,
    /// What the wall shows where `elapsed` is 0.
    zero: Moment,
}

impl FastClock {
    /// A clock that shows this.
    pub(crate) fn new(wall: Moment) -> Self {
        Self { state: Mutex::new(State { elapsed: Duration::ZERO, zero: wall }) }
    }

    /// Puts the clock on the wall right; what has elapsed stays.
    pub(crate) fn set_wall(&self, wall: Moment) {
        let mut state = self.state.lock().expect("nobody panics while holding it");
        state.zero = wall.plus_millis(-millis(state.elapsed));
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        let until = self.elapsed().saturating_add(time);
        self.reach(until);
    }

    fn reach(&self, until: Duration) {
        let mut state = self.state.lock().expect("nobody panics while holding it");
        state.elapsed = state.elapsed.max(until);
    }

    fn now(&self) -> State {
        *self.state.lock().expect("nobody panics while holding it")
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[async_trait]
impl Clock for FastClock {
    fn elapsed(&self) -> Duration {
        self.now().elapsed
    }

    fn wall(&self) -> Moment {
        let state = self.now();
        state.zero.plus_millis(millis(state.elapsed))
    }

    async fn sleep(&self, pause: Duration) {
        let until = self.elapsed().saturating_add(pause);
        // Others that sleep at the same time begin before this one ends, and the vendor gets to answer.
        tokio::task::yield_now().await;
        self.reach(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_sleeps_together_wakes_together() {
        let clock = FastClock::new(Moment::from_millis(1_000));
        tokio::join!(clock.sleep(Duration::from_secs(60)), clock.sleep(Duration::from_secs(30)));
        assert_eq!(clock.elapsed(), Duration::from_secs(60));
        assert_eq!(clock.wall(), Moment::from_millis(61_000));
        clock.set_wall(Moment::from_millis(5));
        assert_eq!((clock.wall(), clock.elapsed()), (Moment::from_millis(5), Duration::from_secs(60)));
    }
}
