//! A compare-and-swap is one step, between mappings and between processes.

use super::processes::{self, Role};
use super::{CELL, cell_in, current, increment, number, numbered, place};
use atomic_throttle::{Clock, Monotonic, State};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Reading, Register, RegisterError, SharedMemory, Swap, Terms};
use evidence::Guarantee::C2;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::thread;

#[test]
fn what_one_mapping_swaps_another_reads() {
    let (_directory, path) = place();
    let (one, other) = (SharedMemory::open(&path).unwrap(), SharedMemory::open(&path).unwrap());
    let before = Monotonic.now();
    assert_eq!(one.read().unwrap().cell, Cell::NEW);
    let swap = one.compare_and_swap(Cell::NEW, numbered(1), Mark::random()).unwrap();
    let Swap::Done(now) = swap else { panic!("{swap:?}") };
    assert!((before..=Monotonic.now()).contains(&now), "by the machine's clock");
    assert_eq!(current(&other), 1);

    let swap = other.compare_and_swap(Cell::NEW, numbered(2), Mark::random()).unwrap();
    let Swap::Differs(reading) = swap else { panic!("{swap:?}") };
    assert_eq!((reading.cell, reading.mark), (numbered(1), None));
    assert!((now..=Monotonic.now()).contains(&reading.now), "by the machine's clock");
    assert_eq!(current(&one), 1, "nothing was done");
}

#[test]
fn the_cell_lies_in_the_file_as_its_bytes() {
    let (_directory, path) = place();
    let cell = Cell::from_bytes(core::array::from_fn(|at| u8::try_from(at + 1).unwrap()));
    let register = SharedMemory::open(&path).unwrap();
    assert!(matches!(register.compare_and_swap(Cell::NEW, cell, Mark::random()), Ok(Swap::Done(_))));
    assert_eq!(cell_in(&fs::read(&path).unwrap()), cell);
    drop(register);
    assert_eq!(SharedMemory::open(&path).unwrap().read().unwrap().cell, cell, "it stays");
}

/// Only a start leaves its terms, and none of a mark but these.
#[test]
fn the_terms_of_the_latest_start_are_kept() {
    let (_directory, path) = place();
    let (one, other) = (SharedMemory::open(&path).unwrap(), SharedMemory::open(&path).unwrap());
    let of = |number: u64| Mark::random().with_terms(Terms::from_numbers([number, 7, u64::MAX - number]));
    let finished = |cell: Cell| cell.finish(cell.epoch()).0;
    let mut cell = Cell::NEW;
    for number in 1..5 {
        let start = State::from_word(number << 3);
        for (new, mark) in
            [(Cell::new(start, cell.finished()), of(number)), (finished(numbered(number)), of(0))]
        {
            assert!(matches!(one.compare_and_swap(cell, new, mark), Ok(Swap::Done(_))));
            let Ok(Swap::Differs(reading)) = other.compare_and_swap(cell, new, of(9)) else {
                panic!("it moved")
            };
            assert_eq!(reading.mark, Some(Mark::NOBODY.with_terms(of(number).terms().unwrap())));
            assert_eq!(other.read().unwrap().mark, reading.mark);
            cell = new;
        }
    }
    drop((one, other));
    assert_eq!(SharedMemory::open(&path).unwrap().read().unwrap().mark.unwrap().terms(), of(4).terms());
}

#[test]
fn threads_lose_no_update() {
    let check = evidence::Check::of(&[C2], "threads: each with a mapping of its own, no swap is lost");
    let (_directory, path) = place();
    let times = evidence::depth(20_000, 1_000_000);
    thread::scope(|scope| {
        for _ in 0..4 {
            let register = SharedMemory::open(&path).unwrap();
            scope.spawn(move || (0..times).for_each(|_| increment(&register)));
        }
    });
    assert_eq!(current(&SharedMemory::open(&path).unwrap()), 4 * times);
    check.passed(usize::try_from(4 * times).unwrap(), "transitions");
}

#[test]
fn processes_lose_no_update() {
    let check = evidence::Check::of(&[C2], "processes: 8 of them, no swap is lost");
    let (_directory, path) = place();
    let times = evidence::depth(10_000, 500_000);
    processes::all(Role::Increment(times), &path, 8);
    assert_eq!(current(&SharedMemory::open(&path).unwrap()), 8 * times);
    check.passed(usize::try_from(8 * times).unwrap(), "transitions");
}

/// A planted fault: it reads and then writes, in two steps.
#[derive(Debug)]
struct TwoSteps(SharedMemory, File);

impl Register for TwoSteps {
    fn read(&self) -> Result<Reading, RegisterError> {
        self.0.read()
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, _: Mark) -> Result<Swap, RegisterError> {
        let reading = self.0.read()?;
        if reading.cell != old {
            return Ok(Swap::Differs(reading));
        }
        self.1.write_all_at(&new.to_bytes(), CELL).unwrap();
        Ok(Swap::Done(reading.now))
    }
}

#[test]
fn two_steps_lose_updates() {
    const TIMES: u64 = 5_000;
    let lost = (0..100).find_map(|_| {
        let (_directory, path) = place();
        let open = || {
            let register = SharedMemory::open(&path).unwrap();
            TwoSteps(register, File::options().write(true).open(&path).unwrap())
        };
        let [one, other] = [open(), open()];
        thread::scope(|scope| {
            for register in [&one, &other] {
                scope.spawn(|| (0..TIMES).for_each(|_| increment(register)));
            }
        });
        let lost = 2 * TIMES - number(one.read().unwrap().cell);
        Some(lost).filter(|lost| *lost > 0)
    });
    let lost = lost.expect("two steps lose an update in some round");
    evidence::caught(
        "a register in shared memory that reads and then writes",
        &format!("threads: {lost} of {} swaps are lost", 2 * TIMES),
    );
}
