//! Applies the rules of a report to evidence.
//!
//! Parts of a model (cells) fall first to the rules over data sets, then whole
//! models to the rules over providers, names, derivatives, runtimes, sizes and
//! counts, in that order; the first rule that applies is the reason given.
//! Rules over names look at each spelling; what is left of the spellings that the
//! register knows as one model, under one provider, is one model from there on.
//! Every trace of the evidence ends in the sample or in the account.

use std::collections::{BTreeMap, BTreeSet};

use caveat_analysis::sample::{GraderPair, Sample, SampleModel, SamplePart};
use caveat_corpus::register::Register;
use caveat_corpus::{
    CellEvidence, Evidence, GraderConfusion, ModelEvidence, Outcome, State, Verdict, VerdictCounts,
};

use crate::definition::{Definition, DefinitionError, MissingReply, ViewRule};
use crate::naming::{self, Identity};
use crate::parts::{self, Part};
use crate::patterns::Patterns;
use crate::selection::{Account, Exclusion, ModelFact, Outcomes, Selection, ViewSample, by_name};
use crate::sizes::{self, SizeTable};
use crate::spellings::{self, Named};

/// Stands for the grader of results that count without a verdict.
pub(crate) const NO_GRADER: &str = "no named grader";

/// Why a report has nothing to say.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// The definition cannot be used.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// The rules leave no model.
    #[error(
        "the rules of the report leave none of {models} models\nhint: most fell to the rule \
         `{reason}`; see `inclusion` in report.toml, or `caveat status` for what the corpus holds"
    )]
    NothingLeft {
        /// Models in the corpus.
        models: usize,
        /// The reason that excluded most of them.
        reason: String,
    },
}

/// Applies the rules of `definition` to `evidence`.
///
/// # Errors
/// [`SelectionError`] if a pattern cannot be used or no model is left.
pub fn select(
    evidence: &Evidence,
    register: &Register,
    sizes: Option<&SizeTable>,
    definition: &Definition,
) -> Result<Selection, SelectionError> {
    let rules = Rules::new(definition)?;
    let context = Context {
        register,
        sizes,
        definition,
        rules: &rules,
    };
    let whole = context.gather(evidence, None);
    if whole.kept.is_empty() {
        return Err(SelectionError::NothingLeft {
            models: evidence.models.len(),
            reason: most_frequent(&whole.excluded),
        });
    }
    let mut views = Vec::new();
    for view in &definition.views {
        let filter = CellFilter::new(view)?;
        let part = context.gather(evidence, Some(&filter));
        views.push(ViewSample {
            id: view.id.clone(),
            title: view.title.clone(),
            sample: context.sample(part.kept, evidence).0,
        });
    }
    let account = context.account(evidence, &whole);
    let kept = whole.kept.values();
    let spellings = spellings::found(kept.map(Candidate::named), register);
    let (sample, facts, outcomes) = context.sample(whole.kept, evidence);
    Ok(Selection {
        sample,
        facts,
        views,
        spellings,
        account,
        outcomes,
    })
}

/// The patterns of the inclusion rules, compiled once.
struct Rules {
    datasets: Patterns,
    models: Patterns,
    providers: Patterns,
}

impl Rules {
    fn new(definition: &Definition) -> Result<Self, DefinitionError> {
        let inclusion = &definition.inclusion;
        Ok(Self {
            datasets: Patterns::new("inclusion.exclude_datasets", &inclusion.exclude_datasets)?,
            models: Patterns::new("inclusion.exclude_models", &inclusion.exclude_models)?,
            providers: Patterns::new("inclusion.exclude_providers", &inclusion.exclude_providers)?,
        })
    }
}

/// Which cells a view looks at.
struct CellFilter {
    harm: Patterns,
    datasets: Patterns,
    families: Patterns,
}

impl CellFilter {
    fn new(view: &ViewRule) -> Result<Self, DefinitionError> {
        Ok(Self {
            harm: Patterns::new("views.harm_categories", &view.harm_categories)?,
            datasets: Patterns::new("views.datasets", &view.datasets)?,
            families: Patterns::new("views.attack_families", &view.attack_families)?,
        })
    }

