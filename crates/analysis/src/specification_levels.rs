//! Levels and critical values that the specifications of a grid share.
//!
//! A critical F is worked out once for each pair of degrees of freedom, however
//! many deals ask for it, and is the same whichever thread asks first.

use std::sync::OnceLock;

use crate::{
    proportion::Level,
    reason::{Estimable, NotEstimable},
    special,
    sums::count,
};

/// Levels that all specifications of a grid share, with critical values.
#[derive(Debug)]
pub struct Levels {
    pub(crate) level: Level,
    pub(crate) variance_level: Level,
    pub(crate) alpha: f64,
    pub(crate) models: usize,
    /// Critical F for `df1` and `df2`, each up to the number of models.
    critical: Vec<OnceLock<f64>>,
}

impl Levels {
    /// Prepares for specifications of at most `models` models, with the level of
    /// slopes, that of shares (0.90 by convention) and the tests' alpha.
    ///
    /// # Errors
    /// `TooManyModels` above 2,000.
    pub fn new(level: Level, variance_level: Level, alpha: f64, models: usize) -> Estimable<Self> {
        if models > 2_000 {
            return Err(NotEstimable::TooManyModels);
        }
        let mut critical = Vec::new();
        critical.resize_with((models + 1) * (models + 1), OnceLock::new);
        Ok(Levels {
            level,
            variance_level,
            alpha,
            models,
            critical,
        })
    }

    /// The value that F exceeds with probability alpha; infinite where there is none.
    pub(crate) fn critical(&self, df1: usize, df2: usize) -> f64 {
        let find = || {
            special::f_quantile(1.0 - self.alpha, count(df1), count(df2)).unwrap_or(f64::INFINITY)
        };
        let place = df1 * (self.models + 1) + df2;
        match self.critical.get(place) {
            Some(cell) => *cell.get_or_init(find),
            None => find(),
        }
    }
}
