//! Fields 12 to 16: thresholds and whose they are, reproducibility, corrections,
//! contact, signature.

use super::annex::{Decision, DecisionOutcome};
use super::document::Field;
use super::tables::measure_name;
use super::{Form, field, name};
use crate::definition::summary::Scope;
use crate::document::{Block, Entry, Prose, Row, Table};
use crate::words::{cell, number_column, say, text_column};

/// Decisions that the form shows; the annex has all.
pub(super) const MOST_DECISIONS: usize = 10;
/// Corrections that the form shows, the latest first.
const MOST_CORRECTIONS: usize = 4;

pub(super) fn thresholds(form: &Form<'_>) -> Field {
    let definition = form.facts.definition();
    if definition.thresholds.is_empty() && definition.bands.is_none() {
        let lead = vec![form.say("thresholds.none", &[], &["e1"])];
        return field(
            form,
            "12",
            "thresholds",
            "label.thresholds",
            lead,
            Vec::new(),
        );
    }
    let level = form.level();
    let lead = vec![
        form.say("thresholds.whose", &[], &["e1"]),
        form.say("thresholds.rule", &[("level", &level)], &["e1", "k1"]),
    ];
    let blocks = vec![
        Block::Entries {
            entries: rules(form),
        },
        Block::Table(decisions(form)),
    ];
    field(form, "12", "thresholds", "label.thresholds", lead, blocks)
}

/// Each threshold and the bands, with their owners.
fn rules(form: &Form<'_>) -> Vec<Entry> {
    let definition = form.facts.definition();
    let language = form.language;
    let mut entries = Vec::new();
    for threshold in &definition.thresholds {
        let (key, limit) = match (threshold.at_most, threshold.at_least) {
            (Some(limit), _) => ("thresholds.at_most", limit),
            (None, limit) => ("thresholds.at_least", limit.unwrap_or_default()),
        };
        let values = [
            ("measure", measure_name(form, threshold.measure)),
            ("limit", language.limit(limit)),
            ("scope", scope(form, threshold.scope)),
            ("min", language.whole(threshold.min_n)),
            ("whose", name(&threshold.whose)),
        ];
        entries.push(rule(form, name(&threshold.name), key, &values));
    }
    if let Some(bands) = &definition.bands {
        let listed: Vec<String> = bands
            .bands
            .iter()
            .map(|band| match band.up_to {
                Some(limit) => {
                    let limit = language.limit(limit);
                    form.f(
                        "thresholds.band",
                        &[("name", &name(&band.name)), ("limit", &limit)],
                    )
                }
                None => form.f("thresholds.last_band", &[("name", &name(&band.name))]),
            })
            .collect();
        let values = [
            ("bands", listed.join("; ")),
            ("measure", measure_name(form, bands.measure)),
            ("scope", scope(form, bands.scope)),
            ("min", language.whole(bands.min_n)),
            ("whose", name(&bands.whose)),
        ];
        entries.push(rule(
            form,
            form.t("thresholds.bands"),
            "thresholds.bands_text",
            &values,
        ));
    }
    entries
}

fn rule(form: &Form<'_>, name: String, key: &str, values: &[(&str, String)]) -> Entry {
    let values: Vec<(&str, &str)> = values.iter().map(|(k, v)| (*k, v.as_str())).collect();
    Entry {
        name,
        text: vec![form.say(key, &values, &["e1"])],
        code: false,
    }
}

fn scope(form: &Form<'_>, scope: Scope) -> String {
    form.t(match scope {
        Scope::Vendor => "thresholds.each_vendor",
        Scope::Model => "thresholds.each_model",
    })
}

