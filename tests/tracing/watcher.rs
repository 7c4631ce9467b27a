//! A subscriber for the whole process. It writes events down, and reacts as a test orders.
//!
//! Each test looks at throttles of its own, by their addresses, which no other gets after them: they are leaked.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, Once, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

type Reaction = Arc<dyn Fn() + Send + Sync>;

/// The throttle's address, and the event.
static TOLD: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());
/// The throttle's address, or its type as events have it.
static REACTIONS: Mutex<Vec<(String, Reaction)>> = Mutex::new(Vec::new());

/// A throttle whose events are watched.
pub struct Watched<T: 'static>(pub &'static T);

impl<T> Clone for Watched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Watched<T> {}

impl<T> std::ops::Deref for Watched<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0
    }
}

pub fn subscribe() {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| {
        // Not for one thread: `tracing` itself would tell a subscriber nothing while it is being told.
        tracing::subscriber::set_global_default(Watcher).expect("it is the only one");
    });
}

/// The events about all throttles of a type, if a test does not know their addresses. One test for each type.
pub fn told_by(front: &str) -> Vec<String> {
    let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let front = field(front);
    told.iter()
        .filter(|(_, event)| event.contains(&front))
        .map(|(_, event)| event.replace(&front, " "))
        .collect()
}

/// What to do at each event about a throttle of a type, from now on.
pub fn react_to(front: &str, reaction: impl Fn() + Send + Sync + 'static) {
    set_reaction(field(front), Arc::new(reaction));
}

fn field(front: &str) -> String {
    format!(" front={front} ")
}

fn set_reaction(to: String, reaction: Reaction) {
    let mut reactions = REACTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    reactions.retain(|(of, _)| *of != to);
    reactions.push((to, reaction));
}

impl<T> Watched<T> {
    pub fn new(throttle: T) -> Self {
        subscribe();
        let watched = Self(Box::leak(Box::new(throttle)));
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        // These are about a throttle that was dropped, and whose memory this one got.
        told.iter_mut().filter(|(of, _)| *of == watched.address()).for_each(|(of, _)| of.clear());
        drop(told);
        watched
    }

    fn address(self) -> String {
        format!("{:p}", self.0)
    }

    /// The events about it since the last call.
    pub fn told(self) -> Vec<String> {
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        let address = self.address();
        let (its, others) = told.drain(..).partition(|(of, _)| *of == address);
        *told = others;
        its.into_iter().map(|(_, event)| event).collect()
    }

    /// The number of events about it since the last call of `told`.
    pub fn number_told(self) -> usize {
        let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter(|(of, _)| *of == self.address()).count()
    }

    /// What to do at each event about it, from now on.
    pub fn react(self, reaction: impl Fn() + Send + Sync + 'static) {
        set_reaction(self.address(), Arc::new(reaction));
    }
}

struct Watcher;

impl Subscriber for Watcher {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "atomic_throttle"
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut written = Written { address: String::new(), text: String::new() };
        write!(written.text, "{} {}:", metadata.level(), metadata.name()).expect("a string");
        event.record(&mut written);
        let Written { address, text } = written;
        TOLD.lock().unwrap_or_else(PoisonError::into_inner).push((address.clone(), text.clone()));
        let reactions = REACTIONS.lock().unwrap_or_else(PoisonError::into_inner);
        let is_about = |of: &str| of == address || text.contains(of);
        let reaction = reactions.iter().find(|(of, _)| is_about(of)).map(|(_, reaction)| reaction.clone());
        drop(reactions);
        if let Some(reaction) = reaction {
            reaction();
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// An event as a line, and the throttle that it is about.
struct Written {
    address: String,
    text: String,
}

impl Visit for Written {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "throttle" => self.address = format!("{value:?}"),
            "message" => write!(self.text, " ({value:?})").expect("a string"),
            name => write!(self.text, " {name}={value:?}").expect("a string"),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
