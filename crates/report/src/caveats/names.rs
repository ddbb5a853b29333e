//! Caveats about names: runtimes as vendors, spellings, derivatives.

use std::collections::{BTreeMap, BTreeSet};

use super::{Caveat, Topic};
use crate::annex::Severity;
use crate::composition::{Facts, LONGEST_NAME};
use crate::findings::share::deciding_p;
use crate::format;
use crate::selection::{CountedAs, ModelFact, Spellings};
use crate::words::line;

/// CAV-RUNTIME. Rule: a vendor of the analysis is a runtime, router or host by the register.
pub(super) fn runtime(facts: &Facts<'_>) -> Option<Caveat> {
    let found: Vec<(&str, &str, usize)> = facts
        .analysis()
        .providers
        .iter()
        .filter_map(|p| {
            Some((
                p.provider.as_str(),
                facts.stand_in(&p.provider)?,
                p.n_models,
            ))
        })
        .collect();
    found.first()?;
    let listed: Vec<String> = found
        .iter()
        .map(|(name, kind, models)| {
            format!(
                "{} (a {kind}, {})",
                facts.vendor(name),
                format::plural(*models, "model", "models")
            )
        })
        .collect();
    let makers: BTreeSet<&str> = facts
        .input
        .selection
        .facts
        .iter()
        .filter(|fact| found.iter().any(|(name, ..)| *name == fact.provider))
        .filter_map(|fact| fact.maker.as_deref())
        .collect();
    let makers: Vec<String> = makers
        .into_iter()
        .map(|maker| match maker {
            "undisclosed" => "a maker that is not disclosed".to_owned(),
            maker => facts.maker(maker),
        })
        .collect();
    let of = if makers.is_empty() {
        String::new()
    } else {
        format!(" Their models were made by {}.", format::list(&makers))
    };
    let names: Vec<&str> = found.iter().map(|(name, ..)| *name).collect();
    let shown = facts.vendors(&names);
    let mut evidence = facts.vendor_ids(&names);
    evidence.push("a7".to_owned());
    Some(Caveat {
        code: "CAV-RUNTIME",
        severity: Severity::Serious,
        topic: Topic::Names,
        title: "Not every vendor is a maker".to_owned(),
        short: format!(
            "{} {} no maker.",
            format::list(&shown),
            if shown.len() == 1 { "is" } else { "are" }
        ),
        text: format!(
            "Counted as vendors although they make no models: {}.{of} What they share is a way of \
             running models, not a way of making them.",
            format::list(&listed)
        ),
        evidence,
    })
}

/// CAV-SPELLING. Rule: models of one maker stand under two or more vendor names
/// of which none is a runtime, router or host. A name that only models left out
/// carry counts where it is the maker's own; then it is a note.
pub(super) fn spelling(facts: &Facts<'_>) -> Option<Caveat> {
    let mut by_maker: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for fact in &facts.input.selection.facts {
        let own = fact.provider_kind == "maker" || fact.provider_kind == "unknown";
        if let Some(maker) = fact.maker.as_deref().filter(|_| own) {
            by_maker.entry(maker).or_default().insert(&fact.provider);
        }
    }
    let kept = by_maker.clone();
    for excluded in &facts.input.selection.account.excluded {
        let spelled = excluded.provider.as_deref().unwrap_or_default();
        if let Some(names) = by_maker.get_mut(spelled) {
            names.insert(spelled);
        }
    }
    let among_kept = kept.values().any(|names| names.len() > 1);
    let twice: Vec<(&str, Vec<&str>)> = by_maker
        .into_iter()
        .filter(|(_, providers)| providers.len() > 1)
        .map(|(maker, providers)| (maker, providers.into_iter().collect()))
        .collect();
    twice.first()?;
    let listed: Vec<String> = twice
        .iter()
        .map(|(maker, providers)| {
            let spelled: Vec<String> = providers
                .iter()
                .map(|name| format!("\u{201c}{}\u{201d}", format::shortened(name, LONGEST_NAME)))
                .collect();
            format!("{maker} ({})", format::list(&spelled))
        })
        .collect();
    let mut evidence: Vec<String> = twice
        .iter()
        .flat_map(|(_, providers)| facts.vendor_ids(providers))
        .collect();
    evidence.push("a7".to_owned());
    Some(Caveat {
        code: "CAV-SPELLING",
        severity: if among_kept {
            Severity::Serious
        } else {
            Severity::Note
        },
        topic: Topic::Names,
        title: "One maker under several names".to_owned(),
        short: format!(
            "{} counted under several vendor names.",
            if twice.len() == 1 {
                "One maker is"
            } else {
                "Some makers are"
            }
        ),
        text: format!(
            "Models of one maker stand under several vendor names: {}. {}",
            format::list(&listed),
            if among_kept {
                "They count as different vendors here, which adds groups and raises the share by \
                 chance."
            } else {
                "One of these names occurs only among the models left out. A maker whose models also \
                 stand under a runtime or router counts under both names."
            }
        ),
        evidence,
    })
}

