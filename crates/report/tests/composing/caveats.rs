//! Every caveat with data that call for it and with data that do not.

use caveat_analysis::sample::SampleModel;
use caveat_report::selection::{CountedAs, Spellings};

use crate::support::{
    Case, all_zero, case, counts_only, grader_pair, no_sizes, opposite, reconstruction,
    vendors_only,
};

fn called_for(code: &str, case: &Case) {
    assert!(
        case.codes().iter().any(|found| found == code),
        "{code} is missing"
    );
}

fn not_called_for(code: &str, case: &Case) {
    assert!(
        case.codes().iter().all(|found| found != code),
        "{code} is there"
    );
}

fn both(code: &str, with: &Case, without: &Case) {
    called_for(code, with);
    not_called_for(code, without);
}

fn changed(mut case: Case, change: impl Fn(&mut SampleModel)) -> Case {
    case.selection.sample.models.iter_mut().for_each(change);
    case.analysed()
}

#[test]
fn caveats_about_prompts_follow_the_prompts() {
    let (different, same, unknown) = (reconstruction(), opposite(), counts_only());
    both("CAV-PROMPTS", &different, &same);
    both("CAV-PROMPT-IDS", &unknown, &same);
    let mut stated = counts_only();
    stated.definition.prompts = Some(caveat_report::definition::PromptStatement {
        same: true,
        source: "a table".to_owned(),
    });
    let said = format!("{:?}", stated.compose());
    assert!(said.contains("Every model met the same prompts; the counts do not say"));
    assert!(!said.contains("does not record whether the prompts were the same"));
    let unsaid = format!("{:?}", unknown.compose());
    assert!(unsaid.contains("does not record whether the prompts were the same"));
    let repeated = changed(opposite(), |model| model.prompts = Some((0..10).collect()));
    both("CAV-INDEPENDENCE", &repeated, &same);
}

#[test]
fn caveats_about_graders_follow_the_graders() {
    let (one, two) = (reconstruction(), opposite());
    both("CAV-GRADER-UNCHECKED", &one, &two);
    let mut disagreeing = reconstruction();
    disagreeing.selection.sample.grader_pairs =
        vec![grader_pair([[20, 30, 0], [25, 25, 0], [0, 0, 0]])];
    both("CAV-GRADER-DISAGREE", &disagreeing.analysed(), &two);
    let mixed = changed(reconstruction(), |model| {
        let grader = if model.provider == "google" {
            "other"
        } else {
            "judge"
        };
        model.graders = vec![(grader.to_owned(), model.n)];
    });
    both("CAV-GRADER-MIX", &mixed, &two);
    let mut own = reconstruction();
    own.graders[0].model_under_test = Some("deepseek-r1:1.5b".to_owned());
    both("CAV-GRADER-SELF", &own, &two);
    let kin_of = |maker: &str| {
        let mut kin = reconstruction();
        kin.graders[0].maker = Some(maker.to_owned());
        kin
    };
    both("CAV-GRADER-KIN", &kin_of("google"), &two);
    not_called_for("CAV-GRADER-KIN", &kin_of("a maker of no vendor"));
    let mut weak = reconstruction();
    weak.definition.context[0].fault = true;
    both("CAV-GRADER-WEAK", &weak, &two);
    let mut noted = reconstruction();
    noted.graders[0].note = Some("the spellings differ by a prefix only".to_owned());
    not_called_for("CAV-GRADER-WEAK", &noted);
    let nearly_even = changed(reconstruction(), |model| {
        let less = model.n / 2 - u64::from(model.provider == "google") * (model.n / 20);
        model.graders = vec![
            ("judge".to_owned(), less),
            ("other".to_owned(), model.n - less),
        ];
    });
    not_called_for("CAV-GRADER-MIX", &nearly_even);
    let narrow = |hundredths: u64| {
        changed(opposite(), move |model| {
            let other = u64::from(model.provider == "alpha") * model.n * hundredths / 100;
            model.graders = vec![
                ("judge".to_owned(), model.n - other),
                ("other".to_owned(), other),
            ];
        })
    };
    both("CAV-GRADER-MIX", &narrow(8), &narrow(3));
}

#[test]
fn caveats_about_sizes_follow_the_sizes() {
    let (coded, disclosed) = (reconstruction(), opposite());
    both("CAV-SIZE-CONTRADICTS", &coded, &disclosed);
    both("CAV-SIZE-UNDISCLOSED", &coded, &disclosed);
    both("CAV-MIXTURE", &coded, &disclosed);
    both("CAV-SIZE-MISSING", &no_sizes(), &disclosed);
}

