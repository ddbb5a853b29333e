//! `caveat export` as a user meets it: what leaves, what comes back, what must stay.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use caveat_corpus::{
    Cell, Digest, Grade, GraderKind, Location, ModelName, Outcome, PromptKey, Record, Trace,
    Verdict, VerdictCounts,
};
use caveat_store::{SourceFacts, SourceInput, Store, StoredKind};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use support::{caveat, file, json, outcome, root};

const HOSTILE: &str = "=cmd|'/c calc'!A1";

/// A folder for one test, with a store of every kind of record.
struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let case = Self::empty();
        case.fill(&sources());
        case
    }

    fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn fill(&self, sources: &[(&str, Vec<Record>)]) {
        let mut store = Store::open(self.path("s.caveat.db")).unwrap();
        store.keep_texts().unwrap();
        for (name, records) in sources {
            let mut import = store
                .begin_source(SourceInput {
                    path: (*name).to_owned(),
                    format: "synthetic".to_owned(),
                    digest: Digest::of(name.as_bytes()),
                    options: Digest::of(b"{}"),
                    companions: Vec::new(),
                    bytes: 0,
                    held: 0,
                })
                .unwrap();
            for record in records {
                import.record(record).unwrap();
            }
            import.commit(&SourceFacts::default()).unwrap();
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Exports and gives the answer.
    fn export(&self, format: &str, out: &str, more: &[&str]) -> Value {
        let (store, out) = (self.text("s.caveat.db"), self.text(out));
        let arguments = [
            "export", "--json", "--store", &store, "--format", format, "--out", &out,
        ];
        json(&[&arguments[..], more].concat())
    }

    fn import(&self, store: &str, path: &str) -> Value {
        json(&[
            "import",
            "--json",
            "--keep-text",
            "--store",
            &self.text(store),
            &self.text(path),
        ])
    }

    fn status(&self, store: &str) -> Value {
        json(&["status", "--json", "--store", &self.text(store)])
    }
}

fn grade(grader: Option<&str>, kind: GraderKind, verdict: Verdict) -> Grade {
    Grade {
        grader: grader.map(str::to_owned),
        kind,
        verdict,
        raw: Some("0.5".to_owned()),
        version: None,
        graded_at: Some("2026-01-02".to_owned()),
    }
}

fn trace(number: u32, model: &str, grades: Vec<Grade>) -> Trace {
    let response = format!("reply {number}\n\"quoted\", {HOSTILE}");
    Trace {
        location: Location {
            entry: Some("e".to_owned()),
            record: Some(number.to_string()),
            byte: Some(7),
        },
        run_id: Some("run".to_owned()),
        record_id: (!number.is_multiple_of(3)).then(|| number.to_string()),
        model: ModelName {
            name: model.to_owned(),
            provider: number.is_multiple_of(2).then(|| "lab".to_owned()),
            coded_size: None,
        },
        prompt: Some(PromptKey::Text(Digest::of(
            format!("prompt {number}").as_bytes(),
        ))),
        prompt_text: Some(format!("prompt {number}")),
        dataset: Some("set".to_owned()),
        technique: Some(HOSTILE.to_owned()),
        attack_family: None,
        harm_category: Some("模型\u{202e}".to_owned()),
        attempt: Some(number),
        turns: Some(number % 3),
        observed_at: Some("2026-01-01".to_owned()),
        prompt_tokens: Some(10),
        response_tokens: None,
        duration_ms: Some(1500),
        response_digest: Some(Digest::of(response.as_bytes())),
        response_text: Some(response),
        outcome: Outcome::Response,
        grades,
    }
}

/// Two sources with every verdict, outcome, kind of grader and kind of prompt, and with counts.
fn sources() -> Vec<(&'static str, Vec<Record>)> {
    let mut first = Vec::new();
    for (number, verdict) in (0..).zip(Verdict::ALL) {
        let mut grades = vec![grade(Some("judge/a"), GraderKind::Llm, verdict)];
        if number % 2 == 0 {
            grades.push(grade(None, GraderKind::Human, Verdict::Refusal));
            grades.push(grade(Some(HOSTILE), GraderKind::Rule, verdict));
            grades.push(grade(Some("judge/a"), GraderKind::Llm, Verdict::Partial));
        }
        first.push(trace(number, "maker/model", grades));
    }
    let mut second = Vec::new();
    for (number, outcome) in (20..).zip(Outcome::ALL) {
        let mut trace = trace(number, HOSTILE, Vec::new());
        trace.outcome = outcome;
        trace.dataset = None;
        trace.prompt = match number {
            20 => None,
            _ => Some(PromptKey::Id {
                dataset: "d".to_owned(),
                id: number.to_string(),
            }),
        };
        trace.prompt_text = None;
        if outcome != Outcome::Response {
            (trace.response_digest, trace.response_text) = (None, None);
        }
        second.push(trace);
    }
    let mut counts = VerdictCounts::default();
    for (traces, verdict) in (1..).zip(Verdict::ALL) {
        counts.add(verdict, traces);
    }
    let cell = |model: &str, kind| {
        Record::Cell(Box::new(Cell {
            location: Location::default(),
            model: ModelName {
                name: model.to_owned(),
                provider: None,
                coded_size: Some("7B".to_owned()),
            },
            dataset: Some("table".to_owned()),
            technique: None,
            attack_family: None,
            harm_category: Some("c".to_owned()),
            grader: Some("paper".to_owned()),
            grader_kind: kind,
            observed_at: None,
            counts,
        }))
    };
    let record = |trace| Record::Trace(Box::new(trace));
    let mut second: Vec<Record> = second.into_iter().map(record).collect();
    second.extend([
        cell("maker/model", GraderKind::Human),
        cell(HOSTILE, GraderKind::Llm),
    ]);
    vec![
        ("first", first.into_iter().map(record).collect()),
        ("second", second),
    ]
}

/// Every record without what an export gives anew: ids and places.
fn content(path: &Path) -> BTreeMap<String, usize> {
    let store = Store::open_read_only(path).unwrap();
    let mut found = BTreeMap::new();
    let read = store.visit_records(|record| {
        let shown = match record.kind {
            StoredKind::Trace {
                mut trace,
                kept_prompt,
                kept_response,
            } => {
                (trace.run_id, trace.record_id, trace.location) = (None, None, Location::default());
                format!("{trace:?} {kept_prompt:?} {kept_response:?}")
            }
            StoredKind::Cell(mut cell) => {
                cell.location = Location::default();
                format!("{cell:?}")
            }
        };
        *found.entry(shown).or_default() += 1;
        ControlFlow::Continue(())
    });
    read.unwrap();
    found
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// Every row as text.
fn parquet_rows(path: &Path) -> Vec<String> {
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| row.unwrap().to_string()).collect()
}

#[test]
fn what_was_exported_comes_back_as_it_was() {
    let case = Case::new();
    let before = case.status("s.caveat.db");
    fs::create_dir(case.path("csv")).unwrap();
    fs::create_dir(case.path("parquet")).unwrap();
    for (format, file, out) in [
        ("jsonl", "x.jsonl", "x.jsonl"),
        ("every-eval-ever", "x", "x"),
        ("csv", "csv/x.csv", "csv"),
        ("parquet", "parquet/x.parquet", "parquet"),
    ] {
        let exported = case.export(format, file, &["--with-text"]);
        assert_eq!(exported["traces"], 14);
        assert_eq!(exported["grades"], 25);
        assert_eq!(exported["cells"], 2);
        let store = format!("{format}.caveat.db");
        let account = case.import(&store, out);
        assert_eq!(account["totals"]["rejected"], 0, "{account}");
        assert_eq!(account["totals"]["imported"], 16, "{account}");
        assert!(
            content(&case.path(&store)) == content(&case.path("s.caveat.db")),
            "{format}"
        );
        let after = case.status(&store);
        for member in [
            "traces",
            "cells",
            "models",
            "graders",
            "by_outcome",
            "datasets",
            "traces_with_text",
        ] {
            assert_eq!(before[member], after[member], "{format} {member}");
        }
        let again = case.import(&store, out);
        assert_eq!(again["totals"]["imported"], 0);
        assert_eq!(again["totals"]["grades_added"], 0);
    }
    // The three forms of one importer are one corpus.
    for out in ["csv", "parquet"] {
        let other = case.import("jsonl.caveat.db", out);
        assert_eq!(other["totals"]["already_present"], 16, "{out}");
        assert_eq!(other["totals"]["grades_added"], 0, "{out}");
        let reason = other["sources"][0]["notes"][0].as_str().unwrap();
        assert!(reason.contains("that `caveat export` wrote"), "{reason}");
    }
}

#[test]
fn a_corpus_of_a_report_survives_every_eval_ever() {
    let case = Case::empty();
    let corpus = root().join("reports/164/corpus/jailbreak_corpus_v13_reconstruction.db");
    let store = case.text("s.caveat.db");
    json(&[
        "import",
        "--json",
        "--store",
        &store,
        corpus.to_str().unwrap(),
    ]);
    case.export("every-eval-ever", "x", &[]);
    case.import("e.caveat.db", "x");
    let (before, after) = (case.status("s.caveat.db"), case.status("e.caveat.db"));
    for member in ["traces", "models", "graders", "by_outcome", "datasets"] {
        assert_eq!(before[member], after[member], "{member}");
    }
}

#[test]
fn aggregates_and_rows_are_valid_by_the_shared_schema() {
    let case = Case::new();
    case.export(
        "every-eval-ever",
        "x",
        &["--with-text", "--timestamp", "1750000000"],
    );
    let schema = |name: &str| {
        let schema = file(&format!(
            "crates/caveat/tests/data/every-eval-ever/{name}.schema.json"
        ));
        jsonschema::validator_for(&schema).unwrap()
    };
    let (aggregate, instance) = (schema("eval"), schema("instance_level_eval"));
    let mut rows = 0;
    let mut aggregates = 0;
    for (path, bytes) in files(&case.path("x/data")) {
        let text = String::from_utf8(bytes).unwrap();
        let valid = |validator: &jsonschema::Validator, value: &Value| {
            let problems: Vec<String> = validator
                .iter_errors(value)
                .map(|e| format!("{e} at {}", e.instance_path))
                .collect();
            assert_eq!(problems, Vec::<String>::new(), "{}", path.display());
        };
        if path.extension().unwrap() == "jsonl" {
            for line in text.lines() {
                valid(&instance, &serde_json::from_str(line).unwrap());
                rows += 1;
            }
            continue;
        }
        let value: Value = serde_json::from_str(&text).unwrap();
        valid(&aggregate, &value);
        assert_eq!(value["retrieved_timestamp"], "1750000000");
        aggregates += 1;
        let detailed = &value["detailed_evaluation_results"];
        if let Some(rows) = detailed["file_path"].as_str() {
            let rows = fs::read(case.path("x").join(rows)).unwrap();
            assert_eq!(detailed["checksum"], Digest::of(&rows).to_hex());
            assert_eq!(
                detailed["total_rows"],
                rows.split(|b| *b == b'\n').count() - 1
            );
        }
    }
    // 25 grades and four traces without any; three groups of traces and two of counts.
    assert_eq!((rows, aggregates), (29, 6));
}

#[test]
fn csv_has_stable_columns_and_never_starts_a_formula() {
    let case = Case::new();
    case.export("csv", "x.csv", &["--with-text"]);
    let text = fs::read_to_string(case.path("x.csv")).unwrap();
    assert_eq!(
        text.lines().next().unwrap(),
        "id,model,provider,coded_size,dataset,technique,attack_family,harm_category,prompt_dataset,\
         prompt_id,prompt_sha256,attempt,turns,observed_at,outcome,prompt_tokens,response_tokens,\
         duration_ms,response_sha256,grades,grade,grader,grader_kind,verdict,raw_score,grader_version,\
         graded_at,source_format,source_sha256,source_run_id,source_record_id,source_entry,source_record,\
         source_byte,prompt_text,response_text"
    );
    let cells = fs::read_to_string(case.path("x.cells.csv")).unwrap();
    assert_eq!(
        cells.lines().next().unwrap(),
        "id,model,provider,coded_size,dataset,technique,attack_family,harm_category,observed_at,grader,\
         grader_kind,n,compliance,partial,refusal,hallucination_refusal,benign_query,not_gradeable,error,\
         parse_error,infra_error,unscored,source_format,source_sha256,source_entry,source_record,source_byte"
    );
    let mut rows = 0;
    for text in [&text, &cells] {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for row in reader.records() {
            rows += 1;
            for cell in row.unwrap().iter() {
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']),
                    "{cell}"
                );
                assert!(!cell.contains('\u{202e}'), "{cell}");
            }
        }
    }
    assert_eq!(rows, 29 + 2);
    assert!(text.contains(&format!("'{HOSTILE}")));
    assert!(cells.contains(",55,1,2,3,4,5,6,7,8,9,10,"), "{cells}");
}

