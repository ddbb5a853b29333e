//! Caveats about sizes: undisclosed, contradicted, missing, and mixtures of experts.

use caveat_analysis::result::{ModelResult, SizeSensitivity};

use super::{Caveat, Topic};
use crate::annex::Severity;
use crate::composition::Facts;
use crate::format;
use crate::selection::ModelFact;

/// Relative difference between a coded and a disclosed total size up to which
/// both count as the same, so that nominal rounding (9B for 8.89, 1.5B for 1.78)
/// is no contradiction.
pub const CONTRADICTION_TOLERANCE: f64 = 0.25;

/// Models in scale with what is known of them and the size used.
fn in_scale<'a>(facts: &Facts<'a>) -> Vec<(usize, &'a ModelResult, &'a ModelFact, f64)> {
    facts
        .models()
        .filter(|(_, model)| model.in_scale)
        .filter_map(|(place, model)| {
            let used = facts
                .input
                .selection
                .sample
                .models
                .get(place)
                .and_then(|m| m.size_b);
            let used = used.or_else(|| model.params_total_b.number())?;
            Some((place, model, facts.fact(model)?, used))
        })
        .collect()
}

/// Models in scale whose size the corpus codes although the maker publishes none.
pub fn undisclosed<'a>(facts: &Facts<'a>) -> Vec<(usize, &'a ModelFact, f64)> {
    in_scale(facts)
        .into_iter()
        .filter(|(_, _, fact, _)| fact.disclosed == Some(false) && fact.disclosed_total_b.is_none())
        .map(|(place, _, fact, used)| (place, fact, used))
        .collect()
}

/// Models in scale whose coded size is the one used and differs from the
/// disclosed total by more than [`CONTRADICTION_TOLERANCE`]: place, fact, coded, disclosed.
pub fn contradicted<'a>(facts: &Facts<'a>) -> Vec<(usize, &'a ModelFact, f64, f64)> {
    in_scale(facts)
        .into_iter()
        .filter_map(|(place, _, fact, used)| {
            let (coded, disclosed) = (fact.coded_b?, fact.disclosed_total_b?);
            let is_used = (used - coded).abs() <= 1e-9 * coded.abs();
            let apart = (coded - disclosed).abs() > CONTRADICTION_TOLERANCE * disclosed;
            (is_used && apart).then_some((place, fact, coded, disclosed))
        })
        .collect()
}

/// Whether the slope under other sizes is on the same side of zero, or as open,
/// as the slope under the sizes used.
fn same_direction(facts: &Facts<'_>, id: &str) -> bool {
    let place = |slope: &caveat_analysis::result::Estimate| crate::words::ladder(slope, None);
    let own = facts
        .scale()
        .and_then(|scale| scale.slope_per_doubling.known())
        .map(place);
    let other = facts
        .variant(id)
        .and_then(|(_, variant)| variant.slope_per_doubling.known())
        .map(place);
    own.is_some() && own == other
}

/// CAV-SIZE-CONTRADICTS. Rule: see [`contradicted`]; grave where the trend is
/// another one under the sizes that the makers disclose.
pub(super) fn contradicts(facts: &Facts<'_>) -> Option<Caveat> {
    let wrong = contradicted(facts);
    if wrong.is_empty() {
        return None;
    }
    let listed: Vec<String> = wrong
        .iter()
        .map(|(place, _, coded, disclosed)| {
            format!(
                "{} ({} coded, {} disclosed)",
                facts.model(*place),
                format::size(*coded),
                format::size(*disclosed)
            )
        })
        .collect();
    let names: Vec<&str> = wrong
        .iter()
        .map(|(place, ..)| facts.model(*place))
        .collect();
    let mut evidence: Vec<String> = wrong
        .iter()
        .filter_map(|(_, fact, ..)| facts.fact_id(fact))
        .collect();
    let mut text = format!(
        "The corpus codes sizes that the makers contradict by more than a quarter: {}.",
        format::list(&listed)
    );
    if let Some((id, variant)) = facts.variant("register") {
        text.push_str(&consequence(
            facts,
            variant,
            "With the sizes that makers disclose",
        ));
        evidence.push(id);
    }
    let tested = same_direction(facts, "register");
    if tested {
        text.push_str(" What is said of the trend holds with either set of sizes.");
    }
    Some(Caveat {
        code: "CAV-SIZE-CONTRADICTS",
        severity: if tested {
            Severity::Serious
        } else {
            Severity::Grave
        },
        topic: Topic::Sizes,
        title: "Sizes contradict the makers".to_owned(),
        short: format!(
            "The coded {} of {} {} from the makers\u{2019} by more than a quarter.",
            if names.len() == 1 { "size" } else { "sizes" },
            named_or_counted(&names),
            if names.len() == 1 {
                "differs"
            } else {
                "differ"
            },
        ),
        text,
        evidence,
    })
}

