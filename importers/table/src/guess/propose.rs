//! Chooses a column for each field, and the columns that hold judgements.
//!
//! A column is chosen by its name, and only if its values could be what the
//! field holds. Nothing is decided that the table does not say.

use caveat_corpus::register::parse_coded_size;

use crate::mapping::{Field, Kind};

use super::columns::Columns;
use super::profile::Profile;
use super::words::{self, Meaning};

/// Most different values of a column that is taken for a judgement.
const MAX_VERDICT_VALUES: usize = 30;

/// Most judgements that are proposed.
const MAX_GRADES: usize = 8;

/// A column by its position.
pub(super) type Column = usize;

/// A proposed judgement.
#[derive(Clone, Debug)]
pub(super) struct ProposedGrade {
    pub(super) column: Column,
    pub(super) rule: ProposedRule,
}

/// How the values of a judgement are read.
#[derive(Clone, Debug)]
pub(super) enum ProposedRule {
    /// Value by value.
    Words,
    /// A score, and whether it is StrongREJECT's.
    Score { strongreject: bool },
}

/// What is proposed for a table.
#[derive(Debug)]
pub(super) struct Proposal {
    pub(super) kind: Kind,
    pub(super) fields: Vec<(Field, Column)>,
    pub(super) grader: Option<Column>,
    pub(super) grades: Vec<ProposedGrade>,
    /// Columns that may say why there is no reply.
    pub(super) outcomes: Vec<Column>,
    /// Columns that are not used.
    pub(super) unused: Vec<Column>,
}

/// Makes a proposal.
pub(super) fn propose(columns: &Columns, profiles: &[Profile]) -> Proposal {
    let mut choice = Choice {
        columns,
        profiles,
        used: vec![false; columns.names.len()],
    };
    let counts = choice.counts();
    let kind = if counts.is_some() {
        Kind::Counts
    } else {
        Kind::Traces
    };
    let mut fields = counts.unwrap_or_default();
    for (field, names) in words::FIELDS {
        if kind == Kind::Counts && !words::SHARED.contains(field) {
            continue;
        }
        let column = choice.take(names, |profile| fits(*field, profile));
        fields.extend(column.map(|column| (*field, column)));
    }
    let grader = choice.take(words::GRADERS, Profile::is_word_list);
    let (grades, outcomes) = match kind {
        Kind::Counts => (Vec::new(), Vec::new()),
        Kind::Traces => (choice.grades(), choice.outcomes()),
    };
    let unused = (0..columns.names.len())
        .filter(|column| choice.used.get(*column) == Some(&false))
        .collect();
    Proposal {
        kind,
        fields,
        grader,
        grades,
        outcomes,
        unused,
    }
}

/// Whether the values of a column could be those of a field.
fn fits(field: Field, profile: &Profile) -> bool {
    let mixed = profile.lists > 0 || profile.present == 0;
    match field {
        Field::Attempt
        | Field::Turns
        | Field::PromptTokens
        | Field::ResponseTokens
        | Field::DurationMs => profile.is_whole(),
        // A number of another magnitude, such as 7000000000, is no size in billions.
        Field::Size => {
            !mixed
                && !profile.many
                && profile.values.keys().all(|value| is_size(value))
                && profile
                    .values
                    .keys()
                    .any(|value| value.starts_with(|c: char| c.is_ascii_digit()))
        }
        Field::N | Field::Succeeded | Field::Partial => profile.is_whole() && profile.absent == 0,
        Field::Prompt => !mixed && profile.numbers < profile.present,
        // A reply may be empty in every row, and may be a number.
        Field::Response => profile.lists == 0,
        // Names: no text that somebody wrote.
        Field::PromptId | Field::RecordId => !mixed && profile.texts == 0,
        Field::ObservedAt => !mixed && profile.texts == 0 && profile.longest_chars >= 8,
        // `jailbreak` may name an attack, or say whether there was one.
        _ => {
            !mixed
                && profile.texts * 2 <= profile.present
                && profile.numbers < profile.present
                && !profile.values.keys().all(|value| words::is_truth(value))
        }
    }
}

/// Whether a report can read a value as a size, or as the absence of one.
fn is_size(value: &str) -> bool {
    parse_coded_size(value).is_ok()
}

struct Choice<'a> {
    columns: &'a Columns,
    profiles: &'a [Profile],
    used: Vec<bool>,
}

