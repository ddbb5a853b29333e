//! How many traces it takes to tell two named sides apart.
//!
//! At declared rates and a declared share of prompts on which the two differ; the
//! power of the test already made is not asked for (Hoenig and Heisey 2001).
//! Independent prompts: Fleiss' formula and two relatives in [`crate::power`].
//! Several traces on a prompt: times the design effect `1 + (m - 1) ICC`. The same
//! prompts once for both: `(z_a sqrt(ψ) + z_b sqrt(ψ - d²))²/d²` prompts, ψ the
//! share of discordant ones (Connor 1987).

use crate::{
    power::{TwoRates, design_effect, traces_needed},
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::TellApart,
    special,
};

/// Two sides and what is declared of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoSides<'a> {
    /// Name of the first.
    pub first: &'a str,
    /// Name of the second.
    pub second: &'a str,
    /// Rates, error probability and power.
    pub rates: TwoRates,
    /// Traces on each prompt in the clustered design, at least 1.
    pub traces_per_prompt: f64,
    /// Intraclass correlation of traces on one prompt; a negative one counts as 0.
    pub icc: Estimable<f64>,
    /// Share of prompts on which the two sides differ.
    pub discordant: Estimable<f64>,
}

/// Prompts that both sides answer once, before rounding up.
///
/// `discordant` is the share of prompts with different outcomes and at least the
/// size of `difference`.
///
/// # Errors
/// `NoVariance` for no difference; `OutOfRange` unless `|difference| <= discordant
/// <= 1` and alpha and power lie strictly between 0 and 1.
pub fn pairs_needed(difference: f64, discordant: f64, alpha: f64, power: f64) -> Estimable<f64> {
    let open = |v: f64| v > 0.0 && v < 1.0;
    if difference == 0.0 {
        return Err(NotEstimable::NoVariance);
    }
    let possible = difference.abs() <= discordant && discordant <= 1.0;
    if !possible || !open(alpha) || !open(power) {
        return Err(NotEstimable::OutOfRange);
    }
    let za = -special::normal_quantile(alpha / 2.0)?;
    let zb = special::normal_quantile(power)?;
    let square = difference * difference;
    let root = za * libm::sqrt(discordant) + zb * libm::sqrt((discordant - square).max(0.0));
    Ok(root * root / square)
}

/// A number of traces or prompts, rounded up.
pub(crate) fn whole(needed: f64) -> Estimable<u64> {
    // Beyond 2^53 neither the number nor the study exists.
    if needed.is_finite() && (0.0..9e15).contains(&needed) {
        Ok(libm::ceil(needed) as u64)
    } else {
        Err(NotEstimable::OutOfRange)
    }
}

/// The three designs side by side.
pub fn tell_apart(sides: &TwoSides<'_>) -> TellApart {
    let r = sides.rates;
    let needed = traces_needed(&r);
    let count = |pick: fn(&crate::power::TracesPerArm) -> f64| -> Quantity<u64> {
        needed.and_then(|n| whole(pick(&n))).into()
    };
    let effect = sides.icc.and_then(|icc| {
        if sides.traces_per_prompt >= 1.0 && icc <= 1.0 {
            Ok(design_effect(sides.traces_per_prompt, icc.max(0.0)))
        } else {
            Err(NotEstimable::OutOfRange)
        }
    });
    let paired = sides
        .discordant
        .and_then(|share| pairs_needed(r.p1 - r.p2, share, r.alpha, r.power))
        .and_then(whole);
    TellApart {
        first: sides.first.to_owned(),
        second: sides.second.to_owned(),
        first_rate: Number(r.p1),
        second_rate: Number(r.p2),
        alpha: Number(r.alpha),
        power: Number(r.power),
        independent: count(|n| n.fleiss),
        independent_corrected: count(|n| n.fleiss_corrected),
        independent_arcsine: count(|n| n.arcsine),
        traces_per_prompt: Number(sides.traces_per_prompt),
        design_effect: effect.into(),
        clustered: needed.and_then(|n| whole(n.fleiss * effect?)).into(),
        discordant_share: sides.discordant.into(),
        paired: paired.into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sides(p1: f64, p2: f64) -> TwoSides<'static> {
        TwoSides {
            first: "ash",
            second: "birch",
            rates: TwoRates {
                p1,
                p2,
                alpha: 0.05,
                power: 0.8,
            },
            traces_per_prompt: 5.0,
            icc: Ok(0.2),
            discordant: Ok(0.2),
        }
    }

    #[test]
    fn the_three_designs_have_their_numbers() {
        let t = tell_apart(&sides(0.3, 0.35));
        assert_eq!(t.independent, Quantity::Known(1377));
        assert_eq!(t.clustered, Quantity::Known(2478));
        // (1.959964 sqrt(0.2) + 0.841621 sqrt(0.1975))²/0.0025 = 625.96.
        assert_eq!(t.paired, Quantity::Known(626));
    }

    #[test]
    fn pairs_need_no_more_prompts_than_independent_traces_where_replies_are_independent() {
        let psi = 0.3 * 0.65 + 0.7 * 0.35;
        let paired = pairs_needed(0.05, psi, 0.05, 0.8).unwrap();
        assert!((1300.0..1400.0).contains(&paired), "{paired}");
    }

    #[test]
    fn what_cannot_be_planned_has_a_reason() {
        let equal = tell_apart(&sides(0.3, 0.3));
        assert_eq!(equal.independent.reason(), Some(NotEstimable::NoVariance));
        assert_eq!(equal.paired.reason(), Some(NotEstimable::NoVariance));
        let ends = tell_apart(&sides(0.0, 1.0));
        assert_eq!(ends.clustered.reason(), Some(NotEstimable::OutOfRange));
        let far = tell_apart(&sides(0.1, 0.6));
        assert_eq!(far.paired.reason(), Some(NotEstimable::OutOfRange));
        let unknown = tell_apart(&TwoSides {
            icc: Err(NotEstimable::NoWithinDf),
            discordant: Err(NotEstimable::NoCommonPrompts),
            ..sides(0.3, 0.35)
        });
        assert_eq!(unknown.clustered.reason(), Some(NotEstimable::NoWithinDf));
        assert_eq!(unknown.paired.reason(), Some(NotEstimable::NoCommonPrompts));
        assert!(pairs_needed(f64::NAN, 0.2, 0.05, 0.8).is_err());
    }
}
