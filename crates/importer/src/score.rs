//! The user's rules for scores whose polarity a file does not say.
//!
//! A rule says when a score of one grader means that the attack succeeded. A
//! score that the rule cannot judge is a failure of the grader and never a
//! defence. What a rule was applied to, and which rule was applied to nothing,
//! comes out as sentences for the account.
//!
//! ```toml
//! [inputs.options.success]
//! refusal_judge = { equals = "I" }
//! "toxicity" = { at_least = 0.5 }
//! panel = { below = 1, key = "safe" }
//! "*" = { equals = ["C", true, 1] }   # every other grader
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use caveat_corpus::Verdict;
use serde_json::{Map, Value};

use crate::ImportError;
use crate::json::{non_finite, raw_text};
use crate::text::printable;

/// The option that holds the rules.
pub const OPTION: &str = "success";

/// The option, as `caveat importers` lists it.
pub const OPTION_INFO: crate::OptionInfo = crate::OptionInfo {
    name: OPTION,
    meaning: "when the attack succeeded, for each grader whose polarity the file does not say",
};

/// Stands for every grader without a rule of its own.
const ANY: &str = "*";

/// Graders that are remembered by name for the account.
const MAX_REMEMBERED: usize = 1000;

const HINT: &str = "write for each grader when the attack succeeded: \
    `success.GRADER = { equals = \"C\" }`, `{ not_equals = .. }`, `{ at_least = 0.5 }` or \
    `{ below = 0.5 }`, with `key = \"..\"` where the score is an object; `*` is every other grader";

/// The rules of one import.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: BTreeMap<String, Rule>,
    /// Scores that were judged, by grader.
    judged: RefCell<BTreeMap<String, u64>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    key: Option<String>,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Equals(Vec<Word>),
    NotEquals(Vec<Word>),
    AtLeast(f64),
    Below(f64),
}

/// A score that can be compared.
#[derive(Clone, Debug, PartialEq)]
enum Word {
    Truth(bool),
    Number(f64),
    Text(String),
}

