//! The CSV export: one row a test, one group of columns a provider and prompt.
//!
//! Lossy: no ids, no rendered prompt, no components, no durations. Three shapes
//! are read, by the columns that follow an output or by its first word:
//! `Status`, `Score`, `Named Scores` (recent), `[PASS] text` with
//! `Grader Reason` (older, and the web page's), and `[PASS] (scores)` alone.

use std::fs::File;
use std::path::Path;

use caveat_corpus::Location;
use csv::{ByteRecord, ReaderBuilder, StringRecord};
use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::row::RawRow;
use crate::walk::{Fact, Origin, Visitor};

/// Largest CSV file that is read: a cell whose quotation mark is never closed
/// takes the rest of the file, so the file bounds the row.
pub(crate) const MAX_CSV_BYTES: u64 = 256 << 20;

/// Most columns of a table; spreadsheets stop at 16,384.
const MAX_COLUMNS: usize = 16_384;

/// Columns that a red-team export ends with.
const PLUGIN: &str = "pluginId";
const STRATEGY: &str = "strategyId";
const MESSAGES: &str = "Messages";

/// The columns of one output.
#[derive(Debug, Default, PartialEq, Eq)]
struct Group {
    provider: Option<String>,
    template: String,
    output: usize,
    status: Option<usize>,
    score: Option<usize>,
    reason: Option<usize>,
    metrics: Vec<(String, usize)>,
}

/// What the header says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    vars: Vec<(String, usize)>,
    groups: Vec<Group>,
    plugin: Option<usize>,
    strategy: Option<usize>,
    messages: Option<usize>,
    count: usize,
}

impl Header {
    /// Takes a header apart; `None` if it is not one of this tool's. `first` is
    /// the first row, whose outputs tell the oldest shape.
    pub(crate) fn read(header: &StringRecord, first: Option<&StringRecord>) -> Option<Self> {
        if header.len() > MAX_COLUMNS {
            return None;
        }
        let mut found = Header {
            count: header.len(),
            ..Header::default()
        };
        // Columns of outputs are followed by `Status` or `Grader Reason`.
        let next = |position: usize| header.get(position + 1);
        let starts = |position: usize| {
            let cell = first.and_then(|row| row.get(position)).unwrap_or_default();
            matches!(next(position), Some("Status" | "Grader Reason"))
                && !is_detail(header.get(position).unwrap_or_default())
                || status_in_cell(cell).is_some()
        };
        for (position, name) in header.iter().enumerate() {
            let name = name.trim_start_matches('\u{feff}');
            if starts(position) {
                let (provider, template) = split_heading(name);
                found.groups.push(Group {
                    provider,
                    template,
                    output: position,
                    ..Group::default()
                });
                continue;
            }
            match (name, found.groups.last_mut()) {
                ("Status", Some(group)) => group.status = Some(position),
                ("Score", Some(group)) => group.score = Some(position),
                ("Grader Reason", Some(group)) => group.reason = Some(position),
                (
                    "Named Scores" | "Comment" | "RedteamHistory" | "RedteamTreeHistory"
                    | "sessionId" | "sessionIds",
                    Some(_),
                ) => {}
                (PLUGIN, Some(_)) => found.plugin = Some(position),
                (STRATEGY, Some(_)) => found.strategy = Some(position),
                (MESSAGES, Some(_)) => found.messages = Some(position),
                (name, Some(group)) => {
                    if let Some(metric) = name.strip_prefix("Metric: ") {
                        group.metrics.push((metric.to_owned(), position));
                    }
                }
                ("Description", None) => {}
                (name, None) => found.vars.push((name.to_owned(), position)),
            }
        }
        (!found.groups.is_empty()).then_some(found)
    }

    /// Whether the columns are those of a red-team export.
    fn is_red_team(&self) -> bool {
        self.plugin.is_some()
    }
}

/// Columns that belong to an output, so that no output has their name.
fn is_detail(name: &str) -> bool {
    matches!(name, "Status" | "Score" | "Named Scores" | "Comment") || name.starts_with("Metric: ")
}

/// `[label] prompt`.
fn split_heading(heading: &str) -> (Option<String>, String) {
    match heading
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "))
    {
        Some((provider, template)) => (Some(provider.to_owned()), template.to_owned()),
        None => (None, heading.to_owned()),
    }
}

