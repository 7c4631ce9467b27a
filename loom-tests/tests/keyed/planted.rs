//! The sources of `Keyed`, built a second time with a planted `over`. Loom and shuttle use them.

#[path = "../../../src/keyed/active.rs"]
mod active;
#[path = "../../../src/keyed/builder.rs"]
mod builder;
#[path = "../../../src/keyed/error.rs"]
mod error;
#[path = "../../../src/keyed/evict.rs"]
mod evict;
#[path = "../../../src/keyed/front.rs"]
mod front;
#[path = "../../../src/keyed/hash.rs"]
mod hash;
#[path = "over.rs"]
mod over;
#[path = "../../../src/keyed/run.rs"]
mod run;
#[path = "../../../src/keyed/shard.rs"]
mod shard;
#[path = "../../../src/keyed/shards.rs"]
mod shards;

pub use self::builder::KeyedBuilder;
pub use self::error::KeyedError;
pub use self::front::Keyed;
