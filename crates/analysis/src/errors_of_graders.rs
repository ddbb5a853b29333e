//! What is known of the graders' errors, and what follows from it.
//!
//! Accuracy is stated by the report, or read off traces that a reference grader
//! judged as well; agreement of two graders of which neither is a reference says
//! nothing of either's errors and is not used. Rates are put right only where the
//! errors of every grader in use are known. The tipping points are there always:
//! without a stated accuracy they start from verdicts that are all right.

use crate::{
    confusion::{ConfusionTable, accuracy_of_first, accuracy_of_second, confusions},
    layout::Layout,
    misclassified::{Accuracy, Share},
    propagation::{GradedCount, GradedSample, Simulation, corrected_rates},
    proportion::Count,
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::{AccuracyOf, AccuracyResult, CorrectedRates, GraderErrors, TippingPoint},
    sample::{Parameters, Sample},
    tipping::{GradedSide, tipping_points},
};

/// Draws of the graders' errors.
const DRAWS: u32 = 10_000;

/// The errors of one grader.
struct Known<'a> {
    grader: &'a str,
    accuracy: Accuracy,
    from: AccuracyOf,
}

pub(crate) fn grader_errors(
    sample: &Sample,
    layout: &Layout<'_>,
    ranked: &[usize],
    parameters: &Parameters,
) -> GraderErrors {
    let used = used(layout);
    let known: Vec<Known<'_>> = used.iter().filter_map(|g| known(sample, g)).collect();
    let tables: Vec<ConfusionTable> = sample
        .grader_pairs
        .iter()
        .map(ConfusionTable::on_evaluable)
        .collect();
    GraderErrors {
        accuracies: known.iter().map(result).collect(),
        confusions: confusions(&tables, parameters.level),
        corrected: corrected(sample, layout, ranked, (&used, &known), parameters).into(),
        tipping_points: points(layout, ranked, (&used, &known), parameters),
    }
}

/// Graders of evaluable traces, each once, in order of name.
fn used<'a>(layout: &Layout<'a>) -> Vec<&'a str> {
    let all = layout.models.iter().flat_map(|m| &m.graders);
    let mut names: Vec<&str> = all
        .filter(|(_, n)| *n > 0)
        .map(|(g, _)| g.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn known<'a>(sample: &Sample, grader: &'a str) -> Option<Known<'a>> {
    let stated = sample.accuracies.iter().find(|s| s.grader == grader);
    if let Some(stated) = stated {
        return Some(Known {
            grader,
            accuracy: stated.accuracy,
            from: AccuracyOf::Stated,
        });
    }
    let reference = |name: &String| sample.reference_graders.contains(name);
    sample.grader_pairs.iter().find_map(|pair| {
        let accuracy = match () {
            () if pair.first == grader && reference(&pair.second) => accuracy_of_first(pair),
            () if pair.second == grader && reference(&pair.first) => accuracy_of_second(pair),
            () => return None,
        };
        Some(Known {
            grader,
            accuracy: accuracy.ok()?,
            from: AccuracyOf::DoubleGrading,
        })
    })
}

fn result(known: &Known<'_>) -> AccuracyResult {
    let labelled = |share: Share| share.labelled().ok_or(NotEstimable::NotGiven).into();
    let Accuracy {
        sensitivity,
        specificity,
    } = known.accuracy;
    AccuracyResult {
        grader: known.grader.to_owned(),
        known_from: known.from,
        sensitivity: Number(sensitivity.value()),
        labelled_successes: labelled(sensitivity),
        specificity: Number(specificity.value()),
        labelled_failures: labelled(specificity),
    }
}

