//! A quasi-Newton search for the minimum of a smooth function.
//!
//! BFGS with backtracking (Nocedal and Wright 2006, chapter 6). For a handful
//! of parameters and an exact gradient; plain loops, the same bytes everywhere.

use crate::reason::{Estimable, NotEstimable};

/// Steps of the search; fits of the reference data take fifteen to forty.
const MAX_STEPS: usize = 500;

/// Largest slope at the minimum. The functions here are twice a log
/// likelihood, with curvatures of ten and more per parameter, so the minimum
/// is missed by less than 1e-12 of its value.
const FLAT: f64 = 1e-6;

/// Slope that is accepted when rounding lets no step descend any further.
const ALMOST_FLAT: f64 = 1e-3;

/// Longest first step.
const FIRST_STEP: f64 = 0.5;

/// Where the search ended.
pub(crate) struct Minimum {
    pub(crate) at: Vec<f64>,
    pub(crate) value: f64,
}

/// Minimises a function that gives its value and gradient. An evaluation that
/// fails counts as a step too far.
///
/// # Errors
/// What the first evaluation fails with; `NotConverged` when no flat place is found.
pub(crate) fn minimise(
    start: Vec<f64>,
    mut f: impl FnMut(&[f64]) -> Estimable<(f64, Vec<f64>)>,
) -> Estimable<Minimum> {
    let n = start.len();
    let (mut at, (mut value, mut slope)) = {
        let first = f(&start)?;
        (start, first)
    };
    let length = libm::sqrt(dot(&slope, &slope));
    let mut inverse = identity(n, (FIRST_STEP / length.max(f64::MIN_POSITIVE)).min(1.0));
    let mut fresh = true;
    for _ in 0..MAX_STEPS {
        if largest(&slope) < FLAT {
            return Ok(Minimum { at, value });
        }
        let mut step: Vec<f64> = inverse
            .chunks_exact(n)
            .map(|row| -dot(row, &slope))
            .collect();
        let mut descent = dot(&step, &slope);
        if descent >= 0.0 {
            step = slope.iter().map(|g| -g * FIRST_STEP / length).collect();
            descent = dot(&step, &slope);
            inverse = identity(n, 1.0);
        }
        let Some((next, there, there_slope)) = backtrack(&at, value, &step, descent, &mut f) else {
            return if largest(&slope) < ALMOST_FLAT {
                Ok(Minimum { at, value })
            } else {
                Err(NotEstimable::NotConverged)
            };
        };
        let moved: Vec<f64> = next.iter().zip(&at).map(|(a, b)| a - b).collect();
        let turned: Vec<f64> = there_slope.iter().zip(&slope).map(|(a, b)| a - b).collect();
        let curvature = dot(&moved, &turned);
        if curvature > 1e-14 * dot(&turned, &turned) {
            if fresh {
                inverse = identity(n, curvature / dot(&turned, &turned));
                fresh = false;
            }
            update(&mut inverse, &moved, &turned, curvature);
        }
        (at, value, slope) = (next, there, there_slope);
    }
    Err(NotEstimable::NotConverged)
}

/// Shortens the step until the value falls; `None` when rounding stops it.
fn backtrack(
    at: &[f64],
    value: f64,
    step: &[f64],
    descent: f64,
    f: &mut impl FnMut(&[f64]) -> Estimable<(f64, Vec<f64>)>,
) -> Option<(Vec<f64>, f64, Vec<f64>)> {
    let mut share = 1.0;
    while share > 1e-12 {
        let next: Vec<f64> = at.iter().zip(step).map(|(a, s)| a + share * s).collect();
        match f(&next) {
            Ok((there, slope)) if there.is_finite() && slope.iter().all(|g| g.is_finite()) => {
                if there <= value + 1e-4 * share * descent {
                    return Some((next, there, slope));
                }
                // The minimum of the parabola through what is known.
                let bend = 2.0 * (there - value - share * descent);
                let best = -descent * share * share / bend;
                share = best.clamp(0.1 * share, 0.5 * share);
            }
            _ => share *= 0.25,
        }
    }
    None
}

fn update(inverse: &mut [f64], moved: &[f64], turned: &[f64], curvature: f64) {
    let n = moved.len();
    let image: Vec<f64> = inverse
        .chunks_exact(n)
        .map(|row| dot(row, turned))
        .collect();
    let scale = (1.0 + dot(turned, &image) / curvature) / curvature;
    for (i, row) in inverse.chunks_exact_mut(n).enumerate() {
        for (j, entry) in row.iter_mut().enumerate() {
            *entry += scale * moved[i] * moved[j]
                - (image[i] * moved[j] + moved[i] * image[j]) / curvature;
        }
    }
}

fn identity(n: usize, scale: f64) -> Vec<f64> {
    let mut matrix = vec![0.0; n * n];
    matrix.iter_mut().step_by(n + 1).for_each(|d| *d = scale);
    matrix
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn largest(slope: &[f64]) -> f64 {
    slope.iter().fold(0.0, |m, g| m.max(g.abs()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_minimum_of_rosenbrocks_valley_is_found() {
        let valley = |p: &[f64]| {
            let (x, y) = (p[0], p[1]);
            let bend = y - x * x;
            let value = (1.0 - x) * (1.0 - x) + 100.0 * bend * bend;
            Ok((
                value,
                vec![-2.0 * (1.0 - x) - 400.0 * x * bend, 200.0 * bend],
            ))
        };
        let found = minimise(vec![-1.2, 1.0], valley).unwrap();
        assert!(found.at.iter().all(|p| (p - 1.0).abs() < 1e-6) && found.value < 1e-12);
    }

    #[test]
    fn a_function_without_a_minimum_is_refused() {
        let slide = |p: &[f64]| Ok((-p[0], vec![-1.0]));
        assert!(matches!(
            minimise(vec![0.0], slide).map(|m| m.value),
            Err(NotEstimable::NotConverged)
        ));
    }
}
