//! Calls of foreign code: functions, hooks and wakers of the user.

use core::any::Any;
use core::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls foreign code; a panic of it ends here. The panic hook has already reported it.
pub(super) fn without_panic(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        discard(payload);
    }
}

/// Drops the payload of a panic; that drop may panic itself.
pub(super) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(another);
    }
}
