//! Operations in a signal handler that interrupts a thread inside of the same operation.

#![cfg(unix)]

use atomic_throttle::gate::{Arrival, Fired, Flushed, Gate};
use atomic_throttle::{Clock, Count, Monotonic, Site, Threshold, Throttle, every};
use evidence::Check;
use evidence::Guarantee::{G3, G9};
use signals::{interrupt, interrupt_by};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use watchdog as _;

/// Counts a run, and whether another one was in progress.
struct Runs {
    ended: AtomicU64,
    is_inside: AtomicBool,
    overlapped: AtomicBool,
}

impl Runs {
    const fn new() -> Self {
        Self {
            ended: AtomicU64::new(0),
            is_inside: AtomicBool::new(false),
            overlapped: AtomicBool::new(false),
        }
    }

    fn run(&self) {
        self.overlapped.fetch_or(self.is_inside.swap(true, SeqCst), SeqCst);
        self.is_inside.store(false, SeqCst);
        self.ended.fetch_add(1, SeqCst);
    }

    /// How many runs there were.
    fn judge(&self) -> u64 {
        assert!(!self.overlapped.load(SeqCst), "G2: runs overlap");
        self.ended.load(SeqCst)
    }
}

/// Every operation of a gate, with runs that finish and deferrals that are fired, abandoned or cancelled.
#[test]
fn every_operation_of_a_gate() {
    static GATE: Gate = Gate::new(Threshold::ZERO);
    static RUNS: Runs = Runs::new();
    static TURN: AtomicU64 = AtomicU64::new(0);
    fn finish(run: atomic_throttle::gate::Run<'_>) {
        RUNS.run();
        run.finish();
    }
    fn operation() {
        let now = Monotonic.now();
        match TURN.fetch_add(1, SeqCst) % 8 {
            0 => {
                let _ = GATE.try_start(now).map(finish);
            }
            1 | 2 => match GATE.arrive(now) {
                Arrival::Run(run) => finish(run),
                Arrival::Defer(deferral) => {
                    if let Fired::Run(run) = deferral.fire(now) {
                        finish(run);
                    }
                }
                Arrival::Coalesced(_) => {}
            },
            3 => {
                let _ = GATE.request();
            }
            4 => {
                let _ = GATE.owe();
            }
            5 => {
                let _ = (GATE.coalesce(), GATE.refuses(now), GATE.state(), GATE.cancel());
            }
            6 => GATE.set_threshold(GATE.threshold()),
            _ => {
                if let Flushed::Run(run) = GATE.flush(now) {
                    finish(run);
                }
            }
        }
    }
    let check = Check::of(&[G9], "signals: every operation of a Gate in a handler that interrupts it");
    let called = interrupt(operation);
    assert!(RUNS.judge() > 0);
    // It is usable.
    GATE.cancel();
    let _ = GATE.try_start(Monotonic.now()).map(finish);
    assert!(GATE.try_start(Monotonic.now()).is_ok());
    check.passed(usize::try_from(called.inside).expect("some"), "signals");
}

/// What a handler may do best: it asks, and the interrupted loop runs.
#[test]
fn a_request_of_a_handler_is_not_lost() {
    static GATE: Gate = Gate::new(Threshold::ZERO);
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    static SEEN: AtomicU64 = AtomicU64::new(0);
    static LOST: AtomicU64 = AtomicU64::new(0);
    fn handler() {
        WRITTEN.fetch_add(1, SeqCst);
        let _ = GATE.request();
    }
    fn event_loop() {
        let before = WRITTEN.load(SeqCst);
        match GATE.flush(Monotonic.now()) {
            Flushed::Run(_run) => SEEN.store(WRITTEN.load(SeqCst), SeqCst),
            Flushed::Nothing if SEEN.load(SeqCst) < before => {
                LOST.fetch_add(1, SeqCst);
            }
            Flushed::Nothing | Flushed::Busy => {}
        }
    }
    let check = Check::of(&[G3], "signals: a request of a handler is covered, whatever it interrupts");
    let called = interrupt_by(handler, event_loop);
    event_loop();
    assert_eq!((SEEN.load(SeqCst), LOST.load(SeqCst)), (called.inside, 0));
    check.passed(usize::try_from(called.inside).expect("some"), "signals");
}

/// Nobody waits on it.
#[test]
fn try_run_of_a_throttle_that_nobody_waits_on() {
    static THROTTLE: Throttle = Throttle::new(Duration::ZERO);
    static RUNS: Runs = Runs::new();
    static TOLD: AtomicU64 = AtomicU64::new(0);
    fn operation() {
        if THROTTLE.try_run(|| RUNS.run()).is_ok() {
            TOLD.fetch_add(1, SeqCst);
        }
        let _ = (THROTTLE.snapshot(), THROTTLE.cancel(), THROTTLE.is_pending());
    }
    let check = Check::of(&[G9], "signals: Throttle::try_run in a handler that interrupts it");
    let called = interrupt(operation);
    assert_eq!(RUNS.judge(), TOLD.load(SeqCst), "each run that was told was one");
    assert!(THROTTLE.try_run(|| ()).is_ok(), "no run is left in progress");
    check.passed(usize::try_from(called.inside).expect("some"), "signals");
}

#[test]
fn entering_a_site() {
    static SITE: Site = Site::new(Duration::ZERO);
    static RUNS: Runs = Runs::new();
    static REPORTED: AtomicU64 = AtomicU64::new(0);
    fn operation() {
        if let Some(entry) = SITE.enter() {
            RUNS.run();
            REPORTED.fetch_add(entry.suppressed(), SeqCst);
        }
    }
    let check = Check::of(&[G9], "signals: Site::enter in a handler that interrupts it");
    let called = interrupt(operation);
    let suppressed = REPORTED.load(SeqCst) + SITE.take_suppressed();
    assert_eq!(RUNS.judge() + suppressed, called.total(), "each call entered, or was counted once");
    check.passed(usize::try_from(called.inside).expect("some"), "signals");
}

#[test]
fn every() {
    static EVALUATED: AtomicU64 = AtomicU64::new(0);
    static REPORTED: AtomicU64 = AtomicU64::new(0);
    fn operation() {
        every!(Duration::from_micros(50), |suppressed| {
            REPORTED.fetch_add(suppressed, SeqCst);
            EVALUATED.fetch_add(1, SeqCst);
        });
    }
    let check = Check::of(&[G9], "signals: every! in a handler that interrupts it");
    let called = interrupt(operation);
    let (evaluated, reported) = (EVALUATED.load(SeqCst), REPORTED.load(SeqCst));
    assert!(evaluated > 1 && evaluated + reported <= called.total(), "each call is counted at most once");
    check.passed(usize::try_from(called.inside).expect("some"), "signals");
}

#[test]
fn counting_calls() {
    static COUNTED: Throttle<Monotonic, Count> = Throttle::counting(Duration::from_micros(50));
    static TOLD: AtomicU64 = AtomicU64::new(0);
    fn operation() {
        let _ = COUNTED.try_run(|calls| TOLD.fetch_add(calls, SeqCst));
        if COUNTED.outstanding() > 2 {
            TOLD.fetch_add(COUNTED.take(), SeqCst);
        }
    }
    let check = Check::of(&[G9], "signals: a Throttle that counts, in a handler that interrupts it");
    let called = interrupt(operation);
    assert_eq!(TOLD.load(SeqCst) + COUNTED.take(), called.total(), "each call is told once");
    check.passed(usize::try_from(called.inside).expect("some"), "signals");
}
