//! The `caveat` program.
//!
//! Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 input refused, 4
//! input/output error, 5 store busy, 130 interrupted (by the system).

use std::process::ExitCode;

/// Records are made by one thread and let go by another. The allocator of the
/// system lets the two wait for each other: with this one, imports from garak
/// and promptfoo take a seventh less processor time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(caveat::main())
}
