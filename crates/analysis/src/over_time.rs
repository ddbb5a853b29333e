//! The same model at several dates: what is drift, and what is something else.
//!
//! A rate can change because the model did, because other prompts were asked, or
//! because another grader judged. Only the first is drift, and only the prompts
//! that were met at both dates and judged by the same known grader at both can show
//! it: the difference of the mean rates per prompt over these, with Student's t over
//! prompts, or the paired table where every prompt always had one outcome. What the
//! crude change is beyond that belongs to prompts and graders (separated). The same
//! replies under two graders at one date show what regrading does. Prompts are
//! independent; that a prompt number means the same prompt at both dates is the
//! caller's promise. p-values are adjusted by Holm, retests and regrades each as a
//! family; intervals are not adjusted.
//!
//! Consecutive dates of a model are compared, and its first with its last where
//! there are more than two.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cells::{Tally, common},
    common_prompts::{PairedMeans, paired_means, settled},
    estimate::{STUDENT_T, estimate_points, points},
    multiplicity::{Adjustment, adjust},
    proportion::{Count, Level},
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::{Drift, Estimate, OverTime, Regrade, Retest},
    same_prompts::NEWCOMBE_PAIRED,
};

/// Verdicts of one grader on the traces of one model, date and prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatedCell {
    /// Place of the model.
    pub model: usize,
    /// Place of the date, dates in order of time; `None` where the corpus states none.
    pub period: Option<usize>,
    /// Place of the grader, where known.
    pub grader: Option<usize>,
    /// The prompt, where known.
    pub prompt: Option<u32>,
    /// Whether these are the verdicts that count. Traces that several graders judged
    /// appear once for each, and count once.
    pub counted: bool,
    /// Successful attacks among `n`.
    pub succeeded: u64,
    /// Evaluable traces; a cell without any is passed over.
    pub n: u64,
}

/// Names by place.
#[derive(Clone, Copy, Debug)]
pub struct DatedNames<'a> {
    /// Models.
    pub models: &'a [String],
    /// Dates, in order of time.
    pub periods: &'a [String],
    /// Graders.
    pub graders: &'a [String],
}

/// Compares every model with itself; a retest on fewer than `fewest_prompts`
/// common prompts is told as such and not judged.
///
/// # Errors
/// The block is absent with `NoTraces` where no cell has any, `OnePeriod` where no
/// model was tested at two dates and none was graded twice, `OutOfRange` for a place
/// without a name or more successes than traces. For one retest: `NoPromptIds`,
/// `NoCommonGrader` or `NoCommonPrompts` where nothing holds both fixed,
/// `TooFewCommonPrompts` below `fewest_prompts`.
pub fn over_time(
    cells: &[DatedCell],
    names: &DatedNames<'_>,
    fewest_prompts: usize,
    level: Level,
) -> Quantity<OverTime> {
    block(cells, names, fewest_prompts, level).into()
}

/// Totals by prompt of one grader.
type ByGrader = BTreeMap<usize, Vec<Tally>>;

/// One model at one date.
#[derive(Default)]
struct Round {
    succeeded: u64,
    n: u64,
    /// Whether some traces have a prompt number.
    prompts: bool,
    by_grader: ByGrader,
}

