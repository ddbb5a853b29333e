//! Recognises files with one JSON object per line: graded traces, which are
//! read, and scenario packs, which hold prompts alone.
//!
//! Decides by the keys and the words of the first lines, never by a name.

use caveat_importer::{Claim, Limits, Resemblance, json};
use serde_json::{Map, Value};

use crate::traces::{self, Field};

/// Lines that are looked at.
const LOOKED_AT: usize = 5;

/// Why a pack is refused, and what to do.
pub(crate) const PACK_HINT: &str = "a pack holds prompts and no response: import the graded \
                                    traces of its run (`*graded*.jsonl`) or the database";

/// What a file of lines is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Responses with verdicts; whether the column name says so, or the words alone.
    Graded {
        by_name: bool,
    },
    /// Scenarios of the schema `embodied_redteam_entry`.
    SingleAgentPack,
    /// Scenarios of the schema `multi_agent_entry`.
    MultiAgentPack,
    Other,
}

impl Shape {
    /// Looks at the start of a file.
    pub(crate) fn of(head: &[u8]) -> Self {
        let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
        if !head.trim_ascii_start().starts_with(b"{") {
            return Shape::Other;
        }
        let limits = Limits::default();
        let mut lines = head.split(|byte| *byte == b'\n');
        let objects = lines
            .by_ref()
            .filter(|line| !line.trim_ascii().is_empty())
            .take(LOOKED_AT)
            .filter_map(|line| json::parse::<Map<String, Value>>(line, &limits).ok());
        let mut shapes = objects.map(|object| shape_of(&object));
        shapes
            .find(|shape| *shape != Shape::Other)
            .unwrap_or_else(|| cut(head))
    }

    /// What a probe answers.
    pub(crate) fn claim(self) -> Claim {
        match self {
            Shape::Graded { by_name: true } => Claim::Yes {
                confidence: 85,
                reason: "lines of JSON with a model and an `llm_verdict` of the Failure-First \
                         words"
                    .to_owned(),
            },
            Shape::Graded { by_name: false } => Claim::Yes {
                confidence: 60,
                reason: "lines of JSON with a model, a scenario and a verdict in the \
                         Failure-First words"
                    .to_owned(),
            },
            Shape::SingleAgentPack | Shape::MultiAgentPack => Claim::Almost(Resemblance {
                reason: self.pack(),
                hint: PACK_HINT.to_owned(),
            }),
            Shape::Other => Claim::No,
        }
    }

    /// What a pack is, in words.
    pub(crate) fn pack(self) -> String {
        let schema = match self {
            Shape::MultiAgentPack => "multi_agent_entry",
            _ => "embodied_redteam_entry",
        };
        format!("a Failure-First scenario pack (schema `{schema}`), which holds no responses")
    }
}

/// A first line that is longer than what a probe sees.
fn cut(head: &[u8]) -> Shape {
    let names = |key: &str| {
        head.windows(key.len())
            .any(|window| window == key.as_bytes())
    };
    if !head.contains(&b'\n') && names("\"llm_verdict\"") && names("\"model_id\"") {
        return Shape::Graded { by_name: true };
    }
    Shape::Other
}

fn shape_of(object: &Map<String, Value>) -> Shape {
    let word = |key: &str| {
        let word = object.get(key).and_then(Value::as_str);
        word.is_some_and(|word| traces::verdict(word).is_some())
    };
    let has_model = traces::find(object, Field::Model).is_some();
    if has_model && (word("llm_verdict") || word("flip_verdict")) {
        return Shape::Graded { by_name: true };
    }
    let has_scenario = ["scenario_id", "attack_class", "scenario_class"]
        .iter()
        .any(|key| object.contains_key(*key));
    if has_model && has_scenario && word("verdict") {
        return Shape::Graded { by_name: false };
    }
    pack_shape(object)
}

/// Packs have an id, a class of scenario or a set of actors, and no model.
fn pack_shape(object: &Map<String, Value>) -> Shape {
    let has = |key: &str| object.contains_key(key);
    if !has("id") || traces::find(object, Field::Model).is_some() {
        return Shape::Other;
    }
    let is_text = |key: &str| object.get(key).is_some_and(Value::is_string);
    let is_list = |key: &str| object.get(key).is_some_and(Value::is_array);
    if (is_list("actors") || is_list("agents")) && (has("injectors") || has("labels")) {
        return Shape::MultiAgentPack;
    }
    let of_a_scenario = has("attack_attempt") || has("agent_response") || has("injectors");
    if is_text("scenario_class") && of_a_scenario && (has("labels") || has("turns")) {
        return Shape::SingleAgentPack;
    }
    Shape::Other
}
