//! [`Fault`]: a fault that may be planted in a participant; the judge must find it.

use clap::ValueEnum;

/// A fault that is planted in a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// Its calls after the first one reach no throttle.
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
    /// It sees every run in progress as the run that it saw before, so a superseded run believes itself
    /// current.
    Stale,
}
