//! How long the steps take: import, analysis, documents, the whole command.
//!
//! The corpus of a million results has the shape of the reconstruction; it is
//! made once below the target folder. Figures are for a release build on an
//! otherwise idle machine.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use caveat::catalogue::Catalogue;
use caveat::exit::Failure;
use caveat::importing::{self, Imported, Request, Watch};
use caveat::pipeline;
use caveat::progress::Progress;
use caveat::project::Project;
use caveat_corpus::Digest;
use caveat_importer::{Options, Reject};
use caveat_store::Store;
use criterion::{Criterion, criterion_group, criterion_main};

const CORPUS: &str = "reports/164/corpus/jailbreak_corpus_v13_reconstruction.db";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Counts what was imported; a refusal ends the benchmark.
struct Count(u64);

impl Watch for Count {
    fn rejected(&mut self, _: &Request, _: Digest, reject: &Reject) {
        panic!("{}", reject.reason);
    }

    fn done(&mut self, _: &Request, outcome: Result<Imported, Failure>) {
        self.0 += outcome.unwrap().account.imported;
    }
}

fn import(store: &mut Store, path: &Path) -> u64 {
    let request = Request {
        path: path.to_path_buf(),
        shown: "corpus.db".to_owned(),
        importer: Catalogue::builtin().by_name("failure-first").unwrap(),
        reason: String::new(),
        mapping: None,
        options_from: None,
        companions: Vec::new(),
        options: Options::default(),
        strict: false,
    };
    let mut count = Count(0);
    importing::import_all(store, &[request], &Progress::silent(), &mut count).unwrap();
    count.0
}

fn imports(criterion: &mut Criterion) {
    let corpus = root().join(CORPUS);
    criterion.bench_function("import the reconstruction (4,135 results)", |bencher| {
        bencher.iter(|| import(&mut Store::in_memory().unwrap(), &corpus));
    });
    let million = million();
    let mut group = criterion.benchmark_group("large");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(60));
    group.bench_function("import a million results into a new file", |bencher| {
        bencher.iter(|| {
            let folder = tempfile::tempdir().unwrap();
            let mut store = Store::open(folder.path().join("c.caveat.db")).unwrap();
            assert_eq!(import(&mut store, &million), 1_000_000);
        });
    });
    group.finish();
}

/// A corpus of a million results in the shape of the reconstruction, made once.
fn million() -> PathBuf {
    let path = root().join("target/bench/million.db");
    if path.is_file() {
        return path;
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let half_made = path.with_extension("part");
    fs::copy(root().join(CORPUS), &half_made).unwrap();
    let database = rusqlite::Connection::open(&half_made).unwrap();
    database
        .execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             CREATE TEMP TABLE seed AS SELECT * FROM results;
             WITH RECURSIVE copies(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM copies WHERE k < 241)
             INSERT INTO results SELECT 5000 * k + id, evaluation_run_id, prompt_id,
               raw_response || ' ' || k, heuristic_verdict, llm_verdict, llm_classifier,
               duration_ms, thinking_tokens, response_tokens FROM copies, seed;
             DELETE FROM results WHERE id NOT IN (SELECT id FROM results ORDER BY id LIMIT 1000000);",
        )
        .unwrap();
    drop(database);
    fs::rename(half_made, &path).unwrap();
    path
}

fn documents(criterion: &mut Criterion) {
    let report = root().join("reports/164");
    let evaluate = || pipeline::evaluate(Project::open(&report).unwrap()).unwrap();
    criterion.bench_function(
        "from the corpus of 164 to its figures and words",
        |bencher| {
            bencher.iter(|| black_box(evaluate()));
        },
    );
    let mut project = Project::open(&report).unwrap();
    let counted = project.evidence().unwrap();
    let definition = &project.definition;
    let selection =
        caveat_report::select::select(&counted.evidence, &project.register, None, definition)
            .unwrap();
    let parameters = pipeline::parameters(&definition.analysis).unwrap();
    criterion.bench_function("analysis of 21 models, 20,000 relabellings", |bencher| {
        bencher.iter(|| black_box(caveat_analysis::analyse(&selection.sample, &parameters)));
    });
    let evaluated = evaluate();
    let mut group = criterion.benchmark_group("edition");
    group.sample_size(20);
    let mut pdf_alone = evaluate();
    pdf_alone.definition.documents.formats = vec![caveat_report::definition::Format::Pdf];
    group.bench_function("one PDF, cold: the memo of the layout empty", |bencher| {
        bencher.iter_batched(
            caveat_render::forget_layouts,
            |()| black_box(pipeline::edition(&pdf_alone).unwrap()),
            criterion::BatchSize::PerIteration,
        );
    });
    group.bench_function("one PDF, warm: the same document again", |bencher| {
        bencher.iter(|| black_box(pipeline::edition(&pdf_alone).unwrap()));
    });
    group.bench_function("all files of the edition, cold", |bencher| {
        bencher.iter_batched(
            caveat_render::forget_layouts,
            |()| black_box(pipeline::edition(&evaluated).unwrap()),
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn command(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("edition");
    let mut group = criterion.benchmark_group("command");
    group.sample_size(20);
    group.bench_function("caveat report reports/164, one process, cold", |bencher| {
        bencher.iter(|| {
            let status = Command::new(env!("CARGO_BIN_EXE_caveat"))
                .current_dir(root())
                .args(["report", "reports/164", "--out"])
                .arg(&out)
                .stdout(std::process::Stdio::null())
                .status()
                .unwrap();
            assert!(status.success());
        });
    });
    group.finish();
}

criterion_group!(benches, imports, documents, command);
criterion_main!(benches);
