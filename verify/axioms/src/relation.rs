//! Relations between at most 64 events, and the few operations that the axioms are written in.

/// A set of events: bit `e` stands for event `e`.
pub(crate) type Events = u64;

pub(crate) const MOST_EVENTS: usize = 64;

/// The members of `set`, from the lowest.
pub(crate) fn members(mut set: Events) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(lowest)
    })
}

/// Which events are related to which: row `a` holds all `b` with `a -> b`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Relation([Events; MOST_EVENTS]);

impl Relation {
    pub(crate) const EMPTY: Self = Self([0; MOST_EVENTS]);

    /// Each event of `set` to itself.
    pub(crate) fn identity(set: Events) -> Self {
        let mut identity = Self::EMPTY;
        members(set).for_each(|event| identity.add(event, event));
        identity
    }

    pub(crate) fn add(&mut self, from: usize, to: usize) {
        self.0[from] |= 1 << to;
    }

    pub(crate) fn has(&self, from: usize, to: usize) -> bool {
        self.0[from] >> to & 1 == 1
    }

    pub(crate) fn row(&self, from: usize) -> Events {
        self.0[from]
    }

    pub(crate) fn or(mut self, other: &Self) -> Self {
        for (row, other) in self.0.iter_mut().zip(&other.0) {
            *row |= other;
        }
        self
    }

    /// Keeps only the events of `allowed(a)` in each row `a`.
    pub(crate) fn keep(mut self, allowed: impl Fn(usize) -> Events) -> Self {
        for (event, row) in self.0.iter_mut().enumerate().filter(|(_, row)| **row != 0) {
            *row &= allowed(event);
        }
        self
    }

    /// The pairs of `self` that begin in `set`.
    pub(crate) fn from(self, set: Events) -> Self {
        self.keep(|event| if set >> event & 1 == 1 { Events::MAX } else { 0 })
    }

    /// The pairs of `self` that end in `set`.
    pub(crate) fn to(self, set: Events) -> Self {
        self.keep(|_| set)
    }

    /// The pairs of `self` that are not in `other`.
    pub(crate) fn without(mut self, other: &Self) -> Self {
        for (row, other) in self.0.iter_mut().zip(&other.0) {
            *row &= !other;
        }
        self
    }

    /// The events that a pair begins with.
    pub(crate) fn domain(&self) -> Events {
        let begins = self.0.iter().enumerate().filter(|(_, row)| **row != 0);
        begins.fold(0, |domain, (event, _)| domain | 1 << event)
    }

    /// The events that a pair ends with.
    pub(crate) fn range(&self) -> Events {
        self.0.iter().fold(0, |range, row| range | row)
    }

    /// First `self`, then `next`.
    pub(crate) fn then(&self, next: &Self) -> Self {
        let mut composed = Self::EMPTY;
        for (row, through) in composed.0.iter_mut().zip(&self.0).filter(|(_, through)| **through != 0) {
            *row = members(*through).fold(0, |reached, event| reached | next.0[event]);
        }
        composed
    }

    /// `self`, and each event to itself.
    pub(crate) fn maybe(mut self) -> Self {
        for (event, row) in self.0.iter_mut().enumerate() {
            *row |= 1 << event;
        }
        self
    }

    pub(crate) fn inverse(&self) -> Self {
        let mut inverse = Self::EMPTY;
        for (from, row) in self.0.iter().enumerate() {
            members(*row).for_each(|to| inverse.add(to, from));
        }
        inverse
    }

    /// One or more steps of `self`.
    pub(crate) fn closure(mut self) -> Self {
        for through in 0..MOST_EVENTS {
            let reached = self.0[through];
            if reached == 0 {
                continue;
            }
            for row in &mut self.0 {
                if *row >> through & 1 == 1 {
                    *row |= reached;
                }
            }
        }
        self
    }

    pub(crate) fn is_irreflexive(&self) -> bool {
        self.0.iter().enumerate().all(|(event, row)| row >> event & 1 == 0)
    }

    pub(crate) fn is_acyclic(self) -> bool {
        self.closure().is_irreflexive()
    }

    /// Whether some pair is in both relations.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(row, other)| row & other != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(pairs: &[(usize, usize)]) -> Relation {
        let mut relation = Relation::EMPTY;
        for &(from, to) in pairs {
            relation.add(from, to);
        }
        relation
    }

    #[test]
    fn operations_are_what_their_names_say() {
        let r = relation(&[(0, 1), (1, 2), (63, 0)]);
        assert_eq!(r.then(&r), relation(&[(0, 2), (63, 1)]));
        assert_eq!(r.closure(), relation(&[(0, 1), (0, 2), (1, 2), (63, 0), (63, 1), (63, 2)]));
        assert_eq!(r.inverse(), relation(&[(1, 0), (2, 1), (0, 63)]));
        assert_eq!(r.from(0b11), relation(&[(0, 1), (1, 2)]));
        assert_eq!(r.to(0b11), relation(&[(0, 1), (63, 0)]));
        assert_eq!(r.or(&relation(&[(5, 6)])), relation(&[(0, 1), (1, 2), (63, 0), (5, 6)]));
        assert_eq!(r.without(&relation(&[(1, 2), (2, 1)])), relation(&[(0, 1), (63, 0)]));
        assert_eq!((r.domain(), r.range()), (1 << 63 | 0b11, 0b111));
        assert_eq!(Relation::identity(0b101), relation(&[(0, 0), (2, 2)]));
        assert!(r.maybe().has(7, 7) && r.maybe().has(63, 0) && !r.maybe().has(1, 0));
        assert!(r.meets(&relation(&[(63, 0)])) && !r.meets(&relation(&[(0, 63)])));
        assert_eq!(members(1 << 63 | 0b110).collect::<Vec<_>>(), [1, 2, 63]);
    }

    #[test]
    fn a_cycle_is_seen_whatever_its_length() {
        let path: Vec<_> = (0..63).map(|event| (event, event + 1)).collect();
        assert!(relation(&path).is_acyclic());
        for start in 0..64 {
            let mut cycle = relation(&path);
            cycle.add(63, start);
            assert!(!cycle.is_acyclic(), "from {start}");
        }
    }
}
