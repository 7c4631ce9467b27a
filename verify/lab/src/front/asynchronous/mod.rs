//! [`AsyncThrottle`](atomic_throttle::AsyncThrottle): a task owns the deferral, and the callers are tasks, too. Some of their futures are
//! dropped midway.

mod any;

use self::any::{Any, Function};
use super::{Front, OwnCounts, Start};
use crate::caller::{Answer, Call, Own, Promised, Waited};
use crate::options::Options;
use crate::record::{Brought, Carried, Kind};
use crate::recorder::{AnyClock, Recorder};
use crate::running::{Inside, Running};
use atomic_throttle::{Epoch, Outcome};
use atomic_throttle::{Snapshot, Ticket, Tokio};
use crossbeam_channel::TryRecvError;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
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
pub struct Shared {
    throttle: Any,
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
        let throttle = Any::new(options.of_throttled.payload, options.threshold, tokio_clock());
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
        self.shared.throttle.threshold()
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
        Ok(OwnCounts { remaining: self.shared.throttle.take().into_iter().collect(), ..OwnCounts::default() })
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
        // Of a call that brings something the judge asks which run covers it: a ticket says that, and an answer does not.
        let is_answered = !self.throttle.brings();
        match (call.number % 256, call.number % 8) {
            (1, _) if is_answered => self.run(call, handed, Patience::ToTheEnd).await,
            (2, _) if is_answered => self.run(call, handed, patience).await,
            (_, 3) if is_answered => self.run(call, handed, Patience::NoLonger).await,
            (4, _) => self.trigger(call, handed, Some(Patience::ToTheEnd)).await,
            (5, _) => self.trigger(call, handed, Some(patience)).await,
            (_, 6) => self.trigger(call, handed, Some(Patience::NoLonger)).await,
            _ => self.trigger(call, handed, None).await,
        }
    }

    async fn trigger(&self, call: &Call, handed: Arc<Self>, wait: Option<Patience>) -> Answer {
        let f = Function { shared: handed, thread: call.caller };
        let Some(ticket) = self.throttle.trigger(Brought::new(call.caller, call.number), f) else {
            return Answer::nothing_but(Kind::NotTaken);
        };
        let wait = wait.or(call.wait.map(|_| Patience::ToTheEnd));
        let waited = match wait {
            None => None,
            Some(wait) => Some(until(ticket.into_future(), wait).await),
        };
        let Some(FutureEnd::Of(told)) = waited else {
            return self.promised(Kind::Taken, ticket, None);
        };
        // The run before the covering one may have been told of a counted call. Then what a run has seen decides alone.
        let after = if self.throttle.counts_before_it_decides() { Epoch::NEVER_RAN } else { ticket.epoch() };
        let waited = call.waited(after, told);
        self.promised(Kind::Taken, ticket, Some(waited))
    }

    async fn run(&self, call: &Call, handed: Arc<Self>, wait: Patience) -> Answer {
        let f = Function { shared: handed, thread: call.caller };
        let run = self.throttle.run(Brought::new(call.caller, call.number), f);
        let (kind, own) = match until(run, wait).await {
            FutureEnd::Of(Some(Outcome::RanAtOnce(own))) => (Kind::RanAtOnce, Some(own)),
            FutureEnd::Of(Some(Outcome::RanDeferred(own))) => (Kind::Deferred, Some(own)),
            FutureEnd::Of(Some(Outcome::Coalesced(ticket))) => {
                return self.promised(Kind::Coalesced, ticket, None);
            }
            FutureEnd::Of(Some(Outcome::Cancelled)) => (Kind::Cancelled, None),
            FutureEnd::Of(Some(Outcome::Owed)) => (Kind::Owed, None),
            FutureEnd::Of(None) => (Kind::NotTaken, None),
            FutureEnd::Panicked => (Kind::Panicked, None),
            FutureEnd::Dropped => (Kind::Dropped, None),
        };
        Answer { own, ..Answer::nothing_but(kind) }
    }

    fn flush(self: &Arc<Self>, key: usize) -> bool {
        let f = Function { shared: Arc::clone(self), thread: 0 };
        self.recorder.flush(key, || self.throttle.flush(f))
    }

    fn promised(&self, kind: Kind, ticket: Ticket<'_>, waited: Option<Waited>) -> Answer {
        let mut answer = Answer::promised(kind, ticket.epoch(), waited);
        if self.throttle.counts_before_it_decides() {
            answer.promise = Some(Promised::AfterOrSeen(ticket.epoch().as_u64()));
        }
        answer
    }

    /// What the run does with its own throttle. It does not wait for itself.
    fn nest(handed: &Arc<Self>, running: &Running<'_>) {
        let throttle = &handed.throttle;
        let another = |thread| Function { shared: Arc::clone(handed), thread };
        match running.inside() {
            None => {}
            Some(Inside::Call(call)) => {
                let value = Brought::new(call.caller, call.number);
                let answer = match throttle.trigger(value, another(call.caller)) {
                    Some(ticket) => handed.promised(Kind::Taken, ticket, None),
                    None => Answer::nothing_but(Kind::NotTaken),
                };
                running.told(&call, &answer);
            }
            Some(Inside::Flush) => {
                running.has_flushed(throttle.flush(another(0)));
            }
            Some(Inside::Cancel) => {
                running.has_cancelled(throttle.cancel(), || throttle.snapshot().epoch.as_u64());
            }
        }
    }

    /// What every function does, with what its run was given.
    async fn perform(self: &Arc<Self>, thread: usize, given: Option<Carried>) -> Own {
        let mut seen = self.recorder.room();
        let stamp = || self.throttle.snapshot().epoch.as_u64();
        let running = self.recorder.begin(0, &mut seen, stamp).given(given);
        let own = Own { stamp: running.stamp(), saw: running.saw(thread) };
        Self::nest(self, &running);
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
