//! `caveat import` as a user meets it: folders, mappings, rejects, texts.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{caveat, outcome, root};

const CORPUS: &str = "reports/164/corpus/jailbreak_corpus_v13_reconstruction.db";
const PAIR: &str = "importers/jailbreakbench/tests/data/PAIR__black_box__gpt-4-0125-preview.json";
const ARTIFACT: &str =
    "importers/jailbreakbench/tests/data/test-artifact__black_box__vicuna-13b-v1.5.json";

/// What the columns of the tables of these tests mean.
const MAPPING: &str = r#"
kind = "traces"
columns = { model = "model", record_id = "id", prompt = "prompt", response = "response" }
grades = [{ grader = "judge", kind = "llm", column = "label", map = { "1" = "compliance", "0" = "refusal" } }]
"#;

/// A folder for one test, with a store beside the data.
struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("runs")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn copy(&self, from: &str, name: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(root().join(from), path).unwrap();
    }

    /// Imports into the store of the case: exit code, answer, messages.
    fn import(&self, arguments: &[&str]) -> (i32, Value, String) {
        self.import_into("s.caveat.db", arguments)
    }

    fn import_into(&self, store: &str, arguments: &[&str]) -> (i32, Value, String) {
        let store = self.text(store);
        let start = ["import", "--json", "--store", store.as_str()];
        let (code, out, err) = outcome(&[&start, arguments].concat());
        let answer = serde_json::from_str(&out).unwrap_or(Value::Null);
        if let Some(totals) = answer.get("totals") {
            let count = |name: &str| totals[name].as_u64().unwrap();
            let sum = count("imported") + count("already_present") + count("rejected");
            assert_eq!(count("read"), sum, "{totals}");
        }
        (code, answer, err)
    }

    fn status(&self) -> Value {
        support::json(&["status", "--json", "--store", &self.text("s.caveat.db")])
    }

    /// Genuine files of two formats, tables, and what lies about in such a folder.
    fn mixed(&self) {
        self.copy(CORPUS, "runs/db/corpus.db");
        self.copy(PAIR, "runs/jbb/pair.json");
        self.copy(ARTIFACT, "runs/jbb/.hidden/artifact");
        self.write("runs/.gitignore", "*.json\n");
        self.write("runs/README.md", "# Placeholder\n");
        self.write("runs/jbb/expected.json", "{\"models\": 3}\n");
        self.write("runs/tables/a.csv", &table(0..40));
        self.write("runs/tables/b.csv", "x,y\n1,2\n");
        self.write("runs/empty", "");
    }
}

/// A table of placeholder replies.
fn table(rows: std::ops::Range<u32>) -> String {
    let row = |n| {
        format!(
            "r{n},model-{},prompt {},reply {n},{}\n",
            n % 3,
            n % 7,
            n % 2
        )
    };
    "id,model,prompt,response,label\n".to_owned() + &rows.map(row).collect::<String>()
}

/// The names at the end of the paths of a list.
fn names(list: &Value) -> Vec<String> {
    let name = |entry: &Value| {
        let path = Path::new(entry["path"].as_str().unwrap());
        path.file_name().unwrap().to_str().unwrap().to_owned()
    };
    list.as_array().unwrap().iter().map(name).collect()
}

#[test]
fn a_mixed_folder_is_sorted_out_and_a_second_import_adds_nothing() {
    let case = Case::new();
    case.mixed();
    case.write("m.toml", &format!("files = [\"tables/a.csv\"]\n{MAPPING}"));
    let arguments = [
        case.text("runs"),
        "--mapping".to_owned(),
        case.text("m.toml"),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, first, err) = case.import(&arguments);
    assert_eq!(code, 0, "{err}");
    assert_eq!(
        names(&first["sources"]),
        ["corpus.db", "artifact", "pair.json", "a.csv"]
    );
    assert_eq!(
        names(&first["unknown"]),
        [".gitignore", "README.md", "empty", "expected.json", "b.csv"]
    );
    assert_eq!(first["totals"]["imported"], 4135 + 1 + 100 + 40);
    assert!(err.contains("5 files are of no known format"), "{err}");
    assert!(
        err.contains("README.md") && !err.contains("error:"),
        "{err}"
    );
    let before = case.status();
    let (code, second, _) = case.import(&arguments);
    assert_eq!((code, &second["totals"]["imported"]), (0, &0.into()));
    assert_eq!(second["totals"]["already_present"], first["totals"]["read"]);
    assert_eq!(case.status(), before);
    let notes = before["sources"].as_array().unwrap().iter();
    let mut notes = notes.flat_map(|source| source["notes"].as_array().unwrap());
    assert!(notes.any(|note| note.as_str().unwrap().contains("m.toml` (SHA-256 ")));
}

