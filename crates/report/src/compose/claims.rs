//! All published claims with their status.

use crate::annex::{ClaimResult, ClaimStatus};
use crate::composition::Facts;
use crate::document::{Block, Prose, Row, Section, Table};
use crate::evidence::numbered;
use crate::format;
use crate::words::{bold_cell, cell, number_column, say, text_column};

pub(super) fn section(facts: &Facts<'_>) -> Option<Section> {
    let claims = facts.input.claims;
    if claims.is_empty() {
        return None;
    }
    Some(super::section("claims", "All claims", lead(facts), vec![Block::Table(table(facts))]))
}

/// How many claims have a status.
pub(super) fn of_status(claims: &[ClaimResult], status: ClaimStatus) -> usize {
    claims.iter().filter(|claim| claim.status == status).count()
}

fn lead(facts: &Facts<'_>) -> Prose {
    let claims = facts.input.claims;
    let ids = (0..claims.len()).map(|place| numbered("k", place));
    vec![say(
        format!(
            "Of {}: reproduced at the printed precision {}, different {}, not to be recomputed {}.",
            format::plural(claims.len(), "claim", "claims"),
            word_or_none(of_status(claims, ClaimStatus::Reproduced)),
            word_or_none(of_status(claims, ClaimStatus::Differs)),
            word_or_none(of_status(claims, ClaimStatus::CannotBeRecomputed)),
        ),
        ids,
    )]
}

fn word_or_none(n: usize) -> String {
    if n == 0 { "none".to_owned() } else { format::word(n) }
}

fn table(facts: &Facts<'_>) -> Table {
    let source = facts.input.claims_source.trim();
    let mut note = vec![say(
        "Reproduced means equal as a number at the printed precision; it does not mean that the sentence built on it is supported.",
        (0..facts.input.claims.len()).map(|place| numbered("k", place)),
    )];
    if !source.is_empty() {
        note.push(say(format!("Printed in: {}.", source.trim_end_matches('.')), ["e2"]));
    }
    Table {
        id: "claims".to_owned(),
        number: None,
        title: Some("Published claims and what the same data give".to_owned()),
        subtitle: Some("In the unit of the print; two values are the limits of an interval".to_owned()),
        columns: vec![
            text_column("Claim", 48.0),
            number_column("Published", 25.0),
            number_column("Recomputed", 25.0),
            text_column("Status", 26.0),
            text_column("Why, and what it is worth", 46.0),
        ],
        rows: facts.input.claims.iter().map(row).collect(),
        more: None,
        note,
    }
}

fn row(claim: &ClaimResult) -> Row {
    let (status, default) = match claim.status {
        ClaimStatus::Reproduced => (cell("reproduced"), "as a number"),
        ClaimStatus::Differs => (bold_cell("differs"), "reason not known"),
        ClaimStatus::CannotBeRecomputed => (bold_cell("cannot be recomputed"), "the data hold no such figure"),
    };
    let note = claim.note.clone().filter(|note| !note.trim().is_empty());
    Row {
        cells: vec![
            cell(claim.claim.clone()),
            cell(claim.published.clone()),
            cell(recomputed(claim)),
            status,
            cell(note.unwrap_or_else(|| default.to_owned())),
        ],
        strong: false,
    }
}

/// The recomputed value, or words where there is none.
pub(super) fn recomputed(claim: &ClaimResult) -> String {
    let text = claim.recomputed.trim();
    if claim.status == ClaimStatus::CannotBeRecomputed && text.chars().all(|c| !c.is_alphanumeric()) {
        return "no figure".to_owned();
    }
    text.to_owned()
}
