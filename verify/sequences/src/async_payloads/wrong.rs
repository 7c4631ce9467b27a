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
    FullAsksForARun,
    RefusedIsLeft,
    InsideIsGivenToThatRun,
    FlushLeavesTheValues,
    PanicKeepsAll,
    PanicLosesTheBatch,
    LeftIsNotOwed,
    LeftComesBehind,
    ReturnGivesAgain,
    OwnerTakesTheValuesAway,
    UnpolledTakesThemAway,
    StoppedTakesThemAway,
    StoppedComesBehind,
    StoppedReplacesANewerOne,
    TakenOutComesBack,
    TakenOutIsOwed,
    StoppedIsNotOwed,
}

impl Wrong {
    pub const ALL: [Self; 23] = [
        Self::NewestFirst,
        Self::OldestIsGiven,
        Self::CancelLosesValues,
        Self::TakeLeavesTheRun,
        Self::BeyondTheCapacity,
        Self::RunNeedsRoom,
        Self::FullAsksForARun,
        Self::RefusedIsLeft,
        Self::InsideIsGivenToThatRun,
        Self::FlushLeavesTheValues,
        Self::PanicKeepsAll,
        Self::PanicLosesTheBatch,
        Self::LeftIsNotOwed,
        Self::LeftComesBehind,
        Self::ReturnGivesAgain,
        Self::OwnerTakesTheValuesAway,
        Self::UnpolledTakesThemAway,
        Self::StoppedTakesThemAway,
        Self::StoppedComesBehind,
        Self::StoppedReplacesANewerOne,
        Self::TakenOutComesBack,
        Self::TakenOutIsOwed,
        Self::StoppedIsNotOwed,
    ];

    /// The error in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewestFirst => "AsyncThrottle: the newest value comes first",
            Self::OldestIsGiven => {
                "AsyncThrottle: a run is given the oldest value, where it should be the newest"
            }
            Self::CancelLosesValues => "AsyncThrottle: a cancel loses the values",
            Self::TakeLeavesTheRun => {
                "AsyncThrottle: a take leaves the run pending or owed, with nothing for it"
            }
            Self::BeyondTheCapacity => "AsyncThrottle: a value beyond the capacity is left for another run",
            Self::RunNeedsRoom => {
                "AsyncThrottle: a call that could run is refused, as the capacity is reached"
            }
            Self::FullAsksForARun => {
                "AsyncThrottle: a call that was refused, as the capacity is reached, asks for a run"
            }
            Self::RefusedIsLeft => "AsyncThrottle: a value that was refused is there as well",
            Self::InsideIsGivenToThatRun => {
                "AsyncThrottle: a value that is brought inside a run is given to that run"
            }
            Self::FlushLeavesTheValues => "AsyncThrottle: a flush leaves the values to the next run",
            Self::PanicKeepsAll => {
                "AsyncThrottle: a run that panics gives all that it was given to the next one"
            }
            Self::PanicLosesTheBatch => "AsyncThrottle: a run that panics loses its batch",
            Self::LeftIsNotOwed => "AsyncThrottle: no run is owed for what was left in a batch",
            Self::LeftComesBehind => "AsyncThrottle: what was left in a batch comes behind newer values",
            Self::ReturnGivesAgain => "AsyncThrottle: what a run that returns has not taken out comes again",
            Self::OwnerTakesTheValuesAway => "AsyncThrottle: an owner that is dropped takes the values away",
            Self::UnpolledTakesThemAway => {
                "AsyncThrottle: a run that is dropped before its first poll takes its values away"
            }
            Self::StoppedTakesThemAway => {
                "AsyncThrottle: a run that is dropped in the middle takes its values away"
            }
            Self::StoppedComesBehind => {
                "AsyncThrottle: what a stopped run was given comes behind newer values"
            }
            Self::StoppedReplacesANewerOne => {
                "AsyncThrottle: the value of a stopped run replaces a newer one"
            }
            Self::TakenOutComesBack => "AsyncThrottle: what a stopped run has taken out comes again",
            Self::TakenOutIsOwed => {
                "AsyncThrottle: a stopped run that has taken out everything leaves a run owed, with nothing for it"
            }
            Self::StoppedIsNotOwed => "AsyncThrottle: a stopped run leaves its values, and no run owed",
        }
    }
}
