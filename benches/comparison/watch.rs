//! What one question takes: time, and how much anonymous memory it adds at most while it is answered, looked at every half millisecond.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A question that is being answered.
pub(crate) struct Watch {
    begun: Instant,
    memory: f64,
    over: Arc<AtomicBool>,
    most: JoinHandle<f64>,
}

/// What it took.
pub(crate) struct Seen {
    pub(crate) wall_ms: f64,
    pub(crate) added_mib: f64,
}

impl Watch {
    pub(crate) fn begin() -> Self {
        let memory = anonymous_mib();
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let most = std::thread::spawn(move || {
            let mut most = memory;
            while !seen.load(Ordering::Relaxed) {
                most = most.max(anonymous_mib());
                std::thread::sleep(Duration::from_micros(500));
            }
            most
        });
        Self { begun: Instant::now(), memory, over, most }
    }

    pub(crate) fn end(self) -> Seen {
        let wall_ms = self.begun.elapsed().as_secs_f64() * 1e3;
        self.over.store(true, Ordering::Relaxed);
        let most = self.most.join().unwrap_or(self.memory).max(anonymous_mib());
        Seen { wall_ms, added_mib: most - self.memory }
    }
}

/// Anonymous memory of this process that is in use.
fn anonymous_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or_default() / 1_024.0
}

/// Processor time that this process has had, in steps of a hundredth of a second.
pub(crate) fn processor_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may hold anything; user and system time are the 12th and 13th after it.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() * 10.0
}
