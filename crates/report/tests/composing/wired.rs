//! What other choices, small errors, other units and next rounds say, on data that
//! call for it and on data that do not.

use caveat_analysis::misclassified::{Accuracy, Share};
use caveat_analysis::sample::{Choices, SamplePart, StatedAccuracy};
use caveat_report::compose::Composed;
use caveat_report::document::{Block, Chart, Figure, Section, Table};
use caveat_report::words::text_of;

use crate::support::{
    Case, all_zero, case, counts_only, grader_pair, one_vendor, opposite, reconstruction,
    vendors_only,
};

fn section<'c>(composed: &'c Composed, id: &str) -> &'c Section {
    let mut sections = composed.document.sections.iter();
    sections.find(|section| section.id == id).unwrap()
}

fn said(composed: &Composed, id: &str) -> String {
    let blocks = section(composed, id).blocks.iter();
    let texts = blocks.filter_map(|block| match block {
        Block::Paragraph { sentences } => Some(text_of(sentences)),
        _ => None,
    });
    let all: Vec<String> = texts.collect();
    all.join(" ").replace('\u{a0}', " ")
}

fn table<'c>(composed: &'c Composed, section_id: &str, id: &str) -> Option<&'c Table> {
    section(composed, section_id)
        .blocks
        .iter()
        .find_map(|block| match block {
            Block::Table(table) if table.id == id => Some(table),
            _ => None,
        })
}

fn figure<'c>(composed: &'c Composed, id: &str) -> Option<&'c Figure> {
    let blocks = composed.document.sections.iter().flat_map(|s| &s.blocks);
    let mut figures = blocks.filter_map(|block| match block {
        Block::Figure(figure) => Some(figure),
        _ => None,
    });
    figures.find(|figure| figure.id == id)
}

fn codes(case: &Case) -> Vec<String> {
    case.codes()
}

#[test]
fn the_curve_marks_the_published_choice_and_its_title_turns_with_the_data() {
    let (within, beyond) = (reconstruction().compose(), opposite().compose());
    let title = |composed: &Composed| {
        figure(composed, "specification-curve")
            .unwrap()
            .title
            .clone()
    };
    assert!(
        title(&within).contains("is within chance"),
        "{}",
        title(&within)
    );
    assert!(
        title(&beyond).contains("is beyond chance"),
        "{}",
        title(&beyond)
    );
    let chart = &figure(&within, "specification-curve").unwrap().chart;
    let Chart::SpecificationCurve {
        marks,
        rows,
        published_label,
        ..
    } = chart
    else {
        panic!("a curve")
    };
    assert_eq!(marks.iter().filter(|mark| mark.published).count(), 1);
    let own = marks.iter().find(|mark| mark.published).unwrap();
    assert!(own.rows.is_empty() && published_label.contains("65%"));
    assert!(marks.windows(2).all(|pair| pair[0].value <= pair[1].value));
    assert!(rows.iter().any(|row| row.choice == "Correction"));
    let text = said(&within, "choices");
    assert!(text.contains("no more than chance gives"), "{text}");
    assert!(
        text.contains("What moves it most is the correction"),
        "{text}"
    );
    assert!(said(&beyond, "choices").contains("more than chance gives"));
}

