//! Reads a file piece by piece, twice: once for its outline, once for its entries.
//!
//! The parameters may stand behind the entries that they are needed for, so
//! the first pass keeps them, checks that the whole file is JSON, and keeps
//! nothing else. Memory follows the largest entry, not the file.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;

use caveat_importer::json::{self, Content, Key, Piece, Pieces, PiecesError};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits, SinkClosed};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::FORMAT;

/// Most models of an evaluation file: their names are held in memory. The
/// published files have two.
const MAX_MEMBERS: usize = 10_000;

/// A fault of the whole source.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The file cannot be read.
    Io(io::Error),
    /// The content is not what it should be: what was found, and what to do.
    Content { found: String, hint: &'static str },
    /// The receiver stopped.
    Closed(SinkClosed),
}

impl Fault {
    /// The content is not what it should be.
    pub(crate) fn content(found: impl Into<String>, hint: &'static str) -> Self {
        Fault::Content {
            found: found.into(),
            hint,
        }
    }

    /// A needed key is absent.
    pub(crate) fn missing(key: &str) -> Self {
        Self::content(
            format!("the key `{key}` is missing"),
            "an artifact needs `parameters` and `jailbreaks`; \
             importers/jailbreakbench/README.md shows its shape",
        )
    }

    fn no_object(found: &str) -> Self {
        Self::content(
            format!("expected a JSON object: {}", printable(found)),
            "if the file is cut short, copy it again from its origin",
        )
    }

    /// Adds the file.
    pub(crate) fn into_error(self, path: &Path) -> ImportError {
        let path = path.to_path_buf();
        match self {
            Fault::Io(cause) => ImportError::Io { path, cause },
            Fault::Closed(closed) => ImportError::Closed(closed),
            Fault::Content { found, hint } => ImportError::Refused {
                path,
                format: FORMAT,
                found,
                hint: hint.to_owned(),
            },
        }
    }
}

impl From<SinkClosed> for Fault {
    fn from(closed: SinkClosed) -> Self {
        Fault::Closed(closed)
    }
}

impl From<PiecesError> for Fault {
    fn from(error: PiecesError) -> Self {
        match error {
            PiecesError::Io(cause) => Fault::Io(cause),
            other => Fault::no_object(&other.to_string()),
        }
    }
}

/// Opens a file and walks the containers that are named.
pub(crate) fn pieces(path: &Path, open: &[&str], limits: Limits) -> Result<Pieces<File>, Fault> {
    let file = File::open(path).map_err(Fault::Io)?;
    Ok(Pieces::new(file, open, &limits))
}

/// What the file has at its outermost level.
#[derive(Default)]
pub(crate) struct Outline {
    /// The object of that name, unparsed.
    pub(crate) parameters: Option<Vec<u8>>,
    /// The object of that name, unparsed.
    pub(crate) details: Option<Vec<u8>>,
    /// What stands under `jailbreaks`.
    pub(crate) jailbreaks: Entries,
    /// The other members, in their order.
    pub(crate) members: Vec<Member>,
    names: BTreeSet<String>,
}

/// What stands under `jailbreaks`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Entries {
    #[default]
    Absent,
    List,
    Other,
}

/// A member that may be a model with its behaviours.
pub(crate) struct Member {
    pub(crate) name: String,
    /// Byte offset of its value.
    pub(crate) byte: u64,
    pub(crate) is_object: bool,
    /// An entry of it has a reply and a verdict.
    pub(crate) holds_replies: bool,
}

impl Outline {
    /// Reads the file once.
    pub(crate) fn of(path: &Path, limits: Limits) -> Result<Self, Fault> {
        let mut pieces = pieces(path, &["jailbreaks"], limits)?;
        let mut outline = Self::default();
        while let Some(piece) = pieces.next_piece()? {
            check_json(&piece)?;
            if piece.path.is_empty() {
                outline.member(&piece, limits)?;
            }
        }
        if pieces.containers("") == 0 {
            return Err(Fault::no_object("found a single value"));
        }
        if pieces.lists("") > 0 {
            return Err(Fault::no_object("found a list"));
        }
        for _ in 0..pieces.containers("jailbreaks") {
            outline.refuse_repeat("jailbreaks")?;
            outline.jailbreaks = match pieces.lists("jailbreaks") {
                0 => Entries::Other,
                _ => Entries::List,
            };
        }
        Ok(outline)
    }

