//! [`Key`]: a key that counts how often it is compared and hashed, and [`Seen`]: what calls have done.
//!
//! A count is the same on every machine, and a time is not. What it does not see is work on places of a table that
//! asks nothing of a key: `cargo bench --bench keyed -- full` measures that.

use std::cell::Cell;
use std::hash::{Hash, Hasher};

/// Counts on the thread that asks: that is what a call costs its caller.
#[derive(Clone, Copy, Debug, Eq)]
pub struct Key(pub [u64; 2]);

/// How often keys were compared and hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    pub compared: u64,
    pub hashed: u64,
}

thread_local!(static WORK: Cell<Work> = const { Cell::new(Work { compared: 0, hashed: 0 }) });

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        WORK.set(Work { compared: WORK.get().compared + 1, ..WORK.get() });
        self.0 == other.0
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        WORK.set(Work { hashed: WORK.get().hashed + 1, ..WORK.get() });
        state.write_u64(self.0[0]);
        state.write_u64(self.0[1]);
    }
}

/// The work of calls: of all together, and of the one that had most.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub calls: u64,
    pub total: Work,
    pub worst: Work,
}

/// A look-up compares a key with the one that it finds, and with others where seven bits of the hashes happen to
/// be equal: one in 128 of those that it passes. Some calls look up three times, and so meet the same ones again.
/// Among a million calls one had 16; each three more are ten times as rare, or rarer.
const WORST_COMPARED: u64 = 64;
const MEAN_COMPARED: u64 = 3;
/// A call hashes its key once. Where a table grows, each of its keys is hashed once more: all in all some two for
/// each key, because tables double.
const MEAN_HASHED: u64 = 4;

impl Seen {
    /// Makes a call, and notes what it did.
    pub fn note<T>(&mut self, call: impl FnOnce() -> T) -> T {
        WORK.set(Work::default());
        let result = call();
        let Work { compared, hashed } = WORK.get();
        self.calls += 1;
        self.total.compared += compared;
        self.total.hashed += hashed;
        self.worst.compared = self.worst.compared.max(compared);
        self.worst.hashed = self.worst.hashed.max(hashed);
        result
    }

    /// Whether no call did more than it may, where the largest table has `largest` keys.
    pub fn is_flat(&self, largest: u64) -> Result<(), String> {
        let Self { calls, total, worst } = *self;
        let at_most = |what: &str, is: u64, most: u64| {
            if is <= most { Ok(()) } else { Err(format!("{what}: {is}, at most {most}; {self:?}")) }
        };
        assert!(calls > 0, "nothing was called");
        at_most("comparisons of all calls", total.compared, MEAN_COMPARED * calls)?;
        at_most("comparisons of one call", worst.compared, WORST_COMPARED)?;
        at_most("hashes of all calls", total.hashed, MEAN_HASHED * calls)?;
        at_most("hashes of one call", worst.hashed, 1 + largest)
    }
}

#[test]
fn each_comparison_and_each_hash_is_counted() {
    use std::hash::{BuildHasher, RandomState};

    let mut seen = Seen::default();
    assert!(seen.note(|| Key([1, 2]) == Key([1, 2]) && Key([1, 2]) != Key([2, 1])));
    seen.note(|| RandomState::new().hash_one(Key([1, 2])));
    let (total, worst) = (Work { compared: 2, hashed: 1 }, Work { compared: 2, hashed: 1 });
    assert_eq!((seen.calls, seen.total, seen.worst), (2, total, worst));
    assert!(seen.is_flat(0).is_ok());
    let too_much = Seen { calls: 1000, worst: Work { compared: WORST_COMPARED + 1, hashed: 1 }, ..seen };
    assert!(too_much.is_flat(0).is_err() && Seen { calls: 1, total, ..seen }.is_flat(0).is_ok());
    let too_often = Seen { total: Work { compared: 0, hashed: 9 }, ..seen };
    assert!(too_often.is_flat(9).is_err());
}
