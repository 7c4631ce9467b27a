//! The register in shared memory: real files, and real processes where it matters.
//!
//! What these tests cannot show: that the kernel and the processor keep one page coherent at two addresses,
//! and what happens in the nanoseconds between the look at a file and the access to its memory.
#![cfg(all(feature = "shm", target_os = "linux"))]

mod bytes;
mod in_use;
mod killed;
mod mode;
mod opening;
mod processes;
mod refused;
mod swaps;

use atomic_throttle::{State, lease};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{
    Mark, Register, SharedMemory, SharedMemoryError, SharedMemoryErrorKind, Swap,
};
use core::time::Duration;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use watchdog as _;

/// The positions of the parts of the file. They do not belong to the interface, and yet they must not change
/// unnoticed.
const LENGTH: usize = 96;
const VERSION: u64 = 8;
const BOOT: u64 = 16;
const TIME_NAMESPACE: u64 = 32;
const CELL: u64 = 48;

/// A new directory, and the path of a register in it.
fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("register");
    (directory, path)
}

/// Opens it, and gives up at once if another process is in the way.
fn open_now(path: &Path) -> Result<SharedMemory, SharedMemoryError> {
    SharedMemory::options().limit(Duration::ZERO).open(path)
}

fn refusal(path: &Path) -> SharedMemoryErrorKind {
    let error = open_now(path).unwrap_err();
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    assert_eq!(error.path(), path);
    error.kind()
}

/// A cell with `number` in both halves, so that a mixture of two cells would be noticed.
fn numbered(number: u64) -> Cell {
    Cell::new(State::from_word(number << 3), lease::epoch(number))
}

fn number(cell: Cell) -> u64 {
    let number = cell.finished().as_u64();
    assert_eq!(cell, numbered(number), "a mixture of two cells");
    number
}

/// Adds one to the number, in as many attempts as that takes.
fn increment(register: &impl Register) {
    let mut cell = register.read().unwrap().cell;
    while let Swap::Differs(other) =
        register.compare_and_swap(cell, numbered(number(cell) + 1), Mark::from_u64(0)).unwrap()
    {
        cell = other.cell;
    }
}

fn current(register: &SharedMemory) -> u64 {
    number(register.read().unwrap().cell)
}

/// The cell in the bytes of a file.
fn cell_in(file: &[u8]) -> Cell {
    let at = usize::try_from(CELL).unwrap();
    Cell::from_bytes(file[at..at + 16].try_into().unwrap())
}

/// Flips all bits of one byte.
fn spoil(path: &Path, at: u64) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[!byte[0]], at).unwrap();
}
