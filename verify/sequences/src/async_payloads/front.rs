//! The front end, of whichever payload, and the functions of its runs, which do what the driver orders.

use super::op::{How, Order};
use crate::by_hand::{ByHand, Driven};
use crate::payloads::op::{CAPACITY, Kind};
use atomic_throttle::{
    AsyncThrottle, Batch, Carried, Collect, Count, Latest, Merge, NotFlushed, Reason, Rejected, Snapshot,
    Threshold,
};
use std::fmt::Debug;
use std::future::poll_fn;
use std::mem::take;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Poll, Waker};

/// The future of a function.
type Obeying = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Clone)]
pub enum Front {
    Count(AsyncThrottle<ByHand, Count>),
    Latest(AsyncThrottle<ByHand, Latest<u32>>),
    Merge(AsyncThrottle<ByHand, Merge<Vec<u32>>>),
    Collect(AsyncThrottle<ByHand, Collect<u32>>),
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

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Taken,
    /// With the value that came back.
    Full(u32),
}

impl Front {
    pub fn new(kind: Kind, threshold: u64, runtime: &ByHand) -> Self {
        let (threshold, runtime) = (Threshold::from_nanos(threshold), runtime.clone());
        match kind {
            Kind::Count => Self::Count(AsyncThrottle::counting_with_runtime(threshold, runtime)),
            Kind::Latest => Self::Latest(AsyncThrottle::latest_with_runtime(threshold, runtime)),
            Kind::Merge => {
                Self::Merge(AsyncThrottle::merging_with_runtime(threshold, runtime, Extend::extend))
            }
            Kind::Collect => Self::Collect(AsyncThrottle::collecting_with_runtime(threshold, runtime)),
            Kind::Bounded => {
                let throttle = AsyncThrottle::collecting_with_runtime(threshold, runtime);
                Self::Collect(throttle.capacity(CAPACITY))
            }
        }
    }

    pub fn call(&self, how: How, value: u32, orders: &Orders) -> Said {
        let (front, orders) = (self.clone(), orders.clone());
        match self.clone() {
            Self::Count(throttle) => {
                let f = move |calls| orders.obey(front, Held::Calls(calls));
                match how {
                    How::Trigger => throttle.trigger(f).map(drop).expect("there is a runtime"),
                    How::Run => {
                        let called = Driven::new(async move { throttle.run(f).await.map(drop) }).poll();
                        assert!(called.map(|called| called.is_ok()) != Poll::Ready(false));
                    }
                }
                Said::Taken
            }
            Self::Latest(throttle) => {
                let f = move |value| orders.obey(front, Held::One(Some(value)));
                said(match how {
                    How::Trigger => throttle.trigger(value, f).map(drop),
                    How::Run => once(async move { throttle.run(value, f).await.map(drop) }),
                })
            }
            Self::Merge(throttle) => {
                let f = move |all| orders.obey(front, Held::All(Some(all)));
                said(match how {
                    How::Trigger => throttle.trigger(vec![value], f).map(drop),
                    How::Run => once(async move { throttle.run(vec![value], f).await.map(drop) }),
                })
            }
            Self::Collect(throttle) => {
                let f = move |batch| orders.obey(front, Held::Batch(batch));
                said(match how {
                    How::Trigger => throttle.trigger(value, f).map(drop),
                    How::Run => once(async move { throttle.run(value, f).await.map(drop) }),
                })
            }
        }
    }

    pub fn flush(&self, orders: &Orders) -> Result<(), NotFlushed> {
        let (front, orders) = (self.clone(), orders.clone());
        match self {
            Self::Count(throttle) => {
                throttle.flush(move |calls| orders.obey(front, Held::Calls(calls))).map(drop)
            }
            Self::Latest(throttle) => {
                throttle.flush(move |value| orders.obey(front, Held::One(Some(value)))).map(drop)
            }
            Self::Merge(throttle) => {
                throttle.flush(move |all| orders.obey(front, Held::All(Some(all)))).map(drop)
            }
            Self::Collect(throttle) => {
                throttle.flush(move |batch| orders.obey(front, Held::Batch(batch))).map(drop)
            }
        }
    }

    pub fn take(&self) -> Vec<u32> {
        match self {
            Self::Count(throttle) => zeros(throttle.take()),
            Self::Latest(throttle) => throttle.take().into_iter().collect(),
            Self::Merge(throttle) => throttle.take().unwrap_or_default(),
            Self::Collect(throttle) => throttle.take(),
        }
    }

