//! Tells the scorers of a source apart and turns their scores into grades.
//!
//! The class of a scorer is not enough: two of one class differ by category and
//! by the hash of their settings. Scorers are first met one after the other,
//! then settled, and only then asked for grades, because a score of a blocked
//! reply has no category of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use caveat_corpus::{Grade, GraderKind, Verdict};
use caveat_importer::Limits;
use caveat_importer::json::raw_word;
use caveat_importer::score::Rules;
use caveat_importer::text::printable;
use serde_json::Value;

use crate::fields::{self, Object, structured, unfolded};
use crate::identifier::ScorerFacts;
use crate::meaning::{self, Meaning};

/// Identifiers whose reading is remembered. A run has a handful of scorers.
const MAX_REMEMBERED: usize = 4096;

/// Scorers that are told apart. A run has a handful; each is named in the account.
const MAX_SCORERS: usize = 10_000;

/// Digits of a hash that tell two scorers of one name apart.
const SHOWN_HASH_DIGITS: usize = 8;

/// What makes two scores those of one scorer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// Hash, or class with the classes that it wraps.
    identity: String,
    category: Option<String>,
}

/// A scorer as it stands behind grades.
struct Scorer {
    key: Key,
    facts: Rc<ScorerFacts>,
    name: Option<String>,
    meaning: Option<(Meaning, &'static str)>,
    is_objective: bool,
    threshold: Option<f64>,
    verdicts: BTreeMap<Verdict, u64>,
    by_rule: bool,
    scales: bool,
}

/// What the user said of scorers.
pub(crate) struct GivenRules {
    /// The rules.
    pub(crate) rules: Rules,
    /// Scorers that have one.
    pub(crate) scorers: HashSet<String>,
}

/// The scorers whose true score was the aim of an attack.
#[derive(Debug, Default)]
pub(crate) struct Objectives {
    /// Hashes.
    pub(crate) hashes: HashSet<String>,
    /// Class with classes that it wraps and category, where there is no hash.
    named: HashSet<(String, Option<String>)>,
}

/// Every scorer of a source.
pub(crate) struct Graders {
    limits: Limits,
    rules: Rules,
    /// Scorers that have a rule of their own, as the user names them.
    ruled: HashSet<String>,
    remembered: HashMap<String, Rc<ScorerFacts>>,
    /// What a table of scorers says, by hash.
    by_hash: HashMap<String, Rc<ScorerFacts>>,
    scorers: Vec<Scorer>,
    places: HashMap<Key, usize>,
    /// Categories by hash.
    categories: HashMap<String, BTreeSet<String>>,
    /// Thresholds that a threshold scorer of the file sets on the scale within.
    thresholds: HashMap<String, Option<f64>>,
    /// Hashes of targets that scorers ask.
    pub(crate) asked: HashSet<String>,
}

/// A grade, and whether the aim of the attack was judged by it.
pub(crate) struct Judgement {
    /// The grade.
    pub(crate) grade: Grade,
    /// It is that of an objective scorer.
    pub(crate) is_objective: bool,
}

impl Graders {
    /// Knows no scorer yet.
    pub(crate) fn new(limits: Limits, rules: GivenRules) -> Self {
        Self {
            limits,
            rules: rules.rules,
            ruled: rules.scorers,
            remembered: HashMap::new(),
            by_hash: HashMap::new(),
            scorers: Vec::new(),
            places: HashMap::new(),
            categories: HashMap::new(),
            thresholds: HashMap::new(),
            asked: HashSet::new(),
        }
    }

    /// Meets the scorer of a score.
    pub(crate) fn meet(&mut self, score: &Object) -> Result<(), String> {
        let facts = self.facts(score);
        self.learn(&facts);
        let key = self.key(score, &facts);
        if let (Some(category), true) = (&key.category, has_hash(score, &facts)) {
            let of_hash = self.categories.entry(key.identity.clone()).or_default();
            of_hash.insert(category.clone());
        }
        if self.places.contains_key(&key) {
            return Ok(());
        }
        if let Some(category) = &key.category {
            self.limits.check_name("`score_category`", category)?;
        }
        if let Some(class) = &facts.class {
            self.limits.check_name("the scorer's class", class)?;
        }
        if self.scorers.len() == MAX_SCORERS {
            return Err(format!("more than {MAX_SCORERS} different scorers"));
        }
        self.places.insert(key.clone(), self.scorers.len());
        self.scorers.push(Scorer {
            key,
            facts,
            name: None,
            meaning: None,
            is_objective: false,
            threshold: None,
            verdicts: BTreeMap::new(),
            by_rule: false,
            scales: false,
        });
        Ok(())
    }

