//! Published claims against recomputed figures.
//!
//! `claims.toml` names for each claim the printed value and the place of the
//! figure in the annex. A claim is `reproduced` when the recomputed figure
//! equals the printed one at the printed precision, `differs` when it does not,
//! and `cannot_be_recomputed` when the annex holds no such figure, when one of
//! the two is no number, or when the claim itself says why there can be none. A difference is explained only where
//! another figure of the annex does reproduce the printed value, or where the
//! file gives a reason.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::annex::{ClaimResult, ClaimStatus};
use crate::lookup::{is_path, lookup};

/// All published claims of a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Where the claims were printed.
    #[serde(default)]
    pub source: String,
    /// The claims in the order of the document.
    #[serde(default, rename = "claim")]
    pub claims: Vec<Claim>,
}

/// One published claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Stable id.
    pub id: String,
    /// What is claimed, in words.
    pub claim: String,
    /// The printed value or values, as printed. Two values are an interval.
    pub printed: Vec<String>,
    /// Places of the figures in the annex, one per printed value
    /// (`/scale/p`, `/providers[provider=google]/n`).
    #[serde(default)]
    pub figures: Vec<String>,
    /// What one unit of the figure is in the unit of the print: 100 for a
    /// proportion printed in percent.
    #[serde(default = "one")]
    pub factor: f64,
    /// Why there can be no such figure, where there is none.
    #[serde(default)]
    pub unrecomputable: Option<String>,
    /// Another figure that may explain a difference, and what it is.
    #[serde(default)]
    pub explained_by: Option<Explanation>,
    /// Why it differs, or what the figure is worth.
    #[serde(default)]
    pub note: Option<String>,
    /// The recomputed value, as the document shows it, for which the note was
    /// written; with other data the note is left out, for it explains nothing.
    #[serde(default)]
    pub note_for: Option<String>,
    /// Whether the title of the report rests on it.
    #[serde(default)]
    pub key: bool,
}

/// A figure that reproduces the printed value although the named one does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// Place of the figure in the annex.
    pub figure: String,
    /// What it is ("normal approximation").
    pub is: String,
}

fn one() -> f64 {
    1.0
}

/// A file of claims that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// The text is not TOML, or a key is not known.
    #[error("cannot use `{}`: {problem}\nhint: `caveat schema claims` prints what the file may hold", path.display())]
    Invalid {
        /// File.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

impl Claims {
    /// Reads `claims.toml` from its text; `path` is for messages.
    ///
    /// # Errors
    /// [`ClaimsError`] for an unknown key, an id that is empty or occurs twice,
    /// and a claim that nothing can be compared with: printed values and figures
    /// that do not match in number, an empty value, a figure that is no path, a
    /// factor that is 0 or no finite number.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ClaimsError> {
        let invalid = |problem: String| ClaimsError::Invalid {
            path: path.to_path_buf(),
            problem,
        };
        let claims: Claims =
            toml::from_str(text).map_err(|error| invalid(error.message().to_owned()))?;
        let mut ids = std::collections::BTreeSet::new();
        for claim in &claims.claims {
            let id = claim.id.escape_debug();
            if claim.id.trim().is_empty() {
                return Err(invalid("a claim has an empty `id`".to_owned()));
            }
            if !ids.insert(claim.id.as_str()) {
                return Err(invalid(format!("claim `{id}` occurs twice")));
            }
            if let Some(problem) = claim.problem() {
                return Err(invalid(format!("claim `{id}`: {problem}")));
            }
            if claim.unrecomputable.is_none() && claim.figures.len() != claim.printed.len() {
                return Err(invalid(format!(
                    "claim `{id}` prints {} values and names {} figures",
                    claim.printed.len(),
                    claim.figures.len()
                )));
            }
        }
        Ok(claims)
    }
}

