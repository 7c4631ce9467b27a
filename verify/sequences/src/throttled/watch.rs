//! How the driver knows that the thread rests: by its readings of the clock, not by time.
//!
//! The thread takes one reading for each look, and looks once for each time that it is woken. So after
//! an operation that wakes it, it either begins a run, or ends, or has begun a look; and if it is woken
//! once more and begins another look, the one before that is over.

use super::function::Shown;
use super::life::{Life, Point};
use crate::patience::until;
use crate::watched::Watched;
use std::sync::Arc;

/// The driver's view of the thread.
pub struct Watch {
    pub clock: Arc<Watched>,
    pub shown: Arc<Shown>,
    /// The readings that were taken when the thread came to rest.
    known: usize,
}

impl Watch {
    pub fn new(clock: Arc<Watched>, shown: Arc<Shown>) -> Self {
        Self { clock, shown, known: 0 }
    }

    /// The run in progress is about to end, after which the thread takes this many readings before it looks.
    pub fn run_ends(&mut self, readings: usize) {
        // In a run it takes readings for the operations that are called inside.
        self.known = self.clock.readings() + readings;
    }

    /// Waits until the thread, which was just woken, rests where the life says, and `agrees`.
    ///
    /// # Panics
    ///
    /// If it is not woken, or rests elsewhere.
    pub fn rests(&mut self, life: &Life, agrees: impl Fn() -> bool) {
        let point = life.point();
        let arrived = || match point {
            Point::InARun => self.shown.begun() == life.runs,
            Point::Ended => self.shown.is_dropped(),
            Point::Asleep => agrees(),
        };
        let elsewhere = || {
            let begins_another = self.shown.begun() > life.runs;
            let is_in_another = point != Point::InARun && self.shown.begun() != life.runs;
            begins_another || is_in_another || point != Point::Ended && self.shown.is_dropped()
        };
        let looks_again = |known| self.clock.readings() > known;
        let goes = || point != Point::Asleep && arrived();
        until(|| goes() || elsewhere() || looks_again(self.known));
        // What it looked at may have led it on, and it has not come to rest yet.
        for _ in 0..3 {
            if arrived() || elsewhere() {
                break;
            }
            let known = self.clock.readings();
            self.clock.time.advance(std::time::Duration::ZERO);
            until(|| goes() || elsewhere() || looks_again(known));
        }
        assert!(!elsewhere(), "the thread goes elsewhere than {point:?}");
        assert!(arrived() && agrees(), "the thread does not rest at {point:?}");
        self.known = self.clock.readings();
    }
}
