//! What calls leave for the run that covers them (G10).
//!
//! A value is put and its call is decided in one step against the start of a run, under the lock of the payload.
//! The start of a run and the taking of what it is given are one step under the same lock. So each value goes to
//! exactly the run that covers its call, a call that is refused gets its value back, and a run finds something.
//!
//! The gate decides, and the word is as it is without a payload. Under the lock the decision needs no fence: what the
//! caller wrote before is published by the lock, to the run that takes the value.
//!
//! [`Count`] has no lock. Its calls are counted first and decided afterwards, and a run takes the number
//! after its start. That orders each call against each start, so its decision needs no fence either. A run
//! may count a call that the run after it covers. That one may then have nothing to count, and its function is not
//! called.

#[cfg(feature = "async")]
mod carried;
mod collect;
mod count;
mod latest;
mod merge;
mod number;
mod rejected;

#[cfg(feature = "async")]
pub use self::carried::Carried;
pub use self::collect::{Batch, Collect, Drain};
pub use self::count::Count;
pub use self::latest::Latest;
pub use self::merge::Merge;
pub use self::rejected::{Reason, Rejected};

#[cfg(feature = "async")]
pub(crate) use self::carried::{Followed, Home};
pub(crate) use self::number::Number;
#[cfg(feature = "keyed")]
pub(crate) use self::sealed::Left;
pub(crate) use self::sealed::{NotPut, StartedWith, Values};

/// What the calls of a throttle leave for the run that covers them: `()` for nothing, [`Count`], [`Latest`],
/// [`Merge`] or [`Collect`].
///
/// ```
/// use atomic_throttle::{Payload, Throttled};
///
/// /// Whatever the calls bring.
/// fn report<P: Payload>(throttled: &Throttled<P>) {
///     println!("{} runs", throttled.runs());
/// }
/// ```
///
/// It is sealed: no other type implements it.
pub trait Payload: sealed::Payload {}

impl<P: sealed::Payload> Payload for P {}

pub(crate) mod sealed {
    use core::any::Any;
    use std::boxed::Box;

    /// What every payload does for the front end that runs.
    pub trait Payload: Send + Sync + 'static {
        /// What a run is given.
        type Given: Send;

        /// Has `start` start a run, and takes what it is given, in one step. `None` inside: there was nothing. `Err`: no run
        /// has started, and nothing was taken.
        fn start<S, N>(&self, start: impl FnOnce() -> Result<S, N>) -> Result<(S, Option<Self::Given>), N>;

        /// Calls `cancel`, and takes what no run was given, in one step. `is_forked` is asked where another thread holds the
        /// lock; then there is nothing.
        fn take(&self, is_forked: impl FnOnce() -> bool, cancel: impl FnOnce()) -> Option<Self::Given>;

        /// After the function of a run: drops what it was given, and returns what is kept of it for the next run.
        fn left(given: Self::Given, has_completed: bool) -> Option<Self::Given> {
            let _ = (given, has_completed);
            None
        }

        /// Whether nothing is left of what a run was given, so that the run cannot be tried again.
        fn is_spent(given: &Self::Given) -> bool {
            let _ = given;
            false
        }

        /// Whether the lock is held, and `is_forked`: by a thread of the parent then, for ever.
        fn is_lost(&self, is_forked: impl FnOnce() -> bool) -> bool {
            let _ = is_forked;
            false
        }

        /// Whether some of what a run was given is not left.
        fn is_less(given: &Self::Given) -> bool {
            let _ = given;
            false
        }

        /// Calls `decide`, and puts back what a run was given, in one step against the start of a run. Returns what there
        /// is to drop: what something newer has replaced.
        fn put_back(&self, given: Self::Given, decide: impl FnOnce()) -> Option<Self::Given>;

        /// Whether at least so many calls, or their values, are there for the next run.
        fn is_enough(&self, calls: u64) -> bool {
            let _ = calls;
            false
        }

        /// How many a run can be given at most, but for those that a run has left.
        fn most(&self) -> u64 {
            u64::MAX
        }

        /// What a call on a key brings: `()` if nothing.
        #[cfg(feature = "keyed")]
        type Brought;

        /// Whether a call on a key leaves anything that a run is given.
        #[cfg(feature = "keyed")]
        const BRINGS: bool = true;

