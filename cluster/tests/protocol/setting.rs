//! [`Setting`]: what is explored: how many processes and calls, which faults how often, and by which rules.

use atomic_throttle::Threshold;
use atomic_throttle::lease::{Lease, Policy};

#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Setting {
    pub processes: usize,
    pub calls: usize,
    pub threshold: u64,
    pub lease: Option<u64>,
    /// Time passes up to this limit.
    pub horizon: u64,
    pub faults: Faults,
    /// By how much the clock of the register steps, if it does.
    pub clock_step: u64,
    /// Time also passes between a reading and its answer, and between a start and its answer.
    pub slow_answers: bool,
    /// A function ends, and its finish is done, before the lease of its run is over.
    pub prompt: bool,
    /// Processes that are owed nothing look, too. A call that has reached the register is covered although its
    /// process dies, if another one lives.
    pub idle_looks: bool,
    pub loss: Loss,
    /// Whether C1, C2 and C9 must hold. They do not if the register loses its data and its clock goes back as
    /// well.
    pub timely: bool,
    pub rule: Rule,
}

/// What may still fail, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// A process dies.
    pub deaths: u8,
    /// The register is replaced by its replica, which is empty unless it has caught up.
    pub losses: u8,
    /// The replica catches up with what the register holds at that moment.
    pub catch_ups: u8,
    /// The clock of the register steps back.
    pub back: u8,
    /// The clock of the register steps forward.
    pub forward: u8,
    /// A compare-and-swap gets no answer: it was done, or not, or will be done.
    pub unanswered: u8,
}

impl Faults {
    pub const NONE: Self = Self { deaths: 0, losses: 0, catch_ups: 0, back: 0, forward: 0, unanswered: 0 };
}

/// The situation in which a loss happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    AtAnyTime,
    /// No process is between a reading and the start that it decides by it.
    BetweenDecisions,
    /// All processes remember what was lost, because there is only one. The loss excuses nothing.
    Remembered,
}

/// Small, and without faults: the base of each exploration.
pub const PLAIN: Setting = Setting {
    processes: 2,
    calls: 2,
    threshold: 2,
    lease: Some(3),
    horizon: 7,
    faults: Faults::NONE,
    clock_step: 30,
    slow_answers: false,
    prompt: false,
    idle_looks: false,
    loss: Loss::AtAnyTime,
    timely: true,
    rule: Rule::Shipped,
};

impl Setting {
    pub fn policy(&self) -> Policy {
        let policy = Policy::new(Threshold::from_nanos(self.threshold));
        self.lease.map_or(policy, |lease| policy.with_lease(Lease::from_nanos(lease)))
    }

    /// The time by which everything must be covered if nothing more fails. A run of a dead process keeps
    /// others out until its lease and its window are over, and the next run takes less than its lease.
    pub fn patience(&self) -> u64 {
        let lease = self.lease.unwrap_or(self.threshold);
        self.threshold.max(lease) + lease
    }
}

/// The rules as they are, or with one planted fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Shipped,
    CoversAtStart,
    FinishIgnoresEpoch,
    FinishedInSecondStep,
    NobodyTakesOver,
    TakesAfterReading,
    ForgetsWithTheRegister,
    PutsBackWhatHasFinished,
    PutsBackAsIfNothingWere,
    ForgottenRunCovers,
    PutsBackUnderItsOwnMark,
    TimeOnlyFromTheRegister,
    LocalTimeFromBeforeTheReading,
    WithoutMarks,
    KnowsItsRunByTheCell,
    LeaseFromTheLook,
    AnyFinishCovers,
    BeginsAfterItsLease,
    IdleLooksAway,
    IdleTakesOnlyWhatIsPending,
    IdleRunsWithoutNeed,
}
