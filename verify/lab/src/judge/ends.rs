//! G3 to G6, as far as they show from outside: no owner leaves unasked, none outlives its call, and every
//! panic arrives at its caller.

use super::{History, Verdict};
use crate::record::{Event, Kind};
use atomic_throttle::state::DeferralStatus;
use evidence::Guarantee::{self, G2, G3, G4, G5, G6};

/// What never happens, whatever the schedule.
pub const NEVER: [(Event, Guarantee, &str); 6] = [
    (Event::Blind, G3, "runs had not seen the number of the call that they ran in"),
    (Event::WaitedInVain, G3, "waits ended well though no run that covers their call had left its stamp"),
    (Event::RanInside, G2, "calls inside a run ran, or were told that a later run was over"),
    (Event::NeedlesslyOwed, G4, "owners without a limit left"),
    (Event::LeftEarly, G4, "owners left before their limit"),
    (Event::WaitedEarly, G5, "waits ended before their limit"),
];

impl Verdict {
    /// Two owners of one deferral would not show here, unless both run: the second one learns that it was
    /// covered.
    pub(super) fn judge_owners(&mut self, history: &History<'_>) {
        let (tally, end) = (self.tally, &history.end);
        for (event, guarantee, what) in NEVER {
            self.is_none(tally[event], guarantee, what);
        }
        match end.left {
            DeferralStatus::Pending | DeferralStatus::Cancelled => {
                self.is_broken(G4, format!("a deferral is {:?}, and its owner has left or sleeps", end.left));
            }
            // No caller was told that it left one.
            DeferralStatus::Owed if tally[Event::Owed] == 0 => {
                self.is_broken(G5, "a run is owed after the end, and no owner said that it left".to_owned());
            }
            DeferralStatus::Owed | DeferralStatus::None => {}
        }
        if end.is_running {
            self.is_broken(G6, "a run is in progress, and nobody performs it".to_owned());
        }
        if let Some(arrived) = end.arrived.filter(|&arrived| arrived != end.panics) {
            self.is_broken(G6, format!("{arrived} panics arrived of {}", end.panics));
        }
        self.is_none(self.count(Kind::NotTaken), G6, "calls were not taken before the end");
        // Each cancel is acknowledged by one owner at most.
        let (owners, cancels) = (self.count(Kind::Cancelled), tally[Event::Cancel]);
        if owners > cancels {
            self.is_broken(G4, format!("{owners} owners were cancelled by {cancels} cancels"));
        }
        // A wait for all keys is told of what happened to any.
        if cancels + history.elsewhere[Event::Cancel] == 0 {
            self.is_none(tally[Event::WaitCancelled], G3, "waits were told of a cancel, and there was none");
        }
        if tally[Event::Owed] + history.elsewhere[Event::Owed] == 0 {
            self.is_none(tally[Event::WaitOwed], G3, "waits were told of an owner who left, and none did");
        }
    }
}
