//! Runs made here, damaged and hostile ones among them. All content is synthetic.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use caveat_corpus::{Digest, Outcome, PromptKey, Verdict};
use caveat_import_lm_eval::LmEval;
use caveat_importer::{Claim, ImportError, Importer as _, Limits, Options, Probe};
use common::{Folder, import, import_with, lines, options, refusal, results, sample};
use serde_json::json;

fn run() -> Folder {
    let samples = [
        sample(0, &json!({"asr": 1.0})),
        sample(1, &json!({"asr": 0.0})),
    ];
    Folder::of(&lines(&samples)).with(&results(
        "m",
        json!({"higher_is_better": {"asr": false}, "n-samples": {"original": 2, "effective": 2},
            "configs": {"output_type": "generate_until", "metric_list": [{"metric": "asr", "aggregation": "mean"}]},
            "results": {"asr,none": 0.5, "asr_stderr,none": 0.1}}),
    ))
}

fn verdicts(path: &Path, options: &Options) -> Vec<Verdict> {
    let imported = import_with(path, options).unwrap();
    let grades = imported.traces.iter().flat_map(|trace| &trace.grades);
    grades.map(|grade| grade.verdict).collect()
}

#[test]
fn every_cut_of_a_file_imports_what_is_whole_or_refuses() {
    let content = std::fs::read(run().source()).unwrap();
    let first = content.iter().position(|&byte| byte == b'\n').unwrap();
    for end in (0..content.len()).rev().step_by(5) {
        let cut = std::str::from_utf8(&content[..end]).unwrap();
        let _ = LmEval.probe(&Probe {
            path: Path::new("x"),
            head: cut.as_bytes(),
            size: content.len() as u64,
        });
        let folder = Folder::of(cut).with(&results("m", json!({})));
        if end < first {
            refusal(&folder.source());
            continue;
        }
        let imported = import(&folder.source());
        let second_is_whole = end == content.len() - 1;
        assert_eq!(
            imported.traces.len(),
            1 + usize::from(second_is_whole),
            "{end}"
        );
        let is_cut_within = end > first + 1 && !second_is_whole;
        assert_eq!(imported.rejects.len(), usize::from(is_cut_within), "{end}");
        assert_eq!(
            imported.has_note("the file is cut short"),
            is_cut_within,
            "{end}"
        );
    }
}

#[test]
fn the_list_of_old_versions_is_read_and_may_be_cut_short() {
    let old = |id: u32| {
        json!({"doc_id": id, "doc": {}, "target": "x", "arguments": [[format!("prompt {id}"), {"until": []}]],
            "resps": [["reply"]], "filtered_resps": ["reply"], "asr": id})
    };
    let text = serde_json::to_string_pretty(&json!([old(0), old(1)])).unwrap();
    let old_results = json!({"results": {"t": {"asr,none": 0.5}}, "configs": {"t": {}}, "versions": {},
        "config": {"model": "hf", "model_args": "pretrained=org/model,token=secret"}, "date": 1.5});
    for end in (0..=text.len()).rev().step_by(5) {
        let folder = Folder::of(&text[..end]).with(&old_results);
        let result = import_with(&folder.source(), &Options::default());
        let Ok(imported) = result else {
            assert!(end < text.find("\n  },").unwrap() + 4, "{end}");
            continue;
        };
        assert!(imported.traces.len() + imported.rejects.len() <= 2);
        assert_eq!(
            imported.has_note("the file is cut short"),
            end < text.len(),
            "{end}"
        );
    }
    let imported = import(&Folder::of(&text).with(&old_results).source());
    assert_eq!(imported.traces.len(), 2);
    let trace = &imported.traces[1];
    assert_eq!(trace.model.name, "org/model");
    assert_eq!(trace.model.provider.as_deref(), Some("hf"));
    assert_eq!(trace.prompt, Some(PromptKey::Text(Digest::of(b"prompt 1"))));
    assert_eq!(trace.grades[0].verdict, Verdict::Compliance);
    assert!(!format!("{imported:?}").contains("secret"));
    assert_eq!(trace.location.record.as_deref(), Some("1"));
    let claim = LmEval.probe(&Probe {
        path: Path::new("x"),
        head: text.as_bytes(),
        size: text.len() as u64,
    });
    assert!(
        matches!(claim, Claim::Yes { confidence: 95, .. }),
        "{claim:?}"
    );
}

