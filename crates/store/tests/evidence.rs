//! From traces and cells to counts.
#![allow(clippy::unwrap_used)]

mod common;

use caveat_corpus::{
    Evidence, GraderKind, Outcome, Record, Trace, Verdict, VerdictCounts, VerdictRule,
};
use caveat_store::Store;

use common::{cell, corpus, grade, import, llm, record, trace};

fn store_of(records: &[Record]) -> Store {
    let mut store = Store::in_memory().unwrap();
    import(&mut store, "a", records);
    store
}

fn totals(evidence: &Evidence) -> VerdictCounts {
    let mut sum = VerdictCounts::default();
    for cell in evidence.models.iter().flat_map(|model| &model.cells) {
        sum.merge(&cell.total_counts());
    }
    sum
}

#[test]
fn every_trace_counts_once_under_every_rule() {
    let store = store_of(&corpus(0..400));
    let status = store.status().unwrap();
    let in_models: u64 = status.models.iter().map(|model| model.traces).sum();
    for rule in [
        VerdictRule::LlmOnly,
        VerdictRule::Coalesce,
        VerdictRule::Majority,
        VerdictRule::Grader("nobody".into()),
    ] {
        assert_eq!(totals(&store.evidence(&rule).unwrap()).total(), in_models);
    }
    let nobody = store
        .evidence(&VerdictRule::Grader("nobody".into()))
        .unwrap();
    assert_eq!(totals(&nobody).get(Verdict::Unscored), in_models);
}

#[test]
fn each_rule_chooses_its_grade() {
    let grades = vec![
        grade("words", GraderKind::Heuristic, Verdict::Refusal),
        llm(Verdict::Compliance),
        grade("ann", GraderKind::Human, Verdict::Partial),
    ];
    let store = store_of(&[record(trace("1", "m", "p", grades))]);
    for (rule, verdict, grader) in [
        (VerdictRule::LlmOnly, Verdict::Compliance, Some("judge")),
        (VerdictRule::Coalesce, Verdict::Partial, Some("ann")),
        (VerdictRule::Majority, Verdict::Partial, Some("ann")),
        (
            VerdictRule::Grader("words".into()),
            Verdict::Refusal,
            Some("words"),
        ),
        (VerdictRule::Grader("bob".into()), Verdict::Unscored, None),
    ] {
        let evidence = store.evidence(&rule).unwrap();
        let cell = &evidence.models[0].cells[0];
        assert_eq!(cell.counts[&Outcome::Response].get(verdict), 1, "{rule:?}");
        assert_eq!(cell.grader.as_deref(), grader, "{rule:?}");
        assert_eq!(cell.grader_kind.is_some(), grader.is_some(), "{rule:?}");
    }
}

#[test]
fn an_outcome_without_a_reply_is_counted_under_its_name() {
    let mut filtered = trace("1", "m", "p", Vec::new());
    filtered.outcome = Outcome::Filtered;
    let mut judged = trace("2", "m", "p", vec![llm(Verdict::Refusal)]);
    judged.outcome = Outcome::Filtered;
    let evidence = store_of(&[record(filtered), record(judged)])
        .evidence(&VerdictRule::LlmOnly)
        .unwrap();
    let cells = &evidence.models[0].cells;
    assert_eq!(cells.len(), 2);
    assert_eq!(
        cells[0].counts[&Outcome::Filtered].get(Verdict::Unscored),
        1
    );
    assert_eq!(cells[1].counts[&Outcome::Filtered].get(Verdict::Refusal), 1);
}

#[test]
fn cells_join_techniques_and_split_other_labels() {
    let mut records = Vec::new();
    for (id, technique, family) in [("1", "a", "x"), ("2", "b", "x"), ("3", "a", "y")] {
        let mut one = trace(id, "m", id, vec![llm(Verdict::Refusal)]);
        one.technique = Some(technique.to_owned());
        one.attack_family = Some(family.to_owned());
        one.observed_at = Some(format!("2026-01-0{id} 12:00"));
        records.push(record(one));
    }
    let evidence = store_of(&records).evidence(&VerdictRule::LlmOnly).unwrap();
    let cells = &evidence.models[0].cells;
    assert_eq!(cells.len(), 2);
    assert_eq!(cells[0].attack_family.as_deref(), Some("x"));
    let days = ("2026-01-01".to_owned(), "2026-01-02".to_owned());
    assert_eq!(cells[0].observed, Some(days));
    assert_eq!(cells[0].total_counts().total(), 2);
}

