//! What happens to a file while it is in use: it is an error or a new file, and no signal.

use super::{LENGTH, current, increment, place};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{
    Mark, Register, RegisterError, RegisterErrorKind, SharedMemory, SharedMemoryError, SharedMemoryErrorKind,
};
use evidence::Guarantee::{C2, C6};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::thread;

fn failures(register: &SharedMemory) -> [RegisterError; 2] {
    [
        register.read().unwrap_err(),
        register.compare_and_swap(Cell::NEW, Cell::NEW, Mark::from_u64(0)).unwrap_err(),
    ]
}

#[test]
fn a_file_of_another_length_is_an_error_until_it_has_its_own_again() {
    let (_directory, path) = place();
    let register = SharedMemory::open(&path).unwrap();
    increment(&register);
    let file = File::options().write(true).open(&path).unwrap();
    for length in (0..3 * LENGTH).filter(|length| *length != LENGTH) {
        file.set_len(length as u64).unwrap();
        for error in failures(&register) {
            assert_eq!(error.kind(), RegisterErrorKind::Removed, "{length} bytes");
            assert_eq!(error.register(), format!("shm:{}", path.display()));
        }
    }
    file.set_len(LENGTH as u64).unwrap();
    assert_eq!(current(&register), 0, "it was cut to nothing: its cell is gone");
    fs::remove_file(&path).unwrap();
    assert_eq!(current(&register), 0, "a new file starts with a new register");
    increment(&register);
    assert_eq!(current(&SharedMemory::open(&path).unwrap()), 1);
}

#[test]
fn all_meet_in_the_file_that_takes_the_place_of_a_removed_one() {
    let check =
        evidence::Check::of(&[C2, C6], "files: removed while 4 threads use it, they meet in the next");
    let (_directory, path) = place();
    let registers: Vec<SharedMemory> = (0..4).map(|_| SharedMemory::open(&path).unwrap()).collect();
    let removals = evidence::depth(200, 20_000);
    for _ in 0..removals {
        fs::remove_file(&path).unwrap();
        thread::scope(|scope| {
            for register in &registers {
                scope.spawn(|| increment(register));
            }
        });
        assert!(registers.iter().all(|register| current(register) == 4));
    }
    check.passed(removals, "cases");
}

#[test]
fn another_register_in_its_place_is_used() {
    let (directory, path) = place();
    let register = SharedMemory::open(&path).unwrap();
    let other = directory.path().join("other");
    increment(&SharedMemory::open(&other).unwrap());
    fs::rename(&other, &path).unwrap();
    assert_eq!(current(&register), 1);
}

#[test]
fn something_else_in_its_place_is_an_error_and_left_alone() {
    let (directory, path) = place();
    let register = SharedMemory::open(&path).unwrap();
    let other = directory.path().join("other");
    fs::write(&other, "notes").unwrap();
    fs::set_permissions(&other, Permissions::from_mode(0o600)).unwrap();
    fs::rename(&other, &path).unwrap();
    for error in failures(&register) {
        assert_eq!(error.kind(), RegisterErrorKind::Foreign);
        let cause = error.cause().unwrap().downcast_ref::<SharedMemoryError>().unwrap();
        assert_eq!(cause.kind(), SharedMemoryErrorKind::Foreign);
    }
    assert_eq!(fs::read(&path).unwrap(), b"notes");
    fs::remove_file(&path).unwrap();
    assert_eq!(current(&register), 0, "it goes on as soon as it can");
}

#[test]
fn a_directory_that_is_gone_is_an_error() {
    let (directory, path) = place();
    let register = SharedMemory::open(&path).unwrap();
    let place = directory.path().to_owned();
    directory.close().unwrap();
    for error in failures(&register) {
        assert_eq!(error.kind(), RegisterErrorKind::Removed);
        let cause = error.cause().unwrap().downcast_ref::<SharedMemoryError>().unwrap();
        assert!(cause.system_error().is_some(), "{cause}");
    }
    fs::create_dir(&place).unwrap();
    assert_eq!(current(&register), 0, "it goes on as soon as it can");
    drop(register);
    fs::remove_dir_all(&place).unwrap();
}
