//! Shares of the variance of single traces: provider, model, prompt, size.
//!
//! Each trace is 0 or 1; the unit is the trace. Most of its variance is that of
//! a coin, which nothing explains, so these shares are small and not comparable
//! with shares between models. Sequential: provider, then model within provider,
//! then prompt. Last-in: what one adds to the other. The layout may be unbalanced
//! and incomplete; how many columns are independent follows from which models met
//! which prompts, so no rank is guessed from rounding. Prompts are eliminated one
//! by one, so that cost grows with the number of cells and the square of the
//! number of models.
//!
//! F tests take traces as independent, which those of one prompt or one model are
//! not. The p to read for providers is that of the permutation of whole models.

use crate::{
    cholesky::Factor,
    labels::{Chance, LabelLaw, dense, relabelled},
    oneway::null_law,
    reason::{Estimable, NotEstimable},
    special,
    stream::Pass,
    sums::{all_finite, count, count_u64, sum},
};

/// Most models of which joint shares with prompts are computed: their equations
/// take memory with the square and time with the cube of it, here 18 MB.
const MOST_LEVELS: usize = 1500;

/// Evaluable traces of one model on one prompt (or of any part of them).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceCell {
    /// Label of the provider.
    pub provider: usize,
    /// Label of the model, unique across providers.
    pub model: usize,
    /// Label of the prompt.
    pub prompt: usize,
    /// Evaluable traces.
    pub n: u64,
    /// Successes among them, at most `n`.
    pub succeeded: u64,
}

/// A factor alone.
#[derive(Clone, Debug, PartialEq)]
pub struct FactorShare {
    /// Traces.
    pub n: u64,
    /// Levels of the factor.
    pub k: usize,
    /// Sum of squares between levels.
    pub ss_between: f64,
    /// Sum of squares within levels.
    pub ss_within: f64,
    /// `n0` of unequal levels.
    pub n0: Estimable<f64>,
    /// Share of the total.
    pub eta2: Estimable<f64>,
    /// Corrected for degrees of freedom, may be negative.
    pub epsilon2: Estimable<f64>,
    /// Hays' correction, may be negative.
    pub omega2: Estimable<f64>,
    /// Mean of eta² when the factor means nothing and traces are independent.
    pub eta2_null_mean: f64,
    /// F.
    pub f: Estimable<f64>,
    /// p of F, for independent traces.
    pub p: Estimable<f64>,
    /// Intraclass correlation by analysis of variance.
    pub icc1: Estimable<f64>,
}

/// The shares of an additive layout of models and prompts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nested {
    /// R² of provider.
    pub provider: f64,
    /// R² of model, which contains the provider.
    pub model: f64,
    /// R² of prompt.
    pub prompt: f64,
    /// R² of model and prompt.
    pub model_and_prompt: f64,
    /// R² of provider and prompt.
    pub provider_and_prompt: f64,
    /// Number of providers.
    pub rank_provider: usize,
    /// Number of models.
    pub rank_model: usize,
    /// Independent columns of model and prompt.
    pub rank_model_and_prompt: usize,
}

