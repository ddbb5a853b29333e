//! The two grids of the usual choices: the provider's share, and the slope.
//!
//! Every combination of options is one specification: which grade counts, what
//! counts as success, how many traces a model needs, which models are kept, how the
//! provider is named, which sizes are used, whether models count alike, whether
//! providers with one model take part, and (for the share) whether it is corrected
//! for the number of providers. An option that changes nothing is no option. Models
//! stand in an order of their own, so that neither the order of the input nor a
//! name reaches a relabelling. Names of axes and options are ids; words for them
//! are the caller's.

use crate::{
    labels::{Chance, dense},
    layout::Layout,
    multiverse::{Axis, Direction, Question},
    proportion::Count,
    quantity::Quantity,
    reason::{Estimable, NotEstimable},
    result::{Multiverse, Multiverses},
    sample::{Choices, Parameters, Sample},
    specification::{Estimator, SpecificationData, Weighting, specification_curve},
};

/// Most relabellings of a curve: p-values to a hundredth need no more.
const MOST_RELABELLINGS: u32 = 9_999;

/// Placements of a model in a specification that are worth their time.
const WORK_LIMIT: usize = 150_000_000;

/// Fewest relabellings, whatever they cost.
const FEWEST_RELABELLINGS: u32 = 999;

pub(crate) fn multiverses(
    sample: &Sample,
    layout: &Layout<'_>,
    parameters: &Parameters,
) -> Multiverses {
    let made;
    let given = match &sample.choices {
        Some(choices) => choices,
        None => {
            made = of_sample(sample, layout, parameters);
            &made
        }
    };
    let reason = match check(given) {
        Err(reason) => Some(reason),
        Ok(()) if given.models.is_empty() => Some(NotEstimable::TooFewModels),
        Ok(()) => None,
    };
    if let Some(reason) = reason {
        return Multiverses {
            share: Quantity::Absent(reason),
            slope: Quantity::Absent(reason),
        };
    }
    let grid = Grid {
        choices: ordered(given),
        parameters,
    };
    let (share, slope) = rayon::join(|| grid.share(), || grid.slope());
    Multiverses { share, slope }
}

/// The choices that a sample alone leaves open: sizes, and stricter minima.
fn of_sample(sample: &Sample, layout: &Layout<'_>, parameters: &Parameters) -> Choices {
    let models = layout.models;
    let of =
        |pick: fn(&crate::sample::SampleModel) -> Option<f64>| models.iter().map(pick).collect();
    let variants = sample.size_variants.iter().map(|v| {
        let sizes = (0..models.len()).map(|i| v.sizes_b.get(i).copied().flatten());
        (v.id.clone(), sizes.collect())
    });
    Choices {
        models: models.iter().map(|m| m.model.clone()).collect(),
        rules: vec!["as_used".to_owned()],
        successes: vec!["as_used".to_owned()],
        counts: vec![vec![
            models
                .iter()
                .map(|m| (m.n > 0 && m.succeeded <= m.n).then_some((m.succeeded, m.n)))
                .collect(),
        ]],
        fewest_traces: vec![0, parameters.ranking_min_n],
        kept: vec![("as_used".to_owned(), vec![true; models.len()])],
        namings: vec![(
            "as_used".to_owned(),
            models.iter().map(|m| m.provider.clone()).collect(),
        )],
        sizes: std::iter::once(("as_used".to_owned(), of(|m| m.size_b)))
            .chain(variants)
            .collect(),
    }
}

/// # Errors
/// `LengthMismatch` unless every option says something of every model, `NotGiven`
/// for a choice without an option.
fn check(choices: &Choices) -> Estimable<()> {
    let n = choices.models.len();
    let lengths = [
        choices.rules.len(),
        choices.successes.len(),
        choices.fewest_traces.len(),
        choices.kept.len(),
        choices.namings.len(),
        choices.sizes.len(),
    ];
    if lengths.contains(&0) {
        return Err(NotEstimable::NotGiven);
    }
    let counts = choices.counts.len() == choices.rules.len()
        && choices.counts.iter().all(|by_success| {
            by_success.len() == choices.successes.len() && by_success.iter().all(|c| c.len() == n)
        });
    let rest = choices.kept.iter().all(|(_, k)| k.len() == n)
        && choices.namings.iter().all(|(_, k)| k.len() == n)
        && choices.sizes.iter().all(|(_, k)| k.len() == n);
    if counts && rest {
        Ok(())
    } else {
        Err(NotEstimable::LengthMismatch)
    }
}

