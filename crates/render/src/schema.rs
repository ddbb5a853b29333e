//! JSON Schemas of what caveat reads and writes, made from the types.
//!
//! The same text is committed under `schemas/` and checked for freshness;
//! `cargo xtask gen` writes it anew.

use caveat_report::annex::Annex;
use caveat_report::brief::annex::BriefAnnex;
use caveat_report::brief::document::Brief;
use caveat_report::claims::Claims;
use caveat_report::definition::Definition;
use caveat_report::document::Document;
use caveat_report::summary::annex::SummaryAnnex;
use caveat_report::summary::document::Summary;
use schemars::{JsonSchema, generate::SchemaSettings};

use crate::manifest::Manifest;

/// Names that [`schema`] knows, in order.
pub const SCHEMAS: [&str; 9] = [
    "annex",
    "brief",
    "brief-annex",
    "claims",
    "document",
    "manifest",
    "report",
    "summary",
    "summary-annex",
];

/// The schema of a name, as indented JSON with a line end at the end.
///
/// ```
/// use caveat_render::schema::schema;
/// assert!(schema("report").is_some_and(|text| text.contains("edition_date")));
/// assert_eq!(schema("nothing"), None);
/// ```
pub fn schema(name: &str) -> Option<String> {
    match name {
        "annex" => written::<Annex>(Contract::Output),
        "brief" => written::<Brief>(Contract::Output),
        "brief-annex" => written::<BriefAnnex>(Contract::Output),
        "claims" => written::<Claims>(Contract::Input),
        "document" => written::<Document>(Contract::Output),
        "manifest" => written::<Manifest>(Contract::Output),
        "report" => written::<Definition>(Contract::Input),
        "summary" => written::<Summary>(Contract::Output),
        "summary-annex" => written::<SummaryAnnex>(Contract::Output),
        _ => None,
    }
}

/// The file of a schema's name, as committed.
pub fn schema_file(name: &str) -> String {
    format!("{name}.schema.json")
}

/// Whether a schema describes what people write or what caveat writes.
enum Contract {
    Input,
    Output,
}

fn written<T: JsonSchema>(contract: Contract) -> Option<String> {
    let settings = SchemaSettings::draft2020_12();
    let settings = match contract {
        Contract::Input => settings.for_deserialize(),
        Contract::Output => settings.for_serialize(),
    };
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut text = serde_json::to_string_pretty(&schema).ok()?;
    text.push('\n');
    Some(text)
}
