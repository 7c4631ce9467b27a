//! [`Whole`]: a throttle with its payload.

use super::Runtime;
use super::shared::Shared;
use crate::front::payload::{HasSuccessor, Payload};
use core::pin::Pin;
use std::boxed::Box;

/// What the handles of one throttle and its tasks share. Tickets borrow `shared` alone, so they are the same for every
/// payload.
pub(super) struct Whole<R, P> {
    pub(super) shared: Shared<R>,
    pub(super) payload: P,
}

impl<R: Runtime, P: Payload> HasSuccessor for Whole<R, P> {
    fn successor(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let gate = &self.shared.gate;
        Box::pin(self.shared.waiting().notified_until(|| gate.state().is_pending().then_some(())))
    }
}