/// Names as a list where they fit into a panel, else their number.
fn named_or_counted(names: &[&str]) -> String {
    let listed = format::short_list(names, 3);
    if listed.chars().count() > 40 {
        return format::plural_word(names.len(), "model", "models");
    }
    listed
}

/// What a variant of the sizes does to slope, share and residuals.
pub(crate) fn consequence(facts: &Facts<'_>, variant: &SizeSensitivity, opening: &str) -> String {
    let Some(slope) = variant.slope_per_doubling.known() else {
        return format!(" {opening}, no slope can be estimated.");
    };
    let one = |share: f64| format::signed(100.0 * share, 1);
    let r2 = variant
        .r2
        .number()
        .map(|r2| format!(" and the share of size {}", format::percent_cell(r2) + "%"))
        .unwrap_or_default();
    let mut text = format!(
        " {opening}, on {}, the slope is {} per doubling (interval {}){r2}.",
        format::plural(variant.n_models, "model", "models"),
        format::points(100.0 * slope.value.0, 1),
        format::span(&one(slope.lower.0), &one(slope.upper.0)),
    );
    if let Some((name, before, after)) = largest_move(facts, variant) {
        text.push_str(&format!(
            " The largest move of a vendor against the size line is that of {}, from {} to {}.",
            name,
            format::signed(before, 1),
            format::signed(after, 1)
        ));
    }
    text
}

/// The ranked vendor whose residual moves most: name, before, after.
fn largest_move(facts: &Facts<'_>, variant: &SizeSensitivity) -> Option<(String, f64, f64)> {
    facts
        .ranked()
        .into_iter()
        .filter_map(|provider| {
            let before = provider.residual_pp.known()?.value.0;
            let of =
                |r: &&caveat_analysis::result::ProviderResidualPp| r.provider == provider.provider;
            let after = variant.residuals_pp.iter().find(of)?.residual_pp.0;
            Some((facts.vendor(&provider.provider), before, after))
        })
        .max_by(|a, b| (a.1 - a.2).abs().total_cmp(&(b.1 - b.2).abs()))
}

/// CAV-SIZE-UNDISCLOSED. Rule: see [`undisclosed`].
pub(super) fn not_published(facts: &Facts<'_>) -> Option<Caveat> {
    let coded = undisclosed(facts);
    if coded.is_empty() {
        return None;
    }
    let listed: Vec<String> = coded
        .iter()
        .map(|(place, _, used)| format!("{} ({})", facts.model(*place), format::size(*used)))
        .collect();
    let of = facts
        .scale()
        .map_or(facts.analysis().models.len(), |scale| scale.n_models);
    let mut evidence: Vec<String> = coded
        .iter()
        .filter_map(|(_, fact, _)| facts.fact_id(fact))
        .collect();
    evidence.push("s1".to_owned());
    let many = coded.len();
    // Without the models whose size is a guess the trend was computed as well.
    let severity = if 10 * many >= of && !same_direction(facts, "disclosed") {
        Severity::Grave
    } else {
        Severity::Serious
    };
    Some(Caveat {
        code: "CAV-SIZE-UNDISCLOSED",
        severity,
        topic: Topic::Sizes,
        title: "Undisclosed sizes are guesses".to_owned(),
        short: format!(
            "The makers of {} of the {} models publish no size.",
            format::word(many),
            format::count(of)
        ),
        text: format!(
            "For {} of the {} models the maker publishes no size, and the corpus codes one: {}. \
             These sizes are guesses without a source.",
            format::word(many),
            format::count(of),
            format::list(&listed)
        ),
        evidence,
    })
}

