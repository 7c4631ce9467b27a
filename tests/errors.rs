//! Bad input gets a typed error that says what to do.

use atomic_throttle::lease::Lease;
use atomic_throttle::{Ended, NotFlushed, Refused, Threshold, Timestamp, WaitError};
use std::time::Duration;
use watchdog as _;

#[test]
fn a_threshold_beyond_the_range_is_refused_from_the_first_nanosecond() {
    let longest = Threshold::MAX.as_duration();
    assert_eq!(Threshold::try_new(longest), Ok(Threshold::MAX));
    for too_long in [longest + Duration::from_nanos(1), Duration::from_nanos(u64::MAX), Duration::MAX] {
        let refused = Threshold::try_new(too_long).expect_err("beyond the range");
        assert_eq!(refused.requested, too_long);
        assert!(refused.to_string().contains("Threshold::MAX"), "{refused}");
    }
}

#[test]
fn a_lease_out_of_the_range_is_refused_on_both_sides() {
    let (nanosecond, longest) = (Duration::from_nanos(1), Lease::MAX.as_duration());
    assert_eq!(Lease::try_from(nanosecond), Ok(Lease::MIN));
    assert_eq!(Lease::try_from(longest), Ok(Lease::MAX));
    for (out_of_range, nearest) in
        [(Duration::ZERO, Lease::MIN), (longest + nanosecond, Lease::MAX), (Duration::MAX, Lease::MAX)]
    {
        let refused = Lease::try_from(out_of_range).expect_err("out of the range");
        assert_eq!(refused.requested, out_of_range);
        assert!(refused.to_string().contains("from 1 ns to"), "{refused}");
        assert_eq!(Lease::new(out_of_range), nearest);
    }
    assert_eq!(format!("{:?}", Lease::from_nanos(1_500)), "1.5µs");
}

#[test]
fn each_error_says_what_to_do() {
    let retry_at = Timestamp::from_nanos(1_500_000_000);
    let refused_at = Timestamp::from_nanos(300_000_001);
    let errors: [(&dyn std::error::Error, &str); 12] = [
        (&Refused::Closed { retry_at, refused_at }, "retry in 1.2s"),
        (&Refused::Closed { retry_at: Timestamp::NEVER, refused_at }, "shorten the threshold"),
        (&Refused::Running, "retry when it has finished"),
        (&WaitError::Cancelled, "call again"),
        (&WaitError::Owed, "adopt it"),
        (&WaitError::TimedOut, "wait on"),
        (&WaitError::InsideRun, "wait outside"),
        (&WaitError::Forked, "call again, or start another throttle here"),
        (&Ended::ShutDown, "start another one"),
        (&Ended::Forked, "start another one here"),
        (&NotFlushed::Running, "flush when it has finished"),
        (&NotFlushed::NothingPending, "nothing to flush"),
    ];
    for (error, advice) in errors {
        assert!(error.to_string().contains(advice), "{error}");
    }
    assert_eq!(Refused::Closed { retry_at, refused_at }.retry_at(), Some(retry_at));
    assert_eq!(Refused::Running.retry_at(), None);
}

#[test]
fn a_refusal_says_how_long_to_wait() {
    let at = Timestamp::from_nanos;
    let after = |retry_at, refused_at| Refused::Closed { retry_at, refused_at }.retry_after();
    assert_eq!(after(at(110), at(0)), Some(Duration::from_nanos(110)));
    assert_eq!(after(at(110), at(110)), Some(Duration::ZERO));
    for behind in [at(111), Timestamp::MAX, Timestamp::NEVER] {
        assert_eq!(after(at(110), behind), Some(Duration::ZERO), "never negative");
    }
    for refused_at in [at(0), Timestamp::MAX, Timestamp::NEVER] {
        assert_eq!(after(Timestamp::NEVER, refused_at), Some(Duration::MAX));
    }
    assert_eq!(Refused::Running.retry_after(), None);
}
