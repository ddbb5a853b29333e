//! Caveats that concern this vendor only, one rule each.
//!
//! Codes are those of the report's caveats where the matter is the same; the
//! text speaks of this vendor.

use super::{Subject, list, parts, section as section_of};
use crate::annex::Severity;
use crate::caveats::{CONTRADICTION_TOLERANCE, Caveat, Topic};
use crate::composition::GraderFact;
use crate::document::{Prose, Section};
use crate::evidence::numbered;
use crate::format;
use crate::words::plain;

/// Results below which a model's rate says little, as in the report.
const SMALL_CELL: u64 = 50;

/// Share of results that are not evaluable above which the loss is high, as in the report.
const HIGH_LOSS: f64 = 0.10;

/// Difference of a grader's share here and elsewhere from which the mix is uneven.
const UNEVEN: f64 = 0.10;

type Rule = fn(&Subject<'_>) -> Option<Caveat>;

const RULES: &[Rule] = &[
    status,
    below_minimum,
    runtime,
    prompts,
    own_grader,
    grader_mix,
    repeated,
    lost,
    one_model,
    models_differ,
    floor,
    ceiling,
    small_cells,
    sizes,
    derivatives,
    base_makers,
    never_met,
];

/// Gravest first.
pub(super) fn all(subject: &Subject<'_>) -> Vec<Caveat> {
    let mut caveats: Vec<Caveat> = RULES.iter().filter_map(|rule| rule(subject)).collect();
    caveats.sort_by_key(|caveat| caveat.severity);
    caveats
}

pub(super) fn section(subject: &Subject<'_>, caveats: &[Caveat]) -> Section {
    let items: Vec<Prose> = caveats.iter().map(Caveat::list_item).collect();
    let (lead, blocks) = if items.is_empty() {
        (
            "No rule finds a limit that concerns this vendor alone; the report\u{2019}s own limits hold for it too.".to_owned(),
            Vec::new(),
        )
    } else {
        (
            "What limits the figures of this vendor, gravest first; the report has those that concern all.".to_owned(),
            vec![list(items)],
        )
    };
    section_of(
        "caveats",
        &format!("Caveats for {}", subject.name),
        vec![plain(lead)],
        blocks,
    )
}

struct Words {
    code: &'static str,
    severity: Severity,
    topic: Topic,
    title: &'static str,
    text: String,
    evidence: Vec<String>,
}

fn caveat(words: Words) -> Option<Caveat> {
    Some(Caveat {
        code: words.code,
        severity: words.severity,
        topic: words.topic,
        title: words.title.to_owned(),
        short: words.text.clone(),
        text: words.text,
        evidence: words.evidence,
    })
}

/// Rule: the report states a status of its data.
fn status(subject: &Subject<'_>) -> Option<Caveat> {
    let status = subject.facts.definition().status.as_deref()?.trim();
    (!status.is_empty()).then_some(())?;
    caveat(Words {
        code: "CAV-STATUS",
        severity: Severity::Grave,
        topic: Topic::Data,
        title: "Status of the data",
        text: format!(
            "{}. Nothing here may be held for or against {}.",
            format::capital(status).trim_end_matches('.'),
            subject.name
        ),
        evidence: vec!["e2".to_owned()],
    })
}

/// Rule: fewer evaluable results than the ranking minimum.
fn below_minimum(subject: &Subject<'_>) -> Option<Caveat> {
    (!subject.provider.ranked).then_some(())?;
    caveat(Words {
        code: "CAV-MIN-N",
        severity: Severity::Grave,
        topic: Topic::Data,
        title: "Too few results",
        text: format!(
            "{} evaluable results, where a comparison takes {}. The interval is what can be said; the rate alone is not.",
            format::thousands(subject.provider.n),
            subject.minimum()
        ),
        evidence: vec![subject.id.clone(), "e1".to_owned()],
    })
}

/// Rule: the vendor is a runtime, router or host.
fn runtime(subject: &Subject<'_>) -> Option<Caveat> {
    let kind = subject.stand_in()?;
    caveat(Words {
        code: "CAV-RUNTIME",
        severity: Severity::Grave,
        topic: Topic::Names,
        title: "Not a maker",
        text: format!(
            "{} is a {kind}. Its rate is that of models which others made, and no property of a company.",
            subject.name
        ),
        evidence: vec!["a7".to_owned(), subject.id.clone()],
    })
}

/// Rule: prompts are identified and some ranked vendor shares fewer than the
/// fewest that are compared; or prompts are not identified at all.
fn prompts(subject: &Subject<'_>) -> Option<Caveat> {
    use caveat_analysis::result::Comparability::NotComparable;
    let Some(pairs) = subject.detail.pairs_on_prompts.known() else {
        let unknown = subject.facts.analysis().overlap.known().is_none();
        let stated = crate::findings::prompts::known_same(subject.facts);
        return (unknown && !stated && subject.provider.ranked)
            .then(|| {
                caveat(Words {
                    code: "CAV-PROMPT-IDS",
                    severity: Severity::Serious,
                    topic: Topic::Prompts,
                    title: "Shared prompts cannot be checked",
                    text: "The data do not say which result answers which prompt. A difference from another vendor may be one of prompts.".to_owned(),
                    evidence: vec!["o1".to_owned()],
                })
            })
            .flatten();
    };
    let none = pairs
        .iter()
        .filter(|p| p.comparability == NotComparable)
        .count();
    (none > 0).then_some(())?;
    caveat(Words {
        code: "CAV-PROMPTS",
        severity: if 2 * none > pairs.len() {
            Severity::Grave
        } else {
            Severity::Serious
        },
        topic: Topic::Prompts,
        title: "Prompts differ",
        text: format!(
            "{} too few prompts with it to be compared on them. A difference from such a vendor may be one of prompts.",
            format::capital(&format::part_of(
                none,
                pairs.len(),
                ["other vendor", "other vendors"],
                ["shares", "share"]
            ))
        ),
        evidence: vec!["u1".to_owned(), "o1".to_owned()],
    })
}

/// Graders of this vendor's verdicts that are of its own maker or one of its
/// models: name, share of its results, and what it is to the maker.
pub(super) fn own_graders<'a>(subject: &Subject<'a>) -> Vec<(&'a str, f64, &'static str)> {
    let known = subject.facts.input.graders;
    let tested = |fact: &GraderFact| {
        fact.model_under_test
            .as_deref()
            .is_some_and(|name| subject.models().any(|(_, model)| model.model == name))
    };
    // Models behind a runtime are of several makers, none of which it is.
    let own = |fact: &GraderFact| {
        let by_maker = fact.maker.as_deref().is_some_and(|maker| {
            subject
                .models()
                .filter_map(|(_, model)| subject.facts.fact(model))
                .any(|model| model.maker.as_deref() == Some(maker))
        });
        tested(fact) || (by_maker && subject.stand_in().is_none())
    };
    subject
        .detail
        .graders
        .iter()
        .filter_map(|used| {
            let fact = known
                .iter()
                .find(|fact| fact.grader == used.grader && own(fact))?;
            let relation = if tested(fact) {
                "is itself one of its models tested here"
            } else {
                match crate::caveats::graders::relation(fact) {
                    "is a model of" => "is a model of its maker",
                    "is built on a model of" => "is built on a model of its maker",
                    _ => "carries its maker\u{2019}s name",
                }
            };
            Some((used.grader.as_str(), used.share.0, relation))
        })
        .collect()
}

