//! The reference for a `KeyedThrottled`: a model for each key, how many calls its pending run must cover, and
//! what is remembered of evicted keys.
//!
//! The driver ends each run, and lets the thread come to rest after each operation. The thread chooses the
//! order of keys that are due at the same time. Every answer about a key is kept as well, and judged by G1
//! alone.

mod op;
pub mod subject;
mod thread;

pub use op::{Fault, Op};

use atomic_throttle::{Clock, Count, KeyedThrottled, NotFlushed, Pending, Shutdown, Timestamp, WaitError};
use reference::reached::Reached;
use reference::{Event, MAX, Model, Promise, Told};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use thread::Thread;

/// All that a sequence can reach.
pub const ALL: [&str; 14] = [
    "asked to finish",
    "run",
    "coalesced",
    "cancelled",
    "revived",
    "flushed",
    "busy",
    "panicked",
    "evicted",
    "remembered",
    "waits",
    "nothing left",
    "finished",
    "discarded",
];

/// Plays `operations` on a throttle and on the models. Panics where they differ or a guarantee breaks.
pub fn play(fault: Option<Fault>, threshold: u64, operations: impl IntoIterator<Item = Op>) -> Reached {
    let (throttled, thread) = Thread::start(threshold);
    let mut play = Play {
        throttled,
        thread,
        fault,
        threshold,
        keys: BTreeMap::new(),
        forgotten: 0,
        handed: VecDeque::new(),
        running: None,
        runs: 0,
        panics: 0,
        uncovered: 0,
        latest: BTreeMap::new(),
        reached: Reached::default(),
    };
    let mut last = 0;
    for operation in operations {
        last += 1;
        play.perform(operation);
        play.settle();
        play.compare();
    }
    if last % 3 == 0 {
        play.ask_to_finish();
    }
    play.end(if last % 2 == 0 { Pending::Flush } else { Pending::Discard });
    play.reached
}

/// A key that is known.
#[derive(Clone, Copy)]
struct Known {
    model: Model,
    /// How many calls the pending run must cover.
    calls: u64,
}

struct Play {
    /// Dropped first: the run in progress ends with it.
    thread: Thread,
    throttled: KeyedThrottled<u8, Count>,
    fault: Option<Fault>,
    threshold: u64,
    keys: BTreeMap<u8, Known>,
    /// The latest start among those evicted.
    forgotten: u64,
    /// The runs that were flushed and have not begun: their keys, and calls.
    handed: VecDeque<(u8, u64)>,
    running: Option<u8>,
    runs: u64,
    panics: u64,
    uncovered: u64,
    /// The latest start of each key, and whether a flush made the next. Never forgotten.
    latest: BTreeMap<u8, u64>,
    reached: Reached,
}

impl Play {
    fn now(&self) -> u64 {
        self.thread.clock.time.now().as_nanos()
    }

    fn perform(&mut self, operation: Op) {
        let clock = &self.thread.clock.time;
        match operation {
            Op::Trigger { key } => self.trigger(key),
            Op::Cancel { key } => self.cancel(key),
            Op::Flush { key } => self.flush(key),
            Op::End { panics } => self.end_run(panics),
            Op::Evict => _ = self.throttled.evict(),
            Op::Wait => self.wait(),
            Op::Advance { by } => _ = clock.advance(Duration::from_nanos(by)),
            Op::GoBack { by } => _ = clock.go_back(Duration::from_nanos(by)),
            Op::Jump { to } => clock.set(Timestamp::from_nanos(to)),
            Op::SetThreshold { to } => {
                self.throttled.set_threshold(Duration::from_nanos(to));
                self.threshold = to.min(MAX);
                for known in self.keys.values_mut() {
                    let is_pending = known.model.promise == Promise::Owned;
                    if self.fault != Some(Fault::ThresholdUnnoticed) || !is_pending {
                        known.model.threshold = self.threshold;
                    }
                }
            }
        }
    }

    fn trigger(&mut self, key: u8) {
        assert_eq!(self.throttled.trigger(&key).map(drop), Ok(()), "a window refuses no request");
        if !self.keys.contains_key(&key) {
            // It may have made others go, before it came in.
            self.notice_evictions();
            let nothing = self.fault == Some(Fault::NothingRemembered);
            let latest_start = if nothing { 0 } else { self.forgotten };
            let model = Model { latest_start, ..Model::new(self.threshold) };
            self.keys.insert(key, Known { model, calls: 0 });
            let closed = self.forgotten > 0 && !self.is_due(&model, true);
            self.count_if("remembered", closed);
        }
        let known = self.keys.get_mut(&key).expect("it is there now");
        let was = known.model.promise;
        let told = known.model.step(Event::Request);
        if self.fault != Some(Fault::CountsOneCall) || known.calls == 0 {
            known.calls += 1;
        }
        self.count_if("coalesced", told == Told::Coalesced && was == Promise::Owned);
        self.count_if("revived", was == Promise::TakenBack);
    }

