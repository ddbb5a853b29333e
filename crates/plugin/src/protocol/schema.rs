//! The JSON Schema of the protocol, made from the types.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::{Map, Value};

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
    let mut schema = schema_of::<Line>();
    let definitions = schema.get_mut("$defs")?.as_object_mut()?;
    for name in ["Request", "Reply"] {
        one_object_each(definitions, name);
    }
    written(&schema)
}

/// The schema of a type that is read, as indented JSON with a line end at the end.
pub(crate) fn written_schema_of<T: JsonSchema>() -> Option<String> {
    written(&schema_of::<T>())
}

fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

fn written(schema: &Value) -> Option<String> {
    let mut text = serde_json::to_string_pretty(schema).ok()?;
    text.push('\n');
    Some(text)
}

/// Puts the word in `type` among the properties of each message.
///
/// The derived schema has it beside a reference to the message, which itself
/// allows no further property, so that no message at all would fit.
fn one_object_each(definitions: &mut Map<String, Value>, name: &str) {
    let Some(Value::Object(mut choice)) = definitions.get(name).cloned() else {
        return;
    };
    for message in choice
        .get_mut("oneOf")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let target = message.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|path| path.strip_prefix("#/$defs/"));
        let Some(Value::Object(content)) = target.and_then(|name| definitions.remove(name)) else {
            continue;
        };
        *message = merged(message, content);
    }
    definitions.insert(name.to_owned(), Value::Object(choice));
}

fn merged(tag: &Value, mut content: Map<String, Value>) -> Value {
    let mut properties = tag["properties"].as_object().cloned().unwrap_or_default();
    let mut required = tag["required"].as_array().cloned().unwrap_or_default();
    if let Some(Value::Object(own)) = content.remove("properties") {
        properties.extend(own);
    }
    if let Some(Value::Array(own)) = content.remove("required") {
        required.extend(own);
    }
    content.insert("properties".to_owned(), properties.into());
    content.insert("required".to_owned(), required.into());
    content.into()
}