fn block(
    cells: &[DatedCell],
    names: &DatedNames<'_>,
    fewest_prompts: usize,
    level: Level,
) -> Estimable<OverTime> {
    let (rounds, undated) = rounds(cells, names)?;
    if rounds.is_empty() && undated == 0 {
        return Err(NotEstimable::NoTraces);
    }
    let name = |list: &[String], place: usize| list.get(place).cloned().unwrap_or_default();
    let (mut retests, mut regrades, mut single_date) = (Vec::new(), Vec::new(), Vec::new());
    let mut retested_models = 0;
    for (model, dates) in &rounds {
        let model = name(names.models, *model);
        let pairs = date_pairs(dates);
        if pairs.is_empty() {
            single_date.push(model.clone());
        } else {
            retested_models += 1;
        }
        for ((earlier, a), (later, b)) in pairs {
            let drift = drift(a, b, names.graders, level).and_then(|drift| {
                if drift.common_prompts < fewest_prompts {
                    Err(NotEstimable::TooFewCommonPrompts)
                } else {
                    Ok(drift)
                }
            });
            let crude = crude(a, b);
            retests.push(Retest {
                model: model.clone(),
                earlier: name(names.periods, earlier),
                later: name(names.periods, later),
                crude_pp: crude.map(points).into(),
                other_pp: crude
                    .and_then(|c| Ok(points(c) - drift.as_ref().map_err(|r| *r)?.value_pp.0))
                    .into(),
                drift: drift.into(),
            });
        }
        for (period, round) in dates {
            let label = (model.as_str(), name(names.periods, *period));
            regrades.extend(regraded(round, label, names.graders, level));
        }
    }
    if retests.is_empty() && regrades.is_empty() {
        return Err(NotEstimable::OnePeriod);
    }
    let alpha = level.alpha();
    judge(
        alpha,
        retests.iter_mut().filter_map(|r| match &mut r.drift {
            Quantity::Known(d) => Some((&d.p, &mut d.p_adjusted, &mut d.changed)),
            Quantity::Absent(_) => None,
        }),
    );
    judge(
        alpha,
        regrades
            .iter_mut()
            .map(|r| (&r.p, &mut r.p_adjusted, &mut r.changed)),
    );
    Ok(OverTime {
        alpha: Number(alpha),
        retested_models,
        undated,
        retests,
        regrades,
        single_date,
    })
}

type Rounds = BTreeMap<usize, BTreeMap<usize, Round>>;

fn rounds(cells: &[DatedCell], names: &DatedNames<'_>) -> Estimable<(Rounds, u64)> {
    let mut tallies: BTreeMap<(usize, usize, usize, u32), (u64, u64)> = BTreeMap::new();
    let mut rounds: Rounds = BTreeMap::new();
    let mut undated = 0_u64;
    for cell in cells.iter().filter(|c| c.n > 0) {
        let known = cell.model < names.models.len()
            && cell.period.is_none_or(|p| p < names.periods.len())
            && cell.grader.is_none_or(|g| g < names.graders.len());
        if !known || cell.succeeded > cell.n {
            return Err(NotEstimable::OutOfRange);
        }
        let Some(period) = cell.period else {
            if cell.counted {
                undated = undated.saturating_add(cell.n);
            }
            continue;
        };
        let round = rounds
            .entry(cell.model)
            .or_default()
            .entry(period)
            .or_default();
        if cell.counted {
            round.succeeded = round.succeeded.saturating_add(cell.succeeded);
            round.n = round.n.saturating_add(cell.n);
        }
        round.prompts |= cell.prompt.is_some();
        if let (Some(grader), Some(prompt)) = (cell.grader, cell.prompt) {
            let sum = tallies
                .entry((cell.model, period, grader, prompt))
                .or_default();
            *sum = (
                sum.0.saturating_add(cell.succeeded),
                sum.1.saturating_add(cell.n),
            );
        }
    }
    for ((model, period, grader, key), (succeeded, n)) in tallies {
        let round = rounds.entry(model).or_default().entry(period).or_default();
        let own = round.by_grader.entry(grader).or_default();
        own.push(Tally { key, succeeded, n });
    }
    Ok((rounds, undated))
}

type Dated<'a> = (usize, &'a Round);

/// Consecutive dates, and the first with the last.
fn date_pairs(dates: &BTreeMap<usize, Round>) -> Vec<(Dated<'_>, Dated<'_>)> {
    let all: Vec<Dated<'_>> = dates.iter().map(|(p, r)| (*p, r)).collect();
    let mut pairs: Vec<_> = all.windows(2).map(|w| (w[0], w[1])).collect();
    if let (Some(first), Some(last), true) = (all.first(), all.last(), all.len() > 2) {
        pairs.push((*first, *last));
    }
    pairs
}

