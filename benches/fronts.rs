//! What a call costs on the front ends that `paths` does not cover: while a run is pending, and where it
//! makes a task of its own.
//!
//! While a run is pending, each does what `Throttle::run` does, and what its payload adds: a count, a value in place of
//! another one, a value in a queue. A run of an `AsyncThrottle` is a spawned task, so a call that runs at once is measured beside a bare
//! spawn of the same empty task, both until the task has run.
//!
//! ```text
//! cargo bench --bench fronts
//! cargo xtask ratios
//! ```

use atomic_throttle::{AsyncThrottle, Batch, Pending, Throttled};
use benches::Padded;
use benches::rows::{self, rounds};
use criterion::Criterion;
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering, fence};
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

    let counted = discarding().counting().spawn(|_| ())?;
    let newest = discarding().latest().spawn(|_: &u64| ())?;
    let wide = discarding().latest().spawn(|_: &[u64; 16]| ())?;
    let merging = discarding().merging(|sum: &mut u64, more| *sum = sum.wrapping_add(more)).spawn(|_| ())?;
    let collecting = discarding().collecting().spawn(|_: &mut Batch<u64>| ())?;
    let asynchronous = AsyncThrottle::new(HOUR);
    // The leading runs; then one is pending.
    counted.trigger().expect("it goes on").wait().expect("it completes");
    counted.trigger().expect("it goes on");
    newest.trigger(0).expect("it goes on").wait().expect("it completes");
    newest.trigger(0).expect("it goes on");
    wide.trigger([0; 16]).expect("it goes on").wait().expect("it completes");
    wide.trigger([0; 16]).expect("it goes on");
    merging.trigger(0).expect("it goes on").wait().expect("it completes");
    merging.trigger(0).expect("it goes on");
    collecting.trigger(0).expect("it goes on").wait().expect("it completes");
    collecting.trigger(0).expect("it goes on");
    runtime
        .block_on(asynchronous.trigger(async || ()).expect("a runtime").into_future())
        .expect("it completes");
    asynchronous.trigger(async || ()).expect("a runtime");
    let (counted, newest, wide) = (black_box(&counted), black_box(&newest), black_box(&wide));
    let (merging, collecting, asynchronous) =
        (black_box(&merging), black_box(&collecting), black_box(&asynchronous));
    let word = &Padded(AtomicU64::new(0));
    let word = &black_box(word).0;
    let queue = &black_box(Mutex::new(Vec::new()));
    let notify = &black_box(Notify::new());

    rounds(criterion, "coalesced, other front ends", |rows| {
        rows.references();
        // What a value in a slot of its own needs at the least, if the call is decided as one without a value.
        rows.row_and_contended("swap", move || word.swap(1, Ordering::AcqRel));
        rows.row_and_contended("swap + fence + load", move || {
            word.swap(1, Ordering::AcqRel);
            fence(Ordering::SeqCst);
            word.load(Ordering::Relaxed)
        });
        rows.row_and_contended("Throttled<Count>::trigger", move || counted.trigger().is_ok());
        rows.row_and_contended("Throttled<Latest<u64>>::trigger", move || newest.trigger(7).is_ok());
        rows.row_and_contended("Throttled<Latest<[u64; 16]>>::trigger", move || {
            wide.trigger([7; 16]).is_ok()
        });
        rows.row_and_contended("Throttled<Merge<u64>>::trigger", move || merging.trigger(7).is_ok());
        rows.row("AsyncThrottle::trigger", move || asynchronous.trigger(async || ()).is_ok());
        // It also remembers one request, and wakes no thread while none waits.
        rows.row_and_contended("tokio Notify::notify_one", move || notify.notify_one());
        rows.timed_row("Throttled<Collect<u64>>::trigger", |calls| {
            let again = || {
                // The run is given up as well.
                drop(collecting.take());
                assert!(collecting.trigger(0).is_ok());
            };
            in_chunks(calls, |value| collecting.trigger(value).is_ok(), again)
        });
        rows.timed_row("push under a lock", |calls| {
            let push = |value| queue.lock().expect("no panic").push(value);
            in_chunks(calls, push, || drop(std::mem::take(&mut *queue.lock().expect("no panic"))))
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
                    throttle.trigger(async || ()).expect("a runtime").await.expect("it completes");
                }
                start.elapsed()
            })
        });
    });
}
