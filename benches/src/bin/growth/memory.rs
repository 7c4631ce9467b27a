//! How many bytes all threads of this process have allocated, and not given back.
//!
//! It counts the bytes that were requested from the allocator, exactly. It counts neither what the allocator
//! keeps besides, nor the stacks of threads.

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes in use.
pub fn in_use() -> i64 {
    let stats = ALLOCATOR.stats();
    let bytes = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    bytes(stats.bytes_allocated) - bytes(stats.bytes_deallocated)
}

/// Each test that allocates much, or looks at the bytes in use, holds this.
#[cfg(test)]
pub fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{alone, in_use};
    use std::hint::black_box;

    /// Other tests allocate meanwhile, but less than this.
    #[test]
    fn what_a_thread_allocates_and_gives_back_is_counted() {
        const MUCH: usize = 1 << 30;
        let _alone = alone();
        let before = in_use();
        let block = std::thread::spawn(|| black_box(Vec::<u8>::with_capacity(MUCH))).join().unwrap();
        let grown = in_use() - before;
        assert!((grown - (1 << 30)).abs() < 1 << 28, "{grown}");
        drop(block);
        assert!((in_use() - before).abs() < 1 << 28);
    }
}
