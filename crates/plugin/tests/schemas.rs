//! The committed schemas are those of the types, and fit what is written.

#![allow(clippy::unwrap_used)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use caveat_plugin::config::configuration_schema;
use caveat_plugin::protocol::protocol_schema;

#[test]
fn the_schemas_are_up_to_date() {
    for (name, schema) in [
        ("plugin", protocol_schema()),
        ("plugins", configuration_schema()),
    ] {
        let path = format!("{}/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == schema.unwrap(),
            "`{name}` is not what the code gives; run `cargo xtask gen`"
        );
    }
}

/// What the example in Rust writes when it is told this.
fn written(requests: &str) -> Vec<serde_json::Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_caveat-plugin-redlog"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(requests.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap().stdout;
    let lines = std::str::from_utf8(&output).unwrap().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn what_host_and_plugin_write_fits_the_schema() {
    let schema = serde_json::from_str(&protocol_schema().unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let sample = format!(
        "{}/../../docs/examples/sample.redlog",
        env!("CARGO_MANIFEST_DIR")
    );
    let limits = r#"{"max_line_bytes":1,"max_name_chars":1,"max_records":1,"silence_ms":1}"#;
    let requests = [
        format!(r#"{{"type":"hello","protocol":1,"limits":{limits}}}"#),
        format!(r#"{{"type":"probe","path":"{sample}","size":1}}"#),
        format!(
            r#"{{"type":"import","path":"{sample}","size":1,"keep_text":true,"options":{{}}}}"#
        ),
    ];
    let replies = written(&requests.join("\n"));
    assert_eq!(replies.len(), 12);
    let requests = requests
        .iter()
        .map(|line| serde_json::from_str(line).unwrap());
    for message in requests.chain(replies) {
        let faults: Vec<String> = validator
            .iter_errors(&message)
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{message}: {faults:?}");
    }
    for wrong in [
        r#"{"type":"progress"}"#,
        r#"{"type":"progress","bytes_read":1,"more":1}"#,
        r#"{"type":"shout"}"#,
        "[]",
    ] {
        let wrong = serde_json::from_str(wrong).unwrap();
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}
