//! What a plugin can do wrong, in words, each with what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use caveat_corpus::Digest;
use caveat_importer::text::printable;

use crate::protocol::VERSION;
use crate::shown::{error_lines, seconds};

/// One thing that the host does not let pass.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// A file of the plugin cannot be read.
    Unreadable {
        /// File.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// A file of the plugin is not the one that was configured.
    Digest {
        /// File.
        path: PathBuf,
        /// Digest in the configuration.
        expected: Digest,
        /// Digest of the file.
        found: Digest,
    },
    /// The program cannot be started.
    Start {
        /// Program.
        program: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It speaks another version of the protocol.
    Version {
        /// Version that it speaks.
        found: u32,
    },
    /// Its greeting is not usable.
    Greeting {
        /// What is wrong.
        problem: String,
    },
    /// No sign of progress.
    Silent {
        /// How long the host waited.
        after: Duration,
        /// What for.
        awaited: &'static str,
    },
    /// The import takes too long.
    Slow {
        /// How long the host waited in all.
        after: Duration,
    },
    /// A line is too long.
    LongLine {
        /// The bound in bytes.
        limit: u64,
    },
    /// Too much on standard output.
    Output {
        /// The bound in bytes.
        limit: u64,
    },
    /// Too much on standard error.
    ErrorOutput {
        /// The bound in bytes.
        limit: u64,
    },
    /// Too many records.
    Records {
        /// The bound.
        limit: u64,
    },
    /// A line is no message of the protocol.
    NotAMessage {
        /// Line of its output, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// A message that has no place here.
    Unexpected {
        /// Line of its output, from 1.
        line: u64,
        /// Message.
        found: &'static str,
        /// What was awaited.
        awaited: &'static str,
    },
    /// A message whose content cannot be.
    Content {
        /// Line of its output, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// The same record a second time.
    Duplicate {
        /// Line of its output, from 1.
        line: u64,
        /// Place in the source.
        place: String,
    },
    /// The account does not agree with what was seen.
    Account {
        /// What was counted.
        what: &'static str,
        /// Number in the account.
        stated: u64,
        /// Number that the host counted.
        seen: u64,
    },
    /// Output after the end of the answer.
    AfterTheEnd,
    /// Output ended too early.
    Died {
        /// What was awaited.
        awaited: &'static str,
        /// How the program ended.
        how: String,
        /// Whether it ended inside a line.
        within_line: bool,
    },
    /// The answer was whole, but the program failed.
    Failed {
        /// How the program ended.
        how: String,
    },
    /// The program does not end.
    DoesNotEnd {
        /// How long the host waited.
        after: Duration,
    },
    /// The program ended, but what it started runs on.
    Survivors {
        /// Processes.
        count: usize,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |path: &PathBuf| printable(&path.display().to_string());
        match self {
            Fault::Unreadable { path, cause } => {
                write!(f, "`{}` cannot be read: {}", shown(path), printable(cause))
            }
            Fault::Digest {
                path,
                expected,
                found,
            } => write!(
                f,
                "`{}` has the digest {found}, and {expected} was expected",
                shown(path)
            ),
            Fault::Start { program, cause } => {
                write!(f, "`{}` cannot be started: {cause}", shown(program))
            }
            Fault::Version { found } => write!(
                f,
                "it speaks version {found} of the protocol, and this caveat version {VERSION}"
            ),
            Fault::Greeting { problem } => write!(f, "its greeting cannot be used: {problem}"),
            Fault::Silent { after, awaited } => write!(
                f,
                "it made no progress for {}; {awaited} was awaited",
                seconds(*after)
            ),
            Fault::Slow { after } => write!(f, "it took longer than {}", seconds(*after)),
            Fault::LongLine { limit } => write!(f, "it wrote a line of more than {limit} bytes"),
            Fault::Output { limit } => write!(
                f,
                "it wrote more than {limit} bytes, too much for a source of this size"
            ),
            Fault::ErrorOutput { limit } => {
                write!(f, "it wrote more than {limit} bytes to standard error")
            }
            Fault::Records { limit } => write!(f, "it wrote more than {limit} records"),
            Fault::NotAMessage { line, problem } => write!(
                f,
                "line {line} of its output is no message of the protocol: {problem}"
            ),
            Fault::Unexpected {
                line,
                found,
                awaited,
            } => write!(
                f,
                "line {line} of its output is `{found}`, and {awaited} was awaited"
            ),
            Fault::Content { line, problem } => {
                write!(f, "line {line} of its output cannot be: {problem}")
            }
            Fault::Duplicate { line, place } => {
                write!(f, "line {line} of its output repeats the record at {place}")
            }
            Fault::Account { what, stated, seen } => {
                write!(f, "its account says {stated} {what}, and {seen} were seen")
            }
            Fault::AfterTheEnd => f.write_str("it wrote on after the end of its answer"),
            Fault::Died {
                awaited,
                how,
                within_line,
            } => {
                let place = if *within_line {
                    "in the middle of a line"
                } else {
                    "too early"
                };
                write!(f, "it ended {place} ({how}); {awaited} was awaited")
            }
            Fault::Failed { how } => write!(f, "it answered, and then ended with a fault ({how})"),
            Fault::DoesNotEnd { after } => write!(
                f,
                "it answered, but runs on {} after its standard input ended",
                seconds(*after)
            ),
            Fault::Survivors { count: 1 } => f.write_str("it left a process running"),
            Fault::Survivors { count } => write!(f, "it left {count} processes running"),
        }
    }
}

impl Fault {
    /// What to do, for whoever configured or wrote the plugin.
    pub fn hint(&self) -> &'static str {
        match self {
            Fault::Unreadable { .. } => {
                "check the path in plugins.toml, and that the file may be read"
            }
            Fault::Digest { .. } => {
                "look at what changed; if the new file is wanted, put its digest into plugins.toml"
            }
            Fault::Start { .. } => {
                "check that the file may be executed, or name its interpreter in plugins.toml"
            }
            Fault::Version { .. } => "use a version of the plugin that fits this version of caveat",
            Fault::Silent { .. } => {
                "if the format needs longer, write `progress` messages, or raise `silence_seconds` \
                 in plugins.toml"
            }
            Fault::Slow { .. } => {
                "if the source needs longer, raise `total_seconds` in plugins.toml"
            }
            Fault::LongLine { .. } => {
                "a record of this size should be a reject; or raise `line_mib`"
            }
            Fault::Output { .. } => {
                "a plugin writes each record of its source once; if this is so, raise `output_mib`"
            }
            Fault::ErrorOutput { .. } => "write less to standard error, or raise `error_mib`",
            Fault::Records { .. } => "split the source, or raise `records` in plugins.toml",
            Fault::Account { .. } | Fault::Duplicate { .. } => {
                "nothing of the source was imported; each record must be written and counted \
                 exactly once"
            }
            Fault::Died { .. } | Fault::Failed { .. } => {
                "its standard error may say why; if memory ran out, raise `memory_mib` in \
                 plugins.toml"
            }
            Fault::DoesNotEnd { .. } | Fault::Survivors { .. } => {
                "a plugin ends, with all that it started, when its standard input ends"
            }
            Fault::Greeting { .. }
            | Fault::NotAMessage { .. }
            | Fault::Unexpected { .. }
            | Fault::Content { .. }
            | Fault::AfterTheEnd => {
                "docs/plugins.md and `caveat schema plugin` have the protocol; `caveat \
                 plugin-check` tries a plugin"
            }
        }
    }
}

/// A fault with the end of what the plugin wrote to standard error.
#[derive(Debug)]
pub struct Breach {
    /// The fault.
    pub fault: Fault,
    /// Last lines of standard error, escaped.
    pub errors: Vec<String>,
}

impl Breach {
    /// A fault of a plugin that wrote this to standard error.
    pub(crate) fn new(fault: Fault, errors: &[u8]) -> Self {
        Self {
            fault,
            errors: error_lines(errors),
        }
    }

    /// What to do.
    pub fn hint(&self) -> &'static str {
        self.fault.hint()
    }
}

impl From<Fault> for Breach {
    fn from(fault: Fault) -> Self {
        Self::new(fault, &[])
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        for line in &self.errors {
            write!(f, "\n  standard error: {line}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Breach {}
