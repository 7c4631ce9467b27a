//! A crate that uses atomic-throttle, and model-checks its own code with it: [`Settings`] that save
//! themselves, as somebody might write them.
//!
//! Loom explores every order in which the threads of a model can act, and every value that the memory
//! model lets a load return. It sees this crate's atomics and those of the throttle, so that a model is
//! about both together: that they are put together rightly is what it can show.
//!
//! # How to set up such a package
//!
//! 1. **The flags**, in `.cargo/config.toml`, or in `RUSTFLAGS`:
//!
//!    ```toml
//!    [build]
//!    rustflags = ["--cfg", "atomic_throttle_loom", "--cfg", "loom"]
//!    ```
//!
//!    `atomic_throttle_loom` puts the throttle on loom's atomics, and this crate, which asks for the same
//!    flag. `loom` is the flag that event-listener, on which the throttle waits, looks for. Both reach
//!    every dependency: if one of yours means something else by `loom`, keep the models in a package of
//!    their own, as here. Where the flags are in `RUSTFLAGS`, the same package serves for the models and
//!    for production.
//! 2. **The dependencies** of the models, in `Cargo.toml`:
//!
//!    ```toml
//!    [target.'cfg(atomic_throttle_loom)'.dependencies]
//!    loom = "0.7"
//!    event-listener = { version = "5.4", features = ["loom"] }
//!    ```
//!
//!    Nothing in your code names event-listener; the line switches its feature `loom` on, without which
//!    it does not compile under the flag. atomic-throttle needs no feature but its default `std`. So that
//!    the compiler knows the flags, and does not warn:
//!
//!    ```toml
//!    [lints.rust]
//!    unexpected_cfgs = { level = "warn", check-cfg = ["cfg(atomic_throttle_loom)", "cfg(loom)"] }
//!    ```
//! 3. **A module `sync`**, from which your code takes its atomics: loom's under the flag, else those of
//!    `std`. It is the only place that knows of loom. What does not go through it, loom does not see.
//! 4. **A clock as a parameter**, as in [`Settings`]: `Monotonic` in production, `Manual` in a model,
//!    where time does not pass by itself. What a time-out would do, a thread of the model does by moving
//!    the clock.
//! 5. **Models** in `tests/`, run by `cargo test --release`. Under the flags a throttle, as any object
//!    on loom's atomics, can be made inside of a model only, and not in a `static` (`Throttle::new` is
//!    not `const` there).
//!
//! Bound the number of preemptions (`loom::model::Builder`), and say so: to wait is many accesses, and two
//! threads that call while one of them moves the clock can take many minutes in full, and a second with at
//! most three preemptions. A wake-up that is lost shows as a deadlock, which loom reports.
//!
//! # What it cannot show
//!
//! Loom joins the threads' views at a `SeqCst` fence, which is more than Rust's memory model promises for
//! plain memory. What your calls hand to a run, hand over by atomics, by locks or by another `Sync` type.
//!
//! Loom leaves out some orders where a thread loads an atomic and then writes it while another loads it.
//! Inside the throttle that is made up for; among your own atomics it is not.

#![warn(missing_docs)]

mod settings;
mod sync;

pub use settings::{Settings, Store};
