//! Broken and hostile files, each with its message. All content is synthetic.
#![allow(clippy::unwrap_used)]

use caveat_corpus::{Outcome, Record, Trace, Verdict};
use caveat_import_harmbench::HarmBench;
use caveat_importer::{
    Collector, ImportError, Importer as _, Limits, Options, Source, SourceFacts,
};
use serde_json::{Value, json};

fn options(format: Value) -> Options {
    Options {
        format: format.as_object().unwrap().clone(),
        ..Options::default()
    }
}

fn import_with(content: &[u8], options: &Options) -> Result<(SourceFacts, Collector), ImportError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    let mut collector = Collector::default();
    let facts = HarmBench.import(&Source::new(file.path()), options, &mut collector)?;
    Ok((facts, collector))
}

fn import(content: &str) -> Result<(SourceFacts, Collector), ImportError> {
    import_with(content.as_bytes(), &options(json!({"model": "m"})))
}

fn traces(collector: &Collector) -> Vec<&Trace> {
    let records = collector.records.iter().map(|record| match record {
        Record::Trace(trace) => trace.as_ref(),
        Record::Cell(_) => panic!("this importer emits no cells"),
    });
    records.collect()
}

#[test]
fn a_file_outside_its_folders_needs_the_model() {
    let content = br#"{"b": [{"test_case": "t", "generation": "g"}]}"#;
    let error = import_with(content, &Options::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("name the model"), "{error}");
    assert!(error.contains("hint: say `model = "), "{error}");
}

#[test]
fn a_label_that_is_a_long_text_is_kept_as_its_length() {
    let content = json!({"b": [{"test_case": "t", "generation": "g", "label": "x".repeat(500)}]});
    let (_, collector) = import(&content.to_string()).unwrap();
    let grade = &traces(&collector)[0].grades[0];
    assert_eq!(
        (grade.verdict, grade.raw.as_deref()),
        (Verdict::ParseError, Some("text of 500 characters"))
    );
}

