//! A document in the manner of a research report, typed in by hand.
//!
//! Its figures follow a synthetic corpus of 21 models and are rounded; it is
//! there to be laid out, not to be believed. Used by tests and the gallery.

use caveat_report::document::{
    Axis, Block, Cell, ChanceRow, Chart, Column, ColumnKind, Date, Document, DocumentKind, Entry,
    Figure, FindingBlock, FirstPage, Head, LabelledValue, Panel, Row, ScatterPoint, Section,
    Sentence, SmallPanel, Table, Tick, TieMark,
};

/// Name, provider, log2 of billions, rate, limits, published size, label of the size.
type Model = (
    &'static str,
    &'static str,
    f64,
    f64,
    f64,
    f64,
    bool,
    &'static str,
);

const MODELS: &[Model] = &[
    (
        "LFM 2.5", "Liquid", 0.263, 0.319, 0.241, 0.408, true, "1.2B",
    ),
    (
        "R1 1.5B", "Ollama", 0.585, 0.315, 0.258, 0.379, true, "1.5B",
    ),
    (
        "Qwen3 1.7B",
        "Ollama",
        0.766,
        0.289,
        0.242,
        0.341,
        true,
        "1.7B",
    ),
    (
        "Llama 3.2",
        "Ollama",
        1.585,
        0.168,
        0.121,
        0.229,
        true,
        "3B",
    ),
    (
        "Mistral 7B: 0 of 21",
        "Mistral",
        2.807,
        0.0,
        0.0,
        0.155,
        true,
        "7B",
    ),
    (
        "GPT-4o mini",
        "OpenAI",
        3.0,
        0.517,
        0.344,
        0.686,
        false,
        "8B",
    ),
    (
        "Nemotron 9B",
        "Nvidia",
        3.17,
        0.398,
        0.307,
        0.497,
        true,
        "9B",
    ),
    (
        "Nemotron 12B",
        "Nvidia",
        3.585,
        0.359,
        0.261,
        0.470,
        true,
        "12B",
    ),
    ("MiMo V2", "Xiaomi", 3.907, 0.095, 0.027, 0.289, true, "15B"),
    (
        "Devstral", "Mistral", 4.585, 0.184, 0.126, 0.261, true, "24B",
    ),
    (
        "Gemma 3 27B",
        "Google",
        4.755,
        0.133,
        0.053,
        0.297,
        true,
        "27B",
    ),
    (
        "Nemotron 30B",
        "Nvidia",
        4.907,
        0.408,
        0.302,
        0.525,
        true,
        "30B",
    ),
    (
        "Gemini 3 Flash",
        "Google",
        4.907,
        0.068,
        0.036,
        0.124,
        false,
        "30B",
    ),
    (
        "Qwen3 Coder",
        "Qwen",
        4.907,
        0.095,
        0.027,
        0.289,
        true,
        "30B",
    ),
    (
        "Pony Alpha",
        "OpenRouter",
        4.907,
        0.276,
        0.147,
        0.457,
        true,
        "30B",
    ),
    (
        "Llama 3.3 70B",
        "Meta",
        6.129,
        0.289,
        0.238,
        0.346,
        true,
        "70B",
    ),
    (
        "gpt-oss-120b",
        "OpenAI",
        6.907,
        0.407,
        0.287,
        0.540,
        true,
        "120B",
    ),
    (
        "Mistral Large",
        "Mistral",
        6.943,
        0.295,
        0.210,
        0.398,
        true,
        "123B",
    ),
    (
        "Sonnet 4.5",
        "Anthropic",
        7.451,
        0.090,
        0.052,
        0.151,
        false,
        "175B",
    ),
    (
        "GPT-5.2", "OpenAI", 7.644, 0.153, 0.100, 0.227, false, "200B",
    ),
    (
        "DeepSeek R1",
        "DeepSeek",
        9.39,
        0.300,
        0.222,
        0.391,
        true,
        "671B",
    ),
];

/// A sentence without figures.
pub(crate) fn plain(text: &str) -> Sentence {
    Sentence {
        text: text.to_owned(),
        strong: false,
        evidence: Vec::new(),
    }
}

fn bold(text: &str) -> Sentence {
    Sentence {
        strong: true,
        ..plain(text)
    }
}

