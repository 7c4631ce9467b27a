//! Store buffering through two mappings of one file. A caller stores its data and reads the cell; a runner
//! moves the cell and reads the data. They both miss each other only if a fence is missing.
//!
//! On x86-64 the fence of the caller matters: there a compare-and-swap is a fence by itself.
//!
//! It needs optimized code, as in a release: in unoptimized code the store becomes visible before the next
//! access. The profile of the workspace sets that for this package.

use super::super::SharedMemoryOptions;
use super::Mapped;
use crate::cell::Cell;
use atomic_throttle::{State, lease};
use evidence::Guarantee::C3;
use portable_atomic::{AtomicU64, Ordering};
use std::sync::Barrier;
use std::thread;

const STEPS: u64 = 200_000;

fn cell(number: u64) -> Cell {
    Cell::new(State::NEW, lease::epoch(number))
}

/// How often the caller, which reads the cell by `load`, and the runner both missed each other.
fn missed(load: impl Fn(&Mapped) -> Cell + Sync) -> usize {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("register");
    let map = || Mapped::open(&SharedMemoryOptions::new(), &path).unwrap();
    let (of_caller, of_runner) = (map(), map());
    let (data, both) = (AtomicU64::new(0), Barrier::new(2));

    let (read_by_caller, read_by_runner) = thread::scope(|scope| {
        let caller = scope.spawn(|| {
            both.wait();
            let step = |number| {
                data.store(number, Ordering::Relaxed);
                load(&of_caller).finished().as_u64()
            };
            (1..=STEPS).map(step).collect::<Vec<u64>>()
        });
        let runner = scope.spawn(|| {
            both.wait();
            let step = |number| {
                of_runner.compare_and_swap(cell(number - 1), cell(number)).unwrap();
                data.load(Ordering::Relaxed)
            };
            (1..=STEPS).map(step).collect::<Vec<u64>>()
        });
        (caller.join().unwrap(), runner.join().unwrap())
    });

    // Data number `n` was stored before the cell was read as `c`. So the next move of the cell, to `c + 1`,
    // comes after that reading, and the runner must have read at least `n` after it.
    let missed = |(data, cell): (u64, &u64)| {
        read_by_runner.get(usize::try_from(*cell).unwrap()).is_some_and(|read| *read < data)
    };
    (1..).zip(&read_by_caller).filter(|&step| missed(step)).count()
}

#[test]
fn no_caller_is_missed() {
    let check = evidence::Check::of(&[C3], "litmus: two mappings of a file, a caller's data against a run");
    let rounds = evidence::depth(50, 2_000);
    for _ in 0..rounds {
        assert_eq!(missed(Mapped::load), 0);
    }
    check.passed(rounds * usize::try_from(STEPS).unwrap(), "executions");
}

#[test]
fn without_a_fence_a_caller_is_missed() {
    if thread::available_parallelism().is_ok_and(|cores| cores.get() == 1) {
        println!("skipped: on one core the store buffer is empty when another thread looks");
        return;
    }
    let unfenced = |mapped: &Mapped| Cell::from_bytes(mapped.atomic().load(Ordering::Relaxed).to_ne_bytes());
    let found = (1..=500).find_map(|round| Some((round, missed(unfenced))).filter(|(_, missed)| *missed > 0));
    let (round, missed) = found.expect("a caller without a fence is missed in some round");
    evidence::caught(
        "no fence before a register in shared memory is read",
        &format!("litmus: {missed} of {STEPS} callers are missed, in round {round}"),
    );
}