impl Rules {
    /// Takes the option `success` out of the options of a format.
    ///
    /// # Errors
    /// [`ImportError::Options`] for a rule that is none.
    pub fn take(
        format: &'static str,
        options: &mut Map<String, Value>,
    ) -> Result<Self, ImportError> {
        let refuse = |problem: String| ImportError::Options {
            format,
            problem,
            hint: HINT.to_owned(),
        };
        let Some(written) = options.remove(OPTION) else {
            return Ok(Self::default());
        };
        let Value::Object(written) = written else {
            return Err(refuse(format!("`{OPTION}` is no table of rules")));
        };
        let mut rules = BTreeMap::new();
        for (grader, written) in written {
            let rule = rule(&written).map_err(|problem| {
                refuse(format!(
                    "the rule `{OPTION}.{}` {problem}",
                    printable(&grader)
                ))
            })?;
            rules.insert(grader, rule);
        }
        Ok(Self {
            rules,
            judged: RefCell::default(),
        })
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a rule holds for this grader.
    pub fn has(&self, grader: &str) -> bool {
        self.rule(grader).is_some()
    }

    /// The verdict of a grader's score: `Compliance` where the rule says that
    /// the attack succeeded, `Refusal` where it says that it did not, and
    /// `ParseError` for a score that the rule cannot judge: null, not finite,
    /// without the key, or of another type than the rule compares with. A truth
    /// value counts as 1 or 0 where a number is asked for.
    ///
    /// `None` if no rule holds for the grader.
    ///
    /// ```
    /// use caveat_corpus::Verdict;
    /// use caveat_importer::score::Rules;
    /// use serde_json::json;
    /// let mut options = json!({"success": {"judge": {"equals": "C"}}});
    /// let rules = Rules::take("inspect", options.as_object_mut().unwrap()).unwrap();
    /// assert_eq!(rules.verdict("judge", &json!("C")), Some(Verdict::Compliance));
    /// assert_eq!(rules.verdict("judge", &json!("I")), Some(Verdict::Refusal));
    /// assert_eq!(rules.verdict("judge", &json!(0.5)), Some(Verdict::ParseError));
    /// assert_eq!(rules.verdict("other", &json!("C")), None);
    /// ```
    pub fn verdict(&self, grader: &str, raw: &Value) -> Option<Verdict> {
        let rule = self.rule(grader)?;
        self.remember(grader);
        Some(match rule.succeeded(raw) {
            Some(true) => Verdict::Compliance,
            Some(false) => Verdict::Refusal,
            None => Verdict::ParseError,
        })
    }

    /// The graders that have a rule and never gave a score.
    pub fn unused(&self) -> Vec<&str> {
        let judged = self.judged.borrow();
        let is_unused = |grader: &str| match grader {
            ANY => judged.keys().all(|judged| self.rules.contains_key(judged)),
            grader => !judged.contains_key(grader),
        };
        let graders = self.rules.keys().map(String::as_str);
        graders.filter(|grader| is_unused(grader)).collect()
    }

    /// Sentences for the account: which rule was applied to which grader, and
    /// which rule to none.
    pub fn notes(&self) -> Vec<String> {
        let judged = self.judged.borrow();
        let applied = judged.iter().filter_map(|(grader, scores)| {
            let rule = self.rule(grader)?;
            let grader = printable(grader);
            Some(format!(
                "scores of `{grader}` are read by the rule given: success when {rule} ({scores} scores)"
            ))
        });
        let unused = self.unused().into_iter().map(|grader| {
            let grader = printable(grader);
            format!("the rule for `{grader}` was applied to no score: check the name of the grader")
        });
        applied.chain(unused).collect()
    }

    fn rule(&self, grader: &str) -> Option<&Rule> {
        self.rules.get(grader).or_else(|| self.rules.get(ANY))
    }

    fn remember(&self, grader: &str) {
        let mut judged = self.judged.borrow_mut();
        if let Some(scores) = judged.get_mut(grader) {
            *scores += 1;
        } else if judged.len() < MAX_REMEMBERED || self.rules.contains_key(grader) {
            judged.insert(grader.to_owned(), 1);
        }
    }
}

fn rule(written: &Value) -> Result<Rule, String> {
    let Value::Object(written) = written else {
        return Err("is no table".to_owned());
    };
    let mut key = None;
    let mut test = None;
    for (name, value) in written {
        let found = match name.as_str() {
            "key" => {
                let path = value.as_str().ok_or("has a `key` that is no text")?;
                key = Some(path.to_owned());
                continue;
            }
            "equals" => Test::Equals(words(value)?),
            "not_equals" => Test::NotEquals(words(value)?),
            "at_least" => Test::AtLeast(bound(value)?),
            "below" => Test::Below(bound(value)?),
            other => return Err(format!("has the unknown key `{}`", printable(other))),
        };
        if test.replace(found).is_some() {
            return Err("has more than one condition".to_owned());
        }
    }
    let test = test.ok_or("has no condition")?;
    Ok(Rule { key, test })
}

/// One word, or any of a list of words.
fn words(value: &Value) -> Result<Vec<Word>, String> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        item => std::slice::from_ref(item),
    };
    let words: Option<Vec<Word>> = items.iter().map(Word::of).collect();
    words
        .filter(|words| !words.is_empty())
        .ok_or_else(|| "compares with something that is no text, number or truth value".to_owned())
}

fn bound(value: &Value) -> Result<f64, String> {
    value
        .as_f64()
        .ok_or_else(|| "has a bound that is no number".to_owned())
}

