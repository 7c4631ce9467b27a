//! The mapped file, and the one 128-bit atomic in it. All unsafe code of the package is here: one line.
//!
//! # Why that line is sound
//!
//! `AtomicU128::from_ptr` asks of a pointer, for as long as the reference lives:
//!
//! * *Aligned.* A mapping begins on a page, and the cell at a multiple of 16 in it (asserted in `format`).
//! * *Valid for reads and writes.* The mapping has [`format::LENGTH`] bytes, to which the cell belongs, and is
//!   made for both: a 128-bit load may be a compare-and-swap of the processor, and so write. The reference
//!   borrows the [`Mapped`] that owns the mapping, and nothing unmaps it before. A file that is cut short
//!   leaves the addresses mapped: an access is then a signal that ends the process, and never one to memory of
//!   somebody else. No load is invented that the program does not make: what is behind a reference to an
//!   atomic may change, so the compiler takes nothing for granted there.
//! * *Atomic accesses alone, of one size, as long as it is in use.* In this process nothing else is done with
//!   the memory; no other pointer to it is made. In other processes the same code does the same, and the rest
//!   of the file is written under an exclusive lock, which nobody gets while another holds the shared one that
//!   each user holds (`file`). Bytes of the cell that some other program writes into the file are a change by
//!   the kernel: whatever they are, they are a [`Cell`].
//! * *Lock-free.* Where the processor has no 128-bit atomics, `portable-atomic` takes a lock of its own, which
//!   would be one for each process and so exclude nobody. [`Mapped::open`] asks `is_lock_free`, which is
//!   guaranteed to give the same answer always: on x86-64 it is the processor's `cmpxchg16b` flag, and each
//!   operation chooses by that same flag. The feature `fallback` of `portable-atomic` is on because the type
//!   does not exist without it on x86-64, where the instruction is looked for at run time.
//!
//! # Why it is atomic between processes
//!
//! Two processes see the same page of memory at different addresses. The instructions that a lock-free
//! `AtomicU128` consists of (`lock cmpxchg16b` and, beside it, `vmovdqa`; `ldxp`/`stxp`, `casp`, `ldp`) go by
//! the cache line that is accessed, whatever its address is called, and keep nothing beside it. Those that one
//! process chooses are atomic against those that another one does, since the processor's flags decide in both.

#[cfg(test)]
#[path = "litmus.rs"]
mod litmus;

use super::format;
use super::{Fate, SharedMemoryError, SharedMemoryErrorKind, SharedMemoryOptions, file};
use crate::cell::Cell;
use memmap2::{MmapOptions, MmapRaw};
use portable_atomic::{AtomicU128, Ordering, fence};
use std::fs::File;
use std::io;
use std::path::Path;

/// A register's file, under a shared lock, and its memory.
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

    /// What has become of the file.
    pub(super) fn fate(&self) -> io::Result<Fate> {
        file::fate(&self.file)
    }

    /// What stands there. The file is to be [whole](Fate::Whole).
    pub(super) fn load(&self) -> Cell {
        // ORDERING: the fences around it.
        cell(fenced(|| self.atomic().load(Ordering::Relaxed)))
    }

    /// Puts `new` in the place of `old`, or tells what else stands there. The file is to be
    /// [whole](Fate::Whole).
    pub(super) fn compare_and_swap(&self, old: Cell, new: Cell) -> Result<(), Cell> {
        let mut expected = value(old);
        loop {
            // ORDERING: the fences around it.
            let swap =
                || self.atomic().compare_exchange(expected, value(new), Ordering::Relaxed, Ordering::Relaxed);
            match fenced(swap) {
                Ok(_) => return Ok(()),
                // Some bytes that no register writes are the same cell as others. Compared as they stand,
                // they would be told to be `old` and not be replaced, for ever.
                Err(other) if cell(other) == old => expected = other,
                Err(other) => return Err(cell(other)),
            }
        }
    }

    #[allow(unsafe_code, reason = "the memory of the file has no safe reference")]
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

/// Makes what this thread did before visible to whoever sees the step or makes a later one, and to what this
/// thread does next whatever was done before an earlier step.
///
/// ORDERING: two steps are one before the other, also where the earlier one is a load and so leaves nothing to
/// be seen: a caller writes its data and reads *pending*, a runner moves the cell and reads the data. Only two
/// `SeqCst` fences exclude that both miss each other. The one before a step pairs with the one after another.
fn fenced<T>(step: impl FnOnce() -> T) -> T {
    fence(Ordering::SeqCst);
    let done = step();
    fence(Ordering::SeqCst);
    done
}
