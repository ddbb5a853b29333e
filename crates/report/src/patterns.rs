//! Globs over names, in lower case (`*obliter*`).

use globset::{GlobBuilder, GlobMatcher};

use crate::definition::DefinitionError;

/// Some globs.
#[derive(Clone, Debug)]
pub(crate) struct Patterns(Vec<(String, GlobMatcher)>);

impl Patterns {
    /// Compiles the patterns of one key of `report.toml`.
    pub(crate) fn new(key: &str, patterns: &[String]) -> Result<Self, DefinitionError> {
        let compile = |pattern: &String| {
            let glob = GlobBuilder::new(&pattern.to_lowercase())
                .literal_separator(false)
                .build()
                .map_err(|error| DefinitionError::Invalid {
                    path: "report.toml".into(),
                    problem: format!("`{key}` holds a pattern that cannot be used: {error}"),
                    hint: "`*` stands for any text, `?` for one character".to_owned(),
                })?;
            Ok((pattern.clone(), glob.compile_matcher()))
        };
        patterns
            .iter()
            .map(compile)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The first pattern that matches, as written. An absent name matches none.
    pub(crate) fn first_match(&self, name: Option<&str>) -> Option<&str> {
        let name = name?.to_lowercase();
        self.0
            .iter()
            .find(|(_, matcher)| matcher.is_match(&name))
            .map(|(pattern, _)| pattern.as_str())
    }

    /// Whether any pattern matches.
    pub(crate) fn matches(&self, name: Option<&str>) -> bool {
        self.first_match(name).is_some()
    }

    /// Whether there are no patterns at all, or one matches.
    pub(crate) fn empty_or_match(&self, name: Option<&str>) -> bool {
        self.0.is_empty() || self.matches(name)
    }
}
