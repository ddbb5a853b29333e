//! The conversation with one run of a plugin.
//!
//! Every answer is awaited within a bound, parsed strictly, and checked for
//! its place in the order of the protocol. Whoever calls must end a session
//! with [`Session::finish`] or [`Session::breach`]; dropping it ends the program.

use std::time::Duration;

use caveat_importer::quote::{without_values, word};
use caveat_importer::text::printable;
use serde_json::error::Category;

use crate::fault::{Breach, Fault};
use crate::limits::HostLimits;
use crate::process::Process;
use crate::program::Program;
use crate::protocol::{
    ClaimReply, HostHello, ImportRequest, PluginHello, ProbeRequest, Reply, Request, StatedLimits,
    VERSION,
};

/// A plugin that has been greeted.
pub(crate) struct Session {
    process: Process,
    limits: HostLimits,
}

impl Session {
    /// Starts the program and exchanges greetings.
    pub(crate) fn open(
        program: &Program,
        limits: &HostLimits,
        max_name_chars: usize,
        source_bytes: u64,
    ) -> Result<(Self, PluginHello), Breach> {
        let process = Process::start(program, limits, source_bytes)?;
        let mut session = Self {
            process,
            limits: *limits,
        };
        session.say(&Request::Hello(HostHello {
            protocol: VERSION,
            limits: StatedLimits {
                max_line_bytes: limits.line_bytes,
                max_name_chars,
                max_records: limits.records,
                silence_ms: u64::try_from(limits.silence.as_millis()).unwrap_or(u64::MAX),
            },
        }));
        match session.greeting() {
            Ok(hello) => Ok((session, hello)),
            Err(fault) => Err(session.breach(fault)),
        }
    }

    fn greeting(&mut self) -> Result<PluginHello, Fault> {
        let (line, reply) = self.reply(self.limits.answer, "its greeting (`hello`)")?;
        let Reply::Hello(hello) = reply else {
            return Err(unexpected(line, &reply, "its greeting (`hello`)"));
        };
        self.process.progressed();
        if hello.protocol != VERSION {
            return Err(Fault::Version {
                found: hello.protocol,
            });
        }
        match greeting_problem(&hello) {
            Some(problem) => Err(Fault::Greeting { problem }),
            None => Ok(hello),
        }
    }

    /// Asks whether a file is of the plugin's format.
    pub(crate) fn probe(&mut self, request: ProbeRequest) -> Result<ClaimReply, Fault> {
        const AWAITED: &str = "the answer to `probe` (`claim`)";
        self.say(&Request::Probe(request));
        let (line, reply) = self.reply(self.limits.answer, AWAITED)?;
        match reply {
            Reply::Claim(claim) => match claim_problem(&claim) {
                Some(problem) => Err(Fault::Content { line, problem }),
                None => Ok(claim),
            },
            reply => Err(unexpected(line, &reply, AWAITED)),
        }
    }

    /// Asks for everything in a file; [`Session::next`] has it.
    pub(crate) fn ask_for(&self, request: ImportRequest) {
        self.say(&Request::Import(request));
    }

    /// The next line of an import, with its number.
    pub(crate) fn next(&mut self) -> Result<(u64, Reply), Fault> {
        const AWAITED: &str = "a record or the account";
        let (line, reply) = self.reply(self.limits.silence, AWAITED)?;
        match reply {
            Reply::Hello(_) | Reply::Claim(_) => Err(unexpected(line, &reply, AWAITED)),
            reply => Ok((line, reply)),
        }
    }

    /// Notes a sign of progress.
    pub(crate) fn progressed(&mut self) {
        self.process.progressed();
    }

    /// Ends the session: nothing more may come, and the program must end well.
    pub(crate) fn finish(mut self) -> Result<(), Breach> {
        match self.process.finish() {
            Ok(()) => Ok(()),
            Err(fault) => Err(self.breach(fault)),
        }
    }

    /// Ends the program for a fault.
    pub(crate) fn breach(mut self, fault: Fault) -> Breach {
        self.process.breach(fault)
    }

    fn say(&self, request: &Request) {
        // These types have no map with keys that are no strings, and cannot fail.
        if let Ok(line) = serde_json::to_vec(request) {
            self.process.say(line);
        }
    }

    fn reply(&mut self, silence: Duration, awaited: &'static str) -> Result<(u64, Reply), Fault> {
        let (line, bytes) = self.process.line(silence, awaited)?;
        match parse(bytes) {
            Ok(reply) => Ok((line, reply)),
            Err(problem) => Err(Fault::NotAMessage { line, problem }),
        }
    }
}

/// Strict where the readers of corpora are lenient: a plugin can be mended.
fn parse(bytes: &[u8]) -> Result<Reply, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("invalid UTF-8 at byte {} of the line", error.valid_up_to()))?;
    // What stands for a structure as a list would pass otherwise.
    if text.trim_start().starts_with('[') {
        return Err("an array, and an object was expected".to_owned());
    }
    serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Data => printable(&without_values(&without_place(&error.to_string()))),
        // The line may hold a reply of the source.
        _ => format!(
            "not JSON ({}): {}",
            printable(&without_place(&error.to_string())),
            word(text)
        ),
    })
}

