//! Ends: owed calls are covered first, within the limit, and nothing is lost silently.

use crate::failing::{Failing, Fault};
use crate::{LIMIT, THRESHOLD};
use atomic_throttle_cluster::register::Register;
use atomic_throttle_cluster::{ClusterThrottled, Ended};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

#[test]
fn a_shutdown_covers_what_was_asked_for_and_refuses_what_comes_later() {
    let runs = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&runs);
    let throttled = ClusterThrottled::in_memory(THRESHOLD)
        .spawn(move |_| {
            counted.fetch_add(1, Relaxed);
        })
        .unwrap();
    throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
    let ticket = throttled.trigger().unwrap();
    throttled.shutdown(LIMIT).unwrap();
    assert!(ticket.is_covered());
    assert_eq!(runs.load(Relaxed), 2);
    assert_eq!(throttled.trigger().err(), Some(Ended));
    throttled.shutdown(LIMIT).unwrap();
    // A call that was covered before the end stays covered.
    throttled.all().wait_for(LIMIT).unwrap();
}

#[test]
fn the_drop_of_the_last_handle_covers_what_was_asked_for() {
    let runs = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&runs);
    let throttled = ClusterThrottled::in_memory(THRESHOLD)
        .drop_limit(LIMIT)
        .spawn(move |_| {
            counted.fetch_add(1, Relaxed);
        })
        .unwrap();
    throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
    throttled.trigger().unwrap();
    let other = throttled.clone();
    drop(throttled);
    assert!(other.trigger().is_ok(), "it is not the last one");
    drop(other);
    assert_eq!(runs.load(Relaxed), 2);
}

#[test]
fn an_end_that_cannot_cover_says_so_and_why() {
    let register = Arc::new(Failing::default());
    register.set(Some(Fault::Unreachable));
    let throttled = ClusterThrottled::builder(THRESHOLD)
        .register(Arc::clone(&register) as Arc<dyn Register>)
        .spawn(|_| ())
        .unwrap();
    throttled.trigger().unwrap();
    while throttled.status().error.is_none() {
        std::thread::yield_now();
    }
    let left = throttled.shutdown(Duration::from_millis(1)).unwrap_err();
    assert!(left.register.is_some(), "{left}");
    assert!(throttled.status().is_owed);
}

#[test]
fn no_call_is_taken_after_an_end_that_was_too_short_for_a_run() {
    let (entered, is_in) = mpsc::channel();
    let (lets_go, go_on) = mpsc::channel::<()>();
    let throttled = ClusterThrottled::in_memory(THRESHOLD)
        .spawn(move |_| {
            let _ = entered.send(());
            let _ = go_on.recv();
        })
        .unwrap();
    throttled.trigger().unwrap();
    is_in.recv_timeout(LIMIT).unwrap();
    let pending = throttled.trigger().unwrap();
    assert!(throttled.shutdown(Duration::ZERO).is_err());
    assert_eq!(throttled.trigger().err(), Some(Ended));
    drop(lets_go);
    assert!(pending.wait_for(LIMIT).is_err());
    assert!(throttled.shutdown(LIMIT).is_err() && throttled.status().is_owed);
}

/// Repeated, because the thread may be quick enough to have ended.
#[test]
fn an_end_without_any_time_succeeds_where_nothing_is_owed() {
    for _ in 0..100 {
        let throttled = ClusterThrottled::in_memory(THRESHOLD).spawn(|_| ()).unwrap();
        throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
        throttled.shutdown(Duration::ZERO).unwrap();
    }
}

/// A value that the function holds. Its drop takes a while, or panics.
struct Held(Option<mpsc::Sender<()>>);

impl Drop for Held {
    fn drop(&mut self) {
        let Some(told) = self.0.take() else { panic!("a drop that panics") };
        for _ in 0..1000 {
            std::thread::yield_now();
        }
        let _ = told.send(());
    }
}

#[test]
fn what_the_function_and_the_hooks_hold_is_gone_when_the_end_is_told() {
    for holder in 0..3 {
        let (told, tells) = mpsc::channel();
        let mut held = [None, None, None];
        held[holder] = Some(Held(Some(told)));
        let [in_function, on_error, on_panic] = held;
        let throttled = ClusterThrottled::in_memory(THRESHOLD)
            .on_error(move |_| {
                let _ = &on_error;
            })
            .on_panic(move |_| {
                let _ = &on_panic;
            })
            .spawn(move |_| {
                let _ = &in_function;
            })
            .unwrap();
        throttled.shutdown(LIMIT).unwrap();
        assert_eq!(tells.try_recv(), Ok(()), "holder {holder}");
    }
}

