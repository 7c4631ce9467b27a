//! The faults that are planted in the model.

/// A deliberate error in the expected answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wrong {
    NewestFirst,
    OldestIsGiven,
    LeftIsLost,
    LeftIsNotAskedFor,
    LeftComesBehind,
    ReturnGivesAgain,
    PanicLosesTheBatch,
    PanicGivesAgain,
    CancelLosesValues,
    BroughtLaterIsGiven,
    DiscardLosesValues,
    TakeLeavesTheRun,
    BeyondTheCapacity,
    FullAsksForNothing,
    RefusedIsCounted,
}

impl Wrong {
    pub const ALL: [Self; 15] = [
        Self::NewestFirst,
        Self::OldestIsGiven,
        Self::LeftIsLost,
        Self::LeftIsNotAskedFor,
        Self::LeftComesBehind,
        Self::ReturnGivesAgain,
        Self::PanicLosesTheBatch,
        Self::PanicGivesAgain,
        Self::CancelLosesValues,
        Self::BroughtLaterIsGiven,
        Self::DiscardLosesValues,
        Self::TakeLeavesTheRun,
        Self::BeyondTheCapacity,
        Self::FullAsksForNothing,
        Self::RefusedIsCounted,
    ];

    /// The error in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewestFirst => "the newest value comes first",
            Self::OldestIsGiven => "a run is given the oldest value, where it should be the newest",
            Self::LeftIsLost => "what a run leaves in its batch is lost",
            Self::LeftIsNotAskedFor => "no run comes for what was left in a batch",
            Self::LeftComesBehind => "what was left in a batch comes behind newer values",
            Self::ReturnGivesAgain => "what a run that returns has not taken out comes again",
            Self::PanicLosesTheBatch => "a run that panics loses its batch",
            Self::PanicGivesAgain => "what a run took before it panicked is given again",
            Self::CancelLosesValues => "a cancel loses the values",
            Self::BroughtLaterIsGiven => "a value that is brought during a run is given to that run",
            Self::DiscardLosesValues => "values are lost when the end discards the run for them",
            Self::TakeLeavesTheRun => "a take leaves the run pending, with nothing for it",
            Self::BeyondTheCapacity => "a value beyond the capacity is taken",
            Self::FullAsksForNothing => "a full throttle asks for no run",
            Self::RefusedIsCounted => "a value that was refused at the end is there as well",
        }
    }
}
