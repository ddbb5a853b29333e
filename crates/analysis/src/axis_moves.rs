//! Which choice moves the answer most, as numbers for each axis of a grid.
//!
//! Along one axis all other choices are held fixed (a setting). A setting counts
//! where at least two options give an effect. The mean, over settings, of the
//! largest less the smallest effect says how far this choice alone moves the
//! answer, in the unit of the effect; it is the figure to put into words. The share
//! of variance is that of the option alone among all effects (one-way, not
//! adjusted), which is 0 for a choice whose moves cancel.

use std::collections::BTreeMap;

use crate::{
    multiverse::{Axis, Cell, effects, median_of},
    oneway::zero_threshold,
    quantity::Quantity,
    reason::{Estimable, NotEstimable},
    result::AxisResult,
    sums::{count, mean, squares_about, sum},
};

/// One effect and its significance, where it was tested.
#[derive(Clone, Copy)]
struct Answer {
    effect: f64,
    significant: Option<bool>,
}

pub(crate) fn axis_results(axes: &[Axis], cells: &[Cell], alpha: f64) -> Vec<AxisResult> {
    let of = |(place, axis): (usize, &Axis)| axis_result(axis, place, cells, alpha);
    axes.iter().enumerate().map(of).collect()
}

fn axis_result(axis: &Axis, place: usize, cells: &[Cell], alpha: f64) -> AxisResult {
    let mut settings: BTreeMap<Vec<usize>, Vec<Answer>> = BTreeMap::new();
    let mut options: Vec<Vec<f64>> = vec![Vec::new(); axis.options.len()];
    for cell in cells {
        let (Ok(outcome), Some(option)) = (cell.outcome, cell.choice.get(place)) else {
            continue;
        };
        let mut others = cell.choice.clone();
        others.remove(place);
        settings.entry(others).or_default().push(Answer {
            effect: outcome.effect,
            significant: outcome.p.ok().map(|p| p < alpha),
        });
        if let Some(own) = options.get_mut(*option) {
            own.push(outcome.effect);
        }
    }
    settings.retain(|_, answers| answers.len() > 1);
    let moves: Vec<f64> = settings.values().map(|a| spread(a)).collect();
    let share_of = |changes: fn(&[Answer]) -> bool| -> Quantity {
        if settings.is_empty() {
            return Quantity::Absent(NotEstimable::NotGiven);
        }
        let changed = settings.values().filter(|a| changes(a)).count();
        (count(changed) / count(settings.len())).into()
    };
    AxisResult {
        name: axis.name.clone(),
        options: axis.options.clone(),
        published: axis.published,
        mean_move: mean(&moves).ok_or(NotEstimable::NotGiven).into(),
        largest_move: moves
            .iter()
            .copied()
            .reduce(f64::max)
            .ok_or(NotEstimable::NotGiven)
            .into(),
        variance_share: variance_share(&options, cells).into(),
        sign_changes: share_of(|a| {
            a.iter().any(|x| x.effect > 0.0) && a.iter().any(|x| x.effect < 0.0)
        }),
        significance_changes: share_of(|a| {
            let told = |wanted| a.iter().any(|x| x.significant == Some(wanted));
            told(true) && told(false)
        }),
        option_medians: options.into_iter().map(|o| median_of(o).into()).collect(),
    }
}

fn spread(answers: &[Answer]) -> f64 {
    let effects = || answers.iter().map(|a| a.effect);
    effects().fold(f64::NEG_INFINITY, f64::max) - effects().fold(f64::INFINITY, f64::min)
}

fn variance_share(options: &[Vec<f64>], cells: &[Cell]) -> Estimable<f64> {
    let all: Vec<f64> = effects(cells).collect();
    let centre = mean(&all).ok_or(NotEstimable::NotGiven)?;
    let total = squares_about(&all, centre);
    if total <= zero_threshold(&all) {
        return Err(NotEstimable::NoVariance);
    }
    let between = sum(options.iter().filter_map(|own| {
        let gap = mean(own)? - centre;
        Some(count(own.len()) * gap * gap)
    }));
    Ok(between / total)
}
