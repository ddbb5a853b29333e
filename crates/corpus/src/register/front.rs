//! What may stand in front of a model's name and says nothing of the model.
//!
//! Runtimes, routers and hosts of the register; the middle parts that some
//! tools put between the provider and the model (`chat:`, `models/`); vendors
//! and regions as Bedrock writes them; accounts that publish repackaged weights
//! under their makers' names. A maker in front is taken off only where what
//! follows names its own.

use super::Register;
use super::facts::MakerKind;

/// Paths that hosts put before a model's name.
const PATHS: [&str; 9] = [
    "accounts/fireworks/models/",
    "publishers/anthropic/models/",
    "publishers/google/models/",
    "publishers/meta/models/",
    "publishers/mistralai/models/",
    "foundation-model/",
    "inference-profile/",
    "models/",
    "openai-api/",
];

/// Kinds of endpoint that promptfoo writes between provider and model.
const ENDPOINTS: [&str; 10] = [
    "chat:",
    "completion:",
    "completions:",
    "messages:",
    "responses:",
    "assistant:",
    "realtime:",
    "text-generation:",
    "converse:",
    "converse/",
];

/// Regions of Bedrock's inference profiles.
const REGIONS: [&str; 10] = [
    "us.", "eu.", "apac.", "ap.", "jp.", "au.", "ca.", "sa.", "us-gov.", "global.",
];

/// Accounts that publish others' weights in other packaging, under the weights'
/// own names. A name that they changed is not found, and so stays unknown.
const PACKAGERS: [&str; 14] = [
    "thebloke/",
    "bartowski/",
    "unsloth/",
    "maziyarpanahi/",
    "quantfactory/",
    "mradermacher/",
    "neuralmagic/",
    "redhatai/",
    "hugging-quants/",
    "casperhansen/",
    "turboderp/",
    "second-state/",
    "solidrust/",
    "ggml-org/",
];

/// Makers that are also a place where others' models are served by name.
const ALSO_SERVERS: [&str; 1] = ["huggingface"];

/// What was taken off, and what is left.
pub(super) struct Front {
    /// Id of the runtime, router or host, if it was one.
    pub(super) server: Option<String>,
    /// As it stood there.
    pub(super) prefix: String,
    /// The rest of the name; a vendor of Bedrock is written as a maker's id before a slash.
    pub(super) rest: String,
}

/// Takes one thing off the front of a folded name.
pub(super) fn split_front(register: &Register, name: &str) -> Option<Front> {
    let front = |server: Option<&str>, prefix: &str, rest: &str| {
        (!rest.is_empty()).then(|| Front {
            server: server.map(str::to_owned),
            prefix: prefix.to_owned(),
            rest: rest.to_owned(),
        })
    };
    let fixed = PATHS.iter().chain(&ENDPOINTS).chain(&PACKAGERS);
    for prefix in fixed {
        if let Some(rest) = name.strip_prefix(prefix) {
            return front(None, prefix, rest);
        }
    }
    if name.starts_with("arn:aws") {
        let (prefix, rest) = name.split_at(name.rfind('/')? + 1);
        return front(Some("bedrock"), prefix, rest);
    }
    if let Some(found) = split_vendor(register, name) {
        return Some(found);
    }
    let (prefix, rest) = name.split_at(name.find(['/', ':'])? + 1);
    let maker = register.maker(prefix.trim_end_matches(['/', ':']))?;
    if maker.kind != MakerKind::Maker {
        return front(Some(&maker.id), prefix, rest);
    }
    let stands_alone = rest.split_once(['/', ':']).is_some_and(|(next, _)| {
        register.maker(next).is_some()
            || ENDPOINTS
                .iter()
                .any(|word| word.trim_end_matches(':') == next)
    });
    let also_server = ALSO_SERVERS.contains(&maker.id.as_str());
    match prefix.ends_with(':') || stands_alone || also_server {
        true => front(None, prefix, rest),
        false => None,
    }
}

/// `us.anthropic.claude-…` becomes `anthropic/claude-…`.
fn split_vendor(register: &Register, name: &str) -> Option<Front> {
    let region = REGIONS.iter().find(|region| name.starts_with(**region));
    let after = name.get(region.map_or(0, |region| region.len())..)?;
    let (vendor, rest) = after.split_once('.')?;
    let is_word = !vendor.is_empty()
        && vendor
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b == b'2' || b == b'1');
    let maker = register.maker(vendor).filter(|_| is_word)?;
    if maker.kind != MakerKind::Maker || rest.is_empty() {
        return None;
    }
    Some(Front {
        server: Some("bedrock".to_owned()),
        prefix: name.get(..name.len() - rest.len())?.to_owned(),
        rest: format!("{}/{rest}", maker.id),
    })
}
