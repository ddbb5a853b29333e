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

pub mod oneway;
pub mod permutation;
pub mod stream;

pub mod correlation;
pub mod influence;
pub mod regression;
pub mod residuals;

pub mod agreement;
pub mod headline;
pub mod hierarchical;
pub mod homogeneity;
pub mod power;
pub mod ranks;

mod law;
mod layout;
mod relabel;

mod decomposition;
mod detectable;
mod extremes;
mod graders;
mod overlap;
mod providers;
mod rankings;
mod scale;
mod sensitivity;
mod within;

pub mod analyse;

pub use analyse::{Summary, analyse, summarise};
pub use quantity::{Number, Quantity};
pub use reason::NotEstimable;
pub use result::Analysis;
pub use sample::{GraderPair, Parameters, Sample, SampleModel, SizeVariant};
