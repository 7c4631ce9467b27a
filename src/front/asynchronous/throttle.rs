//! The handle: decides at once, and hands what is to be done to a task.

use super::Runtime;
use super::shared::Shared;
use crate::front::observe;
use crate::front::owner::ticket::Ticket;
use crate::front::payload::Payload;
use crate::front::snapshot::Snapshot;
use crate::state::{Epoch, State};
use crate::time::Threshold;
use core::fmt;
use std::sync::Arc;

/// Runs a function in a task at most once per threshold, and never loses the last request.
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// use atomic_throttle::AsyncThrottle;
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
/// use std::time::Duration;
///
/// static LATEST: AtomicU32 = AtomicU32::new(0);
/// static PAINTED: AtomicU32 = AtomicU32::new(0);
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let paint = AsyncThrottle::new(Duration::from_millis(10));
/// for value in 0..4 {
///     LATEST.store(value, Relaxed); // First the data,
///     paint.trigger(async || PAINTED.store(LATEST.load(Relaxed), Relaxed))?; // then the call.
/// }
/// paint.all().await?;
/// assert_eq!(PAINTED.load(Relaxed), 3); // With `async move || PAINTED.store(value, Relaxed)` it is 1.
/// # Ok(())
/// # }
/// # main().unwrap();
/// # }
/// ```
///
/// The first call spawns a task that runs at once. A call inside the window spawns the task that owns the
/// deferral: it sleeps until the window is over, then runs. All calls meanwhile coalesce into that run.
///
/// A function is an async closure, or a closure that returns a future. *The function of a coalesced call is
/// dropped, so it must not carry the data*: only the owner's function runs. Write the data where the function
/// reads it, before the call, as above. By G3 the run that covers the call sees it.
///
/// Or let each call [bring a value](#what-calls-bring).
///
/// In a task await the [`Ticket`] of a call, or of [all calls](Self::all). [`Ticket::wait`] blocks: it is for threads, and on a
/// runtime with one thread the task that it waits for could not go on.
///
/// Clones are handles of one throttle. The tasks keep it alive: what is pending runs after the last handle is
/// dropped, too.
///
/// # What calls bring
///
/// | on tokio | on any runtime | a call | a run is given |
/// |---|---|---|---|
/// | `new` | [`with_runtime`](Self::with_runtime) | `trigger(f)` | nothing |
/// | `counting` | [`counting_with_runtime`](AsyncThrottle::counting_with_runtime) | `trigger(f)` | the number of calls since the run before |
/// | `latest` | [`latest_with_runtime`](AsyncThrottle::latest_with_runtime) | `trigger(value, f)` | the newest value |
/// | `merging` | [`merging_with_runtime`](AsyncThrottle::merging_with_runtime) | `trigger(value, f)` | all values since the run before, merged into one |
/// | `collecting` | [`collecting_with_runtime`](AsyncThrottle::collecting_with_runtime) | `trigger(value, f)` | all values since the run before, in a [`Batch`](crate::Batch) |
///
/// All have `run`, `flush` and `take` as well. A run is given its value in a [`Carried`](crate::Carried), which derefs to
/// it. If its task is dropped in the middle, the value is there for the next run, unless the function has taken it out.
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// use atomic_throttle::{AsyncThrottle, Carried};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let paint = AsyncThrottle::latest(Duration::from_millis(10));
/// for value in 0..4 {
///     paint.trigger(value, async |newest: Carried<u32>| println!("painted {}", *newest))?;
/// }
/// paint.all().await?;
/// # Ok(())
/// # }
/// # main().unwrap();
/// # }
/// ```
///
/// A value whose call is refused comes back, in a [`Rejected`](crate::Rejected). A value whose call was cancelled, or left
/// its run owed, is kept: `take` returns it, and otherwise the next run is given it.
///
/// # Guarantees
///
/// * **G1** Two runs start at least one threshold apart, by their stamps on the runtime's clock. The stamp of
///   a leading run is taken by the call, and its function begins when the runtime gets to its task.
///   [`flush`](Self::flush) is the one exception.
/// * **G2** Runs never overlap: a run lasts from its decision until its future has been dropped.
/// * **G3** A call that was not refused is covered by a run that starts after the call and sees what the
///   caller wrote before it; or it was cancelled explicitly; or it stays visibly owed.
/// * **G4** At most one deferral is pending, and one task owns it.
/// * **G5** The pending run starts as soon as the window is over and no run is in progress, as far as the
///   runtime polls the task that it woke.
/// * **G6** Whatever future is dropped, at whatever await, and whatever panics, nothing is lost: see below.
/// * **G7** Deciding is lock-free. Coalescing is wait-free: no clock, no write, no allocation.
/// * **G8** Nothing overflows or panics, whatever the clock returns and whatever the threshold is.
/// * **G9** Every operation may be called from inside a run. A run that would wait for itself, or for the run
///   after it, gets an answer that says so instead: see [`run`](Self::run) and [`Ticket`].
/// * **G10** The value of a call that was taken is given to the run that covers the call, once; a newer one may replace
///   it ([`Latest`](crate::Latest)) or be merged with it ([`Merge`](crate::Merge)). Calls are counted exactly. A call that
///   is refused has its value back. What a run was given whose task was dropped comes with the next run, which is *owed*;
///   what its function has taken out does not. A run that panics was given what it was given; what it has not taken out of
///   a [`Batch`](crate::Batch) comes with the next run, which is owed then.
///
/// **G7** does not hold of a call that brings a value: it takes a lock for one decision, and for the time in which the
/// value is moved, pushed or merged.
///
/// # When a future is dropped, and when the runtime shuts down
///
/// The future of a caller performs nothing and owns nothing. To drop it, at any await, gives up the answer
/// and nothing else.
///
/// A runtime that shuts down drops the tasks. A task that owned the deferral, or had not finished its run,
/// leaves the run *owed*: its [snapshot](Self::snapshot) says so, and so does each wait for it. The next call
/// that has a runtime, perhaps another one, adopts it. A run that was stopped in the middle has kept its
/// window; the adopting one keeps its distance.
///
/// What the dropped task had, or was to be given, is there for the run that adopts it, or for `take`. A function that
/// counts is given the same calls again. If a function has taken out all that it was given, and its task is dropped
/// then, there is nothing to give to another run: none is owed, and each wait for the run says that it was cancelled.
///
/// A runtime that lives on and is never polled holds its tasks, and with them what is pending or in progress.
/// [`flush`](Self::flush) takes over what is pending.
///
/// # Signal handlers and forked children
///
/// Call nothing of it in a [signal handler](crate::design::waiting#signal-handlers): a task is allocated.
///
/// In a forked child it works with a runtime of the child. Most runtimes do not survive a fork themselves. What tasks
/// of the parent were to perform is left owed by the first call that does not coalesce, flush, or wait. A call before that
/// which coalesces into it returns `Ok`, and no run comes unless it is waited for. A call that brings a value is refused if a
/// thread of the parent was bringing one: see [Forked children](crate::design::waiting#forked-children).
///
/// # When the function panics
///
/// The panic is caught in the task, after the panic hook has reported it. The window counts, what is pending
/// stays pending, and the calls that the run covered have been covered by a run that panicked: each wait for
/// it says so, and no later run hides it. A [`run`](Self::run) that awaits the function resumes the panic; if nobody does, it ends here.
///
/// # Cost
///
/// A coalesced call is one fence and one load. A run adds a clock reading, a spawned task, two
/// compare-and-swaps and two fences; a deferred one a timer. [`run`](Self::run) allocates for its answer. A count is an
/// increment of a number that all callers share, for each call. A value adds a lock, under which it is moved: a coalesced
/// call is a lock and a load then. A run that is given a value allocates once for its [`Carried`](crate::Carried).
pub struct AsyncThrottle<R, P = ()> {
    pub(super) shared: Arc<Shared<R, P>>,
}

