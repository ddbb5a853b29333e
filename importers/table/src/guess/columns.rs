//! Which columns a table has, where no mapping says so.

use std::path::Path;

use caveat_importer::json::{Content, Key, Pieces};
use caveat_importer::lines::{Line, Lines};
use caveat_importer::{ImportError, Limits};
use serde_json::Value;

use crate::csv_rows;
use crate::json_value::parse;
use crate::mapping::FileKind;
use crate::parquet_rows;
use crate::read::Request;
use crate::source::{self, Declared, io_error, refused};

use super::words;

/// Objects whose keys are collected; later ones may have more, which then stay unmapped.
const SAMPLED_OBJECTS: usize = 200;

/// Most columns that are looked at.
const MAX_COLUMNS: usize = 2_000;

/// Longest name of a column that is looked at, in characters. Names are compared
/// with many words; a longer one is a line of data.
const MAX_NAME_CHARS: usize = 300;

/// How deep keys are followed into objects and lists.
const MAX_LEVELS: usize = 5;

/// The columns of a table and how to read them.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) names: Vec<String>,
    /// Names that stand twice in a header: no mapping can name them.
    pub(super) twice: Vec<String>,
    /// Path of the list that holds the rows.
    pub(super) rows: Option<String>,
}

/// Finds the columns of a table.
pub(super) fn find(path: &Path, limits: &Limits) -> Result<Columns, ImportError> {
    let table = source::open(path, Declared::default())?;
    let shape = table.shape;
    let columns = match shape.kind {
        FileKind::Csv => {
            let request = Request {
                path,
                file: None,
                delimiter: None,
                encoding: None,
                rows: None,
                slots: &[],
                limits,
            };
            let layout = request.csv(shape.encoding);
            let open = || {
                let table = source::open(path, Declared::default())?;
                Ok((table.reader, table.shape.start_byte))
            };
            let header = csv_rows::survey(open, &layout)?;
            check(path, &header.names)?;
            of_header(&header.names)
        }
        FileKind::Jsonl => of_lines(path, table.reader, limits)?,
        FileKind::Json => match of_document(path, &["", "*", "*.*"], limits)? {
            Some(columns) => columns,
            None => {
                let hint = "write the rows as a list of objects, or one object per line";
                return Err(refused(path, "no list of objects in the file", hint));
            }
        },
        FileKind::Parquet => Columns {
            names: parquet_rows::columns(path)?,
            ..Columns::default()
        },
    };
    check(path, &columns.names)?;
    Ok(columns)
}

/// Refuses names that are too many or too long to be those of columns.
fn check(path: &Path, names: &[String]) -> Result<(), ImportError> {
    if names.len() > MAX_COLUMNS {
        let found = format!(
            "{} columns, at most {MAX_COLUMNS} are looked at",
            names.len()
        );
        let hint = "write the mapping by hand, or leave out columns that no record needs";
        return Err(refused(path, found, hint));
    }
    // A character has at least one byte, so short names need no counting.
    let longest = names.iter().filter(|name| name.len() > MAX_NAME_CHARS);
    let longest = longest.map(|name| name.chars().count()).max();
    match longest.filter(|characters| *characters > MAX_NAME_CHARS) {
        None => Ok(()),
        Some(characters) => {
            let found = format!(
                "the name of a column has {characters} characters, at most {MAX_NAME_CHARS} are \
                 looked at"
            );
            let hint = "the first line must hold the names of the columns, or every row be an \
                        object with short keys";
            Err(refused(path, found, hint))
        }
    }
}

fn of_header(names: &[String]) -> Columns {
    let mut columns = Columns::default();
    for name in names.iter().filter(|name| !name.is_empty()) {
        if names.iter().filter(|other| *other == name).count() == 1 {
            columns.names.push(name.clone());
        } else if !columns.twice.contains(name) {
            columns.twice.push(name.clone());
        }
    }
    columns
}

