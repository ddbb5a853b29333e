//! The JSON Schema of the protocol, made from the types.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Deserialize;

use super::{Reply, Request};

/// One line of the importer protocol, version 1: what the host writes to a
/// plugin's standard input, or what a plugin writes to its standard output.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
enum Line {
    /// From the host.
    Request(Request),
    /// From the plugin.
    Reply(Reply),
}

/// The schema of one line of the protocol, as indented JSON with a line end at the end.
///
/// ```
/// let schema = caveat_plugin::protocol::protocol_schema();
/// assert!(schema.is_some_and(|text| text.contains("keep_text")));
/// ```
pub fn protocol_schema() -> Option<String> {
    written::<Line>()
}

/// The schema of a type that is read.
pub(crate) fn written<T: JsonSchema>() -> Option<String> {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut text = serde_json::to_string_pretty(&schema).ok()?;
    text.push('\n');
    Some(text)
}