/// The choices with models by size, traces and successes as published; names part
/// only what is otherwise equal.
fn ordered(given: &Choices) -> Choices {
    let usable = |size: Option<f64>| size.filter(|s| *s > 0.0 && s.is_finite());
    let counts = given
        .counts
        .first()
        .and_then(|by_success| by_success.first());
    let sizes = given.sizes.first().map(|(_, sizes)| sizes);
    let names = given.namings.first().map(|(_, names)| names);
    let mut order: Vec<usize> = (0..given.models.len()).collect();
    order.sort_by_cached_key(|i| {
        let size = sizes.and_then(|s| usable(s.get(*i).copied().flatten()));
        let count = counts.and_then(|c| c.get(*i).copied().flatten());
        (
            size.map(f64::to_bits),
            count.map(|(x, n)| (n, x)),
            names.and_then(|n| n.get(*i).cloned()),
            given.models.get(*i).cloned(),
        )
    });
    fn picked<T: Clone>(order: &[usize], all: &[T]) -> Vec<T> {
        order.iter().filter_map(|i| all.get(*i).cloned()).collect()
    }
    let labelled = |all: &Vec<(String, Vec<Option<f64>>)>| {
        all.iter()
            .map(|(label, sizes)| {
                let sizes = picked(&order, sizes).into_iter().map(usable).collect();
                (label.clone(), sizes)
            })
            .collect()
    };
    Choices {
        models: picked(&order, &given.models),
        rules: given.rules.clone(),
        successes: given.successes.clone(),
        counts: given
            .counts
            .iter()
            .map(|by_success| by_success.iter().map(|c| picked(&order, c)).collect())
            .collect(),
        fewest_traces: given.fewest_traces.clone(),
        kept: given
            .kept
            .iter()
            .map(|(label, kept)| (label.clone(), picked(&order, kept)))
            .collect(),
        namings: given
            .namings
            .iter()
            .map(|(label, names)| (label.clone(), picked(&order, names)))
            .collect(),
        sizes: labelled(&given.sizes),
    }
}

struct Grid<'a> {
    choices: Choices,
    parameters: &'a Parameters,
}

/// Which models of known size enter the share.
#[derive(Clone)]
struct Entry {
    label: String,
    /// Sizes that let a model in; `None` lets all in.
    sizes: Option<usize>,
}

