//! G3 and G5 with three threads, in all interleavings: a call, a wait and the run on one gate, and two calls against
//! the run that covers them. Each fence is necessary.

use crate::fault::{Fault, leave_out_fence, plant};
use atomic_throttle::gate::{Deferral, Fired, Gate};
use atomic_throttle::hook::{COALESCE, START};
use evidence::Guarantee::{G3, G5};
use evidence::caught;
use loom::sync::Arc;
use loom::sync::atomic::{
    AtomicUsize,
    Ordering::{Relaxed, SeqCst},
    fence,
};
use loom::thread;
use loom_tests::{Bound, DUE, THRESHOLD, Tally, defer, explore, search};

/// The fence that is left out.
#[derive(Clone, Copy, PartialEq)]
enum LeftOut {
    Nothing,
    OfTheCall,
    OfTheStart,
    OfTheWaiter,
    OfTheNotifier,
}

/// What was reached, and what went wrong.
#[derive(Clone, Default)]
struct Seen {
    coalesced: Tally,
    slept: Tally,
    missed: Tally,
    not_notified: Tally,
}

struct Shared {
    gate: Gate,
    data: [AtomicUsize; 2],
    waiters: AtomicUsize,
}

impl Shared {
    fn new() -> Arc<Self> {
        let data = [AtomicUsize::new(0), AtomicUsize::new(0)];
        Arc::new(Self { gate: Gate::new(THRESHOLD), data, waiters: AtomicUsize::new(0) })
    }

    /// Writes, and asks for a run.
    fn call(&self, which: usize) -> bool {
        self.data[which].store(1, Relaxed);
        self.gate.coalesce().is_some()
    }

    /// Performs the run, and returns what it read.
    fn run(&self, deferral: Deferral<'_>) -> [bool; 2] {
        let Fired::Run(run) = deferral.fire(DUE) else { panic!("nothing is in its way") };
        let read = [0, 1].map(|which| self.data[which].load(Relaxed) == 1);
        run.finish();
        read
    }
}

/// One of the two fences of the waiting, which is cut to its accesses here.
fn waiting_fence(is_left_out: bool) {
    if !is_left_out {
        fence(SeqCst);
    }
}

/// The caller coalesces; the waiter registers, looks, and sleeps if the run has not finished; the runner performs the
/// run, and then looks for waiters.
fn caller_waiter_and_runner(seen: &Seen, left_out: LeftOut) -> impl Fn() + Send + Sync + use<> {
    let seen = seen.clone();
    move || {
        let shared = Shared::new();
        let deferral = defer(&shared.gate);
        let caller = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                leave_out_fence((left_out == LeftOut::OfTheCall).then_some(&COALESCE));
                shared.call(0)
            }
        });
        let waiter = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.waiters.fetch_add(1, Relaxed);
                waiting_fence(left_out == LeftOut::OfTheWaiter);
                let state = shared.gate.state();
                state.is_pending() || state.is_running()
            }
        });
        leave_out_fence((left_out == LeftOut::OfTheStart).then_some(&START));
        let [read, _] = shared.run(deferral);
        waiting_fence(left_out == LeftOut::OfTheNotifier);
        let notifies = shared.waiters.load(Relaxed) != 0;

        let coalesced = caller.join().expect("no panic");
        let sleeps = waiter.join().expect("no panic");
        seen.coalesced.count_if(coalesced);
        seen.slept.count_if(sleeps);
        seen.missed.count_if(coalesced && !read);
        seen.not_notified.count_if(sleeps && !notifies);
    }
}

#[test]
fn a_call_a_wait_and_the_run() {
    let seen = Seen::default();
    let model = caller_waiter_and_runner(&seen, LeftOut::Nothing);
    explore(Bound::Exhaustive, &[G3, G5], "three threads: a call, a wait and the run", model)
        .at_least(10_000)
        .reached(&seen.coalesced, "the call coalesced")
        .reached(&seen.slept, "the waiter went to sleep")
        .never(&seen.missed, "the run missed the call")
        .never(&seen.not_notified, "nobody notifies the waiter")
        .passed();
}

/// Each of the two coalesces, or comes too late for the run.
#[test]
fn two_calls_against_the_run() {
    let (both, one, missed) = (Tally::new(), Tally::new(), Tally::new());
    let counted = (both.clone(), one.clone(), missed.clone());
    explore(
        Bound::Exhaustive,
        &[G3],
        "three threads: two calls against the run that covers them",
        move || {
            let shared = Shared::new();
            let deferral = defer(&shared.gate);
            let callers = [0, 1].map(|which| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.call(which))
            });
            let read = shared.run(deferral);
            let covered = callers.map(|caller| caller.join().expect("no panic"));
            counted.0.count_if(covered == [true, true]);
            counted.1.count_if(covered[0] != covered[1]);
            counted.2.count_if(covered.into_iter().zip(read).any(|(covered, read)| covered && !read));
        },
    )
    .at_least(10_000)
    .reached(&both, "both calls came before the start")
    .reached(&one, "one call came before the start, and one after")
    .never(&missed, "the run missed a call")
    .passed();
}

fn goes_wrong(left_out: LeftOut, fault: &str, wrong: impl Fn(&Seen) -> &Tally) {
    let seen = Seen::default();
    plant(Fault::Nothing);
    // It is there to be found, so a bound saves time.
    let executions = search(Bound::Preemptions(2), caller_waiter_and_runner(&seen, left_out));
    let found = wrong(&seen).total();
    assert!(found > 0, "the planted fault was not found in {executions} executions");
    caught(fault, &format!("loom: it goes wrong in {found} of {executions} executions"));
}

#[test]
fn without_the_fence_of_the_call_the_run_misses_it() {
    goes_wrong(LeftOut::OfTheCall, "three threads: no fence before a decision", |seen| &seen.missed);
}

#[test]
fn without_the_fence_of_the_start_the_run_misses_the_call() {
    goes_wrong(LeftOut::OfTheStart, "three threads: no fence after a start", |seen| &seen.missed);
}

#[test]
fn without_the_fence_of_the_waiter_nobody_notifies_it() {
    goes_wrong(LeftOut::OfTheWaiter, "three threads: no fence after a registration", |seen| {
        &seen.not_notified
    });
}

#[test]
fn without_the_fence_of_the_notifier_it_notifies_nobody() {
    goes_wrong(LeftOut::OfTheNotifier, "three threads: no fence before a notification", |seen| {
        &seen.not_notified
    });
}