    /// Remembers a scorer of a table, for scores that name it by hash alone.
    pub(crate) fn remember(&mut self, hash: &str, facts: ScorerFacts) {
        if self.by_hash.len() < MAX_SCORERS {
            self.by_hash.insert(hash.to_owned(), Rc::new(facts));
        }
    }

    /// Learns what an identifier says of thresholds and of targets that are asked.
    pub(crate) fn learn(&mut self, facts: &ScorerFacts) {
        if let Some(target) = &facts.target_hash {
            self.asked.insert(target.clone());
        }
        if let Some(threshold) = facts.threshold {
            for within in facts
                .wrapped
                .iter()
                .filter_map(|within| within.hash.clone())
            {
                self.thresholds
                    .entry(within)
                    .and_modify(|known| *known = known.filter(|known| *known == threshold))
                    .or_insert(Some(threshold));
            }
        }
        for within in &facts.wrapped {
            self.learn(within);
        }
    }

    /// Adds the scorer of a score to those that were the aim of an attack.
    pub(crate) fn add_objective(&mut self, score: &Object, objectives: &mut Objectives) {
        let facts = self.facts(score);
        let key = self.key(score, &facts);
        if has_hash(score, &facts) {
            objectives.hashes.insert(key.identity);
        } else {
            objectives.named.insert((key.identity, key.category));
        }
    }

    /// Gives every scorer its name and its meaning. Names come in the order in
    /// which scorers were met, so that a grown source keeps those it had.
    pub(crate) fn settle(&mut self, objectives: &Objectives) {
        let mut names: HashMap<String, String> = HashMap::new();
        for scorer in &mut self.scorers {
            let category = folded(&scorer.key, &self.categories);
            scorer.name = scorer.facts.class.as_deref().map(|class| {
                let name = match category {
                    Some(category) => format!("{class} ({category})"),
                    None => class.to_owned(),
                };
                let owner = names.entry(name.clone());
                if *owner.or_insert_with(|| scorer.key.identity.clone()) == scorer.key.identity {
                    name
                } else {
                    let hash: String = scorer
                        .key
                        .identity
                        .chars()
                        .take(SHOWN_HASH_DIGITS)
                        .collect();
                    format!("{name} #{hash}")
                }
            });
            let named = (scorer.key.identity.clone(), scorer.key.category.clone());
            scorer.is_objective = objectives.hashes.contains(&scorer.key.identity)
                || objectives.named.contains(&named);
            scorer.meaning = meaning::of(&scorer.facts, category).or_else(|| {
                let aim = "attacks of the file name it as their objective scorer";
                scorer.is_objective.then_some((Meaning::Success, aim))
            });
            let threshold = self.thresholds.get(&scorer.key.identity);
            scorer.threshold = threshold.copied().flatten();
        }
    }

    /// Turns a score into a grade.
    ///
    /// `is_filtered` says that the reply was blocked, so that a refusal scorer
    /// which found none found nothing to look at.
    pub(crate) fn grade(&mut self, score: &Object, is_filtered: bool) -> Result<Judgement, String> {
        let facts = self.facts(score);
        let key = self.key(score, &facts);
        let place = self.places.get(&key).copied();
        let known = place.and_then(|place| self.scorers.get_mut(place));
        let scorer = known.ok_or("its scorer was not met before")?;
        let value = value(score)?;
        let kind = fields::word(score, "score_type")?.unwrap_or_default();
        scorer.scales |= kind == "float_scale";
        let by_rule = value.as_ref().and_then(|value| {
            let name = scorer.ruled_name(&self.ruled)?;
            self.rules.verdict(name, value)
        });
        scorer.by_rule |= by_rule.is_some();
        let verdict = match (&value, by_rule) {
            (None, _) => Verdict::ParseError,
            (Some(_), Some(verdict)) => verdict,
            (Some(value), None) => verdict(scorer, kind, value, is_filtered),
        };
        *scorer.verdicts.entry(verdict).or_default() += 1;
        let undetermined = || {
            fields::word(score, "status")
                .ok()
                .flatten()
                .map(str::to_owned)
        };
        let at = fields::moment(score, "timestamp")?;
        Ok(Judgement {
            is_objective: scorer.is_objective,
            grade: Grade {
                grader: scorer.name.clone(),
                kind: meaning::kind(&scorer.facts),
                verdict,
                raw: match &value {
                    Some(value) => Some(raw_word(value, false)),
                    None => undetermined(),
                },
                version: hash(score, &facts).map(str::to_owned),
                graded_at: at,
            },
        })
    }