impl Claim {
    /// What stands in the way of any comparison.
    fn problem(&self) -> Option<String> {
        if !self.factor.is_finite() || self.factor == 0.0 {
            return Some(format!(
                "`factor` is {}, expected a finite number other than 0, such as 100 for a \
                 proportion that is printed in percent",
                self.factor
            ));
        }
        if self.unrecomputable.is_none() && self.printed.is_empty() {
            return Some("`printed` holds no value, expected the value as printed".to_owned());
        }
        if self.printed.iter().any(|value| value.trim().is_empty()) {
            return Some(
                "`printed` holds an empty value, expected the value as printed".to_owned(),
            );
        }
        let explaining = self.explained_by.as_ref().map(|other| &other.figure);
        let figures = self.figures.iter().chain(explaining);
        let wrong = figures.into_iter().find(|figure| !is_path(figure))?;
        Some(format!(
            "the figure `{}` is no place in the annex, expected one such as `/scale/p`",
            wrong.escape_debug()
        ))
    }
}

/// Compares every claim with the annex, which is given as JSON.
pub fn check(claims: &Claims, annex: &Value) -> Vec<ClaimResult> {
    claims
        .claims
        .iter()
        .map(|claim| check_one(claim, annex))
        .collect()
}

fn check_one(claim: &Claim, annex: &Value) -> ClaimResult {
    let published = shown(&claim.printed);
    let result = |recomputed: String, status, note: Option<String>| ClaimResult {
        id: claim.id.clone(),
        claim: claim.claim.clone(),
        published: published.clone(),
        recomputed,
        status,
        note,
        key: claim.key,
        evidence: claim
            .figures
            .iter()
            .filter_map(|figure| crate::evidence::id_of_figure(figure))
            .map(str::to_owned)
            .collect(),
    };
    if let Some(reason) = &claim.unrecomputable {
        return result(
            "–".to_owned(),
            ClaimStatus::CannotBeRecomputed,
            Some(reason.clone()),
        );
    }
    let mut recomputed = Vec::new();
    let mut equal = true;
    for (printed, figure) in claim.printed.iter().zip(&claim.figures) {
        match recompute(printed, figure, claim.factor, annex) {
            Ok(comparison) => {
                equal &= comparison.equal;
                recomputed.push(comparison.shown);
            }
            Err(reason) => {
                return result(
                    "–".to_owned(),
                    ClaimStatus::CannotBeRecomputed,
                    Some(reason),
                );
            }
        }
    }
    let recomputed = shown(&recomputed);
    let noted = claim
        .note_for
        .as_ref()
        .is_none_or(|value| *value == recomputed);
    let note = claim.note.clone().filter(|_| noted);
    if equal {
        return result(recomputed, ClaimStatus::Reproduced, note);
    }
    let note = explanation(claim, annex).or(note);
    result(recomputed, ClaimStatus::Differs, note)
}

/// The reason that another figure gives, if it reproduces the printed value.
fn explanation(claim: &Claim, annex: &Value) -> Option<String> {
    let other = claim.explained_by.as_ref()?;
    let printed = claim.printed.first()?;
    let comparison = recompute(printed, &other.figure, claim.factor, annex).ok()?;
    let reason = comparison
        .equal
        .then(|| format!("the printed {printed} is the {}", other.is))?;
    Some(match &claim.note {
        Some(note) => format!("{reason}; {note}"),
        None => reason,
    })
}

fn shown(values: &[String]) -> String {
    match values {
        [lower, upper] => format!("{lower} to {upper}"),
        _ => values.join(", "),
    }
}

/// A recomputed figure at the printed precision.
struct Comparison {
    shown: String,
    equal: bool,
}

fn recompute(
    printed: &str,
    figure: &str,
    factor: f64,
    annex: &Value,
) -> Result<Comparison, String> {
    let value =
        lookup(annex, figure).ok_or_else(|| format!("the data hold no such figure ({figure})"))?;
    if let Some(reason) = value.get("not_estimable").and_then(Value::as_str) {
        return Err(format!("not estimable ({reason})"));
    }
    if let Some(number) = value.as_f64() {
        if !is_number(printed) {
            return Err(format!("the figure is a number, and “{printed}” is none"));
        }
        return Ok(compare_numbers(printed, number * factor));
    }
    if let Some(items) = value.as_array() {
        let words: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
        let mut words = words
            .ok_or_else(|| format!("what the data hold there is no list of names ({figure})"))?;
        words.sort_unstable();
        let text = words.join(", ");
        return Ok(Comparison {
            equal: text == printed,
            shown: text,
        });
    }
    match value.as_str() {
        Some(text) if text == printed || !is_number(printed) => Ok(Comparison {
            equal: text == printed,
            shown: text.to_owned(),
        }),
        _ => Err(format!("what the data hold there is no number ({figure})")),
    }
}

