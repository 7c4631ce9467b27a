//! Panics of the function, wherever it can, and of the clock.

use super::by_hand::{ByHand, Driven};
use super::calls::WINDOW;
use super::data::{SECOND, at, yield_once};
use super::{elsewhere, on_threads, paused};
use atomic_throttle::{AsyncThrottle, Clock, NoRuntime, Runtime, Timestamp, WaitError};
use evidence::Check;
use evidence::Guarantee::{G3, G5, G6};
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread::panicking;
use tokio::time::Instant;

type Function = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Without the message of the panic hook.
fn panic_quietly() -> ! {
    resume_unwind(Box::new("on purpose"))
}

struct PanicsWhenDropped;

impl Future for PanicsWhenDropped {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        if !panicking() {
            panic_quietly();
        }
    }
}

/// Functions that panic: when called, at the first poll, at a later one, and when their future is dropped.
fn functions() -> [Function; 4] {
    [
        Box::new(|| panic_quietly()),
        Box::new(|| Box::pin(async { panic_quietly() })),
        Box::new(|| {
            Box::pin(async {
                yield_once().await;
                panic_quietly()
            })
        }),
        Box::new(|| Box::pin(PanicsWhenDropped)),
    ]
}

async fn in_a_place_of_its_own<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T, &'static str> {
    let joined = tokio::spawn(future).await;
    joined.map_err(|error| *error.into_panic().downcast_ref::<&str>().expect("what it panicked with"))
}

async fn whoever_awaits_a_run_that_panics_gets_the_panic() {
    for edge in ["leading", "trailing"] {
        for function in functions() {
            let throttle = AsyncThrottle::new(WINDOW);
            if edge == "trailing" {
                assert!(throttle.run(|| ready(())).await.unwrap().ran());
            }
            let start = Instant::now();
            let awaiting = throttle.clone();
            let run = async move { awaiting.run(function).await.map(|outcome| outcome.ran()) };
            assert_eq!(in_a_place_of_its_own(run).await, Err("on purpose"));
            // Its window counts, and it goes on.
            assert!(throttle.run(|| ready(())).await.unwrap().ran());
            if edge == "leading" {
                assert!(start.elapsed() >= WINDOW);
            }
        }
    }
}

#[test]
fn it_is_resumed_on_one_thread() {
    paused(async {
        whoever_awaits_a_run_that_panics_gets_the_panic().await;
    });
}

#[test]
fn it_is_resumed_on_many_threads() {
    on_threads(2, async {
        whoever_awaits_a_run_that_panics_gets_the_panic().await;
    });
}

#[test]
fn a_panic_that_nobody_awaits_is_told_by_each_wait_and_loses_nothing() {
    paused(async {
        let check =
            Check::of(&[G3, G5, G6], "async: a function that panics wherever it can: told, and it goes on");
        let mut cases = 0;
        for function in functions() {
            let throttle = AsyncThrottle::new(WINDOW);
            let ticket = throttle.trigger(function).unwrap();
            let next = throttle.trigger(|| ready(())).unwrap();
            assert_eq!(ticket.await, Err(WaitError::Panicked));
            // The pending run covers only the later call.
            assert!(throttle.is_pending());
            assert_eq!((next.await, throttle.all().await), (Ok(()), Ok(())));
            // The later run does not hide it.
            assert_eq!(ticket.await, Err(WaitError::Panicked));
            cases += 1;
        }
        for function in functions() {
            let throttle = AsyncThrottle::new(WINDOW);
            throttle.trigger(|| ready(())).unwrap();
            throttle.trigger(function).unwrap();
            assert_eq!(throttle.all().await, Err(WaitError::Panicked));
            assert_eq!(throttle.all().await, Err(WaitError::Panicked), "the latest run did");
            assert!(throttle.run(|| ready(())).await.unwrap().ran());
            cases += 1;
        }
        check.passed(cases, "cases");
    });
}

/// The caller has left, so the value that its function returned is dropped, and that drop panics.
#[test]
fn a_value_that_panics_when_it_is_dropped_is_no_business_of_the_runtime() {
    let runtime = ByHand::new(at(1));
    let throttle = runtime.throttle(SECOND);
    let calling = throttle.clone();
    let mut run = Driven::new(async move {
        let _ = calling.run(async || (PanicsWhenDropped,)).await;
    });
    assert!(run.poll().is_pending());
    drop(run);
    runtime.settle();
    assert!(!throttle.snapshot().running);
    let ticket = throttle.trigger(|| ready(())).unwrap();
    runtime.clock().advance(SECOND);
    runtime.settle();
    assert_eq!(runtime.panics(), 0);
    assert_eq!(elsewhere(ticket.into_future()), Ok(()));
}

/// A runtime whose clock panics on demand.
struct Faulty {
    runtime: ByHand,
    clock_panics: Arc<AtomicBool>,
}

impl Clock for Faulty {
    fn now(&self) -> Timestamp {
        if self.clock_panics.load(Ordering::SeqCst) {
            panic_quietly();
        }
        self.runtime.now()
    }

    fn moved(&self) -> Option<&atomic_throttle::Moved> {
        self.runtime.moved()
    }
}

impl Runtime for Faulty {
    fn sleep_until(&self, _: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        pending()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        self.runtime.spawn(task)
    }
}

#[test]
fn a_clock_that_panics_leaves_the_deferral_owed_and_a_call_unrecorded() {
    let (runtime, clock_panics) = (ByHand::new(at(1)), Arc::new(AtomicBool::new(false)));
    let faulty = Faulty { runtime: runtime.clone(), clock_panics: Arc::clone(&clock_panics) };
    let throttle = AsyncThrottle::with_runtime(SECOND, faulty);
    throttle.trigger(|| ready(())).unwrap();
    runtime.settle();

    clock_panics.store(true, Ordering::SeqCst);
    let before = throttle.snapshot();
    assert!(catch_unwind(AssertUnwindSafe(|| throttle.trigger(|| ready(())).is_ok())).is_err());
    assert_eq!(throttle.snapshot(), before);

    clock_panics.store(false, Ordering::SeqCst);
    throttle.trigger(|| ready(())).unwrap();
    let waiting = throttle.clone();
    let mut waiting = Driven::new(async move { waiting.all().await });
    assert!(waiting.poll().is_pending());
    clock_panics.store(true, Ordering::SeqCst);
    runtime.settle();
    assert_eq!(runtime.panics(), 1);
    assert!(throttle.snapshot().is_owed() && waiting.is_woken());
    assert_eq!(waiting.poll(), Poll::Ready(Err(WaitError::Owed)));
}
