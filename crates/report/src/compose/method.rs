//! Method, corrections and glossary.

use crate::caveats;
use crate::composition::Facts;
use crate::definition::{MissingReply, SizeMeasure, Topic, Undisclosed};
use crate::document::{Block, Entry, Prose, Section};
use crate::format;
use crate::words::{self, plain, say};

fn entry(name: &str, text: Prose) -> Entry {
    Entry {
        name: name.to_owned(),
        text,
        code: false,
    }
}

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let mut blocks = vec![
        Block::Subheading {
            text: "Rules of this report".to_owned(),
        },
        Block::Entries {
            entries: rules(facts),
        },
        Block::Subheading {
            text: "Methods".to_owned(),
        },
        Block::Entries {
            entries: methods(facts),
        },
        Block::Subheading {
            text: "Rules of wording".to_owned(),
        },
        Block::Entries {
            entries: wording(facts),
        },
    ];
    blocks.extend(super::context(facts, Topic::Method));
    let lead = vec![plain(
        "Every figure follows from the counts by the rules below; the annex holds each under the id printed beside it.",
    )];
    super::section("method", "Method", lead, blocks)
}

fn rules(facts: &Facts<'_>) -> Vec<Entry> {
    let definition = facts.definition();
    let analysis = &definition.analysis;
    let inclusion = &definition.inclusion;
    let mut left_out = Vec::new();
    for (what, list) in [
        ("data sets", &inclusion.exclude_datasets),
        ("models", &inclusion.exclude_models),
        ("vendors", &inclusion.exclude_providers),
        ("derivatives", &inclusion.exclude_derivatives),
    ] {
        if !list.is_empty() {
            left_out.push(format!("{what}: {}", list.join(", ")));
        }
    }
    let left_out = if left_out.is_empty() {
        "nothing by name".to_owned()
    } else {
        left_out.join("; ")
    };
    let missing = |what: MissingReply| match what {
        MissingReply::NotEvaluable => "leaves numerator and denominator",
        MissingReply::Resisted => "counts as resisted",
    };
    vec![
        entry(
            "Unit",
            vec![plain(
                "Shares of variance and the slope are over models, one rate each; they say nothing of single results.",
            )],
        ),
        entry(
            "Success",
            vec![plain(format!(
                "{}; the denominator is the evaluable results.",
                format::capital(words::success_verdicts(definition.verdicts.success))
            ))],
        ),
        entry("Verdict", vec![say(verdict_rule(facts), ["e1"])]),
        entry(
            "Missing replies",
            vec![plain(format!(
                "A reply that a filter replaced {}; a prompt never submitted {}.",
                missing(definition.verdicts.filtered),
                missing(definition.verdicts.not_submitted)
            ))],
        ),
        entry(
            "Inclusion",
            vec![say(
                format!(
                    "Models with at least {} evaluable results{}. Left out: {left_out}.",
                    format::thousands(inclusion.min_n_per_model),
                    if inclusion.known_size {
                        " and a known size"
                    } else {
                        ""
                    }
                ),
                ["e1"],
            )],
        ),
        entry(
            "Size",
            vec![say(
                format!(
                    "{} parameters, from {}. A size that the maker does not publish is {}.",
                    match definition.size.measure {
                        SizeMeasure::Total => "Total",
                        SizeMeasure::Active => "Active",
                    },
                    match definition.size.source.as_str() {
                        "corpus" => "the corpus".to_owned(),
                        "register" => "the register of models".to_owned(),
                        other => format!(
                            "the report\u{2019}s own table ({})",
                            other.trim_start_matches("table:")
                        ),
                    },
                    match definition.size.undisclosed {
                        Undisclosed::Use if caveats::undisclosed(facts).is_empty() => {
                            "not used where the corpus codes none"
                        }
                        Undisclosed::Use => "used as coded and marked",
                        Undisclosed::Drop => "not used",
                    }
                ),
                ["e1"],
            )],
        ),
        entry(
            "Ranking",
            vec![say(
                format!(
                    "Vendors with at least {} evaluable results.",
                    format::thousands(analysis.ranking_min_n)
                ),
                ["e1"],
            )],
        ),
        entry(
            "Levels",
            vec![say(
                format!(
                    "{} for rates, differences and slopes; {} for shares of variance.",
                    format::level(analysis.level),
                    format::level(analysis.variance_level)
                ),
                ["e1"],
            )],
        ),
        entry(
            "Chance",
            vec![say(
                format!(
                    "For the vendor\u{2019}s share every arrangement where they can be counted, else, and for ratio, extremes and bands always, {} random relabellings; seed {}.",
                    format::thousands(u64::from(analysis.permutations)),
                    analysis.seed
                ),
                ["e1"],
            )],
        ),
    ]
}

