//! [`PanicPolicy`]: what becomes of a panic of the function.

use crate::front::owner::{Panic, PanicHook, discard};
use crate::state::Epoch;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How the panics of a function are handled.
pub(super) struct PanicPolicy {
    pub(super) hook: Option<PanicHook>,
    pub(super) fatal: bool,
}

impl PanicPolicy {
    /// Calls the function, and returns whether it completed.
    pub(super) fn guard(&mut self, epoch: Epoch, f: impl FnOnce(), caught: impl FnOnce(&Panic<'_>)) -> bool {
        // A panic may leave the state of the function broken. That is up to the function: it is called again.
        let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else { return true };
        let told = catch_unwind(AssertUnwindSafe(|| {
            let panic = Panic::new(epoch, payload.as_ref());
            caught(&panic);
            if let Some(hook) = &mut self.hook {
                hook(&panic);
            }
        }));
        discard(payload);
        if let Err(payload) = told {
            discard(payload);
        }
        false
    }
}
