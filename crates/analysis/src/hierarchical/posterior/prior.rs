//! What is assumed before the data.

use crate::reason::{Estimable, NotEstimable};

/// Scales of the priors, all centred at zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priors {
    /// Standard deviation of the intercept's normal prior, on the logit scale.
    pub intercept: f64,
    /// Standard deviation of the slope's normal prior, per doubling.
    pub slope: f64,
    /// Scale of the half-normal prior of every factor's standard deviation.
    pub deviation: f64,
}

impl Default for Priors {
    /// Weak for rates between 1 and 99 %: N(0, 1.5), N(0, 0.5), half-normal(1).
    fn default() -> Self {
        Priors {
            intercept: 1.5,
            slope: 0.5,
            deviation: 1.0,
        }
    }
}

impl Priors {
    /// The same with the scale of the standard deviations multiplied.
    pub fn scaled(self, factor: f64) -> Self {
        Priors {
            deviation: self.deviation * factor,
            ..self
        }
    }

    /// # Errors
    /// `OutOfRange` for a scale that is not positive and finite.
    pub(crate) fn check(self) -> Estimable<Self> {
        let scales = [self.intercept, self.slope, self.deviation];
        if scales.iter().all(|s| s.is_finite() && *s > 0.0) {
            Ok(self)
        } else {
            Err(NotEstimable::OutOfRange)
        }
    }
}
