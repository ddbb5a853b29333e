//! All published claims with their status.

use crate::annex::{ClaimResult, ClaimStatus};
use crate::composition::Facts;
use crate::document::{Block, Cell, Prose, Row, Section, Sentence, Table};
use crate::evidence::numbered;
use crate::findings::{self, ShareState, SlopeState};
use crate::format;
use crate::words::{bold_cell, cell, number_column, say, text_column};

pub(super) fn section(facts: &Facts<'_>) -> Option<Section> {
    let claims = facts.input.claims;
    if claims.is_empty() {
        return None;
    }
    Some(super::reference_section(
        "claims",
        "All claims",
        lead(facts),
        tables(facts),
    ))
}

/// How many claims have a status.
pub(super) fn of_status(claims: &[ClaimResult], status: ClaimStatus) -> usize {
    claims.iter().filter(|claim| claim.status == status).count()
}

fn lead(facts: &Facts<'_>) -> Prose {
    let claims = facts.input.claims;
    let ids = (0..claims.len()).map(|place| numbered("k", place));
    let reproduced = of_status(claims, ClaimStatus::Reproduced);
    let differing = of_status(claims, ClaimStatus::Differs);
    vec![say(
        format!(
            "Of {}, {} {} reproduced at the printed precision, {} {} and {} cannot be recomputed.",
            format::plural(claims.len(), "claim", "claims"),
            word_or_none(reproduced),
            if reproduced == 1 { "is" } else { "are" },
            word_or_none(differing),
            if differing == 1 { "differs" } else { "differ" },
            word_or_none(of_status(claims, ClaimStatus::CannotBeRecomputed)),
        ),
        ids,
    )]
}

fn word_or_none(n: usize) -> String {
    if n == 0 {
        "none".to_owned()
    } else {
        format::word(n)
    }
}

/// Two tables: claims about which there is something to say, with the reason,
/// and those that are reproduced and have no law to hold against them.
fn tables(facts: &Facts<'_>) -> Vec<Block> {
    let claims = facts.input.claims.iter().enumerate();
    let (plain, with_reason): (Vec<_>, Vec<_>) = claims.partition(|(_, claim)| {
        claim.status == ClaimStatus::Reproduced && reason(facts, claim).is_none()
    });
    let mut blocks = Vec::new();
    if !with_reason.is_empty() {
        blocks.push(Block::Table(explained(facts, &with_reason)));
    }
    if !plain.is_empty() {
        blocks.push(Block::Table(reproduced(facts, &plain)));
    }
    if let Some(Block::Table(last)) = blocks.last_mut() {
        last.note.extend(printed_in(facts));
    }
    blocks
}

/// A claim with its place in the list.
type Placed<'a> = (usize, &'a ClaimResult);

fn ids(claims: &[Placed<'_>]) -> Vec<String> {
    let ids = claims.iter().map(|(place, _)| numbered("k", *place));
    ids.collect()
}

fn printed_in(facts: &Facts<'_>) -> Option<Sentence> {
    let source = facts.input.claims_source.trim();
    (!source.is_empty()).then(|| {
        say(
            format!("Printed in: {}.", source.trim_end_matches('.')),
            ["e2"],
        )
    })
}

fn explained(facts: &Facts<'_>, claims: &[Placed<'_>]) -> Table {
    Table {
        id: "claims".to_owned(),
        number: None,
        title: Some("Claims with a reason or a limit".to_owned()),
        subtitle: Some(
            "In the unit of the print; two values are the limits of an interval".to_owned(),
        ),
        columns: vec![
            text_column("Claim", 48.0),
            number_column("Published", 25.0),
            number_column("Recomputed", 25.0),
            text_column("Status", 26.0),
            text_column("Why, and what it is worth", 46.0),
        ],
        rows: claims.iter().map(|(_, claim)| row(facts, claim)).collect(),
        more: None,
        note: vec![say(
            "Reproduced means equal as a number at the printed precision; it does not mean that the sentence built on it is supported.",
            ids(claims),
        )],
    }
}

fn reproduced(facts: &Facts<'_>, claims: &[Placed<'_>]) -> Table {
    Table {
        id: "claims-reproduced".to_owned(),
        number: None,
        title: Some("Claims reproduced as numbers".to_owned()),
        subtitle: Some(
            "Equal at the printed precision; nothing is said on the sentences built on them"
                .to_owned(),
        ),
        columns: vec![
            text_column("Claim", 118.0),
            number_column("Published", 26.0),
            number_column("Recomputed", 26.0),
        ],
        rows: claims
            .iter()
            .map(|(_, claim)| crate::words::row(values(facts, claim)))
            .collect(),
        more: None,
        note: vec![say(
            "Whether chance gives figures like these is not worked out for any of them.",
            ids(claims),
        )],
    }
}

