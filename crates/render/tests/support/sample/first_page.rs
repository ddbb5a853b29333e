//! The head, the first page and the end of the sample document.

use caveat_report::document::{
    Cell, ChanceRow, Chart, Date, Entry, Figure, FirstPage, Head, Panel, Row,
};

use super::build::{
    bold, cell, figures, finding, labelled, percent_axis, plain, row, table, words,
};

pub(crate) fn head() -> Head {
    Head {
        kicker: "Research report 164".to_owned(),
        title: "Does the vendor or the size of a model explain how often attacks succeed?".to_owned(),
        series: "Failure-First · Report 164".to_owned(),
        edition: "Edition of 23 November 2026 · recomputed".to_owned(),
        status: Some("reconstruction, not measurements".to_owned()),
        foot: "Strict attack success rate · graded by a language model · 95% intervals unless stated".to_owned(),
        corpus: "Jailbreak corpus v13, reconstruction: 2,302 results of 21 models, graded by a language model".to_owned(),
        author: "Failure-First programme".to_owned(),
        keywords: vec!["adversarial tests".to_owned(), "attack success rate".to_owned()],
        language: "en".to_owned(),
        region: "GB".to_owned(),
        date: Date { year: 2026, month: 11, day: 23 },
    }
}

pub(crate) fn first_page() -> FirstPage {
    FirstPage {
        answer: vec![
            bold("On these 21 models, neither is established."),
            plain(
                "The vendor may account for none of the difference between models or for more than half of it (90% interval 0% to 58%).",
            ),
            plain(
                "Each doubling of size goes with anything from 3 points fewer to 2 points more successes.",
            ),
        ],
        findings: vec![
            finding(
                "vendor-share",
                "Models of different vendors differ, but sorting 21 models into 12 arbitrary groups would give nearly as much.",
                "Vendors account for 65% of the variance as printed; chance alone averages 55%.",
                "η² 0.653, chance mean 0.550; F(11, 9) = 1.54, p = 0.26; corrected share ω² 0.22, 90% interval 0 to 0.58. Seven vendors have one model.",
                &["d1"],
            ),
            finding(
                "size-trend",
                "No trend with size is established; a moderate one is not ruled out.",
                "The estimate is 0.6 points fewer successes per doubling.",
                "Slope −0.6 points, 95% interval −3.2 to +2.1, p = 0.65, 21 models. A slope of 3.7 would be found in 8 of 10 such studies.",
                &["s1"],
            ),
            finding(
                "ratio",
                "The published “57.5 to 1” does not show that vendor matters more than size.",
                "Its denominator is close to zero, so the ratio is unstable.",
                "57.5 or more in 32% of random relabellings; middle half of them 8 to 95.",
                &["d4"],
            ),
            finding(
                "apart",
                "Google and Anthropic have lower rates than most other vendors tested; the other seven mostly cannot be told apart.",
                "Prompts were only partly the same.",
                "8.0% [4.7, 13.2] of 163 and 9.0% [5.2, 15.1] of 133; ranks 1–2 and 1–3 of 9, all pairs compared.",
                &["r1", "r2", "r3"],
            ),
        ],
        figure: chance_figure(),
        claims_heading: "What was published, and what the same data give".to_owned(),
        claims: table(
            "claims-first-page",
            None,
            None,
            vec![
                words("Claim", 50.0),
                figures("Published", 22.0),
                words("Recomputed", 56.0),
                words("Status", 42.0),
            ],
            vec![
                row(&[
                    "Variance by vendor",
                    "65.3%",
                    "65.3%; corrected 22% [0, 58]",
                    "reproduced, biased upward",
                ]),
                row(&[
                    "Variance by size",
                    "1.1%",
                    "1.1%; corrected 0% (−4%)",
                    "reproduced",
                ]),
                Row {
                    cells: vec![
                        cell("Ratio of the two"),
                        cell("57.5"),
                        cell("57.5; by chance a median of 22"),
                        Cell::Text {
                            text: "not supported".to_owned(),
                            strong: true,
                        },
                    ],
                    strong: false,
                },
                row(&[
                    "Slope per doubling, p-value",
                    "0.640",
                    "0.646 (t with 19 df)",
                    "normal approximation",
                ]),
            ],
        ),
        limits: Panel {
            title: "Before you use this".to_owned(),
            items: vec![
                vec![
                    bold("Prompts differ."),
                    plain(
                        "Vendors met partly different prompts; part of any difference may be the prompts.",
                    ),
                ],
                vec![
                    bold("One weak grader."),
                    plain(
                        "A language model graded every answer; it agrees little with the later grader (κ 0.25).",
                    ),
                ],
                vec![
                    bold("Sizes are partly guesses."),
                    plain("The makers of four of the 21 models publish no size."),
                ],
            ],
        },
    }
}

fn chance_figure() -> Figure {
    Figure {
        id: "chance".to_owned(),
        number: "Figure 1".to_owned(),
        title: "Both shares lie inside what chance alone would give".to_owned(),
        subtitle: "Share of variance between 21 models; bars: 90% of 200,000 random relabellings; grey tick: their average".to_owned(),
        alt: "Interval chart of two shares of variance on a scale from 0 to 100 percent. Vendor: observed 65 percent, chance average 55 percent, 90 percent of chance results between 32 and 78. Parameter count: observed 1 percent, chance average 5 percent, 90 percent of chance results between 0 and 19. Both observed shares lie inside their chance range. Values: annex, table decomposition.".to_owned(),
        note: Vec::new(),
        chart: Chart::ChanceStrip {
            axis: percent_axis("Share of the variance between models’ attack success rates"),
            rows: vec![
                ChanceRow {
                    name: "Vendor".to_owned(),
                    detail: "12 vendors".to_owned(),
                    p05: 0.317,
                    p95: 0.779,
                    range_label: "90% of chance results: 32% to 78%".to_owned(),
                    mean: labelled(0.55, "average 55%"),
                    observed: labelled(0.653, "observed 65%"),
                },
                ChanceRow {
                    name: "Parameter count".to_owned(),
                    detail: "log₂ of billions".to_owned(),
                    p05: 0.0,
                    p95: 0.187,
                    range_label: "90% of chance results: 0% to 19%".to_owned(),
                    mean: labelled(0.05, "average 5%"),
                    observed: labelled(0.011, "observed 1%"),
                },
            ],
        },
    }
}

pub(crate) fn colophon() -> Vec<Entry> {
    let entry = |name: &str, text: &str, code: bool| Entry {
        name: name.to_owned(),
        text: vec![plain(text)],
        code,
    };
    vec![
        entry(
            "Corpus digest",
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            true,
        ),
        entry("Seed", "164", true),
        entry("Versions", "caveat 0.1.0", true),
        entry(
            "Faces",
            "Source Serif 4, Source Sans 3 and Source Code Pro by Adobe, under the SIL Open Font License 1.1.",
            false,
        ),
    ]
}