/// CAV-SIZE-MISSING. Rule: a kept model has no size and stays out of the size analyses.
pub(super) fn missing(facts: &Facts<'_>) -> Option<Caveat> {
    let models = &facts.analysis().models;
    let without = models.iter().filter(|model| !model.in_scale).count();
    if without == 0 {
        return None;
    }
    let names: Vec<&str> = facts
        .models()
        .filter(|(_, model)| !model.in_scale)
        .map(|(place, _)| facts.model(place))
        .collect();
    let subject = format!(
        "{} of {} models",
        format::capital(&format::word(without)),
        format::count(models.len())
    );
    Some(Caveat {
        code: "CAV-SIZE-MISSING",
        severity: Severity::Serious,
        topic: Topic::Sizes,
        title: "Some models have no size".to_owned(),
        short: format!("{subject} have no usable size and stay out of the size analyses."),
        text: format!(
            "{subject} have no usable size and take part in no analysis of size: {}. Nothing is \
             put in their place.{}",
            format::short_list(&names, 8),
            match coded_but_unused(facts.input.selection, &facts.definition().size.source) {
                0 => String::new(),
                n => format!(
                    " The corpus states a size for {}, which this report does not use.",
                    format::plural_word(n, "of them", "of them")
                ),
            }
        ),
        evidence: vec!["s1".to_owned(), "a7".to_owned()],
    })
}

/// How many models without a size have one in the corpus, which the report's
/// rule passes over.
pub fn coded_but_unused(selection: &crate::selection::Selection, source: &str) -> usize {
    if source == "corpus" {
        return 0;
    }
    let models = selection.sample.models.iter().zip(&selection.facts);
    models
        .filter(|(model, fact)| model.size_b.is_none() && fact.coded_b.is_some())
        .count()
}

/// CAV-MIXTURE. Rule: a model in scale is a mixture of experts whose maker
/// states an active size of at most half its total.
pub(super) fn mixture(facts: &Facts<'_>) -> Option<Caveat> {
    let mixtures: Vec<(usize, &ModelFact, f64, f64)> = in_scale(facts)
        .into_iter()
        .filter_map(|(place, _, fact, _)| {
            let (total, active) = (fact.disclosed_total_b?, fact.disclosed_active_b?);
            (fact.mixture == Some(true) && 2.0 * active <= total)
                .then_some((place, fact, total, active))
        })
        .collect();
    let widest = mixtures
        .iter()
        .max_by(|a, b| (a.2 / a.3).total_cmp(&(b.2 / b.3)))?;
    let mut evidence: Vec<String> = mixtures
        .iter()
        .filter_map(|(_, fact, ..)| facts.fact_id(fact))
        .collect();
    let mut text = format!(
        "{} of the models in the size analyses are mixtures of experts, which use only a part of \
         their parameters for each token. The widest gap is {}, with {} in total and {} active.",
        format::word_first(mixtures.len()),
        facts.model(widest.0),
        format::size(widest.2),
        format::size(widest.3)
    );
    if mixtures.len() == 1 {
        text = format!(
            "{} is a mixture of experts: {} in total, {} active for each token.",
            facts.model(widest.0),
            format::size(widest.2),
            format::size(widest.3)
        );
    }
    if let Some((id, variant)) = facts.variant("active") {
        text.push_str(&consequence(facts, variant, "With active sizes"));
        evidence.push(id);
    }
    Some(Caveat {
        code: "CAV-MIXTURE",
        severity: Severity::Note,
        topic: Topic::Sizes,
        title: "Mixtures of experts have two sizes".to_owned(),
        short: format!(
            "{} has {} parameters in total and {} active.",
            facts.model(widest.0),
            format::size(widest.2),
            format::size(widest.3)
        ),
        text,
        evidence,
    })
}
