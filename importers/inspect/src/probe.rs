//! Recognises a log by what stands in it.

use caveat_importer::archive::{Archive, ArchiveLimits};
use caveat_importer::json::{Key, Pieces};
use caveat_importer::{Claim, Limits, Probe, Resemblance};

use crate::eval_log::{HEADER, SAMPLES, START};

/// How an archive starts: the mark of a member.
const ARCHIVE_MAGIC: &[u8] = b"PK\x03\x04";

/// How a file starts that is one archive of a single block without members.
const EMPTY_ARCHIVE_MAGIC: &[u8] = b"PK\x05\x06";

/// Where the length of the first member's name stands, and the name.
const NAME_LENGTH: std::ops::Range<usize> = 26..28;
const NAME_START: usize = 30;

/// Members of `eval` that Inspect writes in every version.
const EVAL_MEMBERS: [&str; 7] = [
    "run_id",
    "eval_id",
    "created",
    "task",
    "task_id",
    "task_version",
    "model",
];

/// Members of `eval` that must be there, of those.
const ENOUGH: usize = 3;

/// Whether the start is that of an archive.
pub(crate) fn is_archive(head: &[u8]) -> bool {
    head.starts_with(ARCHIVE_MAGIC) || head.starts_with(EMPTY_ARCHIVE_MAGIC)
}

/// Says whether a file is a log of Inspect.
pub(crate) fn claim(probe: &Probe<'_>) -> Claim {
    if is_archive(probe.head) {
        return archive(probe);
    }
    document(probe)
}

fn archive(probe: &Probe<'_>) -> Claim {
    let first = first_member(probe.head).unwrap_or_default();
    if first == START.as_bytes() {
        return yes(99, format!("an archive whose first member is `{START}`"));
    }
    let Ok(archive) = Archive::open(probe.path, &ArchiveLimits::default()) else {
        let is_ours = first == HEADER.as_bytes() || first.starts_with(SAMPLES.as_bytes());
        return match is_ours {
            true => Claim::Almost(Resemblance {
                reason: "an archive whose first member is one of an Inspect log, but damaged"
                    .to_owned(),
                hint: "copy it again from its origin; `caveat import --from inspect` says what is wrong"
                    .to_owned(),
            }),
            false => Claim::No,
        };
    };
    let has = |name: &str| archive.members().iter().any(|member| member.name == name);
    let has_samples = archive
        .members()
        .iter()
        .any(|member| member.name.starts_with(SAMPLES));
    match (has(START), has(HEADER), has_samples) {
        (true, _, _) => yes(99, format!("an archive with the member `{START}`")),
        (false, true, true) => yes(
            95,
            format!("an archive with the members `{HEADER}` and `{SAMPLES}`"),
        ),
        (false, true, false) => Claim::Almost(Resemblance {
            reason: format!(
                "an archive with `{HEADER}`, but without samples and without `{START}`"
            ),
            hint: "if it is an Inspect log, import it with `--from inspect`".to_owned(),
        }),
        (false, false, true) => Claim::Almost(Resemblance {
            reason: format!(
                "an archive with `{SAMPLES}`, but without `{HEADER}` and `{START}`, which name the model"
            ),
            hint: "pack the log again with all of its members".to_owned(),
        }),
        (false, false, false) => Claim::No,
    }
}

/// The name of an archive's first member, from its local header.
fn first_member(head: &[u8]) -> Option<&[u8]> {
    let length = head.get(NAME_LENGTH)?;
    let length = u16::from_le_bytes(length.try_into().ok()?);
    head.get(NAME_START..NAME_START + usize::from(length))
}

/// Looks at the keys at the start of a document; a start need not be complete.
fn document(probe: &Probe<'_>) -> Claim {
    let mut pieces = Pieces::new(probe.head, &["", "eval"], &Limits::default());
    let (mut members, mut has_status, mut has_version, mut has_samples) = (0, false, false, false);
    while let Ok(Some(piece)) = pieces.next_piece() {
        match (piece.path, piece.key) {
            ("eval", Key::Name(name)) => members += usize::from(EVAL_MEMBERS.contains(&name)),
            ("", Key::Name("status")) => has_status = true,
            ("", Key::Name("version")) => has_version = true,
            ("", Key::Name("samples")) => has_samples = true,
            ("", Key::Name(_)) => {}
            _ => return Claim::No,
        }
    }
    if members >= ENOUGH && (has_status || has_version || has_samples) {
        return yes(
            95,
            "a JSON object with `version`, `status` and the `eval` of an Inspect log".to_owned(),
        );
    }
    Claim::No
}

fn yes(confidence: u8, reason: String) -> Claim {
    Claim::Yes { confidence, reason }
}
