//! Mappings that are proposed for tables nobody has described.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use caveat_corpus::Verdict;
use caveat_import_table::mapping::Mapping;
use caveat_import_table::{Guess, guess};
use caveat_importer::{Limits, Options};
use common::{data, import, import_with, report, traces};
use serde_json::Value;

const TABLES: &[&str] = &[
    "strongreject.csv",
    "strongreject_bom_crlf.csv",
    "strongreject_semicolon.csv",
    "strongreject.tsv",
    "strongreject_utf16le.csv",
    "strongreject_snappy.parquet",
    "generic.jsonl",
    "generic.json",
    "generic_wrapped.json",
    "generic_broken.jsonl",
    "nested.parquet",
];

fn guessed(path: &Path) -> Guess {
    guess(path, &Limits::default()).unwrap()
}

fn guess_text(name: &str, text: &[u8]) -> Result<Guess, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    guess(&path, &Limits::default()).map_err(|error| error.to_string())
}

/// Reads a proposal as an import would.
fn read(guess: &Guess) -> Result<Mapping, String> {
    let table = toml::from_str(guess.to_toml()).unwrap_or_else(|error| {
        panic!("{error}\n{guess}");
    });
    Mapping::from_options(&table).map_err(|error| error.to_string())
}

#[test]
fn a_table_of_strongreject_is_described_whole() {
    for name in TABLES.iter().filter(|name| name.starts_with("strong")) {
        let guess = guessed(&data(name));
        assert_eq!(guess.undecided(), [""; 0], "{guess}");
        let collector = import(&data(name), guess.to_toml());
        assert!(collector.rejects.is_empty(), "{name}");
        let found = traces(&collector);
        let count = |wanted| {
            let verdicts = found.iter().map(|trace| trace.grades[0].verdict);
            verdicts.filter(|verdict| *verdict == wanted).count()
        };
        assert_eq!(found.len(), 42);
        assert_eq!(count(Verdict::Compliance), 7);
        assert_eq!(count(Verdict::ParseError), 3);
        assert!(found[0].prompt.is_some() && found[0].response_digest.is_some());
        assert_eq!(found[0].technique.as_deref(), Some("pair"));
    }
}

#[test]
fn what_the_table_does_not_say_is_left_to_the_user_and_refused_until_then() {
    for name in ["generic.jsonl", "generic.json", "generic_wrapped.json"] {
        let guess = guessed(&data(name));
        assert_eq!(guess.rows(), 42, "{name}");
        let message = read(&guess).unwrap_err();
        assert!(
            message.contains("the mapping leaves `grades[0].kind` to be decided (and 8 more)"),
            "{message}"
        );
        let open = guess.undecided();
        assert_eq!(open.len(), 9, "{open:?}");
        assert!(open.contains(&"what `yes` in `label` means (rows: 4)".to_owned()));
        // The user decides, and the import gives what was counted when the table was made.
        let mut mapping: serde_json::Map<String, Value> = toml::from_str(guess.to_toml()).unwrap();
        let grades = mapping.get_mut("grades").unwrap().as_array_mut().unwrap();
        grades.truncate(1);
        grades[0]["kind"] = "llm".into();
        for (value, verdict) in grades[0]["map"].as_object_mut().unwrap() {
            if verdict == "decide" {
                let succeeded = ["true", "1", "yes"].contains(&value.as_str());
                *verdict = if succeeded { "compliance" } else { "refusal" }.into();
            }
        }
        let asked = Options {
            format: mapping,
            ..Options::default()
        };
        let (collector, _) = import_with(&data(name), &asked).unwrap();
        assert!(collector.rejects.is_empty(), "{:?}", collector.rejects);
        let verdicts = traces(&collector)
            .into_iter()
            .map(|trace| trace.grades.first().map(|grade| grade.verdict));
        let verdicts: Vec<_> = verdicts.collect();
        let count = |wanted| {
            verdicts
                .iter()
                .filter(|verdict| **verdict == wanted)
                .count()
        };
        let counts = [Some(Verdict::Compliance), Some(Verdict::Refusal), None].map(count);
        assert_eq!(counts, [20, 15, 7], "{name}");
    }
}

