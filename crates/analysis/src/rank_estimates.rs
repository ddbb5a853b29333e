//! Rates to be ranked, with the covariance that shared prompts give them.
//!
//! A prompt that is hard for one provider tends to be hard for another, so that the
//! difference of two rates on the same prompts is known better than two standard
//! errors say. Here each prompt contributes, for each provider, its residuals
//! about the models' own rates over the provider's traces; sums of products over
//! prompts are the covariance (CR1 as in [`crate::clusters`]). Models are taken as
//! fixed, prompts as independent.
//!
//! Without prompt numbers the traces are taken as independent, and the errors are
//! those of `(x + 2)/(n + 4)`, which exist for rates of nought and one. A rate
//! without any spread between prompts gets such an error too; at nought and one
//! with every prompt as one trace.

use std::collections::BTreeMap;

use crate::{
    cells::{PromptCell, Unit},
    clusters::no_spread,
    proportion::{Count, adjusted_standard_error},
    reason::{Estimable, NotEstimable},
    same_prompts::PromptSample,
    sums::count,
};

/// Rates with their names and their joint law.
#[derive(Clone, Debug, PartialEq)]
pub struct RankEstimates {
    /// Names of the sides.
    pub names: Vec<String>,
    /// Observed rates.
    pub rates: Vec<f64>,
    /// Covariance of the rates, a square of the same side.
    pub covariance: Vec<Vec<f64>>,
    /// Degrees of freedom of the errors: prompts of the side with fewest, less one.
    /// `None` where traces are taken as independent and errors as normal.
    pub df: Option<f64>,
}

impl RankEstimates {
    /// Independent traces: no covariance.
    ///
    /// # Errors
    /// `LengthMismatch`.
    pub fn independent(names: &[String], counts: &[Count]) -> Estimable<Self> {
        if names.len() != counts.len() {
            return Err(NotEstimable::LengthMismatch);
        }
        let k = counts.len();
        let mut covariance = vec![vec![0.0; k]; k];
        for (i, c) in counts.iter().enumerate() {
            let se = adjusted_standard_error(*c);
            covariance[i][i] = se * se;
        }
        Ok(RankEstimates {
            names: names.to_vec(),
            rates: counts.iter().map(|c| c.share()).collect(),
            covariance,
            df: None,
        })
    }

    /// Traces that share prompts, for the sides at the places in `ranked`.
    ///
    /// # Errors
    /// `OutOfRange` for a place without a name or a cell that cannot be, `NoTraces`
    /// where a side has none, `OnePrompt` where a side met a single prompt.
    pub fn by_prompt(sample: &PromptSample<'_>, ranked: &[usize]) -> Estimable<Self> {
        let names = ranked
            .iter()
            .map(|place| sample.names.get(*place).cloned())
            .collect::<Option<Vec<String>>>()
            .ok_or(NotEstimable::OutOfRange)?;
        let cells = Placed::new(sample, ranked)?;
        let (totals, prompts) = cells.totals(ranked.len())?;
        let fewest = prompts.iter().min().copied().unwrap_or(0);
        if fewest < 2 && !ranked.is_empty() {
            return Err(NotEstimable::OnePrompt);
        }
        let mut covariance = cells.products(&totals);
        for (i, (total, met)) in totals.iter().zip(&prompts).enumerate() {
            if no_spread(libm::sqrt(covariance[i][i])) {
                let met = u64::try_from(*met).unwrap_or(u64::MAX);
                let stand_in = match (total.successes(), total.failures()) {
                    (0, _) => Count::new(0, met)?,
                    (_, 0) => Count::new(met, met)?,
                    _ => *total,
                };
                let se = adjusted_standard_error(stand_in);
                covariance[i][i] = se * se;
            }
        }
        Ok(RankEstimates {
            names,
            rates: totals.iter().map(|t| t.share()).collect(),
            covariance,
            df: Some(count(fewest.saturating_sub(1))),
        })
    }

    /// Standard errors of the rates.
    pub fn standard_errors(&self) -> Vec<f64> {
        let diagonal = self.covariance.iter().enumerate();
        diagonal
            .map(|(i, row)| libm::sqrt(row.get(i).copied().unwrap_or(0.0)))
            .collect()
    }
}

/// Cells of ranked sides, in order of prompt, side and model.
struct Placed {
    cells: Vec<(u32, usize, PromptCell)>,
    models: BTreeMap<u32, (u64, u64)>,
}

impl Placed {
    fn new(sample: &PromptSample<'_>, ranked: &[usize]) -> Estimable<Self> {
        let mut place = vec![None; sample.names.len()];
        for (i, side) in ranked.iter().enumerate() {
            *place.get_mut(*side).ok_or(NotEstimable::OutOfRange)? = Some(i);
        }
        let mut cells = Vec::with_capacity(sample.cells.len());
        let mut models: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for cell in sample.cells.iter().filter(|c| c.n > 0) {
            let owner = match sample.unit {
                Unit::Model => cell.model,
                Unit::Provider => cell.provider,
            };
            let side = usize::try_from(owner)
                .ok()
                .and_then(|o| place.get(o))
                .ok_or(NotEstimable::OutOfRange)?;
            if cell.succeeded > cell.n {
                return Err(NotEstimable::OutOfRange);
            }
            let Some(side) = *side else { continue };
            let own = models.entry(cell.model).or_default();
            own.0 += u64::from(cell.succeeded);
            own.1 += u64::from(cell.n);
            cells.push((cell.prompt, side, *cell));
        }
        cells.sort_by_key(|(prompt, side, cell)| {
            (*prompt, *side, cell.model, cell.n, cell.succeeded)
        });
        Ok(Placed { cells, models })
    }

