//! Where every id of a summary leads in the summary's annex.
//!
//! Ids that a report also has mean the same here; their places are others.

use super::Form;
use crate::annex::{EvidenceEntry, Severity, Statement};
use crate::evidence::numbered;

/// Ids of the report with another place in the annex of a summary, and ids of its own.
const FIXED: [(&str, &str, &str); 27] = [
    ("a1", "traces in the corpus by verdict", "/corpus/traces"),
    ("a2", "traces kept by verdict", "/corpus/kept"),
    ("a3", "models left out", "/corpus/excluded"),
    ("a4", "traces by outcome", "/corpus/by_outcome"),
    ("a5", "sources", "/corpus/sources"),
    ("a6", "parts of models left out", "/corpus/excluded_parts"),
    ("a7", "what is known of the models", "/corpus/models"),
    ("a8", "days of observation", "/corpus/observed"),
    ("c1", "pairs of ranked vendors", "/comparisons"),
    (
        "d1",
        "share of variance that goes with the vendor",
        "/share",
    ),
    ("e1", "rules as resolved", "/rules"),
    ("e2", "report and edition", "/report"),
    ("f1", "results by attack family", "/attack_families"),
    ("g1", "graders", "/agreement"),
    ("h1", "results by harm category", "/harm_categories"),
    ("j1", "rates over all models", "/results/pooled"),
    ("j2", "rates by vendor", "/results/vendors"),
    ("j3", "rates by model", "/results/models"),
    (
        "j4",
        "measures that the corpus can tell",
        "/results/recorded",
    ),
    ("k1", "decisions against thresholds", "/decisions"),
    ("k2", "published claims", "/claims"),
    ("k3", "caveats", "/caveats"),
    ("m0", "models under the report's definition", "/models"),
    ("o1", "prompts by vendor", "/overlap"),
    ("r0", "vendors under the report's definition", "/providers"),
    ("s1", "rate on log2 parameters", "/scale"),
    ("x1", "correspondence to provisions", "/correspondence"),
];

pub(super) fn registry(form: &Form<'_>) -> Vec<EvidenceEntry> {
    let mut entries: Vec<EvidenceEntry> = FIXED
        .iter()
        .map(|(id, label, pointer)| EvidenceEntry {
            id: (*id).to_owned(),
            label: (*label).to_owned(),
            pointer: (*pointer).to_owned(),
        })
        .collect();
    entries.push(EvidenceEntry {
        id: "x2".to_owned(),
        label: "what results allow to be said".to_owned(),
        pointer: "/bases".to_owned(),
    });
    for (letter, list, names) in [
        ("r", "vendors", &form.results.vendors),
        ("m", "models", &form.results.models),
    ] {
        for (place, row) in names.iter().enumerate() {
            entries.push(EvidenceEntry {
                id: numbered(letter, place),
                label: format!("rates of {}", row.name),
                pointer: format!("/results/{list}/{place}"),
            });
        }
    }
    entries
}

/// The caveats of the report. Those of their ids that lead to a place which this
/// annex has are kept.
pub(super) fn caveats(form: &Form<'_>) -> Vec<Statement> {
    let known: Vec<String> = registry(form).into_iter().map(|entry| entry.id).collect();
    let mut caveats: Vec<Statement> = crate::caveats::all(form.facts)
        .iter()
        .map(|caveat| caveat.statement())
        .collect();
    for caveat in &mut caveats {
        caveat.evidence.retain(|id| known.contains(id));
    }
    caveats
}

/// How many caveats there are, and how many of them are grave.
pub(super) fn count(form: &Form<'_>) -> (usize, usize) {
    let caveats = crate::caveats::all(form.facts);
    let grave = caveats
        .iter()
        .filter(|c| c.severity == Severity::Grave)
        .count();
    (caveats.len(), grave)
}
