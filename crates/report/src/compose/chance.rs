//! What chance alone would give: the law of the share, of the extremes, of the bands.

use super::{Parts, charts};
use crate::composition::Facts;
use crate::document::{Block, Chart, Figure, LabelledValue, Prose, Section};
use crate::findings::{self, ShareState, share_of_shuffles};
use crate::format;
use crate::words::{say, why_not};

pub(super) fn section(parts: &Parts<'_>) -> Section {
    let facts = &parts.facts;
    let mut blocks: Vec<Block> = Vec::new();
    for code in ["F-EXTREMES", "F-BANDS", "F-RATIO"] {
        let shown_first = parts
            .findings
            .iter()
            .take(findings::ON_FIRST_PAGE)
            .any(|f| f.code == code);
        let found = parts.findings.iter().find(|finding| finding.code == code);
        if let Some(finding) = found.filter(|_| !shown_first) {
            blocks.push(Block::Finding(finding.block()));
        }
    }
    blocks.extend(histogram(facts).map(Block::Figure));
    super::section(
        "chance",
        "What chance alone would give",
        lead(facts),
        blocks,
    )
}

fn lead(facts: &Facts<'_>) -> Prose {
    let main = facts.main_share();
    let result = main.result;
    let (Some(observed), Some(mean)) = (result.eta2.number(), result.eta2_null_mean.number())
    else {
        let reason = result.eta2.reason().map_or("the data allow none", why_not);
        return vec![say(
            format!("There is no share to set against chance: {reason}."),
            [main.id],
        )];
    };
    let mut lead = vec![say(
        format!(
            "Shuffle the {} vendor names over the {} models and compute the share again: it averages {}.",
            format::word(result.n_groups),
            format::count(result.n_models),
            format::percent(mean)
        ),
        [main.id],
    )];
    if let Some(p) = result.p_permutation.number() {
        let text = match findings::share_state(facts) {
            ShareState::Beyond => format!(
                "The observed {} is reached by {}.",
                format::percent(observed),
                of_shuffles(p)
            ),
            ShareState::Close => format!(
                "The observed {} is reached by {}; either reading is weak.",
                format::percent(observed),
                of_shuffles(p)
            ),
            _ => format!(
                "The observed {} is reached by {}, so it is not remarkable.",
                format::percent(observed),
                of_shuffles(p)
            ),
        };
        lead.push(say(text, [main.id]));
    }
    lead
}

fn of_shuffles(share: f64) -> String {
    if share >= 1.0 {
        "every shuffle".to_owned()
    } else {
        format!("{} of the shuffles", share_of_shuffles(share))
    }
}

fn histogram(facts: &Facts<'_>) -> Option<Figure> {
    let decomposition = &facts.analysis().decomposition;
    let law = decomposition.null_distribution.known()?;
    let result = &decomposition.in_scale;
    let observed = result.eta2.number()?;
    let all: u64 = law.counts.iter().sum();
    let shown = format::percent(observed);
    // The observed arrangement counts in, here as in the text.
    let reach = findings::cases(
        result
            .p_permutation
            .number()
            .unwrap_or(law.share_at_least.0),
    );
    let (models, vendors) = (
        format::count(result.n_models),
        format::word(result.n_groups),
    );
    let title = match findings::share_state(facts) {
        ShareState::Beyond => {
            format!("A share of {shown} is rare for {vendors} vendors and {models} models")
        }
        ShareState::Short => {
            format!("A share of {shown} is unremarkable for {vendors} vendors and {models} models")
        }
        _ => "The vendor\u{2019}s share when vendor names are shuffled".to_owned(),
    };
    let how = if law.exact {
        format!("all {} arrangements", format::thousands(law.relabellings))
    } else {
        format!(
            "{} random relabellings",
            format::thousands(law.relabellings)
        )
    };
    let labelled = |value: f64, label: String, detail: Option<String>| LabelledValue {
        value,
        label,
        detail,
    };
    let alt = [
        format!(
            "Histogram of the share of variance attributed to the vendor over {how} of {models} models, on a scale from 0 to 100 percent."
        ),
        format!(
            "The chance average is {}; 90 percent of relabellings lie between {} and {}.",
            format::percent(law.mean.0),
            format::percent(law.p05.0),
            format::percent(law.p95.0)
        ),
        format!("The observed {shown} is reached or passed by {reach}."),
    ];
    Some(Figure {
        id: "null-distribution".to_owned(),
        number: String::new(),
        title,
        subtitle: format!(
            "Distribution of \u{3b7}\u{b2} over {how} of vendor names; darker: at or above the observed value"
        ),
        alt: charts::alt(
            &alt,
            &["Bars show the share of relabellings in each step of the scale."],
            "null_distribution",
        ),
        note: note(facts),
        chart: Chart::NullDistribution {
            edges: law.edges.iter().map(|edge| edge.0).collect(),
            shares: law
                .counts
                .iter()
                .map(|count| format::ratio(*count, all))
                .collect(),
            axis: charts::shares(
                "Share of variance attributed to the vendor when vendor names are shuffled (\u{3b7}\u{b2})",
            ),
            observed: labelled(
                observed,
                format!("observed {shown}"),
                Some(format!("reached by {reach}")),
            ),
            mean: labelled(
                law.mean.0,
                format!("average by chance {}", format::percent(law.mean.0)),
                None,
            ),
            needed: Some(labelled(
                law.p95.0,
                format!(
                    "needed for {}: {}",
                    format::p_value(0.05),
                    format::percent(law.p95.0)
                ),
                None,
            )),
        },
    })
}

fn note(facts: &Facts<'_>) -> Prose {
    let decomposition = &facts.analysis().decomposition;
    let result = &decomposition.in_scale;
    let mut note = Vec::new();
    if result.n_singletons > 0 {
        note.push(say(
            format!(
                "{} of the {} vendors {} a single model; such a vendor is fitted exactly and raises the share.",
                format::word_first(result.n_singletons),
                format::word(result.n_groups),
                if result.n_singletons == 1 { "has" } else { "have" }
            ),
            ["d1"],
        ));
    }
    let two = &decomposition.two_plus;
    if let (Some(eta2), Some(mean)) = (two.eta2.number(), two.eta2_null_mean.number()) {
        let of_f = two
            .p
            .number()
            .map(|p| format!(", {} of F", format::p_value(p)));
        let dealt = two
            .p_permutation
            .number()
            .map(|p| format!(", {} by relabelling", format::p_value(p)));
        let p = format!("{}{}", of_f.unwrap_or_default(), dealt.unwrap_or_default());
        note.push(say(
            format!(
                "Among the {} vendors with two or more models: {}, chance average {}{p}.",
                format::word(two.n_groups),
                format::labelled("\u{3b7}\u{b2}", &format::decimals(eta2, 2)),
                format::decimals(mean, 2)
            ),
            ["d2"],
        ));
    }
    if let Some(law) = decomposition.null_distribution.known() {
        if law.smallest_attainable_p.0 > 0.001 {
            note.push(say(
                format!(
                    "No relabelling of these models can give less than {}.",
                    format::p_value(law.smallest_attainable_p.0)
                ),
                ["d5"],
            ));
        } else {
            note.push(say(
                format!(
                    "Average {}, 95th percentile {}, both of the relabellings drawn.",
                    format::percent(law.mean.0),
                    format::percent(law.p95.0)
                ),
                ["d5"],
            ));
        }
    }
    note
}
