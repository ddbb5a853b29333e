//! What a document is composed from, and names and figures as its words need them.
//!
//! [`Composition`] is the whole input: pure data, no file and no clock.
//! [`Facts`] adds what several rules look up: names for readers, ids of the
//! evidence, and the decomposition that the answer rests on. It decides no
//! wording.

use std::collections::BTreeMap;

use caveat_analysis::result::{
    Analysis, ModelResult, OneWayResult, ProviderResult, Scale, SizeSensitivity, WithinProvider,
};

use crate::annex::{ClaimResult, SourceAccount, View};
use crate::definition::{Context, Definition, Topic};
use crate::evidence::numbered;
use crate::format;
use crate::selection::{ModelFact, Selection};

/// Characters of a name that a document shows; the annex has the whole.
pub const LONGEST_NAME: usize = 48;

/// Everything that a document is made from.
#[derive(Clone, Copy, Debug)]
pub struct Composition<'a> {
    /// The report's choices.
    pub definition: &'a Definition,
    /// Sources with their accounts.
    pub sources: &'a [SourceAccount],
    /// What was kept, what was left out, and what is known of the models.
    pub selection: &'a Selection,
    /// The figures.
    pub analysis: &'a Analysis,
    /// The same figures over parts of the corpus.
    pub views: &'a [View],
    /// The same figures under other ways to name a vendor.
    pub namings: &'a [View],
    /// Published claims with their status.
    pub claims: &'a [ClaimResult],
    /// Where the claims were printed; empty if there are none.
    pub claims_source: &'a str,
    /// What is known of the graders.
    pub graders: &'a [GraderFact],
    /// Version of caveat.
    pub version: &'a str,
    /// Names and SHA-256 digests for the colophon.
    pub digests: &'a [(String, String)],
}

/// What is known of a grader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraderFact {
    /// Name as the analysis has it.
    pub grader: String,
    /// The model that grades, as spelled among the models of the sample, where it is one of them.
    pub model_under_test: Option<String>,
    /// The model that grades, in words.
    pub model: Option<String>,
    /// Id of the maker of that model, or the organisation that the grader is named after.
    pub maker: Option<String>,
    /// What is known of its quality, with the source.
    pub note: Option<String>,
}

/// The composition with its look-ups.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The input.
    pub input: &'a Composition<'a>,
    vendors: BTreeMap<&'a str, String>,
    models: Vec<String>,
}

/// The decomposition that the answer rests on.
#[derive(Clone, Copy, Debug)]
pub struct MainShare<'a> {
    /// The figures.
    pub result: &'a OneWayResult,
    /// Id of the evidence.
    pub id: &'static str,
}

impl<'a> Facts<'a> {
    /// Prepares the look-ups.
    pub fn new(input: &'a Composition<'a>) -> Self {
        let vendors = vendor_names(&input.selection.facts);
        let mut facts = Self {
            input,
            vendors,
            models: Vec::new(),
        };
        facts.models = facts.model_names();
        facts
    }

