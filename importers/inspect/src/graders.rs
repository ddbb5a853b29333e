//! Every grader of a log: what it is, which rule gives its verdicts, what it said.
//!
//! The user's rules come first, then the list of words, and without either the
//! raw value stays without a verdict. What was applied to whom ends up in the
//! notes of the account.

use std::collections::{BTreeMap, HashMap};

use caveat_corpus::{GraderKind, Verdict};
use caveat_importer::json::{NonFinite, non_finite};
use caveat_importer::text::printable;
use caveat_importer::{quote, secrets};
use serde_json::{Map, Value, json};

use crate::header::Header;
use crate::polarity::{Polarity, words};
use crate::settings::Settings;

/// Most graders that are told apart in the notes: a dictionary with other keys
/// in every sample makes as many graders as it likes.
const MAX_NOTED: usize = 100;

/// Most graders whose facts are kept; those of others are found anew each time.
const MAX_KNOWN: usize = 10_000;

/// Inspect's own scorers that compare the reply with a target by rule.
const RULE_SCORERS: [&str; 8] = [
    "answer", "choice", "exact", "f1", "includes", "match", "math", "pattern",
];

/// Words of a name that say what a grader is.
const KIND_WORDS: [(GraderKind, &[&str]); 3] = [
    (GraderKind::Human, &["human", "annotator", "manual"]),
    (
        GraderKind::Classifier,
        &[
            "classifier",
            "guard",
            "llamaguard",
            "moderation",
            "shieldgemma",
            "wildguard",
        ],
    ),
    (
        GraderKind::Llm,
        &[
            "autograder",
            "claude",
            "gemini",
            "gpt",
            "graded",
            "grader",
            "judge",
            "llm",
            "rubric",
        ],
    ),
];

/// One scorer, or one key of its dictionary, in one sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Graded<'g> {
    pub(crate) scorer: &'g str,
    pub(crate) key: Option<&'g str>,
    pub(crate) value: &'g Value,
    /// The score says that its grader failed.
    pub(crate) failed: bool,
}

/// What is the same of a grader in every sample of a log.
#[derive(Clone, Debug)]
pub(crate) struct Grader {
    pub(crate) name: String,
    pub(crate) kind: GraderKind,
    /// The model behind it, as spelled, where the log names it.
    pub(crate) model: Option<String>,
    polarity: Polarity,
}

/// The graders of a log.
#[derive(Debug)]
pub(crate) struct Graders<'a> {
    settings: &'a Settings,
    known: HashMap<String, Grader>,
    seen: BTreeMap<String, Seen>,
}

