//! Intervals by resampling whole clusters: percentile, basic, BCa.
//!
//! For smooth statistics only (means, rates, ratios of rates, slopes). Shares of
//! variance, ranks and extremes are not smooth: the bootstrap of eta² is biased
//! like eta² itself, and that of a rank is inconsistent near ties (Hall and Miller
//! 2009); nothing here stops a caller from asking, so callers must not. What is
//! drawn with replacement is the cluster, such as a prompt or a provider with its
//! models, because traces inside one are not independent. Draws come in blocks
//! with a stream each: the same bytes for any number of threads.
//!
//! Sources: Efron and Tibshirani 1993, chapters 13 and 14; Davison and Hinkley
//! 1997, section 5.3. Quantiles interpolate (Hyndman and Fan 1996, type 7).

use rayon::prelude::*;

use crate::{
    labels::Chance,
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    special,
    stream::{BLOCK, Pass, Stream},
    sums::{count, mean, squares_about, sum},
};

/// Draws in which the statistic may be missing before the interval is refused.
const MOST_LOST: f64 = 0.01;

/// Which limits are taken from the draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    /// The quantiles of the draws.
    Percentile,
    /// Twice the observed value less the quantiles of the draws.
    Basic,
    /// Quantiles corrected for bias and for a spread that changes with the value.
    Bca,
}

/// The law of a statistic over resampled clusters.
#[derive(Clone, Debug, PartialEq)]
pub struct Bootstrap {
    /// The statistic of the clusters as they are.
    pub observed: f64,
    /// Its values over the draws, sorted.
    pub draws: Vec<f64>,
    /// Share of the draws in which the statistic did not exist.
    pub lost: f64,
    /// Its values without each cluster in turn.
    pub jackknife: Estimable<Vec<f64>>,
}

/// Resamples `clusters` clusters; `statistic` gets the places that were drawn,
/// with repetitions.
///
/// # Errors
/// `TooFewModels` below two clusters, `NotGiven` without draws, the statistic's
/// own reason where the clusters as they are do not have it, `ZeroCells` where
/// more than one draw in a hundred does not.
pub fn bootstrap(
    clusters: usize,
    chance: Chance,
    statistic: impl Fn(&[usize]) -> Estimable<f64> + Sync,
) -> Estimable<Bootstrap> {
    let bound = u32::try_from(clusters).map_err(|_| NotEstimable::OutOfRange)?;
    if clusters < 2 {
        return Err(NotEstimable::TooFewModels);
    }
    let asked = u64::from(chance.relabellings);
    if asked == 0 {
        return Err(NotEstimable::NotGiven);
    }
    let value = |places: &[usize]| statistic(places).ok().filter(|v| v.is_finite());
    let all: Vec<usize> = (0..clusters).collect();
    let observed = statistic(&all)?;
    let mut draws: Vec<f64> = (0..asked.div_ceil(BLOCK as u64))
        .into_par_iter()
        .flat_map_iter(|block| {
            let mut stream = Stream::new(chance.seed, Pass::Bootstrap, block);
            let here = (asked - block * BLOCK as u64).min(BLOCK as u64);
            let mut places = vec![0_usize; clusters];
            (0..here)
                .filter_map(|_| {
                    places.fill_with(|| usize::try_from(stream.below(bound)).unwrap_or(0));
                    value(&places)
                })
                .collect::<Vec<f64>>()
        })
        .collect();
    let lost = 1.0 - count(draws.len()) / f64::from(chance.relabellings);
    if lost > MOST_LOST {
        return Err(NotEstimable::ZeroCells);
    }
    draws.sort_by(f64::total_cmp);
    let without = |left_out: usize| {
        let rest: Vec<usize> = (0..clusters).filter(|c| *c != left_out).collect();
        statistic(&rest)
    };
    Ok(Bootstrap {
        observed,
        draws,
        lost,
        jackknife: (0..clusters).into_par_iter().map(without).collect(),
    })
}

impl Bootstrap {
    /// Standard deviation of the draws.
    ///
    /// # Errors
    /// `TooFewModels` below two draws.
    pub fn standard_error(&self) -> Estimable<f64> {
        if self.draws.len() < 2 {
            return Err(NotEstimable::TooFewModels);
        }
        let centre = mean(&self.draws).ok_or(NotEstimable::NotGiven)?;
        let squares = squares_about(&self.draws, centre);
        Ok(libm::sqrt(squares / count(self.draws.len() - 1)))
    }

    /// The interval of the statistic.
    ///
    /// # Errors
    /// `NoVariance` where all draws are equal, and for BCa where all values of the
    /// jackknife are; `OutOfRange` for BCa where every draw lies on one side of
    /// the observed value; the jackknife's reason where it is missing.
    pub fn interval(&self, limits: Limits, level: Level) -> Estimable<Interval> {
        if self.draws.first() == self.draws.last() {
            return Err(NotEstimable::NoVariance);
        }
        let tail = level.alpha() / 2.0;
        let (low, high) = match limits {
            Limits::Percentile | Limits::Basic => (tail, 1.0 - tail),
            Limits::Bca => self.corrected(tail)?,
        };
        let (lower, upper) = (self.quantile(low)?, self.quantile(high)?);
        Ok(match limits {
            Limits::Basic => Interval {
                lower: 2.0 * self.observed - upper,
                upper: 2.0 * self.observed - lower,
            },
            Limits::Percentile | Limits::Bca => Interval { lower, upper },
        })
    }

