//! The value of the key: a cell and a mark as text, which a person can read and Redis can compare.
//!
//! ```text
//! at1 00000000075bcd15 0000000000000000 9f86d081884c7d65
//! |   word             finished         mark, or dashes
//! version
//! ```
//!
//! The version also fixes the clock: nanoseconds since 2020 (see `time`).

use crate::cell::Cell;
use crate::register::Mark;

const VERSION: &str = "at1";
const NO_MARK: &str = "----------------";

/// The part that a swap compares.
pub(super) fn of_cell(cell: Cell) -> String {
    let (word, finished) = halves(cell);
    format!("{VERSION} {word:016x} {finished:016x}")
}

pub(super) fn of_mark(mark: Mark) -> String {
    format!("{:016x}", mark.as_u64())
}

/// The cell and the mark in this text; `None` unless the text is exactly what [`of_cell`] and [`of_mark`]
/// write. If a cell could be written in two ways, the two would not compare equal.
pub(super) fn parse(held: &[u8]) -> Option<(Cell, Option<Mark>)> {
    let mut parts = std::str::from_utf8(held).ok()?.split(' ').skip(1);
    let word = u64::from_str_radix(parts.next()?, 16).ok()?;
    let finished = u64::from_str_radix(parts.next()?, 16).ok()?;
    let mark = match parts.next()? {
        NO_MARK => None,
        mark => Some(Mark::from_u64(u64::from_str_radix(mark, 16).ok()?)),
    };
    let cell = whole(word, finished);
    let again = format!("{} {}", of_cell(cell), mark.map_or_else(|| NO_MARK.to_owned(), of_mark));
    (again.as_bytes() == held).then_some((cell, mark))
}

fn halves(cell: Cell) -> (u64, u64) {
    let both = u128::from_le_bytes(cell.to_bytes());
    #[allow(clippy::cast_possible_truncation, reason = "its two halves")]
    (both as u64, (both >> 64) as u64)
}

fn whole(word: u64, finished: u64) -> Cell {
    Cell::from_bytes((u128::from(finished) << 64 | u128::from(word)).to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(cell: Cell, mark: Option<Mark>) -> String {
        format!("{} {}", of_cell(cell), mark.map_or_else(|| NO_MARK.to_owned(), of_mark))
    }

    #[test]
    fn a_cell_that_nobody_has_used_is_what_the_script_takes_for_no_key() {
        let text = text(Cell::NEW, None);
        assert_eq!(text, "at1 0000000000000000 0000000000000000 ----------------");
        // The lengths that the script contains.
        assert_eq!((text.len(), of_cell(Cell::NEW).len() + 1), (54, 38));
    }

    #[test]
    fn what_is_not_written_so_is_not_read() {
        let good = "at1 00000000075bcd15 000000000000002a 9f86d081884c7d65";
        assert!(parse(good.as_bytes()).is_some());
        for bad in [
            "",
            "at1",
            "at1 ",
            "at1   ",
            "at2 00000000075bcd15 000000000000002a 9f86d081884c7d65",
            "AT1 00000000075bcd15 000000000000002a 9f86d081884c7d65",
            "at1 00000000075BCD15 000000000000002a 9f86d081884c7d65",
            "at1 +0000000075bcd15 000000000000002a 9f86d081884c7d65",
            "at1 75bcd15 2a 9f86d081884c7d65",
            "at1 00000000075bcd15 ffffffffffffffff 9f86d081884c7d65",
            "at1 00000000075bcd15 000000000000002a ---------------",
            "at1 00000000075bcd15 000000000000002a 9f86d081884c7d6-",
            "at1 00000000075bcd15 000000000000002a 9f86d081884c7d65 ",
            "at1 00000000075bcd15 000000000000002a 9f86d081884c7d65\n",
            "at1 00000000075bcd15 000000000000002a 9f86d081884c7d65 more",
            " at1 00000000075bcd15 000000000000002a 9f86d081884c7d65",
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad:?}");
        }
    }

    fn cells() -> impl Strategy<Value = Cell> {
        any::<[u8; 16]>().prop_map(Cell::from_bytes)
    }

    fn marks() -> impl Strategy<Value = Option<Mark>> {
        any::<Option<u64>>().prop_map(|mark| mark.map(Mark::from_u64))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(cell in cells(), mark in marks()) {
            prop_assert_eq!(parse(text(cell, mark).as_bytes()), Some((cell, mark)));
        }

        #[test]
        fn any_bytes_are_read_or_refused(held in any::<Vec<u8>>()) {
            prop_assert_eq!(parse(&held), None);
        }

        #[test]
        fn no_cell_has_two_texts(
            cell in cells(), mark in marks(), place in any::<prop::sample::Index>(), byte in any::<u8>()
        ) {
            let mut held = text(cell, mark).into_bytes();
            let place = place.index(held.len());
            let changed = held[place] != byte;
            held[place] = byte;
            match parse(&held) {
                Some((other, other_mark)) => {
                    prop_assert_eq!(text(other, other_mark).into_bytes(), held);
                    prop_assert_eq!(changed, (other, other_mark) != (cell, mark));
                }
                None => prop_assert!(changed),
            }
        }
    }
}
