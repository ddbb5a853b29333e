//! Correspondence tables: which result bears on which provision, as data files.
//!
//! The files stand under `templates/frameworks/` and are part of the binary. Each
//! row names one result, the aspect of the provision that it bears on, how close
//! the relation is, and why it is no closer. Which state a row has follows from
//! the data alone (see `bases`); nothing here speaks of compliance.

use std::sync::OnceLock;

use serde::Deserialize;

use super::locale::Language;

/// The files, in the order of the form.
const FILES: [&str; 7] = [
    include_str!("../../../../templates/frameworks/eu-ai-act.toml"),
    include_str!("../../../../templates/frameworks/gpai-code.toml"),
    include_str!("../../../../templates/frameworks/nist-ai-rmf.toml"),
    include_str!("../../../../templates/frameworks/nist-ai-600-1.toml"),
    include_str!("../../../../templates/frameworks/iso-42001.toml"),
    include_str!("../../../../templates/frameworks/owasp-llm.toml"),
    include_str!("../../../../templates/frameworks/mitre-atlas.toml"),
];

/// A text in every language.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    en: String,
    de: String,
    fr: String,
    es: String,
}

impl Said {
    pub(super) fn in_language(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::De => &self.de,
            Language::Fr => &self.fr,
            Language::Es => &self.es,
        }
    }
}

/// A file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) framework: Framework,
    pub(super) rows: Vec<Row>,
}

/// A framework in one edition.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Framework {
    pub(super) id: String,
    pub(super) name: Said,
    pub(super) edition: Said,
    pub(super) source: String,
    pub(super) date: String,
    pub(super) read: Read,
    pub(super) checked: String,
}

/// How far a wording was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Read {
    /// The wording was read.
    Primary,
    /// It is known from secondary sources.
    Secondary,
}

/// One provision.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) provision: String,
    pub(super) addressee: Addressee,
    pub(super) result: Subject,
    pub(super) bears_on: Aspect,
    pub(super) relation: Relation,
    pub(super) read: Read,
    pub(super) subject: Said,
    pub(super) reason: Said,
}

/// Whose duty or choice a provision is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Addressee {
    /// Provider of a high-risk AI system.
    HighRisk,
    /// Provider of a general-purpose AI model.
    Gpai,
    /// Provider of one with systemic risk.
    Systemic,
    /// Signatory of the Code of Practice.
    Signatory,
    /// Organisation that uses a framework.
    Organisation,
    /// Owner of an application.
    Application,
    /// Anyone who describes attacks.
    Anyone,
}

/// A result of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    /// Strict success rate.
    Strict,
    /// Broad success rate.
    Broad,
    /// Functionally dangerous success rate.
    FunctionallyDangerous,
    /// Refusal rate.
    Refusal,
    /// Harm categories.
    Harms,
    /// Attack families.
    Families,
    /// Prompts.
    Prompts,
    /// Grader.
    Grader,
    /// Intervals.
    Uncertainty,
    /// Digests and published claims.
    Reproducibility,
    /// Independence of the tester.
    Tester,
}

impl Subject {
    /// The name in the files and in the annex.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Subject::Strict => "strict",
            Subject::Broad => "broad",
            Subject::FunctionallyDangerous => "functionally_dangerous",
            Subject::Refusal => "refusal",
            Subject::Harms => "harms",
            Subject::Families => "families",
            Subject::Prompts => "prompts",
            Subject::Grader => "grader",
            Subject::Uncertainty => "uncertainty",
            Subject::Reproducibility => "reproducibility",
            Subject::Tester => "tester",
        }
    }
}

/// What a provision asks of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Aspect {
    /// That it was tested.
    Testing,
    /// That attacks do not succeed.
    Resistance,
    /// That it is documented.
    Documentation,
    /// That every part is covered.
    Coverage,
    /// That the measurement can be relied on.
    Reliability,
    /// That published figures come out again.
    Reproduction,
    /// That the tester is independent.
    Independence,
}