#[test]
fn samples_without_their_results_need_a_model() {
    let folder = Folder::of(&lines(&[sample(0, &json!({"asr": true, "quality": 3}))]));
    assert!(refusal(&folder.source()).contains("there is no results file"));
    let named = options(json!({"model": "maker/model", "task": "t"}));
    let imported = import_with(&folder.source(), &named).unwrap();
    let trace = &imported.traces[0];
    assert_eq!(trace.model.name, "maker/model");
    assert_eq!(
        (trace.run_id.as_deref(), trace.dataset.as_deref()),
        (None, Some("t"))
    );
    assert_eq!(trace.grades[0].verdict, Verdict::Compliance);
    assert!(imported.has_note("no results file was read"));
    let unnamed = options(json!({"model": "maker/model"}));
    let imported = import_with(&folder.source(), &unnamed).unwrap();
    assert_eq!(imported.traces[0].record_id.as_deref(), Some("0/none"));
    assert!(matches!(
        imported.traces[0].prompt,
        Some(PromptKey::Text(_))
    ));
}

#[test]
fn results_of_another_time_or_task_are_not_taken_for_their_own() {
    let samples = lines(&[sample(0, &json!({"asr": true}))]);
    let task = json!({"higher_is_better": {"asr": false}});
    let other_time = Folder::of(&samples).with_text(
        "results_2026-11-24T08-34-11.000000.json",
        &results("other", task.clone()).to_string(),
    );
    assert!(refusal(&other_time.source()).contains("another time"));
    let other_task = Folder::of(&samples).with(&json!({"results": {"u": {}}, "model_name": "m"}));
    assert!(refusal(&other_task.source()).contains("none of its tasks"));
    let other_metrics =
        Folder::of(&samples).with(&results("m", json!({"higher_is_better": {"acc": true}})));
    assert!(refusal(&other_metrics.source()).contains("other metrics"));
    let two = Folder::of(&samples)
        .with_text("results_a.json", &results("a", task.clone()).to_string())
        .with_text("results_b.json", &results("b", task).to_string());
    assert!(refusal(&two.renamed("samples_t.jsonl")).contains("several results files"));
    let nothing = Folder::of(&samples).with(&json!({"results": {"t": {}}}));
    assert!(refusal(&nothing.source()).contains("names no model"));
}

#[test]
fn a_renamed_file_finds_its_results_by_their_digest_alone() {
    let samples = [sample(0, &json!({"asr": true}))];
    let hash = Digest::of(b"d0pt").to_hex();
    let folder = Folder::of(&lines(&samples))
        .with(&results("m", json!({"task_hashes": hash})))
        .with_text(
            "results_2026-11-24T08-34-11.json",
            &results("other", json!({"task_hashes": "0".repeat(64)})).to_string(),
        );
    let imported = import(&folder.renamed("x.jsonl"));
    assert_eq!(imported.traces[0].model.name, "m");
    assert_eq!(imported.traces[0].dataset.as_deref(), Some("t"));
}

