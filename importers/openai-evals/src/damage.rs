//! Which samples have a line that cannot be read.
//!
//! A rejected line may have said that the call failed, or that another
//! comparison came out otherwise: what the rest of its sample says is no verdict
//! any more. Its names are looked for in what is left of the line; a line
//! without them is counted, since it may be of any sample.

use std::collections::{BTreeMap, HashSet};

use crate::sample::{Sample, Samples};

/// What the rejected lines of a log belong to.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    /// Lines by run, where its name is left, and sample.
    named: BTreeMap<(Option<String>, String), u64>,
    /// Lines that name no sample.
    unnamed: u64,
}

impl Damage {
    /// Adds a rejected line; `None` is one that is too long to be looked at.
    pub(crate) fn add(&mut self, line: Option<&[u8]>) {
        let line = line.unwrap_or_default();
        if is_no_event(line) {
            return;
        }
        match member(line, "sample_id") {
            Some(sample) => {
                let key = (member(line, "run_id"), sample);
                *self.named.entry(key).or_default() += 1;
            }
            None => self.unnamed += 1,
        }
    }

    /// Whether a line of this sample was rejected.
    pub(crate) fn is_of(&self, sample: &Sample) -> bool {
        let has = |run: Option<String>| self.named.contains_key(&(run, sample.id.clone()));
        !self.named.is_empty() && (has(None) || has(sample.run_id.clone()))
    }

    /// Rejected lines that belong to none of the samples, as far as can be seen.
    pub(crate) fn unplaced(&self, samples: &Samples) -> u64 {
        if self.named.is_empty() {
            return self.unnamed;
        }
        let mut known = HashSet::new();
        for sample in samples.iter() {
            known.insert((None, sample.id.as_str()));
            known.insert((sample.run_id.as_deref(), sample.id.as_str()));
        }
        let placed =
            |(run, id): &(Option<String>, String)| known.contains(&(run.as_deref(), id.as_str()));
        let lost = self.named.iter().filter(|(key, _)| !placed(key));
        self.unnamed + lost.map(|(_, lines)| lines).sum::<u64>()
    }
}

/// Specifications and reports are rejected as well, and belong to no sample.
fn is_no_event(line: &[u8]) -> bool {
    let start = line.trim_ascii_start();
    [&br#"{"spec""#[..], &br#"{"final_report""#[..]]
        .iter()
        .any(|name| start.starts_with(name))
}

/// The text or the whole number that a member of this name holds, if all of it
/// is there. Within a text the quotation marks of a name would be escaped.
fn member(line: &[u8], name: &str) -> Option<String> {
    let name = format!("\"{name}\"");
    let start = line
        .windows(name.len())
        .position(|window| window == name.as_bytes())?;
    let value = line.get(start + name.len()..)?.trim_ascii_start();
    let value = value.strip_prefix(b":")?.trim_ascii_start();
    let text = match value.strip_prefix(b"\"") {
        Some(quoted) => {
            let mut escaped = false;
            let end = quoted.iter().position(|byte| {
                let ends = *byte == b'"' && !escaped;
                escaped = *byte == b'\\' && !escaped;
                ends
            })?;
            serde_json::from_slice(value.get(..end + 2)?).ok()?
        }
        None => {
            let end = value.iter().position(|byte| !byte.is_ascii_digit())?;
            String::from_utf8(value.get(..end)?.to_vec()).ok()?
        }
    };
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_found_in_what_is_left_of_a_line() {
        for (line, name, found) in [
            (
                r#"{"run_id": "R", "sample_id": "s.1", "data": {"mess"#,
                "sample_id",
                Some("s.1"),
            ),
            (r#"{"sample_id":"a\"b" "#, "sample_id", Some("a\"b")),
            (r#"{"sample_id": 12, "#, "sample_id", Some("12")),
            (r#"{"sample_id": 1"#, "sample_id", None),
            (r#"{"sample_id": "cut"#, "sample_id", None),
            (r#"{"sample_id": "", "#, "sample_id", None),
            (r#"{"sample_id": null"#, "sample_id", None),
            (r#"{"sample"#, "sample_id", None),
            (
                r#"{"data": "a \"sample_id\": \"x\" in a text", "#,
                "sample_id",
                None,
            ),
            (r#"{"run_id" : "R"}"#, "run_id", Some("R")),
        ] {
            assert_eq!(member(line.as_bytes(), name).as_deref(), found, "{line}");
        }
    }

    #[test]
    fn a_specification_is_of_no_sample() {
        let mut damage = Damage::default();
        damage.add(Some(br#" {"spec": 5, "sample_id": "s"}"#));
        damage.add(Some(br#"{"final_report": "#));
        assert_eq!(damage.unplaced(&Samples::default()), 0);
        damage.add(Some(b"[]"));
        damage.add(None);
        assert_eq!(damage.unplaced(&Samples::default()), 2);
    }
}
