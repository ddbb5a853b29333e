//! The records that every step of caveat shares.
//!
//! [`trace`] holds what importers emit, [`verdict`] the ten verdicts and the
//! three states, [`rule`] which grade of a trace counts, [`evidence`] the counts
//! that leave the store, [`register`] what is known about models, makers and
//! graders, and [`text`] which characters of a text are hidden from readers.
//!
//! This crate knows no files, no SQL and no statistics.

pub mod digest;
pub mod evidence;
pub mod register;
pub mod rule;
pub mod text;
pub mod trace;
pub mod verdict;

pub use digest::Digest;
pub use evidence::{
    CellEvidence, Evidence, GraderConfusion, ModelEvidence, PromptCount, RejectReason,
    SourceEvidence, VerdictPair,
};
pub use rule::{Chosen, GradeView, VerdictRule};
pub use trace::{Cell, Grade, GraderKind, Location, ModelName, Outcome, PromptKey, Record, Trace};
pub use verdict::{State, SuccessDefinition, Verdict, VerdictCounts};