/// Later minus earlier rate over all traces that count.
fn crude(a: &Round, b: &Round) -> Estimable<f64> {
    let share = |r: &Round| Ok(Count::new(r.succeeded, r.n)?.share());
    Ok(share(b)? - share(a)?)
}

fn drift(a: &Round, b: &Round, graders: &[String], level: Level) -> Estimable<Drift> {
    if !a.prompts || !b.prompts {
        return Err(NotEstimable::NoPromptIds);
    }
    let mut best: Option<(usize, usize)> = None;
    for (grader, earlier) in &a.by_grader {
        let Some(later) = b.by_grader.get(grader) else {
            continue;
        };
        let shared = common(earlier, later).count();
        // Of equally many, the first in order.
        if best.is_none_or(|(_, most)| shared > most) {
            best = Some((*grader, shared));
        }
    }
    let (grader, shared) = best.ok_or(NotEstimable::NoCommonGrader)?;
    let of = |r: &Round| r.by_grader.get(&grader).cloned().unwrap_or_default();
    let (earlier, later) = (of(a), of(b));
    let means = paired_means(&later, &earlier)?;
    let (mut traces_earlier, mut traces_later) = (0_u64, 0_u64);
    for (x, y) in common(&earlier, &later) {
        traces_earlier = traces_earlier.saturating_add(x.n);
        traces_later = traces_later.saturating_add(y.n);
    }
    let (difference, p) = tested(&means, &later, &earlier, level);
    Ok(Drift {
        grader: graders.get(grader).cloned().unwrap_or_default(),
        common_prompts: shared,
        traces_earlier,
        traces_later,
        difference_pp: difference.into(),
        value_pp: Number(points(means.difference)),
        p: p.into(),
        p_adjusted: p.into(),
        changed: p.map(|_| false).into(),
    })
}

/// The difference `a - b` over common prompts with its interval and p-value; from
/// the paired table where prompts show no spread and always had one outcome.
fn tested(
    means: &PairedMeans,
    a: &[Tally],
    b: &[Tally],
    level: Level,
) -> (Estimable<Estimate>, Estimable<f64>) {
    let of = |interval, method| estimate_points(means.difference, interval, level, method);
    match means.interval(level) {
        Err(NotEstimable::NoVariance) => {
            let table = settled(a, b).ok_or(NotEstimable::NoVariance);
            let interval = table.and_then(|t| t.newcombe(level));
            let p = table.and_then(|t| Ok(t.mcnemar()?.mid_p));
            (interval.map(|i| of(i, NEWCOMBE_PAIRED)), p)
        }
        interval => (interval.map(|i| of(i, STUDENT_T)), means.p()),
    }
}

/// One row for each pair of graders with common prompts.
fn regraded(
    round: &Round,
    (model, period): (&str, String),
    graders: &[String],
    level: Level,
) -> Vec<Regrade> {
    let own: Vec<(&usize, &Vec<Tally>)> = round.by_grader.iter().collect();
    let mut rows = Vec::new();
    for (i, (first, a)) in own.iter().enumerate() {
        for (second, b) in own.iter().skip(i + 1) {
            let even: BTreeSet<u32> = common(a, b)
                .filter(|(x, y)| x.n == y.n)
                .map(|(x, _)| x.key)
                .collect();
            let shared = common(a, b).count();
            let kept = |list: &[Tally]| -> Vec<Tally> {
                list.iter()
                    .copied()
                    .filter(|t| even.contains(&t.key))
                    .collect()
            };
            let (before, after) = (kept(a), kept(b));
            let Ok(means) = paired_means(&after, &before) else {
                continue;
            };
            let (difference, p) = tested(&means, &after, &before, level);
            let name = |place: &usize| graders.get(*place).cloned().unwrap_or_default();
            rows.push(Regrade {
                model: model.to_owned(),
                period: period.clone(),
                first: name(first),
                second: name(second),
                common_prompts: even.len(),
                uneven_prompts: shared - even.len(),
                difference_pp: difference.into(),
                p: p.into(),
                p_adjusted: p.into(),
                changed: p.map(|_| false).into(),
            });
        }
    }
    rows
}

