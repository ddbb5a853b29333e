//! The YAML export: the same document as the JSON one.
//!
//! The exporter writes an anchor for every set of variables, so anchors and
//! aliases are read, within bounds that a crafted file cannot pass: the number
//! of events that aliases replay, of anchors, of nodes and of levels. Anchors
//! hold until the end of the document, hence memory follows the file, and the
//! file has a limit of its own.

use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use caveat_corpus::Location;
use caveat_importer::Limits;
use caveat_importer::json::Key;
use caveat_importer::text::printable;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess};
use serde_json::Value;

use crate::document::{Document, Member, MemberContent};
use crate::fault::Fault;
use crate::walk::Visitor;

/// Largest YAML file that is read. A result takes 5 kB, so this is 12,000 of
/// them; the JSON and JSONL exports of larger runs have no such limit.
pub(crate) const MAX_YAML_BYTES: u64 = 64 << 20;

/// Most events that are kept for aliases, and most that aliases replay. An
/// export replays four a result and two more for every variable; "a billion
/// laughs" would replay 10^9.
const MAX_REPLAYED_EVENTS: usize = 500_000;

/// Most anchors, and most aliases. An export has one of each a result.
const MAX_ANCHORS: usize = 200_000;

/// Most nodes outside aliases, and half the most events. An export has about
/// 400 nodes in the 6 kB of a result, so that the largest file has some 4.5
/// million; a file of nothing but short nodes would have 32 million, and take
/// minutes.
const MAX_NODES: usize = 5_000_000;

const HINT: &str = "import the JSON or JSONL export of the evaluation instead";

/// Levels of the document above a result.
const OUTER_LEVELS: u32 = 4;

/// Walks a YAML document.
pub(crate) fn walk(path: &Path, limits: &Limits, visitor: &mut dyn Visitor) -> Result<(), Fault> {
    let text = load(path)?;
    let mut document = Document::new(0, *limits, visitor);
    let walk = Walk {
        document: RefCell::new(&mut document),
        held: RefCell::new(None),
        fault: RefCell::new(None),
        complete: RefCell::new(false),
    };
    let parsed =
        serde_saphyr::with_deserializer_from_str_with_options(&text, options(limits), |root| {
            Node {
                walk: &walk,
                path: "",
            }
            .deserialize(root)
        });
    if let Some(fault) = walk.fault.take() {
        return Err(fault);
    }
    let held = walk.held.take();
    let complete = *walk.complete.borrow();
    match parsed {
        Ok(()) if complete || held.is_none() => {
            release(&mut document, held)?;
        }
        // A text cut between two lines is still YAML; what followed the results
        // is not there, and the last result may lack its end.
        Ok(()) => {
            let location = held.map(|(index, _)| place(&index.to_string()));
            document.cut_off(location, "the document ends within its results")?;
        }
        Err(error) => {
            let reason = words(&error);
            if is_bomb(&error) {
                return Err(Fault::content(
                    &format!(
                        "it has more anchors, aliases, nodes or levels than are read: {reason}"
                    ),
                    HINT,
                ));
            }
            if held.is_none() && !complete {
                return Err(Fault::content(
                    &format!("not usable as YAML: {reason}"),
                    HINT,
                ));
            }
            let next = held.as_ref().map_or(0, |(index, _)| index + 1);
            release(&mut document, held)?;
            if complete {
                document.note(&format!(
                    "what follows the results cannot be read: {reason}"
                ));
            } else {
                document.note(&format!(
                    "nothing after result {next} can be read: {reason}"
                ));
                document.broken(place(&next.to_string()), reason)?;
            }
        }
    }
    let seen = document.seen();
    if !(seen.list || seen.table) {
        return Err(Fault::content(
            "the document has no list `results.results`",
            HINT,
        ));
    }
    document.progress(u64::try_from(text.len()).unwrap_or(u64::MAX));
    Ok(())
}

fn load(path: &Path) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_YAML_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read > MAX_YAML_BYTES) {
        return Err(Fault::content(
            &format!("the YAML file is larger than {MAX_YAML_BYTES} bytes"),
            HINT,
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Fault::content(
            &format!("expected UTF-8, found other bytes from byte {at}"),
            HINT,
        )
    })
}

fn options(limits: &Limits) -> serde_saphyr::Options {
    let depth =
        usize::try_from(limits.max_depth.saturating_add(OUTER_LEVELS)).unwrap_or(usize::MAX);
    let length = usize::try_from(MAX_YAML_BYTES).unwrap_or(usize::MAX);
    let mut budget = serde_saphyr::Budget::default();
    budget.max_events = 2 * MAX_NODES;
    budget.max_nodes = MAX_NODES;
    budget.max_anchors = MAX_ANCHORS;
    budget.max_aliases = MAX_ANCHORS;
    budget.max_recorded_anchor_events = MAX_REPLAYED_EVENTS;
    budget.max_recorded_anchor_bytes = length;
    budget.max_depth = depth.min(128);
    budget.max_documents = 1;
    budget.max_total_scalar_bytes = length;
    budget.enforce_alias_anchor_ratio = false;
    let mut options = serde_saphyr::Options::default();
    options.budget = Some(budget);
    options.alias_limits.max_total_replayed_events = MAX_REPLAYED_EVENTS;
    options.duplicate_keys = serde_saphyr::DuplicateKeyPolicy::LastWins;
    options.non_finite_float_policy = serde_saphyr::options::NonFiniteFloatPolicy::AsString;
    options.strict_booleans = true;
    options.with_snippet = false;
    options
}

