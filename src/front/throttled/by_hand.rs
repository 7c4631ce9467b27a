//! [`ByHand`]: what an event loop drives itself, without a thread or a task.

use super::engine::{Engine, Next};
use super::{Throttled, ThrottledBuilder};
use crate::front::failure::{AnyError, RunResult, caught};
use crate::front::owner::Shutdown;
use crate::front::payload::{Batch, Collect, Count, Latest, Merge, Payload};
use crate::time::Timestamp;
use core::fmt;

/// Runs the function of a [`Throttled`] where and when you say: in an event loop, or in a test on a clock that you move.
///
/// ```
/// use atomic_throttle::{Manual, Step, Throttled, Timestamp};
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let start = Timestamp::from_nanos(1);
/// let clock = Arc::new(Manual::new(start));
/// let second = Duration::from_secs(1);
/// let (paint, mut by_hand) = Throttled::builder(second)
///     .clock(Arc::clone(&clock))
///     .latest()
///     .by_hand(|frame: &u32| println!("painted {frame}"));
/// paint.trigger(1)?;
/// assert_eq!(by_hand.step(), Step::Ran);
/// paint.trigger(2)?;
/// assert_eq!(by_hand.step(), Step::Until(start.saturating_add(second)));
/// clock.advance(second);
/// assert_eq!(by_hand.step(), Step::Ran);
/// assert_eq!(by_hand.step(), Step::Idle);
/// # Ok(())
/// # }
/// ```
///
/// It has payload, pace and retry as a thread has. Nobody wakes it: call [`step`](Self::step) after each call of
/// [`trigger`](Throttled::trigger), and when the time of [`Step::Until`] has come.
///
/// The drop of the last handle does not wait. What then is pending runs in a later step, and [`Step::Ended`] says that all
/// is done. If this is dropped before, what is pending stays owed, and calls are refused with
/// [`Ended::Dropped`](crate::Ended::Dropped).
///
/// A wait for a run by the thread that calls `step` never returns: nobody else performs the run.
pub struct ByHand<P: Payload, F> {
    engine: Engine<P>,
    f: F,
    ended: Option<Shutdown>,
}

/// What [`ByHand::step`] did.
///
/// ```
/// use atomic_throttle::{Step, Throttled};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (draw, mut by_hand) = Throttled::builder(Duration::from_millis(16)).by_hand(|| println!("drawn"));
/// draw.trigger()?;
/// match by_hand.step() {
///     Step::Ran => println!("step again"),
///     Step::Until(due) => println!("step again at {due:?}"),
///     Step::Idle => println!("step again after a call"),
///     Step::Ended(how) => println!("ended: {how:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it says when to call `step` again"]
pub enum Step {
    /// A run was performed. There may be more to do: call it again.
    Ran,
    /// A run is pending. Call it again when the throttle's clock reads this, or after a call.
    Until(Timestamp),
    /// There is nothing to do before the next call.
    Idle,
    /// The throttle has ended. There is nothing to do any more.
    Ended(Shutdown),
}

impl<P: Payload, F: FnMut(&mut P::Given) -> Result<(), AnyError>> ByHand<P, F> {
    pub(super) fn new(engine: Engine<P>, f: F) -> Self {
        Self { engine, f, ended: None }
    }

    /// Performs a run if one is due. A panic of the function is caught, as on a thread.
    ///
    /// # Panics
    ///
    /// If the clock panics. What is pending stays pending.
    pub fn step(&mut self) -> Step {
        if let Some(shutdown) = self.ended {
            return Step::Ended(shutdown);
        }
        match self.engine.look() {
            Ok(Next::Perform(mut started)) => {
                let Some(mut given) = self.engine.begin(&mut started) else { return Step::Ran };
                let result = {
                    let frame = &self.engine.shared().frame;
                    let _inside = frame.step_inside();
                    caught(|| (self.f)(&mut given))
                };
                if !self.engine.finish(started, Some(given), result) {
                    let _ = self.end(Shutdown::Panicked);
                }
                Step::Ran
            }
            Ok(Next::End) => {
                let shutdown = self.engine.conclude();
                self.end(shutdown)
            }
            Err(Some(until)) => Step::Until(until),
            Err(None) => Step::Idle,
        }
    }

    fn end(&mut self, shutdown: Shutdown) -> Step {
        self.ended = Some(shutdown);
        self.engine.end(shutdown);
        Step::Ended(shutdown)
    }
}

impl<P: Payload, F> fmt::Debug for ByHand<P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByHand").field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// What [`ThrottledBuilder::by_hand`] returns.
type Driven<P, F> = (Throttled<P>, ByHand<P, F>);

impl ThrottledBuilder {
    /// Starts no thread: you drive it, by [`ByHand::step`].
    pub fn by_hand<R: RunResult>(
        self,
        mut f: impl FnMut() -> R,
    ) -> Driven<(), impl FnMut(&mut ()) -> Result<(), AnyError>> {
        self.start_by_hand(move |()| f().into_result())
    }
}

impl ThrottledBuilder<Count> {
    /// Starts no thread: you drive it, by [`ByHand::step`].
    pub fn by_hand<R: RunResult>(
        self,
        mut f: impl FnMut(u64) -> R,
    ) -> Driven<Count, impl FnMut(&mut u64) -> Result<(), AnyError>> {
        self.start_by_hand(move |calls| f(*calls).into_result())
    }
}

impl<T: Send + 'static> ThrottledBuilder<Latest<T>> {
    /// Starts no thread: you drive it, by [`ByHand::step`].
    pub fn by_hand<R: RunResult>(
        self,
        mut f: impl FnMut(&T) -> R,
    ) -> Driven<Latest<T>, impl FnMut(&mut T) -> Result<(), AnyError>> {
        self.start_by_hand(move |value| f(value).into_result())
    }
}

impl<T: Send + 'static> ThrottledBuilder<Merge<T>> {
    /// Starts no thread: you drive it, by [`ByHand::step`].
    pub fn by_hand<R: RunResult>(
        self,
        mut f: impl FnMut(&T) -> R,
    ) -> Driven<Merge<T>, impl FnMut(&mut T) -> Result<(), AnyError>> {
        self.start_by_hand(move |value| f(value).into_result())
    }
}

impl<T: Send + 'static> ThrottledBuilder<Collect<T>> {
    /// Starts no thread: you drive it, by [`ByHand::step`].
    pub fn by_hand<R: RunResult>(
        self,
        mut f: impl FnMut(&mut Batch<T>) -> R,
    ) -> Driven<Collect<T>, impl FnMut(&mut Batch<T>) -> Result<(), AnyError>> {
        self.start_by_hand(move |batch| f(batch).into_result())
    }
}