/// Decomposes by one factor, given traces and successes of each level.
///
/// # Errors
/// `OutOfRange` for more successes than traces; `NoTraces` below two traces.
/// Field by field as the decomposition between models.
pub fn factor_share(levels: &[(u64, u64)]) -> Estimable<FactorShare> {
    let levels: Vec<(f64, f64)> = levels
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, x)| {
            if x <= n {
                Ok((count_u64(*n), count_u64(*x)))
            } else {
                Err(NotEstimable::OutOfRange)
            }
        })
        .collect::<Estimable<_>>()?;
    let n = sum(levels.iter().map(|l| l.0));
    let x = sum(levels.iter().map(|l| l.1));
    if n < 2.0 {
        return Err(NotEstimable::NoTraces);
    }
    let k = levels.len();
    let p = x / n;
    let total = n * p * (1.0 - p);
    let between = sum(levels.iter().map(|(n, x)| n * (x / n - p) * (x / n - p)));
    let within = sum(levels.iter().map(|(n, x)| x * (1.0 - x / n)));
    let (df1, df2) = (count(k) - 1.0, n - count(k));
    let obstacle = if total <= 0.0 {
        Some(NotEstimable::NoVariance)
    } else if k < 2 {
        Some(NotEstimable::OneGroup)
    } else if df2 <= 0.0 {
        Some(NotEstimable::NoWithinDf)
    } else {
        None
    };
    let guarded = |value: f64| obstacle.map_or(Ok(value), Err);
    let (msb, msw) = (between / df1, within / df2);
    let squares = sum(levels.iter().map(|(n, _)| n * n));
    let n0 = if k > 1 {
        Ok((n - squares / n) / df1)
    } else {
        Err(NotEstimable::OneGroup)
    };
    let f = guarded(if within > 0.0 {
        msb / msw
    } else {
        f64::INFINITY
    });
    Ok(FactorShare {
        n: levels.iter().map(|l| l.0 as u64).sum(),
        k,
        ss_between: between,
        ss_within: within,
        n0,
        eta2: guarded(between / total),
        epsilon2: guarded((between - df1 * msw) / total),
        omega2: guarded((between - df1 * msw) / (total + msw)),
        eta2_null_mean: df1 / (n - 1.0),
        f,
        p: f.and_then(|f| special::f_sf(f, df1, df2)),
        icc1: guarded(msb).and_then(|b| Ok((b - msw) / (b + (n0? - 1.0) * msw))),
    })
}

/// Adds up cells by a label; levels in the order of their labels.
pub fn levels(cells: &[TraceCell], label: impl Fn(&TraceCell) -> usize) -> Vec<(u64, u64)> {
    let mut totals: std::collections::BTreeMap<usize, (u64, u64)> =
        std::collections::BTreeMap::new();
    for cell in cells {
        let total = totals.entry(label(cell)).or_default();
        total.0 = total.0.saturating_add(cell.n);
        total.1 = total.1.saturating_add(cell.succeeded);
    }
    totals.into_values().collect()
}

/// Sequential and joint shares of provider, model and prompt.
///
/// # Errors
/// As [`factor_share`]; `NoVariance` when no trace differs; `TooManyModels` above
/// 1500 models; `SingularFit` where rounding hides what the layout says is
/// independent.
pub fn nested(cells: &[TraceCell]) -> Estimable<Nested> {
    let provider = factor_share(&levels(cells, |c| c.provider))?;
    let model = factor_share(&levels(cells, |c| c.model))?;
    let prompt = factor_share(&levels(cells, |c| c.prompt))?;
    let total = provider.ss_between + provider.ss_within;
    if total <= 0.0 {
        return Err(NotEstimable::NoVariance);
    }
    let (by_model, columns) = beside_prompts(cells, |c| c.model)?;
    let (by_provider, _) = beside_prompts(cells, |c| c.provider)?;
    let joint = |ss: f64| (prompt.ss_between + ss) / total;
    Ok(Nested {
        provider: provider.ss_between / total,
        model: model.ss_between / total,
        prompt: prompt.ss_between / total,
        model_and_prompt: joint(by_model),
        provider_and_prompt: joint(by_provider),
        rank_provider: provider.k,
        rank_model: model.k,
        rank_model_and_prompt: prompt.k + columns,
    })
}

/// What a factor adds to prompts: its sum of squares and its degrees of freedom.
fn beside_prompts(
    cells: &[TraceCell],
    label: impl Fn(&TraceCell) -> usize,
) -> Estimable<(f64, usize)> {
    let kept: Vec<&TraceCell> = cells.iter().filter(|c| c.n > 0).collect();
    let factor = dense(kept.iter().map(|c| label(c)));
    let prompt = dense(kept.iter().map(|c| c.prompt));
    let k = factor.iter().max().map_or(0, |m| m + 1);
    if k > MOST_LEVELS {
        return Err(NotEstimable::TooManyModels);
    }
    let mut by_prompt: Vec<Vec<(usize, f64, f64)>> =
        vec![Vec::new(); prompt.iter().max().map_or(0, |m| m + 1)];
    for ((cell, f), q) in kept.iter().zip(&factor).zip(&prompt) {
        by_prompt[*q].push((*f, count_u64(cell.n), count_u64(cell.succeeded)));
    }
    // Normal equations of the factor after the prompts' means are taken out.
    let mut matrix = vec![vec![0.0; k]; k];
    let mut right = vec![0.0; k];
    let mut joined = Joined::new(k);
    for row in &by_prompt {
        let n = sum(row.iter().map(|r| r.1));
        let x = sum(row.iter().map(|r| r.2));
        for (f, nf, xf) in row {
            matrix[*f][*f] += nf;
            right[*f] += xf - nf * x / n;
            joined.join(row.first().map_or(*f, |r| r.0), *f);
            for (g, ng, _) in row {
                matrix[*f][*g] -= nf * ng / n;
            }
        }
    }
    // One level of each connected part is determined by the others.
    let free: Vec<usize> = (0..k).filter(|f| joined.root(*f) != *f).collect();
    let part: Vec<Vec<f64>> = free
        .iter()
        .map(|i| free.iter().map(|j| matrix[*i][*j]).collect())
        .collect();
    let adjusted: Vec<f64> = free.iter().map(|i| right[*i]).collect();
    let z = Factor::new(&part)?.forward(&adjusted);
    Ok((sum(z.iter().map(|v| v * v)), free.len()))
}

