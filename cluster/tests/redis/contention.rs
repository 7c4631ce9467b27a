//! Many callers on several connections: of those that have seen the same cell, one swaps.

use crate::{options, read, register};
use atomic_throttle::{State, Timestamp, lease};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Reading, Redis, Register, RegisterError, Swap};
use evidence::Check;
use evidence::Guarantee::{C1, C2, C4};
use server::{Options, Server};
use std::sync::{Arc, Barrier};
use std::thread;

const THREADS: usize = 8;

/// A cell that counts its swaps.
fn next(cell: Cell) -> Cell {
    Cell::new(State::NEW, lease::epoch(cell.finished().as_u64() + 1))
}

/// Each thread makes this many swaps, and reads again if another was faster. Returns how many swaps are
/// missing at the end.
fn lost(registers: &[Arc<dyn Register>], swaps: usize) -> Result<usize, RegisterError> {
    let begun = read(&*registers[0]).cell.finished().as_u64();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let register = &registers[thread % registers.len()];
                scope.spawn(move || (0..swaps).try_for_each(|_| count_one(&**register)))
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })?;
    let counted = read(&*registers[0]).cell.finished().as_u64() - begun;
    Ok(THREADS * swaps - usize::try_from(counted).expect("few"))
}

fn count_one(register: &dyn Register) -> Result<(), RegisterError> {
    let mut cell = register.read()?.cell;
    while let Swap::Differs(other) = register.compare_and_swap(cell, next(cell), Mark::random())? {
        cell = other.cell;
    }
    Ok(())
}

#[test]
fn no_swap_is_lost() {
    let Some(server) = Server::start(Options::default()) else { return };
    let swaps = evidence::depth(250, 5_000);
    let check = Check::of(&[C1, C2, C4], "redis-server: of many who compare and swap the same cell one does");
    let mut done = 0;
    for connections in [1, 3, THREADS] {
        let registers: Vec<Arc<dyn Register>> =
            (0..connections).map(|_| Arc::new(register(options(&server))) as Arc<dyn Register>).collect();
        assert_eq!(lost(&registers, swaps).unwrap(), 0, "by {connections} connections");
        done += THREADS * swaps;
    }
    check.passed(done, "swaps");
}

#[test]
fn those_who_find_another_cell_are_told_which() {
    let Some(server) = Server::start(Options::default()) else { return };
    let (one, other) = (register(options(&server)), register(options(&server)));
    let cell = next(Cell::NEW);
    crate::swap(&one, Cell::NEW, cell, Mark::random());
    let told = other.compare_and_swap(Cell::NEW, next(cell), Mark::random()).unwrap();
    let Swap::Differs(reading) = told else { panic!("{told:?}") };
    assert_eq!(reading.cell, cell);
    assert!(reading.now > Timestamp::ZERO);
    assert_eq!(read(&one).cell, cell);
}

/// Compares, and then writes: the swap that the script replaces.
#[derive(Debug)]
struct InTwoCommands {
    register: Redis,
    writes: redis::Client,
    /// All threads wait here after they have compared.
    meeting: Barrier,
}

impl Register for InTwoCommands {
    fn read(&self) -> Result<Reading, RegisterError> {
        self.register.read()
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, _: Mark) -> Result<Swap, RegisterError> {
        let reading = self.read()?;
        self.meeting.wait();
        if reading.cell != old {
            return Ok(Swap::Differs(reading));
        }
        let (word, finished) = (new.state().to_word(), new.finished().as_u64());
        let text = format!("at2 {word:016x} {finished:016x}{}", " ----------------".repeat(4));
        let mut connection = self.writes.get_connection().expect("a server that answers");
        let () = redis::cmd("SET")
            .arg("atomic-throttle:reload")
            .arg(text)
            .query(&mut connection)
            .expect("a write");
        Ok(Swap::Done(reading.now))
    }
}

#[test]
fn a_swap_in_two_commands_is_found() {
    let Some(server) = Server::start(Options::default()) else { return };
    let planted = InTwoCommands {
        register: register(options(&server)),
        writes: redis::Client::open(server.url()).unwrap(),
        meeting: Barrier::new(THREADS),
    };
    let lost = lost(&[Arc::new(planted)], 1).unwrap();
    assert_eq!(lost, THREADS - 1);
    let how = format!("redis-server: {lost} of {THREADS} swaps are lost");
    evidence::caught("a compare-and-swap in two commands", &how);
}
