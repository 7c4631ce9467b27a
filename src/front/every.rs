//! [`every!`](crate::every!): at most once per threshold and call site.

use crate::clock::{Clock, Monotonic};
use crate::front::observe::{self, Edge, Source};
use crate::front::payload::Number;
use crate::front::snapshot::Snapshot;
use crate::gate::{Gate, Run};
use crate::sync::const_unless_loom;
use crate::time::Threshold;
use core::time::Duration;

/// Evaluates an expression at most once per threshold at this call site.
///
/// `every!(threshold, expression)` is `Some` of the expression's value if it was evaluated, and `None` otherwise.
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
/// *The expression of a suppressed call is not evaluated, and only the number of such calls is kept.* So it
/// must do nothing that each call has to do. Do that outside of it:
///
/// ```
/// use atomic_throttle::every;
/// use std::time::Duration;
///
/// let mut bytes = 0;
/// for packet in [100, 200, 300] {
///     bytes += packet; // Not in the expression: that is evaluated once here.
///     every!(Duration::from_secs(3600), println!("{bytes} bytes so far"));
/// }
/// assert_eq!(bytes, 600);
/// ```
///
/// The expression stands in your function: `?`, `return` and `break` in it work as everywhere. The
/// threshold is a constant expression. Each call site counts for itself; a loop is one call site.
///
/// # The end of the count
///
/// There is no trailing edge: what was suppressed after the last evaluation is reported by the next, and if
/// none comes, not at all. Where that matters:
///
/// * [`Throttle::counting`](crate::Throttle::counting) has a trailing edge, which reports the last calls when the
///   window ends. One of the callers waits for that; with a [`Throttled` that counts](crate::ThrottledBuilder::counting) a
///   thread does.
/// * A [`Site`] with a name does what `every!` does, and can be asked at the end of the program, or from
///   time to time, by [`take_suppressed`](Site::take_suppressed):
///
/// ```
/// use atomic_throttle::Site;
/// use std::time::Duration;
///
/// static DROPPED: Site = Site::new(Duration::from_secs(3600));
///
/// for packet in 0..10 {
///     if let Some(entry) = DROPPED.enter() {
///         println!("dropped packet {packet} ({} messages suppressed)", entry.suppressed());
///     }
/// }
/// match DROPPED.take_suppressed() {
///     0 => {}
///     more => println!("dropped {more} more packets since the last message"),
/// }
/// # assert_eq!(DROPPED.suppressed(), 0);
/// ```
///
/// # Guarantees
///
/// Two evaluations start at least one threshold apart (G1) and do not overlap (G2); one that panics
/// counts as one (G6). A call inside the expression to the same call site is suppressed (G9). Suppressed
/// calls are promised nothing but to be counted, once each.
///
/// # Signal handlers and forked children
///
/// It may be used in a signal handler, without the feature `tracing`, if the expression may: `println!` may not. See
/// [Signal handlers](crate::design::waiting#signal-handlers).
///
/// In a forked child each site goes on from where it was. If another thread of the parent was inside of the
/// expression at the fork, the site is suppressed in the child for ever: see [Forked
/// children](crate::design::waiting#forked-children).
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
/// several sites, or to bring a clock of your own. In signal handlers and forked children it is as
/// [`every!`](crate::every!#signal-handlers-and-forked-children).
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
#[repr(C)]
pub struct Site<C = Monotonic> {
    /// First, so that events name the site by its own address.
    gate: Gate,
    suppressed: Number,
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
            Self { gate: Gate::new(Threshold::new(threshold)), suppressed: Number::new(), clock }
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
        let refused = self.clock.estimate().and_then(|estimate| self.gate.refuses(estimate));
        let started = refused.map_or_else(|| self.gate.try_start(self.clock.now()), Err);
        if let Ok(run) = started {
            let epoch = run.epoch();
            let entry = Entry { suppressed: self.suppressed.take(), _run: run };
            observe::run_started(
                Source { front: "Site", address: (&raw const self.gate).cast() },
                epoch,
                Edge::Leading,
            );
            return Some(entry);
        }
        self.suppressed.count();
        None
    }
}

impl<C> Site<C> {
    /// How many calls were suppressed and not yet reported; they count as reported now. For the end of a
    /// program, where no further entry reports them.
    ///
    /// Each suppressed call is in one entry's count, or in one of these. The window is left as it is.
    ///
    /// Cost: one exchange.
    #[must_use = "these calls are not counted any more"]
    pub fn take_suppressed(&self) -> u64 {
        self.suppressed.take()
    }

    /// How many calls were suppressed and not yet reported, at this moment.
    #[must_use]
    pub fn suppressed(&self) -> u64 {
        self.suppressed.outstanding()
    }

    /// The clock that its timestamps are readings of.
    #[must_use]
    pub fn clock(&self) -> &C {
        &self.clock
    }

    /// All that there is to see at this moment, to be read by a person.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.gate.state(), self.gate.threshold())
    }
}

/// A site that was entered: no other call enters it until this is dropped.
///
/// ```
/// use atomic_throttle::Site;
/// use std::time::Duration;
///
/// static SLOW: Site = Site::new(Duration::from_secs(1));
///
/// if let Some(entry) = SLOW.enter() {
///     println!("a slow request, and {} before", entry.suppressed());
/// }
/// ```
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
