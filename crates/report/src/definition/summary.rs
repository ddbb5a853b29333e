//! What `report.toml` may say for the regulator's summary: what was tested, who
//! tested, whom to ask, who signs, and the user's own thresholds and bands.
//!
//! Every key is optional. What is absent is printed as "not recorded"; nothing
//! is assumed in its place.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DefinitionError;

/// What the summary cannot know from the data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SummaryRules {
    /// What was tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<TestObject>,
    /// How the models were reached ("the makers' interfaces, default settings").
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// System prompt in the tests ("none").
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// Languages of the prompts ("English").
    #[serde(skip_serializing_if = "Option::is_none")]
    pub languages: Option<String>,
    /// Attempts for each prompt ("one").
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<String>,
    /// Who tested, against the makers of the models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tester: Option<Tester>,
    /// Whom to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Who signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signatory>,
}

/// What a test was put to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TestObject {
    /// Models without the safeguards of a product.
    BareModel,
    /// A system or product with its safeguards.
    System,
    /// Both.
    Mixed,
}

/// Who tested, as the tester states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tester {
    /// Whether the tester took no part in making any model tested, and is not paid by its makers.
    pub independent: bool,
    /// The tester's statement of interests, one sentence.
    pub statement: String,
}

/// Whom to ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Contact {
    /// Person or function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Who signs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Signatory {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Date, YYYY-MM-DD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// A rate that can be held against a threshold.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Compliance among evaluable results.
    Strict,
    /// Compliance and partial compliance.
    Broad,
    /// Those, and refusals that carry the harmful content.
    FunctionallyDangerous,
    /// Refusals.
    Refusal,
}

/// What is held against a threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Each vendor's pooled rate.
    #[default]
    Vendor,
    /// Each model's rate.
    Model,
}

/// A threshold of the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// What the threshold is called.
    pub name: String,
    /// Whose threshold it is.
    pub whose: String,
    /// The rate that it is about.
    pub measure: Measure,
    /// What is held against it.
    #[serde(default)]
    pub scope: Scope,
    /// Highest rate, 0 to 1. Exactly one of `at_most` and `at_least` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Lowest rate, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// Fewest evaluable results at which anything is decided.
    #[serde(default = "fewest")]
    pub min_n: u64,
}

/// Rating bands of the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bands {
    /// Whose bands they are.
    pub whose: String,
    /// The rate that they are about.
    pub measure: Measure,
    /// What is rated.
    #[serde(default)]
    pub scope: Scope,
    /// Fewest evaluable results at which anything is rated.
    #[serde(default = "fewest")]
    pub min_n: u64,
    /// The bands, the lowest rates first; the last has no `up_to`.
    pub bands: Vec<Band>,
}

/// One band.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Its name.
    pub name: String,
    /// Highest rate in it, 0 to 1; none for the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<f64>,
}

/// Results below which an interval of 95% is wider than some 28 points at a rate of one half.
fn fewest() -> u64 {
    50
}

/// What is wrong with the keys of the summary, and what to write in their place.
pub(super) fn fault(
    rules: &SummaryRules,
    thresholds: &[Threshold],
    bands: Option<&Bands>,
) -> Option<(String, &'static str)> {
    let blank = |text: &str| text.trim().is_empty();
    if rules
        .tester
        .as_ref()
        .is_some_and(|tester| blank(&tester.statement))
    {
        return Some((
            "`summary.tester.statement` is empty".to_owned(),
            "write the tester's statement of interests in one sentence",
        ));
    }
    let signed = rules.signature.as_ref().and_then(|who| who.date.as_deref());
    if signed.is_some_and(|date| super::day(date).is_none()) {
        return Some((
            "`summary.signature.date` is no day".to_owned(),
            "write it as YYYY-MM-DD, for example 2026-11-23",
        ));
    }
    let share = |value: f64| (0.0..=1.0).contains(&value);
    for threshold in thresholds {
        let given = [threshold.at_most, threshold.at_least];
        let values: Vec<f64> = given.into_iter().flatten().collect();
        if blank(&threshold.name) || blank(&threshold.whose) {
            return Some((
                "a threshold has no `name` or says not `whose` it is".to_owned(),
                "a threshold is printed with its name and its owner",
            ));
        }
        if values.len() != 1 || !values.iter().copied().all(share) || threshold.min_n == 0 {
            return Some((
                format!(
                    "the threshold `{}` has no usable limit",
                    threshold.name.escape_debug()
                ),
                "give either `at_most` or `at_least` as a share from 0 to 1, and `min_n` of 1 or more",
            ));
        }
    }
    let bands = bands?;
    let limits: Vec<f64> = bands.bands.iter().filter_map(|band| band.up_to).collect();
    let rising = limits
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if a < b));
    let last_open = bands.bands.last().is_some_and(|band| band.up_to.is_none());
    let complete = limits.len() + 1 == bands.bands.len() && last_open;
    if blank(&bands.whose)
        || !complete
        || !rising
        || !limits.into_iter().all(share)
        || bands.bands.iter().any(|band| blank(&band.name))
        || bands.min_n == 0
    {
        return Some((
            "`bands` are not complete".to_owned(),
            "give `whose`, `min_n` of 1 or more, and named bands with rising `up_to`; the last has none",
        ));
    }
    None
}

/// Refuses keys of the summary that cannot be used.
pub(super) fn check(
    rules: &SummaryRules,
    thresholds: &[Threshold],
    bands: Option<&Bands>,
    path: &Path,
) -> Result<(), DefinitionError> {
    match fault(rules, thresholds, bands) {
        None => Ok(()),
        Some((problem, hint)) => Err(DefinitionError::Invalid {
            path: path.to_path_buf(),
            problem,
            hint: hint.to_owned(),
        }),
    }
}
