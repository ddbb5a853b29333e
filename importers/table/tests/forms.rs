//! The forms in which tools and spreadsheets write one table, and what is declared against them.
#![allow(clippy::unwrap_used)]

mod common;

use caveat_corpus::Verdict;
use common::{data, import_text, import_with, options, traces};

const TRACES: &str = r#"
kind = "traces"
columns = { model = "model", response = "reply" }
grades = [{ grader = "judge", kind = "llm", column = "label", map = { "1" = "compliance", "0" = "refusal" } }]
"#;

const SCORED: &str = r#"
kind = "traces"
columns = { model = "model", response = "reply" }
grades = [{ kind = "llm", column = "score", threshold = 0.5, failed = ["", "n/a"], missing = ["-"] }]
"#;

fn notes(name: &str, text: &[u8], mapping: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    import_with(&path, &options(mapping)).unwrap().1.notes
}

fn verdicts(name: &str, text: &[u8], mapping: &str) -> Vec<Option<Verdict>> {
    let collector = import_text(name, text, mapping).unwrap();
    assert!(collector.rejects.is_empty(), "{:?}", collector.rejects);
    let found = traces(&collector);
    let grades = found.iter().map(|trace| trace.grades.first());
    grades
        .map(|grade| grade.map(|grade| grade.verdict))
        .collect()
}

fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(order).collect()
}

#[test]
fn every_delimiter_is_recognised_from_the_header_and_said() {
    for (delimiter, shown) in [(",", "`,`"), (";", "`;`"), ("\t", "tab"), ("|", "`|`")] {
        let lines = ["model", "reply", "label"].join(delimiter);
        let row = ["a", "\"x,;|\t\"", "1"].join(delimiter);
        let text = format!("{lines}\n{row}\n");
        assert_eq!(
            verdicts("t.csv", text.as_bytes(), TRACES),
            [Some(Verdict::Compliance)]
        );
        let note = notes("t.csv", text.as_bytes(), TRACES).pop().unwrap();
        let start =
            format!("read as csv by its first bytes, delimiter {shown} by its header, utf-8;");
        assert!(note.starts_with(&start), "{note}");
    }
    let text = b"sep=|\nmodel|reply|label\na|x;y|0\n";
    assert_eq!(verdicts("t.csv", text, TRACES), [Some(Verdict::Refusal)]);
    let note = notes("t.csv", text, TRACES).pop().unwrap();
    assert!(note.contains("delimiter `|` by its `sep=` line"), "{note}");
}

#[test]
fn utf16_is_recognised_by_its_mark_and_its_faults_keep_their_byte() {
    let text = "\u{feff}model\treply\tlabel\r\n🔒\té\t1\r\nb\t\u{fffd}\t0\r\nshort\r\n";
    for (order, name) in [
        (u16::to_le_bytes as fn(u16) -> [u8; 2], "utf-16le"),
        (u16::to_be_bytes, "utf-16be"),
    ] {
        let bytes = utf16(text, order);
        let collector = import_text("t.txt", &bytes, TRACES).unwrap();
        let names: Vec<_> = traces(&collector).iter().map(|t| &t.model.name).collect();
        assert_eq!(names, ["🔒", "b"]);
        let reject = &collector.rejects[0];
        assert_eq!(reject.location.record.as_deref(), Some("4"));
        let start = usize::try_from(reject.location.byte.unwrap()).unwrap();
        assert_eq!(&bytes[start..start + 2], &order(u16::from(b's')), "{name}");
        let note = notes("t.txt", &bytes, TRACES).pop().unwrap();
        assert!(
            note.contains(&format!("{name} by its byte order mark")),
            "{note}"
        );
    }
    // Half of a surrogate pair is a reject of its row.
    let mut units: Vec<u16> = "\u{feff}model,reply,label\n".encode_utf16().collect();
    units.extend([0xD83D, u16::from(b','), u16::from(b','), u16::from(b'\n')]);
    units.extend("b,x,1\n".encode_utf16());
    let bytes: Vec<u8> = units.into_iter().flat_map(u16::to_le_bytes).collect();
    let collector = import_text("t.csv", &bytes, TRACES).unwrap();
    assert_eq!(traces(&collector).len(), 1);
    assert_eq!(
        collector.rejects[0].reason,
        "half a surrogate pair at byte 38 of the file is not utf-16le"
    );
}

#[test]
fn objects_may_be_in_utf16_as_a_shell_writes_them() {
    let line = "\u{feff}{\"model\": \"a\", \"reply\": \"é\", \"label\": 1}\r\n{\"model\"\r\n";
    let bytes = utf16(line, u16::to_le_bytes);
    let collector = import_text("t.jsonl", &bytes, TRACES).unwrap();
    assert_eq!(traces(&collector).len(), 1);
    let place = &collector.rejects[0].location;
    assert_eq!((place.record.as_deref(), place.byte), (Some("2"), None));
}