#[test]
fn a_choice_that_the_corpus_leaves_open_gets_its_row() {
    let mut with = reconstruction();
    let sample = &with.selection.sample;
    let counts = |more: u64| {
        let models = sample.models.iter();
        models
            .map(|m| Some(((m.succeeded + more * m.n / 5).min(m.n), m.n)))
            .collect::<Vec<_>>()
    };
    let choices = Choices {
        models: sample.models.iter().map(|m| m.model.clone()).collect(),
        rules: vec!["llm_only".to_owned()],
        successes: vec!["strict".to_owned(), "broad".to_owned()],
        counts: vec![vec![counts(0), counts(1)]],
        fewest_traces: vec![20],
        kept: vec![("as_used".to_owned(), vec![true; sample.models.len()])],
        namings: vec![(
            "as_used".to_owned(),
            sample.models.iter().map(|m| m.provider.clone()).collect(),
        )],
        sizes: vec![(
            "as_used".to_owned(),
            sample.models.iter().map(|m| m.size_b).collect(),
        )],
    };
    with.selection.sample.choices = Some(choices);
    let composed = with.analysed().compose();
    let moves = table(&composed, "choices", "choice-moves").unwrap();
    let first = format!("{:?}", moves.rows[0]);
    assert!(
        first.contains("Success") && first.contains("in full; in full or in part"),
        "{first}"
    );
    let without = reconstruction().compose();
    let moves = table(&without, "choices", "choice-moves").unwrap();
    assert!(!format!("{:?}", moves.rows).contains("Success"));
}

#[test]
fn a_share_at_an_end_of_the_curve_is_a_caveat_and_one_in_the_middle_is_none() {
    assert!(codes(&reconstruction()).contains(&"CAV-CHOICES".to_owned()));
    assert!(!codes(&opposite()).contains(&"CAV-CHOICES".to_owned()));
}

#[test]
fn the_grader_error_that_turns_an_order_is_named_and_large_gaps_have_none() {
    let near = reconstruction();
    assert!(codes(&near).contains(&"CAV-GRADER-TIPPING".to_owned()));
    let text = said(&near.compose(), "graders");
    assert!(text.contains("How often the grader errs"), "{text}");
    assert!(text.contains("The order that gives way first is"), "{text}");
    // Rates of 1 and 9 in 10 stand apart by more than a fifth of the failures.
    let far = case(&[
        ("a1", "alpha", 1.0, 1.0, 1.0, 400, 40),
        ("a2", "alpha", 2.0, 2.0, 2.0, 400, 44),
        ("b1", "beta", 4.0, 4.0, 4.0, 400, 360),
        ("b2", "beta", 8.0, 8.0, 8.0, 400, 356),
    ]);
    assert!(!codes(&far).contains(&"CAV-GRADER-TIPPING".to_owned()));
    assert!(table(&far.compose(), "graders", "tipping").is_some());
    let none = said(&all_zero().compose(), "graders");
    assert!(none.contains("No two vendors are told apart"), "{none}");
}

fn graded_by(mut case: Case, accuracy: Option<(f64, f64)>) -> Case {
    case.selection.sample.labels.graders = vec!["judge".to_owned()];
    if let Some((sensitivity, specificity)) = accuracy {
        case.selection.sample.accuracies = vec![StatedAccuracy {
            grader: "judge".to_owned(),
            accuracy: Accuracy {
                sensitivity: Share::of_sample(sensitivity, 80).unwrap(),
                specificity: Share::of_sample(specificity, 120).unwrap(),
            },
        }];
    }
    for model in &mut case.selection.sample.models {
        model.parts = vec![SamplePart {
            harm_category: None,
            technique: None,
            grader: Some(0),
            n: model.n,
            succeeded: model.succeeded,
            not_evaluable: 0,
            prompts: None,
        }];
    }
    let parameters = crate::support::parameters();
    case.analysis = caveat_analysis::analyse(&case.selection.sample, &parameters);
    case
}

#[test]
fn rates_are_put_right_where_the_accuracy_is_stated_and_only_there() {
    let with = graded_by(opposite(), Some((0.9, 0.95))).compose();
    let rates = table(&with, "graders", "corrected-rates").unwrap();
    assert_eq!(rates.rows.len(), 4);
    let text = said(&with, "graders");
    assert!(
        text.contains("finds 90% of true successes (80 labelled)"),
        "{text}"
    );
    assert!(!text.contains("is not known"), "{text}");
    let without = graded_by(opposite(), None).compose();
    assert!(table(&without, "graders", "corrected-rates").is_none());
    assert!(said(&without, "graders").contains("so no rate is put right"));
}

