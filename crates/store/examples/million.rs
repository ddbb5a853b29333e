//! Loads synthetic traces into a new store and times load and aggregation.
//!
//! `cargo run --release -p caveat-store --example million -- STORE [TRACES]`
//! The shape is that of schema v13: two graders, some 60 models, record ids.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use caveat_corpus::{
    Digest, Grade, GraderKind, Location, ModelName, Outcome, PromptKey, Record, Trace, Verdict,
    VerdictRule,
};
use caveat_store::{SourceFacts, SourceInput, Store};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let path = PathBuf::from(arguments.next().ok_or("name a new store")?);
    let traces = match arguments.next() {
        Some(text) => text.to_string_lossy().parse()?,
        None => 1_000_000_u64,
    };
    let mut store = Store::open(&path)?;
    let start = Instant::now();
    let mut import = store.begin_source(SourceInput {
        path: "synthetic".to_owned(),
        format: "failure-first".to_owned(),
        digest: Digest::of(&traces.to_le_bytes()),
        options: Digest::of(b"{}"),
        companions: Vec::new(),
        bytes: 0,
        held: 0,
    })?;
    for number in 0..traces {
        import.record(&Record::Trace(Box::new(trace(number))))?;
    }
    let account = import.commit(&SourceFacts::default())?;
    println!("import   {:?} {account:?}", start.elapsed());
    let start = Instant::now();
    let evidence = store.evidence(&VerdictRule::Coalesce)?;
    let cells: usize = evidence.models.iter().map(|model| model.cells.len()).sum();
    println!("evidence {:?} {cells} cells", start.elapsed());
    let start = Instant::now();
    let status = store.status()?;
    println!("status   {:?} {} traces", start.elapsed(), status.traces);
    println!("file     {} MB", std::fs::metadata(&path)?.len() >> 20);
    Ok(())
}

fn trace(number: u64) -> Trace {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let verdict = |bits: u64| match bits % 5 {
        0 => Verdict::Compliance,
        1 => Verdict::Partial,
        2 | 3 => Verdict::Refusal,
        _ => Verdict::ParseError,
    };
    let grade = |grader: &str, kind, verdict: Verdict| Grade {
        grader: Some(grader.to_owned()),
        kind,
        verdict,
        raw: Some(verdict.name().to_ascii_uppercase()),
        version: None,
        graded_at: None,
    };
    let model = mixed >> 58;
    Trace {
        location: Location {
            entry: Some("results".to_owned()),
            record: Some(number.to_string()),
            byte: None,
        },
        run_id: Some((model * 7).to_string()),
        record_id: Some(number.to_string()),
        model: ModelName {
            name: format!("model-{model}"),
            provider: Some(format!("provider-{}", model % 15)),
            coded_size: Some("7B".to_owned()),
        },
        prompt: Some(PromptKey::Id {
            dataset: "set".to_owned(),
            id: ((mixed >> 20) % 100_000).to_string(),
        }),
        prompt_text: None,
        dataset: Some(format!("dataset-{}", (mixed >> 30) % 8)),
        technique: Some(format!("technique-{}", (mixed >> 33) % 80)),
        attack_family: Some(format!("family-{}", (mixed >> 33) % 10)),
        harm_category: Some(format!("harm-{}", (mixed >> 40) % 10)),
        attempt: None,
        turns: None,
        observed_at: Some(format!("2026-01-{:02}T10:00:00Z", 1 + number % 28)),
        prompt_tokens: None,
        response_tokens: Some(mixed >> 54),
        duration_ms: Some(mixed >> 50),
        response_digest: Some(Digest::of(&number.to_le_bytes())),
        response_text: None,
        outcome: Outcome::Response,
        grades: vec![
            grade("llm-judge", GraderKind::Llm, verdict(mixed >> 13)),
            grade("heuristic", GraderKind::Heuristic, verdict(mixed >> 17)),
        ],
    }
}
