//! The fixed texts of the summary: one file for each language, the same keys.
//!
//! A text may hold placeholders in braces, which take values as they are: a
//! value never fills another placeholder. The files are part of the binary.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::locale::Language;

/// Texts by key, such as `limits.interval`.
type Texts = BTreeMap<String, String>;

/// The text of a language's file.
pub(super) const fn file(language: Language) -> &'static str {
    match language {
        Language::En => include_str!("../../../../templates/messages/en.toml"),
        Language::De => include_str!("../../../../templates/messages/de.toml"),
        Language::Fr => include_str!("../../../../templates/messages/fr.toml"),
        Language::Es => include_str!("../../../../templates/messages/es.toml"),
    }
}

/// Reads a file of tables of texts.
pub(super) fn parse(text: &str) -> Result<Texts, toml::de::Error> {
    let tables: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(text)?;
    let mut texts = Texts::new();
    for (table, entries) in tables {
        for (name, text) in entries {
            texts.insert(format!("{table}.{name}"), text);
        }
    }
    Ok(texts)
}

fn texts(language: Language) -> &'static Texts {
    static ALL: [OnceLock<Texts>; 4] = [const { OnceLock::new() }; 4];
    static NONE: Texts = Texts::new();
    let place = Language::ALL.iter().position(|one| *one == language);
    // A test reads every file; one that cannot be read would give keys for texts.
    place
        .and_then(|place| ALL.get(place))
        .map_or(&NONE, |cell| {
            cell.get_or_init(|| parse(file(language)).unwrap_or_default())
        })
}

/// The text of a key; the key in angle brackets where there is none.
pub(super) fn text(language: Language, key: &str) -> String {
    texts(language)
        .get(key)
        .cloned()
        .unwrap_or_else(|| format!("\u{27e8}{key}\u{27e9}"))
}

/// The text of a key with its placeholders filled.
pub(super) fn fill(language: Language, key: &str, values: &[(&str, &str)]) -> String {
    let text = text(language, key);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => out.push_str(value),
            None => out.push_str(&format!("\u{27e8}{name}\u{27e9}")),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    fn placeholders(text: &str) -> BTreeSet<String> {
        let parts = text.split('{').skip(1);
        parts
            .filter_map(|part| part.split_once('}'))
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    #[test]
    fn every_language_has_the_same_keys_and_placeholders() {
        let english = parse(file(Language::En)).unwrap();
        for language in Language::ALL {
            let other = parse(file(language)).unwrap();
            let keys = |texts: &Texts| texts.keys().cloned().collect::<BTreeSet<_>>();
            let (ours, theirs) = (keys(&english), keys(&other));
            assert_eq!(
                ours.symmetric_difference(&theirs).collect::<Vec<_>>(),
                Vec::<&String>::new(),
                "{language:?}"
            );
            for (key, text) in &english {
                let told = other.get(key).unwrap();
                assert!(!told.trim().is_empty(), "{language:?} {key}");
                assert_eq!(placeholders(told), placeholders(text), "{language:?} {key}");
                // A sentence of several words that is the same in two languages was not translated.
                let word = |w: &&str| w.chars().count() > 2 && !w.contains('{');
                let several = text.split(' ').filter(word).count() > 3;
                let same = language != Language::En && told == text;
                assert!(!(several && same), "{language:?} {key} is not translated");
            }
        }
    }

    #[test]
    fn every_key_is_used_and_every_used_key_is_there() {
        let english = parse(file(Language::En)).unwrap();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/summary");
        let mut used = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let source = std::fs::read_to_string(&path).unwrap();
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            for literal in source.split('"').skip(1).step_by(2) {
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                if let Some((table, name)) = literal.split_once('.')
                    && table.starts_with(|c: char| c.is_ascii_lowercase())
                    && !name.is_empty()
                    && table.chars().all(plain)
                    && name.chars().all(plain)
                    && !["md", "pdf", "json", "toml", "typ"].contains(&name)
                {
                    used.insert(literal.to_owned());
                }
            }
        }
        let known: BTreeSet<String> = english.keys().cloned().collect();
        assert_eq!(
            used.difference(&known).collect::<Vec<_>>(),
            Vec::<&String>::new()
        );
        assert_eq!(
            known.difference(&used).collect::<Vec<_>>(),
            Vec::<&String>::new()
        );
    }

    #[test]
    fn a_value_fills_no_other_placeholder_and_a_missing_text_shows_its_key() {
        assert_eq!(text(Language::En, "no.such"), "\u{27e8}no.such\u{27e9}");
        let filled = fill(
            Language::En,
            "tables.more",
            &[("n", "{list}"), ("list", "x")],
        );
        assert!(
            filled.contains("{list}") && filled.contains('x'),
            "{filled}"
        );
    }
}
