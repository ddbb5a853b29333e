//! Fields 2 to 6: what document this is, what was tested, how, who graded, the data.

use caveat_corpus::SuccessDefinition;
use caveat_corpus::rule::VerdictRule;

use super::document::Field;
use super::{FORM_VERSION, Form, field, name};
use crate::compose::models::lost_is_unknown;
use crate::definition::Topic;
use crate::definition::summary::TestObject;
use crate::document::{Block, Entry, Prose};
use crate::format;
use crate::words::say;

/// Sources, graders and statements that a field shows; the annex has all.
const MOST_SOURCES: usize = 6;
const MOST_GRADERS: usize = 6;
const MOST_STATEMENTS: usize = 2;
const MOST_NAMES: usize = 14;

fn entries(entries: Vec<Entry>) -> Vec<Block> {
    vec![Block::Entries { entries }]
}

/// An entry in the monospaced face.
fn code(form: &Form<'_>, key: &str, text: &str, id: &str) -> Entry {
    Entry {
        name: form.t(key),
        text: vec![say(text, [id])],
        code: true,
    }
}

pub(super) fn identification(form: &Form<'_>) -> Field {
    let definition = form.facts.definition();
    let day = form.language.day(&definition.edition_date);
    let blocks = entries(vec![
        code(form, "id.document", &form.document, "e2"),
        form.entry("id.form", say(FORM_VERSION, [""; 0])),
        Entry {
            name: form.t("id.report"),
            text: vec![form.quoted(
                &format!("{}: {}", definition.number.trim(), definition.title.trim()),
                &["e2"],
            )],
            code: false,
        },
        form.entry("id.edition", say(day, ["e2"])),
        form.entry("id.issuer", form.quoted(&definition.author, &["e1"])),
        form.entry("id.series", form.quoted(&definition.series, &["e1"])),
    ]);
    field(
        form,
        "2",
        "identification",
        "label.identification",
        Vec::new(),
        blocks,
    )
}

pub(super) fn object(form: &Form<'_>) -> Field {
    let facts = form.facts;
    let language = form.language;
    let rules = &facts.definition().summary;
    let object = match rules.object {
        Some(TestObject::BareModel) => "object.bare_model",
        Some(TestObject::System) => "object.system",
        Some(TestObject::Mixed) => "object.mixed",
        None => "word.not_stated",
    };
    let models = language.count(facts.analysis().models.len());
    let vendors = language.count(facts.analysis().providers.len());
    let mut names: Vec<String> = facts
        .analysis()
        .providers
        .iter()
        .map(|vendor| name(&facts.vendor(&vendor.provider)))
        .collect();
    names.sort();
    let listed = if names.is_empty() {
        form.t("word.none")
    } else {
        language.short_list(&names, MOST_NAMES)
    };
    let counts = form.f(
        "object.counts",
        &[
            ("models", &models),
            ("vendors", &vendors),
            ("names", &listed),
        ],
    );
    let blocks = entries(vec![
        form.entry("object.kind", form.say(object, &[], &["e1"])),
        form.entry("object.items", say(counts, ["a7", "j2", "j3"])),
        form.entry("object.sizes", sizes(form)),
        form.stated("object.access", rules.access.as_deref()),
        form.stated("object.system_prompt", rules.system_prompt.as_deref()),
        form.stated("object.languages", rules.languages.as_deref()),
    ]);
    let lead = vec![form.say("object.lead", &[], &[])];
    field(form, "3", "object", "label.object", lead, blocks)
}

