//! How long the hierarchical model takes on 25,000 traces: 50 models of 15
//! providers, each met by the same 500 prompts once.
//!
//! Laplace's fit is timed by criterion. The posterior takes too long for a
//! sample of runs; it is timed once, with the effective sample sizes that it
//! is worth.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use caveat_analysis::{
    hierarchical::{
        Approximation, Cells, Factor, Role, Terms, fit, likelihood,
        posterior::{Priors, Sampling, posterior},
    },
    proportion::Level,
    special::normal_quantile,
};
use criterion::{Criterion, criterion_group};

const PROVIDERS: usize = 15;
const MODELS: usize = 50;
const PROMPTS: usize = 500;

/// Uniform numbers from a linear congruence (Knuth's MMIX constants).
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normals(&mut self, count: usize, sd: f64) -> Vec<f64> {
        (0..count)
            .map(|_| sd * normal_quantile(self.next()).unwrap())
            .collect()
    }
}

/// Deviations 0.6, 0.5 and 1.1 for providers, models and prompts; slope -0.1.
fn world(seed: u64) -> Cells {
    let mut uniform = Uniform(seed);
    let provider = uniform.normals(PROVIDERS, 0.6);
    let model = uniform.normals(MODELS, 0.5);
    let prompt = uniform.normals(PROMPTS, 1.1);
    let size: Vec<f64> = (0..MODELS).map(|_| 9.0 * uniform.next()).collect();
    let rows: Vec<(usize, usize)> = (0..MODELS)
        .flat_map(|m| (0..PROMPTS).map(move |q| (m, q)))
        .collect();
    let home = |m: usize| m * PROVIDERS / MODELS;
    let successes: Vec<u64> = rows
        .iter()
        .map(|(m, q)| {
            let logit = -1.2 - 0.1 * (size[*m] - 5.0) + provider[home(*m)] + model[*m] + prompt[*q];
            u64::from(uniform.next() < 1.0 / (1.0 + (-logit).exp()))
        })
        .collect();
    let factor = |role, levels: usize, level: &dyn Fn(&(usize, usize)) -> usize| Factor {
        role,
        names: (0..levels).map(|l| l.to_string()).collect(),
        level_of: rows.iter().map(level).collect(),
    };
    let factors = [
        factor(Role::Provider, PROVIDERS, &|r| home(r.0)),
        factor(Role::Model, MODELS, &|r| r.0),
        factor(Role::Prompt, PROMPTS, &|r| r.1),
    ];
    let sizes: Vec<Option<f64>> = rows.iter().map(|r| Some(size[r.0])).collect();
    Cells::new(&factors, &successes, &vec![1; rows.len()], &sizes).unwrap()
}

fn laplace(c: &mut Criterion) {
    let cells = world(1);
    let mut group = c.benchmark_group("25,000 traces");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    group.bench_function("laplace fit", |b| {
        b.iter(|| {
            let roles = [Role::Provider, Role::Model, Role::Prompt];
            fit(&cells, &roles, Terms::WithSize, Approximation::Laplace).unwrap()
        });
    });
    group.bench_function("laplace block", |b| {
        b.iter(|| likelihood(&cells, Terms::WithSize, Level::P95).unwrap());
    });
    group.finish();
}

fn nuts() {
    let cells = world(1);
    let start = Instant::now();
    let block = posterior(
        &cells,
        Terms::WithSize,
        Priors::default(),
        Sampling::standard(164),
    )
    .unwrap();
    println!(
        "25,000 traces/posterior: {:.1} s, {:?}",
        start.elapsed().as_secs_f64(),
        block.convergence
    );
    if let Some(estimates) = block.estimates.known() {
        for component in &estimates.components {
            let sd = component.sd.known().unwrap();
            println!(
                "  sd of {:?}: {:.3} [{:.3}, {:.3}], ESS bulk {:.0}, tail {:.0}",
                component.factor, sd.mean.0, sd.lower.0, sd.upper.0, sd.ess_bulk.0, sd.ess_tail.0
            );
        }
    }
}

criterion_group!(benches, laplace);

fn main() {
    benches();
    nuts();
    Criterion::default().configure_from_args().final_summary();
}
