//! The size line: rate on log2 parameters over the models in scale.
//!
//! Ordinary least squares, one point per model. The fit is in
//! [`crate::regression`]; this file chooses the models, names the figures and
//! finds the model that moves the slope most. A slope is the change of the rate
//! per doubling of parameters. A fit without error (`ExactFit`) has a slope and
//! no line with a band.

use crate::{
    correlation,
    estimate::{HC3, STUDENT_T, estimate, range},
    influence,
    law::Law,
    layout::{Cell, Layout},
    oneway::population_share,
    proportion::Level,
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    regression::{Hc, Line, line},
    relabel::Draw,
    result::{Influence, LinePoint, Scale},
    sample::SampleModel,
    sums::{count, mean, squares_about},
};

/// Steps of the drawn line; its band is a smooth curve.
const LINE_STEPS: u32 = 40;

/// The models in scale and their line.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    /// Models in scale, in the layout's order.
    pub(crate) cells: Vec<Cell>,
    /// log2 sizes.
    pub(crate) sizes: Vec<f64>,
    /// Rates.
    pub(crate) rates: Vec<f64>,
    /// The line.
    pub(crate) line: Estimable<Line>,
}

impl Fit {
    /// Fits the models in scale of a layout.
    pub(crate) fn new(layout: &Layout<'_>) -> Self {
        Self::of(layout.in_scale())
    }

    /// Fits the models given that have a size.
    pub(crate) fn of(mut cells: Vec<Cell>) -> Self {
        cells.retain(|c| c.log2_size.is_some());
        let sizes: Vec<f64> = cells.iter().filter_map(|c| c.log2_size).collect();
        let rates: Vec<f64> = cells.iter().map(|c| c.rate).collect();
        let line = if cells.is_empty() {
            Err(NotEstimable::NoSizes)
        } else {
            line(&sizes, &rates, None)
        };
        Fit {
            cells,
            sizes,
            rates,
            line,
        }
    }

    /// Distances from the line, where there is one.
    pub(crate) fn residuals(&self) -> Estimable<&[f64]> {
        self.line
            .as_ref()
            .map(|l| l.residuals.as_slice())
            .map_err(|reason| *reason)
    }

    /// Sample standard deviation of log2 size.
    pub(crate) fn sd_size(&self) -> f64 {
        let centre = mean(&self.sizes).unwrap_or(0.0);
        let free = count(self.sizes.len().saturating_sub(1).max(1));
        libm::sqrt(squares_about(&self.sizes, centre) / free)
    }
}

/// The scale block of the output.
pub(crate) fn scale(
    fit: &Fit,
    models: &[SampleModel],
    draws: &[Draw],
    level: Level,
    variance_level: Level,
) -> Quantity<Scale> {
    let l = match &fit.line {
        Ok(l) => l,
        Err(reason) => return Quantity::Absent(*reason),
    };
    let hc3 = l.robust(Hc::Hc3);
    let mut r2_law = l.r2.and_then(|_| Law::new(draws.iter().map(|d| d.r2)));
    let mut r2_quantile = |numerator| -> Quantity {
        match &mut r2_law {
            Ok(law) => law.quantile(numerator, 20).into(),
            Err(reason) => Quantity::Absent(*reason),
        }
    };
    Quantity::Known(Scale {
        intercept: Number(l.intercept),
        slope_per_doubling: slope(l, level),
        slope_hc3: slope_hc3(l, level),
        se: l.se_slope.into(),
        se_hc3: hc3.map(|r| r.se_slope).into(),
        r2: l.r2.into(),
        population_r2: l
            .t_slope
            .and_then(|t| population_share(t * t, l.n, 2, variance_level))
            .map(|share| range(share.eta2, variance_level))
            .into(),
        adjusted_r2: l.adjusted_r2.into(),
        pearson_r: correlation::pearson(&fit.sizes, &fit.rates).into(),
        t: l.t_slope.into(),
        p: l.p.into(),
        p_normal: l.p_normal.into(),
        r2_null_mean: (1.0 / count(l.n - 1)).into(),
        r2_null_p05: r2_quantile(1),
        r2_null_p95: r2_quantile(19),
        sigma: if l.rss > 0.0 {
            l.sigma.into()
        } else {
            Quantity::Absent(NotEstimable::ExactFit)
        },
        sd_log2_params: Number(fit.sd_size()),
        n_models: l.n,
        smallest_b: Number(size_b(models, fit.cells.first())),
        largest_b: Number(size_b(models, fit.cells.last())),
        line: points(fit, l, level),
        most_influential: most_influential(fit, l, models).into(),
    })
}

/// The slope with Student's t interval.
pub(crate) fn slope(l: &Line, level: Level) -> Quantity<crate::result::Estimate> {
    l.slope_interval(level)
        .map(|i| estimate(l.slope, i, level, STUDENT_T))
        .into()
}

/// The slope with Student's t interval from HC3 standard errors.
pub(crate) fn slope_hc3(l: &Line, level: Level) -> Quantity<crate::result::Estimate> {
    l.robust_slope_interval(Hc::Hc3, level)
        .map(|i| estimate(l.slope, i, level, HC3))
        .into()
}

/// Cells are in order of size, so the first and the last have the extremes.
fn size_b(models: &[SampleModel], cell: Option<&Cell>) -> f64 {
    cell.and_then(|c| models.get(c.model))
        .and_then(|m| m.size_b)
        .unwrap_or(0.0)
}

fn points(fit: &Fit, l: &Line, level: Level) -> Vec<LinePoint> {
    let (Some(first), Some(last)) = (fit.sizes.first(), fit.sizes.last()) else {
        return Vec::new();
    };
    let at = |step: u32| -> Option<LinePoint> {
        let x = first + (last - first) * (f64::from(step) / f64::from(LINE_STEPS));
        let p = l.predict(x, level).ok()?;
        Some(LinePoint {
            log2_params: Number(x),
            fitted: Number(p.mean),
            lower: Number(p.mean_interval.lower),
            upper: Number(p.mean_interval.upper),
        })
    };
    (0..=LINE_STEPS).filter_map(at).collect()
}

fn most_influential(fit: &Fit, l: &Line, models: &[SampleModel]) -> Estimable<Influence> {
    let slopes = influence::leave_one_out_slopes(l);
    let distances = influence::cooks_distance(l);
    let mut largest: Option<(usize, f64)> = None;
    for (i, without) in slopes.iter().enumerate() {
        // A model without which there is no line decides it; say so.
        let without = (*without)?;
        let moved = |slope: f64| (slope - l.slope).abs();
        if largest.is_none_or(|(_, best)| moved(without) > moved(best)) {
            largest = Some((i, without));
        }
    }
    let (i, without) = largest.ok_or(NotEstimable::TooFewModels)?;
    Ok(Influence {
        model: models[fit.cells[i].model].model.clone(),
        leverage: Number(l.leverage[i]),
        cooks_distance: distances[i].into(),
        slope_without: Number(without),
    })
}
