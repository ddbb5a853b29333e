//! One run of a plugin's program: its start, its streams, its end.
//!
//! The program is started without a shell, in a process group and a private,
//! empty folder of its own, with an environment of five variables. Three
//! threads serve its streams, so that neither side can make the other wait for
//! ever. However a run ends, nothing of it is left: the group is ended when the
//! [`Process`] is dropped.

#[cfg(unix)]
mod ending;
#[cfg(not(unix))]
#[path = "ending_elsewhere.rs"]
mod ending;
mod start;
mod streams;

use std::collections::VecDeque;
use std::process::Child;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::fault::{Breach, Fault};
use crate::limits::HostLimits;
use crate::lines::{LineBuffer, TooLong};
use crate::program::Program;
pub(crate) use start::search_path;
use streams::Event;

/// Pieces that wait to be looked at; more only makes the program wait.
const QUEUED_PIECES: usize = 8;

/// How long to wait for the end of standard error once everything else ended.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// A running program.
pub(crate) struct Process {
    child: Child,
    folder: TempDir,
    /// Dropped to end the program's standard input.
    input: Option<Sender<Vec<u8>>>,
    events: Receiver<Event>,
    errors: Arc<Mutex<VecDeque<u8>>>,
    buffer: LineBuffer,
    limits: HostLimits,
    output_limit: u64,
    output: u64,
    patience: Patience,
    reaped: bool,
}

/// How long the host has waited, and how long it will.
struct Patience {
    /// Waited since the last sign of progress.
    quiet: Duration,
    /// Waited in all.
    waited: Duration,
}

impl Process {
    /// Starts the program for a source of this size.
    pub(crate) fn start(
        program: &Program,
        limits: &HostLimits,
        source_bytes: u64,
    ) -> Result<Self, Fault> {
        program.verify()?;
        let failed = |cause| Fault::Start {
            program: program.executable.clone(),
            cause,
        };
        let folder = tempfile::Builder::new()
            .prefix("caveat-plugin-")
            .tempdir()
            .map_err(failed)?;
        let mut child = start::command(program, folder.path())
            .spawn()
            .map_err(failed)?;
        start::bound(&child, limits);
        let (events, received) = mpsc::sync_channel(QUEUED_PIECES);
        let errors = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(output) = child.stdout.take() {
            let events = events.clone();
            thread::spawn(move || streams::pass_output(output, &events));
        }
        if let Some(stream) = child.stderr.take() {
            let (kept, most) = (Arc::clone(&errors), limits.error_bytes);
            thread::spawn(move || streams::keep_errors(stream, &kept, most, &events));
        }
        let input = child.stdin.take().map(|stdin| {
            let (input, lines) = mpsc::channel();
            thread::spawn(move || streams::pass_input(stdin, &lines));
            input
        });
        Ok(Self {
            child,
            folder,
            input,
            events: received,
            errors,
            buffer: LineBuffer::default(),
            limits: *limits,
            output_limit: limits.output_bytes_for(source_bytes),
            output: 0,
            patience: Patience {
                quiet: Duration::ZERO,
                waited: Duration::ZERO,
            },
            reaped: false,
        })
    }

    /// Writes one line. That nobody reads it shows when an answer is awaited.
    pub(crate) fn say(&self, mut line: Vec<u8>) {
        line.push(b'\n');
        if let Some(input) = &self.input {
            let _ = input.send(line);
        }
    }

    /// Notes a sign of progress.
    pub(crate) fn progressed(&mut self) {
        self.patience.quiet = Duration::ZERO;
    }

    /// The next line of the program's output and its number, at most
    /// `silence` after the last sign of progress.
    pub(crate) fn line(
        &mut self,
        silence: Duration,
        awaited: &'static str,
    ) -> Result<(u64, &[u8]), Fault> {
        let limit = self.limits.line_bytes;
        while !self
            .buffer
            .has_line(limit)
            .map_err(|TooLong| Fault::LongLine { limit })?
        {
            if !self.more(silence, awaited)? {
                return Err(self.died(awaited));
            }
        }
        let number = self.buffer.lines() + 1;
        Ok((number, self.buffer.take()))
    }

