//! The primitives of an environment, which ask the hook of a check first.

use super::hook::{Kind, Number, ask};
use super::orders::Order;
use super::{Ordering, base, const_unless_loom};

/// The ordering of a named access.
pub(crate) fn ordering(order: &'static Order) -> Ordering {
    ask(|hook| hook.order(order)).map_or(order.ordering, |asked| asked.unwrap_or(Ordering::Relaxed))
}

pub(crate) fn fence(order: &'static Order) {
    if let Some(ordering) = ask(|hook| hook.order(order)).unwrap_or(Some(order.ordering)) {
        base::raw_fence(ordering);
    }
}

fn load(number: Number<'_>) -> u64 {
    ask(|hook| hook.load(number)).unwrap_or_else(|| number.load())
}

fn store(number: Number<'_>, value: u64) {
    ask(|hook| hook.store(number, value)).unwrap_or_else(|| number.store(value));
}

#[cfg(feature = "std")]
fn add(number: Number<'_>, value: u64) -> u64 {
    ask(|hook| hook.fetch_add(number, value)).unwrap_or_else(|| number.fetch_add(value))
}

/// A number of 64 bits: the word, or any other.
#[derive(Debug)]
pub(crate) struct Atomic<const IS_WORD: bool>(base::AtomicU64);

/// The atomic that the retry loop moves.
pub(crate) type AtomicWord = Atomic<true>;
pub(crate) type AtomicU64 = Atomic<false>;

impl<const IS_WORD: bool> Atomic<IS_WORD> {
    const_unless_loom! {
        pub(crate) const fn new(value: u64) -> Self {
            Self(base::AtomicU64::new(value))
        }
    }

    fn number(&self, success: Ordering, failure: Ordering) -> Number<'_> {
        Number { atomic: &self.0, kind: if IS_WORD { Kind::Word } else { Kind::U64 }, success, failure }
    }

    pub(crate) fn load(&self, ordering: Ordering) -> u64 {
        load(self.number(ordering, ordering))
    }

    pub(crate) fn store(&self, value: u64, ordering: Ordering) {
        store(self.number(ordering, ordering), value);
    }

    #[cfg(feature = "std")]
    pub(crate) fn swap(&self, value: u64, ordering: Ordering) -> u64 {
        let number = self.number(ordering, ordering);
        ask(|hook| hook.exchange(number, value)).unwrap_or_else(|| number.exchange(value))
    }

    #[cfg(feature = "std")]
    pub(crate) fn fetch_add(&self, value: u64, ordering: Ordering) -> u64 {
        add(self.number(ordering, ordering), value)
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        let number = self.number(success, failure);
        ask(|hook| hook.swap(number, current, new)).unwrap_or_else(|| number.swap(current, new))
    }

    /// By the accesses above, as every environment does it.
    pub(crate) fn fetch_update(
        &self,
        success: Ordering,
        failure: Ordering,
        update: impl Fn(u64) -> Option<u64>,
    ) -> Result<u64, u64> {
        let mut before = self.load(failure);
        while let Some(after) = update(before) {
            match self.compare_exchange_weak(before, after, success, failure) {
                Ok(before) => return Ok(before),
                Err(found) => before = found,
            }
        }
        Err(before)
    }
}

/// Changes a word to which nobody else has access.
#[cfg(feature = "keyed")]
pub(crate) fn alone<T>(word: &mut AtomicWord, change: impl FnOnce(&mut u64) -> T) -> T {
    base::alone(&mut word.0, change)
}

#[cfg(feature = "std")]
pub(crate) use with_threads::*;

#[cfg(feature = "std")]
mod with_threads {
    use super::{Kind, Number, Ordering, ask, base, const_unless_loom};
    use core::future::Future;
    use core::pin::Pin;
    use core::task::{Context, Poll};
    use core::time::Duration;

    pub(crate) fn lock<T>(mutex: &base::Mutex<T>) -> base::MutexGuard<'_, T> {
        let _ = ask(|hook| hook.lock());
        mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Has a run start, and takes what it is given, as one step under a lock.
    pub(crate) fn start_and_take<T, S, N, G>(
        mutex: &base::Mutex<T>,
        start: impl FnOnce() -> Result<S, N>,
        take: impl FnOnce(&mut T) -> G,
    ) -> Result<(S, G), N> {
        if ask(|hook| hook.takes_before_the_start()) == Some(true) {
            let given = take(&mut lock(mutex));
            return Ok((start()?, given));
        }
        let mut guard = lock(mutex);
        let started = start()?;
        Ok((started, take(&mut guard)))
    }

