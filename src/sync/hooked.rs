//! The primitives of an environment, which ask the hook of a check first.

use super::hook::{Change, Word, ask};
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

/// The atomic that the retry loop moves.
#[derive(Debug)]
pub(crate) struct AtomicWord(base::AtomicWord);

impl AtomicWord {
    const_unless_loom! {
        pub(crate) const fn new(value: u64) -> Self {
            Self(base::AtomicWord::new(value))
        }
    }

    pub(crate) fn load(&self, ordering: Ordering) -> u64 {
        let word = Word { atomic: &self.0, success: Ordering::Relaxed, failure: ordering };
        ask(|hook| hook.load(word)).unwrap_or_else(|| word.load())
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        let word = Word { atomic: &self.0, success, failure };
        ask(|hook| hook.swap(word, current, new)).unwrap_or_else(|| word.swap(current, new))
    }
}

/// Any other number.
#[derive(Debug)]
pub(crate) struct AtomicU64(base::AtomicU64);

impl AtomicU64 {
    const_unless_loom! {
        pub(crate) const fn new(value: u64) -> Self {
            Self(base::AtomicU64::new(value))
        }
    }

    pub(crate) fn load(&self, ordering: Ordering) -> u64 {
        let found = self.0.load(ordering);
        ask(|hook| hook.loaded(found)).unwrap_or(found)
    }

    pub(crate) fn store(&self, value: u64, ordering: Ordering) {
        let _ = ask(|hook| hook.stores());
        self.0.store(value, ordering);
    }

    #[cfg(feature = "std")]
    pub(crate) fn swap(&self, value: u64, ordering: Ordering) -> u64 {
        self.0.swap(value, ordering)
    }

    #[cfg(feature = "std")]
    pub(crate) fn fetch_add(&self, value: u64, ordering: Ordering) -> u64 {
        if ask(|hook| hook.changes_in_two_steps(Change::Add)) == Some(true) {
            let before = self.load(ordering);
            self.store(before.wrapping_add(value), ordering);
            return before;
        }
        self.0.fetch_add(value, ordering)
    }

    pub(crate) fn fetch_update(
        &self,
        success: Ordering,
        failure: Ordering,
        update: impl Fn(u64) -> Option<u64>,
    ) -> Result<u64, u64> {
        if ask(|hook| hook.changes_in_two_steps(Change::Update)) == Some(true) {
            let before = self.load(failure);
            self.store(update(before).ok_or(before)?, success);
            return Ok(before);
        }
        self.0.fetch_update(success, failure, update)
    }
}

#[cfg(feature = "std")]
pub(crate) use with_threads::*;

#[cfg(feature = "std")]
mod with_threads {
    use super::{Ordering, ask, base, const_unless_loom};
    use core::future::Future;
    use core::pin::Pin;
    use core::task::{Context, Poll};
    use core::time::Duration;

    pub(crate) fn lock<T>(mutex: &base::Mutex<T>) -> base::MutexGuard<'_, T> {
        let _ = ask(|hook| hook.lock());
        mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn this_thread() -> u32 {
        let number = base::this_thread();
        ask(|hook| hook.this_thread(number)).unwrap_or(number)
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
    pub(crate) struct AtomicU32(base::AtomicU32);

    impl AtomicU32 {
        const_unless_loom! {
            pub(crate) const fn new(value: u32) -> Self {
                Self(base::AtomicU32::new(value))
            }
        }

        pub(crate) fn load(&self, ordering: Ordering) -> u32 {
            let found = self.0.load(ordering);
            ask(|hook| hook.waiters(found)).unwrap_or(found)
        }

        pub(crate) fn store(&self, value: u32, ordering: Ordering) {
            self.0.store(value, ordering);
        }

        pub(crate) fn fetch_add(&self, value: u32, ordering: Ordering) -> u32 {
            self.0.fetch_add(if counts_itself() { value } else { 0 }, ordering)
        }

        pub(crate) fn fetch_sub(&self, value: u32, ordering: Ordering) -> u32 {
            self.0.fetch_sub(if counts_itself() { value } else { 0 }, ordering)
        }
    }

    fn counts_itself() -> bool {
        ask(|hook| hook.counts_itself()) != Some(false)
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
        base::wait(listener.listed());
    }

    pub(crate) fn wait_for(listener: EventListener<'_>, limit: Duration) {
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
