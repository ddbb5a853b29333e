//! Importers that are programs of their own.
//!
//! A plugin reads one corpus format and speaks the [`protocol`] over its
//! standard streams. The host starts it as [`Program`] says, bounds it by
//! [`HostLimits`], believes nothing that it says without a check, and is an
//! [`Importer`](caveat_importer::Importer) to the rest of caveat: a [`Plugin`].
//! [`config`] reads which plugins there are; [`check`] is the conformance kit.
//!
//! This crate knows no format, no store and no statistics. It is no sandbox: a
//! plugin runs with the rights of the user who configured it, by path and
//! digest. The limits are against faults and false accounts.

mod account;
pub mod check;
pub mod config;
mod fault;
mod limits;
mod lines;
mod plugin;
mod process;
mod program;
pub mod protocol;
mod session;
mod shown;
mod survivors;
mod validate;

pub use config::{Configuration, PluginError, find_program};
pub use fault::{Breach, Fault};
pub use limits::HostLimits;
pub use plugin::Plugin;
pub use program::{Pinned, Program};
