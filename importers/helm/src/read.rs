//! Reads a run from start to end.

use std::path::Path;

use caveat_corpus::{Location, Record};
use caveat_importer::json::{Content, Key, Pieces, PiecesError, parse};
use caveat_importer::score::{self, Rules, refuse_unknown};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Options, Reject, Sink, SinkClosed, Source, SourceFacts};

use crate::FORMAT;
use crate::companion::{open, refused};
use crate::joined::{Joined, MAX_HELD_BYTES};
use crate::means::Means;
use crate::object::Object;
use crate::request_state::RequestState;
use crate::run::{Adapter, AdapterSpec, Run};
use crate::trace::{Tally, Traces};

/// Where the request states stand.
const STATES: &str = "request_states";

const SHAPE_HINT: &str = "importers/helm/README.md shows what a run folder holds; copy it again from its origin if it is damaged";

/// Reads the request states of a run and sends each on.
pub(crate) fn read(
    source: &Source,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, ImportError> {
    let rules = rules(options)?;
    let path = &source.path;
    let mut traces = Traces {
        run: Run::beside(path, &options.limits)?,
        joined: Joined::beside(path, &options.limits, MAX_HELD_BYTES)?,
        means: Means::default(),
        rules,
        options,
        tally: Tally::default(),
    };
    let mut notes = std::mem::take(&mut traces.run.notes);
    let mut pieces = Pieces::new(open(path)?, &[STATES], &options.limits);
    let fault = loop {
        match pieces.next_piece() {
            Ok(None) => break None,
            Ok(Some(piece)) if piece.path == STATES => {
                let Key::Index(position) = piece.key else {
                    return Err(refused(path, "`request_states` is no list", SHAPE_HINT));
                };
                let location = place(&position.to_string(), piece.byte);
                send(&mut traces, piece.content, location, sink)?;
            }
            Ok(Some(piece)) => {
                member(path, &mut traces.run, piece.key, piece.content, options)?;
            }
            Err(fault) => break Some(fault),
        }
        sink.progress(pieces.bytes_read());
    };
    if let Some(fault) = fault {
        notes.push(cut_off(path, &pieces, fault, sink)?);
    }
    match pieces.containers(STATES) {
        0 => {
            let found = "expected an object with `request_states`, found none";
            return Err(refused(path, found, SHAPE_HINT));
        }
        1 => {}
        _ => return Err(refused(path, "`request_states` occurs twice", SHAPE_HINT)),
    }
    if traces.tally.traces == 0 {
        notes.push("no request state of the run became a trace".to_owned());
    }
    notes.extend(traces.tally.notes());
    notes.extend(traces.rules.notes());
    notes.extend(traces.joined.notes());
    notes.extend(traces.means.compare(path, &options.limits)?);
    Ok(SourceFacts {
        format_version: None,
        notes,
    })
}

/// The user's rules; any other option is a mistake of its author.
fn rules(options: &Options) -> Result<Rules, ImportError> {
    let mut wanted = options.format.clone();
    let rules = Rules::take(FORMAT, &mut wanted)?;
    refuse_unknown(FORMAT, &wanted, &[score::OPTION])?;
    Ok(rules)
}

fn place(record: &str, byte: u64) -> Location {
    Location {
        entry: Some(STATES.to_owned()),
        record: Some(record.to_owned()),
        byte: Some(byte),
    }
}

/// Sends one request state on, as a trace or as a reject.
fn send(
    traces: &mut Traces<'_>,
    content: Content<'_>,
    location: Location,
    sink: &mut dyn Sink,
) -> Result<(), SinkClosed> {
    let limits = traces.options.limits;
    let trace = match content {
        Content::Whole(bytes) => RequestState::read(bytes, &limits)
            .and_then(|state| traces.trace(state, location.clone())),
        Content::TooLong { bytes } => Err(format!(
            "it has {bytes} bytes, at most {} are read",
            limits.max_record_bytes
        )),
    };
    match trace {
        Ok(trace) => sink.record(Record::Trace(Box::new(trace))),
        Err(reason) => sink.reject(Reject { location, reason }),
    }
}

/// Says that a file is cut short, where the half record is a reject; any other
/// fault, or one before the first request state, refuses the run.
fn cut_off<R: std::io::Read>(
    path: &Path,
    pieces: &Pieces<R>,
    fault: PiecesError,
    sink: &mut dyn Sink,
) -> Result<String, ImportError> {
    match fault {
        PiecesError::Io(cause) => {
            let path = path.to_path_buf();
            return Err(ImportError::Io { path, cause });
        }
        PiecesError::Truncated { .. } if pieces.containers(STATES) > 0 => {}
        fault => return Err(refused(path, printable(&fault.to_string()), SHAPE_HINT)),
    }
    if let Some(half) = pieces.unfinished().filter(|half| half.path == STATES) {
        sink.reject(Reject {
            location: place(&half.key, half.byte),
            reason: "the file is cut short within this request state".to_owned(),
        })?;
    }
    Ok(format!(
        "the file is cut short: it ends at byte {}; what is whole is imported",
        pieces.bytes_read()
    ))
}

/// A member of the outer object: of these only the adapter is read.
fn member(
    path: &Path,
    run: &mut Run,
    key: Key<'_>,
    content: Content<'_>,
    options: &Options,
) -> Result<(), ImportError> {
    match key {
        Key::Name("adapter_spec") => {}
        Key::Name(name) if name == STATES => {
            return Err(refused(path, "`request_states` is no list", SHAPE_HINT));
        }
        _ => return Ok(()),
    }
    let Content::Whole(bytes) = content else {
        return Ok(());
    };
    let adapter = parse::<Object<AdapterSpec>>(bytes, &options.limits)
        .map_err(|fault| fault.to_string())
        .and_then(|spec| Adapter::of(&spec.0, &options.limits));
    let reconciled = adapter.and_then(|adapter| run.adapter.reconcile(adapter));
    reconciled.map_err(|reason| {
        let found = format!("`adapter_spec`: {}", printable(&reason));
        refused(path, found, SHAPE_HINT)
    })
}
