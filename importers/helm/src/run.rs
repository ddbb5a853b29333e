//! What is said once for a whole run: its name, its scenario and its adapter.
//!
//! Only the fields named here are read. Arguments of scenarios and adapters may
//! hold paths, endpoints and keys; they enter as a digest or not at all.

use std::path::Path;

use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits, secrets};
use serde::Deserialize;
use serde_json::Value;

use crate::canonical::short_digest;
use crate::companion::{self, RUN_SPEC, SCENARIO, beside, refused};
use crate::object::Object;

/// A metric whose presence says that untagged references are labels, and that 1 is safe.
const SAFETY_METRICS: [&str; 2] = ["SafetyScoreMetric", "AIRBench2024ScoreMetric"];

/// What all request states of a run share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    /// The name of the run, HELM's own id.
    pub(crate) run_id: Option<String>,
    /// Class of the scenario with a digest of its arguments: what numbers the instances.
    pub(crate) numbering: Option<String>,
    /// Name of the scenario.
    pub(crate) dataset: Option<String>,
    /// Whether HELM's safety metrics were computed.
    pub(crate) is_safety_run: bool,
    /// Model and deployment of the run.
    pub(crate) adapter: Adapter,
    /// Sentences for the account.
    pub(crate) notes: Vec<String>,
}

/// The two names that are read of an adapter specification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Adapter {
    /// Model as spelled.
    pub(crate) model: Option<String>,
    /// Where it ran.
    pub(crate) deployment: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RunSpec {
    name: Value,
    scenario_spec: Option<Object<Spec>>,
    adapter_spec: Option<Object<AdapterSpec>>,
    metric_specs: Option<Vec<Object<Spec>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    class_name: Value,
    args: Value,
}

/// The fields of an adapter specification that are read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct AdapterSpec {
    model: Value,
    model_deployment: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Scenario {
    name: Value,
}

impl Run {
    /// Reads what stands beside a source. An absent file is a note, a damaged
    /// run specification refuses the run: without it, traces have another identity.
    pub(crate) fn beside(source: &Path, limits: &Limits) -> Result<Self, ImportError> {
        let mut run = match beside(source, RUN_SPEC) {
            None => Run {
                notes: vec![format!(
                    "`{RUN_SPEC}` is absent: the run has no name, the scenario no class; prompts are told apart by their text"
                )],
                ..Run::default()
            },
            Some(path) => {
                let spec = companion::object::<RunSpec>(&path, limits)?;
                spec.and_then(|spec| Run::of(&spec, limits))
                    .map_err(|reason| damaged(source, RUN_SPEC, &reason))?
            }
        };
        run.dataset = scenario_name(source, limits, &mut run.notes)?.or(run.dataset);
        Ok(run)
    }

    fn of(spec: &RunSpec, limits: &Limits) -> Result<Self, String> {
        let scenario = spec.scenario_spec.as_ref().map(|spec| &spec.0);
        let class = match scenario {
            Some(scenario) => name(&scenario.class_name, "scenario_spec.class_name", limits)?,
            None => None,
        };
        let metrics = spec.metric_specs.as_deref().unwrap_or_default();
        Ok(Run {
            run_id: name(&spec.name, "name", limits)?,
            numbering: class.as_deref().map(|class| {
                numbering(
                    class,
                    scenario.map_or(&Value::Null, |scenario| &scenario.args),
                )
            }),
            dataset: class.as_deref().map(|class| last_segment(class).to_owned()),
            is_safety_run: metrics.iter().any(|metric| {
                let class = metric.0.class_name.as_str().unwrap_or_default();
                SAFETY_METRICS.contains(&last_segment(class))
            }),
            adapter: match &spec.adapter_spec {
                Some(adapter) => Adapter::of(&adapter.0, limits)?,
                None => Adapter::default(),
            },
            notes: Vec::new(),
        })
    }
}