impl Word {
    /// A text that spells a number or a truth value is one: tables without
    /// types hold nothing but text.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(Word::Truth(*truth)),
            Value::Number(number) => number.as_f64().map(Word::Number),
            Value::String(_) if non_finite(value).is_some() => None,
            Value::String(text) => Some(Word::of_text(text)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn of_text(text: &str) -> Self {
        if text.eq_ignore_ascii_case("true") {
            return Word::Truth(true);
        }
        if text.eq_ignore_ascii_case("false") {
            return Word::Truth(false);
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Word::Number(number),
            _ => Word::Text(text.to_owned()),
        }
    }

    const fn number(&self) -> Option<f64> {
        match self {
            Word::Truth(true) => Some(1.0),
            Word::Truth(false) => Some(0.0),
            Word::Number(number) => Some(*number),
            Word::Text(_) => None,
        }
    }
}

impl Rule {
    /// Whether the attack succeeded; `None` if the rule cannot tell.
    fn succeeded(&self, raw: &Value) -> Option<bool> {
        let value = match &self.key {
            Some(key) => find(raw, key)?,
            None => raw,
        };
        let word = Word::of(value)?;
        match &self.test {
            Test::Equals(words) => is_one_of(&word, words),
            Test::NotEquals(words) => is_one_of(&word, words).map(|equal| !equal),
            Test::AtLeast(bound) => Some(word.number()? >= *bound),
            Test::Below(bound) => Some(word.number()? < *bound),
        }
    }
}

/// `None` if no word has the type of the score: it is none of the grader's words.
fn is_one_of(found: &Word, words: &[Word]) -> Option<bool> {
    let same_type = |word: &&Word| std::mem::discriminant(*word) == std::mem::discriminant(found);
    words.iter().find(same_type)?;
    Some(words.contains(found))
}

/// A member by its whole name, or by names joined with dots.
fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    let (name, rest) = path.split_once('.')?;
    find(value.get(name)?, rest)
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "`{}` ", printable(key))?,
            None => f.write_str("it ")?,
        }
        match &self.test {
            Test::Equals(words) => write!(f, "equals {}", spelled(words)),
            Test::NotEquals(words) => write!(f, "does not equal {}", spelled(words)),
            Test::AtLeast(bound) => write!(f, "is at least {bound}"),
            Test::Below(bound) => write!(f, "is below {bound}"),
        }
    }
}

fn spelled(words: &[Word]) -> String {
    let words = words.iter().map(|word| match word {
        Word::Truth(truth) => format!("`{truth}`"),
        Word::Number(number) => format!("`{number}`"),
        Word::Text(text) => format!("`{}`", printable(text)),
    });
    words.collect::<Vec<_>>().join(" or ")
}

