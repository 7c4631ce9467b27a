//! [`Throttled`]: the background front end. A thread of its own, a task or the user runs the one function that it was given;
//! no caller ever waits.
//!
//! * `shared`: how a call and a flush reach the owner; `frame`: what does not depend on the payload
//! * `engine`: the one owner of every deferral. It decides, and waits for nothing. `pace`: how long it holds a run
//! * `thread`, `task`, `by_hand`: what drives it
//!
//! `Throttled` has no type parameter for its function, so it can stand in a field. It has none for its clock either, which
//! only the owner reads often. It has one for what its calls bring: `counting`, `latest`, `merging` and `collecting` have
//! what differs by that.

// In the order of the page of each type, which follows that of the modules: what most users call first stands first.
mod builder;
mod plain;
mod weak;

mod collecting;
mod counting;
mod latest;
mod merging;

#[cfg(feature = "async")]
mod task;

mod by_hand;

mod engine;
mod paced;
mod shared;
mod thread;

pub use self::builder::ThrottledBuilder;
pub use self::by_hand::{ByHand, Step};
pub use self::weak::WeakThrottled;

use self::shared::Shared;
use crate::clock::Clock;
use crate::front::observe;
use crate::front::outcome::NotFlushed;
use crate::front::owner::keeper::{DropPolicy, Ending, Keeper};
use crate::front::owner::ticket::Ticket;
use crate::front::owner::{Ended, Pending};
use crate::front::payload::Payload;
use crate::front::snapshot::Snapshot;
use crate::state::Epoch;
use crate::sync::{JoinHandle, Ordering};
use crate::time::Threshold;
use core::fmt;
use std::sync::Arc;

