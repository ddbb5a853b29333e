//! Which of several alike records a record is.
//!
//! Records without an id of their own that are alike in key and reply are told
//! apart by an ordinal. A source that holds them again may hold some of them, or
//! in another order: a record is that stored one which has its grades, and only
//! one that has no equal is the first that is left, with another grade. Records
//! are taken as they come, so where a record without an equal stands before one
//! that has one, and both have a single stored record, it takes that.

use std::collections::{BTreeSet, HashMap, VecDeque};

use caveat_corpus::{Digest, Grade, Trace};

use crate::error::Fault;
use crate::import::head;
use crate::write::{GradeRow, Writer};

/// Counts otherwise equal records of one source.
///
/// Kept by the first eight bytes of the identity, 24 to 48 bytes for each
/// distinct record without an id of its own: 48 MB for a million. Two different
/// records that share eight bytes (about one chance in 37 million for a source
/// of a million records) only make the second one's ordinal 1; neither is lost.
#[derive(Default)]
pub(crate) struct Alike {
    taken: HashMap<i64, u64>,
    /// Those of which the source does not hold the stored ones in their order.
    groups: HashMap<Digest, Group>,
}

/// Stored records that are alike, by their grades.
#[derive(Default)]
struct Group {
    by_grades: HashMap<Vec<GradeRow>, VecDeque<u64>>,
    /// Those that no record of this source is.
    left: BTreeSet<u64>,
    /// The ordinal of the next new one.
    end: u64,
}

impl Alike {
    /// The ordinal of the next record that is alike, in the order of the source.
    pub(crate) fn next(&mut self, first: &Digest) -> u64 {
        let seen = self.taken.entry(head(first)).or_default();
        let ordinal = *seen;
        *seen += 1;
        ordinal
    }

    /// The identity of a trace without an id of its own, and the stored trace
    /// that it is.
    pub(crate) fn find(
        &mut self,
        writer: &mut Writer<'_>,
        trace: &Trace,
        format: &str,
        first: Digest,
    ) -> Result<(Digest, Option<i64>), Fault> {
        let of = |ordinal: u64| match ordinal {
            0 => first,
            ordinal => trace.identity(format, ordinal),
        };
        if let Some(group) = self.groups.get_mut(&first) {
            let identity = of(group.choose(&writer.latest(&trace.grades)?));
            return Ok((identity, writer.find_trace(&identity)?));
        }
        let ordinal = self.next(&first);
        let identity = of(ordinal);
        let Some(id) = writer.find_trace(&identity)? else {
            return Ok((identity, None));
        };
        if !is_other(writer, id, &trace.grades)? {
            return Ok((identity, Some(id)));
        }
        if writer.find_trace(&of(ordinal + 1))?.is_none() {
            return Ok((identity, Some(id)));
        }
        let mut group = Group {
            end: ordinal,
            ..Group::default()
        };
        while let Some(id) = writer.find_trace(&of(group.end))? {
            group.add(writer.latest_of(id)?);
        }
        let identity = of(group.choose(&writer.latest(&trace.grades)?));
        self.groups.insert(first, group);
        Ok((identity, writer.find_trace(&identity)?))
    }
}

/// Whether a stored trace has other grades than a record.
fn is_other(writer: &mut Writer<'_>, id: i64, grades: &[Grade]) -> Result<bool, Fault> {
    Ok(writer.latest_of(id)? != writer.latest(grades)?)
}

impl Group {
    fn add(&mut self, grades: Vec<GradeRow>) {
        let same = self.by_grades.entry(grades).or_default();
        same.push_back(self.end);
        self.left.insert(self.end);
        self.end += 1;
    }

    /// The first that has these grades, else the first that is left, else a new one.
    fn choose(&mut self, grades: &[GradeRow]) -> u64 {
        if let Some(same) = self.by_grades.get_mut(grades) {
            while let Some(ordinal) = same.pop_front() {
                if self.left.remove(&ordinal) {
                    return ordinal;
                }
            }
        }
        if let Some(ordinal) = self.left.pop_first() {
            return ordinal;
        }
        self.end += 1;
        self.end - 1
    }
}
