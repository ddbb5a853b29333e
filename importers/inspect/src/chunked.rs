//! A sample that is stored in chunks: a shell, and sequences beside it.
//!
//! The shell holds what a trace needs but the metadata; messages are counted,
//! attachments looked up by position. Events are never opened.

use std::collections::BTreeMap;
use std::io::Read;

use caveat_importer::Limits;
use caveat_importer::archive::{Archive, Member};
use caveat_importer::json::{self, Content, Key, Pieces};

use crate::eval_log::failed;
use crate::message::{Content as Text, History, MessageHead};
use crate::parts::{Parts, Reading, said};

/// The member that makes a folder of chunks a sample.
pub(crate) const SHELL: &str = "sample.json";

const METADATA: &str = "metadata.json";
const SKELETON: &str = "skeleton.json";

/// Sequences of chunks, each named by the position of its first item.
const SEQUENCES: [&str; 4] = ["messages", "events", "calls", "attachments"];

/// Members of events that are no chunks.
const BESIDE_EVENTS: [&str; 2] = ["stats", "uuids"];

/// The members of one sample, by their position in the archive.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    shell: Option<usize>,
    metadata: Option<usize>,
    messages: BTreeMap<u64, usize>,
    attachments: BTreeMap<u64, usize>,
}

/// Whether the rest of a member's name is that of a part of a sample.
pub(crate) fn is_part(name: &str) -> bool {
    if [SHELL, METADATA, SKELETON].contains(&name) {
        return true;
    }
    let Some((sequence, file)) = name.split_once('/') else {
        return false;
    };
    let Some(stem) = file.strip_suffix(".json") else {
        return false;
    };
    SEQUENCES.contains(&sequence) && (stem.parse::<u64>().is_ok() || BESIDE_EVENTS.contains(&stem))
}

impl Chunks {
    /// Adds a member.
    pub(crate) fn add(&mut self, name: &str, index: usize) {
        match name {
            SHELL => self.shell = Some(index),
            METADATA => self.metadata = Some(index),
            _ => {
                let start = |sequence: &str| -> Option<u64> {
                    let file = name.strip_prefix(sequence)?.strip_prefix('/')?;
                    file.strip_suffix(".json")?.parse().ok()
                };
                if let Some(start) = start("messages") {
                    self.messages.insert(start, index);
                } else if let Some(start) = start("attachments") {
                    self.attachments.insert(start, index);
                }
            }
        }
    }

    /// Reads the sample; false beside it if messages that it refers to are missing.
    pub(crate) fn read(
        &self,
        archive: &mut Archive,
        members: &[Member],
        reading: Reading<'_>,
    ) -> (Parts, bool) {
        let Some(shell) = self.shell.and_then(|index| members.get(index)) else {
            let mut parts = Parts::default();
            parts.fail(|| format!("the sample is stored in chunks, but its `{SHELL}` is missing"));
            return (parts, true);
        };
        let mut parts = match archive.read(shell) {
            Ok(reader) => Parts::read(reader, reading),
            Err(fault) => failed(&fault),
        };
        if parts.fault.is_some() {
            return (parts, true);
        }
        let is_complete = match self.rest(archive, members, reading, &mut parts) {
            Ok(is_complete) => is_complete,
            Err(fault) => {
                parts.fail(|| fault);
                true
            }
        };
        (parts, is_complete)
    }

    fn rest(
        &self,
        archive: &mut Archive,
        members: &[Member],
        reading: Reading<'_>,
        parts: &mut Parts,
    ) -> Result<bool, String> {
        if let Some(member) = self.metadata.and_then(|index| members.get(index)) {
            let reader = archive.read(member).map_err(|fault| fault.to_string())?;
            metadata(reader, reading, parts)?;
        }
        let is_complete = match parts.message_refs.take() {
            Some(ranges) => self.messages(archive, members, reading.limits, &ranges, parts)?,
            None => true,
        };
        self.attachments(archive, members, reading.limits, parts)?;
        Ok(is_complete)
    }

