//! Scales and alternative texts that several charts share.
//!
//! Rates start at zero and end at the next round value above the highest upper
//! limit, the same for every chart of a document; a scale has at most six
//! ticks, except that of sizes, where every doubling has one.

use crate::composition::Facts;
use crate::document::{Axis, Tick};
use crate::format;
use crate::words::word_count;

/// Ends of a rate scale with the distance of their ticks.
const TOPS: [(f64, f64); 8] = [
    (0.1, 0.02),
    (0.2, 0.05),
    (0.3, 0.1),
    (0.4, 0.1),
    (0.5, 0.1),
    (0.6, 0.2),
    (0.8, 0.2),
    (1.0, 0.2),
];

/// A scale from a value in equal steps.
pub(crate) fn stepped(min: f64, max: f64, step: f64, label: impl Fn(f64) -> String) -> Vec<Tick> {
    let mut ticks = Vec::new();
    let mut index = 0u32;
    loop {
        let value = min + f64::from(index) * step;
        if value > max + step * 1e-6 || index > 60 {
            return ticks;
        }
        ticks.push(Tick {
            value,
            label: label(value),
        });
        index += 1;
    }
}

/// The scale of rates, up to the highest upper limit of a model or vendor.
pub(crate) fn rates(facts: &Facts<'_>) -> Axis {
    let models = facts
        .analysis()
        .models
        .iter()
        .filter_map(|model| model.asr.known());
    let vendors = facts
        .ranked()
        .into_iter()
        .filter_map(|p| p.pooled_asr.known());
    let highest = models
        .chain(vendors)
        .map(|rate| rate.upper.0)
        .fold(0.0, f64::max);
    let (max, step) = TOPS
        .into_iter()
        .find(|(top, _)| *top >= highest)
        .unwrap_or((1.0, 0.2));
    Axis {
        min: 0.0,
        max,
        ticks: stepped(0.0, max, step, format::percent),
        marks: Vec::new(),
        title: String::new(),
    }
}

/// The scale of shares, from nothing to all.
pub(crate) fn shares(title: &str) -> Axis {
    Axis {
        min: 0.0,
        max: 1.0,
        ticks: stepped(0.0, 1.0, 0.2, format::percent),
        marks: Vec::new(),
        title: title.to_owned(),
    }
}

/// The scale of sizes in log2 of billions, a tick at every doubling.
pub(super) fn sizes(smallest_b: f64, largest_b: f64) -> Axis {
    let min = (smallest_b.max(1e-3).log2() - 0.05).floor();
    let max = (largest_b.max(1e-3).log2() + 0.05).ceil().max(min + 1.0);
    Axis {
        min,
        max,
        ticks: stepped(min, max, 1.0, |log2| format::size(log2.exp2())),
        marks: Vec::new(),
        title: "Parameters, in billions; each step doubles the size".to_owned(),
    }
}

/// A scale of points around zero that holds all values, with the band marked.
pub(crate) fn points(values: &[f64], band: f64) -> Axis {
    let low = values.iter().copied().fold(-band, f64::min);
    let high = values.iter().copied().fold(band, f64::max);
    let step = [5.0, 10.0, 20.0, 40.0]
        .into_iter()
        .find(|step| (high - low) / step <= 4.0)
        .unwrap_or(50.0);
    let (min, max) = ((low / step).floor() * step, (high / step).ceil() * step);
    Axis {
        min,
        max,
        ticks: stepped(min, max, step, |value| format::signed(value, 0)),
        marks: vec![-band, band],
        title: "Points".to_owned(),
    }
}

/// Joins the parts of an alternative text and brings it to 40 words at least:
/// the sentences of `more` are taken one by one until the text is long enough.
pub(super) fn alt(parts: &[String], more: &[&str], table: &str) -> String {
    let values = format!("Values: annex, table {table}.");
    let mut text = parts.join(" ");
    let mut more = more.iter();
    while word_count(&text) + word_count(&values) < 40 {
        match more.next() {
            Some(sentence) => text = format!("{text} {sentence}"),
            None => break,
        }
    }
    format!("{text} {values}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_hold_their_values_and_have_few_ticks() {
        let axis = points(&[-19.6, 20.1], 10.0);
        assert!(axis.min <= -19.6 && axis.max >= 20.1 && axis.ticks.len() <= 6);
        let axis = sizes(1.2, 671.0);
        assert_eq!((axis.min, axis.max), (0.0, 10.0));
        assert_eq!(
            axis.ticks.first().map(|tick| tick.label.as_str()),
            Some("1B")
        );
        assert_eq!(shares("").ticks.len(), 6);
    }
}
