//! Vendor briefs: what holds for every one, the hard cases, and text that turns
//! with the data.

use std::collections::BTreeSet;

use caveat_analysis::detail::{on_prompts, provider_detail};
use caveat_analysis::sample::{PromptTally, SamplePart};
use caveat_report::annex::ReportIdentity;
use caveat_report::brief::reply::Reply;
use caveat_report::brief::{BriefInput, Composed, compose};
use caveat_report::composition::Facts;
use caveat_report::document::{Block, Cell, ColumnKind, Table};
use caveat_report::laid::{Laid, Piece};
use caveat_report::words::{text_of, word_count};

use crate::support::{Case, all, case, hostile, parameters, reconstruction};

/// The brief of a vendor of a case.
fn brief_with(case: &Case, vendor: &str, reply: Option<&Reply>) -> Composed {
    let composition = case.composition();
    let ranked: Vec<&str> = case
        .analysis
        .providers
        .iter()
        .filter(|provider| provider.ranked)
        .map(|provider| provider.provider.as_str())
        .collect();
    let level = parameters().level;
    let on = on_prompts(&case.selection.sample, &ranked, level);
    let detail = provider_detail(
        &case.selection.sample,
        vendor,
        &on,
        case.analysis.comparisons.len(),
        level,
    );
    let report = ReportIdentity {
        number: "164".to_owned(),
        title: "Title".to_owned(),
        edition_date: "2026-11-23".to_owned(),
        caveat_version: "0.1.0".to_owned(),
        seed: 1,
    };
    let input = BriefInput {
        detail: &detail,
        reply,
        report: &report,
        rules: &serde_json::json!({ "level": 0.95 }),
    };
    compose(&Facts::new(&composition), &input).unwrap()
}

fn brief(case: &Case, vendor: &str) -> Composed {
    brief_with(case, vendor, None)
}

fn vendors(case: &Case) -> Vec<String> {
    let providers = case.analysis.providers.iter();
    providers.map(|p| p.provider.clone()).collect()
}

/// Gives every model parts: two families and two categories by halves, one
/// prompt for each result, from the number that `first` gives its vendor.
fn with_parts(mut case: Case, first: impl Fn(&str) -> u32) -> Case {
    let labels = &mut case.selection.sample.labels;
    labels.techniques = ["encoding", "persona"].map(str::to_owned).to_vec();
    labels.harm_categories = ["fraud", "weapons"].map(str::to_owned).to_vec();
    for model in &mut case.selection.sample.models {
        let start = first(&model.provider);
        let half = model.n / 2;
        let part = |label: u32, from: u64, to: u64| SamplePart {
            harm_category: Some(label),
            technique: Some(label),
            grader: None,
            n: to - from,
            succeeded: model.succeeded.min(to).saturating_sub(from),
            not_evaluable: 0,
            prompts: Some(
                (from..to)
                    .map(|i| PromptTally {
                        prompt: start + u32::try_from(i).unwrap(),
                        day: Some(20_260_105),
                        n: 1,
                        succeeded: u64::from(i < model.succeeded),
                    })
                    .collect(),
            ),
        };
        model.parts = vec![part(0, 0, half), part(1, half, model.n)];
        model.prompts = Some((start..start + u32::try_from(model.n).unwrap()).collect());
    }
    case.analysed()
}

fn shared() -> Case {
    with_parts(reconstruction(), |_| 0)
}

/// No two vendors share a prompt.
fn apart() -> Case {
    with_parts(reconstruction(), |vendor| {
        1000 * u32::from(vendor.bytes().next().unwrap())
            + 10 * u32::try_from(vendor.len()).unwrap()
            + 100_000 * u32::from(vendor.as_bytes()[1])
    })
}

fn tables(composed: &Composed) -> Vec<&Table> {
    let pieces = composed.brief.pieces().into_iter();
    pieces
        .filter_map(|(_, piece)| match piece {
            Piece::Table(table) => Some(table),
            Piece::Figure(_) => None,
        })
        .collect()
}

fn table<'c>(composed: &'c Composed, id: &str) -> Option<&'c Table> {
    tables(composed).into_iter().find(|table| table.id == id)
}

fn words(row: &caveat_report::document::Row) -> Vec<String> {
    row.cells
        .iter()
        .filter_map(|cell| match cell {
            Cell::Text { text, .. } => Some(text.clone()),
            _ => None,
        })
        .collect()
}

