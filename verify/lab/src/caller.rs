//! One caller: when and how it calls, on which key, and what it records of the answers.

use crate::front::Front;
use crate::options::Options;
use crate::record::{self, CallMark, DroppedCall, Event, Heard, Kind, Testimony};
use crate::recorder::{Recorder, nanos};
use crate::slice::Slice;
use crate::turns::key_of;
use crate::watch::Doing;
use atomic_throttle::{Epoch, WaitError};
use measure_options::soak::Plant;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp};
use std::sync::Arc;
use std::time::Duration;

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Run,
    /// It waits only so long.
    Within(Duration),
    /// Now or not at all.
    Try,
}

/// How long a wait for the covering run lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    ToTheEnd,
    For(Duration),
}

/// One call, from the moment at which its number is published.
pub struct Call {
    /// Who calls.
    pub caller: usize,
    /// Which throttle.
    pub key: usize,
    /// Counted for each caller.
    pub number: u64,
    pub way: Way,
    /// Whether it waits for the run that covers it.
    pub wait: Option<Wait>,
    /// The latest known epoch of the key before the call.
    pub known: u64,
    /// Whether it is made from inside a run.
    is_inside: bool,
    made_at: u64,
}

impl Call {
    /// A call from inside a run. It tries to wait, if only to see that it is not let.
    pub fn inside(caller: usize, key: usize, number: u64, way: Way, known: u64, made_at: u64) -> Self {
        Self { caller, key, number, way, wait: Some(Wait::ToTheEnd), known, is_inside: true, made_at }
    }

    /// Waits for the run that covers the call, if it is to. `epoch` is the one after which that run comes;
    /// without it a good end says nothing.
    pub fn wait(
        &self,
        recorder: &Recorder,
        epoch: Option<u64>,
        wait: impl FnOnce(Option<Duration>) -> Result<(), WaitError>,
    ) -> Option<Waited> {
        let limit = match self.wait? {
            Wait::ToTheEnd => None,
            Wait::For(limit) => Some(limit),
        };
        recorder.shows(self.caller, if self.is_inside { Doing::NestedCall } else { Doing::Wait });
        let begun = recorder.now();
        Some(Waited { epoch, begun, limit, told: wait(limit) })
    }

    /// A wait that has ended, and that had no limit.
    pub fn waited(&self, epoch: Epoch, told: Result<(), WaitError>) -> Waited {
        Waited { epoch: Some(epoch.as_u64()), begun: self.made_at, limit: None, told }
    }
}

/// How a wait ended.
pub struct Waited {
    epoch: Option<u64>,
    begun: u64,
    limit: Option<Duration>,
    told: Result<(), WaitError>,
}

/// By which run a call is covered.
#[derive(Clone, Copy)]
pub enum Promised {
    /// The first one after this epoch.
    After(u64),
    /// The first one after this epoch, or an earlier one that has seen the call.
    AfterOrSeen(u64),
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
    pub waited: Option<Waited>,
}

impl Answer {
    /// An answer without a promise, a run or a wait.
    pub fn nothing_but(kind: Kind) -> Self {
        Self { kind, promise: None, own: None, waited: None }
    }

    /// The promise of a later run, and perhaps the result of a wait for it.
    pub fn promised(kind: Kind, epoch: Epoch, waited: Option<Waited>) -> Self {
        let promise = Some(Promised::After(epoch.as_u64()));
        Self { promise, waited, ..Self::nothing_but(kind) }
    }
}

/// A run in a call of its own.
#[derive(Clone, Copy)]
pub struct Own {
    pub stamp: u64,
    /// The number of its own thread that it saw.
    pub saw: u64,
}

