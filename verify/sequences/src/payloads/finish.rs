//! How runs end, and the throttle.

use super::front::Front;
use super::op::{How, Kind, Plan, Policy, SECOND, Setup};
use super::wrong::Wrong;
use super::{Held, Play};
use crate::patience::until;
use atomic_throttle::{Pending, Shutdown};
use reference::reached::Reached;

/// That the end was asked for before a run has ended.
#[derive(Clone, Copy)]
struct Ending {
    pending: Pending,
    /// Whether it was before the run has started, too: then no other one follows.
    is_last: bool,
}

impl Play {
    pub(super) fn end_run(&mut self, plan: Plan) {
        let Some(Held { epoch, given }) = self.held.take() else { return };
        self.plans.as_ref().expect("it goes on").send(plan).expect("the thread lives");
        self.finish(&given, plan, None);
        // The next one may have started.
        until(|| !self.front.snapshot().running || self.front.epoch() != epoch);
    }

    /// What becomes of a run that was given this.
    fn finish(&mut self, given: &[u32], plan: Plan, ending: Option<Ending>) {
        self.agenda.is_running = false;
        match plan.how {
            How::Returns => {}
            How::Fails => self.reached.count("failed by an error"),
            How::Panics => self.reached.count("failed by a panic"),
        }
        let many = if self.slot.is_batch() { plan.takes.min(given.len()) } else { 0 };
        let (taken, left) = given.split_at(many);
        match self.agenda.policy {
            Some(policy) if plan.how != How::Returns => {
                if left.is_empty() {
                    self.reached.count("nothing to try again with");
                } else {
                    return self.try_again(left, policy, plan.how, ending);
                }
            }
            _ => {}
        }
        if self.slot.is_batch() {
            self.keep(taken, left, plan, ending);
        }
        self.agenda.settle(plan.how);
    }

    /// A run has failed, and there is something to try again with.
    fn try_again(&mut self, left: &[u32], policy: Policy, how: How, ending: Option<Ending>) {
        if !self.slot.values.is_empty() {
            self.reached.count("failed with something newer behind it");
        }
        if ending.is_some_and(|ending| ending.is_last) {
            self.reached.count("the last run failed");
            if !self.slot.is_wrong(Wrong::LastFailureLosesValues) {
                self.slot.put_back(left.to_vec());
            }
            return self.agenda.settle(how);
        }
        let Some(back_off) = self.agenda.back_off(policy) else {
            self.reached.count("given up");
            if self.slot.is_wrong(Wrong::GivenUpIsKept) {
                self.slot.put_back(left.to_vec());
            }
            return self.agenda.settle(how);
        };
        self.slot.put_back(match self.slot.wrong {
            Some(Wrong::FailedIsLost) => Vec::new(),
            Some(Wrong::FailedIsGivenTwice) => [left, left].concat(),
            _ => left.to_vec(),
        });
        if ending.is_some_and(|ending| ending.pending == Pending::Discard) {
            return;
        }
        self.agenda.retry(back_off, how);
        self.reached.count("tried again");
        if self.agenda.failures > 1 {
            self.reached.count("two failures in a row");
        }
        self.count_what_holds();
    }

    fn count_what_holds(&mut self) {
        let Some(retry_at) = self.agenda.retry_at.filter(|&until| until > self.agenda.now) else { return };
        match self.agenda.due() {
            Some(due) if due > retry_at => self.reached.count("a window beyond the back-off"),
            _ => self.reached.count("a back-off beyond the window"),
        }
    }

    /// Keeps what the run leaves of its batch.
    fn keep(&mut self, taken: &[u32], left: &[u32], plan: Plan, ending: Option<Ending>) {
        let has_failed = plan.how != How::Returns;
        let is_kept = plan.keeps || has_failed || self.slot.is_wrong(Wrong::ReturnGivesAgain);
        let left = match self.slot.wrong {
            Some(Wrong::LeftIsLost) => Vec::new(),
            Some(Wrong::FailureLosesTheBatch) if has_failed => Vec::new(),
            Some(Wrong::FailureGivesAgain) if has_failed => [taken, left].concat(),
            _ => left.to_vec(),
        };
        if left.is_empty() {
            self.reached.count("all was taken");
        } else if is_kept {
            self.reached.count(if has_failed { "left by a failure" } else { "some was kept" });
            if !self.slot.values.is_empty() {
                self.reached.count("put in front of newer values");
            }
            self.slot.put_back(left);
            // On the way to the end a run that takes nothing would follow itself for ever.
            let is_asked_for = match ending {
                None => true,
                Some(ending) => ending.pending != Pending::Discard && !taken.is_empty(),
            };
            self.agenda.asked |= is_asked_for && !self.slot.is_wrong(Wrong::LeftIsNotAskedFor);
        } else {
            self.reached.count("the rest was dropped");
        }
    }

    /// What is pending is finished, flushed or discarded; no value is lost by that.
    pub(super) fn end(mut self, setup: Setup) -> Reached {
        self.end_run(Plan { takes: 0, keeps: true, how: How::Returns });
        self.rest();
        // To the end of any window, and of any back-off.
        let whole = SECOND * 1_000;
        if setup.ends_in_a_run {
            self.advance(whole);
            self.rest();
        }
        let pending = setup.end;
        let plans = self.plans.take();
        let (front, clock) = (&self.front, &self.clock);
        // Nobody else moves the clock, and no run goes on before the end is asked for.
        let told = front.shutdown(pending, || {
            clock.time.advance(whole);
            drop(plans);
        });
        let given: Vec<_> = self.begun.try_iter().collect();
        let (expected, runs) = self.runs_at_the_end(pending, setup.last);
        assert_eq!(told, Ok(expected), "how it ends");
        assert_eq!(given, runs, "G10: what the runs at the end are given");
        self.look_at_tickets();
        self.look_at_the_rest();
        self.reached
    }

    /// How it ends, and what the runs are given that start on the way.
    fn runs_at_the_end(&mut self, pending: Pending, last: Plan) -> (Shutdown, Vec<Vec<u32>>) {
        if let Some(Held { given, .. }) = self.held.take() {
            self.finish(&given, last, Some(Ending { pending, is_last: false }));
            self.reached.count("finished");
        }
        if !self.agenda.asked {
            return (Shutdown::Idle, Vec::new());
        }
        if pending == Pending::Discard {
            self.reached.count("discarded");
            self.agenda.cancel();
            if self.slot.is_wrong(Wrong::DiscardLosesValues) {
                self.slot.values.clear();
            }
            return (Shutdown::Discarded, Vec::new());
        }
        let given = self.slot.take();
        self.agenda.start();
        self.finish(&given, last, Some(Ending { pending, is_last: true }));
        self.reached.count("finished");
        (Shutdown::Ran, vec![given])
    }

    /// A call is refused, and what no run was given is there.
    fn look_at_the_rest(&mut self) {
        let refused = self.front.trigger(u32::MAX).err();
        let value = if self.slot.kind == Kind::Count { None } else { Some(u32::MAX) };
        assert_eq!(refused, Some(value), "G10: a refused value comes back");
        self.reached.count("refused");
        // A call stays counted, and no run tells of it.
        if matches!(self.front, Front::Count(_)) || self.slot.is_wrong(Wrong::RefusedIsCounted) {
            self.slot.put(self.slot.brought(u32::MAX));
        }
        let remaining = self.front.take();
        if !remaining.is_empty() {
            self.reached.count("remaining after the end");
        }
        assert_eq!(remaining, self.slot.values, "G10: each value once");
    }
}