    /// Counts the messages of the ranges; false if some are missing.
    fn messages(
        &self,
        archive: &mut Archive,
        members: &[Member],
        limits: &Limits,
        ranges: &[(u64, u64)],
        parts: &mut Parts,
    ) -> Result<bool, String> {
        let mut history = History::default();
        let mut is_complete = true;
        for &(start, end) in ranges {
            let mut next = start;
            while next < end {
                let chunk = self.messages.range(..=next).next_back();
                let Some((&first, member)) =
                    chunk.and_then(|(first, index)| Some((first, members.get(*index)?)))
                else {
                    is_complete = false;
                    break;
                };
                let mut found = next;
                items(archive, member, limits, |position, content| {
                    let position = first.saturating_add(position);
                    if position == found && position < end {
                        history.add(parsed::<MessageHead>(content, limits)?);
                        found = position + 1;
                    }
                    Ok(())
                })?;
                if found == next {
                    is_complete = false;
                    break;
                }
                next = found;
            }
        }
        if let Some(reply) = history.last_reply() {
            let reply: Text = parsed(Content::Whole(reply.get().as_bytes()), limits)?;
            parts.want_all(&reply.texts);
        }
        parts.history = is_complete.then_some(history);
        Ok(is_complete)
    }

    /// Reads the attachments that the sample refers to.
    fn attachments(
        &self,
        archive: &mut Archive,
        members: &[Member],
        limits: &Limits,
        parts: &mut Parts,
    ) -> Result<(), String> {
        let mut by_chunk: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for id in &parts.wanted {
            let Ok(position) = id.parse::<u64>() else {
                continue;
            };
            if let Some((first, _)) = self.attachments.range(..=position).next_back() {
                by_chunk.entry(*first).or_default().push(position - first);
            }
        }
        let mut bytes = 0_u64;
        for (first, positions) in by_chunk {
            let member = self.attachments.get(&first);
            let Some(member) = member.and_then(|index| members.get(*index)) else {
                continue;
            };
            items(archive, member, limits, |position, content| {
                if !positions.contains(&position) {
                    return Ok(());
                }
                let text: String = parsed(content, limits)?;
                bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
                if bytes > limits.max_record_bytes {
                    let longest = limits.max_record_bytes;
                    return Err(format!(
                        "its attachments have more than {longest} bytes in sum"
                    ));
                }
                let id = first.saturating_add(position).to_string();
                parts.attachments.0.insert(id, text);
                Ok(())
            })?;
        }
        Ok(())
    }
}

fn metadata(reader: impl Read, reading: Reading<'_>, parts: &mut Parts) -> Result<(), String> {
    let mut pieces = Pieces::new(reader, &[""], reading.limits);
    while let Some(piece) = pieces.next_piece().map_err(|error| said(&error))? {
        if matches!(piece.key, Key::Name("")) {
            return Err(format!("`{METADATA}` is no object"));
        }
        parts.take("metadata", piece.key, piece.content, reading);
    }
    Ok(())
}

/// Hands over every item of a chunk with its position in it.
fn items(
    archive: &mut Archive,
    member: &Member,
    limits: &Limits,
    mut take: impl FnMut(u64, Content<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let reader = archive.read(member).map_err(|fault| fault.to_string())?;
    let mut pieces = Pieces::new(reader, &[""], limits);
    while let Some(piece) = pieces.next_piece().map_err(|error| said(&error))? {
        match piece.key {
            Key::Index(position) => take(position, piece.content)?,
            Key::Name(_) => return Err("a chunk of the sample is no list".to_owned()),
        }
    }
    Ok(())
}

fn parsed<T: serde::de::DeserializeOwned>(
    content: Content<'_>,
    limits: &Limits,
) -> Result<T, String> {
    match content {
        Content::Whole(bytes) => {
            json::parse(bytes, limits).map_err(|fault| format!("a chunk of the sample: {fault}"))
        }
        Content::TooLong { bytes } => Err(format!(
            "an item of a chunk has {bytes} bytes, at most {} are read",
            limits.max_record_bytes
        )),
    }
}