#[test]
fn parquet_has_the_same_rows_with_types_and_texts_as_they_stand() {
    let case = Case::new();
    case.export("parquet", "x.parquet", &[]);
    let open =
        |name: &str| SerializedFileReader::new(fs::File::open(case.path(name)).unwrap()).unwrap();
    let reader = open("x.parquet");
    let mut verdicts = BTreeMap::<String, usize>::new();
    let mut hostile = 0;
    for row in reader.get_row_iter(None).unwrap() {
        let row: BTreeMap<String, Field> = row
            .unwrap()
            .get_column_iter()
            .map(|(n, f)| (n.clone(), f.clone()))
            .collect();
        assert_eq!(row.len(), 34);
        assert!(
            matches!(row["attempt"], Field::Long(_)),
            "{:?}",
            row["attempt"]
        );
        assert!(matches!(row["response_tokens"], Field::Null));
        let Field::Str(verdict) = &row["verdict"] else {
            panic!()
        };
        *verdicts.entry(verdict.clone()).or_default() += 1;
        hostile += usize::from(row["grader"] == Field::Str(HOSTILE.to_owned()));
    }
    assert_eq!(verdicts.values().sum::<usize>(), 29);
    assert_eq!(verdicts["partial"], 1 + 5);
    assert_eq!(verdicts["unscored"], 1 + 4);
    assert_eq!(hostile, 5);
    let cells = open("x.cells.parquet");
    assert_eq!(cells.metadata().file_metadata().num_rows(), 2);
    for row in cells.get_row_iter(None).unwrap() {
        let row: BTreeMap<String, Field> = row
            .unwrap()
            .get_column_iter()
            .map(|(n, f)| (n.clone(), f.clone()))
            .collect();
        assert_eq!(
            (&row["n"], &row["unscored"]),
            (&Field::Long(55), &Field::Long(10))
        );
    }
}

