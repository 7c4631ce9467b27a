//! Where the random scripts come from.

use rand::TryRng;
use rand::rngs::SysRng;

/// Repeats the scripts of an earlier run, whose first seed was printed. The threads may meet in other
/// ways than they did then.
pub const SEED: &str = "HISTORY_SEED";

/// An endless sequence of seeds: new ones in each run of the tests, unless `HISTORY_SEED` names the first.
///
/// # Panics
///
/// If the variable is not a number, or the system has no randomness.
pub fn seeds() -> impl Iterator<Item = u64> {
    let first = match std::env::var(SEED) {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => SysRng.try_next_u64().expect("a random number of the system"),
    };
    println!("{SEED}={first}");
    (0..).map(move |history| first.wrapping_add(history))
}