#[test]
fn a_declared_form_wins_over_the_recognised_one_and_contradictions_are_refused() {
    let marked = "encoding = \"utf-16le\"\n".to_owned() + TRACES;
    let bytes = utf16("model,reply,label\na,x,1\n", u16::to_le_bytes);
    assert_eq!(
        verdicts("t.csv", &bytes, &marked),
        [Some(Verdict::Compliance)]
    );
    let windows = "encoding = \"windows-1252\"\n".to_owned() + TRACES;
    let collector = import_text("t.csv", b"model,reply,label\ncaf\xE9,\x80,1\n", &windows).unwrap();
    assert_eq!(traces(&collector)[0].model.name, "café");
    for (declared, text, part) in [
        (
            "encoding = \"utf-16be\"",
            &b"\xFF\xFEa\0"[..],
            "begins with the mark of utf-16le, the mapping says utf-16be",
        ),
        (
            "encoding = \"utf-8\"",
            b"\xFF\xFEa\0",
            "begins with the mark of utf-16le",
        ),
        ("encoding = \"latin-1\"", b"a", "unknown variant `latin-1`"),
        (
            "file = \"jsonl\"",
            b"[{\"model\": 1}]",
            "begins with a JSON list",
        ),
        (
            "file = \"json\"",
            b"{\"model\": 1}\n{\"model\": 1}\n",
            "the end of the document",
        ),
        (
            "file = \"parquet\"",
            b"model,reply,label\n",
            "does not begin with `PAR1`",
        ),
        (
            "file = \"json\"\ndelimiter = \";\"",
            b"[]",
            "`delimiter` has no meaning for a file of kind `json`",
        ),
        (
            "delimiter = \";\"",
            b"[{}]",
            "`delimiter` is declared, but the file is of kind `json`",
        ),
        ("rows = \"a..b\"", b"[{}]", "`rows` is `a..b`"),
        (
            "rows = \"data\"",
            b"{\"rows\": [{}]}",
            "no list of rows at `data`; found an object with `rows`",
        ),
        ("decimal = \"'\"", b"", "`decimal` is `'`"),
    ] {
        let mapping = format!("{declared}\n{TRACES}");
        let message = import_text("t.txt", text, &mapping).unwrap_err();
        assert!(message.contains(part), "{message}");
        assert!(message.contains("\nhint: "), "{message}");
    }
}

#[test]
fn a_list_of_objects_is_read_while_it_streams() {
    let text = br#"[{"model": "a", "reply": "x", "label": 1}, 7, {"model": "b"},
        {"model": "c", "reply": null, "label": NaN}, {"model": "d", "model": "e"}]"#;
    let collector = import_text("t.json", text, TRACES).unwrap();
    let names: Vec<_> = traces(&collector).iter().map(|t| &t.model.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let found: Vec<_> = collector
        .rejects
        .iter()
        .map(|r| {
            (
                r.location.record.as_deref().unwrap(),
                r.location.byte,
                &r.reason,
            )
        })
        .collect();
    assert_eq!(found[0].0, "1");
    assert_eq!(found[0].1, Some(43));
    assert_eq!(found[0].2, "expected an object, found a number");
    assert!(
        found[1].2.starts_with("key `model` stands twice"),
        "{found:?}"
    );
    assert!(
        import_text("t.json", b"[]", TRACES)
            .unwrap()
            .records
            .is_empty()
    );
}

#[test]
fn rows_are_found_within_a_document() {
    let text =
        br#"{"run": {"model": "z"}, "data": {"items": [{"model": "a", "reply": "", "label": 0}]}}"#;
    let mapping = "rows = \"data.items\"\n".to_owned() + TRACES;
    assert_eq!(verdicts("t.json", text, &mapping), [Some(Verdict::Refusal)]);
    let note = notes("t.json", text, &mapping).pop().unwrap();
    assert!(note.contains("rows at `data.items`"), "{note}");
}

#[test]
fn words_of_python_outside_of_strings_are_read_and_said() {
    let mapping = TRACES
        .replace("\"1\" =", "true =")
        .replace("\"0\" =", "false =");
    let text = b"{\"model\": \"a\", \"reply\": \"None\", \"label\": True}\n\
                 {\"model\": \"a\", \"reply\": \"x\", \"label\": None}\n\
                 {\"model\": \"a\", \"reply\": \"x\", \"label\": false}\n";
    assert_eq!(
        verdicts("t.jsonl", text, &mapping),
        [Some(Verdict::Compliance), None, Some(Verdict::Refusal)]
    );
    let note = notes("t.jsonl", text, &mapping).pop().unwrap();
    assert!(note.starts_with("2 rows with Python's `True`"), "{note}");
    // As texts they mean what the mapping declares, and nothing else.
    let text = b"{\"model\": \"a\", \"reply\": \"x\", \"label\": \"True\"}\n";
    let collector = import_text("t.jsonl", text, &mapping).unwrap();
    assert!(
        collector.rejects[0]
            .reason
            .contains("unknown verdict value `True`")
    );
}

