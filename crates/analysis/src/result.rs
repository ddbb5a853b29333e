//! What an analysis says, under the names that the annex and its readers rely on.
//!
//! Plain data. Rates are proportions from 0 to 1; names that end in `_pp` or
//! `points` are percentage points; a slope is the change of the rate per
//! doubling of parameters.

use schemars::JsonSchema;
use serde::Serialize;

use crate::quantity::{Number, Quantity};

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

/// One model.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ModelResult {
    /// Name.
    pub model: String,
    /// Provider.
    pub provider: String,
    /// Total parameters in billions.
    pub params_total_b: Quantity,
    /// Active parameters in billions.
    pub params_active_b: Quantity,
    /// Whether the maker discloses the size; absent if the register does not know the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params_disclosed: Option<bool>,
    /// Where the size comes from.
    pub params_source: String,
    /// Whether the model takes part in the scale analyses.
    pub in_scale: bool,
    /// Evaluable traces.
    pub n: u64,
    /// Successful attacks.
    pub succeeded: u64,
    /// Traces that are not evaluable.
    pub not_evaluable: u64,
    /// Attack success rate, Wilson interval.
    pub asr: Quantity<Estimate>,
    /// The same rate with the Clopper-Pearson interval.
    pub asr_exact: Quantity<Estimate>,
    /// Rate minus the size line, in percentage points.
    pub residual_pp: Quantity,
    /// Leverage in the size line.
    pub leverage: Quantity,
    /// Slope of the size line without this model, per doubling.
    pub slope_without: Quantity,
}

/// One provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProviderResult {
    /// Name.
    pub provider: String,
    /// Models.
    pub n_models: usize,
    /// Models in scale.
    pub n_models_in_scale: usize,
    /// Evaluable traces.
    pub n: u64,
    /// Successful attacks.
    pub succeeded: u64,
    /// Traces that are not evaluable.
    pub not_evaluable: u64,
    /// Rate over all traces, Wilson interval.
    pub pooled_asr: Quantity<Estimate>,
    /// Unweighted mean of the models' rates; interval from the spread between
    /// models, which one model does not have.
    pub mean_asr: MeanRate,
    /// Whether the provider reaches the ranking minimum.
    pub ranked: bool,
    /// Mean difference from the size line weighted by traces (as published), in
    /// percentage points. The interval is the Wilson interval of the pooled rate
    /// with the line taken as known.
    pub residual_pp: Quantity<Estimate>,
    /// Whether the residual's interval excludes zero after adjusting for all ranked providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual_excludes_zero: Option<bool>,
    /// The same difference, unweighted over models.
    pub residual_unweighted_pp: Quantity,
    /// The weighted difference from a line fitted without this provider.
    pub residual_deletion_pp: Quantity,
    /// Place against the published band.
    pub band: Quantity<Band>,
    /// Rank by pooled rate, 1 = lowest, with the simultaneous rank interval.
    pub rank: Quantity<RankResult>,
}

/// An unweighted mean over models.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MeanRate {
    /// Mean of the models' rates.
    pub value: Quantity,
    /// Student's t interval over the models.
    pub interval: Quantity<Range>,
    /// Models.
    pub n_models: usize,
}

/// Place against the band around the size line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Below the band.
    Below,
    /// Inside the band.
    Inside,
    /// Above the band.
    Above,
}

/// A rank and the ranks that the data leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RankResult {
    /// Observed rank; equal rates share the lower one.
    pub value: usize,
    /// Lowest rank that the provider could hold.
    pub lower: usize,
    /// Highest rank that the provider could hold.
    pub upper: usize,
    /// Ranks compared.
    pub of: usize,
}

