//! Which verdicts two graders gave to the same replies.
//!
//! Per trace each grader speaks once, with its latest grade. Graders without a
//! name stand under their kind. A grade `Unscored` is no grade.

use std::collections::{BTreeMap, HashMap};

use caveat_corpus::{GraderConfusion, GraderKind, Verdict, VerdictPair};

use crate::scan::{GraderRow, Grades};

/// Counts pairs of verdicts while traces pass by.
pub(crate) struct Confusions {
    /// Distinct graders as shown, in order.
    shown: Vec<(String, GraderKind)>,
    /// For every grader of the file its place in `shown`.
    places: Vec<usize>,
    tables: HashMap<(usize, usize), HashMap<(Verdict, Verdict), u64>>,
    latest: Vec<(usize, Verdict)>,
}

impl Confusions {
    pub(crate) fn new(graders: &[GraderRow]) -> Self {
        let names: Vec<_> = graders
            .iter()
            .map(|grader| (grader.shown().to_owned(), grader.kind))
            .collect();
        let mut shown = names.clone();
        shown.sort();
        shown.dedup();
        let places = names
            .iter()
            .map(|name| shown.binary_search(name).unwrap_or_default())
            .collect();
        Self {
            shown,
            places,
            tables: HashMap::new(),
            latest: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, grades: &Grades<'_>) {
        if grades.views.len() < 2 {
            return;
        }
        self.latest.clear();
        for (grader, view) in grades.graders.iter().zip(&grades.views) {
            let Some(&place) = self.places.get(*grader) else {
                continue;
            };
            if view.verdict == Verdict::Unscored {
                continue;
            }
            match self.latest.iter_mut().find(|(known, _)| *known == place) {
                Some((_, verdict)) => *verdict = view.verdict,
                None => self.latest.push((place, view.verdict)),
            }
        }
        self.latest.sort_unstable();
        for (index, (first, a)) in self.latest.iter().enumerate() {
            for (second, b) in self.latest.iter().skip(index + 1) {
                let table = self.tables.entry((*first, *second)).or_default();
                *table.entry((*a, *b)).or_default() += 1;
            }
        }
    }

    pub(crate) fn finish(self) -> Vec<GraderConfusion> {
        let tables: BTreeMap<_, _> = self.tables.into_iter().collect();
        tables
            .into_iter()
            .filter_map(|((first, second), pairs)| {
                let (first, first_kind) = self.shown.get(first)?.clone();
                let (second, second_kind) = self.shown.get(second)?.clone();
                let mut table: Vec<_> = pairs
                    .into_iter()
                    .map(|((first, second), traces)| VerdictPair {
                        first,
                        second,
                        traces,
                    })
                    .collect();
                table.sort_unstable();
                Some(GraderConfusion {
                    first,
                    first_kind,
                    second,
                    second_kind,
                    table,
                })
            })
            .collect()
    }
}
