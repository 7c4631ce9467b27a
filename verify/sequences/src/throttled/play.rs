//! The driver: one operation after the other, on the throttle and on the model.

use super::function::Commands;
use super::handles::{EndWaiter, Waiter};
use super::life::{Life, Point};
use super::op::{Deed, Op};
use super::watch::Watch;
use crate::patience::until;
use crate::seen::decode;
use crate::throttle::clock::Move;
use atomic_throttle::{NotFlushed, Pending, Shutdown, Threshold, Throttled, Ticket, Timestamp, WaitError};
use reference::planted::Fault;
use reference::reached::Reached;
use reference::{MAX, Promise};
use std::sync::atomic::Ordering;
use std::thread::Scope;
use std::time::Duration;

pub struct Play<'s, 'e, 't> {
    pub scope: &'s Scope<'s, 'e>,
    pub throttled: &'t Throttled,
    pub clones: Vec<Throttled>,
    pub commands: &'t Commands,
    pub watch: Watch,
    pub life: Life,
    /// The runs that were seen to begin, and the start of the latest one.
    runs_seen: u64,
    latest_start: u64,
    calls: u64,
    pub handles: Vec<Ticket<'t>>,
    pub waiters: Vec<Waiter<'s>>,
    pub end_waiters: Vec<EndWaiter<'s>>,
    pub reached: Reached,
}

