//! What one question takes: time, and, where that is looked at, how much anonymous memory it adds at most while it is answered. Looking, every half
//! millisecond, takes processor time of its own, so that few questions are looked at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A question that is being answered.
pub(crate) struct Watch {
    begun: Instant,
    memory: Option<Memory>,
}

struct Memory {
    before: f64,
    over: Arc<AtomicBool>,
    most: JoinHandle<f64>,
}

/// What it took.
pub(crate) struct Seen {
    pub(crate) wall_ms: f64,
    /// `None` where memory was not looked at.
    pub(crate) added_mib: Option<f64>,
}

impl Watch {
    pub(crate) fn begin(memory: bool) -> Self {
        let memory = memory.then(Memory::begin);
        Self { begun: Instant::now(), memory }
    }

    pub(crate) fn end(self) -> Seen {
        let wall_ms = self.begun.elapsed().as_secs_f64() * 1e3;
        Seen { wall_ms, added_mib: self.memory.map(Memory::end) }
    }
}

impl Memory {
    fn begin() -> Self {
        let before = anonymous_mib();
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let most = std::thread::spawn(move || {
            let mut most = before;
            while !seen.load(Ordering::Relaxed) {
                most = most.max(anonymous_mib());
                std::thread::sleep(Duration::from_micros(500));
            }
            most
        });
        Self { before, over, most }
    }

    fn end(self) -> f64 {
        self.over.store(true, Ordering::Relaxed);
        self.most.join().unwrap_or(self.before).max(anonymous_mib()) - self.before
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
