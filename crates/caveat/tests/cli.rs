//! The command as a user meets it: exit codes, messages, bad input, same bytes.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{caveat, json, outcome, root};

const CORPUS: &str = "reports/164/corpus/jailbreak_corpus_v13_reconstruction.db";

#[test]
fn importing_twice_changes_nothing_and_the_account_adds_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("c.caveat.db");
    let store = store.to_str().unwrap();
    let first = json(&["import", "--store", store, "--json", CORPUS]);
    let totals = &first["totals"];
    assert_eq!(totals["read"], 4135);
    assert_eq!(totals["imported"], 4135);
    assert_eq!(totals["rejected"], 0);
    let before = json(&["status", "--store", store, "--json"]);
    let copy = folder.path().join("renamed.db");
    fs::copy(root().join(CORPUS), &copy).unwrap();
    let second = json(&["import", "--store", store, "--json", copy.to_str().unwrap()]);
    assert_eq!(second["totals"]["imported"], 0);
    assert_eq!(second["totals"]["already_present"], 4135);
    let after = json(&["status", "--store", store, "--json"]);
    assert_eq!(before["traces"], after["traces"]);
    assert_eq!(before["models"], after["models"]);
    assert_eq!(before["graders"], after["graders"]);
}

#[test]
fn a_refused_source_leaves_the_store_unchanged_and_the_others_are_imported() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("c.caveat.db");
    let store = store.to_str().unwrap();
    let broken = folder.path().join("broken.db");
    let bytes = fs::read(root().join(CORPUS)).unwrap();
    fs::write(&broken, &bytes[..bytes.len() / 2]).unwrap();
    let broken = broken.to_str().unwrap();
    let (code, out, err) = outcome(&["import", "--store", store, "--json", broken, CORPUS]);
    assert_eq!(code, 3, "{err}");
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["totals"]["imported"], 4135);
    assert!(err.contains("hint: "), "{err}");
    assert!(err.contains("broken.db"), "{err}");
}

#[test]
fn input_that_cannot_be_used_has_a_code_and_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("c.caveat.db");
    let store = store.to_str().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "hello").unwrap();
    let text = text.to_str().unwrap();
    for (arguments, code) in [
        (vec!["import", "--store", store, "nowhere.db"], 3),
        (vec!["import", "--store", store, text], 3),
        (
            vec!["import", "--store", store, "--from", "failure-first", text],
            3,
        ),
        (
            vec!["import", "--store", store, "--from", "nothing", text],
            2,
        ),
        (vec!["import", "--store", store, "--from", "table", text], 2),
        (vec!["status", "--store", "nowhere.caveat.db"], 2),
        (vec!["status", "--store", text], 3),
        (vec!["report", "reports/nothing"], 2),
        (
            vec!["audit", "--eta2", "1.5", "--models", "21", "--groups", "12"],
            2,
        ),
        (vec!["explain", "CAV-NOTHING"], 2),
        (vec!["schema", "nothing"], 2),
    ] {
        let (actual, _, err) = outcome(&arguments);
        assert_eq!(actual, code, "{arguments:?}: {err}");
        assert!(err.contains("hint: "), "{arguments:?}: {err}");
    }
    assert_eq!(outcome(&["nonsense"]).0, 2);
    assert_eq!(outcome(&["--help"]).0, 0);
}

#[test]
fn the_audit_of_the_published_headline_needs_its_four_figures_only() {
    let audit = json(&[
        "audit", "--eta2", "0.653", "--models", "21", "--groups", "12", "--r2", "0.011", "--json",
    ]);
    let close = |path: &str, expected: f64| {
        support::assert_close(support::number(&audit, path), expected, 1e-9, path);
    };
    close("/decomposition/f", 1.539_690_856_693_738_8);
    close("/decomposition/p", 0.263_157_457_240_606_4);
    close("/decomposition/omega2", 0.220_391_569_487_536_16);
    close(
        "/decomposition/population_eta2/upper",
        0.576_871_068_545_508_5,
    );
    close("/ratio/eta2_over_r2", 59.363_636_363_636_37);
    let (_, text, _) = outcome(&[
        "audit", "--eta2", "0.653", "--models", "21", "--groups", "12",
    ]);
    assert!(text.contains("0.550"), "{text}");
}

