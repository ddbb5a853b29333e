//! Which model and which attack a file is of: facts that it does not hold.
//!
//! The options say it, or the folders as HarmBench lays them:
//! `METHOD/EXPERIMENT/results/MODEL.json` and `…/completions/MODEL.json`. An
//! option wins over the folders. Nothing is guessed from a lone file name.

use std::path::{Component, Path};

use caveat_importer::text::printable;
use caveat_importer::{ImportError, Options, secrets};
use serde_json::Value;

use crate::FORMAT;

/// The options of this format.
const KEYS: [&str; 3] = ["model", "method", "experiment"];

/// The folders of HarmBench that hold replies.
const FOLDERS: [&str; 2] = ["results", "completions"];

/// Model and attack of a file, and how they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Model as spelled.
    pub(crate) model: String,
    /// Attack method.
    pub(crate) method: Option<String>,
    /// Experiment of the method, as a rule the model that it was tuned on.
    pub(crate) experiment: Option<String>,
    /// Sentence for the account.
    pub(crate) note: String,
}

impl Origin {
    /// Takes the options, and the folders for what they leave open.
    pub(crate) fn find(path: &Path, options: &Options) -> Result<Self, ImportError> {
        refuse_unknown(options)?;
        let [model, method, experiment] = [
            option(options, "model")?,
            option(options, "method")?,
            option(options, "experiment")?,
        ];
        let laid = Laid::out(path);
        let mut from_path = Vec::new();
        let mut or_path = |option: Option<String>, name, part: Option<&String>| {
            option.or_else(|| {
                let part = part?;
                from_path.push(format!("{name} `{}`", secrets::name(part)));
                Some(part.clone())
            })
        };
        let model = or_path(model, "model", laid.as_ref().map(|laid| &laid.model));
        let method = or_path(method, "method", laid.as_ref().map(|laid| &laid.method));
        let part = laid.as_ref().map(|laid| &laid.experiment);
        let experiment = or_path(experiment, "experiment", part);
        let model = secrets::cleaned(model.ok_or_else(|| no_model(path))?);
        for (field, name) in [
            ("the model", Some(&model)),
            ("the method", method.as_ref()),
            ("the experiment", experiment.as_ref()),
        ] {
            if let Some(name) = name {
                options
                    .limits
                    .check_name(field, name)
                    .map_err(|problem| wrong(problem, "give a shorter name as an option"))?;
            }
        }
        let note = if from_path.is_empty() {
            "the file names neither model nor attack; the options do".to_owned()
        } else {
            format!(
                "the file names neither model nor attack; taken from its folders as HarmBench lays them: {}",
                from_path.join(", ")
            )
        };
        Ok(Self {
            model,
            method,
            experiment,
            note,
        })
    }

    /// What the format tells runs apart by, beside the model.
    pub(crate) fn run_id(&self) -> Option<String> {
        match (&self.method, &self.experiment) {
            (None, None) => None,
            (method, experiment) => {
                let [method, experiment] =
                    [method, experiment].map(|part| part.as_deref().unwrap_or("-"));
                Some(format!("{method}/{experiment}"))
            }
        }
    }
}

/// The parts of a path as HarmBench lays it.
struct Laid {
    model: String,
    method: String,
    experiment: String,
}

impl Laid {
    fn out(path: &Path) -> Option<Self> {
        // A relative path may begin below the method's folder.
        let whole = std::path::absolute(path).ok()?;
        let model = whole.file_stem()?.to_str()?.to_owned();
        let mut folders = whole.parent()?.components().rev();
        let mut next = || match folders.next()? {
            Component::Normal(name) => Some(name.to_str()?.to_owned()),
            _ => None,
        };
        let folder = next()?;
        if !FOLDERS.contains(&folder.as_str()) || model.is_empty() {
            return None;
        }
        let experiment = next()?;
        let method = next()?;
        Some(Self {
            model,
            method,
            experiment,
        })
    }
}

fn option(options: &Options, key: &str) -> Result<Option<String>, ImportError> {
    match options.format.get(key) {
        None => Ok(None),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(wrong(
            format!("`{key}` must be a name in quotes"),
            "write `model = \"vicuna_7b\"`, and likewise `method` and `experiment`",
        )),
    }
}

fn refuse_unknown(options: &Options) -> Result<(), ImportError> {
    let unknown = options
        .format
        .keys()
        .find(|key| !KEYS.contains(&key.as_str()));
    match unknown {
        None => Ok(()),
        Some(key) => Err(wrong(
            format!("unknown option `{}`", printable(key)),
            "the options are `model`, `method` and `experiment`",
        )),
    }
}

fn wrong(problem: String, hint: &str) -> ImportError {
    ImportError::Options {
        format: FORMAT,
        problem,
        hint: hint.to_owned(),
    }
}

fn no_model(path: &Path) -> ImportError {
    ImportError::Refused {
        path: path.to_path_buf(),
        format: FORMAT,
        found: "neither the file nor its folders name the model".to_owned(),
        hint: "say `model = \"…\"` (and `method`, `experiment`) under `[inputs.options]` or in a \
               file for `--mapping`, or keep the file where HarmBench writes it: \
               METHOD/EXPERIMENT/results/MODEL.json"
            .to_owned(),
    }
}
