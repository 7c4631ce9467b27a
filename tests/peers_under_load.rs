//! Faults that were seen in other throttles under load, replayed on the real clock: eight threads that take
//! no turns, and thousands of handles. No test measures speed.

mod support;

use atomic_throttle::{Outcome, Pending, Throttle, Throttled, WeakThrottled};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};
use support::{SECOND, until};
use watchdog as _;

const THREADS: usize = 8;

/// leaky-bucket granted 3 of 5000 in five seconds, and then nothing for good, without its fair mode
/// (leaky-bucket#39).
#[test]
fn unfair_contention_delivers_what_is_due_to_callers_that_wait() {
    let threshold = Duration::from_millis(1);
    let throttle = Throttle::new(threshold);
    let written: [AtomicU64; THREADS] = Default::default();
    let seen: [AtomicU64; THREADS] = Default::default();
    let starts = Mutex::new(Vec::new());
    let run = || {
        for (written, seen) in written.iter().zip(&seen) {
            seen.store(written.load(Relaxed), Relaxed);
        }
        starts.lock().expect("no panic").extend(throttle.snapshot().last_run_at);
    };
    let end = Instant::now() + SECOND * 5;
    thread::scope(|scope| {
        for (written, seen) in written.iter().zip(&seen) {
            let (throttle, run) = (&throttle, &run);
            scope.spawn(move || {
                for number in 1.. {
                    written.store(number, Relaxed);
                    let is_last = Instant::now() >= end;
                    if let Outcome::Coalesced(handle) = throttle.run(run) {
                        if is_last || number % 1000 == 0 {
                            assert_eq!(handle.wait_for(SECOND * 60), Ok(()), "call {number} waits for ever");
                        } else {
                            continue;
                        }
                    }
                    assert!(seen.load(Relaxed) >= number, "call {number} is lost");
                    if is_last {
                        break;
                    }
                }
            });
        }
    });
    for (written, seen) in written.iter().zip(&seen) {
        assert_eq!(written.load(Relaxed), seen.load(Relaxed), "the last run covers the last call");
    }
    let starts = starts.into_inner().expect("no panic");
    assert!(starts.len() > 1 && starts.windows(2).all(|two| two[1].saturating_since(two[0]) >= threshold));
    assert!(throttle.run(|| ()).ran(), "alive after it");
}

/// The same with a thread in the background.
#[test]
fn unfair_contention_delivers_what_is_due_in_the_background() {
    let threshold = Duration::from_millis(1);
    let written: Arc<[AtomicU64; THREADS]> = Arc::default();
    let seen: Arc<[AtomicU64; THREADS]> = Arc::default();
    let starts = Arc::new(Mutex::new(Vec::new()));
    let itself: Arc<OnceLock<WeakThrottled>> = Arc::default();
    let (read, saw, stamps, own) =
        (Arc::clone(&written), Arc::clone(&seen), Arc::clone(&starts), Arc::clone(&itself));
    let throttled = Throttled::spawn(threshold, move || {
        for (read, saw) in read.iter().zip(&*saw) {
            saw.store(read.load(Relaxed), Relaxed);
        }
        let stamp = own.get().and_then(WeakThrottled::upgrade).map(|own| own.snapshot().epoch.started_at());
        stamps.lock().expect("no panic").extend(stamp);
    });
    itself.set(throttled.downgrade()).expect("once");
    let end = Instant::now() + SECOND * 5;
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (throttled, written, seen) = (&throttled, &written[thread], &seen[thread]);
            scope.spawn(move || {
                for number in 1.. {
                    written.store(number, Relaxed);
                    let call = throttled.trigger().expect("it goes on");
                    let is_last = Instant::now() >= end;
                    if is_last || number % 1000 == 0 {
                        assert_eq!(call.wait_for(SECOND * 60), Ok(()), "call {number} waits for ever");
                        assert!(seen.load(Relaxed) >= number, "call {number} is lost");
                    }
                    if is_last {
                        break;
                    }
                }
            });
        }
    });
    assert_eq!(throttled.all().wait_for(SECOND * 60), Ok(()));
    for (written, seen) in written.iter().zip(&*seen) {
        assert_eq!(written.load(Relaxed), seen.load(Relaxed), "the last run covers the last call");
    }
    let starts = starts.lock().expect("no panic").clone();
    assert!(starts.len() > 1 && starts.windows(2).all(|two| two[1].saturating_since(two[0]) >= threshold));
    assert_eq!(throttled.trigger().map(|call| call.wait_for(SECOND * 60)), Ok(Ok(())), "alive after it");
}

/// cilium#27371: 100,000 goroutines of triggers that nobody had shut down.
#[test]
#[cfg(target_os = "linux")]
fn no_thread_is_left_after_ten_thousand_handles() {
    const NAME: &str = "ten-thousand";
    let living = || {
        let tasks = std::fs::read_dir("/proc/self/task").expect("it is readable").flatten();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
        names.filter(|name| name.trim() == NAME).count()
    };
    let one = Throttled::builder(SECOND).name(NAME).spawn(|| ()).expect("a thread");
    one.trigger().expect("it goes on").wait().expect("no panic");
    assert_eq!(living(), 1, "its thread is counted");
    drop(one);
    let (told, ended): (Sender<()>, Receiver<()>) = mpsc::channel();
    for (number, pending) in
        (0..2_500).zip([Pending::Finish, Pending::Flush, Pending::Discard].iter().cycle())
    {
        let told = told.clone();
        // The window ends at once, so that a drop that finishes what is pending does not take long.
        let builder = Throttled::builder(Duration::ZERO).name(NAME).pending_on_drop(*pending);
        let throttled = builder.spawn(move || drop(told.clone())).expect("a thread");
        let handles = [throttled.clone(), throttled.clone(), throttled.clone(), throttled];
        for handle in handles.iter().take(number % 4) {
            handle.trigger().expect("it goes on");
        }
        drop(handles);
    }
    drop(told);
    assert_eq!(ended.try_recv(), Err(mpsc::TryRecvError::Disconnected), "each function was dropped");
    // A thread that was joined may be seen for a moment longer.
    until(|| living() == 0);
}