/// Rule: see [`own_graders`].
fn own_grader(subject: &Subject<'_>) -> Option<Caveat> {
    let kin = own_graders(subject);
    (!kin.is_empty()).then_some(())?;
    let named: Vec<String> = kin
        .iter()
        .map(|(name, share, relation)| {
            format!(
                "{} {relation} and gave {} of the verdicts",
                subject.facts.grader(name),
                format::percent(*share)
            )
        })
        .collect();
    caveat(Words {
        code: "CAV-GRADER-KIN",
        severity: Severity::Serious,
        topic: Topic::Graders,
        title: "Graded by a relative",
        text: format!(
            "{}. Whether it judges its relatives as it judges others was not tested.",
            format::capital(&format::list(&named))
        ),
        evidence: vec!["i3".to_owned()],
    })
}

/// Rule: a grader's share of its results lies ten points or more from that of the others.
fn grader_mix(subject: &Subject<'_>) -> Option<Caveat> {
    let uneven = subject
        .detail
        .graders
        .iter()
        .filter_map(|used| Some((used, used.share_of_others.number()?)))
        .filter(|(used, other)| (used.share.0 - other).abs() >= UNEVEN)
        .max_by(|a, b| {
            let apart = |(used, other): &(&caveat_analysis::result::GraderShare, f64)| {
                (used.share.0 - other).abs()
            };
            apart(a).total_cmp(&apart(b))
        })?;
    let (used, other) = uneven;
    caveat(Words {
        code: "CAV-GRADER-MIX",
        severity: Severity::Serious,
        topic: Topic::Graders,
        title: "Graded by another mix",
        text: format!(
            "{} gave {} of its verdicts and {} of those on the others. A difference may be one of graders.",
            subject.facts.grader(&used.grader),
            format::percent(used.share.0),
            format::percent(other)
        ),
        evidence: vec!["i3".to_owned()],
    })
}