/// Walks the rows.
pub(crate) fn walk(path: &Path, visitor: &mut dyn Visitor) -> Result<(), Fault> {
    let size = std::fs::metadata(path)?.len();
    if size > MAX_CSV_BYTES {
        return Err(Fault::content(
            &format!("the CSV file is larger than {MAX_CSV_BYTES} bytes"),
            "import the JSON or JSONL export of the evaluation instead",
        ));
    }
    let mut rows = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(File::open(path)?);
    let mut record = ByteRecord::new();
    let mut header: Option<StringRecord> = None;
    let mut columns: Option<Header> = None;
    let mut number = 0_u64;
    while read(&mut rows, &mut record)? {
        let text = StringRecord::from_byte_record(record.clone()).ok();
        let Some(head) = &header else {
            header = Some(text.ok_or_else(not_ours)?);
            continue;
        };
        if columns.is_none() {
            let found = Header::read(head, text.as_ref()).ok_or_else(not_ours)?;
            if found.is_red_team() {
                visitor.fact(0, Fact::RedTeam("the column `pluginId`"));
            }
            visitor.fact(0, Fact::Note(LOSSY.to_owned()));
            columns = Some(found);
        }
        let Some(columns) = &columns else { continue };
        let at = record
            .position()
            .map_or((0, 0), |at| (at.line(), at.byte()));
        for group in &columns.groups {
            let location = Location {
                entry: Some(format!("column {}", group.output + 1)),
                record: Some(at.0.to_string()),
                byte: Some(at.1),
            };
            let value = match &text {
                None => Err("the row is not valid UTF-8".to_owned()),
                Some(row) if row.len() != columns.count => Err(format!(
                    "the row has {} cells, the header {}",
                    row.len(),
                    columns.count
                )),
                Some(row) => result(columns, group, row, number),
            };
            match value {
                Ok(Some(value)) => {
                    visitor.row(0, Origin::Results, location, RawRow::Value(&value))?
                }
                Ok(None) => {}
                Err(reason) => visitor.broken(0, Origin::Results, location, reason)?,
            }
        }
        number += 1;
        visitor.progress(at.1);
    }
    if header.is_none() {
        return Err(not_ours());
    }
    if columns.is_none()
        && header
            .as_ref()
            .is_none_or(|head| Header::read(head, None).is_none())
    {
        return Err(not_ours());
    }
    visitor.progress(size);
    Ok(())
}

const LOSSY: &str = "CSV leaves out ids, rendered prompts, components and durations: import the \
    JSON, JSONL or YAML export or the database instead where there is one, never both";

fn read(rows: &mut csv::Reader<File>, record: &mut ByteRecord) -> Result<bool, Fault> {
    rows.read_byte_record(record)
        .map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(cause) => Fault::Io(cause),
            other => Fault::content(
                &caveat_importer::text::printable(&format!("not usable as CSV: {other:?}")),
                "export the evaluation again",
            ),
        })
}

fn not_ours() -> Fault {
    Fault::content(
        "the header has no output followed by `Status` or `Grader Reason`, and no cell begins with `[PASS]`, `[FAIL]` or `[ERROR]`",
        "importers/promptfoo/README.md shows the columns of the export; other tables are for the `table` importer",
    )
}

/// One output in the shape of a result; `None` for a column in which the test did not run.
fn result(
    columns: &Header,
    group: &Group,
    row: &StringRecord,
    number: u64,
) -> Result<Option<Value>, String> {
    let cell = |position: Option<usize>| {
        position
            .and_then(|position| row.get(position))
            .unwrap_or_default()
    };
    let output = cell(Some(group.output));
    let (status, output, own_reason) = match group.status {
        Some(status) => (cell(Some(status)), output.to_owned(), None),
        None => match status_in_cell(output) {
            Some(found) => found,
            None if output.is_empty() => return Ok(None),
            None => {
                return Err(
                    "the output begins with none of `[PASS]`, `[FAIL]`, `[ERROR]`".to_owned(),
                );
            }
        },
    };
    let failure = match status {
        "PASS" => 0,
        "FAIL" => 1,
        "ERROR" => 2,
        "" if output.is_empty() => return Ok(None),
        _ => return Err("`Status` holds none of PASS, FAIL, ERROR".to_owned()),
    };
    let reason = match cell(group.reason) {
        "" => own_reason.unwrap_or_default(),
        reason => reason.to_owned(),
    };
    let components: Vec<Value> = group
        .metrics
        .iter()
        .filter_map(|(metric, position)| {
            let score: f64 = cell(Some(*position)).parse().ok()?;
            Some(json!({"score": score, "assertion": {"metric": metric}}))
        })
        .collect();
    let vars: Map<String, Value> = columns
        .vars
        .iter()
        .map(|(name, position)| (name.clone(), Value::from(cell(Some(*position)))))
        .collect();
    let mut metadata = Map::new();
    for (key, position) in [(PLUGIN, columns.plugin), (STRATEGY, columns.strategy)] {
        if let Some(position) = position {
            metadata.insert(key.to_owned(), Value::from(cell(Some(position))));
        }
    }
    if let Ok(messages @ Value::Array(_)) = serde_json::from_str(cell(columns.messages)) {
        metadata.insert("messages".to_owned(), messages);
    }
    let graded = failure == 1
        || !(components.is_empty() && (reason.is_empty() || reason == "No assertions"));
    let mut grading = json!({"pass": failure == 0, "reason": reason});
    if !components.is_empty() {
        grading["componentResults"] = Value::Array(components);
    }
    // An error leaves an empty cell; a passed or failed test answered, if with nothing.
    let response = if failure == 2 {
        json!({"error": reason})
    } else {
        json!({"output": output})
    };
    Ok(Some(json!({
        "provider": group.provider,
        "prompt": {"raw": rendered(&group.template, &vars)},
        "vars": vars,
        "response": response,
        "success": failure == 0,
        "failureReason": failure,
        "score": cell(group.score).parse::<f64>().ok(),
        "gradingResult": if graded && failure != 2 { grading } else { Value::Null },
        "namedScores": if graded && failure != 2 { json!({"graded": 1}) } else { json!({}) },
        "metadata": metadata,
        "rowNumber": number,
    })))
}

