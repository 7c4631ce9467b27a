//! The front end, of whichever payload, and the functions of its runs, which do what the driver orders.

use super::hash::ByKey;
use super::op::{Order, Pace, Policy, Setup};
use crate::async_payloads::front::{Held, zeros};
use crate::by_hand::ByHand;
use crate::patience::panic_quietly;
use crate::payloads::op::{CAPACITY, How, Kind};
use atomic_throttle::{
    AllKeys, Collect, Count, Ended, KeyTicket, KeyedThrottled, Latest, Merge, NotFlushed, NotTaken,
    OwnedKeyTicket, Pending, Reason, Rejected, Retry, Shutdown, Snapshot, Threshold, WaitError,
    WeakKeyedThrottled,
};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::mem::take;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Poll, Waker};
use std::time::Duration;

/// The future of a function.
type Obeying = Pin<Box<dyn Future<Output = Result<(), &'static str>> + Send>>;

#[derive(Clone)]
pub enum Front {
    Count(KeyedThrottled<u8, Count, ByKey>),
    Latest(KeyedThrottled<u8, Latest<u32>, ByKey>),
    Merge(KeyedThrottled<u8, Merge<Vec<u32>>, ByKey>),
    Collect(KeyedThrottled<u8, Collect<u32>, ByKey>),
}

#[derive(Clone)]
enum Weak {
    Count(WeakKeyedThrottled<u8, Count, ByKey>),
    Latest(WeakKeyedThrottled<u8, Latest<u32>, ByKey>),
    Merge(WeakKeyedThrottled<u8, Merge<Vec<u32>>, ByKey>),
    Collect(WeakKeyedThrottled<u8, Collect<u32>, ByKey>),
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

/// Why a call was refused. Its value came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Full,
    TooManyKeys,
    Ended(Ended),
}

/// What a refused call brought, where it brought something, and why it was refused.
type NotPut = (Option<u32>, Refused);

fn of_value<T>(rejected: Rejected<T>, value: impl FnOnce(T) -> u32) -> NotPut {
    let why = match rejected.reason {
        Reason::Full => Refused::Full,
        Reason::TooManyKeys { .. } => Refused::TooManyKeys,
        Reason::Ended(ended) => Refused::Ended(ended),
        other => panic!("{other}"),
    };
    (Some(value(rejected.value)), why)
}

fn of_count(not_taken: NotTaken) -> NotPut {
    let why = match not_taken {
        NotTaken::Full { .. } => Refused::TooManyKeys,
        NotTaken::Ended(ended) => Refused::Ended(ended),
        other => panic!("{other}"),
    };
    (None, why)
}

impl Front {
    pub fn spawn(setup: &Setup, own: &Arc<Mutex<Vec<u64>>>, runtime: &ByHand, orders: &Orders) -> Self {
        let threshold = Threshold::from_nanos(setup.threshold);
        let mut builder = KeyedThrottled::<u8>::builder(threshold)
            .hasher(ByKey { collides: setup.collides })
            .shards(usize::from(setup.shards))
            .max_concurrent(setup.at_once)
            .pending_on_drop(Pending::Discard);
        if let Some(max_keys) = setup.max_keys {
            builder = builder.max_keys(max_keys);
        }
        if setup.has_own_thresholds {
            let own = Arc::clone(own);
            builder = builder
                .threshold_of(move |key| Threshold::from_nanos(own.lock().unwrap()[usize::from(*key)]));
        }
        builder = match setup.pace {
            Pace::AtOnce => builder,
            Pace::Delay(delay) => builder.delay(Duration::from_nanos(delay)),
            Pace::Debounce { quiet, at_latest } => {
                builder.debounce(Duration::from_nanos(quiet), Duration::from_nanos(at_latest))
            }
        };
        if let Some(Policy { at_most, back_off }) = setup.policy {
            let back_off = Duration::from_nanos(back_off);
            builder = builder.retry(Retry::by(move |_, _| Some(back_off)).at_most(at_most));
        }
        if setup.panics_are_fatal {
            builder = builder.fatal_panics();
        }
        let (runtime, inside) = (runtime.clone(), orders.clone());
        let enough = setup.enough.unwrap_or(usize::MAX);
        let front = match setup.kind {
            Kind::Count => {
                let f = move |key, calls| inside.obey(key, Held::Calls(calls));
                Self::Count(builder.counting().enough(enough as u64).spawn_on(runtime, f).expect("a runtime"))
            }
            Kind::Latest => {
                let f = move |key, value| inside.obey(key, Held::One(Some(value)));
                Self::Latest(builder.latest().spawn_on(runtime, f).expect("a runtime"))
            }
            Kind::Merge => {
                let f = move |key, all| inside.obey(key, Held::All(Some(all)));
                let builder = builder.merging(|older: &mut Vec<u32>, newer| older.extend(newer));
                Self::Merge(builder.spawn_on(runtime, f).expect("a runtime"))
            }
            Kind::Collect | Kind::Bounded => {
                let f = move |key, batch| inside.obey(key, Held::Batch(batch));
                let capacity = if setup.kind == Kind::Bounded { CAPACITY } else { usize::MAX };
                let builder = builder.collecting().capacity(capacity).enough(enough);
                Self::Collect(builder.spawn_on(runtime, f).expect("a runtime"))
            }
        };
        orders.lock().weak = Some(match &front {
            Self::Count(throttled) => Weak::Count(throttled.downgrade()),
            Self::Latest(throttled) => Weak::Latest(throttled.downgrade()),
            Self::Merge(throttled) => Weak::Merge(throttled.downgrade()),
            Self::Collect(throttled) => Weak::Collect(throttled.downgrade()),
        });
        front
    }