/// A message without "at line 1 column 9", which is said in our own words.
fn without_place(message: &str) -> String {
    match message.rfind(" at line ") {
        Some(end) => message.get(..end).unwrap_or(message).to_owned(),
        None => message.to_owned(),
    }
}

fn unexpected(line: u64, reply: &Reply, awaited: &'static str) -> Fault {
    Fault::Unexpected {
        line,
        found: reply.name(),
        awaited,
    }
}

/// Longest name of a format: it stands in tables and on command lines.
const MAX_FORMAT_NAME_CHARS: usize = 40;

/// Longest title, version or page in a greeting.
const MAX_TITLE_CHARS: usize = 200;

/// Most versions of a format, or options, that a plugin lists.
const MAX_LISTED: usize = 50;

/// Whether a text can be the name of a format.
pub(crate) fn is_format_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=MAX_FORMAT_NAME_CHARS).contains(&name.len())
        && name.chars().all(fits)
        && name.starts_with(|c: char| c.is_ascii_lowercase())
}

fn greeting_problem(hello: &PluginHello) -> Option<String> {
    if !is_format_name(&hello.name) {
        return Some(format!(
            "`{}` is no name of a format (lower-case letters, digits and hyphens, at most {MAX_FORMAT_NAME_CHARS})",
            printable(&hello.name)
        ));
    }
    let listed = [
        ("versions of the format", hello.format_versions.len()),
        ("options", hello.options.len()),
    ];
    if let Some((what, _)) = listed.into_iter().find(|(_, n)| *n > MAX_LISTED) {
        return Some(format!("more than {MAX_LISTED} {what}"));
    }
    let texts = [("title", &hello.title), ("version", &hello.version)];
    let versions = hello.format_versions.iter().map(|v| ("format version", v));
    let options = hello.options.iter().flat_map(|option| {
        [
            ("option", &option.name),
            ("option's meaning", &option.meaning),
        ]
    });
    let page = hello.page.iter().map(|page| ("page", page));
    texts
        .into_iter()
        .chain(versions)
        .chain(options)
        .chain(page)
        .find_map(|(what, text)| {
            if text.trim().is_empty() {
                return Some(format!("its {what} is empty"));
            }
            if text.chars().count() > MAX_TITLE_CHARS {
                return Some(format!(
                    "its {what} has more than {MAX_TITLE_CHARS} characters"
                ));
            }
            let hidden = text.chars().any(caveat_importer::text::is_hidden);
            hidden.then(|| format!("its {what} has hidden characters: `{}`", printable(text)))
        })
}

fn claim_problem(claim: &ClaimReply) -> Option<String> {
    use crate::protocol::Answer;

    let stated = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    let confident = claim.confidence.is_some_and(|c| (1..=100).contains(&c));
    match claim.claim {
        Answer::Yes if !confident => Some("`yes` needs a `confidence` from 1 to 100".to_owned()),
        Answer::Yes | Answer::Almost if !stated(&claim.reason) => {
            Some("`yes` and `almost` need a `reason`".to_owned())
        }
        Answer::Almost if !stated(&claim.hint) => Some("`almost` needs a `hint`".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_line_that_is_no_message_says_why() {
        let cases: [(&[u8], &str); 11] = [
            (b"hello", "not JSON (expected value): `hello`"),
            (
                b"Loading the reply",
                "not JSON (expected value): a text of 17 characters",
            ),
            (
                b"{\"type\":\"trace\",\"response_text\":\"SECRET",
                "not JSON (EOF while parsing a string): a text of 39 characters",
            ),
            (b"", "not JSON (EOF while parsing a value): ``"),
            (b"[1]", "an array, and an object was expected"),
            (b"{\"type\":\"shout\"}", "unknown variant `shout`"),
            (
                b"{\"type\":\"progress\",\"bytes_read\":1,\"x\":1}",
                "unknown field `x`",
            ),
            (
                b"{\"type\":\"progress\",\"bytes_read\":-1}",
                "invalid value: integer `-1`",
            ),
            (
                b"{\"type\":\"progress\",\"bytes_read\":1,\"bytes_read\":2}",
                "duplicate field `bytes_read`",
            ),
            (b"{\"type\":\"progress\"}", "missing field `bytes_read`"),
            (
                b"{\"type\":\"\xff\"}",
                "invalid UTF-8 at byte 9 of the line",
            ),
        ];
        for (line, expected) in cases {
            let problem = parse(line).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
            assert!(!problem.contains("at line"), "{problem}");
            assert!(!problem.contains("SECRET"), "{problem}");
        }
        let deep = "{\"x\":".repeat(1_000_000);
        assert!(
            parse(deep.as_bytes())
                .unwrap_err()
                .contains("recursion limit")
        );
    }

    #[test]
    fn names_of_formats_are_plain_words() {
        for name in ["a", "redlog", "eval-2"] {
            assert!(is_format_name(name), "{name}");
        }
        for name in ["", "-a", "2a", "A", "a b", "a\u{1b}", "ä", &"a".repeat(41)] {
            assert!(!is_format_name(name), "{name}");
        }
    }
}