/// Says that an option is unknown: a key that nobody reads is a mistake of the
/// author, not a wish granted.
///
/// Call it after every known option was taken out.
///
/// # Errors
/// [`ImportError::Options`] that names the first key and those that are known.
pub fn refuse_unknown(
    format: &'static str,
    options: &Map<String, Value>,
    known: &[&str],
) -> Result<(), ImportError> {
    let Some((key, value)) = options.iter().next() else {
        return Ok(());
    };
    let known: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
    Err(ImportError::Options {
        format,
        problem: format!(
            "unknown option `{}` ({})",
            printable(key),
            printable(&raw_text(value))
        ),
        hint: format!("the options of this format are {}", known.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;
    use crate::{Limits, json as reader};

    fn rules(success: Value) -> Result<Rules, String> {
        let mut options = json!({ "success": success, "other": 1 });
        let options = options.as_object_mut().unwrap();
        let rules = Rules::take("inspect", options);
        assert_eq!(options.len(), 1, "only its own option is taken");
        rules.map_err(|error| error.to_string())
    }

    #[test]
    fn a_rule_judges_what_it_can_compare_and_nothing_else() {
        use Verdict::{Compliance, ParseError, Refusal};
        for (rule, scores) in [
            (
                json!({"equals": "C"}),
                vec![
                    ("\"C\"", Compliance),
                    ("\"I\"", Refusal),
                    ("1", ParseError),
                    ("true", ParseError),
                    ("null", ParseError),
                    ("NaN", ParseError),
                    ("{}", ParseError),
                    ("\"c\"", Refusal),
                ],
            ),
            (
                json!({"equals": ["C", "P"]}),
                vec![("\"P\"", Compliance), ("\"I\"", Refusal)],
            ),
            (
                json!({"equals": 1}),
                vec![
                    ("1", Compliance),
                    ("1.0", Compliance),
                    ("\"1\"", Compliance),
                    ("0", Refusal),
                    ("true", ParseError),
                    ("\"C\"", ParseError),
                    ("1e400", ParseError),
                ],
            ),
            (
                json!({"equals": true}),
                vec![
                    ("true", Compliance),
                    ("\"True\"", Compliance),
                    ("false", Refusal),
                    ("1", ParseError),
                ],
            ),
            (
                json!({"not_equals": "refused"}),
                vec![
                    ("\"refused\"", Refusal),
                    ("\"complied\"", Compliance),
                    ("null", ParseError),
                    ("3", ParseError),
                ],
            ),
            (
                json!({"at_least": 0.5}),
                vec![
                    ("0.5", Compliance),
                    ("1", Compliance),
                    ("0.49", Refusal),
                    ("true", Compliance),
                    ("false", Refusal),
                    ("\"0.7\"", Compliance),
                    ("\"high\"", ParseError),
                    ("NaN", ParseError),
                    ("Infinity", ParseError),
                    ("[1]", ParseError),
                ],
            ),
            (
                json!({"below": 0.5}),
                vec![
                    ("0.5", Refusal),
                    ("0.49", Compliance),
                    ("-Infinity", ParseError),
                ],
            ),
            (
                json!({"below": 1, "key": "safe"}),
                vec![
                    (r#"{"safe": 0}"#, Compliance),
                    (r#"{"safe": 1, "x": 0}"#, Refusal),
                    (r#"{"x": 0}"#, ParseError),
                    ("0", ParseError),
                ],
            ),
            (
                json!({"equals": "C", "key": "a.b"}),
                vec![
                    (r#"{"a": {"b": "C"}}"#, Compliance),
                    (r#"{"a.b": "C", "a": {"b": "I"}}"#, Compliance),
                ],
            ),
        ] {
            let rules = rules(json!({ "judge": rule })).unwrap();
            for (score, verdict) in scores {
                let raw: Value = reader::parse(score.as_bytes(), &Limits::default()).unwrap();
                assert_eq!(
                    rules.verdict("judge", &raw),
                    Some(verdict),
                    "{rule}: {score}"
                );
            }
            assert_eq!(rules.verdict("other", &json!("C")), None);
        }
    }

    #[test]
    fn a_rule_that_is_none_is_refused_with_its_name() {
        for (success, part) in [
            (json!("C"), "`success` is no table of rules"),
            (json!({"j": "C"}), "the rule `success.j` is no table"),
            (json!({"j": {}}), "the rule `success.j` has no condition"),
            (json!({"j": {"key": "x"}}), "has no condition"),
            (
                json!({"j": {"equals": "C", "below": 1}}),
                "has more than one condition",
            ),
            (json!({"j": {"equal": "C"}}), "has the unknown key `equal`"),
            (
                json!({"j": {"equals": null}}),
                "compares with something that is no text",
            ),
            (
                json!({"j": {"equals": []}}),
                "compares with something that is no text",
            ),
            (
                json!({"j": {"at_least": "high"}}),
                "has a bound that is no number",
            ),
            (
                json!({"j": {"below": 1, "key": 2}}),
                "has a `key` that is no text",
            ),
        ] {
            let message = rules(success).unwrap_err();
            assert!(message.contains(part), "{message}");
            assert!(message.starts_with("inspect: ") && message.contains("\nhint: "));
        }
    }

    #[test]
    fn what_was_applied_to_which_grader_is_said_and_what_to_none() {
        let rules = rules(json!({
            "a": {"equals": ["C", 1]}, "typo": {"below": 0.5}, "*": {"at_least": 1, "key": "k"}
        }))
        .unwrap();
        assert_eq!(rules.unused(), ["*", "a", "typo"]);
        assert!(rules.has("anything"));
        rules.verdict("a", &json!("C"));
        rules.verdict("a", &json!("I"));
        assert_eq!(rules.unused(), ["*", "typo"]);
        rules.verdict("b", &json!({"k": 1}));
        assert_eq!(
            rules.notes(),
            [
                "scores of `a` are read by the rule given: success when it equals `C` or `1` (2 scores)",
                "scores of `b` are read by the rule given: success when `k` is at least 1 (1 scores)",
                "the rule for `typo` was applied to no score: check the name of the grader",
            ]
        );
        assert!(Rules::default().is_empty());
        assert!(!Rules::default().has("a"));
    }

    #[test]
    fn an_option_that_nobody_reads_is_a_mistake() {
        let options = json!({"succes": {"a": 1}});
        let options = options.as_object().unwrap();
        let message = refuse_unknown("garak", options, &["success"])
            .unwrap_err()
            .to_string();
        assert_eq!(
            message,
            "garak: unknown option `succes` ({\"a\":1})\nhint: the options of this format are `success`"
        );
        assert!(refuse_unknown("garak", &Map::new(), &[]).is_ok());
    }
}
