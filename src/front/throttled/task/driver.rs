//! [`ThrottledBuilder::driver`]: a future of the user's runs the function, wherever it is polled.

use crate::front::asynchronous::Runtime;
use crate::front::failure::{AnyError, RunResult};
use crate::front::payload::{Batch, Collect, Count, Latest, Merge, Payload};
use crate::front::throttled::{Throttled, ThrottledBuilder};
use std::sync::Arc;

impl ThrottledBuilder {
    /// Returns the throttle, and a future that runs its function: spawn the future where you like, also on a `LocalSet`.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] {
    /// use atomic_throttle::{Throttled, Tokio};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut reloads = 0;
    /// let (reload, driver) = Throttled::builder(Duration::from_millis(10)).driver(Tokio::current(), async move || {
    ///     reloads += 1; // It may keep state, and need not be `Send`.
    ///     println!("reload {reloads}");
    /// });
    /// tokio::task::LocalSet::new()
    ///     .run_until(async move {
    ///         tokio::task::spawn_local(driver);
    ///         reload.trigger()?.await?;
    ///         Ok(())
    ///     })
    ///     .await
    /// # }
    /// # main().unwrap();
    /// # }
    /// ```
    ///
    /// It ends when the last handle was dropped and nothing is pending, or after a
    /// [shutdown](crate::Throttled::shutdown). Of `runtime` the clock and the timer are used. If the future is dropped
    /// before, calls are left owed, and refused from then on with [`Ended::Dropped`](crate::Ended::Dropped).
    ///
    /// # Panics
    ///
    /// The future, if the timer of `runtime` panics. It catches panics of the function and of the clock.
    pub fn driver<R: Runtime, Q: RunResult>(
        self,
        runtime: R,
        mut f: impl AsyncFnMut() -> Q,
    ) -> (Throttled, impl Future<Output = ()>) {
        self.drive(runtime, async move |(): &mut ()| f().await.into_result())
    }
}

impl ThrottledBuilder<Count> {
    /// As [`driver`](ThrottledBuilder::driver) without a payload; the function is given the number of calls.
    pub fn driver<R: Runtime, Q: RunResult>(
        self,
        runtime: R,
        mut f: impl AsyncFnMut(u64) -> Q,
    ) -> (Throttled<Count>, impl Future<Output = ()>) {
        self.drive(runtime, async move |calls: &mut u64| f(*calls).await.into_result())
    }
}

impl<T: Send + 'static> ThrottledBuilder<Latest<T>> {
    /// As [`driver`](ThrottledBuilder::driver) without a payload; the function is given the newest value.
    pub fn driver<R: Runtime, Q: RunResult>(
        self,
        runtime: R,
        mut f: impl AsyncFnMut(&T) -> Q,
    ) -> (Throttled<Latest<T>>, impl Future<Output = ()>) {
        self.drive(runtime, async move |value: &mut T| f(value).await.into_result())
    }
}

impl<T: Send + 'static> ThrottledBuilder<Merge<T>> {
    /// As [`driver`](ThrottledBuilder::driver) without a payload; the function is given all values, merged into one.
    pub fn driver<R: Runtime, Q: RunResult>(
        self,
        runtime: R,
        mut f: impl AsyncFnMut(&T) -> Q,
    ) -> (Throttled<Merge<T>>, impl Future<Output = ()>) {
        self.drive(runtime, async move |value: &mut T| f(value).await.into_result())
    }
}

impl<T: Send + 'static> ThrottledBuilder<Collect<T>> {
    /// As [`driver`](ThrottledBuilder::driver) without a payload; the function is given all values.
    pub fn driver<R: Runtime, Q: RunResult>(
        self,
        runtime: R,
        mut f: impl AsyncFnMut(&mut Batch<T>) -> Q,
    ) -> (Throttled<Collect<T>>, impl Future<Output = ()>) {
        self.drive(runtime, async move |batch: &mut Batch<T>| f(batch).await.into_result())
    }
}

impl<P: Payload> ThrottledBuilder<P> {
    fn drive<R: Runtime>(
        self,
        runtime: R,
        f: impl AsyncFnMut(&mut P::Given) -> Result<(), AnyError>,
    ) -> (Throttled<P>, impl Future<Output = ()>) {
        let (driver, throttled) = self.on(&Arc::new(runtime));
        (throttled, driver.lend(f))
    }
}