    /// Between the decision of a call and the value that it brings, which are one step under a lock.
    pub(crate) fn still_locked<'m, T>(
        guard: base::MutexGuard<'m, T>,
        mutex: &'m base::Mutex<T>,
    ) -> base::MutexGuard<'m, T> {
        if ask(|hook| hook.puts_after_the_decision()) == Some(true) {
            drop(guard);
            return lock(mutex);
        }
        guard
    }

    /// Between the decision of a call on a key and the value that it brings, which are one step under a lock.
    #[cfg(feature = "keyed")]
    pub(crate) fn still_read<'l, T>(
        guard: base::RwLockReadGuard<'l, T>,
        lock: &'l base::RwLock<T>,
    ) -> base::RwLockReadGuard<'l, T> {
        if ask(|hook| hook.puts_after_the_decision()) == Some(true) {
            drop(guard);
            return crate::sync::read(lock);
        }
        guard
    }

    #[cfg(feature = "keyed")]
    pub(crate) fn takes_before_the_start() -> bool {
        ask(|hook| hook.takes_before_the_start()) == Some(true)
    }

    #[cfg(feature = "keyed")]
    pub(crate) fn hands_back() -> bool {
        ask(|hook| hook.hands_back()) != Some(false)
    }

    pub(crate) fn settles_after_the_finish() -> bool {
        ask(|hook| hook.settles_after_the_finish()) == Some(true)
    }

    pub(crate) fn requests_after_the_lock() -> bool {
        ask(|hook| hook.requests_after_the_lock()) == Some(true)
    }

    pub(crate) fn cancels_before_the_lock() -> bool {
        ask(|hook| hook.cancels_before_the_lock()) == Some(true)
    }

    #[cfg(feature = "async")]
    pub(crate) fn brings_home() -> bool {
        ask(|hook| hook.brings_home()) != Some(false)
    }

    pub(crate) fn process_id(id: u32) -> u32 {
        ask(|hook| hook.process_id(id)).unwrap_or(id)
    }

    pub(crate) fn this_thread() -> u32 {
        let number = base::this_thread();
        ask(|hook| hook.this_thread(number)).unwrap_or(number)
    }

    #[cfg(feature = "keyed")]
    pub(crate) fn decides_after_the_lock() -> bool {
        ask(|hook| hook.decides_after_the_lock()) == Some(true)
    }

    #[cfg(feature = "keyed")]
    pub(crate) fn finishes_once_more() -> bool {
        ask(|hook| hook.finishes_once_more()) == Some(true)
    }

    #[cfg(feature = "keyed")]
    pub(crate) fn names_after_the_decision() -> bool {
        ask(|hook| hook.names_after_the_decision()) == Some(true)
    }

    #[cfg(feature = "keyed")]
    pub(crate) fn asks_before_the_lock() -> bool {
        ask(|hook| hook.asks_before_the_lock()) == Some(true)
    }

    #[cfg(feature = "keyed")]
    pub(crate) fn judged(word: u64) -> u64 {
        ask(|hook| hook.judged(word)).unwrap_or(word)
    }

    #[cfg(feature = "keyed")]
    pub(crate) fn remembered(word: u64) -> u64 {
        ask(|hook| hook.remembered(word)).unwrap_or(word)
    }

    pub(crate) fn takes(takes: bool, is_failing: bool) -> bool {
        ask(|hook| hook.takes(takes, is_failing)).unwrap_or(takes)
    }

    /// The number of waiting threads, or of one thread.
    #[derive(Debug)]
    pub(crate) struct AtomicU32(base::AtomicU64);

    impl AtomicU32 {
        const_unless_loom! {
            pub(crate) const fn new(value: u32) -> Self {
                Self(base::AtomicU64::new(value as u64))
            }
        }

        fn number(&self, ordering: Ordering) -> Number<'_> {
            Number { atomic: &self.0, kind: Kind::U32, success: ordering, failure: ordering }
        }

        pub(crate) fn load(&self, ordering: Ordering) -> u32 {
            narrow(super::load(self.number(ordering)))
        }

        pub(crate) fn store(&self, value: u32, ordering: Ordering) {
            super::store(self.number(ordering), value.into());
        }

        pub(crate) fn fetch_add(&self, value: u32, ordering: Ordering) -> u32 {
            narrow(super::add(self.number(ordering), value.into()))
        }

        pub(crate) fn fetch_sub(&self, value: u32, ordering: Ordering) -> u32 {
            narrow(super::add(self.number(ordering), 0_u64.wrapping_sub(value.into())))
        }
    }

    /// The library never counts below 0, nor so far. A fault of a check may.
    #[allow(clippy::cast_possible_truncation, reason = "a number of 32 bits would have wrapped around, too")]
    fn narrow(value: u64) -> u32 {
        value as u32
    }

    /// The blocking event.
    pub(crate) struct Event(base::Event);

    pub(crate) enum EventListener<'e> {
        Listed(base::EventListener<'e>),
        /// It lists itself when it begins to wait.
        Late(&'e Event),
    }

    impl Event {
        const_unless_loom! {
            pub(crate) const fn new() -> Self {
                Self(base::Event::new())
            }
        }

        pub(crate) fn notify(&self, listeners: usize) {
            if let Some(listeners) = ask(|hook| hook.notify(listeners)).unwrap_or(Some(listeners)) {
                self.0.notify(listeners);
            }
        }

        pub(crate) fn listen(&self) -> EventListener<'_> {
            if ask(|hook| hook.listens_late()) == Some(true) {
                EventListener::Late(self)
            } else {
                EventListener::Listed(self.0.listen())
            }
        }
    }

    impl<'e> EventListener<'e> {
        fn listed(self) -> base::EventListener<'e> {
            match self {
                Self::Listed(listener) => listener,
                Self::Late(event) => event.0.listen(),
            }
        }
    }

    pub(crate) fn wait(listener: EventListener<'_>) {
        let _ = ask(|hook| hook.wait());
        base::wait(listener.listed());
    }

    pub(crate) fn wait_for(listener: EventListener<'_>, limit: Duration) {
        let _ = ask(|hook| hook.wait());
        base::wait_for(listener.listed(), limit);
    }

    impl Future for EventListener<'_> {
        type Output = ();

        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            if let Self::Late(event) = *self {
                *self = Self::Listed(event.0.listen());
            }
            match &mut *self {
                Self::Listed(listener) => Pin::new(listener).poll(cx),
                Self::Late(_) => Poll::Pending,
            }
        }
    }
}