    fn cancel(&mut self, key: u8) {
        let told = self.throttled.cancel(&key);
        let Some(known) = self.keys.get_mut(&key) else { return assert!(!told) };
        let before = known.model;
        let expected = known.model.step(Event::Cancel) == Told::Yes;
        assert_eq!(told, expected, "a cancel of {key}");
        if expected {
            self.uncovered += std::mem::take(&mut known.calls);
            match self.fault {
                Some(Fault::CancelIgnored) => known.model = before,
                Some(Fault::CancelOpens) => known.model.threshold = 0,
                _ => {}
            }
        }
        self.count_if("cancelled", expected);
    }

    fn flush(&mut self, key: u8) {
        let now = self.now();
        let told = self.throttled.flush(&key).map(drop);
        let Some(known) = self.keys.get_mut(&key) else {
            return assert_eq!(told, Err(NotFlushed::NothingPending));
        };
        match known.model.step(Event::Flush { now }) {
            Told::Run => {
                assert_eq!(told, Ok(()));
                self.handed.push_back((key, std::mem::take(&mut known.calls)));
                self.latest.insert(key, known.model.latest_start);
                self.reached.count("flushed");
            }
            Told::Busy => {
                assert_eq!(told, Err(NotFlushed::Running));
                self.reached.count("busy");
            }
            _ => assert_eq!(told, Err(NotFlushed::NothingPending)),
        }
    }

    fn end_run(&mut self, panics: bool) {
        let Some(key) = self.running.take() else { return };
        let known = self.keys.get_mut(&key).expect("a key that runs is never evicted");
        let epoch = known.model.latest_start;
        assert_eq!(known.model.step(Event::Finish { epoch }), Told::Finished);
        if panics {
            self.panics += 1;
            self.reached.count("panicked");
            if self.fault == Some(Fault::PanicClears) {
                known.model.promise = Promise::Nothing;
            }
        }
        assert!(self.thread.go.send(panics).is_ok(), "the thread goes on");
    }

    fn wait(&mut self) {
        let is_outstanding = self.running.is_some()
            || !self.handed.is_empty()
            || self.pending() > 0
            || self.fault == Some(Fault::WaitsForCancelled) && self.uncovered > 0;
        let expected = if is_outstanding { Err(WaitError::TimedOut) } else { Ok(()) };
        assert_eq!(self.throttled.all().wait_for(Duration::ZERO), expected);
        // A counter for each: a fuzzer looks for new counters.
        if is_outstanding {
            self.reached.count("waits");
        } else if self.uncovered > 0 {
            self.reached.count("nothing left");
        }
    }

    /// Lets the thread come to rest, and compares with what it is to do.
    fn settle(&mut self) {
        if self.running.is_some() {
            return;
        }
        let begun = self.thread.rests();
        // Flushed runs and due runs take turns.
        if begun.is_some() && begun == self.handed.front().copied() {
            let flushed = self.handed.pop_front().map(|(key, _)| key);
            self.running = flushed;
            self.runs += 1;
            return;
        }
        let Some((key, calls)) = begun else {
            let is_due = self.keys.values().any(|known| self.is_due(&known.model, false));
            assert!(!is_due, "G5: a run is due, and does not begin");
            return assert!(self.handed.is_empty(), "a run that was flushed does not begin");
        };
        self.begin(key, calls);
    }

    fn begin(&mut self, key: u8, calls: u64) {
        let now = self.now();
        let known = *self.keys.get(&key).expect("a key that is pending is never evicted");
        assert!(self.is_due(&known.model, false), "a run of {key} is not due");
        assert_eq!(calls, known.calls, "how many calls the run covers");
        // As it was for the decision: what was evicted meanwhile may have left a later start.
        let start = now.max(known.model.latest_start + 1);
        let seen = self.throttled.snapshot(&key).expect("it runs").last_run_at;
        assert_eq!(seen.map(Timestamp::as_nanos), Some(start.min(MAX)));
        if let Some(&before) = self.latest.get(&key) {
            let due = u128::from(before) + u128::from(self.threshold);
            assert!(self.threshold == 0 || u128::from(now) >= due, "G1: {key} started at {before} and {now}");
        }
        let model = Model { latest_start: start, in_progress: true, ..Model::new(self.threshold) };
        self.keys.insert(key, Known { model, calls: 0 });
        self.latest.insert(key, start);
        self.running = Some(key);
        self.runs += 1;
        self.reached.count("run");
    }

