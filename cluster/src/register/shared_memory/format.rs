//! The content of the file: 96 bytes, all numbers little-endian. Pure: no file is touched here.
//!
//! ```text
//!  0       8         16        32               48      64      88       96
//! +-------+---------+---------+----------------+-------+-------+--------+
//! | magic | version | boot id | time namespace | cell  | terms | unused |
//! +-------+---------+---------+----------------+-------+-------+--------+
//! ```
//!
//! The first byte of the magic also says whether the rest is complete. Only the write of this byte turns a
//! file into a register. If a process dies before that, the next one recognizes what it left, and initializes
//! it again.

use super::SharedMemoryErrorKind;
use crate::cell::Cell;

/// The length of the file.
pub(super) const LENGTH: usize = 96;
/// Where the cell begins.
pub(super) const CELL: usize = 48;
/// Where the three numbers of the terms begin: all 0 until the first run was started.
pub(super) const TERMS: usize = 64;

const VERSION: u64 = 2;
const VERSION_AT: usize = 8;
const IDENTITY_AT: usize = 16;
const COMPLETE: [u8; 8] = *b"\xA7ThrCell";
const UNFINISHED: [u8; 8] = *b"\xA6ThrCell";

// One byte turns the first into the second, so no step can leave a mixture.
const _: () = assert!(COMPLETE[0] != UNFINISHED[0]);
// The 128-bit access needs this alignment; a mapping begins on a page.
const _: () = assert!(CELL % 16 == 0 && CELL + 16 == TERMS);
// Each of the three numbers is accessed as 64 bits.
const _: () = assert!(TERMS % 8 == 0 && TERMS + 3 * 8 <= LENGTH);

/// Which boot of which machine, and which of its monotonic clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// The kernel draws it at random at each boot.
    pub(super) boot: [u8; 16],
    /// The device and the number of the time namespace; zeros where the kernel knows none.
    pub(super) time_namespace: [u64; 2],
}

impl Identity {
    fn to_bytes(self) -> [u8; CELL - IDENTITY_AT] {
        let mut bytes = [0; CELL - IDENTITY_AT];
        bytes[..16].copy_from_slice(&self.boot);
        bytes[16..24].copy_from_slice(&self.time_namespace[0].to_le_bytes());
        bytes[24..].copy_from_slice(&self.time_namespace[1].to_le_bytes());
        bytes
    }
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A register of this boot and of this clock.
    Ready,
    /// To be initialized if nobody uses it: empty, or left unfinished, or from before a reboot, or of another
    /// clock. While somebody uses it, it is refused, for this reason.
    New(SharedMemoryErrorKind),
    /// To be left alone.
    Refused(SharedMemoryErrorKind),
}

/// Judges a file of `length` bytes; `bytes` are its first ones, as many as a register has.
pub(super) fn judge(bytes: &[u8], length: u64, identity: Identity) -> Found {
    let new = Found::New(SharedMemoryErrorKind::InUse);
    if bytes.is_empty() {
        return new;
    }
    let begun = [UNFINISHED, VERSION.to_le_bytes()].concat();
    if bytes.len() < begun.len() && begun.starts_with(bytes) {
        return new;
    }
    let Some((magic, rest)) = bytes.split_first_chunk() else { return refused_as_foreign(bytes, length) };
    if ![COMPLETE, UNFINISHED].contains(magic) {
        return Found::Refused(SharedMemoryErrorKind::Foreign);
    }
    match rest.first_chunk().copied().map(u64::from_le_bytes) {
        Some(VERSION) => {}
        Some(found) => return Found::Refused(SharedMemoryErrorKind::Version { found }),
        None => return Found::Refused(SharedMemoryErrorKind::Length { found: length }),
    }
    let whole = length == LENGTH as u64 && bytes.len() == LENGTH;
    if *magic == UNFINISHED && (whole || length < LENGTH as u64) {
        return new;
    }
    if !whole {
        return Found::Refused(SharedMemoryErrorKind::Length { found: length });
    }
    let kept = &bytes[IDENTITY_AT..CELL];
    let current = identity.to_bytes();
    if kept[..16] != current[..16] {
        new
    } else if kept != current {
        // Its times are of a clock that its present users do not have.
        Found::New(SharedMemoryErrorKind::Clock)
    } else {
        Found::Ready
    }
}

/// A file too short for the magic: the rest of a register, or a foreign file.
fn refused_as_foreign(bytes: &[u8], length: u64) -> Found {
    Found::Refused(if COMPLETE.starts_with(bytes) {
        SharedMemoryErrorKind::Length { found: length }
    } else {
        SharedMemoryErrorKind::Foreign
    })
}