fn corrected(
    sample: &Sample,
    layout: &Layout<'_>,
    ranked: &[usize],
    (used, known): (&[&str], &[Known<'_>]),
    parameters: &Parameters,
) -> Estimable<CorrectedRates> {
    if used.is_empty() || known.len() < used.len() {
        return Err(NotEstimable::NotGiven);
    }
    let place = |grader: &str| known.iter().position(|k| k.grader == grader);
    let mut counts = Vec::new();
    for (model, cell) in layout.cells.iter().enumerate() {
        let given = &layout.models[cell.model];
        let parts = given.parts.iter().filter(|p| p.n > 0);
        let mut by_grader = vec![(0_u64, 0_u64); known.len()];
        for part in parts {
            let label = part.grader.and_then(|g| usize::try_from(g).ok());
            let name = label.and_then(|g| sample.labels.graders.get(g));
            let at = name.and_then(|name| place(name));
            let sum = at.and_then(|at| by_grader.get_mut(at));
            let sum = sum.ok_or(NotEstimable::NotGiven)?;
            *sum = (
                sum.0.saturating_add(part.succeeded),
                sum.1.saturating_add(part.n),
            );
        }
        let whole: u64 = by_grader
            .iter()
            .map(|(_, n)| *n)
            .fold(0, u64::saturating_add);
        if whole != cell.count.trials() {
            return Err(NotEstimable::NotGiven);
        }
        for (grader, (succeeded, n)) in by_grader.into_iter().enumerate().filter(|(_, c)| c.1 > 0) {
            counts.push(GradedCount {
                model,
                provider: cell.provider,
                grader,
                count: Count::new(succeeded, n)?,
            });
        }
    }
    let models: Vec<String> = layout
        .cells
        .iter()
        .map(|cell| layout.models[cell.model].model.clone())
        .collect();
    let providers: Vec<String> = layout.providers.iter().map(|p| p.name.to_owned()).collect();
    let accuracies: Vec<Accuracy> = known.iter().map(|k| k.accuracy).collect();
    let graded = GradedSample {
        counts: &counts,
        accuracies: &accuracies,
        models: &models,
        providers: &providers,
        ranked,
    };
    let simulation = Simulation {
        draws: DRAWS,
        seed: parameters.seed,
        level: parameters.level,
    };
    match corrected_rates(&graded, &simulation) {
        Quantity::Known(rates) => Ok(rates),
        Quantity::Absent(reason) => Err(reason),
    }
}

/// One accuracy serves for all where one grader judged everything; several graders
/// have no common one, and then every verdict is taken as right.
fn points(
    layout: &Layout<'_>,
    ranked: &[usize],
    (used, known): (&[&str], &[Known<'_>]),
    parameters: &Parameters,
) -> Quantity<Vec<TippingPoint>> {
    if ranked.len() < 2 {
        return Quantity::Absent(NotEstimable::NoEligibleProviders);
    }
    let accuracy = match (used, known) {
        ([_], [one]) => Some(one.accuracy),
        _ => None,
    };
    let sides: Estimable<Vec<GradedSide>> = ranked
        .iter()
        .map(|place| {
            let provider = &layout.providers[*place];
            Ok(GradedSide {
                name: provider.name.to_owned(),
                count: provider.count()?,
                accuracy,
            })
        })
        .collect();
    match sides {
        Ok(sides) => tipping_points(&sides, parameters.level),
        Err(reason) => Quantity::Absent(reason),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        analyse,
        proportion::Level,
        sample::{GraderPair, Labels, SampleModel, SamplePart, StatedAccuracy},
    };

    fn model(provider: &str, succeeded: u64) -> SampleModel {
        SampleModel {
            model: format!("{provider}-1"),
            provider: provider.to_owned(),
            params_total_b: None,
            params_active_b: None,
            size_b: None,
            params_disclosed: None,
            params_source: String::new(),
            n: 100,
            succeeded,
            not_evaluable: 0,
            prompts: None,
            graders: vec![("judge".to_owned(), 100)],
            parts: vec![SamplePart {
                harm_category: None,
                technique: None,
                grader: Some(0),
                n: 100,
                succeeded,
                not_evaluable: 0,
                prompts: None,
            }],
        }
    }

    fn errors(change: impl Fn(&mut Sample)) -> GraderErrors {
        let mut sample = Sample {
            models: vec![model("a", 20), model("b", 50)],
            labels: Labels {
                graders: vec!["judge".to_owned()],
                ..Labels::default()
            },
            ..Sample::default()
        };
        change(&mut sample);
        let parameters = Parameters {
            level: Level::P95,
            variance_level: Level::P90,
            ranking_min_n: 50,
            band_points: 10.0,
            permutations: 999,
            seed: 7,
        };
        analyse(&sample, &parameters).grader_errors
    }

    #[test]
    fn without_a_stated_accuracy_no_rate_is_put_right_and_the_order_has_a_tipping_point() {
        let found = errors(|_| {});
        assert!(found.accuracies.is_empty());
        assert_eq!(found.corrected.reason(), Some(NotEstimable::NotGiven));
        let points = found.tipping_points.known().unwrap();
        // 30 points of the 80 true failures.
        let alarms = points[0].false_alarm_rate_higher.number().unwrap();
        assert!((alarms - 0.375).abs() < 1e-12);
        assert_eq!(points[0].successes_to_reverse, 30);
    }

    #[test]
    fn a_stated_accuracy_puts_rates_right() {
        let found = errors(|sample| {
            sample.accuracies = vec![StatedAccuracy {
                grader: "judge".to_owned(),
                accuracy: Accuracy {
                    sensitivity: Share::known(0.9).unwrap(),
                    specificity: Share::known(0.9).unwrap(),
                },
            }];
        });
        let rates = found.corrected.known().unwrap();
        let a = rates.providers.iter().find(|p| p.name == "a").unwrap();
        // (0.2 + 0.9 - 1)/(0.9 + 0.9 - 1).
        assert!((a.corrected.0 - 0.125).abs() < 1e-12);
        assert_eq!(found.accuracies[0].known_from, AccuracyOf::Stated);
    }

    #[test]
    fn traces_judged_by_a_reference_grader_give_the_accuracy() {
        let pair = GraderPair {
            first: "judge".to_owned(),
            second: "person".to_owned(),
            table: [[18, 4, 0], [2, 76, 0], [0, 0, 0]],
        };
        let with = |references: Vec<String>| {
            errors(|sample| {
                sample.grader_pairs = vec![pair.clone()];
                sample.reference_graders = references.clone();
            })
        };
        let found = with(vec!["person".to_owned()]);
        let of = &found.accuracies[0];
        assert_eq!(of.known_from, AccuracyOf::DoubleGrading);
        assert_eq!((of.sensitivity.0, of.specificity.0), (0.9, 0.95));
        assert!(found.corrected.known().is_some());
        // Two graders of which neither is the reference agree, and no more.
        let found = with(Vec::new());
        assert!(found.accuracies.is_empty() && found.confusions.len() == 1);
    }
}
