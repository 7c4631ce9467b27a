//! Panics of everything that can panic: what they end, and that nobody hangs.

use super::subject::{Builder, Subject};
use super::support::{SECOND, at, panic_quietly, until};
use atomic_throttle::state::DeferralStatus;
use atomic_throttle::{
    Clock, Ended, KeyedThrottled, Manual, Moved, NotFlushed, NotTaken, Pending, Retry, Shutdown, Timestamp,
    WaitError,
};
use evidence::Check;
use evidence::Guarantee::{G3, G6, G10};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{self};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

#[test]
fn a_panic_is_caught_counted_and_told_and_loses_nothing() {
    let check = Check::of(&[G6], "tests: a panic in a run of a KeyedThrottled; the other keys go on");
    let (told, panics) = mpsc::channel();
    let subject = Subject::running(
        |builder| {
            builder.on_panic(move |key, panic| {
                let _ = told.send(format!("{key}: {}", panic.message()));
                panic_quietly();
            })
        },
        |key| {
            if key == "bad" {
                panic_quietly();
            }
        },
    );
    subject.lead("good");
    subject.call("bad");
    subject.call("good");
    assert_eq!(panics.recv().as_deref(), Ok("bad: on purpose"));
    subject.assert_run("bad", 1);
    // Its window counts, and what is pending stays so.
    subject.call("bad");
    subject.assert_no_run();
    subject.clock.set(at(2));
    let waited = subject.throttled.all().wait();
    assert!(matches!(waited, Ok(()) | Err(WaitError::Panicked)), "{waited:?}");
    assert_eq!((subject.throttled.panics(), subject.throttled.runs()), (2, 4));
    check.passed(2, "cases");
}

#[test]
fn a_fatal_panic_ends_it_and_leaves_what_was_pending_owed() {
    let (go, gate) = mpsc::channel::<()>();
    let subject = Subject::running(Builder::fatal_panics, move |_| {
        gate.recv().unwrap_or(());
        panic_quietly();
    });
    subject.call("a");
    subject.assert_run("a", 1);
    // Called during that run: another key, and one that was flushed before.
    for key in ["a", "b", "b", "c", "d"] {
        subject.call(key);
    }
    assert_eq!(subject.throttled.flush("c").map(drop), Ok(()));
    subject.call("c");
    assert!(subject.throttled.cancel("d"));
    go.send(()).unwrap();
    until(|| subject.throttled.all().wait() == Err(WaitError::Owed));
    assert_eq!(subject.throttled.trigger("new").map(drop), Err(NotTaken::Ended(Ended::Panicked)));
    assert_eq!(subject.throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));
    for key in ["a", "b", "c"] {
        let seen = subject.throttled.snapshot(key).expect("an owed key is never evicted");
        assert_eq!((seen.deferral, seen.running), (DeferralStatus::Owed, false), "{key}");
        assert_eq!(subject.throttled.flush(key).map(drop), Err(NotFlushed::Ended));
    }
    assert_eq!(subject.throttled.trigger("a").map(drop), Err(NotTaken::Ended(Ended::Panicked)));
    assert_eq!((subject.throttled.pending(), subject.throttled.runs()), (0, 1));
    // Of a, b twice, c twice, d.
    assert_eq!(subject.throttled.uncovered(), 6);
    assert_eq!(subject.throttled.all().wait(), Err(WaitError::Owed));
    subject.clock.set(at(100));
    assert_eq!(subject.throttled.evict(), 1);
    for key in ["a", "b", "c"] {
        assert!(subject.throttled.cancel(key));
    }
    assert_eq!((subject.throttled.all().wait(), subject.throttled.evict()), (Ok(()), 3));
}

/// A clock that panics on the thread, from the moment that it is told to.
struct Failing(AtomicBool);

impl Clock for Failing {
    fn now(&self) -> Timestamp {
        if self.0.load(SeqCst) && thread::current().name() == Some("failing") {
            panic_quietly();
        }
        at(1)
    }
}

