//! The largest value of a function on the half-line from zero.
//!
//! For profile likelihoods of one variance: a scan over zero and a geometric
//! grid finds the highest neighbourhood, golden sections narrow it down to what
//! double precision resolves (about 1e-8 of the place). Likelihoods of a
//! variance may have two maxima, which a local method alone would miss.

use crate::reason::{Estimable, NotEstimable};

/// Grid points per factor of ten.
const PER_DECADE: f64 = 2.0;
/// Lowest and highest grid point, as powers of ten of the scale.
const DECADES: (f64, f64) = (-6.0, 5.0);
/// Golden sections; each narrows the bracket by 0.618.
const SECTIONS: usize = 46;

/// A place and the value there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Peak {
    /// The place, exactly 0 at the boundary.
    pub(crate) at: f64,
    /// The value.
    pub(crate) value: f64,
}

/// Maximises `f` over `x >= 0`, `scale` being an order of magnitude of `x`.
///
/// # Errors
/// `NotConverged` if `f` still rises at the end of the grid or is nowhere
/// finite.
pub(crate) fn maximise(scale: f64, f: impl Fn(f64) -> f64) -> Estimable<Peak> {
    let steps = ((DECADES.1 - DECADES.0) * PER_DECADE) as u32;
    let mut grid = vec![0.0];
    grid.extend(
        (0..=steps).map(|i| scale * libm::pow(10.0, DECADES.0 + f64::from(i) / PER_DECADE)),
    );
    let values: Vec<f64> = grid.iter().map(|x| f(*x)).collect();
    let mut best: Option<(usize, f64)> = None;
    for (i, value) in values.iter().enumerate() {
        if value.is_finite() && best.is_none_or(|(_, b)| *value > b) {
            best = Some((i, *value));
        }
    }
    let (place, value) = best.ok_or(NotEstimable::NotConverged)?;
    let (Some(at), Some(high)) = (grid.get(place), grid.get(place + 1)) else {
        return Err(NotEstimable::NotConverged);
    };
    let low = grid.get(place.wrapping_sub(1)).copied().unwrap_or(0.0);
    let inside = narrow(low, *high, &f);
    // What rounding alone may gain must not move a peak off the boundary.
    let gain = if place == 0 { 1e-13 * value.abs() } else { 0.0 };
    Ok(if inside.value > value + gain {
        inside
    } else {
        Peak { at: *at, value }
    })
}

/// Golden-section search (Kiefer 1953).
fn narrow(low: f64, high: f64, f: &impl Fn(f64) -> f64) -> Peak {
    let share = (libm::sqrt(5.0) - 1.0) / 2.0;
    let (mut a, mut b) = (low, high);
    let (mut c, mut d) = (b - share * (b - a), a + share * (b - a));
    let (mut fc, mut fd) = (f(c), f(d));
    for _ in 0..SECTIONS {
        if fc >= fd {
            (b, d, fd) = (d, c, fc);
            c = b - share * (b - a);
            fc = f(c);
        } else {
            (a, c, fc) = (c, d, fd);
            d = a + share * (b - a);
            fd = f(d);
        }
    }
    if fc >= fd {
        Peak { at: c, value: fc }
    } else {
        Peak { at: d, value: fd }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_peak_inside_and_one_at_the_boundary_are_found() {
        let peak = maximise(1.0, |x| -(x - 0.37) * (x - 0.37)).unwrap();
        assert!((peak.at - 0.37).abs() < 1e-8, "{peak:?}");
        assert_eq!(maximise(1.0, |x| -x).unwrap().at, 0.0);
    }

    #[test]
    fn a_function_that_rises_for_ever_has_no_peak() {
        assert_eq!(maximise(1.0, |x| x), Err(NotEstimable::NotConverged));
        assert_eq!(maximise(1.0, |_| f64::NAN), Err(NotEstimable::NotConverged));
    }

    #[test]
    fn the_higher_of_two_peaks_wins() {
        let f = |x: f64| {
            let bump = |at: f64, high: f64| {
                let d = libm::log(x / at);
                high * libm::exp(-4.0 * d * d)
            };
            bump(0.5, 1.0) + bump(4.0, 1.5)
        };
        assert!((maximise(1.0, f).unwrap().at - 4.0).abs() < 1e-6);
    }
}
