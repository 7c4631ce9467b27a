//! [`KeyedThrottled`] of [`Count`]: a run is given the number of calls on its key that it covers.

use super::{KeyTicket, KeyedThrottled, KeyedThrottledBuilder, NotTaken, WeakKeyedThrottled};
#[cfg(feature = "async")]
use crate::front::asynchronous::{NoRuntime, Runtime};
use crate::front::failure::RunResult;
#[cfg(feature = "async")]
use crate::front::failure::into_result;
use crate::front::payload::Count;
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};
use std::borrow::ToOwned;
use std::io;

impl<K, S> KeyedThrottledBuilder<K, (), S> {
    /// Counts the calls: a run is given the number of those on its key that it covers.
    ///
    /// ```
    /// use atomic_throttle::KeyedThrottled;
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let alert = KeyedThrottled::<String>::builder(Duration::from_millis(10))
    ///     .counting()
    ///     .spawn(|client, calls| println!("{client}: {calls} malformed requests"))?;
    /// for _ in 0..1000 {
    ///     alert.trigger("10.0.0.7")?;
    /// }
    /// alert.all().wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The number is exact: each call that was taken is in the number of the run that covers it. Those whose run was cancelled
    /// or discarded are in [`uncovered`](KeyedThrottled::uncovered).
    pub fn counting(self) -> KeyedThrottledBuilder<K, Count, S> {
        self.carrying(Count::new())
    }
}

impl<K, S> KeyedThrottledBuilder<K, Count, S> {
    /// Ends a [delay](KeyedThrottledBuilder::delay) or a quiet time of a key early when so many calls on it are counted; never
    /// the window. 0 counts as 1.
    pub fn enough(self, calls: u64) -> Self {
        self.enough_calls(calls)
    }

    /// Starts the thread. The function is given the key and the number of calls on it, never 0.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot start a thread, or if the name contains a zero byte.
    pub fn spawn<R: RunResult>(
        self,
        mut f: impl FnMut(&K, u64) -> R + Send + 'static,
    ) -> io::Result<KeyedThrottled<K, Count, S>>
    where
        K: Hash + Eq + Send + Sync + 'static,
        S: BuildHasher + Send + Sync + 'static,
    {
        self.start(move |key, calls| f(key, *calls).into_result())
    }

    /// Has a task of `runtime` run the function. The function is given the key and the number of calls on it, never 0. For the rest see
    /// [`spawn_on`](KeyedThrottledBuilder::spawn_on) without a payload.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if there is no runtime here.
    #[cfg(feature = "async")]
    pub fn spawn_on<R, F, Fut>(self, runtime: R, f: F) -> Result<KeyedThrottled<K, Count, S>, NoRuntime>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        S: BuildHasher + Send + Sync + 'static,
        R: Runtime,
        F: FnOnce(K, u64) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: RunResult> + Send + 'static,
    {
        self.start_on(runtime, move |key, calls, home| {
            home.keep(calls);
            let (f, key) = (f.clone(), key.clone());
            async move { into_result(f(key, calls).await) }
        })
    }
}

impl<K, S> KeyedThrottled<K, Count, S>
where
    K: Hash + Eq + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Counts the call and asks for a run of `key`, as [`trigger`](KeyedThrottled::trigger) of a throttle that counts nothing.
    ///
    /// The key may be passed in a borrowed form, `&str` for `String`.
    ///
    /// # Errors
    ///
    /// [`NotTaken`]: no run is promised, and the call is counted nowhere.
    #[inline]
    pub fn trigger<'t, Q>(&'t self, key: &'t Q) -> Result<KeyTicket<'t, K, Q>, NotTaken>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        Ok(self.bring(key, ())?)
    }

    /// Takes the number of calls on `key` that no run was given, and gives up its pending run, in one step.
    #[must_use = "the calls are counted nowhere else"]
    pub fn take<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> u64
    where
        K: Borrow<Q>,
    {
        self.shared.take(key).unwrap_or_default()
    }
}

impl<K, S> WeakKeyedThrottled<K, Count, S>
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
    pub fn trigger<Q>(&self, key: &Q) -> Result<(), NotTaken>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        Ok(self.bring(key, ())?)
    }
}
