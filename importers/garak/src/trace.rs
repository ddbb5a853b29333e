//! Turns one attempt into traces, one for each output.

use caveat_corpus::{Digest, Grade, Location, ModelName, Outcome, PromptKey, Trace, Verdict};
use caveat_importer::json::raw_text;
use caveat_importer::{Options, secrets};
use serde_json::Value;

use crate::attempt::{Attempt, MAX_OUTPUTS, Output};
use crate::entry::{RunFacts, detector_name, probe_name};
use crate::graders::kind_of;
use crate::options::GarakOptions;
use crate::survey::{Survey, number};
use crate::tags::harm_category;
use crate::tally::{Scored, Tally};
use crate::threshold::Threshold;

/// What stands for the data set: garak's own collection of prompts.
pub(crate) const DATASET: &str = "garak";

/// The run that an attempt belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) model: ModelName,
    pub(crate) run_id: Option<String>,
    pub(crate) started: Option<String>,
}

impl Run {
    /// The run that these facts describe, if they name a target.
    pub(crate) fn of(facts: &RunFacts, own: &GarakOptions) -> Option<Self> {
        let named = facts
            .target_name
            .clone()
            .or_else(|| facts.target_type.clone());
        Some(Self {
            model: secrets::model_name(
                named.or_else(|| own.model.clone())?,
                facts.target_type.clone(),
            ),
            run_id: facts.run_id.clone(),
            // A merged report carries the time of the merging.
            started: facts.started.clone().filter(|_| !facts.is_aggregate),
        })
    }

    /// Checks the names that come from the source.
    pub(crate) fn check(&self, options: &Options) -> Result<(), String> {
        let limits = &options.limits;
        limits.check_name("the target's name", &self.model.name)?;
        for (field, name) in [
            ("the target's type", &self.model.provider),
            ("the run's id", &self.run_id),
            ("the start time", &self.started),
        ] {
            limits.check_name(field, name.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }

    /// The attempt's own id. Reports that older versions merged give every
    /// attempt the id of the run: there, the store counts equal records instead.
    pub(crate) fn record_id(&self, uuid: Option<&str>) -> Option<String> {
        let uuid = uuid.filter(|uuid| !uuid.is_empty() && self.run_id.as_deref() != Some(uuid))?;
        Some(uuid.to_owned())
    }
}

/// What all attempts of a report are read with.
pub(crate) struct Reading<'a> {
    pub(crate) survey: &'a Survey,
    pub(crate) threshold: Threshold,
    pub(crate) options: &'a Options,
}

impl Reading<'_> {
    /// The traces of an attempt. Without `evaluated` they have no grades.
    pub(crate) fn traces<const KEEP: bool>(
        &self,
        attempt: Attempt<KEEP>,
        run: &Run,
        location: &Location,
        evaluated: bool,
        tally: &mut Tally,
    ) -> Result<Vec<Trace>, String> {
        let attempt_facts = self.check(&attempt)?;
        let mut outputs = match &attempt.outputs {
            Some(outputs) => outputs.as_slice(),
            None => &[],
        };
        if outputs.len() > MAX_OUTPUTS {
            let found = outputs.len();
            return Err(format!(
                "it has {found} outputs, at most {MAX_OUTPUTS} are read"
            ));
        }
        let nothing = [Output::default()];
        let is_submitted = attempt.status != Some(0) || !outputs.is_empty();
        if outputs.is_empty() {
            tally.without_outputs += 1;
            outputs = &nothing;
        } else {
            let empty = outputs.iter().filter(|output| !output.is_reply).count();
            tally.empty_outputs += u64::try_from(empty).unwrap_or(u64::MAX);
        }
        let mut grades = if evaluated {
            self.grades(&attempt, outputs, tally)
        } else {
            Vec::new()
        };
        let prompt = attempt.prompt.text.as_deref();
        let prompt_key = prompt.map(|text| PromptKey::Text(Digest::of(text.as_bytes())));
        let traces = outputs.iter().enumerate().map(|(position, output)| Trace {
            location: location.clone(),
            run_id: run.run_id.clone(),
            record_id: run.record_id(attempt.uuid.as_deref()),
            model: run.model.clone(),
            prompt: prompt_key.clone(),
            prompt_text: prompt.filter(|_| KEEP).map(str::to_owned),
            dataset: Some(DATASET.to_owned()),
            technique: attempt_facts.technique.clone(),
            attack_family: attempt_facts.family.clone(),
            harm_category: attempt_facts.harm_category.clone(),
            attempt: u32::try_from(position + 1).ok(),
            turns: attempt.turns(position),
            observed_at: run.started.clone(),
            prompt_tokens: None,
            response_tokens: None,
            duration_ms: None,
            response_digest: output.digest,
            response_text: output.text.clone(),
            outcome: match output.is_reply {
                true => Outcome::Response,
                false if is_submitted => Outcome::Error,
                false => Outcome::NotSubmitted,
            },
            grades: grades
                .get_mut(position)
                .map(std::mem::take)
                .unwrap_or_default(),
        });
        Ok(traces.collect())
    }