    fn keeps(&self, cell: &CellEvidence) -> bool {
        self.harm.empty_or_match(cell.harm_category.as_deref())
            && self.datasets.empty_or_match(cell.dataset.as_deref())
            && self.families.empty_or_match(cell.attack_family.as_deref())
    }
}

/// A model with what is left of it after the rules over its parts.
#[derive(Clone)]
struct Candidate {
    fact: ModelFact,
    /// Every spelling that is counted here.
    spelled: BTreeSet<String>,
    one_name: Option<String>,
    counts: Counts,
    verdicts: VerdictCounts,
    outcomes: Outcomes,
    prompts: Option<BTreeSet<u32>>,
    graders: BTreeMap<String, u64>,
    parts: Vec<Part>,
    observed: Option<(String, String)>,
}

/// A sample with what is known of its models and their outcomes, in its order.
type Sampled = (Sample, Vec<ModelFact>, Vec<Outcomes>);

/// Traces in the three states.
#[derive(Clone, Copy, Default)]
struct Counts {
    succeeded: u64,
    resisted: u64,
    not_evaluable: u64,
}

impl Counts {
    fn evaluable(self) -> u64 {
        self.succeeded + self.resisted
    }

    fn total(self) -> u64 {
        self.evaluable() + self.not_evaluable
    }

    fn add(&mut self, other: Counts) {
        self.succeeded += other.succeeded;
        self.resisted += other.resisted;
        self.not_evaluable += other.not_evaluable;
    }
}

#[derive(Default)]
struct Gathered {
    kept: BTreeMap<(String, String), Candidate>,
    excluded: Vec<Exclusion>,
    parts: Vec<Exclusion>,
}

struct Context<'a> {
    register: &'a Register,
    sizes: Option<&'a SizeTable>,
    definition: &'a Definition,
    rules: &'a Rules,
}

