//! Specification curves: order, marks, axes, threads, and grids that cannot be.

use caveat_analysis::{
    NotEstimable,
    labels::Chance,
    multiverse::{Axis, Direction, Question},
    proportion::{Count, Level},
    reason::Estimable,
    result::Multiverse,
    specification::{Estimator, SpecificationData, Weighting, specification_curve},
};

const PROVIDERS: [usize; 9] = [0, 0, 1, 1, 1, 2, 3, 3, 4];

fn data(estimator: Estimator, weighting: Weighting) -> SpecificationData {
    let counts = [
        (5, 60),
        (20, 61),
        (9, 40),
        (30, 90),
        (7, 20),
        (44, 80),
        (1, 50),
        (3, 70),
        (8, 33),
    ];
    SpecificationData {
        counts: counts
            .iter()
            .map(|(x, n)| Count::new(*x, *n).ok())
            .collect(),
        providers: PROVIDERS.iter().copied().map(Some).collect(),
        log2_sizes: [1.0, 3.0, 2.5, 7.0, 4.0, 8.1, 0.5, 3.3, 5.0]
            .map(Some)
            .to_vec(),
        fewest_models: 1,
        weighting,
        estimator,
    }
}

fn axes() -> Vec<Axis> {
    let axis = |name: &str, options: &[&str]| Axis {
        name: name.to_owned(),
        options: options.iter().map(|o| (*o).to_owned()).collect(),
        published: 0,
    };
    vec![
        axis("weights", &["equal", "traces"]),
        axis("least traces", &["1", "40", "1000"]),
        axis("nothing", &["same", "same again"]),
    ]
}

const QUESTION: Question<'static> = Question {
    effect: "slope",
    direction: Direction::Both,
    alpha: 0.05,
    models: 9,
    chance: Chance {
        relabellings: 1_000,
        seed: 164,
    },
};

fn of_choice(choice: &[usize]) -> Estimable<SpecificationData> {
    let weighting = [Weighting::Equal, Weighting::Traces][choice[0]];
    let mut d = data(Estimator::Slope, weighting);
    let least = [1, 40, 1000][choice[1]];
    for c in &mut d.counts {
        *c = c.filter(|c| c.trials() >= least);
    }
    Ok(d)
}

fn curve() -> Multiverse {
    let curve = specification_curve(&axes(), &QUESTION, Level::P95, Level::P90, of_choice);
    curve.known().unwrap().clone()
}

#[test]
fn the_curve_is_sorted_marks_the_published_choice_and_keeps_what_is_missing() {
    let m = curve();
    assert_eq!((m.specifications, m.estimable, m.tested), (12, 8, 8));
    let effects: Vec<f64> = m.curve.iter().filter_map(|p| p.effect.number()).collect();
    assert!(effects.is_sorted() && effects.len() == 8);
    assert_eq!(
        m.curve[11].effect.reason(),
        Some(NotEstimable::TooFewModels)
    );
    let marked: Vec<_> = m.curve.iter().filter(|p| p.published).collect();
    assert_eq!((marked.len(), &marked[0].choice[..]), (1, &[0, 0, 0][..]));
    let published = m.published.known().unwrap();
    assert_eq!(m.curve[published.place - 1].choice, [0, 0, 0]);
    let text = serde_json::to_string(&m).unwrap();
    assert!(!text.contains("null,") && !text.contains("NaN"));
}

#[test]
fn a_choice_that_changes_nothing_moves_nothing() {
    let m = curve();
    assert_eq!(m.axes[2].mean_move.number(), Some(0.0));
    assert_eq!(m.axes[2].sign_changes.number(), Some(0.0));
    assert!(m.axes[2].variance_share.number().unwrap() < 1e-20);
    assert!(m.axes[0].mean_move.number().unwrap() > 0.0);
    let medians = &m.axes[1].option_medians;
    assert!(medians[0].number().is_some());
    assert_eq!(medians[2].reason(), Some(NotEstimable::NotGiven));
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| serde_json::to_string(&curve()).unwrap())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn grids_that_cannot_be_have_reasons() {
    let of = |axes: &[Axis], question: &Question<'_>| {
        specification_curve(axes, question, Level::P95, Level::P90, of_choice).reason()
    };
    assert_eq!(of(&[], &QUESTION), Some(NotEstimable::NotGiven));
    let mut empty = axes();
    empty[1].options.clear();
    assert_eq!(of(&empty, &QUESTION), Some(NotEstimable::OutOfRange));
    let many: Vec<Axis> = (0..15).map(|_| axes().remove(0)).collect();
    assert_eq!(
        of(&many, &QUESTION),
        Some(NotEstimable::TooManySpecifications)
    );
    let certain = Question {
        alpha: 1.0,
        ..QUESTION
    };
    assert_eq!(of(&axes(), &certain), Some(NotEstimable::OutOfRange));
    let no_draw = Question {
        chance: Chance {
            relabellings: 0,
            seed: 1,
        },
        ..QUESTION
    };
    let m = specification_curve(&axes(), &no_draw, Level::P95, Level::P90, of_choice);
    assert_eq!(
        m.known().unwrap().joint.reason(),
        Some(NotEstimable::NotGiven)
    );
}
