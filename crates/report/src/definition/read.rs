//! Reading `report.toml`: from text to a definition that can be used.
//!
//! Refuses unknown keys with the nearest known one, values out of range with
//! the range, and days that do not exist. Opens no file.

use std::path::Path;

use super::{AnalysisRules, Definition, DefinitionError, GraderRules, summary};

impl Definition {
    /// Reads `report.toml` from its text; `path` is for messages.
    ///
    /// # Errors
    /// [`DefinitionError`] for an unknown key (with the nearest known one), a
    /// value out of range, a date that does not exist, or no input at all.
    pub fn parse(text: &str, path: &Path) -> Result<Self, DefinitionError> {
        let definition: Definition =
            toml::from_str(text).map_err(|error| unreadable(path, text, &error))?;
        definition.check(path)?;
        Ok(definition)
    }

    /// The day of the edition as year, month and day.
    pub fn edition_day(&self) -> Option<(i32, u8, u8)> {
        day(&self.edition_date)
    }

    fn check(&self, path: &Path) -> Result<(), DefinitionError> {
        let refuse = |problem: String, hint: &str| {
            Err(DefinitionError::Invalid {
                path: path.to_path_buf(),
                problem,
                hint: hint.to_owned(),
            })
        };
        if self.edition_day().is_none() {
            return refuse(
                format!(
                    "`edition_date` is no day: `{}`",
                    self.edition_date.escape_debug()
                ),
                "write it as YYYY-MM-DD, for example 2026-11-23",
            );
        }
        if self.store.is_some() != self.inputs.is_empty() {
            return refuse(
                "a report needs either `store` or at least one `[[inputs]]`, not both".to_owned(),
                "name the files to import under `[[inputs]]`, or a corpus file as `store`",
            );
        }
        for input in &self.inputs {
            if input.mapping.is_some() && !input.options.is_empty() {
                return refuse(
                    format!(
                        "the input `{}` has `options` and a `mapping`",
                        input.path.display().to_string().escape_debug()
                    ),
                    "keep one of them; a mapping file holds the same keys as `[inputs.options]`",
                );
            }
        }
        if let Some((problem, hint)) = self.analysis.fault() {
            return refuse(problem, hint);
        }
        let texts = [
            ("words.event", Some(&self.words.event)),
            ("words.event_past", Some(&self.words.event_past)),
            ("prompts.source", self.prompts.as_ref().map(|p| &p.source)),
            (
                "claim_tested.claim",
                self.claim_tested.as_ref().map(|c| &c.claim),
            ),
            (
                "claim_tested.source",
                self.claim_tested.as_ref().map(|c| &c.source),
            ),
        ];
        for (name, text) in texts {
            if text.is_some_and(|text| text.trim().is_empty()) {
                return refuse(
                    format!("`{name}` is empty"),
                    "write the words that the report is to print, or leave the key out",
                );
            }
        }
        if let Some((problem, hint)) = self.graders.fault() {
            return refuse(problem, hint);
        }
        let mut ids = std::collections::BTreeSet::new();
        for view in &self.views {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let is_name = view
                .id
                .chars()
                .next()
                .is_some_and(|c| c.is_ascii_alphanumeric())
                && view.id.chars().all(plain);
            if !is_name || !ids.insert(view.id.as_str()) {
                return refuse(
                    format!(
                        "the id of a view is no name, or stands twice: `{}`",
                        view.id.escape_debug()
                    ),
                    "give each of `[[views]]` an id of its own of letters, digits, `-` and `_`",
                );
            }
        }
        for correction in &self.corrections {
            if day(&correction.date).is_none() || correction.text.trim().is_empty() {
                return refuse(
                    format!(
                        "a correction of `{}` has no day or no text",
                        correction.date.escape_debug()
                    ),
                    "write `date = \"2026-11-23\"` and what was wrong as `text`",
                );
            }
        }
        summary::check(&self.summary, &self.thresholds, self.bands.as_ref(), path)?;
        self.check_size_source(path)
    }

    fn check_size_source(&self, path: &Path) -> Result<(), DefinitionError> {
        let source = self.size.source.as_str();
        let table = source
            .strip_prefix("table:")
            .is_some_and(|file| !file.is_empty());
        if matches!(source, "corpus" | "register") || table {
            return Ok(());
        }
        Err(DefinitionError::Invalid {
            path: path.to_path_buf(),
            problem: format!("`size.source` is `{}`", source.escape_debug()),
            hint: "use `corpus`, `register`, or `table:FILE`".to_owned(),
        })
    }
}

impl GraderRules {
    /// What is wrong with a stated accuracy, and what to write in its place.
    fn fault(&self) -> Option<(String, &'static str)> {
        self.accuracy.iter().find_map(|(grader, stated)| {
            let shares = [stated.sensitivity, stated.specificity];
            let range = shares.iter().all(|share| (0.0..=1.0).contains(share));
            let labelled = [stated.labelled_successes, stated.labelled_failures];
            let fault = if !range || labelled.contains(&Some(0)) {
                "has a share outside 0 to 1, or none labelled"
            } else if stated.sensitivity + stated.specificity <= 1.0 {
                "says that its verdicts tell nothing"
            } else if stated.source.trim().is_empty() {
                "has no source"
            } else {
                return None;
            };
            Some((
                format!("`graders.accuracy.{}` {fault}", grader.escape_debug()),
                "give sensitivity and specificity from 0 to 1, more than 1 together, and the source",
            ))
        })
    }
}

