//! [`AsyncThrottle`]: a task owns the deferral, and the callers are tasks, too. Some of their futures are
//! dropped midway.

use super::{Front, OwnCounts, Start};
use crate::caller::{Answer, Call, Own};
use crate::options::Options;
use crate::record::Kind;
use crate::recorder::{AnyClock, Recorder};
use crate::running::{Inside, Running};
use atomic_throttle::Outcome;
use atomic_throttle::{AsyncThrottle, Snapshot, Tokio};
use crossbeam_channel::TryRecvError;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

pub struct Asynchronous {
    shared: Arc<Shared>,
    handle: Handle,
    /// Until it is shut down.
    runtime: Mutex<Option<Runtime>>,
    /// How long its end may take.
    patience: Duration,
}

/// Each call gets a reference. Counting references orders memory, and could make up for a fence that the
/// throttle lacks, so it happens before the number of the call is published.
struct Shared {
    throttle: AsyncThrottle<Tokio>,
    recorder: Arc<Recorder>,
    /// A wait that is not dropped at once is dropped after this.
    patience: Duration,
}

/// When the future of a call is dropped.
#[derive(Clone, Copy)]
enum Patience {
    ToTheEnd,
    For(Duration),
    /// After its first poll.
    NoLonger,
}

/// How a future ended.
enum FutureEnd<T> {
    Of(T),
    Panicked,
    Dropped,
}

impl Front for Asynchronous {
    fn clock() -> AnyClock {
        Arc::new(tokio_clock())
    }

    fn new(options: &Options, recorder: &Arc<Recorder>) -> Result<Self, String> {
        // As many threads as callers: more than cores, so that some are preempted at every point of a call.
        let runtime = Builder::new_multi_thread().worker_threads(options.threads()).enable_time().build();
        let runtime = runtime.map_err(|e| format!("cannot start the runtime: {e}"))?;
        let throttle = AsyncThrottle::with_runtime(options.threshold, tokio_clock());
        let recorder = Arc::clone(recorder);
        let shared = Arc::new(Shared { throttle, recorder, patience: options.threshold / 2 });
        let handle = runtime.handle().clone();
        Ok(Self { shared, handle, runtime: Mutex::new(Some(runtime)), patience: options.patience })
    }

    fn start(self: &Arc<Self>, start: Start) -> Result<(), String> {
        drop(self.handle.spawn(calls(Arc::clone(self), start)));
        Ok(())
    }

    fn cancel(&self, _: usize) -> bool {
        self.shared.throttle.cancel()
    }

    fn flush(&self, key: usize) -> bool {
        let _inside = self.handle.enter();
        self.shared.flush(key)
    }

    fn set_threshold(&self, threshold: Duration) {
        self.shared.throttle.set_threshold(threshold);
    }

    fn look(&self, _: usize) -> Option<Snapshot> {
        Some(self.shared.throttle.snapshot())
    }

    fn threshold(&self) -> u64 {
        self.shared.throttle.threshold().as_nanos()
    }

    fn end(&self) -> Result<OwnCounts, String> {
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            runtime.shutdown_timeout(self.patience);
        }
        let seen = self.shared.throttle.snapshot();
        if self.is_busy(0) || seen.is_owed() {
            return Err(format!("nothing was pending, and after the end of the runtime it is {seen:?}"));
        }
        Ok(OwnCounts::default())
    }
}

/// One clock for the storm and the throttle. Its tasks are spawned on the runtime of the caller.
fn tokio_clock() -> Tokio {
    static CLOCK: OnceLock<Tokio> = OnceLock::new();
    CLOCK.get_or_init(Tokio::current).clone()
}

/// A task that calls until the storm is over.
async fn calls(front: Arc<Asynchronous>, start: Start) {
    let shared = &front.shared;
    let _ = start.ready.send(());
    let slice = loop {
        match start.go.try_recv() {
            Ok(slice) => break slice,
            Err(TryRecvError::Empty) => yield_now().await,
            Err(TryRecvError::Disconnected) => return,
        }
    };
    let mut caller = (start.caller)(slice);
    loop {
        caller.plan();
        loop {
            match caller.left() {
                0 => break,
                left => pause(left).await,
            }
        }
        let handed = Arc::clone(shared);
        let Some(call) = caller.begin() else { break };
        let answer = shared.call(&call, handed).await;
        caller.told(&call, &answer);
        caller.aside(&*front, &call);
        // A task that never waits would keep a thread from the other callers, and from the owner.
        yield_now().await;
    }
    let _ = start.done.send(caller.testify());
}

impl Shared {
    /// One call. Most are plain. In turn, some wait for their answer or for their run, some drop that wait at
    /// once, and some after a while.
    async fn call(&self, call: &Call, handed: Arc<Self>) -> Answer {
        let patience = Patience::For(self.patience);
        match (call.number % 256, call.number % 8) {
            (1, _) => self.run(call, handed, Patience::ToTheEnd).await,
            (2, _) => self.run(call, handed, patience).await,
            (_, 3) => self.run(call, handed, Patience::NoLonger).await,
            (4, _) => self.trigger(call, handed, Some(Patience::ToTheEnd)).await,
            (5, _) => self.trigger(call, handed, Some(patience)).await,
            (_, 6) => self.trigger(call, handed, Some(Patience::NoLonger)).await,
            _ => self.trigger(call, handed, None).await,
        }
    }

