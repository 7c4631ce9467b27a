//! Waiting as a future: `Waiting::until` for those who must not block. The same order keeps wake-ups from
//! being lost: count, listen, look, and only then wait.

use super::Runtime;
use crate::front::owner::frame::Frame;
use crate::front::wait::Registered;
use crate::time::Timestamp;
use core::future::{pending, poll_fn};
use core::pin::pin;
use core::task::Poll;
use std::sync::Arc;

/// Waits until `look` finds something. `Err` of it says until when it need not be asked again, unless
/// somebody notifies.
pub(super) async fn until<R: Runtime, T>(
    frame: &Frame,
    runtime: &R,
    mut look: impl FnMut() -> Result<T, Option<Timestamp>>,
) -> T {
    let _registered = Registered::new(frame.waiters());
    loop {
        let listener = frame.waiting().event().listen();
        match look() {
            Ok(found) => return found,
            Err(deadline) => notified(listener, runtime, deadline).await,
        }
    }
}

/// Ends at a notification, or when the clock reads `deadline`.
pub(crate) async fn notified<R: Runtime>(
    listener: impl Future<Output = ()>,
    runtime: &R,
    deadline: Option<Timestamp>,
) {
    match deadline {
        Some(deadline) if deadline != Timestamp::NEVER && runtime.moved().is_none() => {
            either(listener, runtime.sleep_until(next_look(runtime, deadline))).await;
        }
        _ => listener.await,
    }
}

/// When a sleep until `deadline` ends: then, or when the clock is to be read again.
fn next_look<R: Runtime>(runtime: &R, deadline: Timestamp) -> Timestamp {
    match runtime.longest_wait() {
        Some(longest) => deadline.min(runtime.now().saturating_add(longest)),
        None => deadline,
    }
}

/// Ends with the first of two futures.
pub(super) async fn either(a: impl Future<Output = ()>, b: impl Future<Output = ()>) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    poll_fn(|cx| {
        let ended = a.as_mut().poll(cx).is_ready() || b.as_mut().poll(cx).is_ready();
        if ended { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Ends when the clock of `runtime` has been seen to read `deadline`.
pub(super) async fn reached<R: Runtime>(runtime: Arc<R>, deadline: Timestamp) {
    // A clock that reads `NEVER` is at its end, and has not reached a deadline that never comes.
    let now = || runtime.now().min(Timestamp::MAX);
    while now() < deadline {
        match runtime.moved() {
            Some(moved) => {
                let listener = moved.event().listen();
                // Once more: it may have been moved before this listened.
                if now() < deadline {
                    listener.await;
                }
            }
            None if deadline == Timestamp::NEVER => pending().await,
            None => runtime.sleep_until(next_look(&*runtime, deadline)).await,
        }
    }
}
