//! Estimators and inference on evidence.
//!
//! [`analyse::analyse`] turns a [`sample::Sample`] into a [`result::Analysis`];
//! the other modules hold one method each. Pure and seeded: no file, no clock,
//! the same bytes for any number of threads. Names are labels and never looked
//! at. What cannot be estimated is a [`reason::NotEstimable`], never NaN or 0.

pub mod reason;
pub mod quantity;
pub mod result;
pub mod sample;
pub mod sums;
pub mod root;
pub mod special;
pub mod proportion;
pub mod difference;
pub mod risk_ratio;
pub mod oneway;
pub mod permutation;
pub mod correlation;
pub mod regression;
pub mod influence;
pub mod residuals;
pub mod ranks;
pub mod power;
pub mod headline;
pub mod agreement;
