//! `caveat export`: the records of a corpus file in an exchange format.

use caveat_store::{Store, texts_path};

use crate::cli::ExportArguments;
use crate::exit::{self, DONE, Failure};
use crate::export::{self, Request};
use crate::files::shown;

/// Files that are shown one by one.
const SHOWN_FILES: usize = 4;

/// Runs the command.
pub fn run(arguments: &ExportArguments) -> Result<u8, Failure> {
    refuse_own_files(arguments)?;
    export::refuse_targets(arguments.format, &arguments.out)?;
    let store = Store::open_read_only(&arguments.store)?;
    if arguments.with_text && store.kept_texts()?.is_none() {
        exit::note(&format!(
            "warning: no texts were kept beside `{}`: none are exported\nhint: `caveat import \
             --keep-text` keeps them",
            shown(&arguments.store)
        ));
    }
    let exported = export::export(
        &store,
        &Request {
            format: arguments.format,
            out: &arguments.out,
            with_text: arguments.with_text,
            timestamp: arguments.timestamp,
        },
    )?;
    if arguments.json {
        exit::print_json(&exported)?;
        return Ok(DONE);
    }
    let mut text = format!(
        "{} traces with {} grades, {} cells of counts\n",
        exported.traces, exported.grades, exported.cells
    );
    for file in exported.files.iter().take(SHOWN_FILES) {
        text.push_str(&format!(
            "wrote {} ({} bytes, sha256 {})\n",
            caveat_importer::text::printable(&file.path),
            file.bytes,
            file.sha256
        ));
    }
    let more = exported.files.len().saturating_sub(SHOWN_FILES);
    if more > 0 {
        text.push_str(&format!(
            "… and {more} more files; `--json` lists them all\n"
        ));
    }
    exit::print(&text)?;
    Ok(DONE)
}

/// An export never takes the place of what it is made from.
fn refuse_own_files(arguments: &ExportArguments) -> Result<(), Failure> {
    let real = |path: &std::path::Path| path.canonicalize().ok();
    let own = [real(&arguments.store), real(&texts_path(&arguments.store))];
    let targets = export::targets(arguments.format, &arguments.out);
    let lost = targets.iter().find(|target| {
        let target = real(target);
        target.is_some() && own.contains(&target)
    });
    match lost {
        Some(target) => Err(Failure::wrong_use(format!(
            "`{}` is the corpus that is exported\nhint: name another file with `--out`",
            shown(target)
        ))),
        None => Ok(()),
    }
}
