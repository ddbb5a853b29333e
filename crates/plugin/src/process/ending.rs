//! How a run, on Unix, ends: waiting for the program, for what it started, and ending all of it.

use std::os::unix::ffi::OsStrExt as _;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::start::FOLDER_VARIABLE;
use super::{Fault, Process};
use crate::survivors;

/// First and longest pause between two looks at a process that ends.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(20)];

impl Process {
    fn leader(&self) -> Option<Pid> {
        (!self.reaped).then(|| Pid::from_child(&self.child))
    }

    fn mark(&self) -> Vec<u8> {
        let folder = self.folder.path().as_os_str().as_bytes();
        [FOLDER_VARIABLE.as_bytes(), b"=", folder].concat()
    }

    /// Waits for the program itself, without reaping it: until then nobody
    /// else can have its number, and its group can be ended safely.
    pub(crate) fn wait_for_leader(&self, wait: Duration) -> bool {
        let Some(leader) = self.leader() else {
            return true;
        };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        until(wait, || {
            !matches!(waitid(WaitId::Pid(leader), options), Ok(None))
        })
    }

    /// Waits for what the program started.
    pub(crate) fn wait_for_the_others(&self, wait: Duration) -> Result<(), Fault> {
        if until(wait, || self.living() == 0) {
            return Ok(());
        }
        Err(Fault::Survivors {
            count: self.living().max(1),
        })
    }

    pub(crate) fn living(&self) -> usize {
        self.leader()
            .map_or(0, |leader| survivors::living(leader, &self.mark()).len())
    }

    pub(crate) fn reap(&mut self) -> Option<ExitStatus> {
        if let Some(leader) = self.leader() {
            survivors::end_all(leader, &self.mark());
        }
        self.reaped = true;
        self.child.wait().ok()
    }

    /// Ends the group and reaps the program.
    pub(crate) fn end(&mut self) {
        self.input = None;
        self.reap();
    }
}

fn until(wait: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    let [mut pause, longest] = PAUSES;
    loop {
        if done() {
            return true;
        }
        if start.elapsed() >= wait {
            return false;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(longest);
    }
}
