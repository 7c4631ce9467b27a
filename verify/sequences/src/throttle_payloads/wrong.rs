//! The faults that are planted in the model.

/// A deliberate error in the expected answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wrong {
    NewestFirst,
    OldestIsGiven,
    CancelLosesValues,
    TakeLeavesTheRun,
    BeyondTheCapacity,
    RunNeedsRoom,
    FullIsOwed,
    RefusedIsLeft,
    LimitLosesTheValue,
    NestedIsGivenToThatRun,
    NestedIsLost,
    TakeoverLeavesTheOwnersValue,
    FlushLeavesTheValues,
    PanicKeepsAll,
    PanicLosesTheBatch,
    LeftIsNotOwed,
    LeftComesBehind,
    ReturnGivesAgain,
}

impl Wrong {
    pub const ALL: [Self; 18] = [
        Self::NewestFirst,
        Self::OldestIsGiven,
        Self::CancelLosesValues,
        Self::TakeLeavesTheRun,
        Self::BeyondTheCapacity,
        Self::RunNeedsRoom,
        Self::FullIsOwed,
        Self::RefusedIsLeft,
        Self::LimitLosesTheValue,
        Self::NestedIsGivenToThatRun,
        Self::NestedIsLost,
        Self::TakeoverLeavesTheOwnersValue,
        Self::FlushLeavesTheValues,
        Self::PanicKeepsAll,
        Self::PanicLosesTheBatch,
        Self::LeftIsNotOwed,
        Self::LeftComesBehind,
        Self::ReturnGivesAgain,
    ];

    /// The error in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewestFirst => "Throttle: the newest value comes first",
            Self::OldestIsGiven => "Throttle: a run is given the oldest value, where it should be the newest",
            Self::CancelLosesValues => "Throttle: a cancel loses the values",
            Self::TakeLeavesTheRun => "Throttle: a take leaves the run pending or owed, with nothing for it",
            Self::BeyondTheCapacity => "Throttle: a value beyond the capacity is left for another run",
            Self::RunNeedsRoom => "Throttle: a call that could run is refused, as the capacity is reached",
            Self::FullIsOwed => {
                "Throttle: a call that was refused, as the capacity is reached, leaves a run owed"
            }
            Self::RefusedIsLeft => "Throttle: a value that was refused is there as well",
            Self::LimitLosesTheValue => "Throttle: an owner that leaves at its limit loses the values",
            Self::NestedIsGivenToThatRun => {
                "Throttle: a value that is brought inside a run is given to that run"
            }
            Self::NestedIsLost => "Throttle: a value that is brought inside a run is lost",
            Self::TakeoverLeavesTheOwnersValue => {
                "Throttle: a run that takes over is not given the owner's value"
            }
            Self::FlushLeavesTheValues => "Throttle: a flush leaves the values to the next run",
            Self::PanicKeepsAll => "Throttle: a run that panics gives all that it was given to the next one",
            Self::PanicLosesTheBatch => "Throttle: a run that panics loses its batch",
            Self::LeftIsNotOwed => "Throttle: no run is owed for what was left in a batch",
            Self::LeftComesBehind => "Throttle: what was left in a batch comes behind newer values",
            Self::ReturnGivesAgain => "Throttle: what a run that returns has not taken out comes again",
        }
    }
}
