//! [`Carried`]: what a run in a task is given.

use crate::front::owner::AnyClock;
use crate::front::owner::frame::HasFrame;
use crate::front::wait::Waiting;
use crate::sync::{Mutex, brings_home, lock};
use core::fmt;
use core::ops::{Deref, DerefMut};
use std::sync::Arc;

/// What a run in a task is given: it derefs to the value.
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// use atomic_throttle::{Carried, Throttled, Tokio};
/// use std::time::Duration;
///
/// # async fn post(_: &str) -> std::io::Result<()> { Ok(()) }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let publish = Throttled::builder(Duration::from_millis(10))
///     .latest()
///     .spawn_on(Tokio::current(), async |status: Carried<String>| post(&status).await)?;
/// publish.trigger(String::from("green"))?.await?;
/// # Ok(())
/// # }
/// # main().unwrap();
/// # }
/// ```
///
/// It is a guard. Where the run fails and is [tried again](crate::ThrottledBuilder::retry), or where its task is dropped in the
/// middle, the value is still there for the next run. So keep it until the work is done, or take the value out with
/// [`into_inner`](Self::into_inner): then the run cannot be tried again with it.
pub struct Carried<T> {
    value: Option<T>,
    home: Home<T>,
}

impl<T> Carried<T> {
    /// Made before anything of the user's is called that may panic, such as a `clone`: from here on the value comes home.
    pub(crate) fn new(value: T, home: &Home<T>) -> Self {
        Self { value: Some(value), home: home.clone() }
    }

    /// Ends when a newer call has come than those that this run covers. The next run is given what that call brought.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] {
    /// use atomic_throttle::{Carried, Throttled, Tokio};
    /// use std::time::Duration;
    ///
    /// # async fn search(_: &str) {}
    /// # fn show(_: &str) {}
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let suggest = Throttled::builder(Duration::from_millis(10)).latest().spawn_on(
    ///     Tokio::current(),
    ///     async |text: Carried<String>| {
    ///         tokio::select! {
    ///             () = search(&text) => show(&text),
    ///             () = text.superseded() => {} // Nobody wants the answer any more.
    ///         }
    ///     },
    /// )?;
    /// suggest.trigger(String::from("thrott"))?.await?;
    /// # Ok(())
    /// # }
    /// # main().unwrap();
    /// # }
    /// ```
    ///
    /// A function that then returns has run: its calls are covered. [`ThrottledBuilder::superseding`](crate::ThrottledBuilder::superseding)
    /// drops a function instead, and has the next run cover its calls.
    ///
    /// Cancel safety: dropping the future changes nothing.
    pub fn superseded(&self) -> impl Future<Output = ()> + Send + use<T> {
        let run = Arc::clone(&self.home.run);
        async move { run.waiting().notified_until(|| run.is_followed().then_some(())).await }
    }

    /// The value itself. If the run fails now, it does not come back.
    #[must_use]
    #[allow(clippy::missing_panics_doc, reason = "it is there until this takes it")]
    pub fn into_inner(mut self) -> T {
        self.value.take().expect("nobody else takes it")
    }
}

impl<T> Deref for Carried<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("nobody takes it before `into_inner`")
    }
}

impl<T> DerefMut for Carried<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("nobody takes it before `into_inner`")
    }
}

impl<T> Drop for Carried<T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            self.home.keep(value);
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Carried<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Carried").field(&**self).finish()
    }
}

/// Where what a run was given comes back to.
pub(crate) struct Home<G> {
    given: Arc<Mutex<Option<G>>>,
    run: Arc<dyn Followed>,
}

/// What can say of a run whether another one is pending that is to follow it.
pub(crate) trait Followed: Send + Sync {
    fn is_followed(&self) -> bool;
    fn waiting(&self) -> Waiting<'_, AnyClock>;
}

impl<T: HasFrame> Followed for T {
    fn is_followed(&self) -> bool {
        self.frame().gate.state().is_pending()
    }

    fn waiting(&self) -> Waiting<'_, AnyClock> {
        self.frame().waiting()
    }
}

impl<G> Home<G> {
    pub(crate) fn new(run: Arc<dyn Followed>) -> Self {
        Self { given: Arc::new(Mutex::new(None)), run }
    }

    pub(crate) fn keep(&self, given: G) {
        if brings_home() {
            *lock(&self.given) = Some(given);
        }
    }

    pub(crate) fn take(&self) -> Option<G> {
        lock(&self.given).take()
    }
}

impl<G> Clone for Home<G> {
    fn clone(&self) -> Self {
        Self { given: Arc::clone(&self.given), run: Arc::clone(&self.run) }
    }
}
