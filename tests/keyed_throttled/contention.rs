//! Many threads, and functions and keys that call the throttle themselves: no call is lost, and no key starves.

use super::support::{SECOND, at, panic_quietly, until};
use atomic_throttle::{KeyedThrottled, Manual, Pending, Shutdown, WaitError, WeakKeyedThrottled};
use evidence::Check;
use evidence::Guarantee::G5;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

#[test]
fn a_hundred_threads_lose_no_call() {
    let covered = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&covered);
    let throttled = KeyedThrottled::<u64>::builder(Duration::from_micros(300))
        .shards(4)
        .max_keys(60)
        .counting()
        .spawn(move |key, calls| {
            counted.fetch_add(calls, SeqCst);
            if key % 13 == 0 {
                panic_quietly();
            }
        })
        .unwrap();
    let taken = AtomicU64::new(0);
    thread::scope(|scope| {
        for thread in 0..100u64 {
            let (throttled, taken) = (throttled.clone(), &taken);
            scope.spawn(move || {
                for call in 0..400u64 {
                    let key = (call * 31 + thread * 7) % 80;
                    taken.fetch_add(u64::from(throttled.trigger(&key).is_ok()), SeqCst);
                    match (call + thread) % 17 {
                        0 => drop(throttled.flush(&key)),
                        1 => drop(throttled.cancel(&key)),
                        2 => drop(throttled.all().wait_for(Duration::from_micros(50))),
                        3 => throttled.set_threshold(Duration::from_micros(call)),
                        4 => drop(throttled.evict()),
                        _ => {}
                    }
                }
            });
        }
    });
    assert!(throttled.all().wait_for(SECOND * 20).is_ok_and(|()| true) || throttled.pending() == 0);
    assert!(throttled.shutdown(Pending::Discard).wait().is_ok());
    assert_eq!(covered.load(SeqCst) + throttled.uncovered(), taken.load(SeqCst));
    assert_eq!(throttled.pending(), 0);
}

/// Fatal panics against callers that use every operation.
#[test]
fn fatal_panics_against_callers_add_up() {
    for round in 0..200u64 {
        let covered = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&covered);
        let throttled = KeyedThrottled::<u64>::builder(Duration::from_micros(20))
            .fatal_panics()
            .counting()
            .spawn(move |_, calls| {
                counted.fetch_add(calls, SeqCst);
                if counted.load(SeqCst) > 30 + round {
                    panic_quietly();
                }
            })
            .unwrap();
        let taken = AtomicU64::new(0);
        thread::scope(|scope| {
            for thread in 0..4u64 {
                let (throttled, taken) = (throttled.clone(), &taken);
                scope.spawn(move || {
                    for call in 0..100_000u64 {
                        let key = (call * 31 + thread * 7) % 5;
                        match throttled.trigger(&key) {
                            Ok(_) => drop(taken.fetch_add(1, SeqCst)),
                            Err(_) => break,
                        }
                        if call % 3 == 0 {
                            let _ = throttled.flush(&key);
                        }
                    }
                });
            }
        });
        assert_eq!(throttled.shutdown(Pending::Finish).wait(), Ok(Shutdown::Panicked));
        assert_eq!(covered.load(SeqCst) + throttled.uncovered(), taken.load(SeqCst));
        let waited = throttled.all().wait();
        for key in 0..5 {
            throttled.cancel(&key);
        }
        assert!(waited.is_ok() || waited == Err(WaitError::Owed));
        assert_eq!((throttled.all().wait(), throttled.pending()), (Ok(()), 0));
    }
}

