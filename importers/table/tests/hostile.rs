//! Broken, hostile and contradictory tables: each is refused or rejected with its place.
#![allow(clippy::unwrap_used)]

mod common;

use caveat_corpus::{Record, Verdict};
use caveat_importer::{Limits, Probe};
use common::{import_text, import_with, options, traces};

const COUNTS: &str = r#"
kind = "counts"
columns = { model = "model", n = "n", succeeded = "s" }
constants = { grader_kind = "llm" }
"#;

const TRACES: &str = r#"
kind = "traces"
columns = { model = "model", response = "reply" }
grades = [{ grader = "judge", kind = "llm", column = "label", map = { "1" = "compliance", "0" = "refusal" } }]
"#;

fn reasons(name: &str, text: &[u8], mapping: &str) -> Vec<(String, u64, String)> {
    let collector = import_text(name, text, mapping).unwrap();
    let rejects = collector.rejects.into_iter();
    rejects
        .map(|r| {
            (
                r.location.record.unwrap(),
                r.location.byte.unwrap(),
                r.reason,
            )
        })
        .collect()
}

#[test]
fn a_source_that_cannot_be_read_is_refused_with_a_remedy() {
    for (text, part) in [
        (&b""[..], "the file is empty"),
        (b"\xEF\xBB\xBF", "the file is empty"),
        (b"\xFF\xFEm\0o\0", "found `mo`"),
        (b"\xFF\xFE\0\0m\0\0\0", "mark of UTF-32"),
        (b"\xFF\xFEm\0\0\0", "a zero character"),
        (b"m\0o\0d\0", "a zero byte at byte 1"),
        (b"\x1F\x8B\x08\0", "compressed (gzip)"),
        (b"PK\x03\x04\x14\0", "as spreadsheet workbooks are"),
        (b"PAR1", "too few for a footer"),
        (
            b"model,n,s,\xE9\nx,1,1,1\n",
            "byte 0xE9 at byte 10 of the file is not UTF-8",
        ),
        (b"model,n,s,n\n", "column `n` stands twice"),
        (b"model,n;s\n", "found `model`, `n;s`"),
        (
            b"model,n_prompts,s\n",
            "no column `n`; found `model`, `n_prompts`, `s`",
        ),
        (b"modell,n,s\n", "did you mean `modell`?"),
        (b"model~n~s\nx~1~1\n", "declare its `delimiter`"),
        (
            b"model,n,s,\"open\nx,1,1\n",
            "header: a quotation mark is never closed",
        ),
        (b"[{\"model\": 1}]", "no column `n`; found `model`"),
        (b"[]]", "not valid JSON"),
        (
            b"{\n \"a\": [], \"b\": 1}",
            "no JSON list of rows; found an object with `a`, `b`",
        ),
        (b"model,n,\x1b[31m\n", "\\u{1b}[31m"),
    ] {
        let message = import_text("table.csv", text, COUNTS).unwrap_err();
        assert!(message.contains(part), "{message}");
        assert!(message.contains("\nhint: "), "{message}");
    }
    let wide = format!("model,n,s{}\n", ",c".repeat(20_000));
    let message = import_text("table.csv", wide.as_bytes(), COUNTS).unwrap_err();
    assert!(
        message.contains("more than the limit of 16384"),
        "{message}"
    );
    let missing = import_with(&common::data("no such file"), &options(COUNTS)).unwrap_err();
    assert!(missing.to_string().starts_with("cannot read"));
    let folder = import_with(&common::data(""), &options(COUNTS)).unwrap_err();
    assert!(folder.to_string().contains("it is a folder, not a file"));
}

