//! What makes two records one, and what an import counts.
#![allow(clippy::unwrap_used)]

mod common;

use caveat_corpus::{GraderKind, Location, Record, Verdict, VerdictRule};
use caveat_store::{Account, Recorded, SourceFacts, Store};

use common::{cell, corpus, grade, import, input, llm, record, trace};

#[test]
fn duplicate_import_changes_nothing() {
    let records = corpus(0..500);
    let mut store = Store::in_memory().unwrap();
    let first = import(&mut store, "a", &records);
    let before = (
        store.evidence(&VerdictRule::Coalesce).unwrap(),
        store.status().unwrap(),
    );
    let second = import(&mut store, "a", &records);
    let after = (
        store.evidence(&VerdictRule::Coalesce).unwrap(),
        store.status().unwrap(),
    );
    assert_eq!(before, after);
    assert_eq!((first.read, first.imported), (500, 500));
    assert_eq!((second.imported, second.already_present), (0, 500));
    assert_eq!(second.grades_added, 0);
    assert_eq!(first.not_evaluable, second.not_evaluable);
}

#[test]
fn a_changed_file_with_the_same_records_adds_a_source_and_no_trace() {
    let records = corpus(0..200);
    let mut store = Store::in_memory().unwrap();
    import(&mut store, "a", &records);
    let before = store.evidence(&VerdictRule::LlmOnly).unwrap();
    let account = import(&mut store, "repacked", &records);
    let after = store.evidence(&VerdictRule::LlmOnly).unwrap();
    assert_eq!(account.already_present, 200);
    assert_eq!(before.models, after.models);
    assert_eq!(before.confusions, after.confusions);
    assert_eq!(after.sources.len(), 2);
}

#[test]
fn a_superset_adds_only_what_is_new() {
    let mut store = Store::in_memory().unwrap();
    import(&mut store, "a", &corpus(0..150));
    let account = import(&mut store, "a and more", &corpus(0..400));
    assert_eq!((account.imported, account.already_present), (250, 150));
    let mut fresh = Store::in_memory().unwrap();
    import(&mut fresh, "a and more", &corpus(0..400));
    for rule in [VerdictRule::Coalesce, VerdictRule::Majority] {
        let grown = store.evidence(&rule).unwrap();
        assert_eq!(grown.models, fresh.evidence(&rule).unwrap().models);
    }
}

#[test]
fn the_order_of_two_sources_changes_no_evidence() {
    for seed in 0..12 {
        let from = seed * 300;
        let (a, b) = (corpus(from..from + 130), corpus(from + 130..from + 300));
        let mut forward = Store::in_memory().unwrap();
        import(&mut forward, "a", &a);
        import(&mut forward, "b", &b);
        let mut backward = Store::in_memory().unwrap();
        import(&mut backward, "b", &b);
        import(&mut backward, "a", &a);
        for rule in [
            VerdictRule::Coalesce,
            VerdictRule::LlmOnly,
            VerdictRule::Majority,
            VerdictRule::Grader("words".into()),
        ] {
            let forward = forward.evidence(&rule).unwrap();
            // Equal cells of two sources are one record, so the accounts of such
            // overlapping sources are all that may differ.
            let backward = backward.evidence(&rule).unwrap();
            assert_eq!(forward.models, backward.models);
            assert_eq!(forward.confusions, backward.confusions);
            let names = |evidence: &caveat_corpus::Evidence| -> Vec<_> {
                let row = |s: &caveat_corpus::SourceEvidence| (s.digest, s.path.clone(), s.read);
                evidence.sources.iter().map(row).collect()
            };
            assert_eq!(names(&forward), names(&backward));
        }
    }
}

#[test]
fn reordering_the_records_of_a_source_changes_no_evidence() {
    let mut records = corpus(0..300);
    let mut forward = Store::in_memory().unwrap();
    import(&mut forward, "a", &records);
    records.reverse();
    let mut backward = Store::in_memory().unwrap();
    import(&mut backward, "a", &records);
    let rule = VerdictRule::Coalesce;
    assert_eq!(
        forward.evidence(&rule).unwrap(),
        backward.evidence(&rule).unwrap()
    );
    let (forward, backward) = (forward.status().unwrap(), backward.status().unwrap());
    assert_eq!(forward, backward);
}

