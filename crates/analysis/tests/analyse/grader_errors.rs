//! What graders' errors do to the figures, by simulation.

use caveat_analysis::{
    NotEstimable, Quantity,
    misclassified::{Accuracy, Share},
    propagation::{GradedCount, GradedSample, Simulation, corrected_rates},
    proportion::{Count, Level},
    result::CorrectedRates,
};

use crate::support::{close, number};

const SIMULATION: Simulation = Simulation {
    draws: 4_000,
    seed: 164,
    level: Level::P95,
};

struct Graded {
    counts: Vec<GradedCount>,
    accuracies: Vec<Accuracy>,
    models: Vec<String>,
    providers: Vec<String>,
}

impl Graded {
    /// Models as (provider, grader, successes, traces).
    fn new(models: &[(usize, usize, u64, u64)], accuracies: &[Accuracy]) -> Self {
        let providers = models.iter().map(|m| m.0 + 1).max().unwrap_or(0);
        let counts = models.iter().enumerate();
        Graded {
            counts: counts
                .map(|(model, (provider, grader, x, n))| GradedCount {
                    model,
                    provider: *provider,
                    grader: *grader,
                    count: Count::new(*x, *n).unwrap(),
                })
                .collect(),
            accuracies: accuracies.to_vec(),
            models: (0..models.len()).map(|m| format!("m{m}")).collect(),
            providers: (0..providers).map(|p| format!("p{p}")).collect(),
        }
    }

    fn run(&self, simulation: &Simulation) -> Quantity<CorrectedRates> {
        let ranked: Vec<usize> = (0..self.providers.len()).collect();
        let sample = GradedSample {
            counts: &self.counts,
            accuracies: &self.accuracies,
            models: &self.models,
            providers: &self.providers,
            ranked: &ranked,
        };
        corrected_rates(&sample, simulation)
    }
}

fn accuracy(se: f64, sp: f64, labelled: u64) -> Accuracy {
    Accuracy {
        sensitivity: Share::of_sample(se, labelled).unwrap(),
        specificity: Share::of_sample(sp, labelled).unwrap(),
    }
}

const MODELS: [(usize, usize, u64, u64); 6] = [
    (0, 0, 20, 100),
    (0, 0, 30, 120),
    (1, 0, 50, 110),
    (1, 0, 45, 90),
    (2, 0, 70, 100),
    (2, 0, 60, 95),
];

#[test]
fn one_grader_for_all_moves_rates_and_never_the_order_or_the_share() {
    let found = Graded::new(&MODELS, &[accuracy(0.9, 0.95, 60)]).run(&SIMULATION);
    let c = found.known().unwrap();
    assert_eq!(c.order_kept_share.0, 1.0);
    let share = c.eta2.known().unwrap();
    let limits = share.interval.known().unwrap();
    for value in [number(&share.corrected), limits.lower.0, limits.upper.0] {
        close(value, share.observed.0, 1e-9);
    }
    let ratio = c.ratio.known().unwrap();
    assert_eq!(
        (ratio.lowest.as_str(), ratio.highest.as_str()),
        ("p0", "p2")
    );
    // False alarms hide part of the ratio.
    assert!(number(&ratio.corrected) > number(&ratio.observed));
}

#[test]
fn simulated_limits_lie_near_those_of_lang_and_reiczigel() {
    let found = Graded::new(&MODELS, &[accuracy(0.9, 0.95, 60)]).run(&SIMULATION);
    for row in &found.known().unwrap().models {
        let closed = row.lang_reiczigel.known().unwrap();
        assert!(
            (row.interval.lower.0 - closed.lower.0).abs() < 0.03,
            "{row:?}"
        );
        assert!(
            (row.interval.upper.0 - closed.upper.0).abs() < 0.03,
            "{row:?}"
        );
    }
}

#[test]
fn graders_that_differ_can_change_order_and_share() {
    let mut models = MODELS;
    models[2].1 = 1;
    models[3].1 = 1;
    let accuracies = [accuracy(0.9, 0.95, 60), accuracy(0.95, 0.7, 20)];
    let found = Graded::new(&models, &accuracies).run(&SIMULATION);
    let c = found.known().unwrap();
    assert!(c.order_kept_share.0 < 1.0);
    let limits = *c.eta2.known().unwrap().interval.known().unwrap();
    assert!(limits.upper.0 - limits.lower.0 > 0.01);
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let graded = Graded::new(&MODELS, &[accuracy(0.9, 0.95, 60)]);
    let run = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let simulation = Simulation { seed, ..SIMULATION };
        pool.unwrap()
            .install(|| serde_json::to_string(&graded.run(&simulation)).unwrap())
    };
    assert_eq!(run(1, 164), run(3, 164));
    assert_ne!(run(1, 164), run(1, 165));
}

#[test]
fn graders_without_error_leave_every_figure() {
    let perfect = Accuracy {
        sensitivity: Share::known(1.0).unwrap(),
        specificity: Share::known(1.0).unwrap(),
    };
    let found = Graded::new(&MODELS, &[perfect]).run(&SIMULATION);
    for row in &found.known().unwrap().providers {
        assert_eq!(row.observed, row.corrected);
        assert!(!row.clipped);
    }
}

#[test]
fn degenerate_samples_give_reasons() {
    let good = accuracy(0.9, 0.95, 60);
    let nothing = Graded::new(&[], &[good]).run(&SIMULATION);
    assert_eq!(nothing.reason(), Some(NotEstimable::NoTraces));
    let guess = Graded::new(&MODELS, &[accuracy(0.5, 0.5, 60)]).run(&SIMULATION);
    assert_eq!(guess.reason(), Some(NotEstimable::UninformativeGrader));
    // Three labelled traces of each kind: too many draws tell nothing.
    let vague = Graded::new(&MODELS, &[accuracy(0.6, 0.6, 3)]).run(&SIMULATION);
    assert_eq!(vague.reason(), Some(NotEstimable::UninformativeGrader));
    let missing = Graded::new(&[(0, 1, 1, 2)], &[good]).run(&SIMULATION);
    assert_eq!(missing.reason(), Some(NotEstimable::OutOfRange));
    let one = Graded::new(&[(0, 0, 1, 1)], &[good]).run(&SIMULATION);
    let c = one.known().unwrap();
    assert_eq!(c.ratio.reason(), Some(NotEstimable::NoEligibleProviders));
    assert!(c.eta2.reason().is_some());
    for x in [0, 40] {
        let same = [(0, 0, x, 40), (0, 0, x, 40), (1, 0, x, 40)];
        let found = Graded::new(&same, &[good]).run(&SIMULATION);
        let json = serde_json::to_string(&found).unwrap();
        assert!(!json.contains("null") && !json.contains("NaN"));
        assert!(found.known().unwrap().models[0].clipped);
    }
}