#[test]
fn a_faulty_row_is_a_reject_with_its_line_and_byte() {
    let mut text = b"model,n,s\r\n\"a\r\nb\",10,3\r\nshort,1\r\nlong,1,1,1\r\n".to_vec();
    text.extend_from_slice(b"caf\xE9,1,1\r\n,1,1\r\nx,NaN,1\r\nx,-1,1\r\nx,+1,1\r\nx,1.0,1\r\n");
    text.extend_from_slice(
        b"x,5,6\r\nx,0,0\r\nx,,1\r\nx,18446744073709551616,1\r\nx,9999999999999,1\r\n",
    );
    text.extend_from_slice(b"=SUM(A1),2,1\r\nlast,1,\"1");
    let collector = import_text("t.csv", &text, COUNTS).unwrap();
    let names: Vec<String> = collector
        .records
        .iter()
        .map(|record| match record {
            Record::Cell(cell) => cell.model.name.clone(),
            Record::Trace(_) => panic!("a table of counts gives cells"),
        })
        .collect();
    assert_eq!(names, ["a\r\nb", "=SUM(A1)"]);
    let found = reasons("t.csv", &text, COUNTS);
    let expected = [
        ("4", "the row has 2 cells, the header 3"),
        ("5", "the row has 4 cells, the header 3"),
        ("6", "byte 0xE9 at byte 48 of the file is not UTF-8"),
        ("7", "no model in column `model`"),
        (
            "8",
            "column `n` holds `NaN`, expected a whole number from 0",
        ),
        ("9", "column `n` holds `-1`"),
        ("10", "column `n` holds `+1`"),
        ("11", "column `n` holds `1.0`"),
        ("12", "column `n` holds 5, less than the 6 that `s`"),
        ("13", "column `n` holds 0: the row counts no trace"),
        ("14", "column `n` holds no number"),
        ("15", "column `n` holds `18446744073709551616`"),
        ("16", "more than the limit of 1000000000000"),
        (
            "18",
            "a quotation mark is never closed: the row runs from line 18",
        ),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for ((line, byte, reason), (expected_line, part)) in found.iter().zip(expected) {
        assert_eq!(line, expected_line, "{reason}");
        assert!(reason.contains(part), "{reason}");
        let start = usize::try_from(*byte).unwrap();
        assert!(start == 0 || matches!(text[start - 1], b'\n'), "{reason}");
    }
}

#[test]
fn counts_that_do_not_add_up_are_rejects() {
    let mapping = r#"
kind = "counts"
columns = { model = "m", n = "n", succeeded = "s", partial = "p", resisted = "r", not_evaluable = "x" }
constants = { grader_kind = "human" }
"#;
    let text = b"m;n;s;p;r;x\na;10;3;2;4;1\nb;10;3;2;5;1\nc;10;3;2;4;\nd;10;9;9;9;9\n";
    let collector = import_text("t.csv", text, mapping).unwrap();
    let [Record::Cell(cell)] = collector.records.as_slice() else {
        panic!("one row adds up");
    };
    let verdicts = [
        Verdict::Compliance,
        Verdict::Partial,
        Verdict::Refusal,
        Verdict::NotGradeable,
    ];
    assert_eq!(
        verdicts.map(|verdict| cell.counts.get(verdict)),
        [3, 2, 4, 1]
    );
    let found: Vec<String> = collector.rejects.into_iter().map(|r| r.reason).collect();
    assert_eq!(found[0], "the counts add up to 11, but column `n` holds 10");
    assert_eq!(found[1], "column `x` holds no number");
    assert!(found[2].contains("less than the 27"), "{found:?}");
}

#[test]
fn a_value_outside_the_mapping_is_a_reject_and_an_absent_one_is_no_grade() {
    let text = b"model,reply,label\na,x,1\na,x,maybe\na,x,\na,,0\n";
    let collector = import_text("t.csv", text, TRACES).unwrap();
    let found = traces(&collector);
    let grades: Vec<usize> = found.iter().map(|trace| trace.grades.len()).collect();
    assert_eq!(grades, [1, 0, 1]);
    assert_eq!(found[0].grades[0].raw.as_deref(), Some("1"));
    assert_eq!(
        collector.rejects[0].reason,
        "unknown verdict value `maybe` in column `label`, the mapping knows `0`, `1`"
    );
}

#[test]
fn a_text_in_a_column_of_words_or_numbers_is_told_by_its_length_alone() {
    let text = "a placeholder reply that nobody may see";
    let rows = format!("model,reply,label\na,x,{text}\na,x,sk-abcdefghijklmnop1\na,x,ma\u{1b}be\n");
    let collector = import_text("t.csv", rows.as_bytes(), TRACES).unwrap();
    let reasons: Vec<&str> = collector
        .rejects
        .iter()
        .map(|r| r.reason.as_str())
        .collect();
    let known = "in column `label`, the mapping knows `0`, `1`";
    assert_eq!(
        reasons,
        [
            format!("unknown verdict value a text of 39 characters {known}"),
            format!("unknown verdict value a text of 20 characters {known}"),
            format!("unknown verdict value `ma\\u{{1b}}be` {known}"),
        ]
    );
    let mapping = r#"
kind = "traces"
columns = { model = "model", attempt = "attempt" }
grades = [{ kind = "llm", column = "score", threshold = 0.5 }]
"#;
    let rows = format!("model,attempt,score\na,1,{text}\na,{text},1\n");
    let collector = import_text("t.csv", rows.as_bytes(), mapping).unwrap();
    let reasons: Vec<&str> = collector
        .rejects
        .iter()
        .map(|r| r.reason.as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            "column `score` holds a text of 39 characters, expected a number",
            "column `attempt` holds a text of 39 characters, expected a whole number from 0",
        ]
    );
}

