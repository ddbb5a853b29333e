//! `caveat diff`: what changed between two editions, sorted by why.
//!
//! Data (other inputs, other counts), graders (who judged how much), method
//! (rules, seed, version) and corrections that the later report records stand
//! apart from what follows: conclusions, caveats and claims. Figures alone do
//! not say why they moved, so the causes come first, and where there is none
//! that is said.

use std::collections::{BTreeMap, BTreeSet};

use caveat_importer::text::printable;
use serde::Serialize;
use serde_json::Value;

use crate::cli::DiffArguments;
use crate::edition::Edition;
use crate::exit::{self, DONE, Failure};

/// Figures whose change is worth a line: name, place in the annex.
const HEADLINES: [(&str, &str); 8] = [
    ("models", "/decomposition/n_models"),
    ("share of the vendor (eta squared)", "/decomposition/eta2"),
    ("share corrected (omega squared)", "/decomposition/omega2"),
    (
        "p of the share by relabelling",
        "/decomposition/p_permutation",
    ),
    ("slope per doubling", "/scale/slope_per_doubling/value"),
    ("share of size (R squared)", "/scale/r2"),
    ("ratio of the shares", "/ratio/eta2_over_r2"),
    ("ratio of mean rates", "/risk_ratio/of_means/value"),
];

/// What changed.
#[derive(Debug, Default, Serialize)]
struct Difference {
    schema: &'static str,
    schema_version: u32,
    earlier: String,
    later: String,
    /// Other inputs, models and counts.
    data: Vec<String>,
    /// Who judged how much.
    graders: Vec<String>,
    /// Rules, seed and version.
    method: Vec<String>,
    /// Corrections that the later report records and the earlier did not.
    corrections: Vec<String>,
    /// Figures that moved.
    figures: Vec<String>,
    /// Findings that are new, gone or worded otherwise.
    conclusions: Vec<String>,
    /// Caveats that are new, gone or of other weight.
    caveats: Vec<String>,
    /// Published claims with another status.
    claims: Vec<String>,
}

/// Runs the command.
pub fn run(arguments: &DiffArguments) -> Result<u8, Failure> {
    let (earlier, later) = (
        Edition::open(&arguments.earlier)?,
        Edition::open(&arguments.later)?,
    );
    let difference = compare(&earlier, &earlier.annex()?, &later, &later.annex()?);
    if arguments.json {
        exit::print_json(&difference)?;
    } else {
        exit::print(&in_words(&difference))?;
    }
    Ok(DONE)
}

fn compare(earlier: &Edition, before: &Value, later: &Edition, after: &Value) -> Difference {
    let name = |edition: &Edition| {
        format!(
            "report {}, edition of {}",
            edition.manifest.report, edition.manifest.edition_date
        )
    };
    Difference {
        schema: "caveat/diff",
        schema_version: 1,
        earlier: name(earlier),
        later: name(later),
        data: data(before, after),
        graders: graders(before, after),
        method: method(before, after),
        corrections: corrections(before, after),
        figures: figures(before, after),
        conclusions: statements(before, after, "findings", "finding"),
        caveats: statements(before, after, "caveats", "caveat"),
        claims: claims(before, after),
    }
}

fn in_words(difference: &Difference) -> String {
    let mut text = format!(
        "{}\n{}\n",
        printable(&difference.earlier),
        printable(&difference.later)
    );
    let causes = [
        ("Data", &difference.data),
        ("Graders", &difference.graders),
        ("Method", &difference.method),
        ("Corrections", &difference.corrections),
    ];
    let effects = [
        ("Figures", &difference.figures),
        ("Conclusions", &difference.conclusions),
        ("Caveats", &difference.caveats),
        ("Claims", &difference.claims),
    ];
    let nothing = |lists: &[(&str, &Vec<String>)]| lists.iter().all(|(_, list)| list.is_empty());
    for (heading, list) in causes.iter().chain(&effects) {
        let state = if list.is_empty() { ": no change" } else { "" };
        text.push_str(&format!("\n{heading}{state}\n"));
        for line in *list {
            text.push_str(&format!("- {}\n", printable(line)));
        }
    }
    if nothing(&causes) && !nothing(&effects) {
        text.push_str("\nNo cause is on record for what changed.\n");
    }
    text
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The entries of a list by a key made of some of their members.
fn keyed<'v>(annex: &'v Value, pointer: &str, members: &[&str]) -> BTreeMap<String, &'v Value> {
    let key = |value: &Value| {
        let parts: Vec<&str> = members.iter().map(|name| text(value, name)).collect();
        parts.join(" of ")
    };
    list(annex, pointer)
        .iter()
        .map(|value| (key(value), value))
        .collect()
}

