//! The front end, of whichever payload.

use super::op::{How, Script, THRESHOLD};
use crate::patience::panic_quietly;
use crate::payloads::op::{CAPACITY, Kind};
use crate::throttle::clock::ByHand;
use atomic_throttle::{
    Batch, Coalesced, Collect, Count, Latest, Merge, NotFlushed, Outcome, Reason, Refused, Rejected,
    Snapshot, Throttle,
};
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

pub enum Front {
    Count(Throttle<ByHand, Count>),
    Latest(Throttle<ByHand, Latest<u32>>),
    Merge(Throttle<ByHand, Merge<Vec<u32>>>),
    Collect(Throttle<ByHand, Collect<u32>>),
}

/// Does the same with the throttle, of whichever payload.
macro_rules! each {
    ($front:expr, $throttle:ident => $does:expr) => {
        match $front {
            Front::Count($throttle) => $does,
            Front::Latest($throttle) => $does,
            Front::Merge($throttle) => $does,
            Front::Collect($throttle) => $does,
        }
    };
}

/// What became of a call, and what its run was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    AtOnce(Vec<u32>),
    Deferred(Vec<u32>),
    Panicked(Vec<u32>),
    Coalesced,
    Cancelled,
    Owed,
    /// With the value that came back. A count has none.
    Full(u32),
    Closed(Option<u32>),
    Running(Option<u32>),
    NothingPending,
}

impl Front {
    pub fn new(kind: Kind) -> Self {
        let clock = ByHand::at_zero();
        match kind {
            Kind::Count => Self::Count(Throttle::counting_with_clock(THRESHOLD, clock)),
            Kind::Latest => Self::Latest(Throttle::latest_with_clock(THRESHOLD, clock)),
            Kind::Merge => Self::Merge(Throttle::merging_with_clock(THRESHOLD, clock, Extend::extend)),
            Kind::Collect => Self::Collect(Throttle::collecting_with_clock(THRESHOLD, clock)),
            Kind::Bounded => {
                Self::Collect(Throttle::collecting_with_clock(THRESHOLD, clock).capacity(CAPACITY))
            }
        }
    }

    /// Calls with `value`. The run calls with the values after it.
    pub fn call(&self, how: How, value: u32, script: Script) -> Said {
        match self {
            Self::Count(throttle) => played(self, script, value, |play| {
                let run = |calls: u64| play.look(vec![0; usize::try_from(calls).expect("a few")]);
                let refused = |refused| self::refused(refused, None);
                match how {
                    How::Run => outcome(throttle.run(run)),
                    How::Within(limit) => throttle.run_within(limit, run).map_or_else(refused, outcome),
                    How::Try => throttle.try_run(run).map_or_else(refused, |()| Said::AtOnce(Vec::new())),
                }
            }),
            Self::Latest(throttle) => played(self, script, value, |play| {
                let run = |newest| play.look(vec![newest]);
                match how {
                    How::Run => brought(throttle.run(value, run)),
                    How::Within(limit) => brought(throttle.run_within(value, limit, run)),
                    How::Try => brought(throttle.try_run(value, run).map(ran)),
                }
            }),
            Self::Merge(throttle) => played(self, script, value, |play| {
                let run = |all| play.look(all);
                let one = |rejected: Rejected<Vec<u32>>| Rejected {
                    value: rejected.value[0],
                    reason: rejected.reason,
                };
                let all = vec![value];
                match how {
                    How::Run => brought(throttle.run(all, run).map_err(one)),
                    How::Within(limit) => brought(throttle.run_within(all, limit, run).map_err(one)),
                    How::Try => brought(throttle.try_run(all, run).map(ran).map_err(one)),
                }
            }),
            Self::Collect(throttle) => played(self, script, value, |play| {
                let run = |batch: &mut Batch<u32>| play.take_out(batch);
                match how {
                    How::Run => brought(throttle.run(value, run)),
                    How::Within(limit) => brought(throttle.run_within(value, limit, run)),
                    How::Try => brought(throttle.try_run(value, run).map(ran)),
                }
            }),
        }
    }

    pub fn flush(&self, value: u32, script: Script) -> Said {
        played(self, script, value, |play| {
            let flushed = match self {
                Self::Count(throttle) => throttle.flush(|calls| {
                    play.look(vec![0; usize::try_from(calls).expect("a few")]);
                }),
                Self::Latest(throttle) => throttle.flush(|newest| play.look(vec![newest])),
                Self::Merge(throttle) => throttle.flush(|all| play.look(all)),
                Self::Collect(throttle) => throttle.flush(|batch| play.take_out(batch)),
            };
            match flushed {
                Ok(()) => Said::AtOnce(Vec::new()),
                Err(NotFlushed::NothingPending) => Said::NothingPending,
                Err(other) => panic!("{other:?}"),
            }
        })
    }

