//! A `KeyedThrottled` in a task that is polled by hand: calls, cancels and ends while a run is in progress.

use super::by_hand::ByHand;
use crate::support::{SECOND, at};
use atomic_throttle::{
    Batch, Carried, Collect, KeyTicket, KeyedThrottled, KeyedThrottledBuilder, OwnedKeyTicket, Pending,
    Retry, Shutdown, WaitError,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// A throttle that collects, each run of which fails when it is let go.
struct Failing {
    runtime: ByHand,
    let_go: Arc<Semaphore>,
    throttled: KeyedThrottled<u8, Collect<u32>>,
}

impl Failing {
    fn new(set_up: impl FnOnce(KeyedThrottledBuilder<u8>) -> KeyedThrottledBuilder<u8>) -> Self {
        let (runtime, let_go) = (ByHand::new(at(1)), Arc::new(Semaphore::new(0)));
        let go = Arc::clone(&let_go);
        let builder = set_up(KeyedThrottled::builder(SECOND)).collecting();
        let f = async move |_: u8, _rows: Carried<Batch<u32>>| {
            go.acquire().await.expect("it is open").forget();
            Err::<(), _>("on purpose")
        };
        let throttled = builder.spawn_on(runtime.clone(), f).unwrap();
        Self { runtime, let_go, throttled }
    }

    fn call(&self, key: u8, value: u32) -> OwnedKeyTicket<u8> {
        let ticket = self.throttled.trigger(&key, value).map(KeyTicket::into_owned).unwrap();
        self.runtime.settle();
        ticket
    }

    /// The run in progress fails.
    fn fail(&self) {
        self.let_go.add_permits(1);
        self.runtime.settle();
    }

    fn advance(&self, by: Duration) {
        self.runtime.clock().advance(by);
        self.runtime.settle();
    }
}

fn told(ticket: &OwnedKeyTicket<u8>) -> Result<(), WaitError> {
    ticket.wait_for(Duration::ZERO)
}

fn twice(builder: KeyedThrottledBuilder<u8>) -> KeyedThrottledBuilder<u8> {
    builder.retry(Retry::by(|_, _| Some(SECOND)).at_most(1))
}

/// It would block its runtime for as long as the run goes on.
#[test]
fn a_discard_while_a_run_is_in_progress_comes_to_rest() {
    for at_once in [1, 16] {
        let failing = Failing::new(|builder| builder.max_concurrent(at_once));
        let _ = failing.call(1, 1);
        let pending = failing.call(1, 2);
        let _ = failing.throttled.shutdown(Pending::Discard);
        failing.runtime.settle();
        failing.fail();
        assert_eq!(told(&pending), Err(WaitError::Cancelled));
        assert_eq!(failing.throttled.shutdown(Pending::Discard).wait(), Ok(Shutdown::Discarded));
    }
}

#[test]
fn a_call_during_a_run_does_not_end_its_row_of_failures() {
    let failing = Failing::new(twice);
    let ticket = failing.call(1, 1);
    failing.fail();
    failing.advance(SECOND);
    let _ = failing.call(1, 2);
    assert_eq!(failing.throttled.snapshot(&1).unwrap().failures, 1);
    failing.fail();
    let Err(WaitError::Failed(failure)) = told(&ticket) else { panic!("it is not given up") };
    assert_eq!(failure.attempt(), 2);
}

/// The run of a later call covers one that was cancelled before it, so it decides what that is told.
#[test]
fn a_cancelled_call_waits_for_the_run_of_a_later_one() {
    let failing = Failing::new(twice);
    let ticket = failing.call(1, 1);
    failing.fail();
    assert!(failing.throttled.cancel(&1));
    failing.runtime.settle();
    assert_eq!(told(&ticket), Err(WaitError::Cancelled));
    let later = failing.call(1, 2);
    assert_eq!(told(&ticket), Err(WaitError::TimedOut));
    for _ in 0..2 {
        failing.advance(SECOND);
        assert_eq!(told(&ticket), Err(WaitError::TimedOut), "the run is in progress");
        failing.fail();
    }
    assert!(matches!(told(&ticket), Err(WaitError::Failed(_))));
    assert!(matches!(told(&later), Err(WaitError::Failed(_))));
}

/// Also where the key was evicted meanwhile, and others have run since.
#[test]
fn a_cancelled_call_on_an_evicted_key_waits_for_the_run_of_a_later_one() {
    let failing = Failing::new(|builder| builder.shards(1));
    let _ = failing.call(1, 1);
    failing.fail();
    assert_eq!(failing.throttled.take(&1), [1], "a run for what it has left");
    let ticket = failing.call(1, 2);
    assert!(failing.throttled.cancel(&1));
    failing.advance(SECOND);
    let _ = failing.call(2, 3);
    failing.fail();
    assert_eq!(failing.throttled.take(&2), [3]);
    failing.advance(SECOND);
    failing.throttled.evict();
    assert!(!failing.throttled.contains(&1) && !failing.throttled.contains(&2));
    assert_eq!(told(&ticket), Err(WaitError::Cancelled));
    let _ = failing.call(1, 4);
    assert_eq!(told(&ticket), Err(WaitError::TimedOut), "the run is in progress");
    failing.fail();
    assert!(matches!(told(&ticket), Err(WaitError::Failed(_))));
}

#[test]
fn a_cancel_of_nothing_leaves_what_the_last_run_has_left() {
    let failing = Failing::new(twice);
    let _ = failing.call(1, 1);
    let _ = failing.throttled.shutdown(Pending::Finish);
    failing.fail();
    // The last try is the one that starts now.
    failing.advance(SECOND);
    failing.fail();
    assert!(!failing.throttled.cancel(&1));
    assert_eq!(failing.throttled.take(&1), [1], "G10");
    assert_eq!(failing.throttled.take(&1), []);
}

#[test]
fn a_cancel_before_a_run_ends_leaves_what_that_leaves() {
    let failing = Failing::new(|builder| builder);
    let _ = failing.call(1, 1);
    let _ = failing.call(1, 2);
    assert!(failing.throttled.cancel(&1));
    let _ = failing.throttled.shutdown(Pending::Finish);
    failing.fail();
    assert_eq!(failing.throttled.take(&1), [1], "G10");
}
