//! One caller: when it calls, on which key, and what it records of the answers.

use super::options::Options;
use super::record::{self, CallMark, DroppedCall, Heard, Kind, Testimony};
use super::recorder::{Recorder, nanos};
use super::slice::Slice;
use super::turns::key_of;
use atomic_throttle::{Epoch, WaitError};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand_distr::{Distribution, Exp};
use std::sync::Arc;
use std::time::Duration;

/// One call, from the moment at which its number is published.
pub struct Call {
    /// Who calls.
    pub thread: usize,
    /// Which throttle.
    pub key: usize,
    /// Counted for each thread.
    pub number: u64,
    /// Whether it waits for the run that covers it.
    pub waits: bool,
    /// The latest known epoch of the key before the call, for front ends that return none.
    pub known: u64,
    called: u64,
}

/// By which run a call is covered.
#[derive(Clone, Copy)]
pub enum Promised {
    /// The first one after this epoch.
    After(u64),
    /// The first one after this time, or an earlier one. At this time the call had returned.
    By(u64),
}

/// The answer to a call.
pub struct Answer {
    pub kind: Kind,
    /// The promise that a later run covers the call.
    pub promise: Option<Promised>,
    /// The run in the call itself.
    pub own: Option<Own>,
    /// The epoch after which a run has ended, according to a wait.
    pub heard: Option<u64>,
}

impl Answer {
    /// An answer without a promise, a run or a wait.
    pub fn nothing_but(kind: Kind) -> Self {
        Self { kind, promise: None, own: None, heard: None }
    }

    /// The promise of a later run, and perhaps the result of a wait for it.
    pub fn promised(kind: Kind, epoch: Epoch, waited: Option<Result<(), WaitError>>) -> Self {
        let epoch = epoch.as_u64();
        let (kind, heard) = match waited {
            Some(Ok(())) => (kind, Some(epoch)),
            Some(Err(WaitError::Owed)) => (Kind::Owed, None),
            Some(Err(_)) | None => (kind, None),
        };
        Self { kind, promise: Some(Promised::After(epoch)), own: None, heard }
    }
}

/// A run in a call of its own.
#[derive(Clone, Copy)]
pub struct Own {
    pub stamp: u64,
    /// The number of its own thread that it saw.
    pub saw: u64,
}

pub struct Caller {
    recorder: Arc<Recorder>,
    thread: usize,
    slice: Slice,
    pace: Option<CallRate>,
    cancel_every: Option<u64>,
    wait_every: Option<u64>,
    tells_epochs: bool,
    number: u64,
    testimonies: Vec<Testimony>,
    /// For each key and kind, the cell of its last mark.
    last_cells: Vec<[Option<u32>; Kind::ALL.len()]>,
}

impl Caller {
    /// Keeps what happens in `slice` for the picture.
    pub fn new(thread: usize, options: &Options, recorder: &Arc<Recorder>, slice: Slice) -> Self {
        let keys = recorder.keys();
        Self {
            recorder: Arc::clone(recorder),
            thread,
            slice,
            pace: options.rate.map(|rate| CallRate::new(rate, recorder.now())),
            cancel_every: options.cancel_every,
            wait_every: options.wait_every,
            tells_epochs: options.front.tells_epochs(),
            number: 0,
            testimonies: (0..keys).map(|_| Testimony::new(thread)).collect(),
            last_cells: vec![[None; Kind::ALL.len()]; keys],
        }
    }

    /// Decides when the next call is due.
    pub fn plan(&mut self) {
        if let Some(pace) = &mut self.pace {
            pace.plan();
        }
    }

    /// How long until then; 0 also when the storm is over.
    pub fn left(&self) -> u64 {
        match &self.pace {
            Some(pace) if !self.recorder.is_stopped() => pace.due.saturating_sub(self.recorder.now()),
            _ => 0,
        }
    }

    /// Begins a call, unless the storm is over.
    #[inline]
    pub fn begin(&mut self) -> Option<Call> {
        if self.recorder.is_stopped() {
            return None;
        }
        self.number += 1;
        let (thread, number) = (self.thread, self.number);
        let key = key_of(thread, number, self.recorder.keys());
        let waits = self.wait_every.is_some_and(|n| number % n == 0);
        let known = if self.tells_epochs { 0 } else { self.recorder.latest(key) };
        // The clock is read before the number is published: between that and the call there must be
        // nothing that gives the store time to arrive.
        let called = self.recorder.now();
        self.recorder.publish(thread, number);
        Some(Call { thread, key, number, waits, known, called })
    }

    /// Records the answer to a call.
    pub fn told(&mut self, call: &Call, told: &Answer) {
        let returned = self.recorder.now();
        let &Call { key, number, called, .. } = call;
        let testimony = &mut self.testimonies[key];
        record::add(&mut testimony.times[told.kind as usize], returned - called);
        if let Some(own) = told.own {
            testimony.longest_delay = testimony.longest_delay.max(own.stamp.saturating_sub(called));
            testimony.blind += u64::from(own.saw < number);
        }
        match told.promise {
            Some(Promised::After(epoch)) => testimony.promised(epoch, number, called),
            Some(Promised::By(after)) => testimony.promised_vaguely(call.known, after, number, called),
            None => {}
        }
        if let Some(epoch) = told.heard {
            testimony.heard.push(Heard { epoch, number, at: returned });
        }
        if told.kind == Kind::Dropped {
            testimony.unheard = Some(DroppedCall { number, called });
        }
        if let Some(cell) = self.slice.cell(called) {
            let last = &mut self.last_cells[key][told.kind as usize];
            if *last != Some(cell) {
                *last = Some(cell);
                let until = told.own.map_or(returned, |own| own.stamp);
                testimony.marks.push(CallMark { kind: told.kind, called, until });
            }
        }
        if let Some(pace) = &mut self.pace {
            pace.called(returned - called);
        }
    }

    /// Cancels the pending run, after every so many calls.
    pub fn cancel(&mut self, call: &Call, cancel: impl FnOnce() -> bool) {
        if self.cancel_every.is_some_and(|n| self.number % n == 0) && cancel() {
            let testimony = &mut self.testimonies[call.key];
            testimony.cancels += 1;
            testimony.cancelled_at = self.recorder.now();
        }
    }

    /// What it reports, for each key.
    pub fn testify(self) -> Vec<Testimony> {
        self.testimonies
    }
}

/// Calls at random moments, so many per second on average. The time inside calls does not count: a
/// thread that was an owner has nothing to catch up with.
struct CallRate {
    gaps: Exp<f64>,
    random: SmallRng,
    due: u64,
}

impl CallRate {
    fn new(rate: f64, now: u64) -> Self {
        let gaps = Exp::new(rate).expect("the rate is greater than 0");
        Self { gaps, random: SmallRng::from_rng(&mut rand::rng()), due: now }
    }

    fn plan(&mut self) {
        let gap = Duration::try_from_secs_f64(self.gaps.sample(&mut self.random));
        self.due = self.due.saturating_add(gap.map_or(u64::MAX, nanos));
    }

    fn called(&mut self, took: u64) {
        self.due = self.due.saturating_add(took);
    }
}
