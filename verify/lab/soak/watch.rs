//! Watches that every call returns (G5).

use crate::soak::Doing;
use std::time::Duration;

/// What a thread was seen to do, and since when.
#[derive(Clone, Copy, Debug)]
struct Observation {
    shown: (Doing, u64),
    since: Duration,
}

/// Looks at the threads of one round now and then.
///
/// A call waits for one window and for the runs before its own. A thread that shows the same for much longer
/// is stuck: a wake-up was lost, or nobody performs the run that it waits for.
pub struct Watch {
    patience: Duration,
    looks: Vec<Observation>,
}

impl Watch {
    pub fn new(threads: usize, patience: Duration) -> Self {
        Self {
            patience,
            looks: vec![Observation { shown: (Doing::Nothing, 0), since: Duration::ZERO }; threads],
        }
    }

    /// The first thread that is stuck at the time `now`, if there is one.
    pub fn look(&mut self, now: Duration, shown: impl Fn(usize) -> (Doing, u64)) -> Option<usize> {
        for (thread, look) in self.looks.iter_mut().enumerate() {
            let shown = shown(thread);
            if look.shown != shown {
                *look = Observation { shown, since: now };
            }
        }
        let stuck = |look: &Observation| {
            look.shown.0 != Doing::Nothing && now.saturating_sub(look.since) > self.patience
        };
        self.looks.iter().position(stuck)
    }

    /// What each thread was seen to do, and for how long.
    pub fn report(&self, now: Duration) -> String {
        let lines = self.looks.iter().enumerate().map(|(thread, look)| {
            let (doing, number) = look.shown;
            format!("  thread {thread}: {doing:?}, call {number}, for {:?}\n", now.saturating_sub(look.since))
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Watch;
    use crate::soak::Doing;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_thread_that_shows_the_same_for_too_long_is_stuck() {
        let mut watch = Watch::new(2, PATIENCE);
        let shown = |busy| move |thread| if thread == 0 { (Doing::Run, busy) } else { (Doing::Wait, 7) };
        assert_eq!(watch.look(at(1), shown(1)), None);
        assert_eq!(watch.look(at(31), shown(2)), None, "just long enough");
        assert_eq!(watch.look(at(32), shown(3)), Some(1));
        assert!(watch.report(at(32)).contains("thread 1: Wait, call 7, for 31s"));
        evidence::caught("a call that never returns", "soak: the watch finds it, in a planted history");
    }

    #[test]
    fn whoever_goes_on_or_has_nothing_to_do_is_not_stuck() {
        let mut watch = Watch::new(2, PATIENCE);
        for second in 0..200 {
            let shown = |thread| if thread == 0 { (Doing::Run, second) } else { (Doing::Nothing, 7) };
            assert_eq!(watch.look(at(second), shown), None);
        }
    }
}
