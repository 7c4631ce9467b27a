//! [`Collect`]: all values, in order.

use super::sealed::{self, NotPut, StartedWith, Values};
use crate::sync::{Mutex, const_unless_loom, lock, lock_unless, start_and_take, still_locked};
use core::{fmt, mem};
use std::collections::{VecDeque, vec_deque};

/// The payload of a throttle that collects: a call brings a value, and a run is given all of them, in a [`Batch`].
///
/// ```
/// use atomic_throttle::{Collect, Throttled};
///
/// struct Table {
///     insert: Throttled<Collect<String>>,
/// }
/// ```
///
/// [`ThrottledBuilder::collecting`](crate::ThrottledBuilder::collecting) builds it.
///
/// # Guarantees
///
/// * **G10** The value of a call that was taken is in the batch of the run that covers the call, or in a later one where a
///   panic or [`Batch::keep_rest`] has kept it, or it is there for `take`; and nowhere else. Values come in the order in
///   which their calls were decided, those that were kept in front.
///
/// # Cost
///
/// A call that coalesces locks, loads, and pushes; the queue grows as a `VecDeque`. **G7** does not hold: a call may wait
/// for another one to push.
pub struct Collect<T> {
    values: Mutex<VecDeque<T>>,
    capacity: usize,
}

impl<T> Collect<T> {
    const_unless_loom! {
        pub(crate) const fn new(capacity: usize) -> Self {
            Self { values: Mutex::new(VecDeque::new()), capacity }
        }
    }

    const_unless_loom! {
        pub(crate) const fn set_capacity(&mut self, values: usize) {
            self.capacity = if values == 0 { 1 } else { values };
        }
    }
}

impl<T: Send + 'static> sealed::Payload for Collect<T> {
    type Given = Batch<T>;

    fn start<S, N>(&self, start: impl FnOnce() -> Result<S, N>) -> Result<(S, Option<Batch<T>>), N> {
        start_and_take(&self.values, start, Batch::of)
    }

    fn take(&self, is_forked: impl FnOnce() -> bool, cancel: impl FnOnce()) -> Option<Batch<T>> {
        let mut values = lock_unless(&self.values, is_forked)?;
        cancel();
        Batch::of(&mut values)
    }

    fn left(given: Batch<T>, has_completed: bool) -> Option<Batch<T>> {
        let is_kept = !given.is_empty() && (!has_completed || given.keeps_rest);
        is_kept.then_some(given)
    }

    fn is_spent(given: &Batch<T>) -> bool {
        given.is_empty()
    }

    fn is_less(given: &Batch<T>) -> bool {
        given.len() < given.size
    }

    /// In front of what has come since, beyond the capacity as well: it had been taken.
    fn put_back(&self, given: Batch<T>, decide: impl FnOnce()) -> Option<Batch<T>> {
        let mut kept = given.values;
        let mut values = lock(&self.values);
        decide();
        kept.append(&mut values);
        *values = kept;
        None
    }

    fn is_enough(&self, values: u64) -> bool {
        lock(&self.values).len() as u64 >= values
    }

    fn most(&self) -> u64 {
        self.capacity as u64
    }

    fn is_lost(&self, is_forked: impl FnOnce() -> bool) -> bool {
        lock_unless(&self.values, is_forked).is_none()
    }

    #[cfg(feature = "keyed")]
    type Brought = T;

    #[cfg(feature = "keyed")]
    fn another(&self) -> Self {
        Self::new(self.capacity)
    }

    #[cfg(feature = "keyed")]
    fn bring(&self, value: T, is_forked: impl FnOnce() -> bool) -> Result<sealed::Left<T>, NotPut<T>> {
        let ((), count) = self.put(value, is_forked, || Some(()))?;
        Ok(sealed::Left { count, replaced: None })
    }

    #[cfg(feature = "keyed")]
    fn outstanding(&self) -> u64 {
        lock(&self.values).len() as u64
    }

    #[cfg(feature = "keyed")]
    fn calls(given: &Batch<T>) -> u64 {
        given.len() as u64
    }
}