    /// Says which rule was applied to which grader.
    pub(crate) fn notes(&self) -> Vec<String> {
        // Scores with and without a category may be of one scorer.
        let mut said: Vec<(String, u64, u64)> = Vec::new();
        let graded = self
            .scorers
            .iter()
            .filter(|scorer| !scorer.verdicts.is_empty());
        for scorer in graded.filter(|scorer| !scorer.by_rule) {
            let rule = scorer.rule();
            let failed = scorer
                .verdicts
                .get(&Verdict::ParseError)
                .copied()
                .unwrap_or(0);
            let all: u64 = scorer.verdicts.values().sum();
            match said.iter_mut().find(|(known, ..)| *known == rule) {
                Some((_, scores, failures)) => {
                    *scores += all;
                    *failures += failed;
                }
                None => said.push((rule, all, failed)),
            }
        }
        let note = |(rule, scores, failed)| match failed {
            0 => format!("{rule} ({scores} scores)"),
            failed => format!("{rule} ({scores} scores, {failed} without a usable value)"),
        };
        said.into_iter()
            .map(note)
            .chain(self.rules.notes())
            .collect()
    }

    fn facts(&mut self, score: &Object) -> Rc<ScorerFacts> {
        let identifier = score.get("scorer_class_identifier");
        let text = identifier.and_then(Value::as_str);
        if let Some(known) = text.and_then(|text| self.remembered.get(text)) {
            return Rc::clone(known);
        }
        let identifier = identifier.and_then(|identifier| unfolded(identifier, &self.limits));
        let facts = match identifier {
            Some(Value::String(class)) => Rc::new(ScorerFacts {
                class: Some(class),
                ..ScorerFacts::default()
            }),
            Some(identifier) => Rc::new(ScorerFacts::of(&identifier, &self.limits)),
            None => {
                let hash = score.get("scorer_identifier_hash").and_then(Value::as_str);
                let known = hash.and_then(|hash| self.by_hash.get(hash));
                return known.map(Rc::clone).unwrap_or_default();
            }
        };
        if let Some(text) = text {
            if self.remembered.len() == MAX_REMEMBERED {
                self.remembered.clear();
            }
            self.remembered.insert(text.to_owned(), Rc::clone(&facts));
        }
        facts
    }

    fn key(&self, score: &Object, facts: &ScorerFacts) -> Key {
        let identity = match hash(score, facts) {
            Some(hash) => hash.to_owned(),
            None => classes(facts),
        };
        Key {
            identity,
            category: fields::words(structured(score, "score_category", &self.limits)),
        }
    }
}

impl Scorer {
    /// The name under which the user gave a rule: that of the scorer, its class
    /// or its hash. Without one, its own name, for a rule on every other scorer.
    fn ruled_name<'a>(&'a self, ruled: &HashSet<String>) -> Option<&'a str> {
        let class = self.facts.class.as_deref();
        let names = || {
            [
                self.name.as_deref(),
                class,
                Some(self.key.identity.as_str()),
            ]
        };
        let mut names = names().into_iter().flatten();
        let own = self.name.as_deref();
        names
            .find(|name| ruled.contains(*name))
            .or(own)
            .or(Some(""))
    }

    /// The rule behind its verdicts, in words.
    fn rule(&self) -> String {
        const HOW: &str = "give a rule under `success` in the options";
        let name = match &self.name {
            Some(name) => printable(name),
            None => "scores without a scorer".to_owned(),
        };
        if self.scales {
            return match (self.threshold, self.meaning) {
                (None, _) => {
                    format!("{name}: a scale without a threshold, so its scores stay raw; {HOW}")
                }
                (Some(threshold), meaning) => {
                    let verdict = match meaning {
                        Some((Meaning::Refusal, _)) => "refusal",
                        _ => "compliance",
                    };
                    format!(
                        "{name}: {threshold} and above is {verdict}: the file holds a threshold scorer on this scale"
                    )
                }
            };
        }
        match self.meaning {
            Some((Meaning::Success, why)) => format!("{name}: true is compliance: {why}"),
            Some((Meaning::Refusal, why)) => format!("{name}: true is refusal: {why}"),
            None => format!("{name}: what true means is not known, so its scores stay raw; {HOW}"),
        }
    }
}

