//! The sources of `Keyed`, built a second time with a planted `over`. Loom and shuttle use them.

#[path = "../../../src/front/keyed/active.rs"]
mod active;
#[path = "../../../src/front/keyed/builder.rs"]
mod builder;
#[path = "../../../src/front/keyed/error.rs"]
mod error;
#[path = "../../../src/front/keyed/evict.rs"]
mod evict;
#[path = "../../../src/front/keyed/front.rs"]
mod front;
#[path = "../../../src/front/keyed/hash.rs"]
mod hash;
#[path = "over.rs"]
mod over;
#[path = "../../../src/front/keyed/run.rs"]
mod run;
#[path = "../../../src/front/keyed/shard.rs"]
mod shard;
#[path = "../../../src/front/keyed/shards.rs"]
mod shards;

pub use self::builder::KeyedBuilder;
pub use self::error::KeyedError;
pub use self::front::Keyed;
