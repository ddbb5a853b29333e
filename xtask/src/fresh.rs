//! Files that the tools themselves make just now, against what the importers read.
//!
//! Each tool is installed from its registry in the versions of [`TOOLS`], makes
//! runs with its own mock providers, and says what it counts in them; a test of
//! the importer compares. The installations below `target/fresh/env` are kept,
//! the runs below `target/fresh/made` are made anew every time.
//!
//! A tool that cannot be installed is a failure where `CI` is set, and is named
//! as skipped elsewhere. A run or a comparison that fails is always a failure.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::install::{self, Packages};
use crate::run::{self, cargo};

/// A tool whose files are compared.
struct Tool {
    /// As given on the command line.
    name: &'static str,
    /// Makes the runs and `expected.json`.
    script: Option<&'static str>,
    /// Names the folders for the test `fresh` of the importer.
    variable: &'static str,
    /// What is installed; the newest version first.
    versions: &'static [Version],
}

/// One version of a tool.
struct Version {
    number: &'static str,
    packages: Packages,
}

/// Every version that is installed stands here.
static TOOLS: [Tool; 4] = [
    Tool {
        name: "inspect",
        script: Some("xtask/fresh/inspect.py"),
        variable: "CAVEAT_FRESH_INSPECT",
        versions: &[
            Version {
                number: "0.3.285",
                // The last two are for its data frames, which the benchmarks time.
                packages: Packages::python(&["inspect_ai==0.3.285", "pandas", "pyarrow"]),
            },
            Version {
                number: "0.3.75",
                packages: Packages::python(&["inspect_ai==0.3.75"]),
            },
        ],
    },
    Tool {
        name: "garak",
        script: Some("xtask/fresh/garak.py"),
        variable: "CAVEAT_FRESH_GARAK",
        versions: &[Version {
            number: "0.17.1",
            packages: Packages::Python {
                alone: &["garak==0.17.1"],
                packages: GARAK_NEEDS,
            },
        }],
    },
    Tool {
        name: "lm-eval",
        script: Some("xtask/fresh/lm_eval.py"),
        variable: "CAVEAT_FRESH_LM_EVAL",
        versions: &[Version {
            number: "0.4.13",
            packages: Packages::python(&["lm_eval==0.4.13"]),
        }],
    },
    Tool {
        name: "promptfoo",
        script: Some("xtask/fresh/promptfoo.mjs"),
        variable: "CAVEAT_FRESH_PROMPTFOO",
        versions: &[
            Version {
                number: "0.123.1",
                packages: Packages::Node {
                    packages: &["promptfoo@0.123.1"],
                    oldest: (22, 22),
                },
            },
            Version {
                number: "0.120.0",
                packages: Packages::Node {
                    packages: &["promptfoo@0.120.0"],
                    oldest: (20, 0),
                },
            },
        ],
    },
];

/// Only its reader is timed: `cargo xtask fresh pyrit` installs it for that.
static PYRIT: Tool = Tool {
    name: "pyrit",
    script: None,
    variable: "",
    versions: &[Version {
        number: "1.1.0",
        packages: Packages::python(&["pyrit==1.1.0"]),
    }],
};

/// What garak needs for its test generators. Its other dependencies (torch,
/// transformers, clients of providers) are gigabytes that no run here loads.
const GARAK_NEEDS: &[&str] = &[
    "aiohttp",
    "avidtools==0.1.2",
    "backoff",
    "cmd2==2.4.3",
    "colorama",
    "ecoji",
    "ftfy",
    "httpx",
    "huggingface_hub",
    "jinja2",
    "jsonpath-ng",
    "jsonschema",
    "langdetect==1.0.9",
    "lorem==0.1.1",
    "markdown",
    "mikeshardmind-base2048",
    "nltk",
    "numpy",
    "pillow",
    "py-markdown-table",
    "python-magic",
    "pyyaml",
    "requests",
    "stdlibs",
    "tiktoken",
    "tqdm",
    "wn==0.9.5",
    "xdg-base-dirs",
    "zalgolib",
];

/// Makes fresh files with the named tools, or with all, and compares them.
pub(crate) fn run(names: &[String]) -> Result<()> {
    let mut folders = Vec::new();
    let mut skipped = Vec::new();
    for tool in chosen(names)? {
        let mut made = Vec::new();
        for version in tool.versions {
            match installed(tool, version) {
                Ok(program) => made.extend(make(tool, version, &program)?),
                Err(error) if env::var_os("CI").is_some() => return Err(error),
                Err(error) => skipped.push(format!("{}: {error:#}", label(tool, version))),
            }
        }
        if !made.is_empty() {
            folders.push((tool.variable, env::join_paths(made)?));
        }
    }
    compare(&folders)?;
    for reason in skipped {
        println!("skipped: {reason}");
    }
    Ok(())
}

/// The program that runs scripts of a tool's newest version. Under CI it is
/// installed for that; elsewhere it is there or it is not.
pub(crate) fn reader(name: &str) -> Result<Option<install::Program>> {
    let tool = TOOLS.iter().chain([&PYRIT]).find(|tool| tool.name == name);
    let Some((tool, version)) = tool.and_then(|tool| Some((tool, tool.versions.first()?))) else {
        return Ok(None);
    };
    if env::var_os("CI").is_some() {
        return installed(tool, version).map(Some);
    }
    Ok(install::find(
        &environment(tool, version),
        &version.packages,
    ))
}

fn chosen(names: &[String]) -> Result<Vec<&'static Tool>> {
    let tools = || TOOLS.iter().chain([&PYRIT]);
    let known: Vec<&str> = tools().map(|tool| tool.name).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!(
            "unknown tool `{unknown}`\nhint: one of {}",
            known.join(", ")
        );
    }
    let is_chosen = |tool: &&Tool| match tool.script {
        Some(_) if names.is_empty() => true,
        _ => names.iter().any(|name| name == tool.name),
    };
    Ok(tools().filter(is_chosen).collect())
}

fn label(tool: &Tool, version: &Version) -> String {
    format!("{}-{}", tool.name, version.number)
}

fn environment(tool: &Tool, version: &Version) -> PathBuf {
    Path::new("target/fresh/env").join(label(tool, version))
}

fn installed(tool: &Tool, version: &Version) -> Result<install::Program> {
    install::install(&environment(tool, version), &version.packages)
}

/// Runs the script of a tool, if it has one; returns the folder with what it made.
fn make(tool: &Tool, version: &Version, program: &install::Program) -> Result<Option<PathBuf>> {
    let Some(script) = tool.script else {
        return Ok(None);
    };
    let folder = env::current_dir()?
        .join("target/fresh/made")
        .join(label(tool, version));
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    program.run(script, &folder)?;
    Ok(Some(folder))
}

/// Runs the test `fresh` of every importer once, with the folders of all versions.
fn compare(folders: &[(&str, std::ffi::OsString)]) -> Result<()> {
    if folders.is_empty() {
        println!("nothing is compared");
        return Ok(());
    }
    let arguments = ["test", "--workspace", "--quiet", "--test", "fresh"];
    let shown = ["--", "--nocapture"];
    let folders: Vec<_> = folders
        .iter()
        .map(|(variable, folders)| (*variable, folders.as_os_str()))
        .collect();
    run::run_with(&cargo(), &[&arguments[..], &shown[..]].concat(), &folders)
}
