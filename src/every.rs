//! [`every!`](crate::every!): at most once per threshold and call site.

use crate::clock::{Clock, Monotonic};
use crate::gate::{Gate, Run};
use crate::sync::{AtomicU64, Ordering, const_unless_loom};
use crate::time::Threshold;
use core::time::Duration;

/// Evaluates an expression at most once per threshold at this call site.
///
/// `every!(threshold, expression)` is `Some` of the expression's value if it was evaluated, else `None`.
/// `every!(threshold, |suppressed| expression)` gives it the number of calls that were suppressed since
/// it was last evaluated.
///
/// ```
/// use atomic_throttle::every;
/// use std::time::Duration;
///
/// for attempt in 1..=1000 {
///     every!(Duration::from_secs(3600), |suppressed| {
///         println!("still failing at attempt {attempt} ({suppressed} messages suppressed)");
///     });
/// }
/// ```
///
/// The expression stands in your function: `?`, `return` and `break` in it work as everywhere. The
/// threshold is a constant expression. Each call site counts for itself; a loop is one call site.
///
/// # Guarantees
///
/// Two evaluations start at least one threshold apart (G1) and do not overlap (G2); one that panics
/// counts as one (G6). A call inside the expression to the same call site is suppressed (G9). Suppressed
/// calls are promised nothing, there is no trailing edge: the count after the last evaluation is not
/// reported until the next.
///
/// # Cost
///
/// One hidden static of 24 bytes; no allocation, no initialization. A suppressed call reads the clock
/// and increments the counter.
#[macro_export]
macro_rules! every {
    ($threshold:expr, |$suppressed:ident| $expression:expr $(,)?) => {{
        static SITE: $crate::Site = $crate::Site::new($threshold);
        match SITE.enter() {
            // The expression may leave the function, and the rest is then not reached.
            #[allow(unreachable_code)]
            ::core::option::Option::Some(entry) => {
                let $suppressed: u64 = entry.suppressed();
                let value = $expression;
                ::core::mem::drop(entry);
                ::core::option::Option::Some(value)
            }
            ::core::option::Option::None => ::core::option::Option::None,
        }
    }};
    // What else looks like a closure means the same, and must not become a closure that nobody calls.
    ($threshold:expr, |$suppressed:ident : $count:ty| $expression:expr $(,)?) => {
        $crate::every!($threshold, |$suppressed| {
            let $suppressed: $count = $suppressed;
            $expression
        })
    };
    ($threshold:expr, |_| $expression:expr $(,)?) => {
        $crate::every!($threshold, |_suppressed| $expression)
    };
    ($threshold:expr, || $expression:expr $(,)?) => {
        $crate::every!($threshold, |_suppressed| $expression)
    };
    ($threshold:expr, move $($closure:tt)*) => {
        $crate::every!($threshold, $($closure)*)
    };
    ($threshold:expr, $expression:expr $(,)?) => {
        $crate::every!($threshold, |_suppressed| $expression)
    };
}

/// What [`every!`](crate::every!) keeps for one call site. Use it by name to share one count between
/// several sites, or to bring a clock of your own.
///
/// ```
/// use atomic_throttle::Site;
/// use std::time::Duration;
///
/// static WARNINGS: Site = Site::new(Duration::MAX);
///
/// assert_eq!(WARNINGS.enter().map(|entry| entry.suppressed()), Some(0));
/// assert!(WARNINGS.enter().is_none());
/// ```
#[derive(Debug)]
pub struct Site<C = Monotonic> {
    gate: Gate,
    suppressed: AtomicU64,
    clock: C,
}

impl Site {
    const_unless_loom! {
        /// A site that is entered at most once per `threshold`, clamped to [`Threshold::MAX`].
        #[must_use]
        pub const fn new(threshold: Duration) -> Self {
            Self::with_clock(threshold, Monotonic)
        }
    }
}

impl<C> Site<C> {
    const_unless_loom! {
        /// A site on any clock.
        #[must_use]
        pub const fn with_clock(threshold: Duration, clock: C) -> Self {
            Self { gate: Gate::new(Threshold::new(threshold)), suppressed: AtomicU64::new(0), clock }
        }
    }
}

impl<C: Clock> Site<C> {
    /// Enters the site, or counts the call as suppressed.
    ///
    /// Cost: a clock reading and two loads, and an increment of the shared counter if suppressed.
    #[inline]
    #[must_use = "dropping the entry leaves the site"]
    pub fn enter(&self) -> Option<Entry<'_>> {
        if let Ok(run) = self.gate.try_start(self.clock.now()) {
            // ORDERING: Relaxed. The counter publishes nothing; each call is counted once by the
            // read-modify-writes alone.
            let suppressed = self.suppressed.swap(0, Ordering::Relaxed);
            return Some(Entry { suppressed, _run: run });
        }
        // ORDERING: Relaxed; see above.
        self.suppressed.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// A site that was entered: nobody else enters it until this is dropped.
#[derive(Debug)]
#[must_use = "dropping it leaves the site"]
pub struct Entry<'s> {
    suppressed: u64,
    _run: Run<'s>,
}

impl Entry<'_> {
    /// How many calls were suppressed since the site was last entered.
    #[must_use]
    pub fn suppressed(&self) -> u64 {
        self.suppressed
    }
}