#[test]
fn no_prompt_and_no_response_is_ever_shown() {
    let objects = std::fs::read_to_string(data("generic.jsonl")).unwrap();
    let objects = objects.lines().filter(|line| !line.trim().is_empty());
    let mut texts = Vec::new();
    for object in objects {
        let object: Value = serde_json::from_str(object).unwrap();
        for key in ["prompt", "response"] {
            texts.extend(object[key].as_str().map(str::to_owned));
        }
    }
    texts.retain(|text| !text.is_empty());
    for name in TABLES {
        let guess = guessed(&data(name));
        let everything = format!("{guess}{:?}", guess.undecided());
        for text in &texts {
            assert!(!everything.contains(text), "{name} shows {text}");
            let line = text.lines().next_back().unwrap();
            assert!(!everything.contains(line), "{name} shows {line}");
        }
        assert!(!everything.contains("placeholder"), "{name}");
    }
}

#[test]
fn text_in_a_column_of_verdicts_or_in_a_header_is_not_shown() {
    let secret = "placeholder text of a request in full";
    let text = format!(
        "model,label,{secret}\na,unsafe,1\na,safe,1\na,unsafe,1\na,\"{secret}\",{secret}\n"
    );
    let guess = guess_text("t.csv", text.as_bytes()).unwrap();
    let shown = guess.to_toml();
    assert!(!shown.contains("placeholder"), "{shown}");
    assert!(
        shown.contains("values that look like text and are not shown: 1 (rows: 1)"),
        "{shown}"
    );
    assert!(
        shown.contains("a text of 37 characters, SHA-256 "),
        "{shown}"
    );
    assert_eq!(guess.undecided().len(), 1);
}

#[test]
fn a_polarity_is_proposed_only_where_name_or_word_says_it() {
    for (column, values, open) in [
        ("jailbroken", "True False", 1),
        ("is_safe", "1 0", 1),
        ("refused", "yes no", 1),
        ("Attack Success", "1.0 0.0", 1),
        ("success", "true false", 3),
        ("label", "safe unsafe", 1),
        ("label", "0 1 2", 4),
        ("odd_name", "complied refused", 1),
        ("passed", "true", 2),
    ] {
        let rows: Vec<String> = values
            .split(' ')
            .map(|value| format!("m,{value}"))
            .collect();
        let text = format!("model,{column}\n{}\n", rows.join("\n"));
        let guess = guess_text("t.csv", text.as_bytes()).unwrap();
        assert_eq!(guess.undecided().len(), open, "{column}: {guess}");
        assert!(read(&guess).unwrap_err().contains("to be decided"));
    }
    let guess = guess_text("t.csv", b"model,jailbroken\na,1\nb,0\n").unwrap();
    let shown = guess.to_toml();
    assert!(shown.contains("\"1\" = \"compliance\"  # in 1"), "{shown}");
    let guess = guess_text("t.csv", b"model,is_safe\na,1\nb,0\n").unwrap();
    assert!(guess.to_toml().contains("\"1\" = \"refusal\"  # in 1"));
}

#[test]
fn scores_without_a_bound_are_left_open_with_their_range() {
    let text = b"model;reply;harm_score\na;x;0,25\na;y;0,75\na;z;\n";
    let guess = guess_text("t.csv", text).unwrap();
    let shown = guess.to_toml();
    assert!(shown.contains("decimal = \",\""), "{shown}");
    assert!(
        shown.contains("# numbers from 0.25 to 0.75 (2 rows), empty in 1"),
        "{shown}"
    );
    assert!(shown.contains("threshold = \"decide\""), "{shown}");
    assert!(read(&guess).unwrap_err().contains("grades[0].kind"));
    let decided = shown
        .replace("kind = \"decide\"", "kind = \"llm\"")
        .replace("threshold = \"decide\"", "threshold = 0.5");
    let collector = common::import_text("t.csv", text, &decided).unwrap();
    assert_eq!(traces(&collector)[1].grades[0].verdict, Verdict::Compliance);
}

#[test]
fn a_table_of_counts_is_told_from_one_of_traces() {
    let path = report("sorry-bench").join("sorry_bench_202503_counts.csv");
    let guess = guessed(&path);
    assert_eq!(guess.undecided(), ["what the grader is"]);
    let decided = guess.to_toml().replace("\"decide\"", "\"llm\"");
    assert_eq!(import(&path, &decided).records.len(), 2464);
}

#[test]
fn a_table_without_a_model_or_a_verdict_says_what_is_missing() {
    let guess = guess_text("t.jsonl", b"{\"prompt\": \"x y\", \"response\": \"z\"}\n").unwrap();
    assert_eq!(guess.undecided(), ["which model answered"]);
    let decided = guess.to_toml().replace("\"decide\"", "\"org/model\"");
    let text = b"{\"prompt\": \"x y\", \"response\": \"z\"}\n";
    let collector = common::import_text("t.jsonl", text, &decided).unwrap();
    assert_eq!(traces(&collector)[0].model.name, "org/model");
}

