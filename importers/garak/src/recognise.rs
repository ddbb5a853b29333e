//! Tells a report and a hit log by what their lines hold, never by their name.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use caveat_importer::probe::HEAD_BYTES;
use caveat_importer::{Claim, ImportError, Limits, Resemblance, file};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::line::{Kind, object};
use crate::read::io;

/// Lines of a damaged start that are looked at.
const MAX_PROBED_LINES: usize = 50;

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Report,
    HitLog,
    /// Neither; what was found.
    Other(&'static str),
}

/// Looks at the start of a file.
pub(crate) fn shape_of(path: &Path) -> Result<Shape, ImportError> {
    file::regular(path)?;
    let limit = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
    let read = || {
        let mut head = Vec::new();
        File::open(path)?.take(limit).read_to_end(&mut head)?;
        Ok(head)
    };
    let head = read().map_err(|cause| io(path, cause))?;
    Ok(match claim(&head) {
        Claim::Yes { reason, .. } if reason == HIT_LOG => Shape::HitLog,
        Claim::Yes { .. } => Shape::Report,
        _ if head.trim_ascii().is_empty() => Shape::Other("the file is empty"),
        // What is named as garak's is read as a report as long as its lines may be entries.
        _ if head
            .windows(ENTRY_TYPE.len())
            .any(|bytes| bytes == ENTRY_TYPE) =>
        {
            Shape::Report
        }
        _ => Shape::Other("expected lines with `entry_type` or the keys of a hit, found neither"),
    })
}

const ENTRY_TYPE: &[u8] = b"\"entry_type\"";
const HIT_LOG: &str =
    "lines with the keys of a garak hit (`attempt_id`, `attempt_seq`, `detector`)";
const REPORT: &str = "a first line with garak's `entry_type`";

/// Says whether this is the start of a report or of a hit log.
pub(crate) fn claim(head: &[u8]) -> Claim {
    let limits = Limits::default();
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let lines = lines.filter(|line| !line.is_empty()).take(MAX_PROBED_LINES);
    let yes = |confidence, reason: &str| Claim::Yes {
        confidence,
        reason: reason.to_owned(),
    };
    for (number, line) in lines.enumerate() {
        let is_first = number == 0;
        match Kind::of(line, &limits) {
            Ok(Kind::Setup) if is_first => return yes(99, "a first line `start_run setup`"),
            Ok(Kind::Hit) if is_hit(line, &limits) => return yes(95, HIT_LOG),
            Ok(Kind::Hit | Kind::Unknown(_)) if is_first => return Claim::No,
            Ok(Kind::Hit | Kind::Unknown(_)) | Err(_) => {
                if is_first && starts_as_entry(line) {
                    return yes(90, REPORT);
                }
                if is_first && starts_as_hit(line) {
                    return yes(60, HIT_LOG);
                }
            }
            Ok(_) if is_first => return yes(95, REPORT),
            Ok(_) => return yes(85, "lines with garak's `entry_type` after a damaged start"),
        }
    }
    if head.trim_ascii_start().starts_with(b"[")
        && memchr::memmem::find(head, b"\"probe_classname\"").is_some()
    {
        return Claim::Almost(Resemblance {
            reason: "a JSON list of garak's entries, not one entry per line".to_owned(),
            hint: "write one entry per line, for example with `jq -c '.[]'`".to_owned(),
        });
    }
    Claim::No
}

/// Whether a line that is longer than what a probe sees begins as an entry does.
fn starts_as_entry(line: &[u8]) -> bool {
    [
        &b"{\"entry_type\": \"start_run setup\""[..],
        b"{\"entry_type\":\"start_run setup\"",
        b"{\"entry_type\": \"attempt\"",
        b"{\"entry_type\":\"attempt\"",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}

/// The same for a hit, whose long texts stand before the keys that tell it.
fn starts_as_hit(line: &[u8]) -> bool {
    line.starts_with(b"{\"goal\": ") && memchr::memmem::find(line, b", \"prompt\": ").is_some()
}

fn is_hit(line: &[u8], limits: &Limits) -> bool {
    #[derive(Deserialize)]
    struct Keys {
        #[serde(rename = "attempt_id")]
        _id: IgnoredAny,
        #[serde(rename = "attempt_seq")]
        _seq: IgnoredAny,
        #[serde(rename = "detector")]
        _detector: IgnoredAny,
        #[serde(rename = "generator")]
        _generator: IgnoredAny,
    }

    object::<Keys>(line, limits).is_ok()
}
