//! Takes the place of `mapped` on platforms without such a register.

use super::{Fate, SharedMemoryError, SharedMemoryErrorKind, SharedMemoryOptions};
use crate::cell::Cell;
use crate::register::Terms;
use std::io;
use std::path::Path;

/// There is no value of this type.
pub(super) enum Mapped {}

impl Mapped {
    pub(super) fn open(_: &SharedMemoryOptions, path: &Path) -> Result<Self, SharedMemoryError> {
        let lacks = "Linux kernel, which this register is made for";
        Err(SharedMemoryError::new(SharedMemoryErrorKind::Unsupported { lacks }, path))
    }

    pub(super) fn fate(&self) -> io::Result<Fate> {
        match *self {}
    }

    pub(super) fn load(&self) -> Cell {
        match *self {}
    }

    pub(super) fn terms(&self) -> Option<Terms> {
        match *self {}
    }

    pub(super) fn set_terms(&self, _: Terms) {
        match *self {}
    }

    pub(super) fn compare_and_swap(&self, _: Cell, _: Cell) -> Result<(), Cell> {
        match *self {}
    }
}