fn decisions(form: &Form<'_>) -> Table {
    let language = form.language;
    let all = &form.decisions;
    let rows = all.iter().take(MOST_DECISIONS).map(|one| {
        let rate = match one.rate.known() {
            Some(rate) => form.rate_cell(rate),
            None if form.results.recorded.contains(&one.measure) => form.t("word.not_tested"),
            None => form.t("word.not_recorded"),
        };
        Row {
            cells: vec![
                cell(rule_name(form, one)),
                cell(item(form, one)),
                cell(language.whole(one.n)),
                cell(rate),
                cell(outcome(form, one)),
            ],
            strong: false,
        }
    });
    let rows: Vec<Row> = rows.collect();
    let rows = if rows.is_empty() {
        vec![Row {
            cells: (0..5).map(|_| cell(form.t("word.not_tested"))).collect(),
            strong: false,
        }]
    } else {
        rows
    };
    let left = all.len().saturating_sub(MOST_DECISIONS);
    Table {
        id: "decisions".to_owned(),
        number: None,
        title: Some(form.t("thresholds.title")),
        subtitle: Some(form.f("results.subtitle", &[("level", &form.level())])),
        columns: vec![
            text_column(&form.t("column.threshold"), 36.0),
            text_column(&form.t("column.item"), 38.0),
            number_column(&form.t("column.evaluable"), 18.0),
            number_column(&form.t("column.rate"), 32.0),
            text_column(&form.t("column.outcome"), 46.0),
        ],
        rows,
        more: (left > 0).then(|| {
            form.f(
                "tables.more",
                &[("n", &language.count(left)), ("list", "decisions")],
            )
        }),
        note: vec![form.say(
            "thresholds.note",
            &[("n", &language.count(all.len()))],
            &["k1"],
        )],
    }
}

fn rule_name(form: &Form<'_>, decision: &Decision) -> String {
    match decision.outcome {
        DecisionOutcome::Band { .. } | DecisionOutcome::Bands { .. } => form.t("thresholds.bands"),
        _ if decision.rule == "bands" => form.t("thresholds.bands"),
        _ => name(&decision.rule),
    }
}

fn item(form: &Form<'_>, decision: &Decision) -> String {
    match decision.scope {
        Scope::Vendor => name(&form.facts.vendor(&decision.name)),
        Scope::Model => form.facts.model_named(&decision.name),
    }
}

fn outcome(form: &Form<'_>, decision: &Decision) -> String {
    match &decision.outcome {
        DecisionOutcome::TooFewResults => {
            let min = form.language.whole(decision.min_n);
            form.f("outcome.too_few", &[("min", &min)])
        }
        DecisionOutcome::NotRecorded => form.t("word.not_recorded"),
        DecisionOutcome::NotDecided => form.t("outcome.not_decided"),
        DecisionOutcome::Within => form.t("outcome.within"),
        DecisionOutcome::Beyond => form.t("outcome.beyond"),
        DecisionOutcome::Band { band } => name(band),
        DecisionOutcome::Bands { bands } => {
            let bands: Vec<String> = bands.iter().map(|band| name(band)).collect();
            let bands = form.language.short_list(&bands, 3);
            form.f("outcome.bands", &[("bands", &bands)])
        }
    }
}

pub(super) fn reproducibility(form: &Form<'_>) -> Field {
    let definition = form.facts.definition();
    let code = |key: &str, text: String, id: &str| Entry {
        name: form.t(key),
        text: vec![say(text, [id])],
        code: true,
    };
    let tag = form.language.tag();
    let entries = vec![
        code(
            "repro.version",
            format!("caveat {}", form.facts.input.version),
            "e2",
        ),
        code(
            "repro.command",
            format!("caveat summary REPORT --lang {tag}"),
            "e2",
        ),
        code(
            "repro.verify",
            "caveat verify FOLDER --report REPORT".to_owned(),
            "e2",
        ),
        code("repro.seed", definition.analysis.seed.to_string(), "e1"),
        code(
            "repro.shuffles",
            definition.analysis.permutations.to_string(),
            "e1",
        ),
        form.entry("repro.claims", claims(form)),
    ];
    let mut blocks = vec![Block::Entries { entries }];
    let digests: Vec<Entry> = form
        .facts
        .input
        .digests
        .iter()
        .filter(|(_, digest)| {
            form.facts
                .input
                .sources
                .iter()
                .all(|one| one.sha256 != *digest)
        })
        .take(4)
        .map(|(path, digest)| Entry {
            name: name(path),
            text: vec![say(format!("SHA-256 {digest}"), ["e2"])],
            code: true,
        })
        .collect();
    if !digests.is_empty() {
        blocks.push(Block::Entries { entries: digests });
    }
    let lead = vec![form.say("repro.lead", &[], &[])];
    field(
        form,
        "13",
        "reproducibility",
        "label.reproducibility",
        lead,
        blocks,
    )
}

