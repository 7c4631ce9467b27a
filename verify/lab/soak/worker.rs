//! What a thread of a round does.

use crate::plan::Plan;
use crate::record::{Event, Promise, Testimony};
use crate::soak::{Doing, Soak, now};
use atomic_throttle::{Coalesced, NotFlushed, Outcome, Refused, WaitError};
use measure_options::soak::Plant;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;
use std::{hint, thread};

/// The payload of a panic that was drawn.
struct Drawn;

/// One thread, with its report.
pub struct Worker<'s> {
    soak: &'s Soak,
    plan: &'s Plan,
    place: usize,
    testimony: &'s mut Testimony,
    random: SmallRng,
    plant: Option<Plant>,
    number: u64,
}

impl<'s> Worker<'s> {
    pub fn new(
        soak: &'s Soak,
        plan: &'s Plan,
        place: usize,
        testimony: &'s mut Testimony,
        seed: u64,
        plant: Option<Plant>,
    ) -> Self {
        // The numbers go on from round to round.
        let number = soak.published(place);
        let random = SmallRng::seed_from_u64(seed.wrapping_add(place as u64));
        Self { soak, plan, place, testimony, random, plant, number }
    }

    /// Calls until the round ends.
    pub fn storm(mut self) {
        while !self.soak.is_stopped() {
            self.call();
            self.aside();
            self.soak.shows(self.place, Doing::Nothing);
            if self.plan.pause > 0 {
                let time = self.draw(self.plan.pause);
                pause(time);
            }
        }
    }

    /// A call of one kind or the other.
    fn call(&mut self) {
        if self.chance(self.plan.odds.try_run) {
            self.try_run();
        } else if self.chance(self.plan.odds.run_within) {
            let limit = self.limit();
            self.run(Some(limit));
        } else {
            self.run(None);
        }
        if self.plant == Some(Plant::Overlap) && self.chance(0.1) {
            self.soak.perform(&mut self.testimony.seen, false, |_| {});
        }
    }

    /// `run`, or with a limit `run_within`.
    pub fn run(&mut self, limit: Option<Duration>) {
        let soak = self.soak;
        let before = soak.epoch();
        self.testimony.tally.add(Event::Call);
        // The clock is read before the number is published: between that and the call there must be
        // nothing that gives the store time to arrive.
        let called = now();
        self.publish(if limit.is_some() { Doing::RunWithin } else { Doing::Run });
        let number = self.number;
        let told = panic::catch_unwind(AssertUnwindSafe(|| match limit {
            None => Ok(soak.throttle.run(|| self.perform(false))),
            Some(limit) => soak.throttle.run_within(limit, || self.perform(false)),
        }));
        if self.plant == Some(Plant::Late) {
            soak.publish(self.place, self.number);
        }
        let tally = &mut self.testimony.tally;
        match told {
            Err(payload) => self.caught(payload),
            Ok(Err(_)) => tally.add(Event::Refused),
            Ok(Ok(Outcome::RanAtOnce(()))) => tally.add(Event::RanAtOnce),
            Ok(Ok(Outcome::RanDeferred(()))) => tally.add(Event::RanDeferred),
            Ok(Ok(Outcome::Cancelled)) => tally.add(Event::Cancelled),
            Ok(Ok(Outcome::Coalesced(handle))) => {
                tally.add(Event::Coalesced);
                let epoch = handle.epoch().as_u64();
                self.promised(Promise { epoch, number, called, vague: false });
                if self.chance(self.plan.odds.wait) {
                    self.wait(&handle);
                }
            }
            Ok(Ok(Outcome::Owed)) => {
                tally.add(Event::Owed);
                // Only a call that may not wait any longer leaves a run owed.
                let at_limit = limit.is_some_and(|limit| now() >= called.saturating_add(nanos(limit)));
                if !at_limit {
                    tally.add(if limit.is_some() { Event::LeftEarly } else { Event::NeedlesslyOwed });
                }
                let epoch = soak.epoch();
                self.promised(Promise { epoch, number, called, vague: epoch != before });
            }
        }
    }

    fn try_run(&mut self) {
        let soak = self.soak;
        self.testimony.tally.add(Event::Call);
        self.publish(Doing::TryRun);
        match panic::catch_unwind(AssertUnwindSafe(|| soak.throttle.try_run(|| self.perform(false)))) {
            Err(payload) => self.caught(payload),
            Ok(Ok(())) => self.testimony.tally.add(Event::RanTried),
            Ok(Err(_)) => self.testimony.tally.add(Event::Refused),
        }
    }

    /// Waits for the run that covers a call.
    fn wait(&mut self, handle: &Coalesced<'_>) {
        let limit = self.random.random_bool(0.5).then(|| self.limit());
        self.testimony.tally.add(Event::Wait);
        self.soak.shows(self.place, Doing::Wait);
        let begun = now();
        let told = match limit {
            None => handle.wait(),
            Some(limit) => handle.wait_for(limit),
        };
        let tally = &mut self.testimony.tally;
        match told {
            // What the covering run wrote is visible: its stamp, or that of one after it.
            Ok(()) if self.soak.finished() <= handle.epoch().as_u64() => tally.add(Event::WaitedInVain),
            Ok(()) => {}
            Err(WaitError::Cancelled) => tally.add(Event::WaitCancelled),
            Err(WaitError::Owed) => tally.add(Event::WaitOwed),
            Err(WaitError::TimedOut)
                if limit.is_some_and(|limit| now() >= begun.saturating_add(nanos(limit))) => {}
            // Not inside a run, and not before the limit.
            Err(_) => tally.add(Event::WaitedEarly),
        }
    }

