//! Runs programs whose standard output is closed or full, and looks at how they end.

#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// What happens to the standard output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Output {
    /// Nobody reads it from the beginning.
    Closed,
    /// The reader goes away after the first line, as `head -1` does.
    ClosedAfterALine,
    /// The disk is full.
    Full,
}

pub const ALL: [Output; 3] = [Output::Closed, Output::ClosedAfterALine, Output::Full];

/// How a program ended.
#[derive(Debug)]
pub struct Exit {
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard error.
    pub complaint: String,
}

/// Runs `command` to its end.
///
/// # Panics
///
/// If it does not start.
pub fn run(command: &mut Command, output: Output) -> Exit {
    // A requested backtrace is no fault.
    command.stdin(Stdio::null()).stderr(Stdio::piped()).env_remove("RUST_BACKTRACE");
    match output {
        Output::Closed => {
            let (ours, its) = UnixStream::pair().unwrap();
            drop(ours);
            command.stdout(OwnedFd::from(its));
        }
        Output::ClosedAfterALine => {
            command.stdout(Stdio::piped());
        }
        Output::Full => {
            command.stdout(File::options().write(true).open("/dev/full").unwrap());
        }
    }
    let mut child = command.spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let complaint = thread::spawn(move || {
        let mut complaint = Vec::new();
        stderr.read_to_end(&mut complaint).unwrap();
        String::from_utf8_lossy(&complaint).into_owned()
    });
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut String::new()).unwrap();
    }
    let code = child.wait().unwrap().code();
    Exit { code, complaint: complaint.join().unwrap() }
}

/// Whether the program ended well: without a panic, and with at most one line on standard error, which must
/// name a full disk. `notices` are parts of lines that it writes there in any case.
///
/// # Errors
///
/// How it ended, if that was not well.
pub fn judge(ended: &Exit, output: Output, notices: &[&str]) -> Result<(), String> {
    let is_notice = |line: &&str| notices.iter().any(|notice| line.contains(notice));
    let lines: Vec<_> = ended.complaint.lines().filter(|line| !is_notice(line)).collect();
    let is_right = match (output, ended.code, &lines[..]) {
        (Output::Full, Some(1 | 2), [line]) => line.contains("No space left on device"),
        (Output::Full, ..) => false,
        // The output may have been complete by then.
        (_, Some(0), []) => true,
        (_, Some(1 | 2), [line]) => line.contains("Broken pipe"),
        // The verdict of the program, which its notices explain.
        (_, Some(1), []) => !ended.complaint.is_empty(),
        _ => false,
    };
    if is_right && !ended.complaint.contains("panicked") { Ok(()) } else { Err(format!("{ended:?}")) }
}

/// Runs a program with each kind of output, all of them at once. Returns what is wrong.
///
/// # Panics
///
/// If it does not start.
#[must_use]
pub fn faults(program: &Path, arguments: &str, notices: &[&str]) -> Vec<String> {
    let fault = |output| {
        let ended = run(Command::new(program).args(arguments.split_whitespace()), output);
        let why = judge(&ended, output, notices).err()?;
        Some(format!("{} {arguments}, {output:?}: {why}", program.display()))
    };
    thread::scope(|scope| {
        let runs = ALL.map(|output| scope.spawn(move || fault(output)));
        runs.into_iter().filter_map(|run| run.join().unwrap()).collect()
    })
}

/// Builds the examples of a package, where and as the test was built, and returns the path of each.
///
/// # Panics
///
/// If they do not build.
pub fn build(manifest: &str, arguments: &[&str]) -> impl Fn(&str) -> PathBuf {
    // TARGET_DIR/PROFILE/deps/TEST
    let test = std::env::current_exe().unwrap();
    let profile_dir = test.ancestors().nth(2).unwrap();
    let profile = match profile_dir.file_name().and_then(OsStr::to_str).unwrap() {
        "debug" => "dev",
        named => named,
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--profile", profile, "--manifest-path", manifest, "--target-dir"])
        .arg(profile_dir.parent().unwrap())
        .args(arguments)
        .status()
        .unwrap();
    assert!(built.success(), "the examples do not build");
    let examples = profile_dir.join("examples");
    move |name| examples.join(name)
}