impl Choice<'_> {
    /// The first column of one of these names that fits and is free.
    fn take(&mut self, names: &[&str], fits: impl Fn(&Profile) -> bool) -> Option<Column> {
        let column = self.find(names, fits)?;
        if let Some(used) = self.used.get_mut(column) {
            *used = true;
        }
        Some(column)
    }

    /// Whole names are tried before the last names of paths.
    fn find(&self, names: &[&str], fits: impl Fn(&Profile) -> bool) -> Option<Column> {
        let spellings: [fn(&str) -> String; 2] = [words::normal, words::last_name];
        spellings.into_iter().find_map(|spelling| {
            names.iter().find_map(|name| {
                let mut free = self.free();
                free.find(|(_, column, profile)| spelling(column) == *name && fits(profile))
                    .map(|(position, ..)| position)
            })
        })
    }

    fn free(&self) -> impl Iterator<Item = (Column, &str, &Profile)> {
        let columns = self.columns.names.iter().zip(self.profiles).enumerate();
        columns
            .filter(|(position, _)| self.used.get(*position) == Some(&false))
            .map(|(position, (name, profile))| (position, name.as_str(), profile))
    }

    /// The counts, where the table has them and no reply.
    fn counts(&mut self) -> Option<Vec<(Field, Column)>> {
        let names = |wanted: Field| {
            let lists = words::FIELDS.iter().chain(words::COUNTS);
            let mut lists = lists.filter(|(field, _)| *field == wanted);
            lists.next().map_or(&[][..], |(_, names)| names)
        };
        let reply = self.find(names(Field::Response), |profile| profile.texts > 0);
        let needed = [Field::N, Field::Succeeded];
        let missing = needed.iter().any(|field| {
            self.find(names(*field), |profile| fits(*field, profile))
                .is_none()
        });
        if reply.is_some() || missing {
            return None;
        }
        let mut found = Vec::new();
        for (field, names) in words::COUNTS {
            let column = self.take(names, |profile| fits(*field, profile));
            found.extend(column.map(|column| (*field, column)));
        }
        Some(found)
    }

    fn grades(&mut self) -> Vec<ProposedGrade> {
        let mut grades = Vec::new();
        let strongreject = ["refusal", "convincingness", "specificity", "score"]
            .iter()
            .all(|name| self.find(&[name], Profile::is_numeric).is_some());
        if strongreject && let Some(column) = self.take(&["score"], Profile::is_numeric) {
            for part in ["refusal", "convincingness", "specificity"] {
                self.take(&[part], Profile::is_numeric);
            }
            grades.push(ProposedGrade {
                column,
                rule: ProposedRule::Score { strongreject: true },
            });
        }
        while grades.len() < MAX_GRADES
            && let Some(column) = self.take(words::VERDICTS, is_judgement)
        {
            grades.push(ProposedGrade {
                column,
                rule: ProposedRule::Words,
            });
        }
        while grades.len() < MAX_GRADES
            && let Some(column) = self.take(words::SCORES, Profile::is_numeric)
        {
            // Nothing but 0 and 1 is a judgement that is written as numbers.
            let is_truth = self.profiles.get(column).is_some_and(|profile| {
                !profile.many && profile.values.keys().all(|value| words::is_truth(value))
            });
            let rule = match is_truth {
                true => ProposedRule::Words,
                false => ProposedRule::Score {
                    strongreject: false,
                },
            };
            grades.push(ProposedGrade { column, rule });
        }
        if grades.is_empty() {
            grades.extend(self.by_content());
        }
        grades
    }

    /// A column whose name says nothing and whose values are words of verdicts.
    fn by_content(&mut self) -> Option<ProposedGrade> {
        let (column, ..) = self.free().find(|(_, name, profile)| {
            let mut meanings = profile
                .values
                .keys()
                .map(|value| words::meaning(name, value));
            is_judgement(profile) && meanings.any(|found| matches!(found, Meaning::Verdict(_)))
        })?;
        if let Some(used) = self.used.get_mut(column) {
            *used = true;
        }
        Some(ProposedGrade {
            column,
            rule: ProposedRule::Words,
        })
    }

    fn outcomes(&mut self) -> Vec<Column> {
        let mut outcomes = Vec::new();
        while let Some(column) = self.take(words::OUTCOMES, Profile::is_word_list) {
            outcomes.push(column);
        }
        outcomes
    }
}

/// A few different values, most of them short.
fn is_judgement(profile: &Profile) -> bool {
    profile.present > 0
        && !profile.many
        && profile.lists == 0
        && profile.values.len() <= MAX_VERDICT_VALUES
        && profile.texts * 2 <= profile.present
}
