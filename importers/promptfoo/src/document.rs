//! The document that JSON and YAML share, taken member by member.
//!
//! One evaluation: its id, its results (a summary of version 2 or 3, or the
//! list alone), its configuration. Of the configuration nothing is looked at
//! but whether it has a red-team block. Also the summary that old databases
//! keep in one cell.

use caveat_corpus::Location;
use caveat_importer::json::{self, Content, Key, Pieces, PiecesError};
use caveat_importer::{Limits, SinkClosed};
use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::row::RawRow;
use crate::walk::{self, Fact, Origin, RunIndex, Visitor};

/// Containers whose members are looked at one by one.
const OPEN: &[&str] = &["results.results", "results.table.body", "config"];

/// Members of any size that say nothing to us.
const IGNORED: &[&str] = &[
    "traces",
    "blobAssets",
    "vars",
    "runtimeOptions",
    "prompts",
    "config.tests",
    "config.prompts",
    "config.providers",
    "config.scenarios",
    "config.defaultTest",
    "config.env",
    "config.extensions",
    "config.metadata",
];

/// One member of the document.
pub(crate) struct Member<'a> {
    /// Dotted path of its container, in terms of a whole document.
    pub(crate) path: &'a str,
    /// Its name or position there.
    pub(crate) key: Key<'a>,
    /// Where it stands, for rows.
    pub(crate) location: Location,
    /// What it is.
    pub(crate) content: MemberContent<'a>,
}

/// The content of a member.
pub(crate) enum MemberContent<'a> {
    /// Text of JSON.
    Json(&'a [u8]),
    /// A value.
    Value(&'a Value),
    /// Too long to be kept.
    TooLong(u64),
}

/// Takes the members of one evaluation in the order of its document.
pub(crate) struct Document<'v> {
    run: RunIndex,
    limits: Limits,
    visitor: &'v mut dyn Visitor,
    /// Head of the table of a version 2 file.
    head: Value,
    /// What was seen of a whole document.
    seen: Seen,
}

/// Which parts of a document were met.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// A list of results, also an empty one.
    pub(crate) list: bool,
    /// A table with its head.
    pub(crate) table: bool,
}

impl<'v> Document<'v> {
    /// Starts the document of a run.
    pub(crate) fn new(run: RunIndex, limits: Limits, visitor: &'v mut dyn Visitor) -> Self {
        Self {
            run,
            limits,
            visitor,
            head: Value::Null,
            seen: Seen::default(),
        }
    }

    /// What was met so far.
    pub(crate) fn seen(&self) -> Seen {
        self.seen
    }

    /// Says that there is a list of results, which may be empty.
    pub(crate) fn has_list(&mut self) {
        self.seen.list = true;
    }

    /// Passes on what was read of the source.
    pub(crate) fn progress(&mut self, bytes: u64) {
        self.visitor.progress(bytes);
    }

