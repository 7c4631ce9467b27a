//! The negative controls: faults that are planted in the library, and that the models find.
//!
//! The hook of the library plants them. Each model is explored with nothing planted, and must pass, then with each
//! of its faults, and must fail. This shows that the models can fail, and that each fence and each ordering is
//! needed.

mod counts;
mod fault;
mod finishes;
mod moves;
mod no_missed_update;
mod three_roles;
mod wakes;
mod worker_decides;
mod worker_is_woken;

use watchdog as _;
