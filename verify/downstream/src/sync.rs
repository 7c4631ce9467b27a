//! The atomics of this crate: loom's where the throttle uses loom's, those of `std` otherwise.

#[cfg(atomic_throttle_loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(atomic_throttle_loom))]
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(any(all(loom, not(atomic_throttle_loom)), all(atomic_throttle_loom, not(loom))))]
compile_error!(
    "the models need both flags, `--cfg atomic_throttle_loom --cfg loom`, and all else needs none"
);
