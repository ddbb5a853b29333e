//! The ids behind the figures of a document, and where each leads in the annex.
//!
//! An id is a letter for the kind of figure and a number: `d` shares of
//! variance, `s` size, `r` rates and ranks of vendors, `p` differences from the
//! size line, `w` patterns within vendors, `x` risk ratios, `c` pairs of vendors,
//! `b` bands, `m` models, `n` what is known of models, `o` prompts, `g` graders,
//! `z` other sizes, `q` power and the next round, `t` vendor and size together and noise, `l` the same
//! prompts, `u` every choice at once, `j` errors of graders, `h` the hierarchical model, `i` change
//! over time, `f` families of tests, `a` account, `v` views, `y` other names of vendors, `k` claims, `e` rules and
//! edition. Every entry points at a place that exists in the annex of the same
//! composition; [`used`] keeps the entries that a document really cites.

use std::collections::BTreeSet;

use crate::annex::EvidenceEntry;
use crate::composition::Composition;
use crate::document::{Block, Cell, Document, FindingBlock, Prose, Section, Table};

/// Every id that a document over this composition may cite, in a fixed order.
pub fn registry(input: &Composition<'_>) -> Vec<EvidenceEntry> {
    let mut entries = Vec::new();
    shares(&mut entries, input);
    vendors(&mut entries, input);
    models(&mut entries, input);
    data(&mut entries, input);
    entries
}

fn entry(
    id: impl Into<String>,
    label: impl Into<String>,
    pointer: impl Into<String>,
) -> EvidenceEntry {
    EvidenceEntry {
        id: id.into(),
        label: label.into(),
        pointer: pointer.into(),
    }
}

fn shares(entries: &mut Vec<EvidenceEntry>, input: &Composition<'_>) {
    let fixed = [
        (
            "d1",
            "share of variance that goes with the vendor, models in scale",
            "/decomposition",
        ),
        (
            "d2",
            "the same, vendors with two or more models",
            "/decomposition/two_plus",
        ),
        ("d3", "the same, all models", "/decomposition/all_models"),
        (
            "d4",
            "ratio of the vendor's share to the share of size",
            "/ratio",
        ),
        (
            "d5",
            "the vendor's share under random relabelling",
            "/decomposition/null_distribution",
        ),
        ("s1", "rate on log2 parameters", "/scale"),
        (
            "d6",
            "models and vendors of the shares",
            "/decomposition/n_models",
        ),
        ("d7", "share left over", "/ratio/residual_share"),
        ("s3", "the size line as fitted", "/scale/n_models"),
        ("x3", "names of the extremes", "/risk_ratio/highest"),
        ("b1", "vendors outside the band", "/bands"),
        ("x1", "highest against lowest vendor", "/risk_ratio"),
        (
            "x2",
            "extreme pooled rates over all vendors",
            "/risk_ratio/extremes_pooled",
        ),
        ("c1", "pairs of ranked vendors", "/comparisons"),
        ("c2", "groups that cannot be told apart", "/tie_groups"),
        ("q1", "what the slope test could find", "/power"),
        ("l1", "vendors on the same prompts", "/same_prompts"),
        ("l2", "rates with the prompt as the unit", "/clusters"),
        (
            "u1",
            "the vendor's share under every choice",
            "/multiverse/share",
        ),
        ("u2", "the slope under every choice", "/multiverse/slope"),
        (
            "j1",
            "errors of graders that would change an order",
            "/grader_errors/tipping_points",
        ),
        (
            "j2",
            "rates put right for the graders' errors",
            "/grader_errors/corrected",
        ),
        (
            "j3",
            "how often graders are right",
            "/grader_errors/accuracies",
        ),
        ("c3", "ranks that the data leave open", "/rank_sets"),
        (
            "h1",
            "vendor, model and prompt in one binomial model",
            "/hierarchical/likelihood",
        ),
        ("h2", "the same, posterior", "/hierarchical/posterior"),
        (
            "h3",
            "the same under other priors",
            "/hierarchical/prior_sensitivity",
        ),
        (
            "q2",
            "what would settle the open comparisons",
            "/next_round",
        ),
        ("i1", "the same model at several dates", "/over_time"),
        ("f1", "families of tests", "/families"),
        ("t1", "vendor and size in one model", "/shapley"),
        (
            "d8",
            "the vendor's share without its most influential model",
            "/without_one_model",
        ),
        ("t2", "noise of sampling and true differences", "/noise"),
        ("t3", "shares of single results", "/trace_level"),
        ("o1", "prompts by vendor", "/overlap"),
        ("g1", "graders", "/agreement"),
        ("e1", "rules as resolved", "/rules"),
        ("e2", "report and edition", "/report"),
    ];
    entries.extend(fixed.map(|(id, label, pointer)| entry(id, label, pointer)));
    if input.analysis.scale.known().is_some() {
        entries.push(entry(
            "s2",
            "model with the largest effect on the slope",
            "/scale/most_influential",
        ));
    }
    for (place, pair) in input.analysis.agreement.pairs.iter().enumerate() {
        entries.push(entry(
            numbered("g", place + 1),
            format!("agreement of {} and {}", pair.first, pair.second),
            format!("/agreement/pairs/{place}"),
        ));
    }
    for (place, variant) in input.analysis.size_sensitivity.iter().enumerate() {
        entries.push(entry(
            numbered("z", place),
            format!("size analyses with other sizes: {}", variant.id),
            format!("/size_sensitivity/{place}"),
        ));
    }
}

