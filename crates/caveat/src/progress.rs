//! Progress on a terminal, and silence everywhere else.

use std::cell::{Cell, RefCell};
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use caveat_importer::text::printable;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

/// Longest name that the bar shows, in characters.
const SHOWN_NAME: usize = 40;

/// A bar on standard error, if that is a terminal: bytes, records and rejects.
pub struct Progress {
    bar: Option<ProgressBar>,
    source: RefCell<(String, Arc<AtomicU64>)>,
    done_bytes: Cell<u64>,
    records: Cell<u64>,
    /// Rejects of the sources before, and of the one that is read.
    rejects: Cell<(u64, u64)>,
}

impl Progress {
    /// Starts a bar for so many bytes, if standard error is a terminal.
    pub fn start(total_bytes: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total_bytes);
            let template = "{spinner} {bytes} of {total_bytes}, {msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        });
        Self {
            bar,
            ..Self::silent()
        }
    }

    /// Never shows anything.
    pub fn silent() -> Self {
        Self {
            bar: None,
            source: RefCell::new((String::new(), Arc::new(AtomicU64::new(0)))),
            done_bytes: Cell::new(0),
            records: Cell::new(0),
            rejects: Cell::new((0, 0)),
        }
    }

    /// A source begins; `position` tells how many of its bytes are read.
    pub fn source(&self, name: &str, position: &Arc<AtomicU64>) {
        let name = printable(name);
        let length = name.chars().count();
        let end: String = name
            .chars()
            .skip(length.saturating_sub(SHOWN_NAME))
            .collect();
        self.source.replace((end, Arc::clone(position)));
        self.show();
    }

    /// So many more records were written; the source has so many rejects so far.
    pub fn records(&self, records: usize, rejects: u64) {
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        self.records.set(self.records.get().saturating_add(records));
        self.rejects.set((self.rejects.get().0, rejects));
        self.show();
    }

    /// A source of so many bytes is done.
    pub fn end_source(&self, bytes: u64) {
        let (before, of_source) = self.rejects.get();
        self.rejects.set((before + of_source, 0));
        self.done_bytes.set(self.done_bytes.get() + bytes);
        self.source
            .replace((String::new(), Arc::new(AtomicU64::new(0))));
        self.show();
    }

    fn show(&self) {
        let Some(bar) = &self.bar else {
            return;
        };
        let source = self.source.borrow();
        let (before, of_source) = self.rejects.get();
        let message = format!(
            "{} records, {} rejected  {}",
            HumanCount(self.records.get()),
            HumanCount(before + of_source),
            source.0
        );
        let position = source.1.load(Ordering::Relaxed);
        bar.set_message(message);
        bar.set_position(self.done_bytes.get().saturating_add(position));
    }

    /// Removes the bar.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