/// Ordinary least squares of the rate on log2 parameters in billions.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Scale {
    /// Rate at one billion parameters.
    pub intercept: Number,
    /// Change of the rate per doubling, Student's t interval.
    pub slope_per_doubling: Quantity<Estimate>,
    /// The same with HC3 standard errors.
    pub slope_hc3: Quantity<Estimate>,
    /// Standard error of the slope.
    pub se: Quantity,
    /// Standard error of the slope, HC3.
    pub se_hc3: Quantity,
    /// Share of variance.
    pub r2: Quantity,
    /// Share of variance, adjusted for degrees of freedom.
    pub adjusted_r2: Quantity,
    /// Pearson correlation.
    pub pearson_r: Quantity,
    /// Student's t of the slope.
    pub t: Quantity,
    /// p-value by Student's t.
    pub p: Quantity,
    /// p-value by the normal approximation.
    pub p_normal: Quantity,
    /// Mean of R2 when size is unrelated: 1/(n-1).
    pub r2_null_mean: Quantity,
    /// 5th percentile of R2 under relabelling.
    pub r2_null_p05: Quantity,
    /// 95th percentile of R2 under relabelling.
    pub r2_null_p95: Quantity,
    /// Residual standard deviation.
    pub sigma: Quantity,
    /// Standard deviation (n-1) of log2 parameters.
    pub sd_log2_params: Number,
    /// Models in scale.
    pub n_models: usize,
    /// Smallest size in billions.
    pub smallest_b: Number,
    /// Largest size in billions.
    pub largest_b: Number,
    /// The fitted line with its confidence band, from the smallest to the largest size.
    pub line: Vec<LinePoint>,
    /// The model whose removal moves the slope most.
    pub most_influential: Quantity<Influence>,
}

/// One point of the fitted line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LinePoint {
    /// log2 of billions of parameters.
    pub log2_params: Number,
    /// Fitted rate.
    pub fitted: Number,
    /// Lower limit of the mean.
    pub lower: Number,
    /// Upper limit of the mean.
    pub upper: Number,
}

/// The model with the largest effect on the slope.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Influence {
    /// Model.
    pub model: String,
    /// Its leverage.
    pub leverage: Number,
    /// Its Cook's distance.
    pub cooks_distance: Quantity,
    /// Slope without it, per doubling.
    pub slope_without: Number,
}

/// One-way decomposition over models in scale, with two restrictions of the sample.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Decomposition {
    /// Models in scale.
    #[serde(flatten)]
    pub in_scale: OneWayResult,
    /// Only providers with two or more models in scale.
    pub two_plus: OneWayResult,
    /// All included models, also those without a size.
    pub all_models: OneWayResult,
    /// Law of eta squared under random relabelling of the models in scale.
    pub null_distribution: Quantity<NullDistribution>,
}

/// One-way decomposition of the variance between models.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OneWayResult {
    /// Between-provider share of the sum of squares.
    pub eta2: Quantity,
    /// Its mean under random relabelling, (k-1)/(n-1), exact for any data.
    pub eta2_null_mean: Quantity,
    /// Its 95th percentile under the normal null law, Beta((k-1)/2, (n-k)/2).
    pub eta2_null_p95: Quantity,
    /// Hays' omega squared, not truncated at zero.
    pub omega2: Quantity,
    /// Kelley's epsilon squared, not truncated at zero.
    pub epsilon2: Quantity,
    /// F.
    pub f: Quantity,
    /// Degrees of freedom between.
    pub df1: usize,
    /// Degrees of freedom within.
    pub df2: usize,
    /// p-value of F.
    pub p: Quantity,
    /// Permutation p-value of eta squared.
    pub p_permutation: Quantity,
    /// Interval of the population's share (Steiger 2004: ncp/(ncp+n)).
    pub population_eta2: Quantity<Range>,
    /// Models.
    pub n_models: usize,
    /// Providers.
    pub n_groups: usize,
    /// Providers with one model.
    pub n_singletons: usize,
}

/// A histogram of a statistic under random relabelling.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NullDistribution {
    /// Whether all arrangements were enumerated.
    pub exact: bool,
    /// Relabellings behind the histogram.
    pub relabellings: u64,
    /// Edges of the bins, one more than counts.
    pub edges: Vec<Number>,
    /// Relabellings per bin.
    pub counts: Vec<u64>,
    /// Mean.
    pub mean: Number,
    /// 5th percentile.
    pub p05: Number,
    /// 95th percentile.
    pub p95: Number,
    /// Share of relabellings at or above the observed value.
    pub share_at_least: Number,
    /// Smallest p-value that relabelling can reach: 1 over the number of arrangements.
    pub smallest_attainable_p: Number,
}