#[test]
fn a_score_that_is_no_number_is_a_reject() {
    let mapping = r#"
kind = "traces"
columns = { model = "model" }
grades = [{ kind = "llm", column = "score", threshold = 0.5, missing = ["n/a"] }]
"#;
    let text = b"model\tscore\na\t0.5\na\t0.49\na\tNaN\na\tinf\na\tn/a\na\thigh\na\t0,5\n";
    let collector = import_text("t.tsv", text, mapping).unwrap();
    let verdicts: Vec<_> = traces(&collector)
        .iter()
        .map(|trace| trace.grades.first().map(|grade| grade.verdict))
        .collect();
    assert_eq!(
        verdicts,
        [
            Some(Verdict::Compliance),
            Some(Verdict::Refusal),
            Some(Verdict::ParseError),
            Some(Verdict::ParseError),
            None
        ]
    );
    let lines: Vec<_> = collector
        .rejects
        .iter()
        .map(|r| r.location.record.clone())
        .collect();
    assert_eq!(lines, ["7", "8"].map(|line| Some(line.to_owned())));
    let reasons = collector.rejects.iter().map(|r| r.reason.as_str());
    let reasons: Vec<_> = reasons.collect();
    assert_eq!(reasons[0], "column `score` holds `high`, expected a number");
    assert!(reasons[1].ends_with("set `decimal = \",\"`"), "{reasons:?}");
}

#[test]
fn outcomes_are_read_by_word_and_only_a_reply_has_an_empty_text() {
    let mapping = format!(
        "{TRACES}\n[outcome]\ncolumn = \"status\"\nmap = {{ blocked = \"filtered\", ok = \"response\" }}\n"
    );
    let text = b"model,reply,label,status\na,,,blocked\na,,0,ok\na,,0,\na,x,0,lost\n";
    let collector = import_text("t.csv", text, &mapping).unwrap();
    let found: Vec<_> = traces(&collector)
        .iter()
        .map(|trace| (trace.outcome.name(), trace.response_digest.is_some()))
        .collect();
    assert_eq!(
        found,
        [("filtered", false), ("response", true), ("response", true)]
    );
    assert!(
        collector.rejects[0]
            .reason
            .starts_with("unknown outcome value `lost`")
    );
}

