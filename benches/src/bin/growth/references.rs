//! What calls are compared with: their parts, and what a program would use instead.

use crate::axis::{Contestant, Role, Sample};
use crate::calls::repeats;
use crate::timing::{clock, look, nanos_a_call};
use benches::Padded;
use benches::peers::BothEdges;
use benches::statistics::{float, middle};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::{Duration, Instant};

/// A threshold that is longer than any measurement.
const HOUR: Duration = Duration::from_secs(3600);

/// A value that the word never holds: a decision compares what it loads, so the reference does, too.
const NEVER: u64 = u64::MAX;

/// The least that can promise a call that a pending run sees what was written before it.
pub struct FenceAndLoad(pub Padded<AtomicU64>);

impl FenceAndLoad {
    pub const NAME: &'static str = "fence + load";

    pub fn new() -> Self {
        Self(Padded(AtomicU64::new(0)))
    }

    #[inline]
    pub fn call(&self) -> u64 {
        fence(Ordering::SeqCst);
        self.0.0.load(Ordering::Relaxed)
    }
}

/// The owner of a run has this time to fall asleep, so all contestants begin equally warm.
const SETTLE: Duration = Duration::from_micros(200);

impl Contestant for FenceAndLoad {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn role(&self) -> Role {
        Role::Reference
    }

    fn sample(&mut self, calls: u64) -> Result<Sample, String> {
        let this = black_box(&*self);
        Ok(Sample { nanos: Some(timed(calls, || this.call() == NEVER)), ..Sample::default() })
    }
}

/// A throttle under a mutex, with a run pending that nobody performs: only its calls are measured.
pub struct UnderMutex {
    name: &'static str,
    sample: fn(u64) -> Sample,
}

impl UnderMutex {
    pub const STD: Self = Self {
        name: "std Mutex, both edges",
        sample: |calls| {
            let throttle: Padded<BothEdges> = Padded(BothEdges::new(HOUR));
            let throttle = &black_box(&throttle).0;
            throttle.defer();
            coalesced(calls, size_of_val(throttle), || throttle.run(|| ()))
        },
    };
    pub const PARKING_LOT: Self = Self {
        name: "parking_lot Mutex, both edges",
        sample: |calls| {
            let throttle: Padded<BothEdges<parking_lot::Mutex<_>>> = Padded(BothEdges::new(HOUR));
            let throttle = &black_box(&throttle).0;
            throttle.defer();
            coalesced(calls, size_of_val(throttle), || throttle.run(|| ()))
        },
    };
}

#[inline]
fn coalesced(calls: u64, bytes: usize, call: impl Fn() -> bool + Copy) -> Sample {
    let bytes = Some(float(bytes as u64));
    Sample { nanos: Some(timed(calls, call)), bytes, ..Sample::default() }
}

/// Times calls as the calls in a window are timed.
#[inline]
fn timed(calls: u64, call: impl Fn() -> bool + Copy) -> f64 {
    let clock = clock();
    let once = || {
        look(Instant::now, SETTLE);
        nanos_a_call(calls, clock, call)
    };
    middle(&(0..repeats(calls)).map(|_| once()).collect::<Vec<_>>())
}

impl Contestant for UnderMutex {
    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn sample(&mut self, calls: u64) -> Result<Sample, String> {
        Ok((self.sample)(calls))
    }
}