#[test]
fn keys_that_call_the_throttle_when_cloned_and_dropped() {
    static ITSELF: OnceLock<WeakKeyedThrottled<Busy>> = OnceLock::new();
    thread_local!(static IN: RefCell<u32> = const { RefCell::new(0) });
    #[derive(PartialEq, Eq, Hash)]
    struct Busy(u64);
    fn all() {
        let nested = IN.with(|depth| std::mem::replace(&mut *depth.borrow_mut(), 1) == 1);
        if nested {
            return;
        }
        if let Some(throttled) = ITSELF.get().and_then(WeakKeyedThrottled::upgrade) {
            let key = std::mem::ManuallyDrop::new(Busy(1000));
            let _ = throttled.trigger(&*key);
            let _ = throttled.flush(&*key);
            let _ = throttled.trigger(&*key);
            throttled.cancel(&*key);
            throttled.evict();
            throttled.set_threshold(Duration::from_micros(10));
            let _ = (
                throttled.all().wait_for(Duration::ZERO),
                throttled.snapshot(&*key),
                throttled.allocated_bytes(),
            );
        }
        IN.with(|depth| *depth.borrow_mut() = 0);
    }
    impl Clone for Busy {
        fn clone(&self) -> Self {
            all();
            Self(self.0)
        }
    }
    impl Drop for Busy {
        fn drop(&mut self) {
            all();
        }
    }
    let throttled =
        KeyedThrottled::<Busy>::builder(Duration::from_micros(10)).max_keys(20).spawn(|_| all()).unwrap();
    let _ = ITSELF.set(throttled.downgrade());
    for key in 0..2000 {
        let _ = throttled.trigger(&Busy(key % 100));
    }
    assert!(throttled.shutdown(Pending::Finish).wait().is_ok());
    assert_eq!(throttled.pending(), 0);
}

/// A key that asks for itself once more in each run, without a window, holds up no other.
#[test]
fn a_key_that_triggers_itself_starves_no_other() {
    let itself: Arc<OnceLock<WeakKeyedThrottled<u8>>> = Arc::default();
    let inside = Arc::clone(&itself);
    let (told, other) = mpsc::channel();
    let mut runs = 0;
    let throttled = KeyedThrottled::<u8>::builder(Duration::ZERO)
        .pending_on_drop(Pending::Discard)
        .spawn(move |key| {
            runs += 1;
            if *key == 0 {
                while inside.get().is_none() {}
                let _ = inside.get().unwrap().trigger(&0);
            } else {
                let _ = told.send(runs);
            }
        })
        .unwrap();
    assert_eq!(throttled.trigger(&0).map(drop), Ok(()));
    assert_eq!(throttled.trigger(&1).map(drop), Ok(()));
    let _ = itself.set(throttled.downgrade());
    assert!(other.recv().unwrap() < 10);
}

/// Two keys that flush each other for ever, from inside of their runs.
#[test]
fn flushes_starve_no_key_and_pile_up_nothing() {
    const ROUNDS: u64 = 20_000;
    let check = Check::of(&[G5], "tests: keys that flush each other for ever hold up no other");
    let itself: Arc<OnceLock<WeakKeyedThrottled<u8>>> = Arc::default();
    let inside = Arc::clone(&itself);
    let (told, third) = mpsc::channel();
    let (go, gate) = mpsc::channel::<()>();
    let mut round = 0;
    let throttled = KeyedThrottled::<u8>::builder(SECOND)
        .clock(Arc::new(Manual::new(at(1))))
        .pending_on_drop(Pending::Discard)
        .spawn(move |key| {
            if round == 0 {
                gate.recv().unwrap_or(());
            }
            round += 1;
            let throttled = inside.get().and_then(WeakKeyedThrottled::upgrade).expect("it goes on");
            if *key == 3 || round == ROUNDS {
                let _ = told.send((*key, round, throttled.allocated_bytes()));
            } else {
                assert_eq!(
                    (throttled.trigger(&(3 - key)).map(drop), throttled.flush(&(3 - key)).map(drop)),
                    (Ok(()), Ok(()))
                );
            }
        })
        .expect("a thread");
    assert!(itself.set(throttled.downgrade()).is_ok());
    let empty = throttled.allocated_bytes();
    assert_eq!(throttled.trigger(&1).map(drop), Ok(()));
    until(|| throttled.runs() == 1);
    assert_eq!(throttled.trigger(&3).map(drop), Ok(()));
    go.send(()).unwrap();
    let (key, round, _) = third.recv().expect("it runs");
    assert_eq!(key, 3);
    assert!(round < 100, "a key that was due at once ran after {round} runs of others");
    let (_, round, bytes) = third.recv().expect("they go on");
    assert_eq!(round, ROUNDS);
    assert!(bytes < empty + 20_000, "{empty} bytes, then {bytes}");
    check.passed(20_000, "runs");
}