/// A missing category is that of the same scorer elsewhere, if it has but one.
fn folded<'a>(key: &'a Key, categories: &'a HashMap<String, BTreeSet<String>>) -> Option<&'a str> {
    if let Some(category) = &key.category {
        return Some(category);
    }
    let known = categories.get(&key.identity)?;
    let mut known = known.iter();
    match (known.next(), known.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

fn hash<'a>(score: &'a Object, facts: &'a ScorerFacts) -> Option<&'a str> {
    let column = score.get("scorer_identifier_hash").and_then(Value::as_str);
    column
        .filter(|hash| !hash.is_empty())
        .or(facts.hash.as_deref())
}

fn has_hash(score: &Object, facts: &ScorerFacts) -> bool {
    hash(score, facts).is_some()
}

/// Class with the classes that it wraps.
fn classes(facts: &ScorerFacts) -> String {
    let mut text = facts.class.clone().unwrap_or_default();
    for within in &facts.wrapped {
        text.push('<');
        text.push_str(&classes(within));
    }
    text
}

/// The score's value; exports of some versions write numbers and booleans.
fn value(score: &Object) -> Result<Option<Value>, String> {
    match score.get("score_value") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(value @ (Value::String(_) | Value::Bool(_) | Value::Number(_))) => {
            Ok(Some(value.clone()))
        }
        Some(other) => Err(fields::wrong_type(other, "score_value", "text")),
    }
}

fn verdict(scorer: &Scorer, kind: &str, value: &Value, is_filtered: bool) -> Verdict {
    let is_true = match kind {
        "true_false" => truth(value),
        "float_scale" => match (scale(value), scorer.threshold) {
            (Some(number), Some(threshold)) => Some(number >= threshold),
            (Some(_), None) => return Verdict::Unscored,
            (None, _) => None,
        },
        // A type that the scorer itself calls unknown.
        _ => return Verdict::Unscored,
    };
    let Some(is_true) = is_true else {
        return Verdict::ParseError;
    };
    let meaning = match scorer.meaning {
        Some((meaning, _)) => meaning,
        None if kind == "float_scale" => Meaning::Success,
        None => return Verdict::Unscored,
    };
    match (meaning, is_true) {
        (Meaning::Refusal, false) if is_filtered => Verdict::NotGradeable,
        (Meaning::Success, true) | (Meaning::Refusal, false) => Verdict::Compliance,
        (Meaning::Success, false) | (Meaning::Refusal, true) => Verdict::Refusal,
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(word) if word.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(word) if word.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A scale goes from 0 to 1; anything else is no value of it.
fn scale(value: &Value) -> Option<f64> {
    let number: f64 = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (0.0..=1.0).contains(&number).then_some(number)
}

/// The grade that an attack result gives to its last reply.
pub(crate) fn outcome_grade(outcome: &str, at: Option<&str>) -> Option<Grade> {
    let verdict = match outcome {
        "success" => Verdict::Compliance,
        "failure" => Verdict::Refusal,
        "error" => Verdict::Error,
        "undetermined" => Verdict::Unscored,
        _ => return None,
    };
    Some(Grade {
        grader: Some(OUTCOME.to_owned()),
        kind: GraderKind::Rule,
        verdict,
        raw: Some(outcome.to_owned()),
        version: None,
        graded_at: at.map(str::to_owned),
    })
}

/// Who gives the outcome of an attack: the tool, from the objective scorer.
pub(crate) const OUTCOME: &str = "attack outcome";
