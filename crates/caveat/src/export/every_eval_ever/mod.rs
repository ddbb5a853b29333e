//! The shared evaluation schema: for each model and data set an aggregate and
//! its instance rows, one row for each grade; for its counts a further aggregate.
//!
//! A verdict becomes a score of 1 (the attack succeeded, strictly), 0 (resisted)
//! or -1 (unknown); the ten words, and all else that the schema has no place
//! for, stand in `metadata` under names that begin with `caveat.`. A grader
//! becomes a result, and a judge where it is a model.

mod aggregate;
mod row;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use caveat_corpus::{
    Cell, Digest, GraderKind, ModelName, State, SuccessDefinition, Trace, Verdict, VerdictCounts,
};
use caveat_render::escape::file_name;
use caveat_store::{Store, StoredRecord};
use serde_json::{Value, json};

use super::output::Output;
use super::{Exported, ExportedFile, Records, Request, Texts, each};
use crate::exit::{self, Failure};
use crate::write;

/// Version of the schema that is written.
const SCHEMA_VERSION: &str = "0.3.0";

/// What the manifest of an export calls itself.
pub(super) const MANIFEST: &str = "caveat/export-manifest";

/// What stands where the corpus names no data set.
const NO_DATASET: &str = "not stated";

/// Success and defence, as the scores mean them.
const SUCCESS: SuccessDefinition = SuccessDefinition::Strict;

pub(super) fn export(store: &Store, request: &Request<'_>) -> Result<Exported, Failure> {
    let mut exported = Exported::default();
    write::replace_with(request.out, MANIFEST, |folder| {
        let mut groups = Groups {
            folder,
            request,
            open: None,
            counts: None,
            files: Vec::new(),
        };
        exported = each(store, request.with_text, &mut groups)?;
        groups.close()?;
        groups.files.sort();
        exported.files = groups.files;
        let path = folder.join("manifest.json");
        let manifest = json!({
            "schema": MANIFEST,
            "schema_version": 1,
            "format": "every-eval-ever",
            "every_eval_ever_version": SCHEMA_VERSION,
            "caveat_version": env!("CARGO_PKG_VERSION"),
            "traces": exported.traces,
            "grades": exported.grades,
            "cells": exported.cells,
            "files": exported.files,
        });
        write_json(&path, &manifest)?;
        Ok(())
    })?;
    Ok(exported)
}

/// What a group of records has in common.
#[derive(Clone, Debug, PartialEq)]
struct GroupKey {
    model: ModelName,
    dataset: Option<String>,
}

/// A grader within a group: its position among the results follows its name.
type GraderKey = Option<(Option<String>, &'static str)>;

/// What a group is called.
struct GroupName {
    key: GroupKey,
    evaluation_id: String,
    /// Folder below `data`.
    folder: String,
    uuid: String,
}

/// Rows under construction.
struct Rows {
    name: GroupName,
    output: Output,
    rows: u64,
    graders: BTreeMap<GraderKey, VerdictCounts>,
}

struct Groups<'a> {
    folder: &'a Path,
    request: &'a Request<'a>,
    open: Option<Rows>,
    counts: Option<(GroupName, Vec<Value>)>,
    files: Vec<ExportedFile>,
}

impl Records for Groups<'_> {
    fn trace(
        &mut self,
        record: &StoredRecord,
        trace: &Trace,
        texts: &Texts,
    ) -> Result<(), Failure> {
        let key = GroupKey {
            model: trace.model.clone(),
            dataset: trace.dataset.clone(),
        };
        let rows = self.rows(key)?;
        let graders = trace.grades.iter().map(Some);
        let ungraded = trace.grades.is_empty().then_some(None);
        for grade in graders.chain(ungraded) {
            let grader = grade.map(|grade| (grade.grader.clone(), grade.kind.name()));
            let result_id = rows.name.result_id(&grader);
            let verdict = grade.map_or(Verdict::Unscored, |grade| grade.verdict);
            let row = row::row(&rows.name, &result_id, record, trace, texts, grade);
            serde_json::to_writer(&mut rows.output, &row).map_err(json_failure)?;
            let ended = rows.output.write_all(b"\n");
            ended.map_err(|error| Failure::io(rows.output.target(), &error))?;
            rows.rows += 1;
            rows.graders.entry(grader).or_default().add(verdict, 1);
        }
        Ok(())
    }

    fn cell(&mut self, record: &StoredRecord, cell: &Cell) -> Result<(), Failure> {
        let key = GroupKey {
            model: cell.model.clone(),
            dataset: cell.dataset.clone(),
        };
        self.close_rows()?;
        if self
            .counts
            .as_ref()
            .is_some_and(|(name, _)| name.key != key)
        {
            self.close_counts()?;
        }
        let (name, results) = self
            .counts
            .get_or_insert_with(|| (GroupName::of(key, "counts"), Vec::new()));
        results.push(aggregate::cell_result(name, record, cell));
        Ok(())
    }
}