#[test]
fn a_clock_that_panics_ends_it_and_leaves_what_was_pending_owed() {
    let clock = Arc::new(Failing(AtomicBool::new(false)));
    let builder: Builder = KeyedThrottled::builder(SECOND).name("failing").clock(Arc::clone(&clock));
    let throttled = builder.spawn(|_| ()).expect("a thread");
    assert_eq!((throttled.trigger("a").map(drop), throttled.all().wait()), (Ok(()), Ok(())));
    clock.0.store(true, SeqCst);
    assert_eq!(throttled.trigger("a").map(drop), Ok(()));
    until(|| throttled.all().wait() == Err(WaitError::Owed));
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));
    assert_eq!(throttled.trigger("b").map(drop), Err(NotTaken::Ended(Ended::Panicked)));
}

/// Holds up the end of the thread, where the function is dropped, until the test lets it go on.
struct HeldUp(mpsc::Receiver<()>);

impl Drop for HeldUp {
    fn drop(&mut self) {
        let _ = self.0.recv();
    }
}

#[test]
fn whoever_knows_of_a_fatal_panic_is_refused() {
    let (go, gate) = mpsc::channel();
    let held = HeldUp(gate);
    let (sender, begin) = mpsc::channel();
    let throttled = KeyedThrottled::<String>::builder(SECOND)
        .fatal_panics()
        .spawn(move |_| {
            assert!(held.0.try_recv().is_err());
            begin.recv().unwrap_or(());
            panic_quietly();
        })
        .expect("a thread");
    assert_eq!(throttled.trigger("a").map(drop), Ok(()));
    until(|| throttled.runs() == 1);
    assert_eq!((throttled.trigger("a").map(drop), throttled.trigger("b").map(drop)), (Ok(()), Ok(())));
    let waiting = throttled.clone();
    let waiter = thread::spawn(move || waiting.all().wait());
    sender.send(()).unwrap();
    // The thread has not ended: it is about to drop the function.
    until(|| !throttled.snapshot("a").expect("an owed key is never evicted").running);
    for key in ["a", "b", "c"] {
        assert_eq!(throttled.trigger(key).map(drop), Err(NotTaken::Ended(Ended::Panicked)), "{key}");
    }
    assert!(matches!(waiter.join(), Ok(Err(WaitError::Owed | WaitError::Panicked))));
    assert_eq!(throttled.shutdown(Pending::Finish).wait_for(Duration::ZERO), Err(WaitError::TimedOut));
    go.send(()).unwrap();
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));
}

/// A key whose drop panics, once it is armed, on the thread of that name.
#[derive(Clone)]
struct Bomb {
    name: &'static str,
    goes_off_on: Arc<Mutex<Option<&'static str>>>,
}

impl Bomb {
    fn arm(&self, thread: &'static str) {
        *self.goes_off_on.lock().unwrap() = Some(thread);
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
        let thread = *self.goes_off_on.lock().unwrap();
        if thread.is_some_and(|name| thread::current().name() == Some(name)) && !thread::panicking() {
            panic_quietly();
        }
    }
}

