//! Caveats: what limits the figures, one rule each.
//!
//! A rule looks at the data, states its threshold in its doc comment, and gives
//! a [`Caveat`] or nothing. [`RULES`] holds them all; [`crate::explain`] has a
//! text for every code. The three that the first page shows are the gravest,
//! each of another topic as far as there are three topics.

mod choices;
pub(crate) mod data;
pub(crate) mod graders;
mod inference;
mod names;
mod prompts;
pub(crate) mod sizes;
mod variance;

pub use sizes::{CONTRADICTION_TOLERANCE, coded_but_unused, contradicted, undisclosed};

use crate::annex::{Severity, Statement};
use crate::composition::Facts;
use crate::document::Prose;
use crate::words::{plain, say, strong};

/// What a caveat is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Which prompts were used.
    Prompts,
    /// Who graded.
    Graders,
    /// Sizes of models.
    Sizes,
    /// Counts, losses and the nature of the corpus.
    Data,
    /// How vendors and models are named.
    Names,
    /// What the figures allow to conclude.
    Inference,
}

/// A limit of the figures, worded by rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caveat {
    /// Code, as `caveat explain` knows it.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What it is about.
    pub topic: Topic,
    /// A strong word group that names it.
    pub title: String,
    /// One short sentence for the first page.
    pub short: String,
    /// The statement.
    pub text: String,
    /// Ids of the evidence.
    pub evidence: Vec<String>,
}

/// A rule.
pub type Rule = fn(&Facts<'_>) -> Option<Caveat>;

/// Every rule with its code, in the order in which equally grave caveats stand.
pub const RULES: &[(&str, Rule)] = &[
    ("CAV-STATUS", data::status),
    ("CAV-PART", inference::part),
    ("CAV-PROMPTS", prompts::different),
    ("CAV-PROMPT-IDS", prompts::unidentified),
    ("CAV-GRADER-SELF", graders::under_test),
    ("CAV-GRADER-KIN", graders::kin),
    ("CAV-GRADER-DISAGREE", graders::disagree),
    ("CAV-GRADER-MIX", graders::mixed),
    ("CAV-GRADER-WEAK", graders::known_quality),
    ("CAV-GRADER-UNCHECKED", graders::unchecked),
    ("CAV-SIZE-CONTRADICTS", sizes::contradicts),
    ("CAV-SIZE-UNDISCLOSED", sizes::not_published),
    ("CAV-SIZE-MISSING", sizes::missing),
    ("CAV-MIXTURE", sizes::mixture),
    ("CAV-REJECTS", data::rejects),
    ("CAV-NOT-EVALUABLE", data::not_evaluable),
    ("CAV-COUNTS", data::counts_only),
    ("CAV-INDEPENDENCE", prompts::repeated),
    ("CAV-SHARE-CHANCE", inference::share),
    ("CAV-SINGLETONS", inference::singletons),
    ("CAV-RATIO", inference::ratio),
    ("CAV-EXTREMES", inference::extremes),
    ("CAV-BANDS", inference::bands),
    ("CAV-FEW-MODELS", inference::few_models),
    ("CAV-INFLUENCE", inference::influence),
    ("CAV-CONFOUNDED", inference::confounded),
    ("CAV-CHOICES", choices::published),
    ("CAV-PART-TESTS", choices::parts),
    ("CAV-RANK-PROMPTS", choices::ranks),
    ("CAV-GRADER-TIPPING", choices::tipping),
    ("CAV-ONE-MODEL", variance::one_model),
    ("CAV-SUPPRESSION", variance::suppression),
    ("CAV-NOISE", variance::noise),
    ("CAV-BASE-MAKER", names::base_maker),
    ("CAV-RUNTIME", names::runtime),
    ("CAV-SPELLING", names::spelling),
    ("CAV-MODEL-SPELLING", names::one_model),
    ("CAV-DERIVATIVE", names::derivative),
    ("CAV-MIN-N", data::below_minimum),
    ("CAV-SMALL-CELLS", data::small_cells),
    ("CAV-FLOOR", data::floor),
    ("CAV-CEILING", data::ceiling),
    ("CAV-OBSERVATIONAL", inference::observational),
    ("CAV-ONE-CORPUS", data::one_corpus),
];

/// Caveats that the first page shows.
pub const ON_FIRST_PAGE: usize = 3;

/// Every caveat that the data call for, gravest first.
pub fn all(facts: &Facts<'_>) -> Vec<Caveat> {
    let mut caveats: Vec<Caveat> = RULES.iter().filter_map(|(_, rule)| rule(facts)).collect();
    caveats.sort_by_key(|caveat| caveat.severity);
    caveats
}

/// The caveats of the first page: the gravest of each topic, filled up with the
/// next gravest. The status of the data is left out, as the title block states it.
pub fn for_first_page(caveats: &[Caveat]) -> Vec<&Caveat> {
    let mut chosen: Vec<&Caveat> = Vec::new();
    let eligible: Vec<&Caveat> = caveats.iter().filter(|c| c.code != "CAV-STATUS").collect();
    for caveat in &eligible {
        let new_topic = chosen.iter().all(|other| other.topic != caveat.topic);
        let grave = caveat.severity == Severity::Grave;
        if chosen.len() < ON_FIRST_PAGE && new_topic && grave {
            chosen.push(caveat);
        }
    }
    for caveat in eligible {
        if chosen.len() < ON_FIRST_PAGE && !chosen.contains(&caveat) {
            chosen.push(caveat);
        }
    }
    chosen
}

impl Caveat {
    /// As a statement of the annex.
    pub fn statement(&self) -> Statement {
        Statement {
            id: self.code.to_owned(),
            severity: self.severity,
            title: self.title.clone(),
            text: self.text.clone(),
            evidence: self.evidence.clone(),
        }
    }

    /// For the panel of the first page.
    pub fn panel_item(&self) -> Prose {
        let ids = self.evidence.iter().cloned();
        vec![
            strong(format!("{}.", self.title), ids.clone()),
            say(self.short.clone(), ids),
        ]
    }

    /// For the list of all caveats.
    pub fn list_item(&self) -> Prose {
        let ids = self.evidence.iter().cloned();
        vec![
            strong(format!("{}.", self.title), ids.clone()),
            say(self.text.clone(), ids),
            plain(format!("({})", self.code)),
        ]
    }
}
