//! The end of each sequence: the last handle is dropped, inside a run or outside.

use super::function::Commands;
use super::life::{Life, Point};
use super::op::Setup;
use super::watch::Watch;
use crate::seen::decode;
use crate::throttle::clock::Move;
use atomic_throttle::{Pending, Throttled};
use reference::NEVER;
use reference::reached::Reached;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

pub struct Ending {
    commands: Commands,
    watch: Watch,
    life: Life,
    runs_seen: u64,
    /// Kept until it is dropped on purpose.
    throttled: Option<Throttled>,
}

impl Drop for Ending {
    /// Lets the thread end when a difference was found.
    fn drop(&mut self) {
        self.commands.free();
        if let Some(throttled) = self.throttled.take() {
            throttled.cancel();
            let _ = throttled.shutdown(Pending::Discard).wait();
        }
    }
}

impl Ending {
    /// Begins where the driver has left the thread: asleep or ended.
    pub fn new(throttled: Throttled, commands: Commands, watch: Watch, life: Life) -> Self {
        let runs_seen = life.runs;
        Self { commands, watch, life, runs_seen, throttled: Some(throttled) }
    }

    pub fn drop_last(mut self, setup: Setup) -> Reached {
        let mut reached = Reached::default();
        // A window without an end would never let the last handle go.
        if self.life.is_pending() && self.life.model().deadline() == NEVER {
            self.open();
            self.end_runs();
        }
        let weak = self.handle().downgrade();
        let inside = setup.dropped_inside && self.life.ended().is_none();
        if inside {
            self.get_into_a_run();
        }
        let was_pending = self.life.is_pending();
        let sleeps = self.life.point() == Point::Asleep;
        let last = self.throttled.take().expect("it is kept until now");
        let dropping = if inside {
            self.commands.perform(last, |_| ());
            assert!(weak.upgrade().is_none(), "another handle keeps it going");
            reached.count("the last handle dropped inside");
            None
        } else {
            reached.count("the last handle dropped outside");
            let dropping = thread::spawn(move || drop(last));
            if self.life.has_given_up {
                reached.count("the last handle dropped without a wait");
                assert!(dropping.join().is_ok(), "a drop does not panic");
                None
            } else {
                Some(dropping)
            }
        };
        self.life.end(setup.on_drop);
        if sleeps {
            self.looks();
        }
        self.end_runs();
        if self.life.point() == Point::Asleep {
            assert!(dropping.as_ref().is_none_or(|thread| !thread.is_finished()), "it is not over yet");
            self.move_clock(self.life.model().deadline().max(self.life.rested_at));
            self.end_runs();
        }
        assert_eq!(self.life.point(), Point::Ended, "G5: it ends");
        assert!(dropping.is_none_or(|thread| thread.join().is_ok()), "a drop does not panic");
        assert!(weak.upgrade().is_none());
        assert_eq!(self.watch.shown.begun(), self.life.runs);
        assert!(self.life.uncovered.is_empty() || self.life.is_owed(), "G3: a call is lost");
        if was_pending {
            reached.count(match setup.on_drop {
                Pending::Finish => "the last handle finishes what is pending",
                Pending::Flush => "the last handle flushes what is pending",
                Pending::Discard => "the last handle discards what is pending",
            });
        }
        reached
    }

    fn handle(&self) -> &Throttled {
        self.throttled.as_ref().expect("the last handle is not dropped yet")
    }

    fn move_clock(&mut self, to: u64) {
        let movement = Move::Jump { to };
        self.life.move_clock(movement);
        movement.shift(&self.watch.clock.time);
        self.looks();
    }

    /// Lets what is pending run.
    fn open(&mut self) {
        self.life.judge.model.threshold = 0;
        self.handle().set_threshold(Duration::ZERO);
        self.looks();
        if self.life.point() == Point::Asleep {
            self.move_clock(self.life.rested_at.max(self.life.now));
        }
    }

    /// A run, during which another becomes pending.
    fn get_into_a_run(&mut self) {
        self.open();
        if self.life.point() == Point::Asleep {
            self.call();
            self.looks();
        }
        assert_eq!(self.life.point(), Point::InARun);
        self.call();
    }

    fn call(&mut self) {
        let number = self.watch.shown.board.fetch_add(1, Ordering::Relaxed) + 1;
        let expected = self.life.trigger(number).map(|(epoch, _)| epoch);
        assert_eq!(self.handle().trigger().map(|handle| handle.epoch().as_u64()), expected);
    }

    /// The thread was woken.
    fn looks(&mut self) {
        let Self { watch, life, throttled, .. } = self;
        life.look();
        let model = *life.model();
        watch.rests(life, || {
            throttled.as_ref().is_none_or(|throttled| decode(&throttled.snapshot()) == model)
        });
        self.begun();
    }

    fn begun(&mut self) {
        if self.life.runs > self.runs_seen {
            self.runs_seen = self.life.runs;
            let promised = self.life.uncovered.drain(..).max().unwrap_or(0);
            assert!(self.watch.shown.saw() >= promised, "G3: call {promised} is not covered");
        }
    }

    fn end_runs(&mut self) {
        while self.life.point() == Point::InARun {
            self.watch.run_ends(self.life.readings_after_a_run());
            self.life.end_run(false);
            self.commands.end_run(false);
            self.looks();
        }
    }
}