fn cited(text: &str, ids: &[&str]) -> Sentence {
    Sentence {
        evidence: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..plain(text)
    }
}

fn finding(id: &str, strong: &str, rest: &str, evidence: &str, ids: &[&str]) -> FindingBlock {
    FindingBlock {
        id: id.to_owned(),
        claim: vec![bold(strong), plain(rest)],
        evidence: vec![cited(evidence, ids)],
    }
}

fn axis(min: f64, max: f64, ticks: &[(f64, &str)], title: &str) -> Axis {
    Axis {
        min,
        max,
        ticks: ticks
            .iter()
            .map(|(value, label)| Tick {
                value: *value,
                label: (*label).to_owned(),
            })
            .collect(),
        marks: Vec::new(),
        title: title.to_owned(),
    }
}

fn percent_axis(title: &str) -> Axis {
    let ticks = [
        (0.0, "0%"),
        (0.2, "20%"),
        (0.4, "40%"),
        (0.6, "60%"),
        (0.8, "80%"),
        (1.0, "100%"),
    ];
    axis(0.0, 1.0, &ticks, title)
}

fn labelled(value: f64, label: &str) -> LabelledValue {
    LabelledValue {
        value,
        label: label.to_owned(),
        detail: None,
    }
}

/// A text column.
pub(crate) fn words(header: &str, width_mm: f64) -> Column {
    Column {
        header: header.to_owned(),
        kind: ColumnKind::Text,
        width_mm,
    }
}

fn figures(header: &str, width_mm: f64) -> Column {
    Column {
        header: header.to_owned(),
        kind: ColumnKind::Number,
        width_mm,
    }
}

/// A text cell.
pub(crate) fn cell(text: &str) -> Cell {
    Cell::Text {
        text: text.to_owned(),
        strong: false,
    }
}

/// A row of text cells.
pub(crate) fn row(texts: &[&str]) -> Row {
    Row {
        cells: texts.iter().map(|text| cell(text)).collect(),
        strong: false,
    }
}

/// A table of words.
pub(crate) fn table(
    id: &str,
    number: Option<&str>,
    title: Option<&str>,
    columns: Vec<Column>,
    rows: Vec<Row>,
) -> Table {
    Table {
        id: id.to_owned(),
        number: number.map(str::to_owned),
        title: title.map(str::to_owned),
        subtitle: None,
        columns,
        rows,
        more: None,
        note: Vec::new(),
    }
}

/// The sample.
pub(crate) fn document() -> Document {
    Document {
        schema: "caveat/document",
        schema_version: 1,
        kind: DocumentKind::Report,
        head: head(),
        first_page: first_page(),
        sections: sections(),
        colophon: colophon(),
    }
}

