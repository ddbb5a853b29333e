//! What is left of a comparison on the prompts that both sides met.
//!
//! Sides are providers or models, as the block was asked for. Differences are
//! higher minus lower by the crude rate, so a negative one is a change of order.
//! Names that end in `_pp` are percentage points.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Estimate, Range};
use crate::quantity::{Number, Quantity};

/// Comparisons on the same prompts.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SamePrompts {
    /// The rule behind every verdict of comparability.
    pub rule: ComparabilityRule,
    /// Prompts that every side met.
    pub common_to_all: usize,
    /// Sides by rising crude rate.
    pub sides: Vec<SideOnPrompts>,
    /// Every pair of sides.
    pub pairs: Vec<PairOnPrompts>,
    /// Pairs by verdict.
    pub verdicts: ComparabilityCounts,
    /// Pairs whose order on their common prompts is not that of the crude rates.
    pub reversed_pairs: usize,
    /// Pairs that have an order on common prompts.
    pub ordered_pairs: usize,
    /// Sides whose rank on the prompts common to all is not the crude one.
    pub moved_on_common: Quantity<usize>,
    /// Sides whose rank at the common mix of harm categories is not the crude one.
    pub moved_by_category: Quantity<usize>,
    /// Sides whose rank at the common mix of techniques is not the crude one.
    pub moved_by_technique: Quantity<usize>,
}

/// When two sides count as comparable.
///
/// With fewer common prompts than `fewest_common_prompts` they are not. Otherwise
/// they are comparable as they stand where the total variation distance between
/// their traces by prompt is at most `most_mix_distance`, because the mix of
/// prompts can then move the difference by no more than that share; and on their
/// common prompts where it is larger.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ComparabilityRule {
    /// Largest total variation distance (0 to 1) at which crude rates compare.
    pub most_mix_distance: Number,
    /// Fewest common prompts on which anything is compared.
    pub fewest_common_prompts: usize,
}

impl Default for ComparabilityRule {
    /// A distance of 0.1, which bounds the artefact at ten percentage points, and
    /// ten prompts, below which standard errors by prompt are not to be trusted.
    fn default() -> Self {
        ComparabilityRule {
            most_mix_distance: Number(0.1),
            fewest_common_prompts: 10,
        }
    }
}

/// Whether two sides can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparability {
    /// As they stand.
    Comparable,
    /// On the prompts that both met.
    OnCommonPrompts,
    /// Not at all: too few common prompts.
    NotComparable,
}

/// How many pairs have each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ComparabilityCounts {
    /// Comparable as they stand.
    pub comparable: usize,
    /// Comparable on common prompts.
    pub on_common_prompts: usize,
    /// Not comparable.
    pub not_comparable: usize,
}

/// One side, and how its rank depends on what it is compared on.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SideOnPrompts {
    /// Provider or model.
    pub name: String,
    /// Different prompts.
    pub prompts: usize,
    /// Evaluable traces.
    pub n: u64,
    /// Rate over all traces.
    pub crude: Number,
    /// Its rank, 1 = lowest; equal rates share the lower rank.
    pub crude_rank: usize,
    /// Mean rate over the prompts common to all sides.
    pub on_common: Quantity<CommonRate>,
    /// Its rank.
    pub on_common_rank: Quantity<usize>,
    /// Rate at the common mix of harm categories.
    pub by_category: Quantity<Estimate>,
    /// Its rank.
    pub by_category_rank: Quantity<usize>,
    /// Rate at the common mix of techniques.
    pub by_technique: Quantity<Estimate>,
    /// Its rank.
    pub by_technique_rank: Quantity<usize>,
}

/// A mean rate over prompts, each prompt once.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CommonRate {
    /// The mean.
    pub value: Number,
    /// Student's t interval over prompts.
    pub interval: Quantity<Range>,
}