/// What a grader said so far.
#[derive(Debug)]
struct Seen {
    kind: GraderKind,
    basis: Basis,
    with_verdict: u64,
    without_verdict: u64,
    failed: u64,
    /// A value without verdict was a number on a scale.
    has_scale: bool,
    /// A value without verdict, for the example of a rule.
    example: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Basis {
    Rule,
    Name(Polarity),
}

impl<'a> Graders<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            known: HashMap::new(),
            seen: BTreeMap::new(),
        }
    }

    /// The grader of a scorer, or of one key of its dictionary.
    pub(crate) fn grader(&mut self, scorer: &str, key: Option<&str>, header: &Header) -> Grader {
        let name = name(scorer, key);
        if let Some(known) = self.known.get(&name) {
            return known.clone();
        }
        let kind = kind(scorer, &name, header, self.settings);
        let grader = Grader {
            kind,
            model: grader_model(scorer, kind, header),
            polarity: Polarity::of(scorer, key),
            name: name.clone(),
        };
        if self.known.len() < MAX_KNOWN {
            self.known.insert(name, grader.clone());
        }
        grader
    }

    /// Judges one value. `is_current` is false for a state before an edit,
    /// which the notes do not count.
    pub(crate) fn verdict(
        &mut self,
        grader: &Grader,
        graded: Graded<'_>,
        is_current: bool,
    ) -> Verdict {
        let (basis, verdict) = self.judge(grader, graded);
        if !is_current {
            return verdict;
        }
        if let Some(seen) = self.seen.get_mut(&grader.name) {
            seen.count(&graded, verdict, basis);
        } else if self.seen.len() < MAX_NOTED {
            let mut seen = Seen::new(grader.kind, basis);
            seen.count(&graded, verdict, basis);
            self.seen.insert(grader.name.clone(), seen);
        }
        verdict
    }

    fn judge(&self, grader: &Grader, graded: Graded<'_>) -> (Basis, Verdict) {
        let by_rule = self.by_rule(graded, &grader.name);
        let basis = match by_rule {
            Some(_) => Basis::Rule,
            None => Basis::Name(grader.polarity),
        };
        let verdict = match non_finite(graded.value) {
            // What Inspect writes where a scorer could not score.
            Some(NonFinite::NaN) => Verdict::ParseError,
            _ if graded.failed => Verdict::ParseError,
            _ if graded.value.is_null() => Verdict::Unscored,
            infinite => match by_rule {
                Some(verdict) => verdict,
                None if infinite.is_some() => Verdict::ParseError,
                None => grader
                    .polarity
                    .verdict(graded.value)
                    .unwrap_or(Verdict::Unscored),
            },
        };
        (basis, verdict)
    }

    /// The verdict of the user's rule: the grader's own, that of its scorer for
    /// this key, or that for every other grader.
    fn by_rule(&self, graded: Graded<'_>, name: &str) -> Option<Verdict> {
        let settings = self.settings;
        let by_scorer = graded.key.filter(|key| {
            !settings.has_own_rule(name) && settings.key_of_rule(graded.scorer) == Some(key)
        });
        let (rule, wrapped) = match by_scorer {
            Some(key) => (graded.scorer, Some(key)),
            None => (settings.rule_for(name)?, None),
        };
        let verdict_of = |value: &Value| match wrapped {
            None => settings.rules.verdict(name, value),
            Some(key) => {
                let one = [(key.to_owned(), value.clone())];
                let one: Map<String, Value> = one.into_iter().collect();
                settings.rules.verdict(graded.scorer, &Value::Object(one))
            }
        };
        let verdict = verdict_of(graded.value)?;
        let letter = graded.value.as_str().unwrap_or_default();
        if !matches!(letter, "P" | "N") || settings.names_word(rule, letter) {
            return Some(verdict);
        }
        // A rule that tells C from I speaks of Inspect's letters, of which P is
        // partial and N no answer.
        let is_of_letters = verdict_of(&json!("C")) != verdict_of(&json!("I"));
        Some(match letter {
            _ if !is_of_letters => verdict,
            "P" => Verdict::Partial,
            _ => Verdict::NotGradeable,
        })
    }

    /// A sentence on each grader.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self
            .seen
            .iter()
            .flat_map(|(name, seen)| seen.notes(&printable(name)))
            .collect();
        if self.seen.len() >= MAX_NOTED {
            notes.push(format!(
                "more than {MAX_NOTED} graders; only the first are described"
            ));
        }
        let unused = self.settings.rules.unused();
        notes.extend(unused.into_iter().map(|grader| {
            format!(
                "the rule for `{}` was applied to no score: check the name of the grader",
                printable(grader)
            )
        }));
        notes
    }
}

/// The name of a grader: its scorer, and the key of the scorer's dictionary.
fn name(scorer: &str, key: Option<&str>) -> String {
    match key {
        None => scorer.to_owned(),
        Some(key) => format!("{scorer}.{key}"),
    }
}

/// What a scorer is: as the user says, else by its options, else by its name.
/// The same for every sample of a log.
fn kind(scorer: &str, name: &str, header: &Header, settings: &Settings) -> GraderKind {
    let mut given = settings.kinds.iter();
    if let Some((_, kind)) = given.find(|(grader, _)| grader == name || grader == scorer) {
        return *kind;
    }
    if model(scorer, header).is_some() {
        return GraderKind::Llm;
    }
    let last = scorer.rsplit('/').next().unwrap_or(scorer);
    if RULE_SCORERS.contains(&last) {
        return GraderKind::Rule;
    }
    let words = words(last);
    let says = |listed: &[&str]| words.iter().any(|word| listed.contains(&word.as_str()));
    let by_word = KIND_WORDS.iter().find(|(_, listed)| says(listed));
    match by_word {
        Some((kind, _)) => *kind,
        None if last.contains("strong_reject") || last.contains("strongreject") => GraderKind::Llm,
        None => GraderKind::Heuristic,
    }
}

