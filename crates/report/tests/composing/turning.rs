//! The words turn when the data turn.

use caveat_report::compose::Composed;
use caveat_report::words::text_of;

use crate::support::{
    all_single, all_zero, no_sizes, one_vendor, opposite, reconstruction, vendors_only,
};

fn answer(composed: &Composed) -> String {
    text_of(&composed.document.first_page.answer)
}

fn titles(composed: &Composed) -> Vec<String> {
    composed
        .findings
        .iter()
        .map(|finding| finding.title.clone())
        .collect()
}

#[test]
fn on_the_reconstruction_neither_vendor_nor_size_is_established() {
    let composed = reconstruction().compose();
    let answer = answer(&composed);
    assert!(
        answer.starts_with(
            "On these 21 models, neither vendor nor size is shown to explain how often attacks succeed."
        ),
        "{answer}"
    );
    assert!(
        answer.contains("anything from none to 58% of the variance between models (90% interval)"),
        "{answer}"
    );
    assert!(
        answer
            .replace('\u{a0}', " ")
            .contains("3 points fewer to 2 points more"),
        "{answer}"
    );
    let titles = titles(&composed);
    assert!(
        titles
            .iter()
            .any(|title| title.contains("A ratio of 57.5 to 1 does not show")),
        "{titles:?}"
    );
    assert!(
        titles
            .iter()
            .any(|title| title.starts_with("Google and Anthropic have lower rates")),
        "{titles:?}"
    );
    assert!(
        titles
            .iter()
            .any(|title| title.contains("is what chance gives")),
        "{titles:?}"
    );
}

#[test]
fn on_opposite_data_the_answer_findings_and_titles_are_opposite() {
    let (one, other) = (reconstruction().compose(), opposite().compose());
    let answer = answer(&other);
    assert!(
        answer.contains(
            "both go with the rate: vendors differ beyond chance, and larger models have lower rates"
        ),
        "{answer}"
    );
    let shared: Vec<String> = titles(&other)
        .into_iter()
        .filter(|title| titles(&one).contains(title))
        .collect();
    assert!(shared.is_empty(), "{shared:?}");
    assert_ne!(
        one.document.first_page.figure.title,
        other.document.first_page.figure.title
    );
    let first = |composed: &Composed| {
        let sections = &composed.document.sections;
        sections
            .iter()
            .map(|s| (s.id.clone(), text_of(&s.lead)))
            .collect::<Vec<_>>()
    };
    let still = ["method", "corrections", "glossary"];
    for (id, lead) in first(&one) {
        let twin = first(&other).into_iter().find(|(other, _)| *other == id);
        if let Some((_, other)) = twin.filter(|_| !still.contains(&id.as_str())) {
            assert_ne!(lead, other, "{id}");
        }
    }
}

#[test]
fn a_vendor_effect_without_a_slope_is_said_as_such() {
    let answer = answer(&vendors_only().compose());
    assert!(
        answer.contains("vendors differ beyond chance; a trend with size is not established"),
        "{answer}"
    );
}

#[test]
fn a_reproduced_claim_says_what_chance_gives() {
    let page = reconstruction().compose().document.first_page;
    let status = |row: &caveat_report::document::Row| {
        let cell = row.cells.last().and_then(caveat_report::evidence::words_of);
        cell.unwrap_or_default().to_owned()
    };
    let all: Vec<String> = page.claims.rows.iter().map(status).collect();
    assert!(
        all.iter()
            .any(|text| text.starts_with("reproduced; chance gives as much in 3")),
        "{all:?}"
    );
}

#[test]
fn degenerate_data_change_the_answer_and_give_the_reason() {
    let said = |composed: Composed| answer(&composed);
    assert!(said(no_sizes().compose()).contains("no model has a known size"));
    assert!(said(one_vendor().compose()).contains("one vendor"));
    assert!(said(all_zero().compose()).contains("All models have the same rate"));
    assert!(said(all_single().compose()).contains("single model"));
}

#[test]
fn a_report_without_claims_shows_its_own_figures_instead() {
    let with = reconstruction().compose().document.first_page;
    let mut case = reconstruction();
    case.claims.clear();
    let without = case.compose().document.first_page;
    assert_eq!(with.claims.id, "key-claims");
    assert_eq!(without.claims.id, "key-figures");
    assert_eq!(without.claims_heading, "What these data give");
}

#[test]
fn a_claim_that_is_tested_turns_with_the_data_and_stands_in_the_place_of_the_ratio() {
    let said = |mut case: crate::support::Case| {
        case.definition.claim_tested = Some(caveat_report::definition::ClaimTested {
            claim: "The vendor explains 57.5 times more than size.".to_owned(),
            source: "an article".to_owned(),
            published: None,
        });
        let composed = case.compose();
        let page: Vec<String> = composed
            .document
            .first_page
            .findings
            .iter()
            .map(|finding| finding.id.clone())
            .collect();
        assert!(page.contains(&"F-CLAIM".to_owned()), "{page:?}");
        assert!(!page.contains(&"F-RATIO".to_owned()), "{page:?}");
        let sections = &composed.document.sections;
        assert!(sections.iter().any(|section| section.id == "claim-tested"));
        let finding = composed.findings.iter().find(|f| f.id == "F-CLAIM");
        finding.map(|f| f.title.clone()).unwrap_or_default()
    };
    assert!(said(reconstruction()).contains("do not support an article"));
    assert!(said(vendors_only()).contains("agree with the order in an article"));
    assert!(said(opposite()).contains("size goes with the rate as the vendor does"));
    assert!(said(no_sizes()).contains("cannot test the claim"));
    let without = reconstruction().compose();
    assert!(
        without
            .findings
            .iter()
            .all(|finding| finding.id != "F-CLAIM")
    );
}

#[test]
fn the_answer_names_the_models_that_its_figures_rest_on() {
    let mut case = vendors_only();
    case.selection.sample.models[0].size_b = None;
    let models = case.selection.sample.models.len();
    let said = answer(&case.analysed().compose());
    assert!(
        said.starts_with(&format!("On the {} models of known size", models - 1)),
        "{said}"
    );
}

#[test]
fn a_document_about_another_event_does_not_speak_of_attacks_succeeding() {
    let mut case = reconstruction();
    case.definition.measure = "fulfilment".to_owned();
    case.definition.words.event = "requests are fulfilled".to_owned();
    case.definition.words.event_past = "requests were fulfilled".to_owned();
    case.definition.title = "Who fulfils requests?".to_owned();
    let text = format!("{:?}", case.compose().document).to_lowercase();
    for word in ["attack success", "attacks succe", "attack succe"] {
        let at = text.find(word);
        assert!(
            at.is_none(),
            "{:?}",
            at.map(|at| &text[at.saturating_sub(80)..at + 60])
        );
    }
}