#[test]
fn prompts_are_those_with_an_evaluable_verdict_in_the_order_of_their_keys() {
    let records: Vec<_> = [
        ("1", "zebra", Verdict::Refusal),
        ("2", "apple", Verdict::Compliance),
        ("3", "mango", Verdict::ParseError),
        ("4", "zebra", Verdict::Partial),
    ]
    .into_iter()
    .map(|(id, prompt, verdict)| record(trace(id, "m", prompt, vec![llm(verdict)])))
    .collect();
    let evidence = store_of(&records).evidence(&VerdictRule::LlmOnly).unwrap();
    assert_eq!(
        evidence.models[0].cells[0].prompts_met(|_| false),
        Some(vec![0, 2])
    );
}

#[test]
fn traces_of_a_prompt_are_counted_by_day_outcome_and_verdict() {
    let on = |id: &str, prompt: &str, day: &str, verdict| {
        record(Trace {
            observed_at: Some(day.to_owned()),
            ..trace(id, "m", prompt, vec![llm(verdict)])
        })
    };
    let store = store_of(&[
        on("1", "b", "2026-01-02", Verdict::Refusal),
        on("2", "a", "2026-01-01", Verdict::Compliance),
        on("3", "b", "2026-01-01", Verdict::Refusal),
        on("4", "b", "2026-01-02", Verdict::Refusal),
        on("5", "b", "2026-01-02", Verdict::ParseError),
    ]);
    let evidence = store.evidence(&VerdictRule::LlmOnly).unwrap();
    let rows = evidence.models[0].cells[0].by_prompt.as_ref().unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.prompt, row.day, row.verdict, row.traces))
        .collect();
    assert_eq!(
        told,
        [
            (0, Some(20_260_101), Verdict::Compliance, 1),
            (1, Some(20_260_101), Verdict::Refusal, 1),
            (1, Some(20_260_102), Verdict::Refusal, 2),
            (1, Some(20_260_102), Verdict::ParseError, 1),
        ]
    );
}

#[test]
fn prompts_without_a_reply_are_apart_and_those_of_errors_nowhere() {
    let with_outcome = |id: &str, outcome, grades| {
        record(Trace {
            outcome,
            ..trace(id, "m", id, grades)
        })
    };
    let judged = || vec![llm(Verdict::Refusal)];
    let store = store_of(&[
        with_outcome("0", Outcome::Response, judged()),
        with_outcome("1", Outcome::Error, judged()),
        with_outcome("2", Outcome::Filtered, judged()),
        with_outcome("3", Outcome::NotSubmitted, judged()),
        with_outcome("4", Outcome::Response, vec![llm(Verdict::ParseError)]),
        with_outcome("5", Outcome::Filtered, Vec::new()),
    ]);
    let evidence = store.evidence(&VerdictRule::LlmOnly).unwrap();
    let cells = &evidence.models[0].cells;
    let ungraded = cells.iter().find(|cell| cell.grader.is_none()).unwrap();
    let graded = cells.iter().find(|cell| cell.grader.is_some()).unwrap();
    assert_eq!(graded.prompts_met(|_| false), Some(vec![0]));
    let filtered = |outcome| outcome == Outcome::Filtered;
    assert_eq!(graded.prompts_met(filtered), Some(vec![0, 2]));
    assert_eq!(graded.prompts_met(|_| true), Some(vec![0, 2, 3]));
    assert_eq!(ungraded.prompts_met(|_| false), Some(Vec::new()));
    assert_eq!(ungraded.prompts_met(filtered), Some(vec![5]));
}

#[test]
fn graders_are_compared_on_replies_alone() {
    let both = || {
        vec![
            llm(Verdict::Refusal),
            grade("words", GraderKind::Heuristic, Verdict::Refusal),
        ]
    };
    let records: Vec<_> = (0..)
        .zip(Outcome::ALL)
        .map(|(id, outcome)| {
            record(Trace {
                outcome,
                ..trace(&format!("{id}"), "m", "p", both())
            })
        })
        .collect();
    let evidence = store_of(&records).evidence(&VerdictRule::LlmOnly).unwrap();
    assert_eq!(evidence.confusions.len(), 1);
    assert_eq!(evidence.confusions[0].table[0].traces, 1);
    let evidence = store_of(&records[1..])
        .evidence(&VerdictRule::LlmOnly)
        .unwrap();
    assert!(evidence.confusions.is_empty());
}

#[test]
fn one_trace_without_a_prompt_leaves_the_cell_without_prompts() {
    let with = trace("1", "m", "p", vec![llm(Verdict::Refusal)]);
    let without = Trace {
        prompt: None,
        ..trace("2", "m", "p", vec![llm(Verdict::Refusal)])
    };
    let store = store_of(&[record(with), record(without)]);
    let evidence = store.evidence(&VerdictRule::LlmOnly).unwrap();
    assert_eq!(evidence.models[0].cells[0].by_prompt, None);
}