    pub fn trigger(&self, key: u8, value: u32) -> Result<OwnedKeyTicket<u8>, NotPut> {
        match self {
            Self::Count(count) => count.trigger(&key).map(KeyTicket::into_owned).map_err(of_count),
            Self::Latest(latest) => latest
                .trigger(&key, value)
                .map(KeyTicket::into_owned)
                .map_err(|why| of_value(why, |value| value)),
            Self::Merge(merge) => merge
                .trigger(&key, vec![value])
                .map(KeyTicket::into_owned)
                .map_err(|why| of_value(why, |values| values[0])),
            Self::Collect(collect) => collect
                .trigger(&key, value)
                .map(KeyTicket::into_owned)
                .map_err(|why| of_value(why, |value| value)),
        }
    }

    pub fn take(&self, key: u8) -> Vec<u32> {
        match self {
            Self::Count(count) => zeros(count.take(&key)),
            Self::Latest(latest) => latest.take(&key).into_iter().collect(),
            Self::Merge(merge) => merge.take(&key).unwrap_or_default(),
            Self::Collect(collect) => collect.take(&key),
        }
    }

    pub fn cancel(&self, key: u8) -> bool {
        each!(self, throttled => throttled.cancel(&key))
    }

    pub fn flush(&self, key: u8) -> Result<OwnedKeyTicket<u8>, NotFlushed> {
        each!(self, throttled => throttled.flush(&key).map(KeyTicket::into_owned))
    }

    pub fn evict(&self) -> usize {
        each!(self, throttled => throttled.evict())
    }

    pub fn set_threshold(&self, to: u64) {
        each!(self, throttled => throttled.set_threshold(Threshold::from_nanos(to)));
    }

    pub fn retime(&self) {
        each!(self, throttled => throttled.retime());
    }

    pub fn snapshot(&self, key: u8) -> Option<Snapshot> {
        each!(self, throttled => throttled.snapshot(&key))
    }

    /// How many keys are known, and how many are pending.
    pub fn keys(&self) -> (usize, usize) {
        each!(self, throttled => (throttled.len(), throttled.pending()))
    }

    /// How many runs there were, and how many panicked.
    pub fn runs(&self) -> (u64, u64) {
        each!(self, throttled => (throttled.runs(), throttled.panics()))
    }

    pub fn uncovered(&self) -> u64 {
        each!(self, throttled => throttled.uncovered())
    }

    /// What all calls on a key until now are told.
    pub fn all_of(&self, key: u8) -> Result<(), WaitError> {
        each!(self, throttled => throttled.all_of(&key).wait_for(Duration::ZERO))
    }

    fn all(&self) -> AllKeys<'_> {
        each!(self, throttled => throttled.all())
    }

    /// Waits for all calls until now.
    pub fn wait_for_all(&self) -> impl Future<Output = Result<(), WaitError>> + Send + use<> {
        let front = self.clone();
        async move { front.all().await }
    }

    /// Asks for the end, and looks whether it has come.
    pub fn shutdown(&self, pending: Pending) -> Result<Shutdown, WaitError> {
        each!(self, throttled => throttled.shutdown(pending).wait_for(Duration::ZERO))
    }
}

impl Weak {
    fn trigger(&self, key: u8, value: u32) -> Result<(), NotPut> {
        match self {
            Self::Count(count) => count.trigger(&key).map_err(of_count),
            Self::Latest(latest) => latest.trigger(&key, value).map_err(|why| of_value(why, |value| value)),
            Self::Merge(merge) => {
                merge.trigger(&key, vec![value]).map_err(|why| of_value(why, |values| values[0]))
            }
            Self::Collect(collect) => {
                collect.trigger(&key, value).map_err(|why| of_value(why, |value| value))
            }
        }
    }
}

/// What the functions of the runs obey, and what they report.
#[derive(Clone, Default)]
pub struct Orders(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    weak: Option<Weak>,
    /// By the key of the run, with the value of the call that it makes.
    orders: BTreeMap<u8, (Order, u32)>,
    wakers: BTreeMap<u8, Waker>,
    /// What runs were given, of which keys.
    begun: Vec<(u8, Vec<u32>)>,
    /// What became of calls inside a run.
    said: Vec<Result<(), NotPut>>,
}

impl Orders {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// Has the run of a key do this; what it calls with, if it calls, is `value`.
    pub fn give(&self, key: u8, order: Order, value: u32) {
        let mut inner = self.lock();
        inner.orders.insert(key, (order, value));
        inner.wakers.remove(&key).map(Waker::wake).unwrap_or_default();
    }

    /// The runs that have begun since the last time, in that order.
    pub fn begun(&self) -> Vec<(u8, Vec<u32>)> {
        take(&mut self.lock().begun)
    }

    /// What became of calls inside a run since the last time.
    pub fn said(&self) -> Vec<Result<(), NotPut>> {
        take(&mut self.lock().said)
    }

    /// What each run does.
    fn obey(self, key: u8, mut held: Held) -> Obeying {
        self.lock().begun.push((key, held.values()));
        Box::pin(poll_fn(move |cx| {
            let mut inner = self.lock();
            let ordered = inner.orders.remove(&key);
            inner.wakers.insert(key, cx.waker().clone());
            let weak = inner.weak.clone();
            drop(inner);
            let Some((order, value)) = ordered else { return Poll::Pending };
            if let (Some(key), Some(weak)) = (order.calls, weak) {
                let said = weak.trigger(key, value);
                self.lock().said.push(said);
            }
            held.take_out(order.takes);
            if order.keeps {
                held.keep();
            }
            match order.ends {
                None => Poll::Pending,
                Some(How::Returns) => Poll::Ready(Ok(())),
                Some(How::Fails) => Poll::Ready(Err("on purpose")),
                Some(How::Panics) => panic_quietly(),
            }
        }))
    }
}
