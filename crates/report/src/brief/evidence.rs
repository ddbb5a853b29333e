//! Where every id of a brief leads in the brief's annex.
//!
//! Ids that a report also has mean the same here; their places are others.

use super::{Subject, below};
use crate::annex::EvidenceEntry;
use crate::evidence::numbered;

pub(super) fn registry(subject: &Subject<'_>) -> Vec<EvidenceEntry> {
    let mut entries = Vec::new();
    let mut add = |id: String, label: String, pointer: String| {
        entries.push(EvidenceEntry { id, label, pointer });
    };
    let fixed = [
        ("a1", "traces in the corpus by verdict", "/corpus/traces"),
        ("a2", "traces kept by verdict", "/corpus/kept"),
        ("a3", "models left out", "/corpus/excluded"),
        ("a5", "sources", "/corpus/sources"),
        ("a7", "what is known of the models", "/corpus/models"),
        ("a8", "days of observation", "/corpus/observed"),
        ("c1", "the vendor against each other", "/comparisons"),
        ("e1", "rules as resolved", "/rules"),
        ("e2", "report and edition", "/report"),
        ("f1", "rates by attack family", "/detail/techniques"),
        ("g1", "graders of the corpus", "/agreement"),
        ("h1", "rates by harm category", "/detail/harm_categories"),
        ("i1", "its models apart", "/detail/models_apart"),
        ("i2", "its rate by prompt", "/detail/by_prompt"),
        ("i3", "its graders", "/detail/graders"),
        ("i4", "its days of observation", "/detail/observed"),
        ("i5", "its reply", "/reply"),
        ("o1", "prompts by vendor", "/prompts"),
        ("u1", "pairs on shared prompts", "/detail/pairs_on_prompts"),
        ("l1", "traces needed", "/detail/traces_needed"),
    ];
    for (id, label, pointer) in fixed {
        add(id.to_owned(), label.to_owned(), pointer.to_owned());
    }
    for (place, provider) in subject.facts.analysis().providers.iter().enumerate() {
        add(
            numbered("r", place),
            format!("rate and rank of {}", provider.provider),
            format!("/providers/{place}"),
        );
    }
    for (own, (place, model)) in subject.models().enumerate() {
        add(
            numbered("m", place),
            format!("rate of {}", model.model),
            format!("/models/{own}"),
        );
    }
    let facts = subject.facts.input.selection.facts.iter().enumerate();
    let facts = facts.filter(|(_, fact)| fact.provider == subject.provider.provider);
    for (own, (place, fact)) in facts.enumerate() {
        add(
            numbered("n", place),
            format!("what is known of {}", fact.model),
            format!("/corpus/models/{own}"),
        );
    }
    let kinds = [
        ("f", "techniques", &subject.detail.techniques),
        ("h", "harm_categories", &subject.detail.harm_categories),
    ];
    for (letter, name, labelled) in kinds {
        let labels = labelled.known().map(|l| l.labels.as_slice());
        for (place, label) in labels.unwrap_or_default().iter().enumerate() {
            add(
                below(letter, place),
                format!("rate under {}", label.label),
                format!("/detail/{name}/labels/{place}"),
            );
        }
    }
    let pairs = subject.detail.pairs_on_prompts.known();
    for (place, pair) in pairs.into_iter().flatten().enumerate() {
        add(
            below("u", place),
            format!("{} and {} on shared prompts", pair.lower, pair.higher),
            format!("/detail/pairs_on_prompts/{place}"),
        );
    }
    entries
}
