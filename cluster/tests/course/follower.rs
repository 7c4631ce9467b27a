//! A process that follows its course, at a register that behaves arbitrarily.

use super::inputs::{cell, time};
use atomic_throttle::lease::Policy;
use atomic_throttle::{Epoch, Timestamp};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::course::{Act, Course, Move, Pace, Until};
use atomic_throttle_cluster::register::{Mark, Reading};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Looks; the register may hold another cell than the one that was put there.
    Look { now: u64, local: u64, takes: bool, instead: Option<Cell>, marked: bool },
    /// The requested move is done, if the register holds the cell that it must.
    Swap { now: u64, local: u64, instead: Option<Cell> },
    /// The run that was won ends, and the move for it is done.
    Finish { now: u64, local: u64, instead: Option<Cell> },
}

pub fn step() -> impl Strategy<Value = Step> {
    let instead = || prop_oneof![4 => Just(None), 1 => cell().prop_map(Some)];
    prop_oneof![
        (time(), time(), any::<bool>(), instead(), any::<bool>()).prop_map(
            |(now, local, takes, instead, marked)| Step::Look { now, local, takes, instead, marked }
        ),
        (time(), time(), instead()).prop_map(|(now, local, instead)| Step::Swap { now, local, instead }),
        (time(), time(), instead()).prop_map(|(now, local, instead)| Step::Finish { now, local, instead }),
    ]
}

/// A process at a register that behaves arbitrarily.
pub struct Follower {
    pub course: Course,
    pace: Pace,
    held: Cell,
    swap: Option<Move>,
    run: Option<Epoch>,
    pub taken: u64,
    /// Whether the latest step may have let a run of the far future be forgotten.
    pub may_forget: bool,
    rng: StdRng,
}

impl Follower {
    pub fn new(policy: Policy) -> Self {
        Self {
            course: Course::new(policy, Mark::from_u64(1), Timestamp::ZERO),
            pace: Pace::new(policy.threshold),
            held: Cell::NEW,
            swap: None,
            run: None,
            taken: 0,
            may_forget: false,
            rng: StdRng::seed_from_u64(1),
        }
    }

    fn reading(&mut self, now: u64, instead: Option<Cell>, marked: bool) -> Reading {
        self.held = instead.unwrap_or(self.held);
        let mark = marked.then(|| self.course.mark());
        let reading = Reading { cell: self.held, now: Timestamp::from_nanos(now), mark };
        let remembered = Reading { cell: self.course.cell(), ..reading };
        self.may_forget = Course::is_far_ahead(remembered) && !Course::is_far_ahead(reading);
        reading
    }

    pub fn take(&mut self, step: Step) {
        // A further look, or the finish of a run, gives up the move that was planned.
        let swap = self.swap.take();
        match step {
            Step::Look { now, local, takes, instead, marked } => {
                self.taken += u64::from(takes);
                let reading = self.reading(now, instead, marked);
                let taken = takes.then_some(self.taken);
                let act = self.course.look(reading, Timestamp::from_nanos(local), taken);
                self.follow(act, local);
            }
            Step::Swap { now, local, instead } => {
                let Some(step) = swap else { return };
                let reading = self.reading(now, instead, false);
                let local_time = Timestamp::from_nanos(local);
                let act = if reading.cell == step.old {
                    self.held = step.new;
                    self.course.moved(step, reading.now, local_time)
                } else {
                    self.course.look(reading, local_time, None)
                };
                self.follow(act, local);
            }
            Step::Finish { now, local, instead } => {
                let Some(epoch) = self.run.take() else { return };
                let (reading, local) = (self.reading(now, instead, false), Timestamp::from_nanos(local));
                if let Some(step) = self.course.finish(epoch, reading, local) {
                    assert_eq!(step.old, self.held);
                    self.held = step.new;
                    self.course.finished(step, local);
                }
            }
        }
    }

    fn follow(&mut self, act: Act, local: u64) {
        match act {
            Act::Rest => assert!(!self.course.is_owed() || self.run.is_some()),
            Act::Swap(step) => self.swap = Some(step),
            Act::Perform(epoch) => {
                self.taken += 1;
                self.course.cover(self.taken);
                self.run = Some(epoch);
            }
            Act::Wait(wait) => {
                let local = Timestamp::from_nanos(local);
                let plan = self.pace.plan(wait, local, &mut self.rng);
                let at = plan.at.unwrap_or(Timestamp::NEVER);
                assert!(at >= local);
                let is_for_ever = match wait.until {
                    Until::Due(due) | Until::Overdue(due) => due == Timestamp::NEVER,
                    Until::Finished { .. } => false,
                };
                assert_eq!(plan.at.is_none(), is_for_ever);
            }
        }
    }
}