impl<T: Send + 'static> Values for Collect<T> {
    type Value = T;

    #[inline]
    fn put<D>(
        &self,
        value: T,
        is_forked: impl FnOnce() -> bool,
        decide: impl FnOnce() -> Option<D>,
    ) -> Result<(D, u64), NotPut<T>> {
        let Some(values) = lock_unless(&self.values, is_forked) else { return Err(NotPut::Forked(value)) };
        // First the decision: values that a cancel has left may fill it, and then a call must ask for a run of these.
        let Some(decided) = decide() else { return Err(NotPut::Undecided(value)) };
        let mut values = still_locked(values, &self.values);
        if values.len() >= self.capacity {
            return Err(NotPut::Full(value));
        }
        values.push_back(value);
        Ok((decided, values.len() as u64))
    }

    fn put_if_room<D>(
        &self,
        value: T,
        is_forked: impl FnOnce() -> bool,
        decide: impl FnOnce() -> Option<D>,
    ) -> Result<D, NotPut<T>> {
        let Some(values) = lock_unless(&self.values, is_forked) else { return Err(NotPut::Forked(value)) };
        if values.len() >= self.capacity {
            return Err(NotPut::Full(value));
        }
        let Some(decided) = decide() else { return Err(NotPut::Undecided(value)) };
        still_locked(values, &self.values).push_back(value);
        Ok(decided)
    }

    fn start_with<S>(
        &self,
        value: T,
        is_forked: impl FnOnce() -> bool,
        start: impl FnOnce() -> Option<S>,
    ) -> Result<StartedWith<S, Batch<T>>, NotPut<T>> {
        let Some(values) = lock_unless(&self.values, is_forked) else { return Err(NotPut::Forked(value)) };
        let Some(started) = start() else { return Err(NotPut::Undecided(value)) };
        let mut values = still_locked(values, &self.values);
        let mut given = mem::take(&mut *values);
        drop(values);
        given.push_back(value);
        Ok(StartedWith { started, given: Batch::new(given), thrown: None })
    }
}

impl<T> fmt::Debug for Collect<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collect").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

/// What a run is given of a throttle that collects: the values of all calls that it covers, oldest first.
///
/// ```
/// use atomic_throttle::{Batch, Throttled};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let insert = Throttled::builder(Duration::from_millis(10))
///     .collecting()
///     .spawn(|rows: &mut Batch<u32>| {
///         for row in rows.drain() {
///             println!("insert {row}");
///         }
///     })?;
/// insert.trigger(1)?;
/// insert.trigger(2)?;
/// # Ok(())
/// # }
/// ```
///
/// A run that returns is done with all of it: what it has not taken out is dropped, unless it [keeps](Self::keep_rest) the
/// rest. If the function panics, what it has not taken out comes first in the next batch, and a run for it follows. So
/// look at the values with [`iter`](Self::iter) where each must be done at least once, and take them out with
/// [`drain`](Self::drain) where at most once.
pub struct Batch<T> {
    values: VecDeque<T>,
    /// How many there were when the run started.
    size: usize,
    keeps_rest: bool,
}

impl<T> Batch<T> {
    fn of(values: &mut VecDeque<T>) -> Option<Self> {
        let values = mem::take(values);
        (!values.is_empty()).then(|| Self::new(values))
    }

    fn new(values: VecDeque<T>) -> Self {
        let size = values.len();
        Self { values, size, keeps_rest: false }
    }

    /// Takes the values out, oldest first, one at a time: what the iterator has not yielded stays in the batch.
    pub fn drain(&mut self) -> Drain<'_, T> {
        Drain(&mut self.values)
    }

    /// Takes the oldest value out.
    pub fn pop(&mut self) -> Option<T> {
        self.values.pop_front()
    }

    /// Keeps what has not been taken out when the function returns: it comes first in the next batch, and a run for it
    /// follows. On the way to the end of the throttle one follows only if this run has taken something out.
    pub fn keep_rest(&mut self) {
        self.keeps_rest = true;
    }

    /// Looks at the values, oldest first, and takes none out.
    #[must_use]
    pub fn iter(&self) -> vec_deque::Iter<'_, T> {
        self.values.iter()
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none: only after they were taken out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(crate) fn into_values(self) -> VecDeque<T> {
        self.values
    }
}

/// Takes the values of a [`Batch`] out. Dropped, or unwound, before it has yielded all, it leaves the rest in the batch.
///
/// ```
/// use atomic_throttle::{Batch, Throttled};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let insert = Throttled::builder(Duration::from_millis(10))
///     .collecting()
///     .spawn(|rows: &mut Batch<u32>| {
///         for row in rows.drain().take(100) {
///             println!("insert {row}");
///         }
///         rows.keep_rest(); // The next run is given the others.
///     })?;
/// insert.trigger(1)?;
/// # Ok(())
/// # }
/// ```
pub struct Drain<'b, T>(&'b mut VecDeque<T>);

impl<T> Iterator for Drain<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl<T> ExactSizeIterator for Drain<'_, T> {}

impl<T> fmt::Debug for Drain<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("len", &self.0.len()).finish_non_exhaustive()
    }
}

impl<'b, T> IntoIterator for &'b Batch<T> {
    type Item = &'b T;
    type IntoIter = vec_deque::Iter<'b, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T> fmt::Debug for Batch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("len", &self.len()).finish_non_exhaustive()
    }
}
