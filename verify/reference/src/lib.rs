//! The reference model: what a throttle must do, written from the guarantees and not from the code.
//!
//! One model for every user of it: the enumerations, the property tests, the fuzz targets and the histories.
//! It works on unbounded numbers and plain facts, so it shares no arithmetic and no encoding with `State`.

pub mod edges;
pub mod planted;
pub mod reached;
pub mod shipped;

/// The largest clock reading, and what a deadline after it is reported as.
pub const MAX: u64 = (1 << 61) - (1 << 56);
pub const NEVER: u64 = u64::MAX;

/// A request to the throttle. Times are in nanoseconds; an epoch is the start of the run that opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Arrive { now: u64 },
    ArriveBy { now: u64, latest: u64 },
    Request,
    Owe,
    TryStart { now: u64 },
    Fire { epoch: u64, now: u64 },
    Abandon { epoch: u64 },
    Cancel,
    Flush { now: u64 },
    Finish { epoch: u64 },
}

impl Event {
    /// Whether only a gate has this event. A gate has no lease.
    #[must_use]
    pub fn is_of_a_gate(self) -> bool {
        matches!(self, Self::ArriveBy { .. } | Self::TryStart { .. } | Self::Fire { .. })
    }
}

/// The answer, by its name in the transition table. A number is the time it comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Run,
    Defer(u64),
    Coalesced,
    Closed(u64),
    Running,
    Requested,
    Gone,
    Cancelled,
    Busy,
    Early(u64),
    Owed,
    Yes,
    No,
    Nothing,
    Finished,
    Ignored,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// No run is promised to anybody.
    Nothing,
    /// A living owner will perform one.
    Owned,
    /// A living owner holds one that was taken back.
    TakenBack,
    /// One is due and nobody has it.
    Orphaned,
}

/// The facts that the model keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    pub threshold: u64,
    /// The start of the latest run, 0 if there was none.
    pub latest_start: u64,
    pub in_progress: bool,
    pub promise: Promise,
}

impl Model {
    #[must_use]
    pub fn new(threshold: u64) -> Self {
        Self { threshold, latest_start: 0, in_progress: false, promise: Promise::Nothing }
    }

    /// G1, as a person would say it: nothing ran yet, or the latest start is a threshold ago.
    fn spaced(&self, now: u64) -> bool {
        let never_ran = self.latest_start == 0;
        let unspaced = self.threshold == 0;
        never_ran || unspaced || u128::from(now) >= u128::from(self.latest_start) + u128::from(self.threshold)
    }

    /// When the lease of a run in progress is over, or would be.
    #[must_use]
    pub fn lease_end(&self, lease: u64) -> u64 {
        Self::reading(u128::from(self.latest_start) + u128::from(lease))
    }

    /// The end of the window: 0 where there is none, `NEVER` where no clock reading reaches it.
    #[must_use]
    pub fn deadline(&self) -> u64 {
        if self.latest_start == 0 || self.threshold == 0 {
            return 0;
        }
        Self::reading(u128::from(self.latest_start) + u128::from(self.threshold))
    }

    fn reading(sum: u128) -> u64 {
        u64::try_from(sum).ok().filter(|sum| *sum <= MAX).unwrap_or(NEVER)
    }

    /// G2, with a lease: a run in progress keeps others out until its lease is over, for ever without one.
    #[must_use]
    pub fn excludes(&self, now: u64, lease: Option<u64>) -> bool {
        let is_over = |lease| u128::from(now) >= u128::from(self.latest_start) + u128::from(lease);
        self.in_progress && !lease.is_some_and(is_over)
    }

    fn start(&mut self, now: u64) -> Told {
        self.latest_start = now.max(self.latest_start + 1);
        self.in_progress = true;
        self.promise = Promise::Nothing;
        Told::Run
    }

    /// A call that cannot run now: it joins the promise, or makes one.
    fn join(&mut self, maker: Told) -> Told {
        let told = match self.promise {
            Promise::Nothing | Promise::Orphaned => maker,
            Promise::Owned | Promise::TakenBack => Told::Coalesced,
        };
        self.promise = Promise::Owned;
        told
    }

    /// Whether the deferral made in `epoch` is still its owner's.
    fn is_held(&self, epoch: u64) -> bool {
        self.latest_start == epoch && matches!(self.promise, Promise::Owned | Promise::TakenBack)
    }

    pub fn step(&mut self, event: Event) -> Told {
        self.step_under(None, event)
    }

    /// With a lease, in nanoseconds.
    ///
    /// # Panics
    ///
    /// If an event of a gate has one.
    pub fn step_under(&mut self, lease: Option<u64>, event: Event) -> Told {
        assert!(lease.is_none() || !event.is_of_a_gate(), "{event:?} under a lease");
        match event {
            Event::Arrive { now } if !self.excludes(now, lease) && self.spaced(now) => self.start(now),
            Event::Arrive { .. } => {
                let due = self.deadline();
                self.join(Told::Defer(due))
            }
            Event::ArriveBy { now, latest } => {
                let before = *self;
                match self.step(Event::Arrive { now }) {
                    Told::Defer(due) if due > latest => {
                        *self = before;
                        Told::Closed(due)
                    }
                    told => told,
                }
            }
            Event::Request => self.join(Told::Requested),
            Event::Owe => {
                let told = self.join(Told::Owed);
                if told == Told::Owed {
                    self.promise = Promise::Orphaned;
                }
                told
            }
            Event::TryStart { .. } if self.in_progress => Told::Running,
            Event::TryStart { now } if self.spaced(now) => self.start(now),
            Event::TryStart { .. } => Told::Closed(self.deadline()),
            Event::Fire { epoch, now } => {
                if !self.is_held(epoch) {
                    Told::Gone
                } else if self.promise == Promise::TakenBack {
                    self.promise = Promise::Nothing;
                    Told::Cancelled
                } else if self.in_progress {
                    Told::Busy
                } else if self.spaced(now) {
                    self.start(now)
                } else {
                    Told::Early(self.deadline())
                }
            }
            Event::Abandon { epoch } => {
                if !self.is_held(epoch) {
                    Told::Gone
                } else if self.promise == Promise::TakenBack {
                    self.promise = Promise::Nothing;
                    Told::Cancelled
                } else {
                    self.promise = Promise::Orphaned;
                    Told::Owed
                }
            }
            Event::Cancel => match self.promise {
                Promise::Owned => {
                    self.promise = Promise::TakenBack;
                    Told::Yes
                }
                Promise::Orphaned => {
                    self.promise = Promise::Nothing;
                    Told::Yes
                }
                Promise::Nothing | Promise::TakenBack => Told::No,
            },
            Event::Flush { now } if self.excludes(now, lease) => Told::Busy,
            Event::Flush { now } => match self.promise {
                Promise::Owned | Promise::Orphaned => self.start(now),
                Promise::Nothing | Promise::TakenBack => Told::Nothing,
            },
            Event::Finish { epoch } => {
                if self.in_progress && self.latest_start == epoch {
                    self.in_progress = false;
                    Told::Finished
                } else {
                    Told::Ignored
                }
            }
        }
    }
}
