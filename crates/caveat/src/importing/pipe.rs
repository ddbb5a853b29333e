//! A queue between one reader and the writer, bounded by weight.
//!
//! The sender waits while what is queued weighs more than the budget; one piece
//! always fits, however heavy. Memory is therefore bound by the budget and the
//! heaviest piece, not by the source. Either end may go away at any time: the
//! other one learns of it and never waits for ever.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Makes both ends of a queue.
pub(super) fn pipe<T>(budget: usize) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            queue: VecDeque::new(),
            weight: 0,
            open: true,
        }),
        changed: Condvar::new(),
        budget,
    });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

/// The end of the reader.
pub(super) struct Sender<T>(Arc<Shared<T>>);

/// The end of the writer.
pub(super) struct Receiver<T>(Arc<Shared<T>>);

struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    budget: usize,
}

struct State<T> {
    queue: VecDeque<(usize, T)>,
    weight: usize,
    /// Both ends are there.
    open: bool,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No code that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'g>(&self, state: MutexGuard<'g, State<T>>) -> MutexGuard<'g, State<T>> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().open = false;
        self.changed.notify_all();
    }
}

impl<T> Sender<T> {
    /// Queues a piece; gives it back if nobody will take it.
    pub(super) fn send(&self, piece: T, weight: usize) -> Result<(), T> {
        let mut state = self.0.lock();
        while state.open && state.weight > 0 && state.weight + weight > self.0.budget {
            state = self.0.wait(state);
        }
        if !state.open {
            return Err(piece);
        }
        state.weight += weight;
        state.queue.push_back((weight, piece));
        self.0.changed.notify_all();
        Ok(())
    }
}

impl<T> Receiver<T> {
    /// Takes the next piece; `None` once the sender is gone and all is taken.
    pub(super) fn receive(&self) -> Option<T> {
        let mut state = self.0.lock();
        loop {
            if let Some((weight, piece)) = state.queue.pop_front() {
                state.weight -= weight;
                self.0.changed.notify_all();
                return Some(piece);
            }
            if !state.open {
                return None;
            }
            state = self.0.wait(state);
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn pieces_come_out_in_order_and_never_weigh_more_than_the_budget() {
        let (sender, receiver) = pipe::<usize>(10);
        let queued = AtomicUsize::new(0);
        thread::scope(|scope| {
            let queued = &queued;
            scope.spawn(move || {
                for number in 0..1000 {
                    sender.send(number, 3).unwrap();
                    queued.fetch_add(3, Ordering::SeqCst);
                }
            });
            for expected in 0..1000 {
                assert_eq!(receiver.receive(), Some(expected));
                let before = queued.load(Ordering::SeqCst);
                // At most the budget, and the piece in hand.
                assert!(before <= (expected + 1) * 3 + 10 + 3, "{before}");
            }
            assert_eq!(receiver.receive(), None);
        });
    }

    #[test]
    fn a_piece_above_the_budget_passes_alone() {
        let (sender, receiver) = pipe::<&str>(10);
        sender.send("huge", 1_000_000).unwrap();
        assert_eq!(receiver.receive(), Some("huge"));
        drop(sender);
        assert_eq!(receiver.receive(), None);
    }

    #[test]
    fn a_sender_that_waits_learns_that_nobody_will_take() {
        let (sender, receiver) = pipe::<u8>(1);
        sender.send(1, 1).unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| sender.send(2, 1));
            drop(receiver);
            assert_eq!(waiting.join().unwrap(), Err(2));
        });
    }
}
