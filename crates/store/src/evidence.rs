//! From traces and cells to counts: [`Evidence`] under a verdict rule.
//!
//! Everything is sorted by what it says, never by when it was imported.

use std::collections::{BTreeMap, HashMap};

use caveat_corpus::{
    CellEvidence, Chosen, Evidence, ModelEvidence, Outcome, PromptCount, SourceEvidence, Verdict,
    VerdictCounts, VerdictRule,
};
use rusqlite::Connection;

use crate::codes::day_text;
use crate::confusion::Confusions;
use crate::error::Fault;
use crate::scan::{CellRow, Grades, Names, TraceRow};
use crate::sources::{read_sources, reject_reasons};

/// What one sum is of, by positions in [`Names`]; no grader where none was chosen.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct SumKey {
    model: usize,
    labels: usize,
    grader: Option<usize>,
    from_counts: bool,
}

/// One trace of a prompt, by the id of the prompt in the file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Met {
    prompt: u32,
    day: Option<u32>,
    outcome: Outcome,
    verdict: Verdict,
}

/// One cell while it is counted.
#[derive(Default)]
struct Sum {
    counts: BTreeMap<Outcome, VerdictCounts>,
    days: Option<(i64, i64)>,
    by_prompt: Vec<Met>,
    lacks_prompts: bool,
}

impl Sum {
    fn observe(&mut self, day: Option<i64>) {
        if let Some(day) = day {
            let (first, last) = self.days.unwrap_or((day, day));
            self.days = Some((first.min(day), last.max(day)));
        }
    }

    fn add_trace(&mut self, trace: &TraceRow, verdict: Verdict) -> Result<(), Fault> {
        self.observe(trace.day);
        self.counts
            .entry(trace.outcome)
            .or_default()
            .add(verdict, 1);
        let number = |value: i64| u32::try_from(value).ok();
        let Some(prompt) = trace.prompt else {
            self.lacks_prompts = true;
            return Ok(());
        };
        self.by_prompt.push(Met {
            prompt: number(prompt).ok_or_else(missing_prompt)?,
            day: trace.day.and_then(number),
            outcome: trace.outcome,
            verdict,
        });
        Ok(())
    }

    fn add_cell(&mut self, cell: &CellRow, counts: &VerdictCounts) {
        self.observe(cell.day);
        self.lacks_prompts = true;
        self.counts
            .entry(Outcome::Response)
            .or_default()
            .merge(counts);
    }
}

/// Counts the whole store under a rule.
pub(crate) fn evidence(connection: &Connection, rule: &VerdictRule) -> Result<Evidence, Fault> {
    let names = Names::read(connection)?;
    let mut sums: HashMap<SumKey, Sum> = HashMap::new();
    let mut confusions = Confusions::new(&names.graders);
    names.visit_traces(connection, |trace, grades| {
        // Agreement is about replies: a grade of anything else judges nothing.
        if trace.outcome == Outcome::Response {
            confusions.add(grades);
        }
        let (grader, verdict) = judge(rule, grades);
        let key = SumKey {
            model: trace.model,
            labels: trace.labels,
            grader,
            from_counts: false,
        };
        sums.entry(key).or_default().add_trace(trace, verdict)
    })?;
    names.visit_cells(connection, |cell| {
        let (grader, counts) = judge_cell(rule, &names, cell);
        let key = SumKey {
            model: cell.model,
            labels: cell.labels,
            grader,
            from_counts: true,
        };
        sums.entry(key).or_default().add_cell(cell, &counts);
        Ok(())
    })?;
    let ranks = prompt_ranks(connection)?;
    Ok(Evidence {
        sources: sources(connection)?,
        models: models(&names, sums, &ranks)?,
        confusions: confusions.finish(),
    })
}

/// What a verdict is worth with an outcome: nothing is evaluable without a reply.
pub(crate) const fn of_reply(outcome: Outcome, verdict: Verdict) -> Verdict {
    match outcome {
        Outcome::Response => verdict,
        _ if verdict.is_evaluable() => Verdict::Unscored,
        _ => verdict,
    }
}

/// The grader whose verdict the rule chose, and the verdict.
pub(crate) fn judge(rule: &VerdictRule, grades: &Grades<'_>) -> (Option<usize>, Verdict) {
    match rule.choose(&grades.views) {
        Chosen::Nothing => (None, Verdict::Unscored),
        Chosen::Divided => (None, Verdict::NotGradeable),
        Chosen::Grade(at) => (
            grades.graders.get(at).copied(),
            grades
                .views
                .get(at)
                .map_or(Verdict::Unscored, |view| view.verdict),
        ),
    }
}

/// A published count by a grader that the rule does not look at is `Unscored`.
fn judge_cell(rule: &VerdictRule, names: &Names, cell: &CellRow) -> (Option<usize>, VerdictCounts) {
    let accepted = names
        .graders
        .get(cell.grader)
        .is_some_and(|grader| rule.accepts(grader.name.as_deref(), grader.kind));
    if accepted {
        return (Some(cell.grader), cell.counts);
    }
    let mut unscored = VerdictCounts::default();
    unscored.add(Verdict::Unscored, cell.counts.total());
    (None, unscored)
}

