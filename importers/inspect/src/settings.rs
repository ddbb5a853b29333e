//! What the user says of a log: which scores are successes, which metadata
//! holds the category.

use caveat_corpus::GraderKind;
use caveat_importer::score::{self, Rules};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Options};
use serde_json::{Map, Value};

use crate::FORMAT;

/// Metadata that is taken for the harm category where nothing else is said.
const CATEGORY_KEYS: [&str; 4] = [
    "harm_category",
    "semantic_category",
    "harm_type",
    "category",
];

/// Metadata that is taken for the technique.
const TECHNIQUE_KEYS: [&str; 7] = [
    "technique",
    "attack_technique",
    "attack_method",
    "attack_name",
    "attack",
    "jailbreak",
    "strategy",
];

/// Metadata that is taken for the family of attacks.
const FAMILY_KEYS: [&str; 2] = ["attack_family", "attack_type"];

/// Options that are read.
const KNOWN: [&str; 5] = [
    score::OPTION,
    "kinds",
    "harm_category",
    "technique",
    "attack_family",
];

/// Stands for every grader without a rule of its own.
const EVERY_OTHER: &str = "*";

/// The options of the format.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The user's rules for scores.
    pub(crate) rules: Rules,
    /// What is written in each of them, by grader.
    written: Map<String, Value>,
    /// Kinds of graders, by name of the grader or of its scorer.
    pub(crate) kinds: Vec<(String, GraderKind)>,
    /// Labels and the keys of the samples' metadata that they are read from, first match first.
    pub(crate) labels: [(Label, Vec<String>); 3],
}

/// What a key of the metadata is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    HarmCategory,
    Technique,
    AttackFamily,
}

impl Label {
    /// The name of the option and of the label.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Label::HarmCategory => "harm_category",
            Label::Technique => "technique",
            Label::AttackFamily => "attack_family",
        }
    }
}

impl Settings {
    /// Reads the options; a key that nobody reads is a mistake.
    pub(crate) fn new(options: &Options) -> Result<Self, ImportError> {
        let mut given = options.format.clone();
        let written = match given.get(score::OPTION) {
            Some(Value::Object(written)) => written.clone(),
            _ => Map::new(),
        };
        let rules = Rules::take(FORMAT, &mut given)?;
        let kinds = kinds(&mut given)?;
        let labels = [
            label(&mut given, Label::HarmCategory, &CATEGORY_KEYS)?,
            label(&mut given, Label::Technique, &TECHNIQUE_KEYS)?,
            label(&mut given, Label::AttackFamily, &FAMILY_KEYS)?,
        ];
        score::refuse_unknown(FORMAT, &given, &KNOWN)?;
        Ok(Self {
            rules,
            written,
            kinds,
            labels,
        })
    }

    /// The name of the rule for a grader: its own, or that for every other.
    pub(crate) fn rule_for(&self, grader: &str) -> Option<&str> {
        let find = |name| self.written.get_key_value(name);
        let (name, _) = find(grader).or_else(|| find(EVERY_OTHER))?;
        Some(name)
    }

    /// Whether a grader has a rule of its own.
    pub(crate) fn has_own_rule(&self, grader: &str) -> bool {
        self.written.contains_key(grader)
    }

    /// The key that the scorer's own rule looks at.
    pub(crate) fn key_of_rule(&self, scorer: &str) -> Option<&str> {
        self.written.get(scorer)?.get("key")?.as_str()
    }

    /// Whether a rule compares with this very word.
    pub(crate) fn names_word(&self, rule: &str, word: &str) -> bool {
        let Some(rule) = self.written.get(rule) else {
            return false;
        };
        let conditions = [rule.get("equals"), rule.get("not_equals")];
        conditions.into_iter().flatten().any(|found| match found {
            Value::Array(words) => words.iter().any(|found| found == word),
            found => found == word,
        })
    }

    /// Whether a key of a sample's metadata is read for some label.
    pub(crate) fn reads(&self, key: &str) -> bool {
        let mut keys = self.labels.iter().flat_map(|(_, keys)| keys);
        keys.any(|read| read == key)
    }
}

fn label(
    given: &mut Map<String, Value>,
    label: Label,
    usual: &[&str],
) -> Result<(Label, Vec<String>), ImportError> {
    let keys = match given.remove(label.name()) {
        None => usual.iter().map(|key| (*key).to_owned()).collect(),
        Some(Value::String(key)) => vec![key],
        Some(_) => {
            let name = label.name();
            return Err(fault(format!(
                "`{name}` must be text, the name of a key of the samples' metadata"
            )));
        }
    };
    Ok((label, keys))
}

fn kinds(given: &mut Map<String, Value>) -> Result<Vec<(String, GraderKind)>, ImportError> {
    let by_grader = match given.remove("kinds") {
        None => return Ok(Vec::new()),
        Some(Value::Object(by_grader)) => by_grader,
        Some(_) => return Err(fault("`kinds` must give a kind by grader".to_owned())),
    };
    let named = by_grader.into_iter().map(|(grader, kind)| {
        let found = GraderKind::ALL
            .into_iter()
            .find(|known| kind.as_str() == Some(known.name()));
        match found {
            Some(kind) => Ok((grader, kind)),
            None => Err(fault(format!(
                "the kind of `{}` must be one of human, llm, classifier, rule, heuristic",
                printable(&grader)
            ))),
        }
    });
    named.collect()
}

fn fault(problem: String) -> ImportError {
    ImportError::Options {
        format: FORMAT,
        problem,
        hint: "importers/inspect/README.md shows the options".to_owned(),
    }
}