#[test]
fn a_grader_judged_by_a_reference_needs_no_statement() {
    let mut case = opposite();
    case.selection.sample.grader_pairs = vec![grader_pair([[45, 5, 0], [2, 48, 0], [0, 0, 0]])];
    case.selection.sample.reference_graders = vec!["later".to_owned()];
    let text = said(&graded_by(case, None).compose(), "graders");
    assert!(
        text.contains("by the results that a reference grader judged as well"),
        "{text}"
    );
}

#[test]
fn ranks_stand_with_every_way_to_leave_them_open() {
    let composed = reconstruction().compose();
    let ranks = table(&composed, "vendors", "ranks").unwrap();
    assert_eq!(ranks.rows.len(), 9);
    assert!(
        ranks
            .title
            .as_deref()
            .unwrap()
            .starts_with("With prompts as the unit")
    );
    let counts = counts_only().compose();
    let ranks = table(&counts, "vendors", "ranks").unwrap();
    assert!(
        ranks
            .title
            .as_deref()
            .unwrap()
            .starts_with("By the joint law")
    );
    assert!(
        !counts_only()
            .codes()
            .contains(&"CAV-RANK-PROMPTS".to_owned())
    );
}

#[test]
fn fewer_pairs_with_prompts_as_the_unit_are_a_caveat() {
    // All results of a model on two prompts, one of which falls and one does not.
    let mut few = opposite();
    for model in &mut few.selection.sample.models {
        model.prompts = Some((0..4).collect());
    }
    let mut few = few.analysed();
    for model in &mut few.selection.sample.models {
        for part in &mut model.parts {
            let mut left = part.succeeded;
            for tally in part.prompts.iter_mut().flatten() {
                tally.succeeded = left.min(tally.n);
                left -= tally.succeeded;
            }
        }
    }
    few.analysis = caveat_analysis::analyse(&few.selection.sample, &crate::support::parameters());
    assert!(few.codes().contains(&"CAV-RANK-PROMPTS".to_owned()));
    assert!(!opposite().codes().contains(&"CAV-RANK-PROMPTS".to_owned()));
}

#[test]
fn the_hierarchical_model_says_its_shares_or_why_there_are_none() {
    let composed = reconstruction().compose();
    let shares = table(&composed, "together", "hierarchical").unwrap();
    let rows = format!("{:?}", shares.rows);
    assert!(rows.contains("Vendor") && rows.contains("Prompt") && rows.contains("Single result"));
    let text = said(&composed, "together");
    assert!(text.contains("no trend with size is established"), "{text}");
    let falls = said(&opposite().compose(), "together");
    assert!(
        falls.contains("the odds of success fall with size"),
        "{falls}"
    );
    let none = said(&all_zero().compose(), "together");
    assert!(
        none.contains("is not estimable: all models have the same rate"),
        "{none}"
    );
}

#[test]
fn chains_that_did_not_settle_give_no_figure_but_the_reason() {
    let mut case = counts_only();
    let parameters = crate::support::parameters();
    let sample = case.selection.sample.clone();
    caveat_analysis::add_posterior(&mut case.analysis, &sample, &parameters);
    let posterior = case
        .analysis
        .hierarchical
        .posterior
        .known()
        .unwrap()
        .clone();
    let settled = said(&case.compose(), "together");
    if posterior.estimates.known().is_some() {
        assert!(settled.contains("By its posterior"), "{settled}");
    }
    let mut stuck = posterior;
    stuck.convergence.max_rhat = caveat_analysis::Number(1.2);
    stuck.estimates =
        caveat_analysis::Quantity::Absent(caveat_analysis::NotEstimable::NotConverged);
    case.analysis.hierarchical.posterior = caveat_analysis::Quantity::Known(stuck);
    case.analysis.hierarchical.prior_sensitivity.clear();
    let text = said(&case.compose(), "together");
    assert!(
        text.contains("did not settle (largest R-hat 1.200"),
        "{text}"
    );
    assert!(!text.contains("By its posterior"), "{text}");
}