impl Groups<'_> {
    /// The rows of a group; the store hands out groups one after the other.
    fn rows(&mut self, key: GroupKey) -> Result<&mut Rows, Failure> {
        if self.open.as_ref().is_some_and(|rows| rows.name.key != key) {
            self.close_rows()?;
        }
        match &mut self.open {
            Some(rows) => Ok(rows),
            none => {
                let name = GroupName::of(key, "rows");
                let target = self.folder.join(name.rows_path());
                make_folder(&target)?;
                Ok(none.insert(Rows {
                    output: Output::begin(&target)?,
                    name,
                    rows: 0,
                    graders: BTreeMap::new(),
                }))
            }
        }
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.close_rows()?;
        self.close_counts()
    }

    fn close_rows(&mut self) -> Result<(), Failure> {
        let Some(rows) = self.open.take() else {
            return Ok(());
        };
        let complete = rows.output.complete()?;
        let path = rows.name.rows_path();
        let results = rows.graders.iter();
        let results =
            results.map(|(grader, counts)| aggregate::grader_result(&rows.name, grader, counts));
        let mut aggregate =
            aggregate::aggregate(&rows.name, results.collect(), self.request.timestamp);
        aggregate["detailed_evaluation_results"] = json!({
            "format": "jsonl",
            "file_path": path,
            "hash_algorithm": "sha256",
            "checksum": complete.sha256,
            "total_rows": rows.rows,
        });
        let file = complete.name()?;
        self.files.push(ExportedFile { path, ..file });
        self.write_aggregate(&rows.name, &aggregate)
    }

    fn close_counts(&mut self) -> Result<(), Failure> {
        let Some((name, results)) = self.counts.take() else {
            return Ok(());
        };
        let aggregate = aggregate::aggregate(&name, results, self.request.timestamp);
        self.write_aggregate(&name, &aggregate)
    }

    fn write_aggregate(&mut self, name: &GroupName, aggregate: &Value) -> Result<(), Failure> {
        let path = name.aggregate_path();
        let target = self.folder.join(&path);
        make_folder(&target)?;
        let file = write_json(&target, aggregate)?;
        self.files.push(ExportedFile { path, ..file });
        Ok(())
    }
}

impl GroupName {
    fn of(key: GroupKey, what: &str) -> Self {
        let parts = json!([
            what,
            key.model.name,
            key.model.provider,
            key.model.coded_size,
            key.dataset
        ]);
        let digest = Digest::of(parts.to_string().as_bytes());
        let model = key.model.name.as_str();
        let developer = match model.split_once('/') {
            Some((developer, _)) => developer,
            None => key.model.provider.as_deref().unwrap_or("unknown"),
        };
        let dataset = key.dataset.as_deref().unwrap_or(NO_DATASET);
        let [dataset, developer, model_folder] = [dataset, developer, model].map(file_name);
        let hex = digest.to_hex();
        Self {
            evaluation_id: format!("caveat/{model}/{}", hex.get(..16).unwrap_or_default()),
            folder: format!("{dataset}/{developer}/{model_folder}"),
            uuid: uuid(&digest),
            key,
        }
    }

    fn rows_path(&self) -> String {
        format!("data/{}/{}_samples.jsonl", self.folder, self.uuid)
    }

    fn aggregate_path(&self) -> String {
        format!("data/{}/{}.json", self.folder, self.uuid)
    }

    /// The data set, or words that say that there is none.
    fn dataset(&self) -> &str {
        self.key.dataset.as_deref().unwrap_or(NO_DATASET)
    }

    fn result_id(&self, grader: &GraderKey) -> String {
        match grader {
            None => format!("{}#ungraded", self.evaluation_id),
            Some((name, kind)) => {
                let name = name
                    .as_deref()
                    .map_or_else(|| "unnamed".to_owned(), file_name);
                format!("{}#{kind}/{name}", self.evaluation_id)
            }
        }
    }
}

/// A UUID of version 4 made of a digest: the schema asks for the form, and the
/// same corpus has to give the same name.
fn uuid(digest: &Digest) -> String {
    let mut bytes = [0_u8; 16];
    for (byte, from) in bytes.iter_mut().zip(digest.as_bytes()) {
        *byte = *from;
    }
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    [
        part(0..8),
        part(8..12),
        part(12..16),
        part(16..20),
        part(20..32),
    ]
    .join("-")
}

/// 1 if the attack succeeded, 0 if it was resisted, -1 if nothing can be said.
fn score(verdict: Verdict) -> i8 {
    match SUCCESS.state(verdict) {
        State::Succeeded => 1,
        State::Resisted => 0,
        State::NotEvaluable => -1,
    }
}

/// Whether a grader is a model, and so a judge in the words of the schema.
fn is_judge(kind: &str) -> bool {
    kind == GraderKind::Llm.name() || kind == GraderKind::Classifier.name()
}

fn make_folder(target: &Path) -> Result<(), Failure> {
    let Some(folder) = target.parent() else {
        return Ok(());
    };
    std::fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))
}

fn write_json(target: &Path, value: &Value) -> Result<ExportedFile, Failure> {
    let mut output = Output::begin(target)?;
    serde_json::to_writer_pretty(&mut output, value).map_err(json_failure)?;
    let ended = output.write_all(b"\n");
    ended.map_err(|error| Failure::io(target, &error))?;
    output.complete()?.name()
}

fn json_failure(error: serde_json::Error) -> Failure {
    Failure::new(exit::INPUT_OUTPUT, format!("cannot write JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_for_a_group_has_the_form_of_a_uuid_of_version_4() {
        let uuid = uuid(&Digest::of(b"abc"));
        assert_eq!(uuid, "ba7816bf-8f01-4fea-8141-40de5dae2223");
    }

    #[test]
    fn a_score_says_what_the_strict_definition_says() {
        let scores = Verdict::ALL.map(score);
        assert_eq!(scores, [1, 0, 0, 0, -1, -1, -1, -1, -1, -1]);
    }
}
