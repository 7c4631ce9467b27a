//! The thread of a [`Throttled`](super::Throttled), which drives its engine.
//!
//! Linux lets a timed wait end 50 µs late, so that the wake-ups of several threads coincide. The thread asks
//! for 1 ns instead. It wakes at most once for each threshold, so there is little to save, and a deferred run
//! starts that much sooner. The threads of callers are left as they are.
//!
//! The last handle ends the thread.

use super::engine::{Engine, Next};
use crate::front::failure::{AnyError, caught};
use crate::front::owner::{Shutdown, discard, discard_panics};
use crate::front::payload::Payload;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The life of the thread.
pub(super) fn work<P: Payload>(
    mut engine: Engine<P>,
    mut f: impl FnMut(&mut P::Given) -> Result<(), AnyError>,
) {
    let shared = Arc::clone(engine.shared());
    let _inside = shared.frame.step_inside();
    // The clock may panic, too.
    let served = catch_unwind(AssertUnwindSafe(|| serve(&mut engine, &mut f)));
    let shutdown = served.unwrap_or_else(|payload| {
        discard(payload);
        Shutdown::Panicked
    });
    // Drops what they hold before the end is announced, one at a time: a second panic while unwinding would abort.
    discard_panics(|| drop(f));
    engine.drop_hooks();
    engine.end(shutdown);
}

fn serve<P: Payload>(
    engine: &mut Engine<P>,
    f: &mut impl FnMut(&mut P::Given) -> Result<(), AnyError>,
) -> Shutdown {
    let shared = Arc::clone(engine.shared());
    loop {
        match shared.frame.waiting().until(|| engine.look()) {
            Next::Perform(mut started) => {
                let Some(mut given) = engine.begin(&mut started) else { continue };
                let result = caught(|| f(&mut given));
                if !engine.finish(started, Some(given), result) {
                    return Shutdown::Panicked;
                }
            }
            Next::End => return engine.conclude(),
        }
    }
}