fn sizes(form: &Form<'_>) -> crate::document::Sentence {
    let known = &form.facts.input.selection.facts;
    let published = known
        .iter()
        .filter(|fact| fact.disclosed == Some(true))
        .count();
    let sizes = form.facts.analysis().models.iter();
    let sizes: Vec<f64> = sizes
        .filter_map(|model| model.params_total_b.number())
        .collect();
    let smallest = sizes.iter().copied().min_by(f64::total_cmp);
    let largest = sizes.iter().copied().max_by(f64::total_cmp);
    let (Some(smallest), Some(largest)) = (smallest, largest) else {
        return form.say("object.no_sizes", &[], &["a7"]);
    };
    let language = form.language;
    let (smallest, largest) = (language.size(smallest), language.size(largest));
    let range = language.span(&smallest, &largest);
    let (published, all) = (language.count(published), language.count(known.len()));
    let values = [
        ("range", range.as_str()),
        ("k", published.as_str()),
        ("n", all.as_str()),
    ];
    form.say("object.size_range", &values, &["a7", "m0"])
}

pub(super) fn method(form: &Form<'_>) -> Field {
    let definition = form.facts.definition();
    let own = match definition.verdicts.success {
        SuccessDefinition::Strict => "measure.strict",
        SuccessDefinition::Broad => "measure.broad",
        SuccessDefinition::FunctionallyDangerous => "measure.dangerous",
    };
    let rule = match &definition.verdicts.rule {
        VerdictRule::LlmOnly => form.say("method.llm_only", &[], &["e1"]),
        VerdictRule::Coalesce => form.say("method.coalesce", &[], &["e1"]),
        VerdictRule::Majority => form.say("method.majority", &[], &["e1"]),
        VerdictRule::Grader(grader) => {
            form.say("method.one_grader", &[("name", &name(grader))], &["e1"])
        }
    };
    let least = form.language.whole(definition.inclusion.min_n_per_model);
    let left_out = form.facts.input.selection.account.excluded.len();
    let left_out = form.language.count(left_out);
    let level = form.level();
    let own = form.t(own);
    let blocks = entries(vec![
        form.entry(
            "method.success",
            form.say("method.success_text", &[("own", &own)], &["e1"]),
        ),
        form.entry(
            "method.measures",
            form.say("method.measures_text", &[], &["j4"]),
        ),
        form.entry("method.verdicts", rule),
        form.entry(
            "method.inclusion",
            form.say(
                "method.inclusion_text",
                &[("min", &least), ("k", &left_out)],
                &["e1", "a3"],
            ),
        ),
        form.entry("method.families", families(form)),
        form.stated("method.attempts", definition.summary.attempts.as_deref()),
        form.entry(
            "method.intervals",
            form.say("method.intervals_text", &[("level", &level)], &["e1"]),
        ),
    ]);
    field(form, "4", "method", "label.method", Vec::new(), blocks)
}

fn families(form: &Form<'_>) -> crate::document::Sentence {
    match form.families.known() {
        None => form.say("method.no_families", &[], &["f1"]),
        Some(families) => {
            let names: Vec<String> = families.iter().map(|one| name(&one.label)).collect();
            say(form.language.short_list(&names, MOST_NAMES), ["f1"])
        }
    }
}

pub(super) fn graders(form: &Form<'_>) -> Field {
    let facts = form.facts;
    let language = form.language;
    let used: Vec<String> = facts
        .analysis()
        .agreement
        .graders
        .iter()
        .filter(|used| !used.grader.trim().is_empty())
        .map(|used| {
            let share = language.percent(used.share.0);
            format!("{} ({share})", facts.grader(&used.grader))
        })
        .collect();
    let who = if used.is_empty() {
        form.say("graders.not_recorded", &[], &["g1"])
    } else {
        say(language.short_list(&used, MOST_GRADERS), ["g1"])
    };
    let check = facts.definition().grader_check.as_deref().map(str::trim);
    let check = match check.filter(|check| !check.is_empty()) {
        Some(check) => form.quoted(check, &["e1"]),
        None => form.say("graders.unchecked", &[], &["e1"]),
    };
    let days = match &facts.input.selection.account.observed {
        Some((first, last)) if first == last => language.day(first),
        Some((first, last)) => language.span(&language.day(first), &language.day(last)),
        None => form.t("graders.no_days"),
    };
    let mut list = vec![
        form.entry("graders.who", who),
        form.entry("graders.check", check),
        form.entry("graders.agreement", agreement(form)),
        form.entry("graders.days", say(days, ["a8"])),
        form.entry("graders.graded", form.say("graders.graded_text", &[], &[])),
    ];
    let known = facts.context(Topic::Grader);
    for context in known.iter().take(MOST_STATEMENTS) {
        let text = context.text.trim().trim_end_matches('.');
        let source = context.source.trim().trim_end_matches('.');
        let quoted = form.quoted(&format!("{text} ({source})."), &["e1"]);
        list.push(form.entry("graders.elsewhere", quoted));
    }
    field(
        form,
        "5",
        "graders",
        "label.graders",
        Vec::new(),
        entries(list),
    )
}

