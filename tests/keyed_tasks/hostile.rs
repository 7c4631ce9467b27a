//! Functions that panic when they are cloned: each run has a clone of its own. Values that panic when they are given up.

use super::by_hand::Driven;
use super::subject::{Seen, runtime};
use super::support::{Fragile, SECOND, panic_quietly, panics};
use atomic_throttle::{
    Batch, Carried, KeyedThrottled, KeyedThrottledBuilder, Payload, Pending, Retry, Shutdown, WaitError,
};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Poll;
use std::time::Duration;

fn builder() -> KeyedThrottledBuilder<&'static str> {
    KeyedThrottled::<&str>::builder(SECOND)
}

fn again<P: Payload>(
    builder: KeyedThrottledBuilder<&'static str, P>,
) -> KeyedThrottledBuilder<&'static str, P> {
    builder.retry(Retry::by(|_, _| Some(Duration::ZERO)))
}

/// The run fails before its function is called, and what it was given is given to the next try (G10).
#[test]
fn a_clone_that_panics_loses_nothing() {
    let (runtime, fragile, seen) = (runtime(), Fragile::default(), Seen::new());
    let look = || {
        runtime.settle();
        let before = seen.take();
        runtime.clock().advance(SECOND);
        runtime.settle();
        (before, seen.take())
    };

    let inside = seen.clone();
    let latest =
        again(builder().latest()).spawn_on(runtime.clone(), async move |key, value: Carried<u64>| {
            let _ = &fragile;
            inside.add(key, *value);
        });
    let latest = latest.unwrap();
    latest.trigger(&"a", 1).unwrap();
    latest.trigger(&"a", 2).unwrap();
    assert_eq!(look(), (vec![], vec![("a", 2)]));

    let (inside, fragile) = (seen.clone(), Fragile::default());
    let sum = again(builder().merging(|older: &mut u64, newer| *older += newer));
    let sum = sum.spawn_on(runtime.clone(), async move |key, sum: Carried<u64>| {
        let _ = &fragile;
        inside.add(key, *sum);
    });
    let sum = sum.unwrap();
    sum.trigger(&"a", 1).unwrap();
    sum.trigger(&"a", 2).unwrap();
    assert_eq!(look(), (vec![], vec![("a", 3)]));

    let (inside, fragile) = (seen.clone(), Fragile::default());
    let rows = again(builder().collecting());
    let rows = rows.spawn_on(runtime.clone(), async move |key, mut rows: Carried<Batch<u64>>| {
        let _ = &fragile;
        rows.drain().for_each(|row| inside.add(key, row));
    });
    let rows = rows.unwrap();
    rows.trigger(&"a", 1).unwrap();
    rows.trigger(&"a", 2).unwrap();
    assert_eq!(look(), (vec![], vec![("a", 1), ("a", 2)]));

    let (inside, fragile) = (seen.clone(), Fragile::default());
    let calls = again(builder().counting()).spawn_on(runtime.clone(), async move |key, calls| {
        let _ = &fragile;
        inside.add(key, calls);
    });
    let calls = calls.unwrap();
    calls.trigger(&"a").unwrap();
    calls.trigger(&"a").unwrap();
    assert_eq!(look(), (vec![], vec![("a", 2)]));
}

struct GivenUp;

impl Drop for GivenUp {
    fn drop(&mut self) {
        panic_quietly()
    }
}

/// A policy that gives up drops what the run was given, and nothing ends by that.
#[test]
fn a_value_that_panics_when_it_is_given_up_ends_nothing() {
    let runtime = runtime();
    let latest = builder().retry(Retry::by(|_, _| None)).latest();
    let spawned = latest.spawn_on(runtime.clone(), async |_, _: Carried<GivenUp>| Err::<(), _>("refused"));
    let latest = spawned.unwrap();
    latest.trigger(&"a", GivenUp).unwrap();
    runtime.settle();
    assert_eq!((latest.runs(), runtime.panics()), (1, 0));
    assert!(latest.trigger(&"b", GivenUp).is_ok(), "it goes on");
    runtime.settle();
    assert_eq!(latest.runs(), 2);
}

