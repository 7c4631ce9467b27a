//! The front end, of whichever payload.

use super::op::{CAPACITY, Kind, Plan};
use crate::patience::panic_quietly;
use atomic_throttle::{
    Batch, Builder, Collect, Count, Latest, Merge, NotFlushed, Pending, Shutdown, Snapshot, Throttled,
    WaitError,
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
}

impl Run {
    fn begin(&self, given: Vec<u32>) -> Plan {
        // Nobody listens if the driver has found a difference and left.
        let _ = self.begins.send(given);
        self.plans.recv().unwrap_or(Plan { takes: usize::MAX, keeps: false, panics: false })
    }

    fn look(&self, given: Vec<u32>) {
        if self.begin(given).panics {
            panic_quietly();
        }
    }

    fn take_out(&self, batch: &mut Batch<u32>) {
        let plan = self.begin(batch.iter().copied().collect());
        batch.drain().take(plan.takes).for_each(drop);
        if plan.keeps {
            batch.keep_rest();
        }
        if plan.panics {
            panic_quietly();
        }
    }
}

impl Front {
    pub fn start(kind: Kind, builder: Builder, run: Run) -> Self {
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
    pub fn trigger(&self, value: u32) -> Result<(), Option<u32>> {
        match self {
            Self::Count(count) => count.trigger().map(drop).map_err(|_| None),
            Self::Latest(latest) => latest.trigger(value).map(drop).map_err(|rejected| Some(rejected.value)),
            Self::Merge(merge) => {
                merge.trigger(vec![value]).map(drop).map_err(|rejected| Some(rejected.value[0]))
            }
            Self::Collect(collect) => {
                collect.trigger(value).map(drop).map_err(|rejected| Some(rejected.value))
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
        each!(self, throttled => throttled.state().epoch().as_u64())
    }

    pub fn shutdown(&self, pending: Pending) -> Result<Shutdown, WaitError> {
        each!(self, throttled => throttled.shutdown(pending).wait())
    }
}