impl Adapter {
    /// Reads the two names.
    pub(crate) fn of(spec: &AdapterSpec, limits: &Limits) -> Result<Self, String> {
        Ok(Self {
            model: name(&spec.model, "adapter_spec.model", limits)?,
            deployment: name(
                &spec.model_deployment,
                "adapter_spec.model_deployment",
                limits,
            )?
            .map(secrets::cleaned),
        })
    }

    /// Takes the adapter of the scenario state where the run specification says
    /// nothing, and refuses two that name different models.
    pub(crate) fn reconcile(&mut self, stated: Adapter) -> Result<(), String> {
        if let (Some(known), Some(stated)) = (&self.model, &stated.model)
            && known != stated
        {
            return Err(format!(
                "`{RUN_SPEC}` is of the model `{}`, its own adapter names `{}`",
                printable(&secrets::name(known)),
                printable(&secrets::name(stated))
            ));
        }
        if self.model.is_none() {
            *self = stated;
        }
        Ok(())
    }
}

/// A name of bounded length; an empty one is none.
pub(crate) fn name(value: &Value, field: &str, limits: &Limits) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(name) if name.is_empty() => Ok(None),
        Value::String(name) => {
            limits.check_name(&format!("`{field}`"), name)?;
            Ok(Some(name.clone()))
        }
        other => Err(wrong_type(other, field, "text")),
    }
}

/// Says what a field holds instead of what was expected.
pub(crate) fn wrong_type(found: &Value, field: &str, expected: &str) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("`{field}` holds {found}, expected {expected}")
}

fn scenario_name(
    source: &Path,
    limits: &Limits,
    notes: &mut Vec<String>,
) -> Result<Option<String>, ImportError> {
    let Some(path) = beside(source, SCENARIO) else {
        return Ok(None);
    };
    let scenario = companion::object::<Scenario>(&path, limits)?;
    match scenario.and_then(|scenario| name(&scenario.name, "name", limits)) {
        Ok(name) => Ok(name),
        Err(reason) => {
            // The name is a label and no part of an identity.
            notes.push(format!("`{SCENARIO}` is not used: {}", printable(&reason)));
            Ok(None)
        }
    }
}

fn numbering(class: &str, args: &Value) -> String {
    let has_args = match args {
        Value::Null => false,
        Value::Object(args) => !args.is_empty(),
        _ => true,
    };
    if has_args {
        format!("{class}#{}", short_digest(args))
    } else {
        class.to_owned()
    }
}

fn last_segment(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

fn damaged(source: &Path, name: &str, reason: &str) -> ImportError {
    refused(
        source,
        format!("`{name}` beside it cannot be used: {}", printable(reason)),
        "copy the run folder again from its origin; a file that cannot be restored may be taken \
         out of the folder, the run is then read without it",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_tell_numberings_apart_without_being_kept() {
        let with = |args| numbering("a.b.Scenario", &args);
        assert_eq!(with(Value::Null), "a.b.Scenario");
        assert_eq!(with(json!({})), "a.b.Scenario");
        let path = with(json!({"path": "/home/somebody"}));
        assert!(path.starts_with("a.b.Scenario#") && !path.contains("somebody"));
        assert_ne!(path, with(json!({"path": "/home/other"})));
    }

    #[test]
    fn the_adapter_of_the_state_fills_in_and_must_not_contradict() {
        let adapter = |model: Option<&str>| Adapter {
            model: model.map(str::to_owned),
            deployment: None,
        };
        let mut known = adapter(None);
        known.reconcile(adapter(Some("m/a"))).unwrap();
        assert_eq!(known, adapter(Some("m/a")));
        known.reconcile(adapter(None)).unwrap();
        assert_eq!(known, adapter(Some("m/a")));
        let reason = known.reconcile(adapter(Some("m/b"))).unwrap_err();
        assert!(
            reason.contains("`m/a`") && reason.contains("`m/b`"),
            "{reason}"
        );
    }
}
