//! The specification curve (15), and joint laws by random relabelling (16).

use caveat_analysis::{
    correlation::pearson,
    labels::Chance,
    multiverse::{Axis, Direction, Question},
    oneway::one_way,
    proportion::{Count, Level},
    result::{Multiverse, SpecificationPoint},
    specification::{Estimator, SpecificationData, Weighting, specification_curve},
    stream::{Pass, Stream},
    sums::{mean, squares_about},
};
use serde_json::Value;

use crate::{
    support::Golden,
    tables::{Models, rows},
};

fn axis(name: &str, options: &[&str]) -> Axis {
    Axis {
        name: name.to_owned(),
        options: options.iter().map(|o| (*o).to_owned()).collect(),
        published: 0,
    }
}

fn question(models: usize, direction: Direction, relabellings: u32) -> Question<'static> {
    Question {
        effect: "effect",
        direction,
        alpha: 0.05,
        models,
        chance: Chance {
            relabellings,
            seed: 164,
        },
    }
}

/// The grid of the file on the table of the file.
fn small(estimator: Option<Estimator>) -> Multiverse {
    let axes = [
        axis("outcome", &["strict", "broad"]),
        axis("size", &["total", "active"]),
        axis("min_n", &["0", "50"]),
        axis("weights", &["unweighted", "n"]),
    ];
    let table = rows(include_str!("models_small.csv"));
    let group = Models::read("models_small.csv").group;
    let data = |choice: &[usize]| {
        let number = |row: &std::collections::BTreeMap<String, String>, column: &str| {
            row[column].parse::<u64>().unwrap()
        };
        let size = ["params_total_b", "params_active_b"][choice[1]];
        Ok(SpecificationData {
            counts: table
                .iter()
                .map(|row| {
                    let broad = if choice[0] == 1 {
                        number(row, "partial")
                    } else {
                        0
                    };
                    let n = number(row, "n");
                    let count = Count::new(number(row, "strict") + broad, n).ok();
                    count.filter(|_| n >= [0, 50][choice[2]])
                })
                .collect(),
            providers: group.iter().copied().map(Some).collect(),
            log2_sizes: table
                .iter()
                .map(|row| Some(libm::log2(row[size].parse().unwrap())))
                .collect(),
            fewest_models: 1,
            // The file's shares are unweighted in every specification.
            weighting: if choice[3] == 1 && estimator.is_none() {
                Weighting::Traces
            } else {
                Weighting::Equal
            },
            estimator: estimator.unwrap_or(Estimator::Slope),
        })
    };
    let direction = if estimator.is_some() {
        Direction::Above
    } else {
        Direction::Both
    };
    let asked = question(table.len(), direction, 999);
    let curve = specification_curve(&axes, &asked, Level::P95, Level::P90, data);
    curve.known().unwrap().clone()
}

fn at<'a>(curve: &'a Multiverse, choice: &[usize]) -> &'a SpecificationPoint {
    curve.curve.iter().find(|p| p.choice == choice).unwrap()
}

#[test]
fn sixteen_specifications_of_a_small_table() {
    let slopes = small(None);
    let eta2 = small(Some(Estimator::Eta2));
    let omega2 = small(Some(Estimator::Omega2));
    Golden::parse(include_str!("15_specification_curve.json")).each(|_, case| {
        let wanted = case.value("specifications");
        let wanted = wanted.as_array().unwrap();
        assert_eq!(wanted.len(), 16);
        for (i, row) in wanted.iter().enumerate() {
            let choice = [i >> 3 & 1, i >> 2 & 1, i >> 1 & 1, i & 1];
            for (axis, place) in slopes.axes.iter().zip(choice) {
                let told = match &row[&axis.name] {
                    Value::String(word) => word.clone(),
                    other => other.to_string(),
                };
                assert_eq!(axis.options[place], told);
            }
            let mut compare = |field: &str, ours: f64| {
                case.against(&format!("specifications[{i}].{field}"), &row[field], ours);
            };
            let point = at(&slopes, &choice);
            compare("n_models", point.n_models as f64);
            compare("slope", point.effect.number().unwrap());
            compare("p", point.p.number().unwrap());
            compare("r2", point.share.number().unwrap());
            let share = |curve: &Multiverse| at(curve, &choice).effect.number().unwrap();
            compare("eta2_unweighted", share(&eta2));
            compare("omega2_unweighted", share(&omega2));
        }
        case.number("median_slope", slopes.median.number().unwrap());
        case.number("share_negative", slopes.share_negative.number().unwrap());
        case.number(
            "share_p_below_05",
            slopes.share_significant.number().unwrap(),
        );
        case.number("min_slope", slopes.lowest.number().unwrap());
        case.number("max_slope", slopes.highest.number().unwrap());
    });
}

