//! Recognises samples and results by what their start holds.

use caveat_importer::json::{Key, Pieces};
use caveat_importer::{Claim, Limits, Probe, Resemblance};

use crate::records::is_list;

/// Says whether a file holds samples, or the results beside them.
pub(crate) fn claim(probe: &Probe<'_>) -> Claim {
    let head = if is_list(probe.head) {
        // The samples of old versions are one list; its first item is looked at.
        let open = probe.head.iter().position(|&byte| byte == b'[');
        open.and_then(|at| probe.head.get(at + 1..))
            .unwrap_or_default()
    } else {
        probe.head
    };
    let names = names(head);
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if has("doc_id") && has("arguments") && has("resps") {
        return Claim::Yes {
            confidence: 95,
            reason: "samples with `doc_id`, `arguments` and `resps`".to_owned(),
        };
    }
    let is_cut = probe.size > u64::try_from(probe.head.len()).unwrap_or(u64::MAX);
    if is_cut && names.first().is_some_and(|name| name == "doc_id") && has("doc") {
        return Claim::Yes {
            confidence: 75,
            reason: "a sample that begins with `doc_id` and `doc`".to_owned(),
        };
    }
    if has("doc_id") && has("doc") && (has("resps") || has("filtered_resps")) {
        return almost(
            "samples of the LM Evaluation Harness whose first one lacks `arguments` or `resps`",
            crate::read::HINT,
        );
    }
    let is_results = has("results") && has("versions") && (has("config") || has("configs"));
    let is_large_results = is_cut && has("results") && has("group_subtasks");
    if is_results || is_large_results {
        return almost(
            "aggregated results of the LM Evaluation Harness, which hold no samples; an aggregate cannot become traces",
            "import `samples_<task>_<time>.jsonl` of the same run, which is read together with it; lm_eval writes it with `--log_samples`",
        );
    }
    Claim::No
}

/// The names at the root of the first object, as far as the start holds it.
fn names(head: &[u8]) -> Vec<String> {
    let mut pieces = Pieces::new(head, &[""], &Limits::default());
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