/// The ratio of the provider's share to the size's share.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Ratio {
    /// eta2 / R2 over the models in scale.
    pub eta2_over_r2: Quantity,
    /// 1 - eta2 - R2, as published; the two shares are not orthogonal.
    pub residual_share: Quantity,
    /// The ratio of the two means under chance: (k-1).
    pub ratio_of_null_means: Quantity,
    /// The ratio per degree of freedom.
    pub per_df: Quantity,
    /// Median under relabelling of the rates over the models.
    pub null_median: Quantity,
    /// Lower quartile under relabelling.
    pub null_q25: Quantity,
    /// Upper quartile under relabelling.
    pub null_q75: Quantity,
    /// Share of relabellings with a ratio at least as large as the observed one.
    pub null_share_at_least: Quantity,
}

/// Labels by a fixed band around the size line, and how many chance gives.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Bands {
    /// Half-width of the band in percentage points.
    pub points: Number,
    /// Ranked providers outside the band.
    pub outside: Vec<String>,
    /// Mean number outside under relabelling.
    pub null_mean_outside: Quantity,
    /// Share of relabellings with at least one outside.
    pub null_share_any: Quantity,
    /// Share of relabellings with as many outside as observed, or more.
    pub null_share_at_least: Quantity,
}

/// Highest against lowest provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RiskRatio {
    /// Provider with the highest mean rate among those ranked.
    pub highest: Quantity<String>,
    /// Provider with the lowest mean rate among those ranked.
    pub lowest: Quantity<String>,
    /// Ratio of the two unweighted means over models.
    pub of_means: RatioOfMeans,
    /// Ratio of the pooled rates of the same pair, Koopman interval.
    pub pooled: Quantity<Estimate>,
    /// Median of the ratio of extremes under relabelling.
    pub null_median: Quantity,
    /// Lower quartile under relabelling.
    pub null_q25: Quantity,
    /// Upper quartile under relabelling.
    pub null_q75: Quantity,
    /// Share of relabellings with a ratio at least as large as the observed one.
    pub null_share_at_least: Quantity,
    /// Highest over lowest pooled rate among those ranked.
    pub ranked_pooled: Quantity,
    /// Share of relabellings in which that ratio is at least as large.
    pub ranked_pooled_null_share_at_least: Quantity,
    /// The pair with the extreme pooled rates over all providers.
    pub extremes_pooled: Quantity<ExtremesPooled>,
}

/// A ratio of unweighted means.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RatioOfMeans {
    /// The ratio.
    pub value: Quantity,
    /// Models of the highest provider.
    pub n_models_highest: usize,
    /// Models of the lowest provider.
    pub n_models_lowest: usize,
}

/// The extreme pooled rates over all providers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExtremesPooled {
    /// Provider with the highest pooled rate.
    pub highest: String,
    /// Provider with the lowest pooled rate.
    pub lowest: String,
    /// Ratio of the pooled rates.
    pub value: Quantity,
    /// Koopman score interval.
    pub koopman: Quantity<Range>,
    /// Katz log interval.
    pub katz: Quantity<Range>,
}

/// Two ranked providers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// Provider with the lower observed rate.
    pub lower_provider: String,
    /// Provider with the higher observed rate.
    pub higher_provider: String,
    /// Higher minus lower rate, in percentage points; Newcombe interval at the
    /// level adjusted for all pairs (Bonferroni).
    pub difference_pp: Estimate,
    /// Whether the adjusted interval excludes zero.
    pub told_apart: bool,
    /// Prompts that both met.
    pub common_prompts: Quantity<usize>,
}

/// Rate against size inside one provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WithinProvider {
    /// Provider.
    pub provider: String,
    /// Models in order of size.
    pub models: Vec<String>,
    /// What the rule says.
    pub pattern: Pattern,
    /// Largest minus smallest model's rate, in percentage points, Newcombe interval.
    pub change_pp: Quantity<Estimate>,
    /// Whether each step has the same direction.
    pub monotone: bool,
    /// Whether the smallest model shows no success at all, so that the rise may
    /// be one of ability and not of safety.
    pub capability_floor: bool,
}

/// The direction of the rate with size inside a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// The largest model's rate is lower, with an interval that excludes zero.
    Falls,
    /// The largest model's rate is higher, with an interval that excludes zero.
    Rises,
    /// The interval includes zero.
    NoDirection,
    /// Fewer than three models in scale, or all of one size.
    TooFewModels,
}

