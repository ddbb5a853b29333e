//! The sample in an order of its own, with rates and groups worked out once.
//!
//! Models and providers are put into an order that follows from sizes and
//! counts alone, so that neither the order of the input nor a name reaches a
//! sum or a random relabelling: models by size, traces, successes; providers by
//! the list of their models. Names only part what is otherwise equal. A model
//! without evaluable traces, or with more successes than traces, has no rate
//! and takes part in nothing between models. No statistic is computed here.

use std::collections::BTreeMap;

use crate::{
    proportion::Count,
    reason::Estimable,
    sample::{Sample, SampleModel},
};

/// A model that has a rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    /// Place in the sample.
    pub(crate) model: usize,
    /// Place of the provider in [`Layout::providers`].
    pub(crate) provider: usize,
    /// Successes and traces.
    pub(crate) count: Count,
    /// The rate.
    pub(crate) rate: f64,
    /// log2 of billions of parameters, for models in scale.
    pub(crate) log2_size: Option<f64>,
}

/// One provider's models and totals.
#[derive(Clone, Debug)]
pub(crate) struct Provider<'a> {
    /// Name.
    pub(crate) name: &'a str,
    /// Places of its models in the sample, in the layout's order.
    pub(crate) models: Vec<usize>,
    /// Evaluable traces of models that have a rate.
    pub(crate) n: u64,
    /// Successes among them.
    pub(crate) succeeded: u64,
    /// Traces that are not evaluable.
    pub(crate) not_evaluable: u64,
}

impl Provider<'_> {
    /// The pooled count.
    pub(crate) fn count(&self) -> Estimable<Count> {
        Count::new(self.succeeded, self.n)
    }
}

/// The sample in its own order.
#[derive(Clone, Debug)]
pub(crate) struct Layout<'a> {
    /// Models as given.
    pub(crate) models: &'a [SampleModel],
    /// Providers, in the layout's order.
    pub(crate) providers: Vec<Provider<'a>>,
    /// Models that have a rate, in the layout's order.
    pub(crate) cells: Vec<Cell>,
}

/// What decides a model's place: size, traces, successes.
type ModelKey = (Option<u64>, u64, u64);

impl<'a> Layout<'a> {
    /// The sample with the sizes that it uses.
    pub(crate) fn new(sample: &'a Sample) -> Self {
        let sizes: Vec<Option<f64>> = sample.models.iter().map(|m| m.size_b).collect();
        Self::with_sizes(sample, &sizes)
    }

    /// The sample with other sizes; a model beyond the end of `sizes` has none.
    pub(crate) fn with_sizes(sample: &'a Sample, sizes: &[Option<f64>]) -> Self {
        let models = sample.models.as_slice();
        let usable = |i: usize| {
            sizes
                .get(i)
                .copied()
                .flatten()
                .filter(|s| *s > 0.0 && s.is_finite())
        };
        // The bits of positive numbers rise with the numbers.
        let key = |i: usize| -> ModelKey {
            (
                usable(i).map(f64::to_bits),
                models[i].n,
                models[i].succeeded,
            )
        };
        let mut order: Vec<usize> = (0..models.len()).collect();
        order.sort_by_cached_key(|i| (key(*i), &models[*i].provider, &models[*i].model));
        let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for i in &order {
            members.entry(&models[*i].provider).or_default().push(*i);
        }
        let mut grouped: Vec<(&str, Vec<usize>)> = members.into_iter().collect();
        grouped.sort_by_cached_key(|(_, m)| m.iter().map(|i| key(*i)).collect::<Vec<_>>());
        let mut provider_of = vec![0; models.len()];
        for (place, (_, members)) in grouped.iter().enumerate() {
            for i in members {
                provider_of[*i] = place;
            }
        }
        let cells = order
            .iter()
            .filter_map(|i| {
                let count = Count::new(models[*i].succeeded, models[*i].n).ok()?;
                Some(Cell {
                    model: *i,
                    provider: provider_of[*i],
                    count,
                    rate: count.share(),
                    log2_size: usable(*i).map(libm::log2),
                })
            })
            .collect();
        let providers = grouped
            .into_iter()
            .map(|(name, m)| provider(models, name, m))
            .collect();
        Layout {
            models,
            providers,
            cells,
        }
    }

    /// Models in scale: those with a rate and a size.
    pub(crate) fn in_scale(&self) -> Vec<Cell> {
        self.cells
            .iter()
            .filter(|c| c.log2_size.is_some())
            .copied()
            .collect()
    }

    /// Places of the providers with at least `minimum` traces, by rising pooled rate, then name.
    pub(crate) fn ranked(&self, minimum: u64) -> Vec<usize> {
        let mut places = self.by_rate();
        places.retain(|p| self.providers[*p].n > 0 && self.providers[*p].n >= minimum);
        places
    }

    /// Places of all providers by rising pooled rate, then name; without a rate last.
    pub(crate) fn by_rate(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.providers.len()).collect();
        places.sort_by(|a, b| {
            let (a, b) = (&self.providers[*a], &self.providers[*b]);
            let rate = |p: &Provider<'_>| p.count().map_or(f64::INFINITY, Count::share);
            rate(a).total_cmp(&rate(b)).then_with(|| a.name.cmp(b.name))
        });
        places
    }
}

fn provider<'a>(models: &[SampleModel], name: &'a str, members: Vec<usize>) -> Provider<'a> {
    let rated = |i: &&usize| Count::new(models[**i].succeeded, models[**i].n).is_ok();
    let total = |pick: fn(&SampleModel) -> u64| -> u64 {
        members
            .iter()
            .filter(rated)
            .map(|i| pick(&models[*i]))
            .fold(0, u64::saturating_add)
    };
    Provider {
        name,
        n: total(|m| m.n),
        succeeded: total(|m| m.succeeded),
        not_evaluable: members
            .iter()
            .map(|i| models[*i].not_evaluable)
            .fold(0, u64::saturating_add),
        models: members,
    }
}
