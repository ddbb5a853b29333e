//! Exit codes, failures with the code that they lead to, and the way out to the terminal.
//!
//! Everything that is printed passes through here, and nothing passes that
//! could steer a terminal or change the order of reading, wherever it came
//! from: text gets visible escapes, JSON the escapes of JSON.

use std::fmt::{Display, Write as _};
use std::io::{self, Write as _};

use caveat_importer::ImportError;
use caveat_importer::text::is_hidden;
use caveat_plugin::PluginError;
use caveat_store::StoreError;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

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
            | StoreError::Beside { .. }
            | StoreError::NotPrivate { .. }
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

impl From<PluginError> for Failure {
    fn from(error: PluginError) -> Self {
        let code = match &error {
            PluginError::Configuration { .. } | PluginError::Name { .. } => WRONG_USE,
            _ => REFUSED,
        };
        Self::new(code, error)
    }
}

/// Prints a failure to standard error.
pub fn say(failure: &Failure) {
    note(&format!("error: {}", failure.message));
}

/// Prints to standard output. A reader that stopped reading is no error.
pub fn print(text: &str) -> Result<(), Failure> {
    write_out(inert(text).as_bytes())
}

fn write_out(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(
            INPUT_OUTPUT,
            format!("cannot write to standard output: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Prints a value as JSON to standard output.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut text = Vec::new();
    let formatter = InertJson(PrettyFormatter::new());
    value
        .serialize(&mut Serializer::with_formatter(&mut text, formatter))
        .map_err(|error| Failure::new(INPUT_OUTPUT, format!("cannot write JSON: {error}")))?;
    text.push(b'\n');
    write_out(&text)
}

/// A value as one line of JSON, with its end, for a file of lines.
pub fn json_line(value: &impl serde::Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = Vec::new();
    let formatter = InertJson(CompactFormatter);
    value.serialize(&mut Serializer::with_formatter(&mut line, formatter))?;
    line.push(b'\n');
    Ok(line)
}

/// Says something to the user on standard error.
pub fn note(text: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "{}", inert(text));
}

/// Escapes what could steer a terminal; lines and columns of our own stay.
fn inert(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) && !matches!(character, '\n' | '\t') {
            let _ = write!(inert, "\\u{{{:x}}}", u32::from(character));
        } else {
            inert.push(character);
        }
    }
    inert
}

/// JSON with escapes also for the controls and overrides that JSON
/// would let stand. It means the same to every reader of JSON.
struct InertJson<F>(F);

impl<F: Formatter> Formatter for InertJson<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(place) = rest.find(is_hidden) {
            let (before, after) = rest.split_at(place);
            writer.write_all(before.as_bytes())?;
            let mut characters = after.chars();
            if let Some(character) = characters.next() {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde::Serialize as _;

    use super::*;

    #[test]
    fn text_keeps_its_lines_and_loses_its_controls() {
        assert_eq!(inert("a\n\tb 模型"), "a\n\tb 模型");
        assert_eq!(
            inert("\u{1b}[31m\u{9b}\u{202e}\r"),
            "\\u{1b}[31m\\u{9b}\\u{202e}\\u{d}"
        );
    }

    #[test]
    fn json_has_escapes_for_what_json_would_let_stand() {
        let value = serde_json::json!({"a\u{9b}": ["\u{202e}\u{e0001}x\u{7f}", [], {}, 1]});
        let mut text = Vec::new();
        let formatter = InertJson(PrettyFormatter::new());
        value
            .serialize(&mut Serializer::with_formatter(&mut text, formatter))
            .unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(
            !text.contains(|c: char| is_hidden(c) && c != '\n'),
            "{text}"
        );
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, value);
    }
}