/// The scale analysis with other sizes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SizeSensitivity {
    /// Id of the variant.
    pub id: String,
    /// Models whose size differs from the one used.
    pub changed: Vec<String>,
    /// Models in scale under the variant.
    pub n_models: usize,
    /// Slope per doubling.
    pub slope_per_doubling: Quantity<Estimate>,
    /// Share of variance.
    pub r2: Quantity,
    /// p-value by Student's t.
    pub p: Quantity,
    /// Weighted residuals of the providers in percentage points, in order of name.
    pub residuals_pp: Vec<ProviderResidualPp>,
    /// Ranked providers outside the band.
    pub outside: Vec<String>,
}

/// A provider's residual under a variant.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProviderResidualPp {
    /// Provider.
    pub provider: String,
    /// Weighted residual in percentage points.
    pub residual_pp: Number,
}

/// What the slope test could find at the observed spread.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Power {
    /// Two-sided error of the test.
    pub alpha: Number,
    /// Slope per doubling found in 8 of 10 such studies, in percentage points.
    pub detectable_slope_80_pp: Quantity,
    /// Slope per doubling found in 9 of 10 such studies, in percentage points.
    pub detectable_slope_90_pp: Quantity,
    /// Models needed for stated slopes at 80% power.
    pub models_needed: Vec<ModelsNeeded>,
    /// Power of the provider test at the bias-corrected share (epsilon squared), where positive.
    pub provider_test_power: Quantity,
}

/// Models needed to find a slope.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ModelsNeeded {
    /// Slope per doubling in percentage points.
    pub slope_pp: Number,
    /// Models at 80% power and the observed spread.
    pub n_models: Quantity<usize>,
    /// Power with the present number of models.
    pub power_now: Quantity,
}

/// How far providers met the same prompts.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Overlap {
    /// Prompts of any provider.
    pub prompts: usize,
    /// Prompts that every ranked provider met.
    pub common_to_all_ranked: usize,
    /// Smallest Jaccard index of a pair of ranked providers.
    pub jaccard_lowest: Quantity,
    /// Median Jaccard index of the pairs of ranked providers.
    pub jaccard_median: Quantity,
    /// Largest Jaccard index of a pair of ranked providers.
    pub jaccard_highest: Quantity,
    /// Prompts by provider.
    pub providers: Vec<ProviderPrompts>,
    /// Every pair of ranked providers.
    pub pairs: Vec<PairOverlap>,
}

/// Prompts of one provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProviderPrompts {
    /// Provider.
    pub provider: String,
    /// Different prompts.
    pub prompts: usize,
}

/// Prompts of two providers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PairOverlap {
    /// First provider.
    pub first: String,
    /// Second provider.
    pub second: String,
    /// Prompts that both met.
    pub common: usize,
    /// Common over all prompts of the two.
    pub jaccard: Quantity,
    /// Common over the prompts of the one with fewer.
    pub overlap_coefficient: Quantity,
}

/// Who graded, and how graders agree.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Agreement {
    /// Graders of the evaluable traces, in order of name.
    pub graders: Vec<GraderUse>,
    /// Largest difference between providers in the share of one grader (0 to 1).
    pub largest_share_gap: Quantity<ShareGap>,
    /// Pairs of graders on the same traces.
    pub pairs: Vec<PairAgreement>,
}

/// One grader.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GraderUse {
    /// Grader.
    pub grader: String,
    /// Evaluable traces it graded.
    pub n: u64,
    /// Share of all evaluable traces.
    pub share: Number,
}

/// How unevenly one grader is spread over providers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ShareGap {
    /// Grader.
    pub grader: String,
    /// Ranked provider with the smallest share.
    pub lowest_provider: String,
    /// That share.
    pub lowest: Number,
    /// Ranked provider with the largest share.
    pub highest_provider: String,
    /// That share.
    pub highest: Number,
    /// Chi-squared test of homogeneity over ranked providers and graders: p-value.
    pub p: Quantity,
}

/// Two graders on the same traces.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PairAgreement {
    /// First grader.
    pub first: String,
    /// Second grader.
    pub second: String,
    /// Traces that both found evaluable.
    pub n: u64,
    /// Share of equal states (succeeded or resisted).
    pub agreement: Quantity,
    /// Cohen's kappa.
    pub kappa: Quantity,
    /// Success rate under the first grader on these traces.
    pub rate_first: Quantity,
    /// Success rate under the second grader on these traces.
    pub rate_second: Quantity,
}