/// Whether a printed value is a number, with or without a sign and a percent sign.
fn is_number(printed: &str) -> bool {
    let digits = printed.trim().trim_end_matches('%').trim_end();
    let digits = digits.replace('\u{2212}', "-");
    let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(&digits);
    unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && unsigned.parse::<f64>().is_ok()
}

/// Rounds a number as the print does and compares the texts. A printed zero has no sign.
fn compare_numbers(printed: &str, number: f64) -> Comparison {
    let digits = printed.trim_end_matches('%').trim();
    let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len());
    let signed = digits.starts_with('+');
    let ascii = digits.replace('\u{2212}', "-");
    let rounded = format!("{number:.decimals$}");
    let unsigned_zero = |text: &str| {
        let bare = text.trim_start_matches(['-', '+']).to_owned();
        let zero = bare.chars().all(|c| matches!(c, '0' | '.'));
        if zero {
            bare
        } else {
            text.trim_start_matches('+').to_owned()
        }
    };
    let (rounded, wanted) = (unsigned_zero(&rounded), unsigned_zero(&ascii));
    let percent = if printed.trim_end().ends_with('%') {
        "%"
    } else {
        ""
    };
    let plus = if signed && !rounded.starts_with('-') {
        "+"
    } else {
        ""
    };
    Comparison {
        shown: format!("{plus}{}{percent}", rounded.replace('-', "\u{2212}")),
        equal: rounded == wanted,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn status(claim: &str, annex: &Value) -> (ClaimStatus, String, Option<String>) {
        let claims = Claims::parse(claim, Path::new("claims.toml")).unwrap();
        let result = check(&claims, annex).remove(0);
        (result.status, result.recomputed, result.note)
    }

    #[test]
    fn a_claim_is_reproduced_at_its_printed_precision_and_not_beyond() {
        let annex = json!({ "a": 0.6534, "b": -0.04 });
        let claim = |printed: &str, figure: &str, factor: &str| {
            format!(
                "[[claim]]\nid='x'\nclaim='c'\nprinted=['{printed}']\nfigures=['{figure}']\nfactor={factor}\n"
            )
        };
        assert_eq!(
            status(&claim("65.3%", "/a", "100.0"), &annex).0,
            ClaimStatus::Reproduced
        );
        assert_eq!(
            status(&claim("65.34%", "/a", "100.0"), &annex).0,
            ClaimStatus::Reproduced
        );
        assert_eq!(
            status(&claim("65.35%", "/a", "100.0"), &annex).0,
            ClaimStatus::Differs
        );
        assert_eq!(
            status(&claim("+0.0", "/b", "1.0"), &annex).0,
            ClaimStatus::Reproduced
        );
        assert_eq!(
            status(&claim("1", "/missing", "1.0"), &annex).0,
            ClaimStatus::CannotBeRecomputed
        );
    }

    #[test]
    fn a_difference_is_explained_only_by_a_figure_that_gives_the_printed_value() {
        let claim = "[[claim]]\nid='p'\nclaim='c'\nprinted=['0.640']\nfigures=['/p']\n\
            explained_by={figure='/normal',is='normal approximation'}\n";
        let explained = status(claim, &json!({ "p": 0.6457, "normal": 0.6404 }));
        assert_eq!(explained.0, ClaimStatus::Differs);
        assert_eq!(explained.1, "0.646");
        assert!(explained.2.unwrap().contains("normal approximation"));
        let unexplained = status(claim, &json!({ "p": 0.6457, "normal": 0.7 }));
        assert_eq!(unexplained.2, None);
    }

    #[test]
    fn an_absent_quantity_cannot_be_recomputed_and_says_why() {
        let claim = "[[claim]]\nid='p'\nclaim='c'\nprinted=['1']\nfigures=['/p']\n";
        let absent = status(claim, &json!({ "p": { "not_estimable": "NoSizes" } }));
        assert_eq!(absent.0, ClaimStatus::CannotBeRecomputed);
        assert!(absent.2.unwrap().contains("NoSizes"));
    }

    #[test]
    fn a_claim_that_nothing_can_be_compared_with_is_refused_by_its_id() {
        let with = |printed: &str, figures: &str, more: &str| {
            format!("[[claim]]\nid='c7'\nclaim='c'\nprinted={printed}\nfigures={figures}\n{more}\n")
        };
        for (text, problem) in [
            (with("['1']", "['/p']", "factor=nan"), "`factor` is NaN"),
            (with("['1']", "['/p']", "factor=inf"), "`factor` is inf"),
            (with("['1']", "['/p']", "factor=-0.0"), "`factor` is -0"),
            (with("['']", "['/p']", ""), "an empty value"),
            (with("[' ']", "['/p']", ""), "an empty value"),
            (with("[]", "[]", ""), "holds no value"),
            (with("['1']", "['']", ""), "the figure `` is no place"),
            (with("['1']", "['5']", ""), "the figure `5` is no place"),
            (with("['1']", "['p/q']", ""), "the figure `p/q` is no place"),
            (with("['1']", "['/']", ""), "the figure `/` is no place"),
            (
                with("['1']", "['/a[b]']", ""),
                "the figure `/a[b]` is no place",
            ),
            (
                with("['1']", "['/p']", "explained_by={figure='x',is='y'}"),
                "the figure `x` is no place",
            ),
        ] {
            let error = Claims::parse(&text, Path::new("r/claims.toml")).unwrap_err();
            let message = error.to_string();
            assert!(
                message.contains("`r/claims.toml`: claim `c7`: "),
                "{message}"
            );
            assert!(message.contains(problem), "{message}");
            assert!(message.contains("\nhint: "), "{message}");
        }
        let without = "[[claim]]\nid=' '\nclaim='c'\nprinted=['1']\nfigures=['/p']\n";
        assert!(Claims::parse(without, Path::new("claims.toml")).is_err());
    }

    #[test]
    fn a_number_is_compared_with_a_number_alone() {
        let annex = json!({
            "n": 3, "word": "up", "digits": "3", "names": ["b", "a"], "numbers": [1],
            "flag": true, "none": null, "object": {},
        });
        for (printed, figure, expected) in [
            ("3", "/n", ClaimStatus::Reproduced),
            ("+3%", "/n", ClaimStatus::Reproduced),
            ("\u{2212}3", "/n", ClaimStatus::Differs),
            ("three", "/n", ClaimStatus::CannotBeRecomputed),
            ("nan", "/n", ClaimStatus::CannotBeRecomputed),
            ("inf", "/n", ClaimStatus::CannotBeRecomputed),
            ("3", "/word", ClaimStatus::CannotBeRecomputed),
            ("3", "/digits", ClaimStatus::Reproduced),
            ("down", "/word", ClaimStatus::Differs),
            ("a, b", "/names", ClaimStatus::Reproduced),
            ("1", "/numbers", ClaimStatus::CannotBeRecomputed),
            ("true", "/flag", ClaimStatus::CannotBeRecomputed),
            ("none", "/none", ClaimStatus::CannotBeRecomputed),
            ("x", "/object", ClaimStatus::CannotBeRecomputed),
        ] {
            let claim = format!(
                "[[claim]]\nid='x'\nclaim='c'\nprinted=['{printed}']\nfigures=['{figure}']\n"
            );
            assert_eq!(status(&claim, &annex).0, expected, "{printed} {figure}");
        }
    }

    #[test]
    fn a_claim_whose_values_and_figures_do_not_match_is_refused() {
        let text = "[[claim]]\nid='p'\nclaim='c'\nprinted=['1','2']\nfigures=['/p']\n";
        assert!(Claims::parse(text, Path::new("claims.toml")).is_err());
        let twice =
            "[[claim]]\nid='p'\nclaim='c'\nprinted=[]\n[[claim]]\nid='p'\nclaim='c'\nprinted=[]\n";
        assert!(Claims::parse(twice, Path::new("claims.toml")).is_err());
    }
}
