//! The thread of a [`KeyedThrottled`](super::KeyedThrottled), which drives its engine: one run after the other.

use super::engine::{Engine, Next};
use crate::front::failure::{AnyError, caught};
use crate::front::owner::{Shutdown, discard, discard_panics};
use crate::front::payload::Payload;
use core::hash::{BuildHasher, Hash};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The life of the thread.
pub(super) fn work<K: Hash + Eq, P: Payload, S: BuildHasher>(
    mut engine: Engine<K, P, S>,
    mut f: impl FnMut(&K, &mut P::Given) -> Result<(), AnyError>,
) {
    let shared = Arc::clone(engine.shared());
    let _inside = shared.step_inside();
    // The clock may panic, too, and what drops a key.
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

fn serve<K: Hash + Eq, P: Payload, S: BuildHasher>(
    engine: &mut Engine<K, P, S>,
    f: &mut impl FnMut(&K, &mut P::Given) -> Result<(), AnyError>,
) -> Shutdown {
    let shared = Arc::clone(engine.shared());
    loop {
        match shared.waiting().until(|| engine.look()) {
            Next::Perform(mut started) => {
                let mut given = engine.begin(&mut started);
                let result = match &mut given {
                    Some(given) => caught(|| f(started.key(), given)),
                    None => Ok(()),
                };
                if !engine.finish(started, given, result) {
                    return Shutdown::Panicked;
                }
            }
            Next::End => return engine.conclude(),
        }
    }
}