#[test]
fn caveats_about_shares_follow_what_they_rest_on() {
    let plain = opposite();
    both("CAV-ONE-MODEL", &reconstruction(), &plain);
    let few = changed(reconstruction(), |model| {
        model.succeeded /= 10;
        model.n /= 10;
    });
    both("CAV-NOISE", &few, &plain);
    // Inside every vendor the rate rises with size; larger vendors start lower.
    let lines = [
        ("a1", "alpha", 1.0, 310),
        ("a2", "alpha", 2.0, 400),
        ("a3", "alpha", 4.0, 500),
        ("b1", "beta", 8.0, 300),
        ("b2", "beta", 16.0, 410),
        ("b3", "beta", 32.0, 500),
        ("c1", "gamma", 64.0, 300),
        ("c2", "gamma", 128.0, 400),
        ("c3", "gamma", 256.0, 510),
    ]
    .map(|(model, vendor, size, x)| (model, vendor, size, size, size, 1000, x));
    both("CAV-SUPPRESSION", &case(&lines), &plain);
}

#[test]
fn nominal_rounding_is_no_contradiction_and_the_consequence_is_stated() {
    let composed = reconstruction().compose();
    let caveat = composed
        .caveats
        .iter()
        .find(|c| c.id == "CAV-SIZE-CONTRADICTS")
        .unwrap();
    for named in [
        "devstral-2512 (24B coded, 123B disclosed)",
        "qwen3-coder",
        "mimo-v2-flash",
    ] {
        assert!(caveat.text.contains(named), "{}", caveat.text);
    }
    for rounded in ["nemotron", "deepseek-r1:1.5b", "mistral-7b"] {
        assert!(!caveat.text.contains(rounded), "{}", caveat.text);
    }
    assert!(
        caveat.text.contains("the slope is") && caveat.text.contains("against the size line"),
        "{}",
        caveat.text
    );
}

#[test]
fn caveats_about_names_follow_the_names() {
    let plain = opposite();
    both("CAV-RUNTIME", &reconstruction(), &plain);
    let mut twice = opposite();
    for fact in &mut twice.selection.facts {
        fact.maker = Some("alpha".to_owned());
    }
    both("CAV-SPELLING", &twice, &plain);
    let mut left_out = opposite();
    let own = left_out.selection.facts[0].provider.clone();
    for fact in &mut left_out.selection.facts {
        if fact.provider == own {
            fact.maker = Some("maker-of-one".to_owned());
        }
    }
    left_out.selection.account.excluded[0].provider = Some("maker-of-one".to_owned());
    both("CAV-SPELLING", &left_out, &plain);
    let mut spelled = opposite();
    let names = |model: &str| {
        let names = [model, "Alpha_1"].map(|name| (name.to_owned(), "alpha".to_owned()));
        names.to_vec()
    };
    for (counted, said) in [
        (CountedAs::One, "Counted as one model"),
        (CountedAs::OnePerProvider, "counted once under each vendor"),
        (CountedAs::Several, "Counted as different models"),
    ] {
        let model = spelled.selection.facts[0].model.clone();
        spelled.selection.spellings = vec![Spellings {
            names: names(&model),
            counted,
        }];
        both("CAV-MODEL-SPELLING", &spelled, &plain);
        let composed = spelled.compose();
        let caveat = composed
            .caveats
            .iter()
            .find(|c| c.id == "CAV-MODEL-SPELLING");
        assert!(caveat.unwrap().text.contains(said), "{caveat:?}");
    }
    let mut derived = opposite();
    derived.selection.facts[0].derivative = Some("finetune".to_owned());
    both("CAV-DERIVATIVE", &derived, &plain);
}

#[test]
fn caveats_about_counts_follow_the_counts() {
    let large = opposite();
    both("CAV-MIN-N", &reconstruction(), &large);
    both("CAV-SMALL-CELLS", &reconstruction(), &large);
    both("CAV-FLOOR", &all_zero(), &large);
    both(
        "CAV-CEILING",
        &changed(opposite(), |model| model.succeeded = model.n),
        &large,
    );
    both(
        "CAV-NOT-EVALUABLE",
        &changed(opposite(), |model| model.not_evaluable = 400),
        &large,
    );
    both("CAV-COUNTS", &counts_only(), &large);
    let mut status = opposite();
    status.definition.status = Some("a reconstruction, not measurements".to_owned());
    both("CAV-STATUS", &status, &large);
}