/// Which levels are connected by a common prompt.
struct Joined(Vec<usize>);

impl Joined {
    fn new(k: usize) -> Self {
        Joined((0..k).collect())
    }

    fn root(&self, mut level: usize) -> usize {
        while self.0[level] != level {
            level = self.0[level];
        }
        level
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// The law of the provider's share when whole models are dealt to providers.
///
/// Each model keeps its traces. Statistic 0 is eta² of single traces.
///
/// # Errors
/// As [`factor_share`] for the observed share.
pub fn provider_law(cells: &[TraceCell], chance: Chance) -> Estimable<LabelLaw<1>> {
    let observed = factor_share(&levels(cells, |c| c.provider))?;
    observed.eta2?;
    let mut models: std::collections::BTreeMap<usize, (usize, u64, u64)> =
        std::collections::BTreeMap::new();
    for cell in cells.iter().filter(|c| c.n > 0) {
        let model = models.entry(cell.model).or_insert((cell.provider, 0, 0));
        model.1 = model.1.saturating_add(cell.n);
        model.2 = model.2.saturating_add(cell.succeeded);
    }
    let mut rows: Vec<(usize, u64, u64)> = models.into_values().collect();
    // An order that follows from the counts, so that names reach no draw.
    let mut sizes: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    for row in &rows {
        *sizes.entry(row.0).or_default() += 1;
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|i| (rows[*i].1, rows[*i].2, sizes.get(&rows[*i].0).copied()));
    rows = order.iter().map(|i| rows[*i]).collect();
    let group = dense(rows.iter().map(|r| r.0));
    let k = group.iter().max().map_or(0, |m| m + 1);
    null_law(rows.len(), k)?;
    let n = sum(rows.iter().map(|r| count_u64(r.1)));
    let p = sum(rows.iter().map(|r| count_u64(r.2))) / n;
    let total = observed.ss_between + observed.ss_within;
    let parts: Vec<(f64, f64)> = rows
        .iter()
        .map(|(_, n, x)| (count_u64(*n), count_u64(*x) - p * count_u64(*n)))
        .collect();
    Ok(relabelled(&group, chance, Pass::TraceLabels, |labels| {
        let mut sums = vec![(0.0_f64, 0.0_f64); k];
        for (label, (n, d)) in labels.iter().zip(&parts) {
            if let Some(s) = sums.get_mut(*label) {
                s.0 += n;
                s.1 += d;
            }
        }
        [sums
            .iter()
            .filter(|s| s.0 > 0.0)
            .map(|(n, d)| d * d / n)
            .sum::<f64>()
            / total]
    }))
}

/// R² of a straight line of single traces on the models' log2 sizes.
///
/// `rows` holds size, traces and successes of each model that has a size.
///
/// # Errors
/// `OutOfRange`; `NoTraces`; `NoVariance`; `SingularFit` when sizes do not differ.
pub fn size_share(rows: &[(f64, u64, u64)]) -> Estimable<f64> {
    let sizes: Vec<f64> = rows.iter().map(|r| r.0).collect();
    if !all_finite(&sizes) {
        return Err(NotEstimable::OutOfRange);
    }
    let counts: Vec<(u64, u64)> = rows.iter().map(|r| (r.1, r.2)).collect();
    let all = factor_share(&counts)?;
    let total = all.ss_between + all.ss_within;
    if total <= 0.0 {
        return Err(NotEstimable::NoVariance);
    }
    let n = sum(rows.iter().map(|r| count_u64(r.1)));
    let centre = sum(rows.iter().map(|r| r.0 * count_u64(r.1))) / n;
    let p = sum(rows.iter().map(|r| count_u64(r.2))) / n;
    let sxx = sum(rows
        .iter()
        .map(|r| count_u64(r.1) * (r.0 - centre) * (r.0 - centre)));
    let sxy = sum(rows
        .iter()
        .map(|r| (r.0 - centre) * (count_u64(r.2) - p * count_u64(r.1))));
    if sxx <= crate::oneway::zero_threshold(&sizes) {
        return Err(NotEstimable::SingularFit);
    }
    Ok(sxy * sxy / sxx / total)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn cell(provider: usize, model: usize, prompt: usize, n: u64, succeeded: u64) -> TraceCell {
        TraceCell {
            provider,
            model,
            prompt,
            n,
            succeeded,
        }
    }

    #[test]
    fn a_balanced_layout_adds_up() {
        let mut cells = Vec::new();
        for model in 0..4 {
            for prompt in 0..3 {
                let hit = u64::from((model * 7 + prompt * 5) % 3 == 0);
                cells.push(cell(model / 2, model, prompt, 2, hit));
            }
        }
        let d = nested(&cells).unwrap();
        assert!((d.model_and_prompt - d.model - d.prompt).abs() < 1e-14);
        assert!((d.provider_and_prompt - d.provider - d.prompt).abs() < 1e-14);
        assert_eq!(d.rank_model_and_prompt, 6);
    }

    #[test]
    fn models_that_share_no_prompt_are_counted_apart() {
        let cells = [
            cell(0, 0, 0, 5, 1),
            cell(0, 1, 0, 5, 2),
            cell(1, 2, 1, 5, 3),
            cell(1, 3, 1, 5, 5),
        ];
        let d = nested(&cells).unwrap();
        // Two models of each prompt: four cells, four independent columns.
        assert_eq!(d.rank_model_and_prompt, 4);
        assert!((d.model_and_prompt - d.model).abs() < 1e-14);
    }

    #[test]
    fn degenerate_traces_have_their_reasons() {
        assert_eq!(nested(&[]).unwrap_err(), NotEstimable::NoTraces);
        assert_eq!(
            nested(&[cell(0, 0, 0, 1, 1)]).unwrap_err(),
            NotEstimable::NoTraces
        );
        let all = [cell(0, 0, 0, 3, 3), cell(1, 1, 0, 3, 3)];
        assert_eq!(nested(&all).unwrap_err(), NotEstimable::NoVariance);
        assert_eq!(
            factor_share(&[(3, 4)]).unwrap_err(),
            NotEstimable::OutOfRange
        );
        assert_eq!(
            factor_share(&[(4, 3)]).unwrap().eta2,
            Err(NotEstimable::OneGroup)
        );
        let single = factor_share(&[(1, 0), (1, 1), (1, 1)]).unwrap();
        assert_eq!(single.eta2, Err(NotEstimable::NoWithinDf));
        let split = factor_share(&[(5, 0), (5, 5)]).unwrap();
        assert_eq!((split.f, split.p), (Ok(f64::INFINITY), Ok(0.0)));
        let chance = Chance {
            relabellings: 99,
            seed: 1,
        };
        assert_eq!(
            provider_law(&all, chance).unwrap_err(),
            NotEstimable::NoVariance
        );
        assert_eq!(
            size_share(&[(1.0, 5, 2), (1.0, 5, 3)]).unwrap_err(),
            NotEstimable::SingularFit
        );
    }

    #[test]
    fn providers_of_one_model_each_have_no_law() {
        let cells = [cell(0, 0, 0, 4, 1), cell(1, 1, 0, 4, 3)];
        let chance = Chance {
            relabellings: 99,
            seed: 1,
        };
        assert_eq!(
            provider_law(&cells, chance).unwrap_err(),
            NotEstimable::NoWithinDf
        );
    }
}
