//! The facts about one model, one organisation, one grader.
//!
//! Plain data, listed as JSON by `caveat models`. An absent field is a fact
//! that nobody published, never a zero.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known about one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelFacts {
    /// Maker and model, lower case: `openai/gpt-4o`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Id of the maker.
    pub maker: String,
    /// Id of the maker at the root of the chain of derivatives; the maker itself where there is none.
    pub base_model_maker: String,
    /// Id of the closest relative in the register that the model was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derivative_of: Option<String>,
    /// How it was made from it.
    pub derivative_kind: DerivativeKind,
    /// All parameters, in billions; absent where not disclosed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params_total_b: Option<f64>,
    /// Parameters that one token uses, in billions: the total of a dense model, absent where not disclosed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params_active_b: Option<f64>,
    /// Whether it is a mixture of experts; absent where the size is not disclosed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixture: Option<bool>,
    /// Whether the weights can be downloaded.
    pub weights: Weights,
    /// Month of release, `YYYY-MM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
    /// Other spellings.
    pub aliases: Vec<String>,
    /// Where the size, or its absence, is stated.
    pub source: String,
    /// How far the size was checked.
    pub verified: Verified,
    /// What a reader of the row has to know besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl ModelFacts {
    /// Tells whether the maker, or the published checkpoint, discloses the total size.
    pub fn size_disclosed(&self) -> bool {
        self.params_total_b.is_some()
    }

    /// Tells whether the model was made from another one.
    pub fn is_derivative(&self) -> bool {
        self.derivative_kind != DerivativeKind::None
    }
}

/// How a model was made from its base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DerivativeKind {
    /// Not a derivative. A maker that tunes its own base counts as none.
    #[default]
    None,
    /// Trained further on the base's weights by somebody else.
    Finetune,
    /// Trained on the answers of a larger model.
    Distilled,
    /// A copy whose refusals were removed from the weights.
    Abliterated,
    /// A copy with numbers of lower precision.
    Quantised,
    /// Weights of several models combined.
    Merge,
}

/// Whether the weights can be downloaded. It says nothing about the licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// They can.
    Open,
    /// They cannot.
    Closed,
}

/// How far the size of a row was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verified {
    /// Read in the maker's own repository, card or documentation.
    Primary,
    /// An independent listing or the checkpoint agrees, or it follows from a base that is verified.
    Secondary,
    /// Not looked up again; check before quoting.
    Memory,
}

/// What is known about one organisation that corpora name as a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakerFacts {
    /// Short name, lower case.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Whether it makes models or serves those of others.
    pub kind: MakerKind,
    /// ISO code of the seat; absent for loose projects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// True for an entry that stands for nobody in particular and is left out of rankings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub placeholder: bool,
    /// Other spellings.
    #[serde(default)]
    pub aliases: Vec<String>,
}

impl MakerFacts {
    /// Tells whether the entry may stand for a model's provider: a maker, and somebody in particular.
    pub fn can_be_ranked(&self) -> bool {
        self.kind == MakerKind::Maker && !self.placeholder
    }
}

/// What an organisation does with models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MakerKind {
    /// Makes them.
    Maker,
    /// A program that runs weights, such as Ollama.
    Runtime,
    /// Passes requests on to hosts, such as OpenRouter.
    Router,
    /// Serves weights, its own or others'.
    Host,
}

/// What is known about one grader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraderFacts {
    /// The one name under which all spellings are counted.
    pub id: String,
    /// Id of the model behind it, where the register lists that model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Maker of the model behind it, where the register does not list that model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// Other spellings.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What a reader of the row has to know besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
