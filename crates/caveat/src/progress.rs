//! Progress on a terminal, and silence everywhere else.

use std::cell::Cell;
use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

/// How often the bar is told, in records.
const STEP: u64 = 4096;

/// A bar on standard error, if that is a terminal.
pub struct Progress {
    bar: Option<ProgressBar>,
    records: Cell<u64>,
}

impl Progress {
    /// Starts a bar for one source, if standard error is a terminal.
    pub fn start(message: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}: {pos} records") {
                bar.set_style(style);
            }
            bar.set_message(message.to_owned());
            bar
        });
        Self {
            bar,
            records: Cell::new(0),
        }
    }

    /// Never shows anything.
    pub fn silent() -> Self {
        Self {
            bar: None,
            records: Cell::new(0),
        }
    }

    /// One more record has been read.
    pub fn record(&self) {
        let records = self.records.get() + 1;
        self.records.set(records);
        if let Some(bar) = &self.bar
            && records.is_multiple_of(STEP)
        {
            bar.set_position(records);
        }
    }

    /// So many bytes have been read.
    pub fn bytes(&self, _bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.tick();
        }
    }

    /// Removes the bar.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