/// Everything that a brief says, in reading order.
fn text(composed: &Composed) -> String {
    let page = &composed.brief.first_page;
    let mut text = vec![composed.brief.head.title.clone()];
    for fact in &page.facts {
        text.push(format!("{} {}", fact.value, fact.label));
    }
    for prose in composed.brief.every_prose() {
        text.push(text_of(prose));
    }
    for table in tables(composed) {
        text.extend(table.title.clone());
        text.extend(table.more.clone());
        text.extend(table.rows.iter().map(|row| words(row).join(" | ")));
    }
    text.join("\n").replace('\u{a0}', " ")
}

fn answer(composed: &Composed) -> String {
    text_of(&composed.brief.first_page.answer).replace('\u{a0}', " ")
}

fn cases() -> Vec<(&'static str, Case)> {
    let mut cases = all();
    cases.push(("shared prompts", shared()));
    cases.push(("no shared prompts", apart()));
    cases.push(("forty models", forty_models()));
    cases
}

fn forty_models() -> Case {
    let mut lines: Vec<_> = (0..40)
        .map(|i| {
            let name: &'static str = Box::leak(format!("model-{i:02}").into_boxed_str());
            (name, "many", 1.0, 1.0, 1.0, 30 + i, i)
        })
        .collect();
    lines.push(("other", "few", 2.0, 2.0, 2.0, 400, 40));
    case(&lines)
}

#[test]
fn every_sentence_with_a_figure_names_evidence_that_leads_into_the_annex_of_the_brief() {
    for (name, case) in cases() {
        for vendor in vendors(&case) {
            let composed = brief(&case, &vendor);
            let annex = serde_json::to_value(&composed.annex).unwrap();
            let mut known = BTreeSet::new();
            for entry in &composed.annex.evidence {
                assert!(
                    known.insert(entry.id.as_str()),
                    "{name}: {} twice",
                    entry.id
                );
                assert!(
                    annex.pointer(&entry.pointer).is_some(),
                    "{name}: {vendor}: {} {}",
                    entry.id,
                    entry.pointer
                );
            }
            for sentence in composed.brief.every_prose().into_iter().flatten() {
                let figure = sentence.text.chars().any(|c| c.is_ascii_digit());
                assert!(
                    !figure || !sentence.evidence.is_empty(),
                    "{name}: {vendor}: {}",
                    sentence.text
                );
                for id in &sentence.evidence {
                    assert!(
                        known.contains(id.as_str()),
                        "{name}: {vendor}: {id} in {}",
                        sentence.text
                    );
                }
            }
        }
    }
}

#[test]
fn every_brief_has_a_short_answer_four_facts_three_questions_and_three_limits() {
    for (name, case) in cases() {
        for vendor in vendors(&case) {
            let composed = brief(&case, &vendor);
            let page = &composed.brief.first_page;
            let said = text_of(&page.answer);
            // A vendor's name may be long; the words beside it are ours.
            if name != "hostile" {
                assert!(word_count(&said) <= 55, "{name}: {said}");
            }
            assert!(page.answer.first().unwrap().strong, "{name}");
            assert_eq!(page.facts.len(), 4, "{name}");
            assert_eq!(page.questions.len(), 3, "{name}: {vendor}");
            assert_eq!(page.limits.items.len(), 3, "{name}");
            for question in &composed.annex.questions {
                assert!(question.text.contains('?'), "{}", question.text);
                assert!(!question.evidence.is_empty(), "{}", question.text);
            }
            for caveat in &composed.annex.caveats {
                let known = caveat_report::explain::explain(&caveat.id);
                assert!(known.is_some(), "{}", caveat.id);
                assert!(!caveat.evidence.is_empty(), "{}", caveat.id);
            }
        }
    }
}

