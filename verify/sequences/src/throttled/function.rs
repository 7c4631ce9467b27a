//! The function that the thread runs: it shows what it sees, and then does what the driver tells it.

use crate::patience::{PATIENCE, panic_quietly};
use atomic_throttle::Throttled;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

enum Command {
    Perform(Box<dyn FnOnce() + Send>),
    Return,
    Panic,
    /// This run ends, and later ones end at once.
    Free,
}

/// What the thread shows of itself.
#[derive(Default)]
pub struct Shown {
    /// Where each call leaves its number, relaxed, before it decides.
    pub board: AtomicU64,
    /// How many runs have begun, and what the latest one saw on the board.
    begun: AtomicU64,
    saw: AtomicU64,
    /// Whether the function was dropped, as the thread does when it ends.
    dropped: AtomicBool,
    pub panics_told: AtomicU64,
}

impl Shown {
    pub fn begun(&self) -> u64 {
        // Acquire: pairs with the count of a run.
        self.begun.load(Ordering::Acquire)
    }

    pub fn saw(&self) -> u64 {
        self.saw.load(Ordering::Relaxed)
    }

    pub fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::Acquire)
    }
}

struct ShowDrop(Arc<Shown>);

impl Drop for ShowDrop {
    fn drop(&mut self) {
        self.0.dropped.store(true, Ordering::Release);
    }
}

/// The driver's side. When it is dropped, no run is held up any more.
pub struct Commands(Sender<Command>);

/// A function for the thread, and how to command it.
pub fn function(shown: &Arc<Shown>) -> (impl FnMut() + Send + 'static, Commands) {
    let (commands, receiver) = channel();
    let guard = ShowDrop(Arc::clone(shown));
    let mut is_free = false;
    let f = move || {
        let Shown { board, begun, saw, .. } = &*guard.0;
        saw.store(board.load(Ordering::Relaxed), Ordering::Relaxed);
        // Release: a thread that sees the run counted sees what the run saw.
        begun.fetch_add(1, Ordering::Release);
        is_free = is_free || obey(&receiver) == Then::IsFree;
    };
    (f, Commands(commands))
}

#[derive(PartialEq)]
enum Then {
    IsHeldUp,
    IsFree,
}

/// Does what the driver commands. When the driver is gone, runs end.
fn obey(commands: &Receiver<Command>) -> Then {
    loop {
        match commands.recv() {
            Ok(Command::Perform(f)) => f(),
            Ok(Command::Panic) => panic_quietly(),
            Ok(Command::Return) => return Then::IsHeldUp,
            Ok(Command::Free) | Err(_) => return Then::IsFree,
        }
    }
}

impl Commands {
    /// Performs `f` inside the run in progress.
    pub fn perform<A: Send + 'static>(
        &self,
        throttled: Throttled,
        f: impl FnOnce(&Throttled) -> A + Send + 'static,
    ) -> A {
        let (answer, receiver) = channel();
        let send = move || {
            let result = f(&throttled);
            drop(throttled);
            answer.send(result).expect("the driver waits for the answer");
        };
        self.0.send(Command::Perform(Box::new(send))).expect("the run is in progress");
        receiver.recv_timeout(PATIENCE).expect("an operation inside a run returns")
    }

    /// Holds up no run any more.
    pub fn free(&self) {
        // A thread that has ended needs it no more.
        let _ = self.0.send(Command::Free);
    }

    /// Ends the run in progress.
    pub fn end_run(&self, panics: bool) {
        let command = if panics { Command::Panic } else { Command::Return };
        self.0.send(command).expect("the run is in progress");
    }
}