/// Records the answer to a call, and returns when it returned.
pub fn note(testimony: &mut Testimony, recorder: &Recorder, call: &Call, answer: &Answer) -> u64 {
    let returned = recorder.now();
    let &Call { number, made_at: called, .. } = call;
    record::add(&mut testimony.times[answer.kind as usize], returned.saturating_sub(called));
    match answer.promise {
        Some(Promised::After(epoch)) => testimony.promised(epoch, number, called, returned),
        Some(Promised::AfterOrSeen(epoch)) => {
            testimony.promised_vaguely(epoch, epoch, number, called, returned);
        }
        Some(Promised::By(after)) => {
            testimony.promised_vaguely(call.known, after, number, called, returned);
        }
        None => {}
    }
    let tally = &mut testimony.tally;
    if let Some(own) = answer.own {
        testimony.longest_delay = testimony.longest_delay.max(own.stamp.saturating_sub(called));
        if own.saw < number {
            tally.add(Event::Blind);
        }
        if call.is_inside {
            tally.add(Event::RanInside);
        }
    }
    match (answer.kind, call.way) {
        (Kind::RanAtOnce, Way::Try) => tally.add(Event::Tried),
        // Only a call that may not wait any longer leaves a run owed.
        (Kind::Owed, way) => {
            tally.add(Event::Owed);
            match way {
                _ if call.is_inside => {}
                Way::Within(limit) if returned >= called.saturating_add(nanos(limit)) => {}
                Way::Within(_) => tally.add(Event::LeftEarly),
                Way::Run | Way::Try => tally.add(Event::NeedlesslyOwed),
            }
        }
        _ => {}
    }
    if let Some(waited) = &answer.waited {
        note_wait(testimony, recorder, call, waited, returned);
    }
    if answer.kind == Kind::Dropped {
        testimony.unheard = Some(DroppedCall { number, called });
    }
    if testimony.heard.len() >= recorder.waits() {
        recorder.stop();
    }
    returned
}

fn note_wait(testimony: &mut Testimony, recorder: &Recorder, call: &Call, waited: &Waited, returned: u64) {
    let tally = &mut testimony.tally;
    // The run that it is made from is in progress: it cannot be over, nor can one after it.
    if call.is_inside {
        if waited.told.is_ok() {
            tally.add(Event::RanInside);
        }
        return;
    }
    tally.add(Event::Wait);
    let is_at_limit = waited.limit.is_some_and(|limit| returned >= waited.begun.saturating_add(nanos(limit)));
    match waited.told {
        Ok(()) => {
            let Some(epoch) = waited.epoch else { return };
            // What the covering run wrote is visible: its stamp, or that of one after it.
            if recorder.finished(call.key) <= epoch {
                tally.add(Event::WaitedInVain);
            }
            testimony.heard.push(Heard { epoch, number: call.number, at: returned });
        }
        Err(WaitError::Cancelled) => tally.add(Event::WaitCancelled),
        Err(WaitError::Owed) => tally.add(Event::WaitOwed),
        Err(WaitError::TimedOut) if is_at_limit => {}
        // Who looks late may find that many more have panicked since.
        Err(WaitError::Panicked | WaitError::Forgotten) if recorder.panics() => {}
        // Of keys the cancels are remembered, too, and not all.
        Err(WaitError::Forgotten) if recorder.front.cancels_drop() && recorder.cancels() => {}
        // Not inside a run, and not before the limit.
        Err(_) => tally.add(Event::WaitedEarly),
    }
}

pub struct Caller {
    recorder: Arc<Recorder>,
    thread: usize,
    slice: Slice,
    options: Options,
    random: SmallRng,
    gaps: Option<Gaps>,
    number: u64,
    testimonies: Vec<Testimony>,
    /// For each key and kind, the cell of its last mark.
    last_cells: Vec<[Option<u32>; Kind::ALL.len()]>,
}

impl Caller {
    /// Keeps what happens in `slice` for the picture.
    pub fn new(thread: usize, options: Options, seed: u64, recorder: &Arc<Recorder>, slice: Slice) -> Self {
        let keys = recorder.keys();
        Self {
            recorder: Arc::clone(recorder),
            thread,
            slice,
            random: SmallRng::seed_from_u64(seed.wrapping_add(thread as u64)),
            gaps: options.rate.map(|rate| Gaps::new(rate, recorder.now())),
            options,
            number: 0,
            testimonies: (0..keys).map(|_| Testimony::new(thread)).collect(),
            last_cells: vec![[None; Kind::ALL.len()]; keys],
        }
    }

    /// Decides when the next call is due.
    pub fn plan(&mut self) {
        if let Some(gaps) = &mut self.gaps {
            gaps.plan(&mut self.random);
        }
    }

