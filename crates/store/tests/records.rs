//! Reading every record back: nothing lost, in an order of its own.

#![allow(clippy::unwrap_used)]

mod common;

use std::ops::ControlFlow;

use caveat_corpus::{Grade, GraderKind, PromptKey, Record, Trace, Verdict};
use caveat_store::{Store, StoredKind, StoredRecord};
use common::{cell, corpus, grade, import, llm, record, trace};

fn records(store: &Store) -> Vec<StoredRecord> {
    let mut records = Vec::new();
    let read = store.visit_records(|record| {
        records.push(record);
        ControlFlow::Continue(())
    });
    read.unwrap();
    records
}

fn of(record: &StoredRecord) -> Record {
    match &record.kind {
        StoredKind::Trace { trace, .. } => Record::Trace(trace.clone()),
        StoredKind::Cell(cell) => Record::Cell(cell.clone()),
    }
}

fn full() -> Trace {
    let mut trace = trace("7", "m", "p", Vec::new());
    trace.location.byte = Some(12);
    trace.model.coded_size = Some("7B".to_owned());
    trace.prompt = Some(PromptKey::Text(caveat_corpus::Digest::of(b"prompt")));
    trace.attack_family = Some("family".to_owned());
    trace.harm_category = Some("category".to_owned());
    trace.attempt = Some(2);
    trace.turns = Some(3);
    trace.prompt_tokens = Some(4);
    trace.duration_ms = Some(5);
    trace.grades = vec![
        llm(Verdict::Partial),
        Grade {
            grader: None,
            kind: GraderKind::Human,
            verdict: Verdict::HallucinationRefusal,
            raw: Some("0.5".to_owned()),
            version: Some("v".to_owned()),
            graded_at: Some("2026-01-01".to_owned()),
        },
    ];
    trace
}

#[test]
fn every_field_of_a_record_comes_back_as_it_went_in() {
    let mut store = Store::in_memory().unwrap();
    let cell = Record::Cell(Box::new(cell("m", GraderKind::Human, 3, 4)));
    let imported = [record(full()), cell];
    import(&mut store, "a", &imported);
    let found = records(&store);
    assert_eq!(found.iter().map(of).collect::<Vec<_>>(), imported);
    assert_eq!(found[0].identity, full().identity("synthetic", 0));
    assert_eq!(found[0].format, "synthetic");
    assert_eq!(found[0].source, common::input("a").digest);
}

#[test]
fn grades_that_came_later_stand_behind_the_first() {
    let mut store = Store::in_memory().unwrap();
    import(
        &mut store,
        "a",
        &[record(trace("1", "m", "p", vec![llm(Verdict::Refusal)]))],
    );
    let later = grade("words", GraderKind::Heuristic, Verdict::Compliance);
    import(
        &mut store,
        "b",
        &[record(trace("1", "m", "p", vec![later.clone()]))],
    );
    let StoredKind::Trace { trace, .. } = &records(&store)[0].kind else {
        panic!()
    };
    assert_eq!(trace.grades, [llm(Verdict::Refusal), later]);
}

#[test]
fn the_order_of_import_does_not_change_the_order_of_records() {
    let ordered = |sources: [(&str, std::ops::Range<u64>); 2]| {
        let mut store = Store::in_memory().unwrap();
        for (name, range) in sources {
            import(&mut store, name, &corpus(range));
        }
        records(&store)
    };
    let forward = ordered([("a", 0..300), ("b", 300..600)]);
    let backward = ordered([("b", 300..600), ("a", 0..300)]);
    // A cell that both sources hold names the one that came first.
    let content = |records: &[StoredRecord]| -> Vec<_> {
        records
            .iter()
            .map(|found| (found.identity, of(found)))
            .collect()
    };
    assert!(content(&forward) == content(&backward));
    // Four cells stand in both sources.
    assert_eq!(forward.len(), 596);
    let traces = forward
        .iter()
        .take_while(|r| matches!(r.kind, StoredKind::Trace { .. }));
    let keys: Vec<_> = traces
        .map(|record| match &record.kind {
            StoredKind::Trace { trace, .. } => (
                trace.model.name.clone(),
                trace.dataset.clone(),
                record.identity,
            ),
            StoredKind::Cell(_) => panic!("cells stand behind"),
        })
        .collect();
    assert!(keys.is_sorted());
}

#[test]
fn a_visitor_that_stops_is_not_visited_again() {
    let mut store = Store::in_memory().unwrap();
    import(&mut store, "a", &corpus(0..50));
    let mut visited = 0;
    let read = store.visit_records(|_| {
        visited += 1;
        if visited == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    read.unwrap();
    assert_eq!(visited, 3);
}

#[test]
fn a_file_that_contradicts_itself_is_damaged() {
    for damage in [
        "DELETE FROM models WHERE id = 1",
        "UPDATE traces SET labels = 99 WHERE id = 1",
        "UPDATE traces SET source = 99 WHERE id = 1",
        "UPDATE traces SET prompt = 99 WHERE id = 1",
        "UPDATE traces SET turns = -1 WHERE id = 1",
        "UPDATE traces SET identity = x'00' WHERE id = 1",
        "UPDATE prompts SET key = 5 WHERE id = 1",
        "UPDATE prompts SET key = 'x' WHERE id = 1",
        "UPDATE grades SET verdict = 77 WHERE id = (SELECT min(id) FROM grades)",
        "UPDATE grades SET id = 9999999 WHERE id = (SELECT min(id) FROM grades)",
        "DELETE FROM strings WHERE id = (SELECT name FROM models WHERE id = 1)",
        "UPDATE cells SET refusal = -1 WHERE id = 1",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.caveat.db");
        import(&mut Store::open(&path).unwrap(), "a", &corpus(0..50));
        let file = rusqlite::Connection::open(&path).unwrap();
        assert!(file.execute(damage, []).unwrap() > 0, "{damage}");
        drop(file);
        let store = Store::open_read_only(&path).unwrap();
        let read = store.visit_records(|_| ControlFlow::Continue(()));
        assert!(read.is_err(), "{damage}");
    }
}
