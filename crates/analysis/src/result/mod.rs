//! What an analysis says, under the names that the annex and its readers rely on.
//!
//! Plain data. Rates are proportions from 0 to 1; names that end in `_pp` or
//! `points` are percentage points; a slope is the change of the rate per
//! doubling of parameters.

mod change;
mod contrasts;
mod design;
mod detail;
mod families;
mod hierarchical;
mod models;
mod multiverse;
mod planning;
mod prompts;
mod ranks;
mod reliability;
mod scale;
mod shares;
mod signal;
mod together;
mod traces;

use schemars::JsonSchema;
use serde::Serialize;

use crate::quantity::{Number, Quantity};

pub use change::{Drift, OverTime, Regrade, Retest};
pub use contrasts::{
    Bands, Comparison, ExtremesPooled, Pattern, RatioOfMeans, RiskRatio, WithinProvider,
};
pub use design::{
    Agreement, GraderUse, Overlap, PairAgreement, PairOverlap, ProviderPrompts, ShareGap,
};
pub use detail::{GraderShare, LabelRate, Labelled, ModelPair, ProviderDetail, TracesNeeded};
pub use families::{AdjustedTest, Family};
pub use hierarchical::{
    BetweenModels, CoefficientResult, ComponentResult, Convergence, EffectResult, Hierarchical,
    HierarchicalLikelihood, HierarchicalPosterior, HierarchicalRate, PosteriorComponent,
    PosteriorEffect, PosteriorEstimates, PosteriorModel, PosteriorRank, PosteriorShares,
    PosteriorSummary, PriorSensitivity,
};
pub use models::{Band, MeanRate, ModelResult, ProviderResult, RankResult};
pub use multiverse::{
    AxisResult, JointTest, Multiverse, Multiverses, PublishedChoice, SpecificationPoint,
};
pub use planning::{
    DeclaredShare, ProviderTestPower, RoundPair, RoundPlan, RoundStep, RoundTotal, TellApart,
};
pub use prompts::{
    Clustering, CommonRate, Comparability, ComparabilityCounts, ComparabilityRule, PairOnPrompts,
    PairedOutcome, PooledOutcome, SamePrompts, SideOnPrompts, StratumOutcome,
};
pub use ranks::{RankSets, RankSide, RanksLeftOpen};
pub use reliability::{
    AccuracyOf, AccuracyResult, Confusion, CorrectedRate, CorrectedRates, CorrectedRatio,
    CorrectedShare, GraderErrors, TippingPoint,
};
pub use scale::{
    DeclaredPower, Influence, LinePoint, ModelsNeeded, Power, ProviderResidualPp, Scale,
    SizeSensitivity,
};
pub use shares::{Decomposition, NullDistribution, OneWayResult, Ratio, WithoutModel};
pub use signal::{
    Levels, NoiseShare, OnSize, ProviderEffect, ProviderPrediction, RandomEffects, Shrunken,
    Signal, Tau,
};
pub use together::{
    ShapleyLaw, ShareInfluence, Shares, SplitShares, TermTest, Together, WithinSlope,
    WithoutProvider,
};
pub use traces::{Sequence, TraceFactor, TraceShares};

/// Everything that follows from a sample.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Analysis {
    /// Models that pass the inclusion rules.
    pub models: Vec<ModelResult>,
    /// Their providers, in order of rising pooled rate, then name.
    pub providers: Vec<ProviderResult>,
    /// Rate on log2 parameters, over the models in scale.
    pub scale: Quantity<Scale>,
    /// Share of the variance between models that goes with the provider.
    pub decomposition: Decomposition,
    /// The ratio of the two shares, and its law under chance.
    pub ratio: Ratio,
    /// Providers outside the band around the size line, and the law of their number.
    pub bands: Bands,
    /// Highest against lowest provider.
    pub risk_ratio: RiskRatio,
    /// Every pair of ranked providers.
    pub comparisons: Vec<Comparison>,
    /// Groups of ranked providers that cannot be told apart, each maximal, lowest first.
    pub tie_groups: Vec<Vec<String>>,
    /// Rate against size inside each provider.
    pub within_providers: Vec<WithinProvider>,
    /// What other sizes would change.
    pub size_sensitivity: Vec<SizeSensitivity>,
    /// What the slope test could find.
    pub power: Power,
    /// How far providers met the same prompts.
    pub overlap: Quantity<Overlap>,
    /// Graders: what each graded, and how pairs agree.
    pub agreement: Agreement,
    /// Ranked providers on the prompts that both of a pair met.
    pub same_prompts: Quantity<SamePrompts>,
    /// Every provider's rate with the prompt as the unit of sampling.
    pub clusters: Quantity<Vec<Clustering>>,
    /// Provider and size in one model, over the models in scale.
    pub shapley: Quantity<Together>,
    /// The share without the model that moves its corrected value most.
    pub without_one_model: Quantity<WithoutModel>,
    /// Sampling noise apart from true differences between models.
    pub noise: Signal,
    /// Shares of the variance of single traces.
    pub trace_level: TraceShares,
    /// The provider's share and the slope under every defensible choice at once.
    pub multiverse: Multiverses,
    /// How often graders err, and what error would change the order.
    pub grader_errors: GraderErrors,
    /// Ranks of the ranked providers with the ranks that the data leave open, from the
    /// joint law of their rates.
    pub rank_sets: Quantity<RankSets>,
    /// Provider, model, prompt and the rest in one binomial model.
    pub hierarchical: Hierarchical,
    /// Which tests would settle the open comparisons at least cost.
    pub next_round: Quantity<RoundPlan>,
    /// The same model at several dates.
    pub over_time: Quantity<OverTime>,
    /// Tests that are judged together.
    pub families: Vec<Family>,
}

/// A value with its interval and its method.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Estimate {
    /// Point estimate.
    pub value: Number,
    /// Lower limit.
    pub lower: Number,
    /// Upper limit.
    pub upper: Number,
    /// Confidence level.
    pub level: Number,
    /// Method of the interval.
    pub method: &'static str,
}

/// A range of values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Range {
    /// Lower limit.
    pub lower: Number,
    /// Upper limit.
    pub upper: Number,
    /// Confidence level.
    pub level: Number,
}
