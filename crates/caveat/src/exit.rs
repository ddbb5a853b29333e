//! Exit codes, and failures with the code that they lead to.

use std::fmt::Display;
use std::io::Write as _;

use caveat_importer::ImportError;
use caveat_store::StoreError;

/// Done.
pub const DONE: u8 = 0;
/// The answer is no.
pub const ANSWER_NO: u8 = 1;
/// Wrong use.
pub const WRONG_USE: u8 = 2;
/// Input refused.
pub const REFUSED: u8 = 3;
/// Input/output error.
pub const INPUT_OUTPUT: u8 = 4;
/// Store busy.
pub const BUSY: u8 = 5;

/// A failure with its exit code and its message.
#[derive(Debug)]
pub struct Failure {
    /// Exit code.
    pub code: u8,
    /// What to tell the user; a `hint:` line last.
    pub message: String,
}

impl Failure {
    /// A failure with this code.
    pub fn new(code: u8, message: impl Display) -> Self {
        Self {
            code,
            message: message.to_string(),
        }
    }

    /// The user asked for something that cannot be.
    pub fn wrong_use(message: impl Display) -> Self {
        Self::new(WRONG_USE, message)
    }

    /// A file of the system could not be read or written.
    pub fn io(path: &std::path::Path, cause: &std::io::Error) -> Self {
        let path = caveat_importer::text::printable(&path.display().to_string());
        Self::new(
            INPUT_OUTPUT,
            format!(
                "cannot use `{path}`: {cause}\nhint: check the path, its permissions and the space left"
            ),
        )
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Busy { .. } => BUSY,
            StoreError::NotFound { .. } => WRONG_USE,
            StoreError::Foreign { .. }
            | StoreError::Newer { .. }
            | StoreError::Older { .. }
            | StoreError::Damaged { .. } => REFUSED,
            _ => INPUT_OUTPUT,
        };
        Self::new(code, error)
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        let code = match &error {
            ImportError::Options { .. } => WRONG_USE,
            _ => REFUSED,
        };
        Self::new(code, error)
    }
}

/// Prints a failure to standard error.
pub fn say(failure: &Failure) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "error: {}", failure.message);
}

/// Prints to standard output. A reader that stopped reading is no error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(
            INPUT_OUTPUT,
            format!("cannot write to standard output: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Prints a value as JSON to standard output.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(INPUT_OUTPUT, format!("cannot write JSON: {error}")))?;
    print(&format!("{text}\n"))
}

/// Says something to the user on standard error.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
