//! Tasks that are dropped: what their run was to be given, or was given, is there for the next one.

use super::super::by_hand::ByHand;
use super::{Given, collecting, counting, merging, newest, next_window, runtime, taken, told};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{AsyncThrottle, Batch, Carried, Collect, Count, Latest, Merge, Payload, WaitError};
use evidence::Check;
use evidence::Guarantee::{G3, G6, G10};
use std::fmt::Debug;

/// What is dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Which {
    /// The task of a run, before its first poll.
    RunAtFirst,
    /// The task of a run, in the middle.
    RunInTheMiddle,
    /// The task that owns the deferral.
    Owner,
}

/// Who is given what the dropped task has left.
#[derive(Clone, Copy, Debug)]
enum Next {
    Flush,
    Call,
    Take,
}

/// A throttle of one kind, and what its runs were given.
trait Kind {
    type P: Payload;
    type Seen: PartialEq + Debug;

    fn new(runtime: &ByHand) -> (AsyncThrottle<ByHand, Self::P>, Self);
    /// Calls with this value.
    fn call(&self, throttle: &AsyncThrottle<ByHand, Self::P>, value: u32) -> Result<(), WaitError>;
    fn flush(&self, throttle: &AsyncThrottle<ByHand, Self::P>);
    fn take(&self, throttle: &AsyncThrottle<ByHand, Self::P>) -> Self::Seen;
    fn seen(&self) -> Vec<Self::Seen>;
    /// What is to be seen of these values.
    fn all(values: &[u32]) -> Self::Seen;
}

macro_rules! kind {
    ($name:ident, $payload:ty, $new:ident, $looks:ident, $seen:ty, $given:expr, $taken:expr, $all:expr) => {
        struct $name(Given<$seen>);

        impl Kind for $name {
            type P = $payload;
            type Seen = $seen;

            fn new(runtime: &ByHand) -> (AsyncThrottle<ByHand, $payload>, Self) {
                ($new(runtime), Self(Given::default()))
            }

            fn call(&self, throttle: &AsyncThrottle<ByHand, $payload>, value: u32) -> Result<(), WaitError> {
                let call: fn(&Self, &AsyncThrottle<ByHand, $payload>, u32) -> Result<(), WaitError> = $given;
                call(self, throttle, value)
            }

            fn flush(&self, throttle: &AsyncThrottle<ByHand, $payload>) {
                taken(throttle.flush(self.0.$looks()));
            }

            fn take(&self, throttle: &AsyncThrottle<ByHand, $payload>) -> $seen {
                let taken: fn(&AsyncThrottle<ByHand, $payload>) -> $seen = $taken;
                taken(throttle)
            }

            fn seen(&self) -> Vec<$seen> {
                self.0.seen()
            }

            fn all(values: &[u32]) -> $seen {
                let all: fn(&[u32]) -> $seen = $all;
                all(values)
            }
        }
    };
}

kind!(
    Counts,
    Count,
    counting,
    hears,
    u64,
    |kind, throttle, _| told(taken(throttle.trigger(kind.0.hears()))),
    AsyncThrottle::<ByHand, Count>::take,
    |values| values.len() as u64
);
kind!(
    Newest,
    Latest<u32>,
    newest,
    looks,
    u32,
    |kind, throttle, value| told(taken(throttle.trigger(value, kind.0.looks()))),
    |throttle| throttle.take().unwrap_or_default(),
    |values| *values.last().unwrap()
);
kind!(
    Merges,
    Merge<Vec<u32>>,
    merging,
    looks,
    Vec<u32>,
    |kind, throttle, value| told(taken(throttle.trigger(vec![value], kind.0.looks()))),
    |throttle| throttle.take().unwrap_or_default(),
    <[u32]>::to_vec
);
kind!(
    Collects,
    Collect<u32>,
    collecting,
    looks_into,
    Vec<u32>,
    |kind, throttle, value| told(taken(throttle.trigger(value, kind.0.looks_into()))),
    AsyncThrottle::<ByHand, Collect<u32>>::take,
    <[u32]>::to_vec
);

