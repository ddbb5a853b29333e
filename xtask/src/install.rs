//! Installs packages of Python and Node from their registries, once.
//!
//! An environment is a folder of its own. It counts as installed when the list
//! of its packages stands in it, which is written last: one that was left half
//! made, or whose list has changed, is made anew.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::run;

/// Names the packages of an environment that is complete.
const LIST: &str = "installed";

/// What is in an environment.
pub(crate) enum Packages {
    /// A virtual environment of the Python that is on the path.
    Python {
        /// Installed without their dependencies.
        alone: &'static [&'static str],
        /// Installed with them.
        packages: &'static [&'static str],
    },
    /// A folder of Node's packages.
    Node {
        /// Installed with their dependencies.
        packages: &'static [&'static str],
        /// The oldest Node they run on, major and minor. Where the one on the path
        /// is older, the newest of that major is installed beside them, from npm.
        oldest: (u32, u32),
    },
}

impl Packages {
    /// Packages of Python with their dependencies.
    pub(crate) const fn python(packages: &'static [&'static str]) -> Self {
        Packages::Python {
            alone: &[],
            packages,
        }
    }

    /// All names and versions, as the list of an environment holds them.
    fn list(&self) -> String {
        match self {
            Packages::Python { alone, packages } => [*alone, *packages].concat().join("\n"),
            Packages::Node { packages, oldest } => {
                format!("{}\nnode {oldest:?}", packages.join("\n"))
            }
        }
    }
}

/// What runs the scripts of an environment.
pub(crate) struct Program {
    /// Python or Node.
    pub(crate) path: PathBuf,
    /// The folder of Node's packages.
    pub(crate) modules: Option<PathBuf>,
}

impl Program {
    /// Runs a script with a folder to write into.
    pub(crate) fn run(&self, script: &str, folder: &Path) -> Result<()> {
        let path = self.path.to_string_lossy();
        let folder = folder.to_string_lossy();
        let modules = self.modules.as_ref().map(|path| path.to_string_lossy());
        let mut arguments = vec![script, &folder];
        arguments.extend(modules.as_deref());
        run::quietly(&path, &arguments)
    }
}

/// The program of an environment that is installed already.
pub(crate) fn find(folder: &Path, packages: &Packages) -> Option<Program> {
    let folder = std::path::absolute(folder).ok()?;
    let list = fs::read_to_string(folder.join(LIST)).ok()?;
    (list == packages.list()).then(|| program(&folder, packages))
}

/// Installs an environment unless it is there already.
pub(crate) fn install(folder: &Path, packages: &Packages) -> Result<Program> {
    if let Some(program) = find(folder, packages) {
        return Ok(program);
    }
    let folder = std::path::absolute(folder)?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    match packages {
        Packages::Python { alone, packages } => python(&folder, alone, packages)?,
        Packages::Node { packages, oldest } => node(&folder, packages, *oldest)?,
    }
    fs::write(folder.join(LIST), packages.list())?;
    Ok(program(&folder, packages))
}

fn python(folder: &Path, alone: &[&str], packages: &[&str]) -> Result<()> {
    run::run("python3", &["-m", "venv", &folder.to_string_lossy()])?;
    let python = folder.join("bin/python3");
    let pip = |rest: &[&str]| {
        let base = ["-m", "pip", "install", "--quiet"];
        let base = [&base[..], &["--disable-pip-version-check"]].concat();
        run::run(&python.to_string_lossy(), &[&base[..], rest].concat())
    };
    if !alone.is_empty() {
        pip(&[&["--no-deps"], alone].concat())?;
    }
    pip(packages)
}

fn node(folder: &Path, packages: &[&str], oldest: (u32, u32)) -> Result<()> {
    let prefix = folder.to_string_lossy();
    let npm = |rest: &[&str]| {
        let base = ["install", "--no-audit", "--no-fund", "--loglevel", "error"];
        let base = [&base[..], &["--prefix", &prefix]].concat();
        // Packages are built for the Node that runs npm: it must be the one they run on.
        let path = path_with(&folder.join("node_modules/.bin"))?;
        run::run_with("npm", &[&base[..], rest].concat(), &[("PATH", &path)])
    };
    if system_node() < Some(oldest) {
        npm(&[&format!("node@{}", oldest.0)])?;
    }
    npm(packages)
}

/// The search path with a folder in front.
fn path_with(folder: &Path) -> Result<OsString> {
    let path = std::env::var_os("PATH").context("there is no `PATH`")?;
    let folders = [folder.to_path_buf()];
    let folders = folders.into_iter().chain(std::env::split_paths(&path));
    Ok(std::env::join_paths(folders)?)
}

/// Major and minor version of the Node that is on the path (`v20.1.0`).
fn system_node() -> Option<(u32, u32)> {
    let output = std::process::Command::new("node").arg("--version").output();
    let version = String::from_utf8(output.ok()?.stdout).ok()?;
    let mut numbers = version.strip_prefix('v')?.split('.');
    let mut next = || numbers.next()?.parse().ok();
    Some((next()?, next()?))
}

fn program(folder: &Path, packages: &Packages) -> Program {
    match packages {
        Packages::Python { .. } => Program {
            path: folder.join("bin/python3"),
            modules: None,
        },
        Packages::Node { .. } => {
            let modules = folder.join("node_modules");
            let own = modules.join(".bin/node");
            Program {
                path: if own.exists() { own } else { "node".into() },
                modules: Some(modules),
            }
        }
    }
}
