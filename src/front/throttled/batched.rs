//! [`Batched`]: a [`Throttled`] whose runs receive what callers pushed.
//!
//! The queue is a lock-free one of crossbeam. A producer pushes before it asks, so by G3 the covering run
//! finds the item. A run receives as many items as there were when it started, so producers cannot keep it
//! from ending.
//!
//! The first item after an idle time is pushed under the lock of the throttle. So an item is either taken or
//! refused, and a refused one is given back.

use super::shared::Shared;
use super::{Builder, Throttled, Triggered};
use crate::front::owner::{Ended, Stage};
use core::fmt;
use core::time::Duration;
use crossbeam_queue::SegQueue;
use std::io;
use std::sync::Arc;
use std::vec::Vec;

/// Collects what callers push, and gives it to one function on a thread of its own, at most once per
/// threshold.
///
/// ```
/// use atomic_throttle::Batched;
/// use std::time::Duration;
///
/// let log = Batched::spawn(Duration::from_millis(10), |lines| {
///     let lines: Vec<String> = lines.collect();
///     println!("one write of {} lines", lines.len());
/// });
/// for number in 0..1000 {
///     log.trigger(format!("line {number}")).unwrap();
/// }
/// // Dropping the last handle has the rest written.
/// ```
///
/// That drop waits, and can hang, as that of a [`Throttled`]. If the last handle may be dropped in an async task,
/// start it by [`Builder::spawn_batched`] with [`OnDrop::Detach`](crate::OnDrop::Detach).
///
/// As for a [`Throttled`](Throttled#signal-handlers-and-forked-children): call nothing of it in a signal handler,
/// and start it after a fork. In a forked child an item that was pushed while a run of the parent was pending stays
/// for [`take_remaining`](Self::take_remaining); any other is given back.
///
/// # Guarantees
///
/// As [`Throttled`], and by G3: each item that was taken is in exactly one batch, of a run that starts after
/// it was pushed; or it is still there, for [`take_remaining`](Self::take_remaining), after a cancel or after
/// the end. The items of one producer come in their order.
///
/// What a run leaves in its batch, because it returned early or panicked, is in the next batch, and a run
/// for it follows; at the end, too, unless that discards, as long as each run takes something.
///
/// # Cost
///
/// As [`Throttled::trigger`], and a push onto a lock-free queue, which allocates once in 31 items. The queue
/// is not bounded: it holds what is pushed within a window.
#[derive(Debug)]
pub struct Batched<T> {
    throttled: Throttled,
    items: Arc<SegQueue<T>>,
}

impl<T> Clone for Batched<T> {
    fn clone(&self) -> Self {
        Self { throttled: self.throttled.clone(), items: Arc::clone(&self.items) }
    }
}

impl<T: Send + 'static> Batched<T> {
    /// As [`Throttled::spawn`].
    ///
    /// # Panics
    ///
    /// If the system cannot start a thread; [`Builder::spawn_batched`] returns an error instead.
    #[must_use = "dropping the last handle ends the thread"]
    pub fn spawn(threshold: Duration, f: impl FnMut(&mut Batch<'_, T>) + Send + 'static) -> Self {
        Throttled::builder(threshold).spawn_batched(f).expect("the system can start a thread")
    }

    /// Pushes `item` and asks for a run that receives it. Never waits for a run.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the item.
    pub fn trigger(&self, item: T) -> Result<Triggered<'_>, Rejected<T>> {
        let shared = &self.throttled.shared;
        if !shared.gate.state().is_pending() {
            return self.trigger_first(item);
        }
        self.items.push(item);
        let epoch = shared.gate.coalesce().map_or_else(|| shared.request_before_the_end(), Ok);
        match epoch {
            Ok(epoch) => Ok(Triggered::new(&self.throttled, epoch)),
            // It ended since: the last run may have received the item.
            Err(ended) => Err(Rejected { item: None, ended }),
        }
    }

    /// Under the lock: the item is pushed before the end, or not at all.
    #[cold]
    fn trigger_first(&self, item: T) -> Result<Triggered<'_>, Rejected<T>> {
        let mut item = Some(item);
        let push = || item.take().into_iter().for_each(|item| self.items.push(item));
        match self.throttled.shared.request_after(Stage::check, push) {
            Ok(epoch) => Ok(Triggered::new(&self.throttled, epoch)),
            Err(ended) => Err(Rejected { item, ended }),
        }
    }

    /// Drains the items that no run has received. Call it after the end or after a cancel; otherwise the pending run
    /// will receive them.
    #[must_use = "the items are nowhere else"]
    pub fn take_remaining(&self) -> Vec<T> {
        Batch::of(&self.items).collect()
    }

    /// The throttle itself, for every other operation.
    #[must_use]
    pub fn throttled(&self) -> &Throttled {
        &self.throttled
    }
}

impl Builder {
    /// Starts a thread whose function receives what callers push.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn spawn_batched<T: Send + 'static>(
        self,
        mut f: impl FnMut(&mut Batch<'_, T>) + Send + 'static,
    ) -> io::Result<Batched<T>> {
        let items = Arc::new(SegQueue::new());
        let pushed = Arc::clone(&items);
        let throttled = self.spawn_with(move |shared: &Shared| {
            let batch = Batch::of(&pushed);
            let mut given = Given { size: batch.left, batch, shared };
            f(&mut given.batch);
        })?;
        Ok(Batched { throttled, items })
    }
}

/// The batch of a run. What is left in it is asked for again, when a run unwinds, too.
struct Given<'r, T> {
    size: usize,
    batch: Batch<'r, T>,
    shared: &'r Shared,
}

impl<T> Drop for Given<'_, T> {
    fn drop(&mut self) {
        let is_going = self.shared.is_going();
        let took_something = self.batch.left < self.size;
        // At the end nobody else asks for what came meanwhile, and a run that takes nothing would follow itself
        // for ever.
        let is_due =
            if is_going { self.batch.left > 0 } else { took_something && !self.batch.items.is_empty() };
        if is_due {
            // Refused where it discards: the items are there for `take_remaining` then.
            let _ = self.shared.request_before_the_end();
        }
    }
}

/// What was pushed before a run started, oldest first.
#[derive(Debug)]
pub struct Batch<'q, T> {
    items: &'q SegQueue<T>,
    left: usize,
}

impl<'q, T> Batch<'q, T> {
    /// As many as there are now: producers that go on pushing do not keep the run from ending.
    fn of(items: &'q SegQueue<T>) -> Self {
        Self { items, left: items.len() }
    }
}

impl<T> Iterator for Batch<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        self.items.pop()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // Somebody may take the remaining ones meanwhile.
        (0, Some(self.left))
    }
}

/// An item that was not taken, because the throttle has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected<T> {
    /// The item; `None` if it was pushed while the throttle ended: then the last run received it, or it is
    /// among the [remaining](Batched::take_remaining) ones.
    pub item: Option<T>,
    /// Why.
    pub ended: Ended,
}

impl<T> fmt::Display for Rejected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.item.is_some() {
            "the item was not taken: it is in this error"
        } else {
            "the throttle ended while the item was pushed: the last run was given it, or `take_remaining` has it"
        })
    }
}

impl<T: fmt::Debug> core::error::Error for Rejected<T> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.ended)
    }
}