    fn member(&mut self, piece: &Piece<'_>, limits: Limits) -> Result<(), Fault> {
        let Key::Name(name) = piece.key else {
            return Ok(());
        };
        self.refuse_repeat(name)?;
        match name {
            "parameters" => self.parameters = Some(kept(piece, limits)?),
            "details" => self.details = Some(kept(piece, limits)?),
            "jailbreaks" => self.jailbreaks = Entries::Other,
            _ if self.members.len() == MAX_MEMBERS => {
                return Err(Fault::content(
                    format!("the object has more than {MAX_MEMBERS} members"),
                    "split the file by model, or convert it to JSONL and use the `table` importer",
                ));
            }
            _ => self.members.push(Member {
                name: name.to_owned(),
                byte: piece.byte,
                is_object: piece.first == b'{',
                holds_replies: match piece.content {
                    Content::Whole(bytes) => holds_replies(bytes, limits),
                    Content::TooLong { .. } => true,
                },
            }),
        }
        Ok(())
    }

    /// Refuses an object that says a thing twice.
    fn refuse_repeat(&mut self, name: &str) -> Result<(), Fault> {
        if self.names.insert(name.to_owned()) {
            return Ok(());
        }
        Err(Fault::content(
            format!("the key `{}` occurs twice", printable(name)),
            "keep one of the two",
        ))
    }
}

/// Refuses a file that is no JSON anywhere; a piece that is too long to be
/// looked at becomes a reject.
fn check_json(piece: &Piece<'_>) -> Result<(), Fault> {
    let Content::Whole(bytes) = piece.content else {
        return Ok(());
    };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid_bytes = u64::try_from(error.valid_up_to()).unwrap_or(0);
        Fault::content(
            format!(
                "expected UTF-8, found other bytes from byte {}",
                piece.byte + valid_bytes
            ),
            "convert the file to UTF-8",
        )
    })?;
    serde_json::from_str::<IgnoredAny>(text)
        .map(drop)
        .map_err(|error| Fault::no_object(&format!("{error}, counted from byte {}", piece.byte)))
}

fn kept(piece: &Piece<'_>, limits: Limits) -> Result<Vec<u8>, Fault> {
    match piece.content {
        Content::Whole(bytes) => Ok(bytes.to_vec()),
        Content::TooLong { bytes } => {
            let Key::Name(name) = piece.key else {
                return Ok(Vec::new());
            };
            Err(Fault::content(
                format!("`{name}`: {}", too_long(bytes, limits)),
                "compare the file with those that the benchmark publishes",
            ))
        }
    }
}

/// Whether a member looks like a model's behaviours: an object of objects of
/// which one has a reply and a verdict.
fn holds_replies(bytes: &[u8], limits: Limits) -> bool {
    let mut pieces = Pieces::new(bytes, &["*"], &limits);
    let (mut entry, mut has_reply, mut has_verdict) = (String::new(), false, false);
    while let Ok(Some(piece)) = pieces.next_piece() {
        if piece.path != entry {
            entry = piece.path.to_owned();
            (has_reply, has_verdict) = (false, false);
        }
        has_reply |= piece.key == Key::Name("response");
        has_verdict |= piece.key == Key::Name("jailbroken");
        if has_reply && has_verdict && !entry.is_empty() {
            return true;
        }
    }
    false
}

fn too_long(bytes: u64, limits: Limits) -> String {
    let longest = limits.max_record_bytes;
    format!("it has {bytes} bytes, at most {longest} are read")
}

/// Parses one object within the bounds; the error says why not, in words.
///
/// A list is refused although its items could fill the fields by position.
pub(crate) fn parse_object<T: DeserializeOwned>(
    content: Content<'_>,
    limits: Limits,
) -> Result<T, String> {
    match content {
        Content::TooLong { bytes } => Err(too_long(bytes, limits)),
        Content::Whole(bytes) if !bytes.starts_with(b"{") => Err("expected an object".to_owned()),
        Content::Whole(bytes) => json::parse(bytes, &limits).map_err(|fault| fault.reason),
    }
}
