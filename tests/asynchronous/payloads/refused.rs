//! A call that is refused has its value back, and leaves nothing.

use super::super::by_hand::ByHand;
use super::{Given, SECOND, Values, merging, runtime, taken, told};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{
    AsyncThrottle, Clock, Latest, Merge, Moved, NoRuntime, NotFlushed, Reason, Rejected, Runtime, Timestamp,
    WaitError,
};
use evidence::Check;
use evidence::Guarantee::{G6, G10};
use std::fmt::Debug;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// A runtime that is there, or not, or goes away while a throttle decides.
#[derive(Clone)]
struct Fickle {
    inner: ByHand,
    is_ready: Arc<AtomicBool>,
    spawns: Arc<AtomicBool>,
}

impl Fickle {
    fn new() -> Self {
        let yes = || Arc::new(AtomicBool::new(true));
        Self { inner: runtime(), is_ready: yes(), spawns: yes() }
    }

    fn is_gone(&self) {
        self.is_ready.store(false, Ordering::SeqCst);
    }

    fn goes_away(&self) {
        self.spawns.store(false, Ordering::SeqCst);
    }

    fn is_back(&self) {
        self.is_ready.store(true, Ordering::SeqCst);
        self.spawns.store(true, Ordering::SeqCst);
    }
}

impl Clock for Fickle {
    fn now(&self) -> Timestamp {
        assert!(self.is_ready.load(Ordering::SeqCst), "there is no clock without its runtime");
        self.inner.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.inner.moved()
    }
}

impl Runtime for Fickle {
    fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        self.inner.sleep_until(deadline)
    }

    fn ready(&self) -> Result<(), NoRuntime> {
        if self.is_ready.load(Ordering::SeqCst) { Ok(()) } else { Err(NoRuntime) }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        if self.spawns.load(Ordering::SeqCst) { self.inner.spawn(task) } else { Err(NoRuntime) }
    }
}

fn rejected<T, V: Debug>(call: Result<T, Rejected<V>>) -> (V, Reason) {
    let Err(Rejected { value, reason }) = call else { panic!("it was taken") };
    (value, reason)
}

#[test]
fn without_a_runtime_a_call_has_its_value_back() {
    let check =
        Check::of(&[G10], "async, no runtime: a value that is refused comes back, and leaves nothing");
    let runtime = Fickle::new();
    let newest = AsyncThrottle::latest_with_runtime(SECOND, runtime.clone());
    let merging = AsyncThrottle::merging_with_runtime(SECOND, runtime.clone(), Values::extend::<Values>);
    let collecting = AsyncThrottle::collecting_with_runtime(SECOND, runtime.clone());
    runtime.is_gone();
    assert_eq!(rejected(newest.trigger(1, async |_| ())), (1, Reason::NoRuntime));
    assert_eq!(rejected(merging.trigger(vec![2], async |_| ())), (vec![2], Reason::NoRuntime));
    assert_eq!(rejected(collecting.trigger(3, async |_| ())), (3, Reason::NoRuntime));
    assert_eq!(rejected(smol::block_on(newest.run(1, async |_| ()))), (1, Reason::NoRuntime));
    assert_eq!(newest.flush(async |_| ()).map(told), Err(NotFlushed::NoRuntime));
    assert_eq!((newest.take(), merging.take(), collecting.take()), (None, None, vec![]));
    assert_eq!(newest.snapshot().deferral, DeferralStatus::None);
    assert_eq!(Reason::NoRuntime.to_string(), NoRuntime.to_string());

    // What is pending takes a value without asking for a runtime.
    runtime.is_back();
    for value in 0..2 {
        taken(newest.trigger(value, async |_| ()));
    }
    runtime.is_gone();
    taken(newest.trigger(2, async |_| ()));
    assert_eq!(newest.take(), Some(2));
    check.passed(6, "calls");
}

/// A call stays counted whatever becomes of it.
#[test]
fn without_a_runtime_a_call_stays_counted() {
    let runtime = Fickle::new();
    let throttle = AsyncThrottle::counting_with_runtime(SECOND, runtime.clone());
    runtime.is_gone();
    assert_eq!(throttle.trigger(async |_| ()).map(told), Err(NoRuntime));
    assert!(smol::block_on(throttle.run(async |_| ())).is_err());
    assert_eq!(throttle.outstanding(), 2);
    runtime.is_back();
    let given = Given::default();
    taken(throttle.trigger(given.hears()));
    runtime.inner.settle();
    assert_eq!(given.seen(), [3]);
}

/// The call was taken, and its task was dropped: as if the runtime had dropped that a moment later.
#[test]
fn a_runtime_that_goes_away_meanwhile_leaves_the_value_owed() {
    let check = Check::of(&[G6, G10], "async: the runtime goes away during a call: its value is owed");
    let (runtime, given) = (Fickle::new(), Given::default());
    let throttle = AsyncThrottle::latest_with_runtime(SECOND, runtime.clone());
    runtime.goes_away();
    // The leading run, which has started; then a deferral.
    for value in 1..=2 {
        let ticket = taken(throttle.trigger(value, given.looks()));
        assert_eq!(told(ticket), Err(WaitError::Owed));
        let snapshot = throttle.snapshot();
        assert!(!snapshot.running && snapshot.deferral == DeferralStatus::Owed, "{snapshot:?}");
    }
    assert_eq!(throttle.flush(given.looks()).map(told), Err(NotFlushed::NoRuntime));
    assert_eq!(throttle.snapshot().deferral, DeferralStatus::Owed);
    runtime.is_back();
    taken(throttle.flush(given.looks()));
    runtime.inner.settle();
    assert_eq!(given.seen(), [2]);

    let counted = AsyncThrottle::counting_with_runtime(SECOND, runtime.clone());
    runtime.goes_away();
    assert_eq!(counted.trigger(async |_| ()).map(told), Err(NoRuntime));
    assert_eq!((counted.outstanding(), counted.snapshot().deferral), (1, DeferralStatus::Owed));
    check.passed(4, "calls");
}

static CALLED_WHILE_MERGING: OnceLock<AsyncThrottle<ByHand, Merge<Values>>> = OnceLock::new();

#[test]
fn the_function_that_merges_cannot_call_its_own_throttle() {
    let runtime = runtime();
    let throttle = CALLED_WHILE_MERGING.get_or_init(|| {
        AsyncThrottle::merging_with_runtime(SECOND, runtime.clone(), |all: &mut Values, more| {
            let throttle = CALLED_WHILE_MERGING.get().unwrap();
            let (value, reason) = rejected(throttle.trigger(more, async |_| ()));
            assert_eq!(reason, Reason::InsideMerge);
            all.extend(value);
        })
    });
    for value in 0..3 {
        taken(throttle.trigger(vec![value], async |_| ()));
    }
    assert_eq!(throttle.take(), Some(vec![1, 2]));
    assert!(merging(&runtime).take().is_none());
}

/// Each kind can be named, sent and shared.
#[test]
fn a_handle_is_sent_and_shared() {
    fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    is_shared(&AsyncThrottle::<ByHand, Latest<u32>>::latest_with_runtime(SECOND, runtime()));
}
