//! The limits: the parts that a call is made of. They stand in every scenario, because no contestant can do
//! without them.

use super::{Contestant, Role};
use crate::scenario::Runs;
use crate::subject::subject;
use benches::Padded;
use benches::promises::Promises;
use measure_options::contention::Scenario;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// All threads do it on one word. `call` returns whether it ran, as the calls of contestants do; a limit never
/// runs.
pub fn limit(
    name: &'static str,
    note: &'static str,
    call: impl Fn(&AtomicU64) -> bool + Copy + Send + Sync + 'static,
) -> Contestant {
    let prepare = move |_| {
        let word = Arc::new(Padded(AtomicU64::new(0)));
        subject(word, call).ready()
    };
    Contestant {
        name,
        role: Role::Limit,
        promises: Promises::NONE,
        note,
        runs: Runs::Never,
        owners_wait: false,
        scenarios: &Scenario::ALL,
        prepare: Box::new(prepare),
    }
}