#[test]
fn names_of_any_kind_come_out_as_a_mapping_that_can_be_read() {
    let header = "\"mo\"\"del\",model,\"lab\nel\",\u{202e}x,\u{1b}[2J,a\\b,#,[x],dup,dup,";
    let text = format!("{header}\n1,m,\u{1b}[31m,\u{7}z\u{85},\"q\"\"\",\\,#,=1,1,2,3\n");
    let guess = guess_text("na\u{202e}me\n.csv", text.as_bytes()).unwrap();
    let shown = guess.to_toml();
    assert!(read(&guess).is_ok(), "{shown}");
    assert!(
        !shown.contains(['\u{1b}', '\u{202e}', '\u{7}', '\u{85}']),
        "{shown}"
    );
    assert!(shown.contains("`dup` stands twice"), "{shown}");
    let text = "model,label\nm,\"\u{1b}[31m\"\nm,a\\b\n";
    let guess = guess_text("t.csv", text.as_bytes()).unwrap();
    assert!(read(&guess).unwrap_err().contains("to be decided"));
    let map: Value = toml::from_str(guess.to_toml()).unwrap();
    let map = map["grades"][0]["map"].as_object().unwrap();
    assert!(
        map.contains_key("\u{1b}[31m") && map.contains_key("a\\b"),
        "{map:?}"
    );
    assert!(!guess.to_toml().contains('\u{1b}'));
}

#[test]
fn what_is_no_table_is_refused_and_a_damaged_one_is_described_as_far_as_it_goes() {
    for (name, text, part) in [
        ("t.csv", &b""[..], "the file is empty"),
        ("t.json", b"[1, 2]", "no list of objects"),
        ("t.json", b"{\n}", "no list of objects"),
        ("t.xlsx", b"PK\x03\x04", "export the sheet as CSV"),
        ("t.parquet", b"PAR1PAR1", "too few for a footer"),
    ] {
        let message = guess_text(name, text).unwrap_err();
        assert!(message.contains(part), "{message}");
        assert!(message.contains("\nhint: "), "{message}");
    }
    let guess = guessed(&data("generic_broken.jsonl"));
    assert_eq!(guess.rows(), 5);
    assert!(
        guess.to_toml().contains("rows that cannot be read: 2"),
        "{guess}"
    );
    for name in TABLES {
        let whole = std::fs::read(data(name)).unwrap();
        for cut in (0..whole.len()).step_by(whole.len() / 23) {
            if let Ok(guess) = guess_text(name, &whole[..cut]) {
                let read = read(&guess);
                assert!(
                    read.as_ref().is_ok() || read.unwrap_err().contains("to be decided"),
                    "{guess}"
                );
            }
        }
    }
}

#[test]
fn a_proposal_is_the_same_every_time() {
    for name in TABLES {
        assert_eq!(guessed(&data(name)), guessed(&data(name)));
    }
}

#[test]
fn a_header_too_wide_or_too_long_to_be_one_is_refused_at_once() {
    let long = "a".repeat(1 << 20);
    for (name, text, reason) in [
        (
            "t.csv",
            format!("{long}\n1\n"),
            "has 1048576 characters, at most 300",
        ),
        (
            "t.csv",
            format!("model,{long}\na,1\n"),
            "has 1048576 characters",
        ),
        (
            "t.jsonl",
            format!("{{\"model\": \"a\", \"{long}\": 1}}\n"),
            "has 1048576 characters",
        ),
        (
            "t.csv",
            format!(
                "{}\n",
                (0..2_001)
                    .map(|n| format!("c{n}"))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            "2001 columns, at most 2000",
        ),
    ] {
        let message = guess_text(name, text.as_bytes()).unwrap_err();
        assert!(message.contains(reason), "{message}");
        assert!(message.contains("\nhint: "), "{message}");
        assert!(message.len() < 1_000, "{}", message.len());
    }
    let kept = "é".repeat(300);
    assert!(guess_text("t.csv", format!("model,{kept}\na,1\n").as_bytes()).is_ok());
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_table_and_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("t.csv");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let found = guess(&pipe, &Limits::default());
        let _ = send.send(found.map(drop).map_err(|error| error.to_string()));
    });
    let found = receive.recv_timeout(std::time::Duration::from_secs(60));
    let message = found.expect("it waits").unwrap_err();
    assert!(message.contains("it is a pipe, not a file"), "{message}");
}
