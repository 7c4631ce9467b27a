//! How keys are hashed unless the user says otherwise.

use core::fmt;
use core::hash::BuildHasher;
use foldhash::quality::{FoldHasher, RandomState};

/// The hash of keys by default: fast, and seeded at random for each [`Keyed`](super::Keyed).
///
/// ```
/// use atomic_throttle::{KeyHash, Keyed, Monotonic};
///
/// struct Limits {
///     of_users: Keyed<String, Monotonic, KeyHash>, // As `Keyed<String>`.
/// }
/// ```
///
/// It is hard, but not proven to be infeasible, to choose keys whose hashes collide without knowing the
/// seed. If a patient attacker chooses the keys and can measure the calls, pass
/// `std::hash::RandomState` to [`KeyedBuilder::hasher`](super::KeyedBuilder::hasher), for some 15 ns a call.
#[derive(Clone, Default)]
pub struct KeyHash(RandomState);

impl BuildHasher for KeyHash {
    type Hasher = FoldHasher<'static>;

    #[inline]
    fn build_hasher(&self) -> Self::Hasher {
        self.0.build_hasher()
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash")
    }
}
