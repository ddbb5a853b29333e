//! Editions after they are made: verified, signed, compared with a later one.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{json, outcome, root};

/// A copy of the committed edition of #164, without the report beside it.
fn received(folder: &Path) -> PathBuf {
    let edition = folder.join("edition");
    copy(&root().join("reports/164/edition"), &edition);
    edition
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn answers(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    answer["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (text(&check["check"]), text(&check["result"])))
        .collect()
}

fn told(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(check, result)| ((*check).to_owned(), (*result).to_owned()))
        .collect()
}

#[test]
fn the_committed_editions_are_recomputed_from_the_reports_beside_them() {
    for report in ["164", "harmbench", "sorry-bench", "speechmap"] {
        let answer = json(&["verify", &format!("reports/{report}/edition"), "--json"]);
        let expected = [
            ("files", "yes"),
            ("figures", "yes"),
            ("signature", "not_checked"),
        ];
        assert_eq!(answers(&answer), told(&expected), "{report}");
        let detail = answer["checks"][1]["detail"].as_str().unwrap();
        assert!(detail.contains("every byte"), "{detail}");
    }
}

#[test]
fn an_edition_alone_is_worked_out_again_from_its_own_counts() {
    let folder = tempfile::tempdir().unwrap();
    let edition = received(folder.path());
    let (code, out, err) = outcome(&["verify", edition.to_str().unwrap()]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(
        out.contains("worked out again from the counts and sizes"),
        "{out}"
    );
    assert!(out.contains("inputs (3 files) are not here"), "{out}");
}

/// An edition whose annex was changed, with a manifest that agrees.
fn forged(folder: &Path, change: impl Fn(&mut Value)) -> String {
    let edition = received(folder);
    let annex = edition.join("annex.json");
    let mut value: Value = serde_json::from_slice(&fs::read(&annex).unwrap()).unwrap();
    change(&mut value);
    let bytes = serde_json::to_vec_pretty(&value).unwrap();
    fs::write(&annex, &bytes).unwrap();
    let manifest = edition.join("manifest.json");
    let mut listed: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    let file = listed["outputs"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .find(|file| file["path"] == "annex.json")
        .unwrap();
    file["sha256"] = caveat_corpus::Digest::of(&bytes).to_hex().into();
    file["bytes"] = bytes.len().into();
    fs::write(&manifest, serde_json::to_vec(&listed).unwrap()).unwrap();
    edition.to_str().unwrap().to_owned()
}

#[test]
fn a_figure_that_does_not_follow_is_found_also_where_the_digests_agree() {
    let folder = tempfile::tempdir().unwrap();
    let edition = forged(folder.path(), |annex| {
        annex["decomposition"]["eta2"] = 0.9.into();
    });
    let (code, out, _) = outcome(&["verify", &edition]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("files      yes"), "{out}");
    assert!(
        out.contains("decomposition: the annex says something else"),
        "{out}"
    );
}

#[test]
fn an_annex_that_cannot_be_worked_out_is_no_yes_and_costs_no_time() {
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 4] = [
        (
            |annex| annex["rules"]["analysis"]["permutations"] = 4_000_000_000_u64.into(),
            "`analysis.permutations` is 4000000000",
        ),
        (
            |annex| annex["rules"]["analysis"]["level"] = 5.into(),
            "`analysis.level` is 5",
        ),
        (|annex| annex["models"] = 7.into(), "models or rules"),
        (|annex| annex["rules"] = Value::Null, "models or rules"),
    ];
    for (change, said) in changes {
        let folder = tempfile::tempdir().unwrap();
        let (code, out, _) = outcome(&["verify", &forged(folder.path(), change)]);
        assert_eq!(code, 1, "{out}");
        assert!(out.contains("figures    NO") && out.contains(said), "{out}");
    }
}

#[test]
fn no_name_in_an_edition_forges_a_line_of_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let edition = received(folder.path());
    let manifest = edition.join("manifest.json");
    let mut listed: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    listed["report"] = "164\nsignature  yes: signed by all".into();
    fs::write(&manifest, serde_json::to_vec(&listed).unwrap()).unwrap();
    let edition = edition.to_str().unwrap();
    for arguments in [vec!["verify", edition], vec!["diff", edition, edition]] {
        let (_, out, _) = outcome(&arguments);
        assert!(!out.contains("\nsignature  yes"), "{out}");
    }
}

#[test]
fn a_file_changed_lost_or_added_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let edition = received(folder.path());
    fs::write(edition.join("report.md"), "all is well").unwrap();
    fs::remove_file(edition.join("annex/claims.csv")).unwrap();
    fs::write(edition.join("extra.txt"), "x").unwrap();
    let (code, out, _) = outcome(&["verify", edition.to_str().unwrap()]);
    assert_eq!(code, 1);
    for fault in [
        "report.md: not the file that was made",
        "annex/claims.csv: missing",
        "extra.txt: not part of the edition",
    ] {
        assert!(out.contains(fault), "{fault}\n{out}");
    }
}

#[test]
fn a_manifest_that_names_files_outside_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let edition = received(folder.path());
    let manifest = edition.join("manifest.json");
    let honest = fs::read_to_string(&manifest).unwrap();
    for outside in ["../../etc/passwd", "/etc/passwd", "a/../../b", "..\\\\b"] {
        let forged = honest.replace("\"annex.json\"", &format!("\"{outside}\""));
        fs::write(&manifest, forged).unwrap();
        let (code, _, err) = outcome(&["verify", edition.to_str().unwrap()]);
        assert_eq!(code, 3, "{outside}");
        assert!(err.contains("a path outside"), "{err}");
    }
}

