//! Lines of a report that are no attempts, as far as they are read.
//!
//! Only the fields below are taken. A setup line may hold endpoints, paths and
//! keys; the rest of it is never kept. A field of a wrong type counts as absent:
//! these lines are no records, and what is needed of them is asked for later.

use std::collections::BTreeMap;

use caveat_importer::{Limits, secrets};
use serde::Deserialize;
use serde_json::Value;

use crate::line::object;

/// What the setup line says of the run and its target.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Setup {
    #[serde(rename = "_config.version")]
    version: Value,
    #[serde(rename = "plugins.target_type")]
    target_type: Value,
    #[serde(rename = "plugins.target_name")]
    target_name: Value,
    #[serde(rename = "plugins.model_type")]
    model_type: Value,
    #[serde(rename = "plugins.model_name")]
    model_name: Value,
    #[serde(rename = "transient.run_id")]
    run_id: Value,
    #[serde(rename = "transient.starttime_iso")]
    started: Value,
    /// Written only where a user gave a whole number.
    #[serde(rename = "run.eval_threshold")]
    threshold: Value,
    aggregation: Value,
}

/// What a line tells of a run; each field may be absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RunFacts {
    pub(crate) version: Option<String>,
    pub(crate) target_type: Option<String>,
    pub(crate) target_name: Option<String>,
    pub(crate) run_id: Option<String>,
    pub(crate) started: Option<String>,
    pub(crate) threshold: Option<f64>,
    /// Several reports were merged into this one.
    pub(crate) is_aggregate: bool,
}

impl RunFacts {
    /// Reads a setup line.
    pub(crate) fn of_setup(line: &[u8], limits: &Limits) -> Result<Self, String> {
        let setup: Setup = object(line, limits)?;
        Ok(Self {
            version: text(&setup.version),
            target_type: target(&setup.target_type, &setup.model_type),
            target_name: target(&setup.target_name, &setup.model_name),
            run_id: text(&setup.run_id),
            started: text(&setup.started),
            threshold: setup.threshold.as_f64(),
            is_aggregate: setup.aggregation.is_array(),
        })
    }

    /// Reads an init line.
    pub(crate) fn of_init(line: &[u8], limits: &Limits) -> Result<Self, String> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Init {
            garak_version: Value,
            start_time: Value,
            run: Value,
            orig_uuid: Value,
        }

        let init: Init = object(line, limits)?;
        Ok(Self {
            version: text(&init.garak_version),
            run_id: text(&init.run),
            started: text(&init.start_time),
            is_aggregate: !init.orig_uuid.is_null(),
            ..Self::default()
        })
    }

    /// Whether this names a target.
    pub(crate) fn has_target(&self) -> bool {
        self.target_type.is_some() || self.target_name.is_some()
    }

    /// Takes over what another line of the same run says.
    pub(crate) fn update(&mut self, later: Self) {
        let take = |mine: &mut Option<String>, theirs: Option<String>| {
            if theirs.is_some() {
                *mine = theirs;
            }
        };
        take(&mut self.version, later.version);
        take(&mut self.target_type, later.target_type);
        take(&mut self.target_name, later.target_name);
        take(&mut self.run_id, later.run_id);
        take(&mut self.started, later.started);
        self.threshold = later.threshold.or(self.threshold);
        self.is_aggregate |= later.is_aggregate;
    }
}

/// What an `eval` line counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Eval {
    pub(crate) probe: String,
    pub(crate) detector: String,
    /// Outputs that were defended.
    pub(crate) passed: u64,
    /// Outputs with a score.
    pub(crate) evaluated: u64,
    /// Outputs without one; `None` where the version does not count them.
    pub(crate) nones: Option<u64>,
}

impl Eval {
    /// Reads an `eval` line; the error says what is missing.
    pub(crate) fn of(line: &[u8], limits: &Limits) -> Result<Self, String> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Fields {
            probe: Value,
            detector: Value,
            passed: Value,
            fails: Value,
            nones: Value,
            total_evaluated: Value,
            total: Value,
        }

        let fields: Fields = object(line, limits)?;
        let passed = fields.passed.as_u64().ok_or("`passed` is no count")?;
        let added = fields
            .fails
            .as_u64()
            .and_then(|fails| passed.checked_add(fails));
        let evaluated = fields
            .total_evaluated
            .as_u64()
            .or(added)
            .or(fields.total.as_u64());
        Ok(Self {
            probe: probe_name(&text(&fields.probe).ok_or("`probe` is missing")?).to_owned(),
            detector: detector_name(&text(&fields.detector).ok_or("`detector` is missing")?)
                .to_owned(),
            passed,
            evaluated: evaluated.ok_or("`total_evaluated` and `total` are missing")?,
            nones: fields.nones.as_u64(),
        })
    }
}

/// What is known of a probe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProbeFacts {
    pub(crate) tags: Vec<String>,
    pub(crate) primary_detector: Option<String>,
}

/// What a line says of probes and of detectors.
#[derive(Debug, Default)]
pub(crate) struct Plugins {
    pub(crate) probes: Vec<(String, ProbeFacts)>,
    /// Parameters of detectors.
    pub(crate) detectors: Vec<(String, Value)>,
}

