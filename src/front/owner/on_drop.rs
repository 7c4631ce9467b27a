//! [`OnDrop`]: how long the drop of the last handle waits.

use core::time::Duration;

/// How long the drop of the last handle waits for the thread.
///
/// ```
/// use atomic_throttle::{OnDrop, Throttled};
/// use std::sync::mpsc;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (sender, receiver) = mpsc::sync_channel(0);
/// let report = Throttled::builder(Duration::from_millis(10))
///     .on_drop(OnDrop::Detach)
///     .spawn(move || sender.send("done").unwrap())?;
/// report.trigger()?;
/// // The function waits until this thread receives. With `OnDrop::Wait` the drop would wait for the function.
/// drop(report);
/// assert_eq!(receiver.recv(), Ok("done"));
/// # Ok(())
/// # }
/// ```
///
/// The drop always asks for the end, and the thread always performs what is owed, then ends by itself. This
/// only says whether the thread that drops the handle waits for that.
///
/// # When a drop hangs
///
/// With [`Wait`](Self::Wait), the default, the drop waits for the window and for the function. So it hangs if
/// the function cannot end before the drop returns:
///
/// * The function needs the thread that drops the handle: it sends to a channel that this thread receives
///   from, or waits for a window or an event loop of this thread.
/// * The function takes a lock that the dropping thread holds. That lock may be hidden: a handle in a field of
///   a value behind a `Mutex` is dropped with that value.
/// * The handle is dropped in an async task, and the function needs the runtime, by `block_on` or by a channel
///   to a task. The drop blocks the runtime's thread, and on a runtime with one thread nothing goes on.
/// * The throttle is on a clock that nobody moves, and a run is pending.
///
/// # Which to choose
///
/// | the last handle is dropped | choose |
/// |---|---|
/// | at the end of `main`, or in a thread that may wait | [`Wait`](Self::Wait) |
/// | where the program must go on even if the function hangs | [`WaitFor`](Self::WaitFor) |
/// | in an async task, or under a lock that the function takes | [`Detach`](Self::Detach) |
///
/// In an async task a wait of any length blocks every task of that thread. To wait there for the last run,
/// call `shutdown` on a thread that may block (`tokio::task::spawn_blocking`), and drop the handle afterwards.
///
/// The end of the process does not wait for a thread. If `main` returns after a drop that did not wait, a run
/// that is pending then does not come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDrop {
    /// Waits until the thread has ended, and joins it. The default.
    ///
    /// After a limited shutdown that timed out the drop does not wait: the caller has given up waiting.
    #[default]
    Wait,
    /// Waits at most for this time, on the throttle's clock; then the thread goes on by itself.
    ///
    /// The thread is not joined. A clock that panics ends the wait.
    WaitFor(Duration),
    /// Does not wait.
    Detach,
}
