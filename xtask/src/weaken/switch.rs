//! Decides at run time how strong a memory ordering of the library is.
//!
//! This file is also a crate of its own, on which the copy of the library under `target/weaken` is built. So
//! the models are built once, and one process explores one weakened ordering. Loom sees nothing of it.

use std::collections::BTreeSet;
use std::env;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The environment variable with the plan of this process: the number of a site and what its ordering
/// becomes (`7=Relaxed`, `7=removed`), or [`NOTHING`].
pub const VARIABLE: &str = "ATOMIC_THROTTLE_WEAKEN";
/// Weaken nothing, and report which sites were reached.
pub const NOTHING: &str = "nothing";
/// Takes the place of an ordering where a fence is left out.
pub const REMOVED: &str = "removed";
/// The text before the number of a site, once for each site that was reached.
pub const REACHED: &str = "weaken: reached ";
/// A model begins.
pub const EXPLORING: &str = "weaken: exploring";
/// A model has ended, and no execution of it failed.
pub const EXPLORED: &str = "weaken: explored";

/// What this process weakens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Plan {
    Nothing,
    /// The site, and its ordering; `None` leaves the fence out.
    Weaken(usize, Option<Ordering>),
}

impl Plan {
    fn read(text: &str) -> Option<Self> {
        if text == NOTHING {
            return Some(Self::Nothing);
        }
        let (site, becomes) = text.split_once('=')?;
        let becomes = match becomes {
            "Relaxed" => Some(Ordering::Relaxed),
            "Acquire" => Some(Ordering::Acquire),
            "Release" => Some(Ordering::Release),
            "AcqRel" => Some(Ordering::AcqRel),
            REMOVED => None,
            _ => return None,
        };
        Some(Self::Weaken(site.parse().ok()?, becomes))
    }

    fn ordering(self, site: usize, was: Ordering) -> Ordering {
        match self {
            Self::Weaken(this, Some(becomes)) if this == site => becomes,
            _ => was,
        }
    }

    fn keeps(self, site: usize) -> bool {
        self != Self::Weaken(site, None)
    }
}

fn plan() -> Plan {
    static PLAN: OnceLock<Plan> = OnceLock::new();
    *PLAN.get_or_init(|| {
        let text = env::var(VARIABLE).unwrap_or_else(|why| panic!("{VARIABLE}: {why}"));
        Plan::read(&text).unwrap_or_else(|| panic!("{VARIABLE}={text} is no plan"))
    })
}

fn reached(site: usize) {
    static SITES: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());
    if SITES.lock().unwrap_or_else(PoisonError::into_inner).insert(site) {
        println!("\n{REACHED}{site}");
    }
}

/// The ordering of this site in this process.
#[must_use]
pub fn ordering(site: usize, was: Ordering) -> Ordering {
    reached(site);
    plan().ordering(site, was)
}

/// Whether the fence of this site is made in this process.
#[must_use]
pub fn kept(site: usize) -> bool {
    reached(site);
    plan().keeps(site)
}

/// Lives as long as a model is explored. So a failure in the model can be told from a failure of a later
/// assertion.
#[must_use]
pub struct Exploring(());

/// A model begins.
pub fn exploring() -> Exploring {
    println!("\n{EXPLORING}");
    Exploring(())
}

impl Drop for Exploring {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            println!("\n{EXPLORED}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_site_is_weakened_and_no_other() {
        let plan = Plan::read("7=Relaxed").unwrap();
        assert_eq!(plan.ordering(7, Ordering::Release), Ordering::Relaxed);
        assert_eq!(plan.ordering(8, Ordering::Release), Ordering::Release);
        assert!(plan.keeps(7));
    }

    #[test]
    fn one_fence_is_left_out_and_no_other() {
        let plan = Plan::read("7=removed").unwrap();
        assert!(!plan.keeps(7));
        assert!(plan.keeps(8));
        assert_eq!(plan.ordering(8, Ordering::SeqCst), Ordering::SeqCst);
    }

    #[test]
    fn nothing_is_weakened_on_request() {
        let plan = Plan::read(NOTHING).unwrap();
        assert!(plan.keeps(7));
        assert_eq!(plan.ordering(7, Ordering::SeqCst), Ordering::SeqCst);
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        for text in ["", "7", "7=", "x=Relaxed", "7=SeqCst", "7=relaxed"] {
            assert_eq!(Plan::read(text), None, "{text}");
        }
    }
}