impl Aspect {
    /// The name in the files and in the annex.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Aspect::Testing => "testing",
            Aspect::Resistance => "resistance",
            Aspect::Documentation => "documentation",
            Aspect::Coverage => "coverage",
            Aspect::Reliability => "reliability",
            Aspect::Reproduction => "reproduction",
            Aspect::Independence => "independence",
        }
    }
}

/// How close a result is to a provision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Relation {
    /// It is part of what a voluntary adopter is asked for.
    EvidenceFor,
    /// One input among several.
    Partial,
    /// It helps to read the result.
    Context,
}

impl Relation {
    /// The name in the files and in the annex.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Relation::EvidenceFor => "evidence_for",
            Relation::Partial => "partial",
            Relation::Context => "context",
        }
    }
}

/// Every framework, in the order of the form.
pub(super) fn all() -> &'static [File] {
    static ALL: OnceLock<Vec<File>> = OnceLock::new();
    // A test reads every file.
    ALL.get_or_init(|| {
        FILES
            .iter()
            .filter_map(|text| toml::from_str(text).ok())
            .collect()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    const NEVER: [&str; 14] = [
        "complies",
        "compliant",
        "compliance",
        "conforms",
        "meets the requirement",
        "certified",
        "passes",
        "konform",
        "erfüllt die",
        "conforme",
        "cumple",
        "zertifiziert",
        "certifié",
        "certificado",
    ];

    fn texts(said: &Said) -> [&str; 4] {
        Language::ALL.map(|language| said.in_language(language))
    }

    #[test]
    fn every_file_reads_and_every_row_is_whole_in_every_language() {
        let mut ids = BTreeSet::new();
        for text in FILES {
            let file: File = toml::from_str(text).unwrap();
            let framework = &file.framework;
            assert!(framework.source.starts_with("https://"), "{}", framework.id);
            assert!(crate::definition::day(&framework.date).is_some());
            assert!(crate::definition::day(&framework.checked).is_some());
            assert!(!file.rows.is_empty());
            for row in &file.rows {
                assert!(ids.insert(row.id.clone()), "{} twice", row.id);
                for said in texts(&row.subject).into_iter().chain(texts(&row.reason)) {
                    assert!(!said.trim().is_empty(), "{}", row.id);
                    assert!(said.chars().count() <= 160, "{} is cut: {said}", row.id);
                    let lower = said.to_lowercase();
                    assert!(NEVER.iter().all(|word| !lower.contains(word)), "{said}");
                }
                let [en, rest @ ..] = texts(&row.reason);
                assert!(
                    rest.iter().all(|told| *told != en),
                    "{} not translated",
                    row.id
                );
            }
        }
        assert_eq!(all().len(), FILES.len());
    }

    #[test]
    fn a_binding_law_is_never_evidence_for_and_what_was_not_read_is_context() {
        for file in all() {
            for row in &file.rows {
                if file.framework.id == "eu-ai-act" {
                    assert_ne!(row.relation, Relation::EvidenceFor, "{}", row.id);
                }
                if row.read == Read::Secondary {
                    assert_eq!(row.relation, Relation::Context, "{}", row.id);
                }
            }
        }
    }

    #[test]
    fn the_provisions_that_the_form_promises_are_there() {
        let provisions: Vec<String> = all()
            .iter()
            .flat_map(|file| file.rows.iter().map(|row| row.provision.clone()))
            .collect();
        for wanted in [
            "Art. 9(",
            "Art. 15(",
            "Art. 53(",
            "Art. 55(",
            "Measure",
            "MEASURE 2.7",
            "MS-2.",
            "A.6.2.4",
            "LLM01:2025",
            "AML.T0054",
        ] {
            assert!(provisions.iter().any(|p| p.contains(wanted)), "{wanted}");
        }
    }
}