/// Models with several spellings that the text names.
const NAMED_SPELLINGS: usize = 6;

/// CAV-MODEL-SPELLING. Rule: kept names mean one model by the register, or differ only
/// by case, composed characters, separators or a known prefix. A note where the
/// register made them one.
pub(super) fn one_model(facts: &Facts<'_>) -> Option<Caveat> {
    let found = &facts.input.selection.spellings;
    found.first()?;
    let parts = [
        CountedAs::OnePerProvider,
        CountedAs::Several,
        CountedAs::One,
    ];
    let text: Vec<String> = parts
        .into_iter()
        .filter_map(|counted| spelled_as(found, counted))
        .collect();
    let apart = found
        .iter()
        .filter(|one| one.counted != CountedAs::One)
        .count();
    let evidence = facts.input.selection.facts.iter().filter(|fact| {
        let mut names = found.iter().flat_map(|one| &one.names);
        names.any(|(model, provider)| *model == fact.model && *provider == fact.provider)
    });
    let mut evidence: Vec<String> = evidence.filter_map(|fact| facts.fact_id(fact)).collect();
    evidence.push("a7".to_owned());
    Some(Caveat {
        code: "CAV-MODEL-SPELLING",
        severity: match apart {
            0 => Severity::Note,
            _ => Severity::Serious,
        },
        topic: Topic::Names,
        title: "One model under several spellings".to_owned(),
        short: match apart {
            0 => "Several spellings of one model are counted as one.".to_owned(),
            1 => "One model seems to be counted more than once.".to_owned(),
            _ => "Some models seem to be counted more than once.".to_owned(),
        },
        text: text.join(" "),
        evidence,
    })
}

/// The sentence about the spellings that a report makes the same of.
fn spelled_as(found: &[Spellings], counted: CountedAs) -> Option<String> {
    let quoted = |name: &str| format!("\u{201c}{}\u{201d}", format::shortened(name, LONGEST_NAME));
    let listed: Vec<String> = found
        .iter()
        .filter(|one| one.counted == counted)
        .map(|one| {
            let names: Vec<String> = one
                .names
                .iter()
                .map(|(model, provider)| match counted {
                    CountedAs::One => quoted(model),
                    _ => format!("{} of {}", quoted(model), quoted(provider)),
                })
                .collect();
            format::list(&names)
        })
        .collect();
    listed.first()?;
    let listed = format::short_list(&listed, NAMED_SPELLINGS);
    Some(match counted {
        CountedAs::One => {
            format!("Counted as one model, as the register knows the spellings: {listed}.")
        }
        CountedAs::OnePerProvider => format!(
            "One model by the register, counted once under each vendor name: {listed}. It weighs \
             more than a model that stands there once."
        ),
        CountedAs::Several => format!(
            "Counted as different models although the names differ only in spelling, and the \
             register does not know them: {listed}."
        ),
    })
}

