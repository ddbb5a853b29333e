//! Reports that an installed garak made just now against its own counts of them.
//!
//! The long form of CI makes them with `xtask/fresh/garak.py` and names the
//! folders in `CAVEAT_FRESH_GARAK`; without it there is nothing to compare.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use caveat_importer::Options;
use common::{counts, eval_counts, import_file, total};
use serde_json::Value;

#[test]
fn fresh_reports_are_read_as_garak_counts_them() {
    let Some(folders) = std::env::var_os("CAVEAT_FRESH_GARAK") else {
        println!("skipped: CAVEAT_FRESH_GARAK names no folder of fresh reports");
        return;
    };
    for folder in std::env::split_paths(&folders) {
        let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        let files = expected["files"].as_object().unwrap();
        assert!(!files.is_empty());
        for (name, expected) in files {
            compare(&folder.join(name), expected);
        }
        let version = &files.values().next().unwrap()["garak_version"];
        println!(
            "compared {} reports of garak {}",
            files.len(),
            version.as_str().unwrap()
        );
    }
}

fn compare(path: &Path, expected: &Value) {
    let name = path.display();
    let imported = import_file(path, &Options::default()).unwrap();
    assert_eq!(imported.rejects, [], "{name}");
    assert_eq!(
        imported.facts.format_version.as_deref(),
        expected["garak_version"].as_str(),
        "{name}"
    );
    let traces = &imported.traces;
    let outputs = total(expected, "outputs_in_completed");
    assert_eq!(traces.len(), outputs, "{name}: outputs");
    let attempts: BTreeSet<_> = traces
        .iter()
        .map(|trace| (&trace.technique, &trace.record_id))
        .collect();
    let completed = total(expected, "n_completed_attempts");
    assert_eq!(attempts.len(), completed, "{name}: attempts");
    let grades: usize = traces.iter().map(|trace| trace.grades.len()).sum();
    assert_eq!(grades, total(expected, "n_verdicts"), "{name}: verdicts");
    let evaluated = eval_counts(&expected["eval_records"]);
    assert_eq!(counts(traces), evaluated, "{name}");
}