/// The prompt, where the template is nothing but one variable.
fn rendered(template: &str, vars: &Map<String, Value>) -> Option<Value> {
    let name = template
        .trim()
        .strip_prefix("{{")?
        .strip_suffix("}}")?
        .trim();
    vars.get(name).cloned()
}

/// Status, text and reason of an output that carries them itself.
fn status_in_cell(cell: &str) -> Option<(&'static str, String, Option<String>)> {
    let (status, rest) = [("[PASS]", "PASS"), ("[FAIL]", "FAIL"), ("[ERROR]", "ERROR")]
        .into_iter()
        .find_map(|(mark, status)| Some((status, cell.strip_prefix(mark)?)))?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let scored = rest
        .strip_prefix('(')
        .and_then(|scores| scores.split_once(")\n\n"));
    let Some((_, text)) = scored else {
        return Some((status, rest.to_owned(), None));
    };
    let end = ["\n\nPass Reason: ", "\n\nFail Reason: "]
        .into_iter()
        .filter_map(|mark| Some((text.rfind(mark)?, mark.len())))
        .max();
    Some(match end {
        Some((at, length)) => (
            status,
            text.get(..at).unwrap_or_default().to_owned(),
            text.get(at + length..).map(str::to_owned),
        ),
        None => (status, text.to_owned(), None),
    })
}

/// Whether the start of a file is that of such a table.
pub(crate) fn recognise(head: &[u8]) -> Option<&'static str> {
    let mut rows = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(head);
    let mut header = StringRecord::new();
    let mut first = StringRecord::new();
    if !rows.read_record(&mut header).ok()? {
        return None;
    }
    let has_first = rows.read_record(&mut first).unwrap_or(false);
    let columns = Header::read(&header, has_first.then_some(&first))?;
    let named = columns.groups.iter().all(|group| group.reason.is_some());
    let worded = columns.groups.iter().all(|group| group.status.is_none());
    match (named, worded) {
        (true, false) => {
            Some("a table with `Status`, `Score` and `Grader Reason` after every output")
        }
        (true, true)
            if columns.groups.iter().all(|group| {
                first
                    .get(group.output)
                    .is_some_and(|cell| status_in_cell(cell).is_some())
            }) =>
        {
            Some(
                "a table with `Grader Reason` after outputs that begin with `[PASS]`, `[FAIL]` or `[ERROR]`",
            )
        }
        (false, true) => Some("a table whose outputs begin with `[PASS]`, `[FAIL]` or `[ERROR]`"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_output_that_carries_its_status_is_taken_apart() {
        for (cell, status, text, reason) in [
            ("[PASS] plain", "PASS", "plain", None),
            (
                "[FAIL] (0.00, A: 0.00)\n\na\n\nFail Reason: b\n\nFail Reason: c",
                "FAIL",
                "a\n\nFail Reason: b",
                Some("c"),
            ),
            ("[ERROR] (0.00)\n\nx", "ERROR", "x", None),
            ("[PASS] (no scores) text", "PASS", "(no scores) text", None),
        ] {
            let found = status_in_cell(cell).unwrap();
            assert_eq!(
                (found.0, found.1.as_str(), found.2.as_deref()),
                (status, text, reason)
            );
        }
        assert!(status_in_cell("PASS").is_none());
    }

    #[test]
    fn repeated_column_names_belong_to_the_output_before_them() {
        let header = StringRecord::from(vec![
            "Description",
            "prompt",
            "[a] b] {{prompt}}",
            "Status",
            "Score",
            "Named Scores",
            "Metric: M",
            "Grader Reason",
            "Comment",
            "[c] t",
            "Status",
            "Score",
            "Named Scores",
            "Grader Reason",
            "Comment",
            "pluginId",
        ]);
        let found = Header::read(&header, None).unwrap();
        assert_eq!(found.vars, [("prompt".to_owned(), 1)]);
        assert_eq!(found.groups.len(), 2);
        assert_eq!(found.groups[0].provider.as_deref(), Some("a"));
        assert_eq!(found.groups[0].metrics, [("M".to_owned(), 6)]);
        assert_eq!(found.groups[1].status, Some(10));
        assert_eq!(found.plugin, Some(15));
        assert!(recognise(b"prompt,response,verdict\na,b,c\n").is_none());
    }
}