/// A second panic while unwinding would abort.
#[test]
fn the_function_and_the_hooks_may_all_panic_when_they_are_dropped() {
    let [in_function, on_error, on_panic] = [(); 3].map(|()| Held(None));
    let throttled = ClusterThrottled::in_memory(THRESHOLD)
        .on_error(move |_| {
            let _ = &on_error;
        })
        .on_panic(move |_| {
            let _ = &on_panic;
        })
        .spawn(move |_| {
            let _ = &in_function;
        })
        .unwrap();
    throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
    throttled.shutdown(LIMIT).unwrap();
    assert_eq!(throttled.trigger().err(), Some(Ended));
}

/// The function holds the last handle, or drops it.
#[test]
fn a_handle_may_be_dropped_inside_the_run() {
    let (told, tells) = mpsc::channel();
    let slot: Arc<OnceLock<std::sync::Mutex<Option<ClusterThrottled>>>> = Arc::default();
    let inside = Arc::clone(&slot);
    let throttled = ClusterThrottled::in_memory(THRESHOLD)
        .spawn(move |_| {
            let handle = inside.get().and_then(|slot| slot.lock().unwrap().take());
            let was_last = handle.is_some();
            drop(handle);
            let _ = told.send(was_last);
        })
        .unwrap();
    let trigger = throttled.clone();
    assert!(slot.set(std::sync::Mutex::new(Some(throttled))).is_ok());
    trigger.trigger().unwrap();
    drop(trigger);
    assert_eq!(tells.recv_timeout(LIMIT), Ok(true));
}

/// A throttle with a call that is not covered: the window is long, or the register fails. The function is
/// dropped with the thread.
fn never_covered(register: Option<Fault>) -> (ClusterThrottled, mpsc::Receiver<()>) {
    let failing = Arc::new(Failing::default());
    let (function, ended) = mpsc::channel();
    let throttled = ClusterThrottled::builder(100 * LIMIT)
        .register(Arc::clone(&failing) as Arc<dyn Register>)
        .drop_limit(Duration::ZERO)
        .spawn(move |_| {
            let _ = &function;
        })
        .unwrap();
    throttled.trigger().unwrap().wait_for(LIMIT).unwrap();
    failing.set(register);
    throttled.trigger().unwrap();
    (throttled, ended)
}

const GONE: Result<(), mpsc::RecvTimeoutError> = Err(mpsc::RecvTimeoutError::Disconnected);

#[test]
fn the_thread_ends_when_the_limit_of_a_shutdown_has_passed() {
    for fault in [None, Some(Fault::Unreachable)] {
        let (throttled, ended) = never_covered(fault);
        assert!(throttled.shutdown(Duration::from_millis(1)).is_err(), "{fault:?}");
        assert_eq!(ended.recv_timeout(LIMIT), GONE, "{fault:?}");
        // Wherever the call was on its way to a run, the next call is promised none.
        assert_eq!(throttled.trigger().err(), Some(Ended), "{fault:?}");
        assert!(throttled.shutdown(LIMIT).is_err(), "{fault:?}: a call was not covered");
    }
}

#[test]
fn after_the_end_no_call_joins_one_that_nobody_took() {
    let (throttled, ended) = never_covered(Some(Fault::Unreachable));
    while throttled.status().error.is_none() {
        std::thread::yield_now();
    }
    // The thread waits until its next request, and takes no calls before.
    throttled.trigger().unwrap();
    let _ = throttled.shutdown(Duration::ZERO);
    assert_eq!(ended.recv_timeout(LIMIT), GONE);
    assert_eq!(throttled.trigger().err(), Some(Ended));
}

/// Either of the two may come first.
#[test]
fn of_several_shutdowns_the_soonest_limit_counts() {
    for _ in 0..10 {
        let (throttled, ended) = never_covered(None);
        std::thread::scope(|scope| {
            let all = [3 * LIMIT, Duration::ZERO, 3 * LIMIT].map(|limit| {
                scope.spawn({
                    let throttled = &throttled;
                    move || throttled.shutdown(limit).is_err()
                })
            });
            assert_eq!(ended.recv_timeout(LIMIT), GONE);
            assert!(all.into_iter().all(|one| one.join().unwrap()));
        });
    }
}

