//! How a run begins: no shell, five variables, an empty folder, bounds of the system.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::limits::HostLimits;
use crate::program::Program;

/// Names the private folder in the plugin's environment, and marks its processes.
pub(super) const FOLDER_VARIABLE: &str = "CAVEAT_PLUGIN_FOLDER";

/// The program as it will be started.
pub(super) fn command(program: &Program, folder: &Path) -> Command {
    let mut command = Command::new(&program.executable);
    command
        .args(&program.arguments)
        .env_clear()
        .env("PATH", search_path())
        .env("LANG", "C.UTF-8")
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .env(FOLDER_VARIABLE, folder)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

/// The absolute folders of `PATH`: an interpreter is found there, and nothing
/// is found in the current folder.
pub(crate) fn search_path() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let absolute = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    std::env::join_paths(absolute).unwrap_or_default()
}

/// Bounds the memory and the files of the program and of what it starts. It
/// has not run for longer than its loader needs.
#[cfg(target_os = "linux")]
pub(super) fn bound(child: &Child, limits: &HostLimits) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let bounds = [
        (Resource::As, limits.memory_bytes),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Core, 0),
    ];
    for (resource, most) in bounds {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        // Fails where a lower bound is in force already, or the program has ended.
        let _ = prlimit(Some(Pid::from_child(child)), resource, limit);
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn bound(_child: &Child, _limits: &HostLimits) {}