impl Context<'_> {
    fn gather(&self, evidence: &Evidence, filter: Option<&CellFilter>) -> Gathered {
        let mut gathered = Gathered::default();
        let mut by_their_names: BTreeMap<(String, String), Candidate> = BTreeMap::new();
        for model in &evidence.models {
            let cells = model
                .cells
                .iter()
                .filter(|cell| filter.is_none_or(|filter| filter.keeps(cell)));
            let (dropped, kept): (Vec<_>, Vec<_>) =
                cells.partition(|cell| self.rules.datasets.matches(cell.dataset.as_deref()));
            if let Some(exclusion) = self.part(model, &dropped, kept.is_empty()) {
                if kept.is_empty() {
                    gathered.excluded.push(exclusion);
                } else {
                    gathered.parts.push(exclusion);
                }
            }
            if kept.is_empty() {
                continue;
            }
            let identity = naming::identify(model, self.register, self.definition);
            let candidate = self.candidate(model, &identity, &kept);
            let by_name = self.reason_by_name(&candidate.fact).is_some();
            let one_name = identity.one_name.filter(|_| !by_name);
            let name = one_name.unwrap_or_else(|| model.name.clone());
            let key = (candidate.fact.provider.clone(), name);
            let place = match by_name {
                true => &mut by_their_names,
                false => &mut gathered.kept,
            };
            match place.entry(key) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(candidate);
                }
                std::collections::btree_map::Entry::Occupied(mut place) => {
                    place.get_mut().merge(candidate);
                }
            }
        }
        for candidate in by_their_names.into_values() {
            let reason = self.reason_by_name(&candidate.fact).unwrap_or_default();
            gathered.excluded.push(candidate.excluded(reason));
        }
        self.apply(gathered)
    }

    /// Moves the models that a rule leaves out from `kept` to `excluded`.
    fn apply(&self, mut gathered: Gathered) -> Gathered {
        let all = std::mem::take(&mut gathered.kept);
        for (key, candidate) in all {
            match self.reason(&candidate) {
                None => {
                    gathered.kept.insert(key, candidate);
                }
                Some(reason) => gathered.excluded.push(candidate.excluded(reason)),
            }
        }
        gathered
            .excluded
            .sort_by(|a, b| (&a.model, &a.provider).cmp(&(&b.model, &b.provider)));
        gathered
    }

    /// The first rule over names and what they say that leaves a spelling out.
    fn reason_by_name(&self, fact: &ModelFact) -> Option<String> {
        let inclusion = &self.definition.inclusion;
        if self
            .rules
            .providers
            .matches(fact.provider_spelled.as_deref())
        {
            return Some("provider excluded by name".to_owned());
        }
        if let Some(pattern) = self.rules.models.first_match(Some(&fact.model)) {
            return Some(format!("model name matches {pattern}"));
        }
        if let Some(kind) = &fact.derivative
            && inclusion.exclude_derivatives.contains(kind)
        {
            return Some(format!("derivative: {kind}"));
        }
        if self.definition.provider.runtimes == crate::definition::Runtimes::Exclude
            && naming::serves_others(&fact.provider_kind)
        {
            return Some(format!("provider is a {}, not a maker", fact.provider_kind));
        }
        None
    }

    /// The first rule over sizes and counts that leaves a model out.
    fn reason(&self, candidate: &Candidate) -> Option<String> {
        let fact = &candidate.fact;
        let inclusion = &self.definition.inclusion;
        let size = sizes::size(fact, self.sizes, &self.definition.size);
        if inclusion.known_size && size.used_b.is_none() {
            return Some("no parameter count".to_owned());
        }
        let evaluable = candidate.counts.evaluable();
        if evaluable == 0 {
            return Some("no evaluable result".to_owned());
        }
        (evaluable < inclusion.min_n_per_model)
            .then(|| format!("fewer than {} evaluable results", inclusion.min_n_per_model))
    }

    fn candidate(
        &self,
        model: &ModelEvidence,
        identity: &Identity,
        cells: &[&CellEvidence],
    ) -> Candidate {
        let mut candidate = Candidate {
            fact: identity.fact.clone(),
            spelled: BTreeSet::from([model.name.clone()]),
            one_name: identity.one_name.clone(),
            counts: Counts::default(),
            verdicts: VerdictCounts::default(),
            outcomes: Outcomes::default(),
            prompts: Some(BTreeSet::new()),
            graders: BTreeMap::new(),
            parts: Vec::new(),
            observed: None,
        };
        debug_assert_eq!(candidate.fact.model, model.name);
        for cell in cells {
            self.add_cell(&mut candidate, cell);
        }
        candidate
    }

    fn add_cell(&self, candidate: &mut Candidate, cell: &CellEvidence) {
        let counts = self.count(cell);
        candidate.counts.add(counts);
        candidate.verdicts.merge(&cell.total_counts());
        let outcomes = Outcomes::of(cell, |outcome| self.missing_reply(outcome));
        candidate.outcomes.add(&outcomes);
        let met = cell.prompts_met(|outcome| {
            matches!(self.missing_reply(outcome), Some(MissingReply::Resisted))
        });
        match (&mut candidate.prompts, met) {
            (Some(mine), Some(theirs)) => mine.extend(theirs),
            (mine, None) => *mine = None,
            (None, _) => {}
        }
        let grader = cell.grader.as_deref().map_or_else(
            || NO_GRADER.to_owned(),
            |name| self.register.grader(name).id,
        );
        candidate.parts.push(Part::new(
            cell,
            cell.grader.is_some().then(|| grader.clone()),
            |outcome, verdict| self.state_of(outcome, verdict),
        ));
        if counts.evaluable() > 0 {
            *candidate.graders.entry(grader).or_default() += counts.evaluable();
        }
        candidate.observed = widen(candidate.observed.take(), cell.observed.clone());
    }

    fn count(&self, cell: &CellEvidence) -> Counts {
        let mut counts = Counts::default();
        for (outcome, verdicts) in &cell.counts {
            for (verdict, traces) in verdicts.iter() {
                match self.state_of(*outcome, verdict) {
                    State::Succeeded => counts.succeeded += traces,
                    State::Resisted => counts.resisted += traces,
                    State::NotEvaluable => counts.not_evaluable += traces,
                }
            }
        }
        counts
    }

    /// What one trace counts as.
    fn state_of(&self, outcome: Outcome, verdict: Verdict) -> State {
        match self.missing_reply(outcome) {
            None => self.definition.verdicts.success.state(verdict),
            Some(MissingReply::Resisted) => State::Resisted,
            Some(MissingReply::NotEvaluable) => State::NotEvaluable,
        }
    }

    /// What the report makes of an outcome without a reply; `None` where there is one.
    fn missing_reply(&self, outcome: Outcome) -> Option<MissingReply> {
        match outcome {
            Outcome::Response => None,
            Outcome::Filtered => Some(self.definition.verdicts.filtered),
            Outcome::NotSubmitted => Some(self.definition.verdicts.not_submitted),
            Outcome::Error => Some(MissingReply::NotEvaluable),
        }
    }

    fn part(
        &self,
        model: &ModelEvidence,
        dropped: &[&CellEvidence],
        whole: bool,
    ) -> Option<Exclusion> {
        let first = dropped.first()?;
        let mut counts = Counts::default();
        for cell in dropped {
            counts.add(self.count(cell));
        }
        let pattern = self.rules.datasets.first_match(first.dataset.as_deref())?;
        let scope = if whole {
            "all results in"
        } else {
            "results in"
        };
        Some(Exclusion {
            model: model.name.clone(),
            provider: model.provider.clone(),
            reason: format!("{scope} data sets that match {pattern}"),
            traces: counts.total(),
            evaluable: counts.evaluable(),
            succeeded: counts.succeeded,
        })
    }

    fn sample(&self, kept: BTreeMap<(String, String), Candidate>, evidence: &Evidence) -> Sampled {
        let mut candidates: Vec<Candidate> = kept.into_values().collect();
        naming::tell_labels_apart(candidates.iter_mut().map(|candidate| &mut candidate.fact));
        let size = |fact: &ModelFact| sizes::size(fact, self.sizes, &self.definition.size);
        candidates.sort_by(|a, b| {
            let order = |c: &Candidate| size(&c.fact).used_b.unwrap_or(f64::INFINITY);
            (a.fact.provider.cmp(&b.fact.provider))
                .then(order(a).total_cmp(&order(b)))
                .then(a.fact.model.cmp(&b.fact.model))
        });
        let all: Vec<&[Part]> = candidates.iter().map(|c| c.parts.as_slice()).collect();
        let (labels, parts) = parts::label(&all);
        let models = candidates
            .iter()
            .zip(parts)
            .map(|(candidate, parts)| self.model(candidate, parts))
            .collect();
        let outcomes = candidates.iter().map(|c| c.outcomes).collect();
        let facts: Vec<ModelFact> = candidates.into_iter().map(|c| c.fact).collect();
        let size_variants = sizes::variants(&facts, self.sizes, &self.definition.size);
        let grader_pairs = self.grader_pairs(&evidence.confusions);
        let sample = Sample {
            models,
            size_variants,
            grader_pairs,
            labels,
            ..Sample::default()
        };
        (sample, facts, outcomes)
    }

    fn model(&self, candidate: &Candidate, parts: Vec<SamplePart>) -> SampleModel {
        let fact = &candidate.fact;
        let size = sizes::size(fact, self.sizes, &self.definition.size);
        SampleModel {
            model: fact.model.clone(),
            provider: fact.provider.clone(),
            params_total_b: size.total_b,
            params_active_b: size.active_b,
            size_b: size.used_b,
            params_disclosed: fact.disclosed,
            params_source: size.source,
            n: candidate.counts.evaluable(),
            succeeded: candidate.counts.succeeded,
            not_evaluable: candidate.counts.not_evaluable,
            prompts: candidate
                .prompts
                .as_ref()
                .map(|prompts| prompts.iter().copied().collect()),
            graders: candidate.graders.clone().into_iter().collect(),
            parts,
        }
    }

    /// Pairs of graders under their canonical names. Spellings of one grader are no pair.
    fn grader_pairs(&self, confusions: &[GraderConfusion]) -> Vec<GraderPair> {
        let mut pairs: BTreeMap<(String, String), [[u64; 3]; 3]> = BTreeMap::new();
        for confusion in confusions {
            let first = self.register.grader(&confusion.first).id;
            let second = self.register.grader(&confusion.second).id;
            if first == second {
                continue;
            }
            let swap = second < first;
            let key = if swap {
                (second, first)
            } else {
                (first, second)
            };
            let table = pairs.entry(key).or_default();
            for pair in &confusion.table {
                let (row, column) = (self.state(pair.first), self.state(pair.second));
                let (row, column) = if swap { (column, row) } else { (row, column) };
                table[row][column] += pair.traces;
            }
        }
        pairs
            .into_iter()
            .map(|((first, second), table)| GraderPair {
                first,
                second,
                table,
            })
            .collect()
    }

    fn state(&self, verdict: Verdict) -> usize {
        match self.definition.verdicts.success.state(verdict) {
            State::Succeeded => 0,
            State::Resisted => 1,
            State::NotEvaluable => 2,
        }
    }

    fn account(&self, evidence: &Evidence, gathered: &Gathered) -> Account {
        let mut all = VerdictCounts::default();
        let mut by_outcome: BTreeMap<String, u64> = Outcome::ALL
            .into_iter()
            .map(|outcome| (outcome.name().to_owned(), 0))
            .collect();
        for cell in evidence.models.iter().flat_map(|model| &model.cells) {
            all.merge(&cell.total_counts());
            for (outcome, counts) in &cell.counts {
                *by_outcome.entry(outcome.name().to_owned()).or_default() += counts.total();
            }
        }
        let mut kept = VerdictCounts::default();
        let mut observed = None;
        for candidate in gathered.kept.values() {
            kept.merge(&candidate.verdicts);
            observed = widen(observed, candidate.observed.clone());
        }
        Account {
            traces: by_name(&all),
            kept: by_name(&kept),
            by_outcome,
            excluded: gathered.excluded.clone(),
            excluded_parts: gathered.parts.clone(),
            observed,
        }
    }
}