impl AnalysisRules {
    /// What is wrong with the numbers, and what to write in their place; nothing
    /// where an analysis can be made with them in bounded time.
    pub fn fault(&self) -> Option<(String, &'static str)> {
        for (name, level) in [
            ("level", self.level),
            ("variance_level", self.variance_level),
        ] {
            if !(0.5..1.0).contains(&level) {
                return Some((
                    format!("`analysis.{name}` is {level}, outside 0.5 to below 1"),
                    "0.95 is usual for rates, 0.90 for shares of variance",
                ));
            }
        }
        let band = self.band_points;
        if !(band > 0.0 && band <= 100.0) {
            return Some((
                format!("`analysis.band_points` is {band}, outside 0 to 100"),
                "give the half-width of the band in percentage points",
            ));
        }
        if !(999..=10_000_000).contains(&self.permutations) {
            return Some((
                format!("`analysis.permutations` is {}", self.permutations),
                "use 999 to 10,000,000; 20,000 is the default",
            ));
        }
        None
    }
}

/// Year, month and day of a text like 2026-11-23, if there is such a day.
pub fn day(text: &str) -> Option<(i32, u8, u8)> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    let date = time::Date::parse(text, &format).ok()?;
    Some((date.year(), u8::from(date.month()), date.day()))
}

fn unreadable(path: &Path, text: &str, error: &toml::de::Error) -> DefinitionError {
    let place = error.span().map_or(String::new(), |span| {
        let before = text.get(..span.start).unwrap_or_default();
        format!("line {}: ", before.matches('\n').count() + 1)
    });
    let message = error.message();
    DefinitionError::Invalid {
        path: path.to_path_buf(),
        problem: format!("{place}{message}"),
        hint: suggestion(message)
            .unwrap_or_else(|| "`caveat schema report` prints what the file may hold".to_owned()),
    }
}

/// The nearest known key to an unknown one, read from the message of the parser.
fn suggestion(message: &str) -> Option<String> {
    let rest = message
        .strip_prefix("unknown field `")
        .or_else(|| message.strip_prefix("unknown variant `"))?;
    let (unknown, known) = rest.split_once("`, expected ")?;
    let nearest = known.split('`').skip(1).step_by(2).max_by(|a, b| {
        let likeness = |word: &str| strsim::jaro_winkler(unknown, word);
        likeness(a).total_cmp(&likeness(b))
    })?;
    Some(format!("did you mean `{nearest}`?"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const MINIMAL: &str = "title = \"Q?\"\nnumber = \"1\"\nseries = \"S\"\nauthor = \"A\"\n\
        edition_date = \"2026-11-23\"\ncorpus = \"C\"\n";

    fn parse(extra: &str) -> Result<Definition, DefinitionError> {
        let input = "[[inputs]]\npath = \"a.db\"\n";
        Definition::parse(
            &format!("{MINIMAL}{input}{extra}"),
            Path::new("report.toml"),
        )
    }

    #[test]
    fn a_minimal_report_takes_the_stated_defaults() {
        let definition = parse("").unwrap();
        assert_eq!(definition.analysis.permutations, 20_000);
        assert_eq!(definition.inclusion.min_n_per_model, 20);
        assert_eq!(definition.edition_day(), Some((2026, 11, 23)));
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line_and_a_suggestion() {
        let error = parse("[analysis]\npermutation = 5000\n")
            .unwrap_err()
            .to_string();
        assert!(error.contains("line 10"), "{error}");
        assert!(error.contains("did you mean `permutations`?"), "{error}");
        let error = parse("[verdicts]\nsuccess = \"strickt\"\n")
            .unwrap_err()
            .to_string();
        assert!(error.contains("did you mean `strict`?"), "{error}");
    }

    #[test]
    fn values_out_of_range_are_refused_with_the_range() {
        for extra in [
            "[analysis]\nlevel = 95\n",
            "[analysis]\nband_points = 0\n",
            "[analysis]\npermutations = 10\n",
            "[size]\nsource = \"guess\"\n",
        ] {
            assert!(
                parse(extra).unwrap_err().to_string().contains("hint: "),
                "{extra}"
            );
        }
        let wrong = MINIMAL.replace("2026-11-23", "2026-02-30");
        let text = format!("{wrong}[[inputs]]\npath = \"a.db\"\n");
        assert!(Definition::parse(&text, Path::new("report.toml")).is_err());
    }

    #[test]
    fn statements_of_the_author_are_optional_and_never_empty() {
        let plain = parse("").unwrap();
        assert_eq!((plain.prompts, plain.claim_tested), (None, None));
        assert_eq!(plain.words.event, "attacks succeed");
        let stated = parse(
            "[prompts]\nsame = true\nsource = \"a paper\"\n\
             [claim_tested]\nclaim = \"A is B.\"\nsource = \"a report\"\n",
        )
        .unwrap();
        assert!(stated.prompts.is_some_and(|prompts| prompts.same));
        assert!(parse("[prompts]\nsame = true\nsource = \" \"\n").is_err());
        assert!(parse("[prompts]\nsource = \"a paper\"\n").is_err());
    }

    #[test]
    fn the_accuracy_of_a_grader_has_a_range_and_a_source() {
        let stated = "[graders.accuracy.\"a judge\"]\nsensitivity = 0.9\nspecificity = 0.95\n\
            labelled_successes = 80\nsource = \"a card\"\n";
        let graders = parse(stated).unwrap().graders;
        assert_eq!(graders.accuracy["a judge"].labelled_successes, Some(80));
        for (from, to) in [
            ("0.95", "1.95"),
            ("0.9\n", "0.05\n"),
            ("a card", " "),
            ("80", "0"),
        ] {
            assert!(parse(&stated.replacen(from, to, 1)).is_err(), "{to}");
        }
        assert!(!parse("").unwrap().hierarchical.posterior);
    }

    #[test]
    fn a_report_without_data_is_refused() {
        assert!(Definition::parse(MINIMAL, Path::new("report.toml")).is_err());
    }
}
