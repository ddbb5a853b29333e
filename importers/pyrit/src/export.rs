//! Exported conversations, as JSON or as CSV: what both have in common.
//!
//! An export lists pieces, each with its scores within. Pieces of one
//! conversation need not stand together, so that a file is gone through twice:
//! once for the index, once for the replies.

use caveat_corpus::Location;
use caveat_importer::{Limits, Options, Reject, Sink, SourceFacts};
use serde_json::Value;

use crate::fault::Fault;
use crate::fields::{Object, structured};
use crate::gather;
use crate::graders::{GivenRules, Graders, Objectives};
use crate::index::{Entry, Index, Role};
use crate::notes::{self, Told};
use crate::run::{self, Context, Loaded, Memory};

/// Fields that a piece has in every version, whatever else there is.
const NEEDED: [&str; 4] = ["role", "conversation_id", "sequence", "original_value"];

/// Longest field name that is compared.
const MAX_NAME_BYTES: usize = 64;

/// How a file of pieces is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A JSON list of objects.
    Json,
    /// A header line and delimited rows.
    Csv,
}

impl Shape {
    /// Looks at the start of a file.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let start = head.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let head = head.get(start..)?;
        if head.starts_with(b"[") {
            let names = names_of_first(head);
            let has = |name: &str| names.contains(&name.as_bytes());
            return NEEDED.iter().all(|name| has(name)).then_some(Shape::Json);
        }
        let line = head.split(|byte| matches!(byte, b'\n' | b'\r')).next()?;
        let names: Vec<&[u8]> = line.split(|byte| *byte == b',').map(unquoted).collect();
        let has = |name: &str| names.contains(&name.as_bytes());
        NEEDED.iter().all(|name| has(name)).then_some(Shape::Csv)
    }
}

fn unquoted(cell: &[u8]) -> &[u8] {
    let inner = cell
        .strip_prefix(b"\"")
        .and_then(|cell| cell.strip_suffix(b"\""));
    inner.unwrap_or(cell)
}

/// Names of the members of the first object in a list.
fn names_of_first(head: &[u8]) -> Vec<&[u8]> {
    let mut names = Vec::new();
    let (mut level, mut position) = (0_u32, 0_usize);
    while let Some(&byte) = head.get(position) {
        position += 1;
        match byte {
            b'[' | b'{' => {
                level += 1;
                if level == 2 && byte != b'{' {
                    break;
                }
            }
            b']' | b'}' => {
                level = level.saturating_sub(1);
                if level < 2 {
                    break;
                }
            }
            b'"' => {
                let end = end_of_string(head, position);
                let after = head.get(end + 1..).unwrap_or_default();
                let next = after.iter().find(|byte| !byte.is_ascii_whitespace());
                if level == 2
                    && next == Some(&b':')
                    && let Some(name) = head.get(position..end)
                    && name.len() <= MAX_NAME_BYTES
                {
                    names.push(name);
                }
                position = end + 1;
            }
            _ => {}
        }
    }
    names
}

