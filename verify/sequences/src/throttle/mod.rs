//! Sequences of all operations of a `Throttle`, with real threads for the calls that wait, checked step
//! by step against the model and against the guarantees.
//!
//! The results are determined although the threads are real: after each operation that wakes the owner the
//! model says whether the owner goes or stays, and the driver waits until it has done so. Several results may
//! be right: for a call that comes before an owner has noticed that it was cancelled, or for two calls at once.
//! There the driver lets one thing happen after the other: loom and the sequences on a `Gate` have those races.

pub mod clock;
mod helper;
pub mod op;
mod play;
pub mod subject;

pub use self::op::Op;

use self::clock::ByHand;
use self::play::Play;
use atomic_throttle::Throttle;
use reference::planted::Fault;
use reference::reached::Reached;
use std::sync::atomic::AtomicU64;
use std::thread;
use std::time::Duration;

/// All that a sequence can reach.
pub const ALL: [&str; 21] = [
    "operation",
    "inside",
    "ran at once",
    "ran deferred",
    "ran to a panic",
    "deferred",
    "deferred in a run",
    "coalesced",
    "released by another run",
    "cancelled owner",
    "cancelled",
    "owed at the limit",
    "owed inside",
    "closed",
    "running",
    "nothing pending",
    "taken over",
    "threshold too long",
    "waited",
    "refused inside",
    "timed out",
];

/// Plays `operations` on a throttle and on the model. Panics where they differ or a guarantee breaks.
pub fn play(fault: Option<Fault>, threshold: u64, operations: impl IntoIterator<Item = Op>) -> Reached {
    let throttle = Throttle::with_clock(Duration::from_nanos(threshold), ByHand::at_zero());
    let board = AtomicU64::new(0);
    thread::scope(|scope| {
        // It is dropped after the driver, which first lets go of the run in progress.
        let _release = Release(&throttle);
        let mut play = Play::new(scope, &throttle, &board, threshold, fault);
        for operation in operations {
            play.perform(operation);
        }
        play.finish()
    })
}

/// Lets the owner go if the driver leaves because it has found a difference: without a window the owner runs,
/// and an owner that waits for itself is cancelled.
struct Release<'t>(&'t Throttle<ByHand>);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.set_threshold(Duration::ZERO);
        self.0.cancel();
    }
}
