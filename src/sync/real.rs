//! The real environment: the primitives that the library runs on.

pub(crate) use core::sync::atomic::{AtomicU64, Ordering, fence as raw_fence};

#[cfg(feature = "std")]
pub(crate) use event_listener::Event;
/// It belongs to no lifetime here.
#[cfg(feature = "std")]
pub(crate) type EventListener<'e> = event_listener::EventListener;

/// Eight locks on lines of their own. A reader takes the one of its thread, a writer all of them.
#[cfg(feature = "keyed")]
pub(crate) use crossbeam_utils::sync::{
    ShardedLock as RwLock, ShardedLockReadGuard as RwLockReadGuard, ShardedLockWriteGuard as RwLockWriteGuard,
};
#[cfg(feature = "std")]
pub(crate) use std::sync::{Mutex, MutexGuard};
/// The bytes that such a lock allocates.
#[cfg(feature = "keyed")]
pub(crate) const LOCK_BYTES: usize = 8 * size_of::<crossbeam_utils::CachePadded<u8>>();
#[cfg(feature = "std")]
pub(crate) use std::thread::{Builder as ThreadBuilder, JoinHandle};

/// Changes a number to which nobody else has access.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) fn alone<T>(atomic: &mut AtomicU64, change: impl FnOnce(&mut u64) -> T) -> T {
    change(atomic.get_mut())
}

/// The number of this thread. Never 0.
#[cfg(feature = "std")]
#[inline]
pub(crate) fn this_thread() -> u32 {
    use core::cell::Cell;
    // It needs no drop, so it can be read even while the thread is torn down.
    std::thread_local!(static NUMBER: Cell<u32> = const { Cell::new(0) });
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(super::next_thread());
        }
        number.get()
    })
}

/// How many numbers a count has where different threads use different ones.
#[cfg(feature = "std")]
pub(crate) const STRIPES: usize = 8;

/// Which of them this thread uses, if there are as many.
#[cfg(feature = "std")]
#[inline]
pub(crate) fn stripe() -> usize {
    // The numbers of threads that started one after the other differ in the last bits.
    this_thread() as usize
}

/// Whether this run of the thread looks for keys to evict: one in 32 does.
///
/// The thread goes round a circle by steps of the golden ratio, and looks in one 32nd of the circle. It gets there
/// at least every 55th time. Unlike every 32nd run, it also gets there with every second run, and with any other
/// regular part of the runs, so a throttle that takes turns with others on this thread is looked through, too.
/// Each thread starts at another point: of many threads with one run each, one in 32 looks.
#[cfg(feature = "keyed")]
#[inline]
pub(crate) fn looks() -> bool {
    use core::cell::Cell;
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    /// The square root of 2, which is not regular with the golden ratio either.
    const APART: u64 = 0x6a09_e667_f3bc_c909;
    // 0 until the first run. It needs no drop, so it can be read even while the thread is torn down.
    std::thread_local!(static POINT: Cell<u64> = const { Cell::new(0) });
    POINT.with(|point| {
        let before = if point.get() == 0 { APART.wrapping_mul(this_thread().into()) } else { point.get() };
        point.set(before.wrapping_add(GOLDEN));
        point.get() < u64::MAX / 32
    })
}

/// Whether this is surely the first thread of its process: in a forked child, the thread that forked.
#[cfg(feature = "std")]
pub(crate) fn is_main_thread() -> bool {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    return u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()) == Ok(std::process::id());
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    return false;
}

/// Makes the timed waits of this thread end when they are due. By default Linux ends them up to 50 us later,
/// to combine the wake-ups of several threads (prctl(2), `PR_SET_TIMERSLACK`).
#[cfg(feature = "std")]
pub(crate) fn wake_on_time() {
    // If it is not allowed, waits are as late as those of any other thread.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    let _ = rustix::thread::set_current_timer_slack(core::num::NonZeroU64::new(1));
}

/// Waits for a notification. Every caller looks at the state again. WebAssembly may not be able to wait, so there
/// they look time and again.
#[cfg(feature = "std")]
pub(crate) fn wait(listener: EventListener) {
    #[cfg(not(target_family = "wasm"))]
    event_listener::Listener::wait(listener);
    #[cfg(target_family = "wasm")]
    drop(listener);
}

/// Waits for a notification, at most for `limit`.
#[cfg(feature = "std")]
pub(crate) fn wait_for(listener: EventListener, limit: core::time::Duration) {
    // `None` is a time-out. Every caller looks at the state again in either case.
    #[cfg(not(target_family = "wasm"))]
    let _ = event_listener::Listener::wait_timeout(listener, limit);
    #[cfg(target_family = "wasm")]
    let _ = (listener, limit);
}

#[cfg(all(test, feature = "keyed"))]
mod tests {
    use super::looks;
    use std::thread;
    use std::vec::Vec;

    fn which(runs: usize) -> Vec<usize> {
        (0..runs).filter(|_| looks()).collect()
    }

    #[test]
    fn one_run_in_32_looks_and_none_waits_long() {
        let looked = thread::spawn(|| which(32_000)).join().expect("no panic");
        assert!((990..1010).contains(&looked.len()), "{}", looked.len());
        assert!(looked[0] < 55 && looked.windows(2).all(|two| two[1] - two[0] <= 55));
    }

    #[test]
    fn every_part_of_the_runs_looks() {
        let looked = thread::spawn(|| which(512_000)).join().expect("no panic");
        for throttles in [2, 3, 5, 8, 16, 21, 32, 34, 64] {
            for turn in 0..throttles {
                let looks = looked.iter().filter(|run| *run % throttles == turn).count();
                let fair = 16_000 / throttles;
                assert!(looks.abs_diff(fair) <= fair / 4, "{turn} of {throttles}: {looks} of {fair}");
            }
        }
    }

    #[test]
    fn one_thread_in_32_looks_in_its_first_run() {
        let first = || thread::spawn(looks).join().expect("no panic");
        let looked = (0..640).filter(|_| first()).count();
        assert!((10..30).contains(&looked), "{looked} of 640");
    }
}
