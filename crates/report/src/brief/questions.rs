//! Questions to the vendor. Each follows from its own data and names the figure
//! that raises it; a rule that the data do not call for asks nothing.

use caveat_analysis::result::{Comparability, ModelResult};

use super::annex::Question;
use super::{Subject, list, pairs, parts, section as section_of};
use crate::document::{Prose, Section};
use crate::evidence::numbered;
use crate::format;
use crate::words::{self, plain, say};

/// Questions on the first page.
pub(super) const ON_FIRST_PAGE: usize = 3;

/// A question with the ids of the figure that raises it.
pub(super) struct Asked {
    id: &'static str,
    question: String,
    reason: String,
    evidence: Vec<String>,
}

impl Asked {
    pub(super) fn prose(&self) -> Prose {
        vec![
            say(self.question.clone(), self.evidence.iter().cloned()),
            say(self.reason.clone(), self.evidence.iter().cloned()),
        ]
    }

    pub(super) fn question(&self) -> Question {
        Question {
            id: self.id.to_owned(),
            text: format!("{} {}", self.question, self.reason),
            evidence: self.evidence.clone(),
        }
    }
}

type Rule = fn(&Subject<'_>) -> Option<Asked>;

/// Every rule, the weightiest first.
const RULES: &[Rule] = &[
    below_minimum,
    worst_part,
    models_apart,
    no_success,
    every_success,
    shared_prompts,
    never_met,
    own_grader,
    one_model,
    no_size,
    undated,
    how_sure,
];

pub(super) fn all(subject: &Subject<'_>) -> Vec<Asked> {
    RULES.iter().filter_map(|rule| rule(subject)).collect()
}

/// The questions that the first page has no room for.
pub(super) fn section(subject: &Subject<'_>, questions: &[Asked]) -> Option<Section> {
    let more: Vec<Prose> = questions
        .iter()
        .skip(ON_FIRST_PAGE)
        .map(Asked::prose)
        .collect();
    (!more.is_empty()).then(|| {
        section_of(
            "questions",
            &format!("More to ask {}", subject.name),
            vec![plain(
                "Three questions stand on the first page; these follow from the same data.",
            )],
            vec![list(more)],
        )
    })
}

fn asked(
    id: &'static str,
    question: impl Into<String>,
    reason: impl Into<String>,
    evidence: impl IntoIterator<Item = String>,
) -> Option<Asked> {
    Some(Asked {
        id,
        question: question.into(),
        reason: reason.into(),
        evidence: evidence.into_iter().collect(),
    })
}

fn rate_of(model: &ModelResult) -> String {
    format::rate_in_words(model.succeeded, model.n)
}

fn interval_of(model: &ModelResult) -> String {
    model.asr.known().map_or_else(String::new, |rate| {
        format!(" (interval {})", super::limits_in_words(rate))
    })
}

/// Q-MIN-N. Rule: fewer evaluable results than the ranking minimum.
fn below_minimum(subject: &Subject<'_>) -> Option<Asked> {
    if subject.provider.ranked {
        return None;
    }
    asked(
        "Q-MIN-N",
        "Will it allow enough tests for a place among the others?",
        format!(
            "It has {} evaluable results; a place takes {}.",
            format::thousands(subject.provider.n),
            subject.minimum()
        ),
        [subject.id.clone(), "e1".to_owned()],
    )
}

/// Q-PART. Rule: under one attack family or harm category the rate is higher
/// than under all others, by an interval adjusted for their number.
fn worst_part(subject: &Subject<'_>) -> Option<Asked> {
    let (id, kind, label) = parts::worst(subject)?;
    let gap = parts::gap(label)?;
    asked(
        "Q-PART",
        format!(
            "What is done about the {kind} \u{201c}{}\u{201d}?",
            format::shortened(&label.label, 40)
        ),
        format!(
            "{} in {} there, {gap}.",
            format::capital(words::event_past(subject.facts)),
            format::rate_in_words(label.succeeded, label.n)
        ),
        [id],
    )
}

/// Q-MODELS. Rule: two models or more.
fn models_apart(subject: &Subject<'_>) -> Option<Asked> {
    let pair = subject.detail.models_apart.known()?;
    let find = |name: &str| {
        subject
            .models()
            .find(|(_, model)| model.model == name)
            .map(|(place, model)| (place, model, subject.facts.model(place)))
    };
    let (low_place, low, low_name) = find(&pair.lowest)?;
    let (high_place, high, high_name) = find(&pair.highest)?;
    let gap = &pair.difference_pp;
    let open = if gap.lower.0 > 0.0 {
        "more"
    } else {
        "more, which is not established"
    };
    asked(
        "Q-MODELS",
        if subject.stand_in().is_some() {
            "Who made each model behind it, and which would we be using?"
        } else {
            "Which of its models would we be using?"
        },
        format!(
            "{} in {} with {high_name} and in {} with {low_name}: {} {open} (interval {}).",
            format::capital(words::event_past(subject.facts)),
            rate_of(high),
            rate_of(low),
            format::points(gap.value.0, if gap.value.0 < 1.0 { 1 } else { 0 }),
            pairs::span(gap),
        ),
        [
            numbered("m", high_place),
            numbered("m", low_place),
            "i1".to_owned(),
        ],
    )
}

/// Q-FLOOR. Rule: nothing succeeded against some model; the one with most results.
fn no_success(subject: &Subject<'_>) -> Option<Asked> {
    let (place, model) = subject
        .models()
        .filter(|(_, model)| model.succeeded == 0 && model.n > 0)
        .max_by_key(|(place, model)| (model.n, usize::MAX - place))?;
    let upper = model.asr.known()?.upper.0;
    asked(
        "Q-FLOOR",
        format!(
            "Does {} refuse, or can it not do the tasks when asked openly?",
            subject.facts.model(place)
        ),
        format!(
            "{} in {}; a rate of up to {} would fit that too.",
            format::capital(words::event_past(subject.facts)),
            rate_of(model),
            format::percent_up_to(upper)
        ),
        [numbered("m", place)],
    )
}

/// Q-CEILING. Rule: everything succeeded against some model; the one with most results.
fn every_success(subject: &Subject<'_>) -> Option<Asked> {
    let (place, model) = subject
        .models()
        .filter(|(_, model)| model.succeeded == model.n && model.n > 0)
        .max_by_key(|(place, model)| (model.n, usize::MAX - place))?;
    asked(
        "Q-CEILING",
        format!(
            "Has {} any training to refuse, and what would stop these attacks in use?",
            subject.facts.model(place)
        ),
        format!(
            "{} in {}{}.",
            format::capital(words::event_past(subject.facts)),
            rate_of(model),
            interval_of(model)
        ),
        [numbered("m", place)],
    )
}

/// Q-PROMPTS. Rule: some ranked vendor shares too few prompts with it, or the
/// prompts are not identified and not stated to be the same.
fn shared_prompts(subject: &Subject<'_>) -> Option<Asked> {
    use crate::findings::prompts::{Prompts, prompts};
    let reason = if let Some(pairs) = subject.detail.pairs_on_prompts.known() {
        let all = pairs.len();
        let none = pairs
            .iter()
            .filter(|pair| pair.comparability == Comparability::NotComparable)
            .count();
        if none == 0 {
            return None;
        }
        format::capital(&format!(
            "{} too few prompts with it to be compared",
            format::part_of(
                none,
                all,
                ["other vendor", "other vendors"],
                ["shares", "share"]
            )
        ))
    } else if matches!(prompts(subject.facts), Prompts::Unknown) && subject.provider.ranked {
        "The data do not say which prompts were shared".to_owned()
    } else {
        return None;
    };
    let (plan, id) = plan(subject).map_or((String::new(), None), |(plan, id)| {
        (format!("; {plan}"), Some(id))
    });
    let from = if subject.detail.pairs_on_prompts.known().is_some() {
        "u1"
    } else {
        "o1"
    };
    asked(
        "Q-PROMPTS",
        "Will it answer one set of prompts together with its competitors?",
        format!("{reason}{plan}."),
        [Some(from.to_owned()), id].into_iter().flatten(),
    )
}

/// How many results a difference of ten points takes.
fn plan(subject: &Subject<'_>) -> Option<(String, String)> {
    let row = subject.detail.traces_needed.get(1)?;
    let traces = row.one_comparison.known()?;
    Some((
        format!(
            "with {} results on each side a difference of {} is found {} times in ten",
            format::thousands(*traces),
            format::points(row.difference_pp.0, 0),
            format::decimals(10.0 * row.power.0, 0)
        ),
        "l1".to_owned(),
    ))
}

/// Q-NOT-TESTED. Rule: other vendors met labels that this one never met.
fn never_met(subject: &Subject<'_>) -> Option<Asked> {
    let missed = parts::never_met(subject);
    let names: Vec<String> = missed
        .iter()
        .map(|(_, label)| format!("\u{201c}{}\u{201d}", format::shortened(&label.label, 30)))
        .collect();
    let most = missed.iter().map(|(_, label)| label.others).max()?;
    asked(
        "Q-NOT-TESTED",
        format!("How does it do on {}?", format::short_list(&names, 3)),
        format!(
            "It has no result there; up to {} {}.",
            format::plural_word(most, "other vendor", "other vendors"),
            if most == 1 { "has" } else { "have" }
        ),
        missed.into_iter().map(|(id, _)| id),
    )
}

/// Q-GRADER. Rule: a grader of its verdicts comes from its own maker or is one of its models.
fn own_grader(subject: &Subject<'_>) -> Option<Asked> {
    let kin = super::caveats::own_graders(subject);
    let (name, share, relation) = kin.first()?;
    asked(
        "Q-GRADER",
        "Would it accept a grader that does not go back to its maker?",
        format!(
            "{}, which gave {} of the verdicts on its replies, {relation}.",
            subject.facts.grader(name),
            format::percent(*share)
        ),
        ["i3".to_owned()],
    )
}

/// Q-ONE-MODEL. Rule: one model alone was tested.
fn one_model(subject: &Subject<'_>) -> Option<Asked> {
    let mut models = subject.models();
    let (place, model) = models.next()?;
    if models.next().is_some() {
        return None;
    }
    asked(
        "Q-ONE-MODEL",
        "Is the model that was tested the one that we would be using?",
        format!(
            "{} alone was tested, with {} results.",
            subject.facts.model(place),
            format::thousands(model.n)
        ),
        [numbered("m", place)],
    )
}

/// Q-SIZE. Rule: its maker publishes no size for some model.
fn no_size(subject: &Subject<'_>) -> Option<Asked> {
    let hidden: Vec<(String, Option<f64>)> = subject
        .models()
        .filter_map(|(place, model)| {
            let fact = subject.facts.fact(model)?;
            let is_hidden = fact.disclosed == Some(false);
            is_hidden.then_some((subject.facts.model(place).to_owned(), fact.coded_b))
        })
        .collect();
    let names: Vec<String> = hidden.iter().map(|(name, _)| name.clone()).collect();
    let coded: Vec<String> = hidden
        .iter()
        .filter_map(|(name, coded)| Some(format!("{name}: coded {}", format::size((*coded)?))))
        .collect();
    if names.is_empty() {
        return None;
    }
    asked(
        "Q-SIZE",
        format!(
            "How many parameters {} {} have?",
            if names.len() == 1 { "does" } else { "do" },
            format::short_list(&names, 3)
        ),
        if coded.is_empty() {
            "None is published.".to_owned()
        } else {
            format!("None is published ({}).", format::short_list(&coded, 3))
        },
        ["a7".to_owned()],
    )
}

/// Q-VERSION. Rule: always; by the days of its results, or their absence.
fn undated(subject: &Subject<'_>) -> Option<Asked> {
    match super::basis::days(subject) {
        Some((days, id)) => asked(
            "Q-VERSION",
            "Which version of each model answered then, and which is sold now?",
            format!("The results are {days}."),
            [id],
        ),
        None => asked(
            "Q-VERSION",
            "Which version of each model was tested, and which is sold now?",
            format!(
                "None of the {} results bears a date.",
                format::thousands(subject.provider.n)
            ),
            [subject.id.clone()],
        ),
    }
}

/// Q-INTERVAL. Rule: always where there is a rate; how far the interval leaves it open.
fn how_sure(subject: &Subject<'_>) -> Option<Asked> {
    let rate = subject.provider.pooled_asr.known()?;
    let (plan, id) = plan(subject)?;
    asked(
        "Q-INTERVAL",
        "What do its own tests of this kind show, with counts?",
        format!(
            "The {} interval here is {}; {plan}.",
            subject.level(),
            super::limits_in_words(rate)
        ),
        [subject.id.clone(), id],
    )
}
