//! Estimators and inference on evidence.
//!
//! [`analyse::analyse`] turns a [`sample::Sample`] into a [`result::Analysis`];
//! the other modules hold one method each. Pure and seeded: no file, no clock,
//! the same bytes for any number of threads. Names are labels and never looked
//! at. What cannot be estimated is a [`reason::NotEstimable`], never NaN or 0.

pub mod quantity;
pub mod reason;
pub mod result;
pub mod sample;

pub mod root;
pub mod special;
pub mod sums;

pub mod difference;
pub mod estimate;
pub mod proportion;
pub mod risk_ratio;

pub mod bootstrap;
pub mod monte_carlo;
pub mod multiplicity;
pub mod oneway;
pub mod permutation;
pub mod sign_flips;
pub mod stream;
pub mod variates;

pub mod ancova;
pub mod labels;
pub mod together;
pub mod trace_level;
pub mod traces;

pub mod effect_sizes;
pub mod heterogeneity;
pub mod noise;
pub mod random_intercept;
pub mod robust_oneway;
pub mod signal;
pub mod three_level;

mod cholesky;
mod dealt;
mod gls;
mod maximum;

pub mod correlation;
pub mod influence;
pub mod regression;
pub mod residuals;

pub mod cells;
pub mod clustering;
pub mod clusters;
pub mod common_prompts;
pub mod paired;
pub mod same_prompts;
pub mod standardised;
pub mod stratified;

pub mod agreement;
pub mod confusion;
pub mod misclassified;
pub mod propagation;
pub mod raters;
pub mod tipping;
pub mod weighted_kappa;

pub mod dated;
pub mod over_time;

pub mod multiverse;
pub mod specification;
mod specification_levels;

mod axis_moves;

pub mod headline;
pub mod hierarchical;
pub mod homogeneity;
pub mod next_round;
pub mod power;
pub mod provider_design;
pub mod rank_confidence;
pub mod rank_estimates;
pub mod ranks;
pub mod tell_apart;

mod law;
mod layout;
mod relabel;

mod decomposition;
mod detectable;
mod extremes;
mod graders;
mod overlap;
mod pair_on_prompts;
mod providers;
mod rankings;
mod scale;
mod sensitivity;
mod within;

mod blocks;
mod choices;
mod declared;
mod errors_of_graders;
mod mixed;
mod planning;

pub mod analyse;
pub mod detail;

pub use analyse::{Summary, analyse, summarise};
pub use mixed::add_posterior;
pub use quantity::{Number, Quantity};
pub use reason::NotEstimable;
pub use result::Analysis;
pub use sample::{
    Choices, GraderPair, Parameters, Sample, SampleModel, SizeVariant, StatedAccuracy,
};
