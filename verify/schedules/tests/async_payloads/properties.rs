//! What holds of that which the calls of an `AsyncThrottle` bring (G10): three threads call, the runtime drops tasks at any
//! poll, and a fourth thread takes or flushes.

#[path = "../async_properties/on_shuttle.rs"]
mod on_shuttle;

use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{
    AsyncThrottle, Batch, Carried, Collect, Count, Latest, Merge, Payload, Rejected, Threshold, Ticket,
    WaitError,
};
use on_shuttle::{Drops, OnShuttle};
use schedules::Tally;
use shuttle::future::{block_on, yield_now};
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};

const CALLERS: u32 = 3;
const CALLS: u32 = 2;

/// What all share: what runs were given, and the values that they took out, or that were taken.
struct Shared<P> {
    throttle: AsyncThrottle<OnShuttle, P>,
    given: Mutex<Vec<u32>>,
    found: Mutex<Vec<u32>>,
}

fn note(place: &Mutex<Vec<u32>>, values: impl IntoIterator<Item = u32>) {
    place.lock().unwrap_or_else(PoisonError::into_inner).extend(values);
}

fn noted(place: &Mutex<Vec<u32>>) -> Vec<u32> {
    place.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

impl<P: Payload> Shared<P> {
    fn new(throttle: fn(Threshold, OnShuttle) -> AsyncThrottle<OnShuttle, P>) -> Arc<Self> {
        let drops = if thread_rng().gen_bool(0.7) { Drops::AtAnyPoll } else { Drops::None };
        // A run that is told of nothing would end no window.
        let throttle = throttle(Threshold::ZERO, OnShuttle::new(drops));
        Arc::new(Self { throttle, given: Mutex::default(), found: Mutex::default() })
    }

    /// Whoever waits is told of a run that was given the value, unless somebody takes the values.
    fn wait(&self, ticket: Ticket<'_>, value: u32, takes: bool, tally: &Tally) {
        if thread_rng().gen_bool(0.5) {
            return;
        }
        match block_on(ticket.into_future()) {
            Ok(()) => {
                let is_given = noted(&self.given).contains(&value);
                assert!(takes || is_given, "G10: covered, and the value was not given");
            }
            Err(WaitError::Owed | WaitError::Panicked) => tally.count(),
            // By the fourth thread, or a task was dropped when it had taken out all.
            Err(WaitError::Cancelled) => {
                let is_given = noted(&self.given).contains(&value);
                assert!(takes || is_given, "G10: nobody has cancelled it, and the value was not given");
            }
            Err(error) => panic!("G3: {error}"),
        }
    }

    /// Waits until nothing is pending or in progress. A run that is stopped is owed a moment before it finishes, and what a
    /// run leaves revives an owner that was cancelled and has not noticed.
    fn settle(&self) {
        while self.throttle.is_pending() || self.throttle.snapshot().running {
            let _ = block_on(self.throttle.all().into_future());
            thread::yield_now();
        }
    }

    /// At the end. Asserts that each value is in one place, and that a run which is owed would find something.
    fn assert_each_once(&self, left: Vec<u32>, deferral: DeferralStatus, mut brought: Vec<u32>) {
        let is_empty = left.is_empty();
        let mut found = [noted(&self.found), left].concat();
        found.sort_unstable();
        brought.sort_unstable();
        assert_eq!(found, brought, "G10: a value is lost, or comes twice");
        assert!(deferral != DeferralStatus::Owed || !is_empty, "G10: a run is owed, with nothing for it");
    }
}

/// Has three threads call, each by `call`, which says whether the call with this value was taken. Does `meanwhile` in the
/// fourth. Returns the values of those that were taken.
fn called(call: impl Fn(u32) -> bool + Clone + Send + 'static, meanwhile: impl FnOnce()) -> Vec<u32> {
    let caller = |caller| {
        let call = call.clone();
        thread::spawn(move || {
            let values = (0..CALLS).map(|number| caller * CALLS + number + 1);
            values.filter(|value| call(*value)).collect::<Vec<_>>()
        })
    };
    let callers: Vec<_> = (0..CALLERS).map(caller).collect();
    meanwhile();
    callers.into_iter().flat_map(|caller| caller.join().expect("no panic")).collect()
}

/// Values that are collected by runs that keep some, panic, or are dropped in the middle.
pub fn collected(reached: &Tally) {
    let shared = Shared::<Collect<u32>>::new(|threshold, runtime| {
        AsyncThrottle::collecting_with_runtime(threshold, runtime).capacity(3)
    });
    let function = |shared: &Arc<Shared<_>>| {
        let shared = Arc::clone(shared);
        async move |mut batch: Carried<Batch<u32>>| {
            assert!(!batch.is_empty(), "G10: a run without a value");
            note(&shared.given, batch.iter().copied());
            let part = thread_rng().gen_range(0..=batch.len());
            note(&shared.found, batch.drain().take(part));
            yield_now().await;
            if thread_rng().gen_bool(0.2) {
                resume_unwind(Box::new("on purpose"));
            }
            batch.keep_rest();
        }
    };
    let takes = thread_rng().gen_bool(0.5);
    let (caller, tally) = (Arc::clone(&shared), reached.clone());
    let call = move |value| match caller.throttle.trigger(value, function(&caller)) {
        Ok(ticket) => {
            caller.wait(ticket, value, takes, &tally);
            true
        }
        Err(Rejected { value: back, .. }) => {
            assert_eq!(back, value, "G10: another value comes back");
            false
        }
    };
    let brought = called(call, || {
        if takes {
            note(&shared.found, shared.throttle.take());
        } else {
            let _ = shared.throttle.flush(function(&shared));
        }
    });
    shared.settle();
    let deferral = shared.throttle.snapshot().deferral;
    shared.assert_each_once(shared.throttle.take(), deferral, brought);
}

/// One value, whose run is stopped, while another thread takes: a run is owed if the value is there for it, and only then.
fn stopped<P: Payload>(
    owed: &Tally,
    throttle: fn(Threshold, OnShuttle) -> AsyncThrottle<OnShuttle, P>,
    bring: fn(&Arc<Shared<P>>),
    take: fn(&AsyncThrottle<OnShuttle, P>) -> Vec<u32>,
) where
    Shared<P>: Send + Sync,
{
    let throttle = throttle(Threshold::ZERO, OnShuttle::new(Drops::AtAnyPoll));
    let shared = Arc::new(Shared::<P> { throttle, given: Mutex::default(), found: Mutex::default() });
    bring(&shared);
    let taking = Arc::clone(&shared);
    let taking = thread::spawn(move || note(&taking.found, take(&taking.throttle)));
    shared.settle();
    taking.join().expect("no panic");
    let deferral = shared.throttle.snapshot().deferral;
    owed.count_if(deferral == DeferralStatus::Owed);
    let left = take(&shared.throttle);
    assert!(deferral == DeferralStatus::Owed || left.is_empty(), "G6: it is left, and no run is owed for it");
    shared.assert_each_once(left, deferral, vec![1]);
}

pub fn stopped_collecting(owed: &Tally) {
    let bring = |shared: &Arc<Shared<Collect<u32>>>| {
        let seen = Arc::clone(shared);
        let function = async move |batch: Carried<Batch<u32>>| {
            yield_now().await;
            note(&seen.found, batch.iter().copied());
        };
        assert!(shared.throttle.trigger(1, function).is_ok());
    };
    stopped(owed, AsyncThrottle::collecting_with_runtime, bring, AsyncThrottle::<_, Collect<_>>::take);
}

pub fn stopped_merging(owed: &Tally) {
    let bring = |shared: &Arc<Shared<Merge<Vec<u32>>>>| {
        let seen = Arc::clone(shared);
        let function = async move |all: Carried<Vec<u32>>| {
            yield_now().await;
            note(&seen.found, all.into_inner());
        };
        assert!(shared.throttle.trigger(vec![1], function).is_ok());
    };
    let throttle =
        |threshold, runtime| AsyncThrottle::merging_with_runtime(threshold, runtime, Extend::extend);
    stopped(owed, throttle, bring, |throttle| throttle.take().unwrap_or_default());
}

pub fn stopped_with_the_newest(owed: &Tally) {
    let bring = |shared: &Arc<Shared<Latest<u32>>>| {
        let seen = Arc::clone(shared);
        let function = async move |newest: Carried<u32>| {
            yield_now().await;
            note(&seen.found, [newest.into_inner()]);
        };
        assert!(shared.throttle.trigger(1, function).is_ok());
    };
    stopped(owed, AsyncThrottle::latest_with_runtime, bring, |throttle| {
        throttle.take().into_iter().collect()
    });
}

/// Values that are merged, by runs that may be dropped in the middle.
pub fn merged(reached: &Tally) {
    let shared = Shared::<Merge<Vec<u32>>>::new(|threshold, runtime| {
        AsyncThrottle::merging_with_runtime(threshold, runtime, Extend::extend)
    });
    let function = |shared: &Arc<Shared<_>>| {
        let shared = Arc::clone(shared);
        async move |all: Carried<Vec<u32>>| {
            note(&shared.given, all.iter().copied());
            yield_now().await;
            note(&shared.found, all.into_inner());
        }
    };
    let takes = thread_rng().gen_bool(0.5);
    let (caller, tally) = (Arc::clone(&shared), reached.clone());
    let call = move |value| {
        let ticket = caller.throttle.trigger(vec![value], function(&caller));
        caller.wait(ticket.expect("there is room"), value, takes, &tally);
        true
    };
    let brought = called(call, || {
        if takes {
            note(&shared.found, shared.throttle.take().unwrap_or_default());
        } else {
            let _ = shared.throttle.flush(function(&shared));
        }
    });
    shared.settle();
    let deferral = shared.throttle.snapshot().deferral;
    shared.assert_each_once(shared.throttle.take().unwrap_or_default(), deferral, brought);
}

/// Counts: exact, and no run is told of none. What a run was told of that was dropped in the middle is told again.
pub fn counted(reached: &Tally) {
    let shared = Shared::<Count>::new(AsyncThrottle::counting_with_runtime);
    let function = |shared: &Arc<Shared<_>>| {
        let shared = Arc::clone(shared);
        async move |calls: u64| {
            assert!(calls > 0, "G10: a run without a call");
            yield_now().await;
            note(&shared.found, [u32::try_from(calls).expect("a few")]);
        }
    };
    let (caller, tally) = (Arc::clone(&shared), reached.clone());
    let call = move |_| {
        let ticket = caller.throttle.trigger(function(&caller)).expect("there is a runtime");
        if thread_rng().gen_bool(0.5) {
            tally.count_if(block_on(ticket.into_future()).is_err());
        }
        true
    };
    let brought = called(call, || {
        if thread_rng().gen_bool(0.5) {
            note(&shared.found, [u32::try_from(shared.throttle.take()).expect("a few")]);
        } else {
            let _ = shared.throttle.flush(function(&shared));
        }
    });
    shared.settle();
    let left = u32::try_from(shared.throttle.take()).expect("a few");
    let told = noted(&shared.found).iter().sum::<u32>() + left;
    assert_eq!(usize::try_from(told).expect("a few"), brought.len(), "G10: the calls were not told once");
}
