//! The front end, of whichever payload.

use super::op::{CAPACITY, How, Kind, Plan};
use crate::patience::panic_quietly;
use atomic_throttle::{
    Batch, Collect, Count, Latest, Merge, NotFlushed, OwnedTicket, Pending, Shutdown, Snapshot, Throttled,
    ThrottledBuilder, Ticket, WaitError,
};
use std::sync::mpsc::{Receiver, Sender};

pub enum Front {
    Count(Throttled<Count>),
    Latest(Throttled<Latest<u32>>),
    Merge(Throttled<Merge<Vec<u32>>>),
    Collect(Throttled<Collect<u32>>),
}

/// Does the same with the throttle, of whichever payload.
macro_rules! each {
    ($front:expr, $throttled:ident => $does:expr) => {
        match $front {
            Front::Count($throttled) => $does,
            Front::Latest($throttled) => $does,
            Front::Merge($throttled) => $does,
            Front::Collect($throttled) => $does,
        }
    };
}

/// The two ends of a run on the side of the throttle: it tells what it was given, and is told how to go on.
pub struct Run {
    pub begins: Sender<Vec<u32>>,
    pub plans: Receiver<Plan>,
    /// How it goes on when nobody tells it any more.
    pub last: Plan,
}

/// What a run returns.
type Ended = Result<(), &'static str>;

impl How {
    fn end(self) -> Ended {
        match self {
            Self::Returns => Ok(()),
            Self::Fails => Err("on purpose"),
            Self::Panics => panic_quietly(),
        }
    }
}

impl Run {
    fn begin(&self, given: Vec<u32>) -> Plan {
        // Nobody listens if the driver has found a difference and left.
        let _ = self.begins.send(given);
        self.plans.recv().unwrap_or(self.last)
    }

    fn look(&self, given: Vec<u32>) -> Ended {
        self.begin(given).how.end()
    }

    fn take_out(&self, batch: &mut Batch<u32>) -> Ended {
        let plan = self.begin(batch.iter().copied().collect());
        batch.drain().take(plan.takes).for_each(drop);
        if plan.keeps {
            batch.keep_rest();
        }
        plan.how.end()
    }
}

impl Front {
    pub fn start(kind: Kind, builder: ThrottledBuilder, run: Run) -> Self {
        match kind {
            Kind::Count => {
                let count = move |calls| run.look(vec![0; usize::try_from(calls).expect("a few")]);
                Self::Count(builder.counting().spawn(count).expect("a thread"))
            }
            Kind::Latest => {
                Self::Latest(builder.latest().spawn(move |newest| run.look(vec![*newest])).expect("a thread"))
            }
            Kind::Merge => {
                let builder = builder.merging(|older: &mut Vec<u32>, newer| older.extend(newer));
                Self::Merge(builder.spawn(move |all| run.look(all.clone())).expect("a thread"))
            }
            Kind::Collect => {
                Self::Collect(builder.collecting().spawn(move |batch| run.take_out(batch)).expect("a thread"))
            }
            Kind::Bounded => {
                let builder = builder.collecting().capacity(CAPACITY);
                Self::Collect(builder.spawn(move |batch| run.take_out(batch)).expect("a thread"))
            }
        }
    }

    /// Calls with `value`, and returns the value if the call was refused. A count has none.
    pub fn trigger(&self, value: u32) -> Result<OwnedTicket, Option<u32>> {
        match self {
            Self::Count(count) => count.trigger().map(Ticket::into_owned).map_err(|_| None),
            Self::Latest(latest) => {
                latest.trigger(value).map(Ticket::into_owned).map_err(|rejected| Some(rejected.value))
            }
            Self::Merge(merge) => {
                merge.trigger(vec![value]).map(Ticket::into_owned).map_err(|rejected| Some(rejected.value[0]))
            }
            Self::Collect(collect) => {
                collect.trigger(value).map(Ticket::into_owned).map_err(|rejected| Some(rejected.value))
            }
        }
    }

    pub fn take(&self) -> Vec<u32> {
        match self {
            Self::Count(count) => vec![0; usize::try_from(count.take()).expect("a few")],
            Self::Latest(latest) => latest.take().into_iter().collect(),
            Self::Merge(merge) => merge.take().unwrap_or_default(),
            Self::Collect(collect) => collect.take(),
        }
    }

    pub fn cancel(&self) -> bool {
        each!(self, throttled => throttled.cancel())
    }

    pub fn flush(&self) -> Result<(), NotFlushed> {
        each!(self, throttled => throttled.flush().map(drop))
    }

    pub fn snapshot(&self) -> Snapshot {
        each!(self, throttled => throttled.snapshot())
    }

    pub fn epoch(&self) -> u64 {
        each!(self, throttled => throttled.snapshot().epoch.as_u64())
    }

    /// Asks for the end, does what `then` says, and waits for the end.
    pub fn shutdown(&self, pending: Pending, then: impl FnOnce()) -> Result<Shutdown, WaitError> {
        each!(self, throttled => {
            let ending = throttled.shutdown(pending);
            then();
            ending.wait()
        })
    }
}
