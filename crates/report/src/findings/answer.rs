//! The answer to the title: at most 55 words, its first sentence true alone,
//! its uncertainty with the level in the same block.
//!
//! The first sentence follows from what can be said of the vendor's share and
//! of the slope, in every combination; the second states the share, the third
//! the slope, each with its interval or the reason why there is none.

use caveat_analysis::reason::NotEstimable;

use super::share::{ShareState, share_state};
use super::slope::{SlopeState, slope_estimate, slope_state};
use crate::composition::Facts;
use crate::document::{Prose, Sentence};
use crate::format;
use crate::words::{self, say, strong};

/// Most words of an answer.
pub const MOST_WORDS: usize = 55;

/// The answer.
pub fn answer(facts: &Facts<'_>) -> Prose {
    let (share, slope) = (share_state(facts), slope_state(facts));
    if facts.analysis().models.is_empty() {
        return vec![strong(
            "No model passes the rules of this report, so nothing can be answered.",
            ["e1"],
        )];
    }
    vec![
        strong(first(facts, share, slope), [facts.main_share().id, "s1"]),
        share_sentence(facts, share),
        slope_sentence(facts, slope),
    ]
}

fn first(facts: &Facts<'_>, share: ShareState, slope: SlopeState) -> String {
    let here = here(facts);
    let size = match slope {
        SlopeState::Falls => "larger models have lower rates",
        SlopeState::Rises => "larger models have higher rates",
        SlopeState::NotEstablished => "a trend with size is not established",
        SlopeState::Absent(_) => "size cannot be judged",
    };
    match (share, slope) {
        (ShareState::Short, SlopeState::NotEstablished) => {
            format!(
                "{here}, neither vendor nor size is shown to explain how often {}.",
                words::event(facts)
            )
        }
        (ShareState::Beyond, SlopeState::Falls | SlopeState::Rises) => {
            format!("{here}, both go with the rate: vendors differ beyond chance, and {size}.")
        }
        (ShareState::Beyond, _) => format!("{here}, vendors differ beyond chance; {size}."),
        (ShareState::Short, SlopeState::Falls | SlopeState::Rises) => {
            format!("{here}, {size}; a vendor\u{2019}s share beyond chance is not established.")
        }
        (ShareState::Short, SlopeState::Absent(_)) => {
            format!("{here}, a vendor\u{2019}s share beyond chance is not established; {size}.")
        }
        (ShareState::Close, _) => {
            format!("{here}, the vendor\u{2019}s share is close to the line of chance; {size}.")
        }
        (ShareState::Absent(_), SlopeState::Absent(_)) => format!("{here}, neither can be judged."),
        (ShareState::Absent(_), _) => {
            format!("{here}, the vendor\u{2019}s share cannot be judged; {size}.")
        }
    }
}

/// The models that the share rests on, and with it the slope.
fn here(facts: &Facts<'_>) -> String {
    let all = facts.analysis().models.len();
    let main = facts.main_share();
    let known = main.result.n_models;
    match all {
        1 => "On this one model".to_owned(),
        _ if main.id == "d1" && known > 0 && known < all => {
            format!(
                "On the {} of known size",
                format::plural(known, "model", "models")
            )
        }
        n => format!("On these {} models", format::count(n)),
    }
}

fn share_sentence(facts: &Facts<'_>, share: ShareState) -> Sentence {
    let main = facts.main_share();
    let text = match (share, main.result.population_eta2.known()) {
        (ShareState::Absent(reason), _) => absent_share(facts, reason),
        (_, None) => "The interval of the vendor\u{2019}s share is not estimable.".to_owned(),
        (state, Some(range)) => {
            let (low, high) = (
                format::percent(range.lower.0),
                format::percent(range.upper.0),
            );
            let interval = format!(
                "({} interval {low} to {high})",
                format::level(range.level.0)
            );
            let from_zero = range.lower.0 < 0.005;
            match (state, from_zero) {
                (ShareState::Beyond, false) => format!(
                    "Corrected for chance, the vendor goes with {low} to {high} of the variance between models ({} interval).",
                    format::level(range.level.0)
                ),
                (ShareState::Beyond, true) => format!(
                    "Random relabelling rarely gives so large a share; its size is uncertain {interval}."
                ),
                (_, true) => format!(
                    "Corrected for chance, the vendor may account for anything from none to {high} of the variance between models ({} interval).",
                    format::level(range.level.0)
                ),
                (_, false) => format!(
                    "Random relabelling gives so large a share in {} of cases, whatever its interval says {interval}.",
                    super::share_of_shuffles(super::share::deciding_p(main.result).unwrap_or(1.0))
                ),
            }
        }
    };
    say(text, [main.id])
}

fn absent_share(facts: &Facts<'_>, reason: NotEstimable) -> String {
    match reason {
        NotEstimable::NoVariance => {
            let n = facts.traces();
            let rate = format::rate_in_words(facts.succeeded(), n);
            format!("All models have the same rate: {rate} counted as success.")
        }
        NotEstimable::OneGroup => {
            "All models are of one vendor, so vendors cannot be compared.".to_owned()
        }
        NotEstimable::NoWithinDf => {
            "Every vendor has a single model, so vendor and model cannot be separated.".to_owned()
        }
        other => format!(
            "The vendor\u{2019}s share is not estimable: {}.",
            words::why_not(other)
        ),
    }
}

fn slope_sentence(facts: &Facts<'_>, state: SlopeState) -> Sentence {
    let text = match (state, slope_estimate(facts)) {
        (SlopeState::Absent(reason), _) | (_, Err(reason)) => {
            format!(
                "A slope with size is not estimable: {}.",
                words::why_not(reason)
            )
        }
        (_, Ok(slope)) => {
            let span = words::change_span(100.0 * slope.lower.0, 100.0 * slope.upper.0, 0);
            let level = format::level(slope.level.0);
            match state {
                SlopeState::Falls | SlopeState::Rises => {
                    format!("Each doubling of size goes with {span} successes ({level} interval).")
                }
                _ => {
                    format!("Each doubling of size goes with {span} successes ({level} interval).")
                }
            }
        }
    };
    say(text, ["s1"])
}
