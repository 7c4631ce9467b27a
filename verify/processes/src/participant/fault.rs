//! [`Fault`]: what may be planted in a participant, so that the judge is seen to find it.

use clap::ValueEnum;

/// A fault that is planted in a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// Its calls after the first one reach nobody.
    Deaf,
    /// It believes a call to be covered as soon as it is taken.
    Boastful,
    /// It performs each run twice.
    Twice,
    /// It ends in its first run.
    Dies,
    /// It takes a run in progress for a finished one.
    Blind,
    /// It sees a register that nobody has used.
    Forgetful,
    /// Its register's clock is ahead by a second.
    Hasty,
    /// It sees every run in progress as the one before it saw: a run that was superseded believes to be current.
    Stale,
}
