//! One weaker order of the library, as `cargo xtask weaken` asks for it: by an environment variable, so that the
//! models are built once, and one process explores one weaker order.

use atomic_throttle::hook::{self, ALL, Hook, Order};
use evidence::weakening::{EXPLORED, EXPLORING, NOTHING, ORDER, REACHED, REMOVED, VARIABLE};
use loom::sync::atomic::Ordering;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env;
use std::rc::Rc;

/// Lives as long as a model is explored. So a failure in the model can be told from a failure of a later
/// assertion.
#[must_use]
pub struct Exploring {
    is_asked: bool,
}

/// A model begins. If a weaker order is asked for, it is weaker from now on, unless the model plants a fault itself.
///
/// # Panics
///
/// If what is asked for is no plan.
pub fn exploring() -> Exploring {
    let asked = env::var(VARIABLE).ok();
    if let Some(text) = &asked {
        if !hook::is_planted() {
            let plan = Plan::read(text).unwrap_or_else(|| panic!("{VARIABLE}={text} is no plan"));
            for Order { name, what, ordering, site, .. } in ALL {
                println!("{ORDER}{name} {what:?} {ordering:?} {site}");
            }
            hook::plant(Some(Rc::new(Weakened { plan, reached: RefCell::default() })));
        }
        println!("\n{EXPLORING}");
    }
    Exploring { is_asked: asked.is_some() }
}

impl Drop for Exploring {
    fn drop(&mut self) {
        if self.is_asked && !std::thread::panicking() {
            println!("\n{EXPLORED}");
        }
    }
}

/// What this process weakens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Plan {
    Nothing,
    /// The order, and its ordering; `None` leaves the fence out.
    Weaken(&'static str, Option<Ordering>),
}

impl Plan {
    fn read(text: &str) -> Option<Self> {
        if text == NOTHING {
            return Some(Self::Nothing);
        }
        let (name, becomes) = text.split_once('=')?;
        let becomes = match becomes {
            "Relaxed" => Some(Ordering::Relaxed),
            "Acquire" => Some(Ordering::Acquire),
            "Release" => Some(Ordering::Release),
            "AcqRel" => Some(Ordering::AcqRel),
            REMOVED => None,
            _ => return None,
        };
        let order = ALL.iter().find(|order| order.name == name)?;
        Some(Self::Weaken(order.name, becomes))
    }
}

struct Weakened {
    plan: Plan,
    reached: RefCell<BTreeSet<&'static str>>,
}

impl Hook for Weakened {
    fn order(&self, order: &'static Order) -> Option<Ordering> {
        if self.reached.borrow_mut().insert(order.name) {
            println!("\n{REACHED}{}", order.name);
        }
        match self.plan {
            Plan::Weaken(name, becomes) if name == order.name => becomes,
            Plan::Weaken(..) | Plan::Nothing => Some(order.ordering),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchdog as _;

    fn ordering(plan: &str, order: &'static Order) -> Option<Ordering> {
        Weakened { plan: Plan::read(plan).unwrap(), reached: RefCell::default() }.order(order)
    }

    #[test]
    fn one_order_is_weaker_and_no_other() {
        assert_eq!(ordering("FINISH=Relaxed", &hook::FINISH), Some(Ordering::Relaxed));
        assert_eq!(ordering("FINISH=Relaxed", &hook::LOOK), Some(Ordering::Acquire));
        assert_eq!(ordering("START=removed", &hook::START), None);
        assert_eq!(ordering("START=removed", &hook::COALESCE), Some(Ordering::SeqCst));
        assert_eq!(ordering(NOTHING, &hook::START), Some(Ordering::SeqCst));
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        for text in ["", "START", "START=", "NOBODY=Relaxed", "FINISH=SeqCst", "FINISH=relaxed"] {
            assert_eq!(Plan::read(text), None, "{text}");
        }
    }
}
