//! The state of one key, in a word that is moved in two ways.
//!
//! Under the lock of a reader calls move it by compare-and-swap, and a run finishes by a store. Under the lock of a
//! writer nobody else moves it, and it is moved as a plain value.

use super::shard::At;
use crate::state::{Epoch, Refused, State, TryStart};
use crate::sync::{AtomicWord, Ordering, alone, ordering, orders};

pub(super) struct Word(AtomicWord);

impl Word {
    pub(super) fn new(state: State) -> Self {
        Self(AtomicWord::new(state.to_word()))
    }

    /// What it is at this moment.
    #[inline]
    pub(super) fn look(&self) -> State {
        // ORDERING: Acquire. A run sees what the one before it did; and who sees that a run has ended also sees the
        // threshold that it was decided by, and may not decide by an earlier one.
        State::from_word(self.0.load(ordering(&orders::KEY_LOOK)))
    }

    /// A call that runs now or not at all, under the lock of a reader. `at` is asked after each look.
    #[inline]
    pub(super) fn try_start(&self, at: impl Fn() -> At) -> Result<Epoch, Refused> {
        loop {
            let seen = self.look();
            let at = at();
            let (next, outcome) = seen.try_start(at.now, at.threshold);
            if let TryStart::Refused(refused) = outcome {
                return Err(refused);
            }
            // ORDERING: Relaxed. The look has the visibility: no two starts and no two ends of a key are the same
            // word, so what is swapped was written by whom the look has seen. A failure leads to another look.
            let swapped = self.0.compare_exchange_weak(
                seen.to_word(),
                next.to_word(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            if swapped.is_ok() {
                return Ok(next.epoch());
            }
        }
    }

    /// The run that opened `epoch` ends, under the lock of a reader. Only where there are no deferrals: then nobody
    /// else moves the word of a key that runs.
    #[inline]
    pub(super) fn finish(&self, epoch: Epoch) -> State {
        // ORDERING: Relaxed. The thread that started the run wrote it, and this one has the guard of the run from it.
        let (ended, _) = State::from_word(self.0.load(Ordering::Relaxed)).finish(epoch);
        // ORDERING: Release; pairs with the look.
        self.0.store(ended.to_word(), ordering(&orders::KEY_FINISH));
        ended
    }

    /// What it is, under the lock of a writer.
    pub(super) fn get(&mut self) -> State {
        State::from_word(alone(&mut self.0, |word| *word))
    }

    /// Moves it, under the lock of a writer.
    pub(super) fn set(&mut self, state: State) {
        alone(&mut self.0, |word| *word = state.to_word());
    }
}
