//! The annex as JSON, as tables and under its schema; the schemas themselves.

#![allow(clippy::unwrap_used)]

#[path = "support/annex.rs"]
mod support;

use std::path::Path;

use caveat_render::annex::annex_json;
use caveat_render::manifest::{FileDigest, Manifest, manifest, manifest_json};
use caveat_render::schema::{SCHEMAS, schema, schema_file};
use caveat_render::tables::tables;
use serde_json::Value;

fn problems(name: &str, instance: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(&schema(name).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator
        .iter_errors(instance)
        .map(|error| format!("{}: {error}", error.instance_path))
        .collect()
}

#[test]
fn an_annex_keeps_its_schema() {
    let bytes = annex_json(&support::annex("model-0")).unwrap();
    let annex: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(problems("annex", &annex), Vec::<String>::new());
    assert_eq!(annex["overlap"]["not_estimable"], "NoPromptIds");
}

#[test]
fn an_annex_with_a_missing_or_wrong_figure_breaks_its_schema() {
    let bytes = annex_json(&support::annex("model-0")).unwrap();
    let annex: Value = serde_json::from_slice(&bytes).unwrap();
    for (place, wrong) in [
        ("/decomposition/eta2", Value::Null),
        ("/models/0/asr/value", Value::from("0.3")),
        ("/providers/0/rank", Value::from("first")),
        ("/corpus/sources/0/read", Value::from(-1)),
    ] {
        let mut broken = annex.clone();
        *broken.pointer_mut(place).unwrap() = wrong;
        assert_ne!(problems("annex", &broken), Vec::<String>::new(), "{place}");
    }
    let mut without = annex.clone();
    without.as_object_mut().unwrap().remove("decomposition");
    assert_ne!(problems("annex", &without), Vec::<String>::new());
}

#[test]
fn an_annex_is_the_same_bytes_twice_and_ends_its_line() {
    let once = annex_json(&support::annex("model-0")).unwrap();
    assert_eq!(annex_json(&support::annex("model-0")).unwrap(), once);
    assert!(once.ends_with(b"}\n") && !once.contains(&b'\r'));
}

#[test]
fn an_annex_keeps_a_hostile_name_exactly() {
    let name = "\u{1b}[31m\"</script>=1+1\u{202e}模型";
    let bytes = annex_json(&support::annex(name)).unwrap();
    let annex: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(annex["models"][0]["model"], name);
}

#[test]
fn committed_schemas_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for name in SCHEMAS {
        let committed = std::fs::read_to_string(folder.join(schema_file(name))).unwrap_or_default();
        assert!(
            committed == schema(name).unwrap(),
            "the schema of `{name}` is out of date\nhint: run `cargo xtask gen`"
        );
    }
}

#[test]
fn a_report_definition_is_described_as_people_write_it() {
    let definition = serde_json::json!({
        "title": "t", "number": "1", "series": "s", "author": "a",
        "edition_date": "2026-11-23", "corpus": "c", "inclusion": { "min_n_per_model": 10 }
    });
    assert_eq!(problems("report", &definition), Vec::<String>::new());
    let mut unknown = definition.clone();
    unknown["tittle"] = Value::from("t");
    assert_ne!(problems("report", &unknown), Vec::<String>::new());
    let claims = serde_json::json!({ "claim": [{ "id": "a", "claim": "b", "printed": ["1"] }] });
    assert_eq!(problems("claims", &claims), Vec::<String>::new());
}

/// Records of a table, header first.
fn records(table: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(table);
    let records = reader.records().map(|record| {
        record
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect::<Vec<String>>()
    });
    records.collect()
}

#[test]
fn every_table_has_a_header_full_cells_and_line_feeds() {
    let tables = tables(&support::annex("model-0")).unwrap();
    for name in [
        "caveats",
        "claims",
        "comparisons",
        "decomposition",
        "evidence",
        "exclusions",
        "findings",
        "graders",
        "models",
        "multiverse",
        "null_distribution",
        "overlap",
        "providers",
        "size_sensitivity",
        "sources",
        "within_providers",
    ] {
        let table = tables.get(&format!("{name}.csv")).unwrap();
        assert!(table.ends_with(b"\n") && !table.contains(&b'\r'), "{name}");
        let records = records(table);
        assert!(
            records.iter().flatten().all(|cell| !cell.is_empty()),
            "{name}"
        );
        assert!(records.len() > 1 || name == "graders", "{name}");
    }
    assert_eq!(tables.len(), 16);
}

/// The cell of a column in a row, by the column's name.
fn cell(records: &[Vec<String>], row: usize, column: &str) -> String {
    let place = records[0]
        .iter()
        .position(|header| header == column)
        .unwrap();
    records[row][place].clone()
}

#[test]
fn a_table_has_the_numbers_of_the_annex() {
    let annex = support::annex("model-0");
    let json: Value = serde_json::from_slice(&annex_json(&annex).unwrap()).unwrap();
    let tables = tables(&annex).unwrap();
    let models = records(tables.get("models.csv").unwrap());
    let rate: f64 = cell(&models, 1, "asr_proportion").parse().unwrap();
    assert_eq!(Some(rate), json["models"][0]["asr"]["value"].as_f64());
    assert_eq!(cell(&models, 4, "params_total_b"), "not estimable: NoSizes");
    assert_eq!(cell(&models, 4, "params_disclosed"), "not given");
    let shares = records(tables.get("decomposition.csv").unwrap());
    let share: f64 = cell(&shares, 1, "eta2").parse().unwrap();
    assert_eq!(Some(share), json["decomposition"]["eta2"].as_f64());
    let overlap = records(tables.get("overlap.csv").unwrap());
    assert_eq!(cell(&overlap, 1, "jaccard"), "not estimable: NoPromptIds");
}

#[test]
fn a_hostile_name_stays_in_its_cell_and_is_no_formula() {
    for name in [
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@sum",
        "a,\"b\"\r\n=c",
        "\t=1",
        "a;=1",
    ] {
        let tables = tables(&support::annex(name)).unwrap();
        for table in tables.values() {
            let text = std::str::from_utf8(table).unwrap();
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
            for record in records(table) {
                for cell in record {
                    let harmless =
                        cell.parse::<f64>().is_ok() || !cell.starts_with(['=', '+', '-', '@']);
                    assert!(harmless, "{cell}");
                }
            }
        }
        assert_eq!(records(tables.get("models.csv").unwrap()).len(), 6);
    }
}

#[test]
fn a_manifest_lists_files_in_order_and_keeps_its_schema() {
    let annex = support::annex("model-0");
    let inputs = [
        FileDigest::of("b.csv", b"b"),
        FileDigest::of("a.csv", b"abc"),
    ];
    let outputs = vec![
        FileDigest::of("report.md", b""),
        FileDigest::of("annex.json", b"{}"),
    ];
    let made = manifest(&annex.report, &inputs, outputs);
    let bytes = manifest_json(&made).unwrap();
    let json: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(problems("manifest", &json), Vec::<String>::new());
    assert_eq!(json["inputs"][0]["path"], "a.csv");
    assert_eq!(json["inputs"][0]["bytes"], 3);
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(json["inputs"][0]["sha256"], digest);
    assert_eq!(json["outputs"][0]["path"], "annex.json");
    let read: Manifest = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(read, made);
}
