//! Watches that every call returns (G5).

use crate::caller::Way;
use std::fmt::Write;
use std::time::Duration;

/// What a caller is doing, for the report on one that is stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Doing {
    Nothing,
    Run,
    RunWithin,
    TryRun,
    Wait,
    Flush,
    Cancel,
    SetThreshold,
    Function,
    NestedCall,
}

impl Doing {
    pub const ALL: [Self; 10] = [
        Self::Nothing,
        Self::Run,
        Self::RunWithin,
        Self::TryRun,
        Self::Wait,
        Self::Flush,
        Self::Cancel,
        Self::SetThreshold,
        Self::Function,
        Self::NestedCall,
    ];

    pub const fn of(way: Way) -> Self {
        match way {
            Way::Run => Self::Run,
            Way::Within(_) => Self::RunWithin,
            Way::Try => Self::TryRun,
        }
    }
}

/// What a caller was seen to do, and since when.
#[derive(Clone, Copy, Debug)]
struct Observation {
    shown: (Doing, u64),
    since: Duration,
}

/// Looks at the callers of one storm now and then. The last one is the function: it calls from inside runs.
///
/// A call waits for one window and for the runs before its own. A thread that shows the same for much longer
/// is stuck: a wake-up was lost, or nobody performs the run that it waits for.
pub struct Watch {
    patience: Duration,
    looks: Vec<Observation>,
}

impl Watch {
    pub fn new(callers: usize, patience: Duration) -> Self {
        Self {
            patience,
            looks: vec![Observation { shown: (Doing::Nothing, 0), since: Duration::ZERO }; callers],
        }
    }

    /// The first caller that is stuck at the time `now`, if there is one.
    pub fn look(&mut self, now: Duration, shown: impl Fn(usize) -> (Doing, u64)) -> Option<usize> {
        for (caller, look) in self.looks.iter_mut().enumerate() {
            let shown = shown(caller);
            if look.shown != shown {
                *look = Observation { shown, since: now };
            }
        }
        let stuck = |look: &Observation| {
            look.shown.0 != Doing::Nothing && now.saturating_sub(look.since) > self.patience
        };
        self.looks.iter().position(stuck)
    }

    /// What each caller was seen to do that has not come back, and for how long.
    pub fn report(&self, now: Duration) -> String {
        let mut report = String::new();
        let busy = self.looks.iter().enumerate().filter(|(_, look)| look.shown.0 != Doing::Nothing);
        for (caller, Observation { shown: (doing, number), since }) in busy {
            let who = if caller + 1 == self.looks.len() {
                "the function".to_owned()
            } else {
                format!("thread {}", caller + 1)
            };
            let passed = now.saturating_sub(*since);
            // Writing to a string does not fail.
            let _ = write!(report, "\n  {who}: {doing:?}, call {number}, for {passed:.0?}");
        }
        report
    }

    /// Whether the function was seen inside a call of its own.
    pub fn is_nested(&self) -> bool {
        self.looks.last().is_some_and(|look| look.shown.0 == Doing::NestedCall)
    }
}

#[cfg(test)]
mod tests {
    use super::{Doing, Watch};
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_thread_that_shows_the_same_for_too_long_is_stuck() {
        let mut watch = Watch::new(3, PATIENCE);
        let shown = |busy| {
            move |caller| match caller {
                0 => (Doing::Run, busy),
                1 => (Doing::Wait, 7),
                _ => (Doing::NestedCall, busy),
            }
        };
        assert_eq!(watch.look(at(1), shown(1)), None);
        assert_eq!(watch.look(at(31), shown(2)), None, "just long enough");
        assert_eq!(watch.look(at(32), shown(3)), Some(1));
        assert!(watch.report(at(32)).contains("thread 2: Wait, call 7, for 31s"));
        assert!(watch.report(at(32)).contains("the function: NestedCall, call 3, for 0ns"));
        assert!(watch.is_nested());
        evidence::caught("a call that never returns", "soak: the watch finds it, in a planted history");
    }

    #[test]
    fn one_that_goes_on_or_has_nothing_to_do_is_not_stuck() {
        let mut watch = Watch::new(2, PATIENCE);
        for second in 0..200 {
            let shown = |thread| if thread == 0 { (Doing::Run, second) } else { (Doing::Nothing, 7) };
            assert_eq!(watch.look(at(second), shown), None);
        }
    }
}