/// Position of the quote that closes a string, or the end of the bytes.
fn end_of_string(head: &[u8], start: usize) -> usize {
    let mut position = start;
    while let Some(&byte) = head.get(position) {
        match byte {
            b'"' => return position,
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
    head.len()
}

/// Where a piece stands in a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// Its line, or its position in the list, as the format counts.
    pub(crate) record: u64,
    /// Byte offset.
    pub(crate) byte: u64,
    /// Length in bytes, where it is known.
    pub(crate) bytes: u64,
}

impl Span {
    /// The place, for records and rejects.
    pub(crate) fn location(self) -> Location {
        Location {
            entry: None,
            record: Some(self.record.to_string()),
            byte: Some(self.byte),
        }
    }
}

/// A file whose pieces can be read again.
pub(crate) trait Objects {
    /// Reads the piece at a place.
    fn object(&mut self, span: Span) -> Result<Loaded, Fault>;
}

/// What the first pass gathers.
pub(crate) struct Export {
    index: Index,
    graders: Graders,
    spans: Vec<Span>,
    /// What is worth a note.
    pub(crate) told: Told,
    limits: Limits,
}

impl Export {
    /// Nothing yet.
    pub(crate) fn new(rules: GivenRules, limits: Limits) -> Self {
        Self {
            index: Index::default(),
            graders: Graders::new(limits, rules),
            spans: Vec::new(),
            told: Told {
                is_export: true,
                ..Told::default()
            },
            limits,
        }
    }

    /// Adds a piece to the index, or rejects it.
    pub(crate) fn add(
        &mut self,
        span: Span,
        piece: Loaded,
        sink: &mut dyn Sink,
    ) -> Result<(), Fault> {
        let added = piece.and_then(|piece| self.piece(span, &piece));
        if let Err(reason) = added {
            let location = span.location();
            sink.reject(Reject { location, reason })?;
        }
        Ok(())
    }

    fn piece(&mut self, span: Span, piece: &Object) -> Result<(), String> {
        let at = u64::try_from(self.spans.len()).unwrap_or(u64::MAX);
        let entry = gather::entry(at, piece, &mut self.index)?;
        let scores = scores(piece, &self.limits);
        if entry.role == Role::Assistant {
            for score in scores.iter().flatten() {
                self.graders.meet(score)?;
            }
            if !scores.is_empty()
                && let Some(conversation) = self.index.of_mut(entry.conversation)
            {
                conversation.is_scored = true;
            }
        } else {
            self.told.scores_elsewhere += u64::try_from(scores.len()).unwrap_or(u64::MAX);
        }
        self.spans.push(span);
        self.index.push(entry)
    }

    /// Sends the replies on.
    pub(crate) fn finish(
        mut self,
        objects: impl Objects,
        size_bytes: u64,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<SourceFacts, Fault> {
        for conversation in &mut self.index.conversations {
            conversation.is_helper = conversation.names_scored_prompt && !conversation.is_scored;
        }
        let plan = self.index.plan(&self.index.order());
        self.graders.settle(&Objectives::default());
        let mut memory = Exported {
            objects,
            spans: self.spans,
            limits: self.limits,
            size_bytes,
        };
        let context = Context::default();
        let graders = &mut self.graders;
        let tally = run::replies(
            &mut memory,
            &self.index,
            &plan,
            &context,
            graders,
            options,
            sink,
        )?;
        sink.progress(size_bytes);
        Ok(SourceFacts {
            format_version: None,
            notes: notes::of(&self.told, &plan, tally, &self.graders),
        })
    }
}

struct Exported<O> {
    objects: O,
    spans: Vec<Span>,
    limits: Limits,
    size_bytes: u64,
}

impl<O> Exported<O> {
    fn span(&self, at: u64) -> Option<Span> {
        self.spans.get(usize::try_from(at).ok()?).copied()
    }
}

impl<O: Objects> Memory for Exported<O> {
    fn piece(&mut self, at: u64) -> Result<Loaded, Fault> {
        match self.span(at) {
            Some(span) => self.objects.object(span),
            None => Ok(Err("it is not there any more".to_owned())),
        }
    }

    fn scores(&mut self, entry: &Entry, piece: &Object) -> Result<Vec<(Location, Loaded)>, Fault> {
        let location = self.locate(entry, None);
        let scores = scores(piece, &self.limits).into_iter();
        Ok(scores.map(|score| (location.clone(), score)).collect())
    }

    fn locate(&self, entry: &Entry, _piece: Option<&Object>) -> Location {
        self.span(entry.at).map(Span::location).unwrap_or_default()
    }

    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }
}

/// The scores within a piece.
fn scores(piece: &Object, limits: &Limits) -> Vec<Loaded> {
    let stated = piece.get("scores").and_then(Value::as_str);
    match structured(piece, "scores", limits) {
        // A cell that was cut off begins as a list and is none.
        None if stated.is_some_and(|cell| cell.trim_start().starts_with(['[', '{'])) => {
            vec![Err("`scores` begins as a list and is none".to_owned())]
        }
        None => Vec::new(),
        Some(Value::Array(scores)) => scores
            .into_iter()
            .map(|score| match score {
                Value::Object(score) => Ok(score),
                other => Err(crate::fields::wrong_type(&other, "scores", "objects")),
            })
            .collect(),
        Some(other) => vec![Err(crate::fields::wrong_type(&other, "scores", "a list"))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_is_recognised_by_the_names_of_its_fields() {
        let json = br#" [ {"id": "1", "role": "user", "conversation_id": "c", "sequence": 0,
            "labels": {"role": 1}, "original_value": "cut he"#;
        assert_eq!(Shape::of(json), Some(Shape::Json));
        let csv = b"id,role,conversation_id,\"sequence\",original_value\r\n1,user,c,0,x\r\n";
        assert_eq!(Shape::of(csv), Some(Shape::Csv));
        for head in [
            &b""[..],
            b"[",
            b"[[]]",
            b"[{}]",
            br#"[{"x": {"role": 1, "conversation_id": 2, "sequence": 3, "original_value": 4}}]"#,
            br#"{"role": 1, "conversation_id": 2, "sequence": 3, "original_value": 4}"#,
            br#"[{"role": 1}, {"conversation_id": 2, "sequence": 3, "original_value": 4}]"#,
            b"role,conversation_id\n",
            b"\xff\xfe",
        ] {
            assert_eq!(Shape::of(head), None, "{}", String::from_utf8_lossy(head));
        }
        let _ = Shape::of(&[b'['; 70_000]);
        let _ = Shape::of(b"[{\"\\");
    }
}
