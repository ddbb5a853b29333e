//! The short study: the first worlds of each kind, against the figures of the
//! long one and against what the methods promise.
#![allow(clippy::unwrap_used)]

use caveat_calibration::{
    Length, Section,
    figure::{Measured, Promise, Verdict},
    page, study, study_of, table,
};

/// The figures of `docs/calibration.md`.
const LONG: &str = include_str!("../../../docs/calibration.csv");

/// Monte Carlo errors by which a figure may differ. Of 200 figures one normal one
/// in a thousand runs would lie beyond; the seeds are fixed, so that a figure that
/// passes does so until a method changes.
const ERRORS: f64 = 4.5;

fn agree(short: (f64, f64), long: (f64, f64)) -> bool {
    (short.0 - long.0).abs() <= ERRORS * short.1.hypot(long.1)
}

fn rows(sections: &[Section]) -> impl Iterator<Item = (String, String, Promise, &Measured)> {
    let outcomes = sections.iter().flat_map(|s| &s.outcomes);
    outcomes.flat_map(|o| {
        o.rows()
            .map(|(q, m)| (o.world.id.to_owned(), q.id.to_owned(), q.promise, m))
    })
}

#[test]
fn the_short_study_agrees_with_the_document_and_breaks_no_promise_kept_there() {
    let long = table::read(LONG);
    let sections = study(Length::Short);
    let mut faults = Vec::new();
    let mut compared = 0;
    for (world, question, promise, m) in rows(&sections) {
        assert!(m.answered > 0, "{world} {question} has no answer");
        let Some(published) = long.get(&(world.clone(), question.clone())) else {
            faults.push(format!("{world} {question} is not in the document"));
            continue;
        };
        compared += 1;
        if !agree((m.mean, m.error), *published) {
            faults.push(format!(
                "{world} {question}: {:.4} ± {:.4}, in the document {:.4}",
                m.mean, m.error, published.0
            ));
        }
        if let Some((low, high)) = promise.range() {
            let kept = (low..=high).contains(&published.0);
            let far = (low - m.mean).max(m.mean - high);
            if kept && far > ERRORS * m.error {
                faults.push(format!(
                    "{world} {question} breaks its promise: {:.4}",
                    m.mean
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(
        compared,
        long.len(),
        "the document has questions that are not asked"
    );
}

#[test]
fn a_figure_that_moved_is_noticed() {
    // The F test with an outlying model: a third of the worlds, not one in twenty.
    assert!(!agree((0.05, 0.022), (0.332, 0.005)));
    assert!(agree((0.30, 0.05), (0.332, 0.005)));
    let all_wrong = Measured::new("q", &[Some(0.0); 100]);
    assert_eq!(
        Verdict::of(Promise::Coverage(0.95), &all_wrong),
        Verdict::Fails
    );
}

#[test]
fn what_the_issue_calls_chance_is_chance_in_the_document_too() {
    let long = table::read(LONG);
    let mean = |world: &str, question: &str| {
        let key = (world.to_owned(), question.to_owned());
        long.get(&key).unwrap().0
    };
    let ratio = mean("test-164", "ratio");
    assert!((0.28..0.40).contains(&ratio), "{ratio}");
    assert!(mean("test-outlier", "f") > 0.25);
    assert!(mean("test-outlier", "permutation") < 0.06);
    assert!(mean("test-outlier", "freedman-lane") > 0.1);
    assert!(mean("prompts-confounded", "crude") > 0.9);
    assert!(mean("prompts-confounded", "common") < 0.06);
}

#[test]
fn one_thread_and_three_give_the_same_bytes() {
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let sections = ["graders", "prompts", "levels"].map(|id| study_of(Length::Short, id));
            sections.map(|s| page::tables(&s)).concat()
        })
    };
    let one = with(1);
    assert_eq!(one, with(3));
    assert!(one.contains("Lang-Reiczigel"));
}
