//! [`KeyedThrottled`] of [`Latest`]: a run is given the newest value of its key.

use super::{KeyTicket, KeyedThrottled, KeyedThrottledBuilder, WeakKeyedThrottled};
#[cfg(feature = "async")]
use crate::front::asynchronous::{NoRuntime, Runtime};
use crate::front::failure::RunResult;
#[cfg(feature = "async")]
use crate::front::failure::into_result;
#[cfg(feature = "async")]
use crate::front::payload::Carried;
use crate::front::payload::{Latest, Rejected};
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};
use std::borrow::ToOwned;
use std::io;

impl<K, S> KeyedThrottledBuilder<K, (), S> {
    /// Each call brings a value, and a run is given the newest one of its key.
    ///
    /// ```
    /// use atomic_throttle::KeyedThrottled;
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let status = KeyedThrottled::<String>::builder(Duration::from_millis(10))
    ///     .latest()
    ///     .spawn(|tenant, percent: &u32| println!("{tenant}: {percent} %"))?;
    /// for percent in 0..=100 {
    ///     status.trigger("a", percent)?;
    ///     status.trigger("b", percent)?;
    /// }
    /// // "a: 100 %" and "b: 100 %" are printed, whatever comes between.
    /// status.all().wait()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn latest<T: Send + 'static>(self) -> KeyedThrottledBuilder<K, Latest<T>, S> {
        self.carrying(Latest::new())
    }
}

impl<K, T: Send + 'static, S> KeyedThrottledBuilder<K, Latest<T>, S> {
    /// Starts the thread. The function is given the key and its newest value.
    ///
    /// # Errors
    ///
    /// What the system says if it cannot start a thread, or if the name contains a zero byte.
    pub fn spawn<R: RunResult>(
        self,
        mut f: impl FnMut(&K, &T) -> R + Send + 'static,
    ) -> io::Result<KeyedThrottled<K, Latest<T>, S>>
    where
        K: Hash + Eq + Send + Sync + 'static,
        S: BuildHasher + Send + Sync + 'static,
    {
        self.start(move |key, value| f(key, value).into_result())
    }

    /// Has a task of `runtime` run the function. The function is given the key and its newest value. For the rest see
    /// [`spawn_on`](KeyedThrottledBuilder::spawn_on) without a payload.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if there is no runtime here.
    #[cfg(feature = "async")]
    pub fn spawn_on<R, F, Fut>(self, runtime: R, f: F) -> Result<KeyedThrottled<K, Latest<T>, S>, NoRuntime>
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

impl<K, T: Send + 'static, S> KeyedThrottled<K, Latest<T>, S>
where
    K: Hash + Eq + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Leaves `value` in place of an older one of `key`, and asks for a run of `key` that is given it, or a newer one. The value
    /// that it replaces is dropped here. Never waits for a run.
    ///
    /// The key may be passed in a borrowed form, `&str` for `String`.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the value: no run is promised.
    ///
    /// # Panics
    ///
    /// If the drop of the value that it replaces does. This one is kept then, and its run comes.
    #[inline]
    pub fn trigger<'t, Q>(&'t self, key: &'t Q, value: T) -> Result<KeyTicket<'t, K, Q>, Rejected<T>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.bring(key, value)
    }

    /// Takes the value of `key` that no run was given, and gives up its pending run, in one step. `None` if there is none.
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

impl<K, T: Send + 'static, S> WeakKeyedThrottled<K, Latest<T>, S>
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