#[cfg_attr(feature = "async", doc = include_str!("../../design/tasks.md"))]
#[cfg_attr(not(feature = "async"), doc = include_str!("../../design/elsewhere.md"))]
/// Runs one function on a thread of its own, at most once per threshold, and never loses the last request.
///
/// ```
/// use atomic_throttle::Throttled;
/// use std::time::Duration;
///
/// let redraw = Throttled::spawn(Duration::from_millis(16), || println!("drawn"));
/// // From any thread, as often as you like: it never waits, and never draws here.
/// for _ in 0..1000 {
///     redraw.trigger().unwrap();
/// }
/// redraw.all().wait().unwrap();
/// assert!(redraw.runs() >= 1);
/// ```
///
/// The first call runs at once, in the background. Of the calls inside the window one makes a run pending, and the
/// thread performs it when the window is over; the others coalesce into it.
///
/// Clones are handles to the same throttle, in all threads. When the last one is dropped, the pending run is performed
/// when it is due, and the thread is joined: **the drop waits for the window and for the function**.
/// [`ThrottledBuilder::pending_on_drop`] flushes or discards the run instead, [`ThrottledBuilder::on_drop`] limits the wait, and
/// [`shutdown`](Self::shutdown) says what happened.
/// The drop hangs if the function needs the thread that drops the handle, or a lock that this thread holds:
/// [`OnDrop`](crate::OnDrop#when-a-drop-hangs) has the cases. If the last handle may be dropped in an async task,
/// choose [`OnDrop::Detach`](crate::OnDrop::Detach).
///
/// A `static` (in a `LazyLock`) is never dropped: [shut it down](Self::shutdown) before `main` returns, or what is
/// pending then does not run. Nor does it if the process exits or is killed. A function that is to call its own
/// throttle holds a [`WeakThrottled`]: with a handle in it the last one would never be dropped.
///
/// # What calls bring
///
/// | | a call | a run is given |
/// |---|---|---|
/// | `Throttled` | `trigger()` | nothing |
/// | [`ThrottledBuilder::counting`] | `trigger()` | the number of calls since the run before |
/// | [`ThrottledBuilder::latest`] | `trigger(value)` | the newest value |
/// | [`ThrottledBuilder::merging`] | `trigger(value)` | all values since the run before, merged into one |
/// | [`ThrottledBuilder::collecting`] | `trigger(value)` | all values since the run before, in a [`Batch`](crate::Batch) |
///
/// After a [`cancel`](Self::cancel), an end that discards, or a [fatal](ThrottledBuilder::fatal_panics) panic, what no run
/// was given is kept: `take` returns it, and otherwise the next run is given it.
///
/// # When the pending run starts
///
/// When the window is over, and not before a [delay](ThrottledBuilder::delay), a [debounce](ThrottledBuilder::debounce), a
/// [rest](ThrottledBuilder::rest) or the back-off of a [retry](ThrottledBuilder::retry) is over, where one is set. Enough calls or values
/// ([`ThrottledBuilder::enough`]) end a delay or a debounce early.
///
/// # Failures
///
/// A run fails if its function returns an error ([`RunResult`](crate::RunResult)), or panics. The tickets of the calls that it covers
/// return that error, and [`ThrottledBuilder::on_error`] is called. With [`ThrottledBuilder::retry`] the run is first tried
/// again, with what it was given, and the last try decides. The throttle goes on in any case.
///
/// # Who runs the function
///
/// [`spawn`](ThrottledBuilder::spawn) starts a thread, and [`spawn_on`][spawn_on] (feature `async`) a task of a runtime.
/// [`driver`][driver] (feature `async`) returns a future that you poll, which keeps state and need not be `Send`. [`by_hand`](ThrottledBuilder::by_hand)
/// returns what you drive by [`ByHand::step`].
/// Tickets and ends are waited for in threads and awaited in tasks, whichever it is. A drop waits for a thread only.
///
/// # Guarantees
///
/// * **G1** to **G5** as [`Throttle`](crate::Throttle), with the one thread as the owner of every deferral. A call that
///   was taken ([`trigger`](Self::trigger) returned `Ok`) is covered by a run that starts after it and sees what the
///   caller wrote before it; or it was cancelled, by [`cancel`](Self::cancel) or by [`Pending::Discard`]; or it stays
///   visibly owed, after a fatal panic, or when its task was dropped. A run that fails and is tried
///   again covers nobody until its last try. [`flush`](Self::flush) and [`Pending::Flush`] are the exceptions from G1.
/// * **G6** A panic of the function is caught and counted. [`ThrottledBuilder::on_panic`] and every wait for the run report it,
///   and the throttle goes on: its window counts, and what is pending stays pending.
/// * **G7** Coalescing is wait-free, and the decision itself lock-free. But a call that makes a run pending takes a
///   lock, which nobody holds for longer than a decision, to be ordered against the end. A call that brings a value
///   takes one always, and with a [debounce](ThrottledBuilder::debounce) each call reads the clock.
/// * **G8** as [`Throttle`](crate::Throttle).
/// * **G9** Every operation may be called from inside the run. None deadlocks: a wait there is refused, and the last
///   handle dropped there ends the thread after the run, without waiting for it.
/// * **G10** The value of a call that was taken is given to the run that covers the call, once; a newer one may replace
///   it ([`Latest`](crate::Latest)) or be merged with it ([`Merge`](crate::Merge)). A run that is tried again puts it
///   back first, and one that is given up is done with it. Calls are counted exactly. A call that is refused has its
///   value back.
///
/// # Signal handlers and forked children
///
/// Call nothing of it in a signal handler, except what only looks: a call may take a lock that the interrupted thread
/// holds. [Signal handlers](crate::design::waiting#signal-handlers) says what to write instead.
///
/// A forked child does not have the thread. There calls are refused with [`Ended::Forked`], waits and ends return
/// [`WaitError::Forked`](crate::WaitError::Forked), and drops return at once. But a call that coalesces into a run that was pending at the fork
/// returns `Ok`, and no run comes: it does not look. So start the throttle after the fork. [Forked
/// children](crate::design::waiting#forked-children) has the details.
///
/// # Cost
///
/// A call while a run is pending is one fence and one load; with a count an increment in place of the fence;
/// with a value a lock and a load, and the value moves. One that makes a run pending adds a lock, a
/// compare-and-swap, the process id, the clock if there is a delay, and the wake-up of the thread if that
/// sleeps. A throttle is one thread and some 850 bytes, with a count a KiB more. On Linux the thread, and
/// threads that it starts, have a timer slack of 1 ns: they wake when they are due, and not up to 50 µs
/// later.
pub struct Throttled<P: Payload = ()> {
    shared: Arc<Shared<P>>,
    keeper: Arc<Keeper<Shared<P>>>,
}

impl<P: Payload> Throttled<P> {
    fn new(shared: Arc<Shared<P>>, thread: Option<JoinHandle<()>>, at_drop: DropPolicy) -> Self {
        let keeper = Keeper::new(Arc::clone(&shared), thread, at_drop);
        Self { shared, keeper: Arc::new(keeper) }
    }