/// Published figures that come out again.
fn claims(form: &Form<'_>) -> crate::document::Sentence {
    use crate::annex::ClaimStatus;
    let claims = form.facts.input.claims;
    if claims.is_empty() {
        return form.say("repro.no_claims", &[], &["k2"]);
    }
    let count = |status| {
        let n = claims.iter().filter(|claim| claim.status == status).count();
        form.language.count(n)
    };
    let values = [
        ("n", form.language.count(claims.len())),
        ("same", count(ClaimStatus::Reproduced)),
        ("differ", count(ClaimStatus::Differs)),
        ("open", count(ClaimStatus::CannotBeRecomputed)),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(k, v)| (*k, v.as_str())).collect();
    form.say("repro.claims_text", &values, &["k2"])
}

pub(super) fn corrections(form: &Form<'_>) -> Field {
    let all = &form.facts.definition().corrections;
    if all.is_empty() {
        let lead = vec![form.say("corrections.none", &[], &["e1"])];
        return field(
            form,
            "14",
            "corrections",
            "label.corrections",
            lead,
            Vec::new(),
        );
    }
    let mut items: Vec<Prose> = all
        .iter()
        .rev()
        .take(MOST_CORRECTIONS)
        .map(|one| {
            let day = form.language.day(&one.date);
            vec![
                form.say("corrections.day", &[("day", &day)], &["e1"]),
                form.quoted(&one.text, &["e1"]),
            ]
        })
        .collect();
    let left = all.len().saturating_sub(MOST_CORRECTIONS);
    if left > 0 {
        let left = form.language.count(left);
        items.push(vec![form.say("corrections.more", &[("n", &left)], &["e1"])]);
    }
    let blocks = vec![Block::List { items }];
    field(
        form,
        "14",
        "corrections",
        "label.corrections",
        Vec::new(),
        blocks,
    )
}

pub(super) fn contact(form: &Form<'_>) -> Field {
    let mut entries = Vec::new();
    let mut lead = Vec::new();
    match &form.facts.definition().summary.contact {
        None => lead.push(form.say("contact.none", &[], &["e1"])),
        Some(contact) => entries.extend([
            form.stated("contact.name", contact.name.as_deref()),
            form.stated("contact.organisation", contact.organisation.as_deref()),
            form.stated("contact.address", contact.address.as_deref()),
            form.stated("contact.email", contact.email.as_deref()),
        ]),
    }
    entries.push(form.entry("contact.tester", tester(form)));
    let blocks = vec![Block::Entries { entries }];
    field(form, "15", "contact", "label.contact", lead, blocks)
}

/// The tester's own statement of interests.
fn tester(form: &Form<'_>) -> crate::document::Sentence {
    match &form.facts.definition().summary.tester {
        Some(tester) => form.quoted(&tester.statement, &["e1"]),
        None => form.say("word.not_stated", &[], &["e1"]),
    }
}

pub(super) fn signature(form: &Form<'_>) -> Field {
    let mut lead = vec![form.say("signature.lead", &[], &[])];
    let mut entries = Vec::new();
    match &form.facts.definition().summary.signature {
        None => lead.push(form.say("signature.none", &[], &["e1"])),
        Some(who) => entries.extend([
            form.stated("signature.name", who.name.as_deref()),
            form.stated("signature.role", who.role.as_deref()),
            form.stated("signature.place", who.place.as_deref()),
            match who.date.as_deref() {
                Some(date) => form.entry("signature.date", say(form.language.day(date), ["e1"])),
                None => form.stated("signature.date", None),
            },
        ]),
    }
    entries.push(form.entry("signature.sign", form.say("signature.sign_text", &[], &[])));
    let blocks = vec![Block::Entries { entries }];
    field(form, "16", "signature", "label.signature", lead, blocks)
}