/// CAV-DERIVATIVE. Rule: a kept model is a derivative (fine-tune, merge,
/// abliterated copy, …) filed under the maker of its base.
pub(super) fn derivative(facts: &Facts<'_>) -> Option<Caveat> {
    let kept: Vec<(&ModelFact, &str)> = facts
        .input
        .selection
        .facts
        .iter()
        .filter_map(|fact| Some((fact, fact.derivative.as_deref()?)))
        .filter(|(fact, _)| {
            let base = fact.base_model_maker.as_deref();
            base.is_none_or(|base| fact.maker.as_deref() == Some(base) || fact.provider == base)
                || fact.maker.as_deref() != Some(fact.provider.as_str())
        })
        .collect();
    kept.first()?;
    let listed: Vec<String> = kept
        .iter()
        .map(|(fact, kind)| {
            format!(
                "{} ({kind}, under {})",
                facts.model_named(&fact.model),
                facts.vendor(&fact.provider)
            )
        })
        .collect();
    Some(Caveat {
        code: "CAV-DERIVATIVE",
        severity: Severity::Serious,
        topic: Topic::Names,
        title: "Derivatives are among the models".to_owned(),
        short: format!(
            "{} kept {} not what the vendor in its row released.",
            format::word_first(kept.len()),
            if kept.len() == 1 {
                "model is"
            } else {
                "models are"
            }
        ),
        text: format!(
            "Kept although derived from another model: {}. What they do may be the work of whoever \
             changed them, not of the vendor they stand under.",
            format::short_list(&listed, 8)
        ),
        evidence: kept
            .iter()
            .filter_map(|(fact, _)| facts.fact_id(fact))
            .collect(),
    })
}

/// Points by which the corrected share must move for another name to matter.
const MOVE_THAT_MATTERS: f64 = 10.0;

/// CAV-BASE-MAKER. Rule: with every model under the maker of its base model the
/// corrected share of the vendor moves by 10 points or more, or falls on
/// another side of the line; grave in the latter case, and where the intervals of
/// the two shares do not touch.
pub(super) fn base_maker(facts: &Facts<'_>) -> Option<Caveat> {
    let (place, naming) = facts
        .input
        .namings
        .iter()
        .enumerate()
        .find(|(_, naming)| naming.id == "base-maker")?;
    let other = &naming.summary.decomposition.in_scale;
    let own = facts.main_share();
    let (before, after) = (own.result.omega2.number()?, other.omega2.number()?);
    let side = |result| deciding_p(result).ok().map(line);
    // Another side of the line, or an interval that has nothing in common with
    // the one in the answer.
    let apart = own
        .result
        .population_eta2
        .known()
        .zip(other.population_eta2.known())
        .is_some_and(|(a, b)| a.lower.0 > b.upper.0 || b.lower.0 > a.upper.0);
    let turns = apart || side(own.result) != side(other);
    if 100.0 * (before - after).abs() < MOVE_THAT_MATTERS && !turns {
        return None;
    }
    let interval = |result: &caveat_analysis::result::OneWayResult| {
        result.population_eta2.known().map_or_else(
            || "interval not estimable".to_owned(),
            |range| {
                format!(
                    "{} interval {}",
                    format::level(range.level.0),
                    format::span(
                        &format::percent(range.lower.0),
                        &format::percent(range.upper.0)
                    )
                )
            },
        )
    };
    Some(Caveat {
        code: "CAV-BASE-MAKER",
        severity: if turns {
            Severity::Grave
        } else {
            Severity::Serious
        },
        topic: Topic::Names,
        title: if turns {
            "The answer depends on who counts as vendor"
        } else {
            "The share depends on who counts as vendor"
        }
        .to_owned(),
        short: format!(
            "By the base model\u{2019}s maker it is {} ({}), not {}.",
            format::percent(after.max(0.0)),
            interval(other),
            format::percent(before.max(0.0))
        ),
        text: format!(
            "Counted under the maker of the base model, {} stand for {}: the corrected share is {} \
             ({}) and no longer {} ({}).",
            format::plural(other.n_models, "model", "models"),
            format::plural(other.n_groups, "vendor", "vendors"),
            format::percent(after.max(0.0)),
            interval(other),
            format::percent(before.max(0.0)),
            interval(own.result)
        ),
        evidence: vec![crate::evidence::numbered("y", place), own.id.to_owned()],
    })
}
