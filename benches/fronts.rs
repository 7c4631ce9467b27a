//! What a call costs on the front ends that `paths` does not cover: while a run is pending, and where it
//! makes a task of its own.
//!
//! While a run is pending, each does what `Throttle::run` does, and what its name adds: a count, an item in a
//! queue. A run of an `AsyncThrottle` is a spawned task, so a call that runs at once is measured beside a bare
//! spawn of the same empty task, both until the task has run.
//!
//! ```text
//! cargo bench --bench fronts
//! cargo xtask ratios
//! ```

use atomic_throttle::{AsyncThrottle, Pending, Throttled};
use benches::rows::{self, rounds};
use criterion::Criterion;
use crossbeam_queue::SegQueue;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

/// A threshold that is longer than any measurement.
const HOUR: Duration = Duration::from_secs(3600);

/// The number of items that are pushed before they are taken away again, which is not measured.
const CHUNK: u64 = 1_000;

fn main() -> std::io::Result<()> {
    let mut criterion = rows::criterion();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    coalesced(&mut criterion, &runtime)?;
    spawned(&mut criterion, &runtime);
    criterion.final_summary();
    Ok(())
}

/// A call while a run is pending.
fn coalesced(criterion: &mut Criterion, runtime: &Runtime) -> std::io::Result<()> {
    let _entered = runtime.enter();
    let discarding = || Throttled::builder(HOUR).pending_on_drop(Pending::Discard);

    let counted = discarding().spawn_counted(|_| ())?;
    let batched = discarding().spawn_batched(|batch| drop(batch.collect::<Vec<u64>>()))?;
    let asynchronous = AsyncThrottle::new(HOUR);
    // The leading runs; then one is pending.
    counted.trigger().expect("it goes on").wait().expect("it completes");
    counted.trigger().expect("it goes on");
    batched.trigger(0).expect("it goes on").wait().expect("it completes");
    batched.trigger(0).expect("it goes on");
    runtime.block_on(asynchronous.trigger(async || ()).expect("a runtime").wait()).expect("it completes");
    asynchronous.trigger(async || ()).expect("a runtime");
    let (counted, batched, asynchronous) =
        (black_box(&counted), black_box(&batched), black_box(&asynchronous));
    let queue = &black_box(SegQueue::new());
    let notify = &black_box(Notify::new());

    rounds(criterion, "coalesced, other front ends", |rows| {
        rows.references();
        rows.row_and_contended("CountedThrottled::trigger", move || counted.trigger().is_ok());
        rows.row("AsyncThrottle::trigger", move || asynchronous.trigger(async || ()).is_ok());
        // It also remembers one request, and wakes no thread while none waits.
        rows.row_and_contended("tokio Notify::notify_one", move || notify.notify_one());
        rows.timed_row("Batched::trigger", |calls| {
            in_chunks(calls, |item| batched.trigger(item).is_ok(), || drop(batched.take_remaining()))
        });
        rows.timed_row("crossbeam SegQueue::push", |calls| {
            in_chunks(calls, |item| queue.push(item), || while queue.pop().is_some() {})
        });
    });
    asynchronous.cancel();
    Ok(())
}

/// How long this many calls take, without what is done between chunks of them.
fn in_chunks<T>(calls: u64, call: impl Fn(u64) -> T, between: impl Fn()) -> Duration {
    let mut spent = Duration::ZERO;
    let mut left = calls;
    while left > 0 {
        let chunk = left.min(CHUNK);
        let start = Instant::now();
        for item in 0..chunk {
            black_box(call(black_box(item)));
        }
        spent += start.elapsed();
        between();
        left -= chunk;
    }
    spent
}

/// A call that runs at once, until its task has ended.
fn spawned(criterion: &mut Criterion, runtime: &Runtime) {
    let throttle = &AsyncThrottle::new(Duration::ZERO);
    rounds(criterion, "spawned", |rows| {
        rows.references();
        rows.timed_row("tokio spawn", |calls| {
            runtime.block_on(async {
                let start = Instant::now();
                for _ in 0..calls {
                    tokio::spawn(async {}).await.expect("no panic");
                }
                start.elapsed()
            })
        });
        rows.timed_row("AsyncThrottle::trigger and wait", |calls| {
            runtime.block_on(async {
                let start = Instant::now();
                for _ in 0..calls {
                    throttle.trigger(async || ()).expect("a runtime").wait().await.expect("it completes");
                }
                start.elapsed()
            })
        });
    });
}
