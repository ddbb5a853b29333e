//! What planned tests could find, and what a next round should test.

use schemars::JsonSchema;
use serde::Serialize;

use crate::quantity::{Number, Quantity};

/// Power of the test between providers at declared shares.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProviderTestPower {
    /// Error probability of the test.
    pub alpha: Number,
    /// Power that the needed numbers are for.
    pub wanted_power: Number,
    /// Models.
    pub n_models: usize,
    /// Providers.
    pub n_providers: usize,
    /// Draws behind the power over random providers.
    pub draws: u32,
    /// One row for each declared share.
    pub effects: Vec<DeclaredShare>,
}

/// Power at one declared share of the variance between models.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DeclaredShare {
    /// Population share that goes with the provider.
    pub share: Number,
    /// Power if exactly these providers are asked about (noncentral F).
    pub fixed_providers: Quantity,
    /// Power if the providers stand for others, drawn anew each time.
    pub random_providers: Quantity,
    /// Monte Carlo standard error of that.
    pub random_providers_se: Quantity,
    /// Models needed with as many providers, if exactly these are asked about.
    pub models_needed: Quantity<usize>,
}

/// How many traces tell two named sides apart, at declared rates.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TellApart {
    /// First side.
    pub first: String,
    /// Second side.
    pub second: String,
    /// Declared rate of the first.
    pub first_rate: Number,
    /// Declared rate of the second.
    pub second_rate: Number,
    /// Two-sided error probability.
    pub alpha: Number,
    /// Power.
    pub power: Number,
    /// Traces for each side on different, independent prompts (Fleiss).
    pub independent: Quantity<u64>,
    /// The same with continuity correction.
    pub independent_corrected: Quantity<u64>,
    /// The same by the arcsine transformation.
    pub independent_arcsine: Quantity<u64>,
    /// Traces for each prompt in the clustered design.
    pub traces_per_prompt: Number,
    /// Design effect of so many traces on a prompt.
    pub design_effect: Quantity,
    /// Traces for each side in the clustered design.
    pub clustered: Quantity<u64>,
    /// Share of prompts on which the two sides differ.
    pub discordant_share: Quantity,
    /// Prompts that both answer once.
    pub paired: Quantity<u64>,
}

/// The least costly next round by the stated rule.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RoundPlan {
    /// Smallest difference that is to be found, in percentage points.
    pub difference_pp: Number,
    /// Power for it.
    pub power: Number,
    /// Error probability of the whole family of comparisons.
    pub alpha: Number,
    /// Error probability of one comparison (Bonferroni).
    pub alpha_each: Number,
    /// The open comparisons.
    pub pairs: Vec<RoundPair>,
    /// What to run, in this order; one may stop after any step.
    pub steps: Vec<RoundStep>,
    /// What each side has to answer.
    pub sides: Vec<RoundTotal>,
    /// Prompts that nobody has met yet.
    pub new_prompts: u64,
    /// Traces.
    pub traces: u64,
    /// Cost in the unit of the costs given.
    pub cost: Number,
}

/// One open comparison.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RoundPair {
    /// First side.
    pub first: String,
    /// Second side.
    pub second: String,
    /// Share of prompts on which the two differ, as used.
    pub discordant_share: Number,
    /// Whether that share was observed on enough common prompts; otherwise it is
    /// the one of independent replies at the observed rates.
    pub discordant_observed: bool,
    /// Common prompts now.
    pub common_now: u64,
    /// Common prompts needed.
    pub common_needed: u64,
    /// Whether the present ones suffice: the difference is then likely to be smaller
    /// than the one asked about, and more traces are a matter of precision.
    pub enough_now: bool,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RoundStep {
    /// Sides that answer these prompts, once each.
    pub run: Vec<String>,
    /// Sides that have answered them already, or will have by the steps before.
    pub answered_by: Vec<String>,
    /// Prompts.
    pub prompts: u64,
    /// Which ones, by their numbers in the sample; empty for new prompts. Not
    /// written out, as nothing outside resolves these numbers.
    #[serde(skip)]
    pub prompt_ids: Vec<u32>,
    /// Whether they are new to the corpus.
    pub new: bool,
    /// Traces.
    pub traces: u64,
    /// Cost.
    pub cost: Number,
    /// Cost up to and with this step.
    pub cost_so_far: Number,
    /// Comparisons that have their prompts after this step.
    pub completes: Vec<[String; 2]>,
}

/// What one side has to answer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RoundTotal {
    /// Side.
    pub name: String,
    /// Traces on prompts of the corpus.
    pub on_known_prompts: u64,
    /// Traces on new prompts.
    pub on_new_prompts: u64,
    /// Cost.
    pub cost: Number,
}
