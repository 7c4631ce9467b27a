//! A key with a foreign value is refused, and left as it is.

use crate::{admin, both_fail, options, read, register, started};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Register, RegisterErrorKind, Swap, Terms};
use server::{Options, Server};

const KEY: &str = "atomic-throttle:reload";
const NEW: &str = "at2 0000000000000000 0000000000000000";
const NO_TERMS: &str = "---------------- ---------------- ----------------";

#[test]
fn other_text_is_foreign_and_stays() {
    let Some(server) = Server::start(Options::default()) else { return };
    let (register, mut admin) = (register(options(&server)), admin(&server));
    let long = "x".repeat(5_000_000);
    let others = [
        String::new(),
        "1".to_owned(),
        "at1 0000000000000000 0000000000000000 ----------------".to_owned(),
        format!("at3{} ---------------- {NO_TERMS}", &NEW[3..]),
        // The part that a swap of a new cell compares is right here.
        NEW.to_owned(),
        format!("{NEW} "),
        format!("{NEW} ----------------"),
        format!("{NEW} ---------------- {NO_TERMS}more"),
        format!("{NEW} --------------- {NO_TERMS}"),
        format!("{NEW} 0123456789abcdeF {NO_TERMS}"),
        format!("{NEW} 01234567-9abcdef {NO_TERMS}"),
        format!("{NEW} 0123456789abcdef {}", NO_TERMS.replacen("----------------", "0000000000000001", 1)),
        format!("{NEW}\n---------------- {NO_TERMS}"),
        long,
    ];
    for other in others {
        let () = redis::cmd("SET").arg(KEY).arg(&other).query(&mut admin).unwrap();
        for error in both_fail(&register, RegisterErrorKind::Foreign) {
            let told = format!("{error} {:?}", error.cause().expect("a cause"));
            assert!(told.len() < 1_000, "{} bytes", told.len());
        }
        let held: String = redis::cmd("GET").arg(KEY).query(&mut admin).unwrap();
        assert_eq!(held, other);
    }
    let () = redis::cmd("DEL").arg(KEY).query(&mut admin).unwrap();
    assert_eq!(read(&register).cell, Cell::NEW);
}

#[test]
fn bytes_that_are_no_text_are_foreign() {
    let Some(server) = Server::start(Options::default()) else { return };
    let mut bytes = format!("{NEW} ---------------- {NO_TERMS}").into_bytes();
    bytes[53] = 0xff;
    let () = redis::cmd("SET").arg(KEY).arg(&bytes).query(&mut admin(&server)).unwrap();
    both_fail(&register(options(&server)), RegisterErrorKind::Foreign);
}

#[test]
fn another_type_is_foreign_and_stays() {
    let Some(server) = Server::start(Options::default()) else { return };
    let (register, mut admin) = (register(options(&server)), admin(&server));
    for (make, kind) in [("RPUSH", "list"), ("SADD", "set")] {
        let () = redis::cmd(make).arg(KEY).arg("member").query(&mut admin).unwrap();
        for error in both_fail(&register, RegisterErrorKind::Foreign) {
            let cause = error.cause().expect("a cause").to_string();
            assert!(cause.contains("WRONGTYPE"), "{cause}");
        }
        let held: String = redis::cmd("TYPE").arg(KEY).query(&mut admin).unwrap();
        assert_eq!(held, kind);
        let () = redis::cmd("DEL").arg(KEY).query(&mut admin).unwrap();
    }
}

#[test]
fn a_foreign_value_that_comes_in_between_stays() {
    let Some(server) = Server::start(Options::default()) else { return };
    let (register, mut admin) = (register(options(&server)), admin(&server));
    let cell = started(Cell::NEW, 1_000);
    crate::swap(&register, Cell::NEW, cell, Mark::random());
    let () = redis::cmd("APPEND").arg(KEY).arg("x").query(&mut admin).unwrap();
    let told = register.compare_and_swap(cell, started(cell, 2_000), Mark::random());
    assert_eq!(told.unwrap_err().kind(), RegisterErrorKind::Foreign);
}

#[test]
fn the_text_of_a_new_cell_is_a_new_cell() {
    let Some(server) = Server::start(Options::default()) else { return };
    let (register, mut admin) = (register(options(&server)), admin(&server));
    let new = format!("{NEW} ---------------- {NO_TERMS}");
    let () = redis::cmd("SET").arg(KEY).arg(new).query(&mut admin).unwrap();
    assert_eq!(read(&register).cell, Cell::NEW);
    let swap = register.compare_and_swap(Cell::NEW, started(Cell::NEW, 1_000), Mark::random()).unwrap();
    assert!(matches!(swap, Swap::Done(_)));
}

/// Cells of all shapes are written and read back.
#[test]
fn all_cells_are_kept() {
    let Some(server) = Server::start(Options::default()) else { return };
    let register = register(options(&server));
    let mut held = Cell::NEW;
    for bits in 0..128 {
        for mask in [1_u128 << bits, u128::MAX << bits, u128::MAX >> bits] {
            let new = Cell::from_bytes(mask.to_le_bytes());
            let mark = Mark::from_u64(bits).with_terms(Terms::from_numbers([
                !0 >> (bits % 64),
                !0 << (bits % 64),
                bits,
            ]));
            crate::swap(&register, held, new, mark);
            let reading = read(&register);
            assert_eq!(reading.cell, new);
            if new.epoch() != held.epoch() {
                assert_eq!(reading.mark, Some(mark));
            }
            held = new;
        }
    }
}
