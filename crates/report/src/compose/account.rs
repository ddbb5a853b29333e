//! Account of the data: what was read, what was kept, what was left out and why.

use std::collections::BTreeMap;

use caveat_corpus::Verdict;

use crate::annex::SourceAccount;
use crate::composition::{Facts, LONGEST_NAME};
use crate::definition::Topic;
use crate::document::{Block, MAX_ROWS, Prose, Row, Section, Table};
use crate::format;
use crate::selection::Exclusion;
use crate::words::{number_column, row, say, text_column};

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let mut blocks = Vec::new();
    if !facts.input.sources.is_empty() {
        blocks.push(Block::Table(sources(facts)));
    }
    blocks.push(Block::Table(verdicts(facts)));
    blocks.extend(reasons(facts).map(Block::Table));
    let account = &facts.input.selection.account;
    blocks
        .extend(excluded(&account.excluded, "excluded", "Models left out", "a3").map(Block::Table));
    blocks.extend(
        excluded(
            &account.excluded_parts,
            "excluded-parts",
            "Parts of kept models left out",
            "a6",
        )
        .map(Block::Table),
    );
    blocks.extend(super::context(facts, Topic::Data));
    super::section("account", "Account of the data", lead(facts), blocks)
}

fn lead(facts: &Facts<'_>) -> Prose {
    let account = &facts.input.selection.account;
    let all: u64 = account.traces.values().sum();
    let kept: u64 = account.kept.values().sum();
    vec![
        say(
            format!(
                "The corpus holds {} results; {} are of the {} kept.",
                format::thousands(all),
                format::thousands(kept),
                format::plural(facts.analysis().models.len(), "model", "models")
            ),
            ["a1", "a2"],
        ),
        say(
            match account.excluded.len() {
                0 => "No model was left out.".to_owned(),
                1 => "One model was left out, with its reason below.".to_owned(),
                n => format!(
                    "{} models were left out, each with its reason below.",
                    format::word_first(n)
                ),
            },
            ["a3"],
        ),
    ]
}

fn sources(facts: &Facts<'_>) -> Table {
    let all = &facts.input.sources;
    let rows = all.iter().take(MAX_ROWS).map(|source| {
        let version = source
            .format_version
            .as_deref()
            .map(|v| format!(" {v}"))
            .unwrap_or_default();
        row([
            ending(&source.path),
            cut(&format!("{}{version}", source.format)),
            format::thousands(source.read),
            format::thousands(source.imported),
            format::thousands(source.already_present),
            format::thousands(source.rejected),
        ])
    });
    Table {
        id: "sources".to_owned(),
        number: None,
        title: Some("Sources".to_owned()),
        subtitle: Some("Records; every record read is counted once".to_owned()),
        columns: vec![
            text_column("Source", 60.0),
            text_column("Format", 34.0),
            number_column("Read", 18.0),
            number_column("Imported", 19.0),
            number_column("Known", 18.0),
            number_column("Rejected", 19.0),
        ],
        rows: rows.collect(),
        more: more_sources(all),
        note: vec![say(
            "Known: already present from another source. Digests stand at the end of the document.",
            ["a5"],
        )],
    }
}

/// What stands for the sources that the table leaves out: their number, and the
/// account of all.
fn more_sources(all: &[SourceAccount]) -> Option<String> {
    let left = all.len().checked_sub(MAX_ROWS).filter(|left| *left > 0)?;
    let sum = |count: fn(&SourceAccount) -> u64| format::thousands(all.iter().map(count).sum());
    Some(format!(
        "{} more in annex, table sources. All {}: read {}, imported {}, known {}, rejected {}.",
        format::count(left),
        format::count(all.len()),
        sum(|source| source.read),
        sum(|source| source.imported),
        sum(|source| source.already_present),
        sum(|source| source.rejected),
    ))
}

/// The end of a path, at the length that a row can hold: there is the file's name.
fn ending(path: &str) -> String {
    let length = path.chars().count();
    if length <= LONGEST_NAME {
        return cut(path);
    }
    let end: String = path.chars().skip(length - LONGEST_NAME + 1).collect();
    cut(&format!("\u{2026}{end}"))
}

