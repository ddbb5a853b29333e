//! Checks on good files of the plugin's own format.

use std::fs;
use std::path::{Path, PathBuf};

use caveat_corpus::Record;
use caveat_importer::text::printable;
use caveat_importer::{Claim, Collector, Importer, Options, Source};

use super::{Trial, claim};
use crate::plugin::Plugin;

/// Checks every sample, or says that there is none.
pub(super) fn check(
    trial: &mut Trial<'_>,
    plugin: &Plugin,
    samples: &[PathBuf],
) -> std::io::Result<()> {
    if samples.is_empty() {
        trial.skip(
            "a good file gives the same records twice, under any name",
            "no file was given; name one with `--sample FILE`",
        );
    }
    for sample in samples {
        check_one(trial, plugin, sample)?;
    }
    Ok(())
}

fn check_one(trial: &mut Trial<'_>, plugin: &Plugin, sample: &Path) -> std::io::Result<()> {
    let name = format!("`{}`", printable(&sample.display().to_string()));
    let renamed = trial.folder.join("renamed.dat");
    fs::copy(sample, &renamed)?;
    if plugin.info().claims_files {
        trial.note(format!("{name} is claimed"), is_claimed(plugin, sample));
        trial.note(
            format!("{name} is claimed under another name"),
            is_claimed(plugin, &renamed),
        );
    }
    let first = import(plugin, sample, &Options::default());
    trial.note(
        format!("{name} gives records, and the account agrees"),
        first.as_ref().map_err(Clone::clone).and_then(some_records),
    );
    if let Ok(first) = first {
        let same = |path: &Path| {
            import(plugin, path, &Options::default()).and_then(|found| equal(&first, &found))
        };
        trial.note(format!("{name} gives the same records twice"), same(sample));
        trial.note(
            format!("{name} gives the same records under another name"),
            same(&renamed),
        );
        let with_texts = Options {
            keep_text: true,
            ..Options::default()
        };
        let texts = import(plugin, sample, &with_texts);
        trial.note(
            format!("{name} gives the same records when texts are wanted"),
            texts.and_then(|found| equal(&first, &without_texts(found))),
        );
    }
    fs::remove_file(renamed)
}

fn is_claimed(plugin: &Plugin, path: &Path) -> Result<(), String> {
    match claim(plugin, path) {
        Claim::Yes { .. } => Ok(()),
        Claim::No => Err("it answers `no`".to_owned()),
        Claim::Almost(found) => Err(found.reason),
    }
}

fn import(plugin: &Plugin, path: &Path, options: &Options) -> Result<Collector, String> {
    let mut found = Collector::default();
    plugin
        .import(&Source::new(path), options, &mut found)
        .map(|_| found)
        .map_err(|error| error.to_string())
}

fn some_records(found: &Collector) -> Result<(), String> {
    match found.records.is_empty() {
        true => Err("no record came out of it".to_owned()),
        false => Ok(()),
    }
}

fn equal(one: &Collector, other: &Collector) -> Result<(), String> {
    if one.records.len() != other.records.len() {
        let (first, second) = (one.records.len(), other.records.len());
        return Err(format!("{first} records, and then {second}"));
    }
    let differing = one
        .records
        .iter()
        .zip(&other.records)
        .position(|(a, b)| a != b);
    match differing {
        Some(position) => Err(format!("record {} differs", position + 1)),
        None if one.rejects != other.rejects => Err("the rejects differ".to_owned()),
        None => Ok(()),
    }
}

fn without_texts(mut found: Collector) -> Collector {
    for record in &mut found.records {
        if let Record::Trace(trace) = record {
            trace.prompt_text = None;
            trace.response_text = None;
        }
    }
    found
}
