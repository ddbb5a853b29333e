//! Reads a source from start to end.

use caveat_corpus::{Location, Record};
use caveat_importer::lines::{End, Line, Lines};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Options, Reject, Sink, Source, SourceFacts};

use crate::aggregate::Aggregate;
use crate::pairing::Aggregates;
use crate::row::Row;
use crate::survey::Survey;
use crate::trace::Traces;
use crate::wanted::Wanted;
use crate::{counts, refused, unreadable};

/// Results whose published score is held against their rows, in the account.
const MAX_COMPARED: usize = 20;

/// Largest difference of two means that is left to rounding.
const ROUNDING: f64 = 0.000_501;

/// Reads a file of rows, or an aggregate with counts.
pub(crate) fn read(
    source: &Source,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, ImportError> {
    let wanted = Wanted::of(options)?;
    let (path, limits) = (&source.path, &options.limits);
    let survey = Survey::of(path, limits)?;
    if survey.usable == 0 {
        if Aggregate::load(path, limits).is_ok() {
            return counts::read(source, options, sink);
        }
        return Err(refused(path, "no line of it is a row of this schema"));
    }
    let aggregates = Aggregates::beside(path, &survey, limits);
    let mut notes = checks(&aggregates, &survey);
    let mut traces = Traces::new(&aggregates, &survey, &wanted, options);
    let end = End::of(path).map_err(unreadable(path))?;
    let mut lines = Lines::open(path, 0, limits).map_err(unreadable(path))?;
    while let Some((at, line)) = lines.next_line().map_err(unreadable(path))? {
        let location = Location {
            entry: None,
            record: Some(at.line.to_string()),
            byte: Some(at.byte),
        };
        let result = match line {
            Line::Whole(bytes) if bytes.trim_ascii().is_empty() => continue,
            Line::Whole(bytes) => {
                let row = Row::read(bytes, limits);
                row.map_err(|reason| match end.cuts(at, bytes.len()) {
                    true => Fault::Cut(reason),
                    false => Fault::Row(reason),
                })
            }
            Line::TooLong { bytes } => Err(Fault::Row(format!(
                "the line has {bytes} bytes, at most {} are read",
                limits.max_record_bytes
            ))),
        };
        let trace = result.and_then(|row| traces.trace(row, location.clone()).map_err(Fault::Row));
        match trace {
            Ok(trace) => sink.record(Record::Trace(Box::new(trace)))?,
            Err(Fault::Row(reason)) => sink.reject(Reject { location, reason })?,
            Err(Fault::Cut(reason)) => {
                notes.push(format!(
                    "the file is cut short: it ends at byte {} within a row; what is whole is imported",
                    end.bytes
                ));
                let reason = format!("the file is cut short within this row: {reason}");
                sink.reject(Reject { location, reason })?;
            }
        }
        sink.progress(lines.bytes_read());
    }
    notes.extend(traces.tally.notes());
    notes.extend(wanted.rules.notes());
    Ok(SourceFacts {
        format_version: traces.tally.versions(),
        notes,
    })
}

/// Why a row is not usable.
enum Fault {
    Row(String),
    /// The file ends within it.
    Cut(String),
}

/// What an aggregate states of its rows, held against them. The rows win: they
/// stand for themselves, and a file that was cut short is still evidence.
fn checks(aggregates: &Aggregates, survey: &Survey) -> Vec<String> {
    let mut notes = aggregates.notes.clone();
    if aggregates.all().next().is_none() {
        notes.push(
            "there is no aggregate beside the file: metrics and judges are not known, and the graders are named after the results".to_owned(),
        );
    }
    let mut compared = 0;
    for aggregate in aggregates.all() {
        if let Some(detailed) = &aggregate.detailed {
            match survey.checksum_fits(detailed) {
                Some(true) => notes.push("the checksum that the aggregate states is that of the file".to_owned()),
                Some(false) => notes.push(
                    "the checksum that the aggregate states is not that of the file: rows were changed, added or lost since it was written".to_owned(),
                ),
                None if detailed.checksum.is_some() => notes.push(
                    "the checksum that the aggregate states is of an unknown kind and was not compared".to_owned(),
                ),
                None => {}
            }
            if let Some(stated) = detailed.total_rows.filter(|stated| *stated != survey.rows) {
                notes.push(format!(
                    "the aggregate states {stated} rows, the file holds {}",
                    survey.rows
                ));
            }
        }
        for result in &aggregate.results {
            let Some((key, stated)) = result.key().zip(result.score) else {
                continue;
            };
            let Some((rows, mean)) = survey.mean(&aggregate.evaluation_id, key, &result.metric)
            else {
                continue;
            };
            if (mean - stated).abs() > ROUNDING && compared < MAX_COMPARED {
                compared += 1;
                notes.push(format!(
                    "the aggregate states {stated} for `{}`, the mean of its {rows} rows is {mean:.4}; the rows are used",
                    printable(key)
                ));
            }
        }
    }
    notes
}
