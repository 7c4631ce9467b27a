//! The subject of the properties of the background throttle: its runs read all words, and note what they read.

use super::START;
use super::witness::{Alone, Coverage};
use crate::subject::{Manual, Throttled, ThrottledBuilder, WeakThrottled};
use atomic_throttle::state::DeferralStatus;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What all threads of a schedule share. Shuttle sees only the words and the clock of it.
pub struct Background {
    pub clock: Arc<Manual>,
    pub coverage: Coverage,
    pub alone: Alone,
    /// How many runs panicked on purpose.
    pub panics: AtomicUsize,
    /// The thread has come to its end, and dropped the function.
    pub has_ended: AtomicBool,
    /// The throttle, for its own function.
    pub itself: OnceLock<WeakThrottled>,
}

/// Notes the end of the thread.
struct Function(Arc<Background>);

impl Drop for Function {
    fn drop(&mut self) {
        self.0.has_ended.store(true, SeqCst);
    }
}

impl Background {
    pub fn start(threshold: Duration) -> (Throttled, Arc<Self>) {
        Self::start_with(threshold, |builder| builder, |_| ())
    }

    /// `inside` is called in each run.
    pub fn start_with(
        threshold: Duration,
        set_up: impl FnOnce(ThrottledBuilder) -> ThrottledBuilder,
        inside: impl Fn(&Self) + Send + 'static,
    ) -> (Throttled, Arc<Self>) {
        let background = Arc::new(Self {
            clock: Arc::new(Manual::new(START)),
            coverage: Coverage::new(),
            alone: Alone::new(),
            panics: AtomicUsize::new(0),
            has_ended: AtomicBool::new(false),
            itself: OnceLock::new(),
        });
        let builder = set_up(Throttled::builder(threshold).clock(Arc::clone(&background.clock)));
        let function = Function(Arc::clone(&background));
        let throttled = builder
            .spawn(move || {
                let background = &function.0;
                background.run(&inside);
            })
            .expect("shuttle can start a thread");
        assert!(background.itself.set(throttled.downgrade()).is_ok());
        (throttled, background)
    }

    fn run(&self, inside: &impl Fn(&Self)) {
        let _inside = self.alone.enter();
        self.coverage.read_words();
        inside(self);
    }

    /// A handle, unless the last one was dropped.
    pub fn itself(&self) -> Option<Throttled> {
        self.itself.get().and_then(WeakThrottled::upgrade)
    }

    /// The throttle catches whatever fails inside of a run, so the test looks for it here.
    pub fn assert_counts(&self, throttled: &Throttled) {
        let panics = u64::try_from(self.panics.load(SeqCst)).expect("a few");
        assert_eq!(throttled.panics(), panics, "G2: something failed inside of a run");
    }
}

pub fn is_idle(throttled: &Throttled) -> bool {
    let seen = throttled.snapshot();
    !seen.running && seen.deferral == DeferralStatus::None
}
