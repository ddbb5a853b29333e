//! Field 1: limitations, one rule each, the gravest kinds first.

use super::annex::CategoryResult;
use super::document::Field;
use super::{Form, evidence, name};
use crate::compose::models::lost_is_unknown;
use crate::definition::Topic;
use crate::definition::summary::TestObject;
use crate::document::{Block, Prose};
use crate::findings::prompts::{Prompts, prompts};
use crate::format;
use crate::words::strong;

type Rule = fn(&Form<'_>) -> Option<Prose>;

const RULES: &[Rule] = &[
    status,
    nothing,
    met_prompts,
    graders,
    object,
    scope,
    small,
    lost,
    stand_ins,
    adaptive,
    untested,
    others,
];

pub(super) fn field(form: &Form<'_>) -> Field {
    let items = RULES.iter().filter_map(|rule| rule(form)).collect();
    field_of(form, items)
}

fn field_of(form: &Form<'_>, items: Vec<Prose>) -> Field {
    super::field(
        form,
        "1",
        "limitations",
        "label.limitations",
        Vec::new(),
        vec![Block::List { items }],
    )
}

/// The data are not what they seem.
fn status(form: &Form<'_>) -> Option<Prose> {
    let status = form.facts.definition().status.as_deref()?.trim();
    (!status.is_empty()).then(|| {
        vec![
            strong(form.t("limits.status"), ["e1"]),
            form.quoted(&format!("{}.", status.trim_end_matches('.')), &["e1"]),
        ]
    })
}

/// No result can be evaluated.
fn nothing(form: &Form<'_>) -> Option<Prose> {
    (form.results.pooled.counts.n == 0).then(|| vec![form.say("limits.nothing", &[], &["j1"])])
}

fn met_prompts(form: &Form<'_>) -> Option<Prose> {
    let language = form.language;
    if form.facts.analysis().providers.len() < 2 {
        return None;
    }
    Some(match prompts(form.facts) {
        Prompts::Same => return None,
        Prompts::Nearly { lowest } => {
            let share = language.percent(lowest);
            vec![form.say("limits.prompts_nearly", &[("share", &share)], &["o1"])]
        }
        Prompts::Differ { apart, pairs } => {
            let (apart, pairs) = (language.count(apart), language.count(pairs));
            let values = [("apart", apart.as_str()), ("pairs", pairs.as_str())];
            vec![form.say("limits.prompts_differ", &values, &["o1"])]
        }
        Prompts::Stated { source } => vec![
            form.say("limits.prompts_stated", &[], &["e1"]),
            form.quoted(&format!("{source}."), &["e1"]),
        ],
        Prompts::Unknown | Prompts::Uncounted => {
            vec![form.say("limits.prompts_unknown", &[], &["o1"])]
        }
    })
}

/// What is known of the grader's errors.
fn graders(form: &Form<'_>) -> Option<Prose> {
    let facts = form.facts;
    if facts
        .context(Topic::Grader)
        .iter()
        .any(|context| context.fault)
    {
        return Some(vec![form.say("limits.grader_fault", &[], &["e1"])]);
    }
    let pairs = facts.analysis().agreement.pairs.iter();
    let lowest = pairs
        .filter_map(|pair| Some((pair.kappa.number()?, pair.n)))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((kappa, n)) = lowest {
        let kappa = format::labelled("κ", &form.language.decimals(kappa, 2));
        let n = form.language.whole(n);
        let values = [("kappa", kappa.as_str()), ("n", n.as_str())];
        return Some(vec![form.say("limits.grader_pairs", &values, &["g1"])]);
    }
    let check = facts.definition().grader_check.as_deref().map(str::trim);
    Some(match check.filter(|check| !check.is_empty()) {
        Some(_) => vec![form.say("limits.grader_elsewhere", &[], &["e1"])],
        None => vec![form.say("limits.grader_unchecked", &[], &["g1"])],
    })
}

/// A model is not a product.
fn object(form: &Form<'_>) -> Option<Prose> {
    let key = match form.facts.definition().summary.object {
        Some(TestObject::BareModel) => "limits.bare_model",
        Some(TestObject::System) => return None,
        Some(TestObject::Mixed) => "limits.mixed",
        None => "limits.object_unknown",
    };
    Some(vec![form.say(key, &[], &["e1"])])
}

/// What an interval covers.
fn scope(form: &Form<'_>) -> Option<Prose> {
    let level = form.level();
    Some(vec![form.say(
        "limits.interval",
        &[("level", &level)],
        &["e1"],
    )])
}

/// Vendors with few results.
fn small(form: &Form<'_>) -> Option<Prose> {
    let below = form.facts.unranked().len();
    let all = form.facts.analysis().providers.len();
    if below == 0 {
        return None;
    }
    let (below, all) = (form.language.count(below), form.language.count(all));
    let minimum = form.minimum();
    let values = [
        ("k", below.as_str()),
        ("n", all.as_str()),
        ("min", minimum.as_str()),
    ];
    Some(vec![form.say("limits.small", &values, &["j2", "e1"])])
}

/// Results that could not be judged.
fn lost(form: &Form<'_>) -> Option<Prose> {
    let facts = form.facts;
    if lost_is_unknown(facts) {
        return Some(vec![form.say("limits.lost_unknown", &[], &["a5"])]);
    }
    let lost = facts.not_evaluable();
    if lost == 0 {
        return None;
    }
    let all = lost + facts.traces();
    let share = form.language.percent(format::ratio(lost, all));
    let (lost, all) = (form.language.whole(lost), form.language.whole(all));
    let values = [
        ("k", lost.as_str()),
        ("n", all.as_str()),
        ("share", share.as_str()),
    ];
    Some(vec![form.say("limits.lost", &values, &["a2"])])
}

/// Vendors that are no makers.
fn stand_ins(form: &Form<'_>) -> Option<Prose> {
    let facts = form.facts;
    let names: Vec<String> = facts
        .analysis()
        .providers
        .iter()
        .filter(|vendor| facts.stand_in(&vendor.provider).is_some())
        .map(|vendor| name(&facts.vendor(&vendor.provider)))
        .collect();
    if names.is_empty() {
        return None;
    }
    let names = form.language.short_list(&names, 4);
    Some(vec![form.say(
        "limits.stand_ins",
        &[("names", &names)],
        &["a7"],
    )])
}

/// Attackers adapt.
fn adaptive(form: &Form<'_>) -> Option<Prose> {
    Some(vec![form.say("limits.adaptive", &[], &[])])
}

/// What was not tested.
fn untested(form: &Form<'_>) -> Option<Prose> {
    let mut prose = Vec::new();
    let missing = |known: Option<&Vec<CategoryResult>>| known.is_none();
    let key = match (missing(form.harms.known()), missing(form.families.known())) {
        (true, true) => Some("limits.no_labels"),
        (true, false) => Some("limits.no_harms"),
        (false, true) => Some("limits.no_families"),
        (false, false) => None,
    };
    if let Some(key) = key {
        prose.push(form.say(key, &[], &["h1", "f1"]));
    }
    prose.push(form.say("limits.untested", &[], &[]));
    Some(prose)
}

/// All caveats of the report.
fn others(form: &Form<'_>) -> Option<Prose> {
    let (all, grave) = evidence::count(form);
    let (all, grave) = (form.language.count(all), form.language.count(grave));
    let values = [("n", all.as_str()), ("k", grave.as_str())];
    Some(vec![form.say("limits.others", &values, &["k3"])])
}
