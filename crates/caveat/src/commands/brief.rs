//! `caveat brief`: one document for each vendor of a report.
//!
//! Briefs are made beside one another in parallel and written each as a whole.
//! The memo of the layout engine is emptied from time to time, so that memory
//! does not grow with the number of vendors.

use std::path::{Path, PathBuf};

use caveat_importer::text::printable;
use rayon::prelude::*;

use crate::briefs::{Briefs, folder_name};
use crate::cli::BriefArguments;
use crate::exit::{self, ANSWER_NO, DONE, Failure};
use crate::pipeline;
use crate::project::Project;
use crate::write;

/// Briefs made between two emptyings of the layout engine's memo, which grows
/// by some 16 MB with each.
const BETWEEN_EMPTYINGS: usize = 8;

/// What became of one brief.
enum Made {
    /// Written, with its answer.
    Written(String),
    /// Compared, with what differs.
    Compared(Vec<String>),
}

/// Runs the command.
pub fn run(arguments: &BriefArguments) -> Result<u8, Failure> {
    let mut project = Project::open(&arguments.report)?;
    project.keep_only(arguments.only);
    let folder = project.folder.clone();
    let target = arguments
        .out
        .clone()
        .unwrap_or_else(|| folder.join("briefs"));
    let computed = pipeline::compute(project)?;
    let composition = computed.composition();
    let briefs = Briefs::new(&computed, &composition);
    let vendors = vendors(&briefs, arguments)?;
    if let Some(typst) = &arguments.typst {
        let [vendor] = vendors.as_slice() else {
            return Err(Failure::wrong_use("`--typst` takes one vendor"));
        };
        write::replace(typst, &briefs.typst_folder(vendor, &folder)?)?;
    }
    let targets: Vec<(&String, PathBuf)> = vendors
        .iter()
        .map(|vendor| (vendor, target.join(folder_name(vendor))))
        .collect();
    if !arguments.check {
        crate::files::refuse_as_folder(&target)?;
        for (_, target) in &targets {
            write::refuse_foreign(target)?;
        }
    }
    let mut answer = DONE;
    for some in targets.chunks(BETWEEN_EMPTYINGS) {
        let made: Vec<Made> = some
            .par_iter()
            .map(|(vendor, target)| make(&briefs, vendor, &folder, target, arguments.check))
            .collect::<Result<_, _>>()?;
        for ((_, target), made) in some.iter().zip(made) {
            answer = answer.max(tell(target, &made)?);
        }
        caveat_render::forget_layouts();
    }
    if answer == ANSWER_NO {
        exit::note("error: not every brief is reproduced\nhint: `caveat brief` writes them anew");
    }
    Ok(answer)
}

fn vendors(briefs: &Briefs<'_>, arguments: &BriefArguments) -> Result<Vec<String>, Failure> {
    if arguments.all {
        return Ok(briefs.vendors());
    }
    let mut vendors: Vec<String> = Vec::new();
    for name in &arguments.vendor {
        let vendor = briefs.find(name)?;
        if !vendors.contains(&vendor) {
            vendors.push(vendor);
        }
    }
    Ok(vendors)
}

fn make(
    briefs: &Briefs<'_>,
    vendor: &str,
    folder: &Path,
    target: &Path,
    check: bool,
) -> Result<Made, Failure> {
    let brief = briefs.files(vendor, folder)?;
    if check {
        return Ok(Made::Compared(write::differences(target, &brief.files)?));
    }
    write::replace(target, &brief.files)?;
    Ok(Made::Written(brief.answer))
}

fn tell(target: &Path, made: &Made) -> Result<u8, Failure> {
    let shown = printable(&target.display().to_string());
    match made {
        Made::Written(answer) => {
            exit::print(&format!("{shown}\n  {}\n", printable(answer)))?;
            Ok(DONE)
        }
        Made::Compared(differences) if differences.is_empty() => {
            exit::print(&format!("{shown}: reproduced, every byte\n"))?;
            Ok(DONE)
        }
        Made::Compared(differences) => {
            for difference in differences {
                exit::note(&format!("{shown}/{}", printable(difference)));
            }
            Ok(ANSWER_NO)
        }
    }
}