/// Whether two Monte Carlo figures agree: four standard errors of both.
fn agrees(ours: f64, theirs: &Value, draws: f64) {
    let (p, se) = (
        theirs["p"].as_f64().unwrap(),
        theirs["mc_se"].as_f64().unwrap(),
    );
    let own = (p * (1.0 - p) / draws).sqrt();
    assert!((ours - p).abs() <= 4.0 * se.hypot(own), "{ours} for {p}");
}

#[test]
fn one_specification_has_the_law_of_its_statistic() {
    let file: Value =
        serde_json::from_str(include_str!("16_permutation_monte_carlo.json")).unwrap();
    let expected = &file["cases"][0]["expected"];
    let models = Models::read("models21_reconstruction.csv");
    let of = |estimator: Estimator, direction: Direction| {
        let data = |_: &[usize]| {
            Ok(SpecificationData {
                counts: models.counts.iter().copied().map(Some).collect(),
                providers: models.group.iter().copied().map(Some).collect(),
                log2_sizes: models.log2_sizes.iter().copied().map(Some).collect(),
                fewest_models: 1,
                weighting: Weighting::Equal,
                estimator,
            })
        };
        let axes = [axis("none", &["published"])];
        let asked = question(21, direction, 50_000);
        let curve = specification_curve(&axes, &asked, Level::P95, Level::P90, data);
        curve.known().unwrap().clone()
    };
    let slope = of(Estimator::Slope, Direction::Both);
    let share = of(Estimator::Eta2, Direction::Above);
    let near = |ours: f64, name: &str, tolerance: f64| {
        let theirs = expected[name].as_f64().unwrap();
        assert!(
            (ours - theirs).abs() <= tolerance,
            "{name}: {ours} for {theirs}"
        );
    };
    near(slope.curve[0].share.number().unwrap(), "r2", 1e-12);
    near(share.median.number().unwrap(), "eta2", 1e-12);
    let joint = |m: &Multiverse| *m.joint.known().unwrap();
    // |slope| and R² put the relabellings into one and the same order.
    agrees(joint(&slope).p_median.0, &expected["p_r2"], 50_000.0);
    agrees(joint(&share).p_median.0, &expected["p_eta2"], 50_000.0);
    let sd = expected["eta2_perm_sd"].as_f64().unwrap();
    let error = 4.0 * sd / 50_000_f64.sqrt();
    let null_mean = joint(&share).null_mean_median.number().unwrap();
    near(null_mean, "eta2_perm_mean", 1.5 * error);
    near(null_mean, "eta2_null_mean_exact", 1.5 * error);
    near(
        joint(&share).null_p95_median.number().unwrap(),
        "eta2_perm_q95",
        0.006,
    );
}

#[test]
fn drawn_orders_give_the_means_and_spread_of_both_shares() {
    let file: Value =
        serde_json::from_str(include_str!("16_permutation_monte_carlo.json")).unwrap();
    let expected = &file["cases"][0]["expected"];
    let theirs = |name: &str| expected[name].as_f64().unwrap();
    let models = Models::read("models21_reconstruction.csv");
    let rates = models.rates();
    let mut stream = Stream::new(164, Pass::Specifications, 0);
    let mut order: Vec<usize> = (0..21).collect();
    let (mut r2, mut eta2) = (Vec::new(), Vec::new());
    for _ in 0..20_000 {
        stream.shuffle(&mut order);
        let dealt: Vec<f64> = order.iter().map(|i| rates[*i]).collect();
        let r = pearson(&models.log2_sizes, &dealt).unwrap();
        r2.push(r * r);
        eta2.push(one_way(&dealt, &models.group).unwrap().eta2.unwrap());
    }
    let sd = |v: &[f64]| (squares_about(v, mean(v).unwrap()) / v.len() as f64).sqrt();
    let error = |v: &[f64]| 4.0 * sd(v) / 20_000_f64.sqrt();
    assert!((mean(&r2).unwrap() - theirs("r2_perm_mean")).abs() < 1.1 * error(&r2));
    assert!((mean(&eta2).unwrap() - theirs("eta2_perm_mean")).abs() < 1.1 * error(&eta2));
    // The error of a standard deviation is about its value over the root of 2 B.
    assert!((sd(&eta2) - theirs("eta2_perm_sd")).abs() < error(&eta2));
}