impl Grid<'_> {
    /// Axes that both questions share, in order.
    fn axes(&self) -> Vec<Axis> {
        let c = &self.choices;
        let labels = |list: &[String]| list.to_vec();
        let axis = |name: &str, options: Vec<String>| Axis {
            name: name.to_owned(),
            options,
            published: 0,
        };
        vec![
            axis("verdict_rule", labels(&c.rules)),
            axis("success", labels(&c.successes)),
            axis(
                "fewest_traces",
                c.fewest_traces.iter().map(u64::to_string).collect(),
            ),
            axis("kept", c.kept.iter().map(|(l, _)| l.clone()).collect()),
            axis("weights", self.weights()),
        ]
    }

    /// Weights differ only where models have different numbers of traces.
    fn weights(&self) -> Vec<String> {
        let counts = self.choices.counts.iter().flatten();
        let differ = counts.into_iter().any(|of_models| {
            let mut trials = of_models.iter().flatten().map(|(_, n)| n);
            let first = trials.next();
            trials.any(|n| Some(n) != first)
        });
        let all = ["equal", "traces"].into_iter();
        all.take(1 + usize::from(differ))
            .map(str::to_owned)
            .collect()
    }

    /// The counts under the first options of a choice.
    fn counts(&self, choice: &[usize]) -> Estimable<Vec<Option<Count>>> {
        let c = &self.choices;
        let at = |place: usize| choice.get(place).copied().ok_or(NotEstimable::OutOfRange);
        let counts = c.counts.get(at(0)?).and_then(|by| by.get(at(1).ok()?));
        let counts = counts.ok_or(NotEstimable::OutOfRange)?;
        let fewest = *c
            .fewest_traces
            .get(at(2)?)
            .ok_or(NotEstimable::OutOfRange)?;
        let (_, kept) = c.kept.get(at(3)?).ok_or(NotEstimable::OutOfRange)?;
        Ok(counts
            .iter()
            .zip(kept)
            .map(|(count, kept)| {
                let (x, n) = count.filter(|(_, n)| *kept && *n >= fewest)?;
                Count::new(x, n).ok()
            })
            .collect())
    }

    fn weighting(choice: &[usize]) -> Weighting {
        match choice.get(4) {
            Some(1) => Weighting::Traces,
            _ => Weighting::Equal,
        }
    }

    fn groups(&self, naming: usize) -> Estimable<Vec<usize>> {
        let (_, names) = self
            .choices
            .namings
            .get(naming)
            .ok_or(NotEstimable::OutOfRange)?;
        Ok(dense(names))
    }

    fn sizes(&self, at: usize) -> Estimable<&[Option<f64>]> {
        let found = self.choices.sizes.get(at);
        found
            .map(|(_, s)| s.as_slice())
            .ok_or(NotEstimable::OutOfRange)
    }

    fn question<'q>(&self, effect: &'q str, direction: Direction, axes: &[Axis]) -> Question<'q> {
        let specifications: usize = axes.iter().map(|a| a.options.len()).product();
        let models = self.choices.models.len();
        let most = WORK_LIMIT / specifications.saturating_mul(models).max(1);
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        Question {
            effect,
            direction,
            alpha: self.parameters.level.alpha(),
            models,
            chance: Chance {
                relabellings: MOST_RELABELLINGS
                    .min(most.max(FEWEST_RELABELLINGS))
                    .min(self.parameters.permutations),
                seed: self.parameters.seed,
            },
        }
    }

    /// Sets of models by what is known of their size, each once; the published one first.
    fn entries(&self) -> Vec<Entry> {
        let known = |sizes: &[Option<f64>]| sizes.iter().map(Option::is_some).collect::<Vec<_>>();
        let mut sets: Vec<(Vec<bool>, Entry)> = Vec::new();
        for (at, (label, sizes)) in self.choices.sizes.iter().enumerate() {
            let set = known(sizes);
            let some = set.iter().any(|k| *k);
            if some && sets.iter().all(|(other, _)| *other != set) {
                let label = if at == 0 { "sized" } else { label };
                let entry = Entry {
                    label: label.to_owned(),
                    sizes: Some(at),
                };
                sets.push((set, entry));
            }
        }
        let all = vec![true; self.choices.models.len()];
        if sets.iter().all(|(other, _)| *other != all) {
            let entry = Entry {
                label: "all".to_owned(),
                sizes: None,
            };
            sets.push((all, entry));
        }
        sets.into_iter().map(|(_, entry)| entry).collect()
    }

    fn share(&self) -> Quantity<Multiverse> {
        const SHARES: [(&str, Estimator); 2] =
            [("eta2", Estimator::Eta2), ("omega2", Estimator::Omega2)];
        let entries = self.entries();
        let mut axes = self.axes();
        let axis = |name: &str, options: Vec<String>| Axis {
            name: name.to_owned(),
            options,
            published: 0,
        };
        let namings = self.choices.namings.iter().map(|(l, _)| l.clone());
        axes.push(axis("naming", namings.collect()));
        axes.push(axis(
            "models",
            entries.iter().map(|e| e.label.clone()).collect(),
        ));
        axes.push(axis(
            "single_model_providers",
            vec!["in".to_owned(), "out".to_owned()],
        ));
        axes.push(axis(
            "correction",
            SHARES.iter().map(|(id, _)| (*id).to_owned()).collect(),
        ));
        let question = self.question("provider_share", Direction::Above, &axes);
        let data = |choice: &[usize]| {
            let at = |place: usize| choice.get(place).copied().unwrap_or(0);
            let groups = self.groups(at(5))?;
            let entry = entries.get(at(6)).ok_or(NotEstimable::OutOfRange)?;
            let sizes = match entry.sizes {
                Some(place) => Some(self.sizes(place)?),
                None => None,
            };
            let enters = |i: usize| sizes.is_none_or(|s| s.get(i).copied().flatten().is_some());
            let (_, estimator) = SHARES.get(at(8)).ok_or(NotEstimable::OutOfRange)?;
            Ok(SpecificationData {
                counts: self.counts(choice)?,
                providers: groups
                    .iter()
                    .enumerate()
                    .map(|(i, g)| enters(i).then_some(*g))
                    .collect(),
                log2_sizes: vec![None; groups.len()],
                fewest_models: 1 + at(7),
                weighting: Self::weighting(choice),
                estimator: *estimator,
            })
        };
        self.run(&axes, &question, data)
    }

    fn slope(&self) -> Quantity<Multiverse> {
        let mut axes = self.axes();
        axes.push(Axis {
            name: "sizes".to_owned(),
            options: self.choices.sizes.iter().map(|(l, _)| l.clone()).collect(),
            published: 0,
        });
        let question = self.question("slope_per_doubling", Direction::Both, &axes);
        let data = |choice: &[usize]| {
            let sizes = self.sizes(choice.get(5).copied().unwrap_or(0))?;
            Ok(SpecificationData {
                counts: self.counts(choice)?,
                providers: self.groups(0)?.into_iter().map(Some).collect(),
                log2_sizes: sizes.iter().map(|s| s.map(libm::log2)).collect(),
                fewest_models: 1,
                weighting: Self::weighting(choice),
                estimator: Estimator::Slope,
            })
        };
        self.run(&axes, &question, data)
    }

    fn run(
        &self,
        axes: &[Axis],
        question: &Question<'_>,
        data: impl Fn(&[usize]) -> Estimable<SpecificationData> + Sync,
    ) -> Quantity<Multiverse> {
        let p = self.parameters;
        specification_curve(axes, question, p.level, p.variance_level, data)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{analyse, proportion::Level, sample::SampleModel};

    fn model(i: usize) -> SampleModel {
        let n = 40 + 7 * u64::try_from(i).unwrap();
        SampleModel {
            model: format!("m{i}"),
            provider: format!("p{}", i % 4),
            params_total_b: None,
            params_active_b: None,
            size_b: Some(f64::from(1 + u32::try_from(i).unwrap())).filter(|_| i != 3),
            params_disclosed: None,
            params_source: String::new(),
            n,
            succeeded: n * [3, 5, 2, 9, 4, 6, 1, 8, 7][i] / 12,
            not_evaluable: 0,
            prompts: None,
            graders: Vec::new(),
            parts: Vec::new(),
        }
    }

    fn parameters() -> Parameters {
        Parameters {
            level: Level::P95,
            variance_level: Level::P90,
            ranking_min_n: 50,
            band_points: 10.0,
            permutations: 999,
            seed: 3,
        }
    }

    fn sample() -> Sample {
        Sample {
            models: (0..9).map(model).collect(),
            ..Sample::default()
        }
    }

    #[test]
    fn the_published_specifications_are_the_figures_of_the_report() {
        let analysis = analyse(&sample(), &parameters());
        let share = analysis.multiverse.share.known().unwrap();
        let eta2 = analysis.decomposition.in_scale.eta2.number().unwrap();
        assert!((share.published.known().unwrap().effect.0 - eta2).abs() < 1e-12);
        // Two minima, weights, sized or all, single-model providers, corrected or not.
        assert_eq!(share.specifications, 32);
        let slope = analysis.multiverse.slope.known().unwrap();
        let line = analysis
            .scale
            .known()
            .unwrap()
            .slope_per_doubling
            .known()
            .unwrap()
            .value
            .0;
        assert!((slope.published.known().unwrap().effect.0 - line).abs() < 1e-12);
        assert_eq!(slope.specifications, 4);
    }

    #[test]
    fn the_order_of_the_models_changes_nothing() {
        let mut turned = sample();
        turned.models.reverse();
        let of = |s: &Sample| analyse(s, &parameters()).multiverse;
        assert_eq!(of(&sample()), of(&turned));
    }

    #[test]
    fn choices_that_do_not_fit_the_models_give_the_reason() {
        let mut broken = sample();
        broken.choices = Some(Choices {
            models: vec!["a".to_owned()],
            ..Choices::default()
        });
        let found = analyse(&broken, &parameters()).multiverse;
        assert_eq!(found.share.reason(), Some(NotEstimable::NotGiven));
        let nothing = analyse(&Sample::default(), &parameters()).multiverse;
        assert_eq!(nothing.slope.reason(), Some(NotEstimable::TooFewModels));
    }
}
