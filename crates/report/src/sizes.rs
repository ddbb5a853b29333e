//! Which size of a model a report uses, and which other sizes it tries.
//!
//! A size that the corpus stores is a statement of the corpus ("coded by the
//! corpus"); one that the register holds is the maker's. They are never mixed
//! without being named.

use std::collections::BTreeMap;
use std::path::Path;

use caveat_analysis::sample::SizeVariant;
use caveat_corpus::register::parse_coded_size;

use crate::definition::{DefinitionError, SizeMeasure, SizeRule, Undisclosed};
use crate::selection::ModelFact;

/// How far a coded size may lie from the disclosed one and still be its
/// rounding: 9B for 8.89B and 1.5B for 1.78B are, 24B for 123B is not.
pub const ROUNDING_TOLERANCE: f64 = 0.25;

/// Sizes of a report's own table, by model as spelled in lower case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SizeTable(BTreeMap<String, (Option<f64>, Option<f64>)>);

impl SizeTable {
    /// Reads the columns `model`, `params_total_b` and `params_active_b` of a
    /// CSV from its header and rows; `path` is for messages.
    ///
    /// # Errors
    /// [`DefinitionError`] for a missing column, a model listed twice, or a cell that is no size.
    pub fn from_rows<'a>(
        header: &[&str],
        rows: impl IntoIterator<Item = Vec<&'a str>>,
        path: &Path,
    ) -> Result<Self, DefinitionError> {
        let invalid = |problem: String| DefinitionError::Invalid {
            path: path.to_path_buf(),
            problem,
            hint: "the table needs the columns `model`, `params_total_b` and `params_active_b`"
                .to_owned(),
        };
        let column = |name: &str| {
            let found = header.iter().position(|title| *title == name);
            found.ok_or_else(|| invalid(format!("there is no column `{name}`")))
        };
        let (model, total) = (column("model")?, column("params_total_b")?);
        let active = column("params_active_b")?;
        let mut table = BTreeMap::new();
        for row in rows {
            let cell = |position: usize| row.get(position).copied().unwrap_or_default();
            let size = |position: usize| {
                parse_coded_size(cell(position))
                    .map(|size| size.billions())
                    .map_err(|error| invalid(error.to_string()))
            };
            let name = cell(model).to_lowercase();
            if table.insert(name, (size(total)?, size(active)?)).is_some() {
                let name = cell(model).escape_debug().to_string();
                return Err(invalid(format!("model `{name}` is listed twice")));
            }
        }
        Ok(Self(table))
    }

    fn get(&self, model: &str) -> Option<(Option<f64>, Option<f64>)> {
        self.0.get(&model.to_lowercase()).copied()
    }
}

/// The sizes of one model under the rule of a report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Size {
    pub(crate) total_b: Option<f64>,
    pub(crate) active_b: Option<f64>,
    /// The size that the scale analyses use.
    pub(crate) used_b: Option<f64>,
    pub(crate) source: String,
}

/// A size as the corpus stores it. Text that is no size counts as not stated;
/// the importer has already reported it where the format says what it must be.
pub(crate) fn coded(text: Option<&str>) -> Option<f64> {
    parse_coded_size(text?).ok()?.billions()
}

/// The size of a model under the rule.
pub(crate) fn size(fact: &ModelFact, table: Option<&SizeTable>, rule: &SizeRule) -> Size {
    let (total_b, active_b, source) = match rule.source.as_str() {
        "corpus" => corpus_size(fact, rule.undisclosed),
        "register" => (
            fact.disclosed_total_b,
            fact.disclosed_active_b,
            match (&fact.register_source, fact.disclosed) {
                (Some(source), Some(true)) => source.clone(),
                (_, Some(false)) => "not disclosed by the maker".to_owned(),
                _ => "not in the register".to_owned(),
            },
        ),
        _ => match table.and_then(|table| table.get(&fact.model)) {
            Some((total, active)) => (total, active, "table of the report".to_owned()),
            None => (None, None, "not in the table of the report".to_owned()),
        },
    };
    let used_b = match rule.measure {
        SizeMeasure::Total => total_b,
        SizeMeasure::Active => active_b,
    };
    Size {
        total_b,
        active_b,
        used_b,
        source,
    }
}

fn corpus_size(fact: &ModelFact, undisclosed: Undisclosed) -> (Option<f64>, Option<f64>, String) {
    let Some(coded) = fact.coded_b else {
        return (None, None, "not stated by the corpus".to_owned());
    };
    if fact.disclosed == Some(false) {
        return match undisclosed {
            Undisclosed::Use => (
                Some(coded),
                None,
                "coded by the corpus, not disclosed by the maker".to_owned(),
            ),
            Undisclosed::Drop => (None, None, "not disclosed by the maker".to_owned()),
        };
    }
    let active = match fact.mixture {
        Some(false) => Some(coded),
        _ => fact.disclosed_active_b.filter(|active| *active <= coded),
    };
    (Some(coded), active, "coded by the corpus".to_owned())
}

/// Whether a size contradicts the one that the maker discloses.
pub fn contradicts(coded_b: f64, disclosed_b: f64) -> bool {
    (coded_b / disclosed_b - 1.0).abs() > ROUNDING_TOLERANCE
}

/// Other sizes worth trying, each only where it changes something:
/// `register` puts the maker's figure where the one used contradicts it,
/// `disclosed` keeps only models whose maker discloses a size, at that size,
/// `active` counts the parameters used per token of mixtures of experts.
pub(crate) fn variants(
    facts: &[ModelFact],
    table: Option<&SizeTable>,
    rule: &SizeRule,
) -> Vec<SizeVariant> {
    let used: Vec<Option<f64>> = facts
        .iter()
        .map(|fact| size(fact, table, rule).used_b)
        .collect();
    let variant = |id: &str, other: &dyn Fn(&ModelFact, Option<f64>) -> Option<f64>| {
        let sizes_b: Vec<Option<f64>> = facts
            .iter()
            .zip(&used)
            .map(|(fact, used)| other(fact, *used))
            .collect();
        (sizes_b != used).then(|| SizeVariant {
            id: id.to_owned(),
            sizes_b,
        })
    };
    let register = variant(
        "register",
        &|fact, used| match (used, fact.disclosed_total_b) {
            (Some(used), Some(disclosed)) if contradicts(used, disclosed) => Some(disclosed),
            _ => used,
        },
    );
    let disclosed = variant("disclosed", &|fact, used| used.and(fact.disclosed_total_b));
    let active = variant("active", &|fact, used| match (used, fact.mixture) {
        (Some(used), Some(true)) => fact.disclosed_active_b.or(Some(used)),
        _ => used,
    });
    let other = match rule.measure {
        SizeMeasure::Total => vec![register, disclosed, active],
        SizeMeasure::Active => vec![disclosed],
    };
    other.into_iter().flatten().collect()
}
