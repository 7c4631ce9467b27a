//! [`KeyedThrottled`] of [`Collect`]: a run is given all values of its key.

use super::{KeyTicket, KeyedThrottled, KeyedThrottledBuilder, WeakKeyedThrottled};
#[cfg(feature = "async")]
use crate::front::asynchronous::{NoRuntime, Runtime};
use crate::front::failure::RunResult;
#[cfg(feature = "async")]
use crate::front::failure::into_result;
#[cfg(feature = "async")]
use crate::front::payload::Carried;
use crate::front::payload::{Batch, Collect, Rejected};
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};
use std::borrow::ToOwned;
use std::io;
use std::vec::Vec;

impl<K, S> KeyedThrottledBuilder<K, (), S> {
    /// Each call brings a value, and a run is given all of its key, in a [`Batch`].
    ///
    /// ```
    /// use atomic_throttle::{Batch, KeyedThrottled};
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let insert = KeyedThrottled::<String>::builder(Duration::from_millis(10))
    ///     .collecting()
    ///     .capacity(10_000)
    ///     .spawn(|table, rows: &mut Batch<u32>| println!("{table}: {} rows in one insert", rows.len()))?;
    /// for row in 0..1000 {
    ///     insert.trigger("orders", row)?;
    /// }
    /// // Dropping the last handle has the rest inserted.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Without a [`capacity`](KeyedThrottledBuilder::capacity) it holds whatever is brought within a window.
    pub fn collecting<T: Send + 'static>(self) -> KeyedThrottledBuilder<K, Collect<T>, S> {
        self.carrying(Collect::new(usize::MAX))
    }
}

impl<K, T: Send + 'static, S> KeyedThrottledBuilder<K, Collect<T>, S> {
    /// Takes at most `values` values of each key for one run: a call that finds so many is refused, and has its value back.
    /// 0 counts as 1.
    pub fn capacity(mut self, values: usize) -> Self {
        self.payload_mut().set_capacity(values);
        self
    }

    /// Ends a [delay](KeyedThrottledBuilder::delay) or a quiet time of a key early when it has so many values; never the
    /// window. 0 counts as 1, and a full [capacity](Self::capacity) is always enough.
    pub fn enough(self, values: usize) -> Self {
        self.enough_calls(values as u64)
    }

    /// Starts the thread. The function is given the key and all its values since the run before, and those that a run has left.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot start a thread, or if the name contains a zero byte.
    pub fn spawn<R: RunResult>(
        self,
        mut f: impl FnMut(&K, &mut Batch<T>) -> R + Send + 'static,
    ) -> io::Result<KeyedThrottled<K, Collect<T>, S>>
    where
        K: Hash + Eq + Send + Sync + 'static,
        S: BuildHasher + Send + Sync + 'static,
    {
        self.start(move |key, batch| f(key, batch).into_result())
    }

    /// Has a task of `runtime` run the function. The function is given the key and all its values since the run before, and those that a run has left. For the rest see
    /// [`spawn_on`](KeyedThrottledBuilder::spawn_on) without a payload.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if there is no runtime here.
    #[cfg(feature = "async")]
    pub fn spawn_on<R, F, Fut>(self, runtime: R, f: F) -> Result<KeyedThrottled<K, Collect<T>, S>, NoRuntime>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        S: BuildHasher + Send + Sync + 'static,
        R: Runtime,
        F: FnOnce(K, Carried<Batch<T>>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: RunResult> + Send + 'static,
    {
        self.start_on(runtime, move |key, given, home| {
            let (carried, f, key) = (Carried::new(given, home), f.clone(), key.clone());
            async move { into_result(f(key, carried).await) }
        })
    }
}

impl<K, T: Send + 'static, S> KeyedThrottled<K, Collect<T>, S>
where
    K: Hash + Eq + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Leaves `value` behind those of `key` before it, and asks for a run of `key` that is given them. Never waits for a run.
    ///
    /// The key may be passed in a borrowed form, `&str` for `String`.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value: no run is promised to it. Where the [capacity](KeyedThrottledBuilder::capacity) is reached, a run
    /// is pending that makes room.
    #[inline]
    pub fn trigger<'t, Q>(&'t self, key: &'t Q, value: T) -> Result<KeyTicket<'t, K, Q>, Rejected<T>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.bring(key, value)
    }

    /// Takes the values of `key` that no run was given, and gives up its pending run, in one step.
    ///
    /// After the end it also takes what a run has left that was owed, or that failed and was the last one.
    #[must_use = "the values are nowhere else"]
    pub fn take<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Vec<T>
    where
        K: Borrow<Q>,
    {
        self.shared.take(key).map(|batch| batch.into_values().into()).unwrap_or_default()
    }
}

impl<K, T: Send + 'static, S> WeakKeyedThrottled<K, Collect<T>, S>
where
    K: Hash + Eq + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// As [`KeyedThrottled::trigger`], also after the last handle was dropped while the owner goes on. It does
    /// not make this a handle, so it never is the last one.
    ///
    /// # Errors
    ///
    /// As [`KeyedThrottled::trigger`].
    pub fn trigger<Q>(&self, key: &Q, value: T) -> Result<(), Rejected<T>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.bring(key, value)
    }
}