/// The thread cannot wait for its own end.
#[test]
fn a_shutdown_inside_the_run_ends_it_afterwards() {
    let (told, tells) = mpsc::channel();
    let slot: Arc<OnceLock<ClusterThrottled>> = Arc::default();
    let inside = Arc::clone(&slot);
    let throttled = ClusterThrottled::in_memory(THRESHOLD)
        .spawn(move |_| {
            let Some(throttled) = inside.get() else { return };
            let ended = throttled.shutdown(LIMIT).is_ok();
            let _ = told.send((ended, throttled.trigger().err()));
        })
        .unwrap();
    slot.set(throttled.clone()).unwrap();
    let ticket = throttled.trigger().unwrap();
    assert_eq!(tells.recv_timeout(LIMIT), Ok((true, Some(Ended))));
    ticket.wait_for(LIMIT).unwrap();
    throttled.shutdown(LIMIT).unwrap();
}

/// Inside the run, and while another thread waits for the end: a call made then would join a pending one.
#[test]
fn from_the_moment_that_the_end_is_asked_for_calls_are_refused() {
    for (inside, limit) in [(true, Duration::ZERO), (true, LIMIT), (false, LIMIT)] {
        let ((entered, is_in), (lets_go, goes_on)) = (mpsc::channel(), mpsc::channel::<()>());
        let slot: Arc<OnceLock<ClusterThrottled>> = Arc::default();
        let in_function = Arc::clone(&slot);
        let throttled = ClusterThrottled::in_memory(THRESHOLD)
            .spawn(move |_| {
                let _ = entered.send(());
                let _ = goes_on.recv();
                if let (true, Some(throttled)) = (inside, in_function.get()) {
                    throttled.shutdown(limit).unwrap();
                    assert_eq!(throttled.trigger().err(), Some(Ended), "{limit:?}");
                }
            })
            .unwrap();
        slot.set(throttled.clone()).unwrap();
        throttled.trigger().unwrap();
        is_in.recv_timeout(LIMIT).unwrap();
        let pending = throttled.trigger().unwrap();
        std::thread::scope(|scope| {
            if !inside {
                scope.spawn(|| throttled.shutdown(limit).unwrap());
                while throttled.trigger().is_ok() {
                    std::thread::yield_now();
                }
            }
            drop(lets_go);
            assert_eq!(pending.wait_for(LIMIT).is_ok(), !limit.is_zero(), "{inside} {limit:?}");
        });
        assert_eq!(throttled.status().panics, 0);
    }
}

/// The work that a run could not do is not lost because of the end: the run has finished, and so covers the
/// calls of other processes.
#[test]
fn a_run_may_ask_for_another_one_as_long_as_the_end_is_waited_for() {
    for (limit, again, runs) in [(LIMIT, Ok(()), 2), (Duration::ZERO, Err(Ended), 1)] {
        let slot: Arc<OnceLock<ClusterThrottled>> = Arc::default();
        let inside = Arc::clone(&slot);
        let (told, tells) = mpsc::channel();
        let mut is_first = true;
        let throttled = ClusterThrottled::in_memory(THRESHOLD)
            .spawn(move |run| {
                if std::mem::take(&mut is_first) {
                    let throttled = loop {
                        if let Some(throttled) = inside.get() {
                            break throttled;
                        }
                        std::thread::yield_now();
                    };
                    throttled.shutdown(limit).unwrap();
                    let _ = told.send((run.again(), throttled.trigger().err()));
                }
            })
            .unwrap();
        throttled.trigger().unwrap();
        slot.set(throttled.clone()).unwrap();
        assert_eq!(tells.recv_timeout(LIMIT), Ok((again, Some(Ended))), "{limit:?}");
        assert_eq!(tells.recv_timeout(LIMIT), Err(mpsc::RecvTimeoutError::Disconnected), "the thread ends");
        assert_eq!(throttled.status().runs, runs, "{limit:?}");
    }
}

#[test]
fn the_lease_is_half_a_minute_if_nothing_is_said() {
    let (told, tells) = mpsc::channel();
    let throttled = ClusterThrottled::in_memory(THRESHOLD)
        .spawn(move |run| {
            let _ = told.send(run.lease_left());
        })
        .unwrap();
    throttled.trigger().unwrap();
    let left = tells.recv_timeout(LIMIT).unwrap();
    assert!(left <= Duration::from_secs(30) && left > Duration::ZERO, "{left:?}");
}
