//! The gate and the waiting of the built library, judged by the axioms. A hook records each access and answers it
//! (`recorded`). So the code is judged, and not a model of it. Spurious failures of its compare-and-swap are tried, too.
//!
//! All data is relaxed. A planted fault weakens one ordering in one thread; the function that the operation
//! stands in names the place.
//!
//! Each thread performs one or two calls, with the runs that follow from them. It cannot show what a longer
//! program does.

#[cfg(not(atomic_throttle_hook))]
compile_error!(
    "run this with `cargo test` inside `verify/axioms/gate`, where .cargo/config.toml sets the flag"
);

mod coverage;
mod leaving;
mod models;
mod plain;
mod publication;
mod recorded;
mod scenario;
mod takeover;
mod waiting;
mod windows;

use watchdog as _;