/// A register that nobody has used yet.
pub(super) fn new(identity: Identity) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    bytes[..VERSION_AT].copy_from_slice(&COMPLETE);
    bytes[VERSION_AT..IDENTITY_AT].copy_from_slice(&VERSION.to_le_bytes());
    bytes[IDENTITY_AT..CELL].copy_from_slice(&identity.to_bytes());
    bytes[CELL..TERMS].copy_from_slice(&Cell::NEW.to_bytes());
    bytes
}

/// The writes that turn a file into [`new`], in their order: where, and what. Cut off after any byte, they
/// leave a file that will be initialized.
pub(super) fn writes(identity: Identity) -> [(usize, Vec<u8>); 3] {
    let new = new(identity);
    let begun = [UNFINISHED, VERSION.to_le_bytes()].concat();
    [(0, begun), (IDENTITY_AT, new[IDENTITY_AT..].to_vec()), (0, vec![COMPLETE[0]])]
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::Guarantee::C6;
    use proptest::prelude::*;

    const HERE: Identity = Identity { boot: [7; 16], time_namespace: [4, 9] };
    const BEFORE: Identity = Identity { boot: [6; 16], time_namespace: [4, 9] };
    /// Of the same boot, with another clock.
    const BESIDE: Identity = Identity { boot: [7; 16], time_namespace: [4, 8] };

    const NEW: Found = Found::New(SharedMemoryErrorKind::InUse);
    const NEW_TO_THIS_CLOCK: Found = Found::New(SharedMemoryErrorKind::Clock);

    fn judged(bytes: &[u8]) -> Found {
        judge(&bytes[..bytes.len().min(LENGTH)], bytes.len() as u64, HERE)
    }

    #[test]
    fn what_is_written_is_found() {
        assert_eq!(judged(&new(HERE)), Found::Ready);
        assert_eq!(judged(&new(BEFORE)), NEW, "from before a reboot");
        assert_eq!(judged(&new(BESIDE)), NEW_TO_THIS_CLOCK);
    }

    #[test]
    fn initialization_may_be_cut_off_after_any_byte() {
        let check =
            evidence::Check::of(&[C6], "bytes: an initialization cut off after any byte is begun again");
        let mut cuts = 0;
        for from in [Vec::new(), new(BEFORE).to_vec(), new(BESIDE).to_vec()] {
            let mut file = from;
            for (at, bytes) in writes(HERE) {
                for (at, byte) in (at..).zip(bytes) {
                    assert!(matches!(judged(&file), Found::New(_)), "after {cuts} bytes");
                    file.resize(file.len().max(at + 1), 0);
                    file[at] = byte;
                    cuts += 1;
                }
            }
            assert_eq!(file, new(HERE));
        }
        check.passed(cuts, "cases");
    }

    #[test]
    fn a_register_that_was_cut_short_or_grew_is_refused() {
        let mut file = new(HERE).to_vec();
        file.resize(2 * LENGTH, 0);
        for length in (1..file.len()).filter(|length| *length != LENGTH) {
            let found = length as u64;
            assert_eq!(
                judged(&file[..length]),
                Found::Refused(SharedMemoryErrorKind::Length { found }),
                "{length} bytes"
            );
        }
    }

    #[test]
    fn an_unfinished_one_that_grew_is_refused() {
        let mut file = new(HERE).to_vec();
        file[..8].copy_from_slice(&UNFINISHED);
        assert_eq!(judged(&file), NEW);
        file.push(0);
        assert_eq!(judged(&file), Found::Refused(SharedMemoryErrorKind::Length { found: LENGTH as u64 + 1 }));
    }

    #[test]
    fn each_byte_that_is_changed_is_noticed_or_is_of_the_cell_or_its_terms() {
        for at in 0..LENGTH {
            for change in 1..=u8::MAX {
                let mut file = new(HERE);
                file[at] ^= change;
                let found = judged(&file);
                let right = match at {
                    0 if file[0] == UNFINISHED[0] => found == NEW,
                    0..VERSION_AT => found == Found::Refused(SharedMemoryErrorKind::Foreign),
                    VERSION_AT..IDENTITY_AT => {
                        matches!(found, Found::Refused(SharedMemoryErrorKind::Version { .. }))
                    }
                    IDENTITY_AT..32 => found == NEW,
                    32..CELL => found == NEW_TO_THIS_CLOCK,
                    _ => found == Found::Ready,
                };
                assert!(right, "byte {at} changed by {change}: {found:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_other_bytes_are_written_over(bytes in proptest::collection::vec(any::<u8>(), 1..2 * LENGTH)) {
            prop_assume!(!bytes.starts_with(&COMPLETE) && !bytes.starts_with(&UNFINISHED));
            prop_assume!(bytes.len() >= 8 || !UNFINISHED.starts_with(&bytes));
            prop_assert!(matches!(judged(&bytes), Found::Refused(_)), "{:?}", judged(&bytes));
        }
    }
}
