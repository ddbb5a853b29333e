//! Reads a log of one JSON document, sample by sample while it streams.

use std::fs::File;
use std::path::Path;

use caveat_corpus::Location;
use caveat_importer::json::{Content, Key, Pieces, PiecesError};
use caveat_importer::{Options, Sink};

use crate::fault::Fault;
use crate::header::{self, Header};
use crate::parts::{self, Parts, Reading};
use crate::record::Run;
use crate::settings::Settings;

/// The list of samples.
const SAMPLES: &str = "samples";

/// Samples between two reports of progress.
const SAMPLES_PER_PROGRESS: u64 = 64;

/// The sample that is being read.
struct Current {
    index: u64,
    byte: u64,
    parts: Parts,
}

/// Reads every sample, and says what the account should add.
pub(crate) fn read<'a>(
    path: &Path,
    settings: &'a Settings,
    options: &'a Options,
    sink: &mut dyn Sink,
) -> Result<(Run<'a>, Vec<String>), Fault> {
    let limits = &options.limits;
    let reading = Reading { limits, settings };
    let within = |fields: &[&str]| -> Vec<String> {
        let name = |field: &&str| match *field {
            "" => format!("{SAMPLES}.*"),
            field => format!("{SAMPLES}.*.{field}"),
        };
        fields.iter().map(name).collect()
    };
    let (open, ignored) = (within(&parts::OPEN), within(&parts::IGNORED));
    let open: Vec<&str> = header::OPEN
        .into_iter()
        .chain(open.iter().map(String::as_str))
        .collect();
    let ignored: Vec<&str> = header::IGNORED
        .into_iter()
        .chain(ignored.iter().map(String::as_str))
        .collect();
    let mut pieces = Pieces::new(open_file(path)?, &open, limits).ignoring(&ignored);
    let mut run = Run::new(Header::default(), settings, options);
    let mut current: Option<Current> = None;
    let mut next_index = 0;
    let mut notes = Vec::new();
    let end = loop {
        let piece = match pieces.next_piece() {
            Ok(Some(piece)) => piece,
            Ok(None) => break None,
            Err(PiecesError::Io(cause)) => return Err(Fault::Io(cause)),
            Err(error) => break Some(error),
        };
        let Some((place, index)) = sample_of(piece.path, piece.key)? else {
            run.header
                .take(piece.path, piece.key, piece.content, limits)
                .map_err(Fault::content)?;
            continue;
        };
        if current
            .as_ref()
            .is_none_or(|current| current.index != index)
        {
            if next_index == 0 {
                complete_header(&mut run.header, path, options)?;
            }
            flush(&mut run, current.take(), sink)?;
            empty_samples(&mut run, next_index..index, sink)?;
            next_index = index.saturating_add(1);
            current = Some(Current {
                index,
                byte: piece.byte,
                parts: Parts::default(),
            });
            if index % SAMPLES_PER_PROGRESS == 0 {
                sink.progress(piece.byte);
            }
        }
        if let Some(current) = &mut current {
            match place {
                Some(place) => current.parts.take(place, piece.key, piece.content, reading),
                None => current.parts.fail(|| no_object(piece.content)),
            }
        }
    };
    match end {
        None => flush(&mut run, current.take(), sink)?,
        Some(error) => {
            if !run.header.has_eval {
                return Err(Fault::content(error.to_string()));
            }
            notes.push(format!(
                "{error}: the samples before it are imported, what follows is lost"
            ));
            cut(&mut run, current.take(), &pieces, &error, sink)?;
        }
    }
    let whole = pieces.containers(&format!("{SAMPLES}.*"));
    if notes.is_empty() {
        empty_samples(&mut run, next_index..whole.max(next_index), sink)?;
    }
    check(&run.header)?;
    if pieces.containers(SAMPLES) == 0 {
        notes.push("the log holds no samples".to_owned());
    }
    Ok((run, notes))
}

fn open_file(path: &Path) -> Result<File, Fault> {
    File::open(path).map_err(Fault::Io)
}

/// The place of a piece within a sample and the sample's index; no place for a
/// sample that is no object, nothing for a piece of the header.
fn sample_of<'p>(path: &'p str, key: Key<'_>) -> Result<Option<(Option<&'p str>, u64)>, Fault> {
    if path == SAMPLES {
        return match key {
            Key::Index(index) => Ok(Some((None, index))),
            Key::Name(_) => Err(Fault::content("`samples` is no list")),
        };
    }
    let Some(rest) = path.strip_prefix("samples.") else {
        return Ok(None);
    };
    let (index, place) = rest.split_once('.').unwrap_or((rest, ""));
    match index.parse() {
        Ok(index) => Ok(Some((Some(place), index))),
        Err(_) => Err(Fault::content("`samples` is no list")),
    }
}

/// Sees to it that the header is known before the first sample is judged. Its
/// members stand in front, unless somebody changed their order.
fn complete_header(header: &mut Header, path: &Path, options: &Options) -> Result<(), Fault> {
    if !header.has_eval {
        *header = Header::read(open_file(path)?, &options.limits).map_err(Fault::content)?;
    }
    check(header)
}

fn check(header: &Header) -> Result<(), Fault> {
    match header.fault() {
        Some((found, hint)) => Err(Fault::Content {
            found,
            hint: hint.to_owned(),
        }),
        None => Ok(()),
    }
}

fn flush(run: &mut Run<'_>, current: Option<Current>, sink: &mut dyn Sink) -> Result<(), Fault> {
    let Some(current) = current else {
        return Ok(());
    };
    let location = location(current.index, Some(current.byte));
    Ok(run.send(current.parts, location, sink)?)
}

/// Samples of which no member came out have none.
fn empty_samples(
    run: &mut Run<'_>,
    indexes: std::ops::Range<u64>,
    sink: &mut dyn Sink,
) -> Result<(), Fault> {
    for index in indexes {
        let reason = "the sample is an empty object or list".to_owned();
        run.reject(location(index, None), reason, sink)?;
    }
    Ok(())
}

/// Settles the samples at the place where the document breaks off.
fn cut(
    run: &mut Run<'_>,
    current: Option<Current>,
    pieces: &Pieces<File>,
    error: &PiecesError,
    sink: &mut dyn Sink,
) -> Result<(), Fault> {
    let half = half_sample(pieces);
    let (half, byte) = match (half, current) {
        (Some(half), Some(current)) if current.index == half => (Some(half), Some(current.byte)),
        (half, whole) => {
            flush(run, whole, sink)?;
            (half, pieces.unfinished().map(|unfinished| unfinished.byte))
        }
    };
    match half {
        Some(half) => Ok(run.reject(location(half, byte), parts::said(error), sink)?),
        None => Ok(()),
    }
}

/// The index of the sample within which the document breaks off.
fn half_sample(pieces: &Pieces<File>) -> Option<u64> {
    let index = match pieces.container().strip_prefix("samples.") {
        Some(within) => within.split('.').next().unwrap_or(within),
        None => {
            let unfinished = pieces.unfinished()?;
            (unfinished.path == SAMPLES).then_some(unfinished.key.as_str())?
        }
    };
    index.parse().ok()
}

fn location(index: u64, byte: Option<u64>) -> Location {
    Location {
        entry: Some(SAMPLES.to_owned()),
        record: Some(index.to_string()),
        byte,
    }
}

fn no_object(content: Content<'_>) -> String {
    match content {
        Content::TooLong { bytes } => format!("the sample is no object, but {bytes} bytes"),
        Content::Whole(_) => "the sample is no object".to_owned(),
    }
}
