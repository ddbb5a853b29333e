//! What the scale analyses would say with other sizes.
//!
//! Each variant of the sizes gets its own line, distances and labels; rates and
//! providers stay. No relabelling is done: the variants are compared with the
//! sizes used and not with chance.

use crate::{
    layout::Layout,
    proportion::Level,
    providers::{BandRule, Distances},
    quantity::Quantity,
    reason::NotEstimable,
    result::SizeSensitivity,
    sample::{Sample, SizeVariant},
    scale::{Fit, slope, slope_hc3},
};

/// One entry per variant, in the sample's order.
pub(crate) fn size_sensitivity(
    sample: &Sample,
    rule: &BandRule,
    level: Level,
) -> Vec<SizeSensitivity> {
    sample
        .size_variants
        .iter()
        .map(|variant| one(sample, variant, rule, level))
        .collect()
}

fn one(sample: &Sample, variant: &SizeVariant, rule: &BandRule, level: Level) -> SizeSensitivity {
    let layout = Layout::with_sizes(sample, &variant.sizes_b);
    let fit = Fit::new(&layout);
    let distances = Distances::new(&fit);
    let line = fit.line.as_ref().map_err(|reason| *reason);
    let absent = |reason: NotEstimable| Quantity::Absent(reason);
    SizeSensitivity {
        id: variant.id.clone(),
        changed: changed(sample, variant),
        n_models: fit.cells.len(),
        slope_per_doubling: line.map_or_else(Quantity::Absent, |l| slope(l, level)),
        slope_hc3: line.map_or_else(Quantity::Absent, |l| slope_hc3(l, level)),
        r2: line.map_or_else(absent, |l| l.r2.into()),
        p: line.map_or_else(absent, |l| l.p.into()),
        residuals_pp: distances.listed(&layout),
        outside: distances.outside(&layout, rule),
    }
}

fn changed(sample: &Sample, variant: &SizeVariant) -> Vec<String> {
    sample
        .models
        .iter()
        .enumerate()
        .filter(|(i, model)| variant.sizes_b.get(*i).copied().flatten() != model.size_b)
        .map(|(_, model)| model.model.clone())
        .collect()
}