        /// An empty one, for another key.
        #[cfg(feature = "keyed")]
        fn another(&self) -> Self;

        /// Leaves what a call on a key has brought. The lock of the key's state is held around it: no run of the key starts
        /// meanwhile, so nothing is decided here. `is_forked` is asked where another thread holds the lock.
        #[cfg(feature = "keyed")]
        fn bring(
            &self,
            brought: Self::Brought,
            is_forked: impl FnOnce() -> bool,
        ) -> Result<Left<Self::Brought>, NotPut<Self::Brought>>;

        /// How many calls on a key are there that no run was given. 0 where calls are not given one by one.
        #[cfg(feature = "keyed")]
        fn outstanding(&self) -> u64 {
            0
        }

        /// How many calls a run was to be given.
        #[cfg(feature = "keyed")]
        fn calls(given: &Self::Given) -> u64 {
            let _ = given;
            0
        }
    }

    /// A payload to which a call brings a value.
    pub trait Values: Payload {
        /// What a call brings.
        type Value;

        /// Puts `value` if `decide` takes the call, in one step against the start of a run. `is_forked` is asked where
        /// another thread holds the lock. Returns beside the decision how many values are there for the next run.
        fn put<D>(
            &self,
            value: Self::Value,
            is_forked: impl FnOnce() -> bool,
            decide: impl FnOnce() -> Option<D>,
        ) -> Result<(D, u64), NotPut<Self::Value>>;

        /// As [`put`](Self::put), but decides nothing where there is no room.
        fn put_if_room<D>(
            &self,
            value: Self::Value,
            is_forked: impl FnOnce() -> bool,
            decide: impl FnOnce() -> Option<D>,
        ) -> Result<D, NotPut<Self::Value>> {
            self.put(value, is_forked, decide).map(|(decided, _)| decided)
        }

        /// Has `start` start a run that is given `value` and all that is there, in one step. There is always room.
        ///
        /// Code of the user's that panics here stops nothing: the run has started, and calls rely on it.
        fn start_with<S>(
            &self,
            value: Self::Value,
            is_forked: impl FnOnce() -> bool,
            start: impl FnOnce() -> Option<S>,
        ) -> Result<StartedWith<S, Self::Given>, NotPut<Self::Value>>;
    }

    /// A run that has started with the value of its own call.
    #[allow(missing_debug_implementations, reason = "nobody sees it")]
    pub struct StartedWith<S, G> {
        pub started: S,
        pub given: G,
        /// The panic of the function that merges, or of the drop of what the value has replaced. It is the caller's, after
        /// the function of the run.
        pub thrown: Option<Box<dyn Any + Send>>,
    }

    /// What a call has left for the next run.
    #[allow(missing_debug_implementations, reason = "nobody sees it")]
    #[cfg(feature = "keyed")]
    pub struct Left<T> {
        /// How many calls, or their values, are there for it.
        pub count: u64,
        /// What was replaced, to be dropped when no lock is held.
        pub replaced: Option<T>,
    }

    /// A value that was not put, and why.
    #[allow(missing_debug_implementations, reason = "nobody sees it")]
    pub enum NotPut<T> {
        /// `decide` did not take the call.
        Undecided(T),
        /// There is no room.
        Full(T),
        /// This thread is inside the function that merges.
        InsideMerge(T),
        /// This is a forked child, and a thread of the parent had the lock.
        Forked(T),
    }
}

impl sealed::Payload for () {
    type Given = ();

    #[inline]
    fn start<S, N>(&self, start: impl FnOnce() -> Result<S, N>) -> Result<(S, Option<()>), N> {
        start().map(|started| (started, Some(())))
    }

    fn take(&self, _: impl FnOnce() -> bool, cancel: impl FnOnce()) -> Option<()> {
        cancel();
        None
    }

    fn put_back(&self, (): (), decide: impl FnOnce()) -> Option<()> {
        decide();
        None
    }

    #[cfg(feature = "keyed")]
    type Brought = ();

    #[cfg(feature = "keyed")]
    const BRINGS: bool = false;

    #[cfg(feature = "keyed")]
    fn another(&self) {}

    #[cfg(feature = "keyed")]
    #[inline]
    fn bring(&self, (): (), _: impl FnOnce() -> bool) -> Result<Left<()>, NotPut<()>> {
        Ok(Left { count: 0, replaced: None })
    }
}
