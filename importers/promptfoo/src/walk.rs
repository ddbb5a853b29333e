//! What every container of results tells: evaluations, their facts, their rows.
//!
//! A source is walked twice. The first walk takes its measure (what kind of
//! runs, which tests are repeats, what the tool counted), for the rows come
//! before the configuration that explains them; the second one emits. Both see
//! the same rows in the same order.

use caveat_corpus::Location;
use caveat_importer::{Limits, SinkClosed};
use serde_json::Value;

use crate::row::RawRow;

/// Which evaluation of the source a fact or a row belongs to, from 0.
pub(crate) type RunIndex = usize;

/// Where rows stand: version 2 files have the same results twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The list of results.
    Results,
    /// The table of outputs.
    Table,
}

/// The totals that the tool itself counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Results with `success`.
    pub(crate) successes: u64,
    /// Results that an assertion failed.
    pub(crate) failures: u64,
    /// Results that ended with an error.
    pub(crate) errors: u64,
}

/// One fact on an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    /// Its id.
    Id(String),
    /// The version of its results.
    Version(String),
    /// The version of the tool.
    Tool(String),
    /// When it was made.
    Time(String),
    /// The configuration, or the database, says that it is a red-team run.
    RedTeam(&'static str),
    /// Providers of the columns, by number.
    Columns(Vec<Option<String>>),
    /// What the tool counted.
    Totals(Totals),
    /// Something that the account should say.
    Note(String),
}

/// Takes what a walk finds.
pub(crate) trait Visitor {
    /// Takes one fact.
    fn fact(&mut self, run: RunIndex, fact: Fact);

    /// Takes one result.
    fn row(
        &mut self,
        run: RunIndex,
        origin: Origin,
        location: Location,
        row: RawRow<'_>,
    ) -> Result<(), SinkClosed>;

    /// Takes a result that cannot be parsed, with the reason.
    fn broken(
        &mut self,
        run: RunIndex,
        origin: Origin,
        location: Location,
        reason: String,
    ) -> Result<(), SinkClosed>;

    /// Says how many bytes of the source were read.
    fn progress(&mut self, _bytes: u64) {}
}

/// The totals in a `stats` object; all three must be there.
pub(crate) fn totals(stats: &Value) -> Option<Totals> {
    let count = |key: &str| stats.get(key).and_then(Value::as_u64);
    Some(Totals {
        successes: count("successes")?,
        failures: count("failures")?,
        errors: count("errors").unwrap_or(0),
    })
}

/// The providers of the columns, and what their counts add up to.
pub(crate) fn columns(prompts: &Value) -> (Vec<Option<String>>, Option<Totals>) {
    let list = prompts.as_array().map_or(&[][..], Vec::as_slice);
    let names = list.iter().map(|column| {
        let provider = column.get("provider")?;
        let name = provider.as_str().or_else(|| provider.get("id")?.as_str())?;
        Some(caveat_importer::secrets::cleaned(name.to_owned())).filter(|name| !name.is_empty())
    });
    let mut sum = Totals::default();
    let counted = !list.is_empty()
        && list.iter().all(|column| {
            let count = |key: &str| {
                column
                    .pointer(&format!("/metrics/{key}"))
                    .and_then(Value::as_u64)
            };
            let (Some(passed), Some(failed)) = (count("testPassCount"), count("testFailCount"))
            else {
                return false;
            };
            sum.successes = sum.successes.saturating_add(passed);
            sum.failures = sum.failures.saturating_add(failed);
            sum.errors = sum
                .errors
                .saturating_add(count("testErrorCount").unwrap_or(0));
            true
        });
    (names.collect(), counted.then_some(sum))
}

/// A time as the tool's exports spell it: milliseconds since 1970 become text.
pub(crate) fn time(value: &Value) -> Option<String> {
    let milliseconds = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        Value::String(text) => return Some(text.clone()).filter(|text| !text.is_empty()),
        _ => None,
    }?;
    let nanoseconds = i128::from(milliseconds).checked_mul(1_000_000)?;
    let at = time::OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?;
    Some(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    ))
}

/// Limits for a piece that holds a row or a fact.
pub(crate) fn too_long(bytes: u64, limits: &Limits) -> String {
    format!(
        "it has {bytes} bytes, at most {} are read",
        limits.max_record_bytes
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn milliseconds_become_the_text_of_the_exports() {
        let text = Some("2026-11-23T08:24:35.208Z".to_owned());
        assert_eq!(time(&json!(1_795_422_275_208_i64)), text);
        assert_eq!(time(&json!("1795422275208")), text);
        assert_eq!(time(&json!("2026-11-23T08:24:35.208Z")), text);
        for none in [
            json!(null),
            json!(""),
            json!(i64::MAX),
            json!(1.5),
            json!([]),
        ] {
            assert_eq!(time(&none), None);
        }
    }
}
