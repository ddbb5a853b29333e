//! Every corpus of every tool in one command, where the samples are at hand.
//!
//! The samples stand beside the workspace in `../shared/corpora` and are no part
//! of it; without them these tests say that they were skipped.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{outcome, root};

/// What the columns of the StrongREJECT tables mean.
const MAPPING: &str = r#"
files = ["tabular/strongreject*.csv", "tabular/*.tsv"]
kind = "traces"

[columns]
model = "victim_model"
prompt = "forbidden_prompt"
technique = "jailbreak"
response = "response"
harm_category = "category"

[[grades]]
grader = "strongreject_rubric"
kind = "llm"
column = "score"
threshold = 0.5
missing = ["N/A"]
"#;

fn samples() -> Option<PathBuf> {
    let samples = root().join("../shared/corpora");
    if samples.is_dir() {
        return Some(samples);
    }
    println!("skipped: there are no samples at {}", samples.display());
    None
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            // Not the permissions: the samples may be read-only.
            false => fs::write(target, fs::read(&path).unwrap()).unwrap(),
        }
    }
}

/// Puts every file that is recognised without its neighbours under another name.
fn rename(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            rename(&path);
        } else if name.ends_with(".eval") || name.ends_with(".db") {
            fs::rename(
                &path,
                path.with_file_name(format!("z-{}", name.replace('.', "_"))),
            )
            .unwrap();
        }
    }
}

struct Call {
    store: String,
    mapping: String,
}

impl Call {
    fn import(&self, folder: &Path) -> Value {
        let folder = folder.to_str().unwrap();
        let arguments = [
            "import",
            "--json",
            "--store",
            &self.store,
            "--mapping",
            &self.mapping,
            folder,
        ];
        let (code, out, err) = outcome(&arguments);
        // A truncated archive is among the samples.
        assert!(code == 0 || code == 3, "{err}");
        let answer: Value = serde_json::from_str(&out).unwrap();
        let count = |value: &Value, name: &str| value[name].as_u64().unwrap();
        let sums = ["read", "imported", "already_present", "rejected"].map(|name| {
            let sources = answer["sources"].as_array().unwrap().iter();
            let sources = sources.filter(|source| source.get("refused").is_none());
            let sum: u64 = sources.map(|source| count(source, name)).sum();
            assert_eq!(sum, count(&answer["totals"], name), "{name}");
            sum
        });
        assert_eq!(sums[0], sums[1] + sums[2] + sums[3]);
        answer
    }
}

fn names(list: &Value) -> BTreeSet<String> {
    let name = |file: &Value| {
        let path = Path::new(file["path"].as_str().unwrap());
        path.file_name().unwrap().to_str().unwrap().to_owned()
    };
    list.as_array().unwrap().iter().map(name).collect()
}

#[test]
fn all_corpora_are_imported_by_one_command_and_a_second_one_adds_nothing() {
    let Some(samples) = samples() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let call = Call {
        store: path("s.caveat.db"),
        mapping: path("m.toml"),
    };
    fs::write(&call.mapping, MAPPING).unwrap();
    let first = call.import(&samples);
    let unknown = names(&first["unknown"]);
    for name in [
        "README.md",
        "expected.json",
        "generic.jsonl",
        "generic_broken.jsonl",
    ] {
        assert!(unknown.contains(name), "{name}");
    }
    let sources = names(&first["sources"]);
    for name in ["README.md", "expected.json", "generic.jsonl"] {
        assert!(!sources.contains(name), "{name}");
    }
    let formats: BTreeSet<&str> = first["sources"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|source| source["format"].as_str())
        .collect();
    // One folder a format; a table is mapped.
    for entry in fs::read_dir(&samples).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let name = if name == "tabular" { "table" } else { &name };
        let known = support::json(&["importers", "--json"]);
        if known
            .as_array()
            .unwrap()
            .iter()
            .any(|importer| importer["name"] == name)
        {
            assert!(formats.contains(name), "{name}");
        }
    }
    let second = call.import(&samples);
    assert_eq!(second["totals"]["imported"], 0);
    assert_eq!(second["totals"]["grades_added"], 0);
    assert_eq!(second["totals"]["already_present"], first["totals"]["read"]);

    let moved = folder.path().join("moved");
    copy(&samples, &moved);
    rename(&moved);
    let third = call.import(&moved);
    assert_eq!(third["totals"]["imported"], 0);
    assert_eq!(third["totals"]["grades_added"], 0);
}