#[test]
fn lines_are_valid_by_the_schema_that_the_command_prints() {
    let case = Case::new();
    let (_, printed, _) = outcome(&["schema", "export"]);
    assert_eq!(
        printed,
        fs::read_to_string(root().join("crates/render/schemas/export.schema.json")).unwrap()
    );
    let validator = jsonschema::validator_for(&serde_json::from_str(&printed).unwrap()).unwrap();
    case.export("jsonl", "x.jsonl", &["--with-text"]);
    let text = fs::read_to_string(case.path("x.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 16);
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let problems: Vec<String> = validator
            .iter_errors(&value)
            .map(|e| e.to_string())
            .collect();
        assert_eq!(problems, Vec::<String>::new());
    }
}

#[test]
fn texts_leave_only_if_they_were_kept_and_asked_for() {
    let case = Case::new();
    for (format, out) in [
        ("jsonl", "x.jsonl"),
        ("csv", "x.csv"),
        ("parquet", "x.parquet"),
        ("every-eval-ever", "x"),
    ] {
        let holds_text = |more: &[&str]| {
            case.export(format, out, more);
            let path = case.path(out);
            let bytes: Vec<u8> = match format {
                "every-eval-ever" => files(&path).into_values().flatten().collect(),
                // What is compressed has to be read.
                "parquet" => parquet_rows(&path).concat().into_bytes(),
                _ => fs::read(&path).unwrap(),
            };
            let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
            assert_eq!(holds(b"reply 3"), holds(b"prompt 3"), "{format}");
            holds(b"reply 3")
        };
        assert!(!holds_text(&[]), "{format}");
        assert!(holds_text(&["--with-text"]), "{format}");
        let texts = case.path("s.caveat.db.texts.db");
        fs::rename(&texts, case.path("away")).unwrap();
        assert!(!holds_text(&["--with-text"]), "{format}");
        fs::rename(case.path("away"), &texts).unwrap();
    }
}

#[test]
fn the_same_corpus_gives_the_same_bytes_in_whatever_order_it_was_imported() {
    let forward = Case::new();
    let backward = Case::empty();
    let mut sources = sources();
    sources.reverse();
    backward.fill(&sources);
    for (format, out) in [
        ("jsonl", "x.jsonl"),
        ("csv", "x.csv"),
        ("parquet", "x.parquet"),
        ("every-eval-ever", "x"),
    ] {
        let answer = |case: &Case| {
            let mut answer = case.export(format, out, &[]);
            for file in answer["files"].as_array_mut().unwrap() {
                let path = file["path"].as_str().unwrap();
                let path = path
                    .rsplit(case.folder.path().to_str().unwrap())
                    .next()
                    .unwrap();
                file["path"] = Value::from(path);
            }
            answer
        };
        let first = answer(&forward);
        assert_eq!(first, answer(&backward), "{format}");
        assert_eq!(first, answer(&forward), "{format}");
        let size = |path: &Path| fs::metadata(path).map(|found| found.len());
        if format != "every-eval-ever" {
            let last = first["files"].as_array().unwrap().last().unwrap();
            assert_eq!(last["bytes"], size(&forward.path(out)).unwrap());
        }
    }
    // Nothing but the store, its texts and the exports: no file that was begun and not named.
    let mut left: Vec<String> = fs::read_dir(forward.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("s.caveat.db"))
        .collect();
    left.sort();
    assert_eq!(
        left,
        [
            "x",
            "x.cells.csv",
            "x.cells.parquet",
            "x.csv",
            "x.jsonl",
            "x.parquet"
        ]
    );
}

#[test]
fn what_cannot_be_exported_has_a_code_and_a_remedy_and_leaves_everything_as_it_was() {
    let case = Case::new();
    let store = case.text("s.caveat.db");
    let before = fs::read(&store).unwrap();
    fs::create_dir(case.path("full")).unwrap();
    fs::write(case.path("full/notes.txt"), "mine").unwrap();
    fs::write(case.path("broken.db"), "no store").unwrap();
    let texts = format!("{store}.texts.db");
    for (from, format, out, code) in [
        ("nowhere.db", "csv", "x.csv", 2),
        ("broken.db", "csv", "x.csv", 3),
        ("s.caveat.db", "xml", "x.xml", 2),
        ("s.caveat.db", "csv", "nowhere/x.csv", 4),
        ("s.caveat.db", "csv", "full", 2),
        ("s.caveat.db", "jsonl", "s.caveat.db", 2),
        ("s.caveat.db", "parquet", texts.as_str(), 2),
        ("s.caveat.db", "every-eval-ever", "full", 2),
        ("s.caveat.db", "every-eval-ever", "s.caveat.db", 2),
    ] {
        let (from, out) = (case.text(from), case.path(out));
        let arguments = [
            "export",
            "--store",
            &from,
            "--format",
            format,
            "--out",
            out.to_str().unwrap(),
        ];
        let (found, printed, message) = outcome(&arguments);
        assert_eq!(found, code, "{arguments:?}: {message}");
        assert_eq!(printed, "");
        assert!(
            message.contains("hint: ") || message.contains("possible values"),
            "{message}"
        );
    }
    assert_eq!(fs::read(&store).unwrap(), before);
    assert_eq!(
        fs::read_to_string(case.path("full/notes.txt")).unwrap(),
        "mine"
    );
    assert!(!case.path("x.csv").exists());
}

#[test]
fn an_empty_store_exports_no_records() {
    let case = Case::empty();
    case.fill(&[]);
    for (format, out) in [
        ("jsonl", "x.jsonl"),
        ("csv", "x.csv"),
        ("parquet", "x.parquet"),
        ("every-eval-ever", "x"),
    ] {
        let exported = case.export(format, out, &[]);
        assert_eq!(
            (&exported["traces"], &exported["cells"]),
            (&Value::from(0), &Value::from(0))
        );
        assert!(case.path(out).exists());
    }
    assert!(!case.path("x.cells.csv").exists());
    caveat().args(["export", "--help"]).assert().success();
}