#[test]
fn a_regrade_adds_a_grade_and_no_trace() {
    let mut store = Store::in_memory().unwrap();
    let old = trace("1", "m", "p", vec![llm(Verdict::Refusal)]);
    import(&mut store, "old", &[record(old.clone())]);
    let new = trace("1", "m", "p", vec![llm(Verdict::Compliance)]);
    let account = import(&mut store, "new", &[record(old), record(new)]);
    let expected = Account {
        read: 2,
        already_present: 2,
        grades_added: 1,
        ..Account::default()
    };
    assert_eq!(account, expected);
    let evidence = store.evidence(&VerdictRule::LlmOnly).unwrap();
    let counts = evidence.models[0].cells[0].total_counts();
    assert_eq!(counts.total(), 1);
    assert_eq!(counts.get(Verdict::Compliance), 1);
}

fn success_or_not(record_id: &str, verdict: Verdict) -> Record {
    record(trace(record_id, "m", "p", vec![llm(verdict)]))
}

fn verdict_of(store: &Store) -> Vec<(Verdict, u64)> {
    let evidence = store.evidence(&VerdictRule::LlmOnly).unwrap();
    let counts = evidence.models[0].cells[0].total_counts();
    counts.iter().filter(|(_, traces)| *traces > 0).collect()
}

