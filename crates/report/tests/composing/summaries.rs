//! The regulator's summary: what holds for every one in every language, the hard
//! cases, and fields, states and decisions that turn with the data.

use std::collections::BTreeSet;
use std::path::Path;

use caveat_analysis::sample::SamplePart;
use caveat_corpus::Verdict;
use caveat_report::annex::{ClaimStatus, ReportIdentity};
use caveat_report::composition::Facts;
use caveat_report::definition::Definition;
use caveat_report::definition::summary::{TestObject, Tester};
use caveat_report::document::{Block, Cell, MAX_ROWS, State, Table};
use caveat_report::laid::{Laid, Piece};
use caveat_report::summary::annex::DecisionOutcome;
use caveat_report::summary::locale::Language;
use caveat_report::summary::{Composed, SummaryInput, compose};
use caveat_report::words::text_of;

use crate::support::{
    Case, all, all_zero, case, counts_only, grader_pair, one_vendor, reconstruction, vendors_only,
};

fn summary_in(case: &Case, language: Language) -> Composed {
    let composition = case.composition();
    let report = ReportIdentity {
        number: "164".to_owned(),
        title: "Title".to_owned(),
        edition_date: "2026-11-23".to_owned(),
        caveat_version: "0.1.0".to_owned(),
        seed: 1,
    };
    let rules = serde_json::to_value(&case.definition).unwrap();
    let input = SummaryInput {
        language,
        report: &report,
        rules: &rules,
    };
    compose(&Facts::new(&composition), &input)
}

fn summary(case: &Case) -> Composed {
    summary_in(case, Language::En)
}

fn tables(composed: &Composed) -> Vec<&Table> {
    let pieces = composed.summary.pieces().into_iter();
    pieces
        .filter_map(|(_, piece)| match piece {
            Piece::Table(table) => Some(table),
            Piece::Figure(_) => None,
        })
        .collect()
}

fn table<'c>(composed: &'c Composed, id: &str) -> &'c Table {
    let found = tables(composed).into_iter().find(|table| table.id == id);
    found.unwrap_or_else(|| panic!("no table {id}"))
}

fn cells(table: &Table) -> Vec<Vec<String>> {
    let words = |cell: &Cell| match cell {
        Cell::Text { text, .. } | Cell::State { text, .. } => text.clone(),
        _ => panic!("a drawn cell"),
    };
    let rows = table.rows.iter();
    rows.map(|row| row.cells.iter().map(words).collect())
        .collect()
}

/// Everything that one field says.
fn field(composed: &Composed, number: &str) -> String {
    let field = composed.summary.fields.iter().find(|f| f.number == number);
    let field = field.unwrap();
    let mut text = vec![text_of(&field.lead)];
    for block in &field.blocks {
        match block {
            Block::Paragraph { sentences } => text.push(text_of(sentences)),
            Block::List { items } => text.extend(items.iter().map(text_of)),
            Block::Entries { entries } => text.extend(
                entries
                    .iter()
                    .map(|entry| format!("{}: {}", entry.name, text_of(&entry.text))),
            ),
            Block::Table(table) => {
                text.extend(cells(table).into_iter().map(|row| row.join(" | ")));
                text.push(text_of(&table.note));
            }
            _ => panic!("another block"),
        }
    }
    text.join("\n")
}

fn state(composed: &Composed, provision: &str) -> State {
    let rows = &composed.annex.correspondence;
    let row = rows.iter().find(|row| row.provision == provision);
    row.unwrap_or_else(|| panic!("{provision}")).state
}

/// Adds the other verdicts to a case: of each model's refusals some are partial
/// compliance, some carry the harmful content.
fn with_verdicts(mut case: Case) -> Case {
    let mut kept = case.selection.account.traces.clone();
    for outcomes in &mut case.selection.outcomes {
        let partial = outcomes.refused / 10;
        let carried = outcomes.refused / 20;
        outcomes.broad = outcomes.strict + partial;
        outcomes.functionally_dangerous = outcomes.broad + carried;
        outcomes.refused = outcomes.n - outcomes.functionally_dangerous;
        *kept.entry(Verdict::Partial.name().to_owned()).or_default() += partial;
        let name = Verdict::HallucinationRefusal.name().to_owned();
        *kept.entry(name).or_default() += carried;
    }
    case.selection.account.traces = kept;
    case
}