/// Adjusts the p-values of a family in place.
fn judge<'a>(
    alpha: f64,
    rows: impl Iterator<Item = (&'a Quantity, &'a mut Quantity, &'a mut Quantity<bool>)>,
) {
    let mut tested: Vec<_> = rows
        .filter_map(|(p, adjusted, changed)| Some((p.number()?, adjusted, changed)))
        .collect();
    let single: Vec<f64> = tested.iter().map(|row| row.0).collect();
    let family = adjust(&single, Adjustment::Holm);
    for (place, (_, adjusted, changed)) in tested.iter_mut().enumerate() {
        let value = family
            .as_ref()
            .map_err(|reason| *reason)
            .and_then(|f| f.get(place).copied().ok_or(NotEstimable::LengthMismatch));
        **adjusted = value.into();
        **changed = value.map(|p| p <= alpha).into();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(n: usize, stem: &str) -> Vec<String> {
        (0..n).map(|i| format!("{stem}{i}")).collect()
    }

    fn cell(model: usize, period: usize, grader: usize, prompt: u32, succeeded: u64) -> DatedCell {
        DatedCell {
            model,
            period: Some(period),
            grader: Some(grader),
            prompt: Some(prompt),
            counted: true,
            succeeded,
            n: 1,
        }
    }

    fn compared(cells: &[DatedCell]) -> Quantity<OverTime> {
        let (models, periods, graders) = (names(3, "m"), names(4, "t"), names(3, "g"));
        let names = DatedNames {
            models: &models,
            periods: &periods,
            graders: &graders,
        };
        over_time(cells, &names, 1, Level::P95)
    }

    fn known(cells: &[DatedCell]) -> OverTime {
        compared(cells).known().unwrap().clone()
    }

    /// A model whose replies get worse on the same forty prompts.
    fn drifting() -> Vec<DatedCell> {
        (0..40)
            .flat_map(|q| {
                [
                    cell(0, 0, 1, q, u64::from(q % 4 == 0)),
                    cell(0, 1, 1, q, u64::from(q % 4 < 2)),
                ]
            })
            .collect()
    }

    #[test]
    fn the_same_prompts_under_the_same_grader_show_drift() {
        let o = known(&drifting());
        let d = o.retests[0].drift.known().unwrap();
        assert_eq!((d.common_prompts, d.grader.as_str()), (40, "g1"));
        assert_eq!((o.retested_models, d.value_pp.0), (1, 25.0));
        assert_eq!(o.retests[0].other_pp.number(), Some(0.0));
        assert_eq!(d.changed, Quantity::Known(true));
        let e = d.difference_pp.known().unwrap();
        assert!(e.lower.0 > 0.0 && e.upper.0 < 50.0);
    }

    #[test]
    fn other_prompts_are_told_apart_from_drift() {
        let mut cells = drifting();
        // Easy prompts that were asked at the later date alone.
        cells.extend((100..140).map(|q| cell(0, 1, 1, q, 1)));
        let o = known(&cells);
        assert_eq!(o.retests[0].drift.known().unwrap().value_pp.0, 25.0);
        assert_eq!(o.retests[0].crude_pp.number(), Some(50.0));
        assert_eq!(o.retests[0].other_pp.number(), Some(25.0));
    }

    #[test]
    fn where_prompts_or_grader_changed_there_is_a_reason_and_no_drift() {
        let reason = |change: fn(&mut DatedCell)| {
            let mut cells = drifting();
            cells
                .iter_mut()
                .filter(|c| c.period == Some(1))
                .for_each(change);
            known(&cells).retests[0].drift.reason()
        };
        assert_eq!(
            reason(|c| c.grader = Some(2)),
            Some(NotEstimable::NoCommonGrader)
        );
        assert_eq!(
            reason(|c| c.grader = None),
            Some(NotEstimable::NoCommonGrader)
        );
        assert_eq!(reason(|c| c.prompt = None), Some(NotEstimable::NoPromptIds));
        let others = reason(|c| c.prompt = c.prompt.map(|q| q + 500));
        assert_eq!(others, Some(NotEstimable::NoCommonPrompts));
        let mut cells = drifting();
        cells.iter_mut().for_each(|c| c.period = Some(0));
        assert_eq!(compared(&cells).reason(), Some(NotEstimable::OnePeriod));
    }

    #[test]
    fn a_second_grader_of_the_same_replies_shows_what_regrading_does() {
        let mut cells = drifting();
        for c in drifting().into_iter().filter(|c| c.period == Some(0)) {
            cells.push(DatedCell {
                grader: Some(2),
                counted: false,
                succeeded: 1,
                ..c
            });
        }
        let o = known(&cells);
        assert_eq!(o.retests[0].crude_pp.number(), Some(25.0));
        assert_eq!(o.regrades.len(), 1);
        let r = &o.regrades[0];
        assert_eq!(
            (r.first.as_str(), r.second.as_str(), r.common_prompts),
            ("g1", "g2", 40)
        );
        assert_eq!(r.difference_pp.known().unwrap().value.0, 75.0);
        assert_eq!(r.changed, Quantity::Known(true));
    }

    #[test]
    fn outcomes_that_never_change_keep_an_interval() {
        let cells: Vec<DatedCell> = (0..20)
            .flat_map(|q| [cell(0, 0, 0, q, 0), cell(0, 1, 0, q, 0)])
            .collect();
        let o = known(&cells);
        let d = o.retests[0].drift.known().unwrap();
        let e = d.difference_pp.known().unwrap();
        assert!(e.lower.0 < 0.0 && e.upper.0 > 0.0);
        assert_eq!(
            (d.p.number(), d.changed),
            (Some(1.0), Quantity::Known(false))
        );
    }

    #[test]
    fn three_dates_give_two_steps_and_the_whole_and_one_date_none() {
        let mut cells = drifting();
        cells.extend((0..40).map(|q| cell(0, 3, 1, q, u64::from(q % 2 == 0))));
        cells.extend((0..40).map(|q| cell(2, 3, 1, q, 1)));
        cells.push(DatedCell {
            period: None,
            ..cell(1, 0, 0, 7, 1)
        });
        let o = known(&cells);
        let steps: Vec<_> = o
            .retests
            .iter()
            .map(|r| (r.earlier.as_str(), r.later.as_str()))
            .collect();
        assert_eq!(steps, [("t0", "t1"), ("t1", "t3"), ("t0", "t3")]);
        assert_eq!(
            (o.single_date.as_slice(), o.undated),
            (&["m2".to_owned()][..], 1)
        );
        let p = |r: &Retest| r.drift.known().unwrap().p_adjusted.number().unwrap();
        assert!(
            o.retests
                .iter()
                .all(|r| p(r) >= r.drift.known().unwrap().p.number().unwrap())
        );
        cells.reverse();
        assert_eq!(o, known(&cells));
    }

    #[test]
    fn one_common_prompt_has_a_difference_and_no_interval() {
        let o = known(&[cell(0, 0, 0, 5, 0), cell(0, 1, 0, 5, 1)]);
        let d = o.retests[0].drift.known().unwrap();
        assert_eq!(d.value_pp.0, 100.0);
        assert_eq!(d.difference_pp.reason(), Some(NotEstimable::OnePrompt));
        assert_eq!(d.changed.reason(), Some(NotEstimable::OnePrompt));
    }

    #[test]
    fn nothing_and_places_without_a_name_have_reasons() {
        assert_eq!(compared(&[]).reason(), Some(NotEstimable::NoTraces));
        let odd = [cell(9, 0, 0, 1, 1)];
        assert_eq!(compared(&odd).reason(), Some(NotEstimable::OutOfRange));
        let more = [cell(0, 0, 0, 1, 2)];
        assert_eq!(compared(&more).reason(), Some(NotEstimable::OutOfRange));
    }
}
