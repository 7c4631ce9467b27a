//! How a test reports that a property holds, or that a planted fault is found.

use crate::{Scheduler, Seed, Tally, explore, first_failure, replay};
use evidence::Check;
use evidence::Guarantee;
use shuttle::FailurePersistence;

/// A property: what one schedule does and asserts. It counts each time that the situation which it is about was
/// reached.
pub type Model = fn(&Tally);

/// A failing schedule to replay in place of all others.
const SCHEDULE: &str = "ATOMIC_THROTTLE_SCHEDULE";

/// Checks `model` under both schedulers and reports that `claim` was shown.
///
/// # Panics
///
/// If the model panics under some schedule, or never reaches the situation that it is about.
pub fn hold(guarantees: &'static [Guarantee], claim: &str, model: Model) {
    if let Ok(schedule) = std::env::var(SCHEDULE) {
        let failure = replay(&schedule, move || model(&Tally::new()));
        panic!("the replayed schedule: {}", failure.unwrap_or_else(|| "it passes".to_owned()));
    }
    let wanted = evidence::cases(USUALLY) as usize;
    let seed = evidence::depth(Seed::Fixed, Seed::Fresh);
    for scheduler in Scheduler::BOTH {
        let check = Check::of(guarantees, format!("{scheduler}: {claim}"));
        let reached = Tally::new();
        let counted = reached.clone();
        let schedules = explore(scheduler, seed, wanted, move || model(&counted));
        assert_eq!(schedules, wanted, "shuttle ended early");
        assert!(reached.total() > 0 || evidence::shallow(), "{claim}: what it is about was never reached");
        check.passed(schedules, "schedules");
    }
}

const USUALLY: u32 = 15_000;

/// Shows that `model` passes as long as nothing is planted, and that under both schedulers it fails, with
/// `complaint` in the message, once `plant` has been called. A fault that shows in several ways has several
/// complaints, with ` or ` between them. Reports the `fault` as caught.
///
/// # Panics
///
/// If the model fails too soon, not at all, or for another reason.
pub fn find(fault: &str, plant: impl Fn(), model: Model, complaint: &str) {
    let tally = Tally::new();
    for scheduler in Scheduler::BOTH {
        let counted = tally.clone();
        let failure = first_failure(scheduler, UNPLANTED, FailurePersistence::None, move || model(&counted));
        assert_eq!(failure, None, "{scheduler}: nothing was planted yet");
    }
    plant();
    let found = Scheduler::BOTH.map(|scheduler| {
        let counted = tally.clone();
        let failure = first_failure(scheduler, ENOUGH, FailurePersistence::None, move || model(&counted));
        let failure = failure.unwrap_or_else(|| panic!("{scheduler}: {fault} was not found"));
        let said = complaint.split(" or ").find(|complaint| failure.message.contains(complaint));
        let said = said.unwrap_or_else(|| panic!("{scheduler}: {fault}: {}", failure.message));
        format!("{scheduler}: {said} in schedule {}", failure.schedule)
    });
    evidence::caught(fault, &found.join("; "));
}

/// The number of schedules that show that a model passes before the fault is planted.
const UNPLANTED: usize = 200;
/// The number of schedules within which a planted fault must be found.
const ENOUGH: usize = 60_000;