impl<R: Runtime, P: Payload> AsyncThrottle<R, P> {
    pub(super) fn carrying(threshold: impl Into<Threshold>, runtime: R, payload: P) -> Self {
        Self { shared: Shared::new(threshold.into(), Arc::new(runtime), payload) }
    }

    /// Gives up the pending or owed run and returns whether there was one. The window stays: the next run
    /// keeps its distance (G1). A run in progress goes on.
    ///
    /// The owner's [`run`](Self::run) returns [`Outcome::Cancelled`](crate::Outcome::Cancelled), and every wait for the run says so. A
    /// call that comes before the owner has noticed revives the run.
    ///
    /// Cost: one load, at most one successful compare-and-swap; one fence and one load more if there was one.
    #[allow(
        clippy::must_use_candidate,
        reason = "a caller that cancels need not know whether there was anything"
    )]
    pub fn cancel(&self) -> bool {
        let cancelled = self.shared.frame.gate.cancel_in();
        self.tell_of_cancel(cancelled);
        cancelled.is_some()
    }

    pub(super) fn tell_of_cancel(&self, cancelled: Option<Epoch>) {
        if let Some(epoch) = cancelled {
            self.shared.frame.waiting().notify();
            observe::cancelled(self.shared.frame.source(), epoch);
        }
    }

    /// A ticket of all calls made until now: it waits for the pending run if there is one, otherwise for the run in progress.
    /// With neither it returns how the latest run ended, and it is covered if nothing was ever requested.
    #[must_use = "it waits only if it is asked to: `.await`"]
    pub fn all(&self) -> Ticket<'_> {
        self.ticket(self.shared.frame.latest_call())
    }

    /// Changes the threshold, clamped to [`Threshold::MAX`]. It applies to the present window, too: the
    /// pending run is re-timed at once, sooner or later.
    ///
    /// Cost: one store, one fence, one load.
    pub fn set_threshold(&self, threshold: impl Into<Threshold>) {
        self.shared.frame.gate.set_threshold(threshold);
        self.shared.frame.waiting().notify();
    }

    /// Has all tasks that wait read the clock again, as [`Throttle::retime`](crate::Throttle::retime): after a
    /// jump of a clock that runs ahead of the timer of the runtime.
    pub fn retime(&self) {
        self.shared.frame.waiting().notify();
    }
}

impl<R, P> AsyncThrottle<R, P> {
    /// The clock that its timestamps are readings of: the runtime.
    #[must_use]
    pub fn clock(&self) -> &R {
        self.runtime()
    }

    /// The runtime.
    #[must_use]
    pub fn runtime(&self) -> &R {
        &self.shared.runtime
    }

    /// Whether a run is pending: some task waits to perform it.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.state().is_pending()
    }

    fn state(&self) -> State {
        self.shared.frame.gate.state()
    }

    /// All that there is to see at this moment. A run is in progress also while its task is about to be polled for
    /// the first time.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.state(), self.threshold())
    }

    /// The shortest time between the starts of two runs.
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        self.shared.frame.gate.threshold()
    }

    #[inline]
    pub(super) fn ticket(&self, epoch: Epoch) -> Ticket<'_> {
        Ticket::new(&self.shared.frame, epoch)
    }
}

impl<R, P> Clone for AsyncThrottle<R, P> {
    /// Another handle of the same throttle.
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<R, P> fmt::Debug for AsyncThrottle<R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncThrottle")
            .field("state", &self.state())
            .field("threshold", &self.threshold())
            .finish_non_exhaustive()
    }
}
