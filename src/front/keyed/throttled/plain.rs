//! [`KeyedThrottled`] without a payload: a run is given its key.

use super::{KeyTicket, KeyedThrottled, KeyedThrottledBuilder, NotTaken};
#[cfg(feature = "async")]
use crate::front::asynchronous::{NoRuntime, Runtime};
use crate::front::failure::RunResult;
#[cfg(feature = "async")]
use crate::front::failure::into_result;
use crate::time::Threshold;
use core::borrow::Borrow;
use core::hash::{BuildHasher, Hash};
use std::borrow::ToOwned;

impl<K: Hash + Eq + Send + Sync + 'static> KeyedThrottled<K> {
    /// Starts a thread that runs `f` at most once per `threshold` and key, clamped to [`Threshold::MAX`], on
    /// the [`Monotonic`](crate::Monotonic) clock. It runs nothing until the first [`trigger`](Self::trigger).
    ///
    /// # Panics
    ///
    /// If the system cannot start a thread; [`KeyedThrottledBuilder::spawn`] returns an error instead.
    #[must_use = "dropping the last handle ends the thread"]
    pub fn spawn<R: RunResult>(
        threshold: impl Into<Threshold>,
        f: impl FnMut(&K) -> R + Send + 'static,
    ) -> Self {
        Self::builder(threshold).spawn(f).expect("the system can start a thread")
    }
}

impl<K> KeyedThrottled<K> {
    /// Sets up a throttle: what calls bring, when a run starts, how many keys there may be, what happens after a failure
    /// and at the end, and who runs the function.
    pub fn builder(threshold: impl Into<Threshold>) -> KeyedThrottledBuilder<K> {
        KeyedThrottledBuilder::new(threshold)
    }
}

impl<K, S> KeyedThrottled<K, (), S>
where
    K: Hash + Eq + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Asks for a run of `key`, and returns at once, with a ticket that waits for it if it is asked to. Never waits for a
    /// run, and never runs the function itself. It is not refused because a window is not over.
    ///
    /// The key may be passed in a borrowed form, `&str` for `String`; it is made an owned one only when no run
    /// of it is pending. Cost: see [`KeyedThrottled`](Self#cost).
    ///
    /// # Errors
    ///
    /// [`NotTaken::Ended`]; [`NotTaken::Full`] for an unknown key where there is no room for another. No run
    /// is promised.
    ///
    /// # Panics
    ///
    /// If the clock panics, which is read for a key that is not known, or the key, when it is cloned: nothing was
    /// recorded then. If a key panics when it is dropped, one that was evicted, say: the call was taken then.
    #[inline]
    pub fn trigger<'t, Q>(&'t self, key: &'t Q) -> Result<KeyTicket<'t, K, Q>, NotTaken>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        Ok(self.bring(key, ())?)
    }
}

impl<K, S> KeyedThrottledBuilder<K, (), S> {
    /// Has a task of `runtime` run the function, on the runtime's clock: for several keys at once, at most
    /// [`max_concurrent`](Self::max_concurrent) of them, and never twice at once for one key. So a slow key holds up no other.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] {
    /// use atomic_throttle::{KeyedThrottled, Tokio};
    /// use std::time::Duration;
    ///
    /// # async fn post(_: &str) -> std::io::Result<()> { Ok(()) }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let notify = KeyedThrottled::<String>::builder(Duration::from_millis(10))
    ///     .max_concurrent(8)
    ///     .spawn_on(Tokio::current(), async |tenant: String| post(&tenant).await)?;
    /// notify.trigger("a")?;
    /// notify.trigger("b")?.await?;
    /// # Ok(())
    /// # }
    /// # main().unwrap();
    /// # }
    /// ```
    ///
    /// The function is cloned for each run, and so is the key. One task polls the functions of all runs, so they run by turns
    /// and not on several threads: a function that computes for long, or blocks, holds up the others. Spawn such work in it.
    ///
    /// The drop of the last handle never waits: the task performs what is pending, then ends. If the runtime drops the
    /// task, calls are left owed, and refused from then on with [`Ended::Dropped`](crate::Ended::Dropped); what they brought is
    /// there for `take`. A clock, a name and [`on_drop`](Self::on_drop) set before are not used.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if there is no runtime here.
    #[cfg(feature = "async")]
    pub fn spawn_on<R, F, Fut>(self, runtime: R, f: F) -> Result<KeyedThrottled<K, (), S>, NoRuntime>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        S: BuildHasher + Send + Sync + 'static,
        R: Runtime,
        F: FnOnce(K) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output: RunResult> + Send + 'static,
    {
        self.start_on(runtime, move |key, (), home| {
            home.keep(());
            let (f, key) = (f.clone(), key.clone());
            async move { into_result(f(key).await) }
        })
    }
}
