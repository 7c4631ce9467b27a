//! An order of the library, as its models tell it.

use crate::weaken::weaker::{Weaker, weaker};
use std::fmt;
use std::sync::atomic::Ordering;

/// A fence, or the ordering of an access.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    pub name: String,
    what: String,
    was: String,
    site: String,
}

impl Order {
    /// Reads `FINISH Swap Release Gate::finish`.
    ///
    /// # Errors
    ///
    /// If it is something else.
    pub fn read(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split(' ').map(str::to_owned).collect();
        let Ok([name, what, was, site]) = <[String; 4]>::try_from(words) else {
            return Err(format!("no order: {text}"));
        };
        let order = Self { name, what, was, site };
        order.weaker()?;
        Ok(order)
    }

    /// The ways in which it can be weaker.
    ///
    /// # Errors
    ///
    /// If nobody has said how.
    pub fn weaker(&self) -> Result<Vec<Weaker>, String> {
        let was = match self.was.as_str() {
            "Acquire" => Ordering::Acquire,
            "Release" => Ordering::Release,
            "AcqRel" => Ordering::AcqRel,
            "SeqCst" => Ordering::SeqCst,
            other => return Err(format!("{}: {other} is no ordering that can be weaker", self.name)),
        };
        weaker(&self.what, was)
    }

    pub fn was(&self) -> &str {
        &self.was
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what.as_str() {
            "Swap" => "compare-and-swap".to_owned(),
            "Add" => "addition".to_owned(),
            other => other.to_lowercase(),
        };
        write!(f, "{}: {what} of {}", self.name, self.site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read() {
        let order = Order::read("FINISH Swap Release Gate::finish").unwrap();
        assert_eq!(order.to_string(), "FINISH: compare-and-swap of Gate::finish");
        assert_eq!(order.weaker(), Ok(vec![Weaker::Ordering(Ordering::Relaxed)]));
        let order = Order::read("START Fence SeqCst Gate::started").unwrap();
        assert_eq!(order.weaker(), Ok(vec![Weaker::Ordering(Ordering::AcqRel), Weaker::Removed]));
    }

    #[test]
    fn an_order_that_cannot_be_weaker_is_refused() {
        for text in ["", "START", "START Fence Relaxed Gate::started", "START Store SeqCst Gate::started"] {
            assert!(Order::read(text).is_err(), "{text}");
        }
    }
}
