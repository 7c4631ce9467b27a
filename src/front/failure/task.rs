//! Catching what the function of a task throws.

use super::{AnyError, Thrown};
use crate::front::owner::frame::Inside;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the function returns, or what it panicked with: when it was called, polled or dropped. All three are within
/// one poll of the future here, and so inside the run.
pub(crate) async fn caught_in_task<'r>(
    step_inside: impl Fn() -> Inside<'r>,
    f: impl Future<Output = Result<(), AnyError>>,
) -> Result<(), Thrown> {
    #[allow(clippy::redundant_async_block, reason = "it drops the future when that is done, within the poll")]
    let mut whole = pin!(async move { f.await });
    poll_fn(|cx| {
        let _inside = step_inside();
        match catch_unwind(AssertUnwindSafe(|| whole.as_mut().poll(cx))) {
            Ok(Poll::Ready(result)) => Poll::Ready(result.map_err(Thrown::Error)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => Poll::Ready(Err(Thrown::Panic(payload))),
        }
    })
    .await
}