#[test]
fn a_regrade_back_to_an_earlier_verdict_counts() {
    let (success, refusal) = (Verdict::Compliance, Verdict::Refusal);
    let mut store = Store::in_memory().unwrap();
    let mut grades_added = Vec::new();
    for (source, verdict) in [("a", success), ("b", refusal), ("c", success)] {
        let account = import(&mut store, source, &[success_or_not("1", verdict)]);
        grades_added.push(account.grades_added);
        assert_eq!(verdict_of(&store), [(verdict, 1)]);
    }
    assert_eq!(grades_added, [0, 1, 1]);
    // Nothing is lost, and nothing is said anew by files that say what they said.
    for _ in 0..2 {
        for (source, verdict) in [("a", success), ("b", refusal), ("c", success)] {
            let account = import(&mut store, source, &[success_or_not("1", verdict)]);
            assert_eq!((account.already_present, account.grades_added), (1, 0));
        }
    }
    assert_eq!(verdict_of(&store), [(success, 1)]);
    let mut kept = Vec::new();
    store
        .visit_records(|found| {
            if let caveat_store::StoredKind::Trace { trace, .. } = found.kind {
                kept.extend(trace.grades.into_iter().map(|grade| grade.verdict));
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(kept, [success, refusal, success]);
}

#[test]
fn a_file_that_changes_and_changes_back_is_graded_as_it_stands() {
    let mut store = Store::in_memory().unwrap();
    let mut read = |bytes: &str, verdict| {
        let mut source = input(bytes);
        source.path = "runs.csv".into();
        let mut import = store.begin_source(source).unwrap();
        import.record(&success_or_not("1", verdict)).unwrap();
        let account = import.commit(&SourceFacts::default()).unwrap();
        let again = store.settle().unwrap();
        let again: u64 = again.iter().map(|one| one.grades_added).sum();
        (account.grades_added + again, verdict_of(&store))
    };
    let (success, refusal) = (Verdict::Compliance, Verdict::Refusal);
    assert_eq!(read("one", success), (0, vec![(success, 1)]));
    assert_eq!(read("two", refusal), (1, vec![(refusal, 1)]));
    assert_eq!(read("one", success), (1, vec![(success, 1)]));
    assert_eq!(read("one", success), (0, vec![(success, 1)]));
}

#[test]
fn what_a_file_held_before_it_grew_says_nothing_anew_and_what_was_added_does() {
    let (success, refusal) = (Verdict::Compliance, Verdict::Refusal);
    let at = |byte, verdict| {
        let mut one = trace("1", "m", "p", vec![llm(verdict)]);
        one.location.byte = Some(byte);
        record(one)
    };
    let mut store = Store::in_memory().unwrap();
    let mut read = |path: &str, content: &str, held, records: &[Record]| {
        let mut source = input(content);
        source.path = path.into();
        source.bytes = u64::try_from(content.len()).unwrap();
        source.held = held;
        let mut import = store.begin_source(source).unwrap();
        for record in records {
            import.record(record).unwrap();
        }
        import.commit(&SourceFacts::default()).unwrap();
        (store.settle().unwrap().len(), verdict_of(&store))
    };
    let first = [at(0, success)];
    assert_eq!(read("a.log", "one", 0, &first), (0, vec![(success, 1)]));
    let regrade = [at(0, refusal)];
    assert_eq!(read("b.log", "re", 0, &regrade), (0, vec![(refusal, 1)]));
    // It grows twice by records of others, and still says what it said.
    assert_eq!(read("a.log", "one+", 3, &first), (0, vec![(refusal, 1)]));
    assert_eq!(read("a.log", "one++", 4, &first), (0, vec![(refusal, 1)]));
    // A caller that is wrong about the path is not believed.
    assert_eq!(read("a.log", "one++!", 3, &first), (1, vec![(success, 1)]));
    assert_eq!(read("b.log", "re", 0, &regrade), (0, vec![(success, 1)]));
    assert_eq!(read("b.log", "re+", 2, &regrade), (0, vec![(success, 1)]));
    // What was added says it anew.
    let added = [at(0, refusal), at(3, refusal)];
    assert_eq!(read("b.log", "re++", 3, &added), (1, vec![(refusal, 1)]));
}

#[test]
fn a_file_that_is_read_with_other_options_and_with_the_first_again_says_what_it_said() {
    let mut store = Store::in_memory().unwrap();
    let mut read = |options: &str, verdict| {
        let mut source = input("one");
        source.options = caveat_corpus::Digest::of(options.as_bytes());
        let mut import = store.begin_source(source).unwrap();
        import.record(&success_or_not("1", verdict)).unwrap();
        import.commit(&SourceFacts::default()).unwrap();
        (store.settle().unwrap().len(), verdict_of(&store))
    };
    let (success, refusal) = (Verdict::Compliance, Verdict::Refusal);
    assert_eq!(read("first", success), (0, vec![(success, 1)]));
    assert_eq!(read("other", refusal), (0, vec![(refusal, 1)]));
    assert_eq!(read("first", success), (1, vec![(success, 1)]));
    assert_eq!(read("first", success), (0, vec![(success, 1)]));
}

#[test]
fn a_copy_of_an_old_file_under_a_new_name_is_a_regrade_once() {
    let (success, refusal) = (Verdict::Compliance, Verdict::Refusal);
    let mut store = Store::in_memory().unwrap();
    let mut read = |bytes: &str, path: &str, verdict| {
        let mut source = input(bytes);
        source.path = path.into();
        let mut import = store.begin_source(source).unwrap();
        import.record(&success_or_not("1", verdict)).unwrap();
        let account = import.commit(&SourceFacts::default()).unwrap();
        let again = store.settle().unwrap();
        account.grades_added + again.iter().map(|one| one.grades_added).sum::<u64>()
    };
    let added: Vec<u64> = [
        ("one", "a.csv", success),
        ("two", "b.csv", refusal),
        ("one", "c.csv", success),
        ("one", "a.csv", success),
        ("two", "b.csv", refusal),
        ("one", "c.csv", success),
    ]
    .map(|(bytes, path, verdict)| read(bytes, path, verdict))
    .into();
    assert_eq!(added, [0, 1, 1, 0, 0, 0]);
    assert_eq!(verdict_of(&store), [(success, 1)]);
}

#[test]
fn a_folder_with_a_regrade_says_the_same_when_it_is_moved_or_its_files_are_renamed() {
    let (success, refusal) = (Verdict::Compliance, Verdict::Refusal);
    let mut store = Store::in_memory().unwrap();
    let mut call = |files: [(&str, &str); 2]| {
        for (bytes, path) in files {
            let verdict = if bytes == "one" { success } else { refusal };
            let mut source = input(bytes);
            source.path = path.into();
            let mut import = store.begin_source(source).unwrap();
            import.record(&success_or_not("1", verdict)).unwrap();
            import.commit(&SourceFacts::default()).unwrap();
        }
        (store.settle().unwrap().len(), verdict_of(&store))
    };
    let said = (0, vec![(refusal, 1)]);
    assert_eq!(call([("one", "a.csv"), ("two", "b.csv")]), said);
    assert_eq!(call([("one", "a.csv"), ("two", "b.csv")]), said);
    assert_eq!(call([("one", "moved/a.csv"), ("two", "moved/b.csv")]), said);
    assert_eq!(call([("two", "moved/b.csv"), ("one", "moved/z.csv")]), said);
}

#[test]
fn the_same_grade_of_the_same_date_is_no_later_grading() {
    let dated = |verdict, date: &str| {
        let mut one = llm(verdict);
        one.graded_at = Some(date.to_owned());
        record(trace("1", "m", "p", vec![one]))
    };
    let mut store = Store::in_memory().unwrap();
    import(&mut store, "a", &[dated(Verdict::Compliance, "2026-01-01")]);
    import(&mut store, "b", &[dated(Verdict::Refusal, "2026-02-01")]);
    let again = [dated(Verdict::Compliance, "2026-01-01")];
    assert_eq!(import(&mut store, "packed anew", &again).grades_added, 0);
    assert_eq!(verdict_of(&store), [(Verdict::Refusal, 1)]);
    let back = [dated(Verdict::Compliance, "2026-03-01")];
    assert_eq!(import(&mut store, "c", &back).grades_added, 1);
    assert_eq!(verdict_of(&store), [(Verdict::Compliance, 1)]);
}

#[test]
fn the_last_word_of_a_source_counts_and_packing_it_anew_adds_nothing() {
    let (success, refusal) = (Verdict::Compliance, Verdict::Refusal);
    let records = [success, refusal, success].map(|verdict| success_or_not("1", verdict));
    let mut store = Store::in_memory().unwrap();
    assert_eq!(import(&mut store, "a", &records).grades_added, 2);
    assert_eq!(verdict_of(&store), [(success, 1)]);
    assert_eq!(import(&mut store, "packed anew", &records).grades_added, 0);
    let mut one_record = trace("2", "m", "p", [success, refusal, success].map(llm).into());
    one_record.grades.push(llm(success));
    let mut store = Store::in_memory().unwrap();
    import(&mut store, "a", &[record(one_record.clone())]);
    assert_eq!(verdict_of(&store), [(success, 1)]);
    assert_eq!(
        import(&mut store, "b", &[record(one_record)]).grades_added,
        0
    );
}

#[test]
fn the_word_of_one_grader_says_nothing_of_another() {
    let by = |grader: &str, verdict| {
        let grades = vec![grade(grader, GraderKind::Llm, verdict)];
        record(trace("1", "m", "p", grades))
    };
    let mut store = Store::in_memory().unwrap();
    let first = by("first", Verdict::Compliance);
    import(&mut store, "a", std::slice::from_ref(&first));
    import(&mut store, "b", &[by("second", Verdict::Refusal)]);
    assert_eq!(import(&mut store, "grown", &[first]).grades_added, 0);
    assert_eq!(verdict_of(&store), [(Verdict::Refusal, 1)]);
}

#[test]
fn equal_grades_of_one_record_are_one_grade() {
    let mut store = Store::in_memory().unwrap();
    let twice = vec![llm(Verdict::Refusal), llm(Verdict::Refusal)];
    import(
        &mut store,
        "a",
        &[record(trace("1", "m", "p", twice.clone()))],
    );
    let account = import(&mut store, "b", &[record(trace("1", "m", "p", twice))]);
    assert_eq!(account.grades_added, 0);
    assert!(
        store
            .evidence(&VerdictRule::LlmOnly)
            .unwrap()
            .confusions
            .is_empty()
    );
}

#[test]
fn records_without_an_id_are_told_apart_by_their_ordinal() {
    let mut one = trace("1", "m", "p", vec![llm(Verdict::Refusal)]);
    one.record_id = None;
    let mut store = Store::in_memory().unwrap();
    let two = [record(one.clone()), record(one.clone())];
    assert_eq!(import(&mut store, "two", &two).imported, 2);
    let three = [record(one.clone()), record(one.clone()), record(one)];
    let account = import(&mut store, "three", &three);
    assert_eq!((account.imported, account.already_present), (1, 2));
}

/// Records that are alike but for their grades, and have no id of their own.
fn alike(verdicts: &[Verdict]) -> Vec<Record> {
    let one = |verdict: &Verdict| {
        let mut one = trace("1", "m", "p", vec![llm(*verdict)]);
        one.record_id = None;
        record(one)
    };
    verdicts.iter().map(one).collect()
}

#[test]
fn the_second_of_two_alike_records_alone_regrades_none() {
    let (success, refusal) = (Verdict::Compliance, Verdict::Refusal);
    let mut store = Store::in_memory().unwrap();
    import(&mut store, "both", &alike(&[success, refusal]));
    let expected = [(success, 1), (refusal, 1)];
    assert_eq!(verdict_of(&store), expected);
    for (source, verdicts) in [
        ("second", &[refusal][..]),
        ("first", &[success]),
        ("turned", &[refusal, success]),
        ("both anew", &[success, refusal]),
    ] {
        let account = import(&mut store, source, &alike(verdicts));
        let found = (account.imported, account.grades_added);
        assert_eq!(found, (0, 0), "{source}");
        assert_eq!(verdict_of(&store), expected, "{source}");
    }
}

#[test]
fn alike_records_are_regraded_only_where_none_has_the_grade() {
    let (success, refusal, partial) = (Verdict::Compliance, Verdict::Refusal, Verdict::Partial);
    let mut store = Store::in_memory().unwrap();
    import(&mut store, "a", &alike(&[success, success, refusal]));
    let regraded = alike(&[partial, refusal, success, success, partial]);
    let account = import(&mut store, "b", &regraded);
    assert_eq!((account.already_present, account.imported), (3, 2));
    assert_eq!(account.grades_added, 1);
    assert_eq!(
        verdict_of(&store),
        [(success, 2), (partial, 2), (refusal, 1)]
    );
    let again = import(&mut store, "b packed anew", &regraded);
    assert_eq!((again.imported, again.grades_added), (0, 0));
}

#[test]
fn many_alike_records_in_another_order_are_found_at_once() {
    let half = 3_000;
    let mut verdicts = vec![Verdict::Compliance; half];
    verdicts.resize(2 * half, Verdict::Refusal);
    let mut store = Store::in_memory().unwrap();
    import(&mut store, "a", &alike(&verdicts));
    verdicts.reverse();
    let account = import(&mut store, "b", &alike(&verdicts));
    assert_eq!((account.imported, account.grades_added), (0, 0));
}

#[test]
fn one_refusal_of_two_attacks_in_two_files_is_two_traces() {
    let attack = |technique: &str, verdict| {
        let mut one = trace("1", "m", "p", vec![llm(verdict)]);
        one.record_id = None;
        one.technique = Some(technique.to_owned());
        record(one)
    };
    let mut store = Store::in_memory().unwrap();
    let refused = Verdict::Refusal;
    for (source, technique) in [("a", "dan"), ("b", "pair")] {
        let account = import(&mut store, source, &[attack(technique, refused)]);
        assert_eq!((account.imported, account.already_present), (1, 0));
    }
    // Renamed, grown and regraded files still add nothing of what is known.
    let both = [attack("dan", refused), attack("pair", refused)];
    assert_eq!(import(&mut store, "both", &both).already_present, 2);
    let regraded = import(&mut store, "c", &[attack("pair", Verdict::Partial)]);
    assert_eq!((regraded.already_present, regraded.grades_added), (1, 1));
    assert_eq!(store.status().unwrap().traces, 2);
}

#[test]
fn a_separator_in_a_name_makes_no_two_prompts_one() {
    let prompt = |record_id: &str, dataset: &str, id: &str| {
        let mut one = trace(record_id, "m", "p", vec![llm(Verdict::Refusal)]);
        one.prompt = Some(caveat_corpus::PromptKey::Id {
            dataset: dataset.to_owned(),
            id: id.to_owned(),
        });
        record(one)
    };
    let records = [prompt("1", "a\u{1f}b", "c"), prompt("2", "a", "b\u{1f}c")];
    let mut store = Store::in_memory().unwrap();
    import(&mut store, "a", &records);
    let evidence = store.evidence(&VerdictRule::LlmOnly).unwrap();
    let prompts = evidence.models[0].cells[0].prompts_met(|_| false).unwrap();
    assert_eq!(prompts.len(), 2);
}

#[test]
fn a_record_id_that_is_repeated_is_one_record() {
    let one = record(trace("1", "m", "p", vec![llm(Verdict::Refusal)]));
    let mut store = Store::in_memory().unwrap();
    let account = import(&mut store, "a", &[one.clone(), one]);
    assert_eq!((account.imported, account.already_present), (1, 1));
}

#[test]
fn equal_cells_of_one_source_are_two_cells() {
    let row = Record::Cell(Box::new(cell("m", GraderKind::Human, 1, 9)));
    let mut store = Store::in_memory().unwrap();
    let account = import(&mut store, "a", &[row.clone(), row.clone()]);
    assert_eq!((account.read, account.imported), (2, 2));
    assert_eq!(import(&mut store, "a", &[row.clone(), row]).imported, 0);
    assert_eq!(store.status().unwrap().cells, 2);
}

fn dated(day: Option<&str>, succeeded: u64) -> Record {
    let mut one = cell("m", GraderKind::Human, succeeded, 9);
    one.observed_at = day.map(str::to_owned);
    Record::Cell(Box::new(one))
}

#[test]
fn equal_counts_of_another_month_are_another_cell() {
    let (january, february) = (dated(Some("2026-01-01"), 1), dated(Some("2026-02-01"), 1));
    let mut store = Store::in_memory().unwrap();
    import(&mut store, "a", std::slice::from_ref(&january));
    let account = import(&mut store, "b", &[january, february, dated(None, 1)]);
    assert_eq!((account.imported, account.already_present), (2, 1));
    assert_eq!(store.status().unwrap().cells, 3);
}

#[test]
fn a_cell_that_contradicts_one_of_another_source_is_a_reject() {
    for day in [Some("2026-01-01"), None] {
        let mut store = Store::in_memory().unwrap();
        import(&mut store, "a", &[dated(day, 1)]);
        let before = store.evidence(&VerdictRule::Coalesce).unwrap().models;
        let corrected = [dated(day, 2)];
        for _ in 0..2 {
            let account = import(&mut store, "b", &corrected);
            assert_eq!((account.imported, account.rejected), (0, 1));
            assert_eq!(account.not_evaluable, 0);
        }
        let rejects = store.rejects().unwrap();
        assert_eq!(rejects.len(), 1);
        assert_eq!(
            rejects[0].reason,
            "a cell with the same labels and date is there with other counts; \
             import into a new store to replace it"
        );
        let after = store.evidence(&VerdictRule::Coalesce).unwrap().models;
        assert_eq!(before, after);
    }
}

#[test]
fn cells_of_one_source_or_of_other_labels_do_not_contradict_each_other() {
    let rows = [dated(None, 1), dated(None, 2), dated(None, 2)];
    let mut store = Store::in_memory().unwrap();
    assert_eq!(import(&mut store, "a", &rows).imported, 3);
    assert_eq!(import(&mut store, "a", &rows).already_present, 3);
    assert_eq!(import(&mut store, "renamed", &rows).already_present, 3);
    let mut other = cell("m", GraderKind::Human, 5, 9);
    other.technique = Some("dan".to_owned());
    let grown = [rows.as_slice(), &[Record::Cell(Box::new(other))]].concat();
    let account = import(&mut store, "grown", &grown);
    assert_eq!((account.imported, account.already_present), (1, 3));
}

#[test]
fn a_dropped_import_leaves_the_store_as_it_was() {
    let mut store = Store::in_memory().unwrap();
    import(&mut store, "a", &corpus(0..50));
    let before = store.status().unwrap();
    let mut import = store.begin_source(input("b")).unwrap();
    for record in corpus(50..90) {
        import.record(&record).unwrap();
    }
    let lost = import.account();
    import.reject(&Location::default(), "unreadable").unwrap();
    drop(import);
    assert_eq!(store.status().unwrap(), before);
    assert!(store.rejects().unwrap().is_empty());
    assert_eq!(common::import(&mut store, "b", &corpus(50..90)), lost);
}

#[test]
fn every_reject_keeps_its_place_and_is_listed_once() {
    let mut store = Store::in_memory().unwrap();
    let place = Location {
        entry: Some("results".into()),
        record: Some("17".into()),
        byte: Some(4_096),
    };
    for _ in 0..2 {
        let mut import = store.begin_source(input("a")).unwrap();
        import
            .reject(&place, "unknown verdict word `maybe`")
            .unwrap();
        let account = import.commit(&SourceFacts::default()).unwrap();
        assert_eq!((account.read, account.rejected), (1, 1));
    }
    let rejects = store.rejects().unwrap();
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0].location, place);
    assert_eq!(rejects[0].reason, "unknown verdict word `maybe`");
    assert_eq!(store.sources().unwrap()[0].account.rejected, 1);
}

#[test]
fn figures_beyond_the_range_of_the_file_are_rejects() {
    let mut huge = trace("1", "m", "p", Vec::new());
    huge.duration_ms = Some(u64::MAX);
    let crowd = (0..1_025)
        .map(|n| grade(&format!("g{n}"), GraderKind::Llm, Verdict::Refusal))
        .collect();
    let crowded = trace("2", "m", "p", crowd);
    let vast = Record::Cell(Box::new(cell("m", GraderKind::Human, u64::MAX, u64::MAX)));
    let mut store = Store::in_memory().unwrap();
    let mut import = store.begin_source(input("a")).unwrap();
    for bad in [record(huge), record(crowded), vast] {
        let recorded = import.record(&bad).unwrap();
        assert!(matches!(recorded, Recorded::Rejected(_)), "{recorded:?}");
    }
    import.commit(&SourceFacts::default()).unwrap();
    let reasons: Vec<_> = store
        .rejects()
        .unwrap()
        .into_iter()
        .map(|r| r.reason)
        .collect();
    assert!(reasons[0].contains("`duration_ms` is 18446744073709551615"));
    assert!(reasons[1].contains("1025 grades"));
    assert!(reasons[2].contains("compliance"));
}

#[test]
fn hostile_names_come_back_as_they_were() {
    let names = [
        "'; DROP TABLE traces; --".to_owned(),
        "a\0b".to_owned(),
        "模型 \u{202e}\u{1b}[31m".to_owned(),
        "x".repeat(10_000),
        String::new(),
    ];
    let mut store = Store::in_memory().unwrap();
    let records: Vec<_> = names
        .iter()
        .map(|name| record(trace("1", name, name, vec![llm(Verdict::Refusal)])))
        .collect();
    assert_eq!(import(&mut store, "a", &records).imported, 5);
    let models = store.evidence(&VerdictRule::LlmOnly).unwrap().models;
    let mut found: Vec<_> = models.into_iter().map(|model| model.name).collect();
    let mut expected = names.to_vec();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}
