//! Within vendors: rate against size inside each vendor with three or more models.

use caveat_analysis::result::{Pattern, WithinProvider};

use super::size::{Sized, contradicted, hollow_words, point, sized};
use super::{Parts, charts};
use crate::composition::Facts;
use crate::document::{Block, Chart, Figure, Prose, Section, Sentence, SmallPanel};
use crate::format;
use crate::words::{plain, say};

/// Percentage points from zero within which a limit makes a direction weak.
const CLOSE_POINTS: f64 = 0.5;

pub(super) fn section(parts: &Parts<'_>) -> Option<Section> {
    let facts = &parts.facts;
    let finding = parts
        .findings
        .iter()
        .find(|finding| finding.code == "F-WITHIN");
    let others = too_few(facts);
    let Some(finding) = finding else {
        let lead = vec![plain(
            "No vendor has three models of different size, so nothing can be said of size inside vendors.",
        )];
        return Some(super::section("within", "Within vendors", lead, Vec::new()));
    };
    let title = title(facts);
    let mut lead: Prose = finding.claim.iter().skip(1).cloned().collect();
    lead.extend(limits(facts));
    lead.extend(close_to_the_line(facts));
    lead.push(crate::findings::prompts::within_vendors(facts));
    let figure = figure(facts, title);
    let mut blocks = vec![Block::Figure(figure)];
    blocks.push(Block::List {
        items: finding
            .evidence
            .iter()
            .map(|line| vec![with_pooled_ends(facts, line)])
            .collect(),
    });
    blocks.extend((!others.is_empty()).then_some(Block::Paragraph { sentences: others }));
    Some(super::section("within", "Within vendors", lead, blocks))
}

/// The title of the figure, which counts the directions that it shows.
fn title(facts: &Facts<'_>) -> String {
    let judged = judged(facts);
    let of = |pattern: Pattern| judged.iter().filter(|(_, w)| w.pattern == pattern).count();
    let vendors = |n: usize| format::plural_word(n, "vendor", "vendors");
    let (falls, rises, open) = (
        of(Pattern::Falls),
        of(Pattern::Rises),
        of(Pattern::NoDirection),
    );
    let ends: Vec<String> = [(falls, "lower"), (rises, "higher")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, way)| format!("{way} than the smallest in {}", vendors(n)))
        .collect();
    let shows = if open == 1 { "shows" } else { "show" };
    match (ends.is_empty(), open) {
        (true, n) => format!(
            "{} {shows} no direction with size",
            format::capital(&vendors(n))
        ),
        (false, 0) => format!("The largest model is {}", format::list(&ends)),
        (false, n) => format!(
            "The largest model is {}; {} {shows} no direction",
            format::list(&ends),
            format::word(n)
        ),
    }
}

/// What limits a direction of single vendors: a floor of ability, models of
/// several makers, sizes at an end that are not published or contradicted.
fn limits(facts: &Facts<'_>) -> Prose {
    let models = sized(facts);
    let mut prose = Vec::new();
    for (id, within) in judged(facts) {
        let vendor = facts.vendor(&within.provider);
        let own: Vec<&Sized<'_>> = models
            .iter()
            .filter(|m| m.model.provider == within.provider)
            .collect();
        let (smallest, largest) = ends(&own);
        if within.capability_floor {
            let none = if smallest.len() > 1 {
                "the smallest models have no success"
            } else {
                "the smallest model has no success"
            };
            prose.push(say(
                format!(
                    "In {vendor} {none}, which may be a floor of ability rather than resistance."
                ),
                [id.clone()],
            ));
        }
        if let Some(kind) = facts.stand_in(&within.provider) {
            let makers: std::collections::BTreeSet<&str> = own
                .iter()
                .filter_map(|m| facts.fact(m.model)?.maker.as_deref())
                .collect();
            if makers.len() > 1 {
                prose.push(say(
                    format!(
                        "{vendor} is a {kind}, and its models are of {} makers, so its line follows no maker.",
                        format::word(makers.len())
                    ),
                    [id.clone(), "a7".to_owned()],
                ));
            }
        }
        let at_ends = || smallest.iter().chain(largest);
        let unpublished: Vec<&str> = at_ends()
            .filter(|m| {
                facts
                    .fact(m.model)
                    .is_some_and(|fact| fact.disclosed == Some(false))
            })
            .map(|m| facts.model(m.place))
            .collect();
        let against: Vec<&str> = at_ends()
            .filter(|m| contradicted(facts, m).is_some())
            .map(|m| facts.model(m.place))
            .collect();
        for (names, words) in [
            (
                unpublished,
                "is not published, so which end a model stands at is a guess",
            ),
            (
                against,
                "is contradicted by the maker, so the end it stands at is in doubt",
            ),
        ] {
            if !names.is_empty() {
                prose.push(say(
                    format!("In {vendor} the size of {} {words}.", format::list(&names)),
                    [id.clone(), "a7".to_owned()],
                ));
            }
        }
    }
    prose
}