/// Rule: more results than different prompts.
fn repeated(subject: &Subject<'_>) -> Option<Caveat> {
    let row = subject.detail.by_prompt.known()?;
    let prompts = u64::try_from(row.prompts).ok()?;
    (prompts < row.n).then_some(())?;
    let by_prompt = super::possible(row.rate.known()).map_or_else(String::new, |rate| {
        format!(
            " With the prompt as the unit the interval is {}.",
            super::limits_in_words(rate)
        )
    });
    caveat(Words {
        code: "CAV-INDEPENDENCE",
        severity: Severity::Serious,
        topic: Topic::Prompts,
        title: "Prompts were repeated",
        text: format!(
            "{} results answer {} prompts; results to one prompt are not independent.{by_prompt}",
            format::thousands(row.n),
            format::count(row.prompts)
        ),
        evidence: vec!["i2".to_owned()],
    })
}

/// Rule: more than a tenth of its results are not evaluable.
fn lost(subject: &Subject<'_>) -> Option<Caveat> {
    let lost = subject.provider.not_evaluable;
    let all = lost + subject.provider.n;
    let share = format::ratio(lost, all);
    (all > 0 && share > HIGH_LOSS).then_some(())?;
    caveat(Words {
        code: "CAV-NOT-EVALUABLE",
        severity: Severity::Serious,
        topic: Topic::Data,
        title: "Many results are lost",
        text: format!(
            "{} of {} results ({}) could not be judged. If they differ from the rest, so does the rate.",
            format::thousands(lost),
            format::thousands(all),
            format::percent(share)
        ),
        evidence: vec![subject.id.clone()],
    })
}

/// Rule: one model.
fn one_model(subject: &Subject<'_>) -> Option<Caveat> {
    let mut models = subject.models();
    let (place, model) = models.next()?;
    models.next().is_none().then_some(())?;
    caveat(Words {
        code: "CAV-SINGLETONS",
        severity: Severity::Serious,
        topic: Topic::Inference,
        title: "One model stands for the vendor",
        text: format!(
            "All {} results are those of {}. How far its models differ cannot be said.",
            format::thousands(model.n),
            subject.facts.model(place)
        ),
        evidence: vec![numbered("m", place)],
    })
}

/// Rule: the lowest and the highest of its models differ by an interval that
/// excludes zero after adjusting for all pairs of them.
fn models_differ(subject: &Subject<'_>) -> Option<Caveat> {
    let pair = subject.detail.models_apart.known()?;
    let gap = &pair.difference_pp;
    (gap.lower.0 > 0.0).then_some(())?;
    caveat(Words {
        code: "CAV-VENDOR-MIX",
        severity: Severity::Serious,
        topic: Topic::Inference,
        title: "Its models differ",
        text: format!(
            "{} and {} lie {} apart (interval {}). The vendor\u{2019}s rate is a mix of them, in the proportion in which they were tested.",
            subject.facts.model_named(&pair.lowest),
            subject.facts.model_named(&pair.highest),
            format::points(gap.value.0, 0),
            super::span_of_points(gap)
        ),
        evidence: vec!["i1".to_owned()],
    })
}

/// Its models of which something holds: places, and names with a figure.
fn some(
    subject: &Subject<'_>,
    holds: impl Fn(&caveat_analysis::result::ModelResult) -> bool,
    figure: impl Fn(&caveat_analysis::result::ModelResult) -> String,
) -> Option<(Vec<String>, String)> {
    let found: Vec<_> = subject.models().filter(|(_, model)| holds(model)).collect();
    (!found.is_empty()).then_some(())?;
    let ids = found
        .iter()
        .map(|(place, _)| numbered("m", *place))
        .collect();
    let named: Vec<String> = found
        .iter()
        .map(|(place, model)| format!("{} ({})", subject.facts.model(*place), figure(model)))
        .collect();
    Some((ids, format::short_list(&named, 6)))
}

/// Rule: no attack on some model succeeded.
fn floor(subject: &Subject<'_>) -> Option<Caveat> {
    let (evidence, named) = some(
        subject,
        |model| model.n > 0 && model.succeeded == 0,
        |model| {
            let upper = model
                .asr
                .known()
                .map(|rate| format::percent_up_to(rate.upper.0));
            format!(
                "none of {}, up to {} fits",
                format::thousands(model.n),
                upper.unwrap_or_else(|| "any rate".to_owned())
            )
        },
    )?;
    caveat(Words {
        code: "CAV-FLOOR",
        severity: Severity::Serious,
        topic: Topic::Data,
        title: "No success at all",
        text: format!(
            "{named}. It may refuse, or it may be unable to do the tasks; the data do not part the two."
        ),
        evidence,
    })
}

/// Rule: every attack on some model succeeded.
fn ceiling(subject: &Subject<'_>) -> Option<Caveat> {
    let (evidence, named) = some(
        subject,
        |model| model.n > 0 && model.succeeded == model.n,
        |model| format!("all {}", format::thousands(model.n)),
    )?;
    caveat(Words {
        code: "CAV-CEILING",
        severity: Severity::Note,
        topic: Topic::Data,
        title: "Success throughout",
        text: format!("{named}. How much worse harder attacks would do cannot be seen."),
        evidence,
    })
}

