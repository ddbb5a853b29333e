//! How a run, on systems other than Unix, ends: waiting for the program, and ending it; what it started is not known.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::{Fault, Process};

const PAUSE: Duration = Duration::from_millis(10);

impl Process {
    pub(crate) fn wait_for_leader(&mut self, wait: Duration) -> bool {
        let start = Instant::now();
        loop {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            if start.elapsed() >= wait {
                return false;
            }
            std::thread::sleep(PAUSE);
        }
    }

    pub(crate) fn wait_for_the_others(&self, _wait: Duration) -> Result<(), Fault> {
        Ok(())
    }

    pub(crate) fn living(&self) -> usize {
        0
    }

    pub(crate) fn reap(&mut self) -> Option<ExitStatus> {
        self.reaped = true;
        self.child.wait().ok()
    }

    pub(crate) fn end(&mut self) {
        self.input = None;
        if !self.reaped {
            let _ = self.child.kill();
            self.reap();
        }
        let _ = &self.folder;
    }
}