#[test]
fn renamed_and_moved_files_add_nothing_and_a_superset_what_is_new() {
    let case = Case::new();
    case.mixed();
    assert_eq!(case.import(&[&case.text("runs")]).0, 0);
    let before = case.status();
    fs::create_dir_all(case.path("moved/deep")).unwrap();
    fs::rename(case.path("runs/jbb/pair.json"), case.path("moved/deep/x")).unwrap();
    fs::rename(case.path("runs/db/corpus.db"), case.path("moved/a.bin")).unwrap();
    let (code, answer, _) = case.import(&[&case.text("moved")]);
    assert_eq!((code, &answer["totals"]["imported"]), (0, &0.into()));
    assert_eq!(answer["totals"]["already_present"], 4235);
    assert_eq!(case.status(), before);

    case.write("m.toml", &format!("files = [\"*.csv\"]\n{MAPPING}"));
    let mapping = case.text("m.toml");
    case.write("part.csv", &table(0..30));
    case.write("whole.csv", &table(0..50));
    let part = case.import(&["--mapping", &mapping, &case.text("part.csv")]);
    assert_eq!(part.1["totals"]["imported"], 30);
    let whole = case.import(&["--mapping", &mapping, &case.text("whole.csv")]);
    assert_eq!(whole.1["totals"]["imported"], 20);
    assert_eq!(whole.1["totals"]["already_present"], 30);
}

#[test]
fn a_regrade_adds_grades_and_no_trace() {
    let case = Case::new();
    case.write("m.toml", &format!("files = [\"*.csv\"]\n{MAPPING}"));
    let mapping = case.text("m.toml");
    case.write("a.csv", &table(0..30));
    let regraded = table(0..30).replace("reply 4,0", "reply 4,1");
    case.write("b.csv", &regraded);
    case.import(&["--mapping", &mapping, &case.text("a.csv")]);
    let (code, answer, err) = case.import(&["--mapping", &mapping, &case.text("b.csv")]);
    assert_eq!(code, 0, "{err}");
    let totals = &answer["totals"];
    assert_eq!(
        (&totals["imported"], &totals["grades_added"]),
        (&0.into(), &1.into())
    );
    assert_eq!(case.status()["traces"], 30);
}

#[test]
fn a_regrade_back_to_the_first_verdict_counts() {
    let case = Case::new();
    case.write("m.toml", &format!("files = [\"*.csv\"]\n{MAPPING}"));
    let mapping = case.text("m.toml");
    let first = table(0..30);
    let regraded = first.replace("reply 4,0", "reply 4,1");
    let compliance = || {
        let models = case.status()["models"].clone();
        let of = |model: &Value| model["by_verdict"]["compliance"].as_u64().unwrap();
        models.as_array().unwrap().iter().map(of).sum::<u64>()
    };
    for (name, text, expected) in [
        ("a.csv", &first, 15),
        ("b.csv", &regraded, 16),
        ("c.csv", &first, 15),
    ] {
        case.write(name, text);
        let (code, _, err) = case.import(&["--mapping", &mapping, &case.text(name)]);
        assert_eq!(code, 0, "{err}");
        assert_eq!(compliance(), expected, "{name}");
    }
    let folder = case.path("").to_str().unwrap().to_owned();
    for _ in 0..2 {
        let (_, answer, _) = case.import(&["--mapping", &mapping, &folder]);
        assert_eq!(answer["totals"]["imported"], 0);
        assert_eq!(compliance(), 15);
    }
}

#[test]
fn a_log_that_grows_after_a_regrade_does_not_take_it_back() {
    let case = Case::new();
    case.write("m.toml", &format!("files = [\"*.csv\"]\n{MAPPING}"));
    let mapping = case.text("m.toml");
    let import = |name: &str, text: &str| {
        case.write(name, text);
        let (code, answer, err) = case.import(&["--mapping", &mapping, &case.text(name)]);
        assert_eq!(code, 0, "{err}");
        let count = |what: &str| answer["totals"][what].as_u64().unwrap();
        (count("imported"), count("grades_added"))
    };
    let regraded = |text: String| text.replace("reply 4,0", "reply 4,1");
    assert_eq!(import("log.csv", &table(0..10)), (10, 0));
    assert_eq!(import("regrade.csv", &regraded(table(0..10))), (0, 1));
    assert_eq!(import("log.csv", &table(0..20)), (10, 0));
    assert_eq!(import("log.csv", &table(0..30)), (10, 0));
    // The same rows in a file that was written anew are a statement of their own.
    assert_eq!(import("log.csv", &table(0..29)), (0, 1));
}

#[test]
fn a_call_without_a_source_makes_no_store() {
    let case = Case::new();
    case.write("runs/notes.txt", "nothing to import\n");
    case.write("runs/table.csv", &table(0..3));
    for path in ["runs/notes.txt", "runs", "runs/missing"] {
        let (code, _, err) = case.import(&["--keep-text", &case.text(path)]);
        assert_ne!(code, 0, "{path}: {err}");
        let left: Vec<_> = fs::read_dir(case.path("")).unwrap().collect();
        assert_eq!(left.len(), 1, "{path}: {left:?}");
    }
    // What is there and no store of ours is still refused.
    case.write("s.caveat.db", "a text of somebody\n");
    let (code, _, err) = case.import(&[&case.text("runs/notes.txt")]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("s.caveat.db"), "{err}");
}

