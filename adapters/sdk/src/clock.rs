//! The clock that adapters wait by and measure time with: the machine's, or one that the conformance kit puts in its place.
//!
//! Everything of an adapter that waits (a pause between retries, a rate budget, Retry-After) or measures (the life of a token) asks [`current`]
//! when it does so, and keeps no clock of its own. The kit can then let minutes pass in no time and count requests in exact minutes.
//! "Now" for what ends in a record is [`crate::FetchRequest::now`], not this.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use callgauge_schema::Moment;

/// A clock.
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync {
    /// Time since some instant that stays the same while the program runs; never goes back.
    fn elapsed(&self) -> Duration;

    /// What the clock on the wall says: for signatures, assertions and dates in answers.
    fn wall(&self) -> Moment;

    /// Waits.
    async fn sleep(&self, pause: Duration);
}

tokio::task_local! {
    static CLOCK: Arc<dyn Clock>;
}

/// The clock of the future that is running: the one [`with`] gave it, else the machine's.
pub fn current() -> Arc<dyn Clock> {
    CLOCK.try_with(Arc::clone).unwrap_or_else(|_| Arc::new(MachineClock))
}

/// Runs a future by another clock. Tasks that it spawns go by the machine's.
pub async fn with<F: Future>(clock: Arc<dyn Clock>, future: F) -> F::Output {
    CLOCK.scope(clock, future).await
}

/// The machine's own.
#[derive(Clone, Copy, Debug)]
pub struct MachineClock;

/// When the program first asked.
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

#[async_trait]
impl Clock for MachineClock {
    fn elapsed(&self) -> Duration {
        STARTED.elapsed()
    }

    fn wall(&self) -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}
