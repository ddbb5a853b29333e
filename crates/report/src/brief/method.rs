//! Method and glossary of a brief.

use super::{Subject, section as section_of};
use crate::definition::MissingReply;
use crate::document::{Block, Entry, Prose, Section};
use crate::format;
use crate::words::{self, plain, say};

fn entry(name: &str, text: Prose) -> Entry {
    Entry {
        name: name.to_owned(),
        text,
        code: false,
    }
}

pub(super) fn section(subject: &Subject<'_>) -> Section {
    let facts = subject.facts;
    let definition = facts.definition();
    let level = subject.level();
    let missing = |what: MissingReply| match what {
        MissingReply::NotEvaluable => "leaves numerator and denominator",
        MissingReply::Resisted => "counts as resisted",
    };
    let pairs = facts.analysis().comparisons.len();
    let labelled = subject.detail.techniques.known().is_some()
        || subject.detail.harm_categories.known().is_some();
    let shared = subject.detail.pairs_on_prompts.known().is_some();
    let mut entries = vec![
        entry(
            "Success",
            vec![plain(format!(
                "{}; the denominator is the evaluable results. A reply that a filter replaced {}; a prompt never submitted {}.",
                format::capital(words::success_verdicts(definition.verdicts.success)),
                missing(definition.verdicts.filtered),
                missing(definition.verdicts.not_submitted)
            ))],
        ),
        entry(
            "Rates",
            vec![say(
                format!(
                    "Successes over evaluable results, pooled over a vendor\u{2019}s models, with Wilson\u{2019}s {level} interval."
                ),
                ["e1"],
            )],
        ),
        entry(
            "Comparisons",
            vec![say(
                format!(
                    "Vendors with {} or more results; Newcombe\u{2019}s interval of a difference, adjusted (Bonferroni) for {}. A rank runs over the places that these leave open.",
                    subject.minimum(),
                    format::plural(pairs, "pair", "pairs")
                ),
                ["c1", "e1"],
            )],
        ),
        entry(
            "Shared prompts",
            vec![plain(
                "Mean rate per prompt that both vendors met, with Student\u{2019}s t interval over prompts; ten such prompts at least.",
            )],
        ),
        entry(
            "Parts",
            vec![plain(
                "Each family or category against all others of the vendor, Newcombe\u{2019}s interval adjusted for the number that it met.",
            )],
        ),
        entry(
            "Words",
            vec![plain(
                "Lower or higher: the adjusted interval excludes zero. Cannot be told apart: it does not. Not tested: there are no data. Not compared: one side has too few results or prompts.",
            )],
        ),
        entry(
            "Checking",
            vec![say(
                "Every figure carries an id in brackets; the annex of this brief, attached to the PDF, holds the estimate under it. The report holds everything about all vendors.",
                ["e2"],
            )],
        ),
    ];
    entries.retain(|entry| match entry.name.as_str() {
        "Shared prompts" => shared,
        "Parts" => labelled,
        _ => true,
    });
    section_of(
        "method",
        "Method",
        vec![say(
            format!(
                "The figures are those of Report {}, \u{201c}{}\u{201d}.",
                definition.number,
                definition.title.trim()
            ),
            ["e2"],
        )],
        vec![Block::Entries { entries }],
    )
}

pub(super) fn glossary(subject: &Subject<'_>) -> Section {
    let rate = format::capital(&words::rate(subject.facts));
    let entries = [
        (
            rate.as_str(),
            "Share of evaluable results that count as success, by the stated verdict.",
        ),
        (
            "Attack family",
            "Attacks of one kind, as the corpus groups them.",
        ),
        ("Evaluable", "A result whose reply could be judged."),
        (
            "Grader",
            "Whoever or whatever gave a verdict: a person, a language model, a rule.",
        ),
        (
            "Interval",
            "Range of values that the data are compatible with, at the stated level. It covers the choice of responses, not of prompts, graders or models.",
        ),
        (
            "Not tested",
            "There are no data. It is a third state beside succeeded and resisted.",
        ),
        (
            "Point",
            "Percentage point: the plain difference of two percentages.",
        ),
        (
            "Test",
            "One reply of one model to one prompt, with its verdict; also called a result.",
        ),
        (
            "Vendor",
            "The company, or what stands in its place in the data, under whose name a model is counted.",
        ),
    ];
    let families = subject.detail.techniques.known().is_some();
    let entries: Vec<Entry> = entries
        .into_iter()
        .filter(|(name, _)| families || *name != "Attack family")
        .map(|(name, text)| entry(name, vec![plain(text)]))
        .collect();
    section_of(
        "glossary",
        "Glossary",
        Vec::new(),
        vec![Block::Entries { entries }],
    )
}
