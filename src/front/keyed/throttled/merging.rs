//! [`KeyedThrottled`] of [`Merge`]: a run is given all values of its key, merged into one.

use super::{KeyTicket, KeyedThrottled, KeyedThrottledBuilder, WeakKeyedThrottled};
#[cfg(feature = "async")]
use crate::front::asynchronous::{NoRuntime, Runtime};
use crate::front::failure::RunResult;
#[cfg(feature = "async")]
use crate::front::failure::into_result;
#[cfg(feature = "async")]
use crate::front::payload::Carried;
use crate::front::payload::{Merge, Rejected};
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};
use std::borrow::ToOwned;
use std::io;

impl<K, S> KeyedThrottledBuilder<K, (), S> {
    /// Each call brings a value, and a run is given all of its key, merged into one by `merge`.
    ///
    /// ```
    /// use atomic_throttle::KeyedThrottled;
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let usage = KeyedThrottled::<String>::builder(Duration::from_millis(10))
    ///     .merging(|bytes: &mut u64, more| *bytes += more)
    ///     .spawn(|tenant, bytes| println!("{tenant} has used {bytes} bytes"))?;
    /// for _ in 0..1000 {
    ///     usage.trigger("a", 100)?;
    /// }
    /// usage.all().wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `merge` captures nothing. Callers call it under the locks of the key, so it should be short. *It must not call this
    /// throttle, nor wait for anybody who does*: that may hang. If it panics, the panic comes out of the call, which
    /// is not taken; the older value stays as `merge` left it.
    pub fn merging<T: Send + 'static>(self, merge: fn(&mut T, T)) -> KeyedThrottledBuilder<K, Merge<T>, S> {
        self.carrying(Merge::new(merge))
    }
}

impl<K, T: Send + 'static, S> KeyedThrottledBuilder<K, Merge<T>, S> {
    /// Starts the thread. The function is given the key and all its values, merged into one.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot start a thread, or if the name contains a zero byte.
    pub fn spawn<R: RunResult>(
        self,
        mut f: impl FnMut(&K, &T) -> R + Send + 'static,
    ) -> io::Result<KeyedThrottled<K, Merge<T>, S>>
    where
        K: Hash + Eq + Send + Sync + 'static,
        S: BuildHasher + Send + Sync + 'static,
    {
        self.start(move |key, value| f(key, value).into_result())
    }

    /// Has a task of `runtime` run the function. The function is given the key and all its values, merged into one. For the rest see
    /// [`spawn_on`](KeyedThrottledBuilder::spawn_on) without a payload.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if there is no runtime here.
    #[cfg(feature = "async")]
    pub fn spawn_on<R, F, Fut>(self, runtime: R, f: F) -> Result<KeyedThrottled<K, Merge<T>, S>, NoRuntime>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        S: BuildHasher + Send + Sync + 'static,
        R: Runtime,
        F: FnOnce(K, Carried<T>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: RunResult> + Send + 'static,
    {
        self.start_on(runtime, move |key, given, home| {
            let (carried, f, key) = (Carried::new(given, home), f.clone(), key.clone());
            async move { into_result(f(key, carried).await) }
        })
    }
}

impl<K, T: Send + 'static, S> KeyedThrottled<K, Merge<T>, S>
where
    K: Hash + Eq + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Merges `value` with those of `key` before it, and asks for a run of `key` that is given the result. Never waits for a run.
    ///
    /// The key may be passed in a borrowed form, `&str` for `String`.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value: no run is promised.
    ///
    /// # Panics
    ///
    /// If the function that merges panics. The value is lost then, and what was merged before stays.
    #[inline]
    pub fn trigger<'t, Q>(&'t self, key: &'t Q, value: T) -> Result<KeyTicket<'t, K, Q>, Rejected<T>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.bring(key, value)
    }

    /// Takes the merged value of `key` that no run was given, and gives up its pending run, in one step. `None` if there is none.
    ///
    /// After the end it also takes what a run has left that was owed, or that failed and was the last one.
    #[must_use = "the value is nowhere else"]
    pub fn take<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<T>
    where
        K: Borrow<Q>,
    {
        self.shared.take(key)
    }
}

impl<K, T: Send + 'static, S> WeakKeyedThrottled<K, Merge<T>, S>
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