    /// What a thread does to the throttle besides calling it.
    fn aside(&mut self) {
        if self.chance(self.plan.odds.cancel) {
            self.cancel();
        }
        if self.chance(self.plan.odds.flush) {
            let _ = self.flush();
        }
        if self.chance(self.plan.odds.change) {
            self.change();
        }
    }

    pub fn cancel(&mut self) {
        self.soak.shows(self.place, Doing::Cancel);
        if self.soak.throttle.cancel() && self.plant != Some(Plant::Silent) {
            self.testimony.tally.add(Event::Cancel);
            self.testimony.cancelled = Some((self.soak.epoch(), now()));
        }
    }

    /// Performs what is pending or owed.
    pub fn flush(&mut self) -> Result<(), NotFlushed> {
        let soak = self.soak;
        self.soak.shows(self.place, Doing::Flush);
        let told = self.plant != Some(Plant::Early);
        match panic::catch_unwind(AssertUnwindSafe(|| soak.throttle.flush(|| self.perform(told)))) {
            Err(payload) => {
                self.caught(payload);
                Ok(())
            }
            Ok(flushed) => flushed.map(|()| self.testimony.tally.add(Event::RanFlushed)),
        }
    }

    fn change(&mut self) {
        let to = self.plan.thresholds[self.random.random_range(0..self.plan.thresholds.len())];
        self.soak.shows(self.place, Doing::SetThreshold);
        if self.soak.change(to) {
            self.testimony.tally.add(Event::Change);
        }
    }

    /// The function that every call passes.
    fn perform(&mut self, flushed: bool) {
        let (soak, number) = (self.soak, self.number);
        let mut seen = std::mem::take(&mut self.testimony.seen);
        soak.perform(&mut seen, flushed, |stamp| {
            soak.shows(self.place, Doing::Function);
            let most = self.plan.run_time;
            let time = if self.plan.any_run_time { self.draw(most) } else { most };
            pause(time);
            if self.chance(self.plan.odds.nested) {
                self.nested(stamp);
            }
        });
        let blind = seen[self.place] < number;
        self.testimony.seen = seen;
        if blind && self.plant != Some(Plant::Late) {
            self.testimony.tally.add(Event::Blind);
        }
        if self.chance(self.plan.odds.panic) {
            self.testimony.tally.add(Event::Thrown);
            // A silent panic: it bypasses the panic hook.
            panic::resume_unwind(Box::new(Drawn));
        }
    }

    /// A call inside the run with this stamp. None of them runs, and none waits.
    fn nested(&mut self, stamp: u64) {
        let throttle = &self.soak.throttle;
        self.testimony.tally.add(Event::Nested);
        self.publish(Doing::NestedCall);
        let (number, called) = (self.number, now());
        let mut ran = false;
        let told = match self.random.random_range(0..6) {
            0 | 1 => Ok(throttle.run(|| ran = true)),
            2 => throttle.run_within(Duration::ZERO, || ran = true),
            3 => throttle.try_run(|| ran = true).map(|()| Outcome::RanAtOnce(())),
            4 => match throttle.flush(|| ran = true) {
                Err(NotFlushed::Running) => Err(Refused::Running),
                _ => Ok(Outcome::RanAtOnce(())),
            },
            _ => {
                self.cancel();
                Err(Refused::Running)
            }
        };
        match told {
            Err(_) => {}
            Ok(Outcome::Owed) => {
                self.testimony.tally.add(Event::Owed);
                self.promised(Promise { epoch: stamp, number, called, vague: false });
            }
            Ok(Outcome::Coalesced(handle)) => {
                let epoch = handle.epoch().as_u64();
                self.promised(Promise { epoch, number, called, vague: false });
                // This run is in progress: it cannot be over, nor can one after it.
                ran |= handle.wait().is_ok();
            }
            Ok(_) => ran = true,
        }
        if ran {
            self.testimony.tally.add(Event::RanInside);
        }
        self.soak.shows(self.place, Doing::Function);
    }

    /// Publishes the number of the next call.
    #[inline]
    fn publish(&mut self, doing: Doing) {
        self.number += 1;
        self.soak.shows(self.place, doing);
        if self.plant != Some(Plant::Late) {
            self.soak.publish(self.place, self.number);
        }
    }

    fn promised(&mut self, promise: Promise) {
        if self.testimony.promised(promise) {
            self.soak.stop();
        }
    }

    fn caught(&mut self, payload: Box<dyn Any + Send>) {
        if !payload.is::<Drawn>() {
            panic::resume_unwind(payload);
        }
        self.testimony.tally.add(Event::Caught);
    }

    fn chance(&mut self, odds: f64) -> bool {
        odds > 0.0 && self.random.random_bool(odds)
    }

    fn draw(&mut self, most: u64) -> u64 {
        self.random.random_range(0..=most)
    }

    /// How long a call may wait: not at all, a little, or more than a window.
    fn limit(&mut self) -> Duration {
        let most = if self.random.random_bool(0.2) { 0 } else { 3 * self.plan.threshold };
        Duration::from_nanos(self.draw(most))
    }
}

/// Asleep while much is left, since a sleep ends late, then awake.
fn pause(time: u64) {
    const LATE: u64 = 60_000;
    let begun = now();
    while let Some(left) = time.checked_sub(now().saturating_sub(begun)).filter(|&left| left > 0) {
        if left > 2 * LATE {
            thread::sleep(Duration::from_nanos(left - LATE));
        } else {
            hint::spin_loop();
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
