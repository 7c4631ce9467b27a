//! A tokio runtime that shuts down leaves the runs of its tasks owed, and a call on another runtime adopts
//! them.

use super::data::Data;
use super::elsewhere;
use atomic_throttle::{AsyncThrottle, Tokio, WaitError};
use std::future::pending;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

const HOUR: Duration = Duration::from_secs(3600);

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}

const FLAVORS: [fn() -> Runtime; 2] = [current_thread, multi_thread];

#[test]
fn a_pending_run_is_owed_and_a_call_on_another_runtime_adopts_it() {
    for (first, second) in [(FLAVORS[0], FLAVORS[1]), (FLAVORS[1], FLAVORS[0])] {
        let (throttle, data) = (AsyncThrottle::new(HOUR), Data::default());
        let runtime = first();
        runtime.block_on(async {
            assert!(throttle.run(data.reader()).await.unwrap().ran());
            data.write(1);
            throttle.trigger(data.reader()).unwrap();
        });
        // A thread on no runtime learns of it.
        thread::scope(|scope| {
            let waiting = scope.spawn(|| elsewhere(throttle.all().into_future()));
            drop(runtime);
            assert_eq!(waiting.join().unwrap(), Err(WaitError::Owed));
        });
        assert!(throttle.snapshot().is_owed());

        second().block_on(async {
            throttle.trigger(data.reader()).unwrap();
            assert!(throttle.is_pending());
            throttle.set_threshold(Duration::ZERO);
            assert_eq!(throttle.all().await, Ok(()));
        });
        assert_eq!(data.seen(), [0, 1]);
    }
}

#[test]
fn a_run_that_is_stopped_in_the_middle_is_owed() {
    for flavor in FLAVORS {
        let (throttle, data) = (AsyncThrottle::new(HOUR), Data::default());
        let runtime = flavor();
        let (tell, started) = tokio::sync::oneshot::channel();
        runtime.block_on(async {
            let function = async move || {
                tell.send(()).unwrap();
                pending::<()>().await;
            };
            throttle.trigger(function).unwrap();
            started.await.unwrap();
        });
        assert!(throttle.snapshot().running);
        drop(runtime);
        let seen = throttle.snapshot();
        assert!(seen.is_owed() && !seen.running);

        flavor().block_on(async {
            throttle.flush(data.reader()).unwrap();
            assert_eq!(throttle.all().await, Ok(()));
        });
        assert_eq!(data.seen(), [0]);
    }
}

#[test]
fn every_run_on_a_named_runtime_that_has_shut_down_is_left_owed() {
    for flavor in FLAVORS {
        let runtime = flavor();
        let throttle = AsyncThrottle::with_runtime(Duration::ZERO, Tokio::on(runtime.handle().clone()));
        drop(runtime);
        for _ in 0..3 {
            let ticket = throttle.trigger(async || panic!("nobody polls it")).unwrap();
            assert_eq!(elsewhere(ticket.into_future()), Err(WaitError::Owed));
            let seen = throttle.snapshot();
            assert!(seen.is_owed() && !seen.running);
        }
    }
}

/// Tokio's timer panics if the runtime has none. The owner leaves its run owed.
#[test]
fn a_runtime_without_a_timer_leaves_the_deferral_owed() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let throttle = AsyncThrottle::new(HOUR);
    runtime.block_on(async {
        assert!(throttle.run(async || ()).await.unwrap().ran());
        let ticket = throttle.trigger(async || ()).unwrap();
        assert_eq!(ticket.await, Err(WaitError::Owed));
    });
}
