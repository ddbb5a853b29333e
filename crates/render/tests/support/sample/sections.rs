//! The sections of the sample document.

use caveat_report::document::{Block, Entry, Panel, Section};

use super::build::{bold, cited, finding, plain};
use super::charts::{null_figure, scatter_figure, within_figure};
use super::tables::{all_models, ranking, residuals};

fn section(id: &str, heading: &str, lead: &str, blocks: Vec<Block>) -> Section {
    Section {
        id: id.to_owned(),
        heading: heading.to_owned(),
        lead: vec![plain(lead)],
        blocks,
        new_page: false,
    }
}

pub(crate) fn sections() -> Vec<Section> {
    vec![
        section(
            "apart",
            "Which vendors can be told apart",
            "Google and Anthropic had lower rates than at least six of the eight others. The order of the other seven is largely undecided; four of them could be third or last.",
            vec![Block::Table(ranking())],
        ),
        section(
            "chance",
            "What chance alone would give",
            "Shuffle the 12 vendor names over the 21 models and compute the share again: it averages 55%. The observed 65% is higher than three quarters of the shuffles, not more.",
            vec![Block::Figure(null_figure())],
        ),
        section(
            "size",
            "Size and attack success",
            "Models of nearly the same size differ more than small and large models do. At 27 to 30 billion parameters the five models tested range from 7% to 41%.",
            vec![Block::Figure(scatter_figure())],
        ),
        section(
            "within",
            "Within vendors",
            "Four vendors have three models each. From the smallest to the largest, the rate falls in two, rises in one, and has no established direction in one.",
            vec![Block::Figure(within_figure())],
        ),
        section(
            "residuals",
            "Differences from the size line",
            "Google and Anthropic lie below the line and Nvidia above it, once nine comparisons are allowed for.",
            vec![Block::Table(residuals())],
        ),
        section(
            "power",
            "What would settle it",
            "With 21 models a slope under 3.7 points per doubling would usually be missed.",
            vec![
                Block::Finding(finding(
                    "power",
                    "About 60 models would be needed to see 2 points per doubling.",
                    "The spread between models, not the number of results, is what limits this.",
                    "80% power, two-sided 5%, residual spread 13.7 points, 60 models; 29 models for 3 points.",
                    &["p1"],
                )),
                Block::Subheading {
                    text: "What to add first".to_owned(),
                },
                Block::List {
                    items: vec![
                        vec![plain(
                            "Second and third models of the seven vendors that have one.",
                        )],
                        vec![
                            plain("One common set of prompts for all vendors."),
                            cited(
                                "At present 38% of prompts are shared by two or more.",
                                &["o1"],
                            ),
                        ],
                        vec![plain(
                            "A second grader on a random tenth of the answers, blind to vendor and model, so that the error of the first can be estimated rather than guessed.",
                        )],
                    ],
                },
            ],
        ),
        section(
            "buyers",
            "For buyers",
            "A lower rate here is a reason to ask, not a reason to buy.",
            vec![Block::Panel(Panel {
                title: "Three questions to a vendor".to_owned(),
                items: vec![
                    vec![
                        bold("Which prompts?"),
                        plain("Ask for results on prompts the vendor did not choose."),
                    ],
                    vec![
                        bold("Which grader?"),
                        plain("Ask for its error rates on answers graded by people."),
                    ],
                    vec![
                        bold("Which system?"),
                        plain("Ask whether filters were on, and which."),
                    ],
                ],
            })],
        ),
        section(
            "models",
            "Vendors and models in full",
            "All 21 models, by size.",
            vec![Block::Table(all_models())],
        ),
        section(
            "method",
            "Method",
            "What was computed, in the order of the report.",
            vec![Block::Paragraph {
                sentences: vec![
                    plain(
                        "The strict attack success rate of a model is the number of results in which the grader saw full compliance, divided by all results with a verdict.",
                    ),
                    plain("Intervals of a rate are Wilson intervals at 95%."),
                    cited(
                        "The share of variance by vendor is one-way η²; its corrected form is ω², with a 90% interval from the noncentral F distribution.",
                        &["d1", "d2", "d3"],
                    ),
                    plain(
                        "Differences between all pairs of vendors are adjusted by Holm’s procedure; a rank range counts the vendors that are lower or higher after that.",
                    ),
                ],
            }],
        ),
        section(
            "glossary",
            "Glossary",
            "Words as this report uses them.",
            vec![Block::Entries {
                entries: vec![
                    Entry {
                        name: "Attack success rate".to_owned(),
                        text: vec![plain(
                            "The share of evaluable results in which the model did what the attack asked for.",
                        )],
                        code: false,
                    },
                    Entry {
                        name: "Evaluable".to_owned(),
                        text: vec![plain(
                            "Graded as compliance, partial compliance, refusal, or refusal with invented content. Everything else leaves numerator and denominator.",
                        )],
                        code: false,
                    },
                    Entry {
                        name: "Cannot be told apart".to_owned(),
                        text: vec![plain(
                            "The interval of the difference, adjusted for all comparisons made, includes zero.",
                        )],
                        code: false,
                    },
                ],
            }],
        ),
    ]
}