/// The claim, its printed value and what the data give.
fn values(facts: &Facts<'_>, claim: &ClaimResult) -> [String; 3] {
    [
        claim.claim.clone(),
        printed(&readable(facts, &claim.published)),
        readable(facts, &recomputed(claim)),
    ]
}

/// What the author noted on the claim, and what the figure is worth.
fn reason(facts: &Facts<'_>, claim: &ClaimResult) -> Option<String> {
    let note = claim.note.clone().filter(|note| !note.trim().is_empty());
    match (note, worth(facts, claim)) {
        (Some(note), Some(worth)) => Some(format!("{}; {worth}", note.trim_end_matches('.'))),
        (Some(note), None) => Some(note),
        (None, worth) => worth,
    }
}

fn row(facts: &Facts<'_>, claim: &ClaimResult) -> Row {
    let (status, default) = match claim.status {
        ClaimStatus::Reproduced => (cell("reproduced"), "as a number"),
        ClaimStatus::Differs => (bold_cell("differs"), "reason not known"),
        ClaimStatus::CannotBeRecomputed => (
            bold_cell("cannot be recomputed"),
            "the data hold no such figure",
        ),
    };
    let mut cells: Vec<Cell> = values(facts, claim).map(cell).into();
    cells.push(status);
    cells.push(cell(
        reason(facts, claim).unwrap_or_else(|| default.to_owned()),
    ));
    Row {
        cells,
        strong: false,
    }
}

/// What a recomputed figure is worth. Rule: by the law under chance of the very
/// figure that the claim prints (more than 5% of relabellings reach it), or by
/// the interval of the slope; a figure beside it, and one without a law, gets no
/// judgement. A place inside the band is none that the band marks.
pub(super) fn worth(facts: &Facts<'_>, claim: &ClaimResult) -> Option<String> {
    if claim.status == ClaimStatus::CannotBeRecomputed {
        return None;
    }
    let analysis = facts.analysis();
    let chance = |share: Option<f64>| {
        share
            .filter(|share| *share > findings::UNREMARKABLE_ABOVE)
            .map(|share| {
                format!(
                    "chance gives as much in {}",
                    findings::share_of_shuffles(share)
                )
            })
    };
    let marked = matches!(claim.published.trim(), "below" | "above");
    match claim.evidence.first().map(String::as_str)? {
        "d4" => chance(analysis.ratio.null_share_at_least.number()),
        "x1" => chance(analysis.risk_ratio.null_share_at_least.number()),
        "b1" => analysis
            .bands
            .null_share_at_least
            .number()
            .filter(|share| marked && *share > findings::UNREMARKABLE_ABOVE)
            .map(|share| format!("chance marks as many vendors in {}", findings::cases(share))),
        "d1" => match findings::share_state(facts) {
            ShareState::Short => chance(analysis.decomposition.in_scale.p_permutation.number()),
            ShareState::Close => Some("close to the line".to_owned()),
            _ => None,
        },
        "s1" => (findings::slope_state(facts) == SlopeState::NotEstablished)
            .then(|| "no trend established".to_owned()),
        _ => None,
    }
}

/// The recomputed value, or words where there is none.
pub(super) fn recomputed(claim: &ClaimResult) -> String {
    let text = claim.recomputed.trim();
    if claim.status == ClaimStatus::CannotBeRecomputed && text.chars().all(|c| !c.is_alphanumeric())
    {
        return "no figure".to_owned();
    }
    printed(text)
}

/// An identifier of a vendor, a band or a pattern as words; anything else as it stands.
fn readable(facts: &Facts<'_>, value: &str) -> String {
    let words = match value.trim() {
        "no_direction" => "no direction established",
        "too_few_models" => "too few models",
        name if facts
            .analysis()
            .providers
            .iter()
            .any(|p| p.provider == name) =>
        {
            return facts.vendor(name);
        }
        other => other,
    };
    words.to_owned()
}

/// A printed value with true minus signs.
pub(super) fn printed(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut before = ' ';
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        let signs =
            c == '-' && !before.is_alphanumeric() && rest.peek().is_some_and(char::is_ascii_digit);
        out.push(if signs { format::MINUS } else { c });
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hyphen_before_a_figure_is_a_minus_and_one_inside_a_name_is_not() {
        assert_eq!(printed("-0.006 to -13"), "\u{2212}0.006 to \u{2212}13");
        assert_eq!(printed("meta-llama-3"), "meta-llama-3");
    }
}
