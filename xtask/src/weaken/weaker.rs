//! What a memory ordering is weakened to: one step at a time, because whatever breaks by one step also breaks
//! by more.

use std::fmt;
use std::sync::atomic::Ordering;

/// What takes the place of the ordering.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weaker {
    Ordering(Ordering),
    /// A fence is left out.
    Removed,
}

impl fmt::Display for Weaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ordering(ordering) => write!(f, "{ordering:?}"),
            Self::Removed => f.write_str("removed"),
        }
    }
}

/// The ways to weaken an ordering that is an argument. `None` if it is unknown what the callee does with it.
pub fn access(callee: &str, index: usize, was: Ordering) -> Option<Vec<Weaker>> {
    let weaker: &[Ordering] = match was {
        Ordering::Relaxed => &[],
        Ordering::Acquire | Ordering::Release => &[Ordering::Relaxed],
        Ordering::AcqRel => &[Ordering::Acquire, Ordering::Release],
        Ordering::SeqCst => match (callee, index) {
            ("load", _) | ("compare_exchange" | "compare_exchange_weak", 3) | ("fetch_update", 1) => {
                &[Ordering::Acquire]
            }
            ("store", _) => &[Ordering::Release],
            ("swap", _) | ("compare_exchange" | "compare_exchange_weak", 2) => &[Ordering::AcqRel],
            (name, _) if name.starts_with("fetch_") => &[Ordering::AcqRel],
            _ => return None,
        },
        _ => return None,
    };
    Some(weaker.iter().copied().map(Weaker::Ordering).collect())
}

/// The ways to weaken a fence. One that only acquires or only releases can only be left out.
pub fn fence(was: Ordering) -> Vec<Weaker> {
    let weaker: &[Ordering] = match was {
        Ordering::SeqCst => &[Ordering::AcqRel],
        Ordering::AcqRel => &[Ordering::Acquire, Ordering::Release],
        _ => &[],
    };
    weaker.iter().copied().map(Weaker::Ordering).chain([Weaker::Removed]).collect()
}