fn words(error: &serde_saphyr::Error) -> String {
    printable(error.to_string().lines().next().unwrap_or_default())
}

/// Whether a document passes the bounds that a bomb would pass.
fn is_bomb(mut error: &serde_saphyr::Error) -> bool {
    use serde_saphyr::Error::{
        AliasError, AliasExpansionLimitExceeded, AliasReplayCounterOverflow,
        AliasReplayLimitExceeded, AliasReplayStackDepthExceeded, Budget,
    };
    while let AliasError { error: inner, .. } = error {
        error = inner;
    }
    matches!(
        error.without_snippet(),
        Budget { .. }
            | AliasExpansionLimitExceeded { .. }
            | AliasReplayCounterOverflow { .. }
            | AliasReplayLimitExceeded { .. }
            | AliasReplayStackDepthExceeded { .. }
    )
}

fn place(index: &str) -> Location {
    Location {
        entry: Some("results.results".to_owned()),
        record: Some(index.to_owned()),
        byte: None,
    }
}

/// Hands a result on that was held back until its end was certain.
fn release(document: &mut Document<'_>, held: Option<(u64, Value)>) -> Result<(), Fault> {
    let Some((index, value)) = held else {
        return Ok(());
    };
    document.member(Member {
        path: "results.results",
        key: Key::Index(index),
        location: place(&index.to_string()),
        content: MemberContent::Value(&value),
    })?;
    Ok(())
}

/// What all nodes of a walk share.
struct Walk<'w, 'v> {
    document: RefCell<&'w mut Document<'v>>,
    /// The latest result: it is complete when something follows it.
    held: RefCell<Option<(u64, Value)>>,
    /// A fault that is not YAML's.
    fault: RefCell<Option<Fault>>,
    /// Something follows the results.
    complete: RefCell<bool>,
}

impl Walk<'_, '_> {
    fn keep<E: serde::de::Error>(&self, result: Result<(), Fault>) -> Result<(), E> {
        result.map_err(|fault| {
            *self.fault.borrow_mut() = Some(fault);
            E::custom("stopped")
        })
    }

    fn member(&self, path: &str, key: Key<'_>, record: &str, value: &Value) -> Result<(), Fault> {
        let entry = if path.is_empty() {
            None
        } else {
            Some(path.to_owned())
        };
        self.document.borrow_mut().member(Member {
            path,
            key,
            location: Location {
                entry,
                record: Some(record.to_owned()),
                byte: None,
            },
            content: MemberContent::Value(value),
        })?;
        Ok(())
    }

    fn result(&self, index: u64, value: Value) -> Result<(), Fault> {
        let before = self.held.borrow_mut().replace((index, value));
        release(&mut self.document.borrow_mut(), before)
    }
}

/// A node on the way to the results.
#[derive(Clone, Copy)]
struct Node<'a, 'w, 'v> {
    walk: &'a Walk<'w, 'v>,
    path: &'static str,
}

/// The containers that are opened, and the names of their children that are.
fn child_path(path: &str, name: &str) -> Option<&'static str> {
    match (path, name) {
        ("", "results") => Some("results"),
        ("", "config") => Some("config"),
        ("results", "results") => Some("results.results"),
        ("results", "table") => Some("results.table"),
        ("results.table", "body") => Some("results.table.body"),
        _ => None,
    }
}

/// The other members that say something.
fn is_wanted(path: &str, name: &str) -> bool {
    match path {
        "" => matches!(
            name,
            "evalId" | "version" | "createdAt" | "metadata" | "stats"
        ),
        "results" => matches!(name, "version" | "timestamp" | "prompts" | "stats"),
        "results.table" => name == "head",
        "config" => name == "redteam",
        _ => false,
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Node<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document of results")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if self.walk.held.borrow().is_some() {
                *self.walk.complete.borrow_mut() = true;
            }
            if let Some(path) = child_path(self.path, &name) {
                map.next_value_seed(Node {
                    walk: self.walk,
                    path,
                })?;
            } else if is_wanted(self.path, &name) {
                let value: Value = map.next_value()?;
                self.walk
                    .keep(self.walk.member(self.path, Key::Name(&name), &name, &value))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0_u64;
        let is_results = matches!(self.path, "results.results" | "results");
        if is_results {
            self.walk.document.borrow_mut().has_list();
        }
        while let Some(value) = list.next_element::<Value>()? {
            if is_results {
                self.walk.keep(self.walk.result(index, value))?;
            } else {
                self.walk.keep(self.walk.member(
                    self.path,
                    Key::Index(index),
                    &index.to_string(),
                    &value,
                ))?;
            }
            index += 1;
        }
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde::Deserialize as _;

    use super::*;

    #[test]
    fn a_file_of_nothing_but_short_nodes_is_refused_by_count() {
        let mut options = options(&Limits::default());
        let budget = options.budget.as_mut().unwrap();
        assert_eq!(budget.max_nodes, MAX_NODES);
        // The same bound, at a size that a test can pass.
        budget.max_nodes = 100;
        let read = |nodes: usize| {
            let text = format!("a: [{}]", vec!["x"; nodes].join(","));
            serde_saphyr::with_deserializer_from_str_with_options(&text, options.clone(), |root| {
                IgnoredAny::deserialize(root)
            })
        };
        assert!(read(50).is_ok());
        assert!(is_bomb(&read(200).unwrap_err()));
    }
}
