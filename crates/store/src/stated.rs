//! What the sources of one call state of traces that were graded more than once.
//!
//! A regrade adds a grade, and the latest grade of a grader counts. A source that
//! returns to a grade which another replaced adds nothing new, and yet it is the
//! latest word. So the last word of a call is kept in mind for each grader of each
//! such trace, and added once more where it is not the latest grade.
//!
//! Among the sources of a call the one that came to the store last has the last
//! word, and not the one whose path sorts last: a folder that is imported again,
//! moved or with other names, says what it said. Memory follows the traces that
//! were graded more than once, some hundred bytes each.

use std::collections::BTreeMap;

use caveat_corpus::Digest;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::account::Held;
use crate::error::Fault;
use crate::write::{GradeRow, MAX_GRADES, Writer, last_of};

/// Whether a source says something now, or has said it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    /// The path is new, or held something else, or was read otherwise, the last time.
    Anew,
    /// The path held these very bytes, read in the same way, when it was imported last.
    Repeated,
    /// It held that many of them, those at the start, read in the same way.
    Grown(u64),
}

impl Statement {
    /// Whether a record that begins at this byte of the source says something anew.
    pub(crate) fn is_new(self, byte: Option<u64>) -> bool {
        match self {
            Statement::Anew => true,
            Statement::Repeated => false,
            Statement::Grown(held) => byte.is_none_or(|byte| byte >= held),
        }
    }
}

/// The last words of a call so far.
#[derive(Debug, Default)]
pub(crate) struct Stated {
    grades: BTreeMap<i64, Vec<(GradeRow, i64)>>,
    contents: Vec<Content>,
}

/// What a path holds, and how it is read.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) path: String,
    pub(crate) format: String,
    pub(crate) source: i64,
    pub(crate) options: Digest,
    pub(crate) bytes: u64,
    pub(crate) held: u64,
}

impl Stated {
    /// Keeps what a source says last of one grader of a trace.
    pub(crate) fn say(&mut self, trace: i64, grade: GradeRow, source: i64) {
        let grades = self.grades.entry(trace).or_default();
        match grades
            .iter()
            .position(|(known, _)| known.grader == grade.grader)
        {
            Some(at) if grades.get(at).is_some_and(|(_, by)| *by > source) => return,
            Some(at) => drop(grades.remove(at)),
            None => {}
        }
        grades.push((grade, source));
    }

    /// Keeps that a source stands under a path.
    pub(crate) fn stands(&mut self, content: Content) {
        self.contents.push(content);
    }

    /// Takes over what a source that is committed has said.
    pub(crate) fn extend(&mut self, other: Stated) {
        for (trace, grades) in other.grades {
            for (grade, source) in grades {
                self.say(trace, grade, source);
            }
        }
        self.contents.extend(other.contents);
    }

    /// Writes the last words, and says for each source how many grades it adds.
    pub(crate) fn settle(self, connection: &Connection) -> Result<BTreeMap<i64, u64>, Fault> {
        let mut added: BTreeMap<i64, u64> = BTreeMap::new();
        let mut writer = Writer::new(connection, 0, Statement::Repeated)?;
        for (trace, said) in self.grades {
            let held = writer.grades_of(trace)?;
            let mut again = Vec::new();
            for (grade, source) in said {
                // Several sources may each leave room for their own; beyond the
                // bound of a trace the grades stand as they are.
                let room = held.len() + again.len() < MAX_GRADES;
                if room && last_of(&held, grade.grader) != Some(&grade) {
                    *added.entry(source).or_default() += 1;
                    again.push(grade);
                }
            }
            writer.append(trace, held.len(), &again)?;
        }
        let mut keep =
            connection.prepare("INSERT OR REPLACE INTO contents VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for content in self.contents {
            keep.execute(params![
                content.path,
                content.format,
                content.source,
                content.options.as_bytes(),
                i64::try_from(content.bytes).ok(),
            ])?;
        }
        Ok(added)
    }
}

/// Whether a source says anew what it says, by what its path held before.
pub(crate) fn statement(connection: &Connection, content: &Content) -> Result<Statement, Fault> {
    let last: Option<(i64, Option<[u8; 32]>, Option<i64>)> = connection
        .query_row(
            "SELECT source, options, bytes FROM contents WHERE path = ?1 AND format = ?2",
            params![content.path, content.format],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((source, options, bytes)) = last else {
        return Ok(Statement::Anew);
    };
    let held = bytes.and_then(|bytes| u64::try_from(bytes).ok());
    Ok(match options {
        Some(options) if options != *content.options.as_bytes() => Statement::Anew,
        _ if source == content.source => Statement::Repeated,
        _ if content.held > 0 && held == Some(content.held) => Statement::Grown(content.held),
        _ => Statement::Anew,
    })
}

/// What a path held when it was imported last, if its size is known.
pub(crate) fn held(
    connection: &Connection,
    path: &str,
    format: &str,
) -> Result<Option<Held>, Fault> {
    let held: Option<(i64, [u8; 32])> = connection
        .query_row(
            "SELECT c.bytes, s.digest FROM contents c JOIN sources s ON s.id = c.source
               WHERE c.path = ?1 AND c.format = ?2 AND c.bytes IS NOT NULL",
            params![path, format],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    Ok(held.and_then(|(bytes, digest)| {
        Some(Held {
            bytes: u64::try_from(bytes).ok()?,
            digest: Digest::from_bytes(digest),
        })
    }))
}
