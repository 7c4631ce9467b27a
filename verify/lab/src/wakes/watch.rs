//! Sees a ring that stands still, and says who waits in it although nothing is left to wait for.

use super::ring::{Ring, STATIONS, Shared};
use super::station::Stage;
use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant};

/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);

pub(super) struct Watch {
    patience: Duration,
}

impl Watch {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience }
    }

    /// Until the threads of all rings have ended, or one ring stands still or went wrong.
    pub(super) fn until_all_ended(&self, rings: &[Ring], mut seen: impl FnMut(u64)) -> Result<(), String> {
        let mut looks = vec![(0, Instant::now()); rings.len()];
        while !rings.iter().all(Ring::has_ended) {
            for (ring, (before, since)) in rings.iter().zip(&mut looks) {
                let waits = ring.shared.waits();
                if waits != *before || ring.has_ended() {
                    (*before, *since) = (waits, Instant::now());
                } else if since.elapsed() > self.patience {
                    return Err(self.judge(ring, waits));
                }
            }
            seen(looks.iter().map(|(waits, _)| waits).sum());
            if let Some(why) = wrong(rings) {
                return Err(why);
            }
            thread::sleep(LOOK);
        }
        wrong(rings).map_or(Ok(()), Err)
    }

    /// A wake-up was lost if one more, by hand, has the ring go on: nothing else has changed.
    fn judge(&self, ring: &Ring, waits: u64) -> String {
        let report = report(&ring.shared);
        for station in &ring.shared.stations {
            station.retime();
        }
        let began = Instant::now();
        while ring.shared.waits() == waits && began.elapsed() < self.patience {
            thread::sleep(LOOK);
        }
        let (patience, went_on) = (self.patience, ring.shared.waits() - waits);
        if went_on > 0 {
            format!(
                "a wake-up was lost: for {patience:?} nobody returned, and did when all were notified by hand{report}"
            )
        } else {
            format!("for {patience:?} nobody returned, nor when all were notified by hand{report}")
        }
    }
}

fn wrong(rings: &[Ring]) -> Option<String> {
    rings.iter().find_map(|ring| ring.shared.wrong())
}

/// Who waits where, how far the round is there, and the state of the throttle.
fn report(ring: &Shared) -> String {
    let mut report = String::new();
    for index in 0..STATIONS {
        let station = &ring.stations[index];
        let who = |is_waiting| {
            let at = (0..ring.shown.len()).filter(move |waiter| ring.place(*waiter) == (index, is_waiting));
            at.map(|waiter| (waiter + 1).to_string()).collect::<Vec<_>>().join(", ")
        };
        let round = match station.platform().stage() {
            Stage::Closed => "the round is not open",
            Stage::Open => "they are to begin to wait",
            Stage::Released => "what they wait for is over, or due",
        };
        // Writing to a string does not fail.
        let _ = write!(report, "\n  {}: {round}; {}", station.name(), station.state());
        for (is_waiting, what) in [(true, "wait there"), (false, "are on their way there")] {
            let who = who(is_waiting);
            if !who.is_empty() {
                let _ = write!(report, "\n    waiters {who} {what}");
            }
        }
    }
    report
}
