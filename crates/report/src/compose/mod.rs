//! Puts a report together: the first page, the sections in their order, the
//! evidence that they cite.
//!
//! One file per section. A section that the data do not support is left out or
//! says why it is empty; none is padded. Figures and tables are numbered here,
//! in reading order, so that no section knows its place. Pure: the same input
//! gives the same document.

mod account;
mod buyers;
mod chance;
pub(crate) mod charts;
mod choices;
mod claims;
mod closing;
mod common;
mod curve;
mod first_page;
mod graders;
mod identity;
mod method;
mod mixed;
pub(crate) mod models;
mod next_round;
mod power;
mod ranks;
mod residuals;
mod size;
mod tested;
mod tipping;
mod together;
mod vendors;
mod views;
mod within;

use std::collections::BTreeSet;

pub(crate) use closing::colophon;

use crate::annex::{EvidenceEntry, Statement};
use crate::caveats::{self, Caveat};
use crate::composition::{Composition, Facts};
use crate::document::{Block, Date, Document, DocumentKind, Head, Prose, Section};
use crate::evidence;
use crate::findings::{self, Finding};
use crate::format;
use crate::words;

/// A document and the parts of the annex that are worded by rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Composed {
    /// The document.
    pub document: Document,
    /// Findings, in the order of the document.
    pub findings: Vec<Statement>,
    /// Caveats, gravest first.
    pub caveats: Vec<Statement>,
    /// Ids that document, findings and caveats cite.
    pub evidence: Vec<EvidenceEntry>,
}

/// What every section needs.
struct Parts<'a> {
    facts: Facts<'a>,
    findings: Vec<Finding>,
    caveats: Vec<Caveat>,
}

/// Composes the report.
pub fn compose(input: &Composition<'_>) -> Composed {
    let facts = Facts::new(input);
    let parts = Parts {
        findings: findings::all(&facts),
        caveats: caveats::all(&facts),
        facts,
    };
    let mut document = Document {
        schema: "caveat/document",
        schema_version: 1,
        kind: DocumentKind::Report,
        head: head(&parts.facts),
        first_page: first_page::first_page(&parts),
        sections: sections(&parts),
        colophon: closing::colophon(&parts.facts),
    };
    number(&mut document);
    let findings: Vec<Statement> = parts.findings.iter().map(Finding::statement).collect();
    let caveats: Vec<Statement> = parts.caveats.iter().map(Caveat::statement).collect();
    let cited = cited(&document, findings.iter().chain(&caveats));
    let evidence = evidence::used(evidence::registry(input), &cited);
    Composed {
        document,
        findings,
        caveats,
        evidence,
    }
}

fn cited<'s>(
    document: &Document,
    statements: impl Iterator<Item = &'s Statement>,
) -> BTreeSet<String> {
    let prose = evidence::every_prose(document).into_iter().flatten();
    let mut ids: BTreeSet<String> = prose.flat_map(|s| s.evidence.iter().cloned()).collect();
    ids.extend(statements.flat_map(|statement| statement.evidence.iter().cloned()));
    ids
}

fn sections(parts: &Parts<'_>) -> Vec<Section> {
    let facts = &parts.facts;
    [
        tested::section(parts),
        Some(identity::section(facts)),
        vendors::section(facts),
        common::section(facts),
        Some(chance::section(parts)),
        Some(size::section(facts)),
        Some(together::section(facts)),
        within::section(parts),
        residuals::section(facts),
        Some(choices::section(facts)),
        Some(models::section(facts)),
        Some(power::section(facts)),
        Some(graders::section(parts)),
        Some(buyers::section(facts)),
        Some(closing::caveats(parts)),
        claims::section(facts),
        Some(account::section(facts)),
        Some(method::section(facts)),
        Some(method::corrections(facts)),
        Some(method::glossary(facts)),
        Some(closing::bottom_line(facts)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(crate) fn head(facts: &Facts<'_>) -> Head {
    let definition = facts.definition();
    let (year, month, day) = definition.edition_day().unwrap_or((1970, 1, 1));
    let grader = words::grader_phrase(facts);
    let level = words::level(facts);
    Head {
        kicker: match definition.status.as_deref().map(str::trim) {
            Some(status) if !status.is_empty() => {
                format!("Research report {} · {status}", definition.number)
            }
            _ => format!("Research report {}", definition.number),
        },
        title: definition.title.clone(),
        series: format!("{} \u{b7} Report {}", definition.series, definition.number),
        edition: format!("Edition of {}", format::date(year, month, day)),
        status: definition
            .status
            .clone()
            .filter(|status| !status.trim().is_empty()),
        foot: format!(
            "{} \u{b7} {grader} \u{b7} {level} intervals unless stated",
            words::measure(facts)
        ),
        corpus: format!(
            "{}. {}.",
            definition.corpus.trim().trim_end_matches('.'),
            words::who_graded(facts)
        ),
        author: definition.author.clone(),
        keywords: vec![
            definition.measure.clone(),
            "adversarial tests".to_owned(),
            "vendors".to_owned(),
            "model size".to_owned(),
        ],
        language: "en".to_owned(),
        region: "GB".to_owned(),
        date: Date { year, month, day },
    }
}

/// Numbers figures and titled tables in reading order.
fn number(document: &mut Document) {
    let (mut figures, mut tables) = (1, 0);
    document.first_page.figure.number = "Figure 1".to_owned();
    for block in document
        .sections
        .iter_mut()
        .flat_map(|section| &mut section.blocks)
    {
        match block {
            Block::Figure(figure) => {
                figures += 1;
                figure.number = format!("Figure {figures}");
            }
            Block::Table(table) if table.title.is_some() => {
                tables += 1;
                table.number = Some(format!("Table {tables}"));
            }
            _ => {}
        }
    }
}

/// A section on the page where the one before it ends.
fn section(id: &str, heading: &str, lead: Prose, blocks: Vec<Block>) -> Section {
    Section {
        id: id.to_owned(),
        heading: heading.to_owned(),
        lead,
        blocks,
        new_page: false,
    }
}

/// A section that starts a page of its own: the parts that are looked up, not read through.
fn reference_section(id: &str, heading: &str, lead: Prose, blocks: Vec<Block>) -> Section {
    Section {
        new_page: true,
        ..section(id, heading, lead, blocks)
    }
}

/// What the report states from elsewhere on a topic, each with its source.
fn context(facts: &Facts<'_>, topic: crate::definition::Topic) -> Vec<Block> {
    let items: Vec<Prose> = facts
        .context(topic)
        .into_iter()
        .map(|context| {
            let text = context.text.trim();
            let stop = if text.ends_with('.') { "" } else { "." };
            vec![words::say(
                format!(
                    "From elsewhere: {text}{stop} Source: {}.",
                    context.source.trim().trim_end_matches('.')
                ),
                ["e1"],
            )]
        })
        .collect();
    if items.is_empty() {
        Vec::new()
    } else {
        vec![Block::List { items }]
    }
}
