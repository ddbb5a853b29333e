//! Sentences for the account.

use std::collections::BTreeMap;

use caveat_importer::text::printable;

use crate::graders::{Graders, OUTCOME};
use crate::identifier::Target;
use crate::index::Plan;
use crate::run::Tally;

/// Deployments that are named; more say no more.
const MAX_DEPLOYMENTS: usize = 20;

/// What was met beside the replies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// A log with newer rows stood beside the database.
    pub(crate) has_log: bool,
    /// The source is an export, which has no attack results.
    pub(crate) is_export: bool,
    /// The source ends too early.
    pub(crate) is_cut_short: bool,
    /// Attack results.
    pub(crate) attacks: u64,
    /// Attack results by outcome.
    pub(crate) outcomes: BTreeMap<String, u64>,
    /// Attacks that broke off without a reply.
    pub(crate) silent_errors: u64,
    /// Scores of something else than a reply of the target.
    pub(crate) scores_elsewhere: u64,
    /// Prompts of data sets that cannot be used.
    pub(crate) unusable_seeds: u64,
    /// Names of deployments with the model behind each.
    pub(crate) deployments: BTreeMap<String, String>,
}

impl Told {
    /// Remembers a deployment whose model has another name.
    pub(crate) fn add_deployment(&mut self, target: &Target) {
        if let (Some(model), Some(underlying)) = (&target.model, &target.underlying)
            && model != underlying
            && self.deployments.len() < MAX_DEPLOYMENTS
        {
            self.deployments.insert(model.clone(), underlying.clone());
        }
    }
}

/// Everything worth saying.
pub(crate) fn of(told: &Told, plan: &Plan, tally: Tally, graders: &Graders) -> Vec<String> {
    let mut notes = Vec::new();
    let mut count = |count: u64, words: &str| {
        if count > 0 {
            notes.push(format!("{words}: {count}"));
        }
    };
    count(
        plan.copies,
        "copies of a piece, counted once with their original",
    );
    count(
        plan.simulated,
        "pieces with words put into the target's mouth, which are no replies",
    );
    count(
        plan.helpers,
        "replies in the own chats of attackers, scorers and converters, which are not the target's",
    );
    count(
        plan.reasoning,
        "pieces of reasoning beside a reply, which are no replies",
    );
    count(
        plan.dropped,
        "replies of conversations that an attack gave up (retries, backtracking)",
    );
    if told.attacks > 0 {
        count(
            plan.unreferenced,
            "replies of conversations that no attack result names",
        );
    }
    count(
        told.scores_elsewhere,
        "scores of something else than a reply of the target, which are not imported",
    );
    count(
        told.silent_errors,
        "attacks that broke off before a reply, imported as errors",
    );
    count(
        told.unusable_seeds,
        "prompts of data sets that cannot be used, so that they name no data set",
    );
    count(
        tally.named_by_class,
        "replies of targets without a model name, which are named by their class",
    );
    if told.attacks > 0 {
        let outcomes = told.outcomes.iter();
        let outcomes: Vec<String> = outcomes.map(|(word, n)| format!("{word} {n}")).collect();
        notes.push(format!(
            "{} attack results ({}): each is a grade `{OUTCOME}` of its last reply; success is compliance, failure is refusal",
            told.attacks,
            outcomes.join(", ")
        ));
    } else if !told.is_export && tally.traces > 0 {
        notes.push("no attack results: only scorers say how an attack ended".to_owned());
    }
    notes.extend(told.deployments.iter().map(|(deployment, model)| {
        format!(
            "`{}` is a deployment of `{}` by what the file says; the deployment's name is kept",
            printable(deployment),
            printable(model)
        )
    }));
    notes.extend(graders.notes());
    if told.is_export {
        notes.push(
            "an export holds no attack results, so no scorer is known to be the objective one; \
             the database has them"
                .to_owned(),
        );
    }
    if told.has_log {
        notes.push("a write-ahead log beside the file was read with it".to_owned());
    }
    if told.is_cut_short {
        notes.push("the file is cut short: what is whole was read".to_owned());
    }
    notes
}