#[test]
fn damaged_results_are_named_in_the_refusal() {
    let samples = lines(&[sample(0, &json!({"asr": true}))]);
    for (content, message) in [
        ("", "cut short"),
        ("[]", "no `results`"),
        ("{}", "no `results`"),
        (
            r#"{"results": {"t": {}}, "model_name": 5}"#,
            "`model_name` holds a number",
        ),
        (r#"{"results": {"t": {}}, "#, "cut short"),
        (r#"{"results": 5}"#, "no `results`"),
    ] {
        let folder =
            Folder::of(&samples).with_text(&format!("results_{}.json", common::TIME), content);
        let found = refusal(&folder.source());
        assert!(found.contains(message), "{content}: {found}");
    }
}

#[test]
fn a_metric_gets_verdicts_only_where_they_are_stated() {
    for (values, higher_is_better, expected) in [
        (
            json!([1, 0]),
            Some(false),
            [Verdict::Compliance, Verdict::Refusal],
        ),
        (
            json!([true, false]),
            None,
            [Verdict::Compliance, Verdict::Refusal],
        ),
        (
            json!([1.0, 0.5]),
            Some(false),
            [Verdict::Unscored, Verdict::Unscored],
        ),
        (
            json!([1.0, 0.0]),
            Some(true),
            [Verdict::Unscored, Verdict::Unscored],
        ),
        (
            json!([1.0, null]),
            Some(false),
            [Verdict::Compliance, Verdict::ParseError],
        ),
        (
            json!([[1.0], 0]),
            Some(false),
            [Verdict::Unscored, Verdict::Unscored],
        ),
        (
            json!(["yes", "no"]),
            None,
            [Verdict::Unscored, Verdict::Unscored],
        ),
    ] {
        let samples = [
            sample(0, &json!({"asr": values[0]})),
            sample(1, &json!({"asr": values[1]})),
        ];
        let folder = Folder::of(&lines(&samples)).with(&results(
            "m",
            json!({"higher_is_better": {"asr": higher_is_better}}),
        ));
        assert_eq!(
            verdicts(&folder.source(), &Options::default()),
            expected,
            "{values}"
        );
    }
    let nan = lines(&[
        sample(0, &json!({"asr": 1})),
        sample(1, &json!({"asr": "TOKEN"})),
    ])
    .replace("\"TOKEN\"", "NaN");
    let folder = Folder::of(&nan).with(&results("m", json!({})));
    let imported = import(&folder.source());
    let grade = &imported.traces[1].grades[0];
    assert_eq!(
        (grade.verdict, grade.raw.as_deref()),
        (Verdict::ParseError, Some("NaN"))
    );
}

#[test]
fn a_rule_of_the_user_wins() {
    let samples = [
        sample(0, &json!({"harm": 0.7, "acc": 0})),
        sample(1, &json!({"harm": 0.2, "acc": 1})),
    ];
    let folder = Folder::of(&lines(&samples)).with(&results("m", json!({})));
    let rules = options(json!({"success": {"harm": {"at_least": 0.5}, "acc": {"equals": 0}}}));
    assert_eq!(
        verdicts(&folder.source(), &rules),
        [
            Verdict::Compliance,
            Verdict::Compliance,
            Verdict::Refusal,
            Verdict::Refusal
        ]
    );
    for wrong in [
        json!({"modell": "m"}),
        json!({"model": 5}),
        json!({"task": ""}),
    ] {
        let found = import_with(&folder.source(), &options(wrong.clone()));
        assert!(matches!(found, Err(ImportError::Options { .. })), "{wrong}");
    }
}

#[test]
fn printed_means_and_counts_that_differ_are_notes() {
    let folder = |mean: f64, effective: u32, original: u32| {
        Folder::of(&lines(&[
            sample(0, &json!({"asr": 1})),
            sample(1, &json!({"asr": 0})),
        ]))
        .with(&results(
            "m",
            json!({"n-samples": {"original": original, "effective": effective},
                "configs": {"metric_list": [{"metric": "asr", "aggregation": "mean"}]},
                "results": {"asr,none": mean}}),
        ))
    };
    assert!(!import(&folder(0.5, 2, 2).source()).has_note("results say"));
    let differs = import(&folder(0.75, 2, 2).source());
    assert!(differs.has_note("the mean of `asr,none` is 0.75, the imported values give 0.5"));
    let fewer = import(&folder(0.75, 20, 2000).source());
    assert!(fewer.has_note("the file holds 2 of the 20 samples"));
    assert!(fewer.has_note("limited to 20 of 2000"));
    assert!(!fewer.has_note("the imported values give"));
}

#[test]
fn a_request_without_a_reply_is_an_error() {
    let mut empty = sample(0, &json!({"asr": 0}));
    empty["resps"] = json!([[]]);
    let folder = Folder::of(&lines(&[empty])).with(&results("m", json!({})));
    let imported = import(&folder.source());
    let trace = &imported.traces[0];
    assert_eq!(
        (trace.outcome, trace.response_digest),
        (Outcome::Error, None)
    );
}

#[test]
fn a_bad_line_is_a_reject_with_its_place_and_the_rest_is_imported() {
    for (bad, reason) in [
        ("7", "an object"),
        ("{}", "`doc_id` is missing"),
        ("{\"doc_id\": 1", "not valid JSON"),
        (r#"{"doc_id": 1, "doc_id": 2}"#, "duplicate field"),
        ("\u{1b}[31m", "not valid JSON"),
    ] {
        let good = sample(0, &json!({"asr": 0}));
        let folder =
            Folder::of(&format!("{good}\n\n{bad}\n{good}\n")).with(&results("m", json!({})));
        let imported = import(&folder.source());
        assert_eq!(imported.traces.len(), 2, "{bad}");
        let [reject] = &imported.rejects[..] else {
            panic!("{bad}: {imported:?}")
        };
        assert!(reject.reason.contains(reason), "{bad}: {}", reject.reason);
        assert_eq!(reject.location.record.as_deref(), Some("3"));
        assert!(!imported.has_note("cut short"));
    }
}

#[test]
fn deep_nesting_long_lines_and_long_names_are_rejects() {
    let good = sample(0, &json!({"asr": 0}));
    let deep = format!(
        r#"{{"doc_id": 1, "doc": {}{}}}"#,
        "[".repeat(1_000_000),
        "]".repeat(1_000_000)
    );
    let folder = Folder::of(&format!("{good}\n{deep}\n")).with(&results("m", json!({})));
    let imported = import(&folder.source());
    assert_eq!((imported.traces.len(), imported.rejects.len()), (1, 1));
    assert!(imported.rejects[0].reason.contains("nested"));

    let limited = Options {
        limits: Limits {
            max_record_bytes: 1000,
            max_name_chars: 100,
            ..Limits::default()
        },
        ..Options::default()
    };
    let mut long = good.clone();
    long["target"] = json!("x".repeat(2000));
    let mut named = good.clone();
    named["filter"] = json!("f".repeat(101));
    let folder = Folder::of(&lines(&[good, long, named])).with(&results("m", json!({})));
    let imported = import_with(&folder.source(), &limited).unwrap();
    assert_eq!(imported.traces.len(), 1);
    assert!(imported.rejects[0].reason.contains("at most 1000 are read"));
    assert!(
        imported.rejects[1]
            .reason
            .contains("`filter` has 101 characters")
    );
}

#[test]
fn a_file_without_a_sample_is_refused() {
    for (content, message) in [
        ("", "it holds no sample"),
        ("\n\n", "it holds no sample"),
        ("[]", "it holds no sample"),
        (
            "{}",
            "no record is a sample, the first because `doc_id` is missing",
        ),
        ("\u{1b}", "no record is a sample"),
        ("[1 2]", "not valid JSON"),
    ] {
        let folder = Folder::of(content).with(&results("m", json!({})));
        let found = refusal(&folder.source());
        assert!(found.contains(message), "{content}: {found}");
        assert!(!found.contains('\u{1b}'));
    }
    let missing = import_with(Path::new("/nowhere/samples_t.jsonl"), &Options::default());
    assert!(matches!(missing, Err(ImportError::Io { .. })));
}

#[test]
fn files_of_other_formats_are_not_claimed() {
    for content in [
        "",
        "x",
        "{",
        "{}",
        "[]",
        "[1]",
        r#"{"spec": {"eval_name": "x"}}"#,
        r#"{"version": 3, "results": {}, "config": {}}"#,
        r#"{"entry_type": "attempt"}"#,
        r#"{"schema_version": "0.3.0", "evaluation_id": "x", "sample_id": 1}"#,
    ] {
        let claim = LmEval.probe(&Probe {
            path: Path::new("samples_t_2026-11-23T08-34-11.jsonl"),
            head: content.as_bytes(),
            size: content.len() as u64,
        });
        assert_eq!(claim, Claim::No, "{content}");
    }
    let long = format!(r#"{{"doc_id": 0, "doc": {{"text": "{}"#, "x".repeat(70_000));
    let claim = LmEval.probe(&Probe {
        path: Path::new("x"),
        head: &long.as_bytes()[..64 << 10],
        size: 1 << 20,
    });
    assert!(
        matches!(claim, Claim::Yes { confidence: 75, .. }),
        "{claim:?}"
    );
}