fn head() -> Head {
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

fn first_page() -> FirstPage {
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

fn section(id: &str, heading: &str, lead: &str, blocks: Vec<Block>) -> Section {
    Section {
        id: id.to_owned(),
        heading: heading.to_owned(),
        lead: vec![plain(lead)],
        blocks,
        new_page: false,
    }
}

fn sections() -> Vec<Section> {
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

fn ranking() -> Table {
    use TieMark::{Absent, Bottom, Middle, Top};
    let rows = [
        (
            "Google",
            "2",
            "163",
            0.080,
            0.047,
            0.132,
            "1–2",
            [Top, Absent, Absent, Absent],
        ),
        (
            "Anthropic",
            "1",
            "133",
            0.090,
            0.052,
            0.151,
            "1–3",
            [Bottom, Top, Absent, Absent],
        ),
        (
            "Mistral",
            "3",
            "234",
            0.209,
            0.162,
            0.266,
            "2–8",
            [Absent, Bottom, Top, Absent],
        ),
        (
            "Ollama¹",
            "3",
            "728",
            0.266,
            0.236,
            0.300,
            "3–8",
            [Absent, Absent, Middle, Absent],
        ),
        (
            "OpenAI",
            "3",
            "207",
            0.271,
            0.215,
            0.335,
            "3–9",
            [Absent, Absent, Middle, Top],
        ),
        (
            "Meta",
            "1",
            "263",
            0.289,
            0.238,
            0.346,
            "3–9",
            [Absent, Absent, Middle, Middle],
        ),
        (
            "DeepSeek",
            "1",
            "110",
            0.300,
            0.222,
            0.391,
            "3–9",
            [Absent, Absent, Middle, Middle],
        ),
        (
            "Liquid",
            "1",
            "116",
            0.319,
            0.241,
            0.408,
            "3–9",
            [Absent, Absent, Bottom, Middle],
        ),
        (
            "Nvidia",
            "3",
            "247",
            0.389,
            0.330,
            0.451,
            "5–9",
            [Absent, Absent, Absent, Bottom],
        ),
    ];
    let scale = axis(
        0.0,
        0.6,
        &[(0.0, "0%"), (0.2, "20%"), (0.4, "40%"), (0.6, "60%")],
        "",
    );
    let rows =
        rows.iter()
            .enumerate()
            .map(
                |(place, (name, models, n, rate, low, high, rank, ties))| Row {
                    cells: vec![
                        cell(name),
                        cell(models),
                        cell(n),
                        cell(&format!("{:.1}", rate * 100.0)),
                        cell(&format!("{:.1} to {:.1}", low * 100.0, high * 100.0)),
                        Cell::Interval {
                            value: *rate,
                            lower: *low,
                            upper: *high,
                            heavy: place < 2,
                        },
                        cell(rank),
                        Cell::Ties {
                            marks: ties.to_vec(),
                        },
                    ],
                    strong: false,
                },
            );
    let columns = vec![
        words("Vendor", 24.0),
        figures("Models", 15.0),
        figures("Results", 16.0),
        figures("Rate, %", 15.0),
        figures("95% interval", 24.0),
        Column {
            header: String::new(),
            kind: ColumnKind::Interval { axis: scale },
            width_mm: 42.0,
        },
        words("Rank²", 14.0),
        Column {
            header: "Tied³".to_owned(),
            kind: ColumnKind::Ties {
                letters: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
            },
            width_mm: 20.0,
        },
    ];
    Table {
        subtitle: Some("Strict attack success rate pooled over a vendor’s models; 50 or more evaluable results; heavy marks: lower than at least six others".to_owned()),
        note: vec![
            plain("¹ A runtime, not a maker. ² Ranks the vendor could hold once all 36 pairs are compared. 1 = lowest rate. ³ Vendors that share a letter cannot be told apart."),
            cited("Wilson intervals; they cover the choice of responses, not of prompts or models. Three vendors with fewer than 50 results are not ranked: Qwen 21, Xiaomi 21, OpenRouter 29.", &["r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"]),
        ],
        ..table("vendors", Some("Table 1"), Some("Two vendors stand apart at the low end; most others share a rank"), columns, rows.collect())
    }
}

fn null_figure() -> Figure {
    let shares = [
        0.0, 0.0, 0.0, 0.0, 0.0, 0.001, 0.002, 0.004, 0.007, 0.012, 0.02, 0.03, 0.04, 0.05, 0.062,
        0.073, 0.083, 0.09, 0.099, 0.103, 0.106, 0.108, 0.107, 0.104, 0.099, 0.094, 0.086, 0.074,
        0.063, 0.053, 0.038, 0.027, 0.019, 0.011, 0.007, 0.003, 0.001, 0.0005, 0.0, 0.0,
    ];
    let edges = (0..=40_u32).map(|edge| f64::from(edge) / 40.0).collect();
    Figure {
        id: "null".to_owned(),
        number: "Figure 2".to_owned(),
        title: "A share of 65% is unremarkable for 12 vendors and 21 models".to_owned(),
        subtitle: "Distribution of η² over 200,000 random relabellings of vendor names; darker: at or above the observed value".to_owned(),
        alt: "Histogram of the share of variance attributed to vendor in 200,000 random relabellings of the 21 models. The chance average is 55 percent, and 78 percent would be needed for p = 0.05. The observed 65 percent lies in the upper part of the distribution: 24 percent of relabellings reach it or more. Values: annex, table permutation.".to_owned(),
        note: vec![cited("Seven of the twelve vendors have a single model; each such vendor is fitted exactly and raises the share. Among the five vendors with two or more models: η² 0.55, chance average 0.31, p = 0.09.", &["d2", "d3"])],
        chart: Chart::NullDistribution {
            edges,
            shares: shares.to_vec(),
            axis: percent_axis("Share of variance attributed to vendor when the vendor names are shuffled (η²)"),
            observed: LabelledValue { value: 0.653, label: "observed 65%".to_owned(), detail: Some("24% of shuffles reach it or more".to_owned()) },
            mean: labelled(0.55, "average by chance 55%"),
            needed: Some(labelled(0.779, "needed for p = 0.05: 78%")),
        },
    }
}

fn point(model: &Model, label: &str) -> ScatterPoint {
    ScatterPoint {
        x: model.2,
        y: model.3,
        lower: model.4,
        upper: model.5,
        label: label.to_owned(),
        hollow: !model.6,
    }
}

fn scatter_figure() -> Figure {
    let sizes = [
        "1B", "2B", "4B", "8B", "16B", "32B", "64B", "128B", "256B", "512B",
    ];
    let ticks: Vec<(f64, &str)> = (0..10_u32).map(f64::from).zip(sizes).collect();
    let line = (0..=20_u32).map(|step| {
        let x = f64::from(step) / 20.0 * 9.6;
        let fit = 0.272 - 0.006 * x;
        let half = 0.062 + 0.0042 * (x - 4.3) * (x - 4.3);
        [x, fit, fit - half, fit + half]
    });
    Figure {
        id: "size".to_owned(),
        number: "Figure 3".to_owned(),
        title: "No trend with size is established: models of one size differ more than sizes do".to_owned(),
        subtitle: "Strict attack success rate, 21 models; thin lines: 95% Wilson intervals; line, band: fit and its 95% interval; hollow: size not published".to_owned(),
        alt: "Scatter chart of attack success rate against model size for 21 models from 1.2 to 671 billion parameters, size on a doubling scale. The fitted line falls by 0.6 percentage points per doubling; its 95 percent interval runs from minus 3.2 to plus 2.1. Rates range from 0 of 21 (Mistral 7B) to 52 percent (GPT-4o mini) with wide intervals. Values: annex, table models.".to_owned(),
        note: vec![cited("Slope −0.6 points per doubling, 95% interval −3.2 to +2.1, t(19) = −0.47, p = 0.65. Mixture-of-experts models at total size. Mistral 7B: 0 of 21 (95% upper limit 15.5%).", &["s1", "s4"])],
        chart: Chart::Scatter {
            x: axis(0.0, 9.85, &ticks, "Parameters, in billions; each step doubles the size"),
            y: rate_axis(),
            points: MODELS.iter().map(|model| point(model, model.0)).collect(),
            line: line.collect(),
            line_label: "−0.6 points per doubling".to_owned(),
        },
    }
}

fn rate_axis() -> Axis {
    axis(
        0.0,
        0.75,
        &[
            (0.0, "0%"),
            (0.15, "15%"),
            (0.3, "30%"),
            (0.45, "45%"),
            (0.6, "60%"),
            (0.75, "75%"),
        ],
        "",
    )
}

fn within_figure() -> Figure {
    let words = [
        ("OpenAI", "falls"),
        ("Nvidia", "no direction"),
        ("Mistral", "rises"),
        ("Ollama", "falls"),
    ];
    let panels = words.iter().map(|(name, word)| SmallPanel {
        name: (*name).to_owned(),
        word: (*word).to_owned(),
        points: MODELS
            .iter()
            .filter(|model| model.1 == *name)
            .map(|model| point(model, model.7))
            .collect(),
    });
    Figure {
        id: "within".to_owned(),
        number: "Figure 4".to_owned(),
        title: "Vendors show different patterns, each on three models".to_owned(),
        subtitle: "Strict attack success rate by size, each doubling equally wide; thin lines: 95% Wilson intervals; hollow: size not published".to_owned(),
        alt: "Four small line charts of attack success rate against model size, one per vendor with three models. OpenAI falls from 52 percent at 8B over 41 at 120B to 15 at 200B. Nvidia stays between 36 and 41 percent from 9B to 30B. Mistral rises from 0 of 21 at 7B to 30 percent at 123B. Ollama goes from 32 at 1.5B to 17 at 3B. Values: annex, table models.".to_owned(),
        note: vec![cited("“Falls” and “rises” need the smallest and the largest model to differ with an interval that excludes zero; three points cannot show a shape.", &["w1", "w2", "w3", "w4"])],
        chart: Chart::SmallMultiples {
            x: axis(0.0, 8.0, &[], ""),
            y: axis(0.0, 0.75, &[(0.0, "0%"), (0.25, "25%"), (0.5, "50%"), (0.75, "75%")], ""),
            panels: panels.collect(),
        },
    }
}

fn residuals() -> Table {
    let rows = [
        ("Google", "163", -16.3, -19.6, -11.1, "−14.3"),
        ("Anthropic", "133", -13.8, -17.6, -7.7, "−13.8"),
        ("Mistral", "234", -3.1, -7.8, 2.5, "−8.4"),
        ("Ollama", "728", 0.0, -3.1, 3.3, "−0.9"),
        ("OpenAI", "207", 3.9, -1.7, 10.3, "+12.2"),
        ("Liquid", "116", 4.9, -2.9, 13.8, "+4.9"),
        ("Meta", "263", 5.3, 0.2, 11.1, "+5.3"),
        ("DeepSeek", "110", 8.4, 0.6, 17.5, "+8.4"),
        ("Nvidia", "247", 13.9, 8.1, 20.1, "+13.9"),
    ];
    let mut scale = axis(
        -25.0,
        25.0,
        &[
            (-20.0, "−20"),
            (-10.0, "−10"),
            (0.0, "0"),
            (10.0, "+10"),
            (20.0, "+20"),
        ],
        "",
    );
    scale.marks = vec![-10.0, 10.0];
    let signed = |value: f64| match value {
        0.0 => "0.0".to_owned(),
        value if value < 0.0 => format!("−{:.1}", -value),
        value => format!("+{value:.1}"),
    };
    let rows = rows
        .iter()
        .map(|(name, n, value, low, high, unweighted)| Row {
            cells: vec![
                cell(name),
                cell(n),
                cell(&signed(*value)),
                cell(&format!("{} to {}", signed(*low), signed(*high))),
                Cell::Interval {
                    value: *value,
                    lower: *low,
                    upper: *high,
                    heavy: *high < -5.0 || *low > 5.0,
                },
                cell(unweighted),
            ],
            strong: *name == "Nvidia",
        });
    let columns = vec![
        words("Vendor", 26.0),
        figures("Results", 18.0),
        figures("Difference", 20.0),
        figures("95% interval", 30.0),
        Column {
            header: String::new(),
            kind: ColumnKind::Interval { axis: scale },
            width_mm: 56.0,
        },
        figures("Unweighted", 20.0),
    ];
    Table {
        subtitle: Some("Rate minus the rate of the size line, in points; weighted by results, as published; dotted: published bands at ±10".to_owned()),
        note: vec![cited("Heavy marks: zero excluded with nine comparisons allowed for. Intervals cover the choice of responses and take the line as known, so they are too narrow.", &["p1", "p2", "p3", "p9"])],
        ..table("residuals", Some("Table 2"), Some("Google and Anthropic lie below the size line, Nvidia above"), columns, rows.collect())
    }
}

fn all_models() -> Table {
    let rows = MODELS.iter().map(|model| {
        let low_high = format!("{:.1} to {:.1}", model.4 * 100.0, model.5 * 100.0);
        let size = if model.6 {
            "published"
        } else {
            "not published"
        };
        row(&[
            model.0,
            model.1,
            model.7,
            size,
            &format!("{:.1}", model.3 * 100.0),
            &low_high,
        ])
    });
    let columns = vec![
        words("Model", 46.0),
        words("Vendor", 34.0),
        figures("Size", 16.0),
        words("Size is", 28.0),
        figures("Rate, %", 18.0),
        figures("95% interval", 28.0),
    ];
    Table {
        subtitle: Some("Strict attack success rate; Wilson intervals".to_owned()),
        more: Some("14 more in annex, table models".to_owned()),
        ..table(
            "models",
            Some("Table 3"),
            Some("Rates of single models, by size"),
            columns,
            rows.collect(),
        )
    }
}

fn colophon() -> Vec<Entry> {
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
