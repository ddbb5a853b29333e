//! The long tables of the sample document: vendors, residuals, models.

use caveat_report::document::{Cell, Column, ColumnKind, Row, Table, TieMark};

use super::build::{axis, cell, cited, figures, plain, row, table, words};
use super::models::MODELS;

pub(crate) fn ranking() -> Table {
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
        ..table("providers", Some("Table 1"), Some("Two vendors stand apart at the low end; most others share a rank"), columns, rows.collect())
    }
}

pub(crate) fn residuals() -> Table {
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

pub(crate) fn all_models() -> Table {
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
