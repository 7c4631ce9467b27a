//! What the spawned tasks do: one owns a deferral until its turn, one performs a run.

use super::Runtime;
use super::guard::{OwnedDeferral, OwnedRun, Turn};
use super::until::until;
use crate::front::failure::Failure;
use crate::front::observe;
use crate::front::owner::frame::Frame;
use crate::front::owner::{discard, message};
use crate::front::payload::Payload;
use core::any::Any;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a function panicked with.
pub(super) type Thrown = Box<dyn Any + Send>;

/// What became of a call's function in its task. No reply at all: the task was dropped.
pub(super) enum Reply<T> {
    Ran(T),
    Panicked(Thrown),
    /// Another run covers the call.
    Gone,
    Cancelled,
}

/// Owns the deferral until its turn, then performs the run.
pub(super) async fn own<R: Runtime, P: Payload, T, Fut: Future<Output = T>>(
    deferred: OwnedDeferral<R, P>,
    f: impl FnOnce(&mut OwnedRun<R, P>) -> Fut,
    reply: impl FnOnce(Reply<T>),
) {
    match turn(deferred).await {
        Turn::Run(started) => perform(Performing { started, reply }, f).await,
        Turn::Gone => reply(Reply::Gone),
        Turn::Cancelled => reply(Reply::Cancelled),
    }
}

async fn turn<R: Runtime, P: Payload>(mut deferred: OwnedDeferral<R, P>) -> Turn<R, P> {
    let shared = Arc::clone(deferred.shared());
    until(&shared.frame, &*shared.runtime, || deferred.fire(shared.runtime.now())).await
}

/// A run, and who waits for it. Where the task is dropped, the run is left owed before its caller learns of that: fields
/// are dropped in their order.
pub(super) struct Performing<R: Runtime, P: Payload, F> {
    pub(super) started: OwnedRun<R, P>,
    pub(super) reply: F,
}

/// Performs a run: `f` takes what it is given, and makes the future. Its caller gets the reply after the run has finished.
///
/// Dropped in the middle, it brings home what the run was given, and then leaves it owed: what an `async fn` waits for is
/// dropped before its arguments.
pub(super) async fn perform<R: Runtime, P: Payload, T, Fut: Future<Output = T>>(
    mut performing: Performing<R, P, impl FnOnce(Reply<T>)>,
    f: impl FnOnce(&mut OwnedRun<R, P>) -> Fut,
) {
    // Not taken apart: variables are dropped in another order than fields.
    let started = &mut performing.started;
    observe::run_started(started.shared().frame.source(), started.epoch(), started.edge());
    let future = f(started);
    let answer = match caught(&performing.started.shared().frame, future).await {
        Ok(value) => {
            performing.started.returned();
            Reply::Ran(value)
        }
        Err(payload) => {
            let (shared, epoch) = (Arc::clone(performing.started.shared()), performing.started.epoch());
            performing.started.panicked(Failure::of_panic(epoch, &*payload));
            observe::panicked(shared.frame.source(), epoch, message(&*payload));
            Reply::Panicked(payload)
        }
    };
    // A value or a payload that nobody wants any more may panic while it is dropped. That is no business of
    // the runtime's.
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| (performing.reply)(answer))) {
        discard(another);
    }
}

/// What the function returns, or what it panicked with: when it was called, polled or dropped. All three are within
/// one poll of the future here, and so inside the run.
async fn caught<T>(frame: &Frame, f: impl Future<Output = T>) -> Result<T, Thrown> {
    #[allow(clippy::redundant_async_block, reason = "it drops the future when that is done, within the poll")]
    let mut whole = pin!(async move { f.await });
    poll_fn(|cx| {
        let _inside = frame.step_inside();
        match catch_unwind(AssertUnwindSafe(|| whole.as_mut().poll(cx))) {
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => Poll::Ready(Err(payload)),
        }
    })
    .await
}
