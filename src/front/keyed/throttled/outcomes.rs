//! [`Outcomes`]: how the latest runs of a shard's keys ended other than well, for those who hold tickets of their calls.
//!
//! A run that succeeded leaves nothing here. So a ticket whose run is over, and of which there is nothing here, was
//! covered.

use super::active::Item;
use crate::front::failure::Failure;
use crate::front::wait::WaitError;
use crate::state::Epoch;
use core::borrow::Borrow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::vec::Vec;

/// How many are remembered in each shard, so that keys which fail for ever take no more memory.
const REMEMBERED: usize = 64;

pub(super) struct Outcomes<K> {
    /// Oldest first.
    remembered: VecDeque<Outcome<K>>,
    /// From the oldest to the latest epoch of those that are forgotten, of whatever key: what became of the calls in between
    /// is not known any more.
    forgotten: Option<(Epoch, Epoch)>,
    /// How many of those remembered are cancels.
    cancels: usize,
}

/// What became of the calls on a key from the epoch `since` to the epoch `last`.
pub(super) struct Outcome<K> {
    item: Arc<Item<K>>,
    since: Epoch,
    last: Epoch,
    /// `None`: they were cancelled.
    failure: Option<Arc<Failure>>,
}

impl<K> Outcomes<K> {
    pub(super) fn new() -> Self {
        Self { remembered: VecDeque::new(), forgotten: None, cancels: 0 }
    }

    pub(super) fn allocated_bytes(&self) -> usize {
        self.remembered.capacity() * size_of::<Outcome<K>>()
    }

    /// The run that opened `epoch` has failed, and is not tried again. What is forgotten for that is left in `gone`.
    pub(super) fn failed(
        &mut self,
        item: &Arc<Item<K>>,
        since: Epoch,
        epoch: Epoch,
        failure: Arc<Failure>,
        gone: &mut Vec<Outcome<K>>,
    ) {
        let (item, last) = (Arc::clone(item), epoch.previous());
        self.remember(Outcome { item, since, last, failure: Some(failure) }, gone);
    }

    /// The calls were cancelled.
    pub(super) fn cancelled(
        &mut self,
        item: &Arc<Item<K>>,
        since: Epoch,
        last: Epoch,
        gone: &mut Vec<Outcome<K>>,
    ) {
        self.cancels += 1;
        self.remember(Outcome { item: Arc::clone(item), since, last, failure: None }, gone);
    }

    /// The first of the calls on the key that were cancelled, where no run of it has started since: the next one covers them
    /// as well.
    pub(super) fn first_cancelled(&self, item: &Item<K>) -> Option<Epoch>
    where
        K: Eq,
    {
        if self.cancels == 0 {
            return None;
        }
        let is_its = |outcome: &&Outcome<K>| outcome.failure.is_none() && outcome.item.key == item.key;
        self.remembered.iter().filter(is_its).map(|outcome| outcome.since).min()
    }

    /// A run of the key starts: it covers the calls that were cancelled before it as well. Returns the epoch of the first of
    /// these.
    pub(super) fn covered(&mut self, item: &Item<K>, gone: &mut Vec<Outcome<K>>) -> Option<Epoch>
    where
        K: Eq,
    {
        let (mut place, mut first) = (0, None);
        while self.cancels > 0 && place < self.remembered.len() {
            let outcome = &self.remembered[place];
            if outcome.failure.is_none() && outcome.item.key == item.key {
                first = Some(first.unwrap_or(outcome.since).min(outcome.since));
                gone.extend(self.remembered.remove(place));
                self.cancels -= 1;
            } else {
                place += 1;
            }
        }
        first
    }

    /// What became of a call of `epoch` on `key`, if it was not covered by a run that succeeded.
    pub(super) fn told<Q: Eq + ?Sized>(&self, key: &Q, epoch: Epoch) -> Result<(), WaitError>
    where
        K: Borrow<Q>,
    {
        let is_its =
            |outcome: &&Outcome<K>| outcome.is_of(epoch) && Borrow::<Q>::borrow(&outcome.item.key) == key;
        match self.remembered.iter().find(is_its) {
            Some(Outcome { failure: None, .. }) => Err(WaitError::Cancelled),
            Some(Outcome { failure: Some(failure), .. }) if failure.is_panic() => Err(WaitError::Panicked),
            Some(Outcome { failure: Some(failure), .. }) => Err(WaitError::Failed(Arc::clone(failure))),
            None if self.forgotten.is_some_and(|(since, last)| since <= epoch && epoch <= last) => {
                Err(WaitError::Forgotten)
            }
            None => Ok(()),
        }
    }

    fn remember(&mut self, outcome: Outcome<K>, gone: &mut Vec<Outcome<K>>) {
        if self.remembered.len() == REMEMBERED {
            if let Some(oldest) = self.remembered.pop_front() {
                self.cancels -= usize::from(oldest.failure.is_none());
                let (since, last) = self.forgotten.unwrap_or((oldest.since, oldest.last));
                self.forgotten = Some((since.min(oldest.since), last.max(oldest.last)));
                gone.push(oldest);
            }
        }
        self.remembered.push_back(outcome);
    }
}

impl<K> Outcome<K> {
    fn is_of(&self, epoch: Epoch) -> bool {
        self.since <= epoch && epoch <= self.last
    }
}
