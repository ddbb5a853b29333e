//! Recognises the files of a run folder by what their start holds.

use caveat_importer::json::{Content, Key, Pieces, parse};
use caveat_importer::{Claim, Limits, Probe, Resemblance};
use serde_json::Value;

const STATES: &str = "request_states";

/// Says whether a file is the source of a run, or one of the files beside it.
pub(crate) fn claim(probe: &Probe<'_>) -> Claim {
    let first = probe
        .head
        .iter()
        .find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
    match first {
        Some(b'{') => object(probe),
        Some(b'[') => list(probe.head),
        _ => Claim::No,
    }
}

/// The names at the root of an object, as far as the start holds them.
fn names(head: &[u8]) -> (Vec<String>, bool) {
    let mut pieces = Pieces::new(head, &[STATES], &Limits::default());
    let mut names = Vec::new();
    while let Ok(Some(piece)) = pieces.next_piece() {
        if let (true, Key::Name(name)) = (piece.path.is_empty(), piece.key) {
            names.push(name.to_owned());
        }
    }
    // A member that the start cuts short is a name as well.
    names.extend(
        pieces
            .unfinished()
            .filter(|half| half.path.is_empty())
            .map(|half| half.key.clone()),
    );
    (names, pieces.containers(STATES) > 0)
}

fn object(probe: &Probe<'_>) -> Claim {
    let (names, has_states) = names(probe.head);
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let is_cut = probe.size > u64::try_from(probe.head.len()).unwrap_or(u64::MAX);
    if has("adapter_spec") && has_states {
        return Claim::Yes {
            confidence: 95,
            reason: "a JSON object with `adapter_spec` and `request_states`".to_owned(),
        };
    }
    if has_states && contains(probe.head, b"\"train_trial_index\"") {
        return Claim::Yes {
            confidence: 85,
            reason: "a JSON object with `request_states` that have a `train_trial_index`"
                .to_owned(),
        };
    }
    if has("adapter_spec") && has("scenario_spec") {
        return almost(
            "the run specification of a HELM run, which holds no replies",
            "import the folder that has its `scenario_state.json`",
        );
    }
    if names.first().is_some_and(|name| name == "adapter_spec") && is_cut {
        return Claim::Yes {
            confidence: 80,
            reason: "a JSON object that begins with the `adapter_spec` of a run".to_owned(),
        };
    }
    if has("adapter_spec") {
        return almost(
            "a JSON object with the `adapter_spec` of a HELM run but without `request_states`",
            "copy `scenario_state.json` again from its origin",
        );
    }
    Claim::No
}

/// The two lists of a run folder: scores per instance, and means.
fn list(head: &[u8]) -> Claim {
    let mut pieces = Pieces::new(head, &[""], &Limits::default());
    let Ok(Some(piece)) = pieces.next_piece() else {
        return Claim::No;
    };
    let Content::Whole(bytes) = piece.content else {
        return Claim::No;
    };
    let Ok(first) = parse::<Value>(bytes, &Limits::default()) else {
        return Claim::No;
    };
    let has = |wanted: &str| first.get(wanted).is_some();
    let hint =
        "import the folder that has its `scenario_state.json`, which is read together with it";
    if has("instance_id") && has("train_trial_index") && has("stats") {
        return almost(
            "the scores per instance of a HELM run, which hold no replies",
            hint,
        );
    }
    let is_mean = first
        .get("name")
        .is_some_and(|name| name.get("name").is_some());
    if is_mean && has("count") && has("sum_squared") {
        return almost(
            "the means of a HELM run, which hold no replies; a mean cannot become traces",
            hint,
        );
    }
    Claim::No
}

fn almost(reason: &str, hint: &str) -> Claim {
    Claim::Almost(Resemblance {
        reason: reason.to_owned(),
        hint: hint.to_owned(),
    })
}

fn contains(head: &[u8], wanted: &[u8]) -> bool {
    head.windows(wanted.len()).any(|window| window == wanted)
}
