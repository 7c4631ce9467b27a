//! A file that is not a register of this version is refused by kind, and left as it is. So is one that is in use
//! by another clock.

use super::processes::{self, Role};
use super::{LENGTH, TIME_NAMESPACE, VERSION, current, increment, open_now, place, refusal, spoil};
use atomic_throttle_cluster::register::{SharedMemory, SharedMemoryErrorKind};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::env;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The file is refused, and unchanged.
fn refused(path: &Path) -> SharedMemoryErrorKind {
    let before = fs::read(path).unwrap();
    let kind = refusal(path);
    assert_eq!(fs::read(path).unwrap(), before);
    kind
}

fn register(path: &Path) {
    increment(&open_now(path).unwrap());
}

#[test]
fn another_file() {
    let (_directory, path) = place();
    for content in ["x", "[settings]\n", &"x".repeat(LENGTH), &"x".repeat(10_000), "\0", &"\0".repeat(LENGTH)]
    {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(refused(&path), SharedMemoryErrorKind::Foreign, "{content:?}");
    }
}

#[test]
fn the_first_bytes_are_another_s() {
    for at in 0..VERSION {
        let (_directory, path) = place();
        register(&path);
        spoil(&path, at);
        assert_eq!(refused(&path), SharedMemoryErrorKind::Foreign, "byte {at}");
    }
}

#[test]
fn another_version() {
    for (at, found) in (0..8).map(|byte| (VERSION + byte, 2_u64 ^ 0xFF << (8 * byte))) {
        let (_directory, path) = place();
        register(&path);
        spoil(&path, at);
        assert_eq!(refused(&path), SharedMemoryErrorKind::Version { found });
    }
}

#[test]
fn another_length() {
    for length in (1..3 * LENGTH as u64).chain([4_096, 1 << 40]).filter(|length| *length != LENGTH as u64) {
        let (_directory, path) = place();
        register(&path);
        File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
        assert_eq!(refusal(&path), SharedMemoryErrorKind::Length { found: length });
        assert_eq!(fs::metadata(&path).unwrap().len(), length);
    }
}

/// In use, it is refused; `opening` shows that it starts over when nobody uses it.
#[test]
fn another_clock() {
    for at in TIME_NAMESPACE..TIME_NAMESPACE + 16 {
        let (_directory, path) = place();
        let user = SharedMemory::open(&path).unwrap();
        increment(&user);
        spoil(&path, at);
        assert_eq!(refused(&path), SharedMemoryErrorKind::Clock, "byte {at}");
        assert_eq!(current(&user), 1);
    }
}

/// With real clocks: a process of another time namespace is refused while this one uses the file. When nobody
/// uses it, each side starts over, because the times in the cell are of the other clock.
#[test]
fn the_clock_of_another_time_namespace() {
    let unshare = |program: &Path| {
        let mut command = Command::new("unshare");
        command.args(["--time", "--fork", "--monotonic", "1000"]).arg(program);
        command
    };
    if !unshare(Path::new("true")).output().is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no `unshare --time`, or it is not permitted");
        return;
    }
    let (_directory, path) = place();
    let elsewhere = |role| {
        processes::finish(processes::start_by(unshare(&env::current_exe().unwrap()), role, &path));
    };
    let user = SharedMemory::open(&path).unwrap();
    (0..5).for_each(|_| increment(&user));
    elsewhere(Role::FindAnotherClock);
    assert_eq!(current(&user), 5, "it goes on as if nothing had been");
    drop(user);
    elsewhere(Role::Increment(2));
    assert_eq!(current(&SharedMemory::open(&path).unwrap()), 0, "after 2 by the other clock");
}

#[test]
fn no_file() {
    let (directory, path) = place();
    register(&path);
    let link = directory.path().join("link");
    symlink(&path, &link).unwrap();
    assert_eq!(refusal(&link), SharedMemoryErrorKind::NotAFile, "a symbolic link");
    let nowhere = directory.path().join("nowhere");
    symlink(directory.path().join("target"), &nowhere).unwrap();
    assert_eq!(refusal(&nowhere), SharedMemoryErrorKind::NotAFile, "one that leads nowhere");
    assert!(!directory.path().join("target").exists(), "nothing was created there");

    assert_eq!(refusal(directory.path()), SharedMemoryErrorKind::NotAFile, "a directory");
    let socket = directory.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    assert_eq!(refusal(&socket), SharedMemoryErrorKind::NotAFile, "a socket");
    let pipe = directory.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    assert_eq!(refusal(&pipe), SharedMemoryErrorKind::NotAFile, "a pipe, which is not waited for");
    assert_eq!(refusal(Path::new("/dev/null")), SharedMemoryErrorKind::NotAFile, "a device");
}

#[test]
fn what_the_system_refuses_keeps_its_cause() {
    let (directory, path) = place();
    for path in
        [directory.path().join("none/register"), path.join(""), Path::new("/proc/register").to_owned()]
    {
        let error = SharedMemory::open(&path).unwrap_err();
        assert!(matches!(error.kind(), SharedMemoryErrorKind::System { .. }), "{error:?}");
        assert!(error.system_error().is_some(), "{error:?}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left there");
}

/// It would be another file in each working directory, even if it leads to a register now.
#[test]
fn a_relative_path() {
    let (_directory, path) = place();
    let register = SharedMemory::open(&path).unwrap();
    assert_eq!(register.path(), path);
    assert!(format!("{register:?}").contains("register"));
    let up = env::current_dir().unwrap().components().map(|_| "..").collect::<PathBuf>();
    let relative = up.join(path.strip_prefix("/").unwrap());
    assert!(relative.is_relative() && relative.exists());
    assert_eq!(refusal(&relative), SharedMemoryErrorKind::Relative);
    for missing in ["", "register-of-nobody", "./register-of-nobody"] {
        assert_eq!(SharedMemory::open(missing).unwrap_err().kind(), SharedMemoryErrorKind::Relative);
        assert!(missing.is_empty() || !Path::new(missing).exists(), "nothing was created");
    }
}