/// The models of the smallest and of the largest size, of models in order of size.
fn ends<'s, 'a>(own: &'s [&'s Sized<'a>]) -> (&'s [&'s Sized<'a>], &'s [&'s Sized<'a>]) {
    let (Some(first), Some(last)) = (own.first(), own.last()) else {
        return (&[], &[]);
    };
    let smallest = own.partition_point(|m| m.size_b <= first.size_b);
    let largest = own.partition_point(|m| m.size_b < last.size_b);
    (&own[..smallest], &own[largest..])
}

/// A line of evidence, with all models named where several share the size of an
/// end and are counted together.
fn with_pooled_ends(facts: &Facts<'_>, line: &Sentence) -> Sentence {
    let models = sized(facts);
    let mut line = line.clone();
    for (_, within) in judged(facts) {
        let (Some(first), Some(last)) = (within.models.first(), within.models.last()) else {
            continue;
        };
        let own: Vec<&Sized<'_>> = models
            .iter()
            .filter(|m| m.model.provider == within.provider)
            .collect();
        let (smallest, largest) = ends(&own);
        let vendor = facts.vendor(&within.provider);
        let (first, last) = (facts.model_named(first), facts.model_named(last));
        if let Some(rest) = line
            .text
            .strip_prefix(&format!("{vendor}, {first} to {last}:"))
        {
            line.text = format!(
                "{vendor}, {} to {}:{rest}",
                pooled(&names(facts, smallest)),
                pooled(&names(facts, largest))
            );
            break;
        }
    }
    line
}

fn names<'f>(facts: &'f Facts<'_>, models: &[&Sized<'_>]) -> Vec<&'f str> {
    models.iter().map(|m| facts.model(m.place)).collect()
}

/// The name of one model, or those of several with the word that they are
/// counted together.
fn pooled(names: &[&str]) -> String {
    let listed = format::list(names);
    if names.len() > 1 {
        format!("{listed} pooled")
    } else {
        listed
    }
}

/// The vendors whose direction, or want of one, hangs on little: the limit of
/// the interval nearest to zero is within [`CLOSE_POINTS`] of it.
fn close_to_the_line(facts: &Facts<'_>) -> Option<Sentence> {
    let (ids, names): (Vec<String>, Vec<String>) = judged(facts)
        .into_iter()
        .filter(|(_, within)| {
            within
                .change_pp
                .known()
                .is_some_and(|change| close(change.lower.0, change.upper.0))
        })
        .map(|(id, within)| (id, facts.vendor(&within.provider)))
        .unzip();
    let verb = if names.len() == 1 { "lies" } else { "lie" };
    (!names.is_empty()).then(|| {
        say(
            format!(
                "{} {verb} close to the line; either reading is weak.",
                format::list(&names)
            ),
            ids,
        )
    })
}

fn close(lower: f64, upper: f64) -> bool {
    lower.abs().min(upper.abs()) <= CLOSE_POINTS
}

/// The rule's word for a panel.
fn word(within: &WithinProvider) -> &'static str {
    match within.pattern {
        Pattern::Falls if !within.monotone => "falls, not steadily",
        Pattern::Falls => "falls",
        Pattern::Rises if within.capability_floor => "rises from zero",
        Pattern::Rises if !within.monotone => "rises, not steadily",
        Pattern::Rises => "rises",
        Pattern::NoDirection => "no direction",
        Pattern::TooFewModels => "too few models",
    }
}

fn judged<'a>(facts: &Facts<'a>) -> Vec<(String, &'a WithinProvider)> {
    let all = facts.within().into_iter();
    all.filter(|(_, within)| within.pattern != Pattern::TooFewModels)
        .collect()
}