    // Apart, with its result as the caller wants it: a coalesced call would have a stack frame for it.
    #[cold]
    fn trigger_uncoalesced(&self) -> Result<Ticket<'_>, Ended> {
        self.shared.request().map(|epoch| Ticket::new(&self.shared.frame, epoch))
    }

    /// What no run was given. The pending run is given up in the same step.
    fn take_given(&self) -> Option<P::Given> {
        let (given, cancelled) = self.shared.take();
        self.tell_of_cancel(cancelled);
        given
    }

    fn tell_of_cancel(&self, cancelled: Option<Epoch>) {
        if let Some(epoch) = cancelled {
            self.shared.frame.notify_unless_forked();
            observe::cancelled(self.shared.frame.source(), epoch);
        }
    }

    /// Has the pending run start now, whether the window is over or not: the exception from G1. A new
    /// window starts.
    ///
    /// The run has started when this returns, by its stamp; the thread performs it. The ticket waits for that.
    ///
    /// # Errors
    ///
    /// [`NotFlushed`]: nothing has started. What was pending stays pending.
    pub fn flush(&self) -> Result<Ticket<'_>, NotFlushed> {
        let epoch = self.shared.flush()?;
        Ok(Ticket::new(&self.shared.frame, epoch.previous()))
    }

    /// Gives up the pending run and returns whether there was one. The window stays: the next run keeps its
    /// distance (G1). A wait for it returns [`WaitError::Cancelled`](crate::WaitError::Cancelled).
    #[allow(
        clippy::must_use_candidate,
        reason = "a caller that wants no run need not know whether one was pending"
    )]
    pub fn cancel(&self) -> bool {
        let cancelled = self.shared.cancel();
        self.tell_of_cancel(cancelled);
        cancelled.is_some()
    }

    /// A ticket of all calls made until now: it waits for the pending run if there is one, otherwise for the run in progress.
    /// With neither it returns how the latest run ended, and it is covered if nothing was ever requested.
    ///
    /// ```
    /// use atomic_throttle::Throttled;
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let save = Throttled::spawn(Duration::from_millis(1), || println!("saved"));
    /// save.trigger()?;
    /// save.trigger()?;
    /// save.all().wait()?; // In a task: `save.all().await?`.
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "it waits only if it is asked to: `wait()` or `.await`"]
    pub fn all(&self) -> Ticket<'_> {
        Ticket::new(&self.shared.frame, self.shared.frame.latest_call())
    }

    /// Ends the throttle: no further calls are taken, and `pending` says what becomes of the pending run. Returns at once,
    /// with a handle to wait for the end. All handles stay valid; calls by them are refused.
    ///
    /// Where several ask, each for another end, the soonest counts: discard, flush, finish.
    ///
    /// ```
    /// use atomic_throttle::{Pending, Shutdown, Throttled};
    /// use std::time::Duration;
    ///
    /// let save = Throttled::spawn(Duration::from_secs(1), || ());
    /// // In a task: `save.shutdown(Pending::Finish).await`.
    /// assert_eq!(save.shutdown(Pending::Finish).wait(), Ok(Shutdown::Idle));
    /// ```
    pub fn shutdown(&self, pending: Pending) -> Ending<'_> {
        self.keeper.end(pending);
        Ending::new(&*self.keeper)
    }

    /// Changes the threshold, clamped to [`Threshold::MAX`]. It applies to the present window, too: the
    /// pending run is re-timed at once, sooner or later.
    pub fn set_threshold(&self, threshold: impl Into<Threshold>) {
        self.shared.frame.gate.set_threshold(threshold);
        self.shared.frame.notify_unless_forked();
    }

    /// Has all who wait read the clock again: the thread that performs the pending run, and waits with a limit.
    ///
    /// Call it after a jump of a clock that runs ahead of the timer of the system, at the end of a suspension, for
    /// example: see [waiting](crate::Clock#waiting). It changes no deadline, and starts nothing early.
    ///
    /// Cost: one fence, one load.
    pub fn retime(&self) {
        self.shared.frame.waiting().notify();
    }

    /// A handle that does not keep the throttle going: for the function itself.
    #[must_use]
    pub fn downgrade(&self) -> WeakThrottled<P> {
        WeakThrottled::new(Arc::downgrade(&self.shared), Arc::downgrade(&self.keeper))
    }

    /// The clock that its timestamps are readings of.
    #[must_use]
    pub fn clock(&self) -> &(dyn Clock + Send + Sync) {
        &*self.shared.frame.clock
    }

    /// The shortest time between the starts of two runs.
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        self.shared.frame.gate.threshold()
    }

    /// Whether a run is pending.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.shared.frame.gate.state().is_pending()
    }

    /// How many runs the thread has begun.
    #[must_use]
    pub fn runs(&self) -> u64 {
        // ORDERING: Relaxed. A count for people.
        self.shared.paced.runs.load(Ordering::Relaxed)
    }

    /// How many runs have panicked.
    #[must_use]
    pub fn panics(&self) -> u64 {
        // ORDERING: Relaxed. A count for people.
        self.shared.paced.panics.load(Ordering::Relaxed)
    }

    /// All that there is to see at this moment. A run is in progress also if a flush has started it and it comes next.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let Shared { frame, paced, .. } = &*self.shared;
        // ORDERING: Relaxed. For people to look at.
        let failures = paced.failures.load(Ordering::Relaxed);
        Snapshot::new(frame.gate.state(), frame.gate.threshold()).held(paced.held_until(), failures)
    }
}

impl<P: Payload> Clone for Throttled<P> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), keeper: Arc::clone(&self.keeper) }
    }
}

impl<P: Payload> fmt::Debug for Throttled<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttled")
            .field("state", &self.shared.frame.gate.state())
            .field("threshold", &self.threshold())
            .finish_non_exhaustive()
    }
}