    /// Waits for more output; `false` at its end.
    fn more(&mut self, silence: Duration, awaited: &'static str) -> Result<bool, Fault> {
        loop {
            let left = silence.saturating_sub(self.patience.quiet);
            let total = self.limits.total.saturating_sub(self.patience.waited);
            if total.is_zero() {
                let after = self.limits.total;
                return Err(Fault::Slow { after });
            }
            if left.is_zero() {
                return Err(Fault::Silent {
                    after: silence,
                    awaited,
                });
            }
            match self.event(left.min(total)) {
                Some(Event::Piece(piece)) => {
                    self.count(&piece)?;
                    self.buffer.add(&piece);
                    return Ok(true);
                }
                Some(Event::OutputEnded) => return Ok(false),
                Some(Event::TooManyErrors) => {
                    let limit = self.limits.error_bytes;
                    return Err(Fault::ErrorOutput { limit });
                }
                Some(Event::ErrorsEnded) | None => {}
            }
        }
    }

    fn count(&mut self, piece: &[u8]) -> Result<(), Fault> {
        self.output += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        let limit = self.output_limit;
        if self.output > limit {
            return Err(Fault::Output { limit });
        }
        Ok(())
    }

    fn event(&mut self, wait: Duration) -> Option<Event> {
        let start = Instant::now();
        let event = self.events.recv_timeout(wait);
        let waited = start.elapsed();
        self.patience.quiet += waited;
        self.patience.waited += waited;
        match event {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Event::OutputEnded),
        }
    }

    /// The fault of a program whose output ended before its answer did.
    fn died(&mut self, awaited: &'static str) -> Fault {
        let within_line = !self.buffer.rest().is_empty();
        let how = match self.wait_for_leader(self.limits.ending) {
            true => self.status(),
            false => "it closed its standard output and runs on".to_owned(),
        };
        Fault::Died {
            awaited,
            how,
            within_line,
        }
    }

    /// Ends the program's input and waits for its end: nothing more may be
    /// written, nothing may be left running, and it must end well.
    pub(crate) fn finish(&mut self) -> Result<(), Fault> {
        self.input = None;
        let start = Instant::now();
        let ending = self.limits.ending;
        loop {
            if !self.buffer.rest().is_empty() {
                return Err(Fault::AfterTheEnd);
            }
            let left = ending.saturating_sub(start.elapsed());
            match self.event(left) {
                Some(Event::Piece(piece)) => self.buffer.add(&piece),
                Some(Event::OutputEnded) => break,
                Some(Event::TooManyErrors) => {
                    let limit = self.limits.error_bytes;
                    return Err(Fault::ErrorOutput { limit });
                }
                Some(Event::ErrorsEnded) => {}
                None => return Err(self.runs_on(ending)),
            }
        }
        if !self.wait_for_leader(ending.saturating_sub(start.elapsed())) {
            return Err(Fault::DoesNotEnd { after: ending });
        }
        self.wait_for_the_others(ending.saturating_sub(start.elapsed()))?;
        match self.reap() {
            Some(status) if !status.success() => Err(Fault::Failed {
                how: status.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// Output did not end: the program runs, or something that it started does.
    fn runs_on(&mut self, after: Duration) -> Fault {
        match self.wait_for_leader(Duration::ZERO) {
            true => Fault::Survivors {
                count: self.living().max(1),
            },
            false => Fault::DoesNotEnd { after },
        }
    }

    /// Ends everything that the program is, and gives the fault its last words.
    pub(crate) fn breach(&mut self, fault: Fault) -> Breach {
        self.end();
        let start = Instant::now();
        while let Some(left) = LAST_WORDS.checked_sub(start.elapsed()) {
            match self.events.recv_timeout(left) {
                Ok(Event::ErrorsEnded) | Err(_) => break,
                Ok(_) => {}
            }
        }
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        Breach::new(fault, &errors.iter().copied().collect::<Vec<u8>>())
    }

    fn status(&mut self) -> String {
        self.end();
        match self.child.try_wait() {
            Ok(Some(status)) => status.to_string(),
            _ => "how is not known".to_owned(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}
