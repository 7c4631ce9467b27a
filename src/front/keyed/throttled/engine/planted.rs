//! Faults that checks plant: steps under the lock of a key's shard that are two steps then.

use super::Engine;
use crate::front::keyed::shard::At;
use crate::front::keyed::throttled::active::{Item, PromiseId};
use crate::front::keyed::throttled::agenda::Deferral;
use crate::front::keyed::throttled::moves::{Begun, End, Ended, Fired, Gone, Left};
use crate::front::owner::Pending;
use crate::front::payload::Payload;
use crate::state::Epoch;
use crate::sync::{read, requests_after_the_lock, settles_after_the_finish, write};
use core::hash::{BuildHasher, Hash};
use std::sync::Arc;

impl<K: Hash + Eq, P: Payload, S: BuildHasher> Engine<K, P, S> {
    /// What a run is given is taken before its start.
    #[cold]
    pub(super) fn start_in_two_steps(
        &self,
        deferral: Deferral<K>,
        at: At,
        asked: Option<Pending>,
        gone: &mut Gone<K, P>,
    ) -> Fired<K, P> {
        let (lock, item) = (self.shared.shards.of(deferral.item.hash), Arc::clone(&deferral.item));
        let take = |payload: &P| payload.take(|| false, || ());
        let given = read(lock).beside.find(&item.hashed()).and_then(|active| take(&active.payload));
        let mut locked = write(lock);
        match locked.start(deferral, at, asked, &self.shared.ledger, gone) {
            Fired::Run(begun) => Fired::Run(Begun { given, ..begun }),
            not_yet => {
                if let (Some(given), Some(active)) = (given, locked.beside.find_mut(&item.hashed())) {
                    gone.given = active.payload.put_back(given, || ());
                }
                not_yet
            }
        }
    }

    /// A run ends, and what follows from that comes later: its outcome, or the request for another one.
    #[cold]
    pub(super) fn end_in_two_steps(
        &self,
        item: &Arc<Item<K>>,
        begun: (Epoch, Epoch, PromiseId),
        end: End<P>,
        gone: &mut Gone<K, P>,
    ) -> Ended<K> {
        let (lock, ledger) = (self.shared.shards.of(item.hash), &self.shared.ledger);
        let (epoch, since, promise) = begun;
        match end {
            End::Settled { failure: Some(failure), left } if settles_after_the_finish() => {
                let ended = write(lock).end(item, begun, End::Settled { failure: None, left }, ledger, gone);
                self.shared.waiting().notify();
                write(lock).beside.outcomes.failed(item, since, epoch, failure, &mut gone.outcomes);
                ended
            }
            End::TryAgain { failure, given, retry_at } if requests_after_the_lock() => {
                let settled = End::Settled { failure: None, left: Left::Nothing };
                let ended = write(lock).end(item, begun, settled, ledger, gone);
                self.shared.waiting().notify();
                let mut locked = write(lock);
                _ = locked.beside.find_or_insert(item, &ledger.rules.payload);
                let failed = (&*failure, given, retry_at);
                let is_tried_again = locked.try_again(item, (since, promise), failed, ledger, gone);
                Ended { is_tried_again, ..ended }
            }
            end => write(lock).end(item, begun, end, ledger, gone),
        }
    }
}