fn vendors(entries: &mut Vec<EvidenceEntry>, input: &Composition<'_>) {
    for (place, provider) in input.analysis.providers.iter().enumerate() {
        let name = &provider.provider;
        entries.push(entry(
            numbered("r", place),
            format!("rate and rank of {name}"),
            format!("/providers/{place}"),
        ));
        entries.push(entry(
            numbered("p", place),
            format!("difference of {name} from the size line"),
            format!("/providers/{place}/residual_pp"),
        ));
    }
    for (place, within) in input.analysis.within_providers.iter().enumerate() {
        entries.push(entry(
            numbered("w", place),
            format!("rate against size inside {}", within.provider),
            format!("/within_providers/{place}"),
        ));
    }
}

fn models(entries: &mut Vec<EvidenceEntry>, input: &Composition<'_>) {
    for (place, model) in input.analysis.models.iter().enumerate() {
        entries.push(entry(
            numbered("m", place),
            format!("rate of {}", model.model),
            format!("/models/{place}"),
        ));
    }
    for (place, fact) in input.selection.facts.iter().enumerate() {
        entries.push(entry(
            numbered("n", place),
            format!("what is known of {}", fact.model),
            format!("/corpus/models/{place}"),
        ));
    }
}

fn data(entries: &mut Vec<EvidenceEntry>, input: &Composition<'_>) {
    let fixed = [
        ("a1", "traces in the corpus by verdict", "/corpus/traces"),
        ("a2", "traces kept by verdict", "/corpus/kept"),
        ("a3", "models left out", "/corpus/excluded"),
        ("a4", "traces by outcome", "/corpus/by_outcome"),
        ("a5", "sources", "/corpus/sources"),
        ("a6", "parts of models left out", "/corpus/excluded_parts"),
        ("a7", "what is known of the models", "/corpus/models"),
        ("a8", "days of observation", "/corpus/observed"),
    ];
    entries.extend(fixed.map(|(id, label, pointer)| entry(id, label, pointer)));
    for (place, view) in input.views.iter().enumerate() {
        entries.push(entry(
            numbered("v", place),
            format!("the same analysis over: {}", view.title),
            format!("/views/{place}"),
        ));
    }
    for (place, naming) in input.namings.iter().enumerate() {
        entries.push(entry(
            numbered("y", place),
            format!("the same analysis: {}", naming.title),
            format!("/namings/{place}"),
        ));
    }
    for (place, claim) in input.claims.iter().enumerate() {
        entries.push(entry(
            numbered("k", place),
            format!("claim {}", claim.id),
            format!("/claims/{place}"),
        ));
    }
}

/// The id of the element at a place that counts from zero.
pub fn numbered(letter: &str, place: usize) -> String {
    format!("{letter}{}", place + 1)
}

