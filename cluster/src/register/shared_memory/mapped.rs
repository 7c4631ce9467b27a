//! The mapped file, and the atomics in it: one of 128 bits for the cell, three of 64 bits for the terms. All
//! unsafe code of the package is here: two lines.
//!
//! # Why those lines are sound
//!
//! `AtomicU128::from_ptr` and `AtomicU64::from_ptr` require of a pointer, for as long as the reference lives:
//!
//! * *Aligned.* A mapping begins on a page, the cell at a multiple of 16 in it, and each number of the terms
//!   at a multiple of 8 (asserted in `format`).
//! * *Valid for reads and writes.* The mapping has [`format::LENGTH`] bytes, and cell and terms lie within
//!   them. It is made for reading and for writing, because a 128-bit load may be a compare-and-swap of the
//!   processor, and so write. The reference borrows the [`Mapped`] that owns the mapping, and nothing unmaps
//!   it before. A file that is cut short leaves the addresses mapped: an access is then a signal that ends
//!   the process, and never reaches the memory of another owner. The compiler invents no load that the
//!   program does not make: the value behind a reference to an atomic may change, so the compiler assumes
//!   nothing about it.
//! * *Only atomic accesses, of one size, while it is in use.* This process does nothing else with the memory,
//!   and makes no other pointer to it; cell and terms do not overlap (asserted in `format`). Other processes run the same code. The rest of the file is written
//!   under an exclusive lock, which no process gets while another holds the shared lock that each user holds
//!   (`file`). If some other program writes bytes of the cell into the file, that is a change by the kernel,
//!   and any bytes are a [`Cell`] and [`Terms`].
//! * *Lock-free.* `AtomicU64` always is, where it exists. If the processor has no 128-bit atomics, `portable-atomic` takes a lock of its own, which
//!   would be one lock for each process, and exclude nobody. [`Mapped::open`] checks `is_lock_free`, which is
//!   guaranteed to give the same answer always: on x86-64 it is the processor's `cmpxchg16b` flag, and each
//!   operation chooses by that same flag. The feature `fallback` of `portable-atomic` is on because without
//!   it the type does not exist on x86-64, where the instruction is looked for at run time.
//!
//! # Why it is atomic between processes
//!
//! Two processes see the same page of memory at different addresses. A lock-free `AtomicU128` consists of the
//! instructions `lock cmpxchg16b` and, beside it, `vmovdqa`; or `ldxp`/`stxp`, `casp`, `ldp`. They work on
//! the cache line that is accessed, whatever its address, and keep no state beside it. The instructions that
//! one process chooses are atomic against those of another process, because the same processor's flags decide
//! in both.

#[cfg(test)]
#[path = "litmus.rs"]
mod litmus;

use super::format;
use super::{Fate, SharedMemoryError, SharedMemoryErrorKind, SharedMemoryOptions, file};
use crate::cell::Cell;
use crate::register::Terms;
use core::sync::atomic::AtomicU64;
use memmap2::{MmapOptions, MmapRaw};
use portable_atomic::{AtomicU128, Ordering, fence};
use std::fs::File;
use std::io;
use std::path::Path;

/// The file of a register, under a shared lock, and its memory.
pub(super) struct Mapped {
    memory: MmapRaw,
    file: File,
}

impl Mapped {
    pub(super) fn open(options: &SharedMemoryOptions, path: &Path) -> Result<Self, SharedMemoryError> {
        if !AtomicU128::is_lock_free() {
            let lacks = "128-bit compare-and-swap in its processor";
            return Err(SharedMemoryError::new(SharedMemoryErrorKind::Unsupported { lacks }, path));
        }
        let file = file::open(options, path)?;
        let memory = MmapOptions::new()
            .len(format::LENGTH)
            .map_raw(&file)
            .map_err(|error| SharedMemoryError::system("map the file", path, error))?;
        Ok(Self { memory, file })
    }

    /// The present state of the file.
    pub(super) fn fate(&self) -> io::Result<Fate> {
        file::fate(&self.file)
    }

    /// The cell in the file. The file must be [whole](Fate::Whole).
    pub(super) fn load(&self) -> Cell {
        // ORDERING: the fences around it.
        cell(fenced(|| self.atomic().load(Ordering::Relaxed)))
    }

    /// Replaces `old` by `new`, or returns the cell that is there instead. The file must be
    /// [whole](Fate::Whole).
    pub(super) fn compare_and_swap(&self, old: Cell, new: Cell) -> Result<(), Cell> {
        let mut expected = value(old);
        loop {
            // ORDERING: the fences around it.
            let swap =
                || self.atomic().compare_exchange(expected, value(new), Ordering::Relaxed, Ordering::Relaxed);
            match fenced(swap) {
                Ok(_) => return Ok(()),
                // Some bytes that no register writes decode to the same cell as others. Compared byte by
                // byte, such a cell would be reported as `old` and never be replaced.
                Err(other) if cell(other) == old => expected = other,
                Err(other) => return Err(cell(other)),
            }
        }
    }

    /// The terms beside the cell; `None` until a run was started. The file must be [whole](Fate::Whole).
    pub(super) fn terms(&self) -> Option<Terms> {
        // ORDERING: the terms are only shown to a person, and nothing is decided by them. Three numbers that
        // two processes wrote at once can come from both; where all terms are equal, they are equal then too.
        let [threshold, lease, tag] = self.numbers().map(|number| number.load(Ordering::Relaxed));
        // No lease is 0.
        (lease != 0).then_some(Terms::from_numbers([threshold, lease, tag]))
    }

    /// Replaces the terms. The file must be [whole](Fate::Whole).
    pub(super) fn set_terms(&self, terms: Terms) {
        for (number, value) in self.numbers().into_iter().zip(terms.to_numbers()) {
            // ORDERING: as for `terms`.
            number.store(value, Ordering::Relaxed);
        }
    }

    fn numbers(&self) -> [&AtomicU64; 3] {
        [0, 1, 2].map(|at| {
            let number = self.memory.as_mut_ptr().wrapping_add(format::TERMS + 8 * at).cast();
            #[allow(unsafe_code, reason = "safe code has no reference to the memory of the file")]
            // SAFETY: aligned, valid, and accessed in no other way: argued above.
            unsafe {
                AtomicU64::from_ptr(number)
            }
        })
    }

    #[allow(unsafe_code, reason = "safe code has no reference to the memory of the file")]
    fn atomic(&self) -> &AtomicU128 {
        let cell = self.memory.as_mut_ptr().wrapping_add(format::CELL).cast();
        // SAFETY: aligned, valid, accessed in no other way, and lock-free: argued above.
        unsafe { AtomicU128::from_ptr(cell) }
    }
}

/// The number whose bytes in memory are those of the cell.
fn value(cell: Cell) -> u128 {
    u128::from_ne_bytes(cell.to_bytes())
}

fn cell(value: u128) -> Cell {
    Cell::from_bytes(value.to_ne_bytes())
}

/// Makes what this thread did before visible to every process that sees this step or makes a later one. Makes
/// what was done before an earlier step visible to what this thread does next.
///
/// ORDERING: of two steps one is before the other, even if the earlier one is a load, which leaves nothing to
/// be seen: a caller writes its data and reads *pending*, a runner moves the cell and reads the data. Only
/// two `SeqCst` fences exclude that both miss each other. The fence before a step pairs with the fence after
/// another step.
fn fenced<T>(step: impl FnOnce() -> T) -> T {
    fence(Ordering::SeqCst);
    let done = step();
    fence(Ordering::SeqCst);
    done
}