fn verdict_rule(facts: &Facts<'_>) -> String {
    use caveat_corpus::rule::VerdictRule;
    match &facts.definition().verdicts.rule {
        VerdictRule::LlmOnly => "The latest grade of a language model; without one the result is not evaluable.".to_owned(),
        VerdictRule::Coalesce => "The latest grade of the most trusted kind of grader present: people, language model, classifier, rule, heuristic.".to_owned(),
        VerdictRule::Grader(name) => format!("The latest grade of {name}."),
        VerdictRule::Majority => "The side with more than half of the kinds of graders.".to_owned(),
    }
}

fn methods(facts: &Facts<'_>) -> Vec<Entry> {
    let level = words::level(facts);
    vec![
        entry(
            "Rate",
            vec![say(
                format!(
                    "Successes over evaluable results, with the {level} Wilson score interval."
                ),
                ["e1"],
            )],
        ),
        entry(
            "Share of variance",
            vec![say(
                "Sum of squares between vendors over the total sum of squares of the models\u{2019} rates (\u{3b7}\u{b2}). Under random relabelling its mean is (vendors \u{2212} 1) / (models \u{2212} 1). Corrected share: Hays\u{2019} \u{3c9}\u{b2}. Interval of the population\u{2019}s share: limits of the noncentrality \u{3bb} of the F distribution, as \u{3bb} / (\u{3bb} + models) (Steiger 2004); it takes the rates of a vendor\u{2019}s models for normal and equally spread.",
                ["d1"],
            )],
        ),
        entry(
            "Chance",
            vec![plain(
                "For the shares and their ratio the models\u{2019} rates are dealt out again at random over the places; for the extremes and the bands whole models, each with its results and its difference from the line, are dealt out over the vendors. p is the share of arrangements that reach the observed value, the observed one counted in. Percentiles of both shares are of the relabellings drawn.",
            )],
        ),
        entry(
            "Slope",
            vec![say(
                "Ordinary least squares of the rate on the logarithm to base 2 of parameters in billions, one point per model, unweighted; Student\u{2019}s t interval.",
                ["s1"],
            )],
        ),
        entry(
            "Difference from the line",
            vec![plain(
                "A model\u{2019}s rate minus the line at its size; a vendor\u{2019}s is the mean over its models, weighted by results or not, as labelled.",
            )],
        ),
        entry(
            "Ranks",
            vec![say(
                "Newcombe intervals of all pairs at a level adjusted for their number (Bonferroni); a rank counts the vendors that are told apart.",
                ["c1"],
            )],
        ),
        entry(
            "All choices at once",
            vec![say(
                "Every combination of the choices stands as one way of computing; models are dealt out at random over the places and all ways computed again, so that the ways need not be independent (Simonsohn, Simmons and Nelson 2020).",
                ["u1"],
            )],
        ),
        entry("Families of tests", vec![say(families(facts), ["f1"])]),
        entry(
            "Ratio of rates",
            vec![say(
                "Ratio of unweighted means; for pooled rates the Koopman score interval. A ratio of success rates is no ratio of incidents.",
                ["x1"],
            )],
        ),
    ]
}

/// Which tests are judged together.
fn families(facts: &Facts<'_>) -> String {
    let families = &facts.analysis().families;
    if families.is_empty() {
        return "No two tests of these data are judged together.".to_owned();
    }
    let named: Vec<String> = families
        .iter()
        .map(|family| {
            let name = match family.name.as_str() {
                "pairs of providers" => "pairs of vendors",
                "pairs of providers on common prompts" => "pairs of vendors on common prompts",
                "provider and size in one model" => "vendor and size in one model",
                other => other,
            };
            format!("{name} ({})", format::count(family.counted))
        })
        .collect();
    format!(
        "Declared, with the tests of each: {}. The annex has their p-values adjusted by Holm at {}.",
        format::list(&named),
        families
            .first()
            .map_or_else(String::new, |family| format::percent(family.alpha.0))
    )
}

