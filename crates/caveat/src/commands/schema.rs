//! `caveat schema`: the JSON Schema of a file that caveat reads or writes.

use crate::exit::{self, DONE, Failure};

/// Runs the command.
pub fn run(name: &str) -> Result<u8, Failure> {
    let schema = match name {
        "export" => caveat_import_caveat_export::line::schema(),
        "plugin" => caveat_plugin::protocol::protocol_schema(),
        "plugins" => caveat_plugin::config::configuration_schema(),
        name => caveat_render::schema::schema(name),
    };
    let schema = schema.ok_or_else(|| {
        Failure::wrong_use(format!(
            "there is no schema `{}`\nhint: the schemas are annex, claims, document, export, manifest, plugin, plugins and report",
            caveat_importer::text::printable(name)
        ))
    })?;
    exit::print(&schema)?;
    Ok(DONE)
}
