//! Plugins that lie, stall, flood or die: the host catches each, says what it
//! was, imports nothing of it, and leaves no process behind.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use caveat_importer::{
    Claim, Collector, ImportError, Importer, Options, Probe, Reject, Sink, SinkClosed, Source,
    SourceFacts,
};
use caveat_plugin::{Breach, HostLimits, Plugin};

use common::{import, liar, limits, running};

static RUNS: AtomicU64 = AtomicU64::new(0);

/// A mark that no other process has.
fn mark() -> String {
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    format!("liar-of-{}-{run}", std::process::id())
}

/// Imports a small source with a plugin that lies in this way.
fn lie(
    mode: &str,
    limits: HostLimits,
    options: &Options,
) -> (Collector, Result<SourceFacts, ImportError>) {
    let mark = mark();
    let start = Instant::now();
    let plugin = Plugin::connect(liar(mode, &mark), limits).unwrap();
    let source = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(source.path(), "a source of thirty bytes, here").unwrap();
    let result = import(&plugin, source.path(), options);
    assert_eq!(running(&mark), 0, "{mode} left a process behind");
    assert!(
        start.elapsed() < Duration::from_secs(15),
        "{mode} took too long"
    );
    result
}

/// The message of a lie that is caught during the import.
fn caught(mode: &str) -> String {
    caught_within(mode, limits())
}

fn caught_within(mode: &str, limits: HostLimits) -> String {
    let (_, result) = lie(mode, limits, &Options::default());
    match result.unwrap_err() {
        error @ ImportError::Plugin { .. } => {
            let message = error.to_string();
            assert!(
                message.starts_with("the plugin `liar` cannot be used for `"),
                "{message}"
            );
            assert!(message.contains("\nhint: "), "{message}");
            let hidden = |c: char| c != '\n' && caveat_importer::text::is_hidden(c);
            assert!(!message.contains(hidden), "{message:?}");
            message
        }
        error => panic!("{mode}: {error}"),
    }
}

/// The breach of a plugin that cannot be greeted.
fn turned_away(mode: &str, limits: HostLimits) -> Breach {
    let mark = mark();
    let breach = Plugin::connect(liar(mode, &mark), limits).unwrap_err();
    assert_eq!(running(&mark), 0, "{mode} left a process behind");
    breach
}

#[track_caller]
fn assert_says(message: &str, expected: &str) {
    assert!(
        message.contains(expected),
        "`{expected}` is not in:\n{message}"
    );
}

#[test]
fn an_honest_plugin_is_believed() {
    let (found, facts) = lie("good", limits(), &Options::default());
    let facts = facts.unwrap();
    assert_eq!((found.records.len(), found.rejects.len()), (3, 1));
    assert_eq!(facts.format_version.as_deref(), Some("1"));
    assert_eq!(facts.notes, ["a note"]);
}

#[test]
fn counts_that_differ_from_what_was_seen_are_caught() {
    for (mode, expected) in [
        ("more-traces", "its account says 3 traces, and 2 were seen"),
        ("fewer-traces", "its account says 1 traces, and 2 were seen"),
        ("more-cells", "its account says 2 cells, and 1 were seen"),
        (
            "fewer-rejects",
            "its account says 0 rejects, and 1 were seen",
        ),
        ("more-grades", "its account says 4 grades, and 2 were seen"),
    ] {
        assert_says(&caught(mode), expected);
    }
}

#[test]
fn a_record_that_comes_twice_is_caught() {
    assert_says(
        &caught("duplicate"),
        "line 3 of its output repeats the record at record `1`",
    );
}

#[test]
fn output_without_end_is_caught() {
    let few = HostLimits {
        records: 100,
        ..limits()
    };
    assert_says(
        &caught_within("endless-records", few),
        "it wrote more than 100 records",
    );
    let little = HostLimits {
        output_bytes: 1 << 16,
        ..limits()
    };
    assert_says(
        &caught_within("endless-records", little),
        "it wrote more than 67456 bytes",
    );
}

#[test]
fn a_line_without_end_is_caught_at_the_bound() {
    assert_says(&caught("endless-line"), "a line of more than 1048576 bytes");
}

#[test]
fn silence_is_caught() {
    let expected = "it made no progress for 0.3 s; a record or the account was awaited";
    assert_says(&caught("silence"), expected);
    assert_says(&caught("silence-midway"), expected);
}

#[test]
fn a_byte_now_and_then_is_no_progress() {
    assert_says(&caught("dribble"), "it made no progress for 0.3 s");
}

