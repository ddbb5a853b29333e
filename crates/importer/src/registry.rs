//! Picks the importer of a file: by content, with the reason; ambiguity is an error.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::probe::{Claim, HEAD_BYTES, Probe, Resemblance};
use crate::{ImportError, Importer};

/// An importer that claims a file, and why.
#[derive(Clone)]
pub struct Recognised<'a> {
    /// The importer.
    pub importer: &'a dyn Importer,
    /// Confidence in percent.
    pub confidence: u8,
    /// What was seen.
    pub reason: String,
}

/// The outcome of asking every importer about one file.
pub enum Recognition<'a> {
    /// One importer claims the file, or is surer than all others.
    One(Recognised<'a>),
    /// Several claim it with the same confidence.
    Ambiguous(Vec<Recognised<'a>>),
    /// None claims it; those that almost did, each with the name of its format in the reason.
    None(Vec<Resemblance>),
}

/// Asks every importer that claims files by itself.
///
/// # Errors
/// [`ImportError::Io`] if the file cannot be read, [`ImportError::NotAFile`] if it is none.
pub fn recognise<'a>(
    importers: &[&'a dyn Importer],
    path: &Path,
) -> Result<Recognition<'a>, ImportError> {
    let io = |cause| ImportError::Io {
        path: path.to_path_buf(),
        cause,
    };
    // Asked before opening, which would wait for the writer of a pipe.
    let size = crate::file::regular(path)?.len();
    let file = File::open(path).map_err(io)?;
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let limit = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut head).map_err(io)?;
    let probe = Probe {
        path,
        head: &head,
        size,
    };
    let mut claims = Vec::new();
    let mut almost = Vec::new();
    if head.is_empty() {
        return Ok(Recognition::None(vec![Resemblance {
            reason: "the file is empty".to_owned(),
            hint: "check that it was written completely, or copy it again from its origin"
                .to_owned(),
        }]));
    }
    for &importer in importers.iter().filter(|i| i.info().claims_files) {
        match importer.probe(&probe) {
            Claim::No => {}
            Claim::Almost(Resemblance { reason, hint }) => almost.push(Resemblance {
                reason: format!("{}: {reason}", importer.info().name),
                hint,
            }),
            Claim::Yes { confidence, reason } => claims.push(Recognised {
                importer,
                confidence,
                reason,
            }),
        }
    }
    Ok(decide(claims, almost))
}

fn decide(mut claims: Vec<Recognised<'_>>, almost: Vec<Resemblance>) -> Recognition<'_> {
    let Some(surest) = claims.iter().map(|claim| claim.confidence).max() else {
        return Recognition::None(almost);
    };
    claims.retain(|claim| claim.confidence == surest);
    if claims.len() > 1 {
        return Recognition::Ambiguous(claims);
    }
    match claims.pop() {
        Some(claim) => Recognition::One(claim),
        None => Recognition::None(almost),
    }
}
