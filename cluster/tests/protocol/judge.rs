//! [`Judge`]: what is promised among processes, and what must be remembered to check it.
//!
//! Two kinds of fault *expose* the runs whose start was decided before them: a register that loses its data
//! forgets them, and a clock that steps forward ends their windows and leases early. Later runs may come too
//! early after an exposed run, or beside it; that is counted. Between all other runs it breaks a promise.

use crate::process::Run;
use crate::register::Origin;
use crate::setting::{Faults, Loss, Setting};
use core::fmt;

/// A promise that was broken.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Broken(pub &'static str);

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Broken {
    /// Judged by the stamps, and in true time from the reading on which the older one was decided. An exposed
    /// run is exempt.
    pub const EXCLUSION: Self =
        Self("C2 exclusion: two runs are performed within the lease of the older one");
    /// Not judged after a run that the register has lost.
    pub const ORDER: Self = Self("C9 order: a run has no greater epoch than the one before it");
    /// Judged by the stamps, and in true time from the reading on which the older one was decided. Not judged
    /// after an exposed run.
    pub const SPACING: Self = Self("C1 spacing: two runs start less than a threshold apart");
    pub const COVERAGE: Self =
        Self("C3 coverage: a call is reported as covered, and no run that began after it has finished");
    pub const LIVENESS: Self =
        Self("C5 liveness: nothing fails any more, and a call of a living process stays uncovered");
    /// Judged if nothing fails, and runs finish within their lease.
    pub const NEEDLESS: Self =
        Self("C7 no needless run: a run starts, and all calls that were taken have had their run");
    /// Judged when the answer to a start arrives. A process can still be held up after that.
    pub const LATE: Self = Self("C2 late: a process goes on to a function when the lease of its run is over");
    pub const LOST: Self = Self("C6 nothing lost: a call of a living process is neither covered nor owed");
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Judge {
    /// Calls that were taken before a run began that was performed to its end.
    performed: u8,
    /// Calls made before a run began that was performed to its end, and whose finish was done.
    finished: u8,
    /// The latest start, and the earlier ones that were less than a threshold ago.
    recent: Vec<Start>,
    /// A run that was decided by a reading from before this time is exposed.
    exposed_before: u64,
    lost_before: u64,
    pub counted: Counted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Start {
    stamp: u64,
    origin: Origin,
}

/// What has happened so far. All but the starts are counts of what only an exposed run allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counted {
    pub starts: u8,
    /// Starts less than a threshold after another.
    pub early: u8,
    /// Pairs of runs that were performed within the lease of the older one.
    pub overlaps: u8,
    /// Starts of no greater epoch than the one before.
    pub disorders: u8,
}

impl Judge {
    /// The clock has stepped forward, or the register has lost its data.
    pub fn expose(&mut self, setting: &Setting, time: u64, is_lost: bool) {
        if setting.loss == Loss::Remembered {
            return;
        }
        self.exposed_before = time;
        if is_lost {
            self.lost_before = time;
        }
    }

    /// Whether a recent start had this stamp.
    pub fn knows(&self, stamp: u64) -> bool {
        self.recent.iter().any(|start| start.stamp == stamp)
    }

    /// A start was done at the register. `taken` are the calls that wait for one.
    pub fn started(
        &mut self,
        setting: &Setting,
        stamp: u64,
        origin: Origin,
        taken: u8,
    ) -> Result<(), Broken> {
        let start = Start { stamp, origin };
        let is_too_near = |earlier: &&Start| {
            stamp < earlier.stamp + setting.threshold
                || origin.started_at < earlier.origin.read_at + setting.threshold
        };
        let too_near: Vec<_> = self.recent.iter().filter(is_too_near).collect();
        if setting.timely && too_near.iter().any(|earlier| earlier.origin.read_at >= self.exposed_before) {
            return Err(Broken::SPACING);
        }
        let disordered = self.recent.last().filter(|before| stamp <= before.stamp);
        if setting.timely && disordered.is_some_and(|before| before.origin.read_at >= self.lost_before) {
            return Err(Broken::ORDER);
        }
        self.counted.early += u8::from(!too_near.is_empty());
        self.counted.disorders += u8::from(disordered.is_some());
        self.counted.starts += 1;
        self.recent.push(start);
        if setting.faults == Faults::NONE && setting.prompt && taken & !self.performed == 0 {
            return Err(Broken::NEEDLESS);
        }
        Ok(())
    }

    /// Forgets the starts to which no later one can be too near any more.
    pub fn time_passed(&mut self, setting: &Setting, time: u64) {
        let latest = self.recent.last().copied();
        self.recent.retain(|start| Some(*start) == latest || time < start.origin.read_at + setting.threshold);
    }

    /// A function begins while the function of `other` is being performed. Nothing excuses a run that is
    /// performed twice.
    pub fn overlap(&mut self, setting: &Setting, one: &Run, other: &Run) -> Result<(), Broken> {
        let key = |run: &&Run| (run.origin.started_at, run.origin.read_at);
        let [older, younger] = if key(&one) < key(&other) { [one, other] } else { [other, one] };
        let is_over = setting.lease.is_some_and(|lease| {
            one.epoch.as_u64().abs_diff(other.epoch.as_u64()) >= lease
                && younger.origin.started_at >= older.origin.read_at + lease
        });
        if is_over {
            return Ok(());
        }
        self.counted.overlaps += 1;
        let is_exposed = older.origin.read_at < self.exposed_before && one.epoch != other.epoch;
        if setting.timely && !is_exposed { Err(Broken::EXCLUSION) } else { Ok(()) }
    }

    pub fn performed(&mut self, calls: u8) {
        self.performed |= calls;
    }

    pub fn finished(&mut self, calls: u8) {
        self.finished |= calls;
    }

    /// Whether a run that began after this call has finished.
    pub fn has_finished(&self, call: usize) -> bool {
        self.finished & 1 << call != 0
    }

    /// This call is reported as covered.
    pub fn told(&self, call: usize) -> Result<(), Broken> {
        if self.has_finished(call) { Ok(()) } else { Err(Broken::COVERAGE) }
    }
}
