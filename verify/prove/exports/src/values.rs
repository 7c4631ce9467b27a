//! What stands beside the transitions: times, thresholds, leases, epochs, and what a word says.

use crate::{threshold, time};
use atomic_throttle::lease::{self, Lease};
use atomic_throttle::state::{DeferralStatus, State, TryStart};
use atomic_throttle::{Epoch, Threshold, Timestamp};
use core::time::Duration;

const fn flag(yes: bool) -> u64 {
    if yes { 1 } else { 0 }
}

/// A duration of any length: `nanos` below a second, or else the last one below it.
const fn duration(secs: u64, nanos: u64) -> Duration {
    const LAST: u32 = 999_999_999;
    #[allow(clippy::cast_possible_truncation, reason = "below the last one")]
    Duration::new(secs, if nanos > LAST as u64 { LAST } else { nanos as u32 })
}

#[inline(never)]
pub fn timestamp_from_nanos(nanos: u64) -> u64 {
    Timestamp::from_nanos(nanos).as_nanos()
}

#[inline(never)]
pub fn threshold_from_nanos(nanos: u64) -> u64 {
    Threshold::from_nanos(nanos).as_nanos()
}

#[inline(never)]
pub fn lease_from_nanos(nanos: u64) -> u64 {
    Lease::from_nanos(nanos).as_nanos()
}

#[inline(never)]
pub fn threshold_new(secs: u64, nanos: u64) -> u64 {
    Threshold::new(duration(secs, nanos)).as_nanos()
}

#[inline(never)]
pub fn lease_new(secs: u64, nanos: u64) -> u64 {
    Lease::new(duration(secs, nanos)).as_nanos()
}

#[inline(never)]
pub fn saturating_add(at: u64, secs: u64, nanos: u64) -> u64 {
    time(at).saturating_add(duration(secs, nanos)).as_nanos()
}

#[inline(never)]
pub fn saturating_sub(at: u64, secs: u64, nanos: u64) -> u64 {
    time(at).saturating_sub(duration(secs, nanos)).as_nanos()
}

/// Its seconds and the rest.
#[inline(never)]
pub fn saturating_since(at: u64, earlier: u64) -> (u64, u64) {
    let since = time(at).saturating_since(time(earlier));
    (since.as_secs(), since.subsec_nanos().into())
}

/// Less, equal, and greater, by the order of timestamps.
#[inline(never)]
pub fn timestamp_order(one: u64, other: u64) -> (u64, u64, u64) {
    (flag(time(one) < time(other)), flag(time(one) == time(other)), flag(time(one) > time(other)))
}

/// Less, equal, and greater, by the order of epochs.
#[inline(never)]
pub fn epoch_order(one: u64, other: u64) -> (u64, u64, u64) {
    let (one, other): (Epoch, Epoch) = (lease::epoch(one), lease::epoch(other));
    (flag(one < other), flag(one == other), flag(one > other))
}

/// The number of an epoch, and its stamp as a timestamp.
#[inline(never)]
pub fn epoch(number: u64) -> (u64, u64) {
    let epoch = lease::epoch(number);
    (epoch.as_u64(), epoch.started_at().as_nanos())
}

/// The epoch of a word, `d` as its two bits, `r`, and whether it is pending, owed, and has an owner.
#[inline(never)]
pub fn view(word: u64) -> (u64, u64, u64, u64, u64, u64) {
    let state = State::from_word(word);
    let d = match state.deferral() {
        DeferralStatus::None => 0,
        DeferralStatus::Pending => 1,
        DeferralStatus::Cancelled => 2,
        DeferralStatus::Owed => 3,
    };
    let is = (flag(state.is_pending()), flag(state.is_owed()), flag(state.has_owner()));
    (state.epoch().as_u64(), d, flag(state.is_running()), is.0, is.1, is.2)
}

/// Whether the window is over, and when it is.
#[inline(never)]
pub fn window(word: u64, now: u64, threshold_: u64) -> (u64, u64) {
    let (state, threshold) = (State::from_word(word), threshold(threshold_));
    (flag(state.is_open(time(now), threshold)), state.window_end(threshold).as_nanos())
}

#[inline(never)]
pub fn lease_end(word: u64, lease: u64) -> u64 {
    State::from_word(word).lease_end(Lease::from_nanos(lease)).as_nanos()
}

/// When to retry after a refusal of [`try_start`](crate::transitions::try_start), as seconds and the rest, and 1; or
/// 0 if it says none.
#[inline(never)]
pub fn refusal(word: u64, now: u64, threshold_: u64) -> (u64, u64, u64) {
    let (_, outcome) = State::from_word(word).try_start(time(now), threshold(threshold_));
    let after = match outcome {
        TryStart::Run => None,
        TryStart::Refused(refused) => refused.retry_after(),
    };
    match after {
        Some(after) => (after.as_secs(), after.subsec_nanos().into(), 1),
        None => (0, 0, 0),
    }
}
