//! The operations that are no calls: a cancel, moves of the clock, a new threshold.

use super::super::clock::Move;
use super::Play;
use atomic_throttle::{Threshold, Throttle};
use reference::planted::Fault;
use reference::{Event, MAX, NEVER, Told};
use std::time::Duration;

impl<'t: 's, 's> Play<'s, '_, 't> {
    pub fn cancel(&mut self, inside: bool) {
        let told = self.judge.step(Event::Cancel);
        let cancelled = self.at(inside, Throttle::cancel);
        assert_eq!(if cancelled { Told::Yes } else { Told::No }, told);
        if cancelled {
            self.reached.count("cancelled");
            self.uncovered.clear();
            self.owner_looks();
        }
    }

    pub fn move_clock(&mut self, inside: bool, movement: Move) {
        self.shift(inside, movement);
        self.throttle.clock().notify();
        self.owner_looks();
    }

    pub fn shift(&mut self, inside: bool, movement: Move) {
        self.now = movement.after(self.now);
        self.at(inside, move |throttle| throttle.clock().shift(movement));
    }

    pub fn set_threshold(&mut self, inside: bool, to: u64) {
        self.judge.model.threshold = to.min(MAX);
        self.at(inside, move |throttle| throttle.set_threshold(Duration::from_nanos(to)));
        if self.judge.fault != Some(Fault::ThresholdUnnoticed) {
            self.owner_looks();
        }
    }

    pub fn try_set_threshold(&mut self, inside: bool, to: Duration) {
        let changed = self.at(inside, move |throttle| {
            Threshold::try_new(to).map(|threshold| throttle.set_threshold(threshold))
        });
        if to.as_nanos() > u128::from(MAX) {
            assert_eq!(changed.expect_err("it is too long").requested, to);
            self.reached.count("threshold too long");
        } else {
            assert_eq!(changed, Ok(()));
            self.judge.model.threshold = nanos(to);
            self.owner_looks();
        }
    }
}

pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NEVER)
}
