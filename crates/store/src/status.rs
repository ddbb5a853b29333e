//! What the store holds, in counts: the answer of `caveat status`.
//!
//! Models, outcomes and data sets count every trace once, with the verdict of
//! the rule `coalesce`; the traces of cells count with them. Graders count each
//! trace that they judged with their latest grade. A trace without a reply is not
//! evaluable: a verdict that says otherwise counts as `unscored`. Names stand as
//! spelled.

use std::collections::{BTreeMap, HashMap};

use caveat_corpus::{GraderKind, Outcome, Verdict, VerdictCounts, VerdictRule};
use rusqlite::Connection;
use serde::Serialize;

use crate::error::Fault;
use crate::evidence::{judge, of_reply};
use crate::scan::{Grades, Names};
use crate::sources::{StoredSource, read_sources};

/// What a store holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Single traces, without those that cells count.
    pub traces: u64,
    /// Rows of counts.
    pub cells: u64,
    /// Traces of which a text was kept in the file of texts.
    pub traces_with_text: u64,
    /// Sources in order of digest.
    pub sources: Vec<StoredSource>,
    /// Models in order of name and provider.
    pub models: Vec<ModelStatus>,
    /// Graders in order of name and kind.
    pub graders: Vec<GraderStatus>,
    /// Traces by outcome, also those at zero; the traces of cells are responses.
    pub by_outcome: BTreeMap<&'static str, u64>,
    /// Data sets in order of name; traces without one stand first under null.
    pub datasets: Vec<DatasetStatus>,
}

/// One model as spelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelStatus {
    /// Name.
    pub model: String,
    /// Provider.
    pub provider: Option<String>,
    /// Traces, those of cells included.
    pub traces: u64,
    /// Traces by verdict under `coalesce`, also those at zero.
    pub by_verdict: BTreeMap<&'static str, u64>,
}

/// One grader as spelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GraderStatus {
    /// Name; none where the source names none.
    pub grader: Option<String>,
    /// What the grader is.
    pub kind: GraderKind,
    /// Traces that it judged, those of cells included.
    pub traces: u64,
    /// Traces by its latest verdict, also those at zero.
    pub by_verdict: BTreeMap<&'static str, u64>,
}

/// One data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatasetStatus {
    /// Name as spelled.
    pub dataset: Option<String>,
    /// Traces, those of cells included.
    pub traces: u64,
}

/// The counts while traces pass by, by positions in [`Names`].
struct Tally {
    traces: u64,
    cells: u64,
    models: Vec<VerdictCounts>,
    graders: Vec<VerdictCounts>,
    labels: Vec<u64>,
    outcomes: HashMap<Outcome, u64>,
    latest: Vec<(usize, Verdict)>,
}

/// Counts the whole store.
pub(crate) fn status(connection: &Connection) -> Result<Status, Fault> {
    let names = Names::read(connection)?;
    let mut tally = Tally {
        traces: 0,
        cells: 0,
        models: vec![VerdictCounts::default(); names.models.len()],
        graders: vec![VerdictCounts::default(); names.graders.len()],
        labels: vec![0; names.cells.len()],
        outcomes: HashMap::new(),
        latest: Vec::new(),
    };
    names.visit_traces(connection, |trace, grades| {
        let (_, verdict) = judge(&VerdictRule::Coalesce, grades);
        let verdict = of_reply(trace.outcome, verdict);
        let mut counts = VerdictCounts::default();
        counts.add(verdict, 1);
        tally.traces += 1;
        tally.add(trace.model, trace.labels, trace.outcome, &counts);
        tally.add_grades(trace.outcome, grades);
        Ok(())
    })?;
    names.visit_cells(connection, |cell| {
        tally.cells += 1;
        tally.add(cell.model, cell.labels, Outcome::Response, &cell.counts);
        if let Some(sum) = tally.graders.get_mut(cell.grader) {
            sum.merge(&cell.counts);
        }
        Ok(())
    })?;
    let kept: i64 = connection.query_row("SELECT count(*) FROM kept", [], |row| row.get(0))?;
    let mut status = tally.finish(&names, read_sources(connection)?);
    status.traces_with_text = u64::try_from(kept).unwrap_or_default();
    Ok(status)
}

impl Tally {
    fn add(&mut self, model: usize, labels: usize, outcome: Outcome, counts: &VerdictCounts) {
        if let Some(sum) = self.models.get_mut(model) {
            sum.merge(counts);
        }
        if let Some(sum) = self.labels.get_mut(labels) {
            *sum += counts.total();
        }
        *self.outcomes.entry(outcome).or_default() += counts.total();
    }

    fn add_grades(&mut self, outcome: Outcome, grades: &Grades<'_>) {
        self.latest.clear();
        for (grader, view) in grades.graders.iter().zip(&grades.views) {
            match self.latest.iter_mut().find(|(known, _)| known == grader) {
                Some((_, verdict)) => *verdict = view.verdict,
                None => self.latest.push((*grader, view.verdict)),
            }
        }
        for (grader, verdict) in &self.latest {
            if let Some(sum) = self.graders.get_mut(*grader) {
                sum.add(of_reply(outcome, *verdict), 1);
            }
        }
    }

    fn finish(self, names: &Names, sources: Vec<StoredSource>) -> Status {
        // Sizes as coded by different sources do not make different models here.
        let mut models: BTreeMap<_, VerdictCounts> = BTreeMap::new();
        for (row, counts) in names.models.iter().zip(&self.models) {
            let model = models.entry((&row.name, &row.provider)).or_default();
            model.merge(counts);
        }
        let graders: BTreeMap<_, _> = names.graders.iter().zip(&self.graders).collect();
        let mut datasets: BTreeMap<_, u64> = BTreeMap::new();
        for (row, traces) in names.cells.iter().zip(&self.labels) {
            *datasets.entry(&row.dataset).or_default() += traces;
        }
        let outcome = |outcome: Outcome| {
            let traces = self.outcomes.get(&outcome).copied().unwrap_or_default();
            (outcome.name(), traces)
        };
        Status {
            traces: self.traces,
            cells: self.cells,
            traces_with_text: 0,
            sources,
            models: models
                .into_iter()
                .map(|((model, provider), counts)| ModelStatus {
                    model: model.clone(),
                    provider: provider.clone(),
                    traces: counts.total(),
                    by_verdict: by_verdict(&counts),
                })
                .collect(),
            graders: graders
                .into_iter()
                .map(|(row, counts)| GraderStatus {
                    grader: row.name.clone(),
                    kind: row.kind,
                    traces: counts.total(),
                    by_verdict: by_verdict(counts),
                })
                .collect(),
            by_outcome: Outcome::ALL.into_iter().map(outcome).collect(),
            datasets: datasets
                .into_iter()
                .map(|(dataset, traces)| DatasetStatus {
                    dataset: dataset.clone(),
                    traces,
                })
                .collect(),
        }
    }
}

fn by_verdict(counts: &VerdictCounts) -> BTreeMap<&'static str, u64> {
    counts
        .iter()
        .map(|(verdict, traces)| (verdict.name(), traces))
        .collect()
}