#[test]
fn a_call_whose_sources_are_all_refused_while_they_are_read_leaves_no_store() {
    let case = Case::new();
    let mut broken = fs::read(root().join(CORPUS)).unwrap();
    let middle = broken.len() / 2;
    broken[middle..middle + 40_000].fill(0xa5);
    fs::write(case.path("runs/broken.db"), &broken).unwrap();
    let files = || {
        let found = fs::read_dir(case.path("")).unwrap();
        let mut names: Vec<_> = found.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    for arguments in [&[][..], &["--keep-text"]] {
        let (code, answer, err) = case.import(&[arguments, &[&case.text("runs")]].concat());
        assert_eq!(code, 3, "{err}");
        assert!(err.contains("broken.db"), "{err}");
        let refused = answer["sources"].as_array().unwrap();
        assert_eq!(refused.len(), 1, "the file was read, and refused: {answer}");
        assert_eq!(files(), ["runs"]);
    }
    // A store that was there stays, whatever is in it.
    drop(caveat_store::Store::open(case.path("s.caveat.db")).unwrap());
    let (code, _, err) = case.import(&["--keep-text", &case.text("runs")]);
    assert_eq!(code, 3, "{err}");
    assert!(case.path("s.caveat.db").exists());
}

#[test]
fn one_refused_source_of_a_folder_leaves_the_others() {
    let case = Case::new();
    case.mixed();
    let bytes = fs::read(root().join(CORPUS)).unwrap();
    // Whole to the eye of who recognises it, broken further on.
    let mut broken = bytes.clone();
    let middle = broken.len() / 2;
    broken[middle..middle + 40_000].fill(0xa5);
    fs::write(case.path("runs/broken.db"), &broken).unwrap();
    fs::write(case.path("runs/half.db"), &bytes[..bytes.len() / 2]).unwrap();
    let (code, answer, err) = case.import(&[&case.text("runs")]);
    assert_eq!(code, 3, "{err}");
    assert_eq!(answer["totals"]["imported"], 4135 + 1 + 100);
    assert!(
        err.contains("broken.db") && err.contains("half.db"),
        "{err}"
    );
    assert!(err.contains("hint: "), "{err}");
    let refused = answer["sources"].as_array().unwrap().iter();
    let refused = refused
        .filter(|source| source.get("refused").is_some())
        .count();
    let look_alikes = answer["unknown"].as_array().unwrap().iter();
    let look_alikes = look_alikes.filter(|file| file["path"].as_str().unwrap().ends_with(".db"));
    assert_eq!(refused + look_alikes.count(), 2, "{answer}");
    assert_eq!(case.status()["sources"].as_array().unwrap().len(), 3);
}

/// Two good rows, one with a label that the mapping does not know, one cut short.
const FAULTY: &str =
    "id,model,prompt,response,label\nr1,m,p,a,1\nr2,m,p,b,maybe\nr3,m,p,c,0\nr4,m\n";

#[test]
fn every_reject_is_written_with_its_place() {
    let case = Case::new();
    case.write("m.toml", &format!("files = [\"*.csv\"]\n{MAPPING}"));
    let mapping = case.text("m.toml");
    case.write("runs/faulty.csv", FAULTY);
    let runs = case.text("runs");
    let (code, answer, err) = case.import(&["--mapping", &mapping, &runs]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(answer["totals"]["rejected"], 2);
    let written = case.path("s.caveat.db.rejects.jsonl");
    assert_eq!(
        answer["rejects"].as_str().unwrap(),
        written.to_str().unwrap()
    );
    assert!(err.contains("2 records cannot be used"), "{err}");
    assert!(err.contains(".rejects.jsonl"), "{err}");
    let lines: Vec<Value> = fs::read_to_string(&written)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    for (line, record) in lines.iter().zip(["3", "5"]) {
        assert!(line["path"].as_str().unwrap().ends_with("faulty.csv"));
        assert_eq!(line["digest"], answer["sources"][0]["digest"]);
        assert_eq!(line["location"]["record"], record);
        assert!(line["location"]["byte"].is_u64());
        assert!(!line["reason"].as_str().unwrap().is_empty());
    }
    // The next import without rejects leaves no file that says otherwise.
    case.write("runs/faulty.csv", &table(0..5));
    assert_eq!(case.import(&["--mapping", &mapping, &runs]).0, 0);
    assert!(!written.exists());
    // A file that is asked for is there in any case.
    let asked = case.text("asked.jsonl");
    case.import(&["--mapping", &mapping, "--rejects", &asked, &runs]);
    assert_eq!(fs::read(&asked).unwrap(), b"");
}

#[test]
fn a_file_of_somebody_else_is_not_taken_for_one_of_rejects() {
    let case = Case::new();
    case.write("m.toml", &format!("files = [\"*.csv\"]\n{MAPPING}"));
    case.write("runs/faulty.csv", FAULTY);
    let (mapping, runs) = (case.text("m.toml"), case.text("runs"));
    let rejects = case.path("s.caveat.db.rejects.jsonl");
    for theirs in ["mine, not caveat's\n", "{\"reason\": \"no place\"}\n", "\n"] {
        fs::write(&rejects, theirs).unwrap();
        // With a fault the file would be replaced, without one removed.
        for rows in [FAULTY.to_owned(), table(0..5)] {
            case.write("runs/faulty.csv", &rows);
            let (code, _, err) = case.import(&["--mapping", &mapping, &runs]);
            assert_eq!(code, 2, "{err}");
            assert!(err.contains("holds no rejects"), "{err}");
            assert!(err.contains("`--rejects`"), "{err}");
            assert_eq!(fs::read_to_string(&rejects).unwrap(), theirs);
            assert!(!case.path("s.caveat.db").exists());
        }
    }
    fs::remove_file(&rejects).unwrap();
    case.write("runs/faulty.csv", FAULTY);
    for _ in 0..2 {
        assert_eq!(case.import(&["--mapping", &mapping, &runs]).0, 0);
        assert!(rejects.exists());
    }
}

#[test]
fn a_strict_import_refuses_the_source_and_still_writes_its_rejects() {
    let case = Case::new();
    case.write("m.toml", &format!("files = [\"*.csv\"]\n{MAPPING}"));
    case.write("runs/faulty.csv", FAULTY);
    case.write("runs/good.csv", &table(0..5));
    let arguments = [
        "--strict",
        "--mapping",
        &case.text("m.toml"),
        &case.text("runs"),
    ];
    let (code, answer, err) = case.import(&arguments);
    assert_eq!(code, 3, "{err}");
    assert_eq!(answer["totals"]["imported"], 5);
    assert_eq!(answer["totals"]["rejected"], 0);
    let lines = fs::read_to_string(case.path("s.caveat.db.rejects.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 2);
}

#[test]
fn the_store_has_the_same_bytes_for_any_number_of_threads_and_any_order() {
    let case = Case::new();
    case.mixed();
    case.copy(
        "importers/jailbreakbench/tests/data/DSN__evaluation.json",
        "runs/z.json",
    );
    // Several sources share records, so that the order matters.
    for n in 0..12 {
        case.write(
            &format!("runs/tables/t{n}.csv"),
            &table(n * 10..n * 10 + 25),
        );
    }
    case.write(
        "m.toml",
        &format!("files = [\"tables/[at]*.csv\"]\n{MAPPING}"),
    );
    let (runs, db, jbb) = (
        case.text("runs"),
        case.text("runs/db"),
        case.text("runs/jbb"),
    );
    let bytes = |store: &str, threads: &str, paths: &[&str]| {
        let store = case.text(store);
        caveat()
            .args([
                "import",
                "--store",
                &store,
                "--mapping",
                &case.text("m.toml"),
            ])
            .args(paths)
            .env("RAYON_NUM_THREADS", threads)
            .assert()
            .success();
        fs::read(store).unwrap()
    };
    let one = bytes("one.db", "1", &[&runs]);
    assert!(one == bytes("two.db", "2", &[&runs]));
    assert!(one == bytes("many.db", "7", &[&jbb, &runs, &db]));
}

#[test]
fn texts_are_kept_beside_the_store_and_nowhere_else() {
    let case = Case::new();
    case.copy(ARTIFACT, "runs/artifact.json");
    let runs = case.text("runs");
    case.import(&[&runs]);
    let texts = case.path("s.caveat.db.texts.db");
    assert!(!texts.exists());
    let (code, answer, err) = case.import(&["--keep-text", &runs]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(answer["totals"]["already_present"], 1);
    assert!(texts.exists());
    assert_eq!(case.status()["traces_with_text"], 1);
    let artifact: Value =
        serde_json::from_slice(&fs::read(root().join(ARTIFACT)).unwrap()).unwrap();
    let reply = artifact["jailbreaks"][0]["response"].as_str().unwrap();
    let holds = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        bytes
            .windows(reply.len())
            .any(|part| part == reply.as_bytes())
    };
    assert!(holds(&texts) && !holds(&case.path("s.caveat.db")));
}

#[test]
fn a_mapping_speaks_for_the_files_that_it_names() {
    let case = Case::new();
    case.write("runs/tables/a.csv", &table(0..10));
    case.write(
        "runs/other/a.csv",
        &table(10..20).replace("label", "verdict"),
    );
    case.write(
        "one.toml",
        &format!("files = [\"tables/*.csv\"]\n{MAPPING}"),
    );
    let other = MAPPING.replace("\"label\"", "\"verdict\"");
    case.write("two.toml", &format!("files = [\"other/*.csv\"]\n{other}"));
    case.write("both.toml", &format!("files = [\"**/*.csv\"]\n{MAPPING}"));
    case.write("none.toml", &format!("files = [\"*.tsv\"]\n{MAPPING}"));
    case.write("plain.toml", MAPPING);
    case.write("inspect.toml", "importer = \"nobody\"\nfiles = [\"x\"]\n");
    let runs = case.text("runs");
    let import = |names: &[&str]| {
        let mappings: Vec<String> = names.iter().map(|name| case.text(name)).collect();
        let mut arguments = vec![runs.as_str()];
        for mapping in &mappings {
            arguments.extend(["--mapping", mapping]);
        }
        case.import_into(&format!("{}.db", names.join("-")), &arguments)
    };
    let (code, answer, err) = import(&["one.toml", "two.toml"]);
    assert_eq!(
        (code, &answer["totals"]["imported"]),
        (0, &20.into()),
        "{err}"
    );
    let (code, answer, err) = import(&["one.toml"]);
    assert_eq!(
        (code, &answer["totals"]["imported"]),
        (0, &10.into()),
        "{err}"
    );
    assert_eq!(answer["unknown"].as_array().unwrap().len(), 1);
    for (mappings, problem) in [
        (vec!["one.toml", "both.toml"], "fits two mappings"),
        (vec!["plain.toml"], "neither which `files`"),
        (
            vec!["plain.toml", "plain.toml"],
            "mappings for the same files",
        ),
        (vec!["inspect.toml"], "there is no importer `nobody`"),
    ] {
        let (code, _, err) = import(&mappings);
        assert_eq!(code, 2, "{mappings:?}: {err}");
        assert!(err.contains(problem) && err.contains("hint: "), "{err}");
    }
    let (code, _, err) = import(&["none.toml"]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("fits none of the files"), "{err}");
}

#[test]
fn an_option_that_is_wrong_refuses_its_source_alone_and_is_wrong_use() {
    let case = Case::new();
    case.copy(ARTIFACT, "runs/artifact.json");
    case.write("runs/a.csv", &table(0..5));
    case.write(
        "m.toml",
        &format!("files = [\"a.csv\"]\ncolour = 1\n{MAPPING}"),
    );
    let arguments = ["--mapping", &case.text("m.toml"), &case.text("runs")];
    let (code, answer, err) = case.import(&arguments);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("unknown key `colour`"), "{err}");
    assert_eq!(answer["totals"]["imported"], 1);
}

#[test]
fn a_joined_table_is_read_with_its_source_and_not_by_itself() {
    let case = Case::new();
    case.write("runs/counts.csv", "model,n,s\na,10,1\nb,20,2\n");
    case.write("runs/models.csv", "model,maker\na,lab\nb,lab\n");
    case.write(
        "m.toml",
        "files = [\"*.csv\"]\nkind = \"counts\"\n\
         columns = { model = \"model\", n = \"n\", succeeded = \"s\" }\n\
         constants = { grader_kind = \"llm\" }\n\
         join = { file = \"models.csv\", on = \"model\", columns = { provider = \"maker\" } }\n",
    );
    let arguments = ["--mapping", &case.text("m.toml"), &case.text("runs")];
    let (code, answer, err) = case.import(&arguments);
    assert_eq!(code, 0, "{err}");
    assert_eq!(names(&answer["sources"]), ["counts.csv"]);
    assert_eq!(answer["unknown"], serde_json::json!([]));
    let companion = &answer["sources"][0]["companions"][0];
    assert!(companion["path"].as_str().unwrap().ends_with("models.csv"));
    assert_eq!(companion["digest"].as_str().unwrap().len(), 64);
    let status = case.status();
    assert_eq!(&status["sources"][0]["companions"][0], companion);
}

#[test]
fn a_folder_without_any_source_is_refused_and_a_named_file_too() {
    let case = Case::new();
    case.write("runs/README.md", "# Placeholder\n");
    for path in [case.text("runs"), case.text("runs/README.md")] {
        let (code, answer, err) = case.import(&[&path]);
        assert_eq!(code, 3, "{err}");
        assert_eq!(names(&answer["unknown"]), ["README.md"]);
        assert!(err.contains("hint: "), "{err}");
    }
    // A table among data is left alone; one that is named is an error.
    case.copy(ARTIFACT, "runs/artifact.json");
    assert_eq!(case.import(&[&case.text("runs")]).0, 0);
    let both = [case.text("runs"), case.text("runs/README.md")];
    let (code, answer, _) = case.import(&[&both[0], &both[1]]);
    assert_eq!(code, 3);
    assert_eq!(names(&answer["unknown"]), ["README.md"]);
}

#[test]
fn with_a_format_only_its_files_of_a_folder_are_taken() {
    let case = Case::new();
    case.mixed();
    let arguments = ["--from", "jailbreakbench", &case.text("runs")];
    let (code, answer, err) = case.import(&arguments);
    assert_eq!(code, 0, "{err}");
    assert_eq!(names(&answer["sources"]), ["artifact", "pair.json"]);
    assert_eq!(answer["unknown"].as_array().unwrap().len(), 7);
    let arguments = ["--from", "table", &case.text("runs")];
    assert_eq!(case.import(&arguments).0, 2);
}

#[test]
fn corpus_files_in_a_folder_are_no_sources() {
    let case = Case::new();
    case.copy(ARTIFACT, "runs/artifact.json");
    let other = case.text("runs/other.caveat.db");
    let artifact = case.text("runs/artifact.json");
    outcome(&["import", "--store", &other, "--keep-text", &artifact]);
    let store = case.text("runs/own.caveat.db");
    let arguments = ["import", "--json", "--store", &store, &case.text("runs")];
    let (code, out, err) = outcome(&arguments);
    assert_eq!(code, 0, "{err}");
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(names(&answer["sources"]), ["artifact.json"]);
    let reasons: Vec<&str> = answer["unknown"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["reasons"][0].as_str().unwrap())
        .collect();
    assert_eq!(
        reasons,
        ["a corpus file of caveat", "a file of kept texts of caveat"]
    );
}

#[cfg(unix)]
#[test]
fn links_in_a_folder_are_listed_and_not_followed() {
    let case = Case::new();
    case.copy(ARTIFACT, "data/artifact.json");
    case.copy(PAIR, "runs/pair.json");
    std::os::unix::fs::symlink(case.path("data"), case.path("runs/link")).unwrap();
    std::os::unix::fs::symlink(case.path("runs"), case.path("runs/loop")).unwrap();
    let (code, answer, err) = case.import(&[&case.text("runs")]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(names(&answer["unknown"]), ["link", "loop"]);
    let reason = answer["unknown"][0]["reasons"][0].as_str().unwrap();
    assert!(reason.starts_with("a link"), "{reason}");
    let (code, answer, _) = case.import(&[&case.text("runs/link")]);
    assert_eq!((code, &answer["totals"]["imported"]), (0, &1.into()));
}

#[test]
fn a_report_may_name_a_mapping_file_that_others_share() {
    let case = Case::new();
    let rows = |vendor: &str| -> String {
        let row = |n: u32| format!("{vendor}-{n},{vendor},{},{}\n", 60 + n, 10 + (n * 7) % 40);
        "model,vendor,n,s\n".to_owned() + &(0..6).map(row).collect::<String>()
    };
    for vendor in ["a", "b", "c"] {
        case.write(&format!("report/{vendor}.csv"), &rows(vendor));
    }
    let columns = "kind = \"counts\"\n\
         columns = { model = \"model\", provider = \"vendor\", n = \"n\", succeeded = \"s\" }\n\
         constants = { grader_kind = \"llm\" }\n";
    case.write("shared.toml", &format!("files = [\"*.csv\"]\n{columns}"));
    let start = "title = \"T\"\nnumber = \"0\"\nseries = \"S\"\nauthor = \"A\"\n\
         edition_date = \"2026-11-23\"\ncorpus = \"Corpus: counts\"\n\
         [analysis]\npermutations = 999\n";
    let input = |vendor: &str| {
        format!("[[inputs]]\npath = \"{vendor}.csv\"\nmapping = \"../shared.toml\"\n")
    };
    let text = start.to_owned() + &["a", "b", "c"].map(input).concat();
    case.write("report/report.toml", &text);
    let report = case.text("report");
    let (code, _, err) = outcome(&["report", &report, "--only", "markdown"]);
    assert_eq!(code, 0, "{err}");
    let manifest = fs::read(case.path("report/edition/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let inputs: Vec<&str> = manifest["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["path"].as_str().unwrap())
        .collect();
    for name in ["report.toml", "../shared.toml", "a.csv", "b.csv", "c.csv"] {
        assert_eq!(
            inputs.iter().filter(|input| **input == name).count(),
            1,
            "{inputs:?}"
        );
    }
    let both = text + "options = { kind = \"counts\" }\n";
    case.write("report/report.toml", &both);
    let (code, _, err) = outcome(&["analyse", &report]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("`options` and a `mapping`"), "{err}");
}

/// The start of a `report.toml`; keys of the report may follow.
const REPORT: &str = "title = \"T\"\nnumber = \"0\"\nseries = \"S\"\nauthor = \"A\"\n\
     edition_date = \"2026-11-23\"\ncorpus = \"Corpus: counts\"\n";

#[test]
fn a_report_takes_a_folder_as_an_import_does() {
    let case = Case::new();
    let rows = |vendor: &str| -> String {
        let row = |n: u32| format!("{vendor}-{n},{vendor},{},{}\n", 60 + n, 10 + (n * 7) % 40);
        "model,vendor,n,s\n".to_owned() + &(0..6).map(row).collect::<String>()
    };
    for vendor in ["a", "b"] {
        case.write(&format!("report/data/{vendor}.csv"), &rows(vendor));
    }
    case.write("report/data/deep/c.csv", &rows("c"));
    case.write("report/data/README.md", "# Placeholder\n");
    case.write(
        "report/data/tables.toml",
        "files = [\"**/*.csv\"]\nkind = \"counts\"\n\
         columns = { model = \"model\", provider = \"vendor\", n = \"n\", succeeded = \"s\" }\n\
         constants = { grader_kind = \"llm\" }\n",
    );
    let input = "[[inputs]]\npath = \"data\"\n";
    let mapped =
        format!("{REPORT}[analysis]\npermutations = 999\n{input}mapping = \"data/tables.toml\"\n");
    case.write("report/report.toml", &mapped);
    let report = case.text("report");
    let (code, _, err) = outcome(&["report", &report, "--only", "markdown"]);
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("1 file in `data` is of no known format"),
        "{err}"
    );
    let manifest = fs::read(case.path("report/edition/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let inputs: Vec<&str> = manifest["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["path"].as_str().unwrap())
        .collect();
    for name in [
        "data/tables.toml",
        "data/a.csv",
        "data/b.csv",
        "data/deep/c.csv",
    ] {
        let times = inputs.iter().filter(|input| **input == name).count();
        assert_eq!(times, 1, "{inputs:?}");
    }
    for (more, code, part) in [
        (
            "",
            3,
            "no importer recognises any file in the folder `data`",
        ),
        (
            "options = { kind = \"counts\" }\n",
            2,
            "which importer they are for",
        ),
        ("importer = \"no-such\"\n", 2, "no-such"),
    ] {
        case.write("report/report.toml", &format!("{REPORT}{input}{more}"));
        let (found, _, err) = outcome(&["analyse", &report]);
        assert_eq!(found, code, "{more}: {err}");
        assert!(err.contains(part) && err.contains("hint: "), "{err}");
    }
}

#[test]
fn the_importers_say_what_they_read_and_where_they_come_from() {
    let listed = support::json(&["importers", "--json"]);
    for importer in listed.as_array().unwrap() {
        assert_eq!(importer["origin"]["kind"], "built_in");
        assert!(importer["options"].is_array() && importer["versions"].is_array());
        let page = importer["page"].as_str().unwrap();
        let page = fs::read_to_string(root().join(page)).unwrap();
        for option in importer["options"].as_array().unwrap() {
            let name = option["name"].as_str().unwrap();
            assert!(page.contains(name), "{name} is not on the page");
        }
    }
}

#[test]
fn unknown_names_are_listed_until_a_register_of_its_own_knows_them() {
    let case = Case::new();
    case.write("m.toml", &format!("files = [\"*.csv\"]\n{MAPPING}"));
    case.write(
        "a.csv",
        "id,model,prompt,response,label\n1,openai/gpt-4o-2024-08-06,p,r,1\n\
         2,openrouter/openai/gpt-4o:free,p,r,0\n3,house/gpt-4o-mimi,p,r,1\n",
    );
    case.import(&["--mapping", &case.text("m.toml"), &case.text("a.csv")]);
    let store = case.text("s.caveat.db");
    let list = ["models", "--unknown", "--store", &store];
    let (code, out, err) = outcome(&list);
    assert_eq!(code, 1, "{err}");
    assert!(out.starts_with("house/gpt-4o-mimi (no provider)"), "{out}");
    assert!(out.contains("similar: openai/gpt-4o-mini"), "{out}");
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(
        err.contains("[[model]]") && err.contains("--register"),
        "{err}"
    );
    // What is printed can be used as it stands.
    let start = err.find("[[maker]]\n").unwrap();
    let end = err.find("`caveat models --unknown --register").unwrap();
    case.write("printed.toml", &err[start..end]);
    let printed = case.text("printed.toml");
    let (code, _, err) = outcome(&[&list[..], &["--register", &printed]].concat());
    assert_eq!(code, 0, "{err}");
    case.write(
        "models.toml",
        "[[maker]]\nid = \"house\"\nname = \"House\"\nkind = \"maker\"\n\
         [[model]]\nid = \"house/gpt-4o-mimi\"\nname = \"Mimi\"\nmaker = \"house\"\n\
         weights = \"closed\"\nsource = \"our own\"\nverified = \"primary\"\n",
    );
    let register = case.text("models.toml");
    let (code, _, err) = outcome(&[&list[..], &["--register", &register]].concat());
    assert_eq!(code, 0, "{err}");
}

/// A table of verdicts of six models from three vendors; row 3 has a word of its own, row 4
/// a text in the column of verdicts.
fn verdicts() -> String {
    let row = |n: u32| {
        let verdict = match n {
            3 | 300 | 301 | 302 => "Maybe",
            4 => "a reply that stands in the wrong column by mistake",
            _ if n.is_multiple_of(3) => "complied",
            _ => "refused",
        };
        let (model, vendor) = (n % 6, n % 3);
        format!("m{model},v{vendor},{},{n},{verdict}\n", 1 + model * 10)
    };
    "model,vendor,Size (B),question_text,label\n".to_owned()
        + &(0..400).map(row).collect::<String>()
}

#[test]
fn a_proposed_mapping_is_taken_as_it_stands_once_it_is_decided() {
    let case = Case::new();
    case.write("runs/deep/results.csv", &verdicts());
    let (code, proposal, err) =
        outcome(&["import", "--guess", &case.text("runs/deep/results.csv")]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("3 places"), "{err}");
    assert!(err.contains("the name of the grader of `label`"), "{err}");
    case.write("m.toml", &proposal);
    let import = ["--mapping", &case.text("m.toml"), &case.text("runs")];
    let (code, _, err) = case.import(&import);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("m.toml`, for `"), "{err}");
    assert!(err.contains("(and 2 more)"), "{err}");
    let decided = proposal
        .replace("\"Maybe\" = \"decide\"", "\"Maybe\" = \"benign_query\"")
        .replace("\"decide\"", "\"human\"");
    case.write("m.toml", &decided);
    let (code, answer, err) = case.import(&import);
    assert_eq!(code, 0, "{err}");
    assert_eq!(answer["totals"]["imported"], 399);
    case.write("notes.txt", "A text of one line.\nAnd another.\n");
    let (code, _, err) = outcome(&["import", "--guess", &case.text("notes.txt")]);
    assert_eq!(code, 3, "{err}");
    assert!(
        err.contains("one column only") && err.contains("hint: "),
        "{err}"
    );
    case.write(
        "m.toml",
        &decided.replace("\"benign_query\"", "\"benignquery\""),
    );
    let (code, _, err) = case.import(&import);
    assert_eq!(code, 2, "{err}");
    for part in [
        "m.toml`",
        "`grades[0].map`, value `Maybe`",
        "did you mean `benign_query`?",
    ] {
        assert!(err.contains(part), "{part}: {err}");
    }
}

/// A report on [`verdicts`] whose mapping does not know one of the words.
fn report_on_verdicts(case: &Case) -> String {
    case.write("report/results.csv", &verdicts());
    let text = format!(
        "{REPORT}status = \"Placeholders, not measurements\"\n[analysis]\npermutations = 999\n\
         [size]\nsource = \"corpus\"\n\
         [[inputs]]\npath = \"results.csv\"\nimporter = \"table\"\n[inputs.options]\n\
         kind = \"traces\"\n\
         columns = {{ model = \"model\", provider = \"vendor\", size = \"Size (B)\" }}\n\
         [[inputs.options.grades]]\ngrader = \"reviewers\"\nkind = \"human\"\ncolumn = \"label\"\n\
         map = {{ complied = \"compliance\", refused = \"refusal\" }}\n"
    );
    case.write("report/report.toml", &text);
    text
}

#[test]
fn a_report_says_which_records_it_leaves_out_and_why() {
    let case = Case::new();
    report_on_verdicts(&case);
    let (code, out, err) = outcome(&["analyse", &case.text("report"), "--json"]);
    assert_eq!(code, 0, "{err}");
    for part in [
        "5 of 400 records of `results.csv` cannot be used",
        "results.csv, record 5, byte ",
        "unknown verdict value `Maybe` in column `label`",
        "unknown verdict value a text of 50 characters in column `label`",
        "… and 2 more",
        "`rejects_by_reason`",
        "`[inputs.options]`",
    ] {
        assert!(err.contains(part), "{part}: {err}");
    }
    assert!(!err.contains("wrong column by mistake"), "{err}");
    let annex: Value = serde_json::from_str(&out).unwrap();
    let source = &annex["corpus"]["sources"][0];
    let reasons = source["rejects_by_reason"].as_array().unwrap();
    let counts: Vec<u64> = reasons
        .iter()
        .map(|found| found["records"].as_u64().unwrap())
        .collect();
    assert_eq!(counts, [4, 1]);
    assert_eq!(source["rejected"], 5);
    let first = reasons[0]["reason"].as_str().unwrap();
    assert!(
        first.starts_with("unknown verdict value `Maybe`"),
        "{first}"
    );
}

#[test]
fn what_a_report_prints_begins_with_what_its_data_are() {
    let case = Case::new();
    report_on_verdicts(&case);
    let (code, out, err) = outcome(&["report", &case.text("report"), "--only", "markdown"]);
    assert_eq!(code, 0, "{err}");
    let status = out.find("\nPlaceholders, not measurements\n").unwrap();
    let answer = out.rfind("\n\n").unwrap();
    assert!(status < answer, "{out}");
    assert!(
        out.contains("/annex/: ") && out.contains(" tables (*.csv)"),
        "{out}"
    );
    assert!(
        out.contains("/figures/: ") && out.contains(" charts (*.svg)"),
        "{out}"
    );
}

#[test]
fn a_table_without_rows_is_named_and_not_blamed_on_the_rules_of_the_report() {
    let case = Case::new();
    let text = report_on_verdicts(&case);
    case.write("report/results.csv", "model,vendor,Size (B),label\n");
    let (code, _, err) = outcome(&["analyse", &case.text("report")]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("`results.csv` holds no rows"), "{err}");
    assert!(
        err.contains("hint: ") && !err.contains("inclusion"),
        "{err}"
    );
    case.write("report/results.csv", &verdicts());
    let wrong = text
        .replace("complied = ", "yes = ")
        .replace("refused = ", "no = ");
    case.write("report/report.toml", &wrong);
    let (code, _, err) = outcome(&["analyse", &case.text("report")]);
    assert_eq!(code, 3, "{err}");
    assert!(
        err.contains("none of the 400 records of `results.csv` can be used")
            && err.contains("263: unknown verdict value `refused`"),
        "{err}"
    );
}

#[test]
fn a_store_among_the_inputs_of_a_report_is_told_from_a_file_to_import() {
    let case = Case::new();
    case.write("m.toml", &format!("files = [\"*.csv\"]\n{MAPPING}"));
    case.write("a.csv", &table(0..400));
    let mapping = case.text("m.toml");
    fs::create_dir_all(case.path("report/data")).unwrap();
    case.import_into(
        "report/our-corpus.db",
        &["--mapping", &mapping, &case.text("a.csv")],
    );
    fs::copy(
        case.path("report/our-corpus.db"),
        case.path("report/data/our-corpus.db"),
    )
    .unwrap();
    for (input, store) in [
        ("our-corpus.db", "store = \"our-corpus.db\""),
        ("data", "store = \"data/our-corpus.db\""),
    ] {
        let inputs = format!("{REPORT}[[inputs]]\npath = \"{input}\"\n");
        case.write("report/report.toml", &inputs);
        let (code, _, err) = outcome(&["analyse", &case.text("report")]);
        assert_eq!(code, 2, "{err}");
        let hint = format!("hint: write `{store}` at the top of report.toml");
        assert!(err.contains(&hint), "{err}");
        case.write("report/report.toml", &format!("{REPORT}{store}\n"));
        let (code, _, err) = outcome(&["analyse", &case.text("report")]);
        assert_eq!(code, 0, "{err}");
    }
    let (code, _, err) = case.import(&[&case.text("report/our-corpus.db")]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("report reads it with `store = "), "{err}");
}

#[test]
fn a_register_that_cannot_be_read_is_named_and_not_quoted() {
    let case = Case::new();
    case.write(
        "models.toml",
        "\n[[model]]\nsecret = \"a line of theirs\"\n",
    );
    let register = case.text("models.toml");
    let (code, _, err) = outcome(&["models", "--register", &register]);
    assert_eq!(code, 2, "{err}");
    let place = format!("cannot use `{register}`: the register cannot be read: line 3, column 1: ");
    assert!(err.contains(&place), "{err}");
    assert!(!err.contains("a line of theirs"), "{err}");
    assert!(err.contains("\nhint: "), "{err}");
}
