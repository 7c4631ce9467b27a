//! Rate limiters of other libraries, each set to one grant per period, or to as many grants as it can give.
//!
//! They decide only: none excludes overlapping runs, has a trailing edge, or promises that anything becomes
//! visible.

use governor::clock::{MonotonicClock, QuantaInstant, QuantaUpkeepClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tracing_throttle::application::circuit_breaker::CircuitBreaker;
use tracing_throttle::application::limiter::LimitDecision;
use tracing_throttle::application::metrics::Metrics;
use tracing_throttle::application::registry::{EventState, SuppressionRegistry};
use tracing_throttle::domain::policy::Policy;
use tracing_throttle::domain::signature::EventSignature;
use tracing_throttle::infrastructure::clock::SystemClock;
use tracing_throttle::infrastructure::storage::ShardedStorage;

/// governor on the clock of `Instant`: lock-free, ordered across cores.
pub type GovernorStd = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Instant>>;

/// governor as it comes, on the processor's time-stamp counter, which is not ordered across cores.
pub type GovernorQuanta = DefaultDirectRateLimiter;

/// One grant per `period`. Without a period, as many grants as it can give: one a nanosecond, with four
/// thousand million in reserve, so that every check passes.
fn quota(period: Duration) -> Quota {
    Quota::with_period(period).unwrap_or_else(|| Quota::per_second(NonZeroU32::MAX))
}

pub fn governor_std(period: Duration) -> GovernorStd {
    RateLimiter::direct_with_clock(quota(period), MonotonicClock)
}

/// governor on a time that its own thread updates once in 2 ms: a reading is a load. The time lags by up to 2
/// ms, so two grants may be that much closer than a period.
pub type GovernorUpkeep =
    RateLimiter<NotKeyed, InMemoryState, QuantaUpkeepClock, NoOpMiddleware<QuantaInstant>>;

pub fn governor_upkeep(period: Duration) -> GovernorUpkeep {
    // A program can have one such thread.
    static CLOCK: OnceLock<QuantaUpkeepClock> = OnceLock::new();
    let start = || QuantaUpkeepClock::from_interval(Duration::from_millis(2)).expect("the first of its kind");
    RateLimiter::direct_with_clock(quota(period), CLOCK.get_or_init(start).clone())
}

pub fn governor_quanta(period: Duration) -> GovernorQuanta {
    RateLimiter::direct(quota(period))
}

/// ratelimit: several atomics, on the clock of `Instant`.
pub fn ratelimit(period: Duration) -> ratelimit::Ratelimiter {
    let builder = if period.is_zero() {
        // This is more than any measurement takes, and fits in millionths of a token without overflow.
        ratelimit::Ratelimiter::builder(1 << 40).max_tokens(1 << 40).initial_available(1 << 40)
    } else {
        ratelimit::Ratelimiter::builder(1).period(period).max_tokens(1).initial_available(1)
    };
    builder.build().expect("its settings are in range")
}

/// leaky-bucket as it comes, which is fair: a lock for each call, on tokio's clock. Without fairness it grants
/// on one atomic, without a reading of the clock, in a tenth of the time; but as soon as two threads call, it
/// stops granting for good (1.1.2: 2 to 21 grants in half a second of windows of 1 ms, in each of four runs).
/// So that is no way to call it.
pub fn leaky_bucket(period: Duration) -> leaky_bucket::RateLimiter {
    let mut builder = leaky_bucket::RateLimiter::builder();
    if period.is_zero() {
        const PLENTY: usize = 1 << 40;
        builder.initial(PLENTY).max(PLENTY).refill(PLENTY).interval(Duration::from_millis(1));
    } else {
        builder.initial(1).max(1).refill(1).interval(period);
    }
    builder.build()
}

/// tracing-throttle's limiter, below the layer that looks at an event and makes a signature of it: a sharded
/// map of policies and counts, on the clock of `Instant`.
pub struct TracingThrottle {
    limiter: tracing_throttle::RateLimiter<Arc<ShardedStorage<EventSignature, EventState>>>,
    signatures: Vec<EventSignature>,
}

/// A limiter that knows this many events. Without a period, as many grants as it can give.
pub fn tracing_throttle(period: Duration, events: usize) -> TracingThrottle {
    let policy = if period.is_zero() {
        // One a nanosecond, with so many in reserve that each check takes one exactly.
        Policy::token_bucket(1e15, 1e9)
    } else {
        Policy::time_window(1, period)
    };
    let policy = policy.expect("its settings are in range");
    let storage = Arc::new(ShardedStorage::new());
    let registry = SuppressionRegistry::new(storage, Arc::new(SystemClock::new()), policy);
    let breaker = Arc::new(CircuitBreaker::new());
    let limiter = tracing_throttle::RateLimiter::new(registry, Metrics::new(), breaker);
    let signatures = (0..events).map(|event| EventSignature::simple("INFO", &event.to_string())).collect();
    TracingThrottle { limiter, signatures }
}

impl TracingThrottle {
    /// Whether the event may be logged. A refused event is counted.
    #[inline]
    pub fn check(&self, event: usize) -> bool {
        self.limiter.check_event(self.signatures[event]) == LimitDecision::Allow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A period that is longer than any test.
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn each_grants_once_in_a_period() {
        let (std_clock, quanta_clock) = (governor_std(HOUR), governor_quanta(HOUR));
        let upkeep_clock = governor_upkeep(HOUR);
        let (ratelimit, leaky_bucket) = (ratelimit(HOUR), leaky_bucket(HOUR));
        let granted = || {
            [
                std_clock.check().is_ok(),
                quanta_clock.check().is_ok(),
                upkeep_clock.check().is_ok(),
                ratelimit.try_wait().is_ok(),
                leaky_bucket.try_acquire(1),
            ]
        };
        assert_eq!((granted(), granted()), ([true; 5], [false; 5]));
        let events = tracing_throttle(HOUR, 2);
        assert_eq!([0, 1, 0, 1].map(|event| events.check(event)), [true, true, false, false]);
    }

    #[test]
    fn each_grants_all_without_a_period() {
        let (std_clock, quanta_clock) = (governor_std(Duration::ZERO), governor_quanta(Duration::ZERO));
        let (ratelimit, leaky_bucket) = (ratelimit(Duration::ZERO), leaky_bucket(Duration::ZERO));
        let events = tracing_throttle(Duration::ZERO, 1);
        for _ in 0..100_000 {
            assert!(events.check(0));
            assert!(std_clock.check().is_ok() && quanta_clock.check().is_ok());
            assert!(ratelimit.try_wait().is_ok() && leaky_bucket.try_acquire(1));
        }
    }
}
