//! The first reading of a file of rows: its checksum, its size, and how
//! `is_correct` goes with the scores.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use caveat_importer::lines::{Line, Lines};
use caveat_importer::{ImportError, Limits};
use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::aggregate::{Detailed, Metric};
use crate::polarity::Direction;
use crate::row::Row;
use crate::unreadable;
use crate::verdict::{Place, is_unknown, place};

/// Results, and different values of one result, that are remembered; a scale of
/// more values is no scale of levels.
const MAX_RESULTS: usize = 10_000;
const MAX_VALUES: usize = 1_000;

/// Bytes asked of the system at once.
const READ_BYTES: usize = 512 << 10;

/// What is known of a file before it is imported.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Lines that are not blank.
    pub(crate) rows: u64,
    /// Rows that can be read.
    pub(crate) usable: u64,
    sha256: String,
    md5: String,
    results: BTreeMap<(String, String), Values>,
}

/// The scores of one result.
#[derive(Debug, Default)]
struct Values {
    /// Rows by the bits of the score and `is_correct`.
    seen: BTreeMap<(u64, bool), u64>,
    sum: f64,
    rows: u64,
}

impl Survey {
    pub(crate) fn of(path: &Path, limits: &Limits) -> Result<Self, ImportError> {
        let file = std::fs::File::open(path).map_err(unreadable(path))?;
        let mut hashed = Hashed {
            file,
            sha256: Sha256::new(),
            md5: Md5::new(),
        };
        let mut survey = Self::default();
        {
            let reader = io::BufReader::with_capacity(READ_BYTES, &mut hashed);
            let mut lines = Lines::new(reader, limits.max_record_bytes);
            while let Some((_, line)) = lines.next_line().map_err(unreadable(path))? {
                survey.add(line, limits);
            }
        }
        survey.sha256 = hex(&hashed.sha256.finalize());
        survey.md5 = hex(&hashed.md5.finalize());
        Ok(survey)
    }

    fn add(&mut self, line: Line<'_>, limits: &Limits) {
        let Line::Whole(bytes) = line else {
            self.rows += 1;
            return;
        };
        if bytes.trim_ascii().is_empty() {
            return;
        }
        self.rows += 1;
        let Ok(row) = Row::read(bytes, limits) else {
            return;
        };
        self.usable += 1;
        let key = (row.evaluation_id.clone(), row.result_key().to_owned());
        if self.results.len() >= MAX_RESULTS && !self.results.contains_key(&key) {
            return;
        }
        let values = self.results.entry(key).or_default();
        let (None, Some(score)) = (&row.error, row.number()) else {
            return;
        };
        values.rows += 1;
        values.sum += score;
        if let Some(correct) = row.is_correct {
            let value = (score.to_bits(), correct);
            if values.seen.len() < MAX_VALUES || values.seen.contains_key(&value) {
                *values.seen.entry(value).or_default() += 1;
            }
        }
    }

    /// Whether the checksum that an aggregate states is that of the file; `None`
    /// if it states none that is known.
    pub(crate) fn checksum_fits(&self, detailed: &Detailed) -> Option<bool> {
        let stated = detailed.checksum.as_deref()?;
        let found = match (detailed.algorithm.as_deref(), stated.len()) {
            (Some("sha256"), _) | (None, 64) => &self.sha256,
            (Some("md5"), _) | (None, 32) => &self.md5,
            _ => return None,
        };
        Some(stated == found)
    }

    /// Rows at the ends of a scale where `is_correct` says the same as the score,
    /// and where it says the opposite.
    pub(crate) fn agreement(
        &self,
        evaluation: &str,
        key: &str,
        metric: &Metric,
        direction: Direction,
    ) -> (u64, u64) {
        let high_is_success = match direction {
            Direction::HighIsSuccess => true,
            Direction::HighIsDefence => false,
            _ => return (0, 0),
        };
        let (mut same, mut opposite) = (0, 0);
        let values = self.results.get(&(evaluation.to_owned(), key.to_owned()));
        for ((bits, correct), rows) in values.iter().flat_map(|values| &values.seen) {
            let score = f64::from_bits(*bits);
            let defended = match place(metric, score) {
                _ if is_unknown(metric, score) => continue,
                Place::Between => continue,
                Place::High => !high_is_success,
                Place::Low => high_is_success,
            };
            match defended == *correct {
                true => same += rows,
                false => opposite += rows,
            }
        }
        (same, opposite)
    }

    /// Rows with a score and their mean, where there is one.
    pub(crate) fn mean(&self, evaluation: &str, key: &str, metric: &Metric) -> Option<(u64, f64)> {
        let values = self.results.get(&(evaluation.to_owned(), key.to_owned()))?;
        if metric.has_unknown {
            let known = values
                .seen
                .iter()
                .filter(|((bits, _), _)| f64::from_bits(*bits) != -1.0);
            let known: Vec<(f64, u64)> = known
                .map(|((bits, _), n)| (f64::from_bits(*bits), *n))
                .collect();
            let rows: u64 = known.iter().map(|(_, rows)| rows).sum();
            let sum: f64 = known
                .iter()
                .map(|(score, rows)| score * as_f64(*rows))
                .sum();
            return (rows > 0).then(|| (rows, sum / as_f64(rows)));
        }
        (values.rows > 0).then(|| (values.rows, values.sum / as_f64(values.rows)))
    }
}

fn as_f64(rows: u64) -> f64 {
    u32::try_from(rows).map_or(f64::INFINITY, f64::from)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file that is hashed while it is read.
struct Hashed {
    file: std::fs::File,
    sha256: Sha256,
    md5: Md5,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        self.sha256.update(bytes);
        self.md5.update(bytes);
        Ok(read)
    }
}
