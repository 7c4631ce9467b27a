//! How `cargo xtask weaken` asks a model about a weaker order, and how the model answers.

/// The environment variable with the plan of the process: an order and what becomes of it (`FINISH=Relaxed`,
/// `START=removed`), or [`NOTHING`].
pub const VARIABLE: &str = "ATOMIC_THROTTLE_WEAKEN";
/// Weaken nothing.
pub const NOTHING: &str = "nothing";
/// Takes the place of an ordering where a fence is left out.
pub const REMOVED: &str = "removed";
/// The text before each order that the library has: `FINISH Swap Release Gate::finish`.
pub const ORDER: &str = "weaken: order ";
/// The text before the name of an order, once for each that was reached.
pub const REACHED: &str = "weaken: reached ";
/// A model begins.
pub const EXPLORING: &str = "weaken: exploring";
/// A model has ended, and no execution of it failed.
pub const EXPLORED: &str = "weaken: explored";
