//! What the handles of one throttle and its tasks share.

use super::Runtime;
use crate::front::owner::frame::{Frame, HasFrame, InChild};
use crate::sync::AtomicU64;
use crate::time::Threshold;
use std::sync::{Arc, Weak};

pub(super) struct Shared<R> {
    pub(super) frame: Frame,
    pub(super) runtime: Arc<R>,
}

impl<R: Runtime> Shared<R> {
    pub(super) fn new(threshold: Threshold, runtime: R) -> Arc<Self> {
        let runtime = Arc::new(runtime);
        Arc::new_cyclic(|itself: &Weak<Self>| {
            let itself: Weak<dyn HasFrame> = Weak::<Self>::clone(itself);
            let in_child = InChild::GoesOn { child: AtomicU64::new(0) };
            let clock = Arc::<R>::clone(&runtime);
            Self { frame: Frame::new("AsyncThrottle", threshold, clock, in_child, itself), runtime }
        })
    }
}

impl<R: Runtime> HasFrame for Shared<R> {
    fn frame(&self) -> &Frame {
        &self.frame
    }
}