/// Every key of two maps with what each has under it.
fn both<'v>(
    before: &BTreeMap<String, &'v Value>,
    after: &BTreeMap<String, &'v Value>,
) -> Vec<(String, Option<&'v Value>, Option<&'v Value>)> {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .map(|key| {
            (
                key.clone(),
                before.get(key).copied(),
                after.get(key).copied(),
            )
        })
        .collect()
}

fn data(before: &Value, after: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let digests = |annex: &Value| -> BTreeMap<String, String> {
        list(annex, "/corpus/sources")
            .iter()
            .map(|source| {
                (
                    text(source, "sha256").to_owned(),
                    text(source, "path").to_owned(),
                )
            })
            .collect()
    };
    let (old, new) = (digests(before), digests(after));
    for (digest, path) in &old {
        if !new.contains_key(digest) {
            lines.push(format!("source gone: {path} ({}…)", start(digest)));
        }
    }
    for (digest, path) in &new {
        if !old.contains_key(digest) {
            lines.push(format!("source new: {path} ({}…)", start(digest)));
        }
    }
    let models = |annex| keyed(annex, "/models", &["model", "provider"]);
    for (name, old, new) in both(&models(before), &models(after)) {
        match (old, new) {
            (Some(_), None) => lines.push(format!("model gone: {name}")),
            (None, Some(new)) => lines.push(format!("model new: {name}, {}", counts(new))),
            (Some(old), Some(new)) if counts(old) != counts(new) => {
                lines.push(format!("{name}: {} became {}", counts(old), counts(new)));
            }
            _ => {}
        }
    }
    lines
}

fn start(digest: &str) -> String {
    digest.chars().take(12).collect()
}

fn counts(model: &Value) -> String {
    let number = |name: &str| model.get(name).and_then(Value::as_u64).unwrap_or(0);
    format!("{} of {}", number("succeeded"), number("n"))
}

fn graders(before: &Value, after: &Value) -> Vec<String> {
    let of = |annex| keyed(annex, "/agreement/graders", &["grader"]);
    let share = |grader: Option<&Value>| {
        let number = |name: &str| grader.and_then(|grader| grader.get(name)?.as_f64());
        (number("n"), number("share").unwrap_or(0.0))
    };
    both(&of(before), &of(after))
        .into_iter()
        .filter_map(|(name, old, new)| {
            let ((n, old_share), (m, new_share)) = (share(old), share(new));
            let percent = |share: f64| format!("{:.1}%", 100.0 * share);
            match (n, m) {
                (Some(_), None) => {
                    Some(format!("{name} no longer judges ({})", percent(old_share)))
                }
                (None, Some(_)) => Some(format!("{name} judges now ({})", percent(new_share))),
                _ if percent(old_share) != percent(new_share) => Some(format!(
                    "{name}: {} of the verdicts became {}",
                    percent(old_share),
                    percent(new_share)
                )),
                _ => None,
            }
        })
        .collect()
}

