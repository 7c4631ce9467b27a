//! The answer that a caller got.

use atomic_throttle::{State, Threshold};
use reference::{Model, Told, shipped};
use std::fmt;

/// All that the caller can see of the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The outcome, by its name in the transition table.
    Told(Told),
    /// The same, and the epoch that the caller was shown.
    In { told: Told, epoch: u64 },
    /// A run started. `None` where the caller is not shown whether it released an owner.
    Run { epoch: u64, released_owner: Option<bool> },
    /// The call went on to wait. The caller did not see which of `Defer`, `Busy` and `Early` it was.
    Waits,
    /// The whole state.
    State(Model),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told(told) => write!(f, "{told:?}"),
            Self::In { told, epoch } => write!(f, "{told:?} in epoch {epoch}"),
            Self::Run { epoch, released_owner: Some(true) } => {
                write!(f, "Run in epoch {epoch}, owner released")
            }
            Self::Run { epoch, .. } => write!(f, "Run in epoch {epoch}"),
            Self::Waits => f.write_str("Waits"),
            Self::State(model) => write!(f, "{model:?}"),
        }
    }
}

/// What a word says, in the words of the model.
#[must_use]
pub fn seen(word: u64, threshold: u64) -> Model {
    shipped::decode(State::from_word(word), Threshold::from_nanos(threshold))
}