/// A task is dropped. What it had, or was to have, is owed, and `next` is given it.
fn drop_a_task<K: Kind>(which: Which, next: Next) {
    let runtime = runtime();
    let (throttle, kind) = K::new(&runtime);
    let is_run = which != Which::Owner;
    if !is_run {
        let _ = kind.call(&throttle, 0);
        runtime.settle();
        assert_eq!(kind.seen(), [K::all(&[0])]);
    }
    let _ = kind.call(&throttle, 1);
    if !is_run {
        let _ = kind.call(&throttle, 2);
    }
    if which == Which::RunInTheMiddle {
        let [task] = runtime.tasks()[..] else { panic!("it is alive") };
        assert!(!runtime.poll(task), "it is in the middle");
    }
    runtime.shut_down();
    runtime.start_again();
    let snapshot = throttle.snapshot();
    assert!(!snapshot.running && snapshot.deferral == DeferralStatus::Owed, "{which:?}: {snapshot:?}");
    let left: &[u32] = if is_run { &[1] } else { &[1, 2] };
    match next {
        Next::Flush => {
            kind.flush(&throttle);
            runtime.settle();
            assert_eq!(kind.seen(), [K::all(left)], "G10: {which:?}");
        }
        Next::Call => {
            let _ = kind.call(&throttle, 3);
            next_window(&runtime);
            assert_eq!(kind.seen(), [K::all(&[left, &[3]].concat())], "G10: {which:?}");
        }
        Next::Take => {
            assert_eq!(kind.take(&throttle), K::all(left), "G10: {which:?}");
            assert_eq!(throttle.snapshot().deferral, DeferralStatus::None);
        }
    }
    assert_eq!(throttle.snapshot().deferral, DeferralStatus::None, "G3: nothing is owed any more");
}

#[test]
fn what_a_dropped_task_had_is_given_to_the_next_run() {
    let check =
        Check::of(&[G3, G6, G10], "async: a task dropped at each await: its value is for the next run");
    let mut cases = 0;
    for which in [Which::RunAtFirst, Which::RunInTheMiddle, Which::Owner] {
        for next in [Next::Flush, Next::Call, Next::Take] {
            drop_a_task::<Counts>(which, next);
            drop_a_task::<Newest>(which, next);
            drop_a_task::<Merges>(which, next);
            drop_a_task::<Collects>(which, next);
            cases += 4;
        }
    }
    check.passed(cases, "cases");
}

/// Calls that came during the run are for a run of their own, and what the run had comes with theirs.
#[test]
fn what_a_stopped_run_had_joins_what_is_pending() {
    let runtime = runtime();
    let (throttle, collects) = Collects::new(&runtime);
    let (newest, latest) = Newest::new(&runtime);
    for value in 1..=3 {
        let _ = collects.call(&throttle, value);
        let _ = latest.call(&newest, value);
    }
    let running = runtime.tasks();
    for &task in &running[..2] {
        runtime.poll(task);
        runtime.drop_task(task);
    }
    assert!(throttle.is_pending() && newest.is_pending());
    next_window(&runtime);
    assert_eq!(collects.seen(), [[1, 2, 3]], "it comes first");
    assert_eq!(latest.seen(), [3], "a newer one has replaced it");
}

/// Once it is taken out, it does not come back, and no run is owed that would find nothing.
#[test]
fn a_value_that_was_taken_out_does_not_come_back() {
    let runtime = runtime();
    let throttle = newest(&runtime);
    let sends = async |value: Carried<u32>| {
        let _sent = value.into_inner();
        std::future::pending::<()>().await;
    };
    let ticket = taken(throttle.trigger(1, sends));
    runtime.settle();
    runtime.drop_task(0);
    let snapshot = throttle.snapshot();
    assert!(!snapshot.running && snapshot.deferral == DeferralStatus::None, "{snapshot:?}");
    assert_eq!((told(ticket), throttle.take()), (Err(WaitError::Cancelled), None));

    let throttle = collecting(&runtime);
    let sends = async |mut batch: Carried<Batch<u32>>| {
        let _sent: Vec<u32> = batch.drain().take(2).collect();
        std::future::pending::<()>().await;
        drop(batch);
    };
    for (value, is_owed) in [(1, false), (2, false), (3, false)] {
        let ticket = taken(throttle.trigger(value, sends));
        next_window(&runtime);
        runtime.drop_task(*runtime.tasks().last().expect("it is in the middle"));
        assert_eq!(throttle.snapshot().deferral == DeferralStatus::Owed, is_owed);
        assert_eq!((told(ticket), throttle.take()), (Err(WaitError::Cancelled), vec![]));
    }
}

/// A run that has taken out a part leaves the rest owed.
#[test]
fn the_rest_of_a_batch_comes_back() {
    let (runtime, given) = (runtime(), Given::default());
    let throttle = collecting(&runtime);
    taken(throttle.trigger(0, async |_| ()));
    runtime.settle();
    let sends = async |mut batch: Carried<Batch<u32>>| {
        let _sent = batch.pop();
        std::future::pending::<()>().await;
        drop(batch);
    };
    let ticket = taken(throttle.trigger(1, sends));
    taken(throttle.trigger(2, async |_| ()));
    next_window(&runtime);
    runtime.shut_down();
    runtime.start_again();
    assert_eq!(told(ticket), Err(WaitError::Owed));
    taken(throttle.flush(given.looks_into()));
    runtime.settle();
    assert_eq!(given.seen(), [[2]]);
}