/// Rules that differ, by their place; what names the inputs or the edition is data.
fn method(before: &Value, after: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let version = |annex: &Value| {
        annex
            .pointer("/report/caveat_version")
            .cloned()
            .unwrap_or_default()
    };
    if version(before) != version(after) {
        lines.push(format!(
            "caveat {} became {}",
            plain(&version(before)),
            plain(&version(after))
        ));
    }
    let rules = |annex: &Value| {
        let mut leaves = BTreeMap::new();
        if let Some(rules) = annex.get("rules") {
            leaf("", rules, &mut leaves);
        }
        leaves.retain(|place, _| {
            let part = place.split('.').next().unwrap_or_default();
            [
                "verdicts",
                "inclusion",
                "provider",
                "size",
                "analysis",
                "views",
                "prompts",
            ]
            .contains(&part)
        });
        leaves
    };
    let (old, new) = (rules(before), rules(after));
    let places: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for place in places {
        let value = |leaves: &BTreeMap<String, String>| {
            leaves.get(place).cloned().unwrap_or("not set".to_owned())
        };
        let (was, is) = (value(&old), value(&new));
        if was != is {
            lines.push(format!("{place}: {was} became {is}"));
        }
    }
    lines
}

/// Every value of a tree that holds no other, by its place.
fn leaf(place: &str, value: &Value, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let dot = if place.is_empty() { "" } else { "." };
                leaf(&format!("{place}{dot}{name}"), value, leaves);
            }
        }
        other => {
            leaves.insert(place.to_owned(), plain(other));
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn corrections(before: &Value, after: &Value) -> Vec<String> {
    let known = list(before, "/rules/corrections");
    list(after, "/rules/corrections")
        .iter()
        .filter(|correction| !known.contains(correction))
        .map(|correction| format!("{}: {}", text(correction, "date"), text(correction, "text")))
        .collect()
}

fn figures(before: &Value, after: &Value) -> Vec<String> {
    let shown = |annex: &Value, pointer: &str| match annex.pointer(pointer) {
        None => "not there".to_owned(),
        Some(value) => match value.get("not_estimable") {
            Some(reason) => format!("not estimable ({})", plain(reason)),
            None => value
                .as_f64()
                .filter(|_| !value.is_u64())
                .map_or_else(|| plain(value), |number| format!("{number:.4}")),
        },
    };
    HEADLINES
        .iter()
        .filter_map(|(name, pointer)| {
            let (was, is) = (shown(before, pointer), shown(after, pointer));
            (was != is).then(|| format!("{name}: {was} became {is}"))
        })
        .collect()
}

fn statements(before: &Value, after: &Value, member: &str, noun: &str) -> Vec<String> {
    let of = |annex| keyed(annex, &format!("/{member}"), &["id"]);
    let (old, new) = (of(before), of(after));
    both(&old, &new)
        .into_iter()
        .filter_map(|(id, old, new)| match (old, new) {
            (Some(old), None) => Some(format!("{noun} gone: {id} {}", text(old, "title"))),
            (None, Some(new)) => Some(format!("{noun} new: {id} {}", text(new, "title"))),
            (Some(old), Some(new)) if text(old, "title") != text(new, "title") => Some(format!(
                "{id}: \u{201c}{}\u{201d} became \u{201c}{}\u{201d}",
                text(old, "title"),
                text(new, "title")
            )),
            (Some(old), Some(new)) if text(old, "severity") != text(new, "severity") => {
                Some(format!(
                    "{id}: {} became {}",
                    text(old, "severity"),
                    text(new, "severity")
                ))
            }
            _ => None,
        })
        .collect()
}

fn claims(before: &Value, after: &Value) -> Vec<String> {
    let of = |annex| keyed(annex, "/claims", &["id"]);
    both(&of(before), &of(after))
        .into_iter()
        .filter_map(|(id, old, new)| {
            let status = |claim: Option<&Value>| {
                claim.map_or("not listed".to_owned(), |claim| {
                    format!("{} ({})", text(claim, "status"), text(claim, "recomputed"))
                })
            };
            let (was, is) = (status(old), status(new));
            (was != is).then(|| format!("{id}: {was} became {is}"))
        })
        .collect()
}
