//! [`ThrottledBuilder::spawn_on`]: a task of a runtime runs the function.
//!
//! A task's function is called once for each run, on a clone of itself: an async closure that owns what it captures can be
//! called by value alone, and its future can be asked to be `Send` only then.

use crate::front::asynchronous::{NoRuntime, Runtime};
use crate::front::failure::{AnyError, RunResult, into_result};
use crate::front::payload::{Batch, Carried, Collect, Count, Home, Latest, Merge, Payload};
use crate::front::throttled::{Throttled, ThrottledBuilder};
use std::sync::Arc;

impl ThrottledBuilder {
    /// Has a task of `runtime` run the function, on the runtime's clock.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] {
    /// use atomic_throttle::{Throttled, Tokio};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let reload = Throttled::builder(Duration::from_millis(10))
    ///     .spawn_on(Tokio::current(), async || println!("reloaded"))?;
    /// reload.trigger()?.await?;
    /// # Ok(())
    /// # }
    /// # main().unwrap();
    /// # }
    /// ```
    ///
    /// The function is cloned for each run. So what it captures is cloned, and a number in it starts from the same value each
    /// time; [`driver`](Self::driver) keeps state.
    ///
    /// The drop of the last handle never waits: the task performs what is pending, then ends. If the runtime drops the
    /// task, calls are left owed, and refused from then on with [`Ended::Dropped`](crate::Ended::Dropped). A clock, a name
    /// and [`on_drop`](Self::on_drop) set before are not used.
    ///
    /// *Do not block the runtime*: wait for a ticket with `.await`. [`Ticket::wait`](crate::Ticket::wait) blocks, and on a
    /// runtime with one thread the task could not go on.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if there is no runtime here.
    pub fn spawn_on<R, F, Fut>(self, runtime: R, f: F) -> Result<Throttled, NoRuntime>
    where
        R: Runtime,
        F: FnOnce() -> Fut + Clone + Send + 'static,
        Fut: Future<Output: RunResult> + Send + 'static,
    {
        self.start_on(runtime, move |(), home| {
            home.keep(());
            let f = f.clone();
            async move { into_result(f().await) }
        })
    }
}

impl ThrottledBuilder<Count> {
    /// Has a task of `runtime` run the function with the number of calls. For the rest see
    /// [`spawn_on`](ThrottledBuilder::spawn_on) without a payload.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if there is no runtime here.
    pub fn spawn_on<R, F, Fut>(self, runtime: R, f: F) -> Result<Throttled<Count>, NoRuntime>
    where
        R: Runtime,
        F: FnOnce(u64) -> Fut + Clone + Send + 'static,
        Fut: Future<Output: RunResult> + Send + 'static,
    {
        self.start_on(runtime, move |calls, home| {
            home.keep(calls);
            let f = f.clone();
            async move { into_result(f(calls).await) }
        })
    }
}

impl<T: Send + 'static> ThrottledBuilder<Latest<T>> {
    /// Has a task of `runtime` run the function with the newest value. For the rest see
    /// [`spawn_on`](ThrottledBuilder::spawn_on) without a payload.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] {
    /// use atomic_throttle::{Throttled, Tokio};
    /// use std::time::Duration;
    ///
    /// # async fn post(_: &str) -> std::io::Result<()> { Ok(()) }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let status = Throttled::builder(Duration::from_millis(10))
    ///     .latest::<String>()
    ///     .spawn_on(Tokio::current(), async move |status| post(&status).await)?;
    /// status.trigger(String::from("green"))?.await?;
    /// # Ok(())
    /// # }
    /// # main().unwrap();
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if there is no runtime here.
    pub fn spawn_on<R, F, Fut>(self, runtime: R, f: F) -> Result<Throttled<Latest<T>>, NoRuntime>
    where
        R: Runtime,
        F: FnOnce(Carried<T>) -> Fut + Clone + Send + 'static,
        Fut: Future<Output: RunResult> + Send + 'static,
    {
        self.start_on(runtime, move |given, home| {
            let (carried, f) = (Carried::new(given, home), f.clone());
            async move { into_result(f(carried).await) }
        })
    }
}

impl<T: Send + 'static> ThrottledBuilder<Merge<T>> {
    /// Has a task of `runtime` run the function with all values, merged into one. For the rest see
    /// [`spawn_on`](ThrottledBuilder::spawn_on) without a payload.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if there is no runtime here.
    pub fn spawn_on<R, F, Fut>(self, runtime: R, f: F) -> Result<Throttled<Merge<T>>, NoRuntime>
    where
        R: Runtime,
        F: FnOnce(Carried<T>) -> Fut + Clone + Send + 'static,
        Fut: Future<Output: RunResult> + Send + 'static,
    {
        self.start_on(runtime, move |given, home| {
            let (carried, f) = (Carried::new(given, home), f.clone());
            async move { into_result(f(carried).await) }
        })
    }
}

impl<T: Send + 'static> ThrottledBuilder<Collect<T>> {
    /// Has a task of `runtime` run the function with all values. For the rest see [`spawn_on`](ThrottledBuilder::spawn_on) without a
    /// payload.
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if there is no runtime here.
    pub fn spawn_on<R, F, Fut>(self, runtime: R, f: F) -> Result<Throttled<Collect<T>>, NoRuntime>
    where
        R: Runtime,
        F: FnOnce(Carried<Batch<T>>) -> Fut + Clone + Send + 'static,
        Fut: Future<Output: RunResult> + Send + 'static,
    {
        self.start_on(runtime, move |given, home| {
            let (carried, f) = (Carried::new(given, home), f.clone());
            async move { into_result(f(carried).await) }
        })
    }
}

impl<P: Payload> ThrottledBuilder<P> {
    fn start_on<R, Fut>(
        self,
        runtime: R,
        call: impl FnMut(P::Given, &Home<P::Given>) -> Fut + Send + 'static,
    ) -> Result<Throttled<P>, NoRuntime>
    where
        R: Runtime,
        Fut: Future<Output = Result<(), AnyError>> + Send + 'static,
    {
        runtime.ready()?;
        let runtime = Arc::new(runtime);
        let (driver, throttled) = self.on(&runtime);
        runtime.spawn(driver.work(call))?;
        Ok(throttled)
    }
}