#[test]
fn progress_that_is_none_does_not_count() {
    let busy = |total_ms| HostLimits {
        silence: Duration::from_secs(10),
        total: Duration::from_millis(total_ms),
        ..limits()
    };
    assert_says(
        &caught_within("endless-progress", busy(20_000)),
        "too much for a source of this size",
    );
    let roomy = HostLimits {
        output_bytes: 1 << 40,
        ..limits()
    };
    assert_says(
        &caught_within("endless-progress", roomy),
        "it made no progress for 0.3 s",
    );
    assert_says(
        &caught_within("silence", busy(300)),
        "it took longer than 0.3 s",
    );
    assert_says(
        &caught("progress-beyond"),
        "999999999 bytes read, after 0 of 30",
    );
    assert_says(&caught("progress-back"), "4 bytes read, after 5 of 30");
}

#[test]
fn death_is_caught_with_its_last_words_escaped() {
    let message = caught("death");
    assert_says(
        &message,
        "it ended too early (exit status: 3); a record or the account was awaited",
    );
    assert_says(
        &message,
        "\n  standard error: Traceback: \\u{1b}[31mno such column\\u{202e}\n",
    );
}

#[test]
fn death_in_the_middle_of_a_record_is_caught() {
    assert_says(
        &caught("half-record"),
        "it ended in the middle of a line (exit status: 0)",
    );
}

#[test]
fn an_end_without_an_account_is_caught() {
    assert_says(&caught("no-account"), "it ended too early (exit status: 0)");
}

#[test]
fn a_failure_after_the_account_is_caught() {
    assert_says(
        &caught("exit-fault"),
        "it answered, and then ended with a fault (exit status: 7)",
    );
}

#[test]
fn output_after_the_account_is_caught() {
    assert_says(
        &caught("after-account"),
        "it wrote on after the end of its answer",
    );
    assert_says(
        &caught("after-account-half"),
        "it wrote on after the end of its answer",
    );
    assert_says(
        &caught("two-accounts"),
        "it wrote on after the end of its answer",
    );
}

#[test]
fn a_plugin_that_does_not_end_is_ended() {
    assert_says(
        &caught("does-not-end"),
        "it answered, but runs on 0.3 s after its standard input ended",
    );
}

