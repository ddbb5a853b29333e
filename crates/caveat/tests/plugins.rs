//! Plugins as a user meets them: `--plugins`, `importers`, `plugin-check`, schemas.

#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::{json, outcome, root};

const PLUGINS: &str = "docs/examples/plugins.toml";
const SAMPLE: &str = "docs/examples/sample.redlog";
const SCRIPT: &str = "docs/examples/plugin-python/redlog.py";

/// A path of the tree, wherever the test runs.
fn tree(path: &str) -> String {
    root().join(path).to_str().unwrap().to_owned()
}

/// Whether there is an interpreter for the example; continuous integration has one.
fn python_is_missing() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join("python3").is_file());
    if !found {
        assert!(
            std::env::var_os("CI").is_none(),
            "continuous integration must have python3"
        );
        eprintln!("skipped: there is no python3 on this machine");
    }
    !found
}

#[test]
fn a_configured_plugin_imports_like_any_importer() {
    if python_is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.caveat.db");
    let store = store.to_str().unwrap();
    let (plugins, sample) = (tree(PLUGINS), tree(SAMPLE));
    let call = [
        "import",
        "--json",
        "--store",
        store,
        "--plugins",
        &plugins,
        &sample,
    ];
    let (code, out, err) = outcome(&call);
    assert_eq!(code, 0, "{err}");
    let answer: Value = serde_json::from_str(&out).unwrap();
    let source = &answer["sources"][0];
    assert_eq!(source["format"], "redlog");
    assert_eq!(source["format_version"], "1");
    assert_eq!(
        [&source["read"], &source["imported"], &source["rejected"]],
        [9, 8, 1]
    );
    let (_, again, _) = outcome(&call);
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["totals"]["already_present"], 8);
    assert_eq!(again["totals"]["imported"], 0);
}

#[test]
fn a_report_reads_through_the_plugins_that_it_names() {
    if python_is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let start = "title = \"T\"\nnumber = \"0\"\nseries = \"S\"\nauthor = \"A\"\n\
         edition_date = \"2026-11-23\"\ncorpus = \"Corpus: a plugin's\"\n";
    let rest = format!(
        "[[inputs]]\npath = {}\n[inclusion]\nmin_n_per_model = 1\n[analysis]\npermutations = 999\n",
        Value::String(tree(SAMPLE))
    );
    let report = folder.path().to_str().unwrap();
    let write = |plugins: &str| {
        let text = format!("{start}{plugins}{rest}");
        std::fs::write(folder.path().join("report.toml"), text).unwrap();
    };
    write(&format!("plugins = {}\n", Value::String(tree(PLUGINS))));
    let answer = json(&["analyse", report, "--json"]);
    assert!(
        answer["corpus"].to_string().contains("redlog"),
        "{}",
        answer["corpus"]
    );
    write("");
    let (code, _, err) = outcome(&["analyse", report]);
    assert_eq!(code, 3, "{err}");
    write("plugins = \"missing.toml\"\n");
    let (code, _, err) = outcome(&["analyse", report]);
    assert_eq!(code, 3, "{err}");
    assert!(
        err.contains("missing.toml") && err.contains("hint: "),
        "{err}"
    );
}

#[test]
fn without_the_option_nothing_is_picked_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.caveat.db");
    let (code, _, err) = outcome(&["import", "--store", store.to_str().unwrap(), &tree(SAMPLE)]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("no importer recognises"), "{err}");
}

#[test]
fn importers_say_where_each_comes_from() {
    if python_is_missing() {
        return;
    }
    let listed = json(&["importers", "--json", "--plugins", &tree(PLUGINS)]);
    let of = |name: &str| {
        let entries = listed.as_array().unwrap();
        entries
            .iter()
            .find(|entry| entry["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(of("table")["origin"]["kind"], "built_in");
    let redlog = of("redlog");
    assert_eq!(redlog["origin"]["kind"], "plugin");
    let command = redlog["origin"]["command"].as_str().unwrap();
    assert!(command.ends_with("redlog.py"), "{command}");
}

#[test]
fn a_changed_plugin_is_refused_with_exit_code_3() {
    if python_is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("plugins.toml");
    let digest = "0".repeat(64);
    std::fs::write(
        &configuration,
        format!(
            "[plugins.redlog]\ninterpreter = 'python3'\nprogram = '{}'\nsha256 = '{digest}'\n",
            tree(SCRIPT)
        ),
    )
    .unwrap();
    let (code, _, err) = outcome(&["importers", "--plugins", configuration.to_str().unwrap()]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("has the digest"), "{err}");
    assert!(err.contains("hint: look at what changed"), "{err}");
}

#[test]
fn a_missing_configuration_is_wrong_use() {
    let (code, _, err) = outcome(&["importers", "--plugins", "/nowhere/plugins.toml"]);
    assert_eq!(code, 2, "{err}");
}

#[test]
fn plugin_check_ends_with_what_plugins_toml_must_say() {
    if python_is_missing() {
        return;
    }
    let (script, sample) = (tree(SCRIPT), tree(SAMPLE));
    let (code, out, err) = outcome(&[
        "plugin-check",
        "--huge",
        "1",
        "--sample",
        &sample,
        "python3",
        &script,
    ]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains(" passed, 0 failed, 0 skipped\n"), "{out}");
    assert!(
        out.contains("[plugins.redlog]\ninterpreter = \"python3\"\n"),
        "{out}"
    );
    let digest = caveat_corpus::Digest::of(&std::fs::read(&script).unwrap());
    assert!(out.contains(&format!("sha256 = \"{digest}\"\n")), "{out}");
}

#[test]
fn plugin_check_fails_a_program_that_is_no_plugin() {
    let (code, out, _) = outcome(&["plugin-check", "--json", "cat"]);
    assert_eq!(code, 1, "{out}");
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["failed"], 1);
    let found = answer["findings"][0]["found"].as_str().unwrap();
    assert!(
        found.contains("line 1 of its output is no message"),
        "{found}"
    );
}

#[test]
fn the_schemas_of_plugins_are_those_that_are_committed() {
    for name in ["plugin", "plugins"] {
        let (code, out, _) = outcome(&["schema", name]);
        assert_eq!(code, 0);
        let committed = root().join(format!("crates/plugin/schemas/{name}.schema.json"));
        assert_eq!(out, std::fs::read_to_string(committed).unwrap());
    }
}
