//! Hierarchical binomial model: provider, model, prompt, technique and grader.
//!
//! `logit P(success) = b0 + b1 (log2 size - 5) + u[provider] + v[model] +
//! w[prompt] (+ technique, grader)`, every group of effects normal with its own
//! standard deviation. Fitted to cells, not to traces.
//!
//! [`fit()`] is maximum likelihood by Laplace's method, [`posterior`] the Bayesian
//! analysis. Nothing here reads a
//! name; nothing is printed without the conditions that the method needs.

mod agq;
mod cells;
mod cholesky;
mod design;
mod exponential;
mod fit;
mod laplace;
mod likelihood;
mod minimise;
mod mode;
mod plan;
mod point;
pub mod posterior;
mod quadrature;
pub mod shares;
mod system;
#[cfg(test)]
mod testing;

pub use cells::{Cells, Factor, Role};
pub use fit::{Approximation, CENTRE_LOG2_B, Coefficient, Component, Fit, Terms, fit, ratios};
pub use likelihood::likelihood;
pub use plan::{Plan, plan};
pub use point::{Point, at};
