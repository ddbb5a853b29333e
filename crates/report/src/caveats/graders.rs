//! Caveats about graders: who they are, and how far they agree.

use caveat_analysis::result::ProviderResult;

use super::{Caveat, Topic};
use crate::annex::Severity;
use crate::composition::{Facts, GraderFact};
use crate::document::Sentence;
use crate::evidence::numbered;
use crate::findings::apart::{separated_above, separated_below};
use crate::format;
use crate::words::say;

/// Cohen's kappa below which two graders are said to disagree.
const LOWEST_KAPPA: f64 = 0.6;

/// Difference of two graders' rates, in points, above which they are said to disagree.
const LARGEST_RATE_GAP: f64 = 10.0;

/// p-value of the chi-squared test of graders against vendors below which the mix is uneven.
const UNEVEN_BELOW: f64 = 0.05;

/// Share of the verdicts from which graders of a vendor's own maker weigh on its place.
const LEAST_KIN_SHARE: f64 = 0.1;

/// CAV-GRADER-SELF. Rule: a model that graded is also one of the models under test.
pub(super) fn under_test(facts: &Facts<'_>) -> Option<Caveat> {
    let judges: Vec<(&str, &str)> = facts
        .input
        .graders
        .iter()
        .filter(|grader| in_use(facts, &grader.grader))
        .filter_map(|grader| Some((grader.grader.as_str(), grader.model_under_test.as_deref()?)))
        .collect();
    let (_, model) = judges.first()?;
    let names: Vec<String> = judges
        .iter()
        .map(|(grader, _)| facts.grader(grader))
        .collect();
    let mut evidence = vec!["g1".to_owned()];
    evidence.extend(judges.iter().filter_map(|(_, model)| facts.model_id(model)));
    let verb = if names.len() == 1 { "is" } else { "are" };
    Some(Caveat {
        code: "CAV-GRADER-SELF",
        severity: Severity::Grave,
        topic: Topic::Graders,
        title: "A grader is itself under test".to_owned(),
        short: format!(
            "{} gave {} of the verdicts and is itself tested.",
            facts.model_named(model),
            format::percent(format::ratio(judged(facts, &judges), facts.traces()))
        ),
        text: format!(
            "{} {verb} grader and model under test at once. Its verdicts on its own replies, and on \
             those of its relatives, are not an outside judgement.",
            format::list(&names)
        ),
        evidence,
    })
}

/// A grader in use that comes from, or is named after, the maker of a ranked vendor.
#[derive(Clone, Copy)]
struct Kin<'a> {
    grader: &'a str,
    vendor: &'a ProviderResult,
    /// Evaluable results that it judged.
    results: u64,
    /// What it is to the vendor.
    relation: &'static str,
}

/// What a grader is to the maker that it goes back to. Rule: the register knows
/// its model, or that it was built on one, or only its name says so.
pub(crate) fn relation(grader: &GraderFact) -> &'static str {
    if grader.model.is_some() {
        "is a model of"
    } else if grader.note.is_some() {
        "is built on a model of"
    } else {
        "carries the name of"
    }
}

/// The share of all evaluable results that some graders judged.
fn share_of(facts: &Facts<'_>, kin: &[Kin<'_>]) -> f64 {
    let results = kin.iter().map(|kin| kin.results).sum();
    format::ratio(results, facts.traces())
}

/// Finds the graders of the makers whose models are ranked. Rule: the maker of
/// the grader's model, or the organisation that the grader is named after, is
/// the maker of a ranked vendor that stands under its own name.
fn kin_of<'a>(facts: &Facts<'a>) -> Vec<Kin<'a>> {
    let ranked = facts.ranked();
    let vendor_of = |maker: &str| {
        let own =
            facts.input.selection.facts.iter().find(|fact| {
                fact.maker.as_deref() == Some(maker) && fact.provider_kind == "maker"
            })?;
        ranked
            .iter()
            .find(|provider| provider.provider == own.provider)
            .copied()
    };
    let used = &facts.analysis().agreement.graders;
    let mut kin = Vec::new();
    for grader in facts.input.graders {
        let uses = used.iter().find(|used| used.grader == grader.grader);
        let vendor = grader.maker.as_deref().and_then(vendor_of);
        if let (Some(uses), Some(vendor)) = (uses, vendor) {
            kin.push(Kin {
                grader: &grader.grader,
                vendor,
                results: uses.n,
                relation: relation(grader),
            });
        }
    }
    kin
}

