//! The host of importers against importers that were made for these tests: files
//! that are read together, importers that fail, files that change.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use caveat::catalogue::{Catalogue, Entry, Origin};
use caveat::exit::Failure;
use caveat::importing::gather::gather;
use caveat::importing::sorting::{Sorted, Wish, sort};
use caveat::importing::{Imported, Request, Watch, import_all};
use caveat::progress::Progress;
use caveat_corpus::{Digest, Location, ModelName, Outcome, Record, Trace};
use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, Options, Probe, Reject, Sink, Source, SourceFacts,
};
use caveat_store::Store;

/// A format for tests: the first word of a file says what its importer does.
struct Scripted;

fn info(name: &'static str) -> ImporterInfo {
    ImporterInfo {
        name,
        title: "for tests",
        versions: &["1"],
        claims_files: true,
        page: "none",
    }
}

fn word(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.split_whitespace().next().unwrap_or("").to_owned()
}

fn trace(record_id: u64) -> Record {
    Record::Trace(Box::new(Trace {
        location: Location::default(),
        run_id: None,
        record_id: Some(record_id.to_string()),
        model: ModelName {
            name: "m".to_owned(),
            provider: None,
            coded_size: None,
        },
        prompt: None,
        prompt_text: None,
        dataset: None,
        technique: None,
        attack_family: None,
        harm_category: None,
        attempt: None,
        turns: None,
        observed_at: None,
        prompt_tokens: None,
        response_tokens: None,
        duration_ms: None,
        response_digest: None,
        response_text: None,
        outcome: Outcome::Response,
        grades: Vec::new(),
    }))
}

impl Importer for Scripted {
    fn info(&self) -> ImporterInfo {
        info("scripted")
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        match probe.head.starts_with(b"script-") {
            true => Claim::Yes {
                confidence: 90,
                reason: "a script".to_owned(),
            },
            false => Claim::No,
        }
    }

    fn companions(&self, source: &Path) -> Vec<PathBuf> {
        // The file beside it with another ending, both ways.
        ["main", "side"]
            .iter()
            .map(|ending| source.with_extension(ending))
            .filter(|path| path != source && path.is_file())
            .collect()
    }

    fn import(
        &self,
        source: &Source,
        _: &Options,
        sink: &mut dyn Sink,
    ) -> Result<SourceFacts, ImportError> {
        match word(&source.path).as_str() {
            "script-panic" => {
                sink.record(trace(1))?;
                panic!("as the script says");
            }
            "script-change" => {
                sink.record(trace(2))?;
                fs::write(&source.path, "script-change and more").unwrap();
            }
            "script-large" => {
                let mut large = trace(3);
                if let Record::Trace(trace) = &mut large {
                    trace.duration_ms = Some(u64::MAX);
                }
                sink.record(large)?;
            }
            _ => sink.record(trace(4))?,
        }
        Ok(SourceFacts::default())
    }
}

/// Everything that becomes of the sources.
#[derive(Default)]
struct Log {
    done: Vec<(String, Result<Imported, Failure>)>,
    rejects: Vec<String>,
}

impl Watch for Log {
    fn rejected(&mut self, _: &Request, _: Digest, reject: &Reject) {
        self.rejects.push(reject.reason.clone());
    }

    fn done(&mut self, request: &Request, outcome: Result<Imported, Failure>) {
        let name = request.path.file_name().unwrap().to_str().unwrap();
        self.done.push((name.to_owned(), outcome));
    }
}

fn requests(folder: &Path) -> Vec<Request> {
    let mut catalogue = Catalogue::builtin();
    let entry = Entry {
        importer: &Scripted,
        origin: Origin::Plugin {
            command: "test".to_owned(),
        },
    };
    catalogue.add(entry.clone()).unwrap();
    assert!(catalogue.add(entry).is_err());
    let gathered = gather(&[folder.to_path_buf()], &[]);
    let sorted = sort(&catalogue, &Wish::default(), gathered).unwrap();
    let source = |sorted| match sorted {
        Sorted::Source(request) => Some(*request),
        _ => None,
    };
    sorted.into_iter().filter_map(source).collect()
}

fn import(store: &mut Store, folder: &Path) -> Log {
    let mut log = Log::default();
    import_all(store, &requests(folder), &Progress::silent(), &mut log).unwrap();
    log
}

#[test]
fn a_companion_is_digested_with_its_source_and_is_no_source() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.main", "a.side", "b.side"] {
        fs::write(folder.path().join(name), format!("script-good {name}")).unwrap();
    }
    let log = import(&mut Store::in_memory().unwrap(), folder.path());
    let names: Vec<&str> = log.done.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a.main", "b.side"]);
    let imported = log.done[0].1.as_ref().unwrap();
    assert_eq!(imported.companions.len(), 1);
    assert_eq!(
        imported.companions[0].digest,
        Digest::of(b"script-good a.side")
    );
}

#[test]
fn an_importer_that_dies_costs_its_source_alone() {
    let folder = tempfile::tempdir().unwrap();
    for (name, word) in [("a", "script-panic"), ("b", "script-good")] {
        fs::write(folder.path().join(name), word).unwrap();
    }
    let mut store = Store::in_memory().unwrap();
    let log = import(&mut store, folder.path());
    let failure = log.done[0].1.as_ref().unwrap_err();
    assert!(failure.message.contains("the importer scripted failed on"));
    assert!(log.done[1].1.is_ok());
    assert_eq!(store.status().unwrap().traces, 1);
}

#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "script-change").unwrap();
    let mut store = Store::in_memory().unwrap();
    let log = import(&mut store, folder.path());
    let failure = log.done[0].1.as_ref().unwrap_err();
    assert!(failure.message.contains("changed while it was read"));
    assert_eq!(store.status().unwrap().traces, 0);
}

#[test]
fn a_record_that_the_store_refuses_is_a_reject_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "script-large").unwrap();
    let log = import(&mut Store::in_memory().unwrap(), folder.path());
    assert_eq!(log.done[0].1.as_ref().unwrap().account.rejected, 1);
    assert!(log.rejects[0].contains("duration_ms"));
}
