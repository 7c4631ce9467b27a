//! The ways to defer something, each measured from outside.

use crate::Row;
use atomic_throttle::{AsyncThrottle, Clock, Monotonic, Throttle, Throttled, Timestamp, Tokio};
use hdrhistogram::Histogram;
use lab::chart::Pen;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio_debouncer::{DebounceMode, Debouncer};

type Measure = Box<dyn FnMut() -> Duration>;

/// The rows, and how each is drawn: a bare timer, the throttle on it, or a peer. Each waits for the threshold
/// once a round.
pub const NAMES: [(&str, Pen); 7] = [
    ("thread::sleep", Pen::Dashed),
    ("Throttle::run", Pen::Strong),
    ("Throttled::trigger", Pen::Strong),
    ("tokio::time::sleep", Pen::Dashed),
    ("AsyncThrottle::trigger", Pen::Strong),
    ("AsyncThrottle, precise", Pen::Strong),
    ("tokio-debouncer", Pen::Thin),
];

pub fn all(threshold: Duration) -> Result<Vec<Row>, Box<dyn std::error::Error>> {
    let tokio =
        Arc::new(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build()?);
    let measures: [Measure; NAMES.len()] = [
        Box::new(move || sleep(threshold)),
        blocking(threshold),
        background(threshold),
        tokio_sleep(Arc::clone(&tokio), threshold),
        asynchronous(Arc::clone(&tokio), AsyncThrottle::new(threshold)),
        asynchronous(Arc::clone(&tokio), precise(threshold)),
        debouncer(tokio, threshold),
    ];
    let rows = NAMES.into_iter().zip(measures);
    rows.map(|((name, pen), measure)| Ok(Row { name, pen, measure, lateness: Histogram::new(3)? })).collect()
}

/// How long `now` is after `due`.
///
/// # Panics
///
/// If it is before: no run may start early.
fn past(now: Timestamp, due: Timestamp) -> Duration {
    assert!(now >= due, "a run started {:?} early", due.saturating_since(now));
    now.saturating_since(due)
}

fn sleep(threshold: Duration) -> Duration {
    let start = Instant::now();
    thread::sleep(threshold);
    start.elapsed().saturating_sub(threshold)
}

/// The caller itself waits.
fn blocking(threshold: Duration) -> Measure {
    let throttle = Throttle::new(threshold);
    Box::new(move || {
        // Other rows were measured since: this runs at once.
        let _ = throttle.run(|| ());
        let due = throttle.snapshot().window_end;
        let deferred = throttle.run(|| Monotonic.now());
        past(deferred.into_value().expect("nobody else calls"), due)
    })
}

/// A thread waits.
fn background(threshold: Duration) -> Measure {
    let (sender, started) = mpsc::channel();
    let throttled = Throttled::spawn(threshold, move || {
        let _ = sender.send(Monotonic.now());
    });
    let run = move || started.recv().expect("the thread lives");
    Box::new(move || {
        throttled.trigger().expect("it goes on");
        run();
        let due = throttled.snapshot().window_end;
        throttled.trigger().expect("it goes on");
        past(run(), due)
    })
}

fn tokio_sleep(tokio: Arc<Runtime>, threshold: Duration) -> Measure {
    Box::new(move || {
        let sleeping = tokio.spawn(async move {
            let start = Instant::now();
            tokio::time::sleep(threshold).await;
            start.elapsed().saturating_sub(threshold)
        });
        tokio.block_on(sleeping).expect("no panic")
    })
}

fn precise(threshold: Duration) -> AsyncThrottle<Tokio> {
    AsyncThrottle::with_runtime(threshold, Tokio::current().precise())
}

/// A task waits.
fn asynchronous(tokio: Arc<Runtime>, throttle: AsyncThrottle<Tokio>) -> Measure {
    let (sender, started) = mpsc::channel();
    let call = move || {
        let (sender, clock) = (sender.clone(), throttle.clone());
        let run = async move || {
            let _ = sender.send(clock.runtime().now());
        };
        let _entered = tokio.enter();
        throttle.trigger(run).expect("there is a runtime");
        throttle.clone()
    };
    Box::new(move || {
        let throttle = call();
        let run = || started.recv().expect("the run comes");
        run();
        // Before the second call: its run may come before this thread goes on.
        let due = throttle.snapshot().window_end;
        call();
        past(run(), due)
    })
}

/// The peer runs once a cooldown has passed since the last event. The thread that measures waits for it.
fn debouncer(tokio: Arc<Runtime>, threshold: Duration) -> Measure {
    let debouncer = Debouncer::new(threshold, DebounceMode::Trailing);
    let (sender, ready) = mpsc::channel();
    let worker = debouncer.clone();
    // Its guard must not change threads, so it waits in a thread of its own and not in a task.
    thread::spawn(move || {
        tokio.block_on(async {
            loop {
                let guard = worker.ready().await;
                if sender.send(Instant::now()).is_err() {
                    return;
                }
                drop(guard);
            }
        });
    });
    Box::new(move || {
        debouncer.trigger();
        let triggered = Instant::now();
        let ran = ready.recv().expect("the task lives");
        ran.duration_since(triggered).saturating_sub(threshold)
    })
}