    /// The figures.
    pub fn analysis(&self) -> &'a Analysis {
        self.input.analysis
    }

    /// The report's choices.
    pub fn definition(&self) -> &'a Definition {
        self.input.definition
    }

    /// The name of a vendor for readers.
    pub fn vendor(&self, provider: &str) -> String {
        self.vendors
            .get(provider)
            .cloned()
            .unwrap_or_else(|| format::shortened(provider, LONGEST_NAME))
    }

    /// The name of a maker for readers: that of a vendor of the same name, else its id with a capital.
    pub fn maker(&self, id: &str) -> String {
        let same =
            |fact: &&ModelFact| fact.maker.as_deref() == Some(id) && fact.provider_kind == "maker";
        let known = self.input.selection.facts.iter().find(same);
        known.map_or_else(
            || crate::format::capital(id),
            |fact| self.vendor(&fact.provider),
        )
    }

    /// The names of several vendors.
    pub fn vendors<S: AsRef<str>>(&self, providers: &[S]) -> Vec<String> {
        providers
            .iter()
            .map(|name| self.vendor(name.as_ref()))
            .collect()
    }

    /// The short name of the model at a place of the analysis.
    pub fn model(&self, place: usize) -> &str {
        self.models.get(place).map_or("", String::as_str)
    }

    /// The short name of a model by its name in the corpus.
    pub fn model_named(&self, name: &str) -> String {
        let place = self
            .analysis()
            .models
            .iter()
            .position(|model| model.model == name);
        place.map_or_else(
            || format::shortened(name, LONGEST_NAME),
            |place| self.model(place).to_owned(),
        )
    }

    /// The id of a model's rate.
    pub fn model_id(&self, name: &str) -> Option<String> {
        let place = self
            .analysis()
            .models
            .iter()
            .position(|model| model.model == name)?;
        Some(numbered("m", place))
    }

    /// What is known of the model at a place of the analysis.
    pub fn fact(&self, model: &ModelResult) -> Option<&'a ModelFact> {
        self.input
            .selection
            .facts
            .iter()
            .find(|fact| fact.model == model.model && fact.provider == model.provider)
    }

    /// The id of what is known of a model.
    pub fn fact_id(&self, fact: &ModelFact) -> Option<String> {
        let facts = &self.input.selection.facts;
        let place = facts.iter().position(|other| other == fact)?;
        Some(numbered("n", place))
    }

    /// The id of a vendor's rate and rank.
    pub fn vendor_id(&self, provider: &str) -> Option<String> {
        self.provider_place(provider)
            .map(|place| numbered("r", place))
    }

    /// The ids of several vendors' rates.
    pub fn vendor_ids<S: AsRef<str>>(&self, providers: &[S]) -> Vec<String> {
        providers
            .iter()
            .filter_map(|name| self.vendor_id(name.as_ref()))
            .collect()
    }

    /// The id of a vendor's difference from the size line.
    pub fn residual_id(&self, provider: &str) -> Option<String> {
        self.provider_place(provider)
            .map(|place| numbered("p", place))
    }

    /// The vendor by its name in the analysis.
    pub fn provider(&self, name: &str) -> Option<&'a ProviderResult> {
        self.analysis()
            .providers
            .iter()
            .find(|provider| provider.provider == name)
    }

    fn provider_place(&self, name: &str) -> Option<usize> {
        self.analysis()
            .providers
            .iter()
            .position(|provider| provider.provider == name)
    }

    /// Vendors at or above the ranking minimum, lowest rate first.
    pub fn ranked(&self) -> Vec<&'a ProviderResult> {
        self.analysis()
            .providers
            .iter()
            .filter(|provider| provider.ranked)
            .collect()
    }

    /// Vendors below the ranking minimum.
    pub fn unranked(&self) -> Vec<&'a ProviderResult> {
        self.analysis()
            .providers
            .iter()
            .filter(|provider| !provider.ranked)
            .collect()
    }

    /// The size analysis, if there is one.
    pub fn scale(&self) -> Option<&'a Scale> {
        self.analysis().scale.known()
    }

    /// The decomposition that the answer rests on: models in scale, or all
    /// models where the models in scale allow none.
    pub fn main_share(&self) -> MainShare<'a> {
        let decomposition = &self.analysis().decomposition;
        let in_scale = &decomposition.in_scale;
        if in_scale.eta2.known().is_none() && decomposition.all_models.eta2.known().is_some() {
            return MainShare {
                result: &decomposition.all_models,
                id: "d3",
            };
        }
        MainShare {
            result: in_scale,
            id: "d1",
        }
    }

    /// The size analyses under other sizes, by id.
    pub fn variant(&self, id: &str) -> Option<(String, &'a SizeSensitivity)> {
        let all = &self.analysis().size_sensitivity;
        let place = all.iter().position(|variant| variant.id == id)?;
        Some((numbered("z", place), all.get(place)?))
    }

    /// Patterns within vendors with their ids.
    pub fn within(&self) -> Vec<(String, &'a WithinProvider)> {
        let all = self.analysis().within_providers.iter().enumerate();
        all.map(|(place, within)| (numbered("w", place), within))
            .collect()
    }

    /// What the report states from elsewhere on a topic.
    pub fn context(&self, topic: Topic) -> Vec<&'a Context> {
        self.definition()
            .context
            .iter()
            .filter(|context| context.topic == topic)
            .collect()
    }

    /// Models in order of the analysis with their places.
    pub fn models(&self) -> impl Iterator<Item = (usize, &'a ModelResult)> {
        self.analysis().models.iter().enumerate()
    }

    /// Evaluable traces of all kept models.
    pub fn traces(&self) -> u64 {
        self.analysis().models.iter().map(|model| model.n).sum()
    }

    /// Successes of all kept models.
    pub fn succeeded(&self) -> u64 {
        self.analysis()
            .models
            .iter()
            .map(|model| model.succeeded)
            .sum()
    }

    /// Traces of all kept models that are not evaluable.
    pub fn not_evaluable(&self) -> u64 {
        self.analysis()
            .models
            .iter()
            .map(|model| model.not_evaluable)
            .sum()
    }

    /// The name of a grader for readers.
    pub fn grader(&self, name: &str) -> String {
        if name.trim().is_empty() {
            return "grader not recorded".to_owned();
        }
        format::shortened(name, LONGEST_NAME)
    }

    /// Whether a vendor is a runtime, router or host, and which.
    pub fn stand_in(&self, provider: &str) -> Option<&'a str> {
        let of_provider = |fact: &&ModelFact| {
            fact.provider == provider && fact.provider_spelled.as_deref() == Some(provider)
        };
        let fact = self.input.selection.facts.iter().find(of_provider)?;
        ["runtime", "router", "host"]
            .into_iter()
            .find(|kind| *kind == fact.provider_kind)
    }

    /// Short names, made longer where two models share one.
    fn model_names(&self) -> Vec<String> {
        let short = |model: &ModelResult| {
            self.fact(model)
                .map_or_else(|| model.model.clone(), |fact| fact.label.clone())
        };
        let names: Vec<String> = self.analysis().models.iter().map(short).collect();
        let again = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
        let models = &self.analysis().models;
        let unique = names.iter().zip(models).map(|(name, model)| {
            let whole = again(name) || name.trim().is_empty();
            format::shortened(if whole { &model.model } else { name }, LONGEST_NAME)
        });
        unique.collect()
    }
}

/// Names for readers, made longer where two vendors share one.
fn vendor_names(facts: &[ModelFact]) -> BTreeMap<&str, String> {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for fact in facts {
        names
            .entry(&fact.provider)
            .or_insert_with(|| fact.provider_label.clone());
    }
    let plain = names.clone();
    for (provider, name) in &mut names {
        let shared = plain.values().filter(|other| *other == name).count() > 1;
        if name.trim().is_empty() {
            *name = (*provider).to_owned();
        } else if shared {
            *name = format!("{name} ({provider})");
        }
        *name = format::shortened(name, LONGEST_NAME);
    }
    names
}
