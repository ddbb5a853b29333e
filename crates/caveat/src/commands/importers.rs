//! `caveat importers`: the formats, their versions, and their pages.

use crate::builtin;
use crate::exit::{self, DONE, Failure};

/// Runs the command.
pub fn run(json: bool) -> Result<u8, Failure> {
    let infos: Vec<_> = builtin::importers()
        .iter()
        .map(|importer| importer.info())
        .collect();
    if json {
        exit::print_json(&infos)?;
        return Ok(DONE);
    }
    let mut text = String::new();
    for info in infos {
        let how = if info.claims_files {
            "recognised by content"
        } else {
            "only when named"
        };
        text.push_str(&format!(
            "{}\n  {}\n  versions: {}; {how}; see {}\n",
            info.name,
            info.title,
            info.versions.join(", "),
            info.page
        ));
    }
    exit::print(&text)?;
    Ok(DONE)
}
