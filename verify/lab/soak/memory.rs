//! Whether the memory stays flat.

use crate::draw::FULL;
use crate::rounds::TURNS;

/// Growth up to this decides nothing: the pages of stacks and of an allocator's reserves come and go.
const SLACK: usize = 8 << 20;

/// The resident memory of this process in bytes, if the system reports it.
pub fn resident() -> Option<usize> {
    memory_stats::memory_stats().map(|stats| stats.physical_mem)
}

/// Resident memory after each round. After its first rounds a soak needs no more memory.
#[derive(Debug, Default)]
pub struct MemoryGauge {
    rounds: usize,
    settled: usize,
    pub worst: usize,
}

impl MemoryGauge {
    /// How many rounds it takes until stacks and reserves have reached their size.
    const FIRST: usize = FULL * TURNS.len();

    pub fn note(&mut self, resident: usize) {
        self.rounds += 1;
        self.worst = self.worst.max(resident);
        if self.rounds <= Self::FIRST {
            self.settled = self.worst;
        }
    }

    /// Whether there was anything to compare.
    pub fn is_known(&self) -> bool {
        self.rounds > Self::FIRST
    }

    /// By how much later rounds exceeded the first ones.
    pub fn growth(&self) -> usize {
        self.worst - self.settled
    }

    pub fn is_flat(&self) -> bool {
        self.growth() <= SLACK
    }
}

#[cfg(test)]
mod tests {
    use super::{MemoryGauge, resident};

    const MIB: usize = 1 << 20;

    fn noted(resident: impl IntoIterator<Item = usize>) -> MemoryGauge {
        let mut memory = MemoryGauge::default();
        resident.into_iter().for_each(|resident| memory.note(resident));
        memory
    }

    #[test]
    fn accepts_the_first_rounds_and_what_comes_and_goes() {
        let first = (1..=MemoryGauge::FIRST).map(|round| 45 * MIB * round / MemoryGauge::FIRST);
        let memory = noted(first.chain([40 * MIB, 53 * MIB, 40 * MIB]));
        assert!(memory.is_known() && memory.is_flat(), "{memory:?}");
        assert_eq!((memory.worst, memory.growth()), (53 * MIB, 8 * MIB));
        assert!(!noted([MIB; MemoryGauge::FIRST]).is_known());
    }

    #[test]
    fn rejects_memory_that_grows_with_time() {
        let memory = noted((0..100).map(|round| 40 * MIB + round * MIB / 8));
        assert!(!memory.is_flat(), "{memory:?}");
        evidence::caught("memory that grows with the runs", "soak: the growth is seen, in a planted history");
    }

    #[test]
    fn what_is_allocated_is_seen() {
        let Some(before) = resident() else { return };
        let block = std::hint::black_box(vec![1_u8; 64 * MIB]);
        let after = resident().unwrap();
        assert!(after >= before + 32 * MIB, "{before} became {after} with {} more", block.len());
    }
}