#[test]
fn wrong_options_are_named() {
    for (format, message) in [
        (json!({"model": 5}), "`model` must be a name"),
        (json!({"model": " "}), "`model` must be a name"),
        (
            json!({"model": "m", "methd": "GCG"}),
            "unknown option `methd`",
        ),
        (json!({"model": "m".repeat(20_001)}), "20001 characters"),
    ] {
        let error = import_with(b"{}", &options(format)).unwrap_err();
        assert!(matches!(error, ImportError::Options { .. }));
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn a_file_that_is_no_object_of_behaviours_is_refused() {
    for content in [
        "",
        "{}",
        "[]",
        "5",
        r#"{"b": 1}"#,
        "{\"b\": [{]}",
        "not json",
    ] {
        match import(content) {
            Err(error @ ImportError::Refused { .. }) => {
                assert!(error.to_string().contains("\nhint: "), "{error}");
            }
            other => panic!("{content}: {other:?}"),
        }
    }
}

#[test]
fn a_bad_entry_is_one_reject_and_the_others_are_read() {
    for (entry, reason) in [
        ("5", "expected an object"),
        ("[\"t\", \"g\"]", "expected an object"),
        (r#"{"generation": "g"}"#, "`test_case` is missing"),
        (r#"{"test_case": "t"}"#, "`generation` is missing"),
        (
            r#"{"test_case": 5, "generation": "g"}"#,
            "`test_case` holds a number",
        ),
        (
            r#"{"test_case": "t", "generation": ["g"]}"#,
            "`generation` holds a list",
        ),
        (
            r#"{"test_case": "t", "generation": "g", "label": {}}"#,
            "`label` holds an object",
        ),
        (
            r#"{"test_case": "t", "test_case": "u", "generation": "g"}"#,
            "duplicate field `test_case`",
        ),
    ] {
        let good = r#"{"test_case": "t", "generation": "g", "label": 0}"#;
        let (_, collector) = import(&format!(r#"{{"b": [{entry}, {good}]}}"#)).unwrap();
        assert_eq!(collector.records.len(), 1, "{entry}");
        let [reject] = &collector.rejects[..] else {
            panic!("{entry}: {:?}", collector.rejects);
        };
        assert!(reject.reason.contains(reason), "{entry}: {}", reject.reason);
        assert_eq!(reject.location.entry.as_deref(), Some("b"));
        assert_eq!(reject.location.record.as_deref(), Some("0"));
        // The position of an entry is its attempt, whatever stands before it.
        assert_eq!(traces(&collector)[0].attempt, Some(2));
    }
}

#[test]
fn a_behaviour_that_is_no_list_or_occurs_twice_is_rejected() {
    let good = r#""b": [{"test_case": "t", "generation": "g"}]"#;
    for (other, rejects) in [(r#""c": 5"#, 1), (r#""c": {"x": 1, "y": 2}"#, 2), (good, 1)] {
        let (facts, collector) = import(&format!("{{{good}, {other}}}")).unwrap();
        assert_eq!(collector.records.len(), 1, "{other}");
        assert_eq!(collector.rejects.len(), rejects, "{other}");
        assert!(
            !facts
                .notes
                .iter()
                .any(|note| note.contains("without a test case"))
        );
    }
}

#[test]
fn labels_outside_the_words_are_graders_that_failed() {
    for (label, verdict, raw) in [
        ("1", Some(Verdict::Compliance), "1"),
        ("0", Some(Verdict::Refusal), "0"),
        ("-1", Some(Verdict::ParseError), "-1"),
        ("1.0", Some(Verdict::Compliance), "1.0"),
        ("0.5", Some(Verdict::ParseError), "0.5"),
        ("2", Some(Verdict::ParseError), "2"),
        ("true", Some(Verdict::Compliance), "true"),
        ("\"1\"", Some(Verdict::Compliance), "1"),
        ("\"yes\"", Some(Verdict::ParseError), "yes"),
        ("NaN", Some(Verdict::ParseError), "NaN"),
        ("null", None, ""),
    ] {
        let entry = format!(r#"{{"test_case": "t", "generation": "g", "label": {label}}}"#);
        let (_, collector) = import(&format!(r#"{{"b": [{entry}]}}"#)).unwrap();
        let grade = traces(&collector)[0].grades.first().cloned();
        assert_eq!(
            grade.as_ref().map(|grade| grade.verdict),
            verdict,
            "{label}"
        );
        let text = grade.and_then(|grade| grade.raw).unwrap_or_default();
        assert_eq!(text, raw, "{label}");
    }
}

#[test]
fn an_empty_reply_is_a_reply_and_none_is_an_error() {
    let entries =
        r#"{"test_case": "t", "generation": ""}, {"test_case": null, "generation": null}"#;
    let (_, collector) = import(&format!(r#"{{"b": [{entries}]}}"#)).unwrap();
    let traces = traces(&collector);
    assert_eq!(traces[0].outcome, Outcome::Response);
    assert!(traces[0].response_digest.is_some());
    assert_eq!(traces[1].outcome, Outcome::Error);
    assert!(traces[1].response_digest.is_none());
}

#[test]
fn a_file_cut_anywhere_gives_what_is_whole() {
    let content = std::fs::read(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data/GCG/vicuna_7b/results/vicuna_7b.json"),
    )
    .unwrap();
    let whole = import_with(&content, &options(json!({"model": "m"}))).unwrap();
    let mut most = 0;
    for end in (0..content.len()).step_by(23) {
        let (facts, cut) = match import_with(&content[..end], &options(json!({"model": "m"}))) {
            Ok(found) => found,
            Err(ImportError::Refused { .. }) => continue,
            Err(other) => panic!("{end}: {other}"),
        };
        assert!(cut.rejects.len() <= 1, "{end}");
        assert_eq!(cut.records, whole.1.records[..cut.records.len()], "{end}");
        assert!(cut.records.len() >= most, "{end}");
        most = cut.records.len();
        if end + 2 < content.len() {
            assert!(
                facts.notes.iter().any(|note| note.contains("cut short")),
                "{end}"
            );
        }
    }
    assert!(most >= 41);
}

#[test]
fn long_and_deep_entries_are_rejected_without_harm() {
    let long = format!(
        r#"{{"test_case": "t", "generation": "{}"}}"#,
        "x".repeat(300)
    );
    let deep = format!(
        r#"{{"test_case": "t", "generation": "g", "extra": {}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let good = r#"{"test_case": "t", "generation": "g"}"#;
    let mut limited = options(json!({"model": "m"}));
    limited.limits = Limits {
        max_record_bytes: 250,
        ..Limits::default()
    };
    let content = format!(r#"{{"b": [{long}, {good}, {deep}]}}"#);
    let (_, collector) = import_with(content.as_bytes(), &limited).unwrap();
    assert_eq!((collector.records.len(), collector.rejects.len()), (1, 2));
    let (_, collector) = import(&format!(r#"{{"b": [{deep}, {good}]}}"#)).unwrap();
    assert_eq!((collector.records.len(), collector.rejects.len()), (1, 1));
    assert!(
        collector.rejects[0].reason.contains("nested"),
        "{:?}",
        collector.rejects
    );
}

#[test]
fn lone_surrogates_and_odd_names_do_no_harm() {
    let entry = r#"{"test_case": "\ud800", "generation": "\udc00 NaN", "label": 1}"#;
    let name = "a.b\\u001b[31m".to_owned() + &"n".repeat(50);
    let (_, collector) = import(&format!(r#"{{"{name}": [{entry}]}}"#)).unwrap();
    assert_eq!(collector.records.len(), 1, "{:?}", collector.rejects);
    let huge = "n".repeat(20_001);
    let (_, collector) = import(&format!(r#"{{"{huge}": [{entry}]}}"#)).unwrap();
    assert_eq!(collector.rejects.len(), 1);
    assert!(collector.rejects[0].reason.contains("20001 characters"));
}
