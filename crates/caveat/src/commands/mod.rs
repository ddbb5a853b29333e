//! One file per command.

pub mod analyse;
pub mod audit;
pub mod brief;
pub mod completions;
pub mod diff;
pub mod explain;
pub mod export;
pub mod import;
pub mod importers;
pub mod models;
pub mod plugin_check;
pub mod report;
pub mod schema;
pub mod sign;
pub mod status;
pub mod summary;
pub mod verify;
