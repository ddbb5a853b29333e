//! Small synthetic records for the tests of the store.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test file uses its own part")]

use caveat_corpus::{
    Cell, Digest, Grade, GraderKind, Location, ModelName, Outcome, PromptKey, Record, Trace,
    Verdict, VerdictCounts,
};
use caveat_store::{Account, SourceFacts, SourceInput, Store};

pub(crate) fn model(name: &str) -> ModelName {
    ModelName {
        name: name.to_owned(),
        provider: Some("lab".to_owned()),
        coded_size: None,
    }
}

pub(crate) fn grade(grader: &str, kind: GraderKind, verdict: Verdict) -> Grade {
    Grade {
        grader: Some(grader.to_owned()),
        kind,
        verdict,
        raw: None,
        version: None,
        graded_at: None,
    }
}

pub(crate) fn llm(verdict: Verdict) -> Grade {
    grade("judge", GraderKind::Llm, verdict)
}

/// A trace with a record id; `prompt` is the id of its prompt.
pub(crate) fn trace(record_id: &str, name: &str, prompt: &str, grades: Vec<Grade>) -> Trace {
    Trace {
        location: Location {
            entry: Some("results".to_owned()),
            record: Some(record_id.to_owned()),
            byte: None,
        },
        run_id: Some("run".to_owned()),
        record_id: Some(record_id.to_owned()),
        model: model(name),
        prompt: Some(PromptKey::Id {
            dataset: "set".to_owned(),
            id: prompt.to_owned(),
        }),
        prompt_text: None,
        dataset: Some("set".to_owned()),
        technique: Some("plain".to_owned()),
        attack_family: None,
        harm_category: None,
        attempt: None,
        turns: None,
        observed_at: Some("2026-01-02T03:04:05Z".to_owned()),
        prompt_tokens: None,
        response_tokens: Some(12),
        duration_ms: None,
        response_digest: Some(Digest::of(record_id.as_bytes())),
        response_text: None,
        outcome: Outcome::Response,
        grades,
    }
}

pub(crate) fn cell(name: &str, kind: GraderKind, succeeded: u64, resisted: u64) -> Cell {
    let mut counts = VerdictCounts::default();
    counts.add(Verdict::Compliance, succeeded);
    counts.add(Verdict::Refusal, resisted);
    Cell {
        location: Location::default(),
        model: model(name),
        dataset: Some("table".to_owned()),
        technique: None,
        attack_family: None,
        harm_category: None,
        grader: Some("paper".to_owned()),
        grader_kind: kind,
        observed_at: None,
        counts,
    }
}

pub(crate) fn record(trace: Trace) -> Record {
    Record::Trace(Box::new(trace))
}

pub(crate) fn input(path: &str) -> SourceInput {
    SourceInput {
        path: path.to_owned(),
        format: "synthetic".to_owned(),
        digest: Digest::of(path.as_bytes()),
        options: Digest::of(b"{}"),
        companions: Vec::new(),
        bytes: 0,
        held: 0,
    }
}

/// Imports records as one source whose bytes are its name.
pub(crate) fn import(store: &mut Store, source: &str, records: &[Record]) -> Account {
    let mut import = store.begin_source(input(source)).unwrap();
    for record in records {
        import.record(record).unwrap();
    }
    let mut account = import.commit(&SourceFacts::default()).unwrap();
    let restated = store.settle().unwrap();
    account.grades_added += restated.iter().map(|one| one.grades_added).sum::<u64>();
    assert_eq!(
        account.read,
        account.imported + account.already_present + account.rejected
    );
    account
}

/// A corpus that repeats prompts, models, graders and outcomes in a fixed mixture.
pub(crate) fn corpus(range: std::ops::Range<u64>) -> Vec<Record> {
    range.map(mixed).collect()
}

fn mixed(number: u64) -> Record {
    let bits = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16;
    let pick = |shift: u32| {
        let at = usize::try_from((bits >> shift) % 10).unwrap();
        Verdict::ALL[at]
    };
    let mut grades = vec![llm(pick(3))];
    if bits.is_multiple_of(3) {
        grades.push(grade("words", GraderKind::Heuristic, pick(9)));
    }
    if bits % 7 == 1 {
        grades.clear();
    }
    let name = format!("model-{}", bits % 5);
    let prompt = format!("p{}", (bits >> 5) % 11);
    let mut trace = trace(&number.to_string(), &name, &prompt, grades);
    trace.dataset = Some(format!("set-{}", (bits >> 11) % 3));
    trace.observed_at = Some(format!("2026-02-{:02}", 1 + (bits >> 7) % 28));
    trace.outcome = Outcome::ALL[usize::try_from((bits >> 13) % 4).unwrap()];
    if number % 4 == 3 {
        trace.record_id = None;
        trace.response_digest = None;
        trace.attempt = u32::try_from(number).ok();
        return record(trace);
    }
    if number % 10 == 9 {
        let mut cell = cell(&name, GraderKind::Human, bits % 4, 2);
        // Other counts under the same labels would contradict each other.
        cell.technique = Some(format!("t{}", bits % 4));
        return Record::Cell(Box::new(cell));
    }
    record(trace)
}
