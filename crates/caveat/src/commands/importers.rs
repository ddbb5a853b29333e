//! `caveat importers`: the formats, what they can do, and their pages.

use std::path::Path;

use caveat_importer::{ImporterInfo, OptionInfo};
use serde::Serialize;

use crate::catalogue::{Catalogue, Entry, Origin};
use crate::exit::{self, DONE, Failure};

/// What `--json` prints of one importer.
#[derive(Serialize)]
struct Listed<'c> {
    #[serde(flatten)]
    info: ImporterInfo,
    options: &'static [OptionInfo],
    origin: &'c Origin,
}

/// Runs the command.
pub fn run(plugins: Option<&Path>, json: bool) -> Result<u8, Failure> {
    let catalogue = Catalogue::with_plugins(plugins)?;
    let listed: Vec<Listed<'_>> = catalogue.entries().iter().map(listed).collect();
    if json {
        exit::print_json(&listed)?;
        return Ok(DONE);
    }
    exit::print(&listed.iter().map(for_people).collect::<String>())?;
    Ok(DONE)
}

fn listed(entry: &Entry) -> Listed<'_> {
    Listed {
        info: entry.importer.info(),
        options: entry.importer.options(),
        origin: &entry.origin,
    }
}

fn for_people(listed: &Listed<'_>) -> String {
    let info = &listed.info;
    let how = match info.claims_files {
        true => "recognised by content",
        false => "only when named",
    };
    let origin = match listed.origin {
        Origin::BuiltIn => "built in".to_owned(),
        Origin::Plugin { command } => {
            format!("plugin {}", caveat_importer::text::printable(command))
        }
    };
    let mut text = format!(
        "{}\n  {}\n  versions: {}; {how}; {origin}{}\n",
        info.name,
        info.title,
        info.versions.join(", "),
        match info.page {
            "" => String::new(),
            page => format!("; see {page}"),
        }
    );
    for option in listed.options {
        text.push_str(&format!("  option {}: {}\n", option.name, option.meaning));
    }
    text
}
