//! Which column of a Parquet file a path of the mapping names.
//!
//! A path is a name, or names and list positions joined by dots, as for JSON.
//! The groups that Parquet puts between a list and its elements have no name
//! here.

use parquet::basic::{ConvertedType, LogicalType, Repetition};
use parquet::schema::types::{SchemaDescriptor, Type};

/// A leaf column.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// Position among the leaf columns.
    pub(super) index: usize,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Name(String),
    /// An element of a list.
    Element,
    /// An entry of a map, which no path names.
    Entry,
}

/// What a path leads to.
pub(super) enum Target {
    /// A column, and the element within its list.
    Column {
        index: usize,
        element: Option<usize>,
    },
    /// Something that holds several values, in words.
    Several(&'static str),
    Nothing,
}

/// Leaf columns in the order of the file.
pub(super) fn leaves(schema: &SchemaDescriptor) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    for field in schema.root_schema().get_fields() {
        walk(field, &mut Vec::new(), &mut leaves);
    }
    leaves
}

/// Follows one field; the footer's check has bounded how deeply it is nested.
fn walk(field: &Type, outer: &mut Vec<Part>, leaves: &mut Vec<Leaf>) {
    let length = outer.len();
    outer.push(Part::Name(field.name().to_owned()));
    let repeated = is_repeated(field);
    if repeated {
        outer.push(Part::Element);
    }
    children(field, outer, leaves);
    outer.truncate(length);
}

/// What stands below a field whose own name is in `outer` already.
fn children(field: &Type, outer: &mut Vec<Part>, leaves: &mut Vec<Leaf>) {
    if field.is_primitive() {
        let index = leaves.len();
        let parts = outer.clone();
        leaves.push(Leaf { index, parts });
        return;
    }
    let length = outer.len();
    match (group_kind(field), field.get_fields()) {
        (Group::List, [repeated]) if is_repeated(repeated) => {
            outer.push(Part::Element);
            match repeated.is_primitive() {
                false if is_wrapper(repeated) => {
                    for element in repeated.get_fields() {
                        let inner = outer.len();
                        if is_repeated(element) {
                            outer.push(Part::Element);
                        }
                        children(element, outer, leaves);
                        outer.truncate(inner);
                    }
                }
                _ => children(repeated, outer, leaves),
            }
        }
        (Group::Map, fields) => {
            outer.push(Part::Entry);
            for field in fields {
                walk(field, outer, leaves);
            }
        }
        (_, fields) => {
            for field in fields {
                walk(field, outer, leaves);
            }
        }
    }
    outer.truncate(length);
}

enum Group {
    Struct,
    List,
    Map,
}

fn group_kind(field: &Type) -> Group {
    let info = field.get_basic_info();
    match (info.logical_type_ref(), info.converted_type()) {
        (Some(LogicalType::List), _) | (_, ConvertedType::LIST) => Group::List,
        (Some(LogicalType::Map), _) | (_, ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE) => {
            Group::Map
        }
        _ => Group::Struct,
    }
}

fn is_repeated(field: &Type) -> bool {
    let info = field.get_basic_info();
    info.has_repetition() && info.repetition() == Repetition::REPEATED
}

/// Whether a repeated group stands between a list and its element, by the
/// rules for older files in the format's page on logical types.
fn is_wrapper(repeated: &Type) -> bool {
    let name = repeated.name();
    repeated.get_fields().len() == 1 && name != "array" && !name.ends_with("_tuple")
}

/// Finds what a path names; a whole name is found before its parts are tried.
pub(super) fn find(leaves: &[Leaf], path: &str) -> Target {
    let mut several = None;
    for leaf in leaves {
        let mut elements = Vec::new();
        match leaf.matches(path, &mut elements) {
            Match::Whole if elements.len() > 1 => several = Some("a list of lists"),
            Match::Whole => {
                return Target::Column {
                    index: leaf.index,
                    element: elements.first().copied(),
                };
            }
            Match::Start(what) => several = several.or(Some(what)),
            Match::No => {}
        }
    }
    several.map_or(Target::Nothing, Target::Several)
}

enum Match {
    Whole,
    /// The path ends above the leaf.
    Start(&'static str),
    No,
}

impl Leaf {
    fn matches(&self, path: &str, elements: &mut Vec<usize>) -> Match {
        let mut rest = Some(path);
        for part in &self.parts {
            let Some(text) = rest else {
                return Match::Start(match part {
                    Part::Name(_) => "a group",
                    Part::Element => "a list",
                    Part::Entry => "a map",
                });
            };
            let after = match part {
                Part::Name(name) => text.strip_prefix(name.as_str()),
                Part::Element => {
                    let end = text.find('.').unwrap_or(text.len());
                    let (digits, after) = text.split_at(end);
                    digits.parse().ok().map(|element| {
                        elements.push(element);
                        after
                    })
                }
                Part::Entry => None,
            };
            rest = match after {
                Some("") => None,
                Some(after) => match after.strip_prefix('.') {
                    Some(after) => Some(after),
                    None => return Match::No,
                },
                None => return Match::No,
            };
        }
        match rest {
            None => Match::Whole,
            Some(_) => Match::No,
        }
    }

    /// The path that names this column, with the first element of a list;
    /// `None` if no path does.
    pub(super) fn path(&self) -> Option<String> {
        let mut names = Vec::new();
        let mut lists = 0;
        for part in &self.parts {
            match part {
                Part::Name(name) => names.push(name.clone()),
                Part::Element => {
                    lists += 1;
                    names.push("0".to_owned());
                }
                Part::Entry => return None,
            }
        }
        (lists <= 1).then(|| names.join("."))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use parquet::schema::parser::parse_message_type;

    use super::*;

    #[test]
    fn paths_go_through_groups_and_lists_of_every_age() {
        let schema = "message rows {
            optional binary model (STRING);
            optional group grades (LIST) { repeated group list { optional group element {
                optional binary label (STRING); optional double score; } } }
            optional group scores (LIST) { repeated double array; }
            repeated int32 plain;
            optional group reply { optional binary text (STRING); }
            optional group tags (MAP) { repeated group key_value {
                required binary key (STRING); optional binary value (STRING); } }
            optional binary reply.text (STRING);
        }";
        let parsed = Arc::new(parse_message_type(schema).unwrap());
        let leaves = leaves(&SchemaDescriptor::new(parsed));
        let found = |path: &str| match find(&leaves, path) {
            Target::Column { index, element } => format!("{index} {element:?}"),
            Target::Several(what) => what.to_owned(),
            Target::Nothing => "nothing".to_owned(),
        };
        for (path, expected) in [
            ("model", "0 None"),
            ("grades.0.label", "1 Some(0)"),
            ("grades.12.score", "2 Some(12)"),
            ("grades", "a list"),
            ("grades.0", "a group"),
            ("scores.1", "3 Some(1)"),
            ("plain.0", "4 Some(0)"),
            ("plain", "a list"),
            ("reply", "a group"),
            ("tags.a", "nothing"),
            ("tags", "a map"),
            ("modell", "nothing"),
            ("model.x", "nothing"),
        ] {
            assert_eq!(found(path), expected, "{path}");
        }
        // The name with a dot and the group are spelled alike: the first in the file wins.
        assert_eq!(found("reply.text"), "5 None");
        let paths: Vec<_> = leaves.iter().filter_map(Leaf::path).collect();
        assert_eq!(paths.len(), 7);
        assert_eq!(paths[1], "grades.0.label");
    }
}
