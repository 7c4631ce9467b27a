//! Keys that an attacker chooses: what a call does stays the same, memory stays below its limit, and the keys of
//! others are served.
//!
//! The attacker knows this library and the numbers of its shards and places. He does not know the seed of the hash.

#![cfg(feature = "keyed")]

use watchdog as _;

mod families;
mod full;
mod hashes;
mod pending;
mod work;
