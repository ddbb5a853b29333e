//! The posterior of the hierarchical binomial model, by the no-U-turn sampler.
//!
//! Priors are stated ([`Priors`]); chains are seeded streams; nothing is
//! reported of chains that have not converged (R-hat below 1.01, bulk and tail
//! effective sample size above 400, no divergence: Vehtari et al. 2021), only
//! the diagnostics and the reason. The random numbers, the density and the
//! vector arithmetic use `libm` and fixed orders of summation. nuts-rs itself
//! takes a few logarithms and exponentials from the platform, so chains are
//! the same bytes for any number of threads and on any processor, but need not
//! be between operating systems.

mod arithmetic;
mod block;
mod chains;
mod convergence;
mod density;
mod draws;
mod kept;
mod prior;

pub use block::{posterior, sensitivity};
pub use chains::Sampling;
pub use convergence::{Diagnostics, diagnose};
pub use kept::{Kept, kept};
pub use prior::Priors;