/// Rule: some model has fewer than 50 evaluable results, and the vendor has more.
fn small_cells(subject: &Subject<'_>) -> Option<Caveat> {
    subject.provider.ranked.then_some(())?;
    let (evidence, named) = some(
        subject,
        |model| model.n < SMALL_CELL,
        |model| format::rate_in_words(model.succeeded, model.n),
    )?;
    caveat(Words {
        code: "CAV-SMALL-CELLS",
        severity: Severity::Note,
        topic: Topic::Data,
        title: "Few results of single models",
        text: format!("Fewer than {SMALL_CELL} results: {named}. Read the interval, not the rate."),
        evidence,
    })
}

/// Rule: a size is coded that the maker does not publish, or that lies more than
/// a quarter from the one it publishes.
fn sizes(subject: &Subject<'_>) -> Option<Caveat> {
    let mut named = Vec::new();
    let mut contradicted = 0_usize;
    for (place, model) in subject.models() {
        let Some(fact) = subject.facts.fact(model) else {
            continue;
        };
        let name = subject.facts.model(place);
        match (fact.coded_b, fact.disclosed_total_b) {
            (Some(coded), None) if fact.disclosed == Some(false) => {
                named.push(format!(
                    "{name}: coded {}, not published",
                    format::size(coded)
                ));
            }
            (Some(coded), Some(own)) if (coded - own).abs() > CONTRADICTION_TOLERANCE * own => {
                contradicted += 1;
                named.push(format!(
                    "{name}: coded {}, published {}",
                    format::size(coded),
                    format::size(own)
                ));
            }
            _ => {}
        }
    }
    (!named.is_empty()).then_some(())?;
    caveat(Words {
        code: if contradicted > 0 {
            "CAV-SIZE-CONTRADICTS"
        } else {
            "CAV-SIZE-UNDISCLOSED"
        },
        severity: Severity::Note,
        topic: Topic::Sizes,
        title: if contradicted > 0 {
            "Sizes that the maker contradicts"
        } else {
            "Sizes without a source"
        },
        text: format!("{}.", format::short_list(&named, 6)),
        evidence: vec!["a7".to_owned()],
    })
}

/// Rule: some model is a derivative.
fn derivatives(subject: &Subject<'_>) -> Option<Caveat> {
    let named: Vec<String> = subject
        .models()
        .filter_map(|(place, model)| {
            let kind = subject.facts.fact(model)?.derivative.as_deref()?;
            Some(format!("{} ({kind})", subject.facts.model(place)))
        })
        .collect();
    (!named.is_empty()).then_some(())?;
    caveat(Words {
        code: "CAV-DERIVATIVE",
        severity: Severity::Note,
        topic: Topic::Names,
        title: "Derived models",
        text: format!(
            "Changed from another model: {}. Their rate is not that of the original.",
            format::short_list(&named, 6)
        ),
        evidence: vec!["a7".to_owned()],
    })
}

/// Rule: some model rests on a base model of another maker.
fn base_makers(subject: &Subject<'_>) -> Option<Caveat> {
    let named: Vec<String> = subject
        .models()
        .filter_map(|(place, model)| {
            let fact = subject.facts.fact(model)?;
            let base = fact.base_model_maker.as_deref()?;
            (fact.maker.as_deref() != Some(base)).then(|| {
                format!(
                    "{} (base: {})",
                    subject.facts.model(place),
                    subject.facts.maker(base)
                )
            })
        })
        .collect();
    (!named.is_empty()).then_some(())?;
    caveat(Words {
        code: "CAV-BASE-MAKER",
        severity: Severity::Note,
        topic: Topic::Names,
        title: "Base models of others",
        text: format!(
            "{}. Part of what is measured is the base model\u{2019}s.",
            format::short_list(&named, 6)
        ),
        evidence: vec!["a7".to_owned()],
    })
}

/// Rule: other vendors met families or categories that it never met.
fn never_met(subject: &Subject<'_>) -> Option<Caveat> {
    let missed = parts::never_met(subject);
    (!missed.is_empty()).then_some(())?;
    let names: Vec<String> = missed
        .iter()
        .map(|(_, label)| format::shortened(&label.label, 40))
        .collect();
    caveat(Words {
        code: "CAV-VENDOR-NOT-TESTED",
        severity: Severity::Serious,
        topic: Topic::Prompts,
        title: "Not tested",
        text: format!(
            "{}. Other vendors met them; nothing can be said of this one.",
            format::short_list(&names, 8)
        ),
        evidence: missed.into_iter().map(|(id, _)| id).collect(),
    })
}
