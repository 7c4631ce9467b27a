//! An `AsyncThrottle`, whatever its calls bring, and the function that each call passes.

use super::Shared;
use crate::caller::Own;
use crate::options::Brings;
use crate::record::{Brought, Carried, Spans};
use atomic_throttle::{
    AsyncThrottle, Batch, Collect, Count, Latest, Merge, Outcome, Snapshot, Ticket, Tokio,
};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub enum Any {
    Nothing(AsyncThrottle<Tokio>),
    Count(AsyncThrottle<Tokio, Count>),
    Latest(AsyncThrottle<Tokio, Latest<Brought>>),
    Merge(AsyncThrottle<Tokio, Merge<Spans>>),
    Collect(AsyncThrottle<Tokio, Collect<Brought>>),
}

/// What a run is given, with its guard.
type Guarded<T> = atomic_throttle::Carried<T>;

/// In a box, because it holds what holds it: a run may call its own throttle.
type Run = Pin<Box<dyn Future<Output = Own> + Send>>;

/// Does the same with the throttle, whatever its calls bring.
macro_rules! each {
    ($any:expr, $throttle:ident => $does:expr) => {
        match $any {
            Any::Nothing($throttle) => $does,
            Any::Count($throttle) => $does,
            Any::Latest($throttle) => $does,
            Any::Merge($throttle) => $does,
            Any::Collect($throttle) => $does,
        }
    };
}

/// The functions for a run that a call of this thread asks for.
#[derive(Clone)]
pub struct Function {
    pub shared: Arc<Shared>,
    pub thread: usize,
}

impl Function {
    fn nothing(self) -> Run {
        self.perform(None, ())
    }

    fn calls(self, calls: u64) -> Run {
        self.perform(Some(Carried::Count(calls)), ())
    }

    fn newest(self, newest: Guarded<Brought>) -> Run {
        self.perform(Some(Carried::Newest(Some(*newest))), newest)
    }

    fn merged(self, spans: Guarded<Spans>) -> Run {
        self.perform(Some(Carried::All(spans.clone())), spans)
    }

    /// Takes all out.
    fn all(self, mut batch: Guarded<Batch<Brought>>) -> Run {
        self.perform(Some(Carried::All(Spans::of(batch.drain()))), batch)
    }

    /// The guard is kept to the end of the run.
    fn perform(self, given: Option<Carried>, guard: impl Send + 'static) -> Run {
        Box::pin(async move {
            let own = self.shared.perform(self.thread, given).await;
            drop(guard);
            own
        })
    }
}

impl Any {
    pub fn new(brings: Brings, threshold: Duration, clock: Tokio) -> Self {
        match brings {
            Brings::None => Self::Nothing(AsyncThrottle::with_runtime(threshold, clock)),
            Brings::Count => Self::Count(AsyncThrottle::counting_with_runtime(threshold, clock)),
            Brings::Latest => Self::Latest(AsyncThrottle::latest_with_runtime(threshold, clock)),
            Brings::Merge => Self::Merge(AsyncThrottle::merging_with_runtime(threshold, clock, Spans::merge)),
            Brings::Collect => Self::Collect(AsyncThrottle::collecting_with_runtime(threshold, clock)),
        }
    }

    pub fn trigger(&self, value: Brought, f: Function) -> Option<Ticket<'_>> {
        match self {
            Self::Nothing(throttle) => throttle.trigger(|| f.nothing()).ok(),
            Self::Count(throttle) => throttle.trigger(|calls| f.calls(calls)).ok(),
            Self::Latest(throttle) => throttle.trigger(value, |newest| f.newest(newest)).ok(),
            Self::Merge(throttle) => throttle.trigger(Spans::of([value]), |spans| f.merged(spans)).ok(),
            Self::Collect(throttle) => throttle.trigger(value, |batch| f.all(batch)).ok(),
        }
    }

    pub async fn run(&self, value: Brought, f: Function) -> Option<Outcome<Own, Ticket<'_>>> {
        match self {
            Self::Nothing(throttle) => throttle.run(|| f.nothing()).await.ok(),
            Self::Count(throttle) => throttle.run(|calls| f.calls(calls)).await.ok(),
            Self::Latest(throttle) => throttle.run(value, |newest| f.newest(newest)).await.ok(),
            Self::Merge(throttle) => throttle.run(Spans::of([value]), |spans| f.merged(spans)).await.ok(),
            Self::Collect(throttle) => throttle.run(value, |batch| f.all(batch)).await.ok(),
        }
    }

    pub fn flush(&self, f: Function) -> bool {
        match self {
            Self::Nothing(throttle) => throttle.flush(|| f.nothing()).is_ok(),
            Self::Count(throttle) => throttle.flush(|calls| f.calls(calls)).is_ok(),
            Self::Latest(throttle) => throttle.flush(|newest| f.newest(newest)).is_ok(),
            Self::Merge(throttle) => throttle.flush(|spans| f.merged(spans)).is_ok(),
            Self::Collect(throttle) => throttle.flush(|batch| f.all(batch)).is_ok(),
        }
    }

    /// What no run was given.
    pub fn take(&self) -> Option<Carried> {
        match self {
            Self::Nothing(_) => None,
            Self::Count(throttle) => Some(Carried::Count(throttle.take())),
            Self::Latest(throttle) => Some(Carried::Newest(throttle.take())),
            Self::Merge(throttle) => Some(Carried::All(throttle.take().unwrap_or_default())),
            Self::Collect(throttle) => Some(Carried::All(Spans::of(throttle.take()))),
        }
    }

    pub fn brings(&self) -> bool {
        !matches!(self, Self::Nothing(_))
    }

    /// Whether a run may be told of a call that the run after it covers.
    pub fn counts_before_it_decides(&self) -> bool {
        matches!(self, Self::Count(_))
    }

    pub fn cancel(&self) -> bool {
        each!(self, throttle => throttle.cancel())
    }

    pub fn set_threshold(&self, threshold: Duration) {
        each!(self, throttle => throttle.set_threshold(threshold));
    }

    pub fn snapshot(&self) -> Snapshot {
        each!(self, throttle => throttle.snapshot())
    }

    pub fn threshold(&self) -> u64 {
        each!(self, throttle => throttle.threshold().as_nanos())
    }
}
