//! Recognises rows and aggregates by what their start holds.

use caveat_importer::json::{Key, Pieces};
use caveat_importer::{Claim, Limits, Probe, Resemblance};

use crate::HINT;
use crate::aggregate::Aggregate;
use crate::counts;

/// Lines at the start of a file that are looked at: the first may be damaged.
const LINES: usize = 8;

/// Says what a file is.
pub(crate) fn claim(probe: &Probe<'_>) -> Claim {
    let is_cut = probe.size > u64::try_from(probe.head.len()).unwrap_or(u64::MAX);
    let mut resembles = false;
    let lines = probe.head.split(|&byte| byte == b'\n');
    for line in lines
        .filter(|line| !line.trim_ascii().is_empty())
        .take(LINES)
    {
        let names = names(line);
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        let is_row = has("evaluation_id") && has("sample_id") && has("model_id");
        if is_row && (has("evaluation") || has("interaction_type")) {
            return Claim::Yes {
                confidence: 95,
                reason: "rows with `evaluation_id`, `model_id`, `sample_id` and `evaluation`"
                    .to_owned(),
            };
        }
        // A prompt of more than the start's length may stand before the rest.
        if is_cut && has("evaluation_id") && has("evaluation_name") && has("model_id") {
            return Claim::Yes {
                confidence: 85,
                reason: "a row that begins with `evaluation_id`, `model_id` and `evaluation_name`"
                    .to_owned(),
            };
        }
        resembles |= has("evaluation_id") && has("sample_id");
    }
    if resembles {
        return almost(
            "rows of the shared evaluation schema that lack `model_id` or `evaluation`",
            HINT,
        );
    }
    aggregate(probe)
}

fn aggregate(probe: &Probe<'_>) -> Claim {
    let names = names(probe.head);
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if !(has("evaluation_id") && has("evaluation_results")) {
        return Claim::No;
    }
    match Aggregate::load(probe.path, &Limits::default()) {
        Ok(aggregate) if counts::has_counts(&aggregate) => Claim::Yes {
            confidence: 95,
            reason: "an aggregate with counts by verdict, as `caveat export` writes it".to_owned(),
        },
        Ok(aggregate) => almost(
            counts::WITHOUT_COUNTS,
            match aggregate.detailed {
                Some(_) => {
                    "import the file of rows that it names under `detailed_evaluation_results`, which is read together with it"
                }
                None => {
                    "ask for the rows behind it (`<uuid>_samples.jsonl`); if you have the counts, import them as a table with `kind = \"counts\"`"
                }
            },
        ),
        Err(_) => almost(
            "an aggregate of the shared evaluation schema that is damaged or cut short",
            HINT,
        ),
    }
}

/// The names at the root of the first object, as far as the bytes go.
fn names(bytes: &[u8]) -> Vec<String> {
    let mut pieces = Pieces::new(bytes, &[""], &Limits::default());
    let mut names = Vec::new();
    while let Ok(Some(piece)) = pieces.next_piece() {
        if let Key::Name(name) = piece.key {
            names.push(name.to_owned());
        }
    }
    // A member that the start cuts short is a name as well.
    names.extend(pieces.unfinished().map(|half| half.key.clone()));
    names
}

fn almost(reason: &str, hint: &str) -> Claim {
    Claim::Almost(Resemblance {
        reason: reason.to_owned(),
        hint: hint.to_owned(),
    })
}
