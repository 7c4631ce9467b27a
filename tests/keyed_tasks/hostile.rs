//! Functions that panic when they are cloned: each run has a clone of its own. Values that panic when they are given up.

use super::by_hand::Driven;
use super::subject::{Seen, runtime, told};
use super::support::{Fragile, SECOND, panic_quietly, panics, until};
use atomic_throttle::{
    Batch, Carried, KeyedThrottled, KeyedThrottledBuilder, Payload, Pending, Retry, Shutdown, WaitError,
};
use evidence::Check;
use evidence::Guarantee::G9;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Poll;
use std::thread;
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

    // Without a payload, too.
    let (inside, fragile) = (seen.clone(), Fragile::default());
    let plain = again(builder()).spawn_on(runtime.clone(), async move |key| {
        let _ = &fragile;
        inside.add(key, 1);
    });
    let plain = plain.unwrap();
    plain.trigger(&"a").unwrap();
    assert_eq!(look(), (vec![], vec![("a", 1)]));
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

/// Asks when it is cloned.
struct AsksInClone(Arc<Asked>);

impl Clone for AsksInClone {
    fn clone(&self) -> Self {
        self.0.ask();
        Self(Arc::clone(&self.0))
    }
}

/// The clone of the function is a part of the run: one that waits for the throttle would wait for itself.
#[test]
fn the_function_is_cloned_inside_of_the_run() {
    let (runtime, asked) = (runtime(), Arc::new(Asked::default()));
    let asks = AsksInClone(Arc::clone(&asked));
    let spawned = builder().spawn_on(runtime.clone(), async move |_| _ = &asks);
    let throttled = spawned.unwrap();
    assert!(asked.throttled.set(throttled.clone()).is_ok());
    throttled.trigger(&"a").unwrap();
    runtime.settle();
    assert_eq!(*asked.ends.lock().unwrap(), [Err(WaitError::InsideRun)]);
}

/// A key whose drop panics, while it is armed.
#[derive(Clone)]
struct Bomb {
    name: &'static str,
    is_armed: Arc<AtomicBool>,
}

impl Bomb {
    fn new(name: &'static str) -> Self {
        Self { name, is_armed: Arc::default() }
    }

    fn arm(&self, is_armed: bool) {
        self.is_armed.store(is_armed, SeqCst);
    }
}

impl PartialEq for Bomb {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Bomb {}

impl Hash for Bomb {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.is_armed.load(SeqCst) && !thread::panicking() {
            if self.name == "in turn" {
                resume_unwind(Box::new(GivenUp));
            }
            panic_quietly();
        }
    }
}

/// What the drop of a key panics with panics in turn, when it is dropped. The task itself ends as it should.
#[test]
fn a_key_whose_drop_panics_ends_the_throttle_and_not_the_task() {
    let runtime = runtime();
    let spawned = KeyedThrottled::<Bomb>::builder(SECOND).shards(1).spawn_on(runtime.clone(), async |_| ());
    let (throttled, bomb) = (spawned.unwrap(), Bomb::new("in turn"));
    throttled.trigger(&bomb).unwrap();
    runtime.settle();
    // It is evicted after the next run.
    runtime.clock().advance(SECOND * 10);
    bomb.arm(true);
    throttled.trigger(&Bomb::new("other")).unwrap();
    runtime.settle();
    bomb.arm(false);
    assert_eq!((throttled.runs(), runtime.panics()), (2, 0));
    assert_eq!(throttled.shutdown(Pending::Finish).wait_for(Duration::ZERO), Ok(Shutdown::Panicked));
}

/// The task is dropped, and drops the last clone of a key that was flushed. What comes after that is owed all the same.
#[test]
fn a_key_whose_drop_panics_at_the_end_leaves_no_other_waiting() {
    let runtime = runtime();
    let spawned = KeyedThrottled::<Bomb>::builder(SECOND).spawn_on(runtime.clone(), async |_| ());
    let (throttled, bomb, other) = (spawned.unwrap(), Bomb::new("bomb"), Bomb::new("other"));
    throttled.trigger(&bomb).unwrap();
    runtime.settle();
    throttled.trigger(&bomb).unwrap();
    let _ = throttled.flush(&bomb).unwrap();
    runtime.settle();
    assert_eq!(throttled.runs(), 2);
    let ticket = throttled.trigger(&other).unwrap();
    bomb.arm(true);
    runtime.drop_task(0);
    bomb.arm(false);
    assert_eq!(told(ticket), Poll::Ready(Err(WaitError::Owed)));
    assert_eq!(throttled.pending(), 0);
}

/// Each shard remembers 64 cancels. What is forgotten for another one is dropped after whoever waits was woken.
#[test]
fn a_key_that_panics_when_it_is_forgotten_keeps_nobody_waiting() {
    let runtime = runtime();
    let latest = KeyedThrottled::<Bomb>::builder(SECOND).shards(1).latest();
    let latest = latest.spawn_on(runtime.clone(), async |_, _: Carried<u32>| ()).unwrap();
    let (bomb, other) = (Bomb::new("bomb"), Bomb::new("other"));
    for key in std::iter::once(&bomb).chain(std::iter::repeat_n(&Bomb::new("another"), 63)) {
        latest.trigger(key, 1).unwrap();
        assert!(latest.cancel(key));
    }
    runtime.settle();
    let ticket = latest.trigger(&other, 2).unwrap().into_owned();
    let mut waits = Driven::new(async move { ticket.await });
    assert!(waits.poll().is_pending());
    bomb.arm(true);
    assert!(panics(|| latest.take(&other)));
    bomb.arm(false);
    assert!(waits.is_woken());
    assert_eq!(waits.poll(), Poll::Ready(Err(WaitError::Cancelled)));
}

/// An error that asks the throttle when it is dropped.
#[derive(Debug)]
struct Asking(Arc<OnceLock<Plain>>);

impl fmt::Display for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("asking")
    }
}

impl std::error::Error for Asking {}

impl Drop for Asking {
    fn drop(&mut self) {
        let throttled = self.0.get().unwrap().clone();
        // On another thread, so that a lock that is held is a failure and not a hang.
        let asking = thread::spawn(move || throttled.all().wait_for(Duration::ZERO));
        until(|| asking.is_finished());
        assert_eq!(asking.join().unwrap(), Ok(()));
    }
}

/// Each shard remembers 64 failures. Then the wait for all keys is the last that has the error.
#[test]
fn an_error_that_a_wait_for_all_was_the_last_to_have_may_ask_the_throttle() {
    let check = Check::of(
        &[G9],
        "tests: an error of a key that asks the throttle when a wait for all keys is dropped",
    );
    let (runtime, itself) = (runtime(), Arc::new(OnceLock::new()));
    let inside = Arc::clone(&itself);
    let spawned = KeyedThrottled::<&str>::builder(Duration::ZERO).shards(1).spawn_on(
        runtime.clone(),
        async move |key| -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            Err(if key == "asking" { Asking(Arc::clone(&inside)).into() } else { "refused".into() })
        },
    );
    let throttled = spawned.unwrap();
    assert!(itself.set(throttled.clone()).is_ok());
    throttled.trigger(&"asking").unwrap();
    let all = throttled.all();
    for _ in 0..=64 {
        runtime.settle();
        throttled.trigger(&"another").unwrap();
    }
    runtime.settle();
    assert_eq!((throttled.runs(), Arc::strong_count(&itself)), (66, 3), "a wait has the error");
    drop(all);
    assert_eq!(Arc::strong_count(&itself), 2, "it was dropped");
    check.passed(1, "case");
}