#[test]
fn caveats_about_conclusions_follow_the_figures() {
    let (weak, strong) = (reconstruction(), opposite());
    both("CAV-SHARE-CHANCE", &weak, &strong);
    both("CAV-SINGLETONS", &weak, &strong);
    both("CAV-RATIO", &weak, &vendors_only());
    both("CAV-CONFOUNDED", &strong, &weak);
    both("CAV-EXTREMES", &weak, &strong);
    both("CAV-BANDS", &weak, &strong);
    let mut divided = opposite();
    divided.views = reconstruction().views;
    both("CAV-PART", &divided, &strong);
    both("CAV-OBSERVATIONAL", &strong, &crate::support::one_vendor());
    called_for("CAV-ONE-CORPUS", &strong);
    both("CAV-FEW-MODELS", &weak, &no_sizes());
    let mut pulled = reconstruction();
    for model in &mut pulled.selection.sample.models {
        model.size_b = Some(8.0 + model.size_b.unwrap_or(0.0) / 1000.0);
    }
    if let Some(first) = pulled.selection.sample.models.first_mut() {
        first.size_b = Some(900.0);
    }
    both("CAV-INFLUENCE", &pulled.analysed(), &strong);
}

#[test]
fn the_gravest_caveats_of_different_topics_stand_on_the_first_page() {
    let mut case = reconstruction();
    case.graders[0].model_under_test = Some("deepseek-r1:1.5b".to_owned());
    let page = case.compose().document.first_page;
    let heads: Vec<String> = page
        .limits
        .items
        .iter()
        .map(|item| item[0].text.clone())
        .collect();
    assert_eq!(
        heads,
        [
            "Prompts differ.",
            "A grader is itself under test.",
            "Undisclosed sizes are guesses."
        ]
    );
}

#[test]
fn a_grader_of_a_vendor_that_stands_out_is_grave_and_stands_beside_the_finding() {
    let severity_and_evidence = |maker: &str| {
        let mut case = reconstruction();
        case.graders[0].maker = Some(maker.to_owned());
        let composed = case.compose();
        let caveat = composed.caveats.iter().find(|c| c.id == "CAV-GRADER-KIN");
        let page = format!("{:?}", composed.document.first_page.findings);
        (
            caveat.unwrap().severity,
            page.contains("of verdicts by graders related to"),
        )
    };
    let mut both = reconstruction();
    both.graders[0].maker = Some("google".to_owned());
    let mut second = both.graders[0].clone();
    second.grader = "second".to_owned();
    second.maker = Some("meta-llama".to_owned());
    both.graders.push(second);
    let both = changed(both, |model| {
        model.graders = vec![
            ("judge".to_owned(), model.n / 4),
            ("second".to_owned(), model.n - model.n / 4),
        ];
    });
    let page = format!("{:?}", both.compose().document.first_page.findings);
    assert!(
        page.contains("25% of verdicts by graders related to google.")
            || page.contains("25% of verdicts by graders related to Google."),
        "only the graders of the named vendor count"
    );
    use caveat_report::annex::Severity;
    assert_eq!(severity_and_evidence("google"), (Severity::Grave, true));
    assert_eq!(
        severity_and_evidence("meta-llama"),
        (Severity::Serious, false)
    );
}

#[test]
fn disagreement_is_grave_only_where_figures_rest_on_both_graders() {
    let disagreeing = |later_in_use: bool| {
        let mut case = reconstruction();
        case.selection.sample.grader_pairs =
            vec![grader_pair([[20, 30, 0], [25, 25, 0], [0, 0, 0]])];
        changed(case, |model| {
            if later_in_use {
                model.graders = vec![("judge".to_owned(), model.n - 2), ("later".to_owned(), 2)];
            }
        })
        .compose()
        .caveats
        .into_iter()
        .find(|caveat| caveat.id == "CAV-GRADER-DISAGREE")
        .unwrap()
    };
    let (used, unused) = (disagreeing(true), disagreeing(false));
    assert_eq!(used.severity, caveat_report::annex::Severity::Grave);
    assert_eq!(unused.severity, caveat_report::annex::Severity::Serious);
    assert!(
        unused
            .text
            .contains("No figure of this report uses a verdict of later")
    );
    assert!(!used.text.contains("No figure of this report uses"));
}
