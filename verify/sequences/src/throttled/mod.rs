//! Sequences of all operations of a `Throttled`, with its real thread, checked step by step against the
//! model and against the guarantees.
//!
//! The results are determined although the thread is real: after each operation that wakes it the model says
//! where it comes to rest: asleep, in a run that the driver holds up, or ended. The driver waits for that, and
//! compares nothing in between. Several results may be right: for a call that comes before the thread has
//! noticed that it was cancelled, or for two calls at once. There the driver lets one thing happen after the
//! other: loom has those races.

mod ending;
mod function;
mod handles;
mod life;
mod op;
mod play;
pub mod subject;
mod watch;

pub use self::op::{Op, Setup};

use self::ending::Ending;
use self::function::{Commands, Shown, function};
use self::life::Life;
use self::play::Play;
use self::watch::Watch;
use crate::watched::{THREAD, Watched};
use atomic_throttle::{Pending, Throttled, Timestamp};
use reference::planted::Fault;
use reference::reached::Reached;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// All that a sequence can reach.
pub const ALL: [&str; 37] = [
    "operation",
    "inside",
    "requested",
    "coalesced",
    "refused after the end",
    "run",
    "ran to a panic",
    "cancelled",
    "nothing to cancel",
    "flushed",
    "running",
    "nothing pending",
    "not flushed after the end",
    "threshold too long",
    "idle",
    "deferred",
    "held up by a rest",
    "goes on ending",
    "ended idle",
    "ended after a run",
    "ended by a discard",
    "ended by a panic",
    "ended and owed",
    "covered",
    "told of a cancel",
    "told of what is owed",
    "told of a panic",
    "refused inside",
    "timed out",
    "waited",
    "waited for the end",
    "the last handle dropped inside",
    "the last handle dropped outside",
    "the last handle dropped without a wait",
    "the last handle finishes what is pending",
    "the last handle flushes what is pending",
    "the last handle discards what is pending",
];

/// Plays `operations` on a throttle and on the model. Panics where they differ or a guarantee breaks.
pub fn play(fault: Option<Fault>, setup: Setup, operations: impl IntoIterator<Item = Op>) -> Reached {
    let (clock, shown) = (Arc::new(Watched::new(Timestamp::ZERO)), Arc::new(Shown::default()));
    let told = Arc::clone(&shown);
    let builder = Throttled::builder(Duration::from_nanos(setup.threshold))
        .name(THREAD)
        .clock(Arc::clone(&clock))
        .rest(Duration::from_nanos(setup.rest))
        .pending_on_drop(setup.on_drop)
        .on_panic(move |_| _ = told.panics_told.fetch_add(1, Ordering::Relaxed));
    let builder = if setup.fatal { builder.fatal_panics() } else { builder };
    let (f, commands) = function(&shown);
    let throttled = builder.spawn(f).expect("a thread");
    let watch = Watch::new(clock, shown);
    let life = Life::new(setup, fault);
    let (life, watch, mut reached) = thread::scope(|scope| {
        // It is dropped after the driver, and before the waiting threads are joined.
        let _release = Release(&throttled, &commands);
        let mut play = Play::new(scope, &throttled, &commands, watch, life);
        for operation in operations {
            play.perform(operation);
        }
        play.finish()
    });
    reached.add(&Ending::new(throttled, commands, watch, life).drop_last(setup));
    reached
}

/// Lets the thread end when the driver has found a difference and leaves.
struct Release<'t>(&'t Throttled, &'t Commands);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.1.free();
            self.0.cancel();
            let _ = self.0.shutdown(Pending::Discard).wait();
        }
    }
}