/// Everything that the thread drops panics: the keys that it ran, those that it leaves, and the function.
#[test]
fn keys_whose_drop_panics_on_the_thread_end_it_and_nobody_hangs() {
    let check = Check::of(&[G3, G6], "tests: keys whose drop panics end a KeyedThrottled, and nobody hangs");
    let goes_off_on = Arc::new(Mutex::new(None));
    let key = |name| Bomb { name, goes_off_on: Arc::clone(&goes_off_on) };
    let clock = Arc::new(Manual::new(at(1)));
    let in_function = key("the function");
    let throttled = KeyedThrottled::<Bomb>::builder(SECOND)
        .name("bombs")
        .clock(Arc::clone(&clock))
        .on_panic({
            let in_hook = key("the hook");
            move |_, _| assert!(!in_hook.name.is_empty())
        })
        .counting()
        .spawn({
            let mut runs = 0;
            move |_, _| {
                runs += 1;
                if runs == 5 {
                    in_function.arm("bombs");
                }
            }
        })
        .expect("a thread");
    let keys = ["a", "b", "c", "d"].map(key);
    for key in &keys {
        assert_eq!((throttled.trigger(key).map(drop), throttled.all().wait()), (Ok(()), Ok(())));
    }
    for key in &keys {
        assert_eq!(throttled.trigger(key).map(drop), Ok(()));
    }
    // One key is cancelled: the thread drops its entry during the end.
    assert!(throttled.cancel(&keys[3]));
    let waiting = throttled.clone();
    let waiter = thread::spawn(move || waiting.all().wait());
    clock.set(at(2));
    until(|| throttled.runs() == 5);
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));
    assert!(waiter.join().is_ok_and(|waited| waited.is_ok() || waited == Err(WaitError::Owed)));
    // One key ran; its drop ended the thread.
    assert_eq!((throttled.runs(), throttled.pending(), throttled.all().wait()), (5, 0, Err(WaitError::Owed)));
    assert_eq!(throttled.uncovered(), 3);
    assert_eq!(throttled.trigger(&keys[1]).map(drop), Err(NotTaken::Ended(Ended::Panicked)));
    check.passed(4, "keys");
}

/// A clock that moves to a later time, and wakes nobody.
struct Late(AtomicBool);

impl Clock for Late {
    fn now(&self) -> Timestamp {
        at(if self.0.load(SeqCst) { 10_000 } else { 1 })
    }
}

/// A call drops the keys that it evicts, after the thread has learned of the call.
#[test]
fn a_call_that_evicts_a_key_whose_drop_panics_is_not_lost() {
    let goes_off_on = Arc::new(Mutex::new(None));
    let key = |name| Bomb { name, goes_off_on: Arc::clone(&goes_off_on) };
    let clock = Arc::new(Late(AtomicBool::new(false)));
    let (sender, runs) = mpsc::channel();
    let throttled = KeyedThrottled::<Bomb>::builder(SECOND * 1000)
        .clock(Arc::clone(&clock))
        .shards(1)
        .pending_on_drop(Pending::Discard)
        .spawn(move |key| _ = sender.send(key.name))
        .expect("a thread");
    // The table has room for this many before the shard looks for keys to evict.
    for name in ["a", "b", "c"] {
        assert_eq!(throttled.trigger(&key(name)).map(drop), Ok(()));
        assert_eq!(throttled.all().wait(), Ok(()));
        assert_eq!(runs.recv(), Ok(name));
    }
    let calling = throttled.clone();
    let another = key("d");
    let caller = thread::Builder::new().name("caller".to_owned()).spawn(move || {
        let another = std::mem::ManuallyDrop::new(another);
        clock.0.store(true, SeqCst);
        another.arm("caller");
        let _ = calling.trigger(&*another);
    });
    assert!(caller.expect("a thread").join().is_err(), "the drop of the evicted key panics");
    assert_eq!(runs.recv_timeout(Duration::from_secs(60)), Ok("d"));
}

