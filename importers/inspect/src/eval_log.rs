//! Reads a log of one archive (`.eval`), member by member.
//!
//! Names of members are never parsed for ids and never become paths: an id may
//! hold anything. They only tell a sample of one piece from the parts of a
//! sample of chunks.

use std::collections::BTreeMap;
use std::path::Path;

use caveat_corpus::Location;
use caveat_importer::archive::{Archive, ArchiveFault, ArchiveLimits, Member};
use caveat_importer::json;
use caveat_importer::text::printable;
use caveat_importer::{Limits, Options, Sink};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::chunked::{self, Chunks};
use crate::fault::Fault;
use crate::header::Header;
use crate::parts::{Parts, Reading};
use crate::record::Run;
use crate::settings::Settings;

/// Written when the run ends.
pub(crate) const HEADER: &str = "header.json";

/// Written when the run starts.
pub(crate) const START: &str = "_journal/start.json";

/// Summaries of all samples, written when the run ends.
const SUMMARIES: &str = "summaries.json";

/// Where samples stand.
pub(crate) const SAMPLES: &str = "samples/";

/// Most members that a note names.
const MAX_SHOWN: usize = 5;

/// What a member of an archive is to the importer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role<'n> {
    /// A sample of one piece.
    Sample,
    /// A part of the sample of chunks under this prefix.
    Part { prefix: &'n str, name: &'n str },
    /// Nothing that holds samples.
    Other,
}

/// A sample, in the order of the archive.
enum Entry {
    Whole(usize),
    Chunked(String),
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
    let mut archive = Archive::open(path, &ArchiveLimits::from(*limits)).map_err(refused)?;
    let mut notes: Vec<String> = archive.notes().to_vec();
    let members: Vec<Member> = archive.members().to_vec();
    let header = header(&mut archive, &members, limits, &mut notes)?;
    let mut run = Run::new(header, settings, options);
    let (entries, chunks) = entries(&members);
    let size = std::fs::metadata(path).map_err(Fault::Io)?.len();
    for (done, entry) in entries.iter().enumerate() {
        sink.progress(share(size, done, entries.len()));
        let (name, parts) = match entry {
            Entry::Whole(index) => {
                let Some(member) = members.get(*index) else {
                    continue;
                };
                let parts = match archive.read(member) {
                    Ok(reader) => Parts::read(reader, reading),
                    Err(fault) => failed(&fault),
                };
                (member.name.clone(), parts)
            }
            Entry::Chunked(prefix) => {
                let shell = format!("{prefix}/{}", chunked::SHELL);
                let Some(chunks) = chunks.get(prefix) else {
                    continue;
                };
                let (parts, is_complete) = chunks.read(&mut archive, &members, reading);
                run.tally.without_turns += u64::from(!is_complete && parts.fault.is_none());
                (shell, parts)
            }
        };
        let location = Location {
            entry: Some(name),
            record: None,
            byte: None,
        };
        run.send(parts, location, sink)?;
    }
    sink.progress(size);
    notes.extend(misspelled(&members));
    notes.extend(missing(&mut archive, &members, &run, limits));
    if entries.is_empty() {
        notes.push("the log holds no samples".to_owned());
    }
    Ok((run, notes))
}

fn refused(fault: ArchiveFault) -> Fault {
    Fault::Content {
        found: fault.to_string(),
        hint: fault.hint().to_owned(),
    }
}

/// A sample whose member cannot be read.
pub(crate) fn failed(fault: &ArchiveFault) -> Parts {
    let mut parts = Parts::default();
    parts.fail(|| fault.to_string());
    parts
}

/// Reads the header, or what the run wrote at its start.
fn header(
    archive: &mut Archive,
    members: &[Member],
    limits: &Limits,
    notes: &mut Vec<String>,
) -> Result<Header, Fault> {
    let mut faults = Vec::new();
    for name in [HEADER, START] {
        let Some(member) = find(members, name) else {
            continue;
        };
        let read = match archive.read(member) {
            Ok(reader) => Header::read(reader, limits),
            Err(fault) => Err(fault.to_string()),
        };
        match read {
            Ok(header) => {
                if let Some((found, hint)) = header.fault() {
                    let hint = hint.to_owned();
                    return Err(Fault::Content { found, hint });
                }
                if name == START && faults.is_empty() {
                    notes.push(format!(
                        "there is no `{HEADER}`: the run was killed; task and model come from `{START}`"
                    ));
                }
                notes.append(&mut faults);
                return Ok(header);
            }
            Err(fault) => faults.push(format!("`{name}` cannot be read: {fault}")),
        }
    }
    let found = match faults.is_empty() {
        true => format!("the archive holds neither `{HEADER}` nor `{START}`"),
        false => faults.join("; "),
    };
    Err(Fault::content(found))
}

fn find<'m>(members: &'m [Member], name: &str) -> Option<&'m Member> {
    members.iter().find(|member| member.name == name)
}

/// The samples of an archive, and the parts of those that are stored in chunks.
fn entries(members: &[Member]) -> (Vec<Entry>, BTreeMap<String, Chunks>) {
    let mut entries = Vec::new();
    let mut chunks: BTreeMap<String, Chunks> = BTreeMap::new();
    for (index, member) in members.iter().enumerate() {
        match role(&member.name) {
            Role::Sample => entries.push(Entry::Whole(index)),
            Role::Part { prefix, name } => {
                if !chunks.contains_key(prefix) {
                    entries.push(Entry::Chunked(prefix.to_owned()));
                }
                chunks
                    .entry(prefix.to_owned())
                    .or_default()
                    .add(name, index);
            }
            Role::Other => {}
        }
    }
    (entries, chunks)
}