#[test]
fn graders_of_the_same_traces_are_compared_by_their_latest_grades() {
    let heuristic = |verdict| grade("words", GraderKind::Heuristic, verdict);
    let mut unnamed = heuristic(Verdict::Refusal);
    unnamed.grader = None;
    let records = [
        record(trace(
            "1",
            "m",
            "p",
            vec![
                llm(Verdict::ParseError),
                heuristic(Verdict::Refusal),
                llm(Verdict::Compliance),
            ],
        )),
        record(trace(
            "2",
            "m",
            "p",
            vec![heuristic(Verdict::Refusal), llm(Verdict::Compliance)],
        )),
        record(trace("3", "m", "p", vec![llm(Verdict::Refusal), unnamed])),
        record(trace("4", "m", "p", vec![llm(Verdict::Refusal)])),
    ];
    let confusions = store_of(&records)
        .evidence(&VerdictRule::LlmOnly)
        .unwrap()
        .confusions;
    let shown: Vec<_> = confusions
        .iter()
        .map(|c| (c.first.as_str(), c.second.as_str(), c.table.len()))
        .collect();
    assert_eq!(shown, [("heuristic", "judge", 1), ("judge", "words", 1)]);
    let pair = confusions[1].table[0];
    assert_eq!(
        (pair.first, pair.second),
        (Verdict::Compliance, Verdict::Refusal)
    );
    assert_eq!(pair.traces, 2);
}

#[test]
fn published_counts_stand_beside_traces_and_follow_the_rule() {
    let counts = Record::Cell(Box::new(cell("m", GraderKind::Human, 3, 7)));
    let mut one = trace("1", "m", "p", vec![llm(Verdict::Refusal)]);
    one.dataset = Some("table".to_owned());
    let store = store_of(&[counts, record(one)]);
    let coalesce = store.evidence(&VerdictRule::Coalesce).unwrap();
    let cells = &coalesce.models[0].cells;
    assert_eq!(cells.len(), 2);
    let published = cells.iter().find(|cell| cell.from_counts).unwrap();
    assert_eq!(published.total_counts().get(Verdict::Compliance), 3);
    assert_eq!(published.grader.as_deref(), Some("paper"));
    assert_eq!(published.by_prompt, None);
    let llm_only = store.evidence(&VerdictRule::LlmOnly).unwrap();
    assert_eq!(totals(&llm_only).get(Verdict::Unscored), 10);
    assert_eq!(totals(&llm_only).get(Verdict::Refusal), 1);
}

#[test]
fn status_counts_every_verdict_also_at_zero() {
    let both = vec![
        llm(Verdict::Refusal),
        grade("words", GraderKind::Heuristic, Verdict::Compliance),
    ];
    let store = store_of(&[
        record(trace("1", "m", "p", both)),
        record(trace("2", "m", "p", Vec::new())),
    ]);
    let status = store.status().unwrap();
    assert_eq!((status.traces, status.cells), (2, 0));
    let model = &status.models[0];
    assert_eq!(
        (model.model.as_str(), model.provider.as_deref()),
        ("m", Some("lab"))
    );
    assert_eq!(model.by_verdict.len(), 10);
    assert_eq!(model.by_verdict["refusal"], 1);
    assert_eq!(model.by_verdict["unscored"], 1);
    assert_eq!(model.by_verdict["compliance"], 0);
    let graders: Vec<_> = status
        .graders
        .iter()
        .map(|g| (g.grader.as_deref(), g.traces))
        .collect();
    assert_eq!(graders, [(Some("judge"), 1), (Some("words"), 1)]);
    assert_eq!(status.by_outcome["response"], 2);
    assert_eq!(status.by_outcome["not_submitted"], 0);
    assert_eq!(status.datasets[0].traces, 2);
}

#[test]
fn a_trace_without_a_reply_is_not_evaluable_in_the_account_and_the_status() {
    let records: Vec<_> = (0..)
        .zip(Outcome::ALL)
        .map(|(id, outcome)| {
            record(Trace {
                outcome,
                ..trace(&format!("{id}"), "m", "p", vec![llm(Verdict::Refusal)])
            })
        })
        .collect();
    let mut store = Store::in_memory().unwrap();
    let account = import(&mut store, "a", &records);
    assert_eq!((account.imported, account.not_evaluable), (4, 3));
    let again = import(&mut store, "b", &records);
    assert_eq!((again.already_present, again.not_evaluable), (4, 3));
    let status = store.status().unwrap();
    for by_verdict in [&status.models[0].by_verdict, &status.graders[0].by_verdict] {
        assert_eq!(by_verdict["refusal"], 1);
        assert_eq!(by_verdict["unscored"], 3);
    }
    assert_eq!((status.models[0].traces, status.graders[0].traces), (4, 4));
}

#[test]
fn an_empty_store_has_empty_evidence() {
    let store = Store::in_memory().unwrap();
    assert_eq!(
        store.evidence(&VerdictRule::Majority).unwrap(),
        Evidence::default()
    );
    assert_eq!(store.status().unwrap().traces, 0);
}
