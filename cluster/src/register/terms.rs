//! [`Mark`]: what a process leaves at a register beside each run that it starts; [`Terms`]: the part of it by
//! which processes notice that they disagree.

use atomic_throttle::lease::Policy;
use core::fmt;
use core::time::Duration;
use rand::RngExt;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

/// What a process leaves beside a run that it starts: a random number, by which it recognizes the run, and its
/// [`Terms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    number: u64,
    terms: Option<Terms>,
}

impl Mark {
    /// The mark of no process. An epoch that a register had forgotten, and that was put back, carries it.
    pub const NOBODY: Self = Self::from_u64(0);

    /// A mark that no other process has.
    ///
    /// # Panics
    ///
    /// If the system has no random numbers.
    #[must_use]
    pub fn random() -> Self {
        // Not from the generator of this thread: it would continue alike in all children that the process
        // forks, and two of them would each take the run of the other for their own.
        Self::from_u64(UnwrapErr(SysRng).random_range(1..=u64::MAX))
    }

    /// The same mark, with the terms of its process.
    #[must_use]
    pub const fn with_terms(self, terms: Terms) -> Self {
        Self { terms: Some(terms), ..self }
    }

    /// The terms of its process.
    #[must_use]
    pub const fn terms(self) -> Option<Terms> {
        self.terms
    }

    /// The number of the mark.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.number
    }

    /// The mark of this number, without terms.
    #[must_use]
    pub const fn from_u64(number: u64) -> Self {
        Self { number, terms: None }
    }
}

/// What all processes of one throttle should have in common. A register that keeps it lets them notice when
/// they do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms([u64; 3]);

impl Terms {
    /// The terms of a process that decides by `policy`.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let lease = policy.lease.map_or(u64::MAX, |lease| nanos(lease.as_duration()));
        Self([nanos(policy.threshold.as_duration()), lease, 0])
    }

    /// The same terms, with a tag of the function that the process runs. An empty tag is none.
    #[must_use]
    pub fn with_tag(self, tag: &str) -> Self {
        let Self([threshold, lease, _]) = self;
        Self([threshold, lease, if tag.is_empty() { 0 } else { hash(tag) }])
    }

    /// The threshold.
    #[must_use]
    pub const fn threshold(self) -> Duration {
        Duration::from_nanos(self.0[0])
    }

    /// The lease.
    #[must_use]
    pub const fn lease(self) -> Duration {
        Duration::from_nanos(self.0[1])
    }

    /// Whether a process with these terms and one with the `other` should not share a throttle: another
    /// threshold, another lease, or another tag where both have one.
    #[must_use]
    pub const fn differs_from(self, other: Self) -> bool {
        let (Self([threshold, lease, tag]), Self([threshold_there, lease_there, tag_there])) = (self, other);
        threshold != threshold_there
            || lease != lease_there
            || (tag != 0 && tag_there != 0 && tag != tag_there)
    }

    /// The terms as three numbers: threshold and lease in nanoseconds, and the hash of the tag, or 0.
    #[must_use]
    pub const fn to_numbers(self) -> [u64; 3] {
        self.0
    }

    /// The terms of these numbers. All are valid.
    #[must_use]
    pub const fn from_numbers(numbers: [u64; 3]) -> Self {
        Self(numbers)
    }
}

/// In words: `threshold 2s, lease 30s`.
impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "threshold {:?}, lease {:?}", self.threshold(), self.lease())?;
        match self.0[2] {
            0 => Ok(()),
            tag => write!(f, ", function {tag:016x}"),
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// FNV-1a, 64 bits: the same in every program and on every machine, as a register needs it. Never 0.
///
/// Source: <http://www.isthe.com/chongo/tech/comp/fnv/>, with its test vectors.
fn hash(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use atomic_throttle::Threshold;
    use atomic_throttle::lease::Lease;

    fn terms(threshold: u64, lease: u64, tag: &str) -> Terms {
        let policy = Policy::new(Threshold::from_nanos(threshold)).with_lease(Lease::from_nanos(lease));
        Terms::new(policy).with_tag(tag)
    }

    #[test]
    fn each_part_makes_a_difference_and_a_missing_tag_makes_none() {
        let here = terms(5, 7, "reload");
        for (other, differs) in [
            (here, false),
            (terms(5, 7, ""), false),
            (terms(4, 7, "reload"), true),
            (terms(5, 8, "reload"), true),
            (terms(5, 7, "restart"), true),
            (terms(7, 5, ""), true),
        ] {
            assert_eq!((here.differs_from(other), other.differs_from(here)), (differs, differs), "{other}");
        }
        assert_eq!((here.threshold().as_nanos(), here.lease().as_nanos()), (5, 7));
        assert_eq!(Terms::from_numbers(here.to_numbers()), here);
        assert_eq!(terms(5, 7, "").to_numbers(), [5, 7, 0]);
    }

    /// The test vectors of the source.
    #[test]
    fn the_hash_of_a_tag_is_fnv_1a() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }
}
