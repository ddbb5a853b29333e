//! Tables of an export: what is recognised, what comes back, what is rejected.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use caveat_corpus::{Record, Trace, Verdict};
use caveat_import_caveat_export::CaveatExport;
use caveat_importer::{Claim, Collector, ImportError, Importer as _, Options, Probe, Source};

const HEADER: &str = "id,model,provider,coded_size,dataset,technique,attack_family,harm_category,\
    prompt_dataset,prompt_id,prompt_sha256,attempt,turns,observed_at,outcome,prompt_tokens,\
    response_tokens,duration_ms,response_sha256,grades,grade,grader,grader_kind,verdict,raw_score,\
    grader_version,graded_at,source_format,source_sha256,source_run_id,source_record_id,source_entry,\
    source_record,source_byte";

/// A row of the trace `id`: its grade, of how many, and a verdict.
fn row(id: char, grade: &str, grades: u32, verdict: &str) -> String {
    let id = id.to_string().repeat(64);
    let source = "0".repeat(64);
    let kind = if grade.is_empty() { "" } else { "llm" };
    format!(
        "{id},'=m,,7B,d,,,,d,1,,2,,,response,,5,,,{grades},{grade},j,{kind},{verdict},,,,f,{source},run,1,,,"
    )
}

fn table(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

fn import(text: &str) -> (Result<Vec<String>, ImportError>, Collector) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let mut collector = Collector::default();
    let facts = CaveatExport.import(
        &Source::new(file.path()),
        &Options::default(),
        &mut collector,
    );
    (facts.map(|facts| facts.notes), collector)
}

fn traces(collector: &Collector) -> Vec<&Trace> {
    let records = collector.records.iter();
    records
        .map(|record| match record {
            Record::Trace(trace) => trace.as_ref(),
            Record::Cell(_) => panic!("a cell"),
        })
        .collect()
}

fn claim(head: &str) -> Claim {
    CaveatExport.probe(&Probe {
        path: Path::new("x"),
        head: head.as_bytes(),
        size: u64::try_from(head.len()).unwrap(),
    })
}

#[test]
fn a_table_is_recognised_by_its_header_alone() {
    let cells = "id,model,provider,coded_size,dataset,technique,attack_family,harm_category,\
        observed_at,grader,grader_kind,n,compliance,partial,refusal,hallucination_refusal,\
        benign_query,not_gradeable,error,parse_error,infra_error,unscored,source_format,\
        source_sha256,source_entry,source_record,source_byte";
    for head in [
        format!("{HEADER}\n"),
        format!("\u{feff}{HEADER}\r\nx"),
        format!("{HEADER},prompt_text,response_text,later"),
        format!("\"{}\"\n", HEADER.replace(',', "\",\"")),
        cells.to_owned(),
    ] {
        let Claim::Yes { confidence, reason } = claim(&head) else {
            panic!("{head}");
        };
        assert_eq!(confidence, 100);
        assert!(reason.contains("`caveat export` wrote"), "{reason}");
    }
    for head in ["", "id,model\n1,m\n", &HEADER.replace("grade,", "")] {
        assert_eq!(claim(head), Claim::No, "{head}");
    }
}

#[test]
fn rows_of_one_trace_are_one_record_with_its_grades_in_order() {
    let rows = [
        row('a', "1", 2, "compliance"),
        row('a', "2", 2, "refusal"),
        row('b', "", 0, "unscored"),
    ];
    let (notes, collector) = import(&table(&rows));
    assert!(notes.unwrap().is_empty());
    let found = traces(&collector);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].model.name, "=m");
    assert_eq!(found[0].model.provider, None);
    assert_eq!(found[0].model.coded_size.as_deref(), Some("7B"));
    assert_eq!(
        (found[0].attempt, found[0].response_tokens),
        (Some(2), Some(5))
    );
    let verdicts: Vec<_> = found[0].grades.iter().map(|grade| grade.verdict).collect();
    assert_eq!(verdicts, [Verdict::Compliance, Verdict::Refusal]);
    assert!(found[1].grades.is_empty());
    assert_eq!(found[1].location.record.as_deref(), Some("4"));
}

#[test]
fn rows_that_stand_apart_or_are_missing_are_counted() {
    let rows = [
        row('a', "1", 2, "compliance"),
        row('b', "1", 3, "refusal"),
        row('a', "2", 2, "refusal"),
    ];
    let (notes, collector) = import(&table(&rows));
    assert_eq!(collector.records.len(), 3);
    let notes = notes.unwrap();
    assert!(notes[0].starts_with("3 groups of rows"), "{notes:?}");
}

#[test]
fn a_wrong_cell_rejects_its_row_with_the_place_and_the_reason() {
    let good = row('a', "1", 2, "compliance");
    for (bad, reason) in [
        (
            row('a', "2", 2, "complied"),
            "column `verdict` holds `complied`",
        ),
        (row('a', "x", 2, "refusal"), "column `grade` holds `x`"),
        (row('g', "1", 1, "refusal"), "column `id` holds"),
        (
            row('a', "2", 2, "refusal").replace("'=m", ""),
            "column `model` is empty",
        ),
        (
            row('a', "2", 2, "refusal").replace(",d,1,,2", ",,1,,2"),
            "stand together",
        ),
    ] {
        let (facts, collector) = import(&table(&[good.clone(), bad]));
        assert!(facts.is_ok());
        assert_eq!(collector.records.len(), 1, "{reason}");
        let reject = &collector.rejects[0];
        assert!(reject.reason.contains(reason), "{}", reject.reason);
        assert_eq!(reject.location.record.as_deref(), Some("3"));
        assert!(reject.location.byte.is_some());
    }
}

#[test]
fn a_table_without_a_usable_row_is_refused_and_an_empty_one_is_empty() {
    let (facts, _) = import(&table(&[row('g', "1", 1, "refusal")]));
    let message = facts.unwrap_err().to_string();
    assert!(
        message.contains("no row of it is one that caveat exported"),
        "{message}"
    );
    let (facts, collector) = import(&format!("{HEADER}\n"));
    assert!(facts.is_ok() && collector.records.is_empty());
}
