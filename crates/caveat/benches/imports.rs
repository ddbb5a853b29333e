//! What an import costs, from the file into the store's counts, in CPU time.
//!
//! Files in the shape of each tool's are made once below the target folder. The
//! whole command is measured, its start included: `user` and `system` time of
//! the process, so that others on the machine count for little. Linux only, in
//! steps of ten milliseconds.
//!
//! Where `cargo xtask bench` names programs that can load the tools themselves,
//! their own readers are timed as well (`xtask/bench`): only the reading, after
//! everything is loaded.

#![allow(clippy::unwrap_used, missing_docs)]

mod generate;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::{Criterion, Throughput};

/// A format, its file, and where the tool's own reader is.
struct Format {
    name: &'static str,
    file: &'static str,
    write: fn(&Path),
    script: Option<&'static str>,
    /// Names the program that runs the script, and its further arguments.
    variable: &'static str,
}

const FORMATS: [Format; 5] = [
    Format {
        name: "garak",
        file: "garak.report.jsonl",
        // 65,000 replies of 900 bytes, as its default of 150 tokens gives: 348 MB.
        write: |path| generate::garak::write(path, 13_000, 900).unwrap(),
        script: None,
        variable: "",
    },
    Format {
        name: "garak-long",
        file: "garak-long.report.jsonl",
        // 20,000 replies of 4,000 bytes, as targets without a bound write: 356 MB.
        write: |path| generate::garak::write(path, 4_000, 4_000).unwrap(),
        script: None,
        variable: "",
    },
    Format {
        name: "inspect",
        file: "inspect.eval",
        write: |path| generate::inspect::write(path, 2_000).unwrap(),
        script: Some("xtask/bench/inspect.py"),
        variable: "CAVEAT_BENCH_INSPECT",
    },
    Format {
        name: "promptfoo",
        file: "promptfoo.json",
        write: |path| generate::promptfoo::write(path, 4_000).unwrap(),
        script: Some("xtask/bench/promptfoo.mjs"),
        variable: "CAVEAT_BENCH_PROMPTFOO",
    },
    Format {
        name: "pyrit",
        file: "pyrit.db",
        write: |path| generate::pyrit::write(path, 4_000).unwrap(),
        script: Some("xtask/bench/pyrit.py"),
        variable: "CAVEAT_BENCH_PYRIT",
    },
];

fn main() {
    let filter = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let is_wanted = |format: &&Format| filter.as_deref().is_none_or(|f| f.contains(format.name));
    let mut criterion = Criterion::default().configure_from_args();
    for format in FORMATS.iter().filter(is_wanted) {
        let file = made(format);
        measured(&mut criterion, format, &file);
        compared(format, &file);
    }
    criterion.final_summary();
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap()
}

/// The file of a format, made unless it is there.
fn made(format: &Format) -> PathBuf {
    let path = root().join("target/bench").join(format.file);
    if !path.is_file() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let half_made = path.with_extension("part");
        let _ = fs::remove_file(&half_made);
        (format.write)(&half_made);
        fs::rename(half_made, &path).unwrap();
    }
    path
}

fn measured(criterion: &mut Criterion, format: &Format, file: &Path) {
    let mut group = criterion.benchmark_group("CPU time of caveat import");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(fs::metadata(file).unwrap().len()));
    group.bench_function(format.name, |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| import(file)).sum());
    });
    group.finish();
}

/// The CPU time of one import into a new store.
fn import(file: &Path) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_caveat"));
    command.args(["import", "--store"]);
    command.arg(folder.path().join("c.caveat.db")).arg(file);
    let before = children();
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    children() - before
}

/// User and system time of all children that have ended, from `/proc/self/stat`.
fn children() -> Duration {
    // Linux reports to programs in hundredths of a second, whatever its own clock.
    const TICK: Duration = Duration::from_millis(10);
    let text = fs::read_to_string("/proc/self/stat").unwrap();
    // The name of the program, in brackets, may hold spaces. Then `cutime` and
    // `cstime` are the 14th and 15th field.
    let (_, fields) = text.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(13).take(2);
    let ticks: u32 = ticks.map(|field| field.parse::<u32>().unwrap()).sum();
    TICK * ticks
}

/// Times the tool's own readers, and prints how many times as long they take.
fn compared(format: &Format, file: &Path) {
    let Some(script) = format.script else { return };
    let Some(program) = std::env::var_os(format.variable) else {
        println!(
            "{}: its own reader is skipped, it is not installed",
            format.name
        );
        return;
    };
    let ours = (0..3).map(|_| import(file)).min().unwrap();
    println!("{}: caveat import {:.2} s", format.name, ours.as_secs_f64());
    let mut words = std::env::split_paths(&program);
    let output = Command::new(words.next().unwrap())
        .current_dir(root())
        .arg(script)
        .arg(file)
        .args(words)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{script} failed");
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        // What a tool itself prints is none of ours.
        let Some(line) = line.strip_prefix("measured ") else {
            continue;
        };
        let (seconds, what) = line.split_once(' ').unwrap();
        let theirs: f64 = seconds.parse().unwrap();
        let times = theirs / ours.as_secs_f64();
        println!(
            "{}: {what} {theirs:.2} s, {times:.1} times as long",
            format.name
        );
    }
}