/// A copy of report 164 without its edition.
fn copy_of_164(folder: &Path) {
    let report = root().join("reports/164");
    fs::create_dir_all(folder.join("corpus")).unwrap();
    for name in ["report.toml", "claims.toml"] {
        fs::copy(report.join(name), folder.join(name)).unwrap();
    }
    fs::copy(
        root().join(CORPUS),
        folder.join("corpus/jailbreak_corpus_v13_reconstruction.db"),
    )
    .unwrap();
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.push((name, fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_edition_is_the_same_for_any_number_of_threads_and_the_committed_one() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, threads: &str| {
        let out = folder.path().join(name);
        caveat()
            .args(["report", "reports/164", "--out", out.to_str().unwrap()])
            .env("RAYON_NUM_THREADS", threads)
            .assert()
            .success();
        files(&out)
    };
    // Names only: a difference would print every byte of both.
    let differing = |a: &[(String, Vec<u8>)], b: &[(String, Vec<u8>)]| -> Vec<String> {
        let only = |x: &[(String, Vec<u8>)], y: &[(String, Vec<u8>)]| {
            let missing = x.iter().filter(|file| !y.contains(file));
            missing.map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        [only(a, b), only(b, a)].concat()
    };
    let one = run("one", "1");
    assert_eq!(differing(&one, &run("two", "2")), [""; 0]);
    let committed = files(&root().join("reports/164/edition"));
    assert_eq!(differing(&one, &committed), [""; 0]);
}

#[test]
fn an_unknown_key_is_wrong_use_and_leaves_the_old_edition_in_place() {
    let folder = tempfile::tempdir().unwrap();
    copy_of_164(folder.path());
    let edition = folder.path().join("edition");
    fs::create_dir_all(&edition).unwrap();
    fs::write(edition.join("manifest.json"), "{}").unwrap();
    let report = folder.path().join("report.toml");
    let text = fs::read_to_string(&report).unwrap();
    fs::write(&report, text.replace("band_points", "band_point")).unwrap();
    let (code, _, err) = outcome(&["report", folder.path().to_str().unwrap()]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("did you mean `band_points`?"), "{err}");
    assert_eq!(
        files(&edition),
        vec![("manifest.json".to_owned(), b"{}".to_vec())]
    );
}

#[test]
fn rules_that_leave_no_model_say_which_rule_did_it() {
    let folder = tempfile::tempdir().unwrap();
    copy_of_164(folder.path());
    let report = folder.path().join("report.toml");
    let text = fs::read_to_string(&report).unwrap();
    fs::write(
        &report,
        text.replace("min_n_per_model = 20", "min_n_per_model = 100000"),
    )
    .unwrap();
    let (code, _, err) = outcome(&["report", folder.path().to_str().unwrap()]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("fewer than 100000 evaluable results"), "{err}");
    assert!(!folder.path().join("edition").exists());
}

#[test]
fn a_folder_that_is_no_edition_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let precious = folder.path().join("thesis.txt");
    fs::write(&precious, "years of work").unwrap();
    let out = folder.path().to_str().unwrap();
    let (code, _, err) = outcome(&["report", "reports/164", "--only", "markdown", "--out", out]);
    assert_eq!(code, 2, "{err}");
    assert_eq!(fs::read_to_string(precious).unwrap(), "years of work");
}

#[test]
fn a_code_that_is_none_is_answered_with_the_codes_that_it_may_stand_for() {
    for (wrong, meant) in [
        ("CAV-PROMTS", "did you mean `CAV-PROMPTS`?"),
        ("cav-mixtur", "did you mean `CAV-MIXTURE`?"),
        ("prompts", "did you mean one of `CAV-PROMPTS`, "),
        ("grader", "`CAV-GRADER-SELF`, `CAV-GRADER-KIN`"),
        ("F-SHARES", "did you mean `F-SHARE`?"),
        ("something else", "the codes are CAV-STATUS"),
    ] {
        let (code, _, err) = outcome(&["explain", wrong]);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(meant), "{wrong}: {err}");
    }
}

#[test]
fn a_flag_that_stands_in_the_definition_of_a_report_is_sent_there() {
    let (code, _, err) = outcome(&["report", "reports/164", "--seed", "3"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("unexpected argument '--seed'"), "{err}");
    assert!(
        err.contains("`seed` under `[analysis]` in report.toml"),
        "{err}"
    );
    assert!(!err.contains("-- --seed"), "{err}");
}
