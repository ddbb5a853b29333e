//! What a log says of the run as a whole: `eval`, `results`, `status`.
//!
//! Only the fields named here are taken. Arguments of models and tasks may hold
//! keys, endpoints and paths; they are read past.

use std::io::Read;

use caveat_importer::json::{self, Content, Key, Pieces, PiecesError};
use caveat_importer::text::printable;
use caveat_importer::{Limits, secrets};
use serde::Deserialize;
use serde_json::Value;

use crate::score::Members;

/// Newest version of the log format; Inspect itself refuses a newer one.
const NEWEST_VERSION: u64 = 2;

/// Containers of the header that are walked.
pub(crate) const OPEN: [&str; 5] = ["", "eval", "eval.dataset", "eval.packages", "results"];

/// Members of the header that are read past, of whatever size.
pub(crate) const IGNORED: [&str; 10] = [
    "plan",
    "stats",
    "reductions",
    "config_updates",
    "eval.dataset.sample_ids",
    "eval.metadata",
    "eval.model_args",
    "eval.task_args",
    "eval.task_args_passed",
    "results.sample_reductions",
];

/// The run, as far as the log tells.
#[derive(Debug, Default)]
pub(crate) struct Header {
    pub(crate) version: Option<u64>,
    pub(crate) status: Option<String>,
    pub(crate) invalidated: bool,
    /// Whether `eval` was there at all.
    pub(crate) has_eval: bool,
    pub(crate) task: Option<String>,
    pub(crate) task_id: Option<String>,
    pub(crate) run_id: Option<String>,
    pub(crate) eval_id: Option<String>,
    pub(crate) created: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) dataset: Option<String>,
    pub(crate) inspect_version: Option<String>,
    /// Models bound to roles, for example to `grader`.
    pub(crate) roles: Vec<(String, String)>,
    /// Scorers with the models that their options name.
    pub(crate) scorers: Vec<(String, Option<String>)>,
    /// Scorer of the first result, whose name the scores of version 1 lack.
    pub(crate) first_scorer: Option<String>,
    /// Samples that the run was to make, times epochs.
    pub(crate) planned_samples: Option<u64>,
}