/// The names of the vendors, each once.
fn vendors_of(facts: &Facts<'_>, kin: &[Kin<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for kin in kin {
        let name = facts.vendor(&kin.vendor.provider);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Those whose vendor a finding names: told apart from most of the others.
fn kin_that_stand_out<'a>(facts: &Facts<'a>) -> Vec<Kin<'a>> {
    let (low, high) = (separated_below(facts), separated_above(facts));
    let named = |kin: &Kin<'_>| {
        let mut out = low.iter().chain(&high);
        out.any(|provider| provider.provider == kin.vendor.provider)
    };
    kin_of(facts).into_iter().filter(named).collect()
}

/// The sentence of the evidence column where a vendor that a finding names has
/// a grader of its own maker.
pub(crate) fn kin_evidence(facts: &Facts<'_>) -> Option<Sentence> {
    let kin = kin_that_stand_out(facts);
    (!kin.is_empty()).then(|| {
        say(
            format!(
                "{} of verdicts by graders related to {}.",
                format::percent(share_of(facts, &kin)),
                format::list(&vendors_of(facts, &kin))
            ),
            ["g1"],
        )
    })
}

/// CAV-GRADER-KIN. Rule: a grader in use comes from, or is named after, the
/// maker of a ranked vendor. Grave where such vendors are told apart from most
/// of the others and their makers' graders gave a tenth or more of the verdicts.
pub(super) fn kin(facts: &Facts<'_>) -> Option<Caveat> {
    let kin = kin_of(facts);
    if kin.is_empty() {
        return None;
    }
    let named: Vec<String> = kin
        .iter()
        .map(|kin| {
            format!(
                "{} {} {}",
                facts.grader(kin.grader),
                kin.relation,
                facts.vendor(&kin.vendor.provider)
            )
        })
        .collect();
    let providers: Vec<&str> = kin.iter().map(|kin| kin.vendor.provider.as_str()).collect();
    let mut evidence = vec!["g1".to_owned()];
    evidence.extend(facts.vendor_ids(&providers));
    let standing_out = share_of(facts, &kin_that_stand_out(facts));
    let share = format::percent(share_of(facts, &kin));
    Some(Caveat {
        code: "CAV-GRADER-KIN",
        severity: if standing_out >= LEAST_KIN_SHARE {
            Severity::Grave
        } else {
            Severity::Serious
        },
        topic: Topic::Graders,
        title: "Graders are related to vendors".to_owned(),
        short: format!(
            "{share} of the verdicts are by graders related to {}.",
            format::list(&vendors_of(facts, &kin))
        ),
        text: format!(
            "{}. {} gave {share} of the verdicts; {}. Whether a grader judges its relatives as it judges \
             others was not tested.",
            format::capital(&format::list(&named)),
            match kin.len() {
                1 => "It".to_owned(),
                n => format!("These {}", format::word(n)),
            },
            own_results(facts, &kin)
        ),
        evidence,
    })
}

/// How many results of each such vendor its own maker's grader judged.
fn own_results(facts: &Facts<'_>, kin: &[Kin<'_>]) -> String {
    let models = &facts.input.selection.sample.models;
    let parts: Vec<String> = kin
        .iter()
        .map(|kin| {
            let by_own: u64 = models
                .iter()
                .filter(|model| model.provider == kin.vendor.provider)
                .flat_map(|model| &model.graders)
                .filter(|(name, _)| name == kin.grader)
                .map(|(_, n)| n)
                .sum();
            let of = if by_own == kin.vendor.n {
                format!("all {}", format::thousands(by_own))
            } else {
                format!(
                    "{} of {}",
                    format::thousands(by_own),
                    format::thousands(kin.vendor.n)
                )
            };
            format!("{of} results of {}", facts.vendor(&kin.vendor.provider))
        })
        .collect();
    format!("judged by its own relative: {}", format::list(&parts))
}