    async fn trigger(&self, call: &Call, handed: Arc<Self>, wait: Option<Patience>) -> Answer {
        let thread = call.caller;
        let Ok(ticket) = self.throttle.trigger(move || handed.perform(thread)) else {
            return Answer::nothing_but(Kind::NotTaken);
        };
        let wait = wait.or(call.wait.map(|_| Patience::ToTheEnd));
        let waited = match wait {
            None => None,
            Some(wait) => Some(until(ticket.into_future(), wait).await),
        };
        let Some(FutureEnd::Of(told)) = waited else {
            return Answer::promised(Kind::Taken, ticket.epoch(), None);
        };
        let waited = call.waited(ticket.epoch(), told);
        Answer::promised(Kind::Taken, ticket.epoch(), Some(waited))
    }

    async fn run(&self, call: &Call, handed: Arc<Self>, wait: Patience) -> Answer {
        let thread = call.caller;
        let run = self.throttle.run(move || handed.perform(thread));
        let (kind, own) = match until(run, wait).await {
            FutureEnd::Of(Ok(Outcome::RanAtOnce(own))) => (Kind::RanAtOnce, Some(own)),
            FutureEnd::Of(Ok(Outcome::RanDeferred(own))) => (Kind::Deferred, Some(own)),
            FutureEnd::Of(Ok(Outcome::Coalesced(ticket))) => {
                return Answer::promised(Kind::Coalesced, ticket.epoch(), None);
            }
            FutureEnd::Of(Ok(Outcome::Cancelled)) => (Kind::Cancelled, None),
            FutureEnd::Of(Ok(Outcome::Owed)) => (Kind::Owed, None),
            FutureEnd::Of(Err(_)) => (Kind::NotTaken, None),
            FutureEnd::Panicked => (Kind::Panicked, None),
            FutureEnd::Dropped => (Kind::Dropped, None),
        };
        Answer { own, ..Answer::nothing_but(kind) }
    }

    fn flush(self: &Arc<Self>, key: usize) -> bool {
        let handed = Arc::clone(self);
        self.recorder.flush(key, || self.throttle.flush(|| handed.perform(0)).is_ok())
    }

    /// What the run does with its own throttle. It does not wait for itself.
    fn nest(handed: &Arc<Self>, running: &Running<'_>) {
        let (throttle, another) = (&handed.throttle, Arc::clone(handed));
        match running.inside() {
            None => {}
            Some(Inside::Call(call)) => {
                let thread = call.caller;
                let answer = match throttle.trigger(move || another.boxed(thread)) {
                    Ok(ticket) => Answer::promised(Kind::Taken, ticket.epoch(), None),
                    Err(_) => Answer::nothing_but(Kind::NotTaken),
                };
                running.told(&call, &answer);
            }
            Some(Inside::Flush) => {
                let has_started = throttle.flush(move || another.boxed(0)).is_ok();
                running.has_flushed(has_started);
            }
            Some(Inside::Cancel) => {
                running.has_cancelled(throttle.cancel(), || throttle.snapshot().epoch.as_u64());
            }
        }
    }

    /// The function, without a type that contains itself.
    fn boxed(self: Arc<Self>, thread: usize) -> Pin<Box<dyn Future<Output = Own> + Send>> {
        Box::pin(self.perform(thread))
    }

    /// The function that every call passes.
    async fn perform(self: Arc<Self>, thread: usize) -> Own {
        let mut seen = self.recorder.room();
        let running = self.recorder.begin(0, &mut seen, || self.throttle.snapshot().epoch.as_u64());
        let own = Own { stamp: running.stamp(), saw: running.saw(thread) };
        Self::nest(&self, &running);
        loop {
            match running.left() {
                0 => break,
                left => pause(left).await,
            }
        }
        running.end();
        own
    }
}

/// Waits for a future, and drops it when it was waited for long enough.
async fn until<F: Future>(future: F, wait: Patience) -> FutureEnd<F::Output> {
    let mut future = pin!(future);
    let caught = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Ready(value)) => Poll::Ready(FutureEnd::Of(value)),
        Ok(Poll::Pending) if matches!(wait, Patience::NoLonger) => Poll::Ready(FutureEnd::Dropped),
        Ok(Poll::Pending) => Poll::Pending,
        Err(_) => Poll::Ready(FutureEnd::Panicked),
    });
    match wait {
        Patience::For(limit) => timeout(limit, caught).await.unwrap_or(FutureEnd::Dropped),
        Patience::ToTheEnd | Patience::NoLonger => caught.await,
    }
}

/// Waits a part of `left`: asleep while much is left, since a sleep ends late.
pub(super) async fn pause(left: u64) {
    const LATE: u64 = 1_500_000;
    const LONGEST: u64 = 20_000_000;
    if left > 2 * LATE {
        sleep(Duration::from_nanos((left - LATE).min(LONGEST))).await;
    } else {
        yield_now().await;
    }
}
