//! Functions that panic when they are cloned or dropped, and what they and the hooks hold at the end.

use crate::by_hand::{ByHand, Driven};
use crate::support::{Fragile, SECOND, at, panic_quietly};
use atomic_throttle::{
    Batch, Carried, Panic, Payload, Pending, Retry, Shutdown, Throttled, ThrottledBuilder, WaitError,
};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Where what is noted comes to, and the throttle.
type Noted = Arc<(OnceLock<Throttled>, Mutex<Vec<Result<Shutdown, WaitError>>>)>;

/// Notes, when it is dropped, whether the throttle has ended, and panics.
struct Held(Noted);

impl Drop for Held {
    fn drop(&mut self) {
        let (throttled, noted) = &*self.0;
        if let Some(throttled) = throttled.get() {
            let ended = throttled.shutdown(Pending::Finish).wait_for(Duration::ZERO);
            noted.lock().unwrap().push(ended);
        }
        panic_quietly()
    }
}

fn hook(noted: &Noted) -> impl FnMut(&Panic<'_>) + Send + 'static {
    let held = Held(Arc::clone(noted));
    move |_| _ = &held
}

/// Both, the function and the hook, were dropped before the end, and nothing came of their panics.
fn assert_ended(noted: &Noted, as_shutdown: Shutdown) {
    let (throttled, noted) = &**noted;
    let open = Err(WaitError::TimedOut);
    assert_eq!(*noted.lock().unwrap(), [open.clone(), open]);
    let ended = throttled.get().expect("it is there").shutdown(Pending::Finish).wait_for(Duration::ZERO);
    assert_eq!(ended, Ok(as_shutdown));
}

fn ends(is_fatal: bool) -> Shutdown {
    if is_fatal { Shutdown::Panicked } else { Shutdown::Idle }
}

#[test]
fn what_a_task_holds_is_dropped_before_the_end() {
    for is_fatal in [false, true] {
        let (runtime, noted) = (ByHand::new(at(1)), Noted::default());
        let builder = Throttled::builder(SECOND).fatal_panics().on_panic(hook(&noted));
        let held = Arc::new(Held(Arc::clone(&noted)));
        let spawned = builder.spawn_on(runtime.clone(), async move || {
            let _ = &held;
            if is_fatal {
                panic_quietly()
            }
        });
        let throttled = spawned.unwrap();
        assert!(noted.0.set(throttled.clone()).is_ok());
        let _ = throttled.trigger().unwrap();
        runtime.settle();
        let _ = throttled.shutdown(Pending::Finish);
        runtime.settle();
        assert_ended(&noted, ends(is_fatal));
        assert_eq!(runtime.panics(), 0);
    }
}

#[test]
fn what_a_driver_holds_is_dropped_before_the_end() {
    for is_fatal in [false, true] {
        let (runtime, noted) = (ByHand::new(at(1)), Noted::default());
        let builder = Throttled::builder(SECOND).fatal_panics().on_panic(hook(&noted));
        let held = Held(Arc::clone(&noted));
        let (throttled, driver) = builder.driver(runtime.clone(), async move || {
            let _ = &held;
            if is_fatal {
                panic_quietly()
            }
        });
        assert!(noted.0.set(throttled.clone()).is_ok());
        let mut driver = Driven::new(driver);
        let _ = throttled.trigger().unwrap();
        let _ = driver.poll();
        let _ = throttled.shutdown(Pending::Finish);
        if !is_fatal {
            assert!(driver.poll().is_ready());
        }
        assert_ended(&noted, ends(is_fatal));
    }
}

fn again<P: Payload>(builder: ThrottledBuilder<P>) -> ThrottledBuilder<P> {
    builder.retry(Retry::by(|_, _| Some(Duration::ZERO)))
}

/// Makes two calls, and has them performed, with one panic of the clone.
fn given<P: Payload>(
    runtime: &ByHand,
    throttled: &Throttled<P>,
    call: impl Fn(&Throttled<P>, u64),
    seen: &Mutex<Vec<u64>>,
) -> Vec<u64> {
    call(throttled, 1);
    call(throttled, 2);
    runtime.settle();
    assert_eq!(throttled.panics(), 1, "the clone");
    assert_eq!(*seen.lock().unwrap(), []);
    runtime.clock().advance(SECOND);
    runtime.settle();
    seen.lock().unwrap().clone()
}

/// The run fails before its function is called, and what it was given is given to the next try (G10).
#[test]
fn a_clone_that_panics_loses_nothing() {
    let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
    let take = || std::mem::take(&mut *seen.lock().unwrap());

    let (runtime, fragile, inside) = (ByHand::new(at(1)), Fragile::default(), Arc::clone(&seen));
    let latest = again(Throttled::builder(SECOND).latest());
    let latest = latest.spawn_on(runtime.clone(), async move |value: Carried<u64>| {
        let _ = &fragile;
        inside.lock().unwrap().push(*value);
    });
    let latest = latest.unwrap();
    assert_eq!(given(&runtime, &latest, |on, value| _ = on.trigger(value).unwrap(), &seen), [2]);
    take();

    let (runtime, fragile, inside) = (ByHand::new(at(1)), Fragile::default(), Arc::clone(&seen));
    let sum = again(Throttled::builder(SECOND).merging(|older: &mut u64, newer| *older += newer));
    let sum = sum.spawn_on(runtime.clone(), async move |sum: Carried<u64>| {
        let _ = &fragile;
        inside.lock().unwrap().push(*sum);
    });
    let sum = sum.unwrap();
    assert_eq!(given(&runtime, &sum, |on, value| _ = on.trigger(value).unwrap(), &seen), [3]);
    take();

    let (runtime, fragile, inside) = (ByHand::new(at(1)), Fragile::default(), Arc::clone(&seen));
    let rows = again(Throttled::builder(SECOND).collecting());
    let rows = rows.spawn_on(runtime.clone(), async move |mut rows: Carried<Batch<u64>>| {
        let _ = &fragile;
        inside.lock().unwrap().extend(rows.drain());
    });
    let rows = rows.unwrap();
    assert_eq!(given(&runtime, &rows, |on, value| _ = on.trigger(value).unwrap(), &seen), [1, 2]);
    take();

    let (runtime, fragile, inside) = (ByHand::new(at(1)), Fragile::default(), Arc::clone(&seen));
    let calls = again(Throttled::builder(SECOND).counting());
    let calls = calls.spawn_on(runtime.clone(), async move |calls| {
        let _ = &fragile;
        inside.lock().unwrap().push(calls);
    });
    let calls = calls.unwrap();
    assert_eq!(given(&runtime, &calls, |on, _| _ = on.trigger().unwrap(), &seen), [2]);
}

/// A driver lends its function what a run is given: it is there for the next try.
#[test]
fn a_driver_tries_again_with_what_it_was_given() {
    let (runtime, seen) = (ByHand::new(at(1)), Arc::new(Mutex::new(Vec::new())));
    let inside = Arc::clone(&seen);
    let mut tries = 0;
    let builder = again(Throttled::builder(SECOND).latest());
    let (post, driver) = builder.driver(runtime.clone(), async move |value: &u64| {
        inside.lock().unwrap().push(*value);
        tries += 1;
        if tries == 1 { Err("planted") } else { Ok(()) }
    });
    let mut driver = Driven::new(driver);
    let ticket = post.trigger(7).unwrap();
    assert!(driver.poll().is_pending());
    runtime.clock().advance(SECOND);
    assert!(driver.poll().is_pending());
    assert_eq!(*seen.lock().unwrap(), [7, 7]);
    assert_eq!(ticket.wait_for(Duration::ZERO), Ok(()));
}
