//! Figures in words: shares in per cent, errors, promises.

use crate::figure::{BAND, BIAS_BAND, Counted, Measured, Promise};

/// A share in per cent with one decimal; a mean error in points with a sign.
pub(crate) fn figure(promise: Promise, m: &Measured) -> String {
    if m.answered == 0 {
        return "no answer".to_owned();
    }
    match promise.counted() {
        Counted::Bias => signed(100.0 * m.mean),
        _ => percent(m.mean),
    }
}

/// A share in per cent with one decimal.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", plain(100.0 * share))
}

fn plain(value: f64) -> String {
    let text = format!("{value:.1}");
    if text == "-0.0" {
        "0.0".to_owned()
    } else {
        text
    }
}

fn signed(value: f64) -> String {
    let text = plain(value.abs());
    match (text.as_str(), value < 0.0) {
        ("0.0", _) => "0.0 points".to_owned(),
        (_, true) => format!("\u{2212}{text} points"),
        (_, false) => format!("+{text} points"),
    }
}

/// The Monte Carlo error in the figure's unit.
pub(crate) fn error(m: &Measured) -> String {
    format!("{:.2}", 100.0 * m.error)
}

/// What was promised.
pub(crate) fn promised(promise: Promise) -> String {
    let band = |x: f64| format!("{:.0} to {:.0} %", 100.0 * (x - BAND), 100.0 * (x + BAND));
    match promise {
        Promise::Coverage(x) | Promise::Alarms(x) => band(x),
        Promise::CoverageAtLeast(x) => format!("{:.0} % or more", 100.0 * (x - BAND)),
        Promise::AlarmsAtMost(x) => format!("{:.0} % or fewer", 100.0 * (x + BAND)),
        Promise::Unbiased => format!("within {:.0} points of 0", 100.0 * BIAS_BAND),
        Promise::NoCoverage(x) => format!("nothing here ({:.0} % elsewhere)", 100.0 * x),
        Promise::NoAlarms(x) => format!("nothing here ({:.0} % elsewhere)", 100.0 * x),
        Promise::Biased => "nothing".to_owned(),
        Promise::Found => "the more the better".to_owned(),
    }
}

/// What the figure counts, as the head of a column.
pub(crate) fn counts(counted: Counted) -> &'static str {
    match counted {
        Counted::Coverage => "holds the truth",
        Counted::Alarms => "false alarm",
        Counted::Bias => "mean error",
        Counted::Found => "found",
    }
}

/// A number of worlds with thin groups of three digits.
pub(crate) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_with_their_unit_and_sign() {
        let m = Measured::new("q", &[Some(-0.0123), Some(-0.0123)]);
        assert_eq!(figure(Promise::Unbiased, &m), "\u{2212}1.2 points");
        assert_eq!(percent(0.9504), "95.0 %");
        assert_eq!(promised(Promise::Coverage(0.95)), "94 to 96 %");
        assert_eq!(promised(Promise::AlarmsAtMost(0.05)), "6 % or fewer");
        assert_eq!(thousands(20_000), "20,000");
    }
}