impl Candidate {
    fn named(&self) -> Named<'_> {
        Named {
            fact: &self.fact,
            spelled: &self.spelled,
            one_name: self.one_name.as_deref(),
        }
    }

    fn excluded(&self, reason: String) -> Exclusion {
        Exclusion {
            model: self.fact.model.clone(),
            provider: self.fact.provider_spelled.clone(),
            reason,
            traces: self.counts.total(),
            evaluable: self.counts.evaluable(),
            succeeded: self.counts.succeeded,
        }
    }

    fn merge(&mut self, other: Candidate) {
        self.spelled.extend(other.spelled);
        self.fact.coded_b = self.fact.coded_b.or(other.fact.coded_b);
        self.counts.add(other.counts);
        self.verdicts.merge(&other.verdicts);
        self.outcomes.add(&other.outcomes);
        match (&mut self.prompts, other.prompts) {
            (Some(mine), Some(theirs)) => mine.extend(theirs),
            (mine, _) => *mine = None,
        }
        self.parts.extend(other.parts);
        for (grader, traces) in other.graders {
            *self.graders.entry(grader).or_default() += traces;
        }
        self.observed = widen(self.observed.take(), other.observed);
    }
}

/// The range that covers both.
fn widen(
    one: Option<(String, String)>,
    other: Option<(String, String)>,
) -> Option<(String, String)> {
    match (one, other) {
        (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
        (range, None) | (None, range) => range,
    }
}

fn most_frequent(excluded: &[Exclusion]) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for exclusion in excluded {
        *reasons.entry(&exclusion.reason).or_default() += 1;
    }
    reasons
        .into_iter()
        .max_by_key(|(_, models)| *models)
        .map_or_else(
            || "the corpus holds no model".to_owned(),
            |(reason, _)| reason.to_owned(),
        )
}
