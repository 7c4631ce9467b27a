//! Callers that are threads.

use super::super::caller::{Answer, Call};
use super::super::recorder::pause;
use super::{Front, Start};
use std::sync::Arc;
use std::thread;

/// A front end that threads call.
pub trait ThreadFront: Front {
    /// One call. `seen` is room for the numbers that a run in it sees.
    fn call(&self, call: &Call, seen: &mut Vec<u64>) -> Answer;
}

/// Starts a thread that calls until the storm is over.
pub fn start<F: ThreadFront>(front: &Arc<F>, start: Start, room: Vec<u64>) -> Result<(), String> {
    let (front, thread) = (Arc::clone(front), start.thread + 1);
    thread::Builder::new()
        .spawn(move || calls(&*front, start, room))
        .map(drop)
        .map_err(|e| format!("cannot start thread {thread}: {e}"))
}

fn calls<F: ThreadFront>(front: &F, start: Start, mut seen: Vec<u64>) {
    let _ = start.ready.send(());
    let Ok(slice) = start.go.recv() else { return };
    let mut caller = (start.caller)(slice);
    loop {
        caller.plan();
        loop {
            match caller.left() {
                0 => break,
                left => pause(left),
            }
        }
        let Some(call) = caller.begin() else { break };
        let told = front.call(&call, &mut seen);
        caller.told(&call, &told);
        caller.cancel(&call, || front.cancel(call.key));
    }
    let _ = start.done.send(caller.testify());
}
