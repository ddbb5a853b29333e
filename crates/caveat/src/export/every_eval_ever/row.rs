//! One grade of one trace as an instance row.

use caveat_corpus::{Digest, Grade, Outcome, PromptKey, Trace, Verdict};
use caveat_import_every_eval_ever::extension as name;
use caveat_store::StoredRecord;
use serde_json::{Map, Value, json};

use super::{GroupName, SCHEMA_VERSION, score};
use crate::export::Texts;

pub(super) fn row(
    group: &GroupName,
    result_id: &str,
    record: &StoredRecord,
    trace: &Trace,
    texts: &Texts,
    grade: Option<&Grade>,
) -> Value {
    let prompt = texts
        .prompt
        .clone()
        .unwrap_or_else(|| prompt_stand_in(trace));
    let response = texts.response.clone().or_else(|| response_stand_in(trace));
    let score = score(grade.map_or(Verdict::Unscored, |grade| grade.verdict));
    let mut row = json!({
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": group.evaluation_id,
        "model_id": trace.model.name,
        "evaluation_name": group.dataset(),
        "evaluation_result_id": result_id,
        "sample_id": record.identity,
        "interaction_type": "single_turn",
        "input": {"raw": prompt, "reference": []},
        "answer_attribution": [],
        "evaluation": {"score": score, "is_correct": score == 0},
    });
    match trace.turns {
        // Of a conversation the corpus keeps the first prompt and the last reply.
        Some(turns) if turns > 1 => {
            row["interaction_type"] = json!("multi_turn");
            row["evaluation"]["num_turns"] = json!(turns);
            let mut messages = vec![json!({"turn_idx": 0, "role": "user", "content": prompt})];
            if let Some(response) = response {
                messages.push(json!({"turn_idx": 1, "role": "assistant", "content": response}));
            }
            row["messages"] = Value::Array(messages);
        }
        _ => row["output"] = json!({"raw": Vec::from_iter(response)}),
    }
    if let (Some(input), Some(output)) = (trace.prompt_tokens, trace.response_tokens)
        && let Some(total) = input.checked_add(output)
    {
        row["token_usage"] =
            json!({"input_tokens": input, "output_tokens": output, "total_tokens": total});
    }
    if let Some(duration) = trace.duration_ms {
        row["performance"] = json!({"latency_ms": duration});
    }
    match trace.outcome {
        Outcome::Response => {}
        Outcome::Filtered => row["error"] = json!("content_filter"),
        Outcome::NotSubmitted => row["error"] = json!("no prompt was submitted"),
        Outcome::Error => row["error"] = json!("error"),
    }
    row["metadata"] = Value::Object(metadata(record, trace, texts, grade));
    row
}

/// What stands for a prompt that is not exported: different for different prompts.
fn prompt_stand_in(trace: &Trace) -> String {
    match &trace.prompt {
        Some(PromptKey::Id { dataset, id }) => format!("[text not exported: {dataset} {id}]"),
        Some(PromptKey::Text(digest)) => format!("[text not exported: sha256 {digest}]"),
        None => "[text not exported]".to_owned(),
    }
}

fn response_stand_in(trace: &Trace) -> Option<String> {
    match (trace.outcome, trace.response_digest) {
        (_, Some(digest)) => Some(format!("[text not exported: sha256 {digest}]")),
        (Outcome::Response, None) => Some("[text not exported]".to_owned()),
        _ => None,
    }
}

fn metadata(
    record: &StoredRecord,
    trace: &Trace,
    texts: &Texts,
    grade: Option<&Grade>,
) -> Map<String, Value> {
    let mut metadata = Metadata(Map::new());
    metadata.add(name::MARK, Some(name::VERSION.to_owned()));
    metadata.add(name::PROVIDER, trace.model.provider.clone());
    metadata.add(name::CODED_SIZE, trace.model.coded_size.clone());
    match &trace.prompt {
        Some(PromptKey::Id { dataset, id }) => {
            metadata.add(name::PROMPT_DATASET, Some(dataset.clone()));
            metadata.add(name::PROMPT_ID, Some(id.clone()));
        }
        Some(PromptKey::Text(digest)) => metadata.add(name::PROMPT_SHA256, Some(digest.to_hex())),
        None => {}
    }
    metadata.add(
        name::RESPONSE_SHA256,
        trace.response_digest.map(Digest::to_hex),
    );
    let kept = [("prompt", &texts.prompt), ("response", &texts.response)];
    let kept: Vec<&str> = kept
        .into_iter()
        .filter_map(|(word, text)| text.as_ref().map(|_| word))
        .collect();
    metadata.add(name::TEXTS, (!kept.is_empty()).then(|| kept.join(" ")));
    metadata.add(name::DATASET, trace.dataset.clone());
    metadata.add(name::TECHNIQUE, trace.technique.clone());
    metadata.add(name::ATTACK_FAMILY, trace.attack_family.clone());
    metadata.add(name::HARM_CATEGORY, trace.harm_category.clone());
    metadata.number(name::ATTEMPT, trace.attempt.map(u64::from));
    metadata.number(name::TURNS, trace.turns.map(u64::from));
    metadata.add(name::OBSERVED_AT, trace.observed_at.clone());
    metadata.number(name::PROMPT_TOKENS, trace.prompt_tokens);
    metadata.number(name::RESPONSE_TOKENS, trace.response_tokens);
    metadata.number(name::DURATION_MS, trace.duration_ms);
    metadata.add(name::OUTCOME, Some(trace.outcome.name().to_owned()));
    if let Some(grade) = grade {
        metadata.add(name::GRADER, grade.grader.clone());
        metadata.add(name::GRADER_KIND, Some(grade.kind.name().to_owned()));
        metadata.add(name::VERDICT, Some(grade.verdict.name().to_owned()));
        metadata.add(name::RAW, grade.raw.clone());
        metadata.add(name::GRADER_VERSION, grade.version.clone());
        metadata.add(name::GRADED_AT, grade.graded_at.clone());
    }
    let source = [
        Some(record.format.clone()),
        Some(record.source.to_hex()),
        trace.run_id.clone(),
        trace.record_id.clone(),
        trace.location.entry.clone(),
        trace.location.record.clone(),
        trace.location.byte.map(|byte| byte.to_string()),
    ];
    for (name, value) in name::SOURCE.into_iter().zip(source) {
        metadata.add(name, value);
    }
    metadata.0
}

/// Texts by name; what is absent has no name.
struct Metadata(Map<String, Value>);

impl Metadata {
    fn add(&mut self, name: &str, text: Option<String>) {
        if let Some(text) = text {
            self.0.insert(name.to_owned(), Value::String(text));
        }
    }

    fn number(&mut self, name: &str, number: Option<u64>) {
        self.add(name, number.map(|number| number.to_string()));
    }
}