    /// Takes one member.
    pub(crate) fn member(&mut self, member: Member<'_>) -> Result<(), SinkClosed> {
        match (member.path, member.key) {
            ("results.results" | "results", Key::Index(_)) => {
                self.seen.list = true;
                self.row(member)
            }
            ("results.table.body", Key::Index(_)) => self.table_row(member),
            ("" | "results" | "results.table", Key::Name(name)) => {
                self.head_member(member.path, name, &member.content);
                Ok(())
            }
            ("config", Key::Name("redteam")) => {
                if self
                    .value(&member.content)
                    .is_none_or(|found| !found.is_null())
                {
                    self.fact(Fact::RedTeam("`config.redteam`"));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Says something in the account.
    pub(crate) fn note(&mut self, text: &str) {
        self.fact(Fact::Note(text.to_owned()));
    }

    /// Notes that the document ends within a record.
    pub(crate) fn cut_off(
        &mut self,
        location: Option<Location>,
        what: &str,
    ) -> Result<(), SinkClosed> {
        self.fact(Fact::Note(format!(
            "{what}; the results before that are imported"
        )));
        match location {
            Some(location) => self.broken(location, "the file ends within this result".to_owned()),
            None => Ok(()),
        }
    }

    /// Rejects what cannot be read at a place.
    pub(crate) fn broken(&mut self, location: Location, reason: String) -> Result<(), SinkClosed> {
        self.visitor
            .broken(self.run, Origin::Results, location, reason)
    }

    fn fact(&mut self, fact: Fact) {
        self.visitor.fact(self.run, fact);
    }

    fn row(&mut self, member: Member<'_>) -> Result<(), SinkClosed> {
        let (run, origin) = (self.run, Origin::Results);
        match member.content {
            MemberContent::Json(bytes) => {
                self.visitor
                    .row(run, origin, member.location, RawRow::Json(bytes))
            }
            MemberContent::Value(value) => {
                self.visitor
                    .row(run, origin, member.location, RawRow::Value(value))
            }
            MemberContent::TooLong(bytes) => {
                let reason = walk::too_long(bytes, &self.limits);
                self.visitor.broken(run, origin, member.location, reason)
            }
        }
    }

    fn head_member(&mut self, path: &str, name: &str, content: &MemberContent<'_>) {
        let wanted = matches!(
            name,
            "evalId"
                | "version"
                | "timestamp"
                | "createdAt"
                | "metadata"
                | "stats"
                | "prompts"
                | "head"
        );
        let Some(value) = wanted.then(|| self.value(content)).flatten() else {
            return;
        };
        let text = value.as_str().filter(|text| !text.is_empty());
        match (path, name) {
            ("", "evalId") => {
                if let Some(id) = text {
                    self.fact(Fact::Id(id.to_owned()));
                }
            }
            ("results", "version") => self.fact(Fact::Version(json::raw_text(&value))),
            ("results", "timestamp") | ("", "createdAt") => {
                if let Some(time) = walk::time(&value) {
                    self.fact(Fact::Time(time));
                }
            }
            ("", "metadata") => {
                let version = value.get("promptfooVersion").and_then(Value::as_str);
                if let Some(version) = version {
                    self.fact(Fact::Tool(version.to_owned()));
                }
            }
            ("" | "results", "stats") => {
                if let Some(totals) = walk::totals(&value) {
                    self.fact(Fact::Totals(totals));
                }
            }
            ("results", "prompts") => self.fact(Fact::Columns(walk::columns(&value).0)),
            ("results.table", "head") => {
                self.seen.table = true;
                let prompts = value.get("prompts").unwrap_or(&Value::Null);
                self.fact(Fact::Columns(walk::columns(prompts).0));
                self.head = value;
            }
            _ => {}
        }
    }

    fn value(&self, content: &MemberContent<'_>) -> Option<Value> {
        match content {
            MemberContent::Json(bytes) => json::parse(bytes, &self.limits).ok(),
            MemberContent::Value(value) => Some((*value).clone()),
            MemberContent::TooLong(_) => None,
        }
    }

    /// One row of the table: an output for every column.
    fn table_row(&mut self, member: Member<'_>) -> Result<(), SinkClosed> {
        let Key::Index(position) = member.key else {
            return Ok(());
        };
        let parsed = match member.content {
            MemberContent::Json(bytes) => {
                json::parse::<Value>(bytes, &self.limits).map_err(|fault| fault.to_string())
            }
            MemberContent::Value(value) => Ok(value.clone()),
            MemberContent::TooLong(bytes) => Err(walk::too_long(bytes, &self.limits)),
        };
        let row = match parsed {
            Ok(row) => row,
            Err(reason) => return self.table_fault(member.location, reason),
        };
        let Some(outputs) = row.get("outputs").and_then(Value::as_array) else {
            return self.table_fault(member.location, "it has no list `outputs`".to_owned());
        };
        for (column, output) in outputs.iter().enumerate() {
            // A column that a test did not run in.
            if output.is_null() {
                continue;
            }
            let location = Location {
                record: Some(format!("{position}/{column}")),
                ..member.location.clone()
            };
            let result = self.output(&row, output, position, column);
            self.visitor
                .row(self.run, Origin::Table, location, RawRow::Value(&result))?;
        }
        Ok(())
    }

    /// A row of the table that cannot be taken apart.
    fn table_fault(&mut self, location: Location, reason: String) -> Result<(), SinkClosed> {
        self.visitor
            .broken(self.run, Origin::Table, location, reason)
    }

    /// An output of the table in the shape of a result.
    fn output(&self, row: &Value, output: &Value, position: u64, column: usize) -> Value {
        let names = self.head.get("vars").and_then(Value::as_array);
        let values = row.get("vars").and_then(Value::as_array);
        let vars: Map<String, Value> = names
            .into_iter()
            .flatten()
            .zip(values.into_iter().flatten())
            .filter_map(|(name, value)| Some((name.as_str()?.to_owned(), value.clone())))
            .collect();
        let own = |key: &str| output.get(key).cloned().unwrap_or_default();
        let of_head = self
            .head
            .get("prompts")
            .and_then(|prompts| prompts.get(column)?.get("provider"));
        let provider = match own("provider") {
            Value::Null => of_head.cloned().unwrap_or_default(),
            provider => provider,
        };
        // Where the call failed, the text is that of the error.
        let failed = own("pass") == json!(false) && own("gradingResult").is_null();
        let text = if failed { Value::Null } else { own("text") };
        let mut response = json!({"output": text, "tokenUsage": own("tokenUsage")});
        if let Some(found) = output.get("response").filter(|found| found.is_object()) {
            response = found.clone();
        }
        let test = row.get("test").cloned().unwrap_or_default();
        let mut test_case = if test.is_object() { test } else { json!({}) };
        if test_case.get("vars").is_none_or(Value::is_null) {
            test_case["vars"] = Value::Object(vars);
        }
        json!({
            "id": own("id"),
            "evalId": own("evalId"),
            "testIdx": row.get("testIdx").cloned().unwrap_or_else(|| json!(position)),
            "promptIdx": column,
            "provider": provider,
            "prompt": {"raw": own("prompt")},
            "response": response,
            "error": own("error"),
            "success": own("pass"),
            "score": own("score"),
            "failureReason": own("failureReason"),
            "gradingResult": own("gradingResult"),
            "namedScores": own("namedScores"),
            "latencyMs": own("latencyMs"),
            "metadata": own("metadata"),
            "testCase": test_case,
        })
    }
}

/// Reads a JSON document, or the summary alone that an old database keeps.
///
/// `is_summary`: the root is what `results` is in a whole document.
pub(crate) fn read<R: std::io::Read>(
    reader: R,
    is_summary: bool,
    place: &dyn Fn(&str, String, u64) -> Location,
    document: &mut Document<'_>,
) -> Result<(), Fault> {
    let strip = |path: &'static str| {
        if is_summary {
            path.strip_prefix("results.")
        } else {
            Some(path)
        }
    };
    let open: Vec<&str> = OPEN.iter().filter_map(|path| strip(path)).collect();
    let ignored: &[&str] = if is_summary { &[] } else { IGNORED };
    let mut pieces = Pieces::new(reader, &open, &document.limits).ignoring(ignored);
    loop {
        let read = pieces.bytes_read();
        let piece = match pieces.next_piece() {
            Ok(Some(piece)) => piece,
            Ok(None) => {
                let list = if is_summary {
                    "results"
                } else {
                    "results.results"
                };
                if pieces.containers(list) > 0 {
                    document.has_list();
                }
                return Ok(());
            }
            Err(PiecesError::Truncated { byte }) => {
                let half = pieces
                    .unfinished()
                    .filter(|half| half.path.ends_with("results") || half.path.ends_with("body"));
                let half = half.filter(|half| half.key.bytes().all(|byte| byte.is_ascii_digit()));
                let location = half.map(|half| place(&half.path, half.key.clone(), half.byte));
                document.cut_off(location, &format!("the file is cut short at byte {byte}"))?;
                return Ok(());
            }
            Err(error) => return Err(Fault::pieces(error)),
        };
        let path = full_path(piece.path, is_summary);
        let record = match piece.key {
            Key::Index(index) => index.to_string(),
            Key::Name(name) => name.to_owned(),
        };
        let content = match piece.content {
            Content::Whole(bytes) => MemberContent::Json(bytes),
            Content::TooLong { bytes } => MemberContent::TooLong(bytes),
        };
        document.member(Member {
            path: &path,
            key: piece.key,
            location: place(&path, record, piece.byte),
            content,
        })?;
        document.progress(read);
    }
}

fn full_path(path: &str, is_summary: bool) -> String {
    match (is_summary, path) {
        (false, path) => path.to_owned(),
        (true, "") => "results".to_owned(),
        (true, path) => format!("results.{path}"),
    }
}