#[test]
fn a_signature_holds_for_the_edition_and_the_key_that_made_it() {
    let folder = tempfile::tempdir().unwrap();
    let edition = received(folder.path());
    let edition = edition.to_str().unwrap();
    let name = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (code, _, err) = outcome(&["sign", "--new-key", &name("ours")]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("has no password"), "{err}");
    fs::write(name("password"), "correct horse\n").unwrap();
    let (code, _, err) = outcome(&[
        "sign",
        "--new-key",
        &name("theirs"),
        "--password-file",
        &name("password"),
    ]);
    assert_eq!(code, 0, "{err}");

    let sign = |key: &str| outcome(&["sign", edition, "--key", &name(key)]);
    assert_eq!(sign("ours.key").0, 0);
    let signature = name("edition/manifest.json.minisig");
    assert!(Path::new(&signature).is_file());
    assert_eq!(sign("ours.key").0, 0, "an edition may be signed again");
    let (code, _, err) = sign("theirs.key");
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("--password-file"), "{err}");

    let verify = |key: &str| outcome(&["verify", edition, "--signature", "--key", key]);
    let (code, out, err) = verify(&name("ours.pub"));
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("report 164, edition of 2026-11-23"), "{out}");
    let (code, out, _) = verify(&name("theirs.pub"));
    assert_eq!(code, 1, "{out}");
    let (code, _, err) = verify("no key");
    assert_eq!(code, 2, "{err}");

    let manifest = folder.path().join("edition/manifest.json");
    let forged = fs::read_to_string(&manifest)
        .unwrap()
        .replace("2026-11-23", "2026-11-24");
    fs::write(&manifest, forged).unwrap();
    let (code, out, _) = verify(&name("ours.pub"));
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("was not signed with this key"), "{out}");
}

#[test]
fn an_edition_that_is_not_as_its_manifest_says_is_not_signed() {
    let folder = tempfile::tempdir().unwrap();
    let edition = received(folder.path());
    let key = folder.path().join("ours");
    outcome(&["sign", "--new-key", key.to_str().unwrap()]);
    fs::write(edition.join("report.md"), "all is well").unwrap();
    let key = folder.path().join("ours.key");
    let (code, _, err) = outcome(&[
        "sign",
        edition.to_str().unwrap(),
        "--key",
        key.to_str().unwrap(),
    ]);
    assert_eq!(code, 1);
    assert!(
        err.contains("report.md: not the file that was made"),
        "{err}"
    );
    assert!(!edition.join("manifest.json.minisig").exists());
}

/// A report on a small table, and its edition.
fn made(folder: &Path, name: &str, rows: &str, more: &str) -> String {
    let report = folder.join(name);
    fs::create_dir_all(&report).unwrap();
    fs::write(report.join("counts.csv"), rows).unwrap();
    let text = format!(
        r#"title = "Which vendor?"
number = "7"
series = "Tests"
author = "We"
edition_date = "2026-11-23"
corpus = "Corpus: a table"
{more}
[[inputs]]
path = "counts.csv"
importer = "table"

[inputs.options]
kind = "counts"
columns = {{ model = "model", provider = "vendor", n = "n", succeeded = "succeeded" }}
constants = {{ grader = "readers", grader_kind = "human" }}

[verdicts]
rule = "coalesce"

[documents]
formats = ["markdown"]
"#
    );
    fs::write(report.join("report.toml"), text).unwrap();
    let (code, _, err) = outcome(&["report", report.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    report.join("edition").to_str().unwrap().to_owned()
}

const ROWS: &str = "model,vendor,n,succeeded\na1,A,200,20\na2,A,200,24\nb1,B,200,90\nb2,B,200,96\n";

#[test]
fn a_difference_is_sorted_by_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let first = made(folder.path(), "first", ROWS, "");
    let same = json(&["diff", &first, &first, "--json"]);
    for list in [
        "data",
        "graders",
        "method",
        "figures",
        "conclusions",
        "caveats",
    ] {
        assert_eq!(same[list].as_array().unwrap().len(), 0, "{list}");
    }

    let more = ROWS.replace("b2,B,200,96", "b2,B,200,30");
    let data = json(&[
        "diff",
        &first,
        &made(folder.path(), "data", &more, ""),
        "--json",
    ]);
    assert_eq!(data["method"].as_array().unwrap().len(), 0);
    let lines = data["data"].to_string();
    assert!(
        lines.contains("b2 of B: 96 of 200 became 30 of 200"),
        "{lines}"
    );
    assert!(!data["figures"].as_array().unwrap().is_empty());
    assert!(!data["conclusions"].as_array().unwrap().is_empty());

    let correction = r#"
[[corrections]]
date = "2026-11-25"
text = "The level was misprinted"
[analysis]
level = 0.9
"#;
    let later = made(folder.path(), "method", ROWS, correction);
    let method = json(&["diff", &first, &later, "--json"]);
    assert_eq!(method["data"].as_array().unwrap().len(), 0);
    assert_eq!(method["method"][0], "analysis.level: 0.95 became 0.9");
    assert_eq!(
        method["corrections"][0],
        "2026-11-25: The level was misprinted"
    );
    let printed = fs::read_to_string(Path::new(&later).join("report.md")).unwrap();
    assert!(printed.contains("The level was misprinted."), "{printed}");
    let (code, out, _) = outcome(&["diff", &first, &later]);
    assert_eq!(code, 0);
    assert!(out.contains("\nData: no change\n"), "{out}");
}