impl<'s, 'e, 't: 's> Play<'s, 'e, 't> {
    pub fn new(
        scope: &'s Scope<'s, 'e>,
        throttled: &'t Throttled,
        commands: &'t Commands,
        watch: Watch,
        life: Life,
    ) -> Self {
        let mut play = Self {
            scope,
            throttled,
            clones: Vec::new(),
            commands,
            watch,
            life,
            runs_seen: 0,
            latest_start: 0,
            calls: 0,
            handles: Vec::new(),
            waiters: Vec::new(),
            end_waiters: Vec::new(),
            reached: Reached::default(),
        };
        // The thread begins with a look.
        play.woken(true);
        play
    }

    pub fn is_in_a_run(&self) -> bool {
        self.life.point() == Point::InARun
    }

    pub fn perform(&mut self, op: Op) {
        let inside = op.inside && self.is_in_a_run();
        self.reached.count("operation");
        if inside {
            self.reached.count("inside");
        }
        match op.deed {
            Deed::Trigger => self.trigger(inside),
            Deed::Cancel => self.cancel(inside),
            Deed::Flush => self.flush(inside),
            Deed::Move(movement) => self.move_clock(inside, movement),
            Deed::ToDue => {
                let due = self.life.model().deadline();
                self.move_clock(inside, Move::Jump { to: due });
            }
            Deed::ToRested => self.move_clock(inside, Move::Jump { to: self.life.rested_at }),
            Deed::SetThreshold { to } => self.set_threshold(inside, to),
            Deed::TrySetThreshold { to } => self.try_set_threshold(inside, to),
            Deed::Ask { which } => self.ask(which),
            Deed::AskForAll => self.ask_for_all(inside),
            Deed::WaitElsewhere { which } => self.wait_elsewhere(which),
            Deed::Shutdown(pending) => self.shutdown(inside, pending),
            Deed::ShutdownElsewhere(pending) => self.shutdown_elsewhere(pending),
            Deed::Clone => self.clones.push(self.at(inside, Throttled::clone)),
            Deed::DropAClone => {
                let clone = self.clones.pop();
                self.at(inside, |_| drop(clone));
            }
            Deed::End { panics } => self.end_run(panics),
        }
        self.compare();
        self.settle_waiters();
    }

    /// Ends what is in progress, and lets what is pending run if a thread waits for it. Otherwise it is left
    /// pending.
    pub fn finish(mut self) -> (Life, Watch, Reached) {
        self.let_go();
        if !self.waiters.is_empty() || !self.end_waiters.is_empty() {
            self.move_clock(false, Move::Jump { to: self.life.rested_at });
            self.let_go();
            self.set_threshold(false, 0);
            self.let_go();
        }
        assert!(self.waiters.is_empty() && self.end_waiters.is_empty(), "G5: nobody waits for ever");
        for which in 0..self.handles.len() {
            self.ask(which);
        }
        self.ask_for_all(false);
        self.reached.add(&self.life.judge.edges);
        (self.life, self.watch, self.reached)
    }

    /// Ends the run in progress, and those that follow it at once.
    fn let_go(&mut self) {
        while self.is_in_a_run() {
            self.end_run(false);
            self.compare();
        }
        self.settle_waiters();
    }

    /// Performs `f` inside the run in progress, or outside.
    pub fn at<A: Send + 'static>(&self, inside: bool, f: impl FnOnce(&Throttled) -> A + Send + 'static) -> A {
        if inside { self.commands.perform(self.throttled.clone(), f) } else { f(self.throttled) }
    }

    /// What the thread does after an operation. `wakes` says whether the operation woke it from sleep.
    pub fn woken(&mut self, wakes: bool) {
        if !wakes {
            return;
        }
        self.life.look();
        let (throttled, model) = (self.throttled, *self.life.model());
        let (has_ended, next) = (self.life.has_ended, self.life.next_run_at());
        self.watch.rests(&self.life, || {
            // The thread drops the function, and then does one last thing.
            let ends = || throttled.shutdown(Pending::Discard).wait_for(Duration::ZERO).is_ok();
            if has_ended {
                until(ends);
            }
            // A look begins before it shows what it has seen.
            let seen = throttled.snapshot();
            decode(&seen) == model && seen.next_run_at.map(Timestamp::as_nanos) == next
        });
        if self.life.runs > self.runs_seen {
            self.begun();
        }
        self.count_the_rest();
    }

    /// Whether the thread sleeps, so that it must hear of the next operation.
    fn sleeps(&self) -> bool {
        self.life.point() == Point::Asleep
    }

    /// What holds of each start.
    fn begun(&mut self) {
        self.runs_seen += 1;
        assert_eq!(self.life.runs, self.runs_seen, "G2: another run begins before this one was let go");
        let saw = self.watch.shown.saw();
        let promised = self.life.uncovered.iter().copied().max().unwrap_or(0);
        assert!(saw >= promised, "G3: the run sees call {saw} and is to cover call {promised}");
        self.life.uncovered.clear();
        let start = self.throttled.snapshot().epoch.as_u64();
        let gap = start - self.latest_start;
        let spaced = self.latest_start == 0 || gap >= self.life.model().threshold;
        assert!(spaced || self.life.flushed, "G1: {gap} ns after the start before it");
        self.latest_start = start;
        self.reached.count("run");
    }

    fn trigger(&mut self, inside: bool) {
        self.calls += 1;
        let sleeps = self.sleeps();
        self.watch.shown.board.store(self.calls, Ordering::Relaxed);
        let was_pending = self.life.is_pending();
        let expected = self.life.trigger(self.calls);
        let told = if inside {
            self.at(true, |throttled| {
                let handle = throttled.trigger()?;
                assert_eq!(handle.wait(), Err(WaitError::InsideRun));
                assert_eq!(handle.wait_for(Duration::MAX), Err(WaitError::InsideRun));
                Ok(handle.epoch().as_u64())
            })
        } else {
            self.throttled.trigger().map(|handle| {
                self.handles.push(handle);
                handle.epoch().as_u64()
            })
        };
        assert_eq!(told, expected.map(|(epoch, _)| epoch));
        self.reached.count(match told {
            Err(_) => "refused after the end",
            Ok(_) if was_pending => "coalesced",
            Ok(_) => "requested",
        });
        self.woken(sleeps && expected.is_ok_and(|(_, wakes)| wakes));
    }

    fn cancel(&mut self, inside: bool) {
        let sleeps = self.sleeps();
        let expected = self.life.cancel();
        assert_eq!(self.at(inside, Throttled::cancel), expected);
        self.reached.count(if expected { "cancelled" } else { "nothing to cancel" });
        self.woken(sleeps && expected);
    }

    fn flush(&mut self, inside: bool) {
        let expected = self.life.flush();
        assert_eq!(self.at(inside, |throttled| throttled.flush().map(drop)), expected);
        self.reached.count(match expected {
            Ok(()) => "flushed",
            Err(NotFlushed::Running) => "running",
            Err(NotFlushed::Ended) => "not flushed after the end",
            Err(_) => "nothing pending",
        });
        self.woken(expected.is_ok());
    }

    pub fn move_clock(&mut self, inside: bool, movement: Move) {
        let sleeps = self.sleeps();
        self.life.move_clock(movement);
        let clock = self.watch.clock.clone();
        self.at(inside, move |_| movement.shift(&clock.time));
        self.woken(sleeps);
    }

    pub fn set_threshold(&mut self, inside: bool, to: u64) {
        self.at(inside, move |throttled| throttled.set_threshold(Duration::from_nanos(to)));
        self.threshold_changed(to);
    }

    fn try_set_threshold(&mut self, inside: bool, to: Duration) {
        let changed = self.at(inside, move |throttled| {
            Threshold::try_new(to).map(|threshold| throttled.set_threshold(threshold))
        });
        if to.as_nanos() > u128::from(MAX) {
            assert_eq!(changed.expect_err("it is too long").requested, to);
            self.reached.count("threshold too long");
        } else {
            assert_eq!(changed, Ok(()));
            self.threshold_changed(u64::try_from(to.as_nanos()).expect("at most MAX"));
        }
    }

    fn threshold_changed(&mut self, to: u64) {
        let sleeps = self.sleeps();
        self.life.judge.model.threshold = to.min(MAX);
        if self.life.judge.fault == Some(Fault::ThresholdUnnoticed) {
            // The fault: the thread sleeps on, and does not do what it was about to do.
            let (throttled, model) = (self.throttled, *self.life.model());
            self.watch.rests(&self.life, || !sleeps || decode(&throttled.snapshot()) == model);
        } else {
            self.woken(sleeps);
        }
    }

    fn shutdown(&mut self, inside: bool, pending: Pending) {
        let sleeps = self.sleeps();
        let had_ended = self.life.has_ended;
        self.life.end(pending);
        let limited = self.at(inside, move |throttled| throttled.shutdown(pending).wait_for(Duration::ZERO));
        self.woken(sleeps);
        if inside {
            assert_eq!(limited, Err(WaitError::InsideRun));
            self.reached.count("refused inside");
        } else if self.life.has_ended {
            // It may have ended even within a limit of 0.
            assert!(limited == Ok(self.life.shutdown) || !had_ended && limited == Err(WaitError::TimedOut));
            assert_eq!(self.throttled.shutdown(pending).wait(), Ok(self.life.shutdown));
        } else {
            assert_eq!(limited, Err(WaitError::TimedOut));
            self.life.has_given_up = true;
            self.reached.count("goes on ending");
        }
    }

    pub fn end_run(&mut self, panics: bool) {
        if !self.is_in_a_run() {
            return;
        }
        self.watch.run_ends(self.life.readings_after_a_run());
        self.life.end_run(panics);
        self.commands.end_run(panics);
        self.woken(true);
        if panics {
            self.reached.count("ran to a panic");
        }
    }

    fn count_the_rest(&mut self) {
        let life = &self.life;
        self.reached.count(match life.point() {
            Point::InARun => return,
            Point::Asleep if !life.is_pending() => "idle",
            Point::Asleep if life.now < life.rested_at && life.model().deadline() <= life.now => {
                "held up by a rest"
            }
            Point::Asleep => "deferred",
            Point::Ended if life.model().promise == Promise::Orphaned => "ended and owed",
            Point::Ended => match life.shutdown {
                Shutdown::Idle => "ended idle",
                Shutdown::Ran => "ended after a run",
                Shutdown::Discarded => "ended by a discard",
                _ => "ended by a panic",
            },
        });
    }

    fn compare(&self) {
        let (throttled, life, model) = (self.throttled, &self.life, *self.life.model());
        let seen = throttled.snapshot();
        assert_eq!(decode(&seen), model);
        assert_eq!(throttled.threshold(), Threshold::from_nanos(model.threshold));
        assert_eq!(throttled.is_pending(), life.is_pending());
        assert_eq!(seen.is_owed(), model.promise == Promise::Orphaned);
        assert_eq!(seen.next_run_at.map(Timestamp::as_nanos), life.next_run_at());
        assert_eq!(seen.window_end.as_nanos(), model.deadline());
        assert_eq!((throttled.runs(), throttled.panics()), (life.runs, life.panics));
        assert_eq!(self.watch.shown.panics_told.load(Ordering::Relaxed), life.panics);
        assert_eq!(self.watch.shown.begun(), life.runs, "a run begins that nobody asked for");
        let promised = life.is_pending() || seen.is_owed();
        assert!(promised || life.uncovered.is_empty(), "G3: {:?} are lost", life.uncovered);
    }
}
