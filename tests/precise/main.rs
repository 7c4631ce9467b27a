//! `Tokio::precise`: when its sleeps end, what a paused clock makes of them, and what a dropped one leaves.
//! None of these tests looks at how late a sleep ends: `examples/lateness` measures that.

use atomic_throttle::{AsyncThrottle, Clock, Runtime as _, Timestamp, Tokio};
use evidence::Check;
use evidence::Guarantee::{G1, G5};
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, advance, pause, resume};
use watchdog as _;

const HOUR: Duration = Duration::from_secs(3600);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn paused<T>(test: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(test)
}

/// Sleeps for so long, by the clock of the runtime, and returns the time it took by that clock.
async fn slept(span: Duration) -> Duration {
    let tokio = Tokio::current().precise();
    let start = tokio.now();
    let deadline = start.saturating_add(span);
    tokio.sleep_until(deadline).await;
    assert!(tokio.now() >= deadline, "the clock reads the deadline: {span:?}");
    tokio.now().saturating_since(start)
}

/// Before the last stretch, at its border, and in it.
fn spans() -> impl Iterator<Item = Duration> {
    [0, 1, 10, 100, 999, 1_000, 2_500, 2_999, 3_000, 3_001, 4_000, 5_500, 20_000]
        .map(Duration::from_micros)
        .into_iter()
}

#[test]
fn no_sleep_ends_before_the_clock_reads_its_deadline() {
    runtime().block_on(async {
        for span in spans() {
            slept(span).await;
        }
        Tokio::current().precise().sleep_until(Timestamp::ZERO).await;
    });
}

/// Nobody drives tokio's timer here, so only the precise one can end the sleep.
#[test]
fn the_last_stretch_does_not_need_tokios_timer() {
    let runtime = runtime();
    let _entered = runtime.enter();
    smol::block_on(slept(Duration::from_millis(2)));
}

#[test]
fn a_paused_clock_is_exact() {
    paused(async {
        for span in [1, 2, 3, 4, 100].map(Duration::from_millis).into_iter().chain([HOUR, 24 * HOUR]) {
            assert_eq!(slept(span).await, span);
        }
    });
}

/// A timer of the system would take each deadline for one that is over, again and again.
#[test]
fn a_paused_clock_that_is_behind_the_system_is_exact() {
    paused(async {
        thread::sleep(Duration::from_millis(5));
        assert_eq!(slept(Duration::from_millis(2)).await, Duration::from_millis(2));
    });
}

#[test]
fn the_runs_of_a_throttle_are_exact_with_the_clock_paused() {
    const WINDOW: Duration = Duration::from_millis(100);
    let check = Check::of(&[G1, G5], "tests: the runs of the precise timer, with tokio's clock paused");
    paused(async {
        let throttle = AsyncThrottle::with_runtime(WINDOW, Tokio::current().precise());
        let (sender, started) = mpsc::channel();
        let begin = Instant::now();
        for _ in 0..3 {
            for _ in 0..2 {
                let sender = sender.clone();
                throttle.trigger(async move || sender.send(begin.elapsed()).unwrap()).unwrap();
            }
            throttle.all().await.unwrap();
        }
        // Its owner sleeps, drops that sleep, and sleeps until an earlier time.
        throttle.trigger(async move || sender.send(begin.elapsed()).unwrap()).unwrap();
        tokio::time::sleep(WINDOW / 10).await;
        throttle.set_threshold(WINDOW / 4);
        throttle.all().await.unwrap();
        let starts: Vec<_> = started.iter().collect();
        assert_eq!(starts, [0, 100, 200, 300, 325].map(Duration::from_millis));
    });
    check.passed(5, "runs");
}

/// The clock then runs with the system's again, but shows another time.
#[test]
fn a_clock_that_was_paused_keeps_its_sleeps() {
    runtime().block_on(async {
        for ahead in [Duration::ZERO, HOUR] {
            pause();
            thread::sleep(Duration::from_millis(5));
            advance(ahead).await;
            resume();
            for span in spans() {
                slept(span).await;
            }
        }
    });
}

/// Paused while it sleeps: the rest of the time passes by the paused clock.
#[test]
fn a_clock_that_is_paused_in_the_middle_is_noticed() {
    runtime().block_on(async {
        for span in [Duration::from_millis(2), HOUR] {
            let sleep = tokio::spawn(slept(span));
            tokio::task::yield_now().await;
            pause();
            // The system's timer ends here, and the clock stands.
            thread::sleep(Duration::from_millis(5));
            assert!(sleep.await.unwrap() >= span);
            resume();
        }
    });
}

#[test]
fn a_runtime_that_was_named_is_slept_on_from_outside() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let tokio = Tokio::on(runtime.handle().clone()).precise();
    for span in spans() {
        let deadline = tokio.now().saturating_add(span);
        smol::block_on(tokio.sleep_until(deadline));
        assert!(tokio.now() >= deadline);
    }
}

struct Unwoken;

impl Wake for Unwoken {
    fn wake(self: Arc<Self>) {
        panic!("nothing has ended");
    }
}

/// Whatever holds the waker of a dropped sleep holds a task that has ended.
#[test]
fn a_dropped_sleep_leaves_nothing() {
    let (runtime, task) = (runtime(), Arc::new(Unwoken));
    let _entered = runtime.enter();
    let tokio = Tokio::current().precise();
    for deadline in [tokio.now().saturating_add(HOUR), Timestamp::MAX] {
        let waker = Waker::from(Arc::clone(&task));
        {
            let mut sleep = pin!(tokio.sleep_until(deadline));
            assert_eq!(sleep.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Pending);
            assert!(Arc::strong_count(&task) > 2, "a timer has the waker");
        }
        drop(waker);
        assert_eq!(Arc::strong_count(&task), 1);
    }
}