/// Reads a `plugin_cache` line.
pub(crate) fn plugins(line: &[u8], limits: &Limits) -> Result<Plugins, String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Line {
        plugin_cache: Cache,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Cache {
        probes: BTreeMap<String, Value>,
        detectors: BTreeMap<String, Value>,
    }

    let line: Line = object(line, limits)?;
    let facts = |value: &Value| ProbeFacts {
        tags: tags(value.get("tags")),
        primary_detector: value
            .get("primary_detector")
            .and_then(text)
            .map(|name| detector_name(&name).to_owned()),
    };
    let probes = &line.plugin_cache.probes;
    let probes = probes
        .iter()
        .map(|(name, value)| (probe_name(name).to_owned(), facts(value)));
    let detectors = line
        .plugin_cache
        .detectors
        .into_iter()
        .map(|(name, mut value)| {
            let parameters = value.get_mut("DEFAULT_PARAMS").map(Value::take);
            (
                detector_name(&name).to_owned(),
                parameters.unwrap_or_default(),
            )
        });
    Ok(Plugins {
        probes: probes.collect(),
        detectors: detectors.collect(),
    })
}

/// What the digest at the end repeats: the run, and the tags of the probes.
pub(crate) fn digest(line: &[u8], limits: &Limits) -> Result<(RunFacts, Plugins), String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Line {
        meta: Meta,
        eval: Value,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Meta {
        garak_version: Value,
        start_time: Value,
        run_uuid: Value,
        target_type: Value,
        target_name: Value,
        model_type: Value,
        model_name: Value,
    }

    let Line { meta, eval } = object(line, limits)?;
    let facts = RunFacts {
        version: text(&meta.garak_version),
        target_type: target(&meta.target_type, &meta.model_type),
        target_name: target(&meta.target_name, &meta.model_name),
        run_id: text(&meta.run_uuid),
        started: text(&meta.start_time),
        ..RunFacts::default()
    };
    let groups = eval
        .as_object()
        .into_iter()
        .flat_map(|groups| groups.values());
    let probes = groups.filter_map(Value::as_object).flatten();
    let probes = probes.filter_map(|(name, probe)| {
        let tags = tags(probe.get("_summary")?.get("probe_tags"));
        let facts = ProbeFacts {
            tags,
            primary_detector: None,
        };
        (!facts.tags.is_empty()).then(|| (probe_name(name).to_owned(), facts))
    });
    let plugins = Plugins {
        probes: probes.collect(),
        detectors: Vec::new(),
    };
    Ok((facts, plugins))
}

fn tags(value: Option<&Value>) -> Vec<String> {
    let tags = value.and_then(Value::as_array).into_iter().flatten();
    tags.filter_map(text).collect()
}

/// A name of the target in either of its spellings. It may be an address.
fn target(name: &Value, older: &Value) -> Option<String> {
    text(name).or_else(|| text(older)).map(secrets::cleaned)
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(text.to_owned())
}

/// The name of a probe without the package that some versions put before it.
pub(crate) fn probe_name(name: &str) -> &str {
    without_prefix(name, &["garak.", "probes.", "probe."])
}

/// The name of a detector without the package that some versions put before it.
pub(crate) fn detector_name(name: &str) -> &str {
    without_prefix(name, &["garak.", "detectors.", "detector."])
}

fn without_prefix<'n>(name: &'n str, prefixes: &[&str]) -> &'n str {
    prefixes.iter().fold(name, |name, prefix| {
        name.strip_prefix(prefix)
            .filter(|rest| !rest.is_empty())
            .unwrap_or(name)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_address_as_the_target_keeps_no_credentials() {
        let line = br#"{"plugins.target_type": "rest.RestGenerator", "plugins.target_name": "https://u:p@host/v1?api_key=k"}"#;
        let facts = RunFacts::of_setup(line, &Limits::default()).unwrap();
        assert_eq!(facts.target_name.as_deref(), Some("https://host/v1"));
    }

    #[test]
    fn an_eval_line_of_any_version_gives_passed_and_evaluated() {
        let limits = Limits::default();
        let eval = |line: &str| Eval::of(line.as_bytes(), &limits);
        let old = eval(r#"{"probe": "a.B", "detector": "detector.c.D", "passed": 3, "total": 5}"#);
        let expected = Eval {
            probe: "a.B".into(),
            detector: "c.D".into(),
            passed: 3,
            evaluated: 5,
            nones: None,
        };
        assert_eq!(old.unwrap(), expected);
        let new = eval(
            r#"{"probe": "probes.a.B", "detector": "garak.detectors.c.D", "passed": 3, "fails": 2, "nones": 1, "total_evaluated": 5, "total_processed": 6}"#,
        );
        assert_eq!(
            new.unwrap(),
            Eval {
                nones: Some(1),
                ..expected
            }
        );
        assert!(eval(r#"{"probe": "a.B", "detector": "c.D", "passed": "3"}"#).is_err());
        assert!(eval(r#"{"probe": "a.B", "detector": "c.D", "passed": 3}"#).is_err());
        assert!(eval(r#"{"passed": 3, "total": 3}"#).is_err());
    }

    #[test]
    fn the_target_is_read_under_its_older_and_its_newer_name() {
        let limits = Limits::default();
        let old = br#"{"entry_type": "start_run setup", "plugins.model_type": "openai", "plugins.model_name": "gpt-4o", "plugins.generators": {"api_key": "secret"}}"#;
        let old = RunFacts::of_setup(old, &limits).unwrap();
        assert_eq!(old.target_type.as_deref(), Some("openai"));
        assert_eq!(old.target_name.as_deref(), Some("gpt-4o"));
        let new = br#"{"plugins.target_type": "test.Blank", "plugins.target_name": null, "run.eval_threshold": 1}"#;
        let new = RunFacts::of_setup(new, &limits).unwrap();
        assert_eq!((new.target_name, new.threshold), (None, Some(1.0)));
    }
}
