//! The built program, the place where it works, and waiting for what must come.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Only a hang takes as long.
const LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(5);

pub const SHORT: &str = "100ms";
pub const ENDLESS: &str = "1h";

/// The path of the program. `cargo test --test reload` does not build it, so this does, where and as the
/// test was built.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // TARGET_DIR/PROFILE/deps/TEST
        let test = std::env::current_exe().unwrap();
        let profile_dir = test.ancestors().nth(2).unwrap();
        let profile = match profile_dir.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            named => named,
        };
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--message-format", "json"])
            .args(["--example", "reload", "--profile", profile])
            .arg("--manifest-path")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .arg("--target-dir")
            .arg(profile_dir.parent().unwrap())
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(built.status.success(), "the example does not build");
        let messages = String::from_utf8(built.stdout).unwrap();
        messages
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .find(|message| message["target"]["name"] == "reload" && message["executable"].is_string())
            .map(|message| PathBuf::from(message["executable"].as_str().unwrap()))
            .expect("cargo names the program that it built")
    })
}

/// How many events a queue of the kernel holds, unless it takes too long to fill.
#[cfg(target_os = "linux")]
pub fn longest_queue() -> Option<u32> {
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let limit = limit.trim().parse().unwrap();
    if limit > 100_000 {
        eprintln!("SKIPPED: a queue of {limit} events takes too long to fill");
    }
    (limit <= 100_000).then_some(limit)
}

/// A temporary directory with a watched part, and a log beside it.
pub struct Place {
    pub dir: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(place.watched()).unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn watched(&self) -> PathBuf {
        self.path("watched")
    }

    pub fn write(&self, value: u32) {
        fs::write(self.path("watched/value"), value.to_string()).unwrap();
    }

    pub fn logged(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// Whether the latest command saw this value.
    pub fn is_covered(&self, value: u32) -> bool {
        self.logged().last() == Some(&value.to_string())
    }

    /// Starts the program with a shell command that is run in this place.
    pub fn start(&self, threshold: &str, watch: &Path, script: &str) -> Reload {
        let command = ["sh", "-c", script].map(Into::into);
        Reload::start(Command::new(program()).current_dir(self.dir.path()), threshold, watch, &command)
    }

    /// Starts the program with a command that logs the value of a file.
    pub fn start_logging(&self, threshold: &str, watch: &Path) -> Reload {
        self.start(threshold, watch, LOG_VALUE)
    }
}

/// One line for each run, the last one being the value that it saw.
pub const LOG_VALUE: &str = "{ cat watched/value; echo; } 2>&1 | head -n 1 >> log";

/// The program while it runs. It does not outlive the test.
pub struct Reload {
    pub child: Child,
    pub output: Arc<Mutex<String>>,
    pub reader: Option<thread::JoinHandle<()>>,
}

impl Reload {
    /// Returns when the program watches.
    pub fn start(program: &mut Command, threshold: &str, watch: &Path, command: &[PathBuf]) -> Self {
        Self::begin(program.args(["--threshold", threshold, "--watch"]).arg(watch).arg("--").args(command))
    }

    /// The same, with its arguments.
    pub fn begin(program: &mut Command) -> Self {
        let mut child = program
            .stdout(Stdio::piped())
            // A group of its own, as a shell gives to a program that it starts in a terminal.
            .process_group(0)
            .spawn()
            .unwrap();
        let output = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let collected = Arc::clone(&output);
        let reader = thread::spawn(move || {
            for line in lines {
                collected.lock().unwrap().push_str(&(line.unwrap() + "\n"));
            }
        });
        let reload = Self { child, output, reader: Some(reader) };
        reload.wait_to_say("watching ");
        reload
    }

    pub fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    pub fn wait_to_say(&self, words: &str) {
        self.wait_until(words, || self.output().contains(words));
    }

    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < LIMIT, "hangs; awaited: {what}; printed:\n{}", self.output());
            thread::sleep(POLL);
        }
    }

    pub fn wait_covered(&self, place: &Place, value: u32) {
        self.wait_until(&format!("a run that covers {value}"), || place.is_covered(value));
    }

    /// Sends a signal to all of the program's group, as a terminal does.
    pub fn signal(&self, signal: &str) {
        let kill = format!("kill -s {signal} -- -{}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for the end of the program and returns all that it printed.
    pub fn wait_for_end(mut self) -> (ExitStatus, String) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < LIMIT, "does not end; printed:\n{}", self.output());
            thread::sleep(POLL);
        };
        self.reader.take().unwrap().join().unwrap();
        (status, self.output())
    }

    /// Ctrl-C, and a clean end. Returns the last line.
    pub fn interrupt(self) -> String {
        self.end_by("INT")
    }

    /// The same by another signal.
    pub fn end_by(self, signal: &str) -> String {
        self.signal(signal);
        let (status, output) = self.wait_for_end();
        assert_eq!(status.code(), Some(0), "{output}");
        output.lines().last().unwrap().to_owned()
    }
}

impl Drop for Reload {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
