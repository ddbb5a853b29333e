//! The charts of the sample document after its first page.

use caveat_report::document::{Chart, Figure, LabelledValue, ScatterPoint, SmallPanel};

use super::build::{axis, cited, labelled, percent_axis, rate_axis};
use super::models::{MODELS, Model};

pub(crate) fn null_figure() -> Figure {
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

pub(crate) fn scatter_figure() -> Figure {
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

pub(crate) fn within_figure() -> Figure {
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