fn role(name: &str) -> Role<'_> {
    if !name.starts_with(SAMPLES) {
        return Role::Other;
    }
    let Some(stem) = name.strip_suffix(".json") else {
        return Role::Other;
    };
    // `…_epoch_1.json` is a sample of one piece, whatever the id in front holds.
    if ends_with_epoch(stem) {
        return Role::Sample;
    }
    let ends = name.rmatch_indices('/').map(|(end, _)| end);
    for end in ends {
        let (prefix, part) = name.split_at(end);
        let part = part.trim_start_matches('/');
        if ends_with_epoch(prefix) && chunked::is_part(part) {
            return Role::Part { prefix, name: part };
        }
    }
    // Some other name: the content decides whether it is a sample.
    Role::Sample
}

/// Whether a name ends as `…_epoch_1`.
fn ends_with_epoch(name: &str) -> bool {
    let digits = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    digits.len() < name.len() && digits.ends_with("_epoch_")
}

fn share(size: u64, done: usize, all: usize) -> u64 {
    let (done, all) = (done as u128, all.max(1) as u128);
    u64::try_from(u128::from(size) * done / all).unwrap_or(size)
}

/// Names members that stand where samples do but for their spelling: they are
/// not read, and are not passed over in silence.
fn misspelled(members: &[Member]) -> Option<String> {
    let names: Vec<&str> = members
        .iter()
        .map(|member| member.name.as_str())
        .filter(|name| !name.starts_with(SAMPLES) && is_nearly_sample(name))
        .collect();
    let shown: Vec<String> = names
        .iter()
        .take(MAX_SHOWN)
        .map(|name| format!("`{}`", printable(name)))
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "members that look like samples but are not under `{SAMPLES}`, and are not read: {}, {}",
            names.len(),
            shown.join(", ")
        )
    })
}

/// Whether a name would be a sample's in another spelling.
fn is_nearly_sample(name: &str) -> bool {
    let plain = name.replace('\\', "/").to_lowercase();
    let mut folders = plain
        .split('/')
        .filter(|folder| !matches!(folder.trim(), "" | "."));
    let first = folders.next().unwrap_or_default().trim();
    first == SAMPLES.trim_end_matches('/') && plain.trim_end().ends_with(".json")
}

#[derive(Deserialize)]
struct Summary {
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
}

/// Says how many samples the summaries list beyond those that are there.
fn missing(
    archive: &mut Archive,
    members: &[Member],
    run: &Run<'_>,
    limits: &Limits,
) -> Option<String> {
    let member = find(members, SUMMARIES)?;
    let bytes = archive.read_all(member, limits.max_record_bytes).ok()?;
    let summaries: Vec<Summary> = json::parse(&bytes, limits).ok()?;
    let listed = u64::try_from(summaries.len()).unwrap_or(u64::MAX);
    let found = run.tally.traces + run.tally.rejects;
    (listed > found).then(|| {
        format!(
            "`{}` lists {listed} samples, the archive holds {found}: the others were not logged",
            printable(SUMMARIES)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_another_spelling_look_like_samples() {
        for name in [
            "/samples/x.json",
            "samples\\x.json",
            "SAMPLES/x_epoch_1.json",
            "./samples/x.json",
            "Samples/x.JSON",
            " samples/x.json",
        ] {
            assert!(is_nearly_sample(name), "{name}");
        }
        for name in [
            "summaries.json",
            "header.json",
            "_journal/start.json",
            "samples.json/x",
        ] {
            assert!(!is_nearly_sample(name), "{name}");
        }
    }

    #[test]
    fn names_tell_samples_from_parts_of_samples() {
        let part = |prefix, name| Role::Part { prefix, name };
        for (name, expected) in [
            ("samples/a_epoch_1.json", Role::Sample),
            ("samples/a/b_epoch_12.json", Role::Sample),
            ("samples/a_epoch_2_epoch_1.json", Role::Sample),
            ("samples/../../etc/x_epoch_1.json", Role::Sample),
            ("samples/other.json", Role::Sample),
            (
                "samples/a_epoch_1/sample.json",
                part("samples/a_epoch_1", "sample.json"),
            ),
            (
                "samples/a_epoch_1/messages/0.json",
                part("samples/a_epoch_1", "messages/0.json"),
            ),
            (
                "samples/a/b_epoch_1/events/stats.json",
                part("samples/a/b_epoch_1", "events/stats.json"),
            ),
            (
                "samples/a_epoch_1/b_epoch_2/metadata.json",
                part("samples/a_epoch_1/b_epoch_2", "metadata.json"),
            ),
            // The id is `a_epoch_1/metadata`.
            ("samples/a_epoch_1/metadata_epoch_1.json", Role::Sample),
            ("samples/a_epoch_1.txt", Role::Other),
            ("header.json", Role::Other),
            ("_journal/summaries/1.json", Role::Other),
        ] {
            assert_eq!(role(name), expected, "{name}");
        }
    }
}