    /// The probabilities `Φ(z0 + (z0 ± z)/(1 - a(z0 ± z)))`; draws equal to the
    /// observed value count half, as in SciPy.
    fn corrected(&self, tail: f64) -> Estimable<(f64, f64)> {
        let below = self.draws.partition_point(|d| *d < self.observed);
        let through = self.draws.partition_point(|d| *d <= self.observed);
        let share = count(below + through) / (2.0 * count(self.draws.len()));
        let bias = special::normal_quantile(share)?;
        let skew = self.acceleration()?;
        let z = special::normal_quantile(tail)?;
        let moved = |z: f64| special::normal_cdf(bias + (bias + z) / (1.0 - skew * (bias + z)));
        Ok((moved(z), moved(-z)))
    }

    /// `sum d³ / (6 (sum d²)^(3/2))` with `d` the mean of the jackknife less its values.
    fn acceleration(&self) -> Estimable<f64> {
        let values = self.jackknife.as_ref().map_err(|reason| *reason)?;
        let centre = mean(values).ok_or(NotEstimable::NotGiven)?;
        let squares = squares_about(values, centre);
        if squares <= crate::oneway::zero_threshold(values) {
            return Err(NotEstimable::NoVariance);
        }
        let cubes = sum(values.iter().map(|v| {
            let d = centre - v;
            d * d * d
        }));
        Ok(cubes / (6.0 * squares * libm::sqrt(squares)))
    }

    fn quantile(&self, probability: f64) -> Estimable<f64> {
        let last = self.draws.len().saturating_sub(1);
        let place = probability * count(last);
        let floor = libm::floor(place);
        // Between 0 and the last place, as the probability is between 0 and 1.
        let below = (floor as usize).min(last);
        let at = |i: usize| self.draws.get(i).copied().ok_or(NotEstimable::NotGiven);
        let (low, high) = (at(below)?, at((below + 1).min(last))?);
        Ok(low + (high - low) * (place - floor))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CHANCE: Chance = Chance {
        relabellings: 9_999,
        seed: 164,
    };

    const VALUES: [f64; 9] = [0.1, 0.4, 0.2, 0.9, 0.15, 0.3, 0.22, 0.05, 0.6];

    fn of_mean(values: &[f64]) -> Estimable<Bootstrap> {
        bootstrap(values.len(), CHANCE, |places| {
            let drawn: Vec<f64> = places.iter().map(|i| values[*i]).collect();
            mean(&drawn).ok_or(NotEstimable::NotGiven)
        })
    }

    #[test]
    fn the_spread_of_a_mean_is_that_of_theory() {
        let b = of_mean(&VALUES).unwrap();
        let centre = mean(&VALUES).unwrap();
        let theory = libm::sqrt(squares_about(&VALUES, centre) / 81.0);
        assert!((b.standard_error().unwrap() - theory).abs() < 0.002);
        assert_eq!(b.observed, centre);
        let basic = b.interval(Limits::Basic, Level::P95).unwrap();
        let percentile = b.interval(Limits::Percentile, Level::P95).unwrap();
        assert!((basic.lower + percentile.upper - 2.0 * centre).abs() < 1e-15);
    }

    /// Worked out from the same draws and jackknife in Python, with the normal law
    /// of its `statistics` module.
    #[test]
    fn corrected_limits_agree_with_a_second_implementation() {
        let draws: Vec<f64> = (1..=200)
            .map(|i| {
                let x = f64::from(i) / 201.0;
                0.2 + 0.3 * x * x
            })
            .collect();
        let b = Bootstrap {
            observed: 0.31,
            draws,
            lost: 0.0,
            jackknife: Ok(vec![0.30, 0.35, 0.28, 0.31, 0.29, 0.33]),
        };
        let i = b.interval(Limits::Bca, Level::P95).unwrap();
        assert!((i.lower - PINNED.0).abs() < 1e-12, "{i:?}");
        assert!((i.upper - PINNED.1).abs() < 1e-12, "{i:?}");
    }

    const PINNED: (f64, f64) = (0.201_418_467_433_886_2, 0.491_531_184_667_737_15);

    #[test]
    fn what_cannot_be_resampled_has_a_reason() {
        assert_eq!(of_mean(&[]), Err(NotEstimable::TooFewModels));
        assert_eq!(of_mean(&[0.4]), Err(NotEstimable::TooFewModels));
        let flat = of_mean(&[0.3; 5]).unwrap();
        for limits in [Limits::Percentile, Limits::Basic, Limits::Bca] {
            let interval = flat.interval(limits, Level::P95);
            assert_eq!(interval, Err(NotEstimable::NoVariance));
        }
        let rare = bootstrap(5, CHANCE, |places| {
            if places.contains(&0) {
                Ok(1.0)
            } else {
                Err(NotEstimable::ZeroCells)
            }
        });
        assert_eq!(rare, Err(NotEstimable::ZeroCells));
    }

    #[test]
    fn the_number_of_threads_changes_no_draw() {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| of_mean(&VALUES).unwrap())
        };
        assert_eq!(with(1), with(3));
    }
}
