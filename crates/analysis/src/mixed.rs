//! The hierarchical model on a sample.
//!
//! Rows are the sample's parts by prompt where every trace is known by prompt, and
//! whole models otherwise. Technique and grader are factors where there is more
//! than one of each. With the slope of size where three models or more differ in
//! size (then over these models), else with an intercept alone.

use std::collections::BTreeMap;

use crate::{
    hierarchical::{
        Cells, Factor, Role, Terms, likelihood,
        posterior::{Priors, Sampling, posterior, sensitivity},
    },
    layout::Layout,
    quantity::Quantity,
    reason::{Estimable, NotEstimable},
    result::{Analysis, Hierarchical},
    sample::{Parameters, Sample, SamplePart},
};

/// Scales of the deviations' priors, relative to the one used, that are tried as well.
const OTHER_PRIORS: [f64; 2] = [0.5, 2.0];

/// The likelihood; the posterior is not asked for here.
pub(crate) fn hierarchical(
    sample: &Sample,
    layout: &Layout<'_>,
    parameters: &Parameters,
) -> Hierarchical {
    let fit = model(sample, layout)
        .and_then(|(cells, terms)| likelihood(&cells, terms, parameters.level));
    Hierarchical {
        likelihood: fit.into(),
        posterior: Quantity::Absent(NotEstimable::NotGiven),
        prior_sensitivity: Vec::new(),
    }
}

/// Samples the posterior of the hierarchical model, with the priors of
/// [`Priors::default`] and twice and half as wide ones, and puts it into the
/// analysis. Takes from seconds to minutes, the same bytes for any number of threads.
pub fn add_posterior(analysis: &mut Analysis, sample: &Sample, parameters: &Parameters) {
    let layout = Layout::new(sample);
    let sampling = Sampling::standard(parameters.seed);
    let block = &mut analysis.hierarchical;
    match model(sample, &layout) {
        Err(reason) => block.posterior = Quantity::Absent(reason),
        Ok((cells, terms)) => {
            block.posterior = posterior(&cells, terms, Priors::default(), sampling).into();
            if block.posterior.known().is_some() {
                let others = sensitivity(&cells, terms, Priors::default(), sampling, &OTHER_PRIORS);
                block.prior_sensitivity = others.unwrap_or_default();
            }
        }
    }
}

/// The cells that the model is fitted to, and its terms.
fn model(sample: &Sample, layout: &Layout<'_>) -> Estimable<(Cells, Terms)> {
    let cells = cells(sample, layout)?;
    let mut sizes: Vec<u64> = layout
        .cells
        .iter()
        .filter_map(|c| c.log2_size.map(f64::to_bits))
        .collect();
    let sized = sizes.len();
    sizes.sort_unstable();
    sizes.dedup();
    if sized >= 3 && sizes.len() > 1 {
        Ok((cells.sized()?, Terms::WithSize))
    } else {
        Ok((cells, Terms::Intercept))
    }
}

/// Names of levels in the order in which they first occur.
#[derive(Default)]
struct Levels<T> {
    places: BTreeMap<T, usize>,
    names: Vec<String>,
    of_row: Vec<usize>,
}

impl<T: Ord> Levels<T> {
    fn push(&mut self, level: T, name: impl FnOnce() -> String) {
        let next = self.places.len();
        let place = *self.places.entry(level).or_insert(next);
        if place == next {
            self.names.push(name());
        }
        self.of_row.push(place);
    }

    fn factor(self, role: Role) -> Factor {
        Factor {
            role,
            names: self.names,
            level_of: self.of_row,
        }
    }
}

#[derive(Default)]
struct Rows {
    provider: Levels<usize>,
    model: Levels<usize>,
    prompt: Levels<u32>,
    technique: Levels<Option<u32>>,
    grader: Levels<Option<u32>>,
    successes: Vec<u64>,
    trials: Vec<u64>,
    sizes: Vec<Option<f64>>,
}

fn cells(sample: &Sample, layout: &Layout<'_>) -> Estimable<Cells> {
    let told = |parts: &[SamplePart]| parts.iter().map(|p| p.n).fold(0, u64::saturating_add);
    let by_part = layout.cells.iter().all(|c| {
        let model = &layout.models[c.model];
        told(&model.parts) == c.count.trials()
    });
    let parts = || {
        let all = layout
            .cells
            .iter()
            .flat_map(|c| &layout.models[c.model].parts);
        all.filter(|p| p.n > 0)
    };
    let by_prompt = by_part && parts().all(|p| p.prompts.is_some());
    let mut rows = Rows::default();
    for (place, cell) in layout.cells.iter().enumerate() {
        let given = &layout.models[cell.model];
        let mut push = |part: Option<(&SamplePart, Option<u32>)>, succeeded: u64, n: u64| {
            rows.provider.push(cell.provider, || {
                layout.providers[cell.provider].name.to_owned()
            });
            rows.model.push(place, || given.model.clone());
            if let Some((part, prompt)) = part {
                let label = |of: Option<u32>, list: &[String]| {
                    let at = of.and_then(|at| usize::try_from(at).ok());
                    at.and_then(|at| list.get(at).cloned()).unwrap_or_default()
                };
                rows.technique.push(part.technique, || {
                    label(part.technique, &sample.labels.techniques)
                });
                rows.grader
                    .push(part.grader, || label(part.grader, &sample.labels.graders));
                if let Some(prompt) = prompt {
                    rows.prompt.push(prompt, || prompt.to_string());
                }
            }
            rows.successes.push(succeeded);
            rows.trials.push(n);
            rows.sizes.push(cell.log2_size);
        };
        if !by_part {
            push(None, cell.count.successes(), cell.count.trials());
            continue;
        }
        for part in given.parts.iter().filter(|p| p.n > 0) {
            match part.prompts.as_ref().filter(|_| by_prompt) {
                Some(tallies) => {
                    for tally in tallies {
                        push(Some((part, Some(tally.prompt))), tally.succeeded, tally.n);
                    }
                }
                None => push(Some((part, None)), part.succeeded, part.n),
            }
        }
    }
    let mut factors = vec![
        rows.provider.factor(Role::Provider),
        rows.model.factor(Role::Model),
    ];
    if by_prompt && !rows.prompt.of_row.is_empty() {
        factors.push(rows.prompt.factor(Role::Prompt));
    }
    if by_part && rows.technique.names.len() > 1 {
        factors.push(rows.technique.factor(Role::Technique));
    }
    if by_part && rows.grader.names.len() > 1 {
        factors.push(rows.grader.factor(Role::Grader));
    }
    Cells::new(&factors, &rows.successes, &rows.trials, &rows.sizes)
}