fn verdicts(facts: &Facts<'_>) -> Table {
    let account = &facts.input.selection.account;
    let success = facts.definition().verdicts.success;
    let from_counts = crate::caveats::data::from_counts(facts);
    let names: Vec<&String> = account.traces.keys().chain(account.kept.keys()).collect();
    let mut names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let rows: Vec<Row> = Verdict::ALL
        .iter()
        .map(|verdict| (verdict.name(), Some(*verdict)))
        .chain(
            names
                .iter()
                .filter(|n| Verdict::ALL.iter().all(|v| v.name() != **n))
                .map(|n| (*n, None)),
        )
        .map(|(name, verdict)| {
            let counts = verdict.map_or("not evaluable", |verdict| match success.state(verdict) {
                caveat_corpus::State::Succeeded => "succeeded",
                caveat_corpus::State::Resisted => "resisted",
                caveat_corpus::State::NotEvaluable => "not evaluable",
            });
            let of = |totals: &BTreeMap<String, u64>| totals.get(name).copied().unwrap_or(0);
            // Published counts have two classes; the others are not zero but unknown.
            let two_classes = matches!(verdict, Some(Verdict::Compliance | Verdict::Refusal));
            let unknown = from_counts && !two_classes && of(&account.traces) == 0;
            let shown = |n: u64| match unknown {
                true => "not recorded".to_owned(),
                false => format::thousands(n),
            };
            row([
                name.replace('_', " "),
                counts.to_owned(),
                shown(of(&account.traces)),
                shown(of(&account.kept)),
            ])
        })
        .collect();
    Table {
        id: "verdicts".to_owned(),
        number: None,
        title: Some("Results by verdict".to_owned()),
        subtitle: Some("Under the verdict rule of the report".to_owned()),
        columns: vec![
            text_column("Verdict", 60.0),
            text_column("Counts as", 40.0),
            number_column("In the corpus", 34.0),
            number_column("Kept", 34.0),
        ],
        rows,
        more: None,
        note: std::iter::once(say(
            "Evaluable are the results that succeeded or were resisted.",
            ["a1", "a2"],
        ))
        .chain(blocked(facts))
        .collect(),
    }
}

/// Replies that a filter blocked, where the report counts them without a verdict.
fn blocked(facts: &Facts<'_>) -> Option<crate::document::Sentence> {
    let filtered = facts.input.selection.account.by_outcome.get("filtered");
    let filtered = filtered.copied().filter(|n| *n > 0)?;
    let resisted =
        facts.definition().verdicts.filtered == crate::definition::MissingReply::Resisted;
    resisted.then(|| {
        say(
            format!(
                "{} of the kept results were blocked by a filter: they have no verdict, stand with the unscored, and count as resisted.",
                format::thousands(filtered)
            ),
            ["a4"],
        )
    })
}

/// Models and results by reason of exclusion.
fn reasons(facts: &Facts<'_>) -> Option<Table> {
    let account = &facts.input.selection.account;
    if account.excluded.is_empty() {
        return None;
    }
    let mut by_reason: BTreeMap<&str, (usize, u64, u64)> = BTreeMap::new();
    for exclusion in &account.excluded {
        let entry = by_reason.entry(&exclusion.reason).or_default();
        entry.0 += 1;
        entry.1 += exclusion.traces;
        entry.2 += exclusion.evaluable;
    }
    let rows = by_reason
        .into_iter()
        .map(|(reason, (models, traces, evaluable))| {
            row([
                reason.to_owned(),
                format::count(models),
                format::thousands(traces),
                format::thousands(evaluable),
            ])
        });
    Some(Table {
        id: "exclusion-reasons".to_owned(),
        number: None,
        title: Some("Why models were left out".to_owned()),
        subtitle: Some("The first rule that applies is the reason given".to_owned()),
        columns: vec![
            text_column("Reason", 96.0),
            number_column("Models", 20.0),
            number_column("Results", 26.0),
            number_column("Evaluable", 26.0),
        ],
        rows: rows.collect(),
        more: None,
        note: vec![say(
            "Results of these models enter no figure of the report.",
            ["a3"],
        )],
    })
}

/// A name from the data, at the length that a row can hold.
fn cut(name: &str) -> String {
    let name = format::shortened(name, LONGEST_NAME);
    if name.is_empty() {
        "no name".to_owned()
    } else {
        name
    }
}

fn excluded(list: &[Exclusion], id: &str, title: &str, evidence: &str) -> Option<Table> {
    if list.is_empty() {
        return None;
    }
    let rows = list.iter().take(MAX_ROWS).map(|exclusion| {
        row([
            cut(&exclusion.model),
            exclusion
                .provider
                .as_deref()
                .map_or_else(|| "not recorded".to_owned(), cut),
            exclusion.reason.clone(),
            format::thousands(exclusion.evaluable),
            format::thousands(exclusion.succeeded),
        ])
    });
    let left = list.len().saturating_sub(MAX_ROWS);
    Some(Table {
        id: id.to_owned(),
        number: None,
        title: Some(title.to_owned()),
        subtitle: Some("In order of name; vendor as spelled in the source".to_owned()),
        columns: vec![
            text_column("Model", 54.0),
            text_column("Vendor", 26.0),
            text_column("Reason", 50.0),
            number_column("Evaluable", 20.0),
            number_column("Succeeded", 20.0),
        ],
        rows: rows.collect(),
        more: (left > 0).then(|| format!("{} more in annex, table {id}", format::count(left))),
        note: vec![say("Counts under the same verdict rule.", [evidence])],
    })
}