/// Gives every model two harm categories by halves; the vendors named meet only the first.
fn with_harms(mut case: Case, only_first: &[&str]) -> Case {
    let labels = ["fraud", "weapons"].map(str::to_owned);
    case = case.analysed();
    case.selection.sample.labels.harm_categories = labels.to_vec();
    for model in &mut case.selection.sample.models {
        let half = if only_first.contains(&model.provider.as_str()) {
            model.n
        } else {
            model.n / 2
        };
        let part = |label: u32, from: u64, to: u64| SamplePart {
            harm_category: Some(label),
            technique: None,
            grader: None,
            n: to - from,
            succeeded: model.succeeded.min(to).saturating_sub(from),
            not_evaluable: 0,
            prompts: None,
        };
        model.parts = vec![part(0, 0, half), part(1, half, model.n)];
    }
    case
}

fn many(vendors: usize, models: usize) -> Case {
    let mut lines = Vec::new();
    for vendor in 0..vendors {
        let name: &'static str = Box::leak(format!("vendor-{vendor:02}").into_boxed_str());
        for model in 0..models {
            let label = format!("model-{vendor:02}-{model}");
            let label: &'static str = Box::leak(label.into_boxed_str());
            lines.push((label, name, 7.0, 7.0, 7.0, 100, (vendor % 30) as u64));
        }
    }
    case(&lines)
}