impl Header {
    /// Reads a document that holds a header and no samples of interest.
    pub(crate) fn read(reader: impl Read, limits: &Limits) -> Result<Self, String> {
        let ignored: Vec<&str> = IGNORED.into_iter().chain(["samples"]).collect();
        let mut pieces = Pieces::new(reader, &OPEN, limits).ignoring(&ignored);
        let mut header = Self::default();
        loop {
            match pieces.next_piece() {
                Ok(Some(piece)) => header.take(piece.path, piece.key, piece.content, limits)?,
                Ok(None) => return Ok(header),
                Err(error @ PiecesError::Truncated { .. }) if !header.has_eval => {
                    return Err(error.to_string());
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Takes one piece of the document; others than the known ones are left.
    ///
    /// # Errors
    /// Says in words what a known field holds that it must not.
    pub(crate) fn take(
        &mut self,
        path: &str,
        key: Key<'_>,
        content: Content<'_>,
        limits: &Limits,
    ) -> Result<(), String> {
        let Key::Name(name) = key else {
            return Err(format!(
                "`{}` is a list, expected an object",
                place(path, "")
            ));
        };
        if matches!(path, "eval" | "eval.dataset" | "eval.packages") {
            self.has_eval = true;
        }
        let place = place(path, name);
        let field = Field {
            place: &place,
            content,
            limits,
        };
        match (path, name) {
            ("", "") => return Err("expected a JSON object".to_owned()),
            ("", "version") => self.version = field.whole_number()?,
            ("", "status") => self.status = field.text()?,
            ("", "invalidated") => {
                self.invalidated = field.parsed::<Option<bool>>()?.unwrap_or(false);
            }
            ("", "eval") => return Err("`eval` is no object".to_owned()),
            ("eval", "task") => self.task = field.text()?,
            ("eval", "task_id") => self.task_id = field.text()?,
            ("eval", "run_id") => self.run_id = field.text()?,
            ("eval", "eval_id") => self.eval_id = field.text()?,
            ("eval", "created") => self.created = field.text()?,
            ("eval", "model") => self.model = field.text()?.map(secrets::cleaned),
            ("eval.dataset", "name") => self.dataset = field.text()?,
            ("eval.packages", "inspect_ai") => self.inspect_version = field.text()?,
            ("eval", "model_roles") => self.roles = roles(&field)?,
            ("eval", "scorers") => self.scorers = scorers(&field)?,
            ("results", "scores") => {
                let scores: Option<Vec<Named>> = field.parsed()?;
                self.name_first(scores.and_then(|scores| scores.into_iter().next()));
            }
            ("results", "scorer") => self.name_first(field.parsed()?),
            ("results", "total_samples") => self.planned_samples = field.whole_number()?,
            _ => {}
        }
        Ok(())
    }

    fn name_first(&mut self, first: Option<Named>) {
        if let Some(name) = first.and_then(|first| first.name) {
            self.first_scorer = Some(name);
        }
    }

    /// Says why the log cannot be read although it is one.
    pub(crate) fn fault(&self) -> Option<(String, &'static str)> {
        match self.version {
            Some(version) if version > NEWEST_VERSION => Some((
                format!("log version {version}; the versions 1 and 2 are read"),
                "convert it with `inspect log convert` of the version that wrote it, or update caveat",
            )),
            _ if !self.has_eval => Some((
                "there is no `eval`, which names the task and the model".to_owned(),
                "if the file is cut short, copy it again from its origin",
            )),
            _ => None,
        }
    }

    /// The id that tells runs of a task apart where samples have none of their own.
    pub(crate) fn run(&self) -> Option<&str> {
        [&self.task_id, &self.eval_id, &self.run_id]
            .into_iter()
            .find_map(|id| id.as_deref().filter(|id| !id.is_empty()))
    }

    /// Version of the format and of the tool.
    pub(crate) fn format_version(&self) -> Option<String> {
        let version = self.version?;
        Some(match &self.inspect_version {
            Some(tool) => format!("log version {version}, inspect_ai {}", printable(tool)),
            None => format!("log version {version}"),
        })
    }

    /// The model bound to a role.
    pub(crate) fn role(&self, role: &str) -> Option<&str> {
        let mut roles = self.roles.iter();
        roles
            .find(|(name, _)| name == role)
            .map(|(_, model)| model.as_str())
    }
}

/// A field of the header with its place, for messages.
struct Field<'a> {
    place: &'a str,
    content: Content<'a>,
    limits: &'a Limits,
}

impl Field<'_> {
    fn parsed<T: serde::de::DeserializeOwned>(&self) -> Result<T, String> {
        match self.content {
            Content::Whole(bytes) => json::parse(bytes, self.limits)
                .map_err(|fault| format!("`{}`: {fault}", self.place)),
            Content::TooLong { bytes } => Err(format!(
                "`{}` has {bytes} bytes, at most {} are read",
                self.place, self.limits.max_record_bytes
            )),
        }
    }

    fn text(&self) -> Result<Option<String>, String> {
        let text: Option<String> = self.parsed()?;
        if let Some(text) = &text {
            self.limits.check_name(&format!("`{}`", self.place), text)?;
        }
        Ok(text.filter(|text| !text.is_empty()))
    }

    fn whole_number(&self) -> Result<Option<u64>, String> {
        self.parsed()
    }
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Scorer {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    options: Option<ScorerOptions>,
}

#[derive(Default, Deserialize)]
struct ScorerOptions {
    #[serde(default)]
    model: Value,
    #[serde(default)]
    model_role: Value,
}

fn place(path: &str, name: &str) -> String {
    match (path, name) {
        ("", name) => name.to_owned(),
        (path, "") => path.to_owned(),
        (path, name) => format!("{path}.{name}"),
    }
}

fn roles(field: &Field<'_>) -> Result<Vec<(String, String)>, String> {
    let roles: Option<Roles> = field.parsed()?;
    let named = roles.into_iter().flat_map(|roles| roles.0);
    Ok(named
        .filter_map(|(role, config)| Some((role, models(&config)?)))
        .collect())
}

struct Roles(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Members(std::marker::PhantomData);
        deserializer.deserialize_map(members).map(Self)
    }
}

fn scorers(field: &Field<'_>) -> Result<Vec<(String, Option<String>)>, String> {
    let scorers: Option<Vec<Scorer>> = field.parsed()?;
    let named = scorers.into_iter().flatten().filter_map(|scorer| {
        let options = scorer.options.unwrap_or_default();
        let role = options
            .model_role
            .as_str()
            .map(|role| format!("role {role}"));
        let model = models(&options.model).map(secrets::cleaned);
        Some((scorer.name?, model.or(role)))
    });
    Ok(named.collect())
}

/// The names of one model or of several: a text, an object with `model`, or a list of either.
fn models(value: &Value) -> Option<String> {
    match value {
        Value::String(name) if !name.is_empty() => Some(name.clone()),
        Value::Object(config) => models(config.get("model").filter(|model| model.is_string())?),
        Value::Array(several) => {
            let names: Vec<String> = several
                .iter()
                .filter(|model| !model.is_array())
                .filter_map(models)
                .collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(text: &str) -> Result<Header, String> {
        Header::read(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn the_header_takes_names_and_leaves_arguments() {
        let header = read(
            r#"{"version": 2, "status": "success", "eval": {"task": "t", "task_id": "", "eval_id": "e", "run_id": "r",
               "model": "openai/gpt", "model_args": {"api_key": "secret"}, "dataset": {"name": "d", "sample_ids": [1]},
               "model_roles": {"grader": {"model": "a/b", "model_args": {"api_key": "secret"}}, "red": [{"model": "c/d"}, "e/f"]},
               "scorers": [{"name": "s", "options": {"model": ["x/y", {"model": "z/w"}]}}, {"name": "u", "options": {"model_role": "grader"}}, {"name": "v"}],
               "packages": {"inspect_ai": "0.3.1"}}, "results": {"total_samples": 3, "scores": [{"name": "s"}, {"name": "u"}]}, "samples": [{"id": 1}]}"#,
        )
        .unwrap();
        assert_eq!(header.model.as_deref(), Some("openai/gpt"));
        assert_eq!(header.run(), Some("e"));
        assert_eq!(header.role("grader"), Some("a/b"));
        assert_eq!(header.role("red"), Some("c/d, e/f"));
        let scorers = [
            ("s".to_owned(), Some("x/y, z/w".to_owned())),
            ("u".to_owned(), Some("role grader".to_owned())),
            ("v".to_owned(), None),
        ];
        assert_eq!(header.scorers, scorers);
        assert_eq!(header.first_scorer.as_deref(), Some("s"));
        assert_eq!(header.planned_samples, Some(3));
        assert!(!format!("{header:?}").contains("secret"));
        assert!(header.fault().is_none());
    }

    #[test]
    fn results_of_version_1_name_their_scorer_elsewhere() {
        let header =
            read(r#"{"version": 1, "eval": {"task": "t"}, "results": {"scorer": {"name": "match"}, "metrics": {}}}"#).unwrap();
        assert_eq!(header.first_scorer.as_deref(), Some("match"));
        assert_eq!(header.format_version().as_deref(), Some("log version 1"));
    }

    #[test]
    fn faults_of_a_header_are_said_in_words() {
        for (text, part) in [
            ("[]", "no `eval`"),
            ("7", "expected a JSON object"),
            ("[1]", "is a list"),
            (r#"{"eval": 7}"#, "`eval` is no object"),
            (r#"{"version": "two", "eval": {}}"#, "`version`"),
            (r#"{"version": 3, "eval": {"task": "t"}}"#, "log version 3"),
            (r#"{"eval": {"model": 7}}"#, "`eval.model`"),
            (r#"{"eval": {"task": "t"#, "cut short"),
        ] {
            let fault = match read(text) {
                Err(fault) => fault,
                Ok(header) => header.fault().unwrap().0,
            };
            assert!(fault.contains(part), "{text}: {fault}");
        }
    }
}