    /// Counts and numbers of prompts by side.
    fn totals(&self, sides: usize) -> Estimable<(Vec<Count>, Vec<usize>)> {
        let mut sums = vec![(0_u64, 0_u64); sides];
        let mut prompts = vec![0_usize; sides];
        for of_one in self.cells.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            for (_, side, cell) in of_one {
                sums[*side].0 += u64::from(cell.succeeded);
                sums[*side].1 += u64::from(cell.n);
            }
            if let Some((_, side, _)) = of_one.first() {
                prompts[*side] += 1;
            }
        }
        let totals = sums.iter().map(|(x, n)| Count::new(*x, *n));
        Ok((totals.collect::<Estimable<_>>()?, prompts))
    }

    /// Sums over prompts of products of the sides' residuals, with the factor
    /// `J/(J - 1)` for the prompts of all.
    fn products(&self, totals: &[Count]) -> Vec<Vec<f64>> {
        let k = totals.len();
        let mut covariance = vec![vec![0.0_f64; k]; k];
        let mut prompts = 0_usize;
        for of_one in self.cells.chunk_by(|a, b| a.0 == b.0) {
            prompts += 1;
            let mut residuals: Vec<(usize, f64)> = Vec::new();
            for (_, side, cell) in of_one {
                let (x, n) = self.models.get(&cell.model).copied().unwrap_or((0, 1));
                let expected =
                    f64::from(cell.n) * crate::sums::count_u64(x) / crate::sums::count_u64(n);
                let gap = (f64::from(cell.succeeded) - expected) / totals[*side].n();
                match residuals.last_mut() {
                    Some((last, sum)) if last == side => *sum += gap,
                    _ => residuals.push((*side, gap)),
                }
            }
            for (i, a) in &residuals {
                for (j, b) in &residuals {
                    covariance[*i][*j] += a * b;
                }
            }
        }
        let small = count(prompts) / count(prompts.saturating_sub(1).max(1));
        for entry in covariance.iter_mut().flatten() {
            *entry *= small;
        }
        covariance
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        cells::{Key, Tallies},
        common_prompts::clustered_difference,
    };

    fn cell(model: u32, provider: u32, prompt: u32, succeeded: u32, n: u32) -> PromptCell {
        PromptCell {
            model,
            provider,
            prompt,
            harm_category: None,
            technique: None,
            succeeded,
            n,
        }
    }

    fn sample<'a>(cells: &'a [PromptCell], names: &'a [String]) -> PromptSample<'a> {
        PromptSample {
            cells,
            unit: Unit::Provider,
            names,
            harm_categories: &[],
            techniques: &[],
            category_mix: None,
        }
    }

    fn names(k: usize) -> Vec<String> {
        (0..k).map(|i| format!("p{i}")).collect()
    }

    #[test]
    fn the_error_of_a_difference_is_that_of_clustered_prompts() {
        let cells: Vec<PromptCell> = (0..40)
            .flat_map(|q| {
                [
                    cell(0, 0, q, u32::from(q % 3 == 0), 1),
                    cell(1, 1, q, u32::from(q % 3 == 0 || q % 5 == 0), 1 + q % 2),
                ]
            })
            .collect();
        let names = names(2);
        let e = RankEstimates::by_prompt(&sample(&cells, &names), &[0, 1]).unwrap();
        let ours = e.covariance[0][0] + e.covariance[1][1] - 2.0 * e.covariance[0][1];
        let by = Tallies::new(&cells, Unit::Provider, 2, Key::Prompt).unwrap();
        let theirs = clustered_difference(by.of(1), by.of(0)).unwrap();
        let small = 40.0 / 39.0;
        assert!((ours - theirs.se_cr0 * theirs.se_cr0 * small).abs() < 1e-15);
        assert!(e.covariance[0][1] > 0.0);
        assert_eq!(e.df, Some(39.0));
    }

    #[test]
    fn a_rate_of_nought_keeps_an_error() {
        let cells: Vec<PromptCell> = (0..20)
            .flat_map(|q| [cell(0, 0, q, 0, 3), cell(1, 1, q, q % 2, 1)])
            .collect();
        let names = names(2);
        let e = RankEstimates::by_prompt(&sample(&cells, &names), &[0, 1]).unwrap();
        let se = adjusted_standard_error(Count::new(0, 20).unwrap());
        assert!((e.standard_errors()[0] - se).abs() < 1e-15);
    }

    #[test]
    fn sides_without_traces_or_with_one_prompt_have_reasons() {
        let names = names(2);
        let lone = [cell(0, 0, 3, 1, 9), cell(1, 1, 3, 1, 2)];
        let of = |cells: &[PromptCell], ranked: &[usize]| {
            RankEstimates::by_prompt(&sample(cells, &names), ranked).unwrap_err()
        };
        assert_eq!(of(&lone, &[0, 1]), NotEstimable::OnePrompt);
        assert_eq!(of(&lone[..1], &[0, 1]), NotEstimable::NoTraces);
        assert_eq!(of(&lone, &[0, 2]), NotEstimable::OutOfRange);
    }
}
