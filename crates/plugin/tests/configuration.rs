//! `plugins.toml`: by path and digest, and nothing from the current folder.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};

use caveat_corpus::Digest;
use caveat_importer::{Claim, Importer, Options, Probe};
use caveat_plugin::Configuration;

const LIAR: &str = env!("CARGO_BIN_EXE_caveat-plugin-liar");

/// A folder with a configuration of this text; `{liar}` and `{sha256}` stand for the program.
fn configured(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugins.toml");
    let digest = Digest::of(&std::fs::read(LIAR).unwrap());
    let text = text
        .replace("{liar}", LIAR)
        .replace("{sha256}", &digest.to_hex());
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn fault(text: &str) -> String {
    let (_folder, path) = configured(text);
    let read = Configuration::read(&path).and_then(Configuration::connect);
    let message = read.unwrap_err().to_string();
    assert!(message.contains("\nhint: "), "{message}");
    message
}

#[test]
fn a_plugin_is_used_by_path_and_digest() {
    let (_folder, path) = configured("[plugins.liar]\nprogram = '{liar}'\nsha256 = '{sha256}'\n");
    let plugins = Configuration::read(&path).unwrap().connect().unwrap();
    let [plugin] = &plugins[..] else {
        panic!("one plugin");
    };
    assert_eq!(
        (plugin.info().name, plugin.info().versions),
        ("liar", &["1"][..])
    );
    assert_eq!(plugin.command_line(), LIAR);
}

#[test]
fn a_digest_that_differs_is_refused_with_the_one_found_and_the_remedy() {
    let expected = "0".repeat(64);
    let found = Digest::of(&std::fs::read(LIAR).unwrap());
    let message = fault(&format!(
        "[plugins.liar]\nprogram = '{{liar}}'\nsha256 = '{expected}'\n"
    ));
    let says = format!("has the digest {found}, and {expected} was expected");
    assert!(message.contains(&says), "{message}");
    assert!(
        message.contains("put its digest into plugins.toml"),
        "{message}"
    );
}

#[test]
fn a_program_that_changes_after_the_start_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("liar");
    std::fs::copy(LIAR, &program).unwrap();
    let digest = Digest::of(&std::fs::read(LIAR).unwrap());
    let path = folder.path().join("plugins.toml");
    std::fs::write(
        &path,
        format!("[plugins.liar]\nprogram = 'liar'\nsha256 = '{digest}'\n"),
    )
    .unwrap();
    let plugins = Configuration::read(&path).unwrap().connect().unwrap();
    std::fs::remove_file(&program).unwrap();
    std::fs::write(&program, "#!/bin/sh\n").unwrap();
    let (_, result) = common::import(&plugins[0], &path, &Options::default());
    let message = result.unwrap_err().to_string();
    assert!(message.contains("has the digest"), "{message}");
}

#[test]
fn every_pinned_file_must_agree() {
    let text = "[plugins.liar]\nprogram = '{liar}'\nsha256 = '{sha256}'\npinned = { 'plugins.toml' = 'DIGEST' }\n";
    let message = fault(&text.replace("DIGEST", &"1".repeat(64)));
    assert!(
        message.contains("plugins.toml` has the digest"),
        "{message}"
    );
}

#[test]
fn mistakes_in_the_file_are_named() {
    let plugin = "[plugins.liar]\nprogram = '{liar}'\nsha256 = '{sha256}'\n";
    for (text, expected) in [
        ("[plugin.liar]", "unknown field `plugin`"),
        ("[plugins.liar]\nprogram = 'x'", "missing field `sha256`"),
        (
            "[plugins.liar]\nprogram = 'x'\nsha256 = 'abc'",
            "not a SHA-256 digest",
        ),
        (
            "[plugins.Liar]\nprogram = '{liar}'\nsha256 = '{sha256}'",
            "`Liar` is no name of a format",
        ),
        (
            "[plugins.other]\nprogram = '{liar}'\nsha256 = '{sha256}'",
            "which calls itself `liar`",
        ),
        (
            "[plugins.liar]\nprogram = 'absent'\nsha256 = '{sha256}'",
            "absent` cannot be read",
        ),
        (
            &format!("{plugin}interpreter = 'no-such-interpreter'"),
            "no `no-such-interpreter` in the folders of PATH",
        ),
        (
            &format!("{plugin}interpreter_sha256 = '{{sha256}}'"),
            "`interpreter_sha256` without `interpreter`",
        ),
        (&format!("{plugin}files = ['[']"), "plugin `liar`"),
        (
            &format!("{plugin}limits = {{ seconds = 1 }}"),
            "unknown field `seconds`",
        ),
        (
            &format!("{plugin}arguments = ['wrong-version']"),
            "it speaks version 2 of the protocol",
        ),
        (
            &format!("{plugin}interpreter = './plugins.toml'"),
            "cannot be started",
        ),
    ] {
        let message = fault(text);
        assert!(
            message.contains(expected),
            "`{expected}` is not in:\n{message}"
        );
    }
    let message = Configuration::read(Path::new("/nowhere/plugins.toml")).unwrap_err();
    assert!(
        message
            .to_string()
            .contains("cannot use `/nowhere/plugins.toml`")
    );
}

#[test]
fn limits_of_the_file_are_in_force() {
    let plugin = "[plugins.liar]\nprogram = '{liar}'\nsha256 = '{sha256}'\n";
    let (_folder, path) = configured(&format!(
        "{plugin}arguments = ['endless-records']\nlimits = {{ records = 7 }}\n"
    ));
    let plugins = Configuration::read(&path).unwrap().connect().unwrap();
    let (_, result) = common::import(&plugins[0], &path, &Options::default());
    let message = result.unwrap_err().to_string();
    assert!(message.contains("more than 7 records"), "{message}");
}

#[test]
fn files_whose_names_do_not_fit_are_not_shown() {
    let plugin = "[plugins.liar]\nprogram = '{liar}'\nsha256 = '{sha256}'\nfiles = ['*.toml']\n";
    let (folder, path) = configured(plugin);
    let plugins = Configuration::read(&path).unwrap().connect().unwrap();
    let ask = |path: &Path| {
        plugins[0].probe(&Probe {
            path,
            head: b"",
            size: 0,
        })
    };
    assert!(matches!(ask(&path), Claim::Yes { .. }));
    assert_eq!(ask(&folder.path().join("other.json")), Claim::No);
}
