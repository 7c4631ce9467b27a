//! [`Home`]: where the task of a throttle lives. It has the clock of the storm.

use atomic_throttle::{Clock, Monotonic, NoRuntime, Timestamp};
use std::future::Future;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::sleep;

#[derive(Clone)]
pub struct Home(Handle);

impl Home {
    /// With several threads, so that each poll may be on another one.
    pub fn start() -> Result<(Self, Runtime), String> {
        let runtime = Builder::new_multi_thread().worker_threads(4).enable_time().build();
        let runtime = runtime.map_err(|e| format!("cannot start the runtime: {e}"))?;
        Ok((Self(runtime.handle().clone()), runtime))
    }
}

impl Clock for Home {
    fn now(&self) -> Timestamp {
        Monotonic.now()
    }
}

async fn wait_until(deadline: Timestamp) {
    // A timer may be early.
    loop {
        match deadline.saturating_since(Monotonic.now()) {
            Duration::ZERO => return,
            left => sleep(left.min(LONGEST)).await,
        }
    }
}

/// A longer sleep than this is asked for again.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl atomic_throttle::Runtime for Home {
    fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        wait_until(deadline)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        drop(self.0.spawn(task));
        Ok(())
    }
}