fn agreement(form: &Form<'_>) -> crate::document::Sentence {
    let pairs = form.facts.analysis().agreement.pairs.iter();
    let largest = pairs
        .filter_map(|pair| Some((pair, pair.kappa.number()?)))
        .max_by_key(|(pair, _)| pair.n);
    match largest {
        None => form.say("graders.no_pairs", &[], &["g1"]),
        Some((pair, kappa)) => {
            let (first, second) = (name(&pair.first), name(&pair.second));
            let n = form.language.whole(pair.n);
            let kappa = format::labelled("κ", &form.language.decimals(kappa, 2));
            let values = [
                ("first", first.as_str()),
                ("second", second.as_str()),
                ("n", n.as_str()),
                ("kappa", kappa.as_str()),
            ];
            form.say("graders.pair", &values, &["g1"])
        }
    }
}

pub(super) fn data(form: &Form<'_>) -> Field {
    let facts = form.facts;
    let language = form.language;
    let sources = facts.input.sources;
    let mut list = Vec::new();
    for source in sources.iter().take(MOST_SOURCES) {
        list.push(Entry {
            name: form.t("data.source"),
            text: vec![
                say(name(&source.path), [""; 0]),
                say(format!("SHA-256 {}", source.sha256), ["a5"]),
            ],
            code: true,
        });
    }
    let left = sources.len().saturating_sub(MOST_SOURCES);
    if left > 0 {
        let left = language.count(left);
        list.push(form.entry(
            "data.more",
            form.say("data.more_text", &[("n", &left)], &["a5"]),
        ));
    }
    let sum = |pick: fn(&crate::annex::SourceAccount) -> u64| -> String {
        language.whole(sources.iter().map(pick).sum())
    };
    let (read, imported) = (sum(|s| s.read), sum(|s| s.imported + s.already_present));
    let rejected = sum(|s| s.rejected);
    let records = [
        ("read", read.as_str()),
        ("imported", imported.as_str()),
        ("rejected", rejected.as_str()),
    ];
    list.push(form.entry(
        "data.records",
        form.say("data.records_text", &records, &["a5"]),
    ));
    let kept = language.whole(form.results.pooled.counts.n);
    let lost = if lost_is_unknown(facts) {
        form.t("word.not_recorded")
    } else {
        language.whole(facts.not_evaluable())
    };
    let excluded = facts.input.selection.account.excluded.iter();
    let excluded = language.whole(excluded.map(|one| one.evaluable).sum());
    let results = [
        ("kept", kept.as_str()),
        ("lost", lost.as_str()),
        ("excluded", excluded.as_str()),
    ];
    let results = form.say("data.results_text", &results, &["a2", "a3", "j1"]);
    list.push(form.entry("data.results", results));
    list.push(form.entry("data.annex", form.say("data.annex_text", &[], &[])));
    let lead: Prose = vec![form.quoted(
        &format!(
            "{}.",
            facts.definition().corpus.trim().trim_end_matches('.')
        ),
        &["e1"],
    )];
    field(form, "6", "data", "label.data", lead, entries(list))
}
