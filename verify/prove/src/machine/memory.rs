//! Memory, byte by byte. The lowest byte of a number comes first.

use super::Machine;
use super::state::{Path, Value};
use crate::ir::Type;
use crate::term::Term;

/// One byte of an allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Byte {
    /// Nothing was stored here.
    Unknown,
    /// A byte of this number, by its place, and when it is poison.
    Of { term: Term, poison: Term, place: u32 },
}

/// The alignment of every allocation.
const ALIGNED: usize = 16;

impl Machine<'_> {
    /// The number of bytes of a number.
    fn bytes(of: &Type) -> Result<(u32, usize), String> {
        match of {
            Type::Bits(width) if width % 8 == 0 => Ok((*width, *width as usize / 8)),
            other => Err(format!("{other:?} in memory")),
        }
    }

    /// Where so many bytes are.
    pub(super) fn within(
        path: &Path,
        at: &Value,
        bytes: usize,
        align: usize,
    ) -> Result<(usize, usize), String> {
        let Value::Pointer { allocation, offset } = *at else { return Err("no pointer".to_owned()) };
        if offset + bytes > path.memory[allocation].len() {
            return Err(format!("{bytes} bytes at {offset}, outside of memory"));
        }
        if align == 0 || ALIGNED % align != 0 || offset % align != 0 {
            return Err(format!("{offset} is not aligned to {align}"));
        }
        Ok((allocation, offset))
    }

    pub(super) fn store(
        path: &mut Path,
        of: &Type,
        what: &Value,
        at: &Value,
        align: usize,
    ) -> Result<(), String> {
        let (_, bytes) = Self::bytes(of)?;
        let (allocation, offset) = Self::within(path, at, bytes, align)?;
        let (term, poison) = Self::bits(what)?;
        for (place, byte) in (0..).zip(&mut path.memory[allocation][offset..offset + bytes]) {
            *byte = Byte::Of { term, poison, place };
        }
        Ok(())
    }

    pub(super) fn load(&self, path: &Path, of: &Type, at: &Value, align: usize) -> Result<Value, String> {
        let (width, bytes) = Self::bytes(of)?;
        let (allocation, offset) = Self::within(path, at, bytes, align)?;
        let stored = &path.memory[allocation][offset..offset + bytes];
        let terms = self.terms;
        // Mostly the number that was stored here as a whole.
        if let Byte::Of { term, poison, .. } = stored[0] {
            let is_whole = (0..).zip(stored).all(|(at, byte)| *byte == Byte::Of { term, poison, place: at });
            if is_whole && terms.width(term) == width {
                return Ok(Value::Bits { term, poison });
            }
        }
        let mut whole = None;
        let mut is_poison = terms.no();
        for byte in stored {
            let (part, poison) = match *byte {
                Byte::Unknown => (self.anything(8), terms.yes()),
                Byte::Of { term, poison, place } => (terms.part(8 * place, 8, term), poison),
            };
            whole = Some(whole.map_or(part, |lower| terms.join(part, lower)));
            is_poison = terms.or(is_poison, poison);
        }
        let term = whole.ok_or("a load of nothing")?;
        Ok(Value::Bits { term, poison: is_poison })
    }

    pub(super) fn copy(path: &mut Path, to: &Value, from: &Value, bytes: usize) -> Result<(), String> {
        let (from, offset) = Self::within(path, from, bytes, 1)?;
        let copied = path.memory[from][offset..offset + bytes].to_vec();
        let (to, at) = Self::within(path, to, bytes, 1)?;
        if to == from && offset.abs_diff(at) < bytes {
            return Err("a copy onto itself".to_owned());
        }
        path.memory[to][at..at + bytes].copy_from_slice(&copied);
        Ok(())
    }
}
