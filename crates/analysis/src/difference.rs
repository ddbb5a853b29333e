//! Difference of two independent proportions.
//!
//! For arms that answered different prompts. Where both answered the same
//! prompts a paired method has more power, and this file does not offer it.

use crate::{
    proportion::{Count, Interval, Level, wilson},
    reason::{Estimable, NotEstimable},
    special,
};

/// A test statistic with its two-sided p-value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZTest {
    /// The standardised statistic.
    pub z: f64,
    /// Its two-sided p-value from the normal law.
    pub p: f64,
}

/// Newcombe's (1998) hybrid score interval, his method 10: the Wilson limits
/// of each arm, squared and added.
pub fn newcombe(a: Count, b: Count, level: Level) -> Interval {
    let (p1, p2) = (a.share(), b.share());
    let (i1, i2) = (wilson(a, level), wilson(b, level));
    let d = p1 - p2;
    Interval {
        lower: d - libm::hypot(p1 - i1.lower, i2.upper - p2),
        upper: d + libm::hypot(i1.upper - p1, p2 - i2.lower),
    }
}

/// Agresti and Caffo (2000): Wald's interval after adding one success and one
/// failure to each arm. May reach beyond -1 and 1.
pub fn agresti_caffo(a: Count, b: Count, level: Level) -> Interval {
    let (n1, n2) = (a.n() + 2.0, b.n() + 2.0);
    let (p1, p2) = ((a.x() + 1.0) / n1, (b.x() + 1.0) / n2);
    let se = libm::sqrt(p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2);
    Interval::around(p1 - p2, level.z() * se)
}

/// The pooled z test of equal proportions.
///
/// # Errors
/// `NoVariance` when all traces or none succeeded.
pub fn pooled_z(a: Count, b: Count) -> Estimable<ZTest> {
    let none = a.successes() == 0 && b.successes() == 0;
    let all = a.failures() == 0 && b.failures() == 0;
    if none || all {
        return Err(NotEstimable::NoVariance);
    }
    let p = (a.x() + b.x()) / (a.n() + b.n());
    let z = (a.share() - b.share()) / libm::sqrt(p * (1.0 - p) * (1.0 / a.n() + 1.0 / b.n()));
    Ok(ZTest {
        z,
        p: special::normal_two_sided(z),
    })
}

/// Cohen's h, `2 asin sqrt(p1) - 2 asin sqrt(p2)`.
pub fn cohen_h(p1: f64, p2: f64) -> f64 {
    2.0 * libm::asin(libm::sqrt(p1)) - 2.0 * libm::asin(libm::sqrt(p2))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn exchanging_the_arms_negates_the_interval() {
        let (a, b) = (Count::new(31, 60).unwrap(), Count::new(0, 54).unwrap());
        let (i, j) = (newcombe(a, b, Level::P95), newcombe(b, a, Level::P95));
        assert!((i.lower + j.upper).abs() < 1e-14 && (i.upper + j.lower).abs() < 1e-14);
    }

    #[test]
    fn a_test_of_two_arms_without_success_is_refused() {
        let (a, b) = (Count::new(0, 60).unwrap(), Count::new(0, 54).unwrap());
        assert_eq!(pooled_z(a, b), Err(NotEstimable::NoVariance));
    }
}
