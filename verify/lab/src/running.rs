//! What every run does, on any front end: it records what it sees.

use crate::caller::{self, Answer, Call, Way};
use crate::record::{Carried, Event, Run, Testimony};
use crate::recorder::{Asked, Key, Recorder, locked};
use crate::turns::key_of;
use crate::watch::Doing;
use measure_options::soak::Plant;
use std::error::Error;
use std::fmt;
use std::panic;
use std::sync::MutexGuard;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

/// What a run does with its own throttle.
pub enum Inside {
    Call(Call),
    Flush,
    Cancel,
}

/// How a run fails that is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    Error,
    Panic,
}

/// The error of such a run.
#[derive(Debug)]
pub struct Planned;

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it was to fail")
    }
}

impl Error for Planned {}

/// A run in progress. It is recorded when it ends, however it ends.
pub struct Running<'r> {
    recorder: &'r Recorder,
    pub key: usize,
    of_key: &'r Key,
    seen: &'r [u64],
    number: usize,
    run: Run,
    given: Option<Carried>,
}

impl<'r> Running<'r> {
    pub(crate) fn new(recorder: &'r Recorder, key: usize, seen: &'r [u64], number: usize, run: Run) -> Self {
        Self { recorder, key, of_key: &recorder.keys[key], seen, number, run, given: None }
    }
}

impl Running<'_> {
    /// The front end says how many calls this run covers.
    pub fn covering(mut self, calls: u64) -> Self {
        self.run.calls = Some(calls);
        self
    }

    /// A flush has called the function.
    pub fn flushed(mut self) -> Self {
        self.run.flushed = self.recorder.plant != Some(Plant::Early);
        self
    }

    /// The front end has given this run something.
    pub fn given(mut self, given: Option<Carried>) -> Self {
        self.given = given;
        self
    }

    /// How this run is to fail, if it is.
    pub fn failing(&self) -> Option<Failing> {
        let every = self.recorder.fail_every.filter(|&n| self.number % n == 0)?;
        Some(if self.number / every % 2 == 1 { Failing::Error } else { Failing::Panic })
    }

    pub fn stamp(&self) -> u64 {
        self.run.stamp
    }

    /// The number of `thread` that this run saw.
    pub fn saw(&self, thread: usize) -> u64 {
        self.seen[thread]
    }

    /// What every Nth run does with its own throttle, or with that of another key.
    pub fn inside(&self) -> Option<Inside> {
        let recorder = self.recorder;
        recorder.nest_every.filter(|&n| self.number % n == 0)?;
        let caller = recorder.threads();
        recorder.shows(caller, Doing::NestedCall);
        let way = match self.scattered(0) % 6 {
            0 | 1 => Way::Run,
            2 => Way::Within(Duration::ZERO),
            3 => Way::Try,
            4 => return Some(Inside::Flush),
            _ => return Some(Inside::Cancel),
        };
        // Runs never overlap, so no number is given twice; where keys have runs of their own at a time, no
        // call from inside is promised anything.
        let number = recorder.number(caller) + 1;
        let keys = recorder.keys();
        let key = if recorder.front.defers() { key_of(caller, number, keys) } else { self.key };
        let made_at = recorder.now();
        recorder.publish(caller, number);
        Some(Inside::Call(Call::inside(caller, key, number, way, self.known(key), made_at)))
    }

    fn known(&self, key: usize) -> u64 {
        if key == self.key { self.run.stamp } else { self.recorder.latest(key) }
    }

    /// Records the answer to a call from inside the run.
    pub fn told(&self, call: &Call, answer: &Answer) {
        let mut inside = locked(&self.recorder.keys[call.key].inside);
        inside.tally.add(Event::Nested);
        caller::note(&mut inside, self.recorder, call, answer);
        self.recorder.shows(call.caller, Doing::Function);
    }

    /// Records a flush from inside the run.
    pub fn has_flushed(&self, has_started: bool) {
        let mut inside = self.has_come_back();
        if has_started {
            inside.tally.add(Event::RanInside);
        }
    }

    /// Records a cancel from inside the run: `epoch` reads the epoch.
    pub fn has_cancelled(&self, gave_up: bool, epoch: impl FnOnce() -> u64) {
        let mut inside = self.has_come_back();
        if gave_up {
            inside.cancelled(self.recorder.cancelled(epoch));
        }
    }

    fn has_come_back(&self) -> MutexGuard<'_, Testimony> {
        self.recorder.shows(self.recorder.threads(), Doing::Function);
        let mut inside = locked(&self.of_key.inside);
        inside.tally.add(Event::Nested);
        inside
    }

    /// How much longer it takes.
    pub fn left(&self) -> u64 {
        let recorder = self.recorder;
        if recorder.hurry.load(Relaxed) {
            return 0;
        }
        let most = recorder.run_time;
        let takes =
            if recorder.vary_run_time && most < u64::MAX { self.scattered(1) % (most + 1) } else { most };
        takes.saturating_sub(recorder.now().saturating_sub(self.run.inside))
    }

    /// A number that looks drawn, the same whenever it is asked for.
    fn scattered(&self, salt: u64) -> u64 {
        let mixed = (self.number as u64 ^ salt << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 20
    }

    /// Lets the run take its time, and ends it.
    pub fn run(self) {
        loop {
            match self.left() {
                0 => return self.end(),
                left => pause(left),
            }
        }
    }

    /// Lets the run take its time, ends it, and fails as it is to.
    pub fn run_or_fail(self) -> Result<(), Planned> {
        loop {
            match self.left() {
                0 => return self.end_or_fail(),
                left => pause(left),
            }
        }
    }

    /// Ends the run, records it, and fails as it is to: it is tried again then.
    ///
    /// # Panics
    ///
    /// If that is how it fails, or if every Nth run panics.
    pub fn end_or_fail(mut self) -> Result<(), Planned> {
        let (failing, key) = (self.failing(), self.of_key);
        let Some(failing) = failing else {
            self.end();
            return Ok(());
        };
        self.run.has_failed = true;
        let hushes = self.recorder.plant == Some(Plant::Hush);
        drop(self);
        match failing {
            _ if hushes => Ok(()),
            Failing::Error => Err(Planned),
            Failing::Panic => {
                key.panics.fetch_add(1, Relaxed);
                panic::resume_unwind(Box::new(Asked));
            }
        }
    }

    /// Ends the run and records it. Every Nth run then panics.
    pub fn end(self) {
        let (key, number, every) = (self.of_key, self.number, self.recorder.panic_every);
        drop(self);
        if every.is_some_and(|n| number % n == 0) {
            key.panics.fetch_add(1, Relaxed);
            // A silent panic: it bypasses the panic hook.
            panic::resume_unwind(Box::new(Asked));
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let run = Run { end: self.recorder.now(), ..self.run };
        self.of_key.finished.store(run.stamp, Relaxed);
        self.recorder.shows(self.recorder.threads(), Doing::Nothing);
        if let Some(log) = &mut *locked(&self.of_key.log) {
            log.push(run, self.seen);
            if let Some(given) = self.given.take() {
                log.push_given(given);
            }
            if log.is_full() {
                self.recorder.stop();
            }
        }
        self.of_key.running.fetch_sub(1, Relaxed);
    }
}

/// Waits a part of `left`: asleep while much is left, since a sleep ends late, then awake.
pub fn pause(left: u64) {
    const LATE: u64 = 60_000;
    const LONGEST: u64 = 20_000_000;
    if left > 2 * LATE {
        thread::sleep(Duration::from_nanos((left - LATE).min(LONGEST)));
    } else {
        std::hint::spin_loop();
    }
}
