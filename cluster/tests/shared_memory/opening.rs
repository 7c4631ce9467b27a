//! Opening: the register is initialized once, however many processes open it at the same time, and never
//! while it is in use.

use super::processes::{self, Role};
use super::{BOOT, LENGTH, TIME_NAMESPACE, current, increment, open_now, place, refusal, spoil};
use atomic_throttle_cluster::register::{SharedMemory, SharedMemoryErrorKind};
use evidence::Guarantee::{C2, C6};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

const PROCESSES: usize = 8;

/// `PROCESSES` processes open each register of a directory, in which `prepare` has put a file, and add one. A
/// second initialization would undo what was added before.
fn initialized_once(what: &'static str, prepare: impl Fn(&Path)) {
    let check = evidence::Check::of(&[C2, C6], format!("processes: 8 at once open {what}, initialized once"));
    let (directory, _) = place();
    let registers = evidence::depth(100, 5_000);
    for register in 0..registers {
        prepare(&directory.path().join(register.to_string()));
    }
    processes::all(Role::OpenEach(registers), directory.path(), PROCESSES);
    for register in 0..registers {
        let register = SharedMemory::open(directory.path().join(register.to_string())).unwrap();
        assert_eq!(current(&register), PROCESSES as u64);
    }
    let files = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(files as u64, registers, "nothing is left beside them");
    check.passed(usize::try_from(registers).unwrap() * PROCESSES, "cases");
}

#[test]
fn threads_that_open_in_step_initialize_once() {
    let check = evidence::Check::of(&[C2, C6], "threads: in step they open a file from another boot, once");
    let rounds = evidence::depth(3_000, 300_000);
    let (_directory, path) = place();
    for round in 0..rounds {
        drop(open_now(&path).unwrap());
        spoil(&path, BOOT);
        let both = Barrier::new(2);
        thread::scope(|scope| {
            let opened = [(); 2].map(|()| {
                scope.spawn(|| {
                    both.wait();
                    let register = SharedMemory::open(&path).unwrap();
                    increment(&register);
                    register
                })
            });
            let opened = opened.map(|thread| thread.join().unwrap());
            assert!(opened.iter().all(|register| current(register) == 2), "in round {round}");
        });
    }
    check.passed(rounds, "executions");
}

#[test]
fn a_file_that_is_not_there_is_created_once() {
    initialized_once("a file that is not there", |_| {});
}

#[test]
fn an_empty_file_is_initialized_once() {
    initialized_once("an empty file", |path| {
        fs::write(path, []).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    });
}

#[test]
fn a_file_from_another_boot_is_initialized_once() {
    initialized_once("a file from another boot", |path| {
        increment(&open_now(path).unwrap());
        spoil(path, BOOT);
    });
}

/// The marks of another boot and of another clock, each with the reason why a file that is in use is refused.
const MARKS: [(u64, SharedMemoryErrorKind); 2] =
    [(BOOT, SharedMemoryErrorKind::InUse), (TIME_NAMESPACE, SharedMemoryErrorKind::Clock)];

#[test]
fn a_file_of_another_clock_is_initialized_once() {
    initialized_once("a file of another clock", |path| {
        increment(&open_now(path).unwrap());
        spoil(path, TIME_NAMESPACE);
    });
}

#[test]
fn what_is_in_use_is_not_initialized() {
    for (mark, refused) in MARKS {
        let (_directory, path) = place();
        let user = SharedMemory::open(&path).unwrap();
        increment(&user);
        spoil(&path, mark);
        let before = fs::read(&path).unwrap();
        assert_eq!(refusal(&path), refused);
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(current(&user), 1);
        drop(user);
        assert_eq!(current(&SharedMemory::open(&path).unwrap()), 0, "nobody uses it: {refused:?}");
    }
}

#[test]
fn a_process_that_is_stopped_does_not_stop_others() {
    let (_directory, path) = place();
    let user = SharedMemory::open(&path).unwrap();
    drop(user);
    let stopped = File::open(&path).unwrap();
    flock(&stopped, FlockOperation::LockExclusive).unwrap();
    assert_eq!(refusal(&path), SharedMemoryErrorKind::Busy);
    drop(stopped);
    assert_eq!(current(&open_now(&path).unwrap()), 0);
}

/// With the usual limit: a child process that another test starts has all files open that are open here,
/// until it executes another program.
#[test]
fn another_boot_another_clock_and_an_empty_file_are_new() {
    let (_directory, path) = place();
    for at in (BOOT..BOOT + 16).chain(TIME_NAMESPACE..TIME_NAMESPACE + 16) {
        increment(&SharedMemory::open(&path).unwrap());
        assert_eq!(current(&SharedMemory::open(&path).unwrap()), 1, "it stays when nobody uses it");
        spoil(&path, at);
        assert_eq!(current(&SharedMemory::open(&path).unwrap()), 0, "byte {at} of another boot or clock");
    }
    increment(&SharedMemory::open(&path).unwrap());
    fs::write(&path, []).unwrap();
    assert_eq!(current(&SharedMemory::open(&path).unwrap()), 0);
    assert_eq!(fs::read(&path).unwrap().len(), LENGTH);
}