    pub fn cancel(&self) -> bool {
        each!(self, throttle => throttle.cancel())
    }

    pub fn set_threshold(&self, to: u64) {
        each!(self, throttle => throttle.set_threshold(Threshold::from_nanos(to)));
    }

    pub fn snapshot(&self) -> Snapshot {
        each!(self, throttle => throttle.snapshot())
    }
}

/// Polls a call once, and drops its caller.
fn once<V: Debug + Send + 'static>(
    call: impl Future<Output = Result<(), Rejected<V>>> + Send + 'static,
) -> Result<(), Rejected<V>> {
    match Driven::new(call).poll() {
        Poll::Ready(called) => called,
        Poll::Pending => Ok(()),
    }
}

fn said<V: Into<Value>>(called: Result<(), Rejected<V>>) -> Said {
    match called {
        Ok(()) => Said::Taken,
        Err(Rejected { value, reason: Reason::Full }) => {
            let Value(value) = value.into();
            Said::Full(value)
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// What a call brought.
struct Value(u32);

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self(value)
    }
}

impl From<Vec<u32>> for Value {
    fn from(values: Vec<u32>) -> Self {
        Self(values[0])
    }
}

pub fn zeros(calls: u64) -> Vec<u32> {
    vec![0; usize::try_from(calls).expect("a few")]
}

/// What a function was given.
pub enum Held {
    Calls(u64),
    One(Option<Carried<u32>>),
    All(Option<Carried<Vec<u32>>>),
    Batch(Carried<Batch<u32>>),
}

impl Held {
    pub fn values(&self) -> Vec<u32> {
        match self {
            Self::Calls(calls) => zeros(*calls),
            Self::One(value) => value.iter().map(|value| **value).collect(),
            Self::All(all) => all.iter().flat_map(|all| all.iter().copied()).collect(),
            Self::Batch(batch) => batch.iter().copied().collect(),
        }
    }

    pub fn take_out(&mut self, values: usize) {
        match self {
            Self::One(value) if values > 0 => drop(value.take().map(Carried::into_inner)),
            Self::All(all) if values > 0 => drop(all.take().map(Carried::into_inner)),
            Self::Batch(batch) => batch.drain().take(values).for_each(drop),
            Self::Calls(_) | Self::One(_) | Self::All(_) => {}
        }
    }

    pub fn keep(&mut self) {
        if let Self::Batch(batch) = self {
            batch.keep_rest();
        }
    }
}

/// What the functions of the runs obey, and what they report.
#[derive(Clone, Default)]
pub struct Orders(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    order: Option<Order>,
    waker: Option<Waker>,
    /// What runs were given.
    given: Vec<Vec<u32>>,
    /// What became of calls inside a run.
    said: Vec<Said>,
}

impl Orders {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    pub fn give(&self, order: Order) {
        let mut inner = self.lock();
        inner.order = Some(order);
        inner.waker.take().map(Waker::wake).unwrap_or_default();
    }

    pub fn take(&self) -> Option<Order> {
        self.lock().order.take()
    }

    pub fn is_given(&self) -> Option<Order> {
        self.lock().order
    }

    /// What has been reported since the last time.
    pub fn reports(&self) -> (Vec<Vec<u32>>, Vec<Said>) {
        let mut inner = self.lock();
        (take(&mut inner.given), take(&mut inner.said))
    }

    /// What each run does. It is boxed, because it may ask for another of its kind.
    fn obey(self, front: Front, mut held: Held) -> Obeying {
        self.lock().given.push(held.values());
        Box::pin(poll_fn(move |cx| {
            loop {
                match self.take() {
                    None => {
                        self.lock().waker = Some(cx.waker().clone());
                        return Poll::Pending;
                    }
                    Some(Order::Return { keeps }) => {
                        if keeps {
                            held.keep();
                        }
                        return Poll::Ready(());
                    }
                    Some(Order::Panic) => resume_unwind(Box::new("on purpose")),
                    Some(Order::TakeOut(values)) => held.take_out(values),
                    Some(Order::Call(value)) => {
                        let said = front.call(How::Trigger, value, &self);
                        self.lock().said.push(said);
                    }
                }
            }
        }))
    }
}