#[test]
fn tables_of_a_brief_fit_the_page_and_have_no_empty_cell() {
    for (name, case) in cases() {
        for vendor in vendors(&case) {
            let composed = brief(&case, &vendor);
            let mut ids = BTreeSet::new();
            for table in tables(&composed) {
                assert!(ids.insert(table.id.clone()), "{name}: {}", table.id);
                let width: f64 = table.columns.iter().map(|column| column.width_mm).sum();
                assert!(width <= 170.0 + 1e-9, "{name}: {}: {width}", table.id);
                for row in &table.rows {
                    assert_eq!(row.cells.len(), table.columns.len(), "{name}: {}", table.id);
                    for (cell, column) in row.cells.iter().zip(&table.columns) {
                        match (cell, &column.kind) {
                            (Cell::Text { text, .. }, ColumnKind::Text | ColumnKind::Number) => {
                                assert!(!text.trim().is_empty(), "{name}: {}", table.id);
                                assert!(
                                    !["0", "-", "\u{2013}"].contains(&text.trim())
                                        || table.id.starts_with("basis"),
                                    "{name}: {}",
                                    table.id
                                );
                            }
                            (
                                Cell::Interval { .. } | Cell::NotDrawn,
                                ColumnKind::Interval { .. },
                            ) => {}
                            other => panic!("{name}: {}: {other:?}", table.id),
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn no_brief_uses_a_word_outside_the_ladder() {
    let forbidden = [
        "likely",
        "probably",
        "suggests",
        "significant",
        "proves",
        "robust",
        "safe",
        "safer",
        "unsafe",
        "immune",
        "compliant",
        "best",
        "worst",
        "caused",
        "because of",
        "due to",
        "resistant",
        "vulnerable",
        "flat",
        "identical",
        "similar",
        "dangerously",
    ];
    for (name, case) in cases() {
        for vendor in vendors(&case) {
            for line in text(&brief(&case, &vendor)).lines() {
                let padded: String = line
                    .to_lowercase()
                    .chars()
                    .map(|c| if c.is_alphanumeric() { c } else { ' ' })
                    .collect();
                let padded = padded.split_whitespace().collect::<Vec<_>>().join(" ");
                for word in forbidden {
                    assert!(
                        !format!(" {padded} ").contains(&format!(" {word} ")),
                        "{name}: `{word}` in {line}"
                    );
                }
                let odd = ["  ", "..", " .", "NaN", "\u{2212}0.0 "];
                let hit = odd.iter().find(|odd| line.contains(**odd));
                assert!(
                    hit.is_none() || name == "hostile",
                    "{name}: {hit:?} in {line}"
                );
            }
        }
    }
}

#[test]
fn none_of_25_is_said_with_the_rate_that_would_fit_and_takes_no_rank() {
    let case = case(&[
        ("a-1", "alpha", 7.0, 7.0, 7.0, 25, 0),
        ("b-1", "beta", 7.0, 7.0, 7.0, 100, 30),
        ("c-1", "gamma", 7.0, 7.0, 7.0, 100, 10),
    ]);
    let composed = brief(&case, "alpha");
    let said = answer(&composed);
    assert!(
        said.starts_with(
            "Attacks succeeded in none of 25 tests of Alpha. A rate of up to 14% would fit that"
        ),
        "{said}"
    );
    assert!(said.contains("too few to rank"), "{said}");
    let whole = text(&composed);
    assert!(whole.contains("None of 25 attack success rate"), "{whole}");
    assert!(whole.contains("Not ranked below 50 results"), "{whole}");
    assert!(
        whole.contains("Does a-1 refuse, or can it not do the tasks when asked openly?"),
        "{whole}"
    );
    assert!(whole.contains("none seen; up to 14% fits"), "{whole}");
    for row in &table(&composed, "standing").unwrap().rows {
        let cells = words(row);
        let last = cells.last().unwrap();
        assert!(
            last == "this brief, no rank" || last == "not compared",
            "{cells:?}"
        );
    }
    assert!(!whole.contains("0%,") && !whole.contains("(0%"), "{whole}");
}

#[test]
fn all_25_is_the_opposite_of_none() {
    let lines = |succeeded| {
        case(&[
            ("a-1", "alpha", 7.0, 7.0, 7.0, 60, succeeded),
            ("b-1", "beta", 7.0, 7.0, 7.0, 100, 30),
        ])
    };
    let (none, every) = (brief(&lines(0), "alpha"), brief(&lines(60), "alpha"));
    assert!(
        answer(&none).contains("in none of 60 tests"),
        "{}",
        answer(&none)
    );
    assert!(answer(&none).contains("up to 7%"), "{}", answer(&none));
    assert!(
        answer(&every).contains("in all 60 tests"),
        "{}",
        answer(&every)
    );
    assert!(
        answer(&every).contains("as low as 93%"),
        "{}",
        answer(&every)
    );
    assert!(text(&none).contains("Lower than Beta"));
    assert!(text(&every).contains("Higher than Beta"));
}

#[test]
fn one_model_is_said_to_stand_for_the_vendor() {
    let composed = brief(&reconstruction(), "anthropic");
    let whole = text(&composed);
    assert!(whole.contains("1 model was tested"), "{whole}");
    assert!(
        whole.contains("One model stands for the vendor."),
        "{whole}"
    );
    assert!(
        whole.contains("claude-sonnet-4-5 alone was tested, with 133 results."),
        "{whole}"
    );
    assert!(
        !whole.contains("Which of its models would we be using?"),
        "{whole}"
    );
    let other = text(&brief(&reconstruction(), "mistralai"));
    assert!(
        other.contains("Which of its models would we be using?"),
        "{other}"
    );
    assert!(
        !other.contains("One model stands for the vendor."),
        "{other}"
    );
}

#[test]
fn below_the_minimum_nothing_is_compared_and_the_brief_says_so() {
    let composed = brief(&shared(), "xiaomi");
    let whole = text(&composed);
    assert!(
        answer(&composed)
            .contains("That is too few to rank: a place among vendors takes 50 results here."),
        "{}",
        answer(&composed)
    );
    assert!(
        whole.contains("Not compared: Xiaomi has fewer than 50 results."),
        "{whole}"
    );
    assert!(
        whole.contains("Will it allow enough tests for a place among the others?"),
        "{whole}"
    );
    assert!(
        whole.contains("21 evaluable results, where a comparison takes 50."),
        "{whole}"
    );
    assert!(
        table(&composed, "comparisons").is_none() && table(&composed, "shared-prompts").is_none()
    );
}

#[test]
fn without_shared_prompts_the_brief_says_not_tested_and_not_compared() {
    let composed = brief(&apart(), "mistralai");
    let whole = text(&composed);
    assert!(whole.contains("Not tested on shared prompts"), "{whole}");
    assert!(
        whole.contains("No other vendor shares enough prompts with Mistralai"),
        "{whole}"
    );
    let shared_prompts = table(&composed, "shared-prompts").unwrap();
    for row in &shared_prompts.rows {
        let cells = words(row);
        assert_eq!(cells.get(1).unwrap(), "none", "{cells:?}");
        assert_eq!(cells.get(2).unwrap(), "not tested", "{cells:?}");
        assert_eq!(cells.last().unwrap(), "not compared", "{cells:?}");
    }
    assert!(
        whole.contains("Will it answer one set of prompts together with its competitors?"),
        "{whole}"
    );

    let same = text(&brief(&shared(), "mistralai"));
    assert!(same.contains("vendors share prompts"), "{same}");
    assert!(
        !same.contains("Will it answer one set of prompts"),
        "{same}"
    );
}

#[test]
fn of_forty_models_the_first_page_has_three_and_a_page_of_its_own_has_all() {
    let composed = brief(&forty_models(), "many");
    let first = table(&composed, "own-models").unwrap();
    assert_eq!(first.rows.len(), 3);
    let more = first.more.as_deref().unwrap();
    assert_eq!(
        more,
        "The three with most results; 37 more in the section \u{201c}All its models\u{201d}."
    );
    assert_eq!(table(&composed, "all-models").unwrap().rows.len(), 40);
    assert_eq!(composed.annex.models.len(), 40);
    assert!(table(&brief(&forty_models(), "few"), "all-models").is_none());
}

#[test]
fn hostile_names_reach_a_brief_as_text_on_one_line() {
    let case = with_parts(hostile(), |_| 0);
    for vendor in vendors(&case) {
        let composed = brief(&case, &vendor);
        assert!(composed.brief.head.title.chars().count() < 200);
        for table in tables(&composed) {
            for row in &table.rows {
                for cell in words(row) {
                    assert!(cell.chars().count() <= 160, "{cell}");
                    assert!(!cell.contains('\n'), "{cell}");
                }
            }
        }
    }
}

#[test]
fn a_label_that_only_others_met_is_not_tested_and_asked_about() {
    let mut case = shared();
    for model in &mut case.selection.sample.models {
        if model.provider == "mistralai" {
            for part in &mut model.parts {
                part.technique = Some(0);
            }
        }
    }
    let composed = brief(&case.analysed(), "mistralai");
    let families = table(&composed, "techniques").unwrap();
    let last = words(families.rows.last().unwrap());
    assert_eq!(last.first().unwrap(), "persona");
    assert_eq!(last.get(1..4).unwrap(), ["not tested"; 3]);
    let whole = text(&composed);
    assert!(
        whole.contains("How does it do on \u{201c}persona\u{201d}?"),
        "{whole}"
    );
    assert!(
        whole.contains("Before use that is open to persona, the model is tested on it."),
        "{whole}"
    );
    let other = text(&brief(&shared(), "mistralai"));
    assert!(!other.contains("How does it do on"), "{other}");
}

#[test]
fn a_family_that_stands_out_is_titled_asked_about_and_drawn_heavy() {
    // The first successes fall into the first half of each model's prompts.
    let composed = brief(&shared(), "nvidia");
    let families = table(&composed, "techniques").unwrap();
    assert_eq!(
        families.title.as_deref(),
        Some("The rate is higher under encoding and lower under persona than elsewhere")
    );
    assert!(
        text(&composed).contains("What is done about the attack family \u{201c}encoding\u{201d}?")
    );
    let mut even = shared();
    for model in &mut even.selection.sample.models {
        let [first, second] = model.parts.as_mut_slice() else {
            panic!("two parts");
        };
        let all = first.succeeded + second.succeeded;
        first.succeeded = all / 2;
        second.succeeded = all - all / 2;
        first.prompts = None;
        second.prompts = None;
    }
    let composed = brief(&even.analysed(), "nvidia");
    assert_eq!(
        table(&composed, "techniques").unwrap().title.as_deref(),
        Some("No attack family can be told apart from the others together")
    );
    assert!(!text(&composed).contains("What is done about"));
}

#[test]
fn answer_table_and_questions_turn_when_the_data_turn() {
    let high = brief(&reconstruction(), "google");
    let mut lines = crate::support::RECONSTRUCTION;
    for line in &mut lines {
        if line.1 == "google" {
            line.6 = line.5 - line.6;
        }
    }
    let turned = brief(&case(&lines), "google");
    assert_ne!(answer(&high), answer(&turned));
    assert!(
        answer(&high).contains("about one in 13"),
        "{}",
        answer(&high)
    );
    assert!(
        answer(&turned).contains("in 92% of tests"),
        "{}",
        answer(&turned)
    );
    assert!(text(&high).contains("Lower than"), "{}", text(&high));
    assert!(text(&turned).contains("Higher than"), "{}", text(&turned));
    let questions = |composed: &Composed| -> Vec<String> {
        composed
            .annex
            .questions
            .iter()
            .map(|q| q.text.clone())
            .collect()
    };
    assert_ne!(questions(&high), questions(&turned));
}

#[test]
fn a_reply_is_printed_in_full_with_its_date_and_its_absence_is_stated() {
    let case = reconstruction();
    let without = text(&brief(&case, "google"));
    assert!(
        without.contains("None received from Google by the date of this edition."),
        "{without}"
    );
    let reply = Reply::parse(
        "2026-11-20\n\nWe tested 3 newer models.\n\n# Not a heading *here*",
        "replies/google.md",
        "00",
    );
    let composed = brief_with(&case, "google", Some(&reply));
    let with = text(&composed);
    assert!(
        with.contains("received, dated 20 November 2026; printed in full below."),
        "{with}"
    );
    assert!(with.contains("We tested 3 newer models."), "{with}");
    assert!(with.contains("# Not a heading *here*"), "{with}");
    assert!(!with.contains("None received"), "{with}");
    let undated = Reply::parse("We disagree.", "replies/google.md", "00");
    let undated = text(&brief_with(&case, "google", Some(&undated)));
    assert!(undated.contains("It bears no date."), "{undated}");
}

#[test]
fn every_section_of_a_brief_says_something_and_has_an_id_of_its_own() {
    for (name, case) in cases() {
        for vendor in vendors(&case) {
            let composed = brief(&case, &vendor);
            let mut ids = BTreeSet::new();
            for section in &composed.brief.sections {
                assert!(ids.insert(section.id.clone()), "{name}: {}", section.id);
                let says = !section.lead.is_empty() || !section.blocks.is_empty();
                assert!(says, "{name}: {}", section.id);
                for block in &section.blocks {
                    if let Block::List { items } = block {
                        assert!(!items.is_empty(), "{name}: {}", section.id);
                    }
                }
            }
        }
    }
}

#[test]
fn the_same_input_gives_the_same_brief() {
    assert_eq!(brief(&shared(), "google"), brief(&shared(), "google"));
}