#[cfg(target_os = "linux")]
#[test]
fn processes_that_outlive_their_parent_are_caught_and_ended() {
    assert_says(&caught("forks"), "it left a process running");
    assert_says(&caught("forks-holding"), "it left a process running");
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_leaves_the_group_is_found_by_its_mark() {
    assert_says(&caught("forks-escaping"), "it left a process running");
}

#[cfg(target_os = "linux")]
#[test]
fn a_memory_hog_is_stopped_by_the_system() {
    // To fill the memory takes time on a busy machine.
    let patient = HostLimits {
        silence: Duration::from_secs(10),
        ..limits()
    };
    let message = caught_within("memory", patient);
    assert_says(&message, "it ended too early (signal: 6 (SIGABRT)");
    assert_says(&message, "raise `memory_mib`");
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_without_end_is_stopped_by_the_system() {
    assert_says(
        &caught("large-file"),
        "it ended too early (signal: 25 (SIGXFSZ)",
    );
}

#[test]
fn standard_error_is_bounded() {
    let (found, facts) = lie("stderr-flood", limits(), &Options::default());
    assert!(facts.is_ok() && found.records.len() == 3);
    assert_says(
        &caught("stderr-endless"),
        "it wrote more than 8388608 bytes to standard error",
    );
}

#[test]
fn messages_that_are_none_are_caught() {
    for (mode, expected) in [
        (
            "invalid-utf8",
            "line 4 of its output is no message of the protocol: invalid UTF-8 at byte 39",
        ),
        (
            "unknown-verdict",
            "unknown variant `complied`, expected one of `compliance`",
        ),
        ("unknown-field", "unknown field `jailbroken`"),
        (
            "second-greeting",
            "line 3 of its output is `hello`, and a record or the account was awaited",
        ),
    ] {
        assert_says(&caught(mode), expected);
    }
}

#[test]
fn records_that_no_source_can_cause_are_caught() {
    for (mode, expected) in [
        ("no-place", "a `location` without `record` and `byte`"),
        ("text-unasked", "text that was not asked for"),
    ] {
        assert_says(&caught(mode), expected);
    }
    let options = Options {
        keep_text: true,
        ..Options::default()
    };
    let (_, result) = lie("false-digest", limits(), &options);
    assert_says(
        &result.unwrap_err().to_string(),
        "`response_digest` is not the digest of `response_text`",
    );
}

#[test]
fn a_record_that_the_source_spoils_is_one_reject() {
    let (found, facts) = lie("no-model-name", limits(), &Options::default());
    facts.unwrap();
    assert_eq!((found.records.len(), found.rejects.len()), (2, 2));
    assert_eq!(found.rejects[0].reason, "the model has no name");
}

#[test]
fn an_option_that_the_plugin_does_not_state_is_refused_before_it_starts() {
    let with = |key: &str| Options {
        format: [(key.to_owned(), true.into())].into_iter().collect(),
        ..Options::default()
    };
    let (_, result) = lie("good", limits(), &with("depht"));
    let message = result.unwrap_err().to_string();
    assert_says(
        &message,
        "liar: unknown option `depht`\nhint: the options are depth",
    );
    let (_, result) = lie("good", limits(), &with("depth"));
    assert!(result.is_ok());
}

#[test]
fn a_refusal_is_shown_in_one_line_without_control() {
    let (_, result) = lie("refuses", limits(), &Options::default());
    let error = result.unwrap_err();
    assert!(matches!(error, ImportError::Refused { .. }));
    let message = error.to_string();
    assert_says(
        &message,
        "is not a usable liar source: cut \\u{1b}[2J short\nhint: copy it again",
    );
}

#[test]
fn what_a_plugin_says_of_a_source_cannot_steer_a_terminal() {
    let (_, facts) = lie("control-in-note", limits(), &Options::default());
    assert_eq!(facts.unwrap().notes, ["a \\u{1b}[2J note"]);
    // A name in a record is data: it stays as spelled, and every sink escapes it.
    let (found, _) = lie("control-in-model", limits(), &Options::default());
    assert_eq!(found.records.len(), 3);
}

#[test]
fn the_program_sees_five_variables_and_an_empty_folder() {
    let (_, facts) = lie("environment", limits(), &Options::default());
    let mut seen = facts.unwrap().notes;
    seen.sort();
    assert_eq!(
        seen,
        [
            "files 0",
            "variable CAVEAT_PLUGIN_FOLDER",
            "variable HOME",
            "variable LANG",
            "variable PATH",
            "variable TMPDIR",
        ]
    );
}

#[test]
fn a_plugin_that_cannot_be_greeted_is_turned_away() {
    let hasty = HostLimits {
        answer: Duration::from_millis(300),
        ..limits()
    };
    for (mode, expected) in [
        (
            "wrong-version",
            "it speaks version 2 of the protocol, and this caveat version 1",
        ),
        ("control-in-name", "`li\\u{1b}[2Jar` is no name of a format"),
        (
            "control-in-title",
            "its title has hidden characters: `A \\u{1b}[31mliar\\u{202e}`",
        ),
        (
            "talks-before",
            "line 1 of its output is no message of the protocol: not JSON (expected value): a text of 23 characters",
        ),
        (
            "no-start",
            "it ended too early (exit status: 9); its greeting (`hello`) was awaited",
        ),
    ] {
        assert_says(&turned_away(mode, limits()).to_string(), expected);
    }
    let silent = turned_away("silent-start", hasty).to_string();
    assert_says(
        &silent,
        "it made no progress for 0.3 s; its greeting (`hello`) was awaited",
    );
}

#[test]
fn a_claim_that_cannot_be_is_none() {
    for (mode, expected) in [
        (
            "claims-without-reason",
            "`yes` and `almost` need a `reason`",
        ),
        (
            "claims-too-much",
            "`yes` needs a `confidence` from 1 to 100",
        ),
        ("claims-by-account", "line 2 of its output is `account`"),
    ] {
        let Claim::Almost(found) = claim(mode) else {
            panic!("{mode} is believed");
        };
        assert_says(&found.reason, expected);
    }
    let Claim::Yes { reason, .. } = claim("claims-with-control") else {
        panic!("no claim");
    };
    assert_eq!(reason, "a\\u{1b}[2Jb");
}

fn claim(mode: &str) -> Claim {
    let plugin = Plugin::connect(liar(mode, &mark()), limits()).unwrap();
    let path = common::tree("docs/examples/sample.redlog");
    plugin.probe(&Probe {
        path: &path,
        head: b"",
        size: 1,
    })
}

#[test]
fn a_sink_that_closes_ends_the_plugin() {
    struct Closed;
    impl Sink for Closed {
        fn record(&mut self, _: caveat_corpus::Record) -> Result<(), SinkClosed> {
            Err(SinkClosed)
        }
        fn reject(&mut self, _: Reject) -> Result<(), SinkClosed> {
            Err(SinkClosed)
        }
    }
    let mark = mark();
    let plugin = Plugin::connect(liar("endless-records", &mark), limits()).unwrap();
    let path = common::tree("docs/examples/sample.redlog");
    let error = plugin.import(&Source::new(path), &Options::default(), &mut Closed);
    assert!(matches!(error, Err(ImportError::Closed(_))));
    assert_eq!(running(&mark), 0);
}