/// Its cancelled deferral is not taken for a pending one.
#[test]
fn a_key_that_was_flushed_called_and_cancelled_before_a_fatal_panic() {
    let (go, gate) = mpsc::channel::<()>();
    let clock = Arc::new(Manual::new(at(1)));
    let throttled = KeyedThrottled::<&str>::builder(SECOND)
        .clock(clock)
        .fatal_panics()
        .counting()
        .spawn(move |_, _| {
            gate.recv().unwrap_or(());
            panic_quietly();
        })
        .expect("a thread");
    assert_eq!(throttled.trigger(&"a").map(drop), Ok(()));
    until(|| throttled.runs() == 1);
    assert_eq!(throttled.trigger(&"c").map(drop), Ok(()));
    assert_eq!(throttled.flush(&"c").map(drop), Ok(()));
    assert_eq!(throttled.trigger(&"c").map(drop), Ok(()));
    assert!(throttled.cancel(&"c"));
    go.send(()).unwrap();
    assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));
    assert_eq!(throttled.snapshot(&"c").expect("owed").deferral, DeferralStatus::Owed);
    assert_eq!(throttled.uncovered(), 2);
    assert_eq!(throttled.all().wait(), Err(WaitError::Owed));
    assert!(throttled.cancel(&"c"));
    assert_eq!((throttled.pending(), throttled.all().wait_for(Duration::ZERO)), (0, Ok(())));
}

/// A clock whose next reading panics, once it is armed.
struct Trapped {
    time: Manual,
    is_armed: AtomicBool,
}

impl Clock for Trapped {
    fn now(&self) -> Timestamp {
        if self.is_armed.swap(false, SeqCst) {
            panic_quietly();
        }
        self.time.now()
    }

    fn moved(&self) -> Option<&Moved> {
        self.time.moved()
    }
}

/// It is read when the policy has said how long to wait.
#[test]
fn a_clock_that_panics_in_a_back_off_loses_no_value() {
    let check = Check::of(&[G10], "tests: a clock that panics in the back-off of a key");
    let clock = Arc::new(Trapped { time: Manual::new(at(1)), is_armed: AtomicBool::new(false) });
    let arms = Arc::clone(&clock);
    let (sender, given) = mpsc::channel();
    let throttled = KeyedThrottled::<&str>::builder(Duration::ZERO)
        .clock(Arc::clone(&clock))
        .retry(Retry::by(move |_, _| {
            arms.is_armed.store(true, SeqCst);
            Some(SECOND)
        }))
        .latest()
        .spawn(move |_, value: &u64| {
            sender.send(*value).unwrap();
            if clock.time.now() == at(1) {
                clock.time.set(at(2));
                return Err("refused");
            }
            Ok(())
        })
        .expect("a thread");
    let ticket = throttled.trigger(&"a", 7).unwrap();
    assert_eq!((given.recv(), given.recv()), (Ok(7), Ok(7)));
    assert_eq!(ticket.wait(), Ok(()));
    check.passed(1, "case");
}

type Plain = KeyedThrottled<&'static str>;

/// Asks for the end when it is dropped, and tells what it hears.
struct Asks {
    throttled: Arc<OnceLock<Plain>>,
    told: mpsc::Sender<Result<Shutdown, WaitError>>,
}

impl Drop for Asks {
    fn drop(&mut self) {
        if let Some(throttled) = self.throttled.get() {
            let _ = self.told.send(throttled.shutdown(Pending::Finish).wait_for(Duration::ZERO));
        }
    }
}

/// Who has waited for the end finds nothing left of what the hooks hold.
#[test]
fn hooks_are_dropped_before_the_end_is_told() {
    let throttled: Arc<OnceLock<Plain>> = Arc::default();
    let (told, ends) = mpsc::channel();
    let asks = || Asks { throttled: Arc::clone(&throttled), told: told.clone() };
    let (in_panics, in_errors, in_retries) = (asks(), asks(), asks());
    let builder = KeyedThrottled::<&str>::builder(SECOND)
        .on_panic(move |_, _| _ = &in_panics)
        .on_error(move |_, _| _ = &in_errors)
        .retry(Retry::by(move |_, _| {
            let _ = &in_retries;
            None
        }));
    let spawned = builder.spawn(|_| ()).expect("a thread");
    assert!(throttled.set(spawned.clone()).is_ok());
    assert_eq!(spawned.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
    let inside = || Ok(Err(WaitError::InsideRun));
    assert_eq!([ends.recv(), ends.recv(), ends.recv()], [inside(), inside(), inside()]);
}
