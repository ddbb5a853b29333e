//! What a p-value from random relabelling is worth: its formula, its error, its floor.
//!
//! `(1 + b)/(1 + B)` counts the observed arrangement among the drawn ones and is
//! never 0 (Phipson and Smyth 2010). Its Monte Carlo interval is Clopper and
//! Pearson's for the share of arrangements that reach the observed statistic;
//! where it holds the error probability of the test, more draws could change the
//! verdict. With few arrangements no data can reach a small p; that floor is in
//! [`crate::permutation::smallest_attainable_p`].

use crate::{
    proportion::{Count, Interval, Level, clopper_pearson},
    reason::{Estimable, NotEstimable},
    sums::count_u64,
};

/// The fewest draws behind a p-value that is reported.
pub const FEWEST_DRAWS: u32 = 9_999;

/// p-values within this share of the error probability get their interval printed.
const CLOSE: f64 = 0.2;

/// A p-value from random draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonteCarloP {
    /// `(1 + b)/(1 + B)`.
    pub p: f64,
    /// Standard error of `b/B` as an estimate of the exact p-value.
    pub standard_error: f64,
    /// Interval of the exact p-value.
    pub interval: Interval,
    /// Whether p lies within a fifth of `alpha`, where the interval has to be shown.
    pub close: bool,
    /// Whether the interval leaves open on which side of `alpha` the exact p-value lies.
    pub undecided: bool,
}

/// The p-value of `reached` out of `draws` random arrangements.
///
/// # Errors
/// `NotGiven` without draws, `OutOfRange` where more reached than were drawn or
/// `alpha` does not lie strictly between 0 and 1.
pub fn monte_carlo_p(reached: u64, draws: u64, alpha: f64, level: Level) -> Estimable<MonteCarloP> {
    if draws == 0 {
        return Err(NotEstimable::NotGiven);
    }
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(NotEstimable::OutOfRange);
    }
    let share = Count::new(reached, draws)?;
    let p = (1.0 + count_u64(reached)) / (1.0 + count_u64(draws));
    let interval = clopper_pearson(share, level)?;
    Ok(MonteCarloP {
        p,
        standard_error: standard_error(p, draws),
        interval,
        close: (p - alpha).abs() <= CLOSE * alpha,
        undecided: interval.contains(alpha),
    })
}

/// Monte Carlo standard error `sqrt(p(1-p)/B)` of a share of `draws` draws.
pub fn standard_error(share: f64, draws: u64) -> f64 {
    libm::sqrt(share * (1.0 - share) / count_u64(draws.max(1)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_p_from_draws_is_never_nought() {
        let none = monte_carlo_p(0, 9_999, 0.05, Level::P95).unwrap();
        assert_eq!(none.p, 1e-4);
        assert!(none.interval.lower == 0.0 && !none.undecided && !none.close);
        let all = monte_carlo_p(99, 99, 0.05, Level::P95).unwrap();
        assert_eq!(all.p, 1.0);
    }

    #[test]
    fn near_the_error_probability_the_verdict_can_be_open() {
        let near = monte_carlo_p(48, 999, 0.05, Level::P95).unwrap();
        assert!(near.close && near.undecided);
        let far = monte_carlo_p(600, 9_999, 0.05, Level::P95).unwrap();
        assert!(!far.undecided && far.interval.lower > 0.05);
    }

    #[test]
    fn no_draw_gives_no_p() {
        let reason = |b, n| monte_carlo_p(b, n, 0.05, Level::P95).unwrap_err();
        assert_eq!(reason(0, 0), NotEstimable::NotGiven);
        assert_eq!(reason(3, 2), NotEstimable::OutOfRange);
    }
}
