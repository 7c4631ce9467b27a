//! What the handles of one throttle and its tasks share.

use super::Runtime;
use crate::front::owner::frame::{Frame, HasFrame, InChild};
use crate::front::payload::Payload;
use crate::sync::AtomicU64;
use crate::time::Threshold;
use std::sync::{Arc, Weak};

pub(super) struct Shared<R, P> {
    pub(super) frame: Frame,
    pub(super) runtime: Arc<R>,
    pub(super) payload: P,
}

impl<R: Runtime, P: Payload> Shared<R, P> {
    pub(super) fn new(threshold: Threshold, runtime: Arc<R>, payload: P) -> Arc<Self> {
        Arc::new_cyclic(|itself: &Weak<Self>| {
            let itself: Weak<dyn HasFrame> = Weak::<Self>::clone(itself);
            let in_child = InChild::GoesOn { child: AtomicU64::new(0) };
            let clock = Arc::<R>::clone(&runtime);
            let frame = Frame::new("AsyncThrottle", threshold, clock, in_child, itself);
            Self { frame, runtime, payload }
        })
    }
}

impl<R: Runtime, P: Payload> HasFrame for Shared<R, P> {
    fn frame(&self) -> &Frame {
        &self.frame
    }
}
