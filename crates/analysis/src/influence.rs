//! What one model does to a fitted line: studentised residuals, Cook's
//! distance, and the slope without it.
//!
//! Every measure is a list in the order of the points; a point whose measure
//! does not exist carries its own reason, the others keep their values.
//! Sources: Cook 1977; Belsley, Kuh and Welsch 1980.

use crate::{
    reason::{Estimable, NotEstimable},
    regression::Line,
    sums::count,
};

/// Leverages closer to 1 than this leave no freedom to the residual.
const NO_FREEDOM: f64 = 1e-12;

/// Residuals divided by `sigma sqrt(1 - h)`.
pub fn studentised_internal(line: &Line) -> Vec<Estimable<f64>> {
    (0..line.n).map(|i| internal(line, i)).collect()
}

/// Residuals divided by the standard deviation estimated without the point
/// itself, t distributed on `n - 3` degrees of freedom.
pub fn studentised_external(line: &Line) -> Vec<Estimable<f64>> {
    (0..line.n).map(|i| external(line, i)).collect()
}

/// Cook's distance with two parameters, `r² h / (2 (1 - h))`.
pub fn cooks_distance(line: &Line) -> Vec<Estimable<f64>> {
    (0..line.n)
        .map(|i| {
            let r = internal(line, i)?;
            let h = line.leverage[i];
            Ok(r * r * h / (1.0 - h) / 2.0)
        })
        .collect()
}

/// The slope of the line fitted without each point in turn.
///
/// `TooFewModels` when fewer than three points would be left; `SingularFit`
/// where the others share one value of the predictor.
pub fn leave_one_out_slopes(line: &Line) -> Vec<Estimable<f64>> {
    (0..line.n)
        .map(|i| {
            if line.n < 4 {
                return Err(NotEstimable::TooFewModels);
            }
            let free = 1.0 - line.leverage[i];
            if free <= NO_FREEDOM {
                return Err(NotEstimable::SingularFit);
            }
            Ok(line.slope - line.effect_of(i).1 * line.residuals[i] / free)
        })
        .collect()
}

fn internal(line: &Line, i: usize) -> Estimable<f64> {
    if line.rss == 0.0 {
        return Err(NotEstimable::ExactFit);
    }
    let free = 1.0 - line.leverage[i];
    if free <= NO_FREEDOM {
        return Err(NotEstimable::FullLeverage);
    }
    Ok(libm::sqrt(line.weights[i] / free) * line.residuals[i] / line.sigma)
}

fn external(line: &Line, i: usize) -> Estimable<f64> {
    let r = internal(line, i)?;
    if line.n < 4 {
        return Err(NotEstimable::TooFewModels);
    }
    let rest = line.df - r * r;
    if rest <= NO_FREEDOM {
        return Err(NotEstimable::ExactFit);
    }
    Ok(r * libm::sqrt(count(line.n - 3) / rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::regression::line;

    #[test]
    fn the_slope_without_a_point_is_that_of_a_fit_without_it() {
        let x = [0.3, 1.0, 2.5, 4.0, 9.0];
        let y = [0.1, 0.5, 0.2, 0.4, 0.05];
        let w = [1.0, 4.0, 2.0, 0.5, 3.0];
        let slopes = leave_one_out_slopes(&line(&x, &y, Some(&w)).unwrap());
        for (left_out, slope) in slopes.iter().enumerate() {
            let keep = |v: &[f64]| -> Vec<f64> {
                v.iter()
                    .enumerate()
                    .filter(|(i, _)| *i != left_out)
                    .map(|(_, v)| *v)
                    .collect()
            };
            let refit = line(&keep(&x), &keep(&y), Some(&keep(&w))).unwrap();
            assert!((slope.unwrap() - refit.slope).abs() < 1e-13);
        }
    }

    #[test]
    fn a_point_of_full_leverage_carries_its_own_reason() {
        let fit = line(&[1.0, 1.0, 1.0, 4.0], &[0.1, 0.2, 0.4, 0.9], None).unwrap();
        assert_eq!(cooks_distance(&fit)[3], Err(NotEstimable::FullLeverage));
        assert_eq!(
            leave_one_out_slopes(&fit)[3],
            Err(NotEstimable::SingularFit)
        );
        assert!(cooks_distance(&fit)[0].is_ok());
    }
}
