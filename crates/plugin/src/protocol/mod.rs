//! The importer protocol: JSON lines over standard streams.
//!
//! One run of the program answers one question. The host writes `hello` and
//! then at most one request; the program answers `hello`, then the answer, and
//! ends when its standard input ends. Each message is one JSON object on one
//! line, in UTF-8, without line ends inside.
//!
//! ```text
//! host    {"type":"hello","protocol":1,"limits":{…}}
//! plugin  {"type":"hello","protocol":1,"name":"redlog","version":"1.0","title":"…"}
//! host    {"type":"probe","path":"/corpora/a.redlog","size":812}
//! plugin  {"type":"claim","claim":"yes","confidence":95,"reason":"…"}
//!
//! host    {"type":"import","path":"/corpora/a.redlog","size":812,"keep_text":false,"options":{}}
//! plugin  {"type":"trace",…}   {"type":"cell",…}   {"type":"reject",…}   {"type":"progress",…}
//! plugin  {"type":"account","traces":7,"cells":0,"rejects":1,"grades":7}
//! plugin  {"type":"refused","reason":"…","hint":"…"}      instead of the account
//! ```
//!
//! What the host writes may grow fields: a plugin passes over those that it
//! does not know. What a plugin writes may not: an unknown field is a fault,
//! for it would be lost in silence.

pub mod record;
mod schema;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use record::{Cell, Grade, Location, Model, Prompt, Reject, Trace};
pub use schema::protocol_schema;
pub(crate) use schema::written_schema_of;

/// Version of the protocol that this host speaks.
pub const VERSION: u32 = 1;

/// What the host writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// The first line.
    Hello(HostHello),
    /// Is this file of the plugin's format?
    Probe(ProbeRequest),
    /// Read this file from start to end.
    Import(ImportRequest),
}

/// The host's greeting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HostHello {
    /// Version of the protocol.
    pub protocol: u32,
    /// Bounds that the plugin should keep; the host enforces them.
    pub limits: StatedLimits,
}

/// Bounds that a plugin learns of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatedLimits {
    /// Longest line that the plugin may write, in bytes.
    pub max_line_bytes: u64,
    /// Longest name, in characters; a record with a longer one becomes a reject.
    pub max_name_chars: usize,
    /// Most records and rejects of one source.
    pub max_records: u64,
    /// Milliseconds after which a plugin that makes no progress is ended.
    pub silence_ms: u64,
}

/// Asks whether a file is of the plugin's format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeRequest {
    /// Absolute path. To be read, never to be written.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
}

/// Asks for everything in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImportRequest {
    /// Absolute path. To be read, never to be written.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// Whether prompt and response texts are wanted; without it they are a fault.
    pub keep_text: bool,
    /// Options of the format as the user wrote them; only those that the greeting states.
    pub options: serde_json::Map<String, serde_json::Value>,
}

/// What a plugin writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reply {
    /// The first line.
    Hello(PluginHello),
    /// The answer to `probe`.
    Claim(ClaimReply),
    /// One response of one model to one prompt.
    Trace(Box<Trace>),
    /// A row of counts.
    Cell(Box<Cell>),
    /// A record of the source that cannot be used.
    Reject(Reject),
    /// How far the plugin has read.
    Progress(Progress),
    /// The end of an import: what was written.
    Account(Account),
    /// The end of an import: the whole source cannot be used.
    Refused(Refused),
}

impl Reply {
    /// The word in `type`.
    pub const fn name(&self) -> &'static str {
        match self {
            Reply::Hello(_) => "hello",
            Reply::Claim(_) => "claim",
            Reply::Trace(_) => "trace",
            Reply::Cell(_) => "cell",
            Reply::Reject(_) => "reject",
            Reply::Progress(_) => "progress",
            Reply::Account(_) => "account",
            Reply::Refused(_) => "refused",
        }
    }
}

/// The plugin's greeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginHello {
    /// Version of the protocol that the plugin speaks.
    pub protocol: u32,
    /// Name of the format: lower-case letters, digits and hyphens.
    pub name: String,
    /// Version of the plugin itself.
    pub version: String,
    /// One line for people.
    pub title: String,
    /// Versions of the format that the plugin reads.
    #[serde(default)]
    pub format_versions: Vec<String>,
    /// What the plugin can do beyond `import`.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    /// Options that a user may set; the host refuses every other one.
    #[serde(default)]
    pub options: Vec<StatedOption>,
    /// Where it is written what maps to what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// One option of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatedOption {
    /// Key, as the user writes it.
    pub name: String,
    /// What it does, in one line.
    pub meaning: String,
}

/// What a plugin can do beyond `import`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Recognises its files by content. Without it the plugin is used only when it is named.
    Probe,
    /// Hands over prompt and response texts when they are wanted.
    Texts,
}

/// The answer to `probe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimReply {
    /// The answer.
    pub claim: Answer,
    /// With `yes`: how sure, 1 to 100; 100 is a signature that no other format has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// With `yes` and `almost`: what was seen, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// With `almost`: what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Whether a file is of the plugin's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It looks like it but cannot be used.
    Almost,
}

/// How far the plugin has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Bytes of the source that have been read; grows, and ends at its size.
    pub bytes_read: u64,
}

/// What a plugin says it wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Traces written.
    pub traces: u64,
    /// Cells written.
    pub cells: u64,
    /// Rejects written.
    pub rejects: u64,
    /// Grades in the traces written.
    pub grades: u64,
    /// Version of the format, as found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format_version: Option<String>,
    /// Sentences for the account: which rule was applied, what was absent.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Why a source cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// What was expected and what was found.
    pub reason: String,
    /// What to do.
    pub hint: String,
}
