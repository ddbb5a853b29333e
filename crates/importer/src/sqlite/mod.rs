//! Shared reading of SQLite files that are not trusted.
//!
//! [`open`] and [`open_with_wal`] give a connection that cannot write, runs no
//! view and no trigger, and calls nothing that a file's author could choose.
//! [`tables`] says what the file really holds, so that a view under a table's
//! name is told apart from the table; [`Budget`] ends what a damaged or crafted
//! file would yield for ever.
//!
//! Knows no format, and writes nothing beside the source.

mod budget;
mod fault;
mod open;
mod tables;
pub mod value;
mod wal;

pub use budget::Budget;
pub use fault::SqliteFault;
pub use open::{Database, MAGIC, open};
pub use tables::{Column, Form, Tables, tables};
pub use wal::{MAX_COPY_BYTES, open_with_wal, wal_beside};
