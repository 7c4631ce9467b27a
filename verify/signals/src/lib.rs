//! Calls an operation in a signal handler that interrupts a loop of the same operation.
//!
//! The tests try each operation that [the design](../../../docs/waiting.md#signal-handlers) allows in a handler. The
//! program must end, and the counts must be right. This cannot show that no handler came at the one instruction
//! where it would hang: that no such operation takes a lock, allocates or waits is a matter of reading its source.
//!
//! The package stands by itself because registering a handler is unsafe, and the library and its tests have no
//! unsafe code.

#![cfg(unix)]

use nix::sys::pthread::{pthread_kill, pthread_self};
use nix::sys::signal::Signal;
use signal_hook::consts::SIGUSR1;
use signal_hook::low_level::{register, unregister};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How many signals interrupt each operation.
const SIGNALS: u64 = 2_000;

/// How often an operation was called in the handler, and outside of it.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    pub inside: u64,
    pub outside: u64,
}

impl Called {
    #[must_use]
    pub fn total(self) -> u64 {
        self.inside + self.outside
    }
}

/// Calls `operation` in a loop, and in a handler that interrupts this loop, until there have been enough signals.
///
/// # Panics
///
/// If the handler cannot be registered, or a signal cannot be sent.
pub fn interrupt(operation: fn()) -> Called {
    interrupt_by(operation, operation)
}

/// Calls `operation` in a loop, and `inside` in a handler that interrupts this loop.
///
/// # Panics
///
/// As [`interrupt`].
pub fn interrupt_by(inside: fn(), operation: fn()) -> Called {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    static HANDLED: AtomicU64 = AtomicU64::new(0);
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    // What is set up by the first call is set up outside of the handler.
    operation();
    HANDLED.store(0, SeqCst);
    let handler = move || {
        inside();
        HANDLED.fetch_add(1, SeqCst);
    };
    #[allow(unsafe_code, reason = "no safe function registers a handler")]
    // SAFETY: the handler calls what is to be shown to be safe in a handler, and adds to an atomic.
    let registered = unsafe { register(SIGUSR1, handler) }.expect("a handler");
    let interrupted = pthread_self();
    let (mut outside, ends) = (1, AtomicBool::new(false));
    thread::scope(|scope| {
        let sender = scope.spawn(|| {
            while !ends.load(SeqCst) {
                // One after the other: a signal that is pending already would be merged with it.
                let before = HANDLED.load(SeqCst);
                pthread_kill(interrupted, Signal::SIGUSR1).expect("the thread is there");
                while HANDLED.load(SeqCst) == before && !ends.load(SeqCst) {
                    thread::yield_now();
                }
            }
        });
        while HANDLED.load(SeqCst) < SIGNALS {
            operation();
            outside += 1;
        }
        ends.store(true, SeqCst);
        sender.join().expect("no panic");
    });
    // This thread has handled what was sent to it: the sender has ended.
    unregister(registered);
    Called { inside: HANDLED.load(SeqCst), outside }
}
