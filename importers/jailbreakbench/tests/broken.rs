//! Broken and hostile files, each with its message. All content is synthetic.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use caveat_corpus::{Outcome, Record, Trace};
use caveat_import_jailbreakbench::JailbreakBench;
use caveat_importer::{
    Claim, Collector, ImportError, Importer as _, Limits, Options, Probe, Source, SourceFacts,
};

type Imported = Result<(SourceFacts, Collector), ImportError>;

fn import_with(content: &[u8], options: &Options) -> Imported {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    let mut collector = Collector::default();
    let source = Source::new(file.path());
    let facts = JailbreakBench.import(&source, options, &mut collector)?;
    Ok((facts, collector))
}

fn import(content: &str) -> Imported {
    import_with(content.as_bytes(), &Options::default())
}

fn refusal(content: &[u8]) -> String {
    match import_with(content, &Options::default()) {
        Err(error @ ImportError::Refused { .. }) => {
            let text = error.to_string();
            assert!(text.contains("\nhint: "), "{text}");
            text
        }
        other => panic!("expected a refusal, found {other:?}"),
    }
}

fn claim(head: &[u8]) -> Claim {
    JailbreakBench.probe(&Probe {
        path: Path::new("artifact.json"),
        head,
        size: head.len() as u64,
    })
}

const PARAMETERS: &str =
    r#""parameters": {"method": "M", "model": "maker/model", "attack_type": "manual"}"#;
const ENTRY: &str =
    r#"{"index": 0, "behavior": "b0", "prompt": "p", "response": "r", "jailbroken": true}"#;

fn artifact(entries: &str) -> String {
    format!("{{{PARAMETERS}, \"jailbreaks\": [{entries}]}}")
}

fn traces(collector: &Collector) -> Vec<&Trace> {
    collector
        .records
        .iter()
        .map(|record| match record {
            Record::Trace(trace) => trace.as_ref(),
            Record::Cell(_) => panic!("this importer emits no cells"),
        })
        .collect()
}

#[test]
fn a_missing_file_is_an_error_of_reading() {
    let folder = tempfile::TempDir::new().unwrap();
    let source = Source::new(folder.path().join("none.json"));
    let result = JailbreakBench.import(&source, &Options::default(), &mut Collector::default());
    assert!(matches!(result, Err(ImportError::Io { .. })));
}