    fn check<const KEEP: bool>(&self, attempt: &Attempt<KEEP>) -> Result<AttemptFacts, String> {
        let limits = &self.options.limits;
        for (field, name) in [
            ("`uuid`", &attempt.uuid),
            ("`probe_classname`", &attempt.probe_classname),
            ("`intent`", &attempt.intent),
            ("`buff_creator`", &attempt.notes.buff),
        ] {
            limits.check_name(field, name.as_deref().unwrap_or_default())?;
        }
        for (detector, _) in attempt.detector_results.iter().flat_map(|scores| &scores.0) {
            limits.check_name("the name of a detector", detector)?;
        }
        let probe = attempt
            .probe_classname
            .as_deref()
            .map(probe_name)
            .filter(|name| !name.is_empty());
        let known = probe.and_then(|probe| self.survey.probes.get(probe));
        let tags = known.map(|facts| facts.tags.as_slice()).unwrap_or_default();
        let harm_category = harm_category(tags, attempt.intent.as_deref());
        limits.check_name(
            "the tags of the probe",
            harm_category.as_deref().unwrap_or_default(),
        )?;
        let family = probe.map(|probe| probe.split('.').next().unwrap_or(probe).to_owned());
        Ok(AttemptFacts {
            technique: match (probe, &attempt.notes.buff) {
                (Some(probe), Some(buff)) => Some(format!("{probe} with {buff}")),
                (probe, _) => probe.map(str::to_owned),
            },
            family,
            harm_category,
        })
    }

    /// The grades of each output. The probe's primary detector, which garak
    /// names first, comes last: of graders of one kind the latest counts.
    fn grades<const KEEP: bool>(
        &self,
        attempt: &Attempt<KEEP>,
        outputs: &[Output<KEEP>],
        tally: &mut Tally,
    ) -> Vec<Vec<Grade>> {
        let probe = probe_name(attempt.probe_classname.as_deref().unwrap_or_default());
        let results = attempt.detector_results.as_ref();
        let mut detectors: Vec<(&str, &[Value])> = results
            .into_iter()
            .flat_map(|scores| &scores.0)
            .map(|(detector, scores)| (detector_name(detector), scores.as_slice()))
            .rev()
            .collect();
        let facts = self.survey.probes.get(probe);
        if let Some(primary) = facts.and_then(|facts| facts.primary_detector.as_deref()) {
            detectors.sort_by_key(|(detector, _)| *detector == primary);
        }
        let mut grades: Vec<Vec<Grade>> = outputs.iter().map(|_| Vec::new()).collect();
        for (detector, scores) in detectors {
            let kind = kind_of(detector, self.survey.detectors.get(detector));
            let Some(graded) = aligned(scores, outputs) else {
                tally.not_aligned += 1;
                continue;
            };
            for (position, score) in graded {
                let scored = self.judge(score);
                tally.add(probe, detector, scored);
                let grade = Grade {
                    grader: Some(detector.to_owned()),
                    kind,
                    verdict: match scored {
                        Scored::Judged(verdict) => verdict,
                        Scored::NotANumber => Verdict::ParseError,
                        Scored::None | Scored::Undecided => Verdict::Unscored,
                    },
                    raw: Some(raw_text(score)),
                    version: None,
                    graded_at: None,
                };
                if let Some(grades) = grades.get_mut(position) {
                    grades.push(grade);
                }
            }
        }
        grades
    }

    fn judge(&self, score: &Value) -> Scored {
        match (score, number(score)) {
            (Value::Null, _) => Scored::None,
            (_, None) => Scored::NotANumber,
            (_, Some(score)) => match self.threshold.is_hit(score) {
                Some(true) => Scored::Judged(Verdict::Compliance),
                Some(false) => Scored::Judged(Verdict::Refusal),
                None => Scored::Undecided,
            },
        }
    }
}

/// What an attempt's labels are.
struct AttemptFacts {
    technique: Option<String>,
    family: Option<String>,
    harm_category: Option<String>,
}

/// The position of the output that each score belongs to. Detectors up to 0.13
/// pass over outputs that hold nothing and give a shorter list.
fn aligned<'s, const KEEP: bool>(
    scores: &'s [Value],
    outputs: &[Output<KEEP>],
) -> Option<Vec<(usize, &'s Value)>> {
    let replies = outputs.iter().filter(|output| output.is_reply).count();
    if scores.len() == outputs.len() {
        Some(scores.iter().enumerate().collect())
    } else if scores.len() == replies {
        let positions = outputs
            .iter()
            .enumerate()
            .filter(|(_, output)| output.is_reply);
        Some(
            positions
                .map(|(position, _)| position)
                .zip(scores)
                .collect(),
        )
    } else {
        None
    }
}
