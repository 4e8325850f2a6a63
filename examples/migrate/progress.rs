//! A bar on a terminal while long work is done.

use indicatif::{ProgressBar, ProgressStyle};

/// Shorter work has no bar, which would only flicker.
const LONG: u64 = 200;

/// A bar for this many things, such as `hosts converted`. It is not shown if standard error is no terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(things: &'static str, count: usize) -> Self {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let bar = if count >= LONG { ProgressBar::new(count) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos} of {len} {msg}") {
            bar.set_style(style);
        }
        bar.set_message(things);
        Progress(bar)
    }

    /// One more is done.
    pub(crate) fn step(&self) {
        self.0.inc(1);
    }
}

impl Drop for Progress {
    /// Messages are written where the bar was.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