#[test]
fn a_broken_file_is_refused_with_what_was_found() {
    let whole = artifact(ENTRY);
    for (content, message) in [
        ("", "expected a JSON object: it is cut short"),
        ("[]", "expected a JSON object: found a list"),
        ("{}", "found neither"),
        (r#"{"a": {"b": {"c": 1}}}"#, "found neither"),
        (
            r#"{"a": {"b": {"jailbroken": {"True": 1}}}}"#,
            "found neither",
        ),
        (
            &whole[..whole.len() - 1],
            "expected a JSON object: it is cut short",
        ),
        (
            &format!("{{{PARAMETERS}}}"),
            "the key `jailbreaks` is missing",
        ),
        (r#"{"jailbreaks": []}"#, "the key `parameters` is missing"),
        (
            r#"{"jailbreaks": [], "parameters": {"method": "M"}}"#,
            "`model` is missing",
        ),
        (
            r#"{"jailbreaks": [], "parameters": {"model": 5}}"#,
            "`model` holds a number, expected text",
        ),
        (
            r#"{"jailbreaks": [], "parameters": ["M", "m"]}"#,
            "`parameters`: expected an object",
        ),
        (
            r#"{"jailbreaks": [], "parameters": "\u001b[31m"}"#,
            "`parameters`: expected an object",
        ),
        (
            &format!("{{{PARAMETERS}, \"jailbreaks\": {{}}}}"),
            "`jailbreaks` is not a list",
        ),
        (
            &format!("{{{PARAMETERS}, {PARAMETERS}, \"jailbreaks\": []}}"),
            "the key `parameters` occurs twice",
        ),
        (&artifact("NaN"), "expected a JSON object"),
    ] {
        let found = refusal(content.as_bytes());
        assert!(found.contains(message), "{content}: {found}");
        assert!(!found.contains('\u{1b}'));
    }
    assert!(
        refusal(b"{\"a\": \"\xff\"}").contains("expected UTF-8, found other bytes from byte 7")
    );
}

#[test]
fn every_cut_of_a_file_is_refused() {
    let whole = artifact(ENTRY);
    for end in 0..whole.len() {
        let _ = claim(&whole.as_bytes()[..end]);
        refusal(&whole.as_bytes()[..end]);
    }
}

#[test]
fn a_bad_entry_is_a_reject_with_its_place_and_the_rest_is_imported() {
    for (entry, reason) in [
        ("7", "expected an object"),
        ("null", "expected an object"),
        ("{}", "`behavior` is missing"),
        (
            r#"{"behavior": "b", "jailbroken": false}"#,
            "`prompt` and `response` are missing",
        ),
        (r#"{"behavior": ""}"#, "`behavior` is missing"),
        (
            r#"{"behavior": 3}"#,
            "`behavior` holds a number, expected text",
        ),
        (
            r#"{"behavior": "b", "response": "", "jailbroken": 1}"#,
            "`jailbroken` holds a number, expected true or false",
        ),
        (
            r#"{"behavior": "b", "response": "", "jailbroken": "true"}"#,
            "`jailbroken` holds text, expected true or false",
        ),
        (
            r#"{"behavior": "b", "response": "", "jailbroken_llama_guard1": []}"#,
            "`jailbroken_llama_guard1` holds a list, expected true or false",
        ),
        (
            r#"{"behavior": "b", "response": {}}"#,
            "`response` holds an object, expected text",
        ),
        (
            r#"{"behavior": "b", "prompt": true}"#,
            "`prompt` holds true or false, expected text",
        ),
        (
            r#"{"behavior": "b", "response": "", "index": 1.5}"#,
            "`index` holds a number, expected a whole number or text",
        ),
        (
            r#"{"behavior": "b", "response": "", "index": -1}"#,
            "`index` holds a number, expected a whole number or text",
        ),
        (
            r#"{"behavior": "b", "response": "", "category": 1}"#,
            "`category` holds a number, expected text",
        ),
    ] {
        let content = artifact(&format!("{ENTRY}, {entry}, {ENTRY}"));
        let (_, collector) = import(&content).unwrap();
        assert_eq!(collector.records.len(), 2);
        assert_eq!(collector.rejects.len(), 1, "{entry}");
        let reject = &collector.rejects[0];
        assert_eq!(reject.reason, reason);
        assert_eq!(reject.location.entry.as_deref(), Some("jailbreaks"));
        assert_eq!(reject.location.record.as_deref(), Some("1"));
        let offset = usize::try_from(reject.location.byte.unwrap()).unwrap();
        assert!(content[offset..].starts_with(entry));
    }
}

#[test]
fn an_entry_that_says_a_thing_twice_is_rejected() {
    let entry = r#"{"behavior": "b", "jailbroken": true, "jailbroken": false}"#;
    let (_, collector) = import(&artifact(entry)).unwrap();
    assert!(
        collector.rejects[0]
            .reason
            .contains("duplicate field `jailbroken`")
    );
}

#[test]
fn parameters_may_follow_the_entries() {
    let content = format!("{{\"jailbreaks\": [{ENTRY}], {PARAMETERS}}}");
    let (_, collector) = import(&content).unwrap();
    assert_eq!(traces(&collector)[0].model.name, "maker/model");
    assert!(matches!(claim(content.as_bytes()), Claim::Yes { .. }));
}

#[test]
fn missing_verdicts_and_replies_stay_missing() {
    let (_, collector) = import(&artifact(
        r#"{"behavior": "a", "prompt": null, "response": null}, {"behavior": "b", "prompt": "p", "response": null, "jailbroken": null},
           {"behavior": "c", "prompt": "p", "response": ""}"#,
    ))
    .unwrap();
    let traces = traces(&collector);
    let outcomes: Vec<_> = traces.iter().map(|trace| trace.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::NotSubmitted, Outcome::Error, Outcome::Response]
    );
    assert!(traces.iter().all(|trace| trace.grades.is_empty()));
    assert_eq!(traces[0].record_id.as_deref(), Some("a"));
    assert!(
        traces[2].response_digest.is_some(),
        "an empty reply is a reply"
    );
}

#[test]
fn the_same_behaviour_never_submitted_by_two_methods_is_two_traces() {
    let entry =
        r#"{"index": 0, "behavior": "b", "prompt": null, "response": null, "jailbroken": false}"#;
    let first = artifact(entry);
    let second = first.replace("\"M\"", "\"N\"");
    let identity = |content: &str| {
        let (_, collector) = import(content).unwrap();
        traces(&collector)[0].identity("jailbreakbench", 0)
    };
    assert_ne!(identity(&first), identity(&second));
    assert_eq!(identity(&first), identity(&first));
}

#[test]
fn a_defence_is_part_of_the_technique() {
    let content = artifact(ENTRY).replace("\"manual\"", "\"manual\", \"defense\": \"SmoothLLM\"");
    let (_, collector) = import(&content).unwrap();
    assert_eq!(
        traces(&collector)[0].technique.as_deref(),
        Some("M against SmoothLLM")
    );
}

#[test]
fn limits_on_size_depth_and_names_hold() {
    let limits = |limits: Limits| Options {
        limits,
        ..Options::default()
    };
    let small = limits(Limits {
        max_record_bytes: 100,
        ..Limits::default()
    });
    let long = format!(r#"{{"behavior": "b", "response": "{}"}}"#, "x".repeat(100));
    let content = artifact(&format!("{long}, {ENTRY}"));
    let (_, collector) = import_with(content.as_bytes(), &small).unwrap();
    assert_eq!(
        collector.rejects[0].reason,
        format!("it has {} bytes, at most 100 are read", long.len())
    );
    assert_eq!(collector.records.len(), 1);

    let (_, collector) = import(&artifact(&format!(
        r#"{{"behavior": "{}"}}"#,
        "模".repeat(20_001)
    )))
    .unwrap();
    assert_eq!(
        collector.rejects[0].reason,
        "`behavior` has 20001 characters, at most 20000 are read"
    );
    let named = artifact(ENTRY).replace("maker/model", &"m".repeat(20_001));
    assert!(refusal(named.as_bytes()).contains("`model` has 20001 characters"));
}

#[test]
fn nesting_of_any_depth_is_a_clean_answer() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let (_, collector) = import(&artifact(&format!(
        r#"{{"behavior": "b", "x": {deep}}}, {ENTRY}"#
    )))
    .unwrap();
    assert_eq!(
        collector.rejects[0].reason,
        "it is nested more than 64 levels deep"
    );
    assert_eq!(collector.records.len(), 1);
    let in_parameters = artifact(ENTRY).replace("\"manual\"", &deep);
    assert!(refusal(in_parameters.as_bytes()).contains("`parameters`: it is nested"));
    let open = "[".repeat(200_000);
    refusal(open.as_bytes());
    refusal(format!("{{\"a\": {open}").as_bytes());
    let _ = claim("{".repeat(65_536).as_bytes());
    let options = Options {
        limits: Limits {
            max_depth: 1000,
            ..Limits::default()
        },
        ..Options::default()
    };
    let nested = format!(r#"{{"behavior": {}1{}}}"#, "[".repeat(500), "]".repeat(500));
    let (_, collector) = import_with(artifact(&nested).as_bytes(), &options).unwrap();
    assert!(
        collector.rejects[0]
            .reason
            .contains("nested more than 127 levels")
    );
}

#[test]
fn an_evaluation_file_rejects_what_it_cannot_read() {
    let content = r#"{"m": {"b": {"prompt": "p", "response": "r", "jailbroken": true}, "c": 5},
        "n": [1], "": {}, " ": {}, "details": {"llm_provider": "vllm"}}"#;
    let (_, collector) = import(content).unwrap();
    assert_eq!(collector.records.len(), 1);
    let rejects: Vec<_> = collector
        .rejects
        .iter()
        .map(|reject| {
            (
                reject.location.entry.as_deref().unwrap(),
                reject.reason.as_str(),
            )
        })
        .collect();
    assert_eq!(
        rejects,
        [
            ("m", "expected an object"),
            ("n", "expected an object of behaviours"),
            ("", "the model's name is empty"),
            (" ", "the model's name is empty"),
        ]
    );
}

#[test]
fn a_member_that_is_too_long_to_be_looked_at_is_one_reject_or_read_on() {
    let entry = r#"{"prompt": "p", "response": "r", "jailbroken": true}"#;
    let long = "x".repeat(300);
    let content = format!(
        r#"{{"text": "{long}", "list": ["{long}"], "m": {{"a": {entry}, "b": {{"response": "{long}"}}, "c": {entry}}}}}"#
    );
    let options = Options {
        limits: Limits {
            max_record_bytes: 100,
            ..Limits::default()
        },
        ..Options::default()
    };
    let (_, collector) = import_with(content.as_bytes(), &options).unwrap();
    assert_eq!(collector.records.len(), 2);
    let rejects = collector.rejects.iter().map(|reject| {
        let offset = usize::try_from(reject.location.byte.unwrap()).unwrap();
        let entry = reject.location.entry.as_deref().unwrap();
        (entry, reject.reason.as_str(), &content[offset..=offset])
    });
    assert_eq!(
        rejects.collect::<Vec<_>>(),
        [
            ("text", "expected an object of behaviours", "\""),
            ("list", "expected an object of behaviours", "["),
            ("m", "it has 316 bytes, at most 100 are read", "{"),
        ]
    );
}

#[test]
fn hostile_names_pass_through_as_they_are() {
    for name in ["#emph[x]", "<script>|`", "\u{202e}模型", "a\u{1b}[2J"] {
        let quoted = serde_json::to_string(name).unwrap();
        let content = artifact(ENTRY).replace("\"maker/model\"", &quoted);
        let (_, collector) = import(&content).unwrap();
        assert_eq!(traces(&collector)[0].model.name, name);
    }
}

#[test]
fn other_files_are_not_claimed_and_near_misses_say_why() {
    for head in [
        &b"SQLite format 3\0"[..],
        b"",
        b"{\"results\": {\"a\": 1}}",
        b"[{\"jailbroken\": true}]",
        b"method,model\n",
    ] {
        assert_eq!(claim(head), Claim::No);
    }
    for head in [
        format!("{{{PARAMETERS}}}"),
        r#"{"jailbreaks": [{"jailbroken": true}]}"#.to_owned(),
    ] {
        assert!(matches!(claim(head.as_bytes()), Claim::Almost { .. }));
    }
}
