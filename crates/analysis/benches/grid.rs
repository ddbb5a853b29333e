//! How long the analysis of 21 models and grids of 500 specifications take.
//!
//! The models are those of the reconstruction (`tests/golden/corpus21.csv`), which
//! is simulated. Figures are for a release build; the aim is the analysis with
//! 10,000 relabellings and one grid together under two seconds on two cores.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use caveat_analysis::{
    Parameters, Quantity, Sample, SampleModel, analyse,
    labels::{Chance, dense},
    multiverse::{Axis, Direction, Question},
    proportion::{Count, Level},
    result::Multiverse,
    specification::{Estimator, SpecificationData, Weighting, specification_curve},
};
use criterion::{Criterion, criterion_group, criterion_main};

const PARAMETERS: Parameters = Parameters {
    level: Level::P95,
    variance_level: Level::P90,
    ranking_min_n: 50,
    band_points: 10.0,
    permutations: 10_000,
    seed: 164,
};

struct Row {
    model: String,
    provider: String,
    size_b: f64,
    n: u64,
    strict: u64,
    broad: u64,
}

fn rows() -> Vec<Row> {
    let text = include_str!("../tests/golden/corpus21.csv");
    csv::Reader::from_reader(text.as_bytes())
        .records()
        .map(|record| {
            let record = record.unwrap();
            let number = |i: usize| record[i].parse::<u64>().unwrap();
            Row {
                model: record[0].to_owned(),
                provider: record[1].to_owned(),
                size_b: record[2].parse().unwrap(),
                n: number(3),
                strict: number(4),
                broad: number(4) + number(5),
            }
        })
        .collect()
}

fn sample(rows: &[Row]) -> Sample {
    let models = rows.iter().map(|row| SampleModel {
        model: row.model.clone(),
        provider: row.provider.clone(),
        params_total_b: Some(row.size_b),
        params_active_b: None,
        size_b: Some(row.size_b),
        params_disclosed: None,
        params_source: String::new(),
        n: row.n,
        succeeded: row.strict,
        not_evaluable: 0,
        prompts: None,
        graders: Vec::new(),
        parts: Vec::new(),
    });
    Sample {
        models: models.collect(),
        ..Sample::default()
    }
}

fn axis(name: &str, options: usize) -> Axis {
    Axis {
        name: name.to_owned(),
        options: (0..options).map(|i| i.to_string()).collect(),
        published: 0,
    }
}

/// Outcome, least traces, model left out, weights, and five sizes or five rules
/// for small providers.
fn grid(rows: &[Row], estimator: Estimator, relabellings: u32) -> Quantity<Multiverse> {
    let axes = [
        axis("outcome", 2),
        axis("least traces", 5),
        axis("left out", 5),
        axis("weights", 2),
        axis("last", 5),
    ];
    let question = Question {
        effect: "effect",
        direction: match estimator {
            Estimator::Slope => Direction::Both,
            _ => Direction::Above,
        },
        alpha: 0.05,
        models: rows.len(),
        chance: Chance {
            relabellings,
            seed: 164,
        },
    };
    let group = dense(rows.iter().map(|row| row.provider.clone()));
    let data = |choice: &[usize]| {
        let least = [20, 50, 80, 110, 140][choice[1]];
        let count = |(i, row): (usize, &Row)| {
            let succeeded = if choice[0] == 0 {
                row.strict
            } else {
                row.broad
            };
            let kept = row.n >= least && (choice[2] == 0 || i != 4 * choice[2]);
            Count::new(succeeded, row.n).ok().filter(|_| kept)
        };
        let slope = estimator == Estimator::Slope;
        // Another size for every fifth model.
        let factor = |i: usize| {
            if slope && i % 5 == choice[4] {
                2.0
            } else {
                1.0
            }
        };
        Ok(SpecificationData {
            counts: rows.iter().enumerate().map(count).collect(),
            providers: group.iter().copied().map(Some).collect(),
            log2_sizes: rows
                .iter()
                .enumerate()
                .map(|(i, row)| Some((row.size_b * factor(i)).log2()))
                .collect(),
            fewest_models: if slope { 1 } else { 1 + choice[4] % 2 },
            weighting: [Weighting::Equal, Weighting::Traces][choice[3]],
            estimator,
        })
    };
    specification_curve(&axes, &question, Level::P95, Level::P90, data)
}

fn all(c: &mut Criterion) {
    let rows = rows();
    let sample = sample(&rows);
    assert_eq!(rows.len(), 21);
    let slopes = grid(&rows, Estimator::Slope, 99);
    assert_eq!(slopes.known().unwrap().estimable, 500);
    let mut group = c.benchmark_group("grid");
    group.sample_size(10);
    group.bench_function("analysis of 21 models, 10,000 relabellings", |b| {
        b.iter(|| analyse(black_box(&sample), &PARAMETERS));
    });
    for draws in [1_000, 10_000] {
        group.bench_function(format!("500 slopes, {draws} relabellings"), |b| {
            b.iter(|| grid(black_box(&rows), Estimator::Slope, draws));
        });
    }
    group.bench_function("500 provider shares, 10000 relabellings", |b| {
        b.iter(|| grid(black_box(&rows), Estimator::Omega2, 10_000));
    });
    group.finish();
}

criterion_group!(benches, all);
criterion_main!(benches);