/// For every prompt of the file (by id less one) its place in the order of keys.
fn prompt_ranks(connection: &Connection) -> Result<Vec<u32>, Fault> {
    let mut statement = connection.prepare("SELECT id FROM prompts ORDER BY key")?;
    let mut rows = statement.query([])?;
    let mut order = Vec::new();
    while let Some(row) = rows.next()? {
        order.push(row.get::<_, i64>(0)?);
    }
    let mut ranks = vec![0_u32; order.len()];
    for (rank, id) in (0_u32..).zip(order) {
        *slot(&mut ranks, id).ok_or_else(missing_prompt)? = rank;
    }
    Ok(ranks)
}

fn slot(ranks: &mut [u32], id: i64) -> Option<&mut u32> {
    ranks.get_mut(usize::try_from(id).ok()?.checked_sub(1)?)
}

fn missing_prompt() -> Fault {
    Fault::damaged("a prompt is missing")
}

fn models(
    names: &Names,
    sums: HashMap<SumKey, Sum>,
    ranks: &[u32],
) -> Result<Vec<ModelEvidence>, Fault> {
    let mut cells: BTreeMap<usize, Vec<CellEvidence>> = BTreeMap::new();
    for (key, sum) in sums {
        let cell = cell_evidence(names, key, sum, ranks)?;
        cells.entry(key.model).or_default().push(cell);
    }
    let mut models = Vec::with_capacity(cells.len());
    for (model, mut cells) in cells {
        cells.sort_by(|a, b| order(a).cmp(&order(b)));
        let row = names
            .models
            .get(model)
            .ok_or_else(|| Fault::damaged("a model is missing"))?;
        models.push(ModelEvidence {
            name: row.name.clone(),
            provider: row.provider.clone(),
            coded_size: row.coded_size.clone(),
            cells,
        });
    }
    models.sort_by(|a, b| {
        (&a.name, &a.provider, &a.coded_size).cmp(&(&b.name, &b.provider, &b.coded_size))
    });
    Ok(models)
}

/// What cells are sorted by; no two cells of a model share it.
fn order(cell: &CellEvidence) -> impl Ord + '_ {
    (
        (&cell.dataset, &cell.attack_family, &cell.harm_category),
        (&cell.grader, cell.grader_kind, cell.from_counts),
    )
}

fn cell_evidence(
    names: &Names,
    key: SumKey,
    sum: Sum,
    ranks: &[u32],
) -> Result<CellEvidence, Fault> {
    let labels = names
        .cells
        .get(key.labels)
        .ok_or_else(|| Fault::damaged("a row of labels is missing"))?;
    let grader = key.grader.and_then(|grader| names.graders.get(grader));
    let by_prompt = match sum.lacks_prompts {
        true => None,
        false => Some(counted(sum.by_prompt, ranks)?),
    };
    Ok(CellEvidence {
        dataset: labels.dataset.clone(),
        attack_family: labels.attack_family.clone(),
        harm_category: labels.harm_category.clone(),
        grader: grader.and_then(|grader| grader.name.clone()),
        grader_kind: grader.map(|grader| grader.kind),
        observed: sum
            .days
            .map(|(first, last)| (day_text(first), day_text(last))),
        counts: sum.counts,
        by_prompt,
        from_counts: key.from_counts,
    })
}

/// Puts prompts by their rank and counts what is equal.
fn counted(mut met: Vec<Met>, ranks: &[u32]) -> Result<Vec<PromptCount>, Fault> {
    for trace in &mut met {
        let at = usize::try_from(trace.prompt).ok();
        trace.prompt = at
            .and_then(|at| ranks.get(at.checked_sub(1)?))
            .copied()
            .ok_or_else(missing_prompt)?;
    }
    met.sort_unstable();
    let rows = met.chunk_by(|a, b| a == b).filter_map(|alike| {
        let Met {
            prompt,
            day,
            outcome,
            verdict,
        } = *alike.first()?;
        Some(PromptCount {
            prompt,
            day,
            outcome,
            verdict,
            traces: u64::try_from(alike.len()).ok()?,
        })
    });
    Ok(rows.collect())
}

fn sources(connection: &Connection) -> Result<Vec<SourceEvidence>, Fault> {
    let stored = read_sources(connection)?;
    let evidence = stored.into_iter().map(|source| {
        let reject_reasons = match source.account.rejected {
            0 => Vec::new(),
            _ => reject_reasons(connection, &source.digest, &source.format)?,
        };
        Ok(SourceEvidence {
            path: source.path,
            format: source.format,
            format_version: source.format_version,
            digest: source.digest,
            read: source.account.read,
            imported: source.account.imported,
            already_present: source.account.already_present,
            rejected: source.account.rejected,
            reject_reasons,
        })
    });
    evidence.collect()
}
