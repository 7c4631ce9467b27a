//! Callers that are threads.

use super::{Front, Start};
use crate::caller::{Answer, Call};
use crate::running::{Inside, Running, pause};
use std::sync::Arc;
use std::thread;

/// A front end that threads call.
pub trait ThreadFront: Front {
    /// One call. `seen` is room for the numbers that a run in it sees.
    fn call(&self, call: &Call, seen: &mut Vec<u64>) -> Answer;

    /// What the run does with its own throttle, or with that of another key.
    fn nest(&self, running: &Running<'_>) {
        match running.inside() {
            None => {}
            Some(Inside::Call(call)) => running.told(&call, &self.call(&call, &mut Vec::new())),
            Some(Inside::Flush) => running.has_flushed(self.flush(running.key)),
            Some(Inside::Cancel) => {
                running.has_cancelled(self.cancel(running.key), || self.epoch(running.key));
            }
        }
    }
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
        let answer = front.call(&call, &mut seen);
        caller.told(&call, &answer);
        caller.aside(front, &call);
    }
    let _ = start.done.send(caller.testify());
}
