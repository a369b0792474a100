//! Progress of what takes longer than a second, with rate and time left; nothing where nobody would see it.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes less shows no bar.
const AFTER: Duration = Duration::from_secs(1);

/// A bar on standard error, if that is a terminal, once a second has passed. It goes when it is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    begun: Instant,
    shown: bool,
}

impl Progress {
    /// Begins. `what` names the things counted ("rows"); without a total there is no time left to tell.
    pub fn begin(what: &'static str, total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let template = match total {
            Some(_) => {
                format!("{{bar:30}} {{human_pos}} of {{human_len}} {what}, {{per_sec}}, {{eta}} left")
            }
            None => format!("{{spinner}} {{human_pos}} {what}, {{per_sec}}, {{elapsed}}"),
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        Self { bar, begun: Instant::now(), shown: false }
    }

    /// So many more are done.
    pub fn add(&mut self, more: u64) {
        if !self.shown && self.begun.elapsed() >= AFTER {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.shown = true;
        }
        self.bar.inc(more);
    }

    /// Prints a line on standard error without disturbing the bar.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