/// Two sides.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PairOnPrompts {
    /// Side with the lower crude rate.
    pub lower: String,
    /// Side with the higher crude rate.
    pub higher: String,
    /// The verdict by the rule.
    pub comparability: Comparability,
    /// Prompts that both met.
    pub common_prompts: usize,
    /// Traces of the lower side on them.
    pub traces_lower: u64,
    /// Traces of the higher side on them.
    pub traces_higher: u64,
    /// Common over all prompts of the two.
    pub jaccard: Number,
    /// Common over the prompts of the one with fewer.
    pub overlap_coefficient: Number,
    /// Total variation distance of the traces by prompt.
    pub mix_distance: Number,
    /// The same by harm category.
    pub category_mix_distance: Quantity,
    /// The same by technique.
    pub technique_mix_distance: Quantity,
    /// Difference of the rates over all traces; t interval with errors by prompt.
    /// Where both rates are 0 or 1, Newcombe's with every prompt as one trace.
    pub crude_pp: Quantity<Estimate>,
    /// Difference of the mean rates per common prompt; t interval over prompts.
    /// Where no difference varies, Newcombe's for pairs if every prompt always went
    /// one way.
    pub on_common_pp: Quantity<Estimate>,
    /// p-value of that difference, not adjusted.
    pub on_common_p: Quantity,
    /// Mean rate of the higher side over that of the lower, on common prompts.
    pub on_common_ratio: Quantity,
    /// Whether the adjusted interval on common prompts excludes zero.
    pub told_apart_on_common: Quantity<bool>,
    /// Whether the order on common prompts is not the crude one.
    pub reversed: Quantity<bool>,
    /// One verdict each on every common prompt.
    pub paired: Quantity<PairedOutcome>,
    /// Pooled over prompts.
    pub by_prompt: Quantity<PooledOutcome>,
    /// Pooled over harm categories.
    pub by_category: Quantity<PooledOutcome>,
    /// Pooled over techniques.
    pub by_technique: Quantity<PooledOutcome>,
}

/// The paired 2x2 table of two sides.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PairedOutcome {
    /// Prompts where the attack succeeded with both.
    pub both: u64,
    /// With the lower side alone.
    pub only_lower: u64,
    /// With the higher side alone.
    pub only_higher: u64,
    /// With neither.
    pub neither: u64,
    /// Higher minus lower rate, Newcombe's interval for pairs.
    pub difference_pp: Estimate,
    /// McNemar's mid-p.
    pub p_mid: Number,
    /// McNemar's exact p.
    pub p_exact: Number,
    /// Higher over lower rate, Bonett and Price's interval.
    pub ratio: Quantity<Estimate>,
}

/// A comparison pooled over strata (Mantel-Haenszel), higher over lower.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PooledOutcome {
    /// Strata that both met.
    pub strata: usize,
    /// Strata that one alone met, left out.
    pub strata_dropped: usize,
    /// Traces without a label, left out.
    pub unlabelled: u64,
    /// Ratio of rates.
    pub ratio: Quantity<Estimate>,
    /// Odds ratio.
    pub odds_ratio: Quantity<Estimate>,
    /// Difference of rates.
    pub difference_pp: Quantity<Estimate>,
    /// p-value of the Cochran-Mantel-Haenszel test, not adjusted.
    pub p: Quantity,
    /// p-value of Cochran's Q: small where one ratio does not fit all strata.
    pub homogeneity_p: Quantity,
    /// Ratio with the strata ignored.
    pub crude_ratio: Quantity,
    /// The strata themselves, where one ratio does not fit all of them at the
    /// level of the report; empty otherwise and for prompts.
    pub by_stratum: Vec<StratumOutcome>,
}

/// One stratum.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StratumOutcome {
    /// Label.
    pub stratum: String,
    /// Traces of the lower side.
    pub n_lower: u64,
    /// Traces of the higher side.
    pub n_higher: u64,
    /// Higher over lower rate, Koopman's interval.
    pub ratio: Quantity<Estimate>,
}

/// A rate with the prompt as the unit of sampling.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Clustering {
    /// Provider or model.
    pub name: String,
    /// Evaluable traces.
    pub n: u64,
    /// Prompts.
    pub prompts: usize,
    /// Mean traces per prompt.
    pub replicates: Number,
    /// Rate over all traces; t interval with errors by prompt: CR1, or CR2 with
    /// Satterthwaite's degrees of freedom below thirty prompts; for rates of 0 and 1
    /// Wilson's with every prompt as one trace.
    pub rate: Quantity<Estimate>,
    /// Standard error as if traces were independent within each model.
    pub se_independent: Number,
    /// Standard error by prompt, CR0.
    pub se_cr0: Quantity,
    /// Standard error by prompt, CR1.
    pub se_cr1: Quantity,
    /// Standard error by prompt, CR2.
    pub se_cr2: Quantity,
    /// Standard error by prompt and by model at once; only for several models.
    pub se_two_way: Quantity,
    /// How many times more traces this design needs than independent ones.
    pub design_effect: Quantity,
    /// Independent traces that would tell as much.
    pub effective_n: Quantity,
    /// Correlation of two traces of one model on one prompt; may be negative.
    pub icc: Quantity,
    /// Standard error that endless repetition of these prompts would leave.
    pub se_floor: Quantity,
    /// Whether there are fewer than ten prompts, too few for any of this.
    pub few_prompts: bool,
}
