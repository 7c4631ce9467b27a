//! Any file is opened or refused: no panic, and no signal.

use super::{LENGTH, cell_in, current, increment, numbered, open_now, place};
use atomic_throttle_cluster::register::{Mark, Register, SharedMemory, Swap};
use core::cell::Cell as Counter;
use evidence::Guarantee::C6;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Opens a file with these bytes. Returns whether it is a register.
///
/// With the usual limit: a child process that another test starts has all files open that are open here, until
/// it executes another program.
fn opens(path: &Path, bytes: &[u8]) -> bool {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    match SharedMemory::open(path) {
        Ok(register) => {
            let cell = register.read().unwrap().cell;
            assert_eq!(cell_in(&fs::read(path).unwrap()), cell);
            let swap = register.compare_and_swap(cell, numbered(7), Mark::from_u64(0));
            assert!(matches!(swap, Ok(Swap::Done(_))), "what was read can be replaced: {swap:?}");
            assert_eq!(current(&register), 7);
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(fs::read(path).unwrap(), bytes, "{error}");
            false
        }
    }
}

/// A register that was used, as bytes.
fn used(path: &Path) -> Vec<u8> {
    increment(&open_now(path).unwrap());
    assert_eq!(current(&open_now(path).unwrap()), 1);
    fs::read(path).unwrap()
}

#[test]
fn each_bit_that_is_changed() {
    let check = evidence::Check::of(&[C6], "files: a register with any one bit changed is opened or refused");
    let (_directory, path) = place();
    let register = used(&path);
    let mut refused = 0;
    for bit in 0..8 * LENGTH {
        let mut bytes = register.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused += usize::from(!opens(&path, &bytes));
    }
    // The bits of the magic except the one for *unfinished*, and those of the version. Another boot and another
    // clock start over, because nobody uses the file.
    assert_eq!(refused, 8 * (8 + 8) - 1);
    check.passed(8 * LENGTH, "cases");
}

#[test]
fn any_bytes_in_any_length() {
    let check = evidence::Check::of(&[C6], "files: any bytes, and a register with any part changed");
    let (_directory, path) = place();
    let register = used(&path);
    let cases = evidence::depth(2_000, 100_000);
    let anything = proptest::collection::vec(any::<u8>(), 0..3 * LENGTH);
    let changed = (0..LENGTH, proptest::collection::vec(any::<u8>(), 0..LENGTH), 0..2 * LENGTH).prop_map(
        move |(at, part, length)| {
            let mut bytes = register.clone();
            bytes.splice(at..(at + part.len()).min(LENGTH), part);
            bytes.resize(length, 0);
            bytes
        },
    );
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let (opened, refused) = (Counter::new(0), Counter::new(0));
    let result = TestRunner::new(config).run(&prop_oneof![anything, changed], |bytes| {
        let counter = if opens(&path, &bytes) { &opened } else { &refused };
        counter.set(counter.get() + 1);
        Ok(())
    });
    result.unwrap();
    assert!(opened.get() > 0 && refused.get() > 0, "{} opened, {} refused", opened.get(), refused.get());
    check.passed(opened.get() + refused.get(), "cases");
}
