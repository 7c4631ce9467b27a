//! What happens beside the calls, counted.

use super::testimony::Testimony;
use std::ops::{AddAssign, Index};

/// The events that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A call that was to run now or not at all, and ran.
    Tried,
    /// A flush that started a run.
    Flushed,
    /// A cancel that gave up a run.
    Cancel,
    Change,
    /// A call from inside a run, a flush or a cancel there.
    Nested,
    /// A call that left a run owed.
    Owed,
    Wait,
    WaitCancelled,
    WaitOwed,
    // These must never happen.
    /// A run in a call had not seen the number of the call.
    Blind,
    RanInside,
    NeedlesslyOwed,
    LeftEarly,
    WaitedEarly,
    WaitedInVain,
}

impl Event {
    const COUNT: usize = Self::WaitedInVain as usize + 1;
}

/// How often each event happened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally([u64; Event::COUNT]);

impl Tally {
    /// Of all callers.
    pub fn of_all(testimonies: &[Testimony]) -> Self {
        let mut all = Self::default();
        for testimony in testimonies {
            all += testimony.tally;
        }
        all
    }

    pub fn add(&mut self, event: Event) {
        self.0[event as usize] += 1;
    }
}

impl Index<Event> for Tally {
    type Output = u64;

    fn index(&self, event: Event) -> &u64 {
        &self.0[event as usize]
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Tally};

    #[test]
    fn tallies_add_up() {
        let mut tally = Tally::default();
        tally.add(Event::Wait);
        tally.add(Event::WaitedInVain);
        let mut sum = tally;
        sum += tally;
        assert_eq!((sum[Event::Wait], sum[Event::WaitedInVain], sum[Event::Owed]), (2, 2, 0));
    }
}
