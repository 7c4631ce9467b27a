//! [`KeyedThrottled`]: the trailing edge for each of many keys. A thread of its own or a task runs the one function
//! for all of them; no caller ever waits.
//!
//! # How a call reaches the owner
//!
//! What performs the runs, the thread or the task, is the *owner* of every key's deferral.
//!
//! A key has the state that it has in a [`Keyed`](super::Keyed), 8 bytes, moved under the lock of its shard
//! by the transitions that move the word of a gate. A call that is not coalesced is a *request*: a deferral that goes to
//! the owner. It moves the state of its key under the lock of the shard. In the same step it hands the deferral
//! over, under the one lock that orders requests, flushes and the end. So it comes before the end or after
//! it.
//!
//! # What is kept of a key
//!
//! A key has a second entry ([`active`]) beside its 8 bytes only while it has a deferral or a run in progress. The entry
//! holds a clone of the key, its payload, what holds its run, and the number of the promise of that run. By that
//! number, who waits for everything learns that the promise was kept.
//!
//! A value is put under the lock of the shard, which callers share, and taken by the start, which has that lock alone. So it
//! goes to the run that covers its call (G10), and no decision is needed under the lock of the payload.
//!
//! # How a wait for a ticket ends
//!
//! A ticket is a key and an epoch. While a deferral or a run is there that covers it, the entry says so. After that the run
//! has succeeded, unless [`outcomes`] remembers another end of it. Successes are not remembered: there are too many.
//!
//! # Whose turn it is
//!
//! The owner keeps what it owns in the order of the epochs. Where all keys have one threshold, windows end in
//! the order in which they began, and a changed threshold changes nothing in that order. Re-timing a million
//! pending keys is one look at the first. Those whose windows are over go on in the order in which the owner
//! saw that. So new keys, which are due at once, do not hold up any other key for ever. What something else holds, a pace,
//! a back-off, or a threshold of its own, is in the order of the times at which it is to be looked at.
//!
//! A deferral whose turn comes while a run of its key is in progress waits for that run to end, which puts it in order again.
//!
//! A cancelled or flushed deferral stays with the owner until its turn, as in a gate. So that they cannot
//! pile up, the owner forgets them when they are half of what it has.
//!
//! When nothing is pending and the latest window is over, the owner evicts what is left, without a further
//! call.

// In the order of the page of each type, which follows that of the modules: what most users call first stands first.
mod builder;
mod plain;
mod weak;

mod collecting;
mod counting;
mod latest;
mod merging;

mod operations;

mod look;

mod active;
mod agenda;
mod all;
mod control;
mod engine;
mod error;
mod moves;
mod outcomes;
mod promises;
mod shared;
#[cfg(feature = "async")]
mod task;
mod thread;
mod ticket;

pub use self::all::AllKeys;
pub use self::builder::KeyedThrottledBuilder;
pub use self::error::NotTaken;
pub use self::ticket::{KeyTicket, OwnedKeyTicket};
pub use self::weak::WeakKeyedThrottled;

use self::shared::Shared;
use self::ticket::Call;
use super::hash::KeyHash;
use crate::front::owner::keeper::Keeper;
use crate::front::payload::{Payload, Rejected};
use core::borrow::Borrow;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use std::borrow::ToOwned;
use std::sync::Arc;

