//! Runs the built command from the root of the workspace.

#![allow(dead_code, clippy::unwrap_used)]

use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::Value;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// The command, run from the root of the workspace.
pub(crate) fn caveat() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_caveat"));
    command.current_dir(root());
    command
}

/// What a command prints as JSON; it must succeed.
pub(crate) fn json(arguments: &[&str]) -> Value {
    let output = caveat()
        .args(arguments)
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    serde_json::from_slice(&output).unwrap()
}

/// The exit code, standard output and standard error of a command.
pub(crate) fn outcome(arguments: &[&str]) -> (i32, String, String) {
    let output = caveat().args(arguments).output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The JSON in a file of the workspace.
pub(crate) fn file(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(root().join(path)).unwrap()).unwrap()
}

/// The number at a path of names separated by slashes.
pub(crate) fn number(value: &Value, path: &str) -> f64 {
    value
        .pointer(path)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("no number at {path}"))
}

/// Fails unless two numbers agree to this relative tolerance.
#[track_caller]
pub(crate) fn assert_close(actual: f64, expected: f64, tolerance: f64, what: &str) {
    let bound = tolerance * expected.abs().max(1e-300);
    assert!(
        (actual - expected).abs() <= bound,
        "{what}: {actual} against {expected}"
    );
}