fn of_lines(
    path: &Path,
    reader: impl std::io::BufRead,
    limits: &Limits,
) -> Result<Columns, ImportError> {
    let mut lines = Lines::new(reader, limits.max_record_bytes);
    let mut columns = Columns::default();
    let mut sampled = 0;
    while sampled < SAMPLED_OBJECTS {
        let line = lines.next_line().map_err(|cause| io_error(path, cause))?;
        let Some((_, line)) = line else { break };
        sampled += 1;
        if let Line::Whole(bytes) = line {
            collect(bytes, limits, &mut columns.names);
        }
    }
    // A single object may be a whole document that is written on one line.
    if sampled == 1
        && !columns.names.iter().any(|name| words::is_of_a_trace(name))
        && let Some(document) = of_document(path, &["*", "*.*"], limits)?
    {
        return Ok(document);
    }
    Ok(columns)
}

/// The columns of the list that holds most objects: the document itself, a
/// member of it, or a member of a member.
fn of_document(
    path: &Path,
    forms: &[&str],
    limits: &Limits,
) -> Result<Option<Columns>, ImportError> {
    for form in forms {
        if let Some((place, names)) = sample(path, form, limits)? {
            return Ok(Some(Columns {
                names,
                rows: Some(place).filter(|place| !place.is_empty()),
                ..Columns::default()
            }));
        }
    }
    Ok(None)
}

/// The list with the most objects at paths of this form.
fn sample(
    path: &Path,
    open: &str,
    limits: &Limits,
) -> Result<Option<(String, Vec<String>)>, ImportError> {
    let table = source::open(path, Declared::default())?;
    let mut pieces = Pieces::new(table.reader, &[open], limits);
    let level = open.split('.').filter(|part| !part.is_empty()).count();
    let mut lists: Vec<(String, usize, Vec<String>)> = Vec::new();
    // A fault in the document is reported when its rows are read.
    while let Ok(Some(piece)) = pieces.next_piece() {
        let Key::Index(index) = piece.key else {
            continue;
        };
        let parts: Vec<&str> = piece
            .path
            .split('.')
            .filter(|part| !part.is_empty())
            .collect();
        // A list within a list is no list of rows.
        let named = parts.iter().all(|part| part.parse::<u64>().is_err());
        let Content::Whole(bytes) = piece.content else {
            continue;
        };
        if parts.len() != level || !named || !bytes.starts_with(b"{") {
            continue;
        }
        let place = piece.path;
        let known = lists.iter().position(|(path, ..)| path == place);
        if known.is_none() && lists.len() < MAX_COLUMNS {
            lists.push((place.to_owned(), 0, Vec::new()));
        }
        let position = known.unwrap_or(lists.len().saturating_sub(1));
        let Some(list) = lists.get_mut(position).filter(|list| list.0 == place) else {
            continue;
        };
        list.1 += 1;
        if usize::try_from(index).is_ok_and(|index| index < SAMPLED_OBJECTS) {
            collect(bytes, limits, &mut list.2);
        }
    }
    let most = lists.into_iter().max_by_key(|(_, objects, _)| *objects);
    Ok(most.map(|(path, _, names)| (path, names)))
}

fn collect(bytes: &[u8], limits: &Limits, names: &mut Vec<String>) {
    let Ok(object) = parse(bytes, limits) else {
        return;
    };
    for (key, value) in &object.members {
        walk(key.clone(), value, MAX_LEVELS, names);
    }
}

fn walk(path: String, value: &Value, levels_left: usize, names: &mut Vec<String>) {
    if names.len() >= MAX_COLUMNS {
        return;
    }
    match (value, levels_left.checked_sub(1)) {
        (Value::Object(object), Some(levels_left)) => {
            for (key, value) in object {
                walk(format!("{path}.{key}"), value, levels_left, names);
            }
        }
        (Value::Array(list), Some(levels_left)) => {
            if let Some(first) = list.first() {
                walk(format!("{path}.0"), first, levels_left, names);
            }
        }
        _ if !names.contains(&path) => names.push(path),
        _ => {}
    }
}
