//! What an order is weakened to: one step at a time, because whatever breaks by one step also breaks
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

/// The ways to weaken an order.
pub fn weaker(what: &str, was: Ordering) -> Result<Vec<Weaker>, String> {
    let weaker = match (what, was) {
        ("Fence", Ordering::SeqCst) => vec![Weaker::Ordering(Ordering::AcqRel), Weaker::Removed],
        ("Load" | "Exchange", Ordering::Acquire) | ("Swap" | "Store", Ordering::Release) => {
            vec![Weaker::Ordering(Ordering::Relaxed)]
        }
        ("Add", Ordering::AcqRel) => {
            vec![Weaker::Ordering(Ordering::Acquire), Weaker::Ordering(Ordering::Release)]
        }
        _ => return Err(format!("nobody has said how a {what} that is {was:?} can be weaker")),
    };
    Ok(weaker)
}