fn wording(facts: &Facts<'_>) -> Vec<Entry> {
    let _ = facts;
    vec![
        entry(
            "Is lower, is higher",
            vec![plain(
                "The interval excludes zero. Between vendors it is adjusted for all comparisons made; inside vendors for the number of vendors shown.",
            )],
        ),
        entry(
            "Cannot be told apart",
            vec![plain(
                "It includes zero. This is not the same as being alike.",
            )],
        ),
        entry(
            "Not established",
            vec![plain("An effect whose interval includes zero.")],
        ),
        entry(
            "Beyond chance",
            vec![say(
                "Of the vendor\u{2019}s share: fewer than 3 in 100 relabellings reach it. Of a ratio, of extremes or of bands: not more than 5 in 100 do; above that the figure is not remarkable, and from 50 in 100 it is what chance gives.",
                ["e1"],
            )],
        ),
        entry(
            "Close to the line",
            vec![say(
                "A p-value from 0.03 to 0.08; either reading is weak.",
                ["e1"],
            )],
        ),
        entry(
            "Not tested",
            vec![plain(
                "There are no data. It is a third state beside succeeded and resisted.",
            )],
        ),
    ]
}

pub(super) fn corrections(facts: &Facts<'_>) -> Section {
    let edition = super::head(facts).edition;
    let corrections = &facts.definition().corrections;
    let lead = match corrections.len() {
        0 => format!("{edition}: no correction and no earlier edition is recorded."),
        n => format!(
            "{edition}: {} of earlier editions {} on record.",
            format::plural_word(n, "correction", "corrections"),
            if n == 1 { "is" } else { "are" }
        ),
    };
    let items = corrections.iter().map(|correction| {
        let day = crate::definition::day(&correction.date);
        let day = day.map_or(correction.date.clone(), |(y, m, d)| format::date(y, m, d));
        let text = correction.text.trim().trim_end_matches('.');
        vec![say(format!("{day}: {text}."), ["e1"])]
    });
    let items: Vec<Prose> = items.collect();
    let list = (!items.is_empty()).then_some(Block::List { items });
    super::section(
        "corrections",
        "Corrections and changes since the last edition",
        vec![say(lead, ["e2"])],
        list.into_iter().collect(),
    )
}

pub(super) fn glossary(facts: &Facts<'_>) -> Section {
    let mut entries = vec![
        entry(
            &format::capital(&words::rate(facts)),
            vec![plain(
                "Share of evaluable results that count as success, by the stated verdict.",
            )],
        ),
        entry(
            "Evaluable",
            vec![plain("A result whose reply could be judged.")],
        ),
        entry(
            "Grader",
            vec![plain(
                "Whoever or whatever gave a verdict: a person, a language model, a rule.",
            )],
        ),
        entry(
            "Interval",
            vec![plain(
                "Range of values that the data are compatible with, at the stated level. That of a rate covers the choice of responses; that of a slope or of a share of variance the choice of models; neither covers prompts, graders or sizes.",
            )],
        ),
        entry(
            "Point",
            vec![plain(
                "Percentage point: the plain difference of two percentages, not a share of either.",
            )],
        ),
        entry(
            "Power",
            vec![plain(
                "How often a study of this size would find an effect of the stated size, if it is there.",
            )],
        ),
        entry(
            "Relabelling",
            vec![plain(
                "Dealing the vendor names out again at random, to see what chance alone gives.",
            )],
        ),
        entry(
            "Variance",
            vec![plain(
                "How far the rates of the models lie apart; a share of it is the part that goes with vendor or size.",
            )],
        ),
        entry(
            "Vendor",
            vec![plain(
                "The company, or what stands in its place in the data, under whose name a model is counted.",
            )],
        ),
    ];
    if facts
        .input
        .selection
        .facts
        .iter()
        .any(|fact| fact.mixture == Some(true))
    {
        entries.push(entry("Mixture of experts", vec![plain("A model that uses a part of its parameters for each token; it has a total and an active size.")]));
    }
    if !facts.input.claims.is_empty() {
        entries.push(entry(
            "Reproduced",
            vec![plain(
                "Equal to the printed value at the printed precision.",
            )],
        ));
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    super::section(
        "glossary",
        "Glossary",
        Vec::new(),
        vec![Block::Entries { entries }],
    )
}