fn figure(facts: &Facts<'_>, title: String) -> Figure {
    let models = sized(facts);
    let judged = judged(facts);
    let panels: Vec<SmallPanel> = judged
        .iter()
        .map(|(_, within)| panel(facts, within, &models))
        .collect();
    let (smallest, largest) = facts
        .scale()
        .map_or((1.0, 1.0), |s| (s.smallest_b.0, s.largest_b.0));
    let level = crate::words::level(facts);
    let listed: Vec<String> = judged
        .iter()
        .map(|(_, within)| {
            let change = within.change_pp.known().map_or_else(String::new, |change| {
                let one = |points: f64| format::signed(points, 1);
                format!(
                    " ({} points, {} to {})",
                    one(change.value.0),
                    one(change.lower.0),
                    one(change.upper.0)
                )
            });
            format!(
                "{} {}{change}",
                facts.vendor(&within.provider),
                word(within)
            )
        })
        .collect();
    let parts = [
        format!(
            "Small line charts of {} rate against model size, one for each of {} with three or more models, all on the same scales from {} to {}.",
            facts.definition().measure,
            format::plural_word(judged.len(), "vendor", "vendors"),
            format::size(smallest),
            format::size(largest)
        ),
        format!(
            "Change from the smallest to the largest model with its {level} interval: {}.",
            format::short_list(&listed, 6)
        ),
    ];
    let more = [
        "Every point has an interval, and points are joined in order of size.",
        "Three points cannot show a shape.",
    ];
    let ids: Vec<String> = judged.iter().map(|(id, _)| id.clone()).collect();
    Figure {
        id: "within".to_owned(),
        number: String::new(),
        title,
        subtitle: format!(
            "{} by size; thin lines: {level} Wilson intervals{}",
            crate::words::measure(facts),
            hollow_words(facts, &models)
        ),
        alt: charts::alt(&parts, &more, "within_providers"),
        note: vec![say(
            "\u{201c}Falls\u{201d} and \u{201c}rises\u{201d} need the smallest and the largest model to differ with an interval that excludes zero, adjusted for the number of vendors shown; \u{201c}not steadily\u{201d}: a model between them breaks the order. A few points cannot show a shape.",
            ids,
        )],
        chart: Chart::SmallMultiples {
            x: charts::sizes(smallest, largest),
            y: charts::rates(facts),
            panels,
        },
    }
}

fn panel(facts: &Facts<'_>, within: &WithinProvider, models: &[Sized<'_>]) -> SmallPanel {
    let own = models
        .iter()
        .filter(|m| m.model.provider == within.provider);
    SmallPanel {
        name: facts.vendor(&within.provider),
        word: word(within).to_owned(),
        points: own
            .filter_map(|m| point(facts, m, format::size(m.size_b)))
            .collect(),
    }
}

/// Vendors with two models of different size: their rates in words.
fn too_few(facts: &Facts<'_>) -> Prose {
    let models = sized(facts);
    let mut prose = Vec::new();
    for (id, within) in facts.within() {
        if within.pattern != Pattern::TooFewModels {
            continue;
        }
        let own: Vec<&Sized<'_>> = models
            .iter()
            .filter(|m| m.model.provider == within.provider)
            .collect();
        if own.len() < 2 {
            continue;
        }
        let rates: Vec<String> = own
            .iter()
            .map(|m| {
                let interval = m.model.asr.known().map_or(String::new(), |asr| {
                    format!(
                        " ({})",
                        format::span(&format::percent(asr.lower.0), &format::percent(asr.upper.0))
                    )
                });
                format!(
                    "{} of {}{interval} at {}",
                    format::thousands(m.model.succeeded),
                    format::thousands(m.model.n),
                    format::size(m.size_b)
                )
            })
            .collect();
        prose.push(say(
            format!(
                "{}, too few models for a direction: {}.",
                facts.vendor(&within.provider),
                format::short_list(&rates, 4)
            ),
            [id],
        ));
    }
    prose
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_models_at_an_end_are_named_as_pooled() {
        assert_eq!(pooled(&["A"]), "A");
        assert_eq!(pooled(&["A", "B"]), "A and B pooled");
        assert_eq!(pooled(&["A", "B", "C"]), "A, B and C pooled");
    }

    #[test]
    fn a_direction_is_weak_where_a_limit_is_near_zero_on_either_side() {
        assert!(close(0.4, 12.0));
        assert!(close(-12.0, 0.5));
        assert!(close(-0.3, 12.0));
        assert!(!close(0.6, 12.0));
        assert!(!close(-9.0, 12.0));
    }
}
