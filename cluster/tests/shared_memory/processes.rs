//! Other processes: they run this test binary again, with one test that does what the environment says.

use super::{increment, open_now, refusal};
use atomic_throttle_cluster::register::{SharedMemory, SharedMemoryErrorKind};
use rustix::fs::Mode;
use rustix::process::umask;
use std::env;
use std::fs;
use std::io::{Read, Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const ROLE: &str = "SHARED_MEMORY_ROLE";
const PATH: &str = "SHARED_MEMORY_PATH";

/// What a process does.
#[derive(Clone, Copy)]
pub enum Role {
    /// Adds one, this many times.
    Increment(u64),
    /// Opens each of this many registers in a directory, and adds one.
    OpenEach(u64),
    /// Opens, spoils the file, and repeats this for ever.
    OpenForEver,
    /// Opens with this umask and this mode.
    OpenUnder(u32, u32),
    /// Expects a refusal because of its clock.
    FindAnotherClock,
}

impl Role {
    fn to_text(self) -> String {
        match self {
            Self::Increment(times) => format!("increment {times} 0"),
            Self::OpenEach(registers) => format!("open-each {registers} 0"),
            Self::OpenForEver => "open-for-ever 0 0".to_owned(),
            Self::OpenUnder(umask, mode) => format!("open-under {umask} {mode}"),
            Self::FindAnotherClock => "find-another-clock 0 0".to_owned(),
        }
    }

    fn of_text(text: &str) -> Self {
        let parts: Vec<&str> = text.split(' ').collect();
        let [name, first, second] = parts[..] else { panic!("{text}") };
        match name {
            "increment" => Self::Increment(first.parse().unwrap()),
            "open-each" => Self::OpenEach(first.parse().unwrap()),
            "open-for-ever" => Self::OpenForEver,
            "open-under" => Self::OpenUnder(first.parse().unwrap(), second.parse().unwrap()),
            "find-another-clock" => Self::FindAnotherClock,
            _ => panic!("{text}"),
        }
    }
}

/// A process that is ready, and then waits for the end of its input.
pub fn start(role: Role, path: &Path) -> Child {
    start_by(Command::new(env::current_exe().unwrap()), role, path)
}

/// The same, where `command` starts this binary.
pub fn start_by(mut command: Command, role: Role, path: &Path) -> Child {
    let mut child = command
        .args(["--exact", "processes::child", "--ignored", "--nocapture"])
        .env(ROLE, role.to_text())
        .env(PATH, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = Vec::new();
    let output = child.stdout.as_mut().unwrap();
    while !line.ends_with(b"ready\n") {
        let mut byte = [0];
        output.read_exact(&mut byte).expect("the process gets ready");
        line.push(byte[0]);
    }
    child
}

/// Lets all of them continue at once, and waits until they are done.
pub fn all(role: Role, path: &Path, processes: usize) {
    let mut children: Vec<Child> = (0..processes).map(|_| start(role, path)).collect();
    for child in &mut children {
        drop(child.stdin.take());
    }
    children.into_iter().for_each(finish);
}

/// Lets it continue, and waits until it is done.
pub fn finish(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "other tests run it, in processes of its own"]
fn child() {
    let (Ok(role), Some(path)) = (env::var(ROLE), env::var_os(PATH)) else { return };
    let path = PathBuf::from(path);
    stdout().write_all(b"ready\n").unwrap();
    stdout().flush().unwrap();
    stdin().read_to_end(&mut Vec::new()).unwrap();
    match Role::of_text(&role) {
        Role::Increment(times) => {
            let register = SharedMemory::open(path).unwrap();
            (0..times).for_each(|_| increment(&register));
        }
        Role::OpenEach(registers) => {
            for register in 0..registers {
                increment(&SharedMemory::open(path.join(register.to_string())).unwrap());
            }
        }
        Role::OpenForEver => open_for_ever(&path),
        Role::FindAnotherClock => assert_eq!(refusal(&path), SharedMemoryErrorKind::Clock),
        Role::OpenUnder(mask, mode) => {
            umask(Mode::from_raw_mode(mask));
            increment(&SharedMemory::options().mode(mode).open(path).unwrap());
        }
    }
}

/// Each time the register must be initialized for another reason.
fn open_for_ever(path: &Path) {
    loop {
        drop(open_now(path).unwrap());
        super::spoil(path, super::BOOT);
        drop(open_now(path).unwrap());
        fs::write(path, []).unwrap();
        drop(open_now(path).unwrap());
        fs::remove_file(path).unwrap();
    }
}
