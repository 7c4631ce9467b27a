//! G3: what the background thread decides, and what the threads that wait for it see.

use crate::fault::{Fault, is_planted, leave_out_fence, plant};
use atomic_throttle::Manual;
use atomic_throttle::Throttled;
use atomic_throttle::hook::START;
use atomic_throttle::{Pending, Shutdown};
use evidence::Guarantee::G3;
use evidence::caught;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;
use loom_tests::{Bound, Tally, explore, search};
use loom_tests::{LEADING, THRESHOLD};
use std::sync::Arc;

/// What was counted.
#[derive(Clone, Default)]
struct Seen {
    /// The situation that the model is about.
    met: Tally,
    /// Something happened that must not happen.
    broken: Tally,
}

type Model = fn(&Seen);

const BOUND: Bound = Bound::Preemptions(2);

/// A throttle whose run copies the first word to the second.
fn copying() -> (Throttled, Arc<[AtomicUsize; 2]>) {
    let words = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let copied = Arc::clone(&words);
    let clock = Arc::new(Manual::new(LEADING));
    let throttled = Throttled::builder(THRESHOLD.as_duration())
        .clock(clock)
        .spawn(move || copied[1].store(copied[0].load(Relaxed), Relaxed))
        .expect("a thread");
    (throttled, words)
}

/// A call while the throttle ends: if it is taken, it is performed.
fn call_against_an_end(seen: &Seen) {
    let (throttled, _) = copying();
    let caller = thread::spawn({
        let throttled = throttled.clone();
        move || throttled.trigger().is_ok()
    });
    let shutdown = throttled.shutdown(Pending::Finish).wait();
    let taken = caller.join().expect("no panic");
    seen.met.count_if(taken && shutdown == Ok(Shutdown::Ran));
    seen.broken.count_if(taken && throttled.runs() == 0);
}

/// A wait for a run that copies a word: the wait learns of the run, and sees the copy.
fn wait_against_a_run(seen: &Seen) {
    let (throttled, words) = copying();
    words[0].store(1, Relaxed);
    let waited = throttled.trigger().expect("it goes on").wait();
    let is_seen = waited.is_ok() && words[1].load(Relaxed) == 1;
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
    seen.met.count_if(is_seen);
    seen.broken.count_if(!is_seen);
}

/// A flush starts the run that a call coalesces into; the call writes its word first. With a fault planted
/// the start has no fence.
fn flush_against_a_call(seen: &Seen) {
    let (throttled, words) = copying();
    let first = throttled.trigger().expect("it goes on").epoch();
    let caller = thread::spawn({
        let (throttled, words) = (throttled.clone(), Arc::clone(&words));
        move || {
            words[0].store(1, Relaxed);
            throttled.trigger().expect("it goes on").epoch()
        }
    });
    if is_planted(Fault::NoFenceInFlush) {
        leave_out_fence(Some(&START));
    }
    let was_flushed = throttled.flush().is_ok();
    leave_out_fence(None);
    let coalesced = caller.join().expect("no panic") == first;
    // A second run that is pending would read the word again.
    let ended = throttled.shutdown(Pending::Discard).wait();
    let met = coalesced && was_flushed && ended != Ok(Shutdown::Discarded);
    seen.met.count_if(met);
    seen.broken.count_if(met && words[1].load(Relaxed) != 1);
}

fn run(model: Model, seen: &Seen) -> impl Fn() + Send + Sync + use<> {
    let seen = seen.clone();
    move || model(&seen)
}

#[test]
fn as_it_is() {
    let models: [(&str, Model); 3] = [
        ("a call against the end of the background thread", call_against_an_end),
        ("a wait against a run of the background thread", wait_against_a_run),
        ("a flush of the background thread against a call", flush_against_a_call),
    ];
    for (claim, model) in models {
        let seen = Seen::default();
        explore(BOUND, &[G3], claim, run(model, &seen))
            .at_least(500)
            .reached(&seen.met, "the call was pending, or its run was waited for")
            .never(&seen.broken, "a call is lost, or its run not seen")
            .passed();
    }
}

fn fails(fault: &str, planted: Fault, model: Model, found: &str) {
    let seen = Seen::default();
    plant(planted);
    let executions = search(BOUND, run(model, &seen));
    plant(Fault::Nothing);
    let broken = seen.broken.total();
    assert!(broken > 0, "{fault}: not found in {executions} executions");
    caught(fault, &format!("loom: {found} in {broken} of {executions} executions"));
}

const MISSED: &str = "a wait misses what the run did";

#[test]
fn it_looks_before_it_locks() {
    let fault = "a background thread that ends by what it saw before it took the lock";
    fails(fault, Fault::LooksBeforeItLocks, call_against_an_end, "a call is lost");
}

#[test]
fn a_run_is_not_published() {
    let fault = "a finish in the background without Release";
    fails(fault, Fault::RelaxedFinish, wait_against_a_run, MISSED);
}

#[test]
fn a_wait_does_not_acquire() {
    let fault = "a wait for the background thread without Acquire";
    fails(fault, Fault::RelaxedLook, wait_against_a_run, MISSED);
}

#[test]
fn a_flush_has_no_fence() {
    let fault = "no fence after a start by a flush that another thread performs";
    fails(fault, Fault::NoFenceInFlush, flush_against_a_call, "a call is missed");
}
