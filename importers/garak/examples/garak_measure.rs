//! Imports a report into a sink that only counts, and says how long that took.
//!
//! `measure PATH`

use std::time::Instant;

use caveat_corpus::Record;
use caveat_import_garak::Garak;
use caveat_importer::{ImportError, Importer as _, Options, Reject, Sink, SinkClosed, Source};

#[derive(Default)]
struct Count {
    traces: u64,
    grades: usize,
    rejects: u64,
}

impl Sink for Count {
    fn record(&mut self, record: Record) -> Result<(), SinkClosed> {
        if let Record::Trace(trace) = record {
            self.traces += 1;
            self.grades += trace.grades.len();
        }
        Ok(())
    }

    fn reject(&mut self, _: Reject) -> Result<(), SinkClosed> {
        self.rejects += 1;
        Ok(())
    }
}

fn main() -> Result<(), ImportError> {
    let path = std::env::args().nth(1).unwrap_or_default();
    let bytes = std::fs::metadata(&path).map_or(0, |facts| facts.len());
    let mut count = Count::default();
    let start = Instant::now();
    let facts = Garak.import(&Source::new(&path), &Options::default(), &mut count)?;
    let seconds = start.elapsed().as_secs_f64();
    for note in facts.notes {
        println!("note: {note}");
    }
    println!(
        "{} traces, {} grades, {} rejects",
        count.traces, count.grades, count.rejects
    );
    println!("{bytes} bytes in {seconds:.3} s");
    Ok(())
}
