//! [`Count`]: how many calls a run stands for.

use super::number::Number;
use super::sealed;
use crate::sync::{STRIPES, const_unless_loom, stripe};
use core::array;
use std::boxed::Box;

/// The payload of a throttle that counts: a call brings nothing, and a run is given the number of calls since the
/// run before, never 0.
///
/// ```
/// use atomic_throttle::{Count, Throttled};
///
/// struct Server {
///     failed: Throttled<Count>,
/// }
/// ```
///
/// [`ThrottledBuilder::counting`](crate::ThrottledBuilder::counting) builds it.
///
/// # Guarantees
///
/// * **G10** Each call is counted once: what all runs were given and what is outstanding sum up to the calls. A call is
///   counted for the run that covers it or for one before it. A run that finds no call, because the run before has
///   counted all, does not call the function, and ends as that one did.
///
/// # Cost
///
/// For each call an increment, which takes the place of the fence. Wait-free.
///
/// In a [`Throttle`](crate::Throttle) it is one number that all callers share: 16 bytes, and an exchange for
/// each run. In a [`Throttled`](crate::Throttled) it is eight numbers, each on cache lines of its own, and a
/// thread uses one of them: a KiB more, and eight exchanges for each run. With
/// [`enough`](crate::ThrottledBuilder::enough) it is one number there, too.
#[derive(Debug)]
pub struct Count(Kept);

#[derive(Debug)]
enum Kept {
    One(Number),
    Striped(Box<[Line; STRIPES]>),
}

/// A number on cache lines of its own.
#[derive(Debug)]
#[repr(align(128))]
struct Line(Number);

impl Count {
    const_unless_loom! {
        pub(crate) const fn new() -> Self {
            Self(Kept::One(Number::new()))
        }
    }

    /// Different threads count in different numbers. What [`count`](Self::count) returns is that of one of
    /// them.
    pub(crate) fn striped() -> Self {
        Self(Kept::Striped(Box::new(array::from_fn(|_| Line(Number::new())))))
    }

    /// The number in which this thread counts.
    #[inline]
    fn here(&self) -> &Number {
        match &self.0 {
            Kept::One(number) => number,
            Kept::Striped(lines) => &lines[stripe() % STRIPES].0,
        }
    }

    fn sum(&self, of: impl Fn(&Number) -> u64) -> u64 {
        match &self.0 {
            Kept::One(number) => of(number),
            Kept::Striped(lines) => lines.iter().fold(0, |sum, line| sum.saturating_add(of(&line.0))),
        }
    }

    /// Counts a call that is about to be decided, and returns how many there are then. It stays counted
    /// whatever becomes of it: to take it back and to count it again would count it twice, where a run has
    /// counted it meanwhile.
    ///
    /// The decision after it needs no fence. Each run takes every number after its start, so this addition is
    /// before that exchange or after it. Before: the run sees what the caller wrote, whether it counts
    /// the call or a run before it did. After: the decision sees the start, and the call does not coalesce
    /// into that run.
    #[inline]
    pub(crate) fn count(&self) -> u64 {
        self.here().count()
    }

    /// What no run was given yet. A run takes it after its start: also numbers that are 0, for what `count`
    /// says.
    pub(crate) fn take_all(&self) -> Option<u64> {
        let calls = self.sum(Number::take);
        (calls > 0).then_some(calls)
    }

    /// As [`take_all`](Self::take_all), for a run whose own call has not been counted.
    #[inline]
    pub(crate) fn take_all_and_one(&self) -> u64 {
        self.take_all().unwrap_or(0).saturating_add(1)
    }

    /// Where others count at this moment, it is the number of no single moment.
    pub(crate) fn outstanding(&self) -> u64 {
        self.sum(Number::outstanding)
    }
}

impl sealed::Payload for Count {
    type Given = u64;

    fn start<S, N>(&self, start: impl FnOnce() -> Result<S, N>) -> Result<(S, Option<u64>), N> {
        let started = start()?;
        Ok((started, self.take_all()))
    }

    fn take(&self, _: impl FnOnce() -> bool, cancel: impl FnOnce()) -> Option<u64> {
        cancel();
        self.take_all()
    }

    fn put_back(&self, calls: u64, decide: impl FnOnce()) -> Option<u64> {
        // First: a run that starts then is told of them.
        self.here().put_back(calls);
        decide();
        None
    }

    fn is_enough(&self, calls: u64) -> bool {
        self.outstanding() >= calls
    }

    #[cfg(feature = "keyed")]
    type Brought = ();

    #[cfg(feature = "keyed")]
    fn another(&self) -> Self {
        Self::new()
    }

    #[cfg(feature = "keyed")]
    #[inline]
    fn bring(&self, (): (), _: impl FnOnce() -> bool) -> Result<sealed::Left<()>, sealed::NotPut<()>> {
        Ok(sealed::Left { count: self.count(), replaced: None })
    }

    #[cfg(feature = "keyed")]
    fn outstanding(&self) -> u64 {
        Self::outstanding(self)
    }

    #[cfg(feature = "keyed")]
    fn calls(given: &u64) -> u64 {
        *given
    }
}