/// Evaluable results that the given graders judged.
fn judged(facts: &Facts<'_>, judges: &[(&str, &str)]) -> u64 {
    let used = facts.analysis().agreement.graders.iter();
    used.filter(|used| judges.iter().any(|(name, _)| *name == used.grader))
        .map(|used| used.n)
        .sum()
}

/// Whether a grader's verdicts are among those that the figures rest on.
pub(crate) fn in_use(facts: &Facts<'_>, grader: &str) -> bool {
    let used = &facts.analysis().agreement.graders;
    used.iter().any(|used| used.grader == grader)
}

/// Whether several graders are in use and no two of them judged one result.
pub(crate) fn never_twice(facts: &Facts<'_>) -> bool {
    let agreement = &facts.analysis().agreement;
    agreement.graders.len() > 1
        && !agreement
            .pairs
            .iter()
            .any(|pair| pair.n > 0 && in_use(facts, &pair.first) && in_use(facts, &pair.second))
}

/// What is to be known of a grader whose verdicts no figure rests on.
pub(crate) fn not_used(facts: &Facts<'_>, grader: &str) -> String {
    let known = facts
        .input
        .graders
        .iter()
        .find(|fact| fact.grader == grader);
    let note = known.and_then(|fact| fact.note.as_deref());
    let what = note.map_or_else(String::new, |note| {
        format!(" ({})", note.trim_end_matches('.'))
    });
    format!(
        "No figure of this report uses a verdict of {}{what}.",
        facts.grader(grader)
    )
}

/// Graders of the pairs whose verdicts no figure rests on.
pub(crate) fn unused<'a>(facts: &Facts<'a>) -> Vec<&'a str> {
    let pairs = facts.analysis().agreement.pairs.iter();
    let mut names: Vec<&str> = pairs
        .flat_map(|pair| [pair.first.as_str(), pair.second.as_str()])
        .filter(|name| !in_use(facts, name))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// CAV-GRADER-DISAGREE. Rule: a pair of graders on the same results has kappa
/// below 0.6, or rates that differ by more than 10 points. Grave where both are
/// graders in use.
pub(super) fn disagree(facts: &Facts<'_>) -> Option<Caveat> {
    let pairs = facts.analysis().agreement.pairs.iter().enumerate();
    let apart: Vec<_> = pairs
        .filter(|(_, pair)| {
            let kappa = pair
                .kappa
                .number()
                .is_some_and(|kappa| kappa < LOWEST_KAPPA);
            let gap = pair.rate_first.number().zip(pair.rate_second.number());
            kappa || gap.is_some_and(|(a, b)| 100.0 * (a - b).abs() > LARGEST_RATE_GAP)
        })
        .collect();
    let (_, worst) = apart.iter().min_by(|(_, a), (_, b)| {
        let kappa =
            |pair: &caveat_analysis::result::PairAgreement| pair.kappa.number().unwrap_or(1.0);
        kappa(a).total_cmp(&kappa(b))
    })?;
    let kappa = worst
        .kappa
        .number()
        .map(|kappa| format!(" ({})", format::labelled("κ", &format::decimals(kappa, 2))))
        .unwrap_or_default();
    let rates = worst
        .rate_first
        .number()
        .zip(worst.rate_second.number())
        .map(|(a, b)| {
            format!(
                " They find {} and {} successes.",
                format::percent(a),
                format::percent(b)
            )
        });
    let mut more = match apart.len() {
        1 => String::new(),
        n => format!(
            " The same holds for {} pairs of graders in all.",
            format::word(n)
        ),
    };
    let both_used = apart
        .iter()
        .any(|(_, pair)| in_use(facts, &pair.first) && in_use(facts, &pair.second));
    for grader in unused(facts) {
        more.push_str(&format!(" {}", not_used(facts, grader)));
    }
    if never_twice(facts) {
        more.push_str(" No two of the graders in use judged the same result.");
    }
    let mut evidence = vec!["g1".to_owned()];
    evidence.extend(apart.iter().map(|(place, _)| numbered("g", place + 1)));
    Some(Caveat {
        code: "CAV-GRADER-DISAGREE",
        severity: if both_used {
            Severity::Grave
        } else {
            Severity::Serious
        },
        topic: Topic::Graders,
        title: "Graders disagree".to_owned(),
        short: format!(
            "On {} results judged twice, {} and {} agree little{kappa}.",
            format::thousands(worst.n),
            facts.grader(&worst.first),
            facts.grader(&worst.second)
        ),
        text: format!(
            "Over the whole corpus, models left out included, {} and {} judged the same {} results \
             and agree little beyond chance{kappa}.{}{more} Another grader may give other rates.",
            facts.grader(&worst.first),
            facts.grader(&worst.second),
            format::thousands(worst.n),
            rates.unwrap_or_default()
        ),
        evidence,
    })
}

