//! Turns one sample into traces, one for each completion.

use caveat_corpus::{Digest, Grade, GraderKind, Location, Outcome, PromptKey, Trace, Verdict};
use caveat_importer::secrets;

use crate::sample::Sample;
use crate::spec::Run;

/// The grader of model-graded evals.
const CHOICE: &str = "choice";

/// Texts of a sample, read again because the user wants them.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    pub(crate) prompt: Option<String>,
    pub(crate) completions: Vec<Option<String>>,
}

/// The traces of a sample.
pub(crate) fn traces(sample: &Sample, run: &Run, model: &str, mut texts: Texts) -> Vec<Trace> {
    let reply = sample.reply();
    let quoted = sample.grades.iter().find_map(|given| given.of);
    let mut completions = match reply {
        Some(call) => call.completions.clone(),
        // A log without the calls themselves still quotes what was compared.
        None => quoted.map(Some).into_iter().collect(),
    };
    if completions.is_empty() {
        completions.push(None);
    }
    let several = completions.len() > 1;
    let mut grades = grades(sample, &completions);
    // After an error, an empty text is what the failed call left.
    let empty = Digest::of(b"");
    let has_reply = completions
        .iter()
        .flatten()
        .any(|completion| *completion != empty);
    let failed = sample.errors > 0;
    // The call that failed is the grading model's: the reply stands.
    let grader_failed = failed && run.is_model_graded && has_reply;
    if grader_failed
        && sample.grades.is_empty()
        && let Some(first) = grades.first_mut()
    {
        first.push(failed_grade());
    }
    let target_failed = failed && !grader_failed;
    let prompt = match &run.eval_name {
        Some(name) => Some(PromptKey::Id {
            dataset: name.clone(),
            id: sample.id.clone(),
        }),
        None => reply.and_then(|call| call.prompt).map(PromptKey::Text),
    };
    // A grade of a reply that the log does not hold.
    let unseen = reply.is_none()
        && !sample.grades.is_empty()
        && !sample.grades.iter().any(|given| given.is_of_nothing);
    let outcome_of = |completion: &Option<Digest>| {
        if target_failed || (completion.is_none() && !unseen) {
            Outcome::Error
        } else {
            Outcome::Response
        }
    };
    for (completion, grades) in completions.iter().zip(&mut grades) {
        if outcome_of(completion) == Outcome::Error {
            // What judged nothing is no verdict; the raw value stays.
            for grade in grades {
                grade.verdict = Verdict::NotGradeable;
            }
        }
    }
    let traces = completions
        .iter()
        .enumerate()
        .map(|(position, completion)| Trace {
            location: Location {
                entry: None,
                record: Some(sample.line.to_string()),
                byte: Some(sample.byte),
            },
            run_id: sample.run_id.clone().or_else(|| run.run_id.clone()),
            record_id: Some(sample.id.clone()),
            model: secrets::model_name(model.to_owned(), None),
            prompt: prompt.clone(),
            prompt_text: texts.prompt.clone(),
            dataset: run.eval_name.clone(),
            technique: None,
            attack_family: None,
            harm_category: None,
            attempt: u32::try_from(position + 1).ok().filter(|_| several),
            turns: reply.and_then(|call| call.turns),
            observed_at: reply
                .and_then(|call| call.created_at.clone())
                .or_else(|| sample.created_at.clone()),
            prompt_tokens: reply.and_then(|call| call.prompt_tokens),
            // The count is of all completions together.
            response_tokens: reply
                .and_then(|call| call.response_tokens)
                .filter(|_| !several),
            duration_ms: None,
            response_digest: *completion,
            response_text: texts.completions.get_mut(position).and_then(Option::take),
            outcome: outcome_of(completion),
            grades: grades
                .get_mut(position)
                .map(std::mem::take)
                .unwrap_or_default(),
        });
    traces.collect()
}

/// The grades of each completion: a comparison goes to the completion that it
/// quotes, anything else to the first.
fn grades(sample: &Sample, completions: &[Option<Digest>]) -> Vec<Vec<Grade>> {
    let mut grades: Vec<Vec<Grade>> = completions.iter().map(|_| Vec::new()).collect();
    for given in &sample.grades {
        let quoted = completions
            .iter()
            .position(|completion| completion.is_some() && *completion == given.of);
        if let Some(list) = grades.get_mut(quoted.unwrap_or(0)) {
            list.push(given.grade.clone());
        }
    }
    grades
}

fn failed_grade() -> Grade {
    Grade {
        grader: Some(CHOICE.to_owned()),
        kind: GraderKind::Llm,
        verdict: Verdict::ParseError,
        raw: None,
        version: None,
        graded_at: None,
    }
}
