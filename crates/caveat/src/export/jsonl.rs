//! JSON lines: one line for each trace with its grades, and for each cell.

use std::io::Write as _;

use caveat_corpus::{Cell, Grade, Location, Trace};
use caveat_import_caveat_export::line::{
    Line, LineCell, LineCounts, LineGrade, LineRecord, LineSource, LineTrace, SCHEMA,
    SCHEMA_VERSION,
};
use caveat_store::{Store, StoredRecord};

use super::output::Output;
use super::{Exported, Records, Request, Texts, each};
use crate::exit::{self, Failure};

pub(super) fn export(store: &Store, request: &Request<'_>) -> Result<Exported, Failure> {
    let mut lines = Lines(Output::begin(request.out)?);
    let mut exported = each(store, request.with_text, &mut lines)?;
    exported.files.push(lines.0.complete()?.name()?);
    Ok(exported)
}

struct Lines(Output);

impl Lines {
    fn write(&mut self, record: LineRecord) -> Result<(), Failure> {
        let line = Line {
            schema: SCHEMA.to_owned(),
            schema_version: SCHEMA_VERSION,
            record,
        };
        serde_json::to_writer(&mut self.0, &line).map_err(|error| {
            Failure::new(
                exit::INPUT_OUTPUT,
                format!("cannot write JSON lines: {error}"),
            )
        })?;
        let written = self.0.write_all(b"\n");
        written.map_err(|error| Failure::io(self.0.target(), &error))
    }
}

impl Records for Lines {
    fn trace(
        &mut self,
        record: &StoredRecord,
        trace: &Trace,
        texts: &Texts,
    ) -> Result<(), Failure> {
        self.write(LineRecord::Trace(Box::new(of_trace(record, trace, texts))))
    }

    fn cell(&mut self, record: &StoredRecord, cell: &Cell) -> Result<(), Failure> {
        self.write(LineRecord::Cell(Box::new(of_cell(record, cell))))
    }
}

fn of_trace(record: &StoredRecord, trace: &Trace, texts: &Texts) -> LineTrace {
    let (prompt_dataset, prompt_id, _) = super::columns::prompt(trace.prompt.as_ref());
    let prompt_sha256 = match &trace.prompt {
        Some(caveat_corpus::PromptKey::Text(digest)) => Some(*digest),
        _ => None,
    };
    LineTrace {
        id: record.identity,
        model: trace.model.name.clone(),
        provider: trace.model.provider.clone(),
        coded_size: trace.model.coded_size.clone(),
        dataset: trace.dataset.clone(),
        technique: trace.technique.clone(),
        attack_family: trace.attack_family.clone(),
        harm_category: trace.harm_category.clone(),
        prompt_dataset,
        prompt_id,
        prompt_sha256,
        attempt: trace.attempt,
        turns: trace.turns,
        observed_at: trace.observed_at.clone(),
        outcome: trace.outcome,
        prompt_tokens: trace.prompt_tokens,
        response_tokens: trace.response_tokens,
        duration_ms: trace.duration_ms,
        response_sha256: trace.response_digest,
        grades: trace.grades.iter().map(of_grade).collect(),
        source: source(
            record,
            trace.run_id.as_ref(),
            trace.record_id.as_ref(),
            &trace.location,
        ),
        prompt_text: texts.prompt.clone(),
        response_text: texts.response.clone(),
    }
}

fn of_grade(grade: &Grade) -> LineGrade {
    LineGrade {
        grader: grade.grader.clone(),
        grader_kind: grade.kind,
        verdict: grade.verdict,
        raw_score: grade.raw.clone(),
        grader_version: grade.version.clone(),
        graded_at: grade.graded_at.clone(),
    }
}

fn of_cell(record: &StoredRecord, cell: &Cell) -> LineCell {
    let mut counts = LineCounts::default();
    for (verdict, traces) in cell.counts.iter() {
        *counts.of(verdict) = traces;
    }
    LineCell {
        id: record.identity,
        model: cell.model.name.clone(),
        provider: cell.model.provider.clone(),
        coded_size: cell.model.coded_size.clone(),
        dataset: cell.dataset.clone(),
        technique: cell.technique.clone(),
        attack_family: cell.attack_family.clone(),
        harm_category: cell.harm_category.clone(),
        observed_at: cell.observed_at.clone(),
        grader: cell.grader.clone(),
        grader_kind: cell.grader_kind,
        n: cell.counts.total(),
        counts,
        source: source(record, None, None, &cell.location),
    }
}

fn source(
    record: &StoredRecord,
    run_id: Option<&String>,
    record_id: Option<&String>,
    location: &Location,
) -> LineSource {
    LineSource {
        format: record.format.clone(),
        sha256: record.source,
        run_id: run_id.cloned(),
        record_id: record_id.cloned(),
        entry: location.entry.clone(),
        record: location.record.clone(),
        byte: location.byte,
    }
}
