//! A gate as in abseil's `LOG_EVERY_N_SEC`: one word says when the next grant is due, and there is nothing
//! else. abseil's gate reads the processor's counter, and also counts calls; the one that is measured here
//! reads `Monotonic`.

use crate::promises::Promises;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Grants at most one call per period. All accesses are relaxed, as in abseil's
/// (`absl/log/internal/conditions.cc`): a granted call says nothing about another one's memory.
pub struct Stamp {
    period: u64,
    due: AtomicU64,
}

impl Stamp {
    /// The clock must be ordered across cores; otherwise the gate promises nothing.
    pub const PROMISES: Promises = Promises::SPACING;

    pub fn new(period: Duration) -> Self {
        let period = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
        Self { period, due: AtomicU64::new(0) }
    }

    /// Whether the call at `now`, in nanoseconds, is granted.
    #[inline]
    pub fn check(&self, now: u64) -> bool {
        let mut due = self.due.load(Ordering::Relaxed);
        loop {
            if now < due {
                return false;
            }
            let next = now.saturating_add(self.period);
            match self.due.compare_exchange_weak(due, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(seen) => due = seen,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_granted_once_a_period() {
        let stamp = Stamp::new(Duration::from_nanos(10));
        let granted: Vec<u64> = (0..25).filter(|now| stamp.check(*now)).collect();
        assert_eq!(granted, [0, 10, 20]);
    }
}
