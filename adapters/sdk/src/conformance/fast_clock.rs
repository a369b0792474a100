//! A clock on which a minute passes in no time: whoever sleeps moves it on. For adapters that are programs of their own, and know no other clock than the
//! machine's, it also goes on by itself.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use callgauge_schema::Moment;

use crate::clock::Clock;

/// Time that only passes by waiting, or beside the machine's. To be given to [`crate::clock::with`], where something waits for minutes in a test.
#[derive(Debug)]
pub struct FastClock {
    state: Mutex<State>,
    /// When it began, where it goes on by itself.
    real: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    elapsed: Duration,
    /// What the wall shows where `elapsed` is 0.
    zero: Moment,
}

impl FastClock {
    /// A clock that shows this, and on which waiting takes no time.
    pub fn new(wall: Moment) -> Self {
        Self { state: Mutex::new(State { elapsed: Duration::ZERO, zero: wall }), real: None }
    }

    /// The same, going on with the machine's.
    pub(crate) fn real(wall: Moment) -> Self {
        Self { real: Some(Instant::now()), ..Self::new(wall) }
    }

    /// Whether waiting takes time.
    pub(crate) const fn is_real(&self) -> bool {
        self.real.is_some()
    }

    /// Puts the clock on the wall right; what has elapsed stays.
    pub(crate) fn set_wall(&self, wall: Moment) {
        let elapsed = self.now().elapsed;
        let mut state = self.state.lock().expect("nobody panics while holding it");
        state.zero = wall.plus_millis(-millis(elapsed));
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        let until = self.elapsed().saturating_add(time);
        self.reach(until);
    }

    fn reach(&self, until: Duration) {
        let real = self.real.map(|began| began.elapsed()).unwrap_or_default();
        let mut state = self.state.lock().expect("nobody panics while holding it");
        state.elapsed = state.elapsed.max(until.saturating_sub(real));
    }

    fn now(&self) -> State {
        let real = self.real.map(|began| began.elapsed()).unwrap_or_default();
        let state = *self.state.lock().expect("nobody panics while holding it");
        State { elapsed: state.elapsed + real, ..state }
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
        if self.is_real() {
            tokio::time::sleep(pause).await;
            return;
        }
        let until = self.elapsed().saturating_add(pause);
        // Others that sleep at the same time begin before this one ends, and the vendor gets to answer.
        tokio::task::yield_now().await;
        self.reach(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_clock_goes_on_by_itself_and_can_be_moved_on() {
        let clock = FastClock::real(Moment::from_millis(0));
        clock.pass(Duration::from_secs(60));
        let before = clock.elapsed();
        std::thread::sleep(Duration::from_millis(2));
        assert!(before >= Duration::from_secs(60) && clock.elapsed() > before);
        clock.set_wall(Moment::from_millis(1_000_000));
        assert!(clock.wall() >= Moment::from_millis(1_000_000));
    }

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