/// The id behind a figure that is named by its place in the annex, for the
/// places that have one id whatever the data (`/ratio/eta2_over_r2` is `d4`).
///
/// A figure that has a law under chance, or the slope's test, is named by its
/// whole place, so that nothing beside it is judged by that law.
pub fn id_of_figure(figure: &str) -> Option<&'static str> {
    let whole = [
        ("/decomposition/eta2", "d1"),
        ("/ratio/eta2_over_r2", "d4"),
        ("/scale/slope_per_doubling/value", "s1"),
        ("/scale/r2", "s1"),
        ("/scale/p", "s1"),
        ("/risk_ratio/of_means/value", "x1"),
    ];
    if let Some((_, id)) = whole.into_iter().find(|(place, _)| *place == figure) {
        return Some(id);
    }
    if figure.starts_with("/providers[") && figure.ends_with("]/band") {
        return Some("b1");
    }
    let known = [
        ("/decomposition/two_plus", "d2"),
        ("/decomposition/all_models", "d3"),
        ("/decomposition", "d6"),
        ("/ratio", "d7"),
        ("/scale", "s3"),
        ("/bands", "b1"),
        ("/risk_ratio", "x3"),
        ("/power", "q1"),
        ("/overlap", "o1"),
        ("/agreement", "g1"),
    ];
    known
        .into_iter()
        .find(|(place, _)| figure.starts_with(place))
        .map(|(_, id)| id)
}

/// The entries that a document, its findings or its caveats cite, in the order of the registry.
pub fn used(entries: Vec<EvidenceEntry>, cited: &BTreeSet<String>) -> Vec<EvidenceEntry> {
    entries
        .into_iter()
        .filter(|entry| cited.contains(&entry.id))
        .collect()
}

/// Every prose of a document, in reading order.
pub fn every_prose(document: &Document) -> Vec<&Prose> {
    let mut all = vec![&document.first_page.answer];
    for finding in &document.first_page.findings {
        in_finding(finding, &mut all);
    }
    all.push(&document.first_page.figure.note);
    all.push(&document.first_page.claims.note);
    all.extend(&document.first_page.limits.items);
    for section in &document.sections {
        all.extend(prose_of_section(section));
    }
    all.extend(document.colophon.iter().map(|entry| &entry.text));
    all
}

/// Every prose of a section, in reading order.
pub fn prose_of_section(section: &Section) -> Vec<&Prose> {
    let mut all = vec![&section.lead];
    all.extend(prose_of_blocks(&section.blocks));
    all
}

/// Every prose of blocks, in reading order.
pub fn prose_of_blocks(blocks: &[Block]) -> Vec<&Prose> {
    let mut all = Vec::new();
    blocks.iter().for_each(|block| in_block(block, &mut all));
    all
}

fn in_finding<'d>(finding: &'d FindingBlock, all: &mut Vec<&'d Prose>) {
    all.push(&finding.claim);
    all.push(&finding.evidence);
}

fn in_block<'d>(block: &'d Block, all: &mut Vec<&'d Prose>) {
    match block {
        Block::Paragraph { sentences } => all.push(sentences),
        Block::Subheading { .. } => {}
        Block::List { items } => all.extend(items),
        Block::Entries { entries } => all.extend(entries.iter().map(|entry| &entry.text)),
        Block::Finding(finding) => in_finding(finding, all),
        Block::Panel(panel) => all.extend(&panel.items),
        Block::Table(table) => all.push(&table.note),
        Block::Figure(figure) => all.push(&figure.note),
    }
}

/// Every table of a document, in reading order.
pub fn every_table(document: &Document) -> Vec<&Table> {
    let first = std::iter::once(&document.first_page.claims);
    let rest = document.sections.iter().flat_map(|section| &section.blocks);
    first
        .chain(rest.filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        }))
        .collect()
}

/// The words of a cell, if it holds words.
pub fn words_of(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Text { text, .. } => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_leads_to_the_id_of_its_place() {
        assert_eq!(id_of_figure("/ratio/eta2_over_r2"), Some("d4"));
        assert_eq!(id_of_figure("/decomposition/two_plus/eta2"), Some("d2"));
        assert_eq!(id_of_figure("/providers[provider=x]/n"), None);
        assert_eq!(id_of_figure("/providers[provider=x]/band"), Some("b1"));
    }

    #[test]
    fn a_figure_beside_one_with_a_law_is_not_judged_by_that_law() {
        for (figure, id) in [
            ("/decomposition/eta2", "d1"),
            ("/decomposition/n_groups", "d6"),
            ("/ratio/residual_share", "d7"),
            ("/scale/p", "s1"),
            ("/scale/p_normal", "s3"),
            ("/scale/intercept", "s3"),
            ("/risk_ratio/lowest", "x3"),
        ] {
            assert_eq!(id_of_figure(figure), Some(id), "{figure}");
        }
    }
}
