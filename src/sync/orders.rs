//! The orders: each fence, and each ordering that is stronger than Relaxed, has a name. It is used in one place.
//!
//! The fences carry the visibility of decisions, so every other access of an atomic is Relaxed. docs/orders.md shows
//! this table and says which check fails without each of them.

use super::Ordering;

/// A fence, or the ordering of an access.
#[derive(Debug)]
pub struct Order {
    /// The name of the constant.
    pub name: &'static str,
    /// The operation that it belongs to.
    pub site: &'static str,
    /// What has this ordering.
    pub what: What,
    /// The ordering.
    pub ordering: Ordering,
    /// The names of those that it pairs with.
    pub partners: &'static [&'static str],
    /// What it is for.
    pub why: &'static str,
}

/// What has an ordering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A fence.
    Fence,
    /// A load.
    Load,
    /// A compare-and-swap.
    Swap,
    /// An addition.
    Add,
    /// A store that returns the value before.
    Exchange,
    /// A store.
    Store,
}

macro_rules! orders {
    ($($(#[$meta:meta])* $name:ident: $site:literal, $what:ident $ordering:ident, with $partners:expr, $why:literal;)*) => {
        $(
            $(#[$meta])*
            pub const $name: Order = Order {
                name: stringify!($name),
                site: $site,
                what: What::$what,
                ordering: Ordering::$ordering,
                partners: &$partners,
                why: $why,
            };
        )*

        /// All of them.
        pub const ALL: &[Order] = &[$($name),*];
    };
}

orders! {
    /// Before the decision of a call that may coalesce.
    COALESCE: "Gate::coalesce", Fence SeqCst, with ["START"],
        "the caller sees the start, or the run sees what the caller wrote";
    /// As [`COALESCE`].
    ARRIVE: "Gate::arrive", Fence SeqCst, with ["START"],
        "as `COALESCE`; and a call that takes over the deferral sees what this one wrote";
    /// As [`COALESCE`].
    ARRIVE_BY: "Gate::arrive_by", Fence SeqCst, with ["START"], "as `ARRIVE`";
    /// As [`COALESCE`].
    REQUEST: "Gate::request", Fence SeqCst, with ["START"], "as `ARRIVE`";
    /// As [`COALESCE`].
    OWE: "Gate::owe", Fence SeqCst, with ["START"], "as `ARRIVE`";
    /// After every start.
    START: "Gate::started", Fence SeqCst,
        with ["COALESCE", "ARRIVE", "ARRIVE_BY", "REQUEST", "OWE", "FINISH", "COUNT"],
        "the run sees what the callers wrote that it covers, and what the run before it did";
    /// The end of a run.
    FINISH: "Gate::finish", Swap Release, with ["LOOK", "START"],
        "a thread that sees the run finished sees what it did";
    /// A look at the state.
    LOOK: "Gate::state", Load Acquire, with ["FINISH"], "as `FINISH`";
    /// The end of a run of a key.
    KEY_FINISH: "Word::finish", Store Release, with ["KEY_LOOK"], "as `FINISH`, for the next run of the key";
    /// A look at the state of a key, before each decision.
    KEY_LOOK: "Word::look", Load Acquire, with ["KEY_FINISH"], "as `KEY_FINISH`";
    /// The count of a call that is about to be decided.
    COUNT: "Count::count", Add AcqRel, with ["TELL", "START"],
        "a run that counts a call sees what the caller wrote; a call that a run does not count sees its start";
    /// The calls that a run is given the number of.
    TELL: "Count::start", Exchange Acquire, with ["COUNT"], "the first half of `COUNT`";
    /// Between a move of the word and the look for waiters.
    NOTIFY: "Waiting::notify", Fence SeqCst, with ["REGISTER"],
        "the waiter sees the move, or it is notified";
    /// Between the count of a waiter and its look at the word.
    REGISTER: "Registered::new", Fence SeqCst, with ["NOTIFY"], "as `NOTIFY`";
}

#[cfg(test)]
mod tests {
    use super::{ALL, Ordering, What};
    use std::format;

    #[test]
    fn partners_pair_with_each_other() {
        for order in ALL {
            for partner in order.partners {
                let partner = ALL.iter().find(|it| it.name == *partner).expect("it is an order");
                assert!(partner.partners.contains(&order.name), "{} with {}", order.name, partner.name);
            }
        }
    }

    #[test]
    fn an_access_has_an_ordering_that_it_can_have() {
        for order in ALL {
            let can = match order.what {
                What::Fence => order.ordering != Ordering::Relaxed,
                What::Load | What::Exchange => order.ordering == Ordering::Acquire,
                What::Swap | What::Store => order.ordering == Ordering::Release,
                What::Add => order.ordering == Ordering::AcqRel,
            };
            assert!(can, "{order:?}");
        }
    }

    /// The chapter shows this table.
    #[test]
    fn the_chapter_has_the_same_table() {
        let chapter = include_str!("../../docs/orders.md");
        for order in ALL {
            let what = match order.what {
                What::Fence => "fence",
                What::Load => "load",
                What::Swap => "compare-and-swap",
                What::Add => "addition",
                What::Exchange => "exchange",
                What::Store => "store",
            };
            let partners = format!("`{}`", order.partners.join("`, `"));
            let row = format!(
                "| `{}` | `{}`, {what} | {:?} | {partners} | {} |",
                order.name, order.site, order.ordering, order.why
            );
            assert!(chapter.lines().any(|line| line.starts_with(&row)), "docs/orders.md has no row\n{row}");
        }
    }
}
