//! A clock that stands still until somebody waits, and then is at once where they waited for.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use callgauge_schema::Moment;

use crate::clock::Clock;

/// 2026-02-02T08:00:00Z, when the clock begins.
pub(super) const BEGINNING: Moment = Moment::from_millis(1_770_019_200_000);

#[derive(Debug, Default)]
pub(super) struct Stepped {
    elapsed: Mutex<Duration>,
    slept: Mutex<Vec<Duration>>,
}

impl Stepped {
    pub(super) fn advance(&self, by: Duration) {
        *self.elapsed.lock().expect("no test panics while it holds this") += by;
    }

    /// Every pause so far.
    pub(super) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().expect("no test panics while it holds this").clone()
    }
}

#[async_trait]
impl Clock for Stepped {
    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().expect("no test panics while it holds this")
    }

    fn wall(&self) -> Moment {
        BEGINNING.plus_millis(self.elapsed().as_millis() as i64)
    }

    async fn sleep(&self, pause: Duration) {
        self.advance(pause);
        self.slept.lock().expect("no test panics while it holds this").push(pause);
        tokio::task::yield_now().await;
    }
}