    /// How long until then; 0 also when the storm is over.
    pub fn left(&self) -> u64 {
        match &self.gaps {
            Some(gaps) if !self.recorder.is_stopped() => gaps.due.saturating_sub(self.recorder.now()),
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
        let (caller, number) = (self.thread, self.number);
        let key = key_of(caller, number, self.recorder.keys());
        let (way, wait) = (self.way(), self.wait());
        let needs_none = way == Way::Run;
        let known = if needs_none { 0 } else { self.recorder.latest(key) };
        self.recorder.shows(caller, Doing::of(way));
        // The clock is read before the number is published: between that and the call there must be
        // nothing that gives the store time to arrive.
        let made_at = self.recorder.now();
        if self.options.plant != Some(Plant::Late) {
            self.recorder.publish(caller, number);
        }
        Some(Call { caller, key, number, way, wait, known, is_inside: false, made_at })
    }

    fn way(&mut self) -> Way {
        if self.one_in(self.options.try_every) {
            Way::Try
        } else if self.one_in(self.options.within_every) {
            Way::Within(self.limit())
        } else {
            Way::Run
        }
    }

    fn wait(&mut self) -> Option<Wait> {
        let waits = self.one_in(self.options.wait_every);
        waits.then(|| {
            if self.one_in(self.options.limit_every) { Wait::For(self.limit()) } else { Wait::ToTheEnd }
        })
    }

    /// Records the answer to a call.
    pub fn told(&mut self, call: &Call, answer: &Answer) {
        if self.options.plant == Some(Plant::Late) {
            self.recorder.publish(self.thread, self.number);
        }
        let testimony = &mut self.testimonies[call.key];
        let returned = note(testimony, &self.recorder, call, answer);
        // Nothing is kept for a picture that nobody wants.
        if self.options.svg.is_some() {
            self.mark(call, answer, returned);
        }
        if let Some(gaps) = &mut self.gaps {
            gaps.called(returned - call.made_at);
        }
    }

    /// Keeps the call for the picture, if it is the first of its kind in its cell.
    fn mark(&mut self, call: &Call, answer: &Answer, returned: u64) {
        let Some(place) = self.slice.cell(call.made_at) else { return };
        let last = &mut self.last_cells[call.key][answer.kind as usize];
        if *last != Some(place) {
            *last = Some(place);
            let until = answer.own.map_or(returned, |own| own.stamp);
            let mark = CallMark { kind: answer.kind, called: call.made_at, until };
            self.testimonies[call.key].marks.push(mark);
        }
    }

    /// What a thread does to the throttle besides calling it.
    pub fn aside<F: Front>(&mut self, front: &F, call: &Call) {
        let key = call.key;
        if self.one_in(self.options.cancel_every) {
            self.recorder.shows(self.thread, Doing::Cancel);
            if front.cancel(key) && self.options.plant != Some(Plant::Silent) {
                let cancel = self.recorder.cancelled(|| front.epoch(key));
                self.testimonies[key].cancelled(cancel);
            }
        }
        if self.one_in(self.options.flush_every) {
            self.recorder.shows(self.thread, Doing::Flush);
            if front.flush(key) {
                self.testimonies[key].tally.add(Event::Flushed);
            }
        }
        if self.one_in(self.options.change_every) {
            self.recorder.shows(self.thread, Doing::SetThreshold);
            let thresholds = self.options.thresholds();
            let to = thresholds[self.random.random_range(0..thresholds.len())];
            if self.recorder.change(to, |to| front.set_threshold(to)) {
                self.testimonies[key].tally.add(Event::Change);
            }
        }
        if self.options.plant == Some(Plant::Overlap) && self.one_in(Some(10)) {
            let mut seen = self.recorder.room();
            drop(self.recorder.begin(key, &mut seen, || self.recorder.latest(key)));
        }
        self.recorder.shows(self.thread, Doing::Nothing);
    }

    /// What it reports, for each key.
    pub fn testify(self) -> Vec<Testimony> {
        self.testimonies
    }

    fn one_in(&mut self, n: Option<u64>) -> bool {
        n.is_some_and(|n| n == 1 || self.random.random_range(0..n) == 0)
    }

    /// How long a call may wait: not at all, a little, or more than a window, unless that outlasts the storm.
    fn limit(&mut self) -> Duration {
        let most = nanos(self.options.threshold.saturating_mul(3).min(self.options.seconds / 2));
        let most = if self.random.random_bool(0.2) { 0 } else { most };
        Duration::from_nanos(self.random.random_range(0..=most))
    }
}

/// The gaps between the calls: so many calls per second on average. The time inside calls does not count: a
/// thread that was an owner has nothing to catch up with.
struct Gaps {
    length: Exp<f64>,
    due: u64,
}

impl Gaps {
    fn new(rate: f64, now: u64) -> Self {
        Self { length: Exp::new(rate).expect("the rate is greater than 0"), due: now }
    }

    fn plan(&mut self, random: &mut SmallRng) {
        let gap = Duration::try_from_secs_f64(self.length.sample(random));
        self.due = self.due.saturating_add(gap.map_or(u64::MAX, nanos));
    }

    fn called(&mut self, took: u64) {
        self.due = self.due.saturating_add(took);
    }
}