    pub fn take(&self) -> Vec<u32> {
        match self {
            Self::Count(throttle) => vec![0; usize::try_from(throttle.take()).expect("a few")],
            Self::Latest(throttle) => throttle.take().into_iter().collect(),
            Self::Merge(throttle) => throttle.take().unwrap_or_default(),
            Self::Collect(throttle) => throttle.take(),
        }
    }

    pub fn cancel(&self) -> bool {
        each!(self, throttle => throttle.cancel())
    }

    pub fn set_threshold(&self, to: Duration) {
        each!(self, throttle => throttle.set_threshold(to));
    }

    pub fn snapshot(&self) -> Snapshot {
        each!(self, throttle => throttle.snapshot())
    }

    pub fn clock(&self) -> &ByHand {
        each!(self, throttle => throttle.clock())
    }
}

/// What the function of one call does, and what it was given.
struct Play<'f> {
    front: &'f Front,
    script: Script,
    value: u32,
    given: Option<Vec<u32>>,
}

impl Play<'_> {
    fn look(&mut self, given: Vec<u32>) {
        self.given = Some(given);
        self.nest();
        if self.script.plan.panics {
            panic_quietly();
        }
    }

    fn take_out(&mut self, batch: &mut Batch<u32>) {
        self.given = Some(batch.iter().copied().collect());
        self.nest();
        batch.drain().take(self.script.plan.takes).for_each(drop);
        if self.script.plan.keeps {
            batch.keep_rest();
        }
        if self.script.plan.panics {
            panic_quietly();
        }
    }

    fn nest(&self) {
        let plan = super::op::Plan { takes: 0, keeps: false, panics: false };
        for number in 1..=self.script.nested {
            let said = self.front.call(How::Run, self.value + number, Script { nested: 0, plan });
            let is_full = said == Said::Full(self.value + number);
            assert!(is_full || said == Said::Owed, "inside a run: {said:?}");
        }
    }
}

/// Makes a call, and returns what became of it with what its run was given.
fn played(front: &Front, script: Script, value: u32, call: impl FnOnce(&mut Play<'_>) -> Said) -> Said {
    let mut play = Play { front, script, value, given: None };
    let said = catch_unwind(AssertUnwindSafe(|| call(&mut play)));
    match (said, play.given) {
        (Ok(Said::AtOnce(_)), Some(given)) => Said::AtOnce(given),
        (Ok(Said::Deferred(_)), Some(given)) => Said::Deferred(given),
        (Ok(said), None) => said,
        (Ok(said), given) => panic!("{said:?}, and {given:?} was given"),
        (Err(payload), Some(given)) if payload.downcast_ref() == Some(&"on purpose") => Said::Panicked(given),
        (Err(payload), _) => resume_unwind(payload),
    }
}

fn ran<'t>(value: ()) -> Outcome<(), Coalesced<'t, ByHand>> {
    Outcome::RanAtOnce(value)
}

#[allow(clippy::needless_pass_by_value, reason = "it is the end of a call, and is passed on by name")]
fn outcome<H>(outcome: Outcome<(), H>) -> Said {
    match outcome {
        Outcome::RanAtOnce(()) => Said::AtOnce(Vec::new()),
        Outcome::RanDeferred(()) => Said::Deferred(Vec::new()),
        Outcome::Coalesced(_) => Said::Coalesced,
        Outcome::Cancelled => Said::Cancelled,
        Outcome::Owed => Said::Owed,
    }
}

fn brought<H>(brought: Result<Outcome<(), H>, Rejected<u32>>) -> Said {
    match brought {
        Ok(told) => outcome(told),
        Err(Rejected { value, reason: Reason::Full }) => Said::Full(value),
        Err(Rejected { value, reason: Reason::Refused(why) }) => refused(why, Some(value)),
        Err(other) => panic!("{other:?}"),
    }
}

fn refused(refused: Refused, value: Option<u32>) -> Said {
    match refused {
        Refused::Closed { .. } => Said::Closed(value),
        Refused::Running => Said::Running(value),
        other => panic!("{other:?}"),
    }
}

/// A message of a failure needs it.
impl Debug for Front {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.snapshot().fmt(f)
    }
}
