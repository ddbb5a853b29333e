//! Who gave the scores of a result.

use caveat_corpus::GraderKind;

use crate::aggregate::{Aggregate, EvaluationResult};
use crate::row::Row;

/// Names of judges that are trained classifiers.
const CLASSIFIERS: &[&str] = &[
    "guard",
    "classifier",
    "shieldgemma",
    "harmbench-llama",
    "harmbench-mistral",
    "perspective",
    "detoxify",
];

/// Words of metrics that people gave.
const HUMAN: &[&str] = &["human", "annotator", "annotators", "expert", "experts"];

/// A grader by name and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grader {
    pub(crate) name: String,
    pub(crate) kind: GraderKind,
}

/// The grader of a row: the judges of its result, else its metric, else the
/// evaluation itself.
pub(crate) fn grader(
    row: &Row,
    result: Option<&EvaluationResult>,
    aggregate: Option<&Aggregate>,
) -> Grader {
    if let (Some(result), Some(aggregate)) = (result, aggregate) {
        if !result.metric.judges.is_empty() {
            return judges(result, aggregate);
        }
        if let Some(label) = result.metric.label() {
            return Grader {
                name: label.to_owned(),
                kind: kind(label, row),
            };
        }
    }
    let name = match row.result_key() {
        "" => "evaluation",
        key => key,
    };
    Grader {
        name: name.to_owned(),
        kind: kind(name, row),
    }
}

/// One judge, or a jury by the names of all. Where the same judges score by
/// several metrics, the metric tells them apart: these are different questions.
fn judges(result: &EvaluationResult, aggregate: &Aggregate) -> Grader {
    let metric = &result.metric;
    let mut name = metric.judges.join(" + ");
    let asks_more = aggregate.results.iter().any(|other| {
        other.metric.judges == metric.judges && other.metric.label() != metric.label()
    });
    if let (true, Some(label)) = (asks_more, metric.label()) {
        name = format!("{name} ({label})");
    }
    let is_classifier = metric.judges.iter().all(|judge| is_classifier(judge));
    Grader {
        name,
        kind: match is_classifier {
            true => GraderKind::Classifier,
            false => GraderKind::Llm,
        },
    }
}

fn is_classifier(name: &str) -> bool {
    let name = name.to_lowercase();
    CLASSIFIERS.iter().any(|known| name.contains(known))
}

/// What a metric without judges is. How the answer was extracted says whether a
/// model took part.
fn kind(label: &str, row: &Row) -> GraderKind {
    let label = label.to_lowercase();
    let mut words = label.split(|character: char| !character.is_alphanumeric());
    if words.any(|word| HUMAN.contains(&word)) {
        return GraderKind::Human;
    }
    let extraction = row.extraction.as_deref().unwrap_or_default().to_lowercase();
    match () {
        () if is_classifier(&label) || is_classifier(&extraction) => GraderKind::Classifier,
        () if extraction.contains("judge") || extraction.contains("llm") => GraderKind::Llm,
        () => GraderKind::Rule,
    }
}