#[test]
fn open_comparisons_get_a_plan_and_settled_ones_none() {
    let open = reconstruction().compose();
    let plan = table(&open, "power", "next-round").unwrap();
    assert!(plan.rows.len() > 3);
    let text = said(&open, "power");
    assert!(
        text.contains("A difference of 10 points would be found in all of them"),
        "{text}"
    );
    let settled = said(&opposite().compose(), "power");
    assert!(
        settled.contains("can be told apart, so a next round"),
        "{settled}"
    );
    let unknown = said(&counts_only().compose(), "power");
    assert!(
        unknown.contains("cannot be planned: the corpus does not identify"),
        "{unknown}"
    );
    assert!(table(&one_vendor().compose(), "power", "next-round").is_none());
}

/// Every model on the same prompts in two months, later with more successes.
fn two_months(more: u64) -> Case {
    let mut case = vendors_only();
    case.selection.sample.labels.graders = vec!["judge".to_owned()];
    for model in &mut case.selection.sample.models {
        for part in &mut model.parts {
            part.grader = Some(0);
            let Some(tallies) = &mut part.prompts else {
                continue;
            };
            for tally in tallies.iter_mut() {
                tally.day = Some(if tally.prompt % 2 == 0 {
                    20_260_110
                } else {
                    20_260_210
                });
                tally.prompt /= 2;
                if tally.day == Some(20_260_210) {
                    tally.succeeded = u64::from(u64::from(tally.prompt) % 10 < more);
                } else {
                    tally.succeeded = u64::from(tally.prompt % 10 < 2);
                }
            }
            tallies.sort_unstable();
            part.succeeded = tallies.iter().map(|t| t.succeeded).sum();
        }
        model.succeeded = model.parts.iter().map(|p| p.succeeded).sum();
        model.prompts = Some((0..500).collect());
    }
    let parameters = crate::support::parameters();
    case.analysis = caveat_analysis::analyse(&case.selection.sample, &parameters);
    case
}

#[test]
fn change_over_time_is_told_where_prompts_and_grader_are_held_fixed() {
    let changed = said(&two_months(6).compose(), "models");
    assert!(
        changed.contains("all 12 comparisons show a change"),
        "{changed}"
    );
    let same = two_months(2).compose();
    assert!(said(&same, "models").contains("none of 12 comparisons shows"));
    let once = said(&reconstruction().compose(), "models");
    assert!(
        once.contains("Nothing can be said of change over time"),
        "{once}"
    );
}

#[test]
fn a_part_where_one_model_misleads_the_f_test_is_a_caveat() {
    // Every vendor but one has two models alike; the lone one stands far off.
    let lines = [
        ("a1", "alpha", 1.0, 950),
        ("a2", "alpha", 2.0, 951),
        ("b1", "beta", 4.0, 952),
        ("b2", "beta", 8.0, 949),
        ("c1", "gamma", 16.0, 950),
        ("c2", "gamma", 32.0, 953),
        ("d1", "delta", 64.0, 300),
    ]
    .map(|(model, vendor, size, x)| (model, vendor, size, size, size, 1000, x));
    assert!(case(&lines).codes().contains(&"CAV-PART-TESTS".to_owned()));
    assert!(
        !reconstruction()
            .codes()
            .contains(&"CAV-PART-TESTS".to_owned())
    );
}

#[test]
fn families_of_tests_are_declared_with_their_size() {
    let of = |case: &Case| {
        let method = case.compose();
        format!("{:?}", section(&method, "method"))
    };
    assert!(of(&reconstruction()).contains("pairs of vendors (36)"));
    assert!(of(&one_vendor()).contains("No two tests of these data are judged together"));
}