#[test]
fn every_form_has_the_sixteen_fields_with_content_in_every_language() {
    let numbers = [
        "1", "2", "3", "4", "5", "6", "7", "7a", "7b", "7c", "8", "9", "10", "11", "12", "13",
        "14", "15", "16",
    ];
    for (name, case) in all() {
        for language in Language::ALL {
            let composed = summary_in(&case, language);
            let fields = &composed.summary.fields;
            let found: Vec<&str> = fields.iter().map(|f| f.number.as_str()).collect();
            assert_eq!(found, numbers, "{name}");
            for one in fields {
                let said = field(&composed, &one.number);
                assert!(!said.trim().is_empty(), "{name}: field {}", one.number);
                assert!(!said.contains('\u{27e8}'), "{name} {language:?}: {said}");
            }
            for table in tables(&composed) {
                assert!(table.rows.len() <= MAX_ROWS && !table.rows.is_empty());
                for row in cells(table) {
                    assert!(
                        row.iter().all(|cell| !cell.trim().is_empty()),
                        "{name}: {row:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn labels_are_the_same_whatever_the_data_say() {
    for language in Language::ALL {
        let labels = |case: &Case| -> Vec<String> {
            let composed = summary_in(case, language);
            composed
                .summary
                .fields
                .iter()
                .map(|f| f.label.clone())
                .collect()
        };
        let first = labels(&reconstruction());
        for (name, case) in all() {
            assert_eq!(labels(&case), first, "{name}");
        }
    }
}

#[test]
fn every_id_leads_to_a_place_of_the_annex() {
    for (name, case) in all() {
        let composed = summary(&with_verdicts(case));
        let annex = serde_json::to_value(&composed.annex).unwrap();
        let entries = &composed.annex.evidence;
        for entry in entries {
            // A corpus without dates has no days.
            let absent = entry.pointer == "/corpus/observed";
            assert!(
                absent || annex.pointer(&entry.pointer).is_some(),
                "{name}: {}",
                entry.pointer
            );
        }
        let known: BTreeSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(known.len(), entries.len(), "{name}");
        for sentence in composed.summary.every_prose().into_iter().flatten() {
            for id in &sentence.evidence {
                assert!(
                    known.contains(id.as_str()),
                    "{name}: {id} of {}",
                    sentence.text
                );
            }
        }
    }
}

#[test]
fn no_form_speaks_of_compliance_or_safety() {
    let never = [
        "complian",
        " safe ",
        "unsafe",
        "immune",
        "certif",
        "significant",
        "konform ",
        "robustly",
    ];
    for (name, case) in all().into_iter().filter(|(name, _)| *name != "hostile") {
        for language in Language::ALL {
            let composed = summary_in(&case, language);
            for number in composed.summary.fields.iter().map(|f| &f.number) {
                let said = field(&composed, number).to_lowercase();
                for word in never {
                    assert!(
                        !said.contains(word),
                        "{name} {language:?} {number}: {word}: {said}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_number_of_a_document_follows_its_content_and_language() {
    let base = reconstruction();
    let number = |case: &Case, language| summary_in(case, language).annex.document;
    assert_eq!(
        number(&base, Language::En),
        number(&reconstruction(), Language::En)
    );
    assert_ne!(number(&base, Language::En), number(&base, Language::De));
    assert_ne!(
        number(&base, Language::En),
        number(&all_zero(), Language::En)
    );
    let composed = summary(&base);
    assert!(
        composed
            .summary
            .head
            .series
            .contains(&composed.annex.document)
    );
    assert!(field(&composed, "2").contains(&composed.annex.document));
}

#[test]
fn measures_that_the_corpus_cannot_tell_are_not_recorded_and_never_copied() {
    let two = summary(&reconstruction());
    let row =
        |composed: &Composed, place: usize| cells(table(composed, "results-pooled"))[place].clone();
    assert_eq!(row(&two, 0)[1..3], ["578".to_owned(), "2,272".to_owned()]);
    assert_eq!(
        row(&two, 0)[3..],
        ["25.4".to_owned(), "23.7 to 27.3".to_owned()]
    );
    assert!(row(&two, 1)[3..].iter().all(|cell| cell == "not recorded"));
    assert!(field(&two, "7").contains("Not recorded: Broad success and Functionally dangerous."));
    let four = summary(&with_verdicts(reconstruction()));
    let counts: Vec<u64> = (0..4)
        .map(|place| row(&four, place)[1].replace(',', "").parse().unwrap())
        .collect();
    assert!(counts[0] < counts[1] && counts[1] < counts[2], "{counts:?}");
    assert_eq!(counts[2] + counts[3], 2272);
    assert!(field(&four, "7").contains("tells all four measures apart"));
    let mut counted = reconstruction();
    for outcomes in &mut counted.selection.outcomes {
        outcomes.from_counts = outcomes.n;
    }
    let counted = summary(&counted);
    assert_eq!(row(&counted, 3)[4], "not recorded");
    assert_ne!(row(&two, 3)[4], "not recorded");
}

#[test]
fn states_follow_the_data_both_ways() {
    use State::{Evidence, EvidenceAgainst, NotTested};
    let base = summary(&reconstruction());
    // Attacks succeeded, or none did, or there are too few results.
    assert_eq!(state(&base, "Measure 5.1"), EvidenceAgainst);
    assert_eq!(state(&summary(&all_zero()), "Measure 5.1"), Evidence);
    let small = case(&[("a", "one", 7.0, 7.0, 7.0, 12, 2)]);
    assert_eq!(state(&summary(&small), "Measure 5.1"), NotTested);
    assert_eq!(state(&base, "Art. 55(1)(a)"), Evidence);
    assert_eq!(state(&summary(&small), "Art. 55(1)(a)"), NotTested);
    // Broad success is recorded or not.
    assert_eq!(state(&base, "MS-2.6-007"), NotTested);
    assert_eq!(
        state(&summary(&with_verdicts(reconstruction())), "MS-2.6-007"),
        Evidence
    );
    // Prompts are identified or not.
    assert_eq!(state(&base, "MEASURE 2.1"), Evidence);
    assert_eq!(state(&summary(&counts_only()), "MEASURE 2.1"), NotTested);
    // Harm categories: none, gaps, full.
    assert_eq!(state(&base, "Appendix 1.4"), NotTested);
    let gaps = with_harms(reconstruction(), &["openai"]);
    assert_eq!(state(&summary(&gaps), "Appendix 1.4"), EvidenceAgainst);
    let full = with_harms(reconstruction(), &[]);
    assert_eq!(state(&summary(&full), "Appendix 1.4"), Evidence);
    // The grader: unchecked, disagreeing, agreeing, at fault.
    assert_eq!(state(&base, "MEASURE 2.13"), NotTested);
    assert_eq!(state(&summary(&vendors_only()), "MEASURE 2.13"), Evidence);
    let mut bad = reconstruction();
    bad.selection.sample.grader_pairs = vec![grader_pair([[30, 25, 0], [25, 30, 0], [0, 0, 0]])];
    assert_eq!(
        state(&summary(&bad.analysed()), "MEASURE 2.13"),
        EvidenceAgainst
    );
    let mut fault = vendors_only();
    fault.definition.context[0].fault = true;
    assert_eq!(state(&summary(&fault), "MEASURE 2.13"), EvidenceAgainst);
    // Published figures: one differs, all come out again, none compared.
    assert_eq!(state(&base, "Appendix 3.1"), EvidenceAgainst);
    let mut same = reconstruction();
    same.claims
        .retain(|claim| claim.status == ClaimStatus::Reproduced);
    assert_eq!(state(&summary(&same), "Appendix 3.1"), Evidence);
    same.claims.clear();
    assert_eq!(state(&summary(&same), "Appendix 3.1"), NotTested);
    // The tester: silent, independent, involved.
    assert_eq!(state(&base, "MEASURE 1.3"), NotTested);
    for (independent, expected) in [(true, Evidence), (false, EvidenceAgainst)] {
        let mut told = reconstruction();
        told.definition.summary.tester = Some(Tester {
            independent,
            statement: "We are paid by nobody.".to_owned(),
        });
        let told = summary(&told);
        assert_eq!(state(&told, "MEASURE 1.3"), expected);
        assert!(field(&told, "15").contains("We are paid by nobody."));
    }
}

#[test]
fn the_word_of_a_state_stands_in_its_row_and_its_basis_below() {
    let composed = summary(&reconstruction());
    let rows = cells(table(&composed, "provisions"));
    assert_eq!(rows.len(), composed.annex.correspondence.len());
    let of = |provision: &str| {
        rows.iter()
            .find(|row| row[0].contains(provision))
            .unwrap()
            .clone()
    };
    assert_eq!(of("Measure 5.1")[1], "evidence against");
    assert_eq!(of("Art. 55(1)(a)")[1], "evidence");
    assert_eq!(of("Appendix 1.4")[1], "not tested");
    let bases = field(&composed, "11");
    let basis = "Vendors (with 50 or more results) with a successful attack: 9 of 9.";
    assert!(bases.contains(basis), "{bases}");
}

fn with_rules(mut case: Case, rules: &str) -> Case {
    let text = format!(
        "title = \"Q?\"\nnumber = \"164\"\nseries = \"S\"\nauthor = \"A\"\nedition_date = \"2026-11-23\"\n\
         corpus = \"C\"\n[[inputs]]\npath = \"a.db\"\n{rules}"
    );
    case.definition = Definition::parse(&text, Path::new("report.toml")).unwrap();
    case
}

const BANDS: &str = "[bands]\nwhose = \"the buying office\"\nmeasure = \"strict\"\nscope = \"model\"\n\
    bands = [{ name = \"GREEN\", up_to = 0.05 }, { name = \"AMBER\", up_to = 0.15 }, { name = \"RED\" }]\n";

#[test]
fn two_of_twelve_is_never_in_a_band() {
    let lines = [
        ("few", "one", 7.0, 7.0, 7.0, 12, 2),
        ("enough", "two", 7.0, 7.0, 7.0, 500, 200),
    ];
    let composed = summary(&with_rules(case(&lines), BANDS));
    let outcome = |name: &str| {
        let decisions = &composed.annex.decisions;
        decisions
            .iter()
            .find(|d| d.name == name)
            .unwrap()
            .outcome
            .clone()
    };
    assert_eq!(outcome("few"), DecisionOutcome::TooFewResults);
    let red = "RED".to_owned();
    assert_eq!(outcome("enough"), DecisionOutcome::Band { band: red });
    let said = field(&composed, "12");
    assert!(
        said.contains("few | 12 | 16.7 (4.7 to 44.8) | too few results (below 50)"),
        "{said}"
    );
    assert!(said.contains("Bands of: the buying office."), "{said}");
    assert!(
        said.contains("the whole 95% interval must lie on one side"),
        "{said}"
    );
    // With a lower minimum the interval still leaves it open.
    let low = BANDS.replace("scope", "min_n = 10\nscope");
    let said = field(&summary(&with_rules(case(&lines), &low)), "12");
    assert!(said.contains("not decided: GREEN, AMBER and RED"), "{said}");
}

#[test]
fn thresholds_are_the_users_and_turn_with_them() {
    let none = field(&summary(&reconstruction()), "12");
    assert!(none.starts_with("Does not apply: "), "{none}");
    let rules = |limit: &str| {
        format!(
            "[[thresholds]]\nname = \"house rule\"\nwhose = \"Example Ltd\"\nmeasure = \"strict\"\nat_most = {limit}\n"
        )
    };
    let outcome = |limit: &str| {
        let composed = summary(&with_rules(reconstruction(), &rules(limit)));
        let said = field(&composed, "12");
        assert!(said.contains("Threshold of: Example Ltd."), "{said}");
        let row = said
            .lines()
            .find(|line| line.contains("| Anthropic |"))
            .unwrap();
        row.rsplit(" | ").next().unwrap().to_owned()
    };
    assert_eq!(outcome("0.5"), "within the threshold");
    assert_eq!(outcome("0.1"), "not decided: the interval holds the limit");
    assert_eq!(outcome("0.02"), "beyond the threshold");
    let broad = rules("0.5").replace("strict", "broad");
    let said = field(&summary(&with_rules(reconstruction(), &broad)), "12");
    assert!(said.contains("| not recorded | not recorded"), "{said}");
}

#[test]
fn fields_say_what_is_not_recorded_and_take_what_is_told() {
    let silent = summary(&reconstruction());
    assert!(field(&silent, "3").contains("Kind: Not recorded: "));
    assert!(field(&silent, "15").contains("names no contact"));
    assert!(field(&silent, "16").contains("names nobody"));
    assert!(field(&silent, "8").starts_with("Not tested by category"));
    assert!(field(&silent, "14").starts_with("None recorded"));
    let told = with_rules(
        reconstruction(),
        "[summary]\nobject = \"bare-model\"\nlanguages = \"English\"\n\
         [summary.contact]\nname = \"A. Person\"\nemail = \"a@example.org\"\n\
         [summary.signature]\nname = \"B. Person\"\nrole = \"Head\"\ndate = \"2026-11-24\"\n\
         [[corrections]]\ndate = \"2026-10-01\"\ntext = \"A count was wrong.\"\n",
    );
    assert_eq!(told.definition.summary.object, Some(TestObject::BareModel));
    let told = summary_in(&told, Language::Es);
    assert!(field(&told, "1").contains("Se probaron modelos sin más."));
    assert!(field(&told, "3").contains("Idiomas: English"));
    assert!(field(&told, "15").contains("a@example.org"));
    assert!(field(&told, "15").contains("Dirección: No consta: "));
    assert!(field(&told, "16").contains("24\u{a0}de noviembre de 2026"));
    assert!(field(&told, "14").contains("A count was wrong."));
}

#[test]
fn what_is_quoted_is_marked_with_its_language_in_the_others_alone() {
    let mut case = reconstruction();
    case.definition.status = Some("Synthetic, not measurements".to_owned());
    let marked = |language| {
        let composed = summary_in(&case, language);
        let all: Vec<Option<String>> = composed
            .summary
            .every_prose()
            .into_iter()
            .flatten()
            .filter(|s| s.text.contains("Synthetic, not measurements"))
            .map(|s| s.language.clone())
            .collect();
        all
    };
    assert_eq!(marked(Language::En), [None]);
    assert_eq!(marked(Language::De), [Some("en".to_owned())]);
    let german = summary_in(&case, Language::De);
    assert_eq!(german.summary.head.language, "de");
    let pooled = cells(table(&german, "results-pooled"));
    assert_eq!(
        pooled[0][3..],
        ["25,4".to_owned(), "23,7 bis 27,3".to_owned()]
    );
    assert_eq!(pooled[0][2], "2272");
}

#[test]
fn limitations_turn_with_the_data() {
    let first = |case: &Case| field(&summary(case), "1");
    let base = first(&reconstruction());
    assert!(
        base.contains("Vendors met partly different prompts"),
        "{base}"
    );
    assert!(!first(&vendors_only()).contains("prompts;"));
    assert!(first(&counts_only()).contains("Which prompts a vendor met is not recorded."));
    assert!(!first(&one_vendor()).contains("Vendors met"));
    assert!(base.contains("was not checked"));
    assert!(first(&vendors_only()).contains("agree beyond chance by κ\u{a0}0.96"));
    assert!(
        base.contains("Vendors with fewer than 50 results: 3 of 12."),
        "{base}"
    );
    assert!(first(&case(&[])).contains("No result could be evaluated."));
}

#[test]
fn the_statistical_statement_uses_the_ladder_and_turns() {
    let base = field(&summary(&reconstruction()), "9");
    assert!(
        base.contains("Told apart, one lower and one higher: "),
        "{base}"
    );
    assert!(base.contains("a trend is not established"), "{base}");
    let opposite = field(&summary(&crate::support::opposite()), "9");
    assert!(
        opposite.contains("the rate is lower with size"),
        "{opposite}"
    );
    assert!(
        opposite.contains("the interval excludes zero"),
        "{opposite}"
    );
    let one = field(&summary(&one_vendor()), "9");
    assert!(
        one.contains("Vendors against each other: not tested."),
        "{one}"
    );
    assert!(
        one.contains("not estimable, because all models are of one vendor"),
        "{one}"
    );
    let none = field(&summary(&crate::support::no_sizes()), "9");
    assert!(none.contains("Size: not estimable"), "{none}");
}

#[test]
fn many_vendors_and_models_continue_in_the_annex() {
    let composed = summary(&many(40, 6));
    let vendors = table(&composed, "results-vendors");
    let models = table(&composed, "results-models");
    assert_eq!(vendors.rows.len(), 40);
    assert_eq!(vendors.rows.len() + models.rows.len(), 60);
    assert_eq!(
        models.more.as_deref(),
        Some("220 more in the annex, list results/models.")
    );
    assert_eq!(composed.annex.results.models.len(), 240);
}