    /// Whether a run of the key is to start now, or would be if one was pending.
    fn is_due(&self, model: &Model, if_it_was: bool) -> bool {
        let early = u64::from(self.fault == Some(Fault::OpensEarly));
        let is_pending = if_it_was || model.promise == Promise::Owned;
        let mut later = *model;
        is_pending && later.step(Event::TryStart { now: self.now() + early }) == Told::Run
    }

    fn pending(&self) -> usize {
        self.keys.values().filter(|known| known.model.promise == Promise::Owned).count()
    }

    fn notice_evictions(&mut self) {
        let gone: Vec<_> = self.keys.keys().copied().filter(|key| !self.throttled.contains(key)).collect();
        for key in gone {
            let Known { model, .. } = self.keys.remove(&key).expect("it was there");
            let is_over = model.promise != Promise::Owned && self.is_due(&model, true);
            assert!(is_over, "{key} was evicted: {model:?}");
            self.forgotten = self.forgotten.max(model.latest_start);
            self.reached.count("evicted");
        }
    }

    /// Every key looks as its model says.
    fn compare(&mut self) {
        self.notice_evictions();
        assert!(self.running.is_none() || !self.thread.begins_another(), "G2: another run begins");
        for (key, Known { model, .. }) in &self.keys {
            let Some(seen) = self.throttled.snapshot(key) else { continue };
            assert_eq!(seen.running, model.in_progress, "{key}: {model:?}");
            assert_eq!(self.throttled.is_pending(key), model.promise == Promise::Owned, "{key}: {model:?}");
            // As a time of the clock; the start itself may be after its end.
            assert_eq!(seen.last_run_at.map_or(0, Timestamp::as_nanos), model.latest_start.min(MAX));
        }
        assert_eq!(self.throttled.pending(), self.pending());
        assert_eq!(self.throttled.uncovered(), self.uncovered);
        assert_eq!((self.throttled.runs(), self.throttled.panics()), (self.runs, self.panics));
    }

    /// From now on no call is taken. What is pending stays so until it is due, and as long as the clock stands
    /// still some of it is not.
    fn ask_to_finish(&mut self) {
        let is_waiting = |Known { model, .. }: &Known| {
            model.promise == Promise::Owned && !model.in_progress && !self.is_due(model, false)
        };
        if !self.keys.values().any(is_waiting) {
            return;
        }
        let told = self.throttled.shutdown(Pending::Finish).wait_for(Duration::ZERO);
        assert_eq!(told, Err(WaitError::TimedOut));
        for _ in 0..2 {
            self.end_run(false);
            self.settle();
            self.compare();
        }
        self.reached.count("asked to finish");
    }

    /// The end performs what is pending at once, or discards it.
    fn end(&mut self, pending: Pending) {
        let left: u64 = self.keys.values().map(|known| known.calls).sum();
        let keys = self.pending();
        // Before the run in progress ends, so that no other begins that is to be discarded.
        let _ = self.throttled.shutdown(pending).wait_for(Duration::ZERO);
        let to_come = if pending == Pending::Flush { keys } else { 0 } + self.handed.len();
        self.thread.lets_all_end();
        let performed = to_come > 0;
        let told = self.throttled.shutdown(pending).wait();
        if pending == Pending::Discard && keys > 0 {
            assert_eq!(told, Ok(Shutdown::Discarded));
            self.uncovered += left;
            self.reached.count("discarded");
        } else if performed {
            // What was in progress when the end was asked for may have been the last of them.
            assert!(matches!(told, Ok(Shutdown::Ran | Shutdown::Idle)), "{told:?}");
            self.reached.count("finished");
        } else {
            assert_eq!(told, Ok(Shutdown::Idle));
        }
        let mut covered = 0;
        while let Some((_, calls)) = self.thread.next() {
            covered += calls;
            self.runs += 1;
        }
        let handed: u64 = self.handed.iter().map(|(_, calls)| calls).sum();
        assert_eq!(covered, if pending == Pending::Flush { left + handed } else { handed });
        assert_eq!((self.throttled.uncovered(), self.throttled.runs()), (self.uncovered, self.runs));
    }

    fn count_if(&mut self, what: &'static str, happened: bool) {
        if happened {
            self.reached.count(what);
        }
    }
}
