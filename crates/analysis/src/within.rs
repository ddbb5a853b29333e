//! Rate against size inside one provider.
//!
//! The rule: a provider with at least three models in scale of at least two
//! sizes falls or rises if the Newcombe interval of its largest minus its
//! smallest size excludes zero, at the level that makes the intervals of all such
//! providers hold at once (Bonferroni); else it shows no direction. Models of the same
//! size count together. `monotone` says that every step from one size to the
//! next goes the same way, without regard to error; `capability_floor` that no
//! attack succeeds at the smallest size and some do at the largest, so that the
//! rise may be one of ability. Both need two sizes only. The steps between are
//! not tested, and no claim is made about why a rate moves.

use crate::{
    difference::newcombe,
    estimate::{NEWCOMBE_BONFERRONI, bonferroni, estimate_points},
    layout::{Cell, Layout},
    proportion::{Count, Level},
    reason::{Estimable, NotEstimable},
    result::{Pattern, WithinProvider},
    scale::Fit,
};

/// Fewest models of a provider for which a pattern is stated.
const FEWEST_MODELS: usize = 3;

/// Every provider with a model in scale, by rising pooled rate, then name.
pub(crate) fn within_providers(
    layout: &Layout<'_>,
    fit: &Fit,
    level: Level,
) -> Vec<WithinProvider> {
    let own = |place: usize| -> Vec<Cell> {
        let cells = fit.cells.iter().filter(|c| c.provider == place);
        cells.copied().collect()
    };
    let providers: Vec<(usize, Vec<Cell>)> = layout
        .by_rate()
        .into_iter()
        .map(|place| (place, own(place)))
        .filter(|(_, cells)| !cells.is_empty())
        .collect();
    let judged = providers.iter().filter(|(_, cells)| is_judged(cells));
    let adjusted = bonferroni(level, judged.count());
    providers
        .iter()
        .map(|(place, cells)| within(layout, *place, cells, adjusted))
        .collect()
}

/// Whether a provider has enough models, of different sizes, for a pattern.
fn is_judged(cells: &[Cell]) -> bool {
    cells.len() >= FEWEST_MODELS && by_size(cells).len() >= 2
}

fn within(layout: &Layout<'_>, place: usize, cells: &[Cell], level: Level) -> WithinProvider {
    let steps = by_size(cells);
    let ends = match (steps.first(), steps.last()) {
        (Some(smallest), Some(largest)) if steps.len() >= 2 => Some((*smallest, *largest)),
        _ => None,
    };
    let judged: Estimable<(Count, Count)> = ends
        .filter(|_| cells.len() >= FEWEST_MODELS)
        .ok_or(NotEstimable::TooFewModels);
    let change = judged.map(|(smallest, largest)| {
        (
            largest.share() - smallest.share(),
            newcombe(largest, smallest, level),
        )
    });
    WithinProvider {
        provider: layout.providers[place].name.to_owned(),
        models: names(layout, cells),
        pattern: match change {
            Err(_) => Pattern::TooFewModels,
            Ok((_, interval)) if interval.upper < 0.0 => Pattern::Falls,
            Ok((_, interval)) if interval.lower > 0.0 => Pattern::Rises,
            Ok(_) => Pattern::NoDirection,
        },
        change_pp: change
            .map(|(change, interval)| estimate_points(change, interval, level, NEWCOMBE_BONFERRONI))
            .into(),
        monotone: monotone(&steps),
        capability_floor: ends.is_some_and(|(smallest, largest)| {
            smallest.successes() == 0 && largest.successes() > 0
        }),
    }
}

/// Models by size; of one size by name.
fn names(layout: &Layout<'_>, cells: &[Cell]) -> Vec<String> {
    let mut named: Vec<(u64, &str)> = cells
        .iter()
        .map(|c| {
            (
                c.log2_size.map_or(0, order_of),
                layout.models[c.model].model.as_str(),
            )
        })
        .collect();
    named.sort_unstable();
    named.into_iter().map(|(_, name)| name.to_owned()).collect()
}

/// Bits that rise with the number, negative ones included.
fn order_of(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | (1 << 63)
    }
}

/// Counts by rising size, models of one size together.
fn by_size(cells: &[Cell]) -> Vec<Count> {
    let mut steps: Vec<(Option<f64>, Count)> = Vec::new();
    for cell in cells {
        match steps.last_mut() {
            Some((size, count)) if *size == cell.log2_size => {
                let successes = count.successes().saturating_add(cell.count.successes());
                let trials = count.trials().saturating_add(cell.count.trials());
                if let Ok(both) = Count::new(successes, trials) {
                    *count = both;
                }
            }
            _ => steps.push((cell.log2_size, cell.count)),
        }
    }
    steps.into_iter().map(|(_, count)| count).collect()
}

fn monotone(steps: &[Count]) -> bool {
    let rising = steps.windows(2).all(|w| w[0].share() < w[1].share());
    let falling = steps.windows(2).all(|w| w[0].share() > w[1].share());
    steps.len() >= 2 && (rising || falling)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sample::{Sample, SampleModel};

    fn model(name: &str, size_b: f64, succeeded: u64, n: u64) -> SampleModel {
        SampleModel {
            model: name.into(),
            provider: "ash".into(),
            params_total_b: Some(size_b),
            params_active_b: None,
            size_b: Some(size_b),
            params_disclosed: None,
            params_source: String::new(),
            n,
            succeeded,
            not_evaluable: 0,
            prompts: None,
            graders: Vec::new(),
            parts: Vec::new(),
        }
    }

    fn only(models: Vec<SampleModel>) -> WithinProvider {
        let sample = Sample {
            models,
            ..Sample::default()
        };
        let layout = Layout::new(&sample);
        let fit = Fit::new(&layout);
        within_providers(&layout, &fit, Level::P95).remove(0)
    }

    #[test]
    fn a_clear_drop_falls_and_its_mirror_rises() {
        let falls = only(vec![
            model("a", 8.0, 50, 100),
            model("b", 70.0, 30, 100),
            model("c", 200.0, 10, 100),
        ]);
        assert_eq!((falls.pattern, falls.monotone), (Pattern::Falls, true));
        let rises = only(vec![
            model("a", 8.0, 0, 100),
            model("b", 70.0, 50, 100),
            model("c", 200.0, 40, 100),
        ]);
        assert_eq!((rises.pattern, rises.monotone), (Pattern::Rises, false));
        assert!(rises.capability_floor && !falls.capability_floor);
    }

    #[test]
    fn a_small_change_has_no_direction() {
        let w = only(vec![
            model("b", 8.0, 50, 100),
            model("a", 0.5, 52, 100),
            model("c", 200.0, 48, 100),
        ]);
        assert_eq!(w.pattern, Pattern::NoDirection);
        assert_eq!(w.models, ["a", "b", "c"]);
    }

    #[test]
    fn two_models_and_one_size_are_too_few() {
        let two = only(vec![model("a", 7.0, 0, 21), model("b", 123.0, 26, 88)]);
        assert_eq!(two.pattern, Pattern::TooFewModels);
        assert!(two.capability_floor && two.monotone);
        let one_size = only(vec![
            model("a", 7.0, 0, 21),
            model("b", 7.0, 26, 88),
            model("c", 7.0, 9, 10),
        ]);
        assert_eq!(one_size.pattern, Pattern::TooFewModels);
        assert!(!one_size.capability_floor && !one_size.monotone);
    }
}