/// A cancel drops what was brought, after it has woken those who wait.
#[test]
fn a_value_that_panics_when_it_is_cancelled_keeps_nobody_waiting() {
    let runtime = runtime();
    let latest = builder().latest().spawn_on(runtime.clone(), async |_, _: Carried<GivenUp>| ()).unwrap();
    let ticket = latest.trigger(&"a", GivenUp).unwrap().into_owned();
    let mut waits = Driven::new(async move { ticket.await });
    assert!(waits.poll().is_pending());
    assert!(panics(|| latest.cancel(&"a")));
    assert!(waits.is_woken());
    assert_eq!(waits.poll(), Poll::Ready(Err(WaitError::Cancelled)));
}

#[derive(Debug)]
struct Unkind;

impl fmt::Display for Unkind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unkind")
    }
}

impl std::error::Error for Unkind {}

impl Drop for Unkind {
    fn drop(&mut self) {
        panic_quietly()
    }
}

/// The error of a run that is tried again is dropped after it, and nothing ends by that.
#[test]
fn an_error_that_panics_when_it_is_dropped_ends_nothing() {
    let (runtime, tries) = (runtime(), Arc::new(Mutex::new(0)));
    let counted = Arc::clone(&tries);
    let spawned = again(builder().counting()).spawn_on(runtime.clone(), async move |_, _| {
        let mut tries = counted.lock().unwrap();
        *tries += 1;
        if *tries == 1 { Err(Unkind) } else { Ok(()) }
    });
    let calls = spawned.unwrap();
    let ticket = calls.trigger(&"a").unwrap();
    runtime.settle();
    runtime.clock().advance(SECOND);
    runtime.settle();
    assert_eq!((*tries.lock().unwrap(), runtime.panics()), (2, 0));
    assert_eq!(ticket.wait_for(Duration::ZERO), Ok(()));
}

type Plain = KeyedThrottled<&'static str>;

/// What is asked of the throttle, and what it answers.
#[derive(Default)]
struct Asked {
    throttled: OnceLock<Plain>,
    ends: Mutex<Vec<Result<Shutdown, WaitError>>>,
}

impl Asked {
    fn ask(&self) {
        if let Some(throttled) = self.throttled.get() {
            let end = throttled.shutdown(Pending::Finish).wait_for(Duration::ZERO);
            self.ends.lock().unwrap().push(end);
        }
    }
}

/// Asks when it is dropped.
struct Asks(Arc<Asked>);

impl Drop for Asks {
    fn drop(&mut self) {
        self.0.ask();
    }
}

/// The hook is a part of the run. What it and the function hold is dropped before the end is seen.
#[test]
fn a_hook_is_called_inside_of_the_run_and_dropped_before_the_end() {
    let (runtime, asked) = (runtime(), Arc::new(Asked::default()));
    let (in_hook, in_function) = (Asks(Arc::clone(&asked)), Arc::new(Asks(Arc::clone(&asked))));
    let hooked = builder().fatal_panics().on_panic(move |_, _| in_hook.0.ask());
    let spawned = hooked.spawn_on(runtime.clone(), async move |_| {
        let _ = &in_function;
        panic_quietly()
    });
    let throttled = spawned.unwrap();
    assert!(asked.throttled.set(throttled.clone()).is_ok());
    throttled.trigger(&"a").unwrap();
    runtime.settle();
    let open = Err(WaitError::TimedOut);
    assert_eq!(*asked.ends.lock().unwrap(), [Err(WaitError::InsideRun), open.clone(), open]);
    assert_eq!(throttled.shutdown(Pending::Finish).wait_for(Duration::ZERO), Ok(Shutdown::Panicked));
}
