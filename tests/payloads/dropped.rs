//! Values that call their throttle when they are dropped: no lock is held where the library drops one.

use super::support::SECOND;
use atomic_throttle::{ByHand, Latest, Manual, Retry, Step, Throttled, ThrottledBuilder, Timestamp};
use std::cell::Cell;
use std::sync::{Arc, OnceLock};

type Posts = Throttled<Latest<Post>>;

thread_local! {
    /// How many have called.
    static CALLED: Cell<usize> = const { Cell::new(0) };
}

/// What a call brings. Only one that has the handle calls it.
struct Post(Option<Arc<OnceLock<Posts>>>);

impl Drop for Post {
    fn drop(&mut self) {
        if let Some(posts) = self.0.take().and_then(|handle| handle.get().cloned()) {
            CALLED.set(CALLED.get() + 1);
            // A call, and what takes both locks.
            drop(posts.trigger(Self(None)));
            drop(posts.take());
        }
    }
}

struct Subject<F> {
    posts: Posts,
    by_hand: ByHand<Latest<Post>, F>,
    handle: Arc<OnceLock<Posts>>,
}

impl<F> Subject<F> {
    fn bring(&self) {
        let _ = self.posts.trigger(Post(Some(Arc::clone(&self.handle)))).expect("it goes on");
    }
}

/// Its runs fail as long as a value has the handle.
fn subject(
    set: fn(ThrottledBuilder) -> ThrottledBuilder,
    inside: impl Fn(&Posts) + Send + 'static,
) -> Subject<impl FnMut(&mut Post) -> Result<(), Box<dyn std::error::Error + Send + Sync>>> {
    let handle: Arc<OnceLock<Posts>> = Arc::default();
    let within = Arc::clone(&handle);
    let builder = set(Throttled::builder(SECOND).clock(Manual::new(Timestamp::from_nanos(1))));
    let (posts, by_hand) = builder.latest().by_hand(move |_: &Post| {
        inside(within.get().expect("it is there before the first call"));
        Err::<(), _>("refused")
    });
    assert!(handle.set(posts.clone()).is_ok());
    CALLED.set(0);
    Subject { posts, by_hand, handle }
}

#[test]
fn one_that_a_newer_one_replaces() {
    let subject = subject(|builder| builder, |_| ());
    subject.bring();
    subject.bring();
    // It takes the newer one, which calls in turn.
    assert_eq!(CALLED.get(), 2);
}

#[test]
fn one_that_a_run_was_given() {
    let mut subject = subject(|builder| builder, |_| ());
    subject.bring();
    assert_eq!(subject.by_hand.step(), Step::Ran);
    assert_eq!(CALLED.get(), 1);
}

#[test]
fn one_that_a_policy_gives_up() {
    let mut subject = subject(|builder| builder.retry(Retry::by(|_, _| None)), |_| ());
    subject.bring();
    assert_eq!(subject.by_hand.step(), Step::Ran);
    assert_eq!(CALLED.get(), 1);
}

/// A newer one has come during the run, so it does not go back.
#[test]
fn one_that_was_to_be_tried_again() {
    let newer = |posts: &Posts| drop(posts.trigger(Post(None)));
    let mut subject = subject(|builder| builder.retry(Retry::by(|_, _| Some(SECOND))), newer);
    subject.bring();
    assert_eq!(subject.by_hand.step(), Step::Ran);
    assert_eq!(CALLED.get(), 1);
}

/// A flush has handed it over, a newer one has come, and then nobody drives it.
#[test]
fn one_that_was_handed_over() {
    let subject = subject(|builder| builder, |_| ());
    subject.bring();
    let _ = subject.posts.flush().expect("one is pending");
    let _ = subject.posts.trigger(Post(None)).expect("it goes on");
    drop(subject.by_hand);
    assert_eq!(CALLED.get(), 1);
}
