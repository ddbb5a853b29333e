//! The three streams of a run, each served by a thread of its own.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write as _};
use std::process::ChildStdin;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Mutex, PoisonError};

/// Bytes that are read from a pipe at once; what a pipe holds on Linux.
const PIECE_BYTES: usize = 64 << 10;

/// Bytes of the end of standard error that are kept.
const KEPT_ERROR_BYTES: usize = 16 << 10;

/// What the streams have to say.
pub(super) enum Event {
    Piece(Vec<u8>),
    OutputEnded,
    ErrorsEnded,
    TooManyErrors,
}

pub(super) fn pass_input(mut stdin: ChildStdin, lines: &Receiver<Vec<u8>>) {
    while let Ok(line) = lines.recv() {
        // A program that stopped reading shows in its answer, or in their absence.
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

/// Reads a stream to its end, piece by piece; a stream that fails has ended.
fn each_piece(mut stream: impl Read, mut take: impl FnMut(&[u8]) -> bool) {
    let mut piece = vec![0_u8; PIECE_BYTES];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return,
            Ok(read) => {
                if !take(piece.get(..read).unwrap_or_default()) {
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

pub(super) fn pass_output(stream: impl Read, events: &SyncSender<Event>) {
    each_piece(stream, |piece| {
        events.send(Event::Piece(piece.to_vec())).is_ok()
    });
    let _ = events.send(Event::OutputEnded);
}

pub(super) fn keep_errors(
    stream: impl Read,
    kept: &Mutex<VecDeque<u8>>,
    most: u64,
    events: &SyncSender<Event>,
) {
    let mut bytes = 0_u64;
    each_piece(stream, |piece| {
        bytes += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(piece);
        let excess = kept.len().saturating_sub(KEPT_ERROR_BYTES);
        kept.drain(..excess);
        drop(kept);
        bytes <= most || events.send(Event::TooManyErrors).is_err()
    });
    let _ = events.send(Event::ErrorsEnded);
}