/// Difference in the use of a grader below which it cannot account for much.
const NARROW_GAP: f64 = 0.05;

/// CAV-GRADER-MIX. Rule: the chi-squared test of graders against ranked vendors
/// has p below 0.05, and the widest difference in the use of a grader is 5 points or
/// more; a wide gap that chance gives as well says nothing, and so does a narrow one.
pub(super) fn mixed(facts: &Facts<'_>) -> Option<Caveat> {
    let gap = facts.analysis().agreement.largest_share_gap.known()?;
    let p = gap.p.number().filter(|p| *p < UNEVEN_BELOW)?;
    if gap.highest.0 - gap.lowest.0 < NARROW_GAP {
        return None;
    }
    let text = format!(
        "{} gave {} of the verdicts for {} and {} for {} (chi-squared test of graders against \
         vendors, {}). A difference between these vendors may be a difference between graders.",
        facts.grader(&gap.grader),
        format::percent(gap.lowest.0),
        facts.vendor(&gap.lowest_provider),
        format::percent(gap.highest.0),
        facts.vendor(&gap.highest_provider),
        format::p_value(p),
    );
    Some(Caveat {
        code: "CAV-GRADER-MIX",
        severity: Severity::Serious,
        topic: Topic::Graders,
        title: "Graders are mixed unevenly".to_owned(),
        short: format!(
            "{} graded {} of one vendor\u{2019}s results and {} of another's.",
            facts.grader(&gap.grader),
            format::percent(gap.lowest.0),
            format::percent(gap.highest.0)
        ),
        text,
        evidence: vec!["g1".to_owned()],
    })
}

/// CAV-GRADER-WEAK. Rule: the report states, with a source, a fault of a grader
/// (`fault = true` in a context on graders). A note of the register on how a
/// grader runs or is spelled is no fault.
pub(super) fn known_quality(facts: &Facts<'_>) -> Option<Caveat> {
    let faults: Vec<_> = facts
        .context(crate::definition::Topic::Grader)
        .into_iter()
        .filter(|context| context.fault)
        .collect();
    faults.first()?;
    let texts: Vec<String> = faults
        .iter()
        .map(|context| {
            format!(
                "{}. Source: {}.",
                context.text.trim().trim_end_matches('.'),
                context.source.trim().trim_end_matches('.')
            )
        })
        .collect();
    Some(Caveat {
        code: "CAV-GRADER-WEAK",
        severity: Severity::Serious,
        topic: Topic::Graders,
        title: "Faults of graders are on record".to_owned(),
        short: "What is on record stands in the section on graders.".to_owned(),
        text: format!("On record elsewhere: {}", texts.join(" ")),
        evidence: vec!["g1".to_owned(), "e1".to_owned()],
    })
}

/// CAV-GRADER-UNCHECKED. Rule: no two graders judged the same results, so
/// nothing in the data says how well the verdicts hold.
pub(super) fn unchecked(facts: &Facts<'_>) -> Option<Caveat> {
    let agreement = &facts.analysis().agreement;
    if !agreement.pairs.is_empty() || facts.traces() == 0 {
        return None;
    }
    let who = crate::words::grader_phrase(facts);
    Some(Caveat {
        code: "CAV-GRADER-UNCHECKED",
        severity: Severity::Serious,
        topic: Topic::Graders,
        title: "The verdicts were not checked".to_owned(),
        short: "No result here was judged twice, so errors on these results are unknown."
            .to_owned(),
        text: format!(
            "No result was judged by two graders ({who}), so nothing here says how often a verdict \
             is wrong. Errors of a grader move rates and can move them differently for each vendor."
        ),
        evidence: vec!["g1".to_owned()],
    })
}