#[test]
fn limits_bound_rows_names_and_nesting_and_the_rest_is_read() {
    let mut bounded = options(TRACES);
    bounded.limits = Limits {
        max_record_bytes: 64,
        max_depth: 4,
        max_name_chars: 5,
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let long = format!(
        "model,reply,label\na,\"{}\",1\nabcdef,x,1\nb,x,1\n",
        "y\n".repeat(500)
    );
    std::fs::write(&path, long).unwrap();
    let collector = import_with(&path, &bounded).unwrap().0;
    assert_eq!(traces(&collector).len(), 1);
    let found: Vec<_> = collector
        .rejects
        .iter()
        .map(|r| r.reason.as_str())
        .collect();
    assert_eq!(
        found[0],
        "the row has 1006 bytes, more than the limit of 64"
    );
    assert_eq!(found[1], "column `model` has more than 5 characters");
    assert_eq!(collector.rejects[1].location.record.as_deref(), Some("503"));
    let path = folder.path().join("t.jsonl");
    let object = r#"{"model": "a", "reply": "x", "label": 1}"#;
    let nested = r#"{"model": "a", "x": [[[[[0]]]]]}"#;
    let long = format!("{object}\n{}\n{nested}\n{object}", "z".repeat(9999));
    std::fs::write(&path, long).unwrap();
    let collector = import_with(&path, &bounded).unwrap().0;
    assert_eq!(traces(&collector).len(), 2);
    let found: Vec<_> = collector
        .rejects
        .iter()
        .map(|r| r.reason.as_str())
        .collect();
    assert_eq!(
        found[0],
        "the line has 9999 bytes, more than the limit of 64"
    );
    assert!(
        found[1].contains("nested more than 4 levels deep"),
        "{found:?}"
    );
}

#[test]
fn a_path_that_no_object_has_is_a_fault_of_the_mapping() {
    let text = b"{\"model\": \"a\", \"labell\": 1, \"reply\": null}\n";
    let message = import_text("t.jsonl", text, TRACES).unwrap_err();
    assert!(
        message.contains("no column `label`; found `model`, `labell`, `reply`"),
        "{message}"
    );
    assert!(message.contains("did you mean `labell`?"), "{message}");
    let text = b"{\"model\": [1], \"label\": 1, \"reply\": null}\n";
    let found = reasons("t.jsonl", text, TRACES);
    assert_eq!(
        found[0].2,
        "column `model` holds a list where a single value is expected"
    );
}

#[test]
fn a_declared_delimiter_is_the_only_one() {
    let mapping = format!("{COUNTS}delimiter = \"|\"\n");
    let text = b"note;|\"model\"|n|s\na,\"b;|x|2|1\n";
    let collector = import_text("t.txt", text, &mapping).unwrap();
    assert_eq!((collector.records.len(), collector.rejects.len()), (1, 0));
    let message = import_text("t.csv", b"model,n,s\n", &mapping).unwrap_err();
    assert!(message.contains("found `model,n,s`"), "{message}");
}

#[test]
fn lines_of_objects_may_have_a_mark_and_name_the_byte_that_is_not_utf8() {
    let mut text =
        b"\xEF\xBB\xBF{\"model\": \"a\", \"reply\": \"\", \"label\": 1}\r\n  \r\n".to_vec();
    text.extend_from_slice(b"{\"model\": \"\xFF\"}\n");
    let collector = import_text("t", &text, TRACES).unwrap();
    assert!(traces(&collector)[0].response_digest.is_some());
    let reject = &collector.rejects[0];
    assert_eq!(
        (reject.location.record.as_deref(), reject.location.byte),
        (Some("3"), Some(48))
    );
    assert!(
        reject
            .reason
            .starts_with("byte 0xFF at byte 59 of the file"),
        "{}",
        reject.reason
    );
}

#[test]
fn a_model_that_the_second_table_lacks_is_a_reject() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "model,n,s\na,2,1\nb,2,1\n").unwrap();
    let second = folder.path().join("models.csv");
    let join = |file: &str| {
        let columns = "{ provider = \"maker\", size = \"size\" }";
        format!("{COUNTS}join = {{ file = '{file}', on = \"name\", columns = {columns} }}\n")
    };
    std::fs::write(&second, "name,maker,size\na,Org,\n").unwrap();
    let collector = import_with(&path, &options(&join("models.csv"))).unwrap().0;
    let [Record::Cell(cell)] = collector.records.as_slice() else {
        panic!("one model is known");
    };
    assert_eq!(cell.model.provider.as_deref(), Some("Org"));
    assert_eq!(cell.model.coded_size, None);
    assert!(
        collector.rejects[0]
            .reason
            .contains("model `b` is not in `models.csv`")
    );
    let refuse = |file: &str| {
        let error = import_with(&path, &options(&join(file))).unwrap_err();
        error.to_string()
    };
    std::fs::write(&second, "name,maker,size\na,Org,\na,Other,\n").unwrap();
    assert!(refuse("models.csv").contains("line 3: model `a` stands twice"));
    std::fs::write(&second, "name,maker\na,Org\n").unwrap();
    assert!(refuse("models.csv").contains("no column `size`"));
    for outside in [
        "../models.csv",
        "/etc/passwd",
        "",
        "./models.csv",
        "a/../../b.csv",
    ] {
        let message = refuse(outside);
        assert!(
            message.contains("within the folder of the source"),
            "{message}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_refused() {
    let outer = tempfile::tempdir().unwrap();
    std::fs::write(outer.path().join("secret.csv"), "name,maker\na,b\n").unwrap();
    let folder = outer.path().join("inner");
    std::fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink("../secret.csv", folder.join("models.csv")).unwrap();
    let path = folder.join("t.csv");
    std::fs::write(&path, "model,n,s\na,2,1\n").unwrap();
    let join =
        "join = { file = \"models.csv\", on = \"name\", columns = { provider = \"maker\" } }";
    let error = import_with(&path, &options(&format!("{COUNTS}{join}"))).unwrap_err();
    assert!(
        error.to_string().contains("leads out of the folder"),
        "{error}"
    );
}

#[test]
fn contents_of_a_cell_never_become_control_characters_in_a_message() {
    let text = "model,reply,label\na,x,\u{1b}[2J\u{202e}\n".as_bytes();
    let found = reasons("t.csv", text, TRACES);
    assert!(found[0].2.contains("\\u{1b}[2J\\u{202e}"), "{}", found[0].2);
    let error = import_text("t.csv", text, "\"ki\\u001Bnd\" = 1").unwrap_err();
    assert!(error.contains("unknown key `ki\\u{1b}nd`"), "{error}");
}

#[test]
fn the_importer_never_claims_a_file() {
    use caveat_importer::{Claim, Importer as _};
    let probe = Probe {
        path: std::path::Path::new("t.csv"),
        head: b"model,n,s\n",
        size: 10,
    };
    assert_eq!(caveat_import_table::Table.probe(&probe), Claim::No);
    assert!(!caveat_import_table::Table.info().claims_files);
}
