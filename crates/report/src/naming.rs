//! Who a model belongs to, by the rule of a report.
//!
//! The register resolves spellings; nothing is guessed. A model that the
//! register does not know keeps what the source says of it.

use std::collections::BTreeMap;

use caveat_corpus::ModelEvidence;
use caveat_corpus::register::{DerivativeKind, MakerKind, ModelMatch, Register, Weights};

use crate::definition::{Definition, NamedBy, Runtimes};
use crate::selection::ModelFact;
use crate::sizes;

/// What is known of a model.
pub(crate) struct Identity {
    /// The facts, with the provider that the rule names.
    pub(crate) fact: ModelFact,
    /// What all spellings of this model have in common, if the register knows it.
    pub(crate) one_name: Option<String>,
}

/// Whether a kind of provider serves the models of others.
pub(crate) fn serves_others(kind: &str) -> bool {
    matches!(kind, "runtime" | "router" | "host")
}

/// Resolves a model and its provider.
pub(crate) fn identify(
    model: &ModelEvidence,
    register: &Register,
    definition: &Definition,
) -> Identity {
    let found = register.model(&model.name, model.provider.as_deref());
    let listed = found.listed();
    let spelled = model.provider.as_deref();
    let organisation = spelled.and_then(|provider| register.maker(provider));
    let provider_kind = organisation.map_or("unknown", |maker| kind_name(maker.kind));
    let provider = provider(model, register, &found, definition, provider_kind);
    let provider_label = readable(&provider, register);
    let derivative = match &found {
        ModelMatch::UnlistedDerivative { word } => Some((*word).to_owned()),
        _ => listed.and_then(|facts| derivative_name(facts.derivative_kind)),
    };
    let base = listed.filter(|facts| facts.base_model_maker != facts.maker);
    Identity {
        one_name: found.one_name(),
        fact: ModelFact {
            model: model.name.clone(),
            label: listed.map_or_else(|| model.name.clone(), |facts| facts.name.clone()),
            provider_spelled: model.provider.clone(),
            provider,
            provider_label,
            provider_kind: provider_kind.to_owned(),
            maker: listed.map(|facts| facts.maker.clone()),
            base_model_maker: base.map(|facts| facts.base_model_maker.clone()),
            derivative,
            coded_b: sizes::coded(model.coded_size.as_deref()),
            disclosed_total_b: listed.and_then(|facts| facts.params_total_b),
            disclosed_active_b: listed.and_then(|facts| facts.params_active_b),
            disclosed: listed.map(|facts| facts.size_disclosed()),
            mixture: listed.and_then(|facts| facts.mixture),
            weights: listed.map(|facts| weights_name(facts.weights).to_owned()),
            register_source: listed.map(|facts| facts.source.clone()),
        },
    }
}

/// The name of a provider for readers: as spelled where that is a name already
/// (it has a capital letter), else the one of the register.
fn readable(provider: &str, register: &Register) -> String {
    if provider.chars().any(char::is_uppercase) {
        return provider.to_owned();
    }
    register
        .maker(provider)
        .map_or_else(|| provider.to_owned(), |maker| maker.name.clone())
}

fn provider(
    model: &ModelEvidence,
    register: &Register,
    found: &ModelMatch<'_>,
    definition: &Definition,
    kind: &str,
) -> String {
    let spelled = model.provider.as_deref();
    let maker = found.listed().map(|facts| facts.maker.as_str());
    let as_spelled = || spelled.or(maker).unwrap_or("unknown provider").to_owned();
    let of_the_maker = || {
        let spelled_maker = spelled
            .and_then(|p| register.maker(p))
            .map(|m| m.id.as_str());
        maker
            .or(spelled_maker)
            .map_or_else(as_spelled, str::to_owned)
    };
    let rule = &definition.provider;
    if serves_others(kind) && rule.runtimes == Runtimes::Resolve {
        return of_the_maker();
    }
    match rule.named_by {
        NamedBy::Source => as_spelled(),
        NamedBy::Maker => of_the_maker(),
        NamedBy::BaseMaker => found
            .listed()
            .map_or_else(of_the_maker, |facts| facts.base_model_maker.clone()),
    }
}

/// Gives providers that share a reader's name, and models that share a label,
/// their spelled names instead.
pub(crate) fn tell_labels_apart<'a>(facts: impl Iterator<Item = &'a mut ModelFact>) {
    let mut facts: Vec<&mut ModelFact> = facts.collect();
    let mut providers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut labels: BTreeMap<String, usize> = BTreeMap::new();
    for fact in &facts {
        let spellings = providers.entry(fact.provider_label.clone()).or_default();
        if !spellings.contains(&fact.provider) {
            spellings.push(fact.provider.clone());
        }
        *labels.entry(fact.label.clone()).or_default() += 1;
    }
    for fact in &mut facts {
        if providers
            .get(&fact.provider_label)
            .is_some_and(|spellings| spellings.len() > 1)
        {
            fact.provider_label = fact.provider.clone();
        }
        if labels.get(&fact.label).is_some_and(|models| *models > 1) {
            fact.label = fact.model.clone();
        }
    }
}

const fn kind_name(kind: MakerKind) -> &'static str {
    match kind {
        MakerKind::Maker => "maker",
        MakerKind::Runtime => "runtime",
        MakerKind::Router => "router",
        MakerKind::Host => "host",
    }
}

const fn weights_name(weights: Weights) -> &'static str {
    match weights {
        Weights::Open => "open",
        Weights::Closed => "closed",
    }
}

fn derivative_name(kind: DerivativeKind) -> Option<String> {
    let name = match kind {
        DerivativeKind::None => return None,
        DerivativeKind::Finetune => "finetune",
        DerivativeKind::Distilled => "distilled",
        DerivativeKind::Abliterated => "abliterated",
        DerivativeKind::Quantised => "quantised",
        DerivativeKind::Merge => "merge",
    };
    Some(name.to_owned())
}
