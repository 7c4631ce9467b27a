//! A crate that uses atomic-throttle, and model-checks its own code with it. The code is [`Settings`] that save
//! themselves, as a user of the library might write them.
//!
//! Loom explores every order in which the threads of a model can act, and every value that the memory model
//! lets a load return. It sees this crate's atomics and those of the throttle, so a model is about both
//! together: it can show that they are put together rightly.
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
//!    `atomic_throttle_loom` puts the throttle on loom's atomics, and also this crate, which asks for the
//!    same flag. `loom` is the flag that event-listener, on which the throttle waits, looks for. Both reach
//!    every dependency: if one of yours gives another meaning to `loom`, keep the models in a package of
//!    their own, as here. If the flags are in `RUSTFLAGS`, the same package serves for the models and for
//!    production.
//! 2. **The dependencies** of the models, in `Cargo.toml`:
//!
//!    ```toml
//!    [target.'cfg(atomic_throttle_loom)'.dependencies]
//!    loom = "0.7"
//!    event-listener = { version = "5.4", features = ["loom"] }
//!    ```
//!
//!    Nothing in your code names event-listener. The line switches on its feature `loom`, without which it
//!    does not compile under the flag. atomic-throttle needs no feature but its default `std`. These lines
//!    tell the compiler that the flags exist, so that it does not warn:
//!
//!    ```toml
//!    [lints.rust]
//!    unexpected_cfgs = { level = "warn", check-cfg = ["cfg(atomic_throttle_loom)", "cfg(loom)"] }
//!    ```
//! 3. **A module `sync`**, from which your code takes its atomics: loom's under the flag, those of `std`
//!    otherwise. It is the only place that knows about loom. Loom does not see what does not go through it.
//! 4. **A clock as a parameter**, as in [`Settings`]: `Monotonic` in production, `Manual` in a model, where
//!    time does not pass by itself. There a thread of the model moves the clock in place of a time-out.
//! 5. **Models** in `tests/`, run by `cargo test --release`. Under the flags a throttle, like any object on
//!    loom's atomics, can be made only inside of a model, and not in a `static` (`Throttle::new` is not
//!    `const` there).
//!
//! Bound the number of preemptions (`loom::model::Builder`), and say so: a wait makes many accesses. Two
//! threads that call while one of them moves the clock can take many minutes in full, and take a second with at
//! most three preemptions. A lost wake-up shows as a deadlock, which loom reports.
//!
//! # What it cannot show
//!
//! Loom joins the threads' views at a `SeqCst` fence, which is more than Rust's memory model promises for plain
//! memory. So use atomics, locks or another `Sync` type to hand things from your calls to a run.
//!
//! Loom leaves out some orders where a thread loads an atomic and then writes it while another loads it. The
//! throttle makes up for that among its own atomics; nothing does among yours.

#![warn(missing_docs)]

mod settings;
mod sync;

pub use settings::{Settings, Store};