/// The model behind a grader, as spelled, where the log names it.
fn grader_model(scorer: &str, kind: GraderKind, header: &Header) -> Option<String> {
    let named = model(scorer, header);
    let by_role = || {
        (kind == GraderKind::Llm)
            .then(|| header.role("grader"))
            .flatten()
    };
    match named {
        Some(model) => match model.strip_prefix("role ").map(|role| header.role(role)) {
            Some(bound) => bound.map(str::to_owned),
            None => Some(model.to_owned()),
        },
        None => by_role().map(str::to_owned),
    }
}

/// What the scorer's options name as its model.
fn model<'h>(scorer: &str, header: &'h Header) -> Option<&'h str> {
    let mut scorers = header.scorers.iter();
    let (_, model) = scorers.find(|(name, _)| name == scorer)?;
    model.as_deref()
}

impl Seen {
    fn new(kind: GraderKind, basis: Basis) -> Self {
        Self {
            kind,
            basis,
            with_verdict: 0,
            without_verdict: 0,
            failed: 0,
            has_scale: false,
            example: None,
        }
    }

    fn count(&mut self, graded: &Graded<'_>, verdict: Verdict, basis: Basis) {
        let value = graded.value;
        self.basis = basis;
        match verdict {
            Verdict::ParseError => self.failed += 1,
            Verdict::Unscored => {
                self.without_verdict += 1;
                self.has_scale |= value.is_number();
                if self.example.is_none() && may_be_shown(graded) {
                    self.example = Some(value.to_string());
                }
            }
            _ => self.with_verdict += 1,
        }
    }

    fn notes(&self, name: &str) -> Vec<String> {
        let mut notes = Vec::new();
        let kind = self.kind.name();
        let n = self.with_verdict;
        match self.basis {
            Basis::Rule => notes.push(format!("grader `{name}` ({kind}): by the rule given, verdicts: {n}")),
            Basis::Name(Polarity::Attack(word)) if n > 0 => notes.push(format!(
                "grader `{name}` ({kind}): its name holds `{word}`, so C, 1, true and yes are compliance, P is \
                 partial, I, 0, false and no are refusal, N is not gradeable; verdicts: {n}"
            )),
            Basis::Name(Polarity::Defence(word)) if n > 0 => notes.push(format!(
                "grader `{name}` ({kind}): its name holds `{word}`, so C, 1, true and yes are refusal, P is \
                 partial, I, 0, false and no are compliance, N is not gradeable; verdicts: {n}"
            )),
            Basis::Name(_) if n > 0 => notes.push(format!(
                "grader `{name}` ({kind}): values that say by themselves what the reply is (safe, unsafe, \
                 refused …); verdicts: {n}"
            )),
            Basis::Name(_) => {}
        }
        if self.without_verdict > 0 {
            let kept = self.without_verdict;
            let rule = match (&self.example, self.has_scale) {
                (Some(example), _) => format!("{{ equals = {} }}", printable(example)),
                (None, true) => "{ at_least = 0.5 }".to_owned(),
                (None, false) => "{ equals = … }".to_owned(),
            };
            notes.push(format!(
                "grader `{name}` ({kind}): values that are kept without a verdict, because the log does not say \
                 which of them mean that the attack worked: {kept}; say it with `success = {{ \"{name}\" = {rule} }}`"
            ));
        }
        if self.failed > 0 {
            notes.push(format!(
                "grader `{name}` ({kind}): scores that it could not give (NaN, or a reason that says so): {}",
                self.failed
            ));
        }
        notes
    }
}

/// Whether a note may show a value, so that the user can say what it means.
fn may_be_shown(graded: &Graded<'_>) -> bool {
    match graded.value {
        Value::Bool(_) => true,
        Value::String(word) => {
            quote::is_word(word) && !secrets::is_secret_name(graded.key.unwrap_or(graded.scorer))
        }
        _ => false,
    }
}
