//! The clock of the register: the answer to `TIME` as a [`Timestamp`].
//!
//! A timestamp reaches 70.8 years, so nanoseconds since 1970 would end in 2040. These are counted from 2020,
//! and end in 2090. The origin belongs to the version of the text in the key: processes that count from
//! different origins must not share a throttle.

use atomic_throttle::Timestamp;
use core::time::Duration;

/// 2020-01-01T00:00:00Z.
const ORIGIN: u64 = 1_577_836_800;

/// A time before the origin becomes [`Timestamp::ZERO`]. The clock of the server is wrong then, and windows
/// stay closed until it is set.
pub(super) fn timestamp(seconds: i64, micros: u32) -> Timestamp {
    let since = u64::try_from(seconds).ok().and_then(|seconds| seconds.checked_sub(ORIGIN));
    since.map_or(Timestamp::ZERO, |seconds| {
        let time = Duration::from_secs(seconds).saturating_add(Duration::from_micros(micros.into()));
        Timestamp::ZERO.saturating_add(time)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_from_2020_and_saturates() {
        let of_2020 = 1_577_836_800;
        for (seconds, micros, nanos) in [
            (of_2020, 0, 0),
            (of_2020, 1, 1_000),
            (of_2020 + 1, 999_999, 1_999_999_000),
            (of_2020 + 2_000_000_000, 0, 2_000_000_000_000_000_000),
            (of_2020 - 1, 999_999, 0),
            (0, 0, 0),
            (-1, 7, 0),
            (i64::MIN, u32::MAX, 0),
            (i64::MAX, u32::MAX, Timestamp::MAX.as_nanos()),
        ] {
            assert_eq!(timestamp(seconds, micros).as_nanos(), nanos, "{seconds} s {micros} us");
        }
    }
}
