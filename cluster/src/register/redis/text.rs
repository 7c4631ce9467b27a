//! The value of the key: a cell and a mark as text, which a person can read and Redis can compare.
//!
//! ```text
//! at2 00000000075bcd15 0000000000000000 9f86d081884c7d65 0000000077359400 00000006fc23ac00 0000000000000000
//! |   word             finished         mark, or dashes  threshold        lease            tag
//! version                                                \_ the terms of the mark, or dashes _/
//! ```
//!
//! The version also fixes the clock: nanoseconds since 2020 (see `time`).

use crate::cell::Cell;
use crate::register::{Mark, Terms};

const VERSION: &str = "at2";
const NONE: &str = "----------------";
const NO_TERMS: &str = "---------------- ---------------- ----------------";

/// The part that a swap compares.
pub(super) fn of_cell(cell: Cell) -> String {
    let (word, finished) = halves(cell);
    format!("{VERSION} {word:016x} {finished:016x}")
}

/// The mark and its terms.
pub(super) fn of_mark(mark: Mark) -> String {
    let terms = mark.terms().map_or_else(
        || NO_TERMS.to_owned(),
        |terms| terms.to_numbers().map(|number| format!("{number:016x}")).join(" "),
    );
    format!("{:016x} {terms}", mark.as_u64())
}

/// The cell and the mark in this text; `None` unless the text is exactly what [`of_cell`] and [`of_mark`]
/// write. If a cell could be written in two ways, the two would not compare equal.
pub(super) fn parse(held: &[u8]) -> Option<(Cell, Option<Mark>)> {
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let parts: Vec<&str> = std::str::from_utf8(held).ok()?.split(' ').collect();
    let [_, word, finished, mark, terms @ ..] = parts.as_slice() else { return None };
    let cell = whole(number(word)?, number(finished)?);
    let mark = if *mark == NONE { None } else { Some(Mark::from_u64(number(mark)?)) };
    let mark = match (mark, terms) {
        (Some(mark), [threshold, lease, tag]) if *threshold != NONE => {
            let terms = [number(threshold)?, number(lease)?, number(tag)?];
            Some(mark.with_terms(Terms::from_numbers(terms)))
        }
        _ => mark,
    };
    (text(cell, mark).as_bytes() == held).then_some((cell, mark))
}

fn text(cell: Cell, mark: Option<Mark>) -> String {
    format!("{} {}", of_cell(cell), mark.map_or_else(|| format!("{NONE} {NO_TERMS}"), of_mark))
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

    #[test]
    fn a_cell_that_nobody_has_used_is_what_the_script_takes_for_no_key() {
        let text = text(Cell::NEW, None);
        let dashes = [NONE; 4].join(" ");
        assert_eq!(text, format!("at2 0000000000000000 0000000000000000 {dashes}"));
        // The lengths that the script contains.
        assert_eq!((text.len(), of_cell(Cell::NEW).len() + 1), (105, 38));
    }

    const CELL: &str = "at2 00000000075bcd15 000000000000002a";
    const MARK: &str = "9f86d081884c7d65";
    const TERMS: &str = "0000000077359400 00000006fc23ac00 0000000000000007";

    #[test]
    fn what_is_not_written_so_is_not_read() {
        for good in [
            format!("{CELL} {MARK} {TERMS}"),
            format!("{CELL} {MARK} {NO_TERMS}"),
            format!("{CELL} {NONE} {NO_TERMS}"),
        ] {
            assert!(parse(good.as_bytes()).is_some(), "{good}");
        }
        let of_the_version_before = format!("at1 {} {MARK}", &CELL[4..]);
        for bad in [
            String::new(),
            "at2".to_owned(),
            "at2 ".to_owned(),
            "at2      ".to_owned(),
            of_the_version_before,
            format!("{CELL} {MARK}"),
            format!("{CELL} {MARK} {NONE} {NONE}"),
            format!("{CELL} {NONE} {TERMS}"),
            format!("{CELL} {MARK} {NONE} {}", &TERMS[17..]),
            format!("{CELL} {MARK} {} {NONE}", &TERMS[..33]),
            format!("{CELL} {MARK} {TERMS} {NONE}"),
            format!("{CELL} {MARK} {TERMS} "),
            format!("{CELL} {MARK} {TERMS}\n"),
            format!(" {CELL} {MARK} {TERMS}"),
            format!("AT2{} {MARK} {TERMS}", &CELL[3..]),
            format!("at3{} {MARK} {TERMS}", &CELL[3..]),
            format!("{CELL} {MARK} {}", TERMS.replacen("0000", "+000", 1)),
            format!("{CELL} {MARK} {}", TERMS.replacen('7', "", 1)),
            format!("{CELL} {} {TERMS}", MARK.to_uppercase()),
            format!("{} {MARK} {TERMS}", CELL.replacen("75bcd15", "75BCD15", 1)),
            format!("at2 75bcd15 2a {MARK} {TERMS}"),
            format!("at2 00000000075bcd15 ffffffffffffffff {MARK} {TERMS}"),
            format!("{CELL} {} {TERMS}", &NONE[1..]),
            format!("{CELL} 9f86d081884c7d6- {TERMS}"),
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad:?}");
        }
    }

    fn cells() -> impl Strategy<Value = Cell> {
        any::<[u8; 16]>().prop_map(Cell::from_bytes)
    }

    fn marks() -> impl Strategy<Value = Option<Mark>> {
        any::<Option<(u64, Option<[u64; 3]>)>>().prop_map(|mark| {
            mark.map(|(number, terms)| {
                let mark = Mark::from_u64(number);
                terms.map_or(mark, |terms| mark.with_terms(Terms::from_numbers(terms)))
            })
        })
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
