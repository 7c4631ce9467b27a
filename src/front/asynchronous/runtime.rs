//! [`Runtime`]: what a throttle needs of whatever drives its tasks.

use crate::clock::Clock;
use crate::time::Timestamp;
use core::fmt;

/// What drives the tasks of an [`AsyncThrottle`](super::AsyncThrottle): a clock, a timer and a place for
/// tasks.
///
/// One for smol, which has one executor for the whole program:
///
/// ```
/// use atomic_throttle::{AsyncThrottle, Clock, Monotonic, NoRuntime, Runtime, Timestamp};
/// use std::time::Duration;
///
/// struct Smol;
///
/// impl Clock for Smol {
///     fn now(&self) -> Timestamp {
///         Monotonic.now()
///     }
/// }
///
/// impl Runtime for Smol {
///     fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static {
///         let timer = smol::Timer::after(deadline.saturating_since(self.now()));
///         async move {
///             timer.await;
///         }
///     }
///
///     fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
///         smol::spawn(task).detach();
///         Ok(())
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let save = AsyncThrottle::with_runtime(Duration::from_millis(10), Smol);
/// save.trigger(async || println!("saved"))?;
/// smol::block_on(async { save.all().await })?;
/// # Ok(())
/// # }
/// ```
///
/// A throttle asks nothing of a runtime that it cannot do without: a timer may be late, and then the run is;
/// it may be early, and then the task asks it again; a task may be dropped instead of polled, at any
/// time, and then what it owned is *owed* (G6). Three things it must do:
///
/// * poll a task that was woken, or drop it. A run whose task is neither polled nor dropped never ends;
/// * wake a task by putting it in a queue, not by polling or dropping it there and then: a throttle wakes
///   under the lock of its event, and what the task does then would wait for that;
/// * end a sleep once its own clock reads the deadline. Else the pending run never starts (G5). If its timer may
///   fall behind its clock, in a suspension, for example, return a [longest wait](Clock::longest_wait): then no
///   sleep asked for is longer.
///
/// # Panics
///
/// The throttle's tasks let a panic of the clock or of the timer through to the runtime, after they have
/// left their run owed. A panic of the function that they run they catch.
pub trait Runtime: Clock + Send + Sync + 'static {
    /// Ends when the clock reads `deadline`. Only asked of a clock that is not
    /// [moved by hand](Clock::moved), and never for [`Timestamp::NEVER`].
    fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static;

    /// Whether a task could be spawned now, from here. A throttle asks before it decides, so that a call
    /// outside of every runtime leaves no trace.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if not.
    fn ready(&self) -> Result<(), NoRuntime> {
        Ok(())
    }

    /// Runs `task` in the background, to its end.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if there is nowhere to run it. `task` is dropped then.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime>;
}

/// There is no runtime here to run on. Nothing was recorded of the call, unless the runtime went away while
/// the throttle decided; then the run is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRuntime;

impl fmt::Display for NoRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "there is no runtime here: call from inside of one, or name it when you build the throttle",
        )
    }
}

impl core::error::Error for NoRuntime {}
