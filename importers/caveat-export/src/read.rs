//! Reads exported lines, each as one record or one reject.

use caveat_corpus::{
    Cell, Digest, Grade, Location, ModelName, PromptKey, Record, Trace, Verdict, VerdictCounts,
};
use caveat_importer::lines::{End, Line as Bytes, Lines};
use caveat_importer::{ImportError, Limits, Options, Reject, Sink, Source, SourceFacts, json};

use crate::FORMAT;
use crate::line::{Line, LineCell, LineGrade, LineRecord, LineTrace, SCHEMA, SCHEMA_VERSION};

pub(crate) const HINT: &str = "importers/caveat-export/README.md shows what an export looks like; export it \
    again if it is damaged";

pub(crate) fn read(
    source: &Source,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, ImportError> {
    let path = &source.path;
    let io = |cause| ImportError::Io {
        path: path.clone(),
        cause,
    };
    let mut notes = Vec::new();
    let mut records = 0_u64;
    let end = End::of(path).map_err(io)?;
    let mut lines = Lines::open(path, 0, &options.limits).map_err(io)?;
    while let Some((at, line)) = lines.next_line().map_err(io)? {
        let location = Location {
            entry: None,
            record: Some(at.line.to_string()),
            byte: Some(at.byte),
        };
        let record = match line {
            Bytes::Whole(bytes) if bytes.trim_ascii().is_empty() => continue,
            Bytes::Whole(bytes) => {
                let record = record(bytes, location.clone(), options);
                match record {
                    Err(reason) if end.cuts(at, bytes.len()) => {
                        notes.push(format!(
                            "the file is cut short: it ends at byte {} within a line; what is whole is imported",
                            end.bytes
                        ));
                        Err(format!("the file is cut short within this line: {reason}"))
                    }
                    record => record,
                }
            }
            Bytes::TooLong { bytes } => Err(format!(
                "the line has {bytes} bytes, at most {} are read",
                options.limits.max_record_bytes
            )),
        };
        match record {
            Ok(record) => {
                records += 1;
                sink.record(record)?;
            }
            Err(reason) => sink.reject(Reject { location, reason })?,
        }
        sink.progress(lines.bytes_read());
    }
    if records == 0 {
        return Err(ImportError::Refused {
            path: path.clone(),
            format: FORMAT,
            found: "no line of it is one that caveat exported".to_owned(),
            hint: HINT.to_owned(),
        });
    }
    Ok(SourceFacts {
        format_version: Some(SCHEMA_VERSION.to_string()),
        notes,
    })
}

fn record(bytes: &[u8], location: Location, options: &Options) -> Result<Record, String> {
    let line: Line = json::parse(bytes, &options.limits).map_err(|fault| fault.to_string())?;
    if line.schema != SCHEMA {
        return Err(format!("`schema` is not `{SCHEMA}`"));
    }
    if line.schema_version != SCHEMA_VERSION {
        return Err(format!(
            "`schema_version` is {}, this caveat reads {SCHEMA_VERSION}: a newer one wrote it",
            line.schema_version
        ));
    }
    match line.record {
        LineRecord::Trace(trace) => {
            let trace = of_trace(*trace, location, options)?;
            Ok(Record::Trace(Box::new(trace)))
        }
        LineRecord::Cell(cell) => {
            let cell = of_cell(*cell, location, &options.limits)?;
            Ok(Record::Cell(Box::new(cell)))
        }
    }
}

pub(crate) fn of_trace(
    line: LineTrace,
    location: Location,
    options: &Options,
) -> Result<Trace, String> {
    let prompt = match (line.prompt_dataset, line.prompt_id, line.prompt_sha256) {
        (Some(dataset), Some(id), None) => Some(PromptKey::Id { dataset, id }),
        (None, None, digest) => digest.map(PromptKey::Text),
        _ => {
            return Err(
                "`prompt_dataset` and `prompt_id` stand together, without `prompt_sha256`"
                    .to_owned(),
            );
        }
    };
    let has_digest = |text: &str| Some(Digest::of(text.as_bytes())) == line.response_sha256;
    if line
        .response_text
        .as_deref()
        .is_some_and(|text| !has_digest(text))
    {
        return Err("`response_text` does not have the digest `response_sha256`".to_owned());
    }
    let trace = Trace {
        location,
        run_id: line.source.run_id,
        // The identity of the exported trace is what it is known by.
        record_id: Some(line.id.to_hex()),
        model: ModelName {
            name: line.model,
            provider: line.provider,
            coded_size: line.coded_size,
        },
        prompt,
        prompt_text: line.prompt_text.filter(|_| options.keep_text),
        dataset: line.dataset,
        technique: line.technique,
        attack_family: line.attack_family,
        harm_category: line.harm_category,
        attempt: line.attempt,
        turns: line.turns,
        observed_at: line.observed_at,
        prompt_tokens: line.prompt_tokens,
        response_tokens: line.response_tokens,
        duration_ms: line.duration_ms,
        response_digest: line.response_sha256,
        response_text: line.response_text.filter(|_| options.keep_text),
        outcome: line.outcome,
        grades: line.grades.into_iter().map(of_grade).collect(),
    };
    check_names(&trace.model, &options.limits)?;
    let labels = [
        &trace.run_id,
        &trace.dataset,
        &trace.technique,
        &trace.attack_family,
        &trace.harm_category,
    ];
    let graders = trace.grades.iter().map(|grade| &grade.grader);
    for name in labels.into_iter().chain(graders).flatten() {
        options.limits.check_name("a name", name)?;
    }
    Ok(trace)
}

fn of_grade(line: LineGrade) -> Grade {
    Grade {
        grader: line.grader,
        kind: line.grader_kind,
        verdict: line.verdict,
        raw: line.raw_score,
        version: line.grader_version,
        graded_at: line.graded_at,
    }
}

pub(crate) fn of_cell(
    mut line: LineCell,
    location: Location,
    limits: &Limits,
) -> Result<Cell, String> {
    let mut counts = VerdictCounts::default();
    let mut sum = 0_u64;
    for verdict in Verdict::ALL {
        let traces = *line.counts.of(verdict);
        sum = sum.saturating_add(traces);
        if sum == u64::MAX {
            return Err("the counts add up to more than any table counts".to_owned());
        }
        counts.add(verdict, traces);
    }
    if sum != line.n {
        return Err(format!("`n` is {}, the counts add up to {sum}", line.n));
    }
    let cell = Cell {
        location,
        model: ModelName {
            name: line.model,
            provider: line.provider,
            coded_size: line.coded_size,
        },
        dataset: line.dataset,
        technique: line.technique,
        attack_family: line.attack_family,
        harm_category: line.harm_category,
        grader: line.grader,
        grader_kind: line.grader_kind,
        observed_at: line.observed_at,
        counts,
    };
    check_names(&cell.model, limits)?;
    let labels = [
        &cell.dataset,
        &cell.technique,
        &cell.attack_family,
        &cell.harm_category,
        &cell.grader,
    ];
    for name in labels.into_iter().flatten() {
        limits.check_name("a name", name)?;
    }
    Ok(cell)
}

fn check_names(model: &ModelName, limits: &Limits) -> Result<(), String> {
    if model.name.is_empty() {
        return Err("`model` is empty".to_owned());
    }
    for name in [
        Some(&model.name),
        model.provider.as_ref(),
        model.coded_size.as_ref(),
    ] {
        name.map_or(Ok(()), |name| limits.check_name("a name", name))?;
    }
    Ok(())
}
