//! [`Keyed`]: one throttle for each key, for millions of keys. Leading edge only; [`KeyedThrottled`] has the
//! trailing edge, on a thread.
//!
//! # States under locks
//!
//! Each key has a [`State`](crate::state::State) of its own, 8 bytes, and no gate. The states are in a hash
//! table that is divided into shards, and each shard has a lock. They are moved by the transitions that move the
//! word of a gate, in two ways.
//!
//! A call of a `Keyed` on a key that is known shares the lock with other such calls: it keeps the table as it is,
//! and nothing else. So the word is moved by compare-and-swap, and a run finishes by a store. Two orderings make a
//! run see the one before it. There is no fence, because no call coalesces.
//!
//! Those who share the lock do not write to a line that they share: it is eight locks, and a thread takes one of
//! them by its number. Who wants it alone takes all eight. With more than eight threads, some meet on a line.
//!
//! All else has the lock alone: keys that come in, evictions, tables that grow, and every move of a
//! `KeyedThrottled`, where a deferral is kept beside the word. Then transitions are plain function calls, and the
//! lock gives the atomicity and the visibility.
//!
//! # Eviction is exact
//!
//! That is why the map is not lock-free. A key may be forgotten only if it is idle at that very moment. A
//! call that comes at that moment must either find the key, or see that it is gone and what is remembered of
//! it. Under a lock that is one step, and loom can check it. A lock-free map takes more bytes a key, for
//! pointers and for memory that waits to be reclaimed, and it decides on a state that may have been removed
//! from it. The price of the lock is G7, and the documentation of the types says so: a thread that is
//! preempted while it has the lock alone delays the calls on the keys of its shard until it goes on.
//!
//! Of the keys that were evicted, each shard remembers one state: the latest. A key that is not in the table
//! is decided by that state. So G1 holds whatever the clock does after an eviction.
//!
//! Calls may name thresholds of their own. The shards remember the longest, and a key is kept for that. A call names
//! its threshold before it is decided under the lock of a shard, and an eviction asks for the longest one when it has
//! that lock alone. So a key that a call has found is not forgotten in its window.
//!
//! Nobody sweeps the tables: a call on a new key, and one in 32 runs of the others, looks at a few places of one
//! shard. The latter does so under the lock that it shares with calls, and asks to be alone only if it has seen a key
//! to evict.
//!
//! # What runs under a lock
//!
//! Of the user's code only `Hash` and `Eq` of the keys run under a lock. The run itself, `Clone` and `Drop`
//! of keys, and the clock do not.

mod builder;
mod deciding;
mod error;
mod evict;
mod front;
mod hash;
mod over;
mod run;
mod shard;
mod shards;
mod throttled;
mod word;

pub use self::builder::KeyedBuilder;
pub use self::error::KeyedError;
pub use self::front::Keyed;
pub use self::hash::KeyHash;
pub use self::run::KeyedRun;
pub use self::throttled::{
    AllKeys, KeyTicket, KeyedThrottled, KeyedThrottledBuilder, NotTaken, OwnedKeyTicket, WeakKeyedThrottled,
};
