//! [`Keyed`]: one throttle for each key, for millions of keys. Leading edge only; [`KeyedThrottled`] has the
//! trailing edge, on a thread.
//!
//! Each key has a [`State`](crate::state::State) of its own, 8 bytes, in a hash table that is divided into
//! shards; each shard has a lock. Under that lock a state is moved by the transitions that move the word of
//! a gate, as plain function calls: no compare-and-swap and no fence, for the lock gives what both are for.
//! A call that is refused only reads, and does not keep other such calls waiting; one that may run decides
//! anew when it has the lock alone.
//!
//! Why not a lock-free map: eviction has to be exact. A key may be forgotten only if it is idle at that very
//! moment, and a call that comes at that moment must either find it or see that it is gone, and what is to be
//! remembered of it. Under a lock that is one step, and loom can check it. A lock-free map takes more bytes a
//! key, for pointers and for memory that waits to be reclaimed, and decides on a state that may have been
//! removed from it. The price is G7: a thread that is preempted inside a decision delays the calls on the
//! keys of its shard, until it goes on.
//!
//! No code of the user runs under a lock but `Hash` and `Eq` of the keys. The run itself, `Clone` and `Drop`
//! of keys, and the clock do not.

mod active;
mod builder;
mod error;
mod evict;
mod front;
mod hash;
mod over;
mod run;
mod shard;
mod shards;
mod throttled;

pub use self::builder::KeyedBuilder;
pub use self::error::KeyedError;
pub use self::front::Keyed;
pub use self::hash::KeyHash;
pub use self::run::KeyedRun;
pub use self::throttled::{KeyedThrottled, KeyedThrottledBuilder, NotTaken, WeakKeyedThrottled};
