//! The examples of `docs/plugins.md`: the plugin in Python and the plugin in
//! Rust read the same file alike, and both pass the conformance kit.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};

use caveat_corpus::Record;
use caveat_importer::{Importer, Options};
use caveat_plugin::check::{self, Kit, Outcome};
use caveat_plugin::{Configuration, HostLimits, Plugin, Program};

use common::{import, python, tree};

fn in_rust() -> Program {
    let program = env!("CARGO_BIN_EXE_caveat-plugin-redlog");
    Program::new(program.into(), Vec::new(), Vec::new())
}

fn in_python() -> Option<Program> {
    let script = tree("docs/examples/plugin-python/redlog.py");
    let script = script.to_str().unwrap().to_owned();
    Some(Program::new(python()?, vec![script], Vec::new()))
}

fn sample() -> PathBuf {
    tree("docs/examples/sample.redlog")
}

/// Connects with limits as in use.
fn connect(program: Program) -> Plugin {
    Plugin::connect(program, HostLimits::default()).unwrap()
}

#[test]
fn the_example_in_rust_reads_its_sample() {
    let plugin = connect(in_rust());
    let (found, facts) = import(&plugin, &sample(), &Options::default());
    assert_eq!(facts.unwrap().format_version.as_deref(), Some("1"));
    assert_eq!((found.records.len(), found.rejects.len()), (8, 1));
    assert_eq!(found.rejects[0].reason, "unknown verdict word `perhaps`");
    assert_eq!(found.rejects[0].location.record.as_deref(), Some("10"));
    let graded = found.records.iter().filter(|record| match record {
        Record::Trace(trace) => !trace.grades.is_empty(),
        Record::Cell(_) => false,
    });
    assert_eq!(graded.count(), 5);
}

#[test]
fn both_examples_give_the_same_records() {
    let Some(program) = in_python() else {
        return;
    };
    let (rust, python) = (connect(in_rust()), connect(program));
    assert_eq!(rust.info(), python.info());
    let folder = tempfile::tempdir().unwrap();
    for (number, bytes) in variants().into_iter().enumerate() {
        let path = folder.path().join(number.to_string());
        std::fs::write(&path, bytes).unwrap();
        for keep_text in [false, true] {
            let options = Options {
                keep_text,
                ..Options::default()
            };
            let (one, first) = import(&rust, &path, &options);
            let (other, second) = import(&python, &path, &options);
            assert_eq!(one.records, other.records, "variant {number}");
            assert_eq!(one.rejects, other.rejects, "variant {number}");
            let words = |error: caveat_importer::ImportError| error.to_string();
            assert_eq!(
                first.map_err(words),
                second.map_err(words),
                "variant {number}"
            );
        }
    }
}

/// The sample, and what may become of such a file.
fn variants() -> Vec<Vec<u8>> {
    let good = std::fs::read(sample()).unwrap();
    let row = |row: &[u8]| [&good[..], row, b"\n"].concat();
    vec![
        good.clone(),
        good[..good.len() - 1].to_vec(),
        good[..100].to_vec(),
        good[..10].to_vec(),
        Vec::new(),
        good.iter()
            .flat_map(|b| {
                if *b == b'\n' {
                    vec![b'\r', b'\n']
                } else {
                    vec![*b]
                }
            })
            .collect(),
        row(b""),
        row(b"\xff\tm\tp\t1\trefused\tx"),
        row(b"1\t\tp\t1\trefused\tx"),
        row(b"1\tm\tp\t0\trefused\tx"),
        row(b"1\tm\tp\t+1\trefused\tx"),
        row("1\tm\tp\t\u{661}\trefused\tx".as_bytes()),
        row(&[b"1\tm\tp\t1\trefused\t", &vec![b'x'; 1 << 20][..]].concat()),
        row(&[b"1\tm\tp\t1\trefused\t", &vec![b'x'; 3 << 20][..]].concat()),
        row(&[b"1\tm\tp\t1\trefused\t", &vec![b'x'; (1 << 20) - 16][..]].concat()),
    ]
}

fn conforms(program: Program) {
    let kit = Kit {
        program,
        samples: vec![sample()],
        limits: HostLimits::default(),
        huge_bytes: 1 << 20,
    };
    let report = check::run(kit, &mut |_| {}).unwrap();
    for finding in &report.findings {
        assert_eq!(finding.outcome, Outcome::Passed, "{}", finding.check);
    }
    assert_eq!(report.name.as_deref(), Some("redlog"));
    assert!(report.findings.len() > 55, "{}", report.findings.len());
}

#[test]
fn the_example_in_rust_conforms() {
    conforms(in_rust());
}

#[test]
fn the_example_in_python_conforms() {
    if let Some(program) = in_python() {
        conforms(program);
    }
}

#[test]
fn the_configuration_of_the_example_is_up_to_date() {
    if python().is_none() {
        return;
    }
    let path = tree("docs/examples/plugins.toml");
    let plugins = Configuration::read(&path).unwrap().connect().unwrap();
    assert_eq!(plugins.len(), 1);
    let info = plugins[0].info();
    assert_eq!((info.name, info.claims_files), ("redlog", true));
    assert!(
        plugins[0]
            .command_line()
            .ends_with("plugin-python/redlog.py")
    );
}

#[test]
fn the_kit_finds_what_a_liar_does() {
    let liar = |mode: &str, sample: &Path| {
        let kit = Kit {
            program: common::liar(mode, "checked"),
            samples: vec![sample.to_path_buf()],
            limits: common::limits(),
            huge_bytes: 1 << 20,
        };
        let report = check::run(kit, &mut |_| {}).unwrap();
        let failed = report
            .findings
            .iter()
            .filter(|f| matches!(f.outcome, Outcome::Failed { .. }));
        failed.map(|f| f.check.clone()).collect::<Vec<_>>()
    };
    let failed = liar("good", &sample());
    assert!(
        failed.contains(&"an empty file is not claimed".to_owned()),
        "{failed:?}"
    );
    let failed = liar("more-traces", &sample());
    let account = failed
        .iter()
        .any(|check| check.ends_with("and the account agrees"));
    assert!(account, "{failed:?}");
    assert_eq!(
        liar("wrong-version", &sample()),
        ["it greets, and ends when its standard input ends"]
    );
}