#[test]
fn a_score_that_is_empty_or_not_finite_is_a_failure_of_the_grader_where_it_is_declared() {
    let fails = Some(Verdict::ParseError);
    let text = b"model,reply,score\na,x,0.5\na,x,\na,x,NaN\na,x,n/a\na,x,-\na,x,1e-3\n";
    let expected = [
        Some(Verdict::Compliance),
        fails,
        fails,
        fails,
        None,
        Some(Verdict::Refusal),
    ];
    assert_eq!(verdicts("t.csv", text, SCORED), expected);
    let text = b"[{\"model\": \"a\", \"reply\": \"x\", \"score\": NaN},
        {\"model\": \"a\", \"reply\": \"x\", \"score\": Infinity},
        {\"model\": \"a\", \"reply\": \"x\", \"score\": null}]";
    let collector = import_text("t.json", text, SCORED).unwrap();
    let raw: Vec<_> = traces(&collector)
        .iter()
        .map(|t| (t.grades[0].verdict, t.grades[0].raw.clone()))
        .collect();
    assert_eq!(
        raw,
        [
            (Verdict::ParseError, Some("NaN".to_owned())),
            (Verdict::ParseError, Some("Infinity".to_owned())),
            (Verdict::ParseError, None),
        ]
    );
    let note = notes("t.json", text, SCORED).swap_remove(0);
    assert!(
        note.ends_with("a failure of the grader is an empty cell or `n/a`"),
        "{note}"
    );
    // Where nothing was graded because there was no reply, nobody failed.
    let blocked =
        format!("{SCORED}outcome = {{ column = \"reply\", map = {{ blocked = \"filtered\" }} }}");
    let text = b"model,reply,score\na,blocked,\n";
    assert_eq!(verdicts("t.csv", text, &blocked), [None]);
}

#[test]
fn a_score_may_be_low_for_success_and_have_a_comma() {
    let mapping = SCORED.replace("threshold = 0.5", "below = 0.5");
    let text = b"model;reply;score\na;x;0,25\na;x;1\na;x;1.234,5\n";
    let commas = format!("decimal = \",\"\n{mapping}");
    let collector = import_text("t.csv", text, &commas).unwrap();
    let found: Vec<_> = traces(&collector)
        .iter()
        .map(|t| (t.grades[0].verdict, t.grades[0].raw.clone().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            (Verdict::Compliance, "0,25".to_owned()),
            (Verdict::Refusal, "1".to_owned())
        ]
    );
    assert!(collector.rejects[0].reason.contains("expected a number"));
    let note = notes("t.csv", text, &commas).swap_remove(0);
    assert!(
        note.contains("compliance below 0.5, refusal from there"),
        "{note}"
    );
}

#[test]
fn a_column_that_stands_twice_is_a_fault_only_where_it_is_mapped() {
    let text = b"model,reply,label,note,note,,\na,x,1,n,m,,\n";
    assert_eq!(verdicts("t.csv", text, TRACES), [Some(Verdict::Compliance)]);
    let message = import_text("t.csv", b"model,reply,label,label\n", TRACES).unwrap_err();
    assert!(message.contains("column `label` stands twice"), "{message}");
}

#[test]
fn a_file_that_is_cut_gives_its_whole_rows_and_says_so() {
    for name in [
        "generic.jsonl",
        "generic.json",
        "strongreject.csv",
        "strongreject_utf16le.csv",
    ] {
        let mapping = if name.starts_with("generic") {
            "kind = \"traces\"\ncolumns = { model = \"model\", record_id = \"id\", attempt = \"attempt\" }\ngrades = []\nattempts_start_at = 0\n"
        } else {
            "kind = \"traces\"\ncolumns = { model = \"victim_model\", prompt = \"forbidden_prompt\" }\ngrades = []\n"
        };
        let whole = std::fs::read(data(name)).unwrap();
        let all = import_text(name, &whole, mapping).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        for cut in (0..whole.len()).step_by(whole.len() / 97) {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let Ok((part, facts)) = import_with(&path, &options(mapping)) else {
                // Without a first row there is nothing that could be read.
                assert!(cut < 400, "{name} cut at {cut}");
                continue;
            };
            let same = all.records.iter().zip(&part.records);
            let differing = same.filter(|(whole, part)| whole != part).count();
            assert!(differing <= 1, "{name} cut at {cut}: {differing}");
            assert!(part.records.len() <= all.records.len());
            assert!(
                part.rejects.len() <= 1,
                "{name} cut at {cut}: {:?}",
                part.rejects
            );
            let said = facts.notes.iter().any(|note| note.contains("cut short"));
            assert!(said || part.rejects.is_empty(), "{name} cut at {cut}");
        }
    }
}
