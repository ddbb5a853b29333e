//! How far graders agree, what their errors do to the figures, and how large an
//! error would have to be to change the order.
//!
//! Nothing here says which grader is right unless a labelled sample was given.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Estimate, Range};
use crate::quantity::{Number, Quantity};

/// What is known of the errors of graders, and what follows from them.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GraderErrors {
    /// How often the graders in use are right, as far as it is known.
    pub accuracies: Vec<AccuracyResult>,
    /// Pairs of graders on the traces that both found evaluable.
    pub confusions: Vec<Confusion>,
    /// Rates put right; absent unless the errors of every grader in use are known.
    pub corrected: Quantity<CorrectedRates>,
    /// What error would change the order of two ranked providers.
    pub tipping_points: Quantity<Vec<TippingPoint>>,
}

/// How often one grader is right.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AccuracyResult {
    /// The grader.
    pub grader: String,
    /// Where this is known from.
    pub known_from: AccuracyOf,
    /// Share of true successes that it calls so.
    pub sensitivity: Number,
    /// Labelled successes behind that share.
    pub labelled_successes: Quantity,
    /// Share of true failures that it calls so.
    pub specificity: Number,
    /// Labelled failures behind that share.
    pub labelled_failures: Quantity,
}

/// Where a grader's accuracy is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccuracyOf {
    /// The report states it.
    Stated,
    /// Traces that a reference grader judged as well.
    DoubleGrading,
}

/// Two graders on the same traces, verdict by verdict.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Confusion {
    /// First grader, by row.
    pub first: String,
    /// Second grader, by column.
    pub second: String,
    /// Verdicts in the order of rows and columns.
    pub categories: Vec<String>,
    /// Traces by verdict of the first and of the second grader.
    pub table: Vec<Vec<u64>>,
    /// Traces that both graded.
    pub n: u64,
    /// Share of each verdict, averaged over the two; kappa depends on it.
    pub prevalence: Vec<Number>,
    /// Share of equal verdicts, Wilson's interval.
    pub agreement: Quantity<Estimate>,
    /// Agreement on each verdict, `2 n_ii/(row + column)`.
    pub agreement_by_category: Vec<Quantity>,
    /// Cohen's kappa.
    pub kappa: Quantity<Estimate>,
    /// Kappa with linear weights; only for verdicts in order.
    pub kappa_linear: Quantity<Estimate>,
    /// Kappa with quadratic weights; only for verdicts in order.
    pub kappa_quadratic: Quantity<Estimate>,
    /// Gwet's AC1.
    pub ac1: Quantity,
    /// Kappa adjusted for prevalence and bias.
    pub pabak: Quantity,
    /// Krippendorff's alpha, nominal.
    pub alpha_nominal: Quantity,
    /// Krippendorff's alpha, ordinal; only for verdicts in order.
    pub alpha_ordinal: Quantity,
    /// Share of successes under the first less that under the second, in percentage
    /// points, Newcombe's interval for pairs.
    pub rate_difference_pp: Quantity<Estimate>,
    /// McNemar's mid-p for that difference.
    pub rate_difference_p: Quantity,
}

/// Rates, the ratio of extremes and the provider's share, put right for graders
/// that err.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CorrectedRates {
    /// Simulated graders behind every interval.
    pub draws: u32,
    /// Share of them that told nothing (`Se + Sp <= 1`) and were left out.
    pub uninformative_share: Number,
    /// Models.
    pub models: Vec<CorrectedRate>,
    /// Providers, over the traces of all their models.
    pub providers: Vec<CorrectedRate>,
    /// Highest over lowest provider, of those ranked, by observed pooled rate.
    pub ratio: Quantity<CorrectedRatio>,
    /// Share of the variance between models that goes with the provider.
    pub eta2: Quantity<CorrectedShare>,
    /// Share of draws in which the ranked providers keep their observed order; errors
    /// of graders alone, without the chance of which traces were drawn.
    pub order_kept_share: Number,
}

/// One corrected rate.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CorrectedRate {
    /// Model or provider.
    pub name: String,
    /// Observed rate.
    pub observed: Number,
    /// Corrected rate before it is cut off at 0 and 1.
    pub raw: Number,
    /// Corrected rate.
    pub corrected: Number,
    /// Whether it was cut off.
    pub clipped: bool,
    /// Simulated interval: graders' errors and the chance of which traces were drawn.
    pub interval: Range,
    /// Lang and Reiczigel's interval, where one grader graded everything.
    pub lang_reiczigel: Quantity<Range>,
}

/// The ratio of two providers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CorrectedRatio {
    /// Provider with the highest observed pooled rate.
    pub highest: String,
    /// Provider with the lowest.
    pub lowest: String,
    /// Ratio of the observed rates.
    pub observed: Quantity,
    /// Ratio of the corrected rates.
    pub corrected: Quantity,
    /// Simulated interval; infinite where the lowest rate can be zero.
    pub interval: Quantity<Range>,
}

/// The provider's share of the variance between models.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CorrectedShare {
    /// Of the observed rates.
    pub observed: Number,
    /// Of the corrected rates.
    pub corrected: Quantity,
    /// What the graders' errors alone leave open; no sampling error of models or traces.
    pub interval: Quantity<Range>,
}

/// How wrong the grader would have to be to change the order of two providers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TippingPoint {
    /// Provider with the lower rate, corrected where accuracy is stated.
    pub lower: String,
    /// Provider with the higher rate.
    pub higher: String,
    /// Rate of the lower one.
    pub rate_lower: Number,
    /// Rate of the higher one.
    pub rate_higher: Number,
    /// Share of true failures of the higher provider that the grader would have to
    /// call successes, at its other errors as stated, for the two to be equal.
    pub false_alarm_rate_higher: Quantity,
    /// The same share as stated or assumed.
    pub false_alarm_rate_assumed: Number,
    /// Share of true successes of the lower provider that the grader would have to
    /// miss for the two to be equal.
    pub miss_rate_lower: Quantity,
    /// The same share as stated or assumed.
    pub miss_rate_assumed: Number,
    /// Whether the labelled sample is compatible with one of the two (95% limits of
    /// specificity or sensitivity, Wilson); absent without such a sample.
    pub within_labelled_error: Quantity<bool>,
    /// Successes of the higher provider that would have to be false for the observed
    /// rates to be equal or in the other order.
    pub successes_to_reverse: u64,
    /// Failures of the lower provider that would have to be successes.
    pub failures_to_reverse: u64,
    /// Whether the adjusted interval of the observed difference lies above zero.
    pub told_apart: bool,
    /// Successes of the higher provider that would have to be false for that interval
    /// to include zero; 0 where it does already.
    pub successes_to_lose: u64,
}
