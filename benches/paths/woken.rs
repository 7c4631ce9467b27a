//! A call that wakes a sleeping thread: the background thread of a `Throttled` that has nothing to do.
//!
//! It has two rows for each contestant: how long the call takes, and how long it takes until the function runs,
//! as the caller sees it. The yardstick is to unpark a parked thread, which is a call of the system, and the
//! least that can wake one. Each measurement first lets the other thread fall asleep, which is not counted.

use atomic_throttle::{KeyedThrottled, Throttled};
use benches::rows::{Rows, rounds};
use criterion::Criterion;
use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// A thread needs less than this to fall asleep after its work.
const ASLEEP: Duration = Duration::from_micros(60);

/// A worker with a thread of its own, which works when it is asked to, and counts.
struct Sleeper<W> {
    wake: W,
    woken: Arc<AtomicU64>,
}

pub fn bench(criterion: &mut Criterion) {
    let throttled = throttled();
    let keyed = keyed();
    let (unpark, stop_parked) = parked();
    let (notify, stop_waiting) = condvar();
    let (send, stop_receiving) = crossbeam();
    let (std_send, stop_std_receiving) = std_channel();
    let (task, stop_task) = tokio_notify();

    rounds(criterion, "wake to run", |rows| {
        rows.references();
        measure(rows, "unpark", &unpark);
        measure(rows, "Throttled::trigger", &throttled);
        measure(rows, "KeyedThrottled::trigger", &keyed);
        measure(rows, "std Mutex + Condvar", &notify);
        measure(rows, "crossbeam channel", &send);
        measure(rows, "std channel", &std_send);
        measure(rows, "tokio Notify", &task);
    });

    stop_parked();
    stop_waiting();
    stop_task();
    drop((send, std_send));
    join(stop_receiving);
    join(stop_std_receiving);
}

fn measure(rows: &mut Rows, name: &str, sleeper: &Sleeper<impl Fn()>) {
    rows.timed_row(name, |calls| repeat(sleeper, calls).0);
    rows.timed_row(&format!("{name}, until it runs"), |calls| repeat(sleeper, calls).1);
}

/// How long this many calls take, and how long until each of them was served.
fn repeat(sleeper: &Sleeper<impl Fn()>, calls: u64) -> (Duration, Duration) {
    let (mut calling, mut served) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..calls {
        let before = sleeper.woken.load(Ordering::Acquire);
        let start = Instant::now();
        black_box(&sleeper.wake)();
        calling += start.elapsed();
        while sleeper.woken.load(Ordering::Acquire) == before {
            spin_loop();
        }
        served += start.elapsed();
        let done = Instant::now();
        while done.elapsed() < ASLEEP {
            spin_loop();
        }
    }
    (calling, served)
}

fn throttled() -> Sleeper<impl Fn()> {
    let woken = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&woken);
    let throttled = Throttled::spawn(Duration::ZERO, move || {
        counted.fetch_add(1, Ordering::Release);
    });
    Sleeper { wake: move || assert!(throttled.trigger().is_ok()), woken }
}

fn keyed() -> Sleeper<impl Fn()> {
    let woken = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&woken);
    let keyed = KeyedThrottled::spawn(Duration::ZERO, move |_: &u64| {
        counted.fetch_add(1, Ordering::Release);
    });
    Sleeper { wake: move || assert!(keyed.trigger(&1).is_ok()), woken }
}

fn parked() -> (Sleeper<impl Fn()>, impl FnOnce()) {
    let woken = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let thread = thread::spawn({
        let (woken, stop) = (Arc::clone(&woken), Arc::clone(&stop));
        move || {
            while !stop.load(Ordering::Relaxed) {
                thread::park();
                woken.fetch_add(1, Ordering::Release);
            }
        }
    });
    let parked = thread.thread().clone();
    let end = move || {
        stop.store(true, Ordering::Relaxed);
        thread.thread().unpark();
        join(thread);
    };
    (Sleeper { wake: move || parked.unpark(), woken }, end)
}

/// What most people write by hand: a flag under a lock, and a condition variable.
fn condvar() -> (Sleeper<impl Fn()>, impl FnOnce()) {
    #[derive(Default)]
    struct Shared {
        /// The first flag asks for work, the second for the end.
        flags: Mutex<(bool, bool)>,
        changed: Condvar,
    }
    fn set(shared: &Shared, flag: impl FnOnce(&mut (bool, bool))) {
        flag(&mut shared.flags.lock().unwrap_or_else(PoisonError::into_inner));
        shared.changed.notify_one();
    }
    let woken = Arc::new(AtomicU64::new(0));
    let shared = Arc::new(Shared::default());
    let thread = thread::spawn({
        let (woken, shared) = (Arc::clone(&woken), Arc::clone(&shared));
        move || {
            loop {
                let flags = shared.flags.lock().unwrap_or_else(PoisonError::into_inner);
                let mut flags = shared
                    .changed
                    .wait_while(flags, |flags| !flags.0 && !flags.1)
                    .unwrap_or_else(PoisonError::into_inner);
                if flags.1 {
                    return;
                }
                flags.0 = false;
                drop(flags);
                woken.fetch_add(1, Ordering::Release);
            }
        }
    });
    let ending = Arc::clone(&shared);
    let end = move || {
        set(&ending, |flags| flags.1 = true);
        join(thread);
    };
    (Sleeper { wake: move || set(&shared, |flags| flags.0 = true), woken }, end)
}

fn crossbeam() -> (Sleeper<impl Fn()>, JoinHandle<()>) {
    let woken = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&woken);
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let thread = thread::spawn(move || {
        for () in receiver {
            counted.fetch_add(1, Ordering::Release);
        }
    });
    (Sleeper { wake: move || assert!(sender.try_send(()).is_ok()), woken }, thread)
}

fn std_channel() -> (Sleeper<impl Fn()>, JoinHandle<()>) {
    let woken = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&woken);
    let (sender, receiver) = sync_channel(1);
    let thread = thread::spawn(move || {
        for () in receiver {
            counted.fetch_add(1, Ordering::Release);
        }
    });
    (Sleeper { wake: move || assert!(sender.try_send(()).is_ok()), woken }, thread)
}

/// A task, alone on a runtime of one thread.
fn tokio_notify() -> (Sleeper<impl Fn()>, impl FnOnce()) {
    let woken = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let notify = Arc::new(Notify::new());
    let thread = thread::spawn({
        let (woken, stop, notify) = (Arc::clone(&woken), Arc::clone(&stop), Arc::clone(&notify));
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(async {
                while !stop.load(Ordering::Relaxed) {
                    notify.notified().await;
                    woken.fetch_add(1, Ordering::Release);
                }
            });
        }
    });
    let waking = Arc::clone(&notify);
    let end = move || {
        stop.store(true, Ordering::Relaxed);
        notify.notify_one();
        join(thread);
    };
    (Sleeper { wake: move || waking.notify_one(), woken }, end)
}

fn join(thread: JoinHandle<()>) {
    thread.join().expect("the thread ends");
}
