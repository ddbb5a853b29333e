//! Damage, bombs and limits.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;

use caveat_importer::Options;
use tempfile::TempDir;

use common::*;

fn file(name: &str, content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

/// Cuts a file at many places; what comes out is a refusal, or records of the
/// whole file and at most one reject for the half record.
fn survives_truncation(name: &str, step: usize, at_most_one_reject: bool) {
    let bytes = std::fs::read(data(name)).unwrap();
    let whole = identities(&read(&data(name)).traces);
    let suffix = name.rsplit('/').next().unwrap();
    let mut imported = 0;
    for end in (0..bytes.len()).step_by(step) {
        let (_folder, path) = file(suffix, &bytes[..end]);
        let Ok(part) = read_with(&path, &options(r#"{"runs": "red-team"}"#)) else {
            continue;
        };
        imported += 1;
        if at_most_one_reject {
            assert!(
                part.collector.rejects.len() <= 1,
                "{end}: {:?}",
                part.collector.rejects
            );
        }
        assert!(part.traces.len() <= whole.len(), "{end}");
        if part.traces.len() + part.collector.rejects.len() < whole.len() {
            assert!(!part.facts.notes.is_empty());
        }
        // An id and a digest of the whole file: nothing was made up.
        for identity in identities(&part.traces) {
            assert!(whole.contains(&identity), "{end}");
        }
    }
    assert!(imported > 10, "{imported}");
}

#[test]
fn json_cut_anywhere_gives_whole_results_alone() {
    survives_truncation("0.123.1/results.json", 397, true);
}

#[test]
fn lines_cut_anywhere_give_whole_results_alone() {
    survives_truncation("0.123.1/results.jsonl", 397, true);
}

#[test]
fn yaml_cut_anywhere_gives_whole_results_alone() {
    survives_truncation("0.123.1/results.yaml", 1201, true);
}

#[test]
fn a_table_or_a_database_cut_anywhere_does_no_harm() {
    for (name, step) in [
        ("0.123.1/results.csv", 61),
        ("0.120.0/results.csv", 61),
        ("0.123.1/promptfoo.db", 1531),
    ] {
        let bytes = std::fs::read(data(name)).unwrap();
        for end in (0..bytes.len()).step_by(step) {
            let (_folder, path) = file(name.rsplit('/').next().unwrap(), &bytes[..end]);
            let _ = probe(&path);
            if let Ok(read) = read_with(&path, &options(r#"{"runs": "red-team"}"#)) {
                assert!(read.traces.len() <= 13);
            }
        }
    }
}

#[test]
fn flipped_bytes_do_no_harm() {
    for name in [
        "0.123.1/results.json",
        "0.123.1/results.jsonl",
        "0.123.1/results.yaml",
        "0.123.1/promptfoo.db",
    ] {
        let bytes = std::fs::read(data(name)).unwrap();
        for at in (0..bytes.len()).step_by(2503) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            let (_folder, path) = file(name.rsplit('/').next().unwrap(), &damaged);
            let _ = probe(&path);
            let _ = read_with(&path, &options("{}"));
        }
    }
}

#[test]
fn a_document_that_ends_in_its_results_says_so() {
    let bytes = std::fs::read(data("0.123.1/results.json")).unwrap();
    let (_folder, path) = file("results.json", &bytes[..bytes.len() / 2]);
    let read = read(&path);
    assert!(!read.traces.is_empty());
    assert_eq!(read.collector.rejects.len(), 1);
    assert_eq!(
        read.collector.rejects[0].reason,
        "the file ends within this result"
    );
    assert!(
        read.facts
            .notes
            .iter()
            .any(|note| note.contains("cut short at byte")),
        "{:?}",
        read.facts.notes
    );
}

#[test]
fn yaml_that_ends_between_two_lines_does_not_believe_its_last_result() {
    let text = std::fs::read_to_string(data("0.123.1/results.yaml")).unwrap();
    // The end of a line within the last result: still valid YAML.
    let at = text.rfind("      failureReason:").unwrap();
    let (_folder, path) = file("results.yaml", &text.as_bytes()[..at]);
    let read = read(&path);
    assert_eq!(read.traces.len(), 11);
    assert_eq!(read.collector.rejects.len(), 1);
    assert_eq!(
        read.collector.rejects[0].location.record.as_deref(),
        Some("11")
    );
}

#[test]
fn damage_behind_the_results_of_yaml_is_told() {
    let text = std::fs::read_to_string(data("0.123.1/results.yaml")).unwrap();
    let deep = format!("zz: {}", "[".repeat(100_000));
    for damage in [
        deep.as_str(),
        "zz: \"",
        "zz: \"a\na\n",
        "\n\u{1}:::{{{ - ]\n",
        "zz: [",
        "\u{0}\n",
    ] {
        let (_folder, path) = file("results.yaml", format!("{text}{damage}").as_bytes());
        let read = read(&path);
        let damage: String = damage.chars().take(40).collect();
        assert_eq!(read.traces.len(), 12, "{damage:?}");
        let told = |note: &String| note.contains("what follows the results cannot be read");
        assert!(
            read.facts.notes.iter().any(told),
            "{damage:?}: {:?}",
            read.facts.notes
        );
    }
    for (damage, reason) in [
        ("---\na: 1\n", "documents: 2"),
        ("...\nzz: \"", "documents: 2"),
    ] {
        let (_folder, path) = file("results.yaml", format!("{text}{damage}").as_bytes());
        assert!(refusal(&path).contains(reason));
    }
}

#[test]
fn a_bomb_of_aliases_is_refused_by_count() {
    let mut text = String::from(
        "evalId: eval-1\nresults:\n  version: 3\n  results: []\nconfig:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n",
    );
    for level in 1..12 {
        let before = level - 1;
        let aliases = vec![format!("*a{before}"); 10].join(", ");
        text.push_str(&format!("  a{level}: &a{level} [{aliases}]\n"));
    }
    text.push_str("  redteam: *a11\n");
    let (_folder, path) = file("results.yaml", text.as_bytes());
    let message = refusal(&path);
    assert!(message.contains("more anchors"), "{message}");
    assert!(message.contains("aliases"), "{message}");
}

#[test]
fn deep_nesting_is_a_reject_in_json_and_a_refusal_in_yaml() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!(
        r#"{{"evalId":"e","results":{{"version":3,"results":[{{"success":true,"score":{deep}}}]}},"config":{{"redteam":{{}}}}}}"#
    );
    let (_folder, path) = file("results.json", text.as_bytes());
    let json = read(&path);
    assert_eq!((json.traces.len(), json.collector.rejects.len()), (0, 1));
    let (_folder, path) = file("results.jsonl", format!("{{\"success\":true,\"testIdx\":0,\"promptIdx\":0,\"metadata\":{{\"pluginId\":\"x\"}},\"latencyMs\":1,\"vars\":{deep}}}\n").as_bytes());
    // The only line is broken, so nothing shows what kind of run it is.
    assert!(refusal(&path).contains("none of its 1 results can be read"));
    let (_folder, path) = file(
        "results.yaml",
        format!("evalId: e\nresults:\n  version: 3\n  results:\n    - a: {deep}\n").as_bytes(),
    );
    let _ = read_with(&path, &options(r#"{"runs": "red-team"}"#));
}

#[test]
fn a_result_beyond_the_limit_is_a_reject_and_the_next_one_is_read() {
    let limited = |path: &PathBuf| {
        let mut options = Options::default();
        options.limits.max_record_bytes = 5_000;
        options.format = serde_json::from_str(r#"{"runs": "red-team"}"#).unwrap();
        read_with(path, &options).unwrap()
    };
    for name in [
        "0.123.1/results.json",
        "0.123.1/results.jsonl",
        "0.123.1/promptfoo.db",
    ] {
        let read = limited(&data(name));
        assert!(
            read.traces.len() > 1 && read.collector.rejects.len() > 1,
            "{name}: {} {}",
            read.traces.len(),
            read.collector.rejects.len()
        );
        assert!(read.traces.len() + read.collector.rejects.len() >= 12);
        assert!(
            read.collector
                .rejects
                .iter()
                .all(|reject| reject.reason.contains("at most 5000 are read")),
            "{name}"
        );
    }
}

#[test]
fn other_files_are_refused_with_what_was_expected() {
    for (name, content, words) in [
        ("a.json", &b"{}"[..], "expected promptfoo's JSON"),
        ("b.json", b"[1, 2]", "expected promptfoo's JSON"),
        ("c.txt", b"just text", "expected promptfoo's JSON"),
        ("d.bin", b"\0\x01\x02", "expected promptfoo's JSON"),
        (
            "e.json",
            br#"{"evalId": "x", "config": {}}"#,
            "no `results`",
        ),
        (
            "f.json",
            br#"{"evalId": "x", "results": 3}"#,
            "no list `results.results`",
        ),
        ("g.json", b"", "expected promptfoo's JSON"),
        ("h.db", b"SQLite format 3\0", "cut short"),
    ] {
        let (_folder, path) = file(name, content);
        let message = refusal(&path);
        assert!(message.contains(words), "{name}: {message}");
        assert!(message.contains("\nhint: "), "{name}: {message}");
    }
}