/// Runs one function at most once per threshold and key, in the background, never loses the last request
/// of a key, and forgets keys that are idle.
///
/// ```
/// use atomic_throttle::KeyedThrottled;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let alert = KeyedThrottled::<String>::builder(Duration::from_millis(10))
///     .counting()
///     .spawn(|client, calls| println!("{client}: {calls} malformed requests"))?;
/// // From any thread, as often as you like: it never waits, and never prints here.
/// for _ in 0..1000 {
///     alert.trigger("10.0.0.7")?;
///     alert.trigger("10.0.0.8")?;
/// }
/// // Nobody has to call once more for the last ones to be reported.
/// alert.all().wait()?;
/// assert_eq!(alert.pending(), 0);
/// # Ok(())
/// # }
/// ```
///
/// The first call on a key runs at once, in the background. Of the calls inside its window one makes a run
/// pending, and it is performed when the window is over; the others coalesce into it. A thread
/// performs one run after the other, of whatever key, in the order in which it saw that they were due.
///
/// * What calls bring is given to the run of their key: [`counting`](KeyedThrottledBuilder::counting),
///   [`latest`](KeyedThrottledBuilder::latest), [`merging`](KeyedThrottledBuilder::merging),
///   [`collecting`](KeyedThrottledBuilder::collecting).
/// * [`delay`](KeyedThrottledBuilder::delay) and [`debounce`](KeyedThrottledBuilder::debounce) hold the run of a key for
///   more calls, and [`retry`](KeyedThrottledBuilder::retry) tries one that failed again.
/// * In a task, [`spawn_on`](KeyedThrottledBuilder::spawn_on) performs the runs of several keys at once: a slow key holds up
///   no other.
/// * [`threshold_of`](KeyedThrottledBuilder::threshold_of) gives each key a threshold of its own.
///
/// Clones are handles to the same throttle, in all threads. When the last one is dropped, the pending runs
/// are performed when they are due, and the thread is joined: **the drop waits for the windows and for the
/// function**. [`KeyedThrottledBuilder::pending_on_drop`] flushes or discards the runs instead,
/// [`KeyedThrottledBuilder::on_drop`] limits the wait, and [`shutdown`](Self::shutdown) says what happened. In a task no drop
/// waits.
///
/// The drop hangs if the function needs the thread that drops the handle, or a lock that this thread holds:
/// [`OnDrop`](crate::OnDrop#when-a-drop-hangs) has the cases. If the last handle may be dropped in an async
/// task, choose [`OnDrop::Detach`](crate::OnDrop::Detach).
///
/// A `static` (in a `LazyLock`) is never dropped: [shut it down](Self::shutdown) before `main` returns, or what is
/// pending then does not run. After the end only [`evict`](Self::evict) evicts keys. A function that is to call its
/// own throttle holds a [`WeakKeyedThrottled`]: a handle in it would keep the last one from being dropped.
///
/// # Guarantees
///
/// For each key by itself:
///
/// * **G1** Two runs of a key start at least one threshold apart, also if the key was evicted between them,
///   as for [`Keyed`](crate::Keyed). [`flush`](Self::flush) and [`Pending::Flush`](crate::Pending::Flush) are the exceptions.
/// * **G2** Runs of a key never overlap. On a thread those of different keys do not either.
/// * **G3** A call that was taken ([`trigger`](Self::trigger) returned `Ok`) is covered by a run of its key that
///   starts after it and sees what the caller wrote before it; or [`cancel`](Self::cancel), `take` or
///   [`Pending::Discard`](crate::Pending::Discard) cancelled it; or the key stays visibly owed, after a fatal panic or when the task was dropped.
/// * **G4** At most one run of a key is pending, and it has one owner.
/// * **G5** A pending run starts when the window of its key is over, and the runs of other keys that were
///   seen to be due before it are done. On a thread, a run that takes long delays those of all keys; in a task, only where
///   [as many as may be](KeyedThrottledBuilder::max_concurrent) are in progress.
/// * **G6** A panic of the function is caught and counted. [`KeyedThrottledBuilder::on_panic`] and every ticket
///   of the run report it, and the throttle goes on: its window counts, and what is pending stays pending.
/// * **G8** Nothing overflows or panics, whatever the clock returns and whatever the threshold is.
/// * **G9** Every operation may be called from inside the run, on any key. None deadlocks: a wait returns
///   [`WaitError::InsideRun`](crate::WaitError::InsideRun).
/// * **G10** What a call has brought is given once, to the run of its key that covers the call, as the payload says. A
///   cancelled call's value is dropped, or taken by `take`: it does not come with a later run, as that of a single
///   [`Throttled`](crate::Throttled) does, because a key that nobody calls again would keep it for ever.
///
/// G7 is not promised, as for [`Keyed`](crate::Keyed): a call takes the lock of the shard of its key. Calls
/// that coalesce share that lock.
///
/// `Hash`, `Eq` and `Borrow` of the key, and the hasher, must not panic, nor call this throttle: they run under
/// that lock. So does a function that merges, which may panic, but not call this throttle. A clock that panics on the thread ends it as a fatal panic does, and so does a
/// `Drop` of a key; of keys that are evicted together, a second one that panics aborts the process, as in any collection.
///
/// # Signal handlers and forked children
///
/// Call nothing of it in a signal handler: each call takes a lock. [Signal
/// handlers](crate::design::waiting#signal-handlers) says what to write instead.
///
/// A forked child does not have the thread. There a call on a key that is not pending is refused with
/// [`Ended::Forked`](crate::Ended::Forked), waits and [`shutdown`](Self::shutdown) return
/// [`WaitError::Forked`](crate::WaitError::Forked), [`cancel`](Self::cancel), [`evict`](Self::evict) and the looks at a key find nothing, and
/// drops return at once. A call on a key that was pending at the fork returns `Ok`, and no run comes: it does not
/// look. So start the throttle after the fork. [Forked
/// children](crate::design::waiting#forked-children) has the details.
///
/// # Eviction
///
/// As for [`Keyed`](crate::Keyed), by the thread or the task, after each of its runs. A key that is pending, cancelled
/// and not acknowledged, owed, or in progress is never evicted. When nothing is pending, and the window of
/// the latest run is over, all that is left is evicted, with the lock of one shard after the other.
/// So a burst of keys is forgotten without a further call.
///
/// # Events
///
/// With the feature `tracing` it emits [the events of the others](crate::design::events), but without the key, because a
/// key need not be [`Debug`](fmt::Debug). The function and the hooks receive the key.
///
/// # Cost
///
/// A call while a run of its key is pending is a hash, a lock that it shares with other readers, and a
/// look-up; with a payload, another look-up and what the payload says. One that makes a run pending asks for the process
/// id, clones the key, and once more if it was not known, allocates, takes the lock of the shard alone and in it one that all keys
/// share, for a push, and wakes the owner if that sleeps; it takes that second lock once before, too, so that
/// after the end nothing is cloned. For a key that was not known the clock is read.
///
/// An idle key takes what it takes in a [`Keyed`](crate::Keyed), some 28 bytes. One that is pending takes, beside that, its
/// clone and some 210 bytes, and more for a payload: 40 for [`Latest<u64>`](crate::Latest), with what the values
/// allocate. A ticket takes nothing. Of runs that failed and calls that were cancelled 64 are remembered in each shard.
///
/// A threshold that changes is one look of the owner, however many keys are
/// pending; those that were due, and are not any more, go back one by one. With a threshold for each key, it is one look at
/// each that is pending. The thread is as one of a [`Throttled`](crate::Throttled#cost).
pub struct KeyedThrottled<K, P: Payload = (), S = KeyHash> {
    shared: Arc<Shared<K, P, S>>,
    keeper: Arc<Keeper<Shared<K, P, S>>>,
}

impl<K, P, S> KeyedThrottled<K, P, S>
where
    K: Hash + Eq + Send + Sync + 'static,
    P: Payload,
    S: BuildHasher + Send + Sync + 'static,
{
    #[inline]
    fn bring<'t, Q>(
        &'t self,
        key: &'t Q,
        brought: P::Brought,
    ) -> Result<KeyTicket<'t, K, Q>, Rejected<P::Brought>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hashed = self.shared.hashed(key);
        let epoch = self.shared.trigger(&hashed, brought)?;
        Ok(KeyTicket::new(&*self.shared, key, Call { hash: hashed.hash, epoch }))
    }
}

impl<K, P: Payload, S> Clone for KeyedThrottled<K, P, S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), keeper: Arc::clone(&self.keeper) }
    }
}

impl<K, P: Payload, S> fmt::Debug for KeyedThrottled<K, P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedThrottled")
            .field("keys", &self.len())
            .field("pending", &self.pending())
            .field("threshold", &self.threshold())
            .finish_non_exhaustive()
    }
}
