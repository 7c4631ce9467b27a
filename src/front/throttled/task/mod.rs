//! The task of a [`Throttled`](super::Throttled), which drives its engine: one that is spawned, or a future of the user's.
//!
//! A task can be dropped at any await. What a run was given is then brought home, its calls are left owed, and the throttle
//! ends. The order of these is that of the locals in `work`: the future of the function is dropped first, then what holds
//! the run, then the engine.

mod carried;
mod driver;
mod spawn;

pub use self::carried::Carried;

use self::carried::Home;
use super::engine::{Engine, Next, Started};
use super::frame::Frame;
use crate::front::asynchronous::Runtime;
use crate::front::asynchronous::until::notified;
use crate::front::failure::{AnyError, Thrown};
use crate::front::owner::{Shutdown, discard, discard_panics};
use crate::front::payload::Payload;
use crate::front::wait::Registered;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The life of a task that is spawned.
async fn work<P, R, Fut>(
    mut engine: Engine<P>,
    runtime: Arc<R>,
    mut call: impl FnMut(P::Given, &Home<P::Given>) -> Fut,
) where
    P: Payload,
    R: Runtime,
    Fut: Future<Output = Result<(), AnyError>>,
{
    let shared = Arc::clone(engine.shared());
    while let Some(mut started) = next(&mut engine, &*runtime).await {
        let Some(given) = engine.begin(&mut started) else { continue };
        let mut running = Running { started: Some(started), home: Home::default() };
        let home = running.home.clone();
        let result = caught(&shared.frame, async { call(given, &home).await }).await;
        let Some(started) = running.started.take() else { return };
        let goes_on = engine.finish(started, running.home.take(), result);
        if !goes_on {
            discard_panics(|| drop(call));
            return end(engine, Shutdown::Panicked);
        }
    }
}

/// A run whose function is being polled. Dropped, it brings home what the function was given.
struct Running<P: Payload> {
    started: Option<Started<P>>,
    home: Home<P::Given>,
}

impl<P: Payload> Drop for Running<P> {
    fn drop(&mut self) {
        if let Some(mut started) = self.started.take() {
            started.bring_home(self.home.take());
        }
    }
}

/// Waits for the next run. `None`: the throttle has ended.
async fn next<P: Payload, R: Runtime>(engine: &mut Engine<P>, runtime: &R) -> Option<Started<P>> {
    let shared = Arc::clone(engine.shared());
    let frame = &shared.frame;
    let _registered = Registered::new(frame.waiters());
    loop {
        let listener = frame.waiting().event().listen();
        // The clock may panic.
        let looked = catch_unwind(AssertUnwindSafe(|| engine.look()));
        let shutdown = match looked {
            Ok(Ok(Next::Perform(started))) => return Some(started),
            Ok(Ok(Next::End)) => engine.conclude(),
            Ok(Err(deadline)) => {
                notified(listener, runtime, deadline).await;
                continue;
            }
            Err(payload) => {
                discard(payload);
                Shutdown::Panicked
            }
        };
        engine.drop_hooks();
        engine.end(shutdown);
        return None;
    }
}

fn end<P: Payload>(mut engine: Engine<P>, shutdown: Shutdown) {
    engine.drop_hooks();
    engine.end(shutdown);
}

/// What the function returns, or what it panicked with: when it was called, polled or dropped. All three are within
/// one poll of the future here, and so inside the run.
async fn caught(frame: &Frame, f: impl Future<Output = Result<(), AnyError>>) -> Result<(), Thrown> {
    #[allow(clippy::redundant_async_block, reason = "it drops the future when that is done, within the poll")]
    let mut whole = pin!(async move { f.await });
    poll_fn(|cx| {
        let _inside = frame.step_inside();
        match catch_unwind(AssertUnwindSafe(|| whole.as_mut().poll(cx))) {
            Ok(Poll::Ready(result)) => Poll::Ready(result.map_err(Thrown::Error)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => Poll::Ready(Err(Thrown::Panic(payload))),
        }
    })
    .await
}
